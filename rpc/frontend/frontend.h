/*
 * What both frontends share: from an exchange to a call. Takes the caller's facts from the head,
 * makes the request id, runs the chain's `open` and `dispatch`, carries posts from other
 * threads to the exchange's loop, keeps the exchange alive meanwhile, applies deadlines and
 * cancellation, and logs the request when it ends.
 */
#ifndef DATASTREAM_RPC_FRONTEND_FRONTEND_H
#define DATASTREAM_RPC_FRONTEND_FRONTEND_H

#include "rpc/call/chain_calls.h"
#include "rpc/frontend/runner.h"
#include "rpc/net/exchange.h"

struct frontend_waker;
struct grpc;
struct rest;

/* How far a request is. */
enum frontend_state {
    FRONTEND_JUDGING,   /* its head, then its caller */
    FRONTEND_READING,   /* its body comes */
    FRONTEND_RUNNING,   /* the method runs */
    FRONTEND_STREAMING, /* the answer's head was sent, and messages follow */
    FRONTEND_ANSWERED,  /* all that comes later is ignored */
    FRONTEND_CUT,       /* it ended before its answer did */
};

/* What a frontend builds upon: the first member of its own structure, in the exchange's arena. */
struct frontend_call {
    struct call call;                /* without a method while there is no call */
    const struct chain_calls *chain; /* that the call goes to */
    struct exchange *exchange;
    enum frontend_state state; /* moves in frontend_move alone */
    struct loop_task task;
    char *body; /* the request's body as it gathers */
    size_t body_len, body_capacity;
    bool dispatched; /* between the chain's `dispatch` and finish: a hold on the exchange stands */
    bool gave_way;   /* the call, for which frontend_turn is owed */
    int logged_status; /* HTTP status or gRPC code, for the log */
#ifdef DATASTREAM_FAULTS
    /* For exchange_log.h: a REST answer's Content-Type and body, as long as the exchange. */
    struct {
        bool is_rest;
        struct slice type;
        struct slice body;
    } seen;
#endif
    /* frontend.c's own: what frontend_begin was given. */
    void (*opened)(struct call *call);
    void (*finish)(struct call *call);
};

/* The process-wide part that frontends are given. */
struct frontends {
    const struct contract *contract;
    const struct settings *settings;
    struct chain *chain;
    const struct chain_calls *calls; /* what each call is given to; `chain_calls` except in tests */
    const enum runner *runners;      /* by method->index; see runner.h */
    struct store *store;             /* for /readyz: whether it takes writes */
    struct chain_loop **loops;       /* by loop_index */
    struct frontend_waker *wakers;   /* by loop_index; see stream.h */
    struct setup_gate *setup;        /* see chain_options */
    bool draining;                   /* atomic access: __atomic */
    struct slice public_origin;      /* of --public-url; empty without it */
    struct rest *rest;               /* created by rest_new */
    struct grpc *grpc;               /* created by grpc_new */
};

/*
 * Begins a call of the method in `frontend`, which is cleared, with the head's facts: peer,
 * user-agent, x-request-id (a well-formed one of at most 128 characters is taken over, else a UUID
 * is made), If-Match. False when the arena failed: there is no call then. `opened` and `finish` are
 * the frontend's; they are left out when the exchange has closed by then. exchange->state is left
 * to the frontend. Starts the timeout of a call without a deadline of its own (request_timeout_ms):
 * exchange_set_timeout again changes it.
 */
bool frontend_begin(struct frontends *frontends, struct frontend_call *frontend,
                    struct exchange *exchange, const struct method *method,
                    void (*opened)(struct call *call), void (*finish)(struct call *call));

/* The frontend's part of a call that frontend_begin began. */
static inline struct frontend_call *frontend_of(struct call *call)
{
    return (struct frontend_call *)(void *)call; /* the call is its first member */
}

/* Moves to another state; the only function that does. */
void frontend_move(struct frontend_call *frontend, enum frontend_state state);

/* Whether the answer was given, or none can be any more. */
static inline bool frontend_is_over(const struct frontend_call *frontend)
{
    return frontend->state >= FRONTEND_ANSWERED;
}

/* The request id of an exchange, made as frontend_begin does, for answers that need no call. */
struct slice frontend_request_id(struct exchange *exchange);

/*
 * The server's origin as the client sees it (rpc/net/origin.h): of --public-url, or without it the
 * request's own scheme and authority. Empty where the request names none.
 */
struct slice frontend_own_origin(const struct frontends *frontends,
                                 const struct exchange *exchange);

/* The chain's `open` with the bearer value alone; holds the exchange until `opened`. */
void frontend_open(struct frontend_call *frontend);

/*
 * The same for clients that may be browsers: with the session's cookie, and what shows that a page
 * of this server sent the request. INVALID_ARGUMENT, and nothing was opened, where the cookies are
 * malformed and would count.
 */
struct status frontend_open_with_cookies(const struct frontends *frontends,
                                         struct frontend_call *frontend);

/* Appends a piece of body to frontend->body (NUL-free growth in the arena, at most `most`); false
 * when it does not fit. */
bool frontend_gather(struct frontend_call *frontend, struct slice bytes, size_t most);

/* The chain's `dispatch`; holds the exchange until `finish`. */
void frontend_dispatch(struct frontend_call *frontend);

/* For `turn`: has the call go on; false when it was not the call that gave way. */
bool frontend_turn(struct frontend_call *frontend);

/* For `closed`: marks the call cancelled. */
void frontend_cancel(struct frontend_call *frontend);

/* One structured log line for the request: id, method, peer, status, duration in microseconds. */
void frontend_log(const struct frontend_call *frontend, int status);

/*
 * Logs a request that was refused before there was a call, as "request" too: its id, the status
 * (HTTP's, or gRPC's own) and the reason. What it asked for is left out, since it may be anything.
 * Nothing is kept of the arguments.
 */
void frontend_log_refusal(const struct exchange *exchange, struct slice request_id, int status,
                          struct slice reason);

#endif
