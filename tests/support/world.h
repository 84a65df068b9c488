/*
 * A store with one organization, the chain over it, and calls that are driven to their end on the
 * test's own thread: what a call posts, wait pumps. Messages are written and read by paths in JSON
 * names.
 */
#ifndef DATASTREAM_TESTS_SUPPORT_WORLD_H
#define DATASTREAM_TESTS_SUPPORT_WORLD_H

#include "tests/support/store_fixture.h"

#include <datastream/storage/v1/records.pb-c.h>

#include "base/clock.h"
#include "proto/contract/embedded.h"
#include "proto/message/message.h"
#include "rpc/call/bearer.h"
#include "rpc/call/observers.h"
#include "rpc/services/services.h"
#include "storage/audit.h"
#include "storage/keys.h"

struct world {
    struct fixture fixture;
    const struct contract *contract;
    const struct hooks *hooks;
    struct identity_registry *identities;
    struct news *news;
    struct observers observers;
    struct settings settings;
    struct chain *chain;
    struct chain_loop *loop;
    struct arena arena; /* of one test: requests, answers, the chain itself */
    long longest_us;    /* of the processor's time, that a call kept its loop without a break */
    struct organization_created made;
    struct data_key data_key; /* of that organization */
    pthread_mutex_t mutex;    /* guards `posted` of the calls, and `wakes` */
    pthread_cond_t cond;
    unsigned wakes; /* that chain_loop__wake has not answered */
};

/* Ids made before and after this sort in that order: they begin with the millisecond. */
void next_millisecond(void);

/*
 * The contract of the worlds of this program, which a test may set before the first; NULL: the
 * embedded one.
 */
extern struct slice (*world_contract_source)(struct arena *arena);

/* The hash of the password of an Owner, owner@example.com, which a test may set; NULL: nobody. */
extern const char *world_owner_phc;

/* The contract is read once a program. */
const struct contract *world_contract(void);

/*
 * `owner_phc`: of the password of an Owner, owner@example.com; NULL for none. `late_seed`: 0 for
 * the store as it is, else it answers late and conflicts for no reason.
 */
void world_start_owned(struct world *w, uint64_t late_seed, const char *owner_phc);

void world_start(struct world *w, uint64_t late_seed);

void world_end(struct world *w);

struct test_call {
    struct call call;
    struct world *world;
    unsigned posted;
    bool opened, finished;
};

void test_call_post(struct call *call);

void test_call_opened(struct call *call);

void test_call_finish(struct call *call);

/* Pumps until the flag is set. */
void test_call_wait(struct test_call *t, const bool *flag);

const struct method *world_method(const struct world *w, const char *name);

struct reply {
    struct status status;
    const struct message_type *type;
    ProtobufCMessage *message; /* NULL unless the status is OK */
};

/* What a test may say of a call beyond method, token and request. */
struct call_extra {
    const char *if_match;
    const char *idempotency_key;
    bool accepts_records;
    struct slice session;           /* the value of one, in place of the token; empty: none */
    struct arena *arena;            /* NULL: the world's */
    void (*between)(void *context); /* called before the method is run */
    void *context;
};

/* Opens a call and starts its method, without waiting for its end. `request` may be NULL for an
 * empty one. */
void world_begin(struct world *w, struct test_call *t, const char *method, struct slice token,
                 ProtobufCMessage *request, struct call_extra extra);

struct reply world_finish(struct test_call *t);

struct reply world_call_with(struct world *w, const char *method, struct slice token,
                             ProtobufCMessage *request, struct call_extra extra);

struct reply world_call(struct world *w, const char *method, struct slice token,
                        ProtobufCMessage *request);

#ifdef DATASTREAM_FAULTS

void world_fail_from(void *context);

/*
 * One call whose allocations fail from the given one on, once it is open; false when there were not
 * so many.
 */
bool call_failing(struct world *w, unsigned long number, const char *method,
                  ProtobufCMessage *request);

#endif

/* Sets what the path names, making messages on the way; lists grow by one. */
void world_set(struct arena *arena, const struct message_type *type, ProtobufCMessage *message,
               const char *path, const char *text);

/* A request of the method: pairs of path and text, ended by NULL. */
ProtobufCMessage *world_make(struct world *w, const char *method, ...);

/* The text of what the path names; elements by number ("devices.0.name"); "" for what is unset. */
struct slice world_get(struct world *w, struct reply reply, const char *path);

const char *get_cstr(struct world *w, struct reply reply, const char *path);

#define assert_field(w, reply, path, wanted) \
    assert_string_equal(get_cstr((w), (reply), (path)), (wanted))

void check_status(struct reply reply, enum status_code wanted, const char *file, int line);

#define assert_status(reply, wanted) check_status((reply), (wanted), __FILE__, __LINE__)
#define assert_ok(reply) assert_status(reply, STATUS_OK)

/* Whether a detail of the type has the subject. */
const struct status_detail *find_detail(struct reply reply, enum status_detail_type type,
                                        const char *subject);

void check_violation(struct reply reply, const char *path, const char *file, int line);

/* INVALID_ARGUMENT with a violation at the path. */
#define assert_violation(reply, path) check_violation((reply), (path), __FILE__, __LINE__)

/* PERMISSION_DENIED by the mint guard. */
#define assert_guarded(reply)                                                   \
    do {                                                                        \
        assert_status(reply, STATUS_PERMISSION_DENIED);                         \
        assert_non_null(find_detail((reply), DETAIL_ERROR_INFO, "MINT_GUARD")); \
    } while (0)

/* The newest row of the organization's audit log. */
Datastream__Storage__V1__AuditRecord *last_audit(struct world *w);

/* The id of a predefined role. */
const char *predefined(struct world *w, const char *name);

/* A token of a role, made by the administrator. */
struct reply make_token(struct world *w, const char *name, const char *role);

/* A role with these permissions (ended by NULL), made by the administrator; its id. */
const char *make_role(struct world *w, const char *name, ...);

/* The value of a token that was just made. */
struct slice token_value(struct world *w, struct reply token);

#endif
