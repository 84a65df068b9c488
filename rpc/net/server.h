/*
 * The server of sockets: listeners, one acceptor, N loops, and draining.
 */
#ifndef DATASTREAM_RPC_NET_SERVER_H
#define DATASTREAM_RPC_NET_SERVER_H

#include "base/settings.h"
#include "base/status.h"
#include "rpc/net/exchange.h"

struct server;
struct proxies;

#define SERVER_LISTENERS_MOST 8

struct server_options {
    const struct settings *settings; /* borrowed as long as the server */
    /* "HOST:PORT" ("[::1]:0"), or "unix:PATH". Port 0 takes any. */
    const char *listen[SERVER_LISTENERS_MOST];
    size_t listen_count;
    bool insecure_listen; /* allow plaintext beyond loopback */
    /*
     * Peers whose X-Forwarded-* headers are believed; borrowed as long as the server. NULL: none.
     */
    const struct proxies *proxies;
    /* Called on the loop's thread for each request whose head was accepted. */
    void (*begin)(void *context, struct exchange *exchange);
    /*
     * Called on the loop's thread for a request that the connection refuses by itself (a bad or too
     * large head, a body that is late or too large): answers with `status` in the request's own
     * protocol, at once and whole, or returns false. Then, or where it is NULL, the connection
     * answers problem+json. The head may be incomplete; `detail` is a constant sentence. The
     * exchange may have a frontend already, which hears only `closed`. `is_cut`: nothing is wrong
     * with the request, but server or connection end before its answer, and the status is 503.
     */
    bool (*refuse)(void *context, struct exchange *exchange, int status, const char *detail,
                   bool is_cut);
    /*
     * Called on the loop's thread at the end of each turn, when no request is started any more and
     * before the loop waits (may be NULL): what the turn gathered is handed over. `loop` is its
     * loop_index.
     */
    void (*turn_ended)(void *context, unsigned loop);
    /* Called on the server_run thread when draining begins (may be NULL): /readyz turns 503. */
    void (*draining)(void *context);
    void *context;
};

/*
 * Binds the listeners and starts the loops, which serve at once. INVALID_ARGUMENT for an address
 * that can't be read, FAILED_PRECONDITION for plaintext beyond loopback without insecure_listen,
 * UNAVAILABLE when binding fails. `arena` holds the message.
 */
struct status server_start(const struct server_options *options, struct arena *arena,
                           struct server **ret_server);

/*
 * Judges what the listeners are asked for, without binding: INVALID_ARGUMENT and
 * FAILED_PRECONDITION as server_start. So a slip in an address is told before a store is opened.
 */
struct status server_check(const struct server_options *options, struct arena *arena);

/* How many loops serve. */
unsigned server_loops(const struct server *server);

/* The address that listener `i` bound, with the port ("127.0.0.1:8080"); NULL beyond the last. */
const char *server_address(const struct server *server, size_t i);

/*
 * Accepts on the calling thread until SIGTERM, SIGINT or server_stop, then drains: stops accepting,
 * GOAWAY (last-stream 2^31-1, a PING round trip, the final one), closes idle connections, waits for
 * calls up to drain_timeout_ms, cuts the rest: what has no answer yet is told 503. Returns when
 * every loop has ended. A second signal cuts at once.
 */
void server_run(struct server *server);

/* Begins the draining from any thread. */
void server_stop(struct server *server);

/* Frees what server_start made, after server_run returned. */
void server_free(struct server *server);

/* Counters for metrics, readable from any thread. */
struct server_counters {
    uint64_t connections_open;
    uint64_t connections_accepted;
    uint64_t connections_refused;
    uint64_t connections_shed; /* closed for the memory that they held */
    uint64_t memory_bytes;     /* held by connections and their calls */
    uint64_t requests;
};

/* The counters of all loops together; each is exact, their sum is not of one moment. Any thread. */
struct server_counters server_count(const struct server *server);

#endif
