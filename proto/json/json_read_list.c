/*
 * Lists and maps from JSON. A map's keys are compared as values, so "1" and "1.0" are the same one.
 * The contract's bounds on how many there may be hold while reading already: else a short text of
 * very many empty values would end the call's memory before anyone looks at it.
 */
#include "proto/json/json_read_list.h"

#include <assert.h>
#include <stdlib.h>

#include "proto/contract/contract_find.h"
#include "proto/json/json_read.h"
#include "proto/json/json_read_scalar.h"
#include "proto/json/json_reader.h"
#include "proto/message/message.h"
#include "proto/message/message_maps.h"

/* Up to this many entries are compared each with each; more are sorted. */
#define MAP_COMPARED_MOST 16

/* Null is no element and no map value, but where it is a value of the type. */
static bool null_is_refused(struct json_reader *reader, const struct field *field)
{
    return json_scan__kind(&reader->scan) == JSON_NULL && !json__takes_null(field);
}

/* False, and refused, when the contract has room for fewer; the rest is not read. */
static bool has_room(struct json_reader *reader, const struct field *field,
                     const struct json_place *place, size_t count)
{
    const struct rules *rules = field->rules;
    const char *what = field->map ? "entries" : "items";

    if (rules == NULL || !rules->has_item_count || count <= rules->max_items || field->output_only)
        return true;
    if (rules->max_items == 1)
        what = field->map ? "entry" : "item";
    json__read_refuse(reader, place, "must have at most %llu %s",
                      (unsigned long long)rules->max_items, what);
    return false;
}

/* An enum is read first and appended then: an ignored name leaves no element. */
static enum read_result read_enum_element(struct json_reader *reader, ProtobufCMessage *message,
                                          const struct field *field, const struct json_place *place,
                                          size_t *capacity)
{
    enum read_result result;
    int32_t value;
    int32_t *element;

    result = json__read_scalar(reader, field, place, &value);
    if (result != READ_OK)
        return result;
    element = field_append(reader->arena, message, field, capacity);
    if (element == NULL)
        return json__read_broken(reader, place);
    *element = value;
    return READ_OK;
}

static enum read_result read_element(struct json_reader *reader, ProtobufCMessage *message,
                                     const struct field *field, const struct json_place *place,
                                     size_t *capacity)
{
    void *element;

    if (null_is_refused(reader, field))
        return json__read_refuse(reader, place, "must not be null");
    if (field->enumeration != NULL)
        return read_enum_element(reader, message, field, place, capacity);
    element = field_append(reader->arena, message, field, capacity);
    if (element == NULL)
        return json__read_broken(reader, place);
    if (field->message != NULL)
        return json__read_message(reader, field->message, place, element);
    return json__read_scalar(reader, field, place, element);
}

enum read_result json__read_list(struct json_reader *reader, ProtobufCMessage *message,
                                 const struct field *field, const struct json_place *place)
{
    struct json_place item = {.up = place, .kind = PLACE_INDEX};
    struct json_scan *scan = &reader->scan;
    size_t capacity = 0;
    size_t count = 0;

    if (json_scan__kind(scan) != JSON_ARRAY)
        return json__read_unexpected(reader, place, "an array");
    if (!json_scan__open(scan))
        return json__read_broken(reader, place);
    while (json_scan__element(scan, &count)) {
        const char *at = scan->at;
        unsigned depth = scan->depth;

        item.index = count - 1;
        if (!has_room(reader, field, place, count))
            return READ_FAILED;
        if (read_element(reader, message, field, &item, &capacity) == READ_FAILED &&
            !json__read_on(reader, at, depth))
            return READ_FAILED;
    }
    return scan->error == NULL ? READ_OK : json__read_broken(reader, place);
}

