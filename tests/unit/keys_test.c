/* Key layouts byte by byte, their order, and the folding of names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <utf8proc.h>

#include "storage/keys.h"

static struct arena arena;

static int open_arena(void **state)
{
    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static struct uuid uuid_of(uint8_t byte)
{
    struct uuid id;

    memset(id.bytes, byte, sizeof(id.bytes));
    return id;
}

#define ORG "oooooooooooooooo"
#define ID "iiiiiiiiiiiiiiii"
#define TARGET "tttttttttttttttt"

static void layouts_are_as_documented(void **state)
{
    struct uuid org = uuid_of('o');
    struct uuid id = uuid_of('i');
    struct uuid target = uuid_of('t');
    const struct {
        struct slice got;
        struct slice wanted;
    } rows[] = {
        {key_organization(&arena, &org), SLICE(ORG)},
        {key_kind(&arena, &org, 0x01020304), SLICE(ORG "\x01\x02\x03\x04")},
        {key_object(&arena, &org, 7, &id), SLICE(ORG "\0\0\0\x07" ID)},
        {key_name(&arena, &org, 7, SLICE("web")), SLICE(ORG "\0\0\0\x07web")},
        {key_name(&arena, &org, 7, SLICE_EMPTY), SLICE(ORG "\0\0\0\x07")},
        {key_reference(&arena, &org, 7, &target, 8, 513, &id),
         SLICE(ORG "\0\0\0\x07" TARGET "\0\0\0\x08\0\0\x02\x01" ID)},
        {key_reference(&arena, &org, 7, &target, 8, KEY_FIELD_QUOTES, &id),
         SLICE(ORG "\0\0\0\x07" TARGET "\0\0\0\x08\x7f\xff\xff\xff" ID)},
        {key_references_by(&arena, &org, 7, &target, 8, 513),
         SLICE(ORG "\0\0\0\x07" TARGET "\0\0\0\x08\0\0\x02\x01")},
        {key_references_of(&arena, &org, 7, &target, 8),
         SLICE(ORG "\0\0\0\x07" TARGET "\0\0\0\x08")},
        {key_audit(&arena, &org, 0x0102), SLICE(ORG "\0\0\0\0\0\0\x01\x02")},
        {key_audit_by_object(&arena, &org, 7, &id, 258),
         SLICE(ORG "\0\0\0\x07" ID "\0\0\0\0\0\0\x01\x02")},
        {key_audit_by_actor(&arena, &org, &(struct actor){ACTOR_TOKEN, id}, 258),
         SLICE(ORG "\x02" ID "\0\0\0\0\0\0\x01\x02")},
        {key__feed(&arena, &org, UINT64_C(0x0102030405060708), 0x0a0b),
         SLICE(ORG "\x01\x02\x03\x04\x05\x06\x07\x08\x0a\x0b")},
        {key__feed_floor(&arena, &org), SLICE(ORG "\0\0\0\0\0\0\0\0\0\0")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(rows[i].got.len, rows[i].wanted.len);
        assert_memory_equal(rows[i].got.data, rows[i].wanted.data, rows[i].wanted.len);
    }
}

static void parsers_give_back_what_was_built(void **state)
{
    struct uuid org = uuid_of('o');
    struct uuid id = uuid_of('i');
    struct uuid target = uuid_of('t');
    struct uuid ids[2];
    uint32_t kinds[2];
    struct actor actor;
    uint32_t field;
    uint64_t number;
    uint16_t index;

    (void)state;
    assert_true(key_object_parse(key_object(&arena, &org, 7, &id), &ids[0], &kinds[0], &ids[1]));
    assert_true(uuid_equal(&ids[0], &org) && kinds[0] == 7 && uuid_equal(&ids[1], &id));
    assert_true(key_reference_parse(key_reference(&arena, &org, 7, &target, UINT32_MAX, 3, &id),
                                    &kinds[0], &ids[0], &kinds[1], &field, &ids[1]));
    assert_true(uuid_equal(&ids[0], &target) && uuid_equal(&ids[1], &id));
    assert_true(kinds[0] == 7 && kinds[1] == UINT32_MAX && field == 3);
    assert_true(key_audit_parse(key_audit(&arena, &org, UINT64_MAX), &number));
    assert_true(number == UINT64_MAX);
    assert_true(key_audit_by_object_parse(key_audit_by_object(&arena, &org, 7, &id, 258), &number));
    assert_true(number == 258);
    assert_true(key_audit_by_actor_parse(
        key_audit_by_actor(&arena, &org, &(struct actor){ACTOR_USER, id}, 258), &actor, &number));
    assert_true(actor.type == ACTOR_USER && uuid_equal(&actor.id, &id) && number == 258);
    assert_true(
        key__feed_parse(key__feed(&arena, &org, UINT64_MAX - 1, 258), &ids[0], &number, &index));
    assert_true(uuid_equal(&ids[0], &org) && number == UINT64_MAX - 1 && index == 258);
}

static void parsers_refuse_other_lengths(void **state)
{
    static const char bytes[128];
    struct uuid ids[2];
    uint32_t kinds[3];
    struct actor actor;
    uint64_t number;
    uint16_t index;

    (void)state;
    for (size_t len = 0; len < sizeof(bytes); len++) {
        struct slice key = slice_make(bytes, len);

        assert_int_equal(key_object_parse(key, &ids[0], &kinds[0], &ids[1]), len == 36);
        assert_int_equal(
            key_reference_parse(key, &kinds[0], &ids[0], &kinds[1], &kinds[2], &ids[1]), len == 60);
        assert_int_equal(key_audit_parse(key, &number), len == 24);
        assert_int_equal(key_audit_by_object_parse(key, &number), len == 44);
        assert_int_equal(key_audit_by_actor_parse(key, &actor, &number), len == 41);
        assert_int_equal(key__feed_parse(key, &ids[0], &number, &index), len == 26);
    }
}

static void keys_sort_as_their_numbers(void **state)
{
    static const uint64_t numbers[] = {0, 1, 255, 256, 65535, 65536, UINT64_C(1) << 40, UINT64_MAX};
    struct uuid org = uuid_of(1);

    (void)state;
    for (size_t i = 1; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        assert_true(slice_compare(key_audit(&arena, &org, numbers[i - 1]),
                                  key_audit(&arena, &org, numbers[i])) < 0);
        assert_true(slice_compare(key__feed(&arena, &org, numbers[i - 1], UINT16_MAX),
                                  key__feed(&arena, &org, numbers[i], 0)) < 0);
    }
}

static void prefix_ends_bound_exactly_their_keys(void **state)
{
    static const struct {
        struct slice prefix;
        struct slice wanted;
    } rows[] = {
        {SLICE_INIT("a"), SLICE_INIT("b")},
        {SLICE_INIT("a\xff"), SLICE_INIT("b")},
        {SLICE_INIT("a\xfe\xff\xff"), SLICE_INIT("a\xff")},
        {SLICE_INIT("\0"), SLICE_INIT("\1")},
        {SLICE_INIT("\x7f"), SLICE_INIT("\x80")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct slice end = key_prefix_end(&arena, rows[i].prefix);

        assert_int_equal(end.len, rows[i].wanted.len);
        assert_memory_equal(end.data, rows[i].wanted.data, end.len);
    }
}

static void names_are_folded(void **state)
{
    static const struct {
        struct slice name;
        struct slice trimmed;
        struct slice folded;
    } rows[] = {
        {SLICE_INIT("Web Server"), SLICE_INIT("Web Server"), SLICE_INIT("web server")},
        {SLICE_INIT("  a b\t\r\n"), SLICE_INIT("a b"), SLICE_INIT("a b")},
        {SLICE_INIT("\xe3\x80\x80x\xc2\xa0"), SLICE_INIT("x"), SLICE_INIT("x")},
        {SLICE_INIT("\xe2\x80\xa8x\xc2\x85"), SLICE_INIT("x"), SLICE_INIT("x")},
        /* sharp s, final sigma, the ligature fi, the Kelvin sign */
        {SLICE_INIT("Stra\xc3\x9f"
                    "e"),
         SLICE_INIT("Stra\xc3\x9f"
                    "e"),
         SLICE_INIT("strasse")},
        {SLICE_INIT("\xce\xa3\xcf\x82"), SLICE_INIT("\xce\xa3\xcf\x82"),
         SLICE_INIT("\xcf\x83\xcf\x83")},
        {SLICE_INIT("\xef\xac\x81"), SLICE_INIT("\xef\xac\x81"), SLICE_INIT("fi")},
        {SLICE_INIT("\xe2\x84\xaa"), SLICE_INIT("\xe2\x84\xaa"), SLICE_INIT("k")},
        /* E with acute in one code point and in two; what is shown stays as it was written */
        {SLICE_INIT("\xc3\x89"), SLICE_INIT("\xc3\x89"), SLICE_INIT("\xc3\xa9")},
        {SLICE_INIT("E\xcc\x81"), SLICE_INIT("E\xcc\x81"), SLICE_INIT("\xc3\xa9")},
        /* what is not seen tells no names apart: an emoji joined by U+200D, U+200B, a soft hyphen
         */
        {SLICE_INIT("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb"),
         SLICE_INIT("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb"),
         SLICE_INIT("\xf0\x9f\x91\xa9\xf0\x9f\x92\xbb")},
        {SLICE_INIT("a\xe2\x80\x8bz"), SLICE_INIT("a\xe2\x80\x8bz"), SLICE_INIT("az")},
        {SLICE_INIT("a\xc2\xadz"), SLICE_INIT("a\xc2\xadz"), SLICE_INIT("az")},
        /* full width, a circled letter, a ligature of words */
        {SLICE_INIT("\xef\xbc\xafwner"), SLICE_INIT("\xef\xbc\xafwner"), SLICE_INIT("owner")},
        {SLICE_INIT("\xe2\x92\xb6"), SLICE_INIT("\xe2\x92\xb6"), SLICE_INIT("a")},
        {SLICE_INIT("5\xe3\x8e\x8f"), SLICE_INIT("5\xe3\x8e\x8f"), SLICE_INIT("5kg")},
        /* runs of spaces, also around what is not seen, are shown and count as one */
        {SLICE_INIT("api  reader"), SLICE_INIT("api  reader"), SLICE_INIT("api reader")},
        {SLICE_INIT("a \xe2\x80\x8b b"), SLICE_INIT("a \xe2\x80\x8b b"), SLICE_INIT("a b")},
        /* U+00A8 is a space and a mark by compatibility; the Hangul filler is ignorable */
        {SLICE_INIT("\xc2\xa8x"), SLICE_INIT("\xc2\xa8x"), SLICE_INIT("\xcc\x88x")},
        {SLICE_INIT("x\xe3\x85\xa4"), SLICE_INIT("x\xe3\x85\xa4"), SLICE_INIT("x")},
        /* alpha with U+0345 and a diaeresis, in both orders */
        {SLICE_INIT("\xce\xb1\xcd\x85\xcc\x88"), SLICE_INIT("\xce\xb1\xcd\x85\xcc\x88"),
         SLICE_INIT("\xce\xb1\xcc\x88\xce\xb9")},
        {SLICE_INIT("\xce\xb1\xcc\x88\xcd\x85"), SLICE_INIT("\xce\xb1\xcc\x88\xcd\x85"),
         SLICE_INIT("\xce\xb1\xcc\x88\xce\xb9")},
        {SLICE_INIT(""), SLICE_INIT(""), SLICE_INIT("")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct slice trimmed;
        struct slice folded;
        const char *wrong = key_fold_name(&arena, rows[i].name, &trimmed, &folded);

        if (wrong != NULL)
            fail_msg("row %zu: %s", i, wrong);
        if (!slice_equal(trimmed, rows[i].trimmed) || !slice_equal(folded, rows[i].folded))
            fail_msg("row %zu: got \"%.*s\" and \"%.*s\"", i, SLICE_ARG(trimmed),
                     SLICE_ARG(folded));
    }
}

