/*
 * An entry is in the list, or its task is posted, or it is done. Its hold on the exchange ends with
 * the last of these, on the loop; so whoever posts has a loop to post to.
 */
#include "rpc/grpc/drain.h"

#include <assert.h>

void drain__init(struct drain *drain)
{
    *drain = (struct drain){.first = NULL};
    pthread_mutex_init(&drain->lock, NULL);
}

static void run_task(struct loop_task *task)
{
    struct drain_entry *entry = (struct drain_entry *)task;
    struct exchange *exchange = entry->exchange;

    if (!exchange_is_closed(exchange))
        entry->begun(exchange);
    exchange_release(exchange);
}

static void unlist(struct drain_entry *entry)
{
    struct drain *drain = entry->drain;

    assert(entry->listed);
    if (entry->previous == NULL)
        drain->first = entry->next;
    else
        entry->previous->next = entry->next;
    if (entry->next != NULL)
        entry->next->previous = entry->previous;
    entry->listed = false;
}

void drain__add(struct drain *drain, struct drain_entry *entry, struct exchange *exchange,
                void (*begun)(struct exchange *exchange))
{
    *entry = (struct drain_entry){
        .task = {.run = run_task}, .drain = drain, .exchange = exchange, .begun = begun};
    exchange_hold(exchange);
    pthread_mutex_lock(&drain->lock);
    if (drain->begun) {
        loop_post(exchange->loop, &entry->task);
    } else {
        entry->next = drain->first;
        if (drain->first != NULL)
            drain->first->previous = entry;
        drain->first = entry;
        entry->listed = true;
    }
    pthread_mutex_unlock(&drain->lock);
}

void drain__remove(struct drain_entry *entry)
{
    bool was_listed;

    pthread_mutex_lock(&entry->drain->lock);
    was_listed = entry->listed;
    if (was_listed)
        unlist(entry);
    pthread_mutex_unlock(&entry->drain->lock);
    if (was_listed)
        exchange_release(entry->exchange);
}

void drain__begin(struct drain *drain)
{
    pthread_mutex_lock(&drain->lock);
    drain->begun = true;
    while (drain->first != NULL) {
        struct drain_entry *entry = drain->first;

        unlist(entry);
        loop_post(entry->exchange->loop, &entry->task);
    }
    pthread_mutex_unlock(&drain->lock);
}
