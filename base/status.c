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

static bool has_reason(const struct status *status, struct slice reason)
{
    for (const struct status_detail *d = status->details; d != NULL; d = d->next)
        if (d->type == DETAIL_ERROR_INFO && slice_equal(d->subject, reason))
            return true;
    return false;
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
    if (status->code == STATUS_INVALID_ARGUMENT &&
        has_reason(status, SLICE(STATUS_REASON_KEY_REUSED)))
        return 422;
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

/* What was found of one field. */
struct violations_field {
    struct violations_field *next;
    struct slice path; /* as without_indexes has it */
    size_t count;
    struct status_detail *more; /* says how many follow; NULL while all are kept */
};

/*
 * "members.directorId" of "members[3].directorId"; map keys are in quotes, and may hold brackets.
 */
static struct slice without_indexes(struct arena *arena, struct slice path)
{
    char *text = arena_alloc(arena, path.len);
    bool inside = false, quoted = false;
    size_t len = 0;

    for (size_t i = 0; text != NULL && i < path.len; i++) {
        char c = path.data[i];

        if (inside && quoted && c == '\\')
            i++;
        else if (inside && c == '"')
            quoted = !quoted;
        else if (inside && !quoted && c == ']')
            inside = false;
        else if (!inside && c == '[')
            inside = true;
        else if (!inside)
            text[len++] = c;
    }
    return slice_make(text, text == NULL ? 0 : len);
}

static void append(struct violations *violations, struct status_detail *detail)
{
    if (violations->last == NULL)
        violations->first = detail;
    else
        violations->last->next = detail;
    violations->last = detail;
}

static struct status_detail *append_new(struct violations *violations, struct arena *arena,
                                        struct slice subject, struct slice description)
{
    struct status_detail *detail = arena_zalloc(arena, sizeof(*detail));

    if (detail == NULL)
        return NULL;
    detail->type = DETAIL_FIELD_VIOLATION;
    detail->subject = subject;
    detail->description = description;
    append(violations, detail);
    return detail;
}

/* The field's entry, made where there is none. NULL when the arena failed. */
static struct violations_field *entry_of(struct violations *violations, struct arena *arena,
                                         struct slice path)
{
    struct violations_field *field = violations->fields;

    while (field != NULL && !slice_equal(field->path, path))
        field = field->next;
    if (field != NULL)
        return field;
    field = arena_zalloc(arena, sizeof(*field));
    if (field == NULL)
        return NULL;
    field->path = path;
    field->next = violations->fields;
    violations->fields = field;
    return field;
}

/* Whether the violation is to be kept; one that is not is counted. */
static bool counts_as_kept(struct violations *violations, struct arena *arena, struct slice path)
{
    struct violations_field *field;
    size_t kept = 0;

    if (violations->count++ >= VIOLATIONS_LOOKED_MOST)
        return false;
    field = entry_of(violations, arena, without_indexes(arena, path));
    if (field == NULL)
        return false;
    for (const struct status_detail *d = violations->first; d != NULL; d = d->next)
        kept++;
    if (++field->count <= VIOLATIONS_EACH_MOST)
        return kept < VIOLATIONS_MOST;
    if (field->more == NULL && kept < VIOLATIONS_MOST)
        field->more = append_new(violations, arena, field->path, SLICE_EMPTY);
    return false;
}

void violations_add(struct violations *violations, struct arena *arena, struct slice field,
                    const char *format, ...)
{
    struct slice description;
    va_list args;

    if (!counts_as_kept(violations, arena, field))
        return;
    va_start(args, format);
    description = arena_vprintf(arena, format, args);
    va_end(args);
    append_new(violations, arena, arena_copy(arena, field), description);
}

void violations_add_status(struct violations *violations, struct arena *arena,
                           const struct status *status)
{
    for (const struct status_detail *d = status->details; d != NULL; d = d->next)
        if (d->type == DETAIL_FIELD_VIOLATION && violations->count++ < VIOLATIONS_MOST)
            append_new(violations, arena, d->subject, d->description);
}

/* Up to the first element of a list or a map: of a list read in part nothing more is said. */
static struct slice without_elements(struct slice path)
{
    return slice_make(path.data, slice_find(path, '['));
}

static bool is_within(struct slice path, struct slice outer)
{
    return slice_starts_with(path, outer) && (path.len == outer.len || path.data[outer.len] == '.');
}

/* Whether one of the details, up to `end`, is of the same field, of one around it or in it. */
static bool is_said(const struct status_detail *details, const struct status_detail *end,
                    struct slice path)
{
    struct slice field = without_elements(path);

    for (const struct status_detail *d = details; d != NULL; d = d->next) {
        struct slice said = without_elements(d->subject);

        if (is_within(field, said) || is_within(said, field))
            return true;
        if (d == end)
            break;
    }
    return false;
}

void violations_add_new(struct violations *violations, struct arena *arena,
                        const struct status *status)
{
    const struct status_detail *first = violations->first;
    const struct status_detail *end = violations->last;

    for (const struct status_detail *d = status->details; d != NULL; d = d->next)
        if (d->type == DETAIL_FIELD_VIOLATION && !is_said(first, end, d->subject) &&
            violations->count++ < VIOLATIONS_MOST)
            append_new(violations, arena, d->subject, d->description);
}

struct status violations_status(const struct violations *violations, struct arena *arena)
{
    struct status status = {.code = STATUS_INVALID_ARGUMENT, .details = violations->first};
    const struct status_detail *first = violations->first;

    if (violations->count == 0)
        return arena_failed(arena) ? status_out_of_memory() : status_ok();
    if (first == NULL)
        return status_out_of_memory();
    for (struct violations_field *f = violations->fields; f != NULL; f = f->next)
        if (f->more != NULL)
            f->more->description = arena_printf(arena, "has %zu more violation%s",
                                                f->count - VIOLATIONS_EACH_MOST,
                                                f->count == VIOLATIONS_EACH_MOST + 1 ? "" : "s");
    if (violations->count == 1)
        status.message = arena_printf(arena, "%.*s: %.*s", SLICE_ARG(first->subject),
                                      SLICE_ARG(first->description));
    else
        status.message = arena_printf(arena, "%zu fields are invalid; the first is %.*s: %.*s",
                                      violations->count, SLICE_ARG(first->subject),
                                      SLICE_ARG(first->description));
    return arena_failed(arena) ? status_out_of_memory() : status;
}
