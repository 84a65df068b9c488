/*
 * Any text as a pipeline: a refusal has a sentence and a place; what is seen before the end is good
 * (strings' quotes parse, references have a name); a second reading says the same; and with an
 * allocation that fails the arena has failed.
 */
#include <assert.h>
#include <stdint.h>

#include "rpc/call/formats.h"
#include "rpc/call/pipeline_yaml.h"
#include "rpc/call/quotes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MEMORY_MOST ((size_t)8 << 20)

struct seen {
    struct arena *arena;
    size_t texts;
    size_t references;
};

static void see_text(void *context, struct slice value, struct text_place place)
{
    struct seen *seen = context;
    struct format_violation violation;

    assert(place.line > 0 && place.column > 0);
    assert(quotes_check(seen->arena, value, &violation));
    seen->texts++;
}

static void see_reference(void *context, struct slice name, struct text_place place)
{
    struct seen *seen = context;

    assert(name.len > 0 && place.line > 0 && place.column > 0);
    seen->references++;
}

static bool read(struct arena *arena, struct slice text, struct seen *seen,
                 struct format_violation *ret_violation)
{
    struct pipeline_visitor visitor = {seen, see_text, see_reference};

    *seen = (struct seen){.arena = arena};
    return pipeline_yaml_read(arena, text, &visitor, ret_violation);
}

#ifdef DATASTREAM_FAULTS
static void fail_one_allocation(struct slice text, unsigned long number)
{
    struct format_violation violation;
    struct arena arena;
    bool good;

    arena_init(&arena, NULL, MEMORY_MOST);
    arena_fault_arm(&arena, number, false);
    good = format_check(&arena, FORMAT_PIPELINE_YAML, text, &violation);
    assert(!good || !arena_failed(&arena));
    arena_done(&arena);
}
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_make(data, size);
    struct format_violation violation = {0};
    struct format_violation again = {0};
    struct seen seen;
    struct seen seen_again;
    struct arena arena;
    bool good;

    arena_init(&arena, NULL, MEMORY_MOST);
    good = read(&arena, text, &seen, &violation);
    assert(!arena_failed(&arena));
    assert(good == read(&arena, text, &seen_again, &again));
    assert(slice_equal(violation.description, again.description));
    assert(seen.texts == seen_again.texts && seen.references == seen_again.references);
    if (!good) {
        assert(violation.description.len > 0);
        assert((violation.place.line == 0) == (size > (size_t)256 * 1024));
    }
    arena_done(&arena);
#ifdef DATASTREAM_FAULTS
    fail_one_allocation(text, 1 + size % 16);
#endif
    return 0;
}
