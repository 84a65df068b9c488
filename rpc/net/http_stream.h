/*
 * The private part of an exchange: one request in its connection, what of its body waits for the
 * frontend, and what of its answer waits for the peer. The same for HTTP/1.1 and HTTP/2. Lives in
 * its own arena. Internal to rpc/net.
 */
#ifndef DATASTREAM_RPC_NET_HTTP_STREAM_H
#define DATASTREAM_RPC_NET_HTTP_STREAM_H

#include "rpc/net/body_clock.h"
#include "rpc/net/buffer.h"
#include "rpc/net/exchange.h"
#include "rpc/net/http2_fields.h"
#include "rpc/net/timer.h"

struct connection;

/* A borrowed run of bytes in a queue. */
struct piece {
    struct piece *next;
    struct slice bytes;
};

#define DATE_LEN 29

/* An answer as the frontend gave it, and how much of it is still here. */
struct answer {
    enum answer_state {
        ANSWER_NONE, /* nothing was said yet */
        ANSWER_OPEN, /* head given, body goes on */
        ANSWER_ENDED /* all is given */
    } state;
    int status;
    const struct header *headers;
    size_t header_count;
    const struct header *trailers;
    size_t trailer_count;
    int64_t length;      /* of the whole body, -1 when it comes in parts */
    bool head_taken;     /* the head went to the connection */
    bool end_taken;      /* the end too */
    bool starved;        /* exchange_send_body said false, and `writable` is owed */
    struct piece *first; /* body that waits */
    struct piece *last;
    size_t waiting; /* bytes of it */
    int64_t stalled_since_ms;
    char date[DATE_LEN];
};

struct stream {
    struct exchange exchange;      /* first, so that one is the other */
    struct arena arena;            /* holds this structure too */
    struct account memory;         /* of the arena and of those made like it */
    struct connection *connection; /* NULL once nothing can be sent any more */
    struct link link;              /* in the connection's streams, or its finished ones */
    struct link ready;             /* in the connection's ready ones */
    struct link touched;           /* in the connection's touched ones */
    struct timer timer; /* the frontend's timeout; after an early answer, the time of its reset */
    unsigned holds;
    int32_t id; /* HTTP/2 */

    /* The request. */
    bool claimed;            /* credentials were shown, and accepted */
    bool whole;              /* its head came and was acceptable */
    bool begun;              /* begin was called */
    bool accepted;           /* the frontend wants the body */
    bool ended;              /* all of it came */
    bool end_told;           /* body_end was called */
    bool gave_way;           /* `turn` is owed */
    bool expect_continue;    /* the client waits for 100 */
    bool continue_owed;      /* 100 is to be written */
    bool continued;          /* HTTP/1.1: it was */
    uint64_t most;           /* body bytes that the frontend takes; 0: no limit */
    uint64_t received;       /* body bytes that came */
    size_t unconsumed;       /* of these, without credit given back */
    struct body_clock clock; /* HTTP/2: of the body */
    struct piece *held;      /* HTTP/2: pieces from before it was accepted */
    struct piece *held_last;
    struct http2_fields fields; /* HTTP/2 */
    size_t header_capacity;     /* HTTP/2: of head.headers while they come */
    int refusal;                /* HTTP/2: the status that its head earned; 0: none */
    const char *refusal_detail;

    struct answer answer;
    bool overridden; /* the connection answers, or has reset it: the frontend is not heard any more
                      */
    bool was_reset;  /* HTTP/2: RST_STREAM is on its way */
    bool complete;   /* the frontend's answer was taken whole */
    bool is_closed;  /* `closed` was called */
};

/* A stream in a fresh arena, with one hold for the connection; NULL when memory ended. */
struct stream *http_stream__make(struct connection *connection);

static inline struct stream *stream_of(const struct exchange *exchange)
{
    return (struct stream *)(uintptr_t)exchange; /* the exchange is its first member */
}

/* The head is whole: has the loop start the request when its turn comes. */
void http_stream__begin(struct stream *stream);

/*
 * The turn has come: calls the server's begin handler, which may accept and answer, and tells the
 * end of the body where it has come; or what gave way goes on. What runs a request runs in here.
 */
void http_stream__start(struct stream *stream);

/* Has the connection look at the stream at the end of the loop's turn. */
void http_stream__touch(struct stream *stream);

/* What a touched stream owes the frontend: held body, its end, writable. */
void http_stream__run(struct stream *stream);

/* A piece of the body came. HTTP/2 keeps what can't be delivered; HTTP/1.1 asks first. */
void http_stream__receive(struct stream *stream, struct slice bytes);
bool http_stream__can_deliver(const struct stream *stream);
/* The body has ended: its end is told when the request's turn comes. */
void http_stream__receive_end(struct stream *stream);

/*
 * The connection answers instead of the frontend, with a problem of RFC 9457; `detail` is a
 * constant. Where the frontend has begun its answer the exchange is cut instead.
 */
void http_stream__refuse(struct stream *stream, int status, const char *detail);

/*
 * The server or the connection ends: answers 503 where the frontend has not begun its answer; else
 * false.
 */
bool http_stream__end(struct stream *stream);

/* Begins the answer, which has no state yet; what it is made of is borrowed until `closed`. */
void http_stream__begin_answer(struct stream *stream, int status, const struct header *headers,
                               size_t count);

/*
 * Queues a piece of the answer's body, borrowed likewise; false when memory ended and the
 * connection is cut.
 */
bool http_stream__queue_body(struct stream *stream, struct slice bytes);

/* A whole answer. */
void http_stream__respond(struct stream *stream, int status, const struct header *headers,
                          size_t count, struct slice body);

/* Copies up to `most` bytes of the waiting body behind `out`; returns how many. */
size_t http_stream__take_body(struct stream *stream, struct buffer *out, size_t most);

/* Whether the answer carries no body, whatever its length says (HEAD, 204, 304). */
bool http_stream__is_bodyless(const struct stream *stream);

/*
 * Whether the answer says its length: not with 204, nor with 304, whose length would be that of the
 * 200 that was spared (RFC 9110 section 8.6).
 */
bool http_stream__tells_length(const struct stream *stream);

/*
 * Nothing can be sent any more: takes the stream from its connection into the list of finished
 * ones, of which http_stream__close calls `closed` and drops the connection's hold.
 */
void http_stream__finish(struct stream *stream, bool complete);
void http_stream__close(struct stream *stream);

/* Drops a hold: with the last one the stream is freed, which `closed` was called for by then. */
void http_stream__release(struct stream *stream);

#endif
