/*
 * An exchange: one request and its answer, over HTTP/1.1 or HTTP/2, told apart by nothing but
 * `head.version`. It streams in both directions with credit: the peer sends only as fast as
 * exchange_consume gives credit back, and exchange_send_body says when to stop.
 *
 * Life: the connection makes it when a request's head is complete and accepted, and calls the
 * server's begin handler, which sets `frontend` and answers now or later. `closed` is called
 * exactly once, last. The exchange and its arena then live until every hold is released.
 *
 * All functions are called on the exchange's own loop, and never call back into the frontend from
 * inside (`writable`, `closed` come later, from the loop).
 */
#ifndef DATASTREAM_RPC_NET_EXCHANGE_H
#define DATASTREAM_RPC_NET_EXCHANGE_H

#include "base/arena.h"
#include "base/slice.h"
#include "rpc/net/listener.h"
#include "rpc/net/loop.h"

enum http_version { HTTP_1_0, HTTP_1_1, HTTP_2 };

struct header {
    struct slice name; /* lower-case */
    struct slice value;
};

/* A request's head. Every slice lives as long as the exchange's arena. */
struct request_head {
    enum http_version version;
    struct slice method;
    struct slice path;  /* as sent, without the query; "*" for OPTIONS * */
    struct slice query; /* behind the '?', as sent; data is NULL when there is no '?' */
    struct slice scheme;
    struct slice authority; /* Host, :authority, or the authority of an absolute-form target */
    const struct header *headers;
    size_t header_count;
    uint64_t names;         /* header_name_bit of each header's; 0: nobody noted them */
    size_t header_bytes;    /* name + value + 32 each (RFC 9113 section 6.5.2) */
    int64_t content_length; /* -1 when not said */
    bool has_body;          /* false: body_end comes without any body */
};

/* The bit of a name in `names`, which others may share. */
static inline uint64_t header_name_bit(struct slice name)
{
    if (name.len == 0)
        return 1;
    return (uint64_t)1 << ((name.len * 3 + (unsigned char)name.data[0] * 5U +
                            (unsigned char)name.data[name.len - 1]) %
                           64);
}

/*
 * False: no header has the (lower-case) name. Asked before a search, since most of the names that
 * are asked for are in no request.
 */
static inline bool head_may_name(const struct request_head *head, struct slice name)
{
    return head->names == 0 || (head->names & header_name_bit(name)) != 0;
}

struct exchange;

/* What a frontend hears. Each may be called only after begin returned. */
struct exchange_frontend {
    /*
     * A piece of the request's body; the bytes live only during the call. Its credit is given back
     * by exchange_consume, then or later.
     */
    void (*body)(struct exchange *exchange, struct slice bytes);
    /* The request is complete. Not called after a cancellation. */
    void (*body_end)(struct exchange *exchange);
    /* What waits to be written fell below the low mark, after exchange_send_body said false. */
    void (*writable)(struct exchange *exchange);
    /* The time of exchange_set_timeout has come. */
    void (*timeout)(struct exchange *exchange);
    /*
     * The last call: the answer was handed to the system whole (`complete`), or the peer reset the
     * stream, the connection ended or the exchange was reset. Nothing can be sent any more.
     */
    void (*closed)(struct exchange *exchange, bool complete);
    /* The turn that exchange_give_way asked for has come. NULL where nothing asks. */
    void (*turn)(struct exchange *exchange);
};

/* The part that frontends see. */
struct exchange {
    struct arena *arena; /* freed with the exchange */
    struct request_head head;
    /*
     * Who asks, which is not always who is connected (client.h): the client's address without port,
     * "unix" for a Unix socket; the scheme that it uses; the authority that it asks for, which may
     * be empty. Before the head is whole, the connection's own.
     */
    struct slice peer;
    struct slice scheme; /* "http" or "https" */
    struct slice authority;
    const struct listener_profile *listener; /* that its connection came in by */
    int64_t started_us;                      /* monotonic: when the head was complete */
    struct loop *loop;
    const struct exchange_frontend *frontend; /* set by begin */
    void *state;                              /* the frontend's */
};

/* A header of the request by lower-case name, the first; false when it is missing. */
bool exchange_header(const struct exchange *exchange, struct slice name, struct slice *ret_value);

/*
 * The caller showed credentials that hold. Until then the exchange keeps its connection from being
 * closed no more than silence does, when others need its place.
 */
void exchange_claim(struct exchange *exchange);

/*
 * The frontend wants the body: answers `Expect: 100-continue` and lets `body` and `body_end` come.
 * Until then nothing of the body is delivered. At most `most` bytes are; when the peer sends more,
 * or announced more, the exchange is answered 413 by the connection and closed (0: no limit).
 */
void exchange_accept_body(struct exchange *exchange, uint64_t most);

/* Gives the peer credit for `bytes` of the delivered body. */
void exchange_consume(struct exchange *exchange, size_t bytes);

/*
 * A whole answer: head, body with Content-Length, end. Headers and body are borrowed until
 * `closed`. The connection adds Date, and Connection where HTTP/1.1 needs it. HEAD sends no body
 * but its length. Before the request's body has come whole: HTTP/2 then resets the stream with
 * NO_ERROR after the answer; HTTP/1.1 reads and drops a little, or closes.
 */
void exchange_respond(struct exchange *exchange, int status, const struct header *headers,
                      size_t count, struct slice body);

/* The answer in parts. Everything is borrowed until `closed`. */
void exchange_send_head(struct exchange *exchange, int status, const struct header *headers,
                        size_t count);
/* False: enough is waiting; send more after `writable`. What was passed is taken all the same. */
bool exchange_send_body(struct exchange *exchange, struct slice bytes);
/*
 * Bytes of the answer's body that are still borrowed; 0: what was passed to exchange_send_body may
 * be used anew, which a long answer has to or its memory grows.
 */
size_t exchange_waiting(const struct exchange *exchange);
/* Ends the answer; trailers (may be none) go out as HTTP/2 trailers or chunked trailers. */
void exchange_send_end(struct exchange *exchange, const struct header *trailers, size_t count);

/*
 * Work for the exchange holds the loop up: `turn` is called once the loop has looked at the others,
 * as if the exchange were to start (schedule.h), before its connection's further requests; at the
 * latest after `closed`, where exchange_is_closed. Once for each call of this one, after which the
 * caller returns.
 */
void exchange_give_way(struct exchange *exchange);

/* Cuts the exchange: RST_STREAM(CANCEL), or the connection in HTTP/1.1. `closed` follows. */
void exchange_reset(struct exchange *exchange);

/* `timeout` is to be called once in `ms` from now (grain about 10 ms); 0 calls it off. */
void exchange_set_timeout(struct exchange *exchange, uint64_t ms);

/* Whether `closed` was called. */
bool exchange_is_closed(const struct exchange *exchange);

/* Keeps the exchange and its arena alive beyond `closed`, while another thread works for it. */
void exchange_hold(struct exchange *exchange);
void exchange_release(struct exchange *exchange);

#endif
