/* Callers by session: who they are, how their sessions end, and what a browser must show. */
#include "tests/support/stage.h"

#include "base/text.h"
#include "proto/contract/contract_find.h"
#include "rpc/call/authorize.h"
#include "rpc/call/time_floor.h"
#include "rpc/identity/identity_registry.h"
#include "rpc/identity/session_facts.h"
#include "rpc/identity/token_value.h"

#define USER_KIND 3
#define MINUTE_MS INT64_C(60000)
#define IDLE_MS (30 * MINUTE_MS)
#define OWN_ORIGIN "http://127.0.0.1:8080"

struct session_value {
    char text[TOKEN_VALUE_LEN];
};

static struct session_value session_value(uint8_t number)
{
    const uint8_t random[32] = {number, 9};
    struct session_value value;

    credential_value_make(SESSION_VALUE_PREFIX, random, value.text);
    return value;
}

static struct slice session_key(struct arena *arena, uint8_t number)
{
    const struct session_value value = session_value(number);
    uint8_t *hash = arena_alloc(arena, 32);

    token_value_hash(slice_make(value.text, sizeof(value.text)), hash);
    return slice_make(hash, 32);
}

/* What a test says of a user; all else is so that sessions work. */
struct user_of {
    uint8_t role; /* of a predefined role; 0: Admin */
    uint32_t generation;
    bool disabled;
    bool must_change_password;
};

static void put_user(struct scene *s, struct user_of of)
{
    struct arena *arena = &s->fixture.arena;
    const struct uuid organization = uuid_of(0x11);
    const struct uuid id = uuid_of(0x33);
    const struct uuid role = predefined_id(of.role == 0 ? 2 : of.role);
    Datastream__Storage__V1__UserRecord record = DATASTREAM__STORAGE__V1__USER_RECORD__INIT;
    Datastream__V1__User user = DATASTREAM__V1__USER__INIT;
    char text[UUID_TEXT_LEN];

    uuid_format(&role, text);
    user.name = (char *)"Ada Ray";
    user.role_id = arena_cstr(arena, slice_make(text, sizeof(text)));
    record.user = &user;
    record.disabled = of.disabled;
    record.generation = of.generation;
    record.must_change_password = of.must_change_password;
    put(&s->fixture, FAMILY_USERS, key_object(arena, &organization, USER_KIND, &id),
        message_pack(arena, &record.base));
}

static struct session_facts facts_at(int64_t now_ms)
{
    return (struct session_facts){
        .organization = uuid_of(0x11),
        .user = uuid_of(0x33),
        .session = uuid_of(0x44),
        .create_ms = now_ms,
        .absolute_end_ms = now_ms + 12 * 60 * MINUTE_MS,
        .idle_end_ms = now_ms + IDLE_MS,
        .idle_ms = IDLE_MS,
    };
}

static void put_session(struct scene *s, uint8_t number, const struct session_facts *facts)
{
    struct arena *arena = &s->fixture.arena;

    put(&s->fixture, FAMILY_SESSION_HASHES, session_key(arena, number),
        session_facts_pack(arena, facts));
}

static void remove_row(struct scene *s, enum store_family family, struct slice key)
{
    struct commit commit;

    commit_init(&commit, &s->fixture.arena);
    commit_delete(&commit, family, key);
    assert_int_equal(store_commit_wait(s->fixture.store, &commit), COMMIT_DONE);
}

static enum identity_result resolve_at(struct scene *s, uint8_t number, int64_t now_ms,
                                       struct identity *ret_identity)
{
    const struct session_value value = session_value(number);
    struct store_view *view = store_view_open(s->fixture.store, &s->fixture.arena);

    return identity_resolve_session(s->cache, view, slice_make(value.text, sizeof(value.text)),
                                    now_ms, ret_identity);
}

/* -- identities ------------------------------------------------------------------------------- */

