/* Splitting and decoding of forms. */
#include "rest/form.h"

static struct status parse_parameter(struct arena *arena, struct slice piece,
                                     struct query_parameter *ret_parameter)
{
    size_t equals = slice_find(piece, '=');
    struct slice value = equals < piece.len ? slice_from(piece, equals + 1) : SLICE_EMPTY;
    struct query_parameter parameter = {.name = SLICE_EMPTY};
    const char *why = percent_decode(arena, slice_make(piece.data, equals), PERCENT_QUERY,
                                     &parameter.name);

    if (why != NULL)
        return status_make(arena, STATUS_INVALID_ARGUMENT,
                           "The name of a parameter of the form cannot be decoded: %s.", why);
    if (parameter.name.len > FORM_NAME_MOST)
        return status_make(arena, STATUS_INVALID_ARGUMENT,
                           "The name of a parameter of the form exceeds %d bytes.", FORM_NAME_MOST);
    why = percent_decode(arena, value, PERCENT_QUERY, &parameter.value);
    if (why != NULL)
        return status_invalid_field(arena, parameter.name, "cannot be decoded (%s)", why);
    *ret_parameter = parameter;
    return status_ok();
}

struct status form_parse(struct arena *arena, struct slice form,
                         struct query_parameter **ret_parameters, size_t *ret_count)
{
    struct query_parameter *parameters;
    size_t count = 0;

    if (form.len > FORM_BYTES_MOST)
        return status_make(arena, STATUS_INVALID_ARGUMENT, "The form exceeds %zu bytes.",
                           FORM_BYTES_MOST);
    parameters = arena_array(arena, FORM_PARAMETERS_MOST, sizeof(parameters[0]));
    if (parameters == NULL)
        return status_out_of_memory();
    while (form.len > 0) {
        struct slice piece = slice_make(form.data, slice_find(form, '&'));
        struct status status;

        form = slice_from(form, piece.len < form.len ? piece.len + 1 : piece.len);
        if (piece.len == 0)
            continue;
        if (count == FORM_PARAMETERS_MOST)
            return status_make(arena, STATUS_INVALID_ARGUMENT,
                               "The form has more than %d parameters.", FORM_PARAMETERS_MOST);
        status = parse_parameter(arena, piece, &parameters[count++]);
        if (!status_is_ok(status))
            return status;
    }
    if (arena_failed(arena))
        return status_out_of_memory();
    *ret_parameters = parameters;
    *ret_count = count;
    return status_ok();
}
