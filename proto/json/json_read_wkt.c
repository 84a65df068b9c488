/*
 * Reading the well-known types, each from its own form (protobuf.dev, ProtoJSON). Fields are found
 * by number: the messages may be protoc-c's or made at start-up.
 */
#include "proto/json/json_read_wkt.h"

#include <assert.h>

#include "proto/contract/contract_find.h"
#include "proto/json/json_read.h"
#include "proto/json/json_read_list.h"
#include "proto/json/json_reader.h"
#include "proto/json/json_wkt.h"
#include "proto/message/message.h"

static const struct field *numbered(const struct message_type *type, uint32_t number)
{
    return message_field_by_number(type, number);
}

/* -- from one string ----------------------------------------------------------------------------
 */

static const char *parse_time(const struct message_type *type, ProtobufCMessage *message,
                              struct slice text, bool is_duration)
{
    int64_t seconds;
    int32_t nanos;
    bool parsed = is_duration ? json_duration_parse(text, &seconds, &nanos)
                              : json_timestamp_parse(text, &seconds, &nanos);

    if (!parsed)
        return is_duration ? "a duration such as \"1.5s\""
                           : "an RFC 3339 timestamp such as \"2024-01-31T12:00:00Z\"";
    field_set_int(message, numbered(type, 1), seconds);
    field_set_int(message, numbered(type, 2), nanos);
    return NULL;
}

static const char *parse_mask(struct arena *arena, const struct message_type *type,
                              ProtobufCMessage *message, struct slice text)
{
    const struct field *paths = numbered(type, 1);
    size_t capacity = 0;

    if (text.len == 0)
        return NULL;
    for (;;) {
        size_t comma = slice_find(text, ',');
        struct slice path;
        const char **element;

        if (!json__mask_path_parse(arena, slice_make(text.data, comma), &path))
            return "a comma-separated list of field paths in lowerCamelCase";
        element = field_append(arena, message, paths, &capacity);
        if (element == NULL)
            return NULL;
        *element = path.data;
        if (comma == text.len)
            return NULL;
        text = slice_from(text, comma + 1);
    }
}

const char *json__parse_well_known(struct arena *arena, const struct message_type *type,
                                   ProtobufCMessage *message, struct slice text)
{
    if (type->well_known == WELL_KNOWN_FIELD_MASK)
        return parse_mask(arena, type, message, text);
    assert(type->well_known == WELL_KNOWN_TIMESTAMP || type->well_known == WELL_KNOWN_DURATION);
    return parse_time(type, message, text, type->well_known == WELL_KNOWN_DURATION);
}

static enum read_result read_from_string(struct json_reader *reader,
                                         const struct message_type *type, ProtobufCMessage *message,
                                         const struct json_place *place)
{
    struct json_string string;
    const char *wrong;

    if (json_scan__kind(&reader->scan) != JSON_STRING)
        return json__read_unexpected(reader, place, "a string");
    if (!json_scan__string(&reader->scan, &string))
        return json__read_broken(reader, place);
    wrong = json__parse_well_known(reader->arena, type, message, string.text);
    if (wrong != NULL)
        return json__read_refuse(reader, place, "must be %s", wrong);
    return arena_failed(reader->arena) ? json__read_broken(reader, place) : READ_OK;
}

/* -- google.protobuf.Struct and its parts ---------------------------------------------------------
 */

static enum read_result read_struct(struct json_reader *reader, const struct message_type *type,
                                    ProtobufCMessage *message, const struct json_place *place)
{
    return json__read_map(reader, message, numbered(type, 1), place);
}

static enum read_result read_list_value(struct json_reader *reader, const struct message_type *type,
                                        ProtobufCMessage *message, const struct json_place *place)
{
    return json__read_list(reader, message, numbered(type, 1), place);
}

static enum read_result read_value(struct json_reader *reader, const struct message_type *type,
                                   ProtobufCMessage *message, const struct json_place *place)
{
    static const unsigned char numbers[] = {
        [JSON_NOTHING] = 0, [JSON_NULL] = 1,  [JSON_NUMBER] = 2, [JSON_STRING] = 3,
        [JSON_TRUE] = 4,    [JSON_FALSE] = 4, [JSON_OBJECT] = 5, [JSON_ARRAY] = 6,
    };
    unsigned number = numbers[json_scan__kind(&reader->scan)];

    if (number == 0)
        return json__read_unexpected(reader, place, "a value");
    return json__read_singular(reader, message, numbered(type, number), place);
}

static enum read_result read_wrapper(struct json_reader *reader, const struct message_type *type,
                                     ProtobufCMessage *message, const struct json_place *place)
{
    return json__read_singular(reader, message, numbered(type, 1), place);
}

/* -- google.protobuf.Any --------------------------------------------------------------------------
 */

/*
 * Looks ahead for "@type", which may stand anywhere in the object whose bracket was taken, and
 * comes back. *ret_url stays empty where there is none; `*ret_count` is how many members there are.
 */
static enum read_result find_type(struct json_reader *reader, const struct json_place *place,
                                  struct slice *ret_url, size_t *ret_count)
{
    struct json_scan ahead = reader->scan;
    struct json_string name;
    struct json_string url = {SLICE_EMPTY, false};
    size_t count = 0;
    unsigned found = 0;

