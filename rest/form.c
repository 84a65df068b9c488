/* Splitting and decoding of forms. */
#include "rest/form.h"

#include <assert.h>

struct status form__parse(struct arena *arena, struct slice form,
                          struct query_parameter **ret_parameters, size_t *ret_count)
{
    struct query_parameter *parameters;
    struct slice pair = SLICE_EMPTY;
    size_t count = 0;

    if (form.len > FORM_BYTES_MOST)
        return status_make(arena, STATUS_INVALID_ARGUMENT, "The form exceeds %zu bytes.",
                           FORM_BYTES_MOST);
    parameters = arena_array(arena, FORM_PARAMETERS_MOST, sizeof(parameters[0]));
    if (parameters == NULL)
        return status_out_of_memory();
    while (query__next_pair(&form, &pair)) {
        struct status status;

        if (count == FORM_PARAMETERS_MOST)
            return status_make(arena, STATUS_INVALID_ARGUMENT,
                               "The form has more than %d parameters.", FORM_PARAMETERS_MOST);
        status = query__parse_pair(arena, pair, "a parameter of the form", FORM_NAME_MOST,
                                   &parameters[count++]);
        if (!status_is_ok(status))
            return status;
    }
    if (arena_failed(arena))
        return status_out_of_memory();
    assert(count <= FORM_PARAMETERS_MOST);
    *ret_parameters = parameters;
    *ret_count = count;
    return status_ok();
}