static void a_session_is_its_user(void **state)
{
    const struct session_facts facts = facts_at(NOW);
    struct identity identity = {.type = IDENTITY_ANONYMOUS};
    struct scene s;

    (void)state;
    scene_start(&s, false, 64);
    put_user(&s, (struct user_of){0});
    put_session(&s, 1, &facts);
    assert_int_equal(resolve_at(&s, 1, NOW, &identity), IDENTITY_OK);
    assert_int_equal(identity.type, IDENTITY_USER);
    assert_true(uuid_equal(&identity.id, &facts.user));
    assert_true(uuid_equal(&identity.session, &facts.session));
    assert_true(uuid_equal(&identity.organization, &facts.organization));
    assert_int_equal(identity.expire_ms, facts.idle_end_ms);
    assert_true(permission_set_has(&identity.permissions,
                                   contract_permission(s.contract, SLICE("users.edit"))->bit));
    scene_end(&s);
}

static void a_session_ends_by_time_and_by_its_user(void **state)
{
    static const struct {
        const char *why;
        int64_t later_ms;
        struct user_of user;
        bool without_user, without_session;
        enum identity_result wanted;
    } cases[] = {
        {.why = "works", .later_ms = IDLE_MS - 1, .wanted = IDENTITY_OK},
        {.why = "idle", .later_ms = IDLE_MS, .wanted = IDENTITY_UNKNOWN},
        {.why = "generation", .user = {.generation = 1}, .wanted = IDENTITY_UNKNOWN},
        {.why = "disabled", .user = {.disabled = true}, .wanted = IDENTITY_UNKNOWN},
        {.why = "user", .without_user = true, .wanted = IDENTITY_UNKNOWN},
        {.why = "session", .without_session = true, .wanted = IDENTITY_UNKNOWN},
    };
    const struct uuid organization = uuid_of(0x11);
    const struct uuid user = uuid_of(0x33);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct session_facts facts = facts_at(NOW);
        struct identity identity;
        enum identity_result result;
        struct scene s;

        scene_start(&s, false, 64);
        put_user(&s, (struct user_of){0});
        put_session(&s, 1, &facts);
        /* It is remembered by then, and must be forgotten. */
        assert_int_equal(resolve_at(&s, 1, NOW, &identity), IDENTITY_OK);
        put_user(&s, cases[i].user);
        if (cases[i].without_user)
            remove_row(&s, FAMILY_USERS,
                       key_object(&s.fixture.arena, &organization, USER_KIND, &user));
        if (cases[i].without_session)
            remove_row(&s, FAMILY_SESSION_HASHES, session_key(&s.fixture.arena, 1));
        result = resolve_at(&s, 1, NOW + cases[i].later_ms, &identity);
        if (result != cases[i].wanted)
            fail_msg("%s: %d", cases[i].why, result);
        scene_end(&s);
    }
}

static void a_used_session_ends_at_its_absolute_end(void **state)
{
    struct session_facts facts = facts_at(NOW);
    struct identity identity;
    struct scene s;

    (void)state;
    scene_start(&s, false, 64);
    put_user(&s, (struct user_of){0});
    facts.idle_end_ms = facts.absolute_end_ms + 1;
    put_session(&s, 1, &facts);
    assert_int_equal(resolve_at(&s, 1, facts.absolute_end_ms - 1, &identity), IDENTITY_OK);
    assert_int_equal(identity.expire_ms, facts.absolute_end_ms);
    assert_int_equal(resolve_at(&s, 1, facts.absolute_end_ms, &identity), IDENTITY_UNKNOWN);
    scene_end(&s);
}

