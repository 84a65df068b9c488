/*
 * Messages to proto3 JSON by descriptor, streamed into one text. Fields come in the order of their
 * declaration; what has no JSON form is refused, never bent.
 */
#include "proto/json/json_write.h"

#include <assert.h>
#include <math.h>

#include "base/text.h"
#include "proto/contract/contract_find.h"
#include "proto/json/json_numbers.h"
#include "proto/json/json_text.h"
#include "proto/json/json_write_wkt.h"
#include "proto/json/json_writer.h"
#include "proto/message/message.h"

bool json__write_refuse(struct json_writer *writer, const char *format, ...)
{
    struct slice message;
    va_list args;

    if (!status_is_ok(writer->status))
        return false;
    va_start(args, format);
    message = arena_vprintf(writer->text.arena, format, args);
    va_end(args);
    writer->status = status_const(STATUS_INTERNAL, message);
    return false;
}

static void put_quoted_int(struct json_text *text, int64_t value)
{
    json__put_char(text, '"');
    json_put_int(text, value);
    json__put_char(text, '"');
}

static void put_quoted_uint(struct json_text *text, uint64_t value)
{
    json__put_char(text, '"');
    json__put_uint(text, value);
    json__put_char(text, '"');
}

/* True when the value was one of those that JSON's numbers lack. */
static bool put_not_finite(struct json_text *text, double value)
{
    if (isnan(value))
        json_put_literal(text, "\"NaN\"");
    else if (isinf(value))
        json_put(text, value < 0 ? SLICE("\"-Infinity\"") : SLICE("\"Infinity\""));
    return !isfinite(value);
}

static void put_enum(struct json_text *text, const struct enum_type *type, int32_t number)
{
    const struct enum_value *value;

    if (type->is_null_value) {
        json_put_literal(text, "null");
        return;
    }
    value = enum_value_by_number(type, number);
    if (value != NULL)
        json_put_string(text, value->name);
    else
        json_put_int(text, number);
}

static void put_bytes(struct json_text *text, const ProtobufCBinaryData *bytes)
{
    json__put_char(text, '"');
    json_put(text, base64_encode(text->arena, slice_make(bytes->data, bytes->len), true));
    json__put_char(text, '"');
}

void json__put_float(struct json_text *text, float value)
{
    if (!put_not_finite(text, (double)value))
        json_numbers__put_float(text, value);
}

void json__put_double(struct json_text *text, double value)
{
    if (!put_not_finite(text, value))
        json_numbers__put_double(text, value);
}

static void put_bool(struct json_text *text, bool value)
{
    if (!json__reserve(text, 5))
        return;
    if (value)
        json__append(text, "true", 4);
    else
        json__append(text, "false", 5);
}

static void put_scalar(struct json_text *text, const struct field *field, const void *address)
{
    switch (field->pb->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        json_put_int(text, *(const int32_t *)address);
        return;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        json_put_int(text, *(const uint32_t *)address);
        return;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        put_quoted_int(text, *(const int64_t *)address);
        return;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        put_quoted_uint(text, *(const uint64_t *)address);
        return;
    case PROTOBUF_C_TYPE_FLOAT:
        json__put_float(text, *(const float *)address);
        return;
    case PROTOBUF_C_TYPE_DOUBLE:
        json__put_double(text, *(const double *)address);
        return;
    case PROTOBUF_C_TYPE_BOOL:
        put_bool(text, *(const protobuf_c_boolean *)address);
        return;
    case PROTOBUF_C_TYPE_ENUM:
        put_enum(text, field->enumeration, *(const int32_t *)address);
        return;
    case PROTOBUF_C_TYPE_STRING:
        json_put_string(text, slice_from_cstr(*(char *const *)address));
        return;
    case PROTOBUF_C_TYPE_BYTES:
        put_bytes(text, address);
        return;
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    }
}

/* A map key: a string whatever its type. */
static void put_key(struct json_text *text, const ProtobufCMessage *entry, const struct field *key)
{
    const void *address = field_address(entry, key, 0);

    switch (key->pb->type) {
    case PROTOBUF_C_TYPE_STRING: /* and the 64-bit integers are quoted already */
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        put_scalar(text, key, address);
        return;
    default:
        json__put_char(text, '"');
        put_scalar(text, key, address);
        json__put_char(text, '"');
    }
}

bool json__write_element(struct json_writer *writer, const struct field *field, const void *address)
{
    const ProtobufCMessage *message;

    assert(address != NULL);
    if (field->message == NULL) {
        put_scalar(&writer->text, field, address);
        return true;
    }
    message = *(ProtobufCMessage *const *)address;
    if (message == NULL) /* a map's value that the bytes left out is an empty one */
        message = message_new(writer->text.arena, field->message);
    return message != NULL && json__write_message(writer, field->message, message);
}

static bool put_list(struct json_writer *writer, const ProtobufCMessage *message,
                     const struct field *field)
{
    size_t count = field_count(message, field);

    json__put_char(&writer->text, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            json__put_char(&writer->text, ',');
        if (!json__write_element(writer, field, field_address(message, field, i)))
            return false;
    }
    json__put_char(&writer->text, ']');
    return true;
}

