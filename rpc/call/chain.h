/* The chain's parts, as its files see them. Internal to rpc/call/. */
#ifndef DATASTREAM_RPC_CALL_CHAIN_H
#define DATASTREAM_RPC_CALL_CHAIN_H

#include "base/crypto/hmac.h"
#include "rpc/call/call.h"
#include "rpc/call/call_stream.h"
#include "rpc/call/denials.h"
#include "rpc/call/news.h"
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
    struct secret_keys secret_keys;
    struct work_pool *pool; /* has a lock of its own */
};

struct chain_loop {
    struct chain *chain;
    struct identity_cache *cache;
    struct denials *denials;
    struct usage *usage;
    struct hmac *page_mac;   /* of page tokens, and of tokens against forgery */
    struct hmac *replay_mac; /* of values that are shown again */

    bool gathers; /* commits wait in `commits` until the turn ends */
    struct commit_queue commits;

    struct stream *streams; /* a ring; the one to be looked at first, NULL when there is none */
    size_t stream_count;
    struct news_listener listener; /* listens while there are streams */
    void (*wake)(void *context);
    void *wake_context;
};

/* -- the call, for stream.c ---------------------------------------------------------------- */

/* The one place where a call's state moves. */
void call__move(struct call *call, int state);

/* Ends the call, which may be gone when this returns. */
void call__finish(struct call *call, struct status status);

/* What a call ends with that its caller gave up. */
struct status call__cancelled(void);

/* Hands over the commit of what the handler, or a stream that opens, has filled it with. */
void call__submit(struct call *call);

/*
 * If-Match of a method that only reads, against the etag of its response: OK, or ABORTED with
 * PRECONDITION_ETAG, also where the response has no etag (RFC 9110 section 13.1.1).
 */
struct status call__check_read(struct call *call);

/* Fetches what the view missed; false when the store is not worth more tries: call__never_there. */
bool call__fetch(struct call *call);
struct status call__never_there(void);

/* Runs a streaming method up to its first `ready`, or its end; again after a fetch. */
void stream__open(struct call *call, const struct stream_handler *handler);

/* After `open`, and after the commit of what it added to the audit. */
void stream__begin(struct call *call, const struct stream_handler *handler);

/* Of methods that a frontend answers by itself: the caller is judged, and nothing else. */
extern const struct stream_handler stream__conversation;

/* What a stream fetched is there. */
void stream__resume(struct call *call);

/* The loop's part, before its first stream and after its last. */
void stream__join(struct chain_loop *loop);
void stream__leave(struct chain_loop *loop);

/* Whether there is anything to judge: the bearer value alone counts where one was sent, be it empty. */
bool authorize__is_signed(const struct call_credentials *credentials);

/* The one status of every cause. */
struct status authorize__unauthenticated(void);

/*
 * Resolves the bearer value and judges whether the method may be called: *ret_status. False when
 * the view must be fetched first.
 */
bool authorize__judge(struct call *call, struct status *ret_status);

/*
 * Whether what the call was allowed by needs no second look: its identity has not expired, and nothing
 * that it was read from has changed. Always of a public method.
 */
bool authorize__still_holds(const struct call *call);

/* Judges again where it does not hold any more; else OK. */
bool authorize__judge_again(struct call *call, struct status *ret_status);

/* Of a method that an object calls by its own credential: PERMISSION_DENIED unless the request names
 * the caller. */
struct status authorize__check_own(struct call *call);

/* Forgets what the view fetched, and notes the identity epoch. */
void call__reset_view(struct call *call);

/* Reads the name of the caller through the view, unless it is known or a stream has no view now. */
void audit_row__read_actor(struct call *call);

/* Adds the audit rows of call->audit to the commit. */
void audit_row__add_all(struct call *call);

/* Notes that the caller was refused, for the token's activity log. */
void audit_row__note_denial(struct call *call, const struct status *status);

#endif
