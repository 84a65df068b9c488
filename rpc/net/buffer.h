/*
 * A growing run of bytes. A buffer that could not grow has failed and stays empty-handed; its user
 * looks once at the end. What it no longer holds is overwritten: it may have been a secret.
 * Internal to rpc/net.
 */
#ifndef DATASTREAM_RPC_NET_BUFFER_H
#define DATASTREAM_RPC_NET_BUFFER_H

#include "base/slice.h"

struct buffer {
    char *data;
    size_t len;
    size_t capacity;
    bool failed;
};

/* Room for `more` bytes behind data + len; false when memory ended. */
bool buffer__reserve(struct buffer *buffer, size_t more);

/* Appends. */
void buffer__put(struct buffer *buffer, struct slice bytes);
void buffer__put_decimal(struct buffer *buffer, uint64_t number);
void buffer__put_hex(struct buffer *buffer, uint64_t number);

/* Drops the first `count` bytes. */
void buffer__drop(struct buffer *buffer, size_t count);

/* Drops all bytes and keeps the room. */
void buffer__empty(struct buffer *buffer);

/* Frees the bytes; the buffer is as new. */
void buffer__done(struct buffer *buffer);

#endif
