/* What `check` is told of the contract: which rows must lead to an object. */
#include "rpc/services/check_rules.h"

#include "datastream/storage/v1/records.pb-c.h"
#include "proto/contract/contract_find.h"
#include "rpc/identity/session_facts.h"
#include "rpc/services/check_secrets.h"
#include "rpc/services/owner.h"
#include "rpc/services/resource/rows.h"
#include "rpc/services/resource/secrets.h"
#include "rpc/services/services.h"
#include "storage/actor.h"
#include "storage/audit.h"
#include "storage/keys.h"
#include "storage/record.h"

/* -- objects ---------------------------------------------------------------------------------- */

static bool list_object(const struct services_check *check, struct arena *arena,
                        enum store_family family, const struct store_row *row,
                        struct check_index **first)
{
    struct object_state state = {.kind = NULL};
    struct references_reader reader;
    ProtobufCMessage *message;
    uint32_t number;

    if (!key_object_parse(row->key, &state.organization, &number, &state.id))
        return false;
    state.kind = contract_kind_by_number(check->contract, number);
    if (state.kind == NULL || object_family(state.kind) != family ||
        !status_is_ok(
            object_unpack(arena, state.kind, row->value, &state.revision, &state.body, &message)))
        return false;
    reader = (struct references_reader){
        .arena = arena,
        .identities = check->identities,
        .hooks = check->hooks,
        .view = check->store == NULL ? NULL : store_view_open(check->store, arena),
        .organization = state.organization,
    };
    rows_fill(&reader, message, &state);
    rows_list(arena, &state, first);
    return true;
}

/* The rows by which the credentials of an object lead to it. */
static bool list_secrets(const struct services_check *check, struct arena *arena,
                         const struct store_row *row, struct check_index **first)
{
    Datastream__Storage__V1__SecretsRecord *secrets;
    const struct kind *kind;
    struct uuid organization;
    struct record record;
    struct uuid id;
    uint32_t number;

    if (!key_object_parse(row->key, &organization, &number, &id) ||
        !record_parse(row->value, &record))
        return false;
    secrets = secrets_unpack(arena, record.body);
    if (secrets == NULL)
        return false;
    kind = contract_kind_by_number(check->contract, number);
    if (kind == NULL)
        return false;
    secrets_add_indexes(arena, kind, &organization, &id, record.body, first);
    return true;
}

/* -- audit ------------------------------------------------------------------------------------ */

/* A row is found under its time, its actor and, where it names one, under its object. */
static bool list_audit(const struct services_check *check, struct arena *arena,
                       const struct store_row *row, struct check_index **first)
{
    ProtobufCAllocator allocator = message_allocator(arena);
    Datastream__Storage__V1__AuditRecord *record;
    const struct kind *kind;
    uint8_t mac[AUDIT_MAC_LEN];
    struct uuid organization;
    struct actor actor;
    struct slice body;
    struct uuid id;
    uint64_t number;

    if (!key_audit_parse(row->key, &number) || !audit_parse(row->value, mac, &body))
        return false;
    record = datastream__storage__v1__audit_record__unpack(&allocator, body.len,
                                                           (const uint8_t *)body.data);
    if (record == NULL)
        return false;
    memcpy(organization.bytes, row->key.data, sizeof(organization.bytes));
    check_index_add(arena, first, FAMILY_AUDIT_BY_TIME,
                    key_audit_by_time(arena, &organization, record->time_ms, number), SLICE_EMPTY);
    actor = actor_parse(slice_from_cstr(record->actor));
    if (actor.type != ACTOR_NONE)
        check_index_add(arena, first, FAMILY_AUDIT_BY_ACTOR,
                        key_audit_by_actor(arena, &organization, &actor, number), SLICE_EMPTY);
    kind = contract_kind(check->contract, slice_from_cstr(record->kind));
    if (kind == NULL || !uuid_parse(slice_from_cstr(record->object_id), &id))
        return true;
    check_index_add(arena, first, FAMILY_AUDIT_BY_OBJECT,
                    key_audit_by_object(arena, &organization, kind->number, &id, number),
                    SLICE_EMPTY);
    return true;
}

