/*
 * Which connection's next request starts: cheap ones first, by what each connection's requests cost
 * so far; of equals, and every fourth time of all, the one that waits longest, so that none waits
 * for ever. Pure: costs come in as arguments. Internal to rpc/net; the loop's thread only.
 */
#ifndef DATASTREAM_RPC_NET_SCHEDULE_H
#define DATASTREAM_RPC_NET_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "rpc/net/link.h"

/* Each level holds twice the cost of the one before. */
#define SCHEDULE_LEVELS 12
/* Microseconds; costs up to it are equal. */
#define SCHEDULE_LOWEST_US 128

/* Inside its connection. */
struct schedule_entry {
    struct link level;
    struct link age;
    int64_t cost_us; /* what a start cost lately, on average; a guess until is_known */
    bool is_known;
};

struct schedule {
    struct link levels[SCHEDULE_LEVELS];
    struct link ages; /* all, the one that waits longest first */
    unsigned starts;
};

/* A schedule without entries, in memory that it does not own. */
void schedule__init(struct schedule *schedule);

/* An entry that is in no schedule, of whose cost nothing is known. */
void schedule__entry_init(struct schedule_entry *entry);

/* Puts the entry last; one that is in stays where it is. */
void schedule__add(struct schedule *schedule, struct schedule_entry *entry);

/* The same, first among those that cost as much: it has begun, and holds what it needs. */
void schedule__add_first(struct schedule *schedule, struct schedule_entry *entry);

/* Takes it out; nothing happens when it is not in. */
void schedule__remove(struct schedule_entry *entry);

/* The one whose turn it is, which stays in; NULL when there is none. */
struct schedule_entry *schedule__peek(struct schedule *schedule);

/*
 * The one that starts now, which stays in; NULL when there is none, or when it would hold up what
 * is ready since the loop's turn began, `elapsed_us` ago. The first start of a turn fits in any
 * case.
 */
struct schedule_entry *schedule__next(struct schedule *schedule, int64_t elapsed_us, bool is_first);

/* Takes out what schedule__peek or schedule__next returned: it starts. */
void schedule__start(struct schedule *schedule, struct schedule_entry *entry);

/* What the start cost. */
void schedule__charge(struct schedule_entry *entry, int64_t cost_us);

static inline bool schedule_is_empty(const struct schedule *schedule)
{
    return list_is_empty(&schedule->ages);
}

#endif
