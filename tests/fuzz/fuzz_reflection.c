/*
 * A request of server reflection: walked, unpacked, answered and packed; the answer passes the walk
 * and gives the request back. The first byte chooses the version, the second how much memory there
 * is the second time.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "proto/contract/contract_find.h"
#include "proto/contract/embedded.h"
#include "proto/message/message_walk.h"
#include "rpc/grpc/reflection.h"
#include "rpc/grpc/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHOICES 2
#define REQUEST_MOST 16384
#define MEMORY_MOST ((size_t)8 << 20)

/* Number of ServerReflectionResponse.original_request. */
#define ORIGINAL_REQUEST 2

static const struct reflection_index *reflection;
static const struct method *methods[2];

static void load(void)
{
    static const struct slice paths[] = {
        SLICE_INIT("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"),
        SLICE_INIT("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"),
    };
    static struct arena arena;
    const struct contract *contract = NULL;

    arena_init(&arena, NULL, (size_t)256 << 20);
    if (!status_is_ok(contract_load(embedded_contract(), &arena, &contract)) ||
        !status_is_ok(reflection_index__new(embedded_reflection(), &arena, &reflection)))
        abort();
    for (size_t i = 0; i < 2; i++)
        methods[i] = contract_method(contract, paths[i]);
}

/* The packed answer; empty when there is none, for want of memory or otherwise. */
static struct slice answer(struct arena *arena, const struct method *method, struct slice bytes,
                           ProtobufCMessage **ret_request)
{
    const struct frame frame = {.bytes = bytes};
    ProtobufCMessage *response;
    struct status status = grpc__request_read(arena, method, &frame, ENCODING_IDENTITY,
                                              REQUEST_MOST, ret_request);

    if (!status_is_ok(status))
        return SLICE_EMPTY;
    response = reflection__answer(reflection, arena, method, *ret_request);
    assert((response == NULL) == arena_failed(arena));
    return response == NULL ? SLICE_EMPTY : message_pack(arena, response);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct method *method;
    ProtobufCMessage *request = NULL;
    struct arena arena;
    struct slice packed, bytes;

    if (reflection == NULL)
        load();
    if (size < CHOICES)
        return 0;
    method = methods[data[0] & 1];
    bytes = slice_make(data + CHOICES, size - CHOICES);
    arena_init(&arena, NULL, MEMORY_MOST);
    packed = answer(&arena, method, bytes, &request);
    if (packed.len > 0 && !arena_failed(&arena)) {
        static const struct walk_options options = {0};
        const struct field *original = message_field_by_number(method->output, ORIGINAL_REQUEST);
        const struct field *bad = NULL;
        const ProtobufCMessage *response;
        struct slice walked;
        enum walk_result result = message_walk(&arena, method->output, packed, options, &walked,
                                               &bad);

        assert(result == WALK_OK && walked.len == packed.len);
        response = message_unpack(&arena, method->output, walked);
        assert(response != NULL &&
               slice_equal(message_pack(&arena, field_get_message(response, original)),
                           message_pack(&arena, request)));
        (void)response;
        (void)original;
        (void)result;
    }
    arena_done(&arena);
    arena_init(&arena, NULL, (size_t)data[1] * 512);
    answer(&arena, method, bytes, &request);
    arena_done(&arena);
    return 0;
}
