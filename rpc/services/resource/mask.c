/* The merge walks one path at a time and makes sub-messages of the target as it needs them. */
#include "rpc/services/resource/mask.h"

#include <assert.h>

#include "google/protobuf/field_mask.pb-c.h"
#include "proto/contract/contract_find.h"
#include "proto/message/message_equal.h"
#include "rpc/services/resource/fields.h"

/* Longest path that is repeated in a violation, in bytes. */
#define PATH_NAMED_MOST 128

struct merge {
    struct arena *arena;
    const struct field *id;
    bool of_request; /* what is merged is copied, without output-only fields */
    struct touched *touched;
    struct violations *violations;
};

/* Where in both messages a path has come to. */
struct place {
    const struct message_type *type;
    const ProtobufCMessage *from;
    ProtobufCMessage *to;
    struct slice path; /* JSON names */
    bool immutable;
};

/* The entry of the map with the key; NULL when there is none. */
static ProtobufCMessage *find_entry(const ProtobufCMessage *message, const struct field *map,
                                    struct slice key)
{
    const struct field *key_field = message_field_by_number(map->message, 1);

    for (size_t i = 0; i < field_count(message, map); i++) {
        ProtobufCMessage *entry = *(ProtobufCMessage **)field_address(message, map, i);

        if (slice_equal(field_get_string(entry, key_field), key))
            return entry;
    }
    return NULL;
}

void mask__merge_secrets(struct arena *arena, const struct field *map, const ProtobufCMessage *from,
                         ProtobufCMessage *to)
{
    const struct field *key = message_field_by_number(map->message, 1);
    bool clears = find_entry(from, map, SLICE_EMPTY) != NULL;
    size_t old = clears ? 0 : field_count(to, map);
    size_t new = field_count(from, map);
    ProtobufCMessage **entries = arena_array(arena, old + new, sizeof(*entries));
    size_t count = 0;

    for (size_t i = 0; entries != NULL && i < old; i++) {
        ProtobufCMessage *entry = *(ProtobufCMessage **)field_address(to, map, i);

        if (find_entry(from, map, field_get_string(entry, key)) == NULL)
            entries[count++] = entry;
    }
    for (size_t i = 0; entries != NULL && i < new; i++)
        if (field_get_string(*(ProtobufCMessage **)field_address(from, map, i), key).len > 0)
            entries[count++] = *(ProtobufCMessage **)field_address(from, map, i);
    if (entries != NULL)
        field_set_messages(to, map, entries, count);
}

/* What a client sends in output-only fields, at any depth in a field, is ignored. */
static void clear_output(ProtobufCMessage *message, const struct field *field)
{
    size_t count = field->repeated ? field_count(message, field) : 1;

    if (field->message == NULL || (field->message->traits & TRAIT_OUTPUT_ONLY) == 0 ||
        !field_is_set(message, field))
        return;
    for (size_t i = 0; i < count; i++)
        fields__clear_output(*(ProtobufCMessage **)field_address(message, field, i),
                             field->message);
}

/* Makes a field of `to` its own that shares what a request has. */
static void own(struct merge *merge, ProtobufCMessage *to, const struct field *field)
{
    if (!merge->of_request)
        return;
    message_own_field(merge->arena, to, field->pb);
    if (!arena_failed(merge->arena))
        clear_output(to, field);
}

/* Whether the field differs, apart from what is ignored; false when the arena failed. */
static bool differs(struct merge *merge, const struct place *place, const struct field *field)
{
    ProtobufCMessage *wanted;

    if (!merge->of_request || field->message == NULL ||
        (field->message->traits & TRAIT_OUTPUT_ONLY) == 0)
        return !field_equal(merge->arena, place->from, place->to, field);
    wanted = message_new(merge->arena, place->type);
    if (wanted == NULL)
        return false;
    field_copy(wanted, place->from, field);
    own(merge, wanted, field);
    return !arena_failed(merge->arena) && !field_equal(merge->arena, wanted, place->to, field);
}

/* Left out, such a field gets its default: it is not wanted to be without a value. */
static bool has_default(const struct field *field)
{
    return field->default_value != NULL || field->default_from != NULL;
}

static void merge_field(struct merge *merge, const struct place *place, const struct field *field,
                        bool named)
{
    bool immutable = field->immutable || place->immutable;

    if (field == merge->id || field->output_only || arena_failed(merge->arena))
        return;
    if (field->secret && !named && !field_is_set(place->from, field))
        return;
    if (!immutable) {
        if (field->secret && field->map)
            mask__merge_secrets(merge->arena, field, place->from, place->to);
        else
            field_copy(place->to, place->from, field);
        own(merge, place->to, field);
        touched__add(merge->touched, merge->arena, place->to, field);
        return;
    }
    if (!field_is_set(place->from, field) && (!named || has_default(field)))
        return;
    if (differs(merge, place, field))
        violations_add(merge->violations, merge->arena,
                       fields__path(merge->arena, place->path, field),
                       "cannot be changed after creation");
}

/* "director_ids.x" as "directorIds.x": all paths in violations are JSON's. */
static struct slice json_path(struct arena *arena, struct slice path)
{
    char *text = arena_cstr(arena, path);
    size_t len = 0;

    for (size_t i = 0; text != NULL && i < path.len; i++) {
        bool joins = path.data[i] == '_' && i + 1 < path.len && path.data[i + 1] >= 'a' &&
                     path.data[i + 1] <= 'z';

        if (joins)
            i++;
        text[len++] = (char)(joins ? path.data[i] - ('a' - 'A') : path.data[i]);
    }
    return slice_make(text, len);
}