/* So many publications that the ring no longer has the one that matters. */
static void overrun_the_ring(struct scene *s)
{
    struct arena arena;
    struct commit commit;

    arena_init(&arena, NULL, FIXTURE_ARENA);
    commit_init(&commit, &arena);
    for (size_t i = 0; i <= IDENTITY_PUBLICATIONS_KEPT; i++)
        commit_put(&commit, FAMILY_TOKEN_HASHES, slice_make(arena_zalloc(&arena, 32), 32),
                   SLICE("x"));
    assert_false(arena_failed(&arena));
    identity_observe(s->registry, &commit);
    arena_done(&arena);
}

static void a_cache_that_fell_behind_forgets_sessions_and_users(void **state)
{
    const struct session_facts facts = facts_at(NOW);
    struct identity identity;
    struct scene s;

    (void)state;
    scene_start(&s, false, 64);
    put_user(&s, (struct user_of){0});
    put_session(&s, 1, &facts);
    assert_int_equal(resolve_at(&s, 1, NOW, &identity), IDENTITY_OK);
    put_user(&s, (struct user_of){.disabled = true});
    overrun_the_ring(&s);
    assert_int_equal(resolve_at(&s, 1, NOW, &identity), IDENTITY_UNKNOWN);
    put_user(&s, (struct user_of){0});
    assert_int_equal(resolve_at(&s, 1, NOW, &identity), IDENTITY_OK);
    remove_row(&s, FAMILY_SESSION_HASHES, session_key(&s.fixture.arena, 1));
    overrun_the_ring(&s);
    assert_int_equal(resolve_at(&s, 1, NOW, &identity), IDENTITY_UNKNOWN);
    scene_end(&s);
}

static enum commit_result commit_as(struct scene *s, const struct identity *identity)
{
    struct commit commit;

    commit_init(&commit, &s->fixture.arena);
    identity_require(identity, &commit);
    commit_put(&commit, FAMILY_RESOURCES, SLICE("written"), SLICE("x"));
    return store_commit_wait(s->fixture.store, &commit);
}

static void a_commit_stands_on_the_session_and_its_user(void **state)
{
    const struct session_facts facts = facts_at(NOW);
    struct identity identity;
    struct scene s;

    (void)state;
    scene_start(&s, false, 64);
    put_user(&s, (struct user_of){0});
    put_session(&s, 1, &facts);
    assert_int_equal(resolve_at(&s, 1, NOW, &identity), IDENTITY_OK);
    assert_int_equal(commit_as(&s, &identity), COMMIT_DONE);
    put_user(&s, (struct user_of){.disabled = true});
    assert_int_equal(commit_as(&s, &identity), COMMIT_CONFLICT);
    put_user(&s, (struct user_of){0});
    assert_int_equal(resolve_at(&s, 1, NOW, &identity), IDENTITY_OK);
    put_session(&s, 1, &facts);
    assert_int_equal(commit_as(&s, &identity), COMMIT_CONFLICT);
    scene_end(&s);
}

static void a_changed_role_is_seen_at_once(void **state)
{
    const struct session_facts facts = facts_at(NOW);
    struct identity identity;
    struct scene s;
    unsigned bit;

    (void)state;
    scene_start(&s, false, 64);
    bit = contract_permission(s.contract, SLICE("users.edit"))->bit;
    put_user(&s, (struct user_of){0});
    put_session(&s, 1, &facts);
    assert_int_equal(resolve_at(&s, 1, NOW, &identity), IDENTITY_OK);
    assert_true(permission_set_has(&identity.permissions, bit));
    put_user(&s, (struct user_of){.role = 4});
    assert_int_equal(resolve_at(&s, 1, NOW, &identity), IDENTITY_OK);
    assert_false(permission_set_has(&identity.permissions, bit));
    scene_end(&s);
}

