/* The walk over a message by its contract: what is required, how many, which. */
#include "rpc/call/validate.h"

#include <stdlib.h>

#include "proto/contract/contract_find.h"
#include "proto/message/message.h"
#include "rpc/call/call.h"
#include "rpc/call/validate_moment.h"
#include "rpc/call/validate_report.h"
#include "rpc/call/validate_value.h"
#include "storage/keys.h"

/* -- lists and maps ------------------------------------------------------------------------ */

static void validate_fields(struct validation *validation, const struct place *parent,
                            const struct message_type *type, const ProtobufCMessage *message,
                            const struct field *skip, unsigned depth);
static void validate_held(struct validation *validation, const struct place *place,
                          const struct message_type *type, const ProtobufCMessage *message,
                          const struct rules *rules, unsigned depth);

/* False when there are more than are worth looking at one by one. */
static bool check_count(struct validation *validation, const struct place *place,
                        const struct rules *rules, size_t count)
{
    const char *what = place->field->map ? "entries" : "items";
    const char *one = place->field->map ? "entry" : "item";

    if (rules == NULL || !rules->has_item_count)
        return true;
    if (count < rules->min_items)
        validate__report(validation, place, "must have at least %llu %s",
                         (unsigned long long)rules->min_items, rules->min_items == 1 ? one : what);
    if (count <= rules->max_items)
        return true;
    validate__report(validation, place, "must have at most %llu %s",
                     (unsigned long long)rules->max_items, rules->max_items == 1 ? one : what);
    return false;
}

/* An item by its bytes. */
struct item {
    struct slice bytes;
    size_t index;
};

static int compare_items(const void *a, const void *b)
{
    const struct item *left = a;
    const struct item *right = b;
    int order = slice_compare(left->bytes, right->bytes);

    if (order != 0)
        return order;
    return left->index < right->index ? -1 : left->index > right->index;
}

static struct slice bytes_of(const ProtobufCMessage *message, const struct field *field, size_t i)
{
    const char *address = field_address(message, field, i);
    const ProtobufCBinaryData *binary = (const ProtobufCBinaryData *)address;

    if (field->pb->type == PROTOBUF_C_TYPE_STRING)
        return field_get_string_at(message, field, i);
    if (field->pb->type == PROTOBUF_C_TYPE_BYTES)
        return slice_make(binary->data, binary->len);
    return slice_make(address, (size_t)((const char *)field_address(message, field, 1) -
                                        (const char *)field_address(message, field, 0)));
}

/* What two items are compared by: ids are the same in either case. */
static struct slice identity_of(struct validation *validation, const ProtobufCMessage *message,
                                const struct field *field, size_t index)
{
    struct slice bytes = bytes_of(message, field, index);
    char *lower;

    if (field->reference == NULL)
        return bytes;
    lower = arena_cstr(validation->arena, bytes);
    for (size_t i = 0; lower != NULL && i < bytes.len; i++)
        if (lower[i] >= 'A' && lower[i] <= 'Z')
            lower[i] = (char)(lower[i] + ('a' - 'A'));
    return lower == NULL ? SLICE_EMPTY : slice_make(lower, bytes.len);
}

