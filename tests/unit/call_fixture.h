/*
 * Calls through the chain over a real store, with handlers of the test's own. What a call posts,
 * from whichever thread, is resumed on the test's.
 */
#ifndef DATASTREAM_TESTS_CALL_FIXTURE_H
#define DATASTREAM_TESTS_CALL_FIXTURE_H

#include "tests/unit/identity_fixture.h"

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

static inline struct status stage_handle(struct call *call)
{
    struct try *t = (void *)call;

    t->runs++;
    return t->stage->handler(call);
}

/* A row for each method of the contract. */
static inline struct handler_entry *stage_handlers(struct arena *arena,
                                                   const struct contract *contract)
{
    struct handler_entry *rows = arena_array(arena, contract->method_count + 1, sizeof(*rows));

    for (size_t i = 0; i < contract->method_count; i++)
        rows[i] = (struct handler_entry){arena_cstr(arena, contract->methods[i]->full_name),
                                         stage_handle};
    return rows;
}

/* Makes the chain, or makes it anew when the store was opened again. */
static inline void stage_restart_chain(struct stage *stage)
{
    const struct chain_options options = {
        .contract = stage->scene.contract,
        .store = stage->scene.fixture.store,
        .identities = stage->scene.registry,
        .settings = &stage->settings,
        .handlers = stage_handlers(&stage->arena, stage->scene.contract),
        .page_key = "a key of a test",
    };
    struct status status = chain_new(&options, &stage->arena, &stage->chain);

    if (!status_is_ok(status))
        fail_msg("%.*s", SLICE_ARG(status.message));
    stage->loop = chain_loop_new(stage->chain);
    assert_non_null(stage->loop);
}

static inline void stage_start(struct stage *stage, bool late)
{
    *stage = (struct stage){.settings = settings_default()};
    pthread_mutex_init(&stage->mutex, NULL);
    pthread_cond_init(&stage->cond, NULL);
    arena_init(&stage->arena, NULL, FIXTURE_ARENA);
    scene_start(&stage->scene, late, 64);
    stage_restart_chain(stage);
}

static inline void stage_end(struct stage *stage)
{
    if (stage->loop != NULL)
        chain_loop_free(stage->loop);
    chain_free(stage->chain);
    scene_end(&stage->scene);
    arena_done(&stage->arena);
    pthread_cond_destroy(&stage->cond);
    pthread_mutex_destroy(&stage->mutex);
}

/* -- calls --------------------------------------------------------------------------------- */

static inline void try_post(struct call *call)
{
    struct try *t = (void *)call;

    pthread_mutex_lock(&t->stage->mutex);
    t->posted++;
    pthread_cond_signal(&t->stage->cond);
    pthread_mutex_unlock(&t->stage->mutex);
}

static inline void try_opened(struct call *call)
{
    ((struct try *)(void *)call)->opened++;
}

static inline void try_finish(struct call *call)
{
    ((struct try *)(void *)call)->finished++;
}

static inline void try_wait(struct try *t, const unsigned *flag)
{
    while (*flag == 0) {
        pthread_mutex_lock(&t->stage->mutex);
        while (t->posted == 0)
            pthread_cond_wait(&t->stage->cond, &t->stage->mutex);
        t->posted--;
        pthread_mutex_unlock(&t->stage->mutex);
        call_resume(&t->call);
    }
    assert_int_equal(*flag, 1);
}

static inline const struct method *stage_method(const struct stage *stage, const char *name)
{
    const struct contract *contract = stage->scene.contract;

    for (size_t i = 0; i < contract->method_count; i++)
        if (slice_equal(contract->methods[i]->name, slice_from_cstr(name)))
            return contract->methods[i];
    fail_msg("no method %s", name);
    return NULL;
}

static inline void try_init(struct try *t, struct stage *stage, const struct method *method)
{
    *t = (struct try){.stage = stage};
    arena_init(&t->arena, NULL, FIXTURE_ARENA);
    t->call = (struct call){
        .loop = stage->loop,
        .method = method,
        .arena = &t->arena,
        .peer = SLICE("203.0.113.9"),
        .user_agent = SLICE("a test"),
        .request_id = SLICE("request-1"),
        .post = try_post,
        .opened = try_opened,
        .finish = try_finish,
    };
}

static inline void try_done(struct try *t)
{
    assert_int_equal(t->posted, 0);
    arena_done(&t->arena);
}