static int compare_keys(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

/* Whether a key stands twice; false, too, when the arena failed. */
static bool has_repeated_key(struct arena *arena, const ProtobufCMessage *message,
                             const struct field *field, struct slice *ret_key)
{
    const struct field *key = message_field_by_number(field->message, 1);
    size_t count = field_count(message, field);
    struct slice *keys = count < 2 ? NULL : arena_array(arena, count, sizeof(*keys));

    for (size_t i = 0; keys != NULL && i < count; i++)
        keys[i] = map_entry_key(*(ProtobufCMessage **)field_address(message, field, i), key);
    if (keys != NULL && count > MAP_COMPARED_MOST)
        qsort(keys, count, sizeof(*keys), compare_keys);
    for (size_t i = 1; keys != NULL && i < count; i++)
        for (size_t j = count > MAP_COMPARED_MOST ? i - 1 : 0; j < i; j++)
            if (slice_equal(keys[j], keys[i])) {
                *ret_key = keys[i];
                return true;
            }
    return false;
}

static enum read_result read_key(struct json_reader *reader, ProtobufCMessage *entry,
                                 const struct field *key, const struct json_string *name,
                                 const struct json_place *place)
{
    void *address = field_address(entry, key, 0);
    const char *wrong;

    if (key->pb->type == PROTOBUF_C_TYPE_STRING && name->decoded) {
        *(const char **)address = name->text.data;
    } else {
        wrong = json__parse_scalar(reader->arena, key, name->text, address);
        if (wrong != NULL)
            return json__read_refuse(reader, place, "must have a map key that is %s", wrong);
    }
    field_mark_set(entry, key);
    return READ_OK;
}

static enum read_result read_entry(struct json_reader *reader, ProtobufCMessage *message,
                                   const struct field *field, const struct json_string *name,
                                   const struct json_place *place, size_t *capacity)
{
    const struct field *key = message_field_by_number(field->message, 1);
    const struct field *value = message_field_by_number(field->message, 2);
    ProtobufCMessage *entry = message_new(reader->arena, field->message);
    ProtobufCMessage **element;
    enum read_result result;

    if (entry == NULL)
        return json__read_broken(reader, place);
    result = read_key(reader, entry, key, name, place);
    if (result != READ_OK)
        return result;
    if (null_is_refused(reader, value))
        return json__read_refuse(reader, place, "must not be null");
    result = json__read_singular(reader, entry, value, place);
    if (result != READ_OK)
        return result;
    element = field_append(reader->arena, message, field, capacity);
    if (element == NULL)
        return json__read_broken(reader, place);
    *element = entry;
    return READ_OK;
}

void json__put_blank_entry(struct json_reader *reader, ProtobufCMessage *message,
                           const struct field *map)
{
    size_t capacity = 0;
    ProtobufCMessage *entry = message_new(reader->arena, map->message);
    ProtobufCMessage **slot;

    assert(map->map && message->descriptor == map->parent->pb);
    field_clear(message, map);
    slot = field_append(reader->arena, message, map, &capacity);
    if (slot != NULL)
        *slot = entry;
}

enum read_result json__read_map(struct json_reader *reader, ProtobufCMessage *message,
                                const struct field *field, const struct json_place *place)
{
    struct json_place item = {.up = place, .kind = PLACE_KEY};
    struct json_scan *scan = &reader->scan;
    struct json_string name;
    size_t capacity = 0;
    size_t count = 0;

    if (json_scan__kind(scan) != JSON_OBJECT)
        return json__read_unexpected(reader, place, "an object");
    if (!json_scan__open(scan))
        return json__read_broken(reader, place);
    while (json_scan__member(scan, &count, SLICE_EMPTY, &name)) {
        const char *at = scan->at;
        unsigned depth = scan->depth;

        item.name = name.text;
        if (!has_room(reader, field, place, count))
            return READ_FAILED;
        if (read_entry(reader, message, field, &name, &item, &capacity) == READ_FAILED &&
            !json__read_on(reader, at, depth))
            return READ_FAILED;
    }
    if (scan->error != NULL || arena_failed(reader->arena))
        return json__read_broken(reader, place);
    if (!has_repeated_key(reader->arena, message, field, &item.name))
        return READ_OK;
    /* An integer's bytes would say nothing in a path. */
    if (message_field_by_number(field->message, 1)->pb->type != PROTOBUF_C_TYPE_STRING)
        return json__read_refuse(reader, place, "must not have a key twice");
    return json__read_refuse(reader, &item, "must not be given twice");
}
