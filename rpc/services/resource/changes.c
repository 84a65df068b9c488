/* Fields compared one by one, and a writer of values that is just enough for an audit row. */
#include "rpc/services/resource/changes.h"

#include <inttypes.h>
#include <time.h>

#include "base/crypto/sha256.h"
#include "base/text.h"
#include "proto/contract/contract_find.h"
#include "proto/message/message_equal.h"
#include "rpc/call/answers.h"
#include "rpc/services/resource/fields.h"

/* Longest text of a value in an audit row, in bytes; beyond it the row holds its hash. */
#define VALUE_MOST 256

static struct slice hash_text(struct arena *arena, struct slice bytes)
{
    uint8_t hash[SHA256_LEN];
    struct slice parts[] = {SLICE("sha256:"), SLICE_EMPTY};

    if (!sha256(bytes, hash)) {
        arena_fail(arena);
        return SLICE_EMPTY;
    }
    parts[1] = hex_encode(arena, slice_make(hash, sizeof(hash)));
    return text_join(arena, parts, 2);
}

/* One value that is no message: the member or list element at `address`. */
static struct slice scalar_text(struct arena *arena, const struct field *field, const void *address)
{
    const struct enum_value *value;

    switch (field->pb->type) {
    case PROTOBUF_C_TYPE_STRING:
        return json_quote(arena, slice_from_cstr(*(char *const *)address));
    case PROTOBUF_C_TYPE_BYTES: {
        const ProtobufCBinaryData *bytes = address;

        return hash_text(arena, slice_make(bytes->data, bytes->len));
    }
    case PROTOBUF_C_TYPE_BOOL:
        return *(const protobuf_c_boolean *)address ? SLICE("true") : SLICE("false");
    case PROTOBUF_C_TYPE_FLOAT:
        return arena_printf(arena, "%.9g", (double)*(const float *)address);
    case PROTOBUF_C_TYPE_DOUBLE:
        return arena_printf(arena, "%.17g", *(const double *)address);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return decimal_encode(arena, *(const uint32_t *)address);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return arena_printf(arena, "\"%" PRIu64 "\"", *(const uint64_t *)address);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return arena_printf(arena, "\"%" PRId64 "\"", *(const int64_t *)address);
    case PROTOBUF_C_TYPE_ENUM:
        value = enum_value_by_number(field->enumeration, *(const int32_t *)address);
        if (value != NULL) {
            const struct slice parts[] = {SLICE("\""), value->name, SLICE("\"")};

            return text_join(arena, parts, 3);
        }
        break;
    default:
        break;
    }
    return arena_printf(arena, "%" PRId32, *(const int32_t *)address);
}

/* The texts between the brackets, with commas. */
static struct slice join(struct arena *arena, const struct slice *values, size_t count,
                         const char brackets[2])
{
    size_t len = 2 + (count == 0 ? 0 : count - 1);
    char *text, *at;

    if (values == NULL || arena_failed(arena))
        return SLICE_EMPTY;
    for (size_t i = 0; i < count; i++)
        len += values[i].len;
    text = at = arena_alloc(arena, len);
    if (text == NULL)
        return SLICE_EMPTY;
    *at++ = brackets[0];
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            *at++ = ',';
        if (values[i].len > 0)
            memcpy(at, values[i].data, values[i].len);
        at += values[i].len;
    }
    *at = brackets[1];
    return slice_make(text, len);
}

/* "[a,b,c]" */
static struct slice list_text(struct arena *arena, const struct field *field,
                              const ProtobufCMessage *message)
{
    size_t count = field_count(message, field);
    struct slice *values = arena_array(arena, count, sizeof(*values));

    for (size_t i = 0; values != NULL && i < count; i++)
        values[i] = scalar_text(arena, field, field_address(message, field, i));
    return join(arena, values, count, "[]");
}