/* -- the rules -------------------------------------------------------------------------------- */

static bool list(void *context, struct arena *arena, enum store_family family,
                 const struct store_row *row, struct check_index **ret_first)
{
    const struct services_check *check = context;

    *ret_first = NULL;
    switch (family) {
    case FAMILY_AUDIT:
        return list_audit(check, arena, row, ret_first);
    case FAMILY_SECRETS:
        return list_secrets(check, arena, row, ret_first);
    default:
        return list_object(check, arena, family, row, ret_first);
    }
}

static const char *judge(void *context, struct arena *arena, enum store_family family,
                         const struct store_row *row)
{
    return family == FAMILY_SECRETS ? check_secrets__row(context, arena, row)
                                    : check_secrets__object(context, arena, row);
}

static bool token_of(void *context, struct arena *arena, const struct store_row *row,
                     struct slice *ret_key)
{
    const struct services_check *check = context;
    const struct kind *kind = contract_kind(check->contract, SLICE("api-tokens"));
    ProtobufCAllocator allocator = message_allocator(arena);
    Datastream__Storage__V1__TokenFacts *facts;
    struct uuid organization;
    struct record record;
    struct uuid id;

    if (kind == NULL || !record_parse(row->value, &record))
        return false;
    facts = datastream__storage__v1__token_facts__unpack(&allocator, record.body.len,
                                                         (const uint8_t *)record.body.data);
    if (facts == NULL || facts->organization.len != sizeof(id.bytes) ||
        facts->token_id.len != sizeof(id.bytes))
        return false;
    memcpy(organization.bytes, facts->organization.data, sizeof(organization.bytes));
    memcpy(id.bytes, facts->token_id.data, sizeof(id.bytes));
    *ret_key = key_object(arena, &organization, facts->kind != 0 ? facts->kind : kind->number, &id);
    return true;
}

static bool session_of_hash(const struct kind *users, struct arena *arena,
                            const struct store_row *row, struct slice *ret_user,
                            struct slice *ret_session)
{
    struct session_facts facts;
    uint64_t revision;

    if (!session_facts_read(arena, row->value, &facts, &revision))
        return false;
    *ret_user = key_object(arena, &facts.organization, users->number, &facts.user);
    *ret_session = key_session(arena, &facts.organization, &facts.user, &facts.session);
    return true;
}

static bool session_of(void *context, struct arena *arena, enum store_family family,
                       const struct store_row *row, struct slice *ret_user, struct slice *ret_other)
{
    const struct services_check *check = context;
    const struct kind *users = contract_kind(check->contract, SLICE("users"));
    ProtobufCAllocator allocator = message_allocator(arena);
    Datastream__Storage__V1__SessionRecord *session;
    struct uuid organization, user, id;
    struct record record;

    if (users == NULL)
        return false;
    if (family == FAMILY_SESSION_HASHES)
        return session_of_hash(users, arena, row, ret_user, ret_other);
    if (!key_session_parse(row->key, &organization, &user, &id) ||
        !record_parse(row->value, &record))
        return false;
    session = datastream__storage__v1__session_record__unpack(&allocator, record.body.len,
                                                              (const uint8_t *)record.body.data);
    if (session == NULL)
        return false;
    *ret_user = key_object(arena, &organization, users->number, &user);
    *ret_other = slice_make(session->hash.data, session->hash.len);
    return true;
}

static bool owner_of(void *context, struct arena *arena, const struct store_row *row,
                     struct slice *ret_key)
{
    const struct services_check *check = context;
    struct uuid organization;

    memcpy(organization.bytes, row->key.data, sizeof(organization.bytes));
    return owner_key(arena, check->contract, &organization, row->value, ret_key);
}

static bool is_owner(void *context, struct arena *arena, const struct store_row *row)
{
    const struct services_check *check = context;

    return owner_has_role(arena, check->identities, row->value);
}

struct check_rules services_check_rules(struct services_check *check)
{
    return (struct check_rules){.context = check,
                                .list = list,
                                .judge = judge,
                                .token_of = token_of,
                                .session_of = session_of,
                                .owner_of = owner_of,
                                .is_owner = is_owner};
}
