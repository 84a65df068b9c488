/* Making statuses, and the table of what belongs to each code. */
#include "base/status.h"

static const struct {
    const char *name;
    int http;
} codes[STATUS_CODES] = {
    [STATUS_OK] = {"OK", 200},
    [STATUS_CANCELLED] = {"CANCELLED", 499},
    [STATUS_UNKNOWN] = {"UNKNOWN", 500},
    [STATUS_INVALID_ARGUMENT] = {"INVALID_ARGUMENT", 400},
    [STATUS_DEADLINE_EXCEEDED] = {"DEADLINE_EXCEEDED", 504},
    [STATUS_NOT_FOUND] = {"NOT_FOUND", 404},
    [STATUS_ALREADY_EXISTS] = {"ALREADY_EXISTS", 409},
    [STATUS_PERMISSION_DENIED] = {"PERMISSION_DENIED", 403},
    [STATUS_RESOURCE_EXHAUSTED] = {"RESOURCE_EXHAUSTED", 429},
    [STATUS_FAILED_PRECONDITION] = {"FAILED_PRECONDITION", 400},
    [STATUS_ABORTED] = {"ABORTED", 409},
    [STATUS_OUT_OF_RANGE] = {"OUT_OF_RANGE", 400},
    [STATUS_UNIMPLEMENTED] = {"UNIMPLEMENTED", 501},
    [STATUS_INTERNAL] = {"INTERNAL", 500},
    [STATUS_UNAVAILABLE] = {"UNAVAILABLE", 503},
    [STATUS_DATA_LOSS] = {"DATA_LOSS", 500},
    [STATUS_UNAUTHENTICATED] = {"UNAUTHENTICATED", 401},
};

const char *status_code_name(enum status_code code)
{
    return (unsigned)code < STATUS_CODES ? codes[code].name : codes[STATUS_UNKNOWN].name;
}

static bool has_precondition(const struct status *status, struct slice type)
{
    for (const struct status_detail *d = status->details; d != NULL; d = d->next)
        if (d->type == DETAIL_PRECONDITION_VIOLATION && slice_equal(d->kind, type))
            return true;
    return false;
}

int status_http(const struct status *status)
{
    if (status->code == STATUS_FAILED_PRECONDITION &&
        has_precondition(status, SLICE(PRECONDITION_REFERENCED)))
        return 409;
    if (status->code == STATUS_ABORTED && has_precondition(status, SLICE(PRECONDITION_ETAG)))
        return 412;
    return (unsigned)status->code < STATUS_CODES ? codes[status->code].http : 500;
}

struct status status_make(struct arena *arena, enum status_code code, const char *format, ...)
{
    struct status status = {.code = code};
    va_list args;

    va_start(args, format);
    status.message = arena_vprintf(arena, format, args);
    va_end(args);
    return arena_failed(arena) ? status_out_of_memory() : status;
}

void status_add_detail(struct arena *arena, struct status *status, enum status_detail_type type,
                       struct slice subject, struct slice kind, struct slice description)
{
    struct status_detail *detail = arena_zalloc(arena, sizeof(*detail));
    struct status_detail **tail = &status->details;

    if (detail == NULL)
        return;
    detail->type = type;
    detail->subject = subject;
    detail->kind = kind;
    detail->description = description;
    while (*tail != NULL)
        tail = &(*tail)->next;
    *tail = detail;
}

struct status status_invalid_field(struct arena *arena, struct slice field, const char *format, ...)
{
    struct status status = {.code = STATUS_INVALID_ARGUMENT};
    struct slice description;
    va_list args;

    va_start(args, format);
    description = arena_vprintf(arena, format, args);
    va_end(args);
    status.message = arena_printf(arena, "%.*s: %.*s", SLICE_ARG(field), SLICE_ARG(description));
    status_add_detail(arena, &status, DETAIL_FIELD_VIOLATION, field, SLICE_EMPTY, description);
    return arena_failed(arena) ? status_out_of_memory() : status;
}

void violations_add(struct violations *violations, struct arena *arena, struct slice field,
                    const char *format, ...)
{
    struct status_detail *detail;
    va_list args;

    if (violations->count++ >= VIOLATIONS_MOST)
        return;
    detail = arena_zalloc(arena, sizeof(*detail));
    if (detail == NULL)
        return;
    detail->type = DETAIL_FIELD_VIOLATION;
    detail->subject = arena_copy(arena, field);
    va_start(args, format);
    detail->description = arena_vprintf(arena, format, args);
    va_end(args);
    if (violations->last == NULL)
        violations->first = detail;
    else
        violations->last->next = detail;
    violations->last = detail;
}

struct status violations_status(const struct violations *violations, struct arena *arena)
{
    struct status status = {.code = STATUS_INVALID_ARGUMENT, .details = violations->first};
    const struct status_detail *first = violations->first;

    if (violations->count == 0)
        return arena_failed(arena) ? status_out_of_memory() : status_ok();
    if (first == NULL)
        return status_out_of_memory();
    if (violations->count == 1)
        status.message = arena_printf(arena, "%.*s: %.*s", SLICE_ARG(first->subject),
                                      SLICE_ARG(first->description));
    else
        status.message = arena_printf(arena, "%zu fields are invalid; the first is %.*s: %.*s",
                                      violations->count, SLICE_ARG(first->subject),
                                      SLICE_ARG(first->description));
    return arena_failed(arena) ? status_out_of_memory() : status;
}
