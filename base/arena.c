/* Arenas: bump allocation in a chain of blocks, with poisoning, wiping and fault injection. */
#include "base/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/erase.h"

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
/* A red zone between allocations, so that running over one is seen. */
#define ARENA_GAP 16
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#define ARENA_GAP 0
#endif

/* More kept blocks than this go back to the system: a burst must not pin its peak for ever. */
#define ARENA_CACHE_MOST 256

struct arena_block {
    struct arena_block *next;
    size_t size; /* of the bytes that follow */
};

_Static_assert(sizeof(struct arena_block) % ARENA_ALIGN == 0, "blocks keep their bytes aligned");

#ifdef DATASTREAM_FAULTS
static _Thread_local struct {
    unsigned long number;
    unsigned long count;
    bool onward;
} fault;

void arena_fault_set(unsigned long number, bool onward)
{
    fault.number = number;
    fault.onward = onward;
    fault.count = 0;
}

unsigned long arena_fault_count(void)
{
    return fault.count;
}

void arena_fault_arm(struct arena *arena, unsigned long number, bool onward)
{
    arena->fault_number = number;
    arena->fault_onward = onward;
    arena->fault_count = 0;
}

static bool strikes(unsigned long count, unsigned long number, bool onward)
{
    return number != 0 && (count == number || (onward && count > number));
}

static bool fault_strikes(struct arena *arena)
{
    return strikes(++fault.count, fault.number, fault.onward) ||
           strikes(++arena->fault_count, arena->fault_number, arena->fault_onward);
}
#else
static bool fault_strikes(struct arena *arena)
{
    (void)arena;
    return false;
}
#endif

void arena_init(struct arena *arena, struct arena_cache *cache, size_t limit)
{
    *arena = (struct arena){.cache = cache, .limit = limit};
}

void arena_charge(struct arena *arena, struct account *account)
{
    assert(arena->account == NULL);
    arena->account = account;
    account_add(account, arena->reserved);
}

void arena_init_like(struct arena *arena, const struct arena *other)
{
    arena_init(arena, other->cache, other->limit);
    arena->account = other->account;
}

static char *block_bytes(struct arena_block *block)
{
    return (char *)(block + 1);
}

static bool cache_keep(struct arena_cache *cache, struct arena_block *block)
{
#ifdef ARENA_ASAN
    (void)cache;
    (void)block;
    return false;
#else
    if (cache == NULL || block->size != ARENA_FIRST_BLOCK || cache->count >= ARENA_CACHE_MOST)
        return false;
    block->next = cache->free;
    cache->free = block;
    cache->count++;
    return true;
#endif
}

void arena_done(struct arena *arena)
{
    struct arena_block *block = arena->blocks;

    account_give(arena->account, arena->reserved); /* first: it may lie in a block */
    while (block != NULL) {
        struct arena_block *next = block->next;

        UNPOISON(block_bytes(block), block->size);
        /* Of the newest, what is beyond the last allocation was never handed out. */
        if (arena->wipe)
            erase(block_bytes(block),
                  block == arena->blocks ? (size_t)(arena->at - block_bytes(block)) : block->size);
        if (!cache_keep(arena->cache, block))
            free(block);
        block = next;
    }
    arena->blocks = NULL;
    arena->at = arena->end = NULL;
    arena->reserved = 0;
}

void arena_reset(struct arena *arena)
{
    arena_done(arena);
    arena->failed = false;
    arena->wipe = false;
}

void arena_wipe_on_done(struct arena *arena)
{
    arena->wipe = true;
}

void arena_fail(struct arena *arena)
{
    arena->failed = true;
}

static struct arena_block *block_get(struct arena *arena, size_t size)
{
    struct arena_cache *cache = arena->cache;
    struct arena_block *block;

