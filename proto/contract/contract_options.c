/*
 * Custom options. protoc-c's descriptor.pb-c.h does not know them, so they are unknown fields of
 * the options message; one that is written in parts ((r).a = 1, (r).b = 2) is several fields of one
 * number, each with a length of its own.
 */
#include "proto/contract/contract_options.h"

#include "proto/contract/contract_build.h"
#include "proto/contract/contract_internal.h"
#include "proto/message/message.h"
#include "proto/message/message_walk.h"

/* Reads a varint; 0 bytes where there is none. */
static size_t read_varint(struct slice bytes, uint64_t *ret_value)
{
    uint64_t value = 0;

    for (size_t i = 0; i < bytes.len && i < 10; i++) {
        value |= (uint64_t)(bytes.data[i] & 0x7f) << (7 * i);
        if ((bytes.data[i] & 0x80) == 0) {
            *ret_value = value;
            return i + 1;
        }
    }
    return 0;
}

/* What stands after the length prefix; empty for a field of another wire type. */
static struct slice body_of(const ProtobufCMessageUnknownField *field)
{
    struct slice bytes = slice_make(field->data, field->len);
    uint64_t len;
    size_t used;

    if (field->wire_type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
        return SLICE_EMPTY;
    used = read_varint(bytes, &len);
    return used == 0 ? SLICE_EMPTY : slice_from(bytes, used);
}

bool contract__next_option(const ProtobufCMessage *options, uint32_t number, unsigned *at,
                           struct slice *ret_body)
{
    while (options != NULL && *at < options->n_unknown_fields) {
        const ProtobufCMessageUnknownField *field = &options->unknown_fields[(*at)++];

        if (field->tag == number) {
            *ret_body = body_of(field);
            return true;
        }
    }
    return false;
}

const void *contract__unpack(struct arena *arena, const ProtobufCMessageDescriptor *type,
                             struct slice body)
{
    ProtobufCAllocator allocator = message_allocator(arena);

    return protobuf_c_message_unpack(type, &allocator, body.len, (const uint8_t *)body.data);
}

/* The parts one after the other; empty, with *ret_parts 0, where there are none. */
static struct slice join(struct arena *arena, const ProtobufCMessage *options, uint32_t number,
                         size_t *ret_parts)
{
    struct slice body;
    size_t size = 0;
    unsigned at = 0;
    char *joined;

    *ret_parts = 0;
    while (contract__next_option(options, number, &at, &body)) {
        size += body.len;
        (*ret_parts)++;
    }
    joined = arena_alloc(arena, size);
    if (joined == NULL)
        return SLICE_EMPTY;
    size = 0;
    at = 0;
    while (contract__next_option(options, number, &at, &body)) {
        if (body.len > 0)
            memcpy(joined + size, body.data, body.len);
        size += body.len;
    }
    return slice_make(joined, size);
}

bool contract__option(const struct build *build, const ProtobufCMessage *options, uint32_t number,
                      const ProtobufCMessageDescriptor *descriptor,
                      const ProtobufCMessage **ret_option)
{
    const struct build_message *type = contract__find_message(build, descriptor->name);
    /* A rule that is not known must stop the start, and not be dropped. */
    const struct walk_options strict = {.keep_unknown = number == OPTION_FIELD_RULES};
    const struct field *bad;
    const ProtobufCMessage *option;
    struct slice bytes;
    size_t parts;

    bytes = join(build->arena, options, number, &parts);
    if (arena_failed(build->arena))
        return false;
    if (parts == 0) {
        *ret_option = NULL;
        return true;
    }
    /* The walk joins what is in parts deeper down, which protobuf-c does not do within oneofs. */
    if (type != NULL &&
        message_walk(build->arena, &type->type, bytes, strict, &bytes, &bad) != WALK_OK)
        return false;
    option = contract__unpack(build->arena, descriptor, bytes);
    if (option == NULL)
        return false;
    *ret_option = option;
    return true;
}

void contract__enum_options(const ProtobufCMessage *options, uint32_t number,
                            void (*take)(void *context, int32_t value), void *context)
{
    for (unsigned i = 0; options != NULL && i < options->n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *field = &options->unknown_fields[i];
        struct slice rest;
        uint64_t value;
        size_t used;

        if (field->tag != number)
            continue;
        rest = field->wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED
                   ? body_of(field)
                   : slice_make(field->data, field->len);
        while ((used = read_varint(rest, &value)) > 0) {
            take(context, (int32_t)value);
            rest = slice_from(rest, used);
        }
    }
}
