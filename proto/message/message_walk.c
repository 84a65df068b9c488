/*
 * The walk over outside protobuf bytes. protobuf-c has no depth bound, checks no UTF-8, cuts
 * strings at NUL, fails on groups and on wire types that it did not expect, refuses packed bools
 * past 1, and merges a message that comes in parts wrongly (with a oneof it reads out of bounds);
 * none of that gets past here.
 *
 * One pass. Bytes are copied only from the first change on. The copy never grows: what is dropped
 * leaves the lengths of the enclosing messages shorter, and they are written over in their old
 * width (a varint may be padded). Messages in parts take a second pass, in merge.c.
 */
#include "proto/message/message_walk.h"

#include <assert.h>

#include "base/text.h"
#include "proto/contract/contract_find.h"
#include "proto/message/merge.h"
#include "proto/message/message.h"
#include "proto/message/wire.h"

struct walk {
    struct arena *arena;
    struct walk_options options;
    const uint8_t *input;
    size_t input_len;
    uint8_t *output;        /* NULL until the first change */
    const uint8_t *flushed; /* the input up to here is in the output, or dropped */
    size_t dropped;
    bool in_parts;               /* a singular message came twice */
    const struct field **failed; /* the field that failed, then those that it is in */
    unsigned failed_count;
};

/* Room for walk->failed. */
#define FAILED_MOST (MESSAGE_DEPTH_MOST + 1)

/* Copies what is kept of the input up to `upto`. */
static bool flush(struct walk *walk, const uint8_t *upto)
{
    if (walk->output == NULL) {
        walk->output = arena_alloc(walk->arena, walk->input_len);
        if (walk->output == NULL)
            return false;
    }
    memcpy(walk->output + (walk->flushed - walk->input) - walk->dropped, walk->flushed,
           (size_t)(upto - walk->flushed));
    walk->flushed = upto;
    return true;
}

static enum walk_result drop(struct walk *walk, const uint8_t *from, const uint8_t *to)
{
    if (!flush(walk, from))
        return WALK_NO_MEMORY;
    walk->flushed = to;
    walk->dropped += (size_t)(to - from);
    return WALK_OK;
}

/* Where the length prefix of a field stands, and what it was when the walk came by. */
struct prefix {
    const uint8_t *at;
    size_t width;
    size_t len;
    size_t dropped_before;
};

/* After the body: a prefix in the output says how long the body is now, in its old width. */
static void correct_prefix(struct walk *walk, const struct prefix *prefix)
{
    size_t len = prefix->len - (walk->dropped - prefix->dropped_before);
    uint8_t *at;

    if (walk->dropped == prefix->dropped_before)
        return;
    assert(walk->output != NULL); /* what was dropped began it */
    at = walk->output + (prefix->at - walk->input) - prefix->dropped_before;
    for (size_t i = 0; i < prefix->width; i++) {
        at[i] = (uint8_t)((len & 0x7f) | (i + 1 < prefix->width ? 0x80 : 0));
        len >>= 7;
    }
}

/* Bools of a packed field that are not one byte of 0 or 1 become that. */
static enum walk_result walk_packed_bools(struct walk *walk, const uint8_t *at, const uint8_t *end)
{
    while (at < end) {
        struct wire_cursor cursor = {at, end};
        uint8_t value = 0;

        if (!wire__skip_varint(&cursor))
            return WALK_MALFORMED;
        if (cursor.at == at + 1 && *at <= 1) {
            at++;
            continue;
        }
        for (const uint8_t *byte = at; byte < cursor.at; byte++)
            value |= (*byte & 0x7f) != 0;
        if (drop(walk, at, cursor.at - 1) != WALK_OK || !flush(walk, cursor.at))
            return WALK_NO_MEMORY;
        walk->output[(cursor.at - 1 - walk->input) - walk->dropped] = value;
        at = cursor.at;
    }
    return WALK_OK;
}

