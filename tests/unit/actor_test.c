/* Actors as texts: what is written is read, what is no actor is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "storage/actor.h"

#define ID "abababab-abab-abab-abab-abababababab"

static void texts_and_actors_lead_to_each_other(void **state)
{
    static const struct {
        enum actor_type type;
        const char *text;
    } rows[] = {
        {ACTOR_SYSTEM, "system"},
        {ACTOR_TOKEN, "token:" ID},
        {ACTOR_USER, "user:" ID},
        {ACTOR_DIRECTOR, "director:" ID},
        {ACTOR_ENROLLMENT, "enrollment:" ID},
        {ACTOR_NONE, "anonymous"},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, SIZE_MAX);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct slice text = slice_from_cstr(rows[i].text);
        struct actor actor = actor_parse(text);

        assert_int_equal(actor.type, rows[i].type);
        assert_true(slice_equal(actor_text(&arena, &actor), text));
        if (rows[i].type != ACTOR_SYSTEM && rows[i].type != ACTOR_NONE)
            assert_int_equal(actor.id.bytes[15], 0xab);
    }
    arena_done(&arena);
}

static void what_is_no_actor_is_none(void **state)
{
    static const char *const texts[] = {
        "", "token:", "token:" ID "0", "token:x", "Token:" ID, "tokens:" ID, "system ", ID,
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(actor_parse(slice_from_cstr(texts[i])).type, ACTOR_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_and_actors_lead_to_each_other),
        cmocka_unit_test(what_is_no_actor_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
