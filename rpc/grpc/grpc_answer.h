/*
 * Answers: of unary calls a message with trailers, or one trailers-only block of headers; of
 * streams a head, messages and trailers. What cannot be made for lack of memory becomes
 * RESOURCE_EXHAUSTED out of constants.
 */
#ifndef DATASTREAM_RPC_GRPC_GRPC_ANSWER_H
#define DATASTREAM_RPC_GRPC_GRPC_ANSWER_H

#include <protobuf-c/protobuf-c.h>

#include "rpc/call/call.h"
#include "rpc/net/exchange.h"

#define GRPC_ANSWER_HEADERS (6 + CALL_METADATA_MOST)
#define GRPC_ANSWER_TRAILERS 4

/* What an answer is made with. `headers` and `trailers` must live until `closed`. */
struct grpc_answer {
    struct exchange *exchange;
    struct slice request_id;
    size_t most;            /* bytes of the message, uncompressed */
    unsigned accepts;       /* the client's encodings, a bit (1 << encoding) each */
    bool is_stored;         /* the call's change is durable: no answer says that it failed */
    bool accepts_encodings; /* say which encodings this server takes */
    /* What the chain has for an answer that is OK; NULL for none. */
    const struct call_metadata *metadata;
    struct header headers[GRPC_ANSWER_HEADERS];
    struct header trailers[GRPC_ANSWER_TRAILERS];
};

/*
 * Ends the exchange with a status that is not OK, and returns the code that is sent. `answer` may
 * be NULL: memory has ended, and the status with it.
 */
enum status_code grpc__answer_status(struct exchange *exchange, struct grpc_answer *answer,
                                     struct status status);

/*
 * Ends the exchange with the message and OK, or with RESOURCE_EXHAUSTED where it is too large or
 * memory ends; with status_stored where it ends after the change. `records`, unless NULL, complete
 * the message (call.h). Returns the code that is sent.
 */
enum status_code grpc__answer_message(struct grpc_answer *answer, const ProtobufCMessage *message,
                                      const struct call_records *records);

/* -- streams ---------------------------------------------------------------------------------- */

/* Begins a stream's answer: its messages are not compressed. */
void grpc__stream_head(struct grpc_answer *answer);

/*
 * One message after its prefix, packed in `arena`. RESOURCE_EXHAUSTED where it is too large or the
 * arena failed.
 */
struct status grpc__stream_frame(const struct grpc_answer *answer, struct arena *arena,
                                 const ProtobufCMessage *message, struct slice *ret_frame);

/*
 * Sends one message, packed in `arena`, which must keep it while the exchange waits for it.
 * RESOURCE_EXHAUSTED where it is too large or the arena failed; nothing is sent then. *ret_more is
 * exchange_send_body's answer.
 */
struct status grpc__stream_message(struct grpc_answer *answer, struct arena *arena,
                                   const ProtobufCMessage *message, bool *ret_more);

/* Ends a stream whose head was sent, by trailers. Returns the code that is sent. */
enum status_code grpc__stream_end(struct grpc_answer *answer, struct status status);

#endif