static void a_password_that_must_change_is_remembered_and_forgotten(void **state)
{
    const struct session_facts facts = facts_at(NOW);
    struct identity identity;
    struct scene s;

    (void)state;
    scene_start(&s, false, 64);
    put_user(&s, (struct user_of){.must_change_password = true});
    put_session(&s, 1, &facts);
    for (int i = 0; i < 2; i++) { /* read, and remembered */
        assert_int_equal(resolve_at(&s, 1, NOW, &identity), IDENTITY_OK);
        assert_true(identity.must_change_password);
    }
    put_user(&s, (struct user_of){0});
    assert_int_equal(resolve_at(&s, 1, NOW, &identity), IDENTITY_OK);
    assert_false(identity.must_change_password);
    scene_end(&s);
}

static void a_use_is_written_once_a_minute(void **state)
{
    const struct session_facts facts = facts_at(NOW);
    struct identity identity;
    struct commit commit;
    struct scene s;

    (void)state;
    scene_start(&s, false, 64);
    put_user(&s, (struct user_of){0});
    put_session(&s, 1, &facts);
    assert_int_equal(resolve_at(&s, 1, NOW, &identity), IDENTITY_OK);
    assert_false(identity_session_is_idle(&identity, NOW + MINUTE_MS - 1));
    assert_true(identity_session_is_idle(&identity, NOW + MINUTE_MS));
    commit_init(&commit, &s.fixture.arena);
    assert_true(identity_use_session(s.cache, &identity, NOW + MINUTE_MS, &commit));
    assert_false(identity_use_session(s.cache, &identity, NOW + MINUTE_MS, &commit));
    assert_int_equal(store_commit_wait(s.fixture.store, &commit), COMMIT_DONE);
    assert_int_equal(resolve_at(&s, 1, NOW + IDLE_MS + MINUTE_MS - 1, &identity), IDENTITY_OK);
    assert_int_equal(identity.idle_end_ms, NOW + MINUTE_MS + IDLE_MS);
    scene_end(&s);
}

static void an_ended_session_is_not_revived_by_a_use(void **state)
{
    const struct session_facts facts = facts_at(NOW);
    struct identity identity;
    struct commit commit;
    struct scene s;

    (void)state;
    scene_start(&s, false, 64);
    put_user(&s, (struct user_of){0});
    put_session(&s, 1, &facts);
    assert_int_equal(resolve_at(&s, 1, NOW, &identity), IDENTITY_OK);
    commit_init(&commit, &s.fixture.arena);
    assert_true(identity_use_session(s.cache, &identity, NOW + MINUTE_MS, &commit));
    remove_row(&s, FAMILY_SESSION_HASHES, session_key(&s.fixture.arena, 1));
    assert_int_equal(store_commit_wait(s.fixture.store, &commit), COMMIT_CONFLICT);
    assert_int_equal(resolve_at(&s, 1, NOW + MINUTE_MS, &identity), IDENTITY_UNKNOWN);
    scene_end(&s);
}

/* -- calls ------------------------------------------------------------------------------------ */

static struct status open_with(struct try *t, struct call_credentials credentials)
{
    call__open(&t->call, &credentials);
    try_wait(t, &t->opened);
    return t->call.status;
}

#ifdef DATASTREAM_FAULTS

/*
 * The session's row is in the call's view when it goes, while the user's row is fetched: by the
 * late engine, which other builds lack.
 */
static void a_session_that_goes_while_a_call_opens_opens_nothing(void **state)
{
    const struct session_facts facts = facts_at(time_floor_now_ms());
    const struct session_value value = session_value(1);
    struct stage stage;
    struct try t;

    (void)state;
    stage_start(&stage, true);
    put_user(&stage.scene, (struct user_of){0});
    put_session(&stage.scene, 1, &facts);
    try_init(&t, &stage, stage_method(&stage, "ListDevices"));
    call__open(&t.call,
               &(struct call_credentials){.session = slice_make(value.text, sizeof(value.text))});
    assert_int_equal(t.call.fetches, 1);
    try_step(&t);
    assert_int_equal(t.call.fetches, 2);
    erase(&stage.scene.fixture, FAMILY_SESSION_HASHES, session_key(&stage.scene.fixture.arena, 1));
    try_wait(&t, &t.opened);
    assert_code(t.call.status, STATUS_UNAUTHENTICATED);
    try_done(&t);
    stage_end(&stage);
}