    if (size == ARENA_FIRST_BLOCK && cache != NULL && cache->free != NULL) {
        block = cache->free;
        assert(block->size == size && cache->count > 0);
        cache->free = block->next;
        cache->count--;
        return block;
    }
    block = malloc(sizeof(*block) + size);
    if (block != NULL)
        block->size = size;
    return block;
}

/* Takes room for a block from the limit and the account. Small calls pass whatever others hold. */
static bool take_room(struct arena *arena, size_t size)
{
    if (arena->reserved > arena->limit || size > arena->limit - arena->reserved)
        return false;
    if (arena->blocks != NULL || size != ARENA_FIRST_BLOCK)
        return account_take(arena->account, size);
    account_add(arena->account, size);
    return true;
}

static bool arena_grow(struct arena *arena, size_t need)
{
    size_t size = arena->blocks == NULL ? ARENA_FIRST_BLOCK : arena->blocks->size * 2;
    struct arena_block *block;

    if (size > 1 << 20)
        size = 1 << 20;
    if (size < need)
        size = need;
    if (!take_room(arena, size)) {
        size = need; /* the last block may be a small one */
        if (!take_room(arena, size))
            return false;
    }
    assert(size % ARENA_ALIGN == 0); /* what fits into it fits rounded up */
    block = block_get(arena, size);
    if (block == NULL) {
        account_give(arena->account, size);
        return false;
    }
    block->next = arena->blocks;
    arena->blocks = block;
    arena->reserved += size;
    arena->at = block_bytes(block);
    arena->end = arena->at + size;
    POISON(arena->at, size);
    return true;
}

void *arena__alloc_slowly(struct arena *arena, size_t size)
{
    size_t need;
    char *bytes;

    if (arena->failed)
        return NULL;
    if (size > SIZE_MAX / 2 || fault_strikes(arena)) {
        arena->failed = true;
        return NULL;
    }
    need = ((size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1)) + ARENA_GAP;
    if (need == 0)
        need = ARENA_ALIGN;
    if ((size_t)(arena->end - arena->at) < need && !arena_grow(arena, need)) {
        arena->failed = true;
        return NULL;
    }
    bytes = arena->at;
    arena->at += need;
    assert(arena->at <= arena->end);
    UNPOISON(bytes, size);
    return bytes;
}

void *arena_zalloc(struct arena *arena, size_t size)
{
    void *bytes = arena_alloc(arena, size);

    if (bytes != NULL)
        erase(bytes, size); /* a call's structures are large: cleared by vectors */
    return bytes;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / 2 / size) {
        arena->failed = true;
        return NULL;
    }
    return arena_zalloc(arena, count * size);
}

char *arena_cstr(struct arena *arena, struct slice bytes)
{
    char *copy = arena_alloc(arena, bytes.len + 1);

    if (copy == NULL)
        return NULL;
    if (bytes.len > 0)
        memcpy(copy, bytes.data, bytes.len);
    copy[bytes.len] = '\0';
    return copy;
}

struct slice arena_copy(struct arena *arena, struct slice bytes)
{
    char *copy = arena_cstr(arena, bytes);

    return copy == NULL ? SLICE_EMPTY : slice_make(copy, bytes.len);
}

struct slice arena_vprintf(struct arena *arena, const char *format, va_list args)
{
    va_list again;
    char *text;
    int len;

    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    text = len < 0 ? NULL : arena_alloc(arena, (size_t)len + 1);
    if (text == NULL)
        return SLICE_EMPTY;
    vsnprintf(text, (size_t)len + 1, format, args);
    return slice_make(text, (size_t)len);
}

struct slice arena_printf(struct arena *arena, const char *format, ...)
{
    struct slice text;
    va_list args;

    va_start(args, format);
    text = arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}

void arena_cache_done(struct arena_cache *cache)
{
    while (cache->free != NULL) {
        struct arena_block *next = cache->free->next;

        free(cache->free);
        cache->free = next;
        cache->count--;
    }
    assert(cache->count == 0);
}
