/*
 * Any bytes as a form, and as Basic credentials: what is read is UTF-8 without U+0000, within the
 * bounds, no longer than what was sent.
 */
#include <assert.h>
#include <stdint.h>

#include "base/text.h"
#include "rest/form.h"
#include "rpc/call/basic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(struct slice text, size_t most)
{
    assert(text.len <= most);
    assert(utf8_is_valid(text));
    assert(slice_find(text, '\0') == text.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct query_parameter *parameters;
    struct slice id, secret;
    struct arena arena;
    size_t count = 0;

    arena_init(&arena, NULL, (size_t)4 << 20);
    if (status_is_ok(form__parse(&arena, slice_make(data, size), &parameters, &count))) {
        assert(size <= FORM_BYTES_MOST && count <= FORM_PARAMETERS_MOST);
        for (size_t i = 0; i < count; i++) {
            check_text(parameters[i].name, FORM_NAME_MOST);
            check_text(parameters[i].value, size);
        }
    }
    if (basic_parse(&arena, slice_make(data, size), &id, &secret) == BASIC_FOUND) {
        assert(id.data != NULL && slice_find(id, ':') == id.len);
        assert(id.len + secret.len < size);
    }
    arena_done(&arena);
    return 0;
}
