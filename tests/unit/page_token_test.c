/* Page tokens: they come back as they were given, to the same list of the same organization only.
 */
#include "tests/support/stage.h"

#include "base/text.h"
#include "rpc/call/chain.h"
#include "rpc/call/page_token.h"

static struct stage stage;
static struct try t;

static int start(void **state)
{
    (void)state;
    stage_start(&stage, false);
    try_init(&t, &stage, stage_method(&stage, "ListDevices"));
    t.call.identity.organization = uuid_of(0x11);
    return 0;
}

static int end(void **state)
{
    (void)state;
    try_done(&t);
    stage_end(&stage);
    return 0;
}

static void assert_refused(struct slice token)
{
    struct slice key = SLICE("untouched");
    struct status status = call_read_page_token(&t.call, token, &key);

    if (status.code != STATUS_INVALID_ARGUMENT)
        fail_msg("%.*s was taken", SLICE_ARG(token));
    assert_slice_equal(status.details->subject, SLICE("pageToken"));
    assert_slice_equal(key, SLICE("untouched"));
}

static void a_token_gives_its_key_back(void **state)
{
    static const size_t lengths[] = {0, 1, 2, 3, 36, 200, 1000};
    char bytes[1000];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i * 7);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct slice wanted = slice_make(bytes, lengths[i]);
        struct slice token = call_page_token(&t.call, wanted);
        struct slice key;

        assert_true(token.len > 0);
        assert_true(status_is_ok(call_read_page_token(&t.call, token, &key)));
        assert_slice_equal(key, wanted);
    }
}

static void no_token_is_the_first_page(void **state)
{
    struct slice key;

    (void)state;
    assert_true(status_is_ok(call_read_page_token(&t.call, SLICE_EMPTY, &key)));
    assert_int_equal(key.len, 0);
}

static void every_altered_character_is_refused(void **state)
{
    struct slice token = call_page_token(&t.call, SLICE("a key of thirty-six bytes, or nearly"));
    char *text = arena_cstr(&t.arena, token);

    (void)state;
    for (size_t i = 0; i < token.len; i++) {
        static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                       "0123456789-_+/=. ";
        char kept = text[i];

        for (const char *c = alphabet; *c != '\0'; c++) {
            text[i] = *c;
            if (*c != kept)
                assert_refused(slice_make(text, token.len));
        }
        text[i] = kept;
    }
    for (size_t len = 1; len < token.len; len++)
        assert_refused(slice_make(text, len));
    assert_refused(arena_printf(&t.arena, "%s=", text));
    assert_refused(arena_printf(&t.arena, "%sA", text));
}

static void a_token_of_another_list_is_refused(void **state)
{
    const struct method *method = t.call.method;
    struct slice token = call_page_token(&t.call, SLICE("a key"));
    struct slice key;

    (void)state;
    t.call.method = stage_method(&stage, "ListDirectors");
    assert_refused(token);
    t.call.method = method;
    t.call.identity.organization = uuid_of(0x12);
    assert_refused(token);
    t.call.identity.organization = uuid_of(0x11);
    assert_true(status_is_ok(call_read_page_token(&t.call, token, &key)));
}

static void a_token_of_another_key_is_refused(void **state)
{
    struct slice token = call_page_token(&t.call, SLICE("a key"));
    struct chain_options options = {
        .contract = stage.scene.contract,
        .store = stage.scene.fixture.store,
        .identities = stage.scene.registry,
        .settings = &stage.settings,
        .handlers = stage_handlers(&stage.arena, stage.scene.contract),
        .page_key = "a key of a tesT",
    };
    struct chain *chain;

    (void)state;
    assert_true(status_is_ok(chain_new(&options, &stage.arena, &chain)));
    t.call.loop = chain_loop_new(chain);
    assert_refused(token);
    chain_loop_free(t.call.loop);
    memcpy(options.page_key, "a key of a test", 15); /* as after a restart, or on another node */
    assert_true(status_is_ok(chain_new(&options, &stage.arena, &chain)));
    t.call.loop = chain_loop_new(chain);
    assert_true(status_is_ok(call_read_page_token(&t.call, token, &token)));
    assert_slice_equal(token, SLICE("a key"));
    chain_loop_free(t.call.loop);
    chain_free(chain);
    t.call.loop = stage.loop;
}

static void what_is_no_token_is_refused(void **state)
{
    char endless[5000];

    (void)state;
    memset(endless, 'A', sizeof(endless));
    assert_refused(SLICE("2"));
    assert_refused(SLICE("not base64!"));
    assert_refused(slice_make(endless, sizeof(endless)));
    assert_refused(base64url_encode(&t.arena, SLICE("\x01"
                                                    "a key without its MAC")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_gives_its_key_back),
        cmocka_unit_test(no_token_is_the_first_page),
        cmocka_unit_test(every_altered_character_is_refused),
        cmocka_unit_test(a_token_of_another_list_is_refused),
        cmocka_unit_test(a_token_of_another_key_is_refused),
        cmocka_unit_test(what_is_no_token_is_refused),
    };

    return cmocka_run_group_tests(tests, start, end);
}