static enum identity_result inspect_second_token(struct call *call)
{
    const struct value value = value_of(2);
    struct identity identity;

    return call_inspect(call, value_slice(&value), SLICE("203.0.113.9"), &identity);
}

struct answers {
    bool is_gone;
    enum identity_result before; /* it went */
    enum identity_result at_once;
    enum identity_result last;
};

/*
 * Asks, has the token go, and asks again, all in one run and of one view, where the late engine
 * keeps what was read. Where an answer has to be fetched the handler runs again.
 */
static struct status inspect_around_the_end(struct call *call)
{
    struct try *t = (void *)call;
    struct answers *answers = t->context;
    struct fixture *fixture = &t->stage->scene.fixture;

    call->response = message_new(call->arena, call->method->output);
    answers->last = inspect_second_token(call);
    if (answers->is_gone || answers->last == IDENTITY_AGAIN)
        return status_ok();
    answers->before = answers->last;
    erase(fixture, FAMILY_TOKEN_HASHES, hash_key(&fixture->arena, 2));
    answers->is_gone = true;
    answers->at_once = answers->last = inspect_second_token(call);
    return status_ok();
}

static void a_token_that_goes_while_a_handler_runs_is_unknown_to_it(void **state)
{
    struct answers answers = {.last = IDENTITY_FAILED};
    struct stage stage;
    struct try t;

    (void)state;
    stage_start(&stage, true);
    put_facts(&stage.scene, 1, (struct facts_of){0});
    put_facts(&stage.scene, 2, (struct facts_of){0});
    stage.handler = inspect_around_the_end;
    try_init(&t, &stage, stage_method(&stage, "ListDevices"));
    t.context = &answers;
    assert_code(try_call(&t, 1, empty_request(&stage, "ListDevices")), STATUS_OK);
    assert_true(answers.is_gone);
    assert_int_equal(answers.before, IDENTITY_OK);
    assert_int_not_equal(answers.at_once, IDENTITY_OK);
    assert_int_equal(answers.last, IDENTITY_UNKNOWN);
    try_done(&t);
    stage_end(&stage);
}

#endif

static bool has_reason(const struct status *status, const char *reason)
{
    for (const struct status_detail *d = status->details; d != NULL; d = d->next)
        if (d->type == DETAIL_ERROR_INFO && slice_equal(d->subject, slice_from_cstr(reason)))
            return true;
    return false;
}

/* The token against forgery of session `number`, as another call of it is given. */
static struct slice csrf_of(struct stage *stage, uint8_t number)
{
    struct slice key = session_key(&stage->arena, number);
    struct call call = {.loop = stage->loop, .arena = &stage->arena};

    return call_csrf_token(&call, (const uint8_t *)key.data);
}