/* Names the path where it is short enough to be anyone's. */
static void refuse_path(struct merge *merge, struct slice path)
{
    if (path.len > PATH_NAMED_MOST)
        violations_add(merge->violations, merge->arena, SLICE("updateMask"),
                       "must name fields that can be changed, not a path of %zu bytes", path.len);
    else
        violations_add(merge->violations, merge->arena, SLICE("updateMask"),
                       "must name fields that can be changed, not \"%.*s\"",
                       SLICE_ARG(json_path(merge->arena, path)));
}

/*
 * Goes on into a sub-message. False when there is nothing to do there: output-only, missing on both
 * sides, or out of memory.
 */
static bool enter(struct merge *merge, struct place *place, const struct field *field)
{
    ProtobufCMessage *from = field_get_message(place->from, field);
    ProtobufCMessage *to = field_get_message(place->to, field);

    if (field->output_only || (from == NULL && to == NULL))
        return false;
    if (from == NULL)
        from = message_new(merge->arena, field->message);
    if (to == NULL) {
        to = message_new(merge->arena, field->message);
        field_set_message(place->to, field, to);
        touched__add(merge->touched, merge->arena, place->to, field);
    }
    if (from == NULL || to == NULL)
        return false;
    *place = (struct place){field->message, from, to,
                            fields__path(merge->arena, place->path, field),
                            place->immutable || field->immutable};
    return true;
}

static bool can_enter(const struct field *field)
{
    return field->message != NULL && !field->repeated &&
           field->message->well_known == WELL_KNOWN_NONE;
}

static void merge_path(struct merge *merge, struct place place, struct slice path)
{
    struct slice rest = path;
    bool inside = true; /* both sides have the message that the path has come to */

    for (;;) {
        size_t dot = slice_find(rest, '.');
        const struct field *field = message_field_by_name(place.type, slice_make(rest.data, dot));

        if (field == NULL || (dot < rest.len && !can_enter(field))) {
            refuse_path(merge, path);
            return;
        }
        if (dot == rest.len) {
            if (inside)
                merge_field(merge, &place, field, true);
            return;
        }
        if (inside)
            inside = enter(merge, &place, field);
        place.type = field->message;
        rest = slice_from(rest, dot + 1);
    }
}

static void merge_all(struct merge *merge, const struct place *place)
{
    for (size_t i = 0; i < place->type->field_count; i++)
        merge_field(merge, place, &place->type->fields[i], false);
}

static bool holds_any(const ProtobufCMessage *message, const struct message_type *type)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (!type->fields[i].output_only && field_is_set(message, &type->fields[i]))
            return true;
    return false;
}

/*
 * The fields of `from` that are set, as JSON would name them: those of a message that both sides
 * have one by one, a message without any whole.
 */
static void merge_set(struct merge *merge, const struct place *place)
{
    for (size_t i = 0; i < place->type->field_count; i++) {
        const struct field *field = &place->type->fields[i];
        struct place inner = *place;

        if (!field_is_set(place->from, field))
            continue;
        if (can_enter(field) && field_is_set(place->to, field) &&
            holds_any(field_get_message(place->from, field), field->message)) {
            if (enter(merge, &inner, field))
                merge_set(merge, &inner);
        } else {
            merge_field(merge, place, field, false);
        }
    }
}

static void merge_message(struct merge *merge, const struct message_type *type,
                          const ProtobufCMessage *mask, const ProtobufCMessage *from,
                          ProtobufCMessage *to)
{
    const Google__Protobuf__FieldMask *paths = (const void *)mask;
    struct place place = {type, from, to, SLICE_EMPTY, false};

    assert(from->descriptor == type->pb && to->descriptor == type->pb);
    if (paths == NULL || paths->n_paths == 0) {
        merge_set(merge, &place);
        return;
    }
    for (size_t i = 0; i < paths->n_paths; i++) {
        struct slice path = slice_from_cstr(paths->paths[i]);

        if (slice_equal(path, SLICE("*"))) {
            merge->touched->whole = true;
            merge_all(merge, &place);
        } else {
            merge_path(merge, place, path);
        }
    }
}

void mask_merge(struct arena *arena, const struct message_type *type, const struct field *id,
                const ProtobufCMessage *mask, const ProtobufCMessage *from, ProtobufCMessage *to,
                struct touched *touched, struct violations *violations)
{
    struct merge merge = {arena, id, false, touched, violations};

    merge_message(&merge, type, mask, from, to);
}

void mask__merge_request(struct arena *arena, const struct message_type *type,
                         const struct field *id, const ProtobufCMessage *mask,
                         const ProtobufCMessage *from, ProtobufCMessage *to,
                         struct touched *touched, struct violations *violations)
{
    struct merge merge = {arena, id, true, touched, violations};

    merge_message(&merge, type, mask, from, to);
}

void mask_keep_set(struct arena *arena, const struct message_type *type, const struct field *id,
                   const ProtobufCMessage *named, const ProtobufCMessage *from,
                   ProtobufCMessage *to)
{
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];
        ProtobufCMessage *inner;

        if (field == id || field->output_only || field->input_only || field->secret ||
            !field_is_set(named, field) || !field_is_set(from, field))
            continue;
        if (!can_enter(field)) {
            field_copy(to, from, field);
            continue;
        }
        inner = message_new(arena, field->message);
        if (inner == NULL)
            return;
        mask_keep_set(arena, field->message, NULL, field_get_message(named, field),
                      field_get_message(from, field), inner);
        field_set_message(to, field, inner);
    }
}
