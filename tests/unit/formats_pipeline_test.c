/* Pipelines in YAML: what passes, what is seen, where and with which words the rest fails, and how
 * long the worst takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "rpc/call/pipeline_yaml.h"
#include "tests/support/formats.h"

#define T(text) SLICE_INIT(text)
/* One processor, whose own keys follow with an indentation of 4. */
#define SET(more) T("processors:\n- set:\n" more)

static void pipelines_pass(void **state)
{
    static const struct format_case cases[] = {
        {T(""), NULL},
        {T("# nothing yet\n"), NULL},
        {T("---\n...\n# end\n"), NULL},
        {T("~"), NULL},
        {T("\xef\xbb\xbfprocessors: []"), NULL},
        {T("processors: []\n"), NULL},
        {T("{\"processors\": [{\"set\": {\"a\": [1, {\"b\": null}]}}]}"), NULL},
        {T("processors:\r\n- drop:\r\n- set: ~\r\n"), NULL},
        {T("if: a == 1\ntag: t\ndescription: 5\nignore_failure: True\non_failure:\n- fail: {}\n"
           "processors:\n  - set:\n      field: event.kind\n      value: event\n      if: x\n"
           "      tag: t\n      description: d\n      ignore_failure: false\n"
           "      on_failure: [{drop: }, {set: {on_failure: []}}]\n"),
         NULL},
        {SET("    yes: 1\n    on: 2\n    '5': 3\n    \"true\": 4\n    !!str 6: 7\n    1.2.3: x\n"),
         NULL},
        {SET("    a: &x [1, &y 2]\n    b: *x\n    c: *y\n- &p\n  drop: &b {tag: t}\n- *p\n"
             "- set: *b\n- set: &n\n- set: *n\n- set: {if: &c a, tag: *c}\n"),
         NULL},
        {SET("    a: |\n      %TAG\n      ...x\n    b: !!int 5\n    c: !!map {}\n    d: ! x\n"),
         NULL},
        {T("processors:\n- pipeline: &p {name: abc}\n- pipeline: *p\n"), NULL},
        {T("processors:\n- foreach: {field: f, processor: {set: {}}}\n"), NULL},
        {SET("    processor: [x]\n    name: [y]\n"), NULL},
    };

    (void)state;
    expect_formats(FORMAT_PIPELINE_YAML, cases, COUNT(cases));
}

static void structure_is_refused_at_its_place(void **state)
{
    static const char one_key[] =
        "must have for each processor a map whose one key is its name (line 2, column 3)";
    static const struct format_case cases[] = {
        {T("x"), "must be a map with the list \"processors\" (line 1, column 1)"},
        {T("[]"), "must be a map with the list \"processors\" (line 1, column 1)"},
        {T("{}"), "must be a map with the list \"processors\" (line 1, column 1)"},
        {T("\ntag: t"), "must be a map with the list \"processors\" (line 2, column 1)"},
        {T("on_failure: []"), "must be a map with the list \"processors\" (line 1, column 1)"},
        {T("processors: [a, b]"),
         "must have for each processor a map whose one key is its name (line 1, column 14)"},
        {T("processors:"), "must have a list of processors in \"processors\" (line 1, column 12)"},
        {T("processors: {}"),
         "must have a list of processors in \"processors\" (line 1, column 13)"},
        {T("processors: []\nname: x"),
         "must not have the key \"name\" beside processors, on_failure, if, ignore_failure, tag "
         "and description (line 2, column 1)"},
        {T("processors:\n- [a]"), one_key},
        {T("processors:\n- {}"), one_key},
        {T("processors:\n- ~"), one_key},
        {T("processors:\n- a: {}\n  b: {}"),
         "must have for each processor a map whose one key is its name (line 3, column 3)"},
        {T("processors:\n- \"\": {}"), one_key},
        {T("processors:\n- set: x"), "must have a map in \"set\" (line 2, column 8)"},
        {T("processors:\n- set: []"), "must have a map in \"set\" (line 2, column 8)"},
        {SET("    if: [a]\n"), "must have a string in \"if\" (line 3, column 9)"},
        {SET("    tag:\n"), "must have a string in \"tag\" (line 3, column 9)"},
        {SET("    ignore_failure: 'true'\n"),
         "must have true or false in \"ignore_failure\" (line 3, column 21)"},
        {SET("    on_failure:\n    - x\n"),
         "must have for each processor a map whose one key is its name (line 4, column 7)"},
        {T("processors:\n- pipeline:"),
         "must have a map with a \"name\" in \"pipeline\" (line 2, column 12)"},
        {T("processors:\n- pipeline: {if: a}"),
         "must have a map with a \"name\" in \"pipeline\" (line 2, column 13)"},
        {T("processors:\n- pipeline: {name: }"),
         "must have the name of a pipeline in \"name\" (line 2, column 20)"},
        {T("processors:\n- pipeline: {name: [a]}"),
         "must have the name of a pipeline in \"name\" (line 2, column 20)"},
        {T("processors:\n- foreach: {processor: x}"),
         "must have for each processor a map whose one key is its name (line 2, column 24)"},
    };

    (void)state;
    expect_formats(FORMAT_PIPELINE_YAML, cases, COUNT(cases));
}

