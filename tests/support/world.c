/* See world.h. */
#include "tests/support/world.h"
#include "proto/contract/contract_find.h"
#include "rpc/call/chain.h"
#include "rpc/identity/identity_registry.h"
#include "rpc/services/organization.h"

static void world_wake(void *context)
{
    struct world *w = context;

    pthread_mutex_lock(&w->mutex);
    w->wakes++;
    pthread_cond_signal(&w->cond);
    pthread_mutex_unlock(&w->mutex);
}

void next_millisecond(void)
{
#ifdef DATASTREAM_FAULTS
    clock_step_wall_ms(2);
#else
    usleep(2000);
#endif
}

struct slice (*world_contract_source)(struct arena *arena);

const char *world_owner_phc;

const struct contract *world_contract(void)
{
    static const struct contract *contract;
    static struct arena arena;

    if (contract == NULL) {
        struct status status;

        services_register_kinds();
        arena_init(&arena, NULL, (size_t)1 << 30);
        status = contract_load(world_contract_source == NULL ? embedded_contract()
                                                             : world_contract_source(&arena),
                               &arena, &contract);
        if (!status_is_ok(status))
            fail_msg("%.*s", SLICE_ARG(status.message));
    }
    return contract;
}

static void world_start_chain(struct world *w)
{
    struct chain_options options = {
        .contract = w->contract,
        .store = w->fixture.store,
        .identities = w->identities,
        .settings = &w->settings,
        .handlers = services_handlers(),
        .operations = services_operations(),
        .streams = services_streams(),
        .limit_answer = services_limit_answer,
        .show_again = services_show_again,
        .news = w->news,
    };
    struct status status = services_bind(w->contract, &w->arena, &w->hooks);

    w->data_key = (struct data_key){w->made.organization, 1, "a data key of a test"};
    options.secret_keys.data = &w->data_key;
    options.secret_keys.data_count = 1;

    options.services = w->hooks;
    if (status_is_ok(status))
        status = chain_new(&options, &w->arena, &w->chain);
    if (!status_is_ok(status))
        fail_msg("%.*s", SLICE_ARG(status.message));
    w->loop = chain_loop_new(w->chain);
    assert_non_null(w->loop);
    chain_loop__bind(w->loop, world_wake, w, NULL);
}

void world_start_owned(struct world *w, uint64_t late_seed, const char *owner_phc)
{
    struct status status;

    memset(w, 0, sizeof(*w));
    pthread_mutex_init(&w->mutex, NULL);
    pthread_cond_init(&w->cond, NULL);
    arena_init(&w->arena, NULL, (size_t)1 << 30);
    w->contract = world_contract();
    w->settings = settings_default();
    w->identities = identity_registry_new(w->contract);
    w->news = news_new();
    assert_non_null(w->identities);
    assert_non_null(w->news);
    fixture_make(&w->fixture, false);
    w->observers = (struct observers){w->identities, w->news};
    w->fixture.options.observer = observers_observe;
    w->fixture.options.observer_context = &w->observers;
    fixture_open(&w->fixture);
    status = organization_create(w->fixture.store, w->identities, w->contract, NULL, &w->arena,
                                 NULL, SLICE("Acme"), SLICE("owner@example.com"), owner_phc, true,
                                 &w->made);
    if (!status_is_ok(status))
        fail_msg("%.*s", SLICE_ARG(status.message));
#ifdef DATASTREAM_FAULTS
    if (late_seed != 0)
        w->fixture.store = store_wrap_late(w->fixture.store, late_seed);
#else
    (void)late_seed;
#endif
    world_start_chain(w);
    next_millisecond();
}

void world_start(struct world *w, uint64_t late_seed)
{
    world_start_owned(w, late_seed, world_owner_phc);
}

void world_end(struct world *w)
{
    chain_loop_free(w->loop);
    chain_free(w->chain);
    fixture_end(&w->fixture);
    identity_registry_free(w->identities);
    news_free(w->news);
    arena_done(&w->arena);
    pthread_cond_destroy(&w->cond);
    pthread_mutex_destroy(&w->mutex);
}

/* -- calls ------------------------------------------------------------------------------------ */

void test_call_post(struct call *call)
{
    struct test_call *t = (void *)call;

    pthread_mutex_lock(&t->world->mutex);
    t->posted++;
    pthread_cond_signal(&t->world->cond);
    pthread_mutex_unlock(&t->world->mutex);
}

