/* Growing output buffers. */
#include "rpc/net/buffer.h"

#include <assert.h>
#include <stdlib.h>

#include "base/erase.h"
#include "base/text.h"

/* Moves the bytes into a larger block, and leaves none where they were. */
static char *grow(struct buffer *buffer, size_t capacity)
{
    char *data = malloc(capacity);

    if (data == NULL)
        return NULL;
    if (buffer->len > 0)
        memcpy(data, buffer->data, buffer->len);
    buffer__done(buffer);
    return data;
}

bool buffer__reserve(struct buffer *buffer, size_t more)
{
    size_t capacity = buffer->capacity == 0 ? 1024 : buffer->capacity;
    size_t len = buffer->len;
    char *data;

    assert(buffer->len <= buffer->capacity);
    if (buffer->failed)
        return false;
    if (buffer->capacity - buffer->len >= more)
        return true;
    while (capacity - len < more && capacity < SIZE_MAX / 4)
        capacity *= 2;
    data = capacity - len < more ? NULL : grow(buffer, capacity);
    if (data == NULL) {
        buffer->failed = true;
        return false;
    }
    *buffer = (struct buffer){.data = data, .len = len, .capacity = capacity};
    return true;
}

void buffer__put(struct buffer *buffer, struct slice bytes)
{
    if (bytes.len == 0 || !buffer__reserve(buffer, bytes.len))
        return;
    memcpy(buffer->data + buffer->len, bytes.data, bytes.len);
    buffer->len += bytes.len;
}

static void put_number(struct buffer *buffer, uint64_t number, unsigned base)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = hex_digit(number % base);
        number /= base;
    } while (number > 0);
    buffer__put(buffer, slice_make(digits + at, sizeof(digits) - at));
}

void buffer__put_decimal(struct buffer *buffer, uint64_t number)
{
    put_number(buffer, number, 10);
}

void buffer__put_hex(struct buffer *buffer, uint64_t number)
{
    put_number(buffer, number, 16);
}

void buffer__drop(struct buffer *buffer, size_t count)
{
    assert(count <= buffer->len);
    if (count == 0)
        return;
    memmove(buffer->data, buffer->data + count, buffer->len - count);
    buffer->len -= count;
    erase(buffer->data + buffer->len, count);
}

void buffer__empty(struct buffer *buffer)
{
    if (buffer->len > 0)
        erase(buffer->data, buffer->len);
    buffer->len = 0;
}

void buffer__done(struct buffer *buffer)
{
    buffer__empty(buffer);
    free(buffer->data);
    *buffer = (struct buffer){0};
}