static void yaml_is_refused_at_its_place(void **state)
{
    static const char keys[] = "must have strings as keys; put numbers, true, false and null in "
                               "quotes (line 3, column 5)";
    static const char tag[] =
        "must not have a tag here other than those of strings, numbers, true, "
        "false, null, lists and maps (line 3, column 8)";
    static const struct format_case cases[] = {
        {T("processors: []\nprocessors: []"),
         "must not have the key \"processors\" twice in one map (line 2, column 1)"},
        {SET("    a: 1\n    b: 1\n    \"a\": 2\n    b: 3\n    a: 4\n"),
         "must not have the key \"a\" twice in one map (line 5, column 5)"},
        {SET("\ta: 1\n"), "must not be indented with tabs (line 3, column 1)"},
        {T("processors:\n\t- set: {}\n"), "must not be indented with tabs (line 2, column 1)"},
        {T("processors: []\n---\n"), "must hold one document (line 2, column 1)"},
        {T("---\n---\n"), "must hold one document (line 2, column 1)"},
        {T("%YAML 1.1\n---\nprocessors: []"),
         "must not have directives (lines that begin with \"%\") (line 1, column 1)"},
        {T("# a\n\n%TAG ! x\n---\n"),
         "must not have directives (lines that begin with \"%\") (line 3, column 1)"},
        {T("processors: []\n...\n%TAG ! x\n"),
         "must not have directives (lines that begin with \"%\") (line 3, column 1)"},
        {SET("    5: a\n"), keys},
        {SET("    true: a\n"), keys},
        {SET("    ~: a\n"), keys},
        {SET("    1e3: a\n"), keys},
        {SET("    0x1F: a\n"), keys},
        {SET("    -.inf: a\n"), keys},
        {SET("    [a]: a\n"), keys},
        {SET("    ? {a: b}\n    : a\n"),
         "must have strings as keys; put numbers, true, false and null in quotes (line 3, column "
         "7)"},
        {SET("    <<: {a: b}\n"), "must not use the merge key \"<<\" (line 3, column 5)"},
        {SET("    a: !x b\n"), tag},
        {SET("    a: !!binary b\n"), tag},
        {SET("    a: !!map []\n"), tag},
        {SET("    a: *x\n"), "must define the anchor \"x\" before its alias (line 3, column 8)"},
        {SET("    a: &x [*x]\n"),
         "must not have the alias \"x\" within its anchor (line 3, column 12)"},
        {SET("    a: &x [1]\n- *x\n"),
         "must have for each processor a map whose one key is its name (line 4, column 3)"},
        {SET("    a: &x {b: c}\n- pipeline: *x\n"),
         "must have a map with a \"name\" in \"pipeline\" (line 4, column 13)"},
        {SET("    a: $secret{id=5}\n"), "must have a UUID after $secret{id= (line 3, column 8)"},
        {SET("    a: \"b $env{\"\n"), "must close every quote with \"}\" (line 3, column 11)"},
        {SET("    a: |\n      b $env{\n"), "must close every quote with \"}\" (line 3, column 8)"},
        {T("processors: ["),
         "must be YAML: did not find expected node content (line 1, column 14)"},
        {T("tag: b: c"),
         "must be YAML: mapping values are not allowed in this context (line 1, column 7)"},
        {T("tag: 'x"), "must be YAML: found unexpected end of stream (line 1, column 8)"},
        {T("tag: x\nif: a\001b"),
         "must be YAML: control characters are not allowed (line 2, column 6)"},
        {T("tag: x\nif: a\0b"),
         "must be YAML: control characters are not allowed (line 2, column 6)"},
    };

    (void)state;
    expect_formats(FORMAT_PIPELINE_YAML, cases, COUNT(cases));
}

struct seen {
    struct arena *arena;
    struct slice text;
};

static void see_text(void *context, struct slice value, struct text_place place)
{
    struct seen *seen = context;

    seen->text = arena_printf(seen->arena, "%.*s%.*s@%zu:%zu ", SLICE_ARG(seen->text),
                              SLICE_ARG(value), place.line, place.column);
}

static void see_reference(void *context, struct slice name, struct text_place place)
{
    struct seen *seen = context;

    seen->text = arena_printf(seen->arena, "%.*s<%.*s@%zu:%zu> ", SLICE_ARG(seen->text),
                              SLICE_ARG(name), place.line, place.column);
}