static void unsafe_requests_show_origin_and_token(void **state)
{
    static const struct {
        struct slice origin;
        char token; /* 'r'ight, 'w'rong, 'o'f another session, 0 for none */
        bool is_unsafe, passes;
    } cases[] = {
        {SLICE_INIT(OWN_ORIGIN), 'r', true, true},
        {SLICE_INIT(OWN_ORIGIN), 'w', true, false},
        {SLICE_INIT(OWN_ORIGIN), 'o', true, false},
        {SLICE_INIT(OWN_ORIGIN), 0, true, false},
        {SLICE_INIT("http://127.0.0.1:8081"), 'r', true, false},
        {SLICE_INIT("https://127.0.0.1:8080"), 'r', true, false},
        {SLICE_INIT("null"), 'r', true, false},
        {SLICE_INIT(""), 'r', true, false},
        {SLICE_INIT(""), 0, false, true},
        {SLICE_INIT("http://evil.example"), 0, false, true},
    };
    const struct session_facts facts = facts_at(time_floor_now_ms());
    const struct session_value value = session_value(1);
    struct stage stage;

    (void)state;
    stage_start(&stage, false);
    put_user(&stage.scene, (struct user_of){0});
    put_session(&stage.scene, 1, &facts);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct call_credentials credentials = {
            .session = slice_make(value.text, sizeof(value.text)),
            .origin = cases[i].origin.len == 0 ? SLICE_EMPTY : cases[i].origin,
            .own_origin = SLICE(OWN_ORIGIN),
            .is_unsafe = cases[i].is_unsafe,
        };
        struct status status;
        struct try t;

        if (cases[i].token == 'r' || cases[i].token == 'o')
            credentials.csrf = csrf_of(&stage, cases[i].token == 'r' ? 1 : 2);
        else if (cases[i].token == 'w')
            credentials.csrf = SLICE("wrong");
        try_init(&t, &stage, stage_method(&stage, "ListDevices"));
        status = open_with(&t, credentials);
        if (status_is_ok(status) != cases[i].passes)
            fail_msg("case %zu: %.*s", i, SLICE_ARG(status.message));
        if (!cases[i].passes) {
            assert_code(status, STATUS_PERMISSION_DENIED);
            assert_true(has_reason(&status, "CSRF"));
        }
        try_done(&t);
    }
    stage_end(&stage);
}

static void a_request_that_names_no_authority_changes_nothing(void **state)
{
    const struct session_facts facts = facts_at(time_floor_now_ms());
    const struct session_value value = session_value(1);
    struct stage stage;
    struct try t;

    (void)state;
    stage_start(&stage, false);
    put_user(&stage.scene, (struct user_of){0});
    put_session(&stage.scene, 1, &facts);
    try_init(&t, &stage, stage_method(&stage, "ListDevices"));
    assert_code(open_with(&t, (struct call_credentials){.session = slice_make(value.text,
                                                                              sizeof(value.text)),
                                                        .origin = SLICE(""),
                                                        .csrf = csrf_of(&stage, 1),
                                                        .is_unsafe = true}),
                STATUS_PERMISSION_DENIED);
    try_done(&t);
    stage_end(&stage);
}

static void the_bearer_alone_counts_where_one_is_sent(void **state)
{
    const struct session_facts facts = facts_at(time_floor_now_ms());
    const struct session_value value = session_value(1);
    const struct value token = value_of(1);
    const struct slice session = slice_make(value.text, sizeof(value.text));
    const struct {
        struct slice bearer, session;
        enum status_code wanted;
        enum identity_type type;
    } cases[] = {
        {SLICE_EMPTY, session, STATUS_OK, IDENTITY_USER},
        {value_slice(&token), session, STATUS_OK, IDENTITY_TOKEN},
        {SLICE("dsa_wrong"), session, STATUS_UNAUTHENTICATED, IDENTITY_ANONYMOUS},
        {SLICE(""), session, STATUS_UNAUTHENTICATED, IDENTITY_ANONYMOUS},
        {session, SLICE_EMPTY, STATUS_UNAUTHENTICATED, IDENTITY_ANONYMOUS},
        {SLICE_EMPTY, value_slice(&token), STATUS_UNAUTHENTICATED, IDENTITY_ANONYMOUS},
        {SLICE_EMPTY, SLICE(""), STATUS_UNAUTHENTICATED, IDENTITY_ANONYMOUS},
        {SLICE_EMPTY, SLICE_EMPTY, STATUS_UNAUTHENTICATED, IDENTITY_ANONYMOUS},
    };
    struct stage stage;

    (void)state;
    stage_start(&stage, false);
    put_user(&stage.scene, (struct user_of){0});
    put_session(&stage.scene, 1, &facts);
    put_facts(&stage.scene, 1, (struct facts_of){.disabled = false});
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct status status;
        struct try t;

        try_init(&t, &stage, stage_method(&stage, "ListDevices"));
        status = open_with(
            &t, (struct call_credentials){.bearer = cases[i].bearer, .session = cases[i].session});
        if (status.code != cases[i].wanted || t.call.identity.type != cases[i].type)
            fail_msg("case %zu: %s", i, status_code_name(status.code));
        try_done(&t);
    }
    stage_end(&stage);
}

