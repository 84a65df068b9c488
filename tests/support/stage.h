/*
 * Calls through the chain over a real store, with handlers of the test's own. What a call posts,
 * from whichever thread, is resumed on the test's.
 */
#ifndef DATASTREAM_TESTS_SUPPORT_STAGE_H
#define DATASTREAM_TESTS_SUPPORT_STAGE_H

#include "tests/support/scene.h"

#include "rpc/call/bearer.h"
#include "rpc/call/call.h"

struct stage {
    struct scene scene;
    struct settings settings;
    struct arena arena; /* of the chain and the requests */
    struct chain *chain;
    struct chain_loop *loop;
    call_handler *handler; /* of every method */
    pthread_mutex_t mutex; /* guards `posted` of the calls */
    pthread_cond_t cond;
};

struct
try {
    struct call call;
    struct stage *stage;
    struct arena arena;
    unsigned posted;
    unsigned opened, finished;
    unsigned runs; /* of the handler */
    uint64_t committed;
    char header[7 + TOKEN_VALUE_LEN + 1]; /* lives as long as the exchange would */
    void *context;                        /* the handler's own */
};

/* A row for each method of the contract. */
struct handler_entry *stage_handlers(struct arena *arena, const struct contract *contract);

/* Makes the chain, or makes it anew when the store was opened again. */
void stage_restart_chain(struct stage *stage);

void stage_start(struct stage *stage, bool late);

void stage_end(struct stage *stage);

/* Waits until the call is posted, and resumes it once. */
void try_step(struct try *t);

/* Resumes the call until the flag is set. */
void try_wait(struct try *t, const unsigned *flag);

const struct method *stage_method(const struct stage *stage, const char *name);

void try_init(struct try *t, struct stage *stage, const struct method *method);

void try_done(struct try *t);

/* Opens with a whole header (NULL for none) and waits. */
struct status try_open_header(struct try *t, const char *header);

struct status try_open(struct try *t, uint16_t token);

struct status try_dispatch(struct try *t, ProtobufCMessage *request);

/* Opens and, where that is allowed, runs. */
struct status try_call(struct try *t, uint16_t token, ProtobufCMessage *request);

ProtobufCMessage *empty_request(struct stage *stage, const char *method);

/* A request that has a field of text, such as "id", set. */
ProtobufCMessage *text_request(struct stage *stage, const char *method, const char *field,
                               const char *text);

/* CreateDevice of a device with this name. */
ProtobufCMessage *device_request(struct stage *stage, const char *name);

void check_code(struct status status, enum status_code wanted, const char *file, int line);

#define assert_code(status, wanted) check_code((status), (wanted), __FILE__, __LINE__)

/* The audit row of that place among those of an object, counted from the oldest; NULL for none. */
Datastream__Storage__V1__AuditRecord *audit_record_of(struct stage *stage, uint32_t kind,
                                                      struct uuid id, size_t place);

/* Waits for that row, since rows of refusals are written on the side; NULL after five seconds. */
Datastream__Storage__V1__AuditRecord *audit_record_wait(struct stage *stage, uint32_t kind,
                                                        struct uuid id, size_t place);

#endif
