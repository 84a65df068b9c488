/* Rules that span objects, and fields that are read from the references of others. */
#include "rpc/services/resource/rules_others.h"

#include "proto/contract/contract_find.h"
#include "proto/message/message_equal.h"
#include "rpc/call/answers.h"
#include "rpc/services/resource/fields.h"
#include "rpc/services/resource/rules.h"
#include "storage/keys.h"

/* -- same ------------------------------------------------------------------------------------- */

/* A field's value as the rule compares it: enums by the name of their value. */
static struct slice comparable(struct arena *arena, const ProtobufCMessage *message,
                               const struct field *field)
{
    const struct enum_value *value;

    if (field->pb->type == PROTOBUF_C_TYPE_STRING)
        return field_get_string(message, field);
    if (field->enumeration == NULL)
        return arena_printf(arena, "%lld", (long long)field_get_int(message, field));
    value = enum_value_by_number(field->enumeration, (int32_t)field_get_int(message, field));
    return value == NULL || value->number == 0 ? SLICE_EMPTY : value->name;
}

/* The checks of one object. */
struct others {
    const struct change *change;
    struct status status;
};

static void compare(struct others *others, const struct same_field *same, struct slice path,
                    const struct kind *kind, const ProtobufCMessage *target)
{
    const struct change *change = others->change;
    struct arena *arena = change->call->arena;
    const struct field *ours = message_field_by_proto_name(change->kind->message, same->ours);
    struct slice wanted, got;

    if (ours == NULL)
        return;
    wanted = comparable(arena, change->after, ours);
    got = comparable(arena, target, same->theirs);
    if (slice_equal(wanted, got))
        return;
    if (!object_may_be_read(change->call, kind))
        violations_add(change->violations, arena, path, REFERENCE_VIOLATION,
                       SLICE_ARG(kind->singular));
    else
        violations_add(
            change->violations, arena, path, "must be the id of %.*s whose %.*s is %.*s, not %.*s",
            SLICE_ARG(object__with_article(arena, kind)), SLICE_ARG(same->theirs->json_name),
            SLICE_ARG(wanted.len > 0 ? wanted : SLICE("unset")),
            SLICE_ARG(got.len > 0 ? got : SLICE("unset")));
}

/* The rule spans this object's own field too. */
static bool is_ours_touched(const struct change *change, const struct field *field)
{
    for (size_t i = 0; i < field->same_count; i++) {
        const struct field *ours = message_field_by_proto_name(change->kind->message,
                                                               field->same[i].ours);

        if (ours == NULL)
            continue;
        if (touched_has(change->touched, change->after, ours))
            return true;
        if (change->before != NULL &&
            !field_equal(change->call->arena, change->before, change->after, ours))
            return true;
    }
    return false;
}

/* A target that is not there is a violation already. */
static void check_same(struct others *others, const struct field *field, const struct uuid *id,
                       struct slice path)
{
    struct call *call = others->change->call;
    const struct kind *kind = field->reference;
    struct object target = {0};
    enum store_found found;
    struct slice value;
    struct status status;

    found = store_get(call->view, object_family(kind),
                      key_object(call->arena, &call->identity.organization, kind->number, id),
                      &value);
    if (found == STORE_ABSENT)
        return;
    status = found != STORE_FOUND ? call_store_status(found)
                                  : object_unpack(call->arena, kind, value, &target.revision,
                                                  &target.body, &target.message);
    if (!status_is_ok(status)) {
        others->status = status;
        return;
    }
    for (size_t i = 0; i < field->same_count; i++)
        compare(others, &field->same[i], path, kind, target.message);
}

struct status rules__check_others(const struct change *change,
                                  const struct references_collection *references)
{
    struct others others = {change, status_ok()};

    for (const struct noted_id *at = references->first; at != NULL; at = at->next) {
        struct uuid id;

        if (at->field->same_count == 0 || (at->noted & NOTED_AFTER) == 0 ||
            !((at->noted & NOTED_WRITTEN) != 0 || is_ours_touched(change, at->field)))
            continue;
        if (uuid_parse(slice_from_cstr(at->text), &id))
            check_same(&others, at->field, &id, at->path);
    }
    return others.status;
}

/* -- reverse ---------------------------------------------------------------------------------- */

static struct status fill_one(struct call *call, const struct kind *kind, const struct field *field,
                              ProtobufCMessage *object)
{
    const struct reverse_reference *reverse = field->reverse;
    size_t most = 1;
    struct store_rows rows = {0};
    enum store_found found;
    size_t capacity = 0;
    struct slice from;
    struct uuid id;

    if (!uuid_parse(field_get_string(object, kind->id), &id))
        return status_ok();
    if (field->repeated && field->rules != NULL && field->rules->has_item_count)
        most = (size_t)field->rules->max_items;
    from = key_references_by(call->arena, &call->identity.organization, kind->number, &id,
                             reverse->kind->number, reverse->top->number);
    if (arena_failed(call->arena))
        return status_out_of_memory();
    found = store_scan(call->view, FAMILY_REFERENCES, from, key_prefix_end(call->arena, from),
                       false, most, &rows);
    if (found != STORE_FOUND)
        return call_store_status(found);
    field_clear(object, field);
    for (size_t i = 0; i < rows.count; i++) {
        uint32_t target_kind, source_kind, number;
        struct uuid target, source;
        struct slice text;

        if (!key_reference_parse(rows.rows[i].key, &target_kind, &target, &source_kind, &number,
                                 &source))
            continue;
        text = object_id_text(call->arena, &source);
        if (field->repeated) {
            const char **at = field_append(call->arena, object, field, &capacity);

            if (at != NULL)
                *at = text.data;
        } else {
            field_set_string(call->arena, object, field, text);
        }
    }
    return status_ok();
}

struct status rules__fill_reverse(struct call *call, const struct kind *kind,
                                  ProtobufCMessage **objects, size_t count)
{
    struct status status = status_ok();

    if ((kind->message->traits & TRAIT_REVERSE) == 0)
        return status;
    for (size_t i = 0; i < kind->message->field_count; i++) {
        const struct field *field = &kind->message->fields[i];

        /* A miss ends nothing here: the rest is asked for too, and fetched with it. */
        for (size_t n = 0; field->reverse != NULL && n < count; n++) {
            struct status one = fill_one(call, kind, field, objects[n]);

            if (status_is_ok(status))
                status = one;
        }
    }
    return status;
}
