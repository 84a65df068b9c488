/*
 * A field mask on two devices: lines of paths up to an empty one, then the number of bytes of the
 * first device (2, big-endian) and both in protobuf's bytes. A merge keeps the id, is the same when
 * it is repeated, and changes nothing where every path is wrong.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"
#include "proto/contract/contract_find.h"
#include "proto/contract/embedded.h"
#include "proto/message/message_maps.h"
#include "proto/message/message_walk.h"
#include "rpc/services/resource/mask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct method *update_method(void)
{
    static const struct contract *contract;
    static struct arena arena;

    if (contract == NULL) {
        arena_init(&arena, NULL, (size_t)1 << 30);
        if (!status_is_ok(contract_load(embedded_contract(), &arena, &contract)))
            abort();
    }
    for (size_t i = 0; i < contract->method_count; i++)
        if (slice_equal(contract->methods[i]->name, SLICE("UpdateDevice")))
            return contract->methods[i];
    abort();
}

static ProtobufCMessage *read_device(struct arena *arena, const struct kind *kind,
                                     struct slice bytes)
{
    const struct field *field = NULL;
    struct slice walked;

    if (message_walk(arena, kind->message, bytes, (struct walk_options){.keep_unknown = false},
                     &walked, &field) != WALK_OK)
        return NULL;
    return message_unpack(arena, kind->message, walked);
}

static ProtobufCMessage *read_mask(struct arena *arena, const struct message_type *type,
                                   struct slice *rest)
{
    ProtobufCMessage *mask = message_new(arena, type);
    const struct field *paths = message_field_by_number(type, 1);
    size_t capacity = 0;

    while (rest->len > 0) {
        size_t end = slice_find(*rest, '\n');
        struct slice line = slice_make(rest->data, end);

        *rest = slice_from(*rest, end < rest->len ? end + 1 : end);
        if (line.len == 0)
            break;
        *(char **)field_append(arena, mask, paths, &capacity) = arena_cstr(arena, line);
    }
    return mask;
}

/* The bytes of a copy, the same for messages that say the same. */
static struct slice pack(struct arena *arena, const struct kind *kind, ProtobufCMessage *message)
{
    ProtobufCMessage *copy = message_copy(arena, message);

    if (copy == NULL)
        return SLICE_EMPTY;
    message_sort_maps(arena, kind->message, copy);
    return message_pack(arena, copy);
}

static void try_merge(struct arena *arena, const struct kind *kind, const ProtobufCMessage *mask,
                      const ProtobufCMessage *from, ProtobufCMessage *to)
{
    struct slice before = pack(arena, kind, to);
    struct slice id = arena_copy(arena, field_get_string(to, kind->id));
    struct violations violations = {0};
    struct touched touched = {0};
    struct slice once;

    mask_merge(arena, kind->message, kind->id, mask, from, to, &touched, &violations);
    assert(slice_equal(field_get_string(to, kind->id), id));
    once = pack(arena, kind, to);
    if (!touched.whole && touched.first == NULL)
        assert(slice_equal(once, before));
    mask_merge(arena, kind->message, kind->id, mask, from, to, &touched, &violations);
    assert(arena_failed(arena) || slice_equal(pack(arena, kind, to), once));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct method *method = update_method();
    const struct kind *kind = method->kind;
    struct slice rest = slice_make(data, size);
    ProtobufCMessage *mask, *from, *to;
    struct arena arena;
    size_t len;

    arena_init(&arena, NULL, (size_t)64 << 20);
    mask = read_mask(&arena, method->update_mask->message, &rest);
    len = rest.len < 2 ? 0
                       : (size_t)((unsigned char)rest.data[0] << 8 | (unsigned char)rest.data[1]);
    rest = slice_from(rest, rest.len < 2 ? rest.len : 2);
    len = len < rest.len ? len : rest.len;
    from = read_device(&arena, kind, slice_make(rest.data, len));
    to = read_device(&arena, kind, slice_from(rest, len));
    if (mask != NULL && from != NULL && to != NULL)
        try_merge(&arena, kind, mask, from, to);
    arena_done(&arena);
    return 0;
}
