/*
 * What both frontends read of a head: gRPC's metadata, "-bin" values and encodings, media types,
 * Accept and entity tags. Each line of the input is a header, "name:value".
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "rest/negotiate.h"
#include "rpc/grpc/metadata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEADERS_MOST 64
#define METADATA_MOST 4096

static struct slice cut_at(struct slice *rest, char end)
{
    size_t at = slice_find(*rest, end);
    struct slice before = slice_make(rest->data, at);

    *rest = slice_from(*rest, at < rest->len ? at + 1 : at);
    return before;
}

static size_t read_lines(struct slice input, struct header headers[HEADERS_MOST], size_t *ret_bytes)
{
    size_t count = 0;

    *ret_bytes = 0;
    while (input.len > 0 && count < HEADERS_MOST) {
        struct slice line = cut_at(&input, '\n');

        headers[count].name = cut_at(&line, ':');
        headers[count].value = line;
        *ret_bytes += headers[count].name.len + headers[count].value.len + 32;
        count++;
    }
    return count;
}

static void try_metadata(struct arena *arena, const struct request_head *head)
{
    struct metadata metadata;
    struct status status = metadata__read(arena, head, METADATA_MOST, &metadata);

    if (!status_is_ok(status)) {
        assert(status.message.len > 0);
        return;
    }
    assert(metadata.encoding <= ENCODING_UNSUPPORTED);
}

static void try_binary(struct arena *arena, struct slice value)
{
    struct slice rest = value;
    struct slice bytes;
    size_t sum = 0;

    while (rest.data != NULL && metadata_next_binary(arena, &rest, &bytes))
        sum += bytes.len;
    assert(sum <= value.len);
}

static void try_value(struct arena *arena, struct slice value)
{
    struct slice stripped = etag__strip_computed(arena, value);

    assert(arena_failed(arena) || stripped.len <= value.len);
    media_type__is_json(value);
    etag__is_listed(value, SLICE("\"7-1f00\""));
    try_binary(arena, value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct header headers[HEADERS_MOST];
    struct request_head head = {.version = HTTP_2, .headers = headers, .content_length = -1};
    struct arena arena;

    arena_init(&arena, NULL, (size_t)16 << 20);
    head.header_count = read_lines(slice_make(data, size), headers, &head.header_bytes);
    try_metadata(&arena, &head);
    if (accept__allows_json(headers, head.header_count))
        assert(accept__stream_type(headers, head.header_count) <= STREAM_TYPE_SSE);
    for (size_t i = 0; i < head.header_count; i++)
        try_value(&arena, headers[i].value);
    arena_done(&arena);
    return 0;
}
