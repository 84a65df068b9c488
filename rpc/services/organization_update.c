/*
 * The organization as its members read and change it. It is no resource kind: each caller has
 * exactly one, and its record has a family of its own.
 */
#include "rpc/services/organization_update.h"

#include "proto/contract/contract_find.h"
#include "rpc/call/answers.h"
#include "rpc/call/chain_facts.h"
#include "rpc/call/validate.h"
#include "rpc/services/organization.h"
#include "rpc/services/organization_settings.h"
#include "rpc/services/resource/changes.h"
#include "rpc/services/resource/fields.h"
#include "rpc/services/resource/history.h"
#include "rpc/services/resource/mask.h"
#include "rpc/services/resource/object.h"
#include "storage/keys.h"

/* A maximum below this would make tokens end before anybody could use them. */
#define TOKEN_LIFETIME_SECONDS_LEAST 3600

/* -- the message ------------------------------------------------------------------------------ */

static int32_t or_default(int32_t value, int32_t otherwise)
{
    return value != 0 ? value : otherwise;
}

static char *owner_text(struct arena *arena, ProtobufCBinaryData owner)
{
    struct uuid id;

    if (owner.len != sizeof(id.bytes))
        return (char *)protobuf_c_empty_string;
    memcpy(id.bytes, owner.data, sizeof(id.bytes));
    return arena_cstr(arena, object_id_text(arena, &id));
}

static void fill_defaults(Datastream__V1__Organization *message)
{
    message->session_idle_seconds = or_default(message->session_idle_seconds,
                                               SESSION_IDLE_SECONDS_DEFAULT);
    message->session_absolute_seconds = or_default(message->session_absolute_seconds,
                                                   SESSION_ABSOLUTE_SECONDS_DEFAULT);
    message->minimal_password_length = or_default(message->minimal_password_length,
                                                  PASSWORD_LENGTH_DEFAULT);
}

Datastream__V1__Organization *organization__view(struct arena *arena,
                                                 const struct organization *organization)
{
    const Datastream__Storage__V1__OrganizationRecord *record = organization->record;
    Datastream__V1__Organization *view = arena_alloc(arena, sizeof(*view));

    if (view == NULL)
        return NULL;
    datastream__v1__organization__init(view);
    view->id = arena_cstr(arena, object_id_text(arena, &organization->id));
    view->name = record->name;
    view->owner_id = owner_text(arena, record->owner_id);
    view->maximal_token_lifetime_seconds = record->maximal_token_lifetime_s;
    view->default_token_expiration =
        (Datastream__V1__TokenExpiration__Value)record->default_token_expiration;
    view->session_idle_seconds = record->session_idle_s;
    view->session_absolute_seconds = record->session_absolute_s;
    view->minimal_password_length = record->minimal_password_length;
    view->create_time = history_time(arena, record->create_time_ms);
    view->update_time = history_time(arena, record->update_time_ms != 0 ? record->update_time_ms
                                                                        : record->create_time_ms);
    fill_defaults(view);
    return arena_failed(arena) ? NULL : view;
}

static void set_etag(struct call *call, uint64_t revision)
{
    ((Datastream__V1__Organization *)call->response)->etag = arena_cstr(
        call->arena, call_etag(call->arena, revision));
}

/* -- committing ------------------------------------------------------------------------------- */

static void committed(struct call *call, uint64_t revision)
{
    set_etag(call, revision);
}

void organization__commit(struct call *call, const struct organization *organization)
{
    commit_require_revision(&call->commit, FAMILY_ORGANIZATIONS, organization->key,
                            organization->revision);
    commit_put(&call->commit, FAMILY_ORGANIZATIONS, organization->key,
               message_pack(call->arena, &organization->record->base));
    call->committed = committed;
}

static void audit(struct call *call, const struct organization *organization,
                  const struct call_changes *changes)
{
    struct slice name = slice_from_cstr(organization->record->name);
    struct call_audit *row = call_audit_add(call, "UpdatedOrganization", NULL, NULL, name);

    if (row == NULL)
        return;
    row->kind_name = "organization";
    row->id = organization->id;
    row->description = arena_printf(call->arena, "Updated the organization \"%.*s\".",
                                    SLICE_ARG(name));
    row->changes = *changes;
}

/* -- reading ---------------------------------------------------------------------------------- */

struct status organization__get(struct call *call)
{
    Datastream__V1__Organization *view;
    struct organization organization;
    struct status status = organization__read(call, &call->identity.organization, &organization);

    if (!status_is_ok(status))
        return status;
    view = organization__view(call->arena, &organization);
    if (view == NULL)
        return status_out_of_memory();
    call->response = &view->base;
    set_etag(call, organization.revision);
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

/* -- changing --------------------------------------------------------------------------------- */

static const struct message_type *type_of(const struct call *call)
{
    return call->method->output;
}

static ProtobufCMessage *update_mask(const struct call *call)
{
    return field_get_message(call->request, call->method->update_mask);
}

/* Trims the name, and judges what the rules of single fields cannot say. */
static void check(struct call *call, Datastream__V1__Organization *message,
                  struct violations *violations)
{
    struct slice trimmed = SLICE_EMPTY;
    struct slice folded = SLICE_EMPTY;
    const char *wrong = key_fold_name(call->arena, slice_from_cstr(message->name), &trimmed,
                                      &folded);

