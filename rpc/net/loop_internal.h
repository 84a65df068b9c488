/*
 * What a loop is made of. Internal to rpc/net; everything is the loop's thread's unless it says
 * otherwise.
 */
#ifndef DATASTREAM_RPC_NET_LOOP_INTERNAL_H
#define DATASTREAM_RPC_NET_LOOP_INTERNAL_H

#include <assert.h>
#include <stdatomic.h>
#include <uv.h>

#include "rpc/net/buffer.h"
#include "rpc/net/http_stream.h"
#include "rpc/net/schedule.h"
#include "rpc/net/server.h"

/* What is gathered for one write, give or take a frame. */
#define WRITE_BYTES 65536

struct connection;
struct http2_shared;

struct loop {
    uv_loop_t uv;
    uv_async_t mail;
    uv_prepare_t turn; /* ends each turn: everything that was touched is written */
    uv_idle_t busy;    /* started while a turn left something to do */
    uv_timer_t clock;
    _Atomic(struct loop_task *) posted; /* pushed by any thread, taken by the loop */

    unsigned index;
    const struct settings *settings;
    const struct server_options *options;
    void (*ended)(void *context); /* called last, on the loop's thread */
    void *ended_context;

    struct arena_cache arenas;
    struct account memory;  /* of everything here but what the loop itself keeps */
    struct account leaving; /* of it: what is freed without anybody's doing */
    size_t memory_most;     /* beyond it no request begins */
    struct timer_wheel wheel;
    int64_t clock_due_ms;
    struct link connections;
    struct schedule schedule; /* connections with requests that may start */
    struct link dirty;        /* connections that have something to do at the end of the turn */
    struct link bulky; /* of these, those with much to write or free, in the order of their turns */
    size_t exchanges;  /* alive, held ones included */
    unsigned heads;    /* of HTTP/1.1 that were read in this turn */
    struct piece *pieces; /* free */
    size_t piece_count;
    struct buffer out; /* one turn of one connection's output */
    char *read_buffer;
    struct http2_shared *http2;
    int64_t date_second;
    char date[DATE_LEN];
    bool draining;

    atomic_uint open;               /* connections; the acceptor adds, the loop takes away */
    atomic_uint_least64_t requests; /* written by the loop, read by any thread */
    atomic_uint_least64_t shed;     /* likewise: connections that were closed for their memory */
    atomic_size_t memory_used;      /* likewise: as of the last turn's end */
    struct loop_task drain_task;
    struct loop_task cut_task;
    struct loop_task idle_task;
    atomic_bool idle_any;    /* likewise */
    atomic_bool idle_posted; /* set by the acceptor, cleared by the loop */
    uv_thread_t thread;
};

/* The loop's own time, milliseconds. */
static inline int64_t loop_now_ms(struct loop *loop)
{
    return (int64_t)uv_now(&loop->uv);
}

/*
 * Memory. One connection may hold a quarter of all that there is for the loop, and whatever happens
 * on the loop begins with no more than half of it taken: so each connection that keeps to its share
 * finds its memory, however slowly others read and however much they send.
 */
#define MEMORY_SHARE(most) ((most) / 4)
#define MEMORY_HELD(most) ((most) / 2)
#define MEMORY_RELIEVED(most) ((most) / 256 * 127)
/* The rest of it is for small calls, which need no more than an arena's first block. */
#define MEMORY_LARGE(most) ((most) / 8 * 7)

/* Whether a further request of the connection may begin, by the memory that is held. */
bool loop__has_memory(const struct loop *loop, const struct connection *connection);

/* Makes an account of a connection a part of the loop's, with the share that one may have. */
void loop__share_memory(struct loop *loop, struct account *account);

/* The calling thread runs the loop from now on. */
void loop__enter(const struct loop *loop);

/* Asserts that the caller runs on the loop's thread. */
void loop__assert_thread(const struct loop *loop);

/* The value of Date (RFC 9110 section 6.6.1), made once a second; DATE_LEN bytes. */
const char *loop__date(struct loop *loop);

/* A queue element, from the free list; NULL when memory ended. */
struct piece *loop__take_piece(struct loop *loop);
void loop__give_piece(struct loop *loop, struct piece *piece);

#endif
