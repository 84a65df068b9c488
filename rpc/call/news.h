/*
 * News of commits, for those who wait for them: which organizations' feeds moved, and a wake for
 * each event loop that wants one. Nothing of what changed is handed over: whoever wakes reads the
 * feed at its own pace.
 */
#ifndef DATASTREAM_RPC_CALL_NEWS_H
#define DATASTREAM_RPC_CALL_NEWS_H

#include <stdatomic.h>

#include "storage/store.h"

struct news;

/* Who is woken. Zero-initialize but `wake`, and call news__join. */
struct news_listener {
    /*
     * Called from any thread, with a lock held: it must only hand over. Not again until
     * news__look was called.
     */
    void (*wake)(struct news_listener *listener);
    /* news.c's own. */
    struct news_listener *next;
    bool listening;      /* guarded by the lock */
    atomic_bool pending; /* a wake was sent and not looked at */
};

/* NULL when memory ends. */
struct news *news_new(void);
/* Every listener has left. */
void news_free(struct news *news);

/* A store_observer (context: the news). Committer's thread only. */
void news__observe(void *news, const struct commit *commit);

/* Wakes all who listen. Any thread. */
void news__ring(struct news *news);

/*
 * Whether the organization's feed moved since a read that began at `revision` (store_revision as it
 * was before the read). It may say so without cause, and never misses: whoever sees false before it
 * waits is woken by the next commit.
 */
bool news__since(const struct news *news, const struct uuid *organization, uint64_t revision);

/* The listener becomes known; it is not woken yet. */
void news__join(struct news *news, struct news_listener *listener);
void news__leave(struct news *news, struct news_listener *listener);

/* From now on it is woken, or no longer: no `wake` runs when this returns from a stop. */
void news__listen(struct news *news, struct news_listener *listener, bool listening);

/* Wakes one listener, as news__ring would. Any thread. */
void news__wake(struct news_listener *listener);

/* The woken one looks now: from here on it may be woken again. */
void news__look(struct news_listener *listener);

#endif
