/*
 * A gRPC request's body as a client might send it: cut into pieces, deframed, unfolded, walked and
 * unpacked by a method of the contract. The first three bytes choose the method, the encoding and
 * the size of the pieces.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "proto/contract/embedded.h"
#include "rpc/grpc/percent.h"
#include "rpc/grpc/request.h"
#include "rpc/grpc/timeout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHOICES 3
#define MESSAGE_MOST 65536
#define MEMORY_MOST ((size_t)8 << 20)

static const struct contract *contract(void)
{
    static const struct contract *loaded;
    static struct arena arena;

    if (loaded == NULL) {
        arena_init(&arena, NULL, (size_t)256 << 20);
        if (!status_is_ok(contract_load(embedded_contract(), &arena, &loaded)))
            abort();
    }
    return loaded;
}

/* What was read is packed and read again: nothing is left out the second time. */
static void members__read(struct arena *arena, const struct method *method,
                          const struct frame *frame, enum encoding encoding)
{
    ProtobufCMessage *message = NULL;
    struct status status = grpc__request_read(arena, method, frame, encoding, MESSAGE_MOST,
                                              &message);

    if (status_is_ok(status)) {
        struct frame again = {.bytes = message_pack(arena, message)};

        assert(arena_failed(arena) ||
               status_is_ok(grpc__request_read(arena, method, &again, ENCODING_IDENTITY, SIZE_MAX,
                                               &message)) ||
               arena_failed(arena));
    } else {
        grpc__message_encode(arena, status.message);
    }
}

static void read_stream(struct arena *arena, const struct method *method, enum encoding encoding,
                        struct slice stream, size_t piece_len)
{
    struct frame_reader reader;
    enum frame_result result = FRAME_MORE;

    frame__reader_init(&reader, arena, MESSAGE_MOST);
    while (stream.len > 0 && result <= FRAME_MESSAGE) {
        size_t len = piece_len < stream.len ? piece_len : stream.len;
        struct slice piece = slice_make(stream.data, len);

        stream = slice_from(stream, len);
        while (piece.len > 0 && result <= FRAME_MESSAGE) {
            struct frame frame;

            result = frame__read(&reader, &piece, &frame);
            assert(result != FRAME_MORE || piece.len == 0);
            if (result == FRAME_MESSAGE)
                members__read(arena, method, &frame, encoding);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice stream = slice_make(data, size);
    struct slice rest = stream;
    struct slice bytes;
    struct arena arena;
    uint64_t ms;

    if (size < CHOICES)
        return 0;
    arena_init(&arena, NULL, MEMORY_MOST);
    read_stream(&arena, contract()->methods[data[0] % contract()->method_count],
                (enum encoding)(data[1] % ENCODING_UNSUPPORTED), slice_from(stream, CHOICES),
                (size_t)data[2] + 1);
    grpc__timeout_parse(stream, &ms);
    encoding__read_list(stream);
    while (rest.data != NULL && metadata_next_binary(&arena, &rest, &bytes))
        continue;
    arena_done(&arena);
    return 0;
}