/* One part of a call, timed. */
static void world_run(struct test_call *t, void (*part)(struct call *call))
{
    struct world *w = t->world;
    struct timespec from, to;
    long took;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    part(&t->call);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    took = (to.tv_sec - from.tv_sec) * 1000000 + (to.tv_nsec - from.tv_nsec) / 1000;
    w->longest_us = took > w->longest_us ? took : w->longest_us;
}

void test_call_opened(struct call *call)
{
    struct test_call *t = (void *)call;

    assert_false(t->opened);
    t->opened = true;
}

void test_call_finish(struct call *call)
{
    struct test_call *t = (void *)call;

    assert_false(t->finished);
    t->finished = true;
}

void test_call_wait(struct test_call *t, const bool *flag)
{
    while (!*flag) {
        pthread_mutex_lock(&t->world->mutex);
        while (t->posted == 0)
            pthread_cond_wait(&t->world->cond, &t->world->mutex);
        t->posted--;
        pthread_mutex_unlock(&t->world->mutex);
        world_run(t, call__resume);
    }
}

const struct method *world_method(const struct world *w, const char *name)
{
    for (size_t i = 0; i < w->contract->method_count; i++)
        if (slice_equal(w->contract->methods[i]->name, slice_from_cstr(name)))
            return w->contract->methods[i];
    fail_msg("no method %s", name);
    return NULL;
}

void world_begin(struct world *w, struct test_call *t, const char *method, struct slice token,
                 ProtobufCMessage *request, struct call_extra extra)
{
    const struct method *found = world_method(w, method);
    struct slice header = arena_printf(&w->arena, "Bearer %.*s", SLICE_ARG(token));

    memset(t, 0, sizeof(*t));
    t->world = w;
    t->call = (struct call){
        .loop = w->loop,
        .method = found,
        .arena = extra.arena == NULL ? &w->arena : extra.arena,
        .peer = SLICE("127.0.0.1"),
        .user_agent = SLICE("test"),
        .request_id = SLICE("0192f0c1-2345-7000-8000-000000000001"),
        .if_match = slice_from_cstr(extra.if_match),
        .idempotency_key = slice_from_cstr(extra.idempotency_key),
        .accepts_records = extra.accepts_records,
        .post = test_call_post,
        .give_way = test_call_post,
        .opened = test_call_opened,
        .finish = test_call_finish,
    };
    call__open(&t->call, extra.session.len > 0
                             ? &(struct call_credentials){.session = extra.session}
                             : &(struct call_credentials){.bearer = bearer_parse(header)});
    test_call_wait(t, &t->opened);
    if (!status_is_ok(t->call.status)) {
        t->finished = true;
        return;
    }
    t->call.request = request != NULL ? request : message_new(&w->arena, found->input);
    if (extra.between != NULL)
        extra.between(extra.context);
    world_run(t, call__dispatch);
}

struct reply world_finish(struct test_call *t)
{
    test_call_wait(t, &t->finished);
    return (struct reply){t->call.status, t->call.method->output,
                          status_is_ok(t->call.status) ? t->call.response : NULL};
}

struct reply world_call_with(struct world *w, const char *method, struct slice token,
                             ProtobufCMessage *request, struct call_extra extra)
{
    struct test_call t;

    world_begin(w, &t, method, token, request, extra);
    return world_finish(&t);
}

struct reply world_call(struct world *w, const char *method, struct slice token,
                        ProtobufCMessage *request)
{
    return world_call_with(w, method, token, request, (struct call_extra){0});
}

#ifdef DATASTREAM_FAULTS

void world_fail_from(void *context)
{
    arena_fault_set(*(const unsigned long *)context, true);
}

bool call_failing(struct world *w, unsigned long number, const char *method,
                  ProtobufCMessage *request)
{
    struct reply reply;
    struct arena arena;
    unsigned long made;

    arena_init(&arena, NULL, (size_t)1 << 26);
    reply = world_call_with(
        w, method, w->made.api_token, request,
        (struct call_extra){.arena = &arena, .between = world_fail_from, .context = &number});
    made = arena_fault_count();
    arena_fault_set(0, false);
    arena_done(&arena);
    if (reply.status.code == STATUS_INTERNAL) /* memory ended after the commit */
        assert_true(slice_equal(reply.status.message, status_stored().message));
    else
        assert_int_equal(reply.status.code, made < number ? STATUS_OK : STATUS_RESOURCE_EXHAUSTED);
    return made >= number;
}

