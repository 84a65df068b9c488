/* Basic credentials: what is read of a header, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "rpc/call/basic.h"

static struct arena arena;

static int start(void **state)
{
    (void)state;
    arena_init(&arena, NULL, (size_t)1 << 20);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static void an_id_and_a_secret_are_read_around_the_first_colon(void **state)
{
    static const struct {
        const char *header, *id, *secret;
    } rows[] = {
        {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame"}, /* RFC 7617 section 2 */
        {"basic QWxhZGRpbjpvcGVuIHNlc2FtZQ", "Aladdin", "open sesame"},
        {"BASIC   YTpiOmM= ", "a", "b:c"},
        {"Basic Og==", "", ""},
        {"Basic YTo=", "a", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct slice id, secret;

        assert_int_equal(basic_parse(&arena, slice_from_cstr(rows[i].header), &id, &secret),
                         BASIC_FOUND);
        assert_non_null(id.data);
        assert_true(slice_equal(id, slice_from_cstr(rows[i].id)));
        assert_true(slice_equal(secret, slice_from_cstr(rows[i].secret)));
    }
}

static void other_headers_are_told_apart(void **state)
{
    static const struct {
        const char *header;
        enum basic_result result;
    } rows[] = {
        {"", BASIC_ABSENT},
        {"Bearer YTpi", BASIC_ABSENT},
        {"Basic", BASIC_ABSENT},
        {"Basica YTpi", BASIC_ABSENT},
        {"Basic !!!", BASIC_MALFORMED},
        {"Basic eA==", BASIC_MALFORMED},
        {"Basic YTpi YTpi", BASIC_MALFORMED},
    };
    struct slice id = SLICE_EMPTY, secret = SLICE_EMPTY;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(basic_parse(&arena, slice_from_cstr(rows[i].header), &id, &secret),
                         rows[i].result);
    assert_null(id.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_id_and_a_secret_are_read_around_the_first_colon, start,
                                        end),
        cmocka_unit_test_setup_teardown(other_headers_are_told_apart, start, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