    message->name = arena_cstr(call->arena, trimmed);
    if (message->name == NULL)
        return;
    if (wrong != NULL)
        violations_add(violations, call->arena, SLICE("name"), "%s", wrong);
    else if (trimmed.len == 0)
        violations_add(violations, call->arena, SLICE("name"), "must have 1 to 128 characters");
    validate_message(call->arena, type_of(call), &message->base, SLICE_EMPTY, NULL, call->now_ms,
                     violations);
    if (message->maximal_token_lifetime_seconds > 0 &&
        message->maximal_token_lifetime_seconds < TOKEN_LIFETIME_SECONDS_LEAST)
        violations_add(violations, call->arena, SLICE("maximalTokenLifetimeSeconds"),
                       "must be 0 or at least %d", TOKEN_LIFETIME_SECONDS_LEAST);
    if (message->session_absolute_seconds < message->session_idle_seconds)
        violations_add(violations, call->arena, SLICE("sessionAbsoluteSeconds"),
                       "must not be less than sessionIdleSeconds");
}

/* Merges what the request names into a copy of the message, and judges the whole. */
static struct status merge(struct call *call, const Datastream__V1__Organization *before,
                           Datastream__V1__Organization **ret_after)
{
    const ProtobufCMessage *wanted = field_get_message(call->request, call->method->resource);
    struct violations violations = {0};
    struct touched touched = {0};
    ProtobufCMessage *after;

    if (wanted == NULL)
        return status_invalid_field(call->arena, call->method->resource->json_name, "is required");
    after = message_copy(call->arena, &before->base);
    if (after == NULL)
        return status_out_of_memory();
    mask_merge(call->arena, type_of(call), NULL, update_mask(call), wanted, after, &touched,
               &violations);
    fill_defaults((Datastream__V1__Organization *)after);
    check(call, (Datastream__V1__Organization *)after, &violations);
    if (arena_failed(call->arena))
        return status_out_of_memory();
    *ret_after = (Datastream__V1__Organization *)after;
    return violations.count == 0 ? call->refused : violations_status(&violations, call->arena);
}

static void set_record(Datastream__Storage__V1__OrganizationRecord *record,
                       const Datastream__V1__Organization *message, int64_t now_ms)
{
    record->name = message->name;
    record->maximal_token_lifetime_s = message->maximal_token_lifetime_seconds;
    record->default_token_expiration = (int32_t)message->default_token_expiration;
    record->session_idle_s = message->session_idle_seconds;
    record->session_absolute_s = message->session_absolute_seconds;
    record->minimal_password_length = message->minimal_password_length;
    record->update_time_ms = now_ms;
}

/* Who may not read the settings is told those that the call named. */
static void limit(struct call *call)
{
    const struct permission *read = contract_permission(call_contract(call),
                                                        SLICE("settings.read"));
    const Google__Protobuf__FieldMask *mask = (const void *)update_mask(call);
    Datastream__V1__Organization *limited;
    struct violations ignored = {0};
    struct touched touched = {0};

    if (permission_set_has(&call->identity.permissions, read->bit))
        return;
    limited = (Datastream__V1__Organization *)message_new(call->arena, type_of(call));
    if (limited == NULL)
        return;
    if (mask != NULL && mask->n_paths > 0)
        mask_merge(call->arena, type_of(call), NULL, &mask->base, call->response, &limited->base,
                   &touched, &ignored);
    else
        mask_keep_set(call->arena, type_of(call), NULL,
                      field_get_message(call->request, call->method->resource), call->response,
                      &limited->base);
    limited->id = ((Datastream__V1__Organization *)call->response)->id;
    limited->etag = ((Datastream__V1__Organization *)call->response)->etag;
    call->response = &limited->base;
    call->limited = true;
}

struct status organization__update(struct call *call)
{
    Datastream__V1__Organization *before, *after = NULL;
    struct organization organization;
    struct call_changes changes = {0};
    struct status status = organization__read(call, &call->identity.organization, &organization);

    if (status_is_ok(status))
        status = call_check_etag(call, organization.revision);
    if (!status_is_ok(status))
        return status;
    before = organization__view(call->arena, &organization);
    if (before == NULL)
        return status_out_of_memory();
    status = merge(call, before, &after);
    if (!status_is_ok(status))
        return status;
    call->response = &after->base;
    if (!changes_note(call->arena, &changes, type_of(call), &before->base, &after->base)) {
        set_etag(call, organization.revision);
    } else {
        after->update_time = history_time(call->arena, call->now_ms);
        set_record(organization.record, after, call->now_ms);
        if (!object_validate_only(call)) {
            organization__commit(call, &organization);
            audit(call, &organization, &changes);
        }
    }
    limit(call);
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}
