/* Reads of references and of other objects that several hooks need. */
#include "rpc/services/kinds/members.h"

#include "proto/contract/contract_find.h"
#include "proto/message/message_equal.h"
#include "storage/keys.h"

struct reference_range range__by(struct call *call, const struct kind *target,
                                 const struct uuid *id, const struct kind *source,
                                 const struct field *top)
{
    struct slice from = key_references_by(call->arena, &call->identity.organization, target->number,
                                          id, source->number, top->number);

    return (struct reference_range){from, key_prefix_end(call->arena, from)};
}

struct reference_range range__of_kind(struct call *call, const struct kind *target,
                                      const struct uuid *id, const struct kind *source)
{
    struct slice from = key_references_of(call->arena, &call->identity.organization, target->number,
                                          id, source->number);

    return (struct reference_range){from, key_prefix_end(call->arena, from)};
}

enum store_found range__holds(struct call *call, const struct reference_range *range,
                              bool *ret_holds)
{
    struct store_rows rows = {0};
    enum store_found found;

    if (arena_failed(call->arena))
        return STORE_FAILED;
    found = store_scan(call->view, FAMILY_REFERENCES, range->from, range->to, false, 1, &rows);
    if (found == STORE_FOUND)
        *ret_holds = rows.count > 0;
    return found;
}

void range__require_empty(struct call *call, const struct reference_range *range)
{
    if (!object_validate_only(call))
        commit_require_empty(&call->commit, FAMILY_REFERENCES, range->from, range->to);
}

enum store_found members__read(struct call *call, const struct kind *kind, struct slice id,
                               ProtobufCMessage **ret_message)
{
    enum store_found found;
    struct slice value, body, key;
    uint64_t revision;
    struct uuid uuid;

    if (!uuid_parse(id, &uuid))
        return STORE_ABSENT;
    key = key_object(call->arena, &call->identity.organization, kind->number, &uuid);
    if (arena_failed(call->arena))
        return STORE_FAILED;
    found = store_get(call->view, object_family(kind), key, &value);
    if (found == STORE_FOUND &&
        !status_is_ok(object_unpack(call->arena, kind, value, &revision, &body, ret_message)))
        return STORE_FAILED;
    return found;
}

int32_t members__enum_number(const struct field *field, struct slice name)
{
    const struct enum_value *value = field->enumeration == NULL
                                         ? NULL
                                         : enum_value_by_name(field->enumeration, name);

    return value == NULL ? -1 : value->number;
}

bool members__is_changed(const struct change *change, const struct field *field)
{
    if (change->before == NULL)
        return field_is_set(change->after, field);
    return !field_equal(change->call->arena, change->before, change->after, field);
}
