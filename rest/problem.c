/* Writing problems: the details of one kind that google.rpc gathers in one message are gathered. */
#include "rest/problem.h"

#include "base/http_status.h"
#include "proto/json/json.h"
#include "proto/json/json_text.h"

#define TYPE_PREFIX "{\"@type\":\"type.googleapis.com/google.rpc."

/* A further member of an object that is open. */
static void put_member(struct json_text *text, struct slice name, struct slice value)
{
    json_put_literal(text, ",");
    json_put_string(text, name);
    json_put_literal(text, ":");
    json_put_string(text, value);
}

static void put_field_violation(struct json_text *text, const struct status_detail *detail)
{
    json_put_literal(text, "{\"field\":");
    json_put_string(text, detail->subject);
    put_member(text, SLICE("description"), detail->description);
    json_put_literal(text, "}");
}

static void put_precondition(struct json_text *text, const struct status_detail *detail)
{
    json_put_literal(text, "{\"type\":");
    json_put_string(text, detail->kind);
    put_member(text, SLICE("subject"), detail->subject);
    put_member(text, SLICE("description"), detail->description);
    json_put_literal(text, "}");
}

static void put_error_info(struct json_text *text, const struct status_detail *detail)
{
    json_put_literal(text, TYPE_PREFIX "ErrorInfo\"");
    put_member(text, SLICE("reason"), detail->subject);
    put_member(text, SLICE("domain"), SLICE(STATUS_ERROR_DOMAIN));
    if (detail->kind.len > 0) {
        json_put_literal(text, ",\"metadata\":{");
        json_put_string(text, detail->kind);
        json_put_literal(text, ":");
        json_put_string(text, detail->description);
        json_put_literal(text, "}");
    }
    json_put_literal(text, "}");
}

static void put_resource_info(struct json_text *text, const struct status_detail *detail)
{
    json_put_literal(text, TYPE_PREFIX "ResourceInfo\"");
    put_member(text, SLICE("resourceType"), detail->kind);
    put_member(text, SLICE("resourceName"), detail->subject);
    put_member(text, SLICE("description"), detail->description);
    json_put_literal(text, "}");
}

static void put_retry_info(struct json_text *text, const struct status_detail *detail)
{
    int64_t ms = detail->retry_ms < 0 ? 0 : detail->retry_ms;

    json_put_literal(text, TYPE_PREFIX "RetryInfo\"");
    put_member(text, SLICE("retryDelay"),
               ms % 1000 == 0 ? arena_printf(text->arena, "%llds", (long long)(ms / 1000))
                              : arena_printf(text->arena, "%lld.%03llds", (long long)(ms / 1000),
                                             (long long)(ms % 1000)));
    json_put_literal(text, "}");
}

/* All entries of one type as one message, at the place of the first. */
static void put_gathered(struct json_text *text, const struct status_detail *first,
                         struct slice head,
                         void (*put)(struct json_text *text, const struct status_detail *detail))
{
    json_put(text, head);
    for (const struct status_detail *d = first; d != NULL; d = d->next)
        if (d->type == first->type) {
            if (d != first)
                json_put_literal(text, ",");
            put(text, d);
        }
    json_put_literal(text, "]}");
}

static void put_detail(struct json_text *text, const struct status_detail *detail)
{
    switch (detail->type) {
    case DETAIL_FIELD_VIOLATION:
        put_gathered(text, detail, SLICE(TYPE_PREFIX "BadRequest\",\"fieldViolations\":["),
                     put_field_violation);
        return;
    case DETAIL_PRECONDITION_VIOLATION:
        put_gathered(text, detail, SLICE(TYPE_PREFIX "PreconditionFailure\",\"violations\":["),
                     put_precondition);
        return;
    case DETAIL_ERROR_INFO:
        put_error_info(text, detail);
        return;
    case DETAIL_RESOURCE_INFO:
        put_resource_info(text, detail);
        return;
    case DETAIL_RETRY_INFO:
        put_retry_info(text, detail);
        return;
    }
}

/* Whether an earlier detail has gathered this one. */
static bool is_gathered(const struct status *status, const struct status_detail *detail)
{
    if (detail->type != DETAIL_FIELD_VIOLATION && detail->type != DETAIL_PRECONDITION_VIOLATION)
        return false;
    for (const struct status_detail *d = status->details; d != detail; d = d->next)
        if (d->type == detail->type)
            return true;
    return false;
}

struct slice problem__write(struct arena *arena, int http, const struct status *status,
                            struct slice instance)
{
    struct json_text text = {.arena = arena};
    bool first = true;

    json_put_literal(&text, "{\"type\":\"about:blank\"");
    put_member(&text, SLICE("title"), http_reason(http));
    json_put_literal(&text, ",\"status\":");
    json_put_int(&text, http);
    put_member(&text, SLICE("detail"), status->message);
    put_member(&text, SLICE("instance"), instance);
    json_put_literal(&text, ",\"code\":");
    json_put_int(&text, status->code);
    put_member(&text, SLICE("message"), status->message);
    json_put_literal(&text, ",\"details\":[");
    for (const struct status_detail *d = status->details; d != NULL; d = d->next) {
        if (is_gathered(status, d))
            continue;
        if (!first)
            json_put_literal(&text, ",");
        first = false;
        put_detail(&text, d);
    }
    json_put_literal(&text, "]}");
    return arena_failed(arena) ? SLICE_EMPTY : json_text_slice(&text);
}

struct slice problem__no_memory(void)
{
    return SLICE("{\"type\":\"about:blank\",\"title\":\"Too Many Requests\",\"status\":429,"
                 "\"detail\":\"" NO_MEMORY_TEXT "\",\"code\":8,"
                 "\"message\":\"" NO_MEMORY_TEXT "\",\"details\":[]}");
}

struct slice problem__stored(void)
{
    return SLICE("{\"type\":\"about:blank\",\"title\":\"Internal Server Error\",\"status\":500,"
                 "\"detail\":\"" STORED_TEXT "\",\"code\":13,"
                 "\"message\":\"" STORED_TEXT "\",\"details\":[]}");
}

int64_t problem__retry_after(const struct status *status)
{
    for (const struct status_detail *d = status->details; d != NULL; d = d->next)
        if (d->type == DETAIL_RETRY_INFO)
            return d->retry_ms <= 0 ? 0 : (d->retry_ms + 999) / 1000;
    return -1;
}
