/* UTF-8, base64 and hexadecimal against tables. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"

#define LIMIT ((size_t)1 << 20)

static const struct {
    struct slice text;
    bool valid;
    size_t length;
} utf8_cases[] = {
    {SLICE_INIT(""), true, 0},
    {SLICE_INIT("a"), true, 1},
    {SLICE_INIT("\0"), true, 1},
    {SLICE_INIT("\x7f"), true, 1},
    {SLICE_INIT("sixteen letters."), true, 16},
    {SLICE_INIT("\xc2\x80"), true, 1},
    {SLICE_INIT("\xdf\xbf"), true, 1},
    {SLICE_INIT("\xe0\xa0\x80"), true, 1},
    {SLICE_INIT("\xed\x9f\xbf"), true, 1},
    {SLICE_INIT("\xee\x80\x80"), true, 1},
    {SLICE_INIT("\xef\xbf\xbf"), true, 1},
    {SLICE_INIT("\xf0\x90\x80\x80"), true, 1},
    {SLICE_INIT("\xf4\x8f\xbf\xbf"), true, 1},
    {SLICE_INIT("1234567\xc3\xa9"), true, 8},
    {SLICE_INIT("12345678\xf0\x9f\x98\x80"
                "90"),
     true, 11},
    {SLICE_INIT("\x80"), false, 0},
    {SLICE_INIT("\xbf"), false, 0},
    {SLICE_INIT("\xc0\x80"), false, 0},         /* overlong NUL */
    {SLICE_INIT("\xc1\xbf"), false, 0},         /* overlong DEL */
    {SLICE_INIT("\xe0\x9f\xbf"), false, 0},     /* overlong in three bytes */
    {SLICE_INIT("\xf0\x8f\xbf\xbf"), false, 0}, /* overlong in four bytes */
    {SLICE_INIT("\xed\xa0\x80"), false, 0},     /* the first surrogate */
    {SLICE_INIT("\xed\xbf\xbf"), false, 0},     /* the last surrogate */
    {SLICE_INIT("\xf4\x90\x80\x80"), false, 0}, /* past U+10FFFF */
    {SLICE_INIT("\xf5\x80\x80\x80"), false, 0},
    {SLICE_INIT("\xff"), false, 0},
    {SLICE_INIT("\xc3"), false, 0},
    {SLICE_INIT("\xe2\x82"), false, 0},
    {SLICE_INIT("\xf0\x9f\x98"), false, 0},
    {SLICE_INIT("\xc3("), false, 0},
    {SLICE_INIT("\xe2\x28\xa1"), false, 0},
    {SLICE_INIT("\xe2\x82\x28"), false, 0},
    {SLICE_INIT("\xf0\x9f\x98\x28"), false, 0},
    {SLICE_INIT("1234567\xc3"), false, 0}, /* cut at the end of a word */
    {SLICE_INIT("12345678\x80"), false, 0},
};

static void utf8_is_valid_as_table_3_7_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(utf8_cases) / sizeof(utf8_cases[0]); i++) {
        if (utf8_is_valid(utf8_cases[i].text) != utf8_cases[i].valid)
            fail_msg("case %zu: wanted %d", i, utf8_cases[i].valid);
        if (utf8_cases[i].valid)
            assert_int_equal(utf8_length(utf8_cases[i].text), utf8_cases[i].length);
    }
    assert_true(utf8_is_valid(SLICE_EMPTY));
}

/* In texts around the sizes that are looked at at once, at each place in them. */
static void a_byte_that_is_wrong_is_found_wherever_it_is(void **state)
{
    char text[150];

    (void)state;
    memset(text, 'x', sizeof(text));
    for (size_t len = 1; len < sizeof(text); len++)
        for (size_t at = 0; at < len; at++) {
            assert_true(utf8_is_valid(slice_make(text, len)));
            text[at] = (char)0x80;
            if (utf8_is_valid(slice_make(text, len)))
                fail_msg("byte %zu of %zu", at, len);
            text[at] = 'x';
            if (at + 1 == len)
                continue;
            memcpy(text + at, "\xc3\xa9", 2);
            if (!utf8_is_valid(slice_make(text, len)))
                fail_msg("two bytes at %zu of %zu", at, len);
            memset(text + at, 'x', 2);
        }
}

