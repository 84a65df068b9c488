/* Blocks are read by the engine, by the trimmer and by the check. */
#include "storage/repeats.h"

#include <assert.h>
#include <string.h>

#include "storage/bytes.h"

char *repeat_write_front(char *at, const struct repeat *repeat)
{
    assert(repeat->hash.len == REPEAT_HASH_LEN && repeat->body.len <= UINT32_MAX);
    memcpy(at, repeat->hash.data, REPEAT_HASH_LEN);
    at = bytes_put_u64(at + REPEAT_HASH_LEN, repeat->revision);
    return bytes_put_u32(at, (uint32_t)repeat->body.len);
}

bool repeat_block_number(struct slice key, uint64_t *ret_number)
{
    uint64_t number = key.len == REPEAT_BLOCK_KEY_LEN ? bytes_u64(key.data) : 0;

    if (number == 0 || number >= REPEAT_BLOCKS_END)
        return false;
    *ret_number = number;
    return true;
}

bool repeat_next(struct slice *block, struct repeat *ret_repeat)
{
    size_t len;

    if (block->len < REPEAT_FRONT_LEN)
        return false;
    len = bytes_u32(block->data + REPEAT_HASH_LEN + 8);
    if (len > block->len - REPEAT_FRONT_LEN)
        return false;
    ret_repeat->hash = slice_make(block->data, REPEAT_HASH_LEN);
    ret_repeat->revision = bytes_u64(block->data + REPEAT_HASH_LEN);
    ret_repeat->body = slice_make(block->data + REPEAT_FRONT_LEN, len);
    *block = slice_from(*block, REPEAT_FRONT_LEN + len);
    return true;
}
