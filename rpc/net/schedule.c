/* Levels by cost, each first in, first out; every fourth start goes by age alone. */
#include "rpc/net/schedule.h"

#include <assert.h>

/* What a first request is expected to cost: new connections come after those known to be cheap, and
 * before those known to be dear. */
#define UNKNOWN_US (2 * SCHEDULE_LOWEST_US)
#define BY_AGE_EVERY 4
/*
 * Requests that are short start until this long after a turn began, others until DEAR_BUDGET_US
 * after: so one slice of long work is run a turn, and no two.
 */
#define START_BUDGET_US 1000
#define DEAR_BUDGET_US 500

void schedule__init(struct schedule *schedule)
{
    for (size_t i = 0; i < SCHEDULE_LEVELS; i++)
        list_init(&schedule->levels[i]);
    list_init(&schedule->ages);
    schedule->starts = 0;
}

void schedule__entry_init(struct schedule_entry *entry)
{
    *entry = (struct schedule_entry){.cost_us = UNKNOWN_US};
}

static size_t level_of(int64_t cost_us)
{
    size_t level = 0;

    for (int64_t most = SCHEDULE_LOWEST_US; cost_us > most && level < SCHEDULE_LEVELS - 1;
         most *= 2)
        level++;
    return level;
}

void schedule__add(struct schedule *schedule, struct schedule_entry *entry)
{
    if (link_is_listed(&entry->age))
        return;
    list_append(&schedule->levels[level_of(entry->cost_us)], &entry->level);
    list_append(&schedule->ages, &entry->age);
}

void schedule__add_first(struct schedule *schedule, struct schedule_entry *entry)
{
    if (link_is_listed(&entry->age))
        return;
    list_prepend(&schedule->levels[level_of(entry->cost_us)], &entry->level);
    list_append(&schedule->ages, &entry->age);
}

void schedule__remove(struct schedule_entry *entry)
{
    assert(link_is_listed(&entry->level) == link_is_listed(&entry->age));
    list_remove(&entry->level);
    list_remove(&entry->age);
}

struct schedule_entry *schedule__peek(struct schedule *schedule)
{
    size_t level = 0;

    if (list_is_empty(&schedule->ages))
        return NULL;
    if (schedule->starts % BY_AGE_EVERY == BY_AGE_EVERY - 1)
        return LIST_ELEMENT(schedule->ages.next, struct schedule_entry, age);
    while (list_is_empty(&schedule->levels[level])) {
        level++;
        assert(level < SCHEDULE_LEVELS); /* what waits is in a level, too */
    }
    return LIST_ELEMENT(schedule->levels[level].next, struct schedule_entry, level);
}

struct schedule_entry *schedule__next(struct schedule *schedule, int64_t elapsed_us, bool is_first)
{
    struct schedule_entry *entry = schedule__peek(schedule);
    int64_t budget = START_BUDGET_US;

    if (entry == NULL || is_first)
        return entry;
    if (entry->cost_us > SCHEDULE_LOWEST_US)
        budget = DEAR_BUDGET_US;
    return elapsed_us + entry->cost_us <= budget ? entry : NULL;
}

void schedule__start(struct schedule *schedule, struct schedule_entry *entry)
{
    assert(link_is_listed(&entry->age));
    schedule->starts++;
    schedule__remove(entry);
}

void schedule__charge(struct schedule_entry *entry, int64_t cost_us)
{
    /* Upwards at once, downwards by degrees: a dear request now and then counts. */
    if (cost_us > entry->cost_us || !entry->is_known)
        entry->cost_us = cost_us;
    else
        entry->cost_us -= (entry->cost_us - cost_us) / 8;
    entry->is_known = true;
}
