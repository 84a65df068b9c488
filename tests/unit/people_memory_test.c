/*
 * Each allocation of a call about people fails in turn, those included that come after work of the
 * pool: what is answered says whether the store has changed.
 */
#include "tests/support/world.h"

#include "base/crypto/password.h"
#include "base/crypto/sha256.h"
#include "rpc/call/chain.h"
#include "rpc/call/setup_gate.h"

#ifdef DATASTREAM_FAULTS

#define OWNER "owner@example.com"
#define OTHER "other@example.com"
#define FIRST_PASSWORD "the owner's password"

static struct world world;
static uint64_t seed;

struct attempt {
    struct test_call t;
    unsigned long number; /* of the allocation that fails; 0 for none */
    bool failed;          /* it was asked for */
    bool changed;         /* the store has another revision */
    struct slice cookie;  /* a session's value that was answered, in the world's arena */
};

static void arm(void *context)
{
    struct attempt *attempt = context;

    attempt->t.call.credentials.own_origin = SLICE("http://127.0.0.1");
    arena_fault_set(attempt->number, attempt->number % 2 == 0);
}

/* The value of the session in the answer's cookies. */
static struct slice find_cookie(struct world *w, const struct call *call)
{
    for (const struct call_metadata *m = call->answer_metadata; m != NULL; m = m->next) {
        const char *at = memmem(m->value.data, m->value.len, "dss_", 4);

        if (at != NULL) {
            struct slice rest = slice_from(m->value, (size_t)(at - m->value.data));

            return arena_copy(&w->arena, slice_make(rest.data, slice_find(rest, ';')));
        }
    }
    return SLICE_EMPTY;
}

static void run(struct world *w, struct attempt *attempt, const char *method, struct slice session,
                ProtobufCMessage *request)
{
    uint64_t before = store_revision(w->fixture.store);
    struct status status;
    struct arena arena;

    arena_init(&arena, NULL, (size_t)1 << 26);
    world_begin(w, &attempt->t, method, w->made.api_token, request,
                (struct call_extra){
                    .arena = &arena, .session = session, .between = arm, .context = attempt});
    status = world_finish(&attempt->t).status;
    attempt->failed = attempt->number != 0 && arena_fault_count() >= attempt->number;
    arena_fault_set(0, false);
    attempt->changed = store_revision(w->fixture.store) != before;
    if (!attempt->failed)
        assert_int_equal(status.code, STATUS_OK);
    else if (attempt->changed)
        assert_memory_equal(status.message.data, STORED_TEXT, sizeof(STORED_TEXT) - 1);
    else
        assert_int_equal(status.code, STATUS_RESOURCE_EXHAUSTED);
    if (attempt->failed && attempt->changed)
        assert_int_equal(status_http(&status), STORED_HTTP);
    attempt->cookie = find_cookie(w, &attempt->t.call);
    arena_done(&arena);
}

static ProtobufCMessage *sign_in_request(struct world *w, const char *email, const char *password)
{
    return world_make(w, "SignIn", "email", email, "password", password, NULL);
}

static struct slice sign_in(struct world *w, const char *email, const char *password)
{
    struct attempt attempt = {.number = 0};

    run(w, &attempt, "SignIn", SLICE_EMPTY, sign_in_request(w, email, password));
    assert_true(attempt.cookie.len > 0);
    return attempt.cookie;
}

static struct reply make_user(struct world *w, const char *email)
{
    return world_call(w, "CreateUser", w->made.api_token,
                      world_make(w, "CreateUser", "user.name", "A Person", "user.email", email,
                                 "user.roleId", predefined(w, "User"), "user.password",
                                 FIRST_PASSWORD, NULL));
}

static const char *printed(struct world *w, const char *format, unsigned long number)
{
    return arena_cstr(&w->arena, arena_printf(&w->arena, "%s%lu@example.com", format, number));
}

static const char *hash_of_first_password(void)
{
    static const uint8_t salt[PASSWORD_SALT_LEN] = "salt of a test.";
    static char phc[PASSWORD_PHC_SIZE];

    assert_true(password_hash(SLICE(FIRST_PASSWORD), salt, password_cost_of_new(), phc));
    return phc;
}

static int start(void **state)
{
    world_start_owned(&world, seed, hash_of_first_password());
    *state = &world;
    return 0;
}

static int end(void **state)
{
    world_end(*state);
    return 0;
}

/* -- the calls -------------------------------------------------------------------------------- */

static void a_sign_in_says_what_is_true(void **state)
{
    struct world *w = *state;
    struct attempt attempt = {.failed = true};

    while (attempt.failed) {
        attempt.number++;
        run(w, &attempt, "SignIn", SLICE_EMPTY, sign_in_request(w, OWNER, FIRST_PASSWORD));
    }
    assert_true(attempt.number > 20);
}

