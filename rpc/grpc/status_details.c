/* struct status -> google.rpc.Status -> base64. */
#include "rpc/grpc/status_details.h"

#include <assert.h>
#include <google/rpc/error_details.pb-c.h>
#include <google/rpc/status.pb-c.h>

#include "base/text.h"
#include "proto/message/message.h"
#include "rpc/grpc/percent.h"

/* What tags and lengths of an entry take at most, and an Any with its type's name. */
#define ENTRY_OVERHEAD 24
#define ANY_OVERHEAD 80

struct packing {
    struct arena *arena;
    size_t room; /* bytes left of STATUS_DETAILS_MOST */
    size_t most; /* details that the list has places for */
    Google__Rpc__Status status;
};

/* Whether so much still fits; if so it is taken. */
static bool take_room(struct packing *packing, size_t bytes)
{
    if (bytes > packing->room)
        return false;
    packing->room -= bytes;
    return true;
}

static size_t detail_size(const struct status_detail *detail)
{
    return ENTRY_OVERHEAD + detail->subject.len + detail->kind.len + detail->description.len;
}

static char *to_text(struct packing *packing, struct slice text)
{
    return arena_cstr(packing->arena, grpc__message_text(packing->arena, text));
}

static void add_any(struct packing *packing, const ProtobufCMessage *message)
{
    Google__Protobuf__Any *any = arena_alloc(packing->arena, sizeof(*any));
    struct slice bytes;

    if (arena_failed(packing->arena))
        return;
    google__protobuf__any__init(any);
    bytes = message_pack(packing->arena, message);
    any->type_url = (char *)arena_printf(packing->arena, "type.googleapis.com/%s",
                                         message->descriptor->name)
                        .data;
    any->value = (ProtobufCBinaryData){bytes.len, (uint8_t *)bytes.data};
    assert(packing->status.n_details < packing->most);
    packing->status.details[packing->status.n_details++] = any;
}

static size_t count_details(const struct status *status, enum status_detail_type type)
{
    size_t count = 0;

    for (const struct status_detail *d = status->details; d != NULL; d = d->next)
        count += d->type == type ? 1 : 0;
    return count;
}

static void add_bad_request(struct packing *packing, const struct status *status)
{
    Google__Rpc__BadRequest message = GOOGLE__RPC__BAD_REQUEST__INIT;
    size_t count = count_details(status, DETAIL_FIELD_VIOLATION);

    if (count == 0 || !take_room(packing, ANY_OVERHEAD))
        return;
    message.field_violations = arena_array(packing->arena, count,
                                           sizeof(message.field_violations[0]));
    for (const struct status_detail *d = status->details; d != NULL; d = d->next) {
        Google__Rpc__BadRequest__FieldViolation *violation;

        if (d->type != DETAIL_FIELD_VIOLATION || !take_room(packing, detail_size(d)))
            continue;
        violation = arena_alloc(packing->arena, sizeof(*violation));
        if (arena_failed(packing->arena))
            return;
        google__rpc__bad_request__field_violation__init(violation);
        violation->field = to_text(packing, d->subject);
        violation->description = to_text(packing, d->description);
        message.field_violations[message.n_field_violations++] = violation;
    }
    add_any(packing, &message.base);
}

static void add_precondition_failure(struct packing *packing, const struct status *status)
{
    Google__Rpc__PreconditionFailure message = GOOGLE__RPC__PRECONDITION_FAILURE__INIT;
    size_t count = count_details(status, DETAIL_PRECONDITION_VIOLATION);

    if (count == 0 || !take_room(packing, ANY_OVERHEAD))
        return;
    message.violations = arena_array(packing->arena, count, sizeof(message.violations[0]));
    for (const struct status_detail *d = status->details; d != NULL; d = d->next) {
        Google__Rpc__PreconditionFailure__Violation *violation;

        if (d->type != DETAIL_PRECONDITION_VIOLATION || !take_room(packing, detail_size(d)))
            continue;
        violation = arena_alloc(packing->arena, sizeof(*violation));
        if (arena_failed(packing->arena))
            return;
        google__rpc__precondition_failure__violation__init(violation);
        violation->subject = to_text(packing, d->subject);
        violation->type = to_text(packing, d->kind);
        violation->description = to_text(packing, d->description);
        message.violations[message.n_violations++] = violation;
    }
    add_any(packing, &message.base);
}

