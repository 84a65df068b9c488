/*
 * Messages in memory and their fields by descriptor. Lists and texts are only ever replaced, never
 * freed: they go with their arena.
 */
#include "proto/message/message_fields.h"

#include <assert.h>
#include <stdlib.h>

#include "google/protobuf/timestamp.pb-c.h"
#include "proto/contract/contract_find.h"

size_t field__value_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_ENUM:
        return 4;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    }
    return 0;
}

static void *member_of(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *pb)
{
    return (char *)message + pb->offset;
}

/* The has_, the count or the case; only where the descriptor has one. */
static void *quantifier_of(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *pb)
{
    return (char *)message + pb->quantifier_offset;
}

static bool is_oneof(const ProtobufCFieldDescriptor *pb)
{
    return (pb->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

static bool is_repeated(const ProtobufCFieldDescriptor *pb)
{
    return pb->label == PROTOBUF_C_LABEL_REPEATED;
}

/* Whether the structure has a has_ member for it. */
static bool has_flag(const ProtobufCFieldDescriptor *pb)
{
    return pb->label == PROTOBUF_C_LABEL_OPTIONAL && !is_oneof(pb) && pb->quantifier_offset != 0;
}

/* The member as protobuf-c initializes it, presence aside. */
static void member_default(ProtobufCMessage *message, const ProtobufCFieldDescriptor *pb)
{
    void *member = member_of(message, pb);

    memset(member, 0, is_repeated(pb) ? sizeof(void *) : field__value_size(pb->type));
    if (pb->default_value == NULL || is_repeated(pb) || is_oneof(pb))
        return;
    if (pb->type == PROTOBUF_C_TYPE_STRING || pb->type == PROTOBUF_C_TYPE_MESSAGE)
        memcpy(member, &pb->default_value, sizeof(pb->default_value));
    else
        memcpy(member, pb->default_value, field__value_size(pb->type));
}

ProtobufCMessage *message_new(struct arena *arena, const struct message_type *type)
{
    const ProtobufCMessageDescriptor *pb = type->pb;
    ProtobufCMessage *message = arena_zalloc(arena, pb->sizeof_message);

    if (message == NULL)
        return NULL;
    if (pb->message_init != NULL) {
        pb->message_init(message);
        return message;
    }
    message->descriptor = pb;
    for (unsigned i = 0; i < pb->n_fields; i++)
        if (pb->fields[i].default_value != NULL)
            member_default(message, &pb->fields[i]);
    return message;
}

/* Whether a member without presence differs from its default. */
static bool member_differs(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *pb)
{
    static const char zeros[8];
    const void *member = member_of(message, pb);

    if (pb->type == PROTOBUF_C_TYPE_STRING) {
        const char *text = *(char *const *)member;

        return text != NULL && text[0] != '\0';
    }
    if (pb->type == PROTOBUF_C_TYPE_BYTES)
        return ((const ProtobufCBinaryData *)member)->len > 0;
    return memcmp(member, zeros, field__value_size(pb->type)) != 0;
}

bool field_is_set(const ProtobufCMessage *message, const struct field *field)
{
    const ProtobufCFieldDescriptor *pb = field->pb;

    if (is_repeated(pb))
        return field_count(message, field) > 0;
    if (is_oneof(pb))
        return *(const uint32_t *)quantifier_of(message, pb) == pb->id;
    if (has_flag(pb))
        return *(const protobuf_c_boolean *)quantifier_of(message, pb) != 0;
    if (pb->type == PROTOBUF_C_TYPE_MESSAGE ||
        (pb->type == PROTOBUF_C_TYPE_STRING && field->has_presence)) {
        const void *pointer = *(void *const *)member_of(message, pb);

        return pointer != NULL && pointer != pb->default_value;
    }
    return member_differs(message, pb);
}

void field_clear(ProtobufCMessage *message, const struct field *field)
{
    const ProtobufCFieldDescriptor *pb = field->pb;

    if (is_oneof(pb)) {
        uint32_t *number = quantifier_of(message, pb);

        if (*number != pb->id)
            return;
        *number = 0;
    } else if (is_repeated(pb)) {
        *(size_t *)quantifier_of(message, pb) = 0;
    } else if (has_flag(pb)) {
        *(protobuf_c_boolean *)quantifier_of(message, pb) = 0;
    }
    member_default(message, pb);
}

size_t field_count(const ProtobufCMessage *message, const struct field *field)
{
    return *(const size_t *)quantifier_of(message, field->pb);
}

void *field_address(const ProtobufCMessage *message, const struct field *field, size_t i)
{
    void *member = member_of(message, field->pb);
    char *list;

    if (!is_repeated(field->pb))
        return member;
    list = *(char **)member;
    return list == NULL ? NULL : list + i * field__value_size(field->pb->type);
}

void field_mark_set(ProtobufCMessage *message, const struct field *field)
{
    const ProtobufCFieldDescriptor *pb = field->pb;

    if (has_flag(pb)) {
        *(protobuf_c_boolean *)quantifier_of(message, pb) = 1;
        return;
    }
    if (is_oneof(pb)) {
        uint32_t *number = quantifier_of(message, pb);
        const struct field *former = *number == 0 ? NULL
                                                  : message_field_by_number(field->parent, *number);
        size_t own = field__value_size(pb->type);

        /* The member's own bytes may have been stored already. */
        if (former != NULL && field__value_size(former->pb->type) > own)
            memset((char *)member_of(message, pb) + own, 0,
                   field__value_size(former->pb->type) - own);
        *number = pb->id;
    }
}

static struct slice text_at(const struct field *field, const void *address)
{
    if (field->pb->type == PROTOBUF_C_TYPE_BYTES) {
        const ProtobufCBinaryData *bytes = address;

        return slice_make(bytes->data, bytes->len);
    }
    return slice_from_cstr(*(char *const *)address);
}

struct slice field_get_string(const ProtobufCMessage *message, const struct field *field)
{
    if (is_oneof(field->pb) && !field_is_set(message, field))
        return SLICE("");
    return text_at(field, member_of(message, field->pb));
}

struct slice field_get_string_at(const ProtobufCMessage *message, const struct field *field,
                                 size_t i)
{
    return text_at(field, field_address(message, field, i));
}

void field_set_string(struct arena *arena, ProtobufCMessage *message, const struct field *field,
                      struct slice text)
{
    char *copy = arena_cstr(arena, text);

    assert(!field->repeated && field->message == NULL);
    if (copy == NULL)
        return;
    if (field->pb->type == PROTOBUF_C_TYPE_BYTES)
        *(ProtobufCBinaryData *)member_of(message, field->pb) = (ProtobufCBinaryData){
            text.len, (uint8_t *)copy};
    else
        *(char **)member_of(message, field->pb) = copy;
    field_mark_set(message, field);
}

int64_t field_get_int(const ProtobufCMessage *message, const struct field *field)
{
    const void *member = member_of(message, field->pb);

    if (is_oneof(field->pb) && !field_is_set(message, field))
        return 0;
    switch (field->pb->type) {
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return *(const uint32_t *)member;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return *(const int64_t *)member;
    case PROTOBUF_C_TYPE_BOOL:
        return *(const protobuf_c_boolean *)member != 0;
    default:
        return *(const int32_t *)member;
    }
}

void field_set_int(ProtobufCMessage *message, const struct field *field, int64_t value)
{
    void *member = member_of(message, field->pb);

    assert(!field->repeated && field->message == NULL);
    if (field->pb->type == PROTOBUF_C_TYPE_BOOL)
        *(protobuf_c_boolean *)member = value != 0;
    else if (field__value_size(field->pb->type) == 8)
        *(int64_t *)member = value;
    else
        *(uint32_t *)member = (uint32_t)value;
    field_mark_set(message, field);
}

void field_set_value(struct arena *arena, ProtobufCMessage *message, const struct field *field,
                     const struct field_value *value)
{
    assert(!field->repeated);
    switch (field->pb->type) {
    case PROTOBUF_C_TYPE_STRING:
        field_set_string(arena, message, field, value->text);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        field_mark_set(message, field);
        *(float *)field_address(message, field, 0) = (float)value->real;
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        field_mark_set(message, field);
        *(double *)field_address(message, field, 0) = value->real;
        break;
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    default:
        field_set_int(message, field, value->number);
        break;
    }
}

bool field_has_value(const ProtobufCMessage *message, const struct field *field,
                     const struct field_value *value)
{
    assert(!field->repeated);
    switch (field->pb->type) {
    case PROTOBUF_C_TYPE_STRING:
        return slice_equal(field_get_string(message, field), value->text);
    case PROTOBUF_C_TYPE_FLOAT:
        return *(const float *)field_address(message, field, 0) == (float)value->real;
    case PROTOBUF_C_TYPE_DOUBLE:
        return *(const double *)field_address(message, field, 0) == value->real;
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return false;
    default:
        return field_get_int(message, field) == value->number;
    }
}

ProtobufCMessage *field_get_message(const ProtobufCMessage *message, const struct field *field)
{
    if (!field_is_set(message, field))
        return NULL;
    return *(ProtobufCMessage **)member_of(message, field->pb);
}

void field_set_message(ProtobufCMessage *message, const struct field *field,
                       ProtobufCMessage *value)
{
    assert(!field->repeated && field->message != NULL);
    assert(value == NULL || value->descriptor == field->message->pb);
    if (value == NULL) {
        field_clear(message, field);
        return;
    }
    *(ProtobufCMessage **)member_of(message, field->pb) = value;
    field_mark_set(message, field);
}

void field_set_timestamp(struct arena *arena, ProtobufCMessage *message, const struct field *field,
                         int64_t unix_ms)
{
    Google__Protobuf__Timestamp *time = arena_alloc(arena, sizeof(*time));
    int64_t ms = unix_ms % 1000;

    assert(field->message != NULL && field->message->well_known == WELL_KNOWN_TIMESTAMP);
    if (time == NULL)
        return;
    if (ms < 0)
        ms += 1000;
    google__protobuf__timestamp__init(time);
    time->seconds = (unix_ms - ms) / 1000;
    time->nanos = (int32_t)ms * 1000000;
    field_set_message(message, field, &time->base);
}

int64_t field_get_timestamp(const ProtobufCMessage *message, const struct field *field)
{
    const ProtobufCMessage *value = field_get_message(message, field);
    const Google__Protobuf__Timestamp *time = (const void *)value;
    int64_t ms;

    if (time == NULL)
        return 0;
    /* A timestamp from outside may be anything; what does not fit stays at the end of the range. */
    if (__builtin_mul_overflow(time->seconds, 1000, &ms) ||
        __builtin_add_overflow(ms, time->nanos / 1000000, &ms))
        return time->seconds < 0 ? INT64_MIN : INT64_MAX;
    return ms;
}

void *field_append(struct arena *arena, ProtobufCMessage *message, const struct field *field,
                   size_t *capacity)
{
    size_t *count = quantifier_of(message, field->pb);
    char **list = member_of(message, field->pb);
    size_t size = field__value_size(field->pb->type);
    void *element;

    assert(field->repeated && size > 0);
    if (*count >= *capacity) {
        size_t room = *count < 4 ? 8 : *count * 2;
        char *grown = arena_array(arena, room, size);

        if (grown == NULL)
            return NULL;
        if (*count > 0)
            memcpy(grown, *list, *count * size);
        *list = grown;
        *capacity = room;
    }
    element = *list + *count * size;
    memset(element, 0, size);
    (*count)++;
    return element;
}

void field_set_messages(ProtobufCMessage *message, const struct field *field,
                        ProtobufCMessage **values, size_t count)
{
    assert(field->repeated && field->message != NULL && (values != NULL || count == 0));
    *(size_t *)quantifier_of(message, field->pb) = count;
    *(ProtobufCMessage ***)member_of(message, field->pb) = values;
}

void field_copy(ProtobufCMessage *to, const ProtobufCMessage *from, const struct field *field)
{
    const ProtobufCFieldDescriptor *pb = field->pb;

    assert(to->descriptor == from->descriptor);
    if (is_repeated(pb)) {
        *(size_t *)quantifier_of(to, pb) = *(const size_t *)quantifier_of(from, pb);
        memcpy(member_of(to, pb), member_of(from, pb), sizeof(void *));
        return;
    }
    if (!field_is_set(from, field)) {
        field_clear(to, field);
        return;
    }
    memcpy(member_of(to, pb), member_of(from, pb), field__value_size(pb->type));
    field_mark_set(to, field);
}