static bool put_map(struct json_writer *writer, const ProtobufCMessage *message,
                    const struct field *field)
{
    const struct field *key = message_field_by_number(field->message, 1);
    const struct field *value = message_field_by_number(field->message, 2);
    size_t count = field_count(message, field);

    json__put_char(&writer->text, '{');
    for (size_t i = 0; i < count; i++) {
        const ProtobufCMessage *entry = *(ProtobufCMessage **)field_address(message, field, i);

        if (i > 0)
            json__put_char(&writer->text, ',');
        put_key(&writer->text, entry, key);
        json__put_char(&writer->text, ':');
        if (!json__write_element(writer, value, field_address(entry, value, 0)))
            return false;
    }
    json__put_char(&writer->text, '}');
    return true;
}

bool json__write_value(struct json_writer *writer, const ProtobufCMessage *message,
                       const struct field *field)
{
    if (field->map)
        return put_map(writer, message, field);
    if (field->repeated)
        return put_list(writer, message, field);
    return json__write_element(writer, field, field_address(message, field, 0));
}

/* Whether the field at its default stands for nothing: no object, or a value that has no name. */
static bool says_nothing(const struct field *field)
{
    if (field->repeated)
        return false;
    if (field->enumeration != NULL && field->enumeration->value_count > 0)
        return slice_equal(field->enumeration->values[0].name, SLICE("UNSPECIFIED"));
    return field->reference != NULL;
}

static bool is_written(const struct json_writer *writer, const ProtobufCMessage *message,
                       const struct field *field)
{
    if (writer->options->hide_input_only && field->input_only)
        return false;
    if (writer->options->hide_input_only && field->secret)
        return field_is_set(message, field); /* a quote: what is secret was cleared */
    if ((writer->options->always_emit || field->parent == writer->options->always_emit_of) &&
        !field->has_presence && !says_nothing(field))
        return true;
    return field_is_set(message, field);
}

/* The name in quotes, and a colon. */
static void put_name(struct json_text *text, const struct field *field, bool is_proto_name)
{
    const struct slice name = is_proto_name ? field->name : field->json_name;

    if (!field->json_name_is_plain) {
        json_put_string(text, name);
        json__put_char(text, ':');
    } else if (json__reserve(text, name.len + 3)) {
        json__append(text, "\"", 1);
        json__append(text, name.data, name.len);
        json__append(text, "\":", 2);
    }
}

bool json__begin_member(struct json_writer *writer, const ProtobufCMessage *message,
                        const struct field *field, size_t *count)
{
    if (!is_written(writer, message, field))
        return false;
    if ((*count)++ > 0)
        json__put_char(&writer->text, ',');
    put_name(&writer->text, field, writer->options->proto_names);
    return true;
}

bool json__write_members(struct json_writer *writer, const struct message_type *type,
                         const ProtobufCMessage *message, size_t *count)
{
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = type->declared[i];

        if (!json__begin_member(writer, message, field, count))
            continue;
        if (!json__write_value(writer, message, field))
            return false;
    }
    return true;
}

bool json__write_message(struct json_writer *writer, const struct message_type *type,
                         const ProtobufCMessage *message)
{
    size_t count = 0;
    bool written;

    assert(message->descriptor == type->pb && writer->depth <= JSON_WRITE_DEPTH_MOST);
    if (writer->depth == JSON_WRITE_DEPTH_MOST)
        return json__write_refuse(writer, "Messages are nested too deeply for JSON.");
    writer->depth++;
    if (json__is_special(type)) {
        written = json__write_well_known(writer, type, message);
    } else {
        json__put_char(&writer->text, '{');
        written = json__write_members(writer, type, message, &count);
        json__put_char(&writer->text, '}');
    }
    writer->depth--;
    return written;
}

struct status json__write_end(const struct json_writer *writer, struct slice *ret_text)
{
    assert(writer->depth <= JSON_WRITE_DEPTH_MOST);
    if (arena_failed(writer->text.arena))
        return status_out_of_memory();
    if (status_is_ok(writer->status))
        *ret_text = json_text_slice(&writer->text);
    return writer->status;
}

struct status json_write_message(struct arena *arena, const struct message_type *type,
                                 const ProtobufCMessage *message,
                                 const struct json_write_options *options, struct slice *ret_text)
{
    struct json_writer writer = {.text = {.arena = arena}, .options = options};

    json__write_message(&writer, type, message);
    return json__write_end(&writer, ret_text);
}

struct status json_write_field(struct arena *arena, const ProtobufCMessage *message,
                               const struct field *field, const struct json_write_options *options,
                               struct slice *ret_text)
{
    struct json_writer writer = {.text = {.arena = arena}, .options = options};

    if (field->has_presence && !field_is_set(message, field))
        json_put_literal(&writer.text, "null");
    else
        json__write_value(&writer, message, field);
    return json__write_end(&writer, ret_text);
}
