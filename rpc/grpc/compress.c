/* gzip and zlib streams over an arena. */
#include "rpc/grpc/compress.h"

#include <assert.h>
#include <zlib.h>

#include "base/header_elements.h"

/* Added to zlib's window bits it asks for gzip's header and trailer. */
#define GZIP_FORMAT 16

/*
 * A window of 8 KiB and half of the usual hash: 64 KiB for a stream instead of 256, and messages of
 * this API are small. The fastest level: the answer is waited for.
 */
#define DEFLATE_WINDOW_BITS 13
#define DEFLATE_MEMORY 6

#define INFLATE_ROOM_LEAST 4096

static const struct slice names[] = {
    [ENCODING_IDENTITY] = SLICE_INIT("identity"),
    [ENCODING_GZIP] = SLICE_INIT("gzip"),
    [ENCODING_DEFLATE] = SLICE_INIT("deflate"),
};

enum encoding encoding__by_name(struct slice name)
{
    for (unsigned i = 0; i < ENCODING_UNSUPPORTED; i++)
        if (slice_equal(name, names[i]))
            return (enum encoding)i;
    return ENCODING_UNSUPPORTED;
}

struct slice encoding__name(enum encoding encoding)
{
    assert(encoding < ENCODING_UNSUPPORTED);
    return names[encoding];
}

unsigned encoding__read_list(struct slice list)
{
    struct slice name;
    unsigned bits = 0;

    while (header_next_element(&list, &name)) {
        enum encoding encoding = encoding__by_name(name);

        if (encoding != ENCODING_UNSUPPORTED)
            bits |= 1u << encoding;
    }
    return bits;
}

static voidpf arena_zlib_alloc(voidpf opaque, uInt items, uInt size)
{
    return arena_array(opaque, items, size);
}

static void arena_zlib_free(voidpf opaque, voidpf address)
{
    (void)opaque;
    (void)address;
}

static int window_bits(enum encoding encoding, int bits)
{
    return encoding == ENCODING_GZIP ? bits + GZIP_FORMAT : bits;
}

/* A larger buffer with what the stream wrote so far; at most `limit` bytes. */
static char *grow(struct arena *arena, z_stream *stream, char *data, size_t capacity, size_t limit,
                  size_t *ret_capacity)
{
    size_t larger = capacity * 2 > limit ? limit : capacity * 2;
    char *copy = arena_alloc(arena, larger);

    if (copy == NULL)
        return NULL;
    assert(larger > capacity && stream->avail_out == 0);
    memcpy(copy, data, capacity);
    stream->next_out = (Bytef *)copy + capacity;
    stream->avail_out = (uInt)(larger - capacity);
    *ret_capacity = larger;
    return copy;
}

/* One byte more than allowed is offered to zlib: if it is used, there was too much. */
static enum inflate_result inflate_all(struct arena *arena, z_stream *stream, size_t most,
                                       struct slice *ret_bytes)
{
    size_t capacity = (size_t)stream->avail_in * 4 + INFLATE_ROOM_LEAST;
    char *data;

    if (capacity > most + 1)
        capacity = most + 1;
    assert(capacity > 0 && capacity <= most + 1);
    data = arena_alloc(arena, capacity);
    stream->next_out = (Bytef *)data;
    stream->avail_out = (uInt)capacity;
    while (data != NULL) {
        int result = inflate(stream, Z_FINISH);

        if (result == Z_MEM_ERROR)
            return INFLATE_NO_MEMORY;
        if (stream->total_out > most)
            return INFLATE_TOO_LARGE;
        if (result == Z_STREAM_END && stream->avail_in == 0) {
            *ret_bytes = slice_make(data, stream->total_out);
            return INFLATE_OK;
        }
        if (result != Z_BUF_ERROR || stream->avail_out > 0)
            return INFLATE_BAD;
        data = grow(arena, stream, data, capacity, most + 1, &capacity);
    }
    return INFLATE_NO_MEMORY;
}

enum inflate_result compress__inflate(struct arena *arena, enum encoding encoding,
                                      struct slice bytes, size_t most, struct slice *ret_bytes)
{
    z_stream stream = {
        .zalloc = arena_zlib_alloc,
        .zfree = arena_zlib_free,
        .opaque = arena,
        .next_in = (z_const Bytef *)bytes.data,
        .avail_in = (uInt)bytes.len,
    };
    enum inflate_result result;

    if (inflateInit2(&stream, window_bits(encoding, MAX_WBITS)) != Z_OK)
        return INFLATE_NO_MEMORY;
    result = inflate_all(arena, &stream, most, ret_bytes);
    inflateEnd(&stream);
    return arena_failed(arena) ? INFLATE_NO_MEMORY : result;
}

struct slice compress__deflate(struct arena *arena, enum encoding encoding, struct slice bytes,
                               size_t ahead)
{
    z_stream stream = {
        .zalloc = arena_zlib_alloc,
        .zfree = arena_zlib_free,
        .opaque = arena,
        .next_in = (z_const Bytef *)bytes.data,
        .avail_in = (uInt)bytes.len,
    };
    size_t bound;
    char *data;
    int result;

    if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, window_bits(encoding, DEFLATE_WINDOW_BITS),
                     DEFLATE_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
        return SLICE_EMPTY;
    bound = deflateBound(&stream, bytes.len);
    data = arena_alloc(arena, ahead + bound);
    if (data == NULL)
        return SLICE_EMPTY;
    stream.next_out = (Bytef *)data + ahead;
    stream.avail_out = (uInt)bound;
    result = deflate(&stream, Z_FINISH);
    assert(result == Z_STREAM_END);
    deflateEnd(&stream);
    return slice_make(data, ahead + stream.total_out);
}
