/* Growing output buffers. */
#include "rpc/net/buffer.h"

#include <stdlib.h>

bool buffer_reserve(struct buffer *buffer, size_t more)
{
    size_t capacity = buffer->capacity == 0 ? 1024 : buffer->capacity;
    char *data;

    if (buffer->failed)
        return false;
    if (buffer->capacity - buffer->len >= more)
        return true;
    while (capacity - buffer->len < more && capacity < SIZE_MAX / 4)
        capacity *= 2;
    data = capacity - buffer->len < more ? NULL : realloc(buffer->data, capacity);
    if (data == NULL) {
        buffer->failed = true;
        return false;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

void buffer_put(struct buffer *buffer, struct slice bytes)
{
    if (bytes.len == 0 || !buffer_reserve(buffer, bytes.len))
        return;
    memcpy(buffer->data + buffer->len, bytes.data, bytes.len);
    buffer->len += bytes.len;
}

static void put_number(struct buffer *buffer, uint64_t number, unsigned base)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number > 0);
    buffer_put(buffer, slice_make(digits + at, sizeof(digits) - at));
}

void buffer_put_decimal(struct buffer *buffer, uint64_t number)
{
    put_number(buffer, number, 10);
}

void buffer_put_hex(struct buffer *buffer, uint64_t number)
{
    put_number(buffer, number, 16);
}

void buffer_drop(struct buffer *buffer, size_t count)
{
    if (count == 0)
        return;
    memmove(buffer->data, buffer->data + count, buffer->len - count);
    buffer->len -= count;
}

void buffer_done(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}
