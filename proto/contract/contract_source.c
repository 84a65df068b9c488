/*
 * A FileDescriptorSet file by file, each without its SourceCodeInfo: 14,000 places and their
 * comments, of which only the texts are kept, as copies.
 */
#include "proto/contract/contract_source.h"

#include <assert.h>
#include <string.h>

#include "proto/contract/contract_options.h"
#include "proto/message/wire.h"

/* Numbers of fields. */
enum {
    SET_FILE = 1,
    FILE_SOURCE_CODE_INFO = 9,
};

/* Reads a field whole, tag included; *ret_body is its body when it has a length. */
static bool read_field(struct wire_cursor *cursor, uint32_t *ret_number, struct slice *ret_field,
                       struct slice *ret_body)
{
    const char *from = (const char *)cursor->at;
    enum wire_type type;
    size_t len;

    *ret_body = SLICE_EMPTY;
    if (!wire_read_tag(cursor, ret_number, &type))
        return false;
    if (type == WIRE_LENGTH) {
        if (!wire_read_length(cursor, &len))
            return false;
        *ret_body = slice_make(cursor->at, len);
        cursor->at += len;
    } else if (!wire_skip_scalar(cursor, type)) {
        return false;
    }
    *ret_field = slice_make(from, (size_t)((const char *)cursor->at - from));
    return true;
}

static struct wire_cursor cursor_of(struct slice bytes)
{
    const uint8_t *at = (const uint8_t *)bytes.data;

    return (struct wire_cursor){at, at + bytes.len};
}

static void append(struct slice *text, struct slice bytes)
{
    memcpy((char *)(uintptr_t)text->data + text->len, bytes.data, bytes.len);
    text->len += bytes.len;
}

static bool read_file(struct build *build, struct slice bytes,
                      Google__Protobuf__FileDescriptorProto **ret_proto,
                      const Google__Protobuf__SourceCodeInfo **ret_info)
{
    struct wire_cursor cursor = cursor_of(bytes);
    struct slice file = slice_make(arena_alloc(build->scratch, bytes.len), 0);
    struct slice info = slice_make(arena_alloc(build->scratch, bytes.len), 0);
    struct slice field;
    struct slice body;
    uint32_t number;

    if (arena_failed(build->scratch))
        return false;
    while (cursor.at < cursor.end) {
        if (!read_field(&cursor, &number, &field, &body))
            return false;
        if (number == FILE_SOURCE_CODE_INFO)
            append(&info, body); /* parts of a message, one after the other, are the message */
        else
            append(&file, field);
    }
    assert(file.len + info.len <= bytes.len);
    *ret_proto = (void *)(uintptr_t)contract__unpack(
        build->arena, &google__protobuf__file_descriptor_proto__descriptor, file);
    *ret_info = contract__unpack(build->scratch, &google__protobuf__source_code_info__descriptor,
                                 info);
    return *ret_proto != NULL && *ret_info != NULL;
}

static bool count_files(struct slice set, size_t *ret_count)
{
    struct wire_cursor cursor = cursor_of(set);
    struct slice field;
    struct slice body;
    uint32_t number;

    *ret_count = 0;
    while (cursor.at < cursor.end) {
        if (!read_field(&cursor, &number, &field, &body))
            return false;
        *ret_count += number == SET_FILE;
    }
    return true;
}

bool contract__read_set(struct build *build, struct slice descriptor_set)
{
    struct wire_cursor cursor = cursor_of(descriptor_set);
    size_t count;
    size_t at = 0;

    if (!count_files(descriptor_set, &count))
        return false;
    build->files = arena_array(build->arena, count + 1, sizeof(*build->files));
    if (build->files == NULL)
        return false;
    while (cursor.at < cursor.end) {
        Google__Protobuf__FileDescriptorProto *proto;
        struct slice field;
        struct slice body;
        uint32_t number;

        if (!read_field(&cursor, &number, &field, &body))
            return false;
        if (number != SET_FILE)
            continue;
        if (!read_file(build, body, &proto, &build->files[at].source_info))
            return false;
        build->files[at++].proto = proto;
    }
    assert(at == count); /* what was counted was read */
    build->file_count = at;
    return true;
}
