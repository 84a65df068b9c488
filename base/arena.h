/*
 * One arena a call: everything that a request needs is carved from it and freed at once when the
 * answer is written.
 *
 * Out of memory has one mechanism. An arena that could not grow, or would pass its limit, has
 * failed: it stays failed and hands out NULL from then on. Code that fills a structure checks
 * arena_failed() once at its end and answers RESOURCE_EXHAUSTED; the process lives.
 *
 * An arena belongs to one thread at a time. Under AddressSanitizer what is not handed out is
 * poisoned and the free list is off, so that a use after free is seen.
 */
#ifndef DATASTREAM_BASE_ARENA_H
#define DATASTREAM_BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/account.h"
#include "base/slice.h"

struct arena_block;

/*
 * First blocks kept for reuse by the arenas of one thread. Zero-initialize; release with
 * arena_cache_done once no arena uses it.
 */
struct arena_cache {
    struct arena_block *free;
    unsigned count;
};

/* Plain for speed: only arena.c and the inline functions here touch the fields. */
struct arena {
    char *at;
    char *end;
    struct arena_block *blocks; /* newest first */
    struct arena_cache *cache;
    struct account *account; /* NULL: nobody counts */
    size_t reserved;         /* bytes of all blocks */
    size_t limit;            /* most bytes that the blocks may hold */
    bool failed;
    bool wipe;
#ifdef DATASTREAM_FAULTS
    unsigned long fault_number;
    unsigned long fault_count;
    bool fault_onward;
#endif
};

/* Size of the first block, the one that is reused: most calls never need another. */
#define ARENA_FIRST_BLOCK 8192

/*
 * Starts an empty arena that may grow to `limit` bytes. `cache` may be NULL; it must outlive the
 * arena and belong to the same thread. Nothing is allocated before the first use.
 */
void arena_init(struct arena *arena, struct arena_cache *cache, size_t limit);

/*
 * Has what the arena holds, and will hold, counted in `account`, which may lie in the arena itself
 * or outlives it. A first block of the usual size passes the account's bounds; an arena whose
 * further blocks would pass them fails.
 */
void arena_charge(struct arena *arena, struct account *account);

/* Starts an empty arena with the cache, the account and the limit of another. */
void arena_init_like(struct arena *arena, const struct arena *other);

/* Frees everything that came from the arena. The arena may be initialized again. */
void arena_done(struct arena *arena);

/* Frees everything but keeps the limit and the cache: a fresh arena. */
void arena_reset(struct arena *arena);

/* From now on the arena's memory is overwritten before it is freed: it holds a credential. */
void arena_wipe_on_done(struct arena *arena);

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif

#define ARENA_ALIGN 16

/*
 * What arena_alloc does where the newest block has no room, and always in builds with faults, which
 * count each allocation, or with AddressSanitizer, which poison what lies between two.
 */
void *arena__alloc_slowly(struct arena *arena, size_t size);

/*
 * Memory aligned for any type, not cleared; NULL once the arena has failed. Left to itself the
 * compiler calls it: there are hundreds of callers.
 */
__attribute__((always_inline)) static inline void *arena_alloc(struct arena *arena, size_t size)
{
#if !defined(DATASTREAM_FAULTS) && !defined(ARENA_ASAN)
    char *bytes = arena->at;

    /*
     * The room is a multiple of the alignment, so that what fits, fits rounded up. Nothing becomes
     * the largest size of all, and is left to the other one.
     */
    if (!arena->failed && size - 1 < (size_t)(arena->end - bytes)) {
        arena->at = bytes + ((size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1));
        return bytes;
    }
#endif
    return arena__alloc_slowly(arena, size);
}

/* The same, cleared. */
void *arena_zalloc(struct arena *arena, size_t size);

/* count * size bytes, cleared, with the product checked. */
void *arena_array(struct arena *arena, size_t count, size_t size);

static inline bool arena_failed(const struct arena *arena)
{
    return arena->failed;
}

/* Marks the arena failed, for a caller that found a size it will not serve. */
void arena_fail(struct arena *arena);

/* A copy that ends in a NUL beyond its length; empty when the arena failed. */
struct slice arena_copy(struct arena *arena, struct slice bytes);

/* The same as a C string; NULL when the arena failed. */
char *arena_cstr(struct arena *arena, struct slice bytes);

/* printf into the arena, NUL after the text; empty when the arena failed. */
struct slice arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct slice arena_vprintf(struct arena *arena, const char *format, va_list args);

/* Gives the kept blocks back to the system. */
void arena_cache_done(struct arena_cache *cache);

#ifdef DATASTREAM_FAULTS
/*
 * Fault injection, per thread, counted inside the arena so that small allocations fail too.
 * `number` counts from 1; 0 turns it off. With `onward` every later allocation fails as well.
 */
void arena_fault_set(unsigned long number, bool onward);
/* How many allocations this thread's arenas made since arena_fault_set. */
unsigned long arena_fault_count(void);
/* The same for the allocations of one arena from now on. */
void arena_fault_arm(struct arena *arena, unsigned long number, bool onward);
#endif

#endif