static void unfit_names_are_refused(void **state)
{
    static const struct {
        struct slice name;
        const char *says;
    } rows[] = {
        {SLICE_INIT("a\0b"), "control"},
        {SLICE_INIT("a\nb"), "control"},
        {SLICE_INIT("\x1b[31m"), "control"},
        {SLICE_INIT("x\x7f"), "control"},
        {SLICE_INIT("x\xc2\x85y"), "control"},
        {SLICE_INIT("x\xc2\x9f"), "control"},
        {SLICE_INIT("\xd8\x9cx"), "direction"},
        {SLICE_INIT("a\xe2\x80\x8e"), "direction"},
        {SLICE_INIT("a\xe2\x80\x8f"), "direction"},
        {SLICE_INIT("a\xe2\x80\xaa"), "direction"},
        {SLICE_INIT("a\xe2\x80\xae"), "direction"},
        {SLICE_INIT("a\xe2\x81\xa6"), "direction"},
        {SLICE_INIT("a\xe2\x81\xa9"), "direction"},
        {SLICE_INIT("a\xcd\xb8"), "assigned"},
        {SLICE_INIT("\xf4\x8f\xbf\xbf"), "assigned"},
        {SLICE_INIT(" \t\xe2\x80\x83"), "blank"},
        {SLICE_INIT("\xe2\x80\x8b\xe2\x80\x8d\xef\xbb\xbf"), "blank"},
        {SLICE_INIT("a\xe2\x80\xa8z"), "control"},
        {SLICE_INIT("API\xc2\xa0"
                    "Administrator"),
         "blanks other"},
        {SLICE_INIT("a\xe3\x80\x80z"), "blanks other"},
        {SLICE_INIT("a\xe1\x9a\x80z"), "blanks other"},
        {SLICE_INIT("a\xe2\x80\xafz"), "blanks other"},
        {SLICE_INIT("a\xe2\xa0\x80z"), "blanks other"},
        {SLICE_INIT("\xee\x80\x80"), "private-use"},
        {SLICE_INIT("a\xf4\x80\x80\x80"), "private-use"},
        {SLICE_INIT("a\xef\xbf\xb9z"), "interlinear"},
        {SLICE_INIT("a\xef\xbf\xbbz"), "interlinear"},
        {SLICE_INIT("a\xe2\x80\xa9z"), "control"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct slice trimmed = SLICE("kept");
        struct slice folded = SLICE("kept");
        const char *wrong = key_fold_name(&arena, rows[i].name, &trimmed, &folded);

        if (wrong == NULL || strstr(wrong, rows[i].says) == NULL)
            fail_msg("row %zu: %s", i, wrong == NULL ? "accepted" : wrong);
        assert_true(slice_equal(trimmed, SLICE("kept")) && slice_equal(folded, SLICE("kept")));
    }
}

/* A soft hyphen is never seen, and has the same name folded by the tables of Unicode. */
static void ascii_names_fold_as_the_tables_of_unicode_say(void **state)
{
    (void)state;
    for (int first = 0x20; first < 0x7f; first++)
        for (int second = 0x20; second < 0x7f; second++) {
            const char text[] = {'X', (char)first, (char)second, ' ', 'y', '\xc2', '\xad'};
            struct slice trimmed;
            struct slice folded;
            struct slice wanted;

            assert_null(key_fold_name(&arena, slice_make(text, 5), &trimmed, &folded));
            assert_null(key_fold_name(&arena, slice_make(text, 7), &trimmed, &wanted));
            if (!slice_equal(folded, wanted))
                fail_msg("%.5s folds to %.*s", text, SLICE_ARG(folded));
            arena_reset(&arena);
        }
}

/* A folded name that folds to another one would let two equal names live side by side. */
static void folding_is_stable_for_every_character(void **state)
{
    size_t folded_characters = 0;

    (void)state;
    for (utf8proc_int32_t c = 0x21; c < 0x110000; c++) {
        utf8proc_uint8_t text[4];
        struct slice trimmed;
        struct slice once;
        struct slice twice;

        if (c >= 0xd800 && c < 0xe000)
            continue;
        arena_reset(&arena);
        if (key_fold_name(&arena, slice_make(text, (size_t)utf8proc_encode_char(c, text)), &trimmed,
                          &once) != NULL)
            continue;
        folded_characters++;
        if (key_fold_name(&arena, once, &trimmed, &twice) != NULL || !slice_equal(once, twice))
            fail_msg("U+%04X folds to %.*s, then to %.*s", (unsigned)c, SLICE_ARG(once),
                     SLICE_ARG(twice));
    }
    assert_true(folded_characters > 100000);
}

static void a_failed_arena_gives_empty_keys(void **state)
{
    struct uuid org = uuid_of(1);
    struct arena failed;
    struct slice trimmed;
    struct slice folded;

    (void)state;
    arena_init(&failed, NULL, 1 << 20);
    arena_fail(&failed);
    assert_int_equal(key_organization(&failed, &org).len, 0);
    assert_int_equal(key_object(&failed, &org, 1, &org).len, 0);
    assert_int_equal(key_kind(&failed, &org, 1).len, 0);
    assert_int_equal(key_name(&failed, &org, 1, SLICE("n")).len, 0);
    assert_int_equal(key_reference(&failed, &org, 1, &org, 1, 1, &org).len, 0);
    assert_int_equal(key_references_by(&failed, &org, 1, &org, 1, 1).len, 0);
    assert_int_equal(key_references_of(&failed, &org, 1, &org, 1).len, 0);
    assert_int_equal(key_audit(&failed, &org, 1).len, 0);
    assert_int_equal(key_audit_by_object(&failed, &org, 1, &org, 1).len, 0);
    assert_int_equal(key__feed(&failed, &org, 1, 1).len, 0);
    assert_int_equal(key_prefix_end(&failed, SLICE("a")).len, 0);
    assert_null(key_fold_name(&failed, SLICE("Name"), &trimmed, &folded));
    assert_int_equal(trimmed.len + folded.len, 0);
    arena_done(&failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(layouts_are_as_documented, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(parsers_give_back_what_was_built, open_arena, close_arena),
        cmocka_unit_test(parsers_refuse_other_lengths),
        cmocka_unit_test_setup_teardown(keys_sort_as_their_numbers, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(prefix_ends_bound_exactly_their_keys, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(names_are_folded, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(unfit_names_are_refused, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(ascii_names_fold_as_the_tables_of_unicode_say, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(folding_is_stable_for_every_character, open_arena,
                                        close_arena),
        cmocka_unit_test(a_failed_arena_gives_empty_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
