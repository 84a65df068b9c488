/*
 * The floor: the highest time that was seen and is believed. A reading less than an hour ahead of
 * it raises it at once, so that time never steps back between two flushes either. A reading further
 * ahead counts while the clock shows it, but raises nothing: time_floor_tick decides by the
 * monotonic clock whether time has passed or the clock has jumped.
 */
#include "rpc/call/time_floor.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "base/clock.h"
#include "base/log.h"
#include "storage/bytes.h"
#include "storage/record.h"

#define KEY SLICE("time_floor")
#define KEY_NEWEST SLICE("newest_time") /* the committer writes it */
#define HOUR_MS ((int64_t)60 * 60 * 1000)
/* An engine may see conflicts where there are none. */
#define TRIES_MOST 16

static atomic_int_least64_t highest; /* ms; raised by all threads, never lowered but by a load */
static atomic_uint_least64_t jumps;

/* The thread's that ticks: a pair of readings that is believed, and a jump that is not yet. */
static struct {
    bool has_anchor;
    int64_t anchor_wall_ms;
    int64_t anchor_monotonic_us;
    bool jumped;
    int64_t jump_wall_ms;
    int64_t jump_monotonic_us;
    int64_t persisted_ms;
} ticks;

static void raise_highest(int64_t ms)
{
    int_least64_t seen = atomic_load_explicit(&highest, memory_order_relaxed);

    while (seen < ms && !atomic_compare_exchange_weak_explicit(
                            &highest, &seen, ms, memory_order_relaxed, memory_order_relaxed))
        continue;
}

int64_t time_floor_now_ms(void)
{
    int64_t wall = clock_wall_ms();
    int64_t seen = atomic_load_explicit(&highest, memory_order_relaxed);

    if (wall <= seen)
        return seen;
    if (wall - seen <= HOUR_MS)
        raise_highest(wall);
    return wall;
}

int64_t time_floor_believed_ms(void)
{
    if (atomic_load_explicit(&highest, memory_order_relaxed) == 0)
        return 0;
    time_floor_now_ms();
    return atomic_load_explicit(&highest, memory_order_relaxed);
}

uint64_t time_floor_jumps(void)
{
    return atomic_load_explicit(&jumps, memory_order_relaxed);
}

/* -- persisting ---------------------------------------------------------------------------- */

static struct status read_time(struct store_view *view, struct slice key, int64_t *ret_ms)
{
    struct record record;
    struct slice value;

    switch (store_get(view, FAMILY_META, key, &value)) {
    case STORE_ABSENT:
        *ret_ms = 0;
        return status_ok();
    case STORE_FOUND:
        if (!record_parse(value, &record) || record.body.len != 8)
            return status_const(STATUS_DATA_LOSS, SLICE("The time floor cannot be read."));
        *ret_ms = (int64_t)bytes_u64(record.body.data);
        return status_ok();
    default:
        return status_const(STATUS_UNAVAILABLE, SLICE("The time floor cannot be read."));
    }
}

struct status time_floor_load(struct store *store, struct arena *arena)
{
    struct store_view *view = store_view_open(store, arena);
    struct status status;
    int64_t newest = 0;
    int64_t floor = 0;

    if (view == NULL)
        return status_out_of_memory();
    status = read_time(view, KEY, &floor);
    if (status_is_ok(status))
        status = read_time(view, KEY_NEWEST, &newest);
    if (!status_is_ok(status))
        return status;
    ticks.persisted_ms = floor;
    atomic_store_explicit(&highest, newest > floor ? newest : floor, memory_order_relaxed);
    raise_highest(clock_wall_ms()); /* how long the server was down, no clock can tell */
    ticks.has_anchor = true;
    ticks.jumped = false;
    ticks.anchor_wall_ms = atomic_load_explicit(&highest, memory_order_relaxed);
    ticks.anchor_monotonic_us = clock_monotonic_us();
    return status_ok();
}

/* Where the wall clock should be, counted on from a pair of readings by the monotonic clock. */
static int64_t expected(int64_t wall_ms, int64_t then_us, int64_t now_us)
{
    return wall_ms + (now_us - then_us) / 1000;
}

static bool is_ahead(int64_t wall_ms, int64_t expected_ms)
{
    return wall_ms - expected_ms > HOUR_MS;
}

static void note_jump(int64_t wall_ms, int64_t monotonic_us, int64_t ahead_ms)
{
    ticks.jumped = true;
    ticks.jump_wall_ms = wall_ms;
    ticks.jump_monotonic_us = monotonic_us;
    atomic_fetch_add_explicit(&jumps, 1, memory_order_relaxed);
    log_event(LOG_ERROR, "clock.jumped", LOG_INT("ahead_ms", ahead_ms));
}

/* Whether the reading is believed: no jump, or one that has stood for an hour. */
static bool is_believed(int64_t wall_ms, int64_t monotonic_us)
{
    int64_t wanted;

    if (!ticks.has_anchor)
        return true;
    wanted = expected(ticks.anchor_wall_ms, ticks.anchor_monotonic_us, monotonic_us);
    if (!is_ahead(wall_ms, wanted)) {
        ticks.jumped = false;
        return true;
    }
    if (!ticks.jumped ||
        is_ahead(wall_ms, expected(ticks.jump_wall_ms, ticks.jump_monotonic_us, monotonic_us))) {
        note_jump(wall_ms, monotonic_us, wall_ms - wanted);
        return false;
    }
    return (monotonic_us - ticks.jump_monotonic_us) / 1000 >= HOUR_MS;
}

int64_t time_floor_tick(int64_t wall_ms, int64_t monotonic_us)
{
    int64_t believed;
    int64_t wanted;

    if (!is_believed(wall_ms, monotonic_us))
        return 0;
    wanted = ticks.has_anchor
                 ? expected(ticks.anchor_wall_ms, ticks.anchor_monotonic_us, monotonic_us)
                 : wall_ms;
    /* Counted on from before the step back, or its end would look like a jump ahead. */
    if (wanted - wall_ms <= HOUR_MS) {
        ticks.has_anchor = true;
        ticks.jumped = false;
        ticks.anchor_wall_ms = wall_ms;
        ticks.anchor_monotonic_us = monotonic_us;
    }
    raise_highest(wall_ms);
    believed = atomic_load_explicit(&highest, memory_order_relaxed);
    if (believed <= ticks.persisted_ms)
        return 0;
    ticks.persisted_ms = believed;
    return believed;
}

void time_floor_persist(struct store *store)
{
    int64_t floor = time_floor_tick(clock_wall_ms(), clock_monotonic_us());
    enum commit_result result = COMMIT_CONFLICT;
    struct commit commit;
    struct arena arena;
    char body[8];

    if (floor == 0)
        return;
    bytes_put_u64(body, (uint64_t)floor);
    arena_init(&arena, NULL, ARENA_FIRST_BLOCK);
    commit_init(&commit, &arena);
    commit_put(&commit, FAMILY_META, KEY, slice_make(body, sizeof(body)));
    for (int i = 0; i < TRIES_MOST && result == COMMIT_CONFLICT; i++)
        result = store_commit_wait(store, &commit);
    arena_done(&arena);
    if (result != COMMIT_DONE)
        log_event(LOG_ERROR, "time_floor.not_persisted", LOG_INT("floor_ms", floor));
}