    while (json_scan__member(&ahead, &count, SLICE_EMPTY, &name)) {
        bool is_type = slice_equal(name.text, SLICE("@type"));

        if (is_type && json_scan__kind(&ahead) != JSON_STRING)
            return json__read_refuse(reader, place, "must have a string in \"@type\"");
        if (is_type ? !json_scan__string(&ahead, &url) : !json_scan__skip(&ahead))
            break;
        found += is_type;
    }
    if (ahead.error != NULL || arena_failed(reader->arena)) {
        reader->scan = ahead;
        return json__read_broken(reader, place);
    }
    if (found > 1)
        return json__read_refuse(reader, place, "must not have \"@type\" twice");
    if (found == 0 && count > 0)
        return json__read_refuse(reader, place, "must have \"@type\"");
    *ret_url = url.text;
    *ret_count = count;
    return READ_OK;
}

/* What an Any's "@type" names; NULL when it is refused. */
static const struct message_type *resolve_type(struct json_reader *reader, struct slice url,
                                               const struct json_place *place)
{
    const struct message_type *type;
    size_t slash = url.len;

    while (slash > 0 && url.data[slash - 1] != '/')
        slash--;
    if (slash == 0) {
        json__read_refuse(reader, place, "must have a \"/\" in \"@type\"");
        return NULL;
    }
    type = contract_message(reader->options->contract, slice_from(url, slash));
    if (type == NULL)
        json__read_refuse(reader, place, "must have a known type in \"@type\", not \"%.*s\"",
                          SLICE_ARG(json__shown(reader->arena, url)));
    return type;
}

/* A type with a form of its own stands under "value", beside nothing but "@type". */
static enum read_result read_any_value(struct json_reader *reader, const struct message_type *type,
                                       const struct json_place *up, ProtobufCMessage **ret_message)
{
    struct json_place place = {.up = up, .kind = PLACE_NAME, .name = SLICE("value")};
    struct json_scan *scan = &reader->scan;
    ProtobufCMessage *message = NULL;
    enum read_result result;
    struct json_string name;
    size_t count = 0;

    while (json_scan__member(scan, &count, SLICE_EMPTY, &name)) {
        if (slice_equal(name.text, SLICE("value"))) {
            if (message != NULL)
                return json__read_refuse(reader, &place, "must not be given twice");
            if (json_scan__kind(scan) == JSON_NULL && type->well_known != WELL_KNOWN_VALUE)
                return json__read_refuse(reader, &place, "must not be null");
            result = json__read_message(reader, type, &place, &message);
        } else if (slice_equal(name.text, SLICE("@type")) || reader->options->ignore_unknown) {
            result = json_scan__skip(scan) ? READ_OK : json__read_broken(reader, up);
        } else {
            place.name = name.text;
            return json__read_refuse(reader, &place, "is not a known field");
        }
        if (result == READ_FAILED)
            return READ_FAILED;
    }
    if (scan->error != NULL || arena_failed(reader->arena))
        return json__read_broken(reader, up);
    if (message == NULL)
        return json__read_refuse(reader, &place, "is required");
    *ret_message = message;
    return READ_OK;
}

static enum read_result read_any_content(struct json_reader *reader,
                                         const struct message_type *type,
                                         const struct json_place *place,
                                         ProtobufCMessage **ret_message)
{
    if (json__reads_specially(type))
        return read_any_value(reader, type, place, ret_message);
    *ret_message = message_new(reader->arena, type);
    if (*ret_message == NULL)
        return json__read_broken(reader, place);
    return json__read_members(reader, type, *ret_message, place, true);
}

static enum read_result read_any(struct json_reader *reader, const struct message_type *type,
                                 ProtobufCMessage *message, const struct json_place *place)
{
    const struct message_type *inner_type;
    ProtobufCMessage *inner = NULL;
    struct slice url = SLICE_EMPTY;
    struct slice bytes;
    size_t count = 0;

    if (json_scan__kind(&reader->scan) != JSON_OBJECT)
        return json__read_unexpected(reader, place, "an object");
    if (!json_scan__open(&reader->scan))
        return json__read_broken(reader, place);
    if (find_type(reader, place, &url, &count) != READ_OK)
        return READ_FAILED;
    if (count == 0) /* an empty Any: takes the closing bracket */
        return json__read_members(reader, type, message, place, true);
    inner_type = resolve_type(reader, url, place);
    if (inner_type == NULL || read_any_content(reader, inner_type, place, &inner) != READ_OK)
        return READ_FAILED;
    if (reader->violations.count > 0) /* then elements may be missing, which can not be packed */
        return READ_FAILED;
    bytes = message_pack(reader->arena, inner);
    field_set_string(reader->arena, message, numbered(type, 1), url);
    if (bytes.len > 0)
        field_set_string(reader->arena, message, numbered(type, 2), bytes);
    return arena_failed(reader->arena) ? json__read_broken(reader, place) : READ_OK;
}

/* -- dispatch -------------------------------------------------------------------------------------
 */

static enum read_result (*const readers[])(struct json_reader *, const struct message_type *,
                                           ProtobufCMessage *, const struct json_place *) = {
    [WELL_KNOWN_ANY] = read_any,
    [WELL_KNOWN_TIMESTAMP] = read_from_string,
    [WELL_KNOWN_DURATION] = read_from_string,
    [WELL_KNOWN_FIELD_MASK] = read_from_string,
    [WELL_KNOWN_STRUCT] = read_struct,
    [WELL_KNOWN_VALUE] = read_value,
    [WELL_KNOWN_LIST_VALUE] = read_list_value,
    [WELL_KNOWN_WRAPPER] = read_wrapper,
    [WELL_KNOWN_HTTP_BODY] = NULL,
};

bool json__reads_specially(const struct message_type *type)
{
    assert((size_t)type->well_known < sizeof(readers) / sizeof(readers[0]));
    return readers[type->well_known] != NULL;
}

enum read_result json__read_well_known(struct json_reader *reader, const struct message_type *type,
                                       ProtobufCMessage *message, const struct json_place *place)
{
    return readers[type->well_known](reader, type, message, place);
}
