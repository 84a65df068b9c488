/* See stage.h. */
#include "tests/support/stage.h"
#include "proto/contract/contract_find.h"
#include "rpc/call/chain.h"

static struct status stage_handle(struct call *call)
{
    struct try *t = (void *)call;

    t->runs++;
    return t->stage->handler(call);
}

struct handler_entry *stage_handlers(struct arena *arena, const struct contract *contract)
{
    struct handler_entry *rows = arena_array(arena, contract->method_count + 1, sizeof(*rows));

    for (size_t i = 0; i < contract->method_count; i++)
        rows[i] = (struct handler_entry){arena_cstr(arena, contract->methods[i]->full_name),
                                         stage_handle};
    return rows;
}

void stage_restart_chain(struct stage *stage)
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

void stage_start(struct stage *stage, bool late)
{
    *stage = (struct stage){.settings = settings_default()};
    pthread_mutex_init(&stage->mutex, NULL);
    pthread_cond_init(&stage->cond, NULL);
    arena_init(&stage->arena, NULL, FIXTURE_ARENA);
    scene_start(&stage->scene, late, 64);
    stage_restart_chain(stage);
}

void stage_end(struct stage *stage)
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

static void try_post(struct call *call)
{
    struct try *t = (void *)call;

    pthread_mutex_lock(&t->stage->mutex);
    t->posted++;
    pthread_cond_signal(&t->stage->cond);
    pthread_mutex_unlock(&t->stage->mutex);
}

static void try_opened(struct call *call)
{
    ((struct try *)(void *)call)->opened++;
}

static void try_finish(struct call *call)
{
    ((struct try *)(void *)call)->finished++;
}

void try_step(struct try *t)
{
    pthread_mutex_lock(&t->stage->mutex);
    while (t->posted == 0)
        pthread_cond_wait(&t->stage->cond, &t->stage->mutex);
    t->posted--;
    pthread_mutex_unlock(&t->stage->mutex);
    call__resume(&t->call);
}

void try_wait(struct try *t, const unsigned *flag)
{
    while (*flag == 0)
        try_step(t);
    assert_int_equal(*flag, 1);
}

const struct method *stage_method(const struct stage *stage, const char *name)
{
    const struct contract *contract = stage->scene.contract;

    for (size_t i = 0; i < contract->method_count; i++)
        if (slice_equal(contract->methods[i]->name, slice_from_cstr(name)))
            return contract->methods[i];
    fail_msg("no method %s", name);
    return NULL;
}

void try_init(struct try *t, struct stage *stage, const struct method *method)
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

void try_done(struct try *t)
{
    assert_int_equal(t->posted, 0);
    arena_done(&t->arena);
}

struct status try_open_header(struct try *t, const char *header)
{
    call__open(&t->call,
               &(struct call_credentials){.bearer = bearer_parse(slice_from_cstr(header))});
    try_wait(t, &t->opened);
    return t->call.status;
}

struct status try_open(struct try *t, uint16_t token)
{
    const struct value value = value_of(token);

    memcpy(t->header, "Bearer ", 7);
    memcpy(t->header + 7, value.text, TOKEN_VALUE_LEN);
    return try_open_header(t, t->header);
}

struct status try_dispatch(struct try *t, ProtobufCMessage *request)
{
    t->call.request = request;
    call__dispatch(&t->call);
    try_wait(t, &t->finished);
    return t->call.status;
}

struct status try_call(struct try *t, uint16_t token, ProtobufCMessage *request)
{
    struct status status = try_open(t, token);

    return status_is_ok(status) ? try_dispatch(t, request) : status;
}

ProtobufCMessage *empty_request(struct stage *stage, const char *method)
{
    return message_new(&stage->arena, stage_method(stage, method)->input);
}

ProtobufCMessage *text_request(struct stage *stage, const char *method, const char *field,
                               const char *text)
{
    const struct message_type *type = stage_method(stage, method)->input;
    ProtobufCMessage *request = message_new(&stage->arena, type);

    field_set_string(&stage->arena, request, message_field_by_name(type, slice_from_cstr(field)),
                     slice_from_cstr(text));
    return request;
}

ProtobufCMessage *device_request(struct stage *stage, const char *name)
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

void check_code(struct status status, enum status_code wanted, const char *file, int line)
{
    if (status.code == wanted)
        return;
    print_error("wanted %s, got %s: %.*s\n", status_code_name(wanted),
                status_code_name(status.code), SLICE_ARG(status.message));
    _fail(file, line);
}

/* -- audit rows ---------------------------------------------------------------------------- */

Datastream__Storage__V1__AuditRecord *audit_record_of(struct stage *stage, uint32_t kind,
                                                      struct uuid id, size_t place)
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

Datastream__Storage__V1__AuditRecord *audit_record_wait(struct stage *stage, uint32_t kind,
                                                        struct uuid id, size_t place)
{
    Datastream__Storage__V1__AuditRecord *record = NULL;

    for (int i = 0; i < 1000 && record == NULL; i++) {
        record = audit_record_of(stage, kind, id, place);
        if (record == NULL)
            usleep(5000);
    }
    return record;
}
