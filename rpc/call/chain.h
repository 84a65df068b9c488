/* The chain's parts, as its files see them. Internal to rpc/call/. */
#ifndef DATASTREAM_RPC_CALL_CHAIN_H
#define DATASTREAM_RPC_CALL_CHAIN_H

#include "base/crypto/hmac.h"
#include "base/crypto/siphash.h"
#include "rpc/call/actor_names.h"
#include "rpc/call/call.h"
#include "rpc/call/call_stream.h"
#include "rpc/call/denials.h"
#include "rpc/call/news.h"
#include "rpc/call/packed_callers.h"
#include "rpc/identity/usage.h"

struct chain {
    const struct contract *contract;
    struct store *store;
    struct identity_registry *identities;
    const struct settings *settings;
    const void *services;                    /* the handlers' own */
    struct news *news;                       /* NULL: none come */
    struct sign_in_limits *sign_in_limits;   /* the handlers' own; has a lock of its own */
    struct setup_gate *setup;                /* NULL: the server was set up at its start */
    void (*limit_answer)(struct call *call); /* NULL: nothing is taken out */
    void (*show_again)(struct call *call, uint64_t revision); /* NULL: nothing is shown again */
    call_handler **handlers; /* by method index; NULL for streams and methods of other packages */
    const struct stream_handler **streams; /* by method index; NULL for all that answer once */
    atomic_bool draining;                  /* written by any thread, read by the loops */
    uint32_t token_kind; /* number of the kind "api-tokens", 0 when there is none */
    uint32_t user_kind;  /* likewise of "users" */
    uint8_t page_key[32];
    uint8_t csrf_key[32];
    uint8_t replay_key[32];
    struct {
        uint8_t row[SIPHASH_KEY_LEN];
        uint8_t fingerprint[SIPHASH_KEY_LEN];
    } repeat_keys; /* of repeated requests; follow from replay_key */
    struct secret_keys secret_keys;
    struct work_pool *pool; /* has a lock of its own */
};

struct chain_loop {
    struct chain *chain;
    struct identity_cache *cache;
    struct denials *denials;
    struct usage *usage;
    struct hmac *page_mac;       /* of page tokens, and of tokens against forgery */
    struct siphash *repeat_hash; /* of repeated requests */
    struct actor_names names;
    struct packed_callers *packed_callers; /* NULL until one is kept */

    bool gathers; /* commits wait in `commits` until the turn ends */
    struct commit_queue commits;

    struct stream *streams; /* a ring; the one to be looked at first, NULL when there is none */
    size_t stream_count;
    struct news_listener listener; /* listens while there are streams */
    void (*wake)(void *context);
    void *wake_context;
    struct stream_shelf shelf;
};

/*
 * The chain of a process. FAILED_PRECONDITION, naming the method, when a datastream.* method has no
 * handler. Lives in `arena`. Methods of other packages are left to the frontends; of these only
 * streams of requests are dispatched: see call_stream__admit.
 */
struct status chain_new(const struct chain_options *options, struct arena *arena,
                        struct chain **ret_chain);
void chain_free(struct chain *chain);

/* One event loop's part: identity cache, denials not written yet. NULL when memory ends. */
struct chain_loop *chain_loop_new(struct chain *chain);

/* Submits what it has not written yet. Before the store closes; its calls are done. */
void chain_loop_free(struct chain_loop *loop);

/*
 * From now on the commits of the loop's calls wait for chain_loop_end_turn, which submits them
 * together and which each turn of the loop must end with. Without this each is submitted at once.
 */
void chain_loop_gather(struct chain_loop *loop);
void chain_loop_end_turn(struct chain_loop *loop);

/*
 * Writes what the loop noted: the uses of tokens, and the refusals of a minute that is over, for
 * loops that nobody calls in the meantime. Waits for the disk: any thread but a loop's.
 */
void chain_loop_flush(struct chain_loop *loop);

#endif
