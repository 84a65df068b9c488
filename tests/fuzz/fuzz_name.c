/*
 * Any bytes as a name: a refusal leaves the results as they were; a name that is accepted lies
 * within what was sent, folds to itself, and folds as every text that is canonically equivalent
 * does.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include <utf8proc.h>

#include "storage/keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct slice fold(struct arena *arena, struct slice name)
{
    struct slice trimmed;
    struct slice folded;

    assert(key_fold_name(arena, name, &trimmed, &folded) == NULL);
    return folded;
}

/* The name in another normalization form is the same name. */
static void check_form(struct arena *arena, struct slice name, struct slice folded,
                       utf8proc_option_t form)
{
    utf8proc_uint8_t *text = NULL;
    utf8proc_ssize_t len = utf8proc_map((const utf8proc_uint8_t *)name.data,
                                        (utf8proc_ssize_t)name.len, &text, UTF8PROC_STABLE | form);

    assert(len >= 0);
    assert(slice_equal(fold(arena, slice_make(text, (size_t)len)), folded));
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice trimmed = SLICE("kept");
    struct slice folded = SLICE("kept");
    struct slice name = slice_make(data, size);
    struct arena arena;

    if (size > 4096)
        return 0;
    arena_init(&arena, NULL, 1 << 24);
    if (key_fold_name(&arena, name, &trimmed, &folded) != NULL) {
        assert(slice_equal(trimmed, SLICE("kept")) && slice_equal(folded, SLICE("kept")));
    } else if (size > 0) {
        assert(trimmed.len > 0 && trimmed.len <= size && folded.len > 0);
        assert(folded.data[0] != ' ' && folded.data[folded.len - 1] != ' ');
        assert(slice_equal(fold(&arena, folded), folded));
        assert(slice_equal(fold(&arena, trimmed), folded));
        check_form(&arena, trimmed, folded, UTF8PROC_DECOMPOSE);
        check_form(&arena, trimmed, folded, UTF8PROC_COMPOSE);
    }
    arena_done(&arena);
    return 0;
}
