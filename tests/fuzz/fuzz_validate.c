/*
 * The request of a method, whose number is the first byte, in protobuf's bytes: validation ends,
 * says the same twice, and each violation has a sentence.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"
#include "proto/contract/embedded.h"
#include "proto/message/message.h"
#include "proto/message/message_walk.h"
#include "rpc/call/call.h"
#include "rpc/call/validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW_MS 1700000000000LL

static const struct contract *load(void)
{
    static const struct contract *contract;
    static struct arena arena;

    if (contract == NULL) {
        arena_init(&arena, NULL, (size_t)1 << 30);
        if (!status_is_ok(contract_load(embedded_contract(), &arena, &contract)))
            abort();
    }
    return contract;
}

static void try_message(struct arena *arena, const struct message_type *type,
                        const ProtobufCMessage *message)
{
    struct violations first = {0}, second = {0};
    const struct status_detail *b;

    validate_message(arena, type, message, SLICE_EMPTY, NULL, NOW_MS, &first);
    validate_message(arena, type, message, SLICE_EMPTY, NULL, NOW_MS, &second);
    b = second.first;
    for (const struct status_detail *a = first.first; a != NULL; a = a->next, b = b->next) {
        assert(b != NULL && slice_equal(a->subject, b->subject) &&
               slice_equal(a->description, b->description));
        assert(a->description.len > 0 && utf8_is_valid(a->description));
    }
    assert(b == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct contract *contract = load();
    const struct field *field = NULL;
    const struct message_type *type;
    ProtobufCMessage *message;
    struct slice walked;
    struct arena arena;

    if (size == 0)
        return 0;
    arena_init(&arena, NULL, (size_t)64 << 20);
    type = contract->methods[data[0] % contract->method_count]->input;
    if (message_walk(&arena, type, slice_make(data + 1, size - 1),
                     (struct walk_options){.keep_unknown = false}, &walked, &field) == WALK_OK) {
        message = message_unpack(&arena, type, walked);
        if (message != NULL)
            try_message(&arena, type, message);
    }
    arena_done(&arena);
    return 0;
}