/* A map whose entries can be shown one by one. */
static bool is_plain_map(const struct field *field)
{
    return field->map &&
           message_field_by_number(field->message, 1)->pb->type == PROTOBUF_C_TYPE_STRING &&
           message_field_by_number(field->message, 2)->message == NULL;
}

/* "{"a":1,"b":2}" */
static struct slice map_text(struct arena *arena, const struct field *field,
                             const ProtobufCMessage *message)
{
    const struct field *key = message_field_by_number(field->message, 1);
    const struct field *value = message_field_by_number(field->message, 2);
    size_t count = field_count(message, field);
    struct slice *values = arena_array(arena, count, sizeof(*values));

    for (size_t i = 0; values != NULL && i < count; i++) {
        const ProtobufCMessage *entry = *(ProtobufCMessage **)field_address(message, field, i);
        struct slice name = scalar_text(arena, key, field_address(entry, key, 0));

        values[i] = arena_printf(
            arena, "%.*s:%.*s", SLICE_ARG(name),
            SLICE_ARG(scalar_text(arena, value, field_address(entry, value, 0))));
    }
    return join(arena, values, count, "{}");
}

/*
 * "2026-01-31T23:59:59.000Z", quoted: to the millisecond, as our times are; a caller's may have
 * more digits.
 */
static struct slice time_text(struct arena *arena, const struct field *field,
                              const ProtobufCMessage *message)
{
    const ProtobufCMessage *value = field_get_message(message, field);
    time_t seconds = field_get_int(value, message_field_by_number(field->message, 1));
    int nanos = (int)field_get_int(value, message_field_by_number(field->message, 2));
    struct tm utc = {0};

    gmtime_r(&seconds, &utc);
    return arena_printf(arena, "\"%04d-%02d-%02dT%02d:%02d:%02d.%0*dZ\"", utc.tm_year + 1900,
                        utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                        nanos % 1000000 == 0 ? 3 : 9,
                        nanos % 1000000 == 0 ? nanos / 1000000 : nanos);
}

/* The hash of all messages of the field, packed. */
static struct slice messages_text(struct arena *arena, const struct field *field,
                                  const ProtobufCMessage *message)
{
    ProtobufCMessage *holder = message_new(arena, field->parent);

    if (holder == NULL)
        return SLICE_EMPTY;
    field_copy(holder, message, field);
    return hash_text(arena, message_pack(arena, holder));
}

static bool is_time(const struct field *field)
{
    return field->message != NULL && !field->repeated &&
           field->message->well_known == WELL_KNOWN_TIMESTAMP;
}

/* Empty for a field that is not set. */
static struct slice value_text(struct arena *arena, const struct field *field,
                               const ProtobufCMessage *message)
{
    struct slice text;

    if (!field_is_set(message, field))
        return SLICE_EMPTY;
    if (is_plain_map(field))
        text = map_text(arena, field, message);
    else if (is_time(field))
        text = time_text(arena, field, message);
    else if (field->message != NULL)
        text = messages_text(arena, field, message);
    else if (field->repeated)
        text = list_text(arena, field, message);
    else
        text = scalar_text(arena, field, field_address(message, field, 0));
    return text.len > VALUE_MOST ? hash_text(arena, text) : text;
}

/* The sub-messages of a field, where it can be compared field by field; NULL elsewhere. */
static const ProtobufCMessage *part(const ProtobufCMessage *message, const struct field *field)
{
    if (field->message == NULL || field->repeated || field->message->well_known != WELL_KNOWN_NONE)
        return NULL;
    return field_get_message(message, field);
}

static bool note(struct arena *arena, struct call_changes *changes, const struct message_type *type,
                 struct slice parent, const ProtobufCMessage *before,
                 const ProtobufCMessage *after);

/*
 * The fields of a sub-message that one of both has at least, each on its own; one that comes or
 * goes without any is noted as a whole.
 */
