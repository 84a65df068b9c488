/* See formats.h. */
#include "tests/support/formats.h"

void expect_format(enum format format, struct slice text, const char *wanted)
{
    struct format_violation violation = {0};
    struct slice sentence = slice_from_cstr(wanted);
    struct arena arena;
    bool good;

    arena_init(&arena, NULL, (size_t)8 << 20);
    good = format_check(&arena, format, text, &violation);
    if (good != (wanted == NULL) || (!good && !slice_equal(violation.description, sentence)))
        fail_msg("\"%.*s\": wanted %s, got %.*s", SLICE_ARG(text), wanted ? wanted : "no violation",
                 SLICE_ARG(violation.description));
    arena_done(&arena);
}

void expect_formats(enum format format, const struct format_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect_format(format, cases[i].text, cases[i].wanted);
}

#ifdef DATASTREAM_FAULTS

void fail_each_allocation(enum format format, struct slice text, bool wanted)
{
    for (unsigned long number = 1;; number++) {
        for (int onward = 0; onward <= 1; onward++) {
            struct format_violation violation = {0};
            struct arena arena;
            bool good;

            arena_init(&arena, NULL, (size_t)8 << 20);
            arena_fault_arm(&arena, number, onward == 1);
            good = format_check(&arena, format, text, &violation);
            if (!arena_failed(&arena)) {
                assert_int_equal(good, wanted);
                arena_done(&arena);
                return;
            }
            assert_false(good);
            arena_done(&arena);
        }
    }
}
#endif
