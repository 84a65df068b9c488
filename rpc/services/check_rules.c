/* What `check` is told of the contract: which rows must lead to an object. */
#include "datastream/storage/v1/records.pb-c.h"
#include "rpc/services/resource/reference.h"
#include "rpc/services/services.h"
#include "storage/actor.h"
#include "storage/audit.h"
#include "storage/keys.h"
#include "storage/record.h"

/* Adds a row to the list. Nothing where the arena failed. */
static void add(struct arena *arena, struct check_index **first, enum store_family family,
                struct slice key, struct slice body)
{
    struct check_index *index = arena_alloc(arena, sizeof(*index));

    if (index == NULL)
        return;
    *index = (struct check_index){*first, family, key, body};
    *first = index;
}

/* -- objects ---------------------------------------------------------------------------------- */

static void add_name(struct arena *arena, const struct kind *kind, const struct uuid *organization,
                     const struct uuid *id, ProtobufCMessage *message, struct check_index **first)
{
    struct violations ignored = {0};
    struct slice folded;

    if (kind->name == NULL)
        return;
    object_fold_name(arena, kind, message, &ignored, &folded);
    add(arena, first, FAMILY_NAMES, key_name(arena, organization, kind->number, folded),
        arena_copy(arena, slice_make(id->bytes, sizeof(id->bytes))));
}

static void add_references(struct arena *arena, const struct services_check *check,
                           const struct kind *kind, const struct uuid *organization,
                           const struct uuid *id, ProtobufCMessage *message,
                           struct check_index **first)
{
    struct violations ignored = {0};
    struct references references;

    references_collect(arena, check->identities, kind->message, message, &ignored, &references);
    for (const struct reference *at = references.first; at != NULL; at = at->next)
        if (!at->builtin)
            add(arena, first, FAMILY_REFERENCES,
                key_reference(arena, organization, at->kind->number, &at->id, kind->number,
                              at->field, id),
                SLICE_EMPTY);
}

static bool list_object(const struct services_check *check, struct arena *arena,
                        enum store_family family, const struct store_row *row,
                        struct check_index **first)
{
    const struct kind *kind;
    ProtobufCMessage *message;
    struct uuid organization;
    struct uuid id;
    uint32_t number;
    uint64_t revision;
    struct slice body;

    if (!key_object_parse(row->key, &organization, &number, &id))
        return false;
    kind = contract_kind_by_number(check->contract, number);
    if (kind == NULL || object_family(kind) != family ||
        !status_is_ok(object_unpack(arena, kind, row->value, &revision, &body, &message)))
        return false;
    object_add_indexes(arena, kind, &organization, body, first);
    add_name(arena, kind, &organization, &id, message, first);
    add_references(arena, check, kind, &organization, &id, message, first);
    return true;
}

/* -- audit ------------------------------------------------------------------------------------ */

/* A row is found under its actor and, where it names one, under its object. */
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
    actor = actor_parse(slice_from_cstr(record->actor));
    if (actor.type != ACTOR_NONE)
        add(arena, first, FAMILY_AUDIT_BY_ACTOR,
            key_audit_by_actor(arena, &organization, &actor, number), SLICE_EMPTY);
    kind = contract_kind(check->contract, slice_from_cstr(record->kind));
    if (kind == NULL || !uuid_parse(slice_from_cstr(record->object_id), &id))
        return true;
    add(arena, first, FAMILY_AUDIT_BY_OBJECT,
        key_audit_by_object(arena, &organization, kind->number, &id, number), SLICE_EMPTY);
    return true;
}

/* -- the rules -------------------------------------------------------------------------------- */

static bool list(void *context, struct arena *arena, enum store_family family,
                 const struct store_row *row, struct check_index **ret_first)
{
    const struct services_check *check = context;

    *ret_first = NULL;
    return family == FAMILY_AUDIT ? list_audit(check, arena, row, ret_first)
                                  : list_object(check, arena, family, row, ret_first);
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
    *ret_key = key_object(arena, &organization, kind->number, &id);
    return true;
}

struct check_rules services_check_rules(struct services_check *check)
{
    return (struct check_rules){.context = check, .list = list, .token_of = token_of};
}
