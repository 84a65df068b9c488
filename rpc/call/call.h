/*
 * A call: one request to one method, whichever frontend it came in by. A frontend makes it, opens
 * it from the request's head (authenticate, authorize), gives it the request message, and
 * dispatches it; `finish` hands it back exactly once, with a response or a status.
 *
 * The chain: open -> [body read by the frontend] -> dispatch: identity epoch compared again ->
 * validate
 * -> handler -> commit -> committed -> finish. A handler is a pure function of the call (request,
 * identity, now, random, view): it may run again after a conflict or a missed key.
 *
 * A call lives on one loop; all functions here are called there. The frontend provides `post`.
 */
#ifndef DATASTREAM_RPC_CALL_CALL_H
#define DATASTREAM_RPC_CALL_CALL_H

#include "base/settings.h"
#include "rpc/identity/identity.h"
#include "storage/secret.h"

struct call;
struct chain;
struct chain_loop;
struct idempotency;
struct slices;
struct news;
struct setup_gate;
struct sign_in_limits;
struct stream;
struct stream_entry;
struct work;

/*
 * What a request shows of who sends it, from its head. A browser's session counts only where no
 * bearer value was sent, and changes something only for a page of this server's own, which knows
 * the token against forgery. Slices are borrowed for as long as the call.
 */
struct call_credentials {
    struct slice bearer; /* of Authorization, see bearer.h; data NULL: none was sent */
    struct slice
        basic_id; /* of Basic, which `bearer` came by: the token must have it; data NULL: none */
    struct slice session; /* of the session's cookie; data NULL: none was sent */
    struct slice device; /* of the device's cookie, where anybody may call the method; else empty */
    struct slice csrf;   /* X-CSRF-Token */
    struct slice origin; /* Origin; data NULL: none was sent */
    struct slice
        own_origin; /* of this server, as the client reached it; empty: it sends no cookies */
    bool is_unsafe; /* the request is no GET, HEAD or OPTIONS (RFC 9110 section 9.2.1) */
};

/* A header of the answer, over gRPC a pair of its initial metadata. */
struct call_metadata {
    struct call_metadata *next;
    struct slice name; /* lower-case */
    struct slice value;
};

#define CALL_METADATA_MOST 8

/* One changed field. */
struct call_change {
    struct call_change *next;
    struct slice path;          /* JSON path */
    struct slice before, after; /* JSON texts; empty for none, and always for secrets */
};

/* Those of one object, in the order of their noting. Zero-initialize. */
struct call_changes {
    struct call_change *first, *last;
};

/* What one audit row says; set by the handler, written by the chain. */
struct call_audit {
    struct call_audit *next;
    struct uuid organization;
    struct actor actor;
    const char *action;      /* "CreatedDevice" */
    const struct kind *kind; /* of the object; NULL: it is about none, or about the organization */
    const char *kind_name;   /* of an object that has no kind, "organization"; NULL for none */
    struct uuid id;          /* of the object */
    struct slice name;
    struct slice description; /* a sentence; may be empty */
    struct call_changes changes;
};

/*
 * Where a handler finds its random bytes, so that no two uses of one call share any. What a call
 * makes once has a row here; what it makes many times is derived from a row of its own.
 */
enum call_random {
    RANDOM_ID = 0,            /* 10: uuid_make of the object that is created */
    RANDOM_NUMBER_LEN = 2,    /* of these, the number of a call that may write */
    RANDOM_TOKEN = 10,        /* 32: the value of an API token or another credential */
    RANDOM_SECOND_ID = 42,    /* 10: of an object that is created with the first */
    RANDOM_SECOND_TOKEN = 52, /* 32: the value of a second credential */
    RANDOM_SALT = 84,         /* 16: of a password hash, or of secrets */
    RANDOM_NONCE = 100,       /* 16: of a row that remembers an answer */
    RANDOM_BYTES = 116,       /* each call that may change something pays for all of them */
};