static void a_new_user_says_what_is_true(void **state)
{
    struct world *w = *state;

    for (int given = 0; given < 2; given++) {
        struct attempt attempt = {.failed = true};

        while (attempt.failed) {
            attempt.number++;
            run(w, &attempt, "CreateUser", SLICE_EMPTY,
                world_make(w, "CreateUser", "user.name", "A Person", "user.email",
                           printed(w, given ? "given" : "made", attempt.number), "user.roleId",
                           predefined(w, "User"), given ? "user.password" : NULL, FIRST_PASSWORD,
                           NULL));
        }
        assert_true(attempt.number > 20);
    }
}

static void a_new_password_says_what_is_true(void **state)
{
    struct world *w = *state;
    struct attempt attempt = {.failed = true};
    const char *password = FIRST_PASSWORD;
    struct slice session = sign_in(w, OWNER, password);

    while (attempt.failed) {
        const char *next = printed(w, "password ", ++attempt.number);

        run(w, &attempt, "ChangePassword", session,
            world_make(w, "ChangePassword", "currentPassword", password, "newPassword", next,
                       NULL));
        if (!attempt.changed)
            continue;
        password = next;
        session = sign_in(w, OWNER, password);
    }
    assert_true(attempt.number > 20);
}

static void an_action_on_a_user_says_what_is_true(void **state)
{
    static const char *const methods[] = {"ResetUserPassword", "EndUserSessions"};
    struct world *w = *state;
    const char *id = get_cstr(w, make_user(w, OTHER), "id");

    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        struct attempt attempt = {.failed = true};

        while (attempt.failed) {
            attempt.number++;
            run(w, &attempt, methods[i], SLICE_EMPTY, world_make(w, methods[i], "id", id, NULL));
        }
        assert_true(attempt.number > 20);
    }
}

static void a_transfer_says_what_is_true(void **state)
{
    struct world *w = *state;
    struct attempt attempt = {.failed = true};
    const char *ids[2] = {
        get_cstr(w, world_call(w, "GetOrganization", w->made.api_token, NULL), "ownerId"),
        get_cstr(w, make_user(w, OTHER), "id"),
    };
    struct slice session = sign_in(w, OWNER, FIRST_PASSWORD);
    int owner = 0;

    while (attempt.failed) {
        attempt.number++;
        run(w, &attempt, "TransferOwnership", session,
            world_make(w, "TransferOwnership", "userId", ids[!owner], "currentPassword",
                       FIRST_PASSWORD, NULL));
        if (!attempt.changed)
            continue;
        owner = !owner;
        session = sign_in(w, owner ? OTHER : OWNER, FIRST_PASSWORD);
    }
    assert_true(attempt.number > 20);
}

/* The store as before its setup: without the row of the organization. */
static void forget_organization(struct world *w)
{
    erase(&w->fixture, FAMILY_ORGANIZATIONS, key_organization(&w->arena, &w->made.organization));
    erase(&w->fixture, FAMILY_EMAILS, SLICE(OWNER));
}

static void a_setup_says_what_is_true(void **state)
{
    static struct setup_gate gate;
    struct world *w = *state;
    struct attempt attempt = {.failed = true};

    while (attempt.failed) {
        attempt.number++;
        if (!setup_gate_is_required(&gate)) {
            forget_organization(w);
            assert_true(sha256(SLICE("setup"), gate.hash));
            gate.organization = w->made.organization;
            atomic_store(&gate.required, true);
            w->chain->setup = &gate;
        }
        run(w, &attempt, "CreateFirstOrganization", SLICE_EMPTY,
            world_make(w, "CreateFirstOrganization", "setupToken", "setup", "organization", "Acme",
                       "email", OWNER, "name", "An Owner", "password", FIRST_PASSWORD, NULL));
    }
    assert_true(attempt.number > 20);
    w->chain->setup = NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_sign_in_says_what_is_true),      TEST(a_new_user_says_what_is_true),
        TEST(a_new_password_says_what_is_true), TEST(an_action_on_a_user_says_what_is_true),
        TEST(a_transfer_says_what_is_true),     TEST(a_setup_says_what_is_true),
    };
    int failed = 0;

    setenv("DATASTREAM_PASSWORD_KIB", "8", 1); /* hashed some thousand times */
    for (seed = 0; seed < 2; seed++)
        failed += cmocka_run_group_tests_name("people without memory", tests, NULL, NULL);
    return failed;
}

#else

int main(void)
{
    return 0;
}

#endif
