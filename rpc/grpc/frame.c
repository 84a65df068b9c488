/* Deframing and the five bytes in front of each message. */
#include "rpc/grpc/frame.h"

#include <assert.h>

/* The least that is set aside for a message that comes in several pieces. */
#define FRAME_ROOM_LEAST 4096
/* Room for what is announced, up to so many times what came: most messages are copied once. */
#define FRAME_ROOM_AHEAD 8

void frame__reader_init(struct frame_reader *reader, struct arena *arena, size_t most)
{
    *reader = (struct frame_reader){.arena = arena, .most = most};
}

bool frame__is_whole(const struct frame_reader *reader)
{
    return reader->prefix_len == 0;
}

void frame__write_prefix(char prefix[FRAME_PREFIX_LEN], bool compressed, size_t len)
{
    prefix[0] = compressed ? 1 : 0;
    prefix[1] = (char)(len >> 24 & 0xff);
    prefix[2] = (char)(len >> 16 & 0xff);
    prefix[3] = (char)(len >> 8 & 0xff);
    prefix[4] = (char)(len & 0xff);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static struct slice take(struct slice *piece, size_t most)
{
    struct slice taken = slice_make(piece->data, smaller(piece->len, most));

    *piece = slice_from(*piece, taken.len);
    return taken;
}

/* The rest of the prefix; FRAME_MESSAGE once it is complete and acceptable. */
static enum frame_result read_prefix(struct frame_reader *reader, struct slice *piece)
{
    struct slice part = take(piece, FRAME_PREFIX_LEN - reader->prefix_len);
    const unsigned char *prefix = reader->prefix;

    assert(reader->prefix_len + part.len <= FRAME_PREFIX_LEN);
    if (part.len > 0)
        memcpy(reader->prefix + reader->prefix_len, part.data, part.len);
    reader->prefix_len += (unsigned)part.len;
    if (reader->prefix_len < FRAME_PREFIX_LEN)
        return FRAME_MORE;
    reader->len = (size_t)prefix[1] << 24 | (size_t)prefix[2] << 16 | (size_t)prefix[3] << 8 |
                  (size_t)prefix[4];
    if (prefix[0] > 1)
        return FRAME_BAD_FLAG;
    return reader->len > reader->most ? FRAME_TOO_LARGE : FRAME_MESSAGE;
}

/* Room for `more` bytes after what is filled; grows by a factor, so that copying stays linear. */
static bool make_room(struct frame_reader *reader, size_t more)
{
    size_t wanted = reader->filled + more;
    size_t capacity = wanted * FRAME_ROOM_AHEAD;
    char *data;

    if (wanted <= reader->capacity)
        return true;
    if (capacity < FRAME_ROOM_LEAST)
        capacity = FRAME_ROOM_LEAST;
    capacity = smaller(capacity, reader->len);
    data = arena_alloc(reader->arena, capacity);
    if (data == NULL)
        return false;
    assert(capacity >= wanted && wanted <= reader->len);
    if (reader->filled > 0)
        memcpy(data, reader->data, reader->filled);
    reader->data = data;
    reader->capacity = capacity;
    return true;
}

enum frame_result frame__read(struct frame_reader *reader, struct slice *piece,
                              struct frame *ret_frame)
{
    struct slice part;

    if (reader->prefix_len < FRAME_PREFIX_LEN) {
        enum frame_result result = read_prefix(reader, piece);

        if (result != FRAME_MESSAGE)
            return result;
    }
    assert(reader->filled <= reader->len && reader->len <= reader->most);
    part = take(piece, reader->len - reader->filled);
    if (part.len > 0) {
        if (!make_room(reader, part.len))
            return FRAME_NO_MEMORY;
        memcpy(reader->data + reader->filled, part.data, part.len);
        reader->filled += part.len;
    }
    if (reader->filled < reader->len)
        return FRAME_MORE;
    *ret_frame = (struct frame){reader->prefix[0] == 1, slice_make(reader->data, reader->len)};
    frame__reader_init(reader, reader->arena, reader->most);
    return FRAME_MESSAGE;
}