struct call {
    /* Set by the frontend before call__open. */
    struct chain_loop *loop;
    const struct method *method;
    struct arena *arena; /* of the exchange: everything of the call lives in it */
    struct slice peer;   /* address of the caller */
    struct slice user_agent;
    struct slice request_id;
    struct slice if_match;        /* value of If-Match; data NULL when it was not given */
    struct slice if_none_match;   /* likewise */
    struct slice idempotency_key; /* value of Idempotency-Key; several of them are joined by ", " */
    /* Asks the call's loop, from any thread, to call call__resume(call). */
    void (*post)(struct call *call);
    /*
     * Asks for call__resume(call) once other calls had their turn. NULL: the call never gives way.
     * The loop's thread.
     */
    void (*give_way)(struct call *call);
    /* After call__open: `status` says whether the caller may go on. Once. */
    void (*opened)(struct call *call);
    /* After call__dispatch: `status`, and `response` when it is OK. Once. */
    void (*finish)(struct call *call);
    /* Of methods that stream, between call__dispatch and `finish`: see stream.h. */
    void (*ready)(struct call *call);
    /*
     * The request's path is the method's, its HTTP method is not. Who shows valid credentials is
     * told so by the frontend, and need have no permission; the call is never dispatched.
     */
    bool is_other_verb;

    /* Set by the frontend before call__dispatch. */
    ProtobufCMessage *request; /* of method->input */
    bool accepts_records;      /* the answer may come as `records` */
    /*
     * INVALID_ARGUMENT with the violations that are known already; the chain adds those of the
     * request. Where it has any, `request` may be read in part, and the handler of a method with a
     * resource only adds what else is wrong: it never succeeds.
     */
    struct status refused;

    /* Set by the frontend at any time: the caller is gone or late, stop working. */
    bool cancelled;

    /* Set by the chain. */
    struct identity identity;
    struct call_credentials credentials; /* as they were given to call__open */
    int64_t now_ms;                      /* never steps back; the same in each run of the handler */
    /*
     * The same in each run. The first two bytes of a call that may write count the calls of one
     * millisecond, so that uuid_make(now_ms, random) sorts by time; the others are random, from
     * the first run on. See enum call_random.
     */
    uint8_t random[RANDOM_BYTES];
    bool is_random_drawn;
    struct store_view *view;
    struct commit commit; /* empty at each run of the handler */
    struct status status;

    /* Set by the handler. */
    ProtobufCMessage *response;
    /*
     * Objects of the answer as protobuf bytes: what `response` shows of them is their etag and what
     * is computed, or nothing in a list. NULL: `response` is whole.
     */
    const struct call_records *records;
    bool limited; /* `response` shows only a part: what is not set was not said to be empty */
    /* Of an answer that is OK, by the handler and the chain: at most CALL_METADATA_MOST. */
    struct call_metadata *answer_metadata;
    bool keep_plain; /* the answer holds a credential: no frontend compresses or keeps it */
    struct call_audit *audit, *audit_last; /* the rows; see call_audit_add */
    /* Called after the commit is durable, before finish: fills what needs the revision. May be
     * NULL. */
    void (*committed)(struct call *call, uint64_t revision);
    void *handler_state; /* of this run */
    void *progress; /* of runs that gave way; NULL at the first, and after a read that missed */

    /* The chain's own. */
    enum {
        CALL_NEW,
        CALL_OPENING,
        CALL_OPEN,
        CALL_RUNNING,
        CALL_COMMITTING,
        CALL_STREAMING,
        CALL_DONE
    } state;
    struct slices *slices; /* of a handler that works in slices; NULL for others; slices.h */
    struct idempotency *idempotency; /* NULL where no key counts; idempotency.h */
    struct stream *stream;           /* while it is open */
    struct work *work;    /* what its handler had done off the loop, the newest first; work.h */
    bool work_wanted;     /* the newest is asked for, and not there yet */
    bool work_waits;      /* and the pool has it */
    unsigned runs;        /* of the handler: 1, and 1 more for each conflict */
    unsigned fetches;     /* since the view was last reset */
    uint64_t view_epoch;  /* of identities, when the view was last reset */
    int64_t run_since_us; /* when this run of the handler began */
    unsigned ways_given;
    bool gives_way;
    bool is_stored; /* a commit with the whole change is durable, whatever the status says */
    struct slice actor_name; /* the caller's, for audit rows; empty until it was read */
};