/* By sorting, since a caller chooses how many there are. */
static void check_unique(struct validation *validation, const struct place *parent,
                         const ProtobufCMessage *message, const struct field *field, size_t count)
{
    struct item *items;

    if (count < 2)
        return;
    items = arena_array(validation->arena, count, sizeof(*items));
    if (items == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        items[i] = (struct item){identity_of(validation, message, field, i), i};
    qsort(items, count, sizeof(*items), compare_items);
    for (size_t i = 1; i < count; i++) {
        struct place place = {parent, field, true, items[i].index, SLICE_EMPTY};

        if (slice_equal(items[i].bytes, items[i - 1].bytes))
            validate__report(validation, &place, "must not be repeated");
    }
}

static void validate_list(struct validation *validation, const struct place *parent,
                          const ProtobufCMessage *message, const struct field *field,
                          unsigned depth)
{
    const struct place whole = {parent, field, false, 0, SLICE_EMPTY};
    const struct rules *rules = field->rules;
    size_t count = field_count(message, field);

    if (!check_count(validation, &whole, rules, count))
        return;
    if (rules != NULL && rules->unique)
        check_unique(validation, parent, message, field, count);
    for (size_t i = 0; i < count; i++) {
        struct place place = {parent, field, true, i, SLICE_EMPTY};
        const void *address = field_address(message, field, i);

        if (field->message != NULL)
            validate_held(validation, &place, field->message, *(ProtobufCMessage *const *)address,
                          rules == NULL ? NULL : rules->items, depth);
        else if (rules != NULL && rules->items != NULL)
            validate__value(validation, &place, field, rules->items, address, "");
    }
}

static struct slice key_text(struct arena *arena, const ProtobufCMessage *entry,
                             const struct field *key)
{
    if (key->pb->type == PROTOBUF_C_TYPE_STRING)
        return field_get_string(entry, key);
    return arena_printf(arena, "%lld", (long long)field_get_int(entry, key));
}

/* The labels of a resource: people read them in tables, as they read names. */
static bool holds_labels(const struct field *field)
{
    return slice_equal(field->json_name, SLICE("labels"));
}

static void check_label(struct validation *validation, const struct place *place,
                        const ProtobufCMessage *entry, const struct field *field,
                        const char *subject)
{
    const char *refused = field->pb->type == PROTOBUF_C_TYPE_STRING
                              ? key_check_text(field_get_string(entry, field))
                              : NULL;

    if (refused != NULL)
        validate__report(validation, place, "%s%s", subject, refused);
}

static void validate_map(struct validation *validation, const struct place *parent,
                         const ProtobufCMessage *message, const struct field *field, unsigned depth)
{
    const struct place whole = {parent, field, false, 0, SLICE_EMPTY};
    const struct field *key = message_field_by_number(field->message, 1);
    const struct field *value = message_field_by_number(field->message, 2);
    const struct rules *rules = field->rules;
    size_t count = field_count(message, field);

    if (!check_count(validation, &whole, rules, count))
        return;
    for (size_t i = 0; i < count; i++) {
        const ProtobufCMessage *entry = *(ProtobufCMessage **)field_address(message, field, i);
        struct place place = {parent, field, true, i, key_text(validation->arena, entry, key)};

        if (rules != NULL && rules->keys != NULL)
            validate__value(validation, &place, key, rules->keys, field_address(entry, key, 0),
                            "the key ");
        if (holds_labels(field)) {
            check_label(validation, &place, entry, key, "the key ");
            check_label(validation, &place, entry, value, "");
        }
        if (value->message != NULL && field_get_message(entry, value) != NULL)
            validate_held(validation, &place, value->message, field_get_message(entry, value),
                          rules == NULL ? NULL : rules->items, depth);
        else if (value->message == NULL && rules != NULL && rules->items != NULL)
            validate__value(validation, &place, value, rules->items, field_address(entry, value, 0),
                            "");
    }
}

/* -- messages ------------------------------------------------------------------------------ */

static int64_t int_of(const ProtobufCMessage *message, const struct message_type *type,
                      uint32_t number)
{
    return field_get_int(message, message_field_by_number(type, number));
}

/* What JSON could not say must not come in as protobuf (google/protobuf/timestamp.proto,
 * duration.proto). */
static bool is_moment(struct validation *validation, const struct place *place,
                      enum well_known which, struct moment moment)
{
    if (which == WELL_KNOWN_TIMESTAMP) {
        if (moment_is_timestamp(moment))
            return true;
        validate__report(validation, place, "must be a time of the years 0001 to 9999");
        return false;
    }
    if (moment_is_duration(moment))
        return true;
    validate__report(validation, place, "must be a duration of at most 10,000 years");
    return false;
}

static void check_well_known(struct validation *validation, const struct place *place,
                             const struct message_type *type, const ProtobufCMessage *message,
                             const struct rules *rules)
{
    struct moment moment;

    if (type->well_known != WELL_KNOWN_TIMESTAMP && type->well_known != WELL_KNOWN_DURATION)
        return;
    moment = (struct moment){int_of(message, type, 1), (int32_t)int_of(message, type, 2)};
    if (is_moment(validation, place, type->well_known, moment) && rules != NULL &&
        rules->moment != NULL)
        validate__moment(validation, place, type->well_known, rules->moment, moment);
}

/* A message in a field, an item or a map's value, by the rules of the place where it is. */
static void validate_held(struct validation *validation, const struct place *place,
                          const struct message_type *type, const ProtobufCMessage *message,
                          const struct rules *rules, unsigned depth)
{
    if (type->well_known == WELL_KNOWN_NONE)
        validate_fields(validation, place, type, message, NULL, depth);
    else if (depth >= MESSAGE_DEPTH_MOST)
        validate__report(validation, place, "is nested too deeply");
    else
        check_well_known(validation, place, type, message, rules);
}

static void check_field(struct validation *validation, const struct place *parent,
                        const ProtobufCMessage *message, const struct field *field,
                        const struct field *skip, unsigned depth)
{
    const struct place place = {parent, field, false, 0, SLICE_EMPTY};

    if (field->output_only)
        return;
    if (!field_is_set(message, field)) {
        if (field->required || (field->rules != NULL && field->rules->required))
            validate__report(validation, &place, "is required");
        return;
    }
    if (field == skip)
        return;
    if (field->map)
        validate_map(validation, parent, message, field, depth);
    else if (field->repeated)
        validate_list(validation, parent, message, field, depth);
    else if (field->message != NULL)
        validate_held(validation, &place, field->message, field_get_message(message, field),
                      field->rules, depth);
    else if (field->rules != NULL)
        validate__value(validation, &place, field, field->rules, field_address(message, field, 0),
                        "");
}

/* Whether it is a text of which a look tells that no rule is broken: most fields are. */
static bool is_clear_text(const ProtobufCMessage *message, const struct field *field)
{
    const struct rules *rules = field->rules;
    const char *text;

    if (field->pb->type != PROTOBUF_C_TYPE_STRING || field->repeated || field->has_presence)
        return false;
    text = *(const char *const *)(const void *)((const char *)message + field->pb->offset);
    if (text == NULL || text[0] == '\0')
        return !field->required && (rules == NULL || !rules->required);
    return rules == NULL || (rules->length_alone &&
                             validate__length_is_clear(rules, slice_make(text, strlen(text))));
}

static void validate_fields(struct validation *validation, const struct place *parent,
                            const struct message_type *type, const ProtobufCMessage *message,
                            const struct field *skip, unsigned depth)
{
    if (depth >= MESSAGE_DEPTH_MOST) {
        validate__report(validation, parent, "is nested too deeply");
        return;
    }
    if (type->well_known != WELL_KNOWN_NONE) {
        check_well_known(validation, parent, type, message, NULL);
        return;
    }
    for (size_t i = 0; i < type->field_count; i++)
        if (!is_clear_text(message, type->declared[i]))
            check_field(validation, parent, message, type->declared[i], skip, depth + 1);
}

void validate_message(struct arena *arena, const struct message_type *type,
                      const ProtobufCMessage *message, struct slice prefix,
                      const struct field *skip, int64_t now_ms, struct violations *violations)
{
    struct validation validation = {arena, prefix, violations, false, now_ms};

    validate_fields(&validation, NULL, type, message, skip, 0);
}

void validate_field(struct arena *arena, const ProtobufCMessage *message, const struct field *field,
                    struct slice prefix, bool quotes, int64_t now_ms, struct violations *violations)
{
    struct validation validation = {arena, prefix, violations, quotes, now_ms};

    check_field(&validation, NULL, message, field, NULL, 0);
}
