/*
 * Answers of unary calls: a message with trailers, or one trailers-only block of headers. What
 * can't be made for lack of memory becomes RESOURCE_EXHAUSTED out of constants.
 */
#ifndef DATASTREAM_RPC_GRPC_ANSWER_H
#define DATASTREAM_RPC_GRPC_ANSWER_H

#include <protobuf-c/protobuf-c.h>

#include "base/status.h"
#include "rpc/net/exchange.h"

#define GRPC_ANSWER_HEADERS 6

/* What an answer is made with. `headers` must live until `closed`. */
struct grpc_answer {
    struct exchange *exchange;
    struct slice request_id;
    size_t most;            /* bytes of the message, uncompressed */
    unsigned accepts;       /* the client's encodings, a bit (1 << encoding) each */
    bool accepts_encodings; /* say which encodings this server takes */
    struct header headers[GRPC_ANSWER_HEADERS];
};

/*
 * Ends the exchange with a status that is not OK, and returns the code that is sent. `answer` may
 * be NULL: memory has ended, and the status with it.
 */
enum status_code grpc__answer_status(struct exchange *exchange, struct grpc_answer *answer,
                                     struct status status);

/*
 * Ends the exchange with the message and OK, or with RESOURCE_EXHAUSTED where it is too large or
 * memory ends. Returns the code that is sent.
 */
enum status_code grpc__answer_message(struct grpc_answer *answer, const ProtobufCMessage *message);

#endif
