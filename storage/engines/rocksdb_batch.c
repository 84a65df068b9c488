/*
 * The bytes of a batch are those of a record of RocksDB's log, whose format it must read for ever
 * (write_batch.cc, at its top):
 *
 *   8 bytes for the sequence number, which RocksDB fills | number of rows (4, little-endian) | rows
 *   put       0x05 family (varint) | key | value         0x01 key | value in the family 0
 *   removal   0x04 family (varint) | key                 0x00 key         in the family 0
 *
 * Keys and values have their length before them, a varint. RocksDB refuses a batch that it cannot
 * read, or whose number of rows is another.
 */
#include "storage/engines/rocksdb_batch.h"

#include <assert.h>
#include <stdlib.h>

#define HEADER_LEN 12
#define COUNT_AT 8
#define ROOM_FIRST ((size_t)16 << 10)
/* Of a row without its key and value: a type, a family, two lengths of at most 5 bytes. */
#define FRAME_MOST 12

enum row_type { PUT = 0x01, REMOVE = 0x00, PUT_IN_FAMILY = 0x05, REMOVE_IN_FAMILY = 0x04 };

/* Room for `len` more bytes. False, from then on, when there is no memory. */
static bool make_room(struct rocksdb_batch *batch, size_t len)
{
    size_t larger = batch->capacity == 0 ? ROOM_FIRST : batch->capacity;
    char *grown;

    if (batch->len == 0)
        batch->len = HEADER_LEN;
    while (larger - batch->len < len)
        larger *= 2;
    if (batch->failed || larger == batch->capacity)
        return !batch->failed;
    grown = realloc(batch->data, larger);
    if (grown == NULL) {
        batch->failed = true;
        return false;
    }
    batch->data = grown;
    batch->capacity = larger;
    return true;
}

static char *put_length(char *at, size_t len)
{
    for (; len >= 0x80; len >>= 7)
        *at++ = (char)(len | 0x80);
    *at++ = (char)len;
    return at;
}

static char *put_bytes(char *at, struct slice bytes)
{
    if (bytes.len > 0)
        memcpy(at, bytes.data, bytes.len);
    return at + bytes.len;
}

/*
 * Begins a row, with its key, and counts it; `value_len` bytes and their length are to follow. NULL
 * when there is no memory.
 */
static char *begin_row(struct rocksdb_batch *batch, rocksdb_column_family_handle_t *family,
                       bool is_put, struct slice key, size_t value_len)
{
    uint32_t number = rocksdb_column_family_handle_get_id(family);
    char *at;

    assert(number < 0x80 && key.len <= UINT32_MAX && value_len <= UINT32_MAX);
    if (!make_room(batch, FRAME_MOST + key.len + value_len))
        return NULL;
    batch->count++;
    at = batch->data + batch->len;
    if (number == 0) {
        *at++ = is_put ? PUT : REMOVE;
    } else {
        *at++ = is_put ? PUT_IN_FAMILY : REMOVE_IN_FAMILY;
        *at++ = (char)number;
    }
    return put_bytes(put_length(at, key.len), key);
}

static void end_row(struct rocksdb_batch *batch, const char *at)
{
    batch->len = (size_t)(at - batch->data);
    assert(batch->len <= batch->capacity);
}

void rocksdb__batch_put(struct rocksdb_batch *batch, rocksdb_column_family_handle_t *family,
                        struct slice key, const struct slice *parts, size_t count)
{
    size_t len = 0;
    char *at;

    for (size_t i = 0; i < count; i++)
        len += parts[i].len;
    at = begin_row(batch, family, true, key, len);
    if (at == NULL)
        return;
    at = put_length(at, len);
    for (size_t i = 0; i < count; i++)
        at = put_bytes(at, parts[i]);
    end_row(batch, at);
}

void rocksdb__batch_remove(struct rocksdb_batch *batch, rocksdb_column_family_handle_t *family,
                           struct slice key)
{
    char *at = begin_row(batch, family, false, key, 0);

    if (at != NULL)
        end_row(batch, at);
}

rocksdb_writebatch_t *rocksdb__batch_take(struct rocksdb_batch *batch)
{
    rocksdb_writebatch_t *taken = NULL;

    if (make_room(batch, 0)) {
        memset(batch->data, 0, HEADER_LEN);
        for (int i = 0; i < 4; i++)
            batch->data[COUNT_AT + i] = (char)(batch->count >> (8 * i));
        taken = rocksdb_writebatch_create_from(batch->data, batch->len);
    }
    batch->len = 0;
    batch->count = 0;
    batch->failed = false;
    return taken;
}

void rocksdb__batch_done(struct rocksdb_batch *batch)
{
    free(batch->data);
    *batch = (struct rocksdb_batch){0};
}