/* Public messages, packed. */
struct call_records {
    const struct field
        *field; /* the list of the response that they are; NULL: the one is the response */
    const struct slice *bodies;
    size_t count;
};

/*
 * A handler: OK with `response` (and, when it fills call->commit, the answer leaves after the
 * commit is durable), or a status. When a read answered STORE_AGAIN it returns anything: it is run
 * again.
 */
typedef struct status call_handler(struct call *call);

struct handler_entry {
    const char *method; /* full name: "datastream.v1.RoleService.GetRole" */
    call_handler *handler;
};

struct chain_options {
    const struct contract *contract;
    struct store *store;
    struct identity_registry *identities;
    const struct settings *settings;
    /* Handlers by method, ended by a NULL method. */
    const struct handler_entry *handlers;
    /* OPERATIONS handlers by enum operation_type, for methods that have none by name. */
    call_handler *const *operations;
    /* Streams by method, ended by a NULL method. */
    const struct stream_entry *streams;
    /*
     * Called with each answer of a handler, before its change is committed: takes out what the
     * caller may not read. NULL: nothing is taken out.
     */
    void (*limit_answer)(struct call *call);
    /*
     * Called with the answer that is given again, within a few minutes: puts the value that the
     * first answer showed once back into it, where it is still the object's and the caller could
     * have it made now. `revision` is of the commit that made it. NULL: no answer shows one again.
     */
    void (*show_again)(struct call *call, uint64_t revision);
    struct news
        *news; /* that the store's observer fills; NULL: streams wake for heartbeats alone */
    struct sign_in_limits *sign_in_limits; /* for the handlers; NULL: nobody is slowed */
    struct setup_gate *setup; /* shuts a server without an organization; NULL: it is open */
    const void *services;     /* what the handlers get back from call_services; may be NULL */
    uint8_t page_key[32]; /* keys the MAC of page tokens; the same on each node and at each start */
    uint8_t csrf_key[32]; /* likewise, of values that a browser must send back */
    uint8_t replay_key[32];         /* likewise: encrypts the answers that are given again */
    struct secret_keys secret_keys; /* likewise, of secrets at rest */
};

/*
 * Authenticates and authorizes from the head alone. `opened` is called once, now or later.
 * UNAUTHENTICATED is one identical status for all causes (call__sent_credentials tells whether a
 * token was sent); PERMISSION_DENIED names the permission (ErrorInfo). Methods with allow_self pass
 * for a token that lacks the permission: their handlers check with call_may.
 */
void call__open(struct call *call, const struct call_credentials *credentials);
bool call__sent_credentials(const struct call *call);

/* Who may call: as the method says, or anybody with valid credentials where is_other_verb. */
static inline enum access call_access(const struct call *call)
{
    return call->is_other_verb ? ACCESS_AUTHENTICATED : call->method->access;
}

/* Runs the method. `finish` is called once, now or later, also when cancelled. */
void call__dispatch(struct call *call);

/* The frontend's loop answers `post` with this, and `give_way` once its turn has come. */
void call__resume(struct call *call);

/* -- for handlers ---------------------------------------------------------------------------- */

/*
 * Whether the handler has held the loop for so long that the others are to have their turn. Then it
 * keeps in call->progress what it has, all of it in the call's arena, returns anything, and is run
 * again. Only for handlers that have neither filled the commit nor read again what they keep.
 */
bool call_gives_way(struct call *call);

/* What a frontend answers when memory ends while it writes the answer; allocates nothing. */
static inline struct status call_no_answer(const struct call *call)
{
    return call->is_stored ? status_stored() : status_out_of_memory();
}

/* -- paging ----------------------------------------------------------------------------------- */

/* 50 for 0; validation has bounded the rest. */
#define PAGE_SIZE_DEFAULT 50
#define PAGE_SIZE_MOST 1000

#endif
