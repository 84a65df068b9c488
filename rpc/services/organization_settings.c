/* Reading an organization's record, and what its settings forbid. */
#include "rpc/services/organization_settings.h"

#include "proto/message/message.h"
#include "rpc/call/answers.h"
#include "rpc/services/organization.h"
#include "rpc/services/resource/object.h"
#include "storage/keys.h"
#include "storage/record.h"

Datastream__Storage__V1__OrganizationRecord *
organization__unpack(struct arena *arena, struct slice value, uint64_t *ret_revision)
{
    ProtobufCAllocator allocator = message_allocator(arena);
    struct record record;

    if (arena_failed(arena) || !record_parse(value, &record))
        return NULL;
    if (ret_revision != NULL)
        *ret_revision = record.revision;
    return datastream__storage__v1__organization_record__unpack(&allocator, record.body.len,
                                                                (const uint8_t *)record.body.data);
}

struct status organization__read(struct call *call, const struct uuid *id,
                                 struct organization *ret_organization)
{
    struct organization organization = {.id = *id, .key = key_organization(call->arena, id)};
    enum store_found found;
    struct slice value;

    if (arena_failed(call->arena))
        return status_out_of_memory();
    found = store_get(call->view, FAMILY_ORGANIZATIONS, organization.key, &value);
    if (found == STORE_ABSENT)
        return object_data_loss();
    if (found != STORE_FOUND)
        return call_store_status(found);
    organization.record = organization__unpack(call->arena, value, &organization.revision);
    if (organization.record == NULL)
        return arena_failed(call->arena) ? status_out_of_memory() : object_data_loss();
    *ret_organization = organization;
    return status_ok();
}

unsigned organization__password_length(const Datastream__Storage__V1__OrganizationRecord *record)
{
    return record->minimal_password_length != 0 ? (unsigned)record->minimal_password_length
                                                : PASSWORD_LENGTH_DEFAULT;
}

struct status organization_settings__read(struct call *call, const struct uuid *organization,
                                          struct organization_settings *ret_settings)
{
    const Datastream__Storage__V1__OrganizationRecord *record;
    struct organization read = {0};
    struct status status = organization__read(call, organization, &read);

    if (!status_is_ok(status))
        return status;
    record = read.record;
    *ret_settings = (struct organization_settings){
        .organization = read.id,
        .name = slice_from_cstr(record->name),
        .token_lifetime_ms = (int64_t)record->maximal_token_lifetime_s * 1000,
        .session_idle_ms = (int64_t)(record->session_idle_s != 0 ? record->session_idle_s
                                                                 : SESSION_IDLE_SECONDS_DEFAULT) *
                           1000,
        .session_absolute_ms = (int64_t)(record->session_absolute_s != 0
                                             ? record->session_absolute_s
                                             : SESSION_ABSOLUTE_SECONDS_DEFAULT) *
                               1000,
        .password_length = organization__password_length(record),
        .revision = read.revision,
    };
    return status_ok();
}

void organization_settings__require(struct call *call, const struct organization_settings *settings)
{
    commit_require_revision(&call->commit, FAMILY_ORGANIZATIONS,
                            key_organization(call->arena, &settings->organization),
                            settings->revision);
}

void organization_settings__check_lifetime(struct call *call,
                                           const struct organization_settings *settings,
                                           int64_t expire_ms, bool has_preset,
                                           struct violations *violations)
{
    struct slice field = has_preset ? SLICE("expiration") : SLICE("expireTime");
    long long most_s = (long long)(settings->token_lifetime_ms / 1000);

    if (settings->token_lifetime_ms == 0)
        return;
    if (expire_ms == 0)
        violations_add(
            violations, call->arena, field,
            "is required unless expiration is given: API tokens of the organization work "
            "for at most %lld seconds",
            most_s);
    else if (expire_ms - call->now_ms > settings->token_lifetime_ms)
        violations_add(violations, call->arena, field,
                       "must be at most %lld seconds from now, the organization's maximal token "
                       "lifetime",
                       most_s);
}
