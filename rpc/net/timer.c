/*
 * The wheel has one list a slot; a timer further away than one turn stays in its slot and is passed
 * over until its turn. A bitmap of slots tells how long the loop may sleep.
 */
#include "rpc/net/timer.h"

#include <assert.h>

static int64_t tick_of(int64_t ms)
{
    return ms / TIMER_GRAIN_MS;
}

/* The tick behind the due time, so that a timer never fires early. */
static int64_t due_tick(int64_t due_ms)
{
    return tick_of(due_ms + TIMER_GRAIN_MS - 1);
}

void timer__wheel_init(struct timer_wheel *wheel, int64_t now_ms)
{
    *wheel = (struct timer_wheel){.tick = tick_of(now_ms), .wake_ms = INT64_MAX};
    for (size_t i = 0; i < TIMER_SLOTS; i++)
        list_init(&wheel->slots[i]);
}

void timer__set(struct timer_wheel *wheel, struct timer *timer, int64_t due_ms)
{
    int64_t tick = due_tick(due_ms);
    size_t slot;

    assert(timer->fire != NULL);
    if (tick <= wheel->tick)
        tick = wheel->tick + 1;
    list_remove(&timer->link);
    timer->due_ms = due_ms;
    slot = (size_t)(tick % TIMER_SLOTS);
    list_append(&wheel->slots[slot], &timer->link);
    wheel->occupied[slot / 64] |= (uint64_t)1 << (slot % 64);
    if (tick * TIMER_GRAIN_MS < wheel->wake_ms)
        wheel->wake_ms = tick * TIMER_GRAIN_MS;
}

void timer__cancel(struct timer *timer)
{
    list_remove(&timer->link);
}

static void turn_slot(struct timer_wheel *wheel, size_t slot, int64_t now_tick)
{
    struct link waiting;
    struct link *link;

    wheel->occupied[slot / 64] &= ~((uint64_t)1 << (slot % 64));
    list_move(&wheel->slots[slot], &waiting);
    while ((link = list_pop(&waiting)) != NULL) {
        struct timer *timer = LIST_ELEMENT(link, struct timer, link);

        if (due_tick(timer->due_ms) <= now_tick)
            timer->fire(timer);
        else
            timer__set(wheel, timer, timer->due_ms);
    }
}

/* The time of the first slot behind the current one that may hold timers. */
static int64_t next_wake(const struct timer_wheel *wheel)
{
    for (int64_t tick = wheel->tick + 1; tick <= wheel->tick + TIMER_SLOTS;) {
        size_t slot = (size_t)(tick % TIMER_SLOTS);
        uint64_t bits = wheel->occupied[slot / 64] >> (slot % 64);

        if (bits != 0)
            return (tick + __builtin_ctzll(bits)) * TIMER_GRAIN_MS;
        tick += 64 - (int64_t)(slot % 64);
    }
    return INT64_MAX;
}

void timer__wheel_advance(struct timer_wheel *wheel, int64_t now_ms)
{
    int64_t now_tick = tick_of(now_ms);
    int64_t from = wheel->tick + 1;

    if (now_tick < from)
        return;
    if (now_tick - from >= TIMER_SLOTS)
        from = now_tick - TIMER_SLOTS + 1;
    wheel->tick = now_tick;
    for (int64_t tick = from; tick <= now_tick; tick++) {
        size_t slot = (size_t)(tick % TIMER_SLOTS);

        if (wheel->occupied[slot / 64] & ((uint64_t)1 << (slot % 64)))
            turn_slot(wheel, slot, now_tick);
    }
    wheel->wake_ms = next_wake(wheel);
}