static void a_users_deeds_and_denials_are_in_the_users_log(void **state)
{
    const struct session_facts facts = facts_at(time_floor_now_ms());
    const struct session_value value = session_value(1);
    const Datastream__Storage__V1__AuditRecord *record;
    struct stage stage;
    struct try t;

    (void)state;
    stage_start(&stage, false);
    put_user(&stage.scene, (struct user_of){.role = 4});
    put_session(&stage.scene, 1, &facts);
    try_init(&t, &stage, stage_method(&stage, "ListUsers"));
    assert_code(open_with(&t, (struct call_credentials){.session = slice_make(value.text,
                                                                              sizeof(value.text))}),
                STATUS_PERMISSION_DENIED);
    try_done(&t);
    record = audit_record_wait(&stage, USER_KIND, facts.user, 0);
    assert_non_null(record);
    assert_string_equal(record->action, "DeniedListUsers");
    assert_string_equal(record->actor_name, "Ada Ray");
    assert_true(slice_starts_with(slice_from_cstr(record->actor), SLICE("user:")));
    stage_end(&stage);
}

static void calls_by_session_work_on_the_late_engine(void **state)
{
    const struct session_facts facts = facts_at(time_floor_now_ms() - 2 * MINUTE_MS);
    const struct session_value value = session_value(1);
    struct stage stage;
    int64_t written_ms = 0;

    (void)state;
    stage_start(&stage, true);
    put_user(&stage.scene, (struct user_of){0});
    put_session(&stage.scene, 1, &facts);
    for (int i = 0; i < 1000 && written_ms == 0; i++) {
        struct try t;

        try_init(&t, &stage, stage_method(&stage, "ListDevices"));
        assert_code(open_with(&t, (struct call_credentials){.session = slice_make(
                                                                value.text, sizeof(value.text))}),
                    STATUS_OK);
        if (t.call.identity.idle_end_ms > facts.idle_end_ms)
            written_ms = t.call.identity.idle_end_ms;
        try_done(&t);
        usleep(5000);
    }
    /* The use was written, by a commit that no call waited for. */
    assert_true(written_ms > facts.idle_end_ms + MINUTE_MS);
    stage_end(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_is_its_user),
        cmocka_unit_test(a_session_ends_by_time_and_by_its_user),
        cmocka_unit_test(a_used_session_ends_at_its_absolute_end),
        cmocka_unit_test(a_cache_that_fell_behind_forgets_sessions_and_users),
        cmocka_unit_test(a_commit_stands_on_the_session_and_its_user),
        cmocka_unit_test(a_changed_role_is_seen_at_once),
        cmocka_unit_test(a_password_that_must_change_is_remembered_and_forgotten),
        cmocka_unit_test(a_use_is_written_once_a_minute),
        cmocka_unit_test(an_ended_session_is_not_revived_by_a_use),
#ifdef DATASTREAM_FAULTS
        cmocka_unit_test(a_session_that_goes_while_a_call_opens_opens_nothing),
        cmocka_unit_test(a_token_that_goes_while_a_handler_runs_is_unknown_to_it),
#endif
        cmocka_unit_test(unsafe_requests_show_origin_and_token),
        cmocka_unit_test(a_request_that_names_no_authority_changes_nothing),
        cmocka_unit_test(the_bearer_alone_counts_where_one_is_sent),
        cmocka_unit_test(a_users_deeds_and_denials_are_in_the_users_log),
        cmocka_unit_test(calls_by_session_work_on_the_late_engine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