#endif

/* -- messages by path ------------------------------------------------------------------------- */

static void set_scalar(struct arena *arena, ProtobufCMessage *message, const struct field *field,
                       const char *text)
{
    size_t capacity = field->repeated ? field_count(message, field) : 0;

    if (field->repeated) {
        assert_int_equal(field->pb->type, PROTOBUF_C_TYPE_STRING);
        *(char **)field_append(arena, message, field,
                               &capacity) = arena_cstr(arena, slice_from_cstr(text));
    } else if (field->enumeration != NULL) {
        const struct enum_value *value = enum_value_by_name(field->enumeration,
                                                            slice_from_cstr(text));

        assert_non_null(value);
        field_set_int(message, field, value->number);
    } else if (field->message != NULL && field->message->well_known == WELL_KNOWN_TIMESTAMP) {
        field_set_timestamp(arena, message, field, strtoll(text, NULL, 10));
    } else if (field->message != NULL) {
        field_set_message(message, field, message_new(arena, field->message));
    } else if (field->pb->type == PROTOBUF_C_TYPE_STRING) {
        field_set_string(arena, message, field, slice_from_cstr(text));
    } else {
        field_set_int(message, field, strcmp(text, "true") == 0 ? 1 : strtoll(text, NULL, 10));
    }
}

void world_set(struct arena *arena, const struct message_type *type, ProtobufCMessage *message,
               const char *path, const char *text)
{
    struct slice rest = slice_from_cstr(path);

    for (;;) {
        size_t dot = slice_find(rest, '.');
        const struct field *field = message_field_by_name(type, slice_make(rest.data, dot));
        ProtobufCMessage *next;

        if (field == NULL)
            fail_msg("no field %s", path);
        if (dot == rest.len) {
            set_scalar(arena, message, field, text);
            return;
        }
        next = field_get_message(message, field);
        if (next == NULL) {
            next = message_new(arena, field->message);
            field_set_message(message, field, next);
        }
        message = next;
        type = field->message;
        rest = slice_from(rest, dot + 1);
    }
}

ProtobufCMessage *world_make(struct world *w, const char *method, ...)
{
    const struct message_type *type = world_method(w, method)->input;
    ProtobufCMessage *message = message_new(&w->arena, type);
    const char *path;
    va_list args;

    va_start(args, method);
    while ((path = va_arg(args, const char *)) != NULL)
        world_set(&w->arena, type, message, path, va_arg(args, const char *));
    va_end(args);
    return message;
}

static struct slice get_scalar(struct arena *arena, const ProtobufCMessage *message,
                               const struct field *field, size_t i)
{
    if (field->enumeration != NULL) {
        const struct enum_value *value = enum_value_by_number(
            field->enumeration, (int32_t)field_get_int(message, field));

        return value == NULL ? SLICE("?") : value->name;
    }
    if (field->message != NULL && field->message->well_known == WELL_KNOWN_TIMESTAMP)
        return arena_printf(arena, "%lld", (long long)field_get_timestamp(message, field));
    if (field->pb->type == PROTOBUF_C_TYPE_STRING)
        return field->repeated ? field_get_string_at(message, field, i)
                               : field_get_string(message, field);
    return arena_printf(arena, "%lld", (long long)field_get_int(message, field));
}

struct slice world_get(struct world *w, struct reply reply, const char *path)
{
    const struct message_type *type = reply.type;
    const ProtobufCMessage *message = reply.message;
    struct slice rest = slice_from_cstr(path);

