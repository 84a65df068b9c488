/* Quotes of secrets and variables in strings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rpc/call/quotes.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define T(text) SLICE_INIT(text)
#define ID "0198c0de-0000-7000-8000-0123456789ab"

/* "secret|external store ref|env NAME" of each quote, and "!" where a bad one ended the search. */
static struct slice print(struct arena *arena, struct slice text)
{
    struct slice out = SLICE("");
    enum quote_found found;
    const char *problem;
    struct quote quote;
    size_t at = 0;

    while ((found = quote_next(text, &at, &quote, &problem)) == QUOTE_FOUND) {
        assert_int_equal(at, quote.offset + quote.len);
        if (quote.kind == QUOTE_SECRET) {
            char id[UUID_TEXT_LEN];

            uuid_format(&quote.id, id);
            out = arena_printf(arena, "%.*s<%.*s>", SLICE_ARG(out), UUID_TEXT_LEN, id);
        } else if (quote.kind == QUOTE_EXTERNAL) {
            out = arena_printf(arena, "%.*s<%.*s %.*s>", SLICE_ARG(out), SLICE_ARG(quote.store),
                               SLICE_ARG(quote.reference));
        } else {
            out = arena_printf(arena, "%.*s<%.*s>", SLICE_ARG(out), SLICE_ARG(quote.variable));
        }
    }
    return found == QUOTE_BAD ? arena_printf(arena, "%.*s!%zu", SLICE_ARG(out), at) : out;
}

static void quotes_are_found_wherever_they_stand(void **state)
{
    static const struct {
        struct slice text;
        struct slice wanted;
    } cases[] = {
        {T(""), T("")},
        {T("plain $ $$ {x} $secret $env ${x} $SECRET{x} $(y)"), T("")},
        {T("$secret{id=" ID "}"), T("<" ID ">")},
        {T("$secret{id=0198C0DE-0000-7000-8000-0123456789AB}"), T("<" ID ">")},
        {T("$secret{store=azure-prod,ref=db/main,v=2}"), T("<azure-prod db/main,v=2>")},
        {T("$secret{store=a_1,ref=\xc3\xa9 x}"), T("<a_1 \xc3\xa9 x>")},
        {T("$env{HOME}"), T("<HOME>")},
        {T("a$env{A}b$env{_b2}$secret{store=abc,ref=r}}c$"), T("<A><_b2><abc r>")},
        {T("$$env{A}"), T("<A>")},
        {T("$env{A} $env{"), T("<A>!8")},
        {T("$secret{}"), T("!0")},
        {T("$secret{"), T("!0")},
        {T("x$secret{id=5}"), T("!1")},
        {T("$secret{id=" ID), T("!0")},
        {T("$secret{id=" ID " }"), T("!0")},
        {T("$secret{ id=" ID "}"), T("!0")},
        {T("$secret{ref=r,store=abc}"), T("!0")},
        {T("$secret{store=ab,ref=r}"), T("!0")},
        {T("$secret{store=a b c,ref=r}"), T("!0")},
        {T("$secret{store=abc}"), T("!0")},
        {T("$secret{store=abc,}"), T("!0")},
        {T("$secret{store=abc,ref=}"), T("!0")},
        {T("$secret{store=abc,ref=a\nb}"), T("!0")},
        {T("$secret{name=abc}"), T("!0")},
        {T("$env{}"), T("!0")},
        {T("$env{1A}"), T("!0")},
        {T("$env{A-B}"), T("!0")},
        {T("$env{$env{A}}"), T("!0")},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct slice got = print(&arena, cases[i].text);

        if (!slice_equal(got, cases[i].wanted))
            fail_msg("\"%.*s\": wanted \"%.*s\", got \"%.*s\"", SLICE_ARG(cases[i].text),
                     SLICE_ARG(cases[i].wanted), SLICE_ARG(got));
    }
    arena_done(&arena);
}

static void bounds_of_names_and_references_hold(void **state)
{
    static const struct {
        const char *before;
        size_t most;
    } cases[] = {{"$env{", 128}, {"$secret{store=abc,ref=", 1024}};
    char text[1100];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t start = strlen(cases[i].before);
        const char *problem;
        struct quote quote;
        size_t at = 0;

        memset(text, 'A', sizeof(text));
        memcpy(text, cases[i].before, start);
        text[start + cases[i].most] = '}';
        assert_true(quote_is_whole(slice_make(text, start + cases[i].most + 1), NULL));
        text[start + cases[i].most] = 'A';
        text[start + cases[i].most + 1] = '}';
        assert_int_equal(
            quote_next(slice_make(text, start + cases[i].most + 2), &at, &quote, &problem),
            QUOTE_BAD);
    }
}

static void a_whole_value_is_told_from_a_part(void **state)
{
    struct quote quote = {.kind = QUOTE_ENVIRONMENT};

    (void)state;
    assert_true(quote_is_whole(SLICE("$secret{store=abc,ref=r}"), &quote));
    assert_int_equal(quote.kind, QUOTE_EXTERNAL);
    assert_true(quote_is_whole(SLICE("$env{A}"), NULL));
    assert_false(quote_is_whole(SLICE(""), NULL));
    assert_false(quote_is_whole(SLICE("$"), NULL));
    assert_false(quote_is_whole(SLICE(" $env{A}"), NULL));
    assert_false(quote_is_whole(SLICE("$env{A} "), NULL));
    assert_false(quote_is_whole(SLICE("$$env{A}"), NULL));
    assert_false(quote_is_whole(SLICE("$env{A}$env{B}"), NULL));
    assert_false(quote_is_whole(SLICE("$env{"), NULL));
}

static void a_quote_that_does_not_parse_is_refused_at_its_place(void **state)
{
    static const struct {
        struct slice text;
        struct slice wanted;
    } cases[] = {
        {T("\xc3\xa9 $secret{id=5}"), T("must have a UUID after $secret{id= (column 3)")},
        {T("a\n$secret{}"),
         T("must have secrets as $secret{id=<uuid>} or $secret{store=<provider>,ref=<reference>} "
           "(line 2, column 1)")},
        {T("$env{A} $env{A"), T("must close every quote with \"}\" (column 9)")},
        {T("$env{a b}"),
         T("must have the name of an environment variable in $env{NAME} (column 1)")},
        {T("$secret{store=,ref=r}"),
         T("must have a provider's name of 3 to 128 letters, digits, \"_\" and \"-\" after "
           "$secret{store= (column 1)")},
        {T("$secret{store=abc,ref=}"),
         T("must have a reference of 1 to 1024 characters, none of them a control character, "
           "after ref= (column 1)")},
    };
    struct format_violation violation;
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_false(quotes_check(&arena, cases[i].text, &violation));
        if (!slice_equal(violation.description, cases[i].wanted))
            fail_msg("wanted %.*s, got %.*s", SLICE_ARG(cases[i].wanted),
                     SLICE_ARG(violation.description));
    }
    assert_true(quotes_check(&arena, SLICE("$env{A} and $x"), &violation));
#ifdef DATASTREAM_FAULTS
    arena_fault_arm(&arena, 1, true);
    assert_false(quotes_check(&arena, SLICE("$env{"), &violation));
    assert_true(arena_failed(&arena) && violation.description.len == 0);
#endif
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes_are_found_wherever_they_stand),
        cmocka_unit_test(bounds_of_names_and_references_hold),
        cmocka_unit_test(a_whole_value_is_told_from_a_part),
        cmocka_unit_test(a_quote_that_does_not_parse_is_refused_at_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