static void every_code_point_encodes_to_valid_utf8(void **state)
{
    (void)state;
    for (uint32_t point = 0; point <= 0x10ffff; point++) {
        char bytes[4];
        size_t len = utf8_encode(point, bytes);
        size_t wanted = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
        bool surrogate = point >= 0xd800 && point <= 0xdfff;

        assert_int_equal(len, wanted);
        if (utf8_is_valid(slice_make(bytes, len)) == surrogate)
            fail_msg("U+%04X", (unsigned)point);
    }
}

/* RFC 4648 section 10, and what tells the alphabets apart. */
static const struct {
    struct slice bytes;
    struct slice padded;
    struct slice url;
} base64_cases[] = {
    {SLICE_INIT(""), SLICE_INIT(""), SLICE_INIT("")},
    {SLICE_INIT("f"), SLICE_INIT("Zg=="), SLICE_INIT("Zg")},
    {SLICE_INIT("fo"), SLICE_INIT("Zm8="), SLICE_INIT("Zm8")},
    {SLICE_INIT("foo"), SLICE_INIT("Zm9v"), SLICE_INIT("Zm9v")},
    {SLICE_INIT("foob"), SLICE_INIT("Zm9vYg=="), SLICE_INIT("Zm9vYg")},
    {SLICE_INIT("fooba"), SLICE_INIT("Zm9vYmE="), SLICE_INIT("Zm9vYmE")},
    {SLICE_INIT("foobar"), SLICE_INIT("Zm9vYmFy"), SLICE_INIT("Zm9vYmFy")},
    {SLICE_INIT("\xfb\xff\xfe"), SLICE_INIT("+//+"), SLICE_INIT("-__-")},
    {SLICE_INIT("\0\0"), SLICE_INIT("AAA="), SLICE_INIT("AAA")},
};

static void assert_slice(struct slice got, struct slice wanted)
{
    if (!slice_equal(got, wanted))
        fail_msg("wanted \"%.*s\", got \"%.*s\"", SLICE_ARG(wanted), SLICE_ARG(got));
}

static void base64_goes_there_and_back(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, LIMIT);
    for (size_t i = 0; i < sizeof(base64_cases) / sizeof(base64_cases[0]); i++) {
        struct slice padded = base64_encode(&arena, base64_cases[i].bytes, true);
        struct slice bare = base64_encode(&arena, base64_cases[i].bytes, false);
        struct slice url = base64url_encode(&arena, base64_cases[i].bytes);
        struct slice back = SLICE_EMPTY;

        assert_slice(padded, base64_cases[i].padded);
        assert_slice(url, base64_cases[i].url);
        assert_int_equal(bare.len, url.len);
        assert_true(base64_decode(&arena, padded, &back));
        assert_slice(back, base64_cases[i].bytes);
        assert_true(base64_decode(&arena, bare, &back));
        assert_slice(back, base64_cases[i].bytes);
        assert_true(base64_decode(&arena, url, &back));
        assert_slice(back, base64_cases[i].bytes);
    }
    arena_done(&arena);
}

static void base64_accepts_slack_bits(void **state)
{
    struct slice back = SLICE_EMPTY;
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, LIMIT);
    assert_true(base64_decode(&arena, SLICE("Zh"), &back));
    assert_slice(back, SLICE("f"));
    assert_true(base64_decode(&arena, SLICE("-_"), &back));
    assert_slice(back, SLICE("\xfb"));
    arena_done(&arena);
}

static void base64_refuses_what_it_is_not(void **state)
{
    static const struct slice refused[] = {
        SLICE_INIT("Z"),     SLICE_INIT("Zg="),      SLICE_INIT("Zg==="), SLICE_INIT("="),
        SLICE_INIT("===="),  SLICE_INIT("Zg =="),    SLICE_INIT("Zm9v="), SLICE_INIT("Zm9v=="),
        SLICE_INIT("Z=g="),  SLICE_INIT("Zm9\n"),    SLICE_INIT("Zm9\0"), SLICE_INIT("Zm9\xff"),
        SLICE_INIT("Zm9vY"), SLICE_INIT("Zg==Zg=="),
    };
    struct slice back = SLICE("untouched");
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, LIMIT);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        if (base64_decode(&arena, refused[i], &back))
            fail_msg("\"%.*s\" was taken", SLICE_ARG(refused[i]));
    assert_slice(back, SLICE("untouched"));
    assert_false(arena_failed(&arena));
    arena_done(&arena);
}

