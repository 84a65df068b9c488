/*
 * Outside protobuf bytes: what passes the walk, protobuf-c takes; what is packed of it are the
 * bytes that protobuf-c packs, and passes again unchanged. The first byte chooses the type and the
 * options, the second how much memory there is the second time.
 */
#include "proto/contract/contract_find.h"
#include "proto/message/message_walk.h"
#include "tests/support/shapes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LIMIT ((size_t)64 << 20)

static const struct message_type *choose_type(unsigned choice)
{
    static const struct slice names[] = {SLICE_INIT("shapes.Shape"),
                                         SLICE_INIT("datastream.v1.Device"),
                                         SLICE_INIT("google.protobuf.Value")};
    static const struct contract *contract;
    static struct arena arena;

    if (contract == NULL) {
        arena_init(&arena, NULL, LIMIT);
        contract = load_shapes(&arena);
    }
    return contract_message(contract, names[choice % 3]);
}

/* Asserts that protobuf-c packs the same; false when there is no memory to see it. */
static bool is_protobuf_c(struct arena *arena, const ProtobufCMessage *message, struct slice packed)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = arena_alloc(arena, size);

    if (bytes == NULL)
        return false;
    assert(protobuf_c_message_pack(message, bytes) == size);
    assert(slice_equal(packed, slice_make(bytes, size)));
    return true;
}

/* Walks, unpacks and packs; false when that ended before, for want of memory or otherwise. */
static bool pass(struct arena *arena, const struct message_type *type, struct slice input,
                 struct walk_options options, struct slice *ret_kept, struct slice *ret_packed)
{
    const struct field *field = NULL;
    const ProtobufCMessage *message;
    enum walk_result result = message_walk(arena, type, input, options, ret_kept, &field);

    assert((result == WALK_NO_MEMORY) == arena_failed(arena));
    if (result != WALK_OK)
        return false;
    assert(ret_kept->len <= input.len);
    message = message_unpack(arena, type, *ret_kept);
    assert((message == NULL) == arena_failed(arena));
    if (message == NULL)
        return false;
    assert(options.keep_unknown || message->n_unknown_fields == 0);
    *ret_packed = message_pack(arena, message);
    return !arena_failed(arena) && is_protobuf_c(arena, message, *ret_packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct walk_options options;
    const struct message_type *type;
    struct slice input, kept, packed, again;
    struct arena arena;
    struct arena small;

    if (size < 2)
        return 0;
    type = choose_type(data[0] >> 2);
    options = (struct walk_options){(data[0] & 1) != 0, (data[0] & 2) != 0};
    input = slice_make(data + 2, size - 2);
    arena_init(&arena, NULL, LIMIT);
    if (pass(&arena, type, input, options, &kept, &packed)) {
        bool passed = pass(&arena, type, kept, options, &again, &again);

        assert(passed && slice_equal(again, packed));
        passed = pass(&arena, type, packed, options, &kept, &again);
        assert(passed && slice_equal(kept, packed) && slice_equal(again, packed));
    }
    arena_done(&arena);
    arena_init(&small, NULL, (size_t)data[1] * 64);
    (void)pass(&small, type, input, options, &kept, &packed);
    arena_done(&small);
    return 0;
}
