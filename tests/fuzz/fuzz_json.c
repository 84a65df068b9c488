/*
 * JSON from outside: the first byte chooses the message and the options, the rest is the text. What
 * is accepted must be written, read back, and be the same message.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "proto/contract/contract_find.h"
#include "proto/json/json.h"
#include "proto/json/json_read.h"
#include "proto/json/json_write.h"
#include "proto/message/message.h"
#include "tests/json/messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MEMORY_MOST ((size_t)64 << 20)

static const struct slice type_names[] = {
    SLICE_INIT("json.test.Scalars"),      SLICE_INIT("json.test.Node"),
    SLICE_INIT("json.test.WellKnown"),    SLICE_INIT("google.protobuf.Value"),
    SLICE_INIT("google.protobuf.Any"),    SLICE_INIT("google.protobuf.Timestamp"),
    SLICE_INIT("google.protobuf.Struct"), SLICE_INIT("google.protobuf.FieldMask"),
};
#define TYPES (sizeof(type_names) / sizeof(type_names[0]))

static const struct contract *contract(void)
{
    static const struct contract *loaded;
    static struct arena arena;

    if (loaded == NULL) {
        arena_init(&arena, NULL, MEMORY_MOST);
        loaded = json_messages_load(&arena);
    }
    return loaded;
}

static void round_trip(struct arena *arena, const struct message_type *type,
                       const ProtobufCMessage *message, const struct json_write_options *write)
{
    struct json_read_options read = {.contract = contract()};
    struct slice packed = message_pack(arena, message);
    ProtobufCMessage *again = NULL;
    struct slice text = SLICE_EMPTY;
    struct status status;

    status = json_write_message(arena, type, message, write, &text);
    assert(status_is_ok(status) || arena_failed(arena));
    if (arena_failed(arena))
        return;
    status = json_read_message(arena, type, text, &read, &again);
    assert(status_is_ok(status) || arena_failed(arena));
    if (arena_failed(arena))
        return;
    assert(slice_equal(packed, message_pack(arena, again)) || arena_failed(arena));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_paths present = {0};
    struct json_read_options read = {.contract = contract(), .present = &present};
    struct json_write_options write = {.contract = contract()};
    const struct message_type *type;
    ProtobufCMessage *message = NULL;
    struct status status;
    struct arena arena;

    if (size == 0)
        return 0;
    type = contract_message(contract(), type_names[data[0] % TYPES]);
    read.ignore_unknown = (data[0] / TYPES) & 1;
    write.always_emit = (data[0] / TYPES) & 2;
    write.proto_names = (data[0] / TYPES) & 4;
    arena_init(&arena, NULL, MEMORY_MOST);
    status = json_read_message(&arena, type, slice_make(data + 1, size - 1), &read, &message);
    if (status_is_ok(status))
        round_trip(&arena, type, message, &write);
    else
        assert(status.code == STATUS_INVALID_ARGUMENT || arena_failed(&arena));
    arena_done(&arena);
    return 0;
}
