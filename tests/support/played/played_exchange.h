/*
 * An exchange for tests of the frontends: a real one of rpc/net, in a connection whose protocol
 * (protocol.h) is played here. No socket is read or written: the test sends pieces of a body as the
 * peer would, and looks at what of the answer waits for it.
 */
#ifndef DATASTREAM_TESTS_SUPPORT_PLAYED_PLAYED_EXCHANGE_H
#define DATASTREAM_TESTS_SUPPORT_PLAYED_PLAYED_EXCHANGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/settings.h"
#include "rpc/net/exchange.h"

/* A piece of an answer: what is borrowed until the client takes it, and what it was. */
struct piece_sent {
    struct slice borrowed;
    char *copy;
};

/* What there is to see of the exchange now. */
struct played {
    struct exchange *exchange;
    bool accepted;  /* the frontend wants the body */
    bool was_reset; /* the protocol was told to cut it */
    bool ended;     /* the answer is whole */
    unsigned answers;
    unsigned holds;      /* but those of the connection and of the test */
    size_t consumed;     /* bytes of the body that the peer got credit for */
    uint64_t timeout_ms; /* until `timeout` is called; 0: never */
    int status;
    const struct header *sent;
    size_t sent_count;
    const struct header *trailers;
    size_t trailer_count;
    size_t room;    /* see played_set_room */
    size_t waiting; /* bytes of the body that the client has not taken */
    size_t piece_count, taken;
    struct slice last; /* the last piece */
};

/* The look lives until the next one. */
const struct played *played(void);

/* Before and after all tests of a program: the loop, whose settings are borrowed. */
bool played_loop_start(struct settings *settings);
void played_loop_end(void);

/* A fresh exchange; what is left of the one before is closed and freed. */
void played_exchange_start(void);
/* Closes it, where the test did not, asserts that nobody holds it any more, and frees it. */
void played_exchange_end(void);

/* Adds a header to the request's head. */
void played_add_header(struct slice name, struct slice value);

/* exchange_send_body is false once more than so many bytes wait. */
void played_set_room(size_t bytes);

/* The head has come whole: from here on the exchange may have its body. */
void played_head_came(void);

/* A piece of the body comes, or its end. */
void played_body(struct slice bytes);
void played_body_end(void);

/* The client takes the next piece, which must be what was sent; NULL when there is none. */
const struct piece_sent *take_piece(void);

/* The whole body of the answer, taken or not; lives until the exchange's end. */
struct slice played_answer(void);

/* The loop's turn: `writable` is called, if it is owed. */
void played_turn(void);

/* The loop runs what was posted, of which there must be something. */
void played_run_posted(void);

/* The time of exchange_set_timeout has come. */
void played_timeout(void);

/* The peer goes away, or has all of the answer: `closed`. */
void played_close_exchange(void);

struct slice header_value(const struct header *headers, size_t count, struct slice name);

/* A header of the answer. */
struct slice played_sent(struct slice name);

#endif
