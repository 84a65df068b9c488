/*
 * Writing the well-known types, each in its own form (protobuf.dev, ProtoJSON). Fields are found by
 * number: the messages may be protoc-c's or made at start-up.
 */
#include "proto/json/json_write_wkt.h"

#include <assert.h>
#include <math.h>

#include "proto/contract/contract_find.h"
#include "proto/json/json_numbers.h"
#include "proto/json/json_text.h"
#include "proto/json/json_wkt.h"
#include "proto/json/json_write.h"
#include "proto/json/json_writer.h"
#include "proto/message/message.h"
#include "proto/message/message_walk.h"

static int64_t int_of(const struct message_type *type, const ProtobufCMessage *message,
                      uint32_t number)
{
    return field_get_int(message, message_field_by_number(type, number));
}

static bool write_timestamp(struct json_writer *writer, const struct message_type *type,
                            const ProtobufCMessage *message)
{
    return json__put_next_timestamp(&writer->text, &writer->moment, int_of(type, message, 1),
                                    (int32_t)int_of(type, message, 2)) ||
           json__write_refuse(writer, "A timestamp is out of range.");
}

static bool write_duration(struct json_writer *writer, const struct message_type *type,
                           const ProtobufCMessage *message)
{
    return json__put_duration(&writer->text, int_of(type, message, 1),
                              (int32_t)int_of(type, message, 2)) ||
           json__write_refuse(writer, "A duration is out of range.");
}

static bool write_field_mask(struct json_writer *writer, const struct message_type *type,
                             const ProtobufCMessage *message)
{
    const struct field *paths = message_field_by_number(type, 1);
    size_t count = field_count(message, paths);

    json__put_char(&writer->text, '"');
    for (size_t i = 0; i < count; i++) {
        struct slice path = field_get_string_at(message, paths, i);

        if (i > 0)
            json__put_char(&writer->text, ',');
        if (!json__put_mask_path(&writer->text, path))
            return json__write_refuse(writer, "The field mask path \"%.*s\" has no JSON form.",
                                      SLICE_ARG(path));
    }
    json__put_char(&writer->text, '"');
    return true;
}

static bool write_value(struct json_writer *writer, const struct message_type *type,
                        const ProtobufCMessage *message)
{
    const struct oneof *kind = &type->oneofs[0];
    const struct field *set = NULL;

    for (size_t i = 0; i < kind->field_count; i++)
        if (field_is_set(message, kind->fields[i]))
            set = kind->fields[i];
    if (set == NULL)
        return json__write_refuse(writer, "A google.protobuf.Value holds no value.");
    if (set->pb->type == PROTOBUF_C_TYPE_DOUBLE &&
        !isfinite(*(const double *)field_address(message, set, 0)))
        return json__write_refuse(writer, "A google.protobuf.Value holds NaN or an infinity.");
    return json__write_value(writer, message, set);
}

/* Struct, ListValue and wrappers are written as their one field. */
static bool write_only_field(struct json_writer *writer, const struct message_type *type,
                             const ProtobufCMessage *message)
{
    return json__write_value(writer, message, message_field_by_number(type, 1));
}

/* The message that an Any holds: walked and unpacked in the arena; NULL when that was refused. */
static const ProtobufCMessage *open_any(struct json_writer *writer, struct slice url,
                                        struct slice bytes, const struct message_type **ret_type)
{
    struct walk_options walk = {.keep_unknown = true};
    struct arena *arena = writer->text.arena;
    const struct field *where = NULL;
    const ProtobufCMessage *message = NULL;
    size_t slash = url.len;

    while (slash > 0 && url.data[slash - 1] != '/')
        slash--;
    *ret_type = slash == 0 ? NULL
                           : contract_message(writer->options->contract, slice_from(url, slash));
    if (*ret_type == NULL) {
        json__write_refuse(writer, "The type \"%.*s\" of an Any is not known.", SLICE_ARG(url));
        return NULL;
    }
    if (message_walk(arena, *ret_type, bytes, walk, &bytes, &where) == WALK_OK)
        message = message_unpack(arena, *ret_type, bytes);
    if (message == NULL)
        json__write_refuse(writer, "The value of an Any of \"%.*s\" does not parse.",
                           SLICE_ARG(url));
    return message;
}

static bool write_any(struct json_writer *writer, const struct message_type *type,
                      const ProtobufCMessage *message)
{
    struct slice url = field_get_string(message, message_field_by_number(type, 1));
    struct slice bytes = field_get_string(message, message_field_by_number(type, 2));
    const struct message_type *inner_type;
    const ProtobufCMessage *inner;
    bool written;
    size_t count = 1;

    if (url.len == 0 && bytes.len == 0) {
        json_put_literal(&writer->text, "{}");
        return true;
    }
    inner = open_any(writer, url, bytes, &inner_type);
    if (inner == NULL)
        return false;
    json_put_literal(&writer->text, "{\"@type\":");
    json_put_string(&writer->text, url);
    if (json__is_special(inner_type)) {
        json_put_literal(&writer->text, ",\"value\":");
        written = json__write_message(writer, inner_type, inner);
    } else {
        written = json__write_members(writer, inner_type, inner, &count);
    }
    json__put_char(&writer->text, '}');
    return written;
}

static bool (*const writers[])(struct json_writer *, const struct message_type *,
                               const ProtobufCMessage *) = {
    [WELL_KNOWN_ANY] = write_any,
    [WELL_KNOWN_TIMESTAMP] = write_timestamp,
    [WELL_KNOWN_DURATION] = write_duration,
    [WELL_KNOWN_FIELD_MASK] = write_field_mask,
    [WELL_KNOWN_STRUCT] = write_only_field,
    [WELL_KNOWN_VALUE] = write_value,
    [WELL_KNOWN_LIST_VALUE] = write_only_field,
    [WELL_KNOWN_WRAPPER] = write_only_field,
    [WELL_KNOWN_HTTP_BODY] = NULL,
};

bool json__is_special(const struct message_type *type)
{
    assert((size_t)type->well_known < sizeof(writers) / sizeof(writers[0]));
    return writers[type->well_known] != NULL;
}

bool json__write_well_known(struct json_writer *writer, const struct message_type *type,
                            const ProtobufCMessage *message)
{
    return writers[type->well_known](writer, type, message);
}