static void note_part(struct arena *arena, struct call_changes *changes, const struct field *field,
                      struct slice path, const ProtobufCMessage *before,
                      const ProtobufCMessage *after)
{
    const struct message_type *type = field->message;
    const ProtobufCMessage *nothing = before != NULL && after != NULL ? NULL
                                                                      : message_new(arena, type);

    if ((before == NULL || after == NULL) && nothing == NULL)
        return;
    if (!note(arena, changes, type, path, before == NULL ? nothing : before,
              after == NULL ? nothing : after) &&
        nothing != NULL)
        call_note_change(arena, changes, path, before == NULL ? SLICE_EMPTY : SLICE("{}"),
                         after == NULL ? SLICE_EMPTY : SLICE("{}"));
}

/* Whether the field differs: then it is noted. */
static bool note_field(struct arena *arena, struct call_changes *changes, const struct field *field,
                       struct slice parent, const ProtobufCMessage *before,
                       const ProtobufCMessage *after)
{
    struct slice path;

    if (field_equal(arena, before, after, field))
        return false;
    path = fields__path(arena, parent, field);
    if (field->secret || field->input_only)
        call_note_change(arena, changes, path, SLICE_EMPTY, SLICE_EMPTY);
    else if (part(before, field) != NULL || part(after, field) != NULL)
        note_part(arena, changes, field, path, part(before, field), part(after, field));
    else
        call_note_change(arena, changes, path, value_text(arena, field, before),
                         value_text(arena, field, after));
    return true;
}

static bool note(struct arena *arena, struct call_changes *changes, const struct message_type *type,
                 struct slice parent, const ProtobufCMessage *before, const ProtobufCMessage *after)
{
    bool changed = false;

    for (size_t i = 0; i < type->field_count; i++)
        if (!type->fields[i].output_only)
            changed |= note_field(arena, changes, &type->fields[i], parent, before, after);
    return changed;
}

bool changes_note(struct arena *arena, struct call_changes *changes,
                  const struct message_type *type, const ProtobufCMessage *before,
                  const ProtobufCMessage *after)
{
    return note(arena, changes, type, SLICE_EMPTY, before, after);
}

/* -- what a walk has noted -------------------------------------------------------------------- */

/* Whether there is a difference, and whether it is one of fields that are told. */
struct outcome {
    bool differs, tells;
};

static struct outcome tell(struct arena *arena, struct call_changes *changes,
                           const struct differences *differences, struct slice parent);

/* As note_part; the messages differ also in what is never told. */
static bool tell_part(struct arena *arena, struct call_changes *changes,
                      const struct differences *differences, const struct difference *at,
                      struct slice parent)
{
    struct slice path = fields__path(arena, parent, at->field);
    bool was = field_is_set(differences->before, at->field);
    bool is = field_is_set(differences->after, at->field);
    struct outcome inner = tell(arena, changes, &at->inner, path);

    if (was != is && !inner.tells)
        call_note_change(arena, changes, path, was ? SLICE("{}") : SLICE_EMPTY,
                         is ? SLICE("{}") : SLICE_EMPTY);
    return inner.differs || was != is ||
           (was && !message_unknown_equal(at->inner.before, at->inner.after));
}

static struct outcome tell(struct arena *arena, struct call_changes *changes,
                           const struct differences *differences, struct slice parent)
{
    struct outcome outcome = {false, false};

    for (const struct difference *at = differences->first; at != NULL; at = at->next) {
        bool differs;

        if (at->is_part)
            differs = tell_part(arena, changes, differences, at, parent);
        else if (at->field->output_only)
            differs = !field_equal(arena, differences->before, differences->after, at->field);
        else
            differs = note_field(arena, changes, at->field, parent, differences->before,
                                 differences->after);
        outcome.differs |= differs;
        outcome.tells |= differs && !at->field->output_only;
    }
    return outcome;
}

bool changes__note_differences(struct arena *arena, struct call_changes *changes,
                               const struct differences *differences)
{
    return tell(arena, changes, differences, SLICE_EMPTY).tells;
}