static void strings_and_references_are_seen_where_they_stand(void **state)
{
    const struct slice content = SLICE("processors:\n"
                                       "- set: {key: &v $x, n: 5, t: true, l: [a, *v, ~]}\n"
                                       "- pipeline:\n"
                                       "    name: first\n"
                                       "    on_failure:\n"
                                       "    - foreach:\n"
                                       "        processor: {pipeline: {name: *v}}\n"
                                       "- other: {pipeline: {name: none}}\n");
    struct format_violation violation;
    struct arena arena;
    struct seen seen = {&arena, SLICE("")};
    struct pipeline_visitor visitor = {&seen, see_text, see_reference};
    const struct slice wanted = SLICE(
        "$x@2:14 a@2:40 <first@4:11> first@4:11 <$x@7:38> none@8:28 ");

    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    assert_true(pipeline_yaml_read(&arena, content, &visitor, &violation));
    if (!slice_equal(seen.text, wanted))
        fail_msg("wanted %.*s, got %.*s", SLICE_ARG(wanted), SLICE_ARG(seen.text));
    arena_done(&arena);
}

/* What a text of 256 KiB costs: `head`, then `unit` until it is full, then `tail`. */
static struct slice filled(char *text, const char *head, const char *unit, const char *tail)
{
    size_t len = strlen(head);
    size_t most = 256 * 1024 - strlen(tail);

    memcpy(text, head, len);
    while (len + strlen(unit) <= most) {
        memcpy(text + len, unit, strlen(unit));
        len += strlen(unit);
    }
    memcpy(text + len, tail, strlen(tail));
    return slice_make(text, len + strlen(tail));
}

static long milliseconds_of(struct slice text, bool wanted)
{
    struct format_violation violation = {0};
    struct timespec from;
    struct timespec to;
    struct arena arena;
    bool good;

    arena_init(&arena, NULL, (size_t)4 << 20);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    good = format_check(&arena, FORMAT_PIPELINE_YAML, text, &violation);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    assert_false(arena_failed(&arena));
    if (good != wanted)
        fail_msg("%.*s...: got %.*s", 40, text.data, SLICE_ARG(violation.description));
    arena_done(&arena);
    return (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000;
}

static void the_worst_texts_take_little_time_and_memory(void **state)
{
    static const struct {
        const char *head;
        const char *unit;
        const char *tail;
        bool good;
    } cases[] = {
        {"processors:\n", "- set:\n    field: event.kind\n    value: event\n", "", true},
        {"processors: [{a: {b: [", "a,", "]}}]", false},
        {"processors: [{a: {b: [", "a: b,", "]}}]", false},
        {"processors:\n- a: {b: ", "[", "", false},
        {"processors:\n- a: {b: ", "[\n", "", false},
        {"processors:\n- a: {b: ", "{", "", false},
        {"processors:\n- a:\n    b:\n     ", "- ", "", false},
        {"processors:\n- a:\n    b:\n     ", "? ", "", false},
        {"processors: [{a: {b: [", "&a a,", "]}}]", false},
        {"processors: [{a: {b: [&a x,", "*a ,", "]}}]", false},
        {"", "%TAG !a! b\n", "", false},
        {"processors: []\n...\n", "%TAG !a! b\n", "", false},
        {"processors:\n- a: {b: \"", "\\x41", "\"}", true},
        {"processors:\n- a:\n   b: x", " ", "", false},
        {"processors:\n- a:\n   b: x", "\n", "", false},
        {"processors:\n- a:\n   b: \"x", "\n\n \n  a", "\"", true},
        {"processors:\n- a:\n   b: x", "\n    a", "", true},
        {"processors:\n- a:\n   b: ", "$env{A}", "", true},
        {"processors:\n- a:\n   b: ", "$", "", true},
        {"processors:\n- a:\n   b: ", "!", "", false},
        {"processors:\n- a:\n   b: ", "a ", "", true},
        {"", "#\n", "processors: []", true},
    };
    char *text = malloc(256 * 1024);
    long worst = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct slice full = filled(text, cases[i].head, cases[i].unit, cases[i].tail);
        long took = milliseconds_of(full, cases[i].good);

        for (int again = 0; again < 3 && took > 50; again++) /* others may use the processor */
            took = milliseconds_of(full, cases[i].good);
        if (took > 50)
            print_message("[%zu] %s: %ld ms\n", i, cases[i].unit, took);
        worst = took > worst ? took : worst;
    }
    print_message("the slowest takes %ld ms\n", worst);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    assert_true(worst <= 50);
#endif
    free(text);
}

