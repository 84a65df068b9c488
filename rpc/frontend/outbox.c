/* A queue of blocks: filled at the end, freed from the front as the exchange lets go of them. */
#include "rpc/frontend/outbox.h"

#include <assert.h>
#include <stdlib.h>

#include "base/erase.h"

#define BLOCK_BYTES ((size_t)4096)

struct outbox_block {
    struct outbox_block *next;
    uint64_t end; /* of outbox->handed, once the block is whole */
    size_t size;
    size_t used;
    char bytes[];
};

static struct account *account_of(const struct outbox *outbox)
{
    return outbox->exchange->arena->account;
}

static void free_first(struct outbox *outbox)
{
    struct outbox_block *block = outbox->first;

    outbox->first = block->next;
    account_give(account_of(outbox), sizeof(*block) + block->size);
    erase(block->bytes, block->used); /* an answer may hold a credential */
    free(block);
}

static struct outbox_block *add_block(struct outbox *outbox, size_t size)
{
    struct outbox_block *block;

    if (size < BLOCK_BYTES - sizeof(*block))
        size = BLOCK_BYTES - sizeof(*block);
    if (!account_take(account_of(outbox), sizeof(*block) + size))
        return NULL;
    block = malloc(sizeof(*block) + size);
    if (block == NULL) {
        account_give(account_of(outbox), sizeof(*block) + size);
        return NULL;
    }
    *block = (struct outbox_block){.size = size};
    if (outbox->last == NULL)
        outbox->first = block;
    else
        outbox->last->next = block;
    outbox->last = block;
    outbox->flushed = 0;
    return block;
}

void outbox__done(struct outbox *outbox)
{
    while (outbox->first != NULL)
        free_first(outbox);
    outbox->last = NULL;
    outbox->flushed = 0;
}

void outbox__trim(struct outbox *outbox)
{
    size_t waiting = exchange_waiting(outbox->exchange);

    if (waiting == 0 && outbox__gathered(outbox) == 0) {
        outbox__done(outbox);
        return;
    }
    while (outbox->first != outbox->last && outbox->first->end <= outbox->handed - waiting)
        free_first(outbox);
}

bool outbox__put(struct outbox *outbox, struct slice bytes)
{
    struct outbox_block *block;

    outbox__trim(outbox);
    block = outbox->last;
    if (block == NULL || block->size - block->used < bytes.len) {
        outbox__flush(outbox);
        block = add_block(outbox, bytes.len);
        if (block == NULL)
            return false;
    }
    assert(bytes.len <= block->size - block->used);
    memcpy(block->bytes + block->used, bytes.data, bytes.len);
    block->used += bytes.len;
    return true;
}

size_t outbox__gathered(const struct outbox *outbox)
{
    assert(outbox->last == NULL || outbox->flushed <= outbox->last->used);
    return outbox->last == NULL ? 0 : outbox->last->used - outbox->flushed;
}

void outbox__flush(struct outbox *outbox)
{
    struct outbox_block *block = outbox->last;
    size_t len = outbox__gathered(outbox);

    if (len == 0)
        return;
    if (!exchange_send_body(outbox->exchange, slice_make(block->bytes + outbox->flushed, len)))
        outbox->full = true;
    outbox->flushed = block->used;
    outbox->handed += len;
    block->end = outbox->handed;
}