/* Opens with a whole header (NULL for none) and waits. */
static inline struct status try_open_header(struct try *t, const char *header)
{
    call_open(&t->call,
              &(struct call_credentials){.bearer = bearer_parse(slice_from_cstr(header))});
    try_wait(t, &t->opened);
    return t->call.status;
}

static inline struct status try_open(struct try *t, uint16_t token)
{
    const struct value value = value_of(token);

    memcpy(t->header, "Bearer ", 7);
    memcpy(t->header + 7, value.text, TOKEN_VALUE_LEN);
    return try_open_header(t, t->header);
}

static inline struct status try_dispatch(struct try *t, ProtobufCMessage *request)
{
    t->call.request = request;
    call_dispatch(&t->call);
    try_wait(t, &t->finished);
    return t->call.status;
}

/* Opens and, where that is allowed, runs. */
static inline struct status try_call(struct try *t, uint16_t token, ProtobufCMessage *request)
{
    struct status status = try_open(t, token);

    return status_is_ok(status) ? try_dispatch(t, request) : status;
}

static inline ProtobufCMessage *empty_request(struct stage *stage, const char *method)
{
    return message_new(&stage->arena, stage_method(stage, method)->input);
}

/* A request that has a field of text, such as "id", set. */
static inline ProtobufCMessage *text_request(struct stage *stage, const char *method,
                                             const char *field, const char *text)
{
    const struct message_type *type = stage_method(stage, method)->input;
    ProtobufCMessage *request = message_new(&stage->arena, type);

    field_set_string(&stage->arena, request, message_field_by_name(type, slice_from_cstr(field)),
                     slice_from_cstr(text));
    return request;
}

/* CreateDevice of a device with this name. */
static inline ProtobufCMessage *device_request(struct stage *stage, const char *name)
{
    const struct method *method = stage_method(stage, "CreateDevice");
    const struct message_type *type = method->resource->message;
    ProtobufCMessage *request = message_new(&stage->arena, method->input);
    ProtobufCMessage *device = message_new(&stage->arena, type);

    field_set_string(&stage->arena, device, message_field_by_name(type, SLICE("name")),
                     slice_from_cstr(name));
    field_set_message(request, method->resource, device);
    return request;
}

static inline void check_code(struct status status, enum status_code wanted, const char *file,
                              int line)
{
    if (status.code == wanted)
        return;
    print_error("wanted %s, got %s: %.*s\n", status_code_name(wanted),
                status_code_name(status.code), SLICE_ARG(status.message));
    _fail(file, line);
}

#define assert_code(status, wanted) check_code((status), (wanted), __FILE__, __LINE__)

/* -- audit rows ---------------------------------------------------------------------------- */

/* The audit row of that place among those of an object, counted from the oldest; NULL for none. */
static inline Datastream__Storage__V1__AuditRecord *
audit_record_of(struct stage *stage, uint32_t kind, struct uuid id, size_t place)
{
    const struct uuid organization = uuid_of(0x11);
    struct fixture *f = &stage->scene.fixture;
    ProtobufCAllocator allocator = message_allocator(&f->arena);
    struct slice from = key_audit_by_object(&f->arena, &organization, kind, &id, 0);
    struct slice to = key_audit_by_object(&f->arena, &organization, kind, &id, UINT64_MAX);
    struct store_rows rows = read_rows(f, FAMILY_AUDIT_BY_OBJECT, from, to, false, 1000);
    struct slice body;
    uint64_t number;

    if (place >= rows.count)
        return NULL;
    assert_true(key_audit_by_object_parse(rows.rows[place].key, &number));
    body = slice_from(read_body(f, FAMILY_AUDIT, key_audit(&f->arena, &organization, number)), 32);
    return datastream__storage__v1__audit_record__unpack(&allocator, body.len,
                                                         (const uint8_t *)body.data);
}

/* Waits for that row, since rows of refusals are written on the side; NULL after five seconds. */
static inline Datastream__Storage__V1__AuditRecord *
audit_record_wait(struct stage *stage, uint32_t kind, struct uuid id, size_t place)
{
    Datastream__Storage__V1__AuditRecord *record = NULL;

    for (int i = 0; i < 1000 && record == NULL; i++) {
        record = audit_record_of(stage, kind, id, place);
        if (record == NULL)
            usleep(5000);
    }
    return record;
}

#endif