    if (message == NULL)
        fail_msg("%s: %.*s", status_code_name(reply.status.code), SLICE_ARG(reply.status.message));
    for (;;) {
        size_t dot = slice_find(rest, '.');
        const struct field *field = message_field_by_name(type, slice_make(rest.data, dot));
        uint64_t i = 0;

        if (field == NULL)
            fail_msg("no field %s", path);
        rest = slice_from(rest, dot < rest.len ? dot + 1 : dot);
        if (field->repeated) {
            dot = slice_find(rest, '.');
            assert_true(slice_to_u64(slice_make(rest.data, dot), &i));
            rest = slice_from(rest, dot < rest.len ? dot + 1 : dot);
            if (i >= field_count(message, field))
                return SLICE("");
        } else if (!field_is_set(message, field)) {
            return SLICE("");
        }
        if (rest.len == 0)
            return get_scalar(&w->arena, message, field, i);
        message = *(ProtobufCMessage **)field_address(message, field, i);
        type = field->message;
    }
}

const char *get_cstr(struct world *w, struct reply reply, const char *path)
{
    return arena_cstr(&w->arena, world_get(w, reply, path));
}

/* -- statuses --------------------------------------------------------------------------------- */

void check_status(struct reply reply, enum status_code wanted, const char *file, int line)
{
    if (reply.status.code == wanted)
        return;
    print_error("wanted %s, got %s: %.*s\n", status_code_name(wanted),
                status_code_name(reply.status.code), SLICE_ARG(reply.status.message));
    for (const struct status_detail *d = reply.status.details; d != NULL; d = d->next)
        print_error("  %.*s: %.*s\n", SLICE_ARG(d->subject), SLICE_ARG(d->description));
    _fail(file, line);
}

const struct status_detail *find_detail(struct reply reply, enum status_detail_type type,
                                        const char *subject)
{
    for (const struct status_detail *d = reply.status.details; d != NULL; d = d->next)
        if (d->type == type && slice_equal(d->subject, slice_from_cstr(subject)))
            return d;
    return NULL;
}

void check_violation(struct reply reply, const char *path, const char *file, int line)
{
    check_status(reply, STATUS_INVALID_ARGUMENT, file, line);
    if (find_detail(reply, DETAIL_FIELD_VIOLATION, path) != NULL)
        return;
    print_error("wanted a violation at %s, got\n", path);
    for (const struct status_detail *d = reply.status.details; d != NULL; d = d->next)
        print_error("  %.*s: %.*s\n", SLICE_ARG(d->subject), SLICE_ARG(d->description));
    _fail(file, line);
}

Datastream__Storage__V1__AuditRecord *last_audit(struct world *w)
{
    struct slice from = slice_make(&w->made.organization, sizeof(struct uuid));
    struct store_rows rows = read_rows(&w->fixture, FAMILY_AUDIT, from,
                                       key_prefix_end(&w->arena, from), true, 1);
    ProtobufCAllocator allocator = message_allocator(&w->arena);
    uint8_t mac[AUDIT_MAC_LEN];
    struct slice body;

    assert_int_equal(rows.count, 1);
    assert_true(audit_parse(rows.rows[0].value, mac, &body));
    return datastream__storage__v1__audit_record__unpack(&allocator, body.len,
                                                         (const uint8_t *)body.data);
}

/* -- what most tests need --------------------------------------------------------------------- */

const char *predefined(struct world *w, const char *name)
{
    size_t count;
    const struct predefined_role *roles = identity_predefined_roles(w->identities, &count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(roles[i].name, name) == 0) {
            char text[UUID_TEXT_LEN];

            uuid_format(&roles[i].id, text);
            return arena_cstr(&w->arena, slice_make(text, sizeof(text)));
        }
    fail_msg("no role %s", name);
    return NULL;
}

struct reply make_token(struct world *w, const char *name, const char *role)
{
    return world_call(
        w, "CreateApiToken", w->made.api_token,
        world_make(w, "CreateApiToken", "apiToken.name", name, "apiToken.roleId", role, NULL));
}

const char *make_role(struct world *w, const char *name, ...)
{
    const struct message_type *type = world_method(w, "CreateRole")->input;
    ProtobufCMessage *request = message_new(&w->arena, type);
    const char *permission;
    struct reply reply;
    va_list args;

    world_set(&w->arena, type, request, "role.name", name);
    va_start(args, name);
    while ((permission = va_arg(args, const char *)) != NULL)
        world_set(&w->arena, type, request, "role.permissions", permission);
    va_end(args);
    reply = world_call(w, "CreateRole", w->made.api_token, request);
    assert_ok(reply);
    return get_cstr(w, reply, "id");
}

struct slice token_value(struct world *w, struct reply token)
{
    return world_get(w, token, "token");
}