static enum walk_result walk_packed(struct walk *walk, const struct field *field, const uint8_t *at,
                                    const uint8_t *end)
{
    struct wire_cursor cursor = {at, end};

    switch (wire_type_of(field->pb->type)) {
    case WIRE_FIXED64:
        return (end - at) % 8 == 0 ? WALK_OK : WALK_MALFORMED;
    case WIRE_FIXED32:
        return (end - at) % 4 == 0 ? WALK_OK : WALK_MALFORMED;
    default:
        if (field->pb->type == PROTOBUF_C_TYPE_BOOL)
            return walk_packed_bools(walk, at, end);
        while (cursor.at < end)
            if (!wire__skip_varint(&cursor))
                return WALK_MALFORMED;
        return WALK_OK;
    }
}

static enum walk_result walk_string(struct walk *walk, const struct field *field, struct slice text)
{
    enum walk_result result = WALK_OK;

    if (!utf8_is_valid(text))
        result = WALK_BAD_UTF8;
    else if (!walk->options.allow_nul && text.len > 0 && memchr(text.data, '\0', text.len) != NULL)
        result = WALK_NUL;
    if (result != WALK_OK)
        walk->failed[walk->failed_count++] = field;
    return result;
}

static enum walk_result walk_message(struct walk *walk, const struct message_type *type,
                                     const uint8_t *at, const uint8_t *end, unsigned depth);

static enum walk_result walk_submessage(struct walk *walk, const struct field *field,
                                        const uint8_t *at, const uint8_t *end, unsigned depth,
                                        uint64_t *seen)
{
    enum walk_result result;

    if (depth >= MESSAGE_DEPTH_MOST) {
        walk->failed[walk->failed_count++] = field;
        return WALK_TOO_DEEP;
    }
    if (!field->repeated) {
        /* Two fields may share a bit: then the second pass changes nothing. */
        uint64_t bit = (uint64_t)1 << (field->index % 64);

        walk->in_parts |= (*seen & bit) != 0;
        *seen |= bit;
    }
    result = walk_message(walk, field->message, at, end, depth + 1);
    if (result != WALK_OK && walk->failed_count > 0)
        walk->failed[walk->failed_count++] = field;
    return result;
}

/* The body of a known field that comes with a length. */
static enum walk_result walk_body(struct walk *walk, const struct field *field, const uint8_t *at,
                                  const uint8_t *end, unsigned depth, uint64_t *seen)
{
    switch (field->pb->type) {
    case PROTOBUF_C_TYPE_STRING:
        return walk_string(walk, field, slice_make(at, (size_t)(end - at)));
    case PROTOBUF_C_TYPE_BYTES:
        return WALK_OK;
    case PROTOBUF_C_TYPE_MESSAGE:
        return walk_submessage(walk, field, at, end, depth, seen);
    default:
        return walk_packed(walk, field, at, end);
    }
}

/* Whether the field can be read from that wire type. */
static bool is_expected(const struct field *field, enum wire_type wire)
{
    enum wire_type own = wire_type_of(field->pb->type);

    return wire == own || (wire == WIRE_LENGTH && field->repeated);
}

static enum walk_result walk_length(struct walk *walk, const struct field *field,
                                    struct wire_cursor *cursor, unsigned depth, uint64_t *seen)
{
    struct prefix prefix = {.at = cursor->at, .dropped_before = walk->dropped};
    enum walk_result result = WALK_OK;

    if (!wire_read_length(cursor, &prefix.len))
        return WALK_MALFORMED;
    prefix.width = (size_t)(cursor->at - prefix.at);
    if (field != NULL)
        result = walk_body(walk, field, cursor->at, cursor->at + prefix.len, depth, seen);
    if (result == WALK_OK)
        correct_prefix(walk, &prefix);
    cursor->at += prefix.len;
    return result;
}

/* Over an unknown group, whose start tag was read; nesting counts like messages. */
static enum walk_result skip_group(struct wire_cursor *cursor, uint32_t number, unsigned depth)
{
    uint32_t open[MESSAGE_DEPTH_MOST];
    unsigned count = 0;

    open[count++] = number;
    while (count > 0) {
        enum wire_type wire;
        size_t len;

        if (depth + count > MESSAGE_DEPTH_MOST)
            return WALK_TOO_DEEP;
        if (!wire_read_tag(cursor, &number, &wire))
            return WALK_MALFORMED;
        if (wire == WIRE_GROUP_START) {
            if (count == MESSAGE_DEPTH_MOST)
                return WALK_TOO_DEEP;
            open[count++] = number;
        } else if (wire == WIRE_GROUP_END) {
            if (open[--count] != number)
                return WALK_MALFORMED;
        } else if (wire == WIRE_LENGTH) {
            if (!wire_read_length(cursor, &len))
                return WALK_MALFORMED;
            cursor->at += len;
        } else if (!wire_skip_scalar(cursor, wire)) {
            return WALK_MALFORMED;
        }
    }
    return WALK_OK;
}

