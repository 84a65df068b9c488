/*
 * Requests such as "get the object of this id" and "may this token do that?", a thousand at once,
 * are made of texts. A text ends where the tag of the next field begins, or with the message: once
 * that tag was read, its first byte has room for the NUL that ends the text. So one copy of the
 * bytes holds all texts, and nothing is allocated for each.
 */
#include "proto/message/message_texts.h"

#include <assert.h>

#include "base/text.h"
#include "proto/contract/contract_find.h"
#include "proto/message/message.h"
#include "proto/message/wire.h"

struct reading {
    struct arena *arena;
    struct wire_cursor cursor; /* over the copy, of which one byte follows its end */
    char *text_end;            /* where the text that was read last ends; NULL after its NUL */
};

/* The next field, and the length of what it holds; NULL where it is none of the type. */
static const struct field *next_field(struct reading *reading, const struct message_type *type,
                                      size_t *ret_len)
{
    const struct field *field;
    enum wire_type wire;
    uint32_t number;

    if (!wire_read_tag(&reading->cursor, &number, &wire) || wire != WIRE_LENGTH)
        return NULL;
    if (reading->text_end != NULL)
        *reading->text_end = '\0';
    reading->text_end = NULL;
    field = message_field_by_number(type, number);
    return field != NULL && wire_read_length(&reading->cursor, ret_len) ? field : NULL;
}

/* Whether they are all ASCII and no NUL; eight that are may be taken for some that are not. */
static bool are_plain(const char *bytes)
{
    const uint64_t tops = UINT64_C(0x8080808080808080);
    uint64_t word;

    memcpy(&word, bytes, sizeof(word));
    return (((word - tops / 0x80) | word) & tops) == 0;
}

/* Whether it is UTF-8 without U+0000. Most are ASCII, judged eight bytes at a time. */
static bool is_text(const char *text, size_t len)
{
    size_t at = 0;

    while (at + 8 <= len && are_plain(text + at))
        at += 8;
    if (at + 8 > len && len >= 8)
        at = are_plain(text + len - 8) ? len : at;
    return at == len || (utf8_is_valid(slice_make(text + at, len - at)) &&
                         memchr(text + at, '\0', len - at) == NULL);
}

static bool read_text(struct reading *reading, ProtobufCMessage *message,
                      const ProtobufCFieldDescriptor *pb, size_t len)
{
    char *text = (char *)(uintptr_t)reading->cursor.at;

    memcpy((char *)message + pb->offset, &text, sizeof(text));
    reading->cursor.at += len;
    reading->text_end = text + len;
    return is_text(text, len);
}

/* One of a list: `len` bytes. */
static bool read_element(struct reading *reading, const struct message_type *type,
                         ProtobufCMessage *message, size_t len)
{
    const uint8_t *outer_end = reading->cursor.end;
    const struct field *field;

    reading->cursor.end = reading->cursor.at + len;
    while (reading->cursor.at < reading->cursor.end) {
        field = next_field(reading, type, &len);
        if (field == NULL || !read_text(reading, message, field->pb, len))
            return false;
    }
    reading->cursor.end = outer_end;
    return true;
}

static size_t *count_of(ProtobufCMessage *message, const ProtobufCFieldDescriptor *pb)
{
    return (size_t *)(void *)((char *)message + pb->quantifier_offset);
}

static ProtobufCMessage ***list_of(ProtobufCMessage *message, const ProtobufCFieldDescriptor *pb)
{
    return (ProtobufCMessage ***)(void *)((char *)message + pb->offset);
}

/* Counts the elements of each list of the message in its own member. */
static bool count_elements(struct wire_cursor cursor, const struct message_type *type,
                           ProtobufCMessage *message)
{
    while (cursor.at < cursor.end) {
        const struct field *field;
        enum wire_type wire;
        uint32_t number;
        size_t len;

        if (!wire_read_tag(&cursor, &number, &wire) || wire != WIRE_LENGTH ||
            !wire_read_length(&cursor, &len))
            return false;
        field = message_field_by_number(type, number);
        if (field == NULL)
            return false;
        if (field->repeated)
            ++*count_of(message, field->pb);
        cursor.at += len;
    }
    return true;
}

/* Makes the counted elements of a list, empty, and begins its count anew. */
static bool make_elements(struct arena *arena, const struct field *field, ProtobufCMessage *message)
{
    const size_t size = field->message->pb->sizeof_message;
    size_t *count = count_of(message, field->pb);
    ProtobufCMessage **list = arena_alloc(arena, *count * sizeof(ProtobufCMessage *));
    char *elements = arena_alloc(arena, *count * size);
    const ProtobufCMessage *empty = message_new(arena, field->message);

    if (list == NULL || elements == NULL || empty == NULL || size % sizeof(void *) != 0)
        return false;
    for (size_t i = 0; i < *count; i++) {
        list[i] = (ProtobufCMessage *)(void *)(elements + i * size);
        memcpy(list[i], empty, size);
    }
    *list_of(message, field->pb) = list;
    *count = 0;
    return true;
}

static bool read_message(struct reading *reading, const struct message_type *type,
                         ProtobufCMessage *message)
{
    while (reading->cursor.at < reading->cursor.end) {
        size_t len;
        const struct field *field = next_field(reading, type, &len);

        if (field == NULL)
            return false;
        if (!field->repeated) {
            if (!read_text(reading, message, field->pb, len))
                return false;
            continue;
        }
        if (*list_of(message, field->pb) == NULL && !make_elements(reading->arena, field, message))
            return false;
        if (!read_element(reading, field->message,
                          (*list_of(message, field->pb))[(*count_of(message, field->pb))++], len))
            return false;
    }
    if (reading->text_end != NULL)
        *reading->text_end = '\0';
    return true;
}

ProtobufCMessage *message_read_texts(struct arena *arena, const struct message_type *type,
                                     struct slice bytes)
{
    struct reading reading = {.arena = arena};
    ProtobufCMessage *message = message_new(arena, type);
    char *copy = arena_cstr(arena, bytes);

    assert(type->text_levels > 0);
    if (message == NULL || copy == NULL || bytes.len > INT32_MAX)
        return NULL;
    reading.cursor = (struct wire_cursor){(const uint8_t *)copy, (const uint8_t *)copy + bytes.len};
    if (type->text_levels > 1 && !count_elements(reading.cursor, type, message))
        return NULL;
    return read_message(&reading, type, message) ? message : NULL;
}
