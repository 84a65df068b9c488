/*
 * A timing wheel: setting and cancelling cost a few stores, however many timers there are. Pure:
 * time comes in as an argument. Internal to rpc/net; a wheel belongs to one thread.
 */
#ifndef DATASTREAM_RPC_NET_TIMER_H
#define DATASTREAM_RPC_NET_TIMER_H

#include <stdint.h>

#include "rpc/net/link.h"

/* A timer is due up to one grain late, never early. */
#define TIMER_GRAIN_MS 10
#define TIMER_SLOTS 512

/* Inside its owner; zero-initialized except for `fire`. */
struct timer {
    struct link link;
    int64_t due_ms;
    void (*fire)(struct timer *timer);
};

struct timer_wheel {
    struct link slots[TIMER_SLOTS];
    uint64_t occupied[TIMER_SLOTS / 64]; /* slots that may hold timers */
    int64_t tick;                        /* the last one that was looked at */
    int64_t wake_ms;                     /* the earliest time when something may be due */
};

/* A wheel without timers, at this time of the loop's clock. */
void timer__wheel_init(struct timer_wheel *wheel, int64_t now_ms);

/* Has `timer->fire` called once at `due_ms`; a timer that was set moves. */
void timer__set(struct timer_wheel *wheel, struct timer *timer, int64_t due_ms);

/* Calls it off; nothing happens when it was not set. */
void timer__cancel(struct timer *timer);

static inline bool timer_is_set(const struct timer *timer)
{
    return link_is_listed(&timer->link);
}

/* Fires what is due. Timers may be set and cancelled from `fire`. */
void timer__wheel_advance(struct timer_wheel *wheel, int64_t now_ms);

/* When timer__wheel_advance is to be called next; INT64_MAX when nothing is set. */
static inline int64_t timer_wheel_wake_ms(const struct timer_wheel *wheel)
{
    return wheel->wake_ms;
}

#endif
