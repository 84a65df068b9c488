/*
 * All violations at once: beside what could not be read, what the contract's rules find in the
 * rest. The chain never sees a request that was read in part.
 */
#include "rest/endpoint.h"

/* Up to the first element of a list or a map: of a list read in part nothing more is said. */
static struct slice without_elements(struct slice path)
{
    return slice_make(path.data, slice_find(path, '['));
}

static bool is_within(struct slice path, struct slice outer)
{
    return slice_starts_with(path, outer) && (path.len == outer.len || path.data[outer.len] == '.');
}

/* Whether one of the details is of the same field, of one around it or of one in it. */
static bool is_said(const struct status_detail *details, struct slice path)
{
    struct slice field = without_elements(path);

    for (const struct status_detail *d = details; d != NULL; d = d->next) {
        struct slice said = without_elements(d->subject);

        if (is_within(field, said) || is_within(said, field))
            return true;
    }
    return false;
}

struct status rest__more_violations(struct rest_call *call, const ProtobufCMessage *read,
                                    struct status status)
{
    const struct method *method = call->endpoint->method;
    struct arena *arena = call->exchange->arena;
    const ProtobufCMessage *resource = NULL;
    struct violations found = {0};
    struct violations all = {0};

    if (status.code != STATUS_INVALID_ARGUMENT || read == NULL)
        return status;
    if (call->endpoint->creates && method->resource != NULL)
        resource = field_get_message(read, method->resource);
    if (resource != NULL)
        validate_message(arena, method->resource->message, resource, SLICE_EMPTY, NULL, &found);
    /* As the chain does; of an update, what is kept is checked with what is changed. */
    validate_message(arena, method->input, read, SLICE_EMPTY, method->resource, &found);
    for (const struct status_detail *d = status.details; d != NULL; d = d->next)
        violations_add(&all, arena, d->subject, "%.*s", SLICE_ARG(d->description));
    for (const struct status_detail *d = found.first; d != NULL; d = d->next)
        if (!is_said(status.details, d->subject))
            violations_add(&all, arena, d->subject, "%.*s", SLICE_ARG(d->description));
    return violations_status(&all, arena);
}
