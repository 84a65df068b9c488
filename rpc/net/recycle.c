/* Each block has its size in front; blocks beyond the largest class come and go by malloc. */
#include "rpc/net/recycle.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/erase.h"

/* From one class to the next: what a session keeps for long is rounded up by less than this. */
#define STEP 16
#define SMALL_BYTES (16 * STEP)
#define KEPT_BYTES_MOST 65536 /* of each class */
#define CLASS_NONE RECYCLE_CLASSES

#if defined(__SANITIZE_ADDRESS__)
#define KEEPS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KEEPS 0
#endif
#endif
#ifndef KEEPS
#define KEEPS 1
#endif

/* In front of the bytes that are handed out. */
struct recycled {
    union {
        struct recycled *next; /* while it is free */
        size_t size;           /* of the bytes, while it is not */
    } u;
};

_Static_assert(sizeof(struct recycled) == RECYCLE_ALIGNMENT, "blocks keep their bytes aligned");

static size_t class_of(size_t size)
{
    size_t class = size == 0 ? 0 : (size - 1) / STEP;

    return class < CLASS_NONE ? class : CLASS_NONE;
}

/* Bytes of each block of a class. */
static size_t class_bytes(size_t class)
{
    return (class + 1) * STEP;
}

/* Blocks are small and whole numbers of steps: quicker than a call of memset. */
static void erase_steps(void *bytes, size_t size)
{
    char *at = bytes;

    if (size > SMALL_BYTES) {
        erase(bytes, size);
        return;
    }
    if (size % (2 * STEP) != 0) {
        memset(at, 0, STEP);
        at += STEP;
    }
    for (char *end = (char *)bytes + size; at < end; at += 2 * STEP)
        memset(at, 0, 2 * STEP);
    __asm__ volatile("" : : "r"(bytes) : "memory"); /* somebody may look */
}

void *recycle__alloc(struct recycler *recycler, size_t size)
{
    size_t class = class_of(size);
    struct recycled *block;

    if (class < CLASS_NONE)
        size = class_bytes(class);
    if (class < CLASS_NONE && recycler->classes[class].free != NULL) {
        assert(recycler->classes[class].count > 0);
        block = recycler->classes[class].free;
        recycler->classes[class].free = block->u.next;
        recycler->classes[class].count--;
    } else {
        if (size > SIZE_MAX / 2)
            return NULL;
        block = malloc(sizeof(*block) + size);
        if (block == NULL)
            return NULL;
    }
    block->u.size = size;
    return block + 1;
}

void recycle__free(struct recycler *recycler, void *bytes)
{
    struct recycled *block;
    size_t class;

    if (bytes == NULL)
        return;
    block = (struct recycled *)bytes - 1;
    class = class_of(block->u.size);
    erase_steps(bytes, block->u.size); /* a field of a header may have been a credential */
    if (!KEEPS || class == CLASS_NONE ||
        recycler->classes[class].count >= KEPT_BYTES_MOST / class_bytes(class)) {
        free(block);
        return;
    }
    block->u.next = recycler->classes[class].free;
    recycler->classes[class].free = block;
    recycler->classes[class].count++;
}

void *recycle__calloc(struct recycler *recycler, size_t count, size_t size)
{
    void *bytes;

    if (size != 0 && count > SIZE_MAX / 2 / size)
        return NULL;
    bytes = recycle__alloc(recycler, count * size);
    if (bytes != NULL)
        memset(bytes, 0, count * size);
    return bytes;
}

void *recycle__realloc(struct recycler *recycler, void *bytes, size_t size)
{
    size_t had = bytes == NULL ? 0 : ((struct recycled *)bytes - 1)->u.size;
    void *grown;

    if (bytes != NULL && size <= had)
        return bytes;
    grown = recycle__alloc(recycler, size);
    if (grown == NULL)
        return NULL;
    if (bytes != NULL)
        memcpy(grown, bytes, had);
    recycle__free(recycler, bytes);
    return grown;
}

size_t recycle__size(const void *bytes)
{
    return bytes == NULL ? 0
                         : sizeof(struct recycled) + ((const struct recycled *)bytes - 1)->u.size;
}

void recycle__done(struct recycler *recycler)
{
    for (size_t i = 0; i < RECYCLE_CLASSES; i++) {
        while (recycler->classes[i].free != NULL) {
            struct recycled *next = recycler->classes[i].free->u.next;

            free(recycler->classes[i].free);
            recycler->classes[i].free = next;
        }
        recycler->classes[i].count = 0;
    }
}
