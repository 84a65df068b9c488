/*
 * Stored bytes to JSON: the first byte chooses the message, the rest are its bytes. What a plan
 * writes is what is written of the unpacked message.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "proto/contract/contract_find.h"
#include "proto/json/json_plan.h"
#include "proto/json/json_record.h"
#include "proto/json/json_write.h"
#include "proto/message/message.h"
#include "proto/message/message_walk.h"
#include "tests/json/messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MEMORY_MOST ((size_t)64 << 20)

static const struct slice type_names[] = {
    SLICE_INIT("json.test.Scalars"),
    SLICE_INIT("json.test.Node"),
    SLICE_INIT("json.test.WellKnown"),
};
#define TYPES (sizeof(type_names) / sizeof(type_names[0]))

static struct json_plans *plans(void)
{
    static struct json_plans plans;
    static struct arena arena;

    if (plans.contract == NULL) {
        arena_init(&arena, NULL, MEMORY_MOST);
        plans.contract = json_messages_load(&arena);
        plans.arena = &arena;
    }
    return &plans;
}

static void compare(struct arena *arena, const struct message_type *type, struct slice bytes)
{
    const struct walk_options walk = {.keep_unknown = true};
    const struct json_write_options options = {
        .contract = plans()->contract, .always_emit = true, .hide_input_only = true};
    struct slice wanted_text = SLICE_EMPTY, text = SLICE_EMPTY;
    const ProtobufCMessage *message;
    struct status wanted, status;
    const struct field *field;

    if (message_walk(arena, type, bytes, walk, &bytes, &field) != WALK_OK)
        return;
    message = message_unpack(arena, type, bytes);
    status = json_write_record(arena, json_plan_of(plans(), type), bytes, &text);
    if (message == NULL) {
        assert(!status_is_ok(status));
        return;
    }
    wanted = json_write_message(arena, type, message, &options, &wanted_text);
    if (arena_failed(arena))
        return;
    assert(status.code == wanted.code);
    assert(slice_equal(text, wanted_text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;

    if (size == 0)
        return 0;
    arena_init(&arena, NULL, MEMORY_MOST);
    compare(&arena, contract_message(plans()->contract, type_names[data[0] % TYPES]),
            slice_make(data + 1, size - 1));
    arena_done(&arena);
    return 0;
}
