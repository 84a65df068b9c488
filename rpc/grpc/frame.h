/*
 * gRPC's length-prefixed messages (PROTOCOL-HTTP2.md): one flag byte, four bytes of length in
 * network order, the message. The reader takes the stream in whatever pieces it comes. Pure.
 */
#ifndef DATASTREAM_RPC_GRPC_FRAME_H
#define DATASTREAM_RPC_GRPC_FRAME_H

#include "base/arena.h"
#include "base/slice.h"

#define FRAME_PREFIX_LEN 5

/* Plain; set by frame__reader_init and kept by frame__read. */
struct frame_reader {
    struct arena *arena;
    size_t most; /* bytes of a message as it is sent */
    unsigned char prefix[FRAME_PREFIX_LEN];
    unsigned prefix_len;
    size_t len; /* announced by the prefix */
    char *data;
    size_t filled, capacity;
};

/* A message as it was sent; the bytes live in the reader's arena. */
struct frame {
    bool compressed;
    struct slice bytes;
};

enum frame_result {
    FRAME_MORE,      /* all of the piece was taken and no message is complete */
    FRAME_MESSAGE,   /* a message is complete; the piece may hold more */
    FRAME_BAD_FLAG,  /* neither 0 nor 1 */
    FRAME_TOO_LARGE, /* the prefix announces more than `most`; nothing was buffered */
    FRAME_NO_MEMORY, /* the arena failed */
};

/* A reader at the start of a stream, for messages of at most `most` bytes. */
void frame__reader_init(struct frame_reader *reader, struct arena *arena, size_t most);

/*
 * Takes bytes from the front of *piece up to the end of a message. Memory grows with what came, not
 * with what was announced. After an error the reader is of no more use.
 */
enum frame_result frame__read(struct frame_reader *reader, struct slice *piece,
                              struct frame *ret_frame);

/* Whether the stream may end here: no message is begun. */
bool frame__is_whole(const struct frame_reader *reader);

/* Writes the prefix of a message of `len` bytes, at most 2^32 - 1. */
void frame__write_prefix(char prefix[FRAME_PREFIX_LEN], bool compressed, size_t len);

#endif