static enum walk_result walk_field(struct walk *walk, const struct message_type *type,
                                   struct wire_cursor *cursor, unsigned depth, uint64_t *seen)
{
    const uint8_t *start = cursor->at;
    const struct field *field;
    enum walk_result result;
    enum wire_type wire;
    uint32_t number;
    bool expected;

    if (!wire_read_tag(cursor, &number, &wire))
        return WALK_MALFORMED;
    field = message_field_by_number(type, number);
    expected = field != NULL && is_expected(field, wire);
    if (wire == WIRE_LENGTH)
        result = walk_length(walk, expected ? field : NULL, cursor, depth, seen);
    else if (wire == WIRE_GROUP_START)
        result = skip_group(cursor, number, depth);
    else
        result = wire_skip_scalar(cursor, wire) ? WALK_OK : WALK_MALFORMED;
    if (result != WALK_OK || expected)
        return result;
    if (field == NULL && wire != WIRE_GROUP_START && walk->options.keep_unknown)
        return WALK_OK;
    return drop(walk, start, cursor->at);
}

static enum walk_result walk_message(struct walk *walk, const struct message_type *type,
                                     const uint8_t *at, const uint8_t *end, unsigned depth)
{
    struct wire_cursor cursor = {at, end};
    uint64_t seen = 0; /* singular message fields, by index modulo 64 */

    while (cursor.at < end) {
        enum walk_result result = walk_field(walk, type, &cursor, depth, &seen);

        if (result != WALK_OK)
            return result;
    }
    return WALK_OK;
}

/* The JSON path of the field that failed; the arena's failure leaves it empty. */
static struct slice path_of_failure(const struct walk *walk)
{
    unsigned end = 0; /* keys and values of maps have no names of their own */
    size_t len = 0;
    size_t at = 0;
    char *path;

    for (unsigned i = walk->failed_count; i-- > 0;) {
        len += walk->failed[i]->json_name.len + 1;
        end = i;
        if (walk->failed[i]->map)
            break;
    }
    path = arena_alloc(walk->arena, len);
    if (path == NULL)
        return SLICE_EMPTY;
    for (unsigned i = walk->failed_count; i-- > end;) {
        struct slice name = walk->failed[i]->json_name;

        if (at > 0)
            path[at++] = '.';
        memcpy(path + at, name.data, name.len);
        at += name.len;
    }
    return slice_make(path, at);
}

enum walk_result message_walk(struct arena *arena, const struct message_type *type,
                              struct slice bytes, struct walk_options options,
                              struct slice *ret_bytes, const struct field **ret_field)
{
    const uint8_t *input = (const uint8_t *)bytes.data;
    const struct field *failed[FAILED_MOST];
    struct walk walk = {.arena = arena,
                        .options = options,
                        .input = input,
                        .input_len = bytes.len,
                        .flushed = input,
                        .failed = failed};
    enum walk_result result = WALK_OK;

    /* protobuf-c and the format itself end at 2 GiB. */
    if (bytes.len > INT32_MAX)
        result = WALK_MALFORMED;
    else if (bytes.len > 0)
        result = walk_message(&walk, type, input, input + bytes.len, 1);
    if (result == WALK_OK && walk.output != NULL) {
        flush(&walk, input + bytes.len);
        bytes = slice_make(walk.output, bytes.len - walk.dropped);
    }
    if (result == WALK_OK && walk.in_parts && !wire__merge_parts(arena, type, bytes, &bytes))
        result = WALK_NO_MEMORY;
    if (result == WALK_OK) {
        *ret_bytes = bytes;
        return result;
    }
    *ret_field = walk.failed_count > 0 ? failed[0] : NULL;
    if (options.ret_path != NULL)
        *options.ret_path = path_of_failure(&walk);
    return result;
}
