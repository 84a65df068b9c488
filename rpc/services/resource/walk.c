/* Depth is bounded by what came through message_walk, as all messages did. */
#include "rpc/services/resource/walk.h"

#include <assert.h>

#include "base/text.h"
#include "proto/contract/contract_find.h"

/* -- paths ------------------------------------------------------------------------------------ */

/* Messages that JSON writes without the names of their fields. */
static bool is_transparent(const struct message_type *type)
{
    return type->map_entry || type->well_known != WELL_KNOWN_NONE;
}

/* Joined, not printed: each reference of an object has a path, and few are ever told. */
static struct slice add_index(struct arena *arena, struct slice path, const struct spot *spot)
{
    const struct slice number[] = {path, SLICE("["),
                                   spot->has_index && spot->key.data == NULL
                                       ? decimal_encode(arena, spot->index)
                                       : SLICE_EMPTY,
                                   SLICE("]")};
    const struct slice member[] = {path, SLICE("."), spot->key};
    const struct slice entry[] = {path, SLICE("[\""), spot->key, SLICE("\"]")};

    if (!spot->has_index)
        return path;
    if (spot->key.data == NULL)
        return text_join(arena, number, 4);
    if (spot->field->parent->well_known != WELL_KNOWN_NONE) /* a Struct's fields are an object's */
        return text_join(arena, member, 3);
    return text_join(arena, entry, 4);
}

static struct slice path_in(struct arena *arena, const struct spot *parent,
                            const struct field *field)
{
    struct slice path = parent == NULL ? SLICE_EMPTY : spot_path(arena, parent);
    const struct slice parts[] = {path, path.len > 0 ? SLICE(".") : SLICE_EMPTY, field->json_name};

    return is_transparent(field->parent) ? path : text_join(arena, parts, 3);
}

struct slice spot_path(struct arena *arena, const struct spot *spot)
{
    return add_index(arena, path_in(arena, spot->parent, spot->field), spot);
}

struct slice spot__path_at(struct arena *arena, const struct spot *spot, size_t index)
{
    const struct spot element = {spot->parent, spot->field, true, index, SLICE_EMPTY};

    return spot_path(arena, &element);
}

/* -- walking ---------------------------------------------------------------------------------- */

static void walk_fields(struct walk *walk, const struct spot *parent,
                        const struct message_type *type, ProtobufCMessage *message, bool judged);

static bool leads_on(const struct walk *walk, const struct message_type *type)
{
    if (type == NULL || (type->traits & walk->traits) == 0)
        return false;
    if (type->well_known == WELL_KNOWN_NONE)
        return true;
    return walk->free_form &&
           (type->well_known == WELL_KNOWN_STRUCT || type->well_known == WELL_KNOWN_VALUE ||
            type->well_known == WELL_KNOWN_LIST_VALUE);
}

struct slice walk__entry_key(struct arena *arena, const struct field *map,
                             const ProtobufCMessage *entry)
{
    const struct field *key = message_field_by_number(map->message, 1);

    if (key->pb->type == PROTOBUF_C_TYPE_STRING)
        return field_get_string(entry, key);
    return arena_printf(arena, "%lld", (long long)field_get_int(entry, key));
}

static void walk_into(struct walk *walk, const struct spot *spot, ProtobufCMessage *message,
                      const struct field *field, bool judged)
{
    size_t count = field->repeated ? field_count(message, field) : 1;

    for (size_t i = 0; i < count; i++) {
        ProtobufCMessage *inner = *(ProtobufCMessage **)field_address(message, field, i);
        struct spot at = *spot;

        at.has_index = field->repeated;
        at.index = i;
        if (field->map)
            at.key = walk__entry_key(walk->arena, field, inner);
        walk_fields(walk, &at, field->message, inner, judged);
    }
}

static void walk_fields(struct walk *walk, const struct spot *parent,
                        const struct message_type *type, ProtobufCMessage *message, bool judged)
{
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = type->declared[i];
        bool visited = (field->traits & walk->traits) != 0;
        bool entered = !field->output_only && leads_on(walk, field->message);
        struct spot spot;
        bool is_judged;

        /* What is not there is most of a message: all members of a oneof except one. */
        if (!visited && !(entered && field_is_set(message, field)))
            continue;
        spot = (struct spot){parent, field, false, 0, SLICE_EMPTY};
        is_judged = judged || touched_has(walk->touched, message, field);
        if (visited)
            walk->visit(walk, &spot, message, field, is_judged);
        if (entered && field_is_set(message, field))
            walk_into(walk, &spot, message, field, is_judged);
    }
}

void walk__object(struct walk *walk, const struct message_type *type, ProtobufCMessage *message)
{
    assert(walk->visit != NULL && walk->traits != 0);
    if ((type->traits & walk->traits) == 0)
        return;
    assert(message->descriptor == type->pb);
    walk_fields(walk, NULL, type, message, walk->touched == NULL || walk->touched->whole);
}