static void hexadecimal_is_lower_case(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, LIMIT);
    assert_slice(hex_encode(&arena, SLICE("\x00\x7f\xab\xff")), SLICE("007fabff"));
    assert_slice(hex_encode(&arena, SLICE_EMPTY), SLICE(""));
    arena_done(&arena);
}

static void an_arena_that_failed_gives_nothing(void **state)
{
    struct slice back = SLICE("untouched");
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, LIMIT);
    arena_fail(&arena);
    assert_null(base64_encode(&arena, SLICE("foo"), true).data);
    assert_null(base64url_encode(&arena, SLICE("foo")).data);
    assert_null(hex_encode(&arena, SLICE("foo")).data);
    assert_null(json_quote(&arena, SLICE("foo")).data);
    assert_false(base64_decode(&arena, SLICE("Zm9v"), &back));
    assert_slice(back, SLICE("untouched"));
    arena_done(&arena);
}

static void hexadecimal_digits_have_values(void **state)
{
    static const char digits[] = "0123456789abcdef";

    (void)state;
    for (int c = CHAR_MIN; c <= CHAR_MAX; c++) {
        const char *at = c == 0 ? NULL : strchr(digits, c);
        int lower = at == NULL ? -1 : (int)(at - digits);

        assert_int_equal(hex_value_lower((char)c), lower);
        assert_int_equal(hex_value((char)c), c >= 'A' && c <= 'F' ? c - 'A' + 10 : lower);
    }
}

static void strings_of_json_are_quoted(void **state)
{
    static const struct {
        struct slice text;
        const char *quoted;
    } cases[] = {
        {SLICE_INIT(""), "\"\""},
        {SLICE_INIT("caf\xc3\xa9 \x7f"), "\"caf\xc3\xa9 \x7f\""},
        {SLICE_INIT("a\"b\\c"), "\"a\\\"b\\\\c\""},
        {SLICE_INIT("\n\x1f"), "\"\\u000a\\u001f\""},
    };
    char unit[JSON_ESCAPE_MOST];
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, LIMIT);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_slice(json_quote(&arena, cases[i].text), slice_from_cstr(cases[i].quoted));
    arena_done(&arena);
    json_escape_unit(0x20ac, unit);
    assert_memory_equal(unit, "\\u20ac", sizeof(unit));
}

static void numbers_are_told_in_decimal(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, LIMIT);
    assert_slice(decimal_encode(&arena, 0), SLICE("0"));
    assert_slice(decimal_encode(&arena, 90), SLICE("90"));
    assert_slice(decimal_encode(&arena, UINT64_MAX), SLICE("18446744073709551615"));
    arena_done(&arena);
}

static void parts_are_joined_with_a_nul_behind(void **state)
{
    static const struct slice parts[] = {SLICE_INIT("token:"), {NULL, 0}, SLICE_INIT("7")};
    struct slice joined;
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, LIMIT);
    joined = text_join(&arena, parts, 3);
    assert_slice(joined, SLICE("token:7"));
    assert_int_equal(joined.data[joined.len], '\0');
    assert_slice(text_join(&arena, parts, 0), SLICE(""));
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_is_valid_as_table_3_7_says),
        cmocka_unit_test(a_byte_that_is_wrong_is_found_wherever_it_is),
        cmocka_unit_test(every_code_point_encodes_to_valid_utf8),
        cmocka_unit_test(base64_goes_there_and_back),
        cmocka_unit_test(base64_accepts_slack_bits),
        cmocka_unit_test(base64_refuses_what_it_is_not),
        cmocka_unit_test(hexadecimal_is_lower_case),
        cmocka_unit_test(hexadecimal_digits_have_values),
        cmocka_unit_test(strings_of_json_are_quoted),
        cmocka_unit_test(numbers_are_told_in_decimal),
        cmocka_unit_test(parts_are_joined_with_a_nul_behind),
        cmocka_unit_test(an_arena_that_failed_gives_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