static void add_error_info(struct packing *packing, const struct status_detail *detail)
{
    Google__Rpc__ErrorInfo message = GOOGLE__RPC__ERROR_INFO__INIT;
    Google__Rpc__ErrorInfo__MetadataEntry entry = GOOGLE__RPC__ERROR_INFO__METADATA_ENTRY__INIT;
    Google__Rpc__ErrorInfo__MetadataEntry *entries[] = {&entry};
    static char domain[] = STATUS_ERROR_DOMAIN;

    message.reason = to_text(packing, detail->subject);
    message.domain = domain;
    if (detail->kind.len > 0) {
        entry.key = to_text(packing, detail->kind);
        entry.value = to_text(packing, detail->description);
        message.n_metadata = 1;
        message.metadata = entries;
    }
    add_any(packing, &message.base);
}

static void add_resource_info(struct packing *packing, const struct status_detail *detail)
{
    Google__Rpc__ResourceInfo message = GOOGLE__RPC__RESOURCE_INFO__INIT;

    message.resource_type = to_text(packing, detail->kind);
    message.resource_name = to_text(packing, detail->subject);
    message.description = to_text(packing, detail->description);
    add_any(packing, &message.base);
}

static void add_retry_info(struct packing *packing, const struct status_detail *detail)
{
    Google__Rpc__RetryInfo message = GOOGLE__RPC__RETRY_INFO__INIT;
    Google__Protobuf__Duration delay = GOOGLE__PROTOBUF__DURATION__INIT;

    delay.seconds = detail->retry_ms / 1000;
    delay.nanos = (int32_t)(detail->retry_ms % 1000) * 1000000;
    message.retry_delay = &delay;
    add_any(packing, &message.base);
}

/* Details that are a message each; those that are gathered have no row. */
static void (*const adders[])(struct packing *packing, const struct status_detail *detail) = {
    [DETAIL_ERROR_INFO] = add_error_info,
    [DETAIL_RESOURCE_INFO] = add_resource_info,
    [DETAIL_RETRY_INFO] = add_retry_info,
};

static void add_others(struct packing *packing, const struct status *status)
{
    for (const struct status_detail *d = status->details; d != NULL; d = d->next)
        if ((size_t)d->type < sizeof(adders) / sizeof(adders[0]) && adders[d->type] != NULL &&
            take_room(packing, ANY_OVERHEAD + detail_size(d)))
            adders[d->type](packing, d);
}

struct slice status_details__encode(struct arena *arena, const struct status *status)
{
    struct packing packing = {
        .arena = arena, .room = STATUS_DETAILS_MOST, .status = GOOGLE__RPC__STATUS__INIT};
    struct slice message = grpc__message_cut(status->message, STATUS_MESSAGE_MOST);
    size_t count = 2; /* BadRequest and PreconditionFailure */

    for (const struct status_detail *d = status->details; d != NULL; d = d->next)
        count++;
    packing.most = count;
    packing.status.details = arena_array(arena, count, sizeof(packing.status.details[0]));
    packing.status.code = (int32_t)status->code;
    packing.status.message = to_text(&packing, message);
    take_room(&packing, ENTRY_OVERHEAD + message.len);
    add_bad_request(&packing, status);
    add_precondition_failure(&packing, status);
    add_others(&packing, status);
    if (arena_failed(arena))
        return SLICE_EMPTY;
    return base64_encode(arena, message_pack(arena, &packing.status.base), false);
}