static void long_runs_of_blanks_do_not_make_folds_slow(void **state)
{
    char *text = malloc(256 * 1024);
    char head[1200] = "processors:\n- a:\n   b: \"x";
    size_t len = strlen(head);
    long took;

    (void)state;
    memset(head + len, ' ', 1024);
    head[len + 1024] = 'y';
    took = milliseconds_of(filled(text, head, "\na", "\""), true);
    assert_true(took <= 500);
    took = milliseconds_of(filled(text, head, "\n a", "\""), true);
    print_message("folds after a run of blanks take %ld ms\n", took);
    head[len + 1024] = ' ';
    head[len + 1025] = 'y';
    expect_format(FORMAT_PIPELINE_YAML, slice_from_cstr(head),
                  "must have at most 1024 blanks in a row (line 3, column 1033)");
    free(text);
}

static void sizes_are_bounded(void **state)
{
    char *text = calloc(1, 256 * 1024 + 1);

    (void)state;
    memset(text, '#', 256 * 1024 + 1);
    expect_format(FORMAT_PIPELINE_YAML, slice_make(text, 256 * 1024), NULL);
    expect_format(FORMAT_PIPELINE_YAML, slice_make(text, 256 * 1024 + 1),
                  "must have at most 262144 bytes");
    expect_format(FORMAT_PIPELINE_YAML, filled(text, "processors: [{a: {b: [", "a,", "]}}]"),
                  "must have at most 50000 keys and values (line 1, column 100007)");
    free(text);
}

static struct slice nested(char *text, size_t levels)
{
    size_t len = strlen("processors: [{a: {b: ");

    memcpy(text, "processors: [{a: {b: ", len);
    memset(text + len, '[', levels);
    memset(text + len + levels, ']', levels);
    memcpy(text + len + 2 * levels, "}}]", 3);
    return slice_make(text, len + 2 * levels + 3);
}

static void depth_is_bounded(void **state)
{
    char text[300];

    (void)state;
    expect_format(FORMAT_PIPELINE_YAML, nested(text, 60), NULL);
    expect_format(FORMAT_PIPELINE_YAML, nested(text, 61),
                  "must have at most 64 maps and lists in one another (line 1, column 82)");
}

/* Levels of anchors: each list names the one before it `aliases` times. */
static struct slice bomb(struct arena *arena, size_t levels, size_t aliases)
{
    struct slice text = SLICE("processors:\n- set:\n    a0: &a0 [x]\n");

    for (size_t level = 1; level <= levels; level++) {
        text = arena_printf(arena, "%.*s    a%zu: &a%zu [", SLICE_ARG(text), level, level);
        for (size_t i = 0; i < aliases; i++)
            text = arena_printf(arena, "%.*s%s*a%zu", SLICE_ARG(text), i == 0 ? "" : ", ",
                                level - 1);
        text = arena_printf(arena, "%.*s]\n", SLICE_ARG(text));
    }
    return text;
}

static void expansions_of_aliases_are_counted_through_anchors(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    expect_format(FORMAT_PIPELINE_YAML, bomb(&arena, 10, 10),
                  "must have at most 100 expansions of aliases (line 5, column 54)");
    expect_format(FORMAT_PIPELINE_YAML, bomb(&arena, 1, 100), NULL);
    expect_format(FORMAT_PIPELINE_YAML, bomb(&arena, 1, 101),
                  "must have at most 100 expansions of aliases (line 4, column 514)");
    expect_format(FORMAT_PIPELINE_YAML, bomb(&arena, 13, 1), NULL);
    expect_format(FORMAT_PIPELINE_YAML, bomb(&arena, 14, 1),
                  "must have at most 100 expansions of aliases (line 17, column 16)");
    arena_done(&arena);
}

#ifdef DATASTREAM_FAULTS
static void each_failed_allocation_is_seen(void **state)
{
    (void)state;
    fail_each_allocation(FORMAT_PIPELINE_YAML,
                         SLICE("processors:\n- &p\n  set: {a: &x [&y 1], b: *x, c: *y}\n- *p\n"),
                         true);
    fail_each_allocation(FORMAT_PIPELINE_YAML, SLICE("processors: [a, b]"), false);
    fail_each_allocation(FORMAT_PIPELINE_YAML, SLICE("tag: b: c"), false);
    fail_each_allocation(FORMAT_PIPELINE_YAML, SLICE("tag: a\ntag: b"), false);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pipelines_pass),
        cmocka_unit_test(structure_is_refused_at_its_place),
        cmocka_unit_test(yaml_is_refused_at_its_place),
        cmocka_unit_test(strings_and_references_are_seen_where_they_stand),
        cmocka_unit_test(the_worst_texts_take_little_time_and_memory),
        cmocka_unit_test(long_runs_of_blanks_do_not_make_folds_slow),
        cmocka_unit_test(sizes_are_bounded),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(expansions_of_aliases_are_counted_through_anchors),
#ifdef DATASTREAM_FAULTS
        cmocka_unit_test(each_failed_allocation_is_seen),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
