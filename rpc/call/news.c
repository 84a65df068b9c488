/*
 * One thread writes the table of revisions, all read it. Organizations share slots by their hash:
 * at worst one wakes for another's change. The committer stores the revision, then exchanges
 * `pending`; who looks exchanges `pending` first and loads the table then: so it sees every
 * revision whose wake was left out because one was pending.
 */
#include "rpc/call/news.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#define SLOTS 256

struct news {
    pthread_mutex_t lock; /* guards the listeners */
    struct news_listener *listeners;
    atomic_uint listening;          /* how many of them */
    _Atomic uint64_t newest[SLOTS]; /* revision of the newest change, by organization */
};

struct news *news_new(void)
{
    struct news *news = calloc(1, sizeof(*news));

    if (news != NULL)
        pthread_mutex_init(&news->lock, NULL);
    return news;
}

void news_free(struct news *news)
{
    assert(news->listeners == NULL && atomic_load(&news->listening) == 0);
    pthread_mutex_destroy(&news->lock);
    free(news);
}

/* Ids end in random bits. */
static size_t slot_of(const struct uuid *organization)
{
    return organization->bytes[sizeof(organization->bytes) - 1] % SLOTS;
}

void news__wake(struct news_listener *listener)
{
    if (!atomic_exchange(&listener->pending, true))
        listener->wake(listener);
}

void news__ring(struct news *news)
{
    if (atomic_load(&news->listening) == 0)
        return;
    pthread_mutex_lock(&news->lock);
    for (struct news_listener *l = news->listeners; l != NULL; l = l->next)
        if (l->listening)
            news__wake(l);
    pthread_mutex_unlock(&news->lock);
}

void news__observe(void *context, const struct commit *commit)
{
    struct news *news = context;

    for (const struct feed_entry *f = commit->feed; f != NULL; f = f->next)
        atomic_store(&news->newest[slot_of(&f->organization)], commit->revision);
    news__ring(news);
}

bool news__since(const struct news *news, const struct uuid *organization, uint64_t revision)
{
    return atomic_load(&news->newest[slot_of(organization)]) > revision;
}

void news__join(struct news *news, struct news_listener *listener)
{
    assert(listener->wake != NULL && !listener->listening);
    pthread_mutex_lock(&news->lock);
    listener->next = news->listeners;
    news->listeners = listener;
    pthread_mutex_unlock(&news->lock);
}

void news__leave(struct news *news, struct news_listener *listener)
{
    struct news_listener **at = &news->listeners;

    news__listen(news, listener, false);
    pthread_mutex_lock(&news->lock);
    while (*at != listener) {
        assert(*at != NULL);
        at = &(*at)->next;
    }
    *at = listener->next;
    pthread_mutex_unlock(&news->lock);
}

void news__listen(struct news *news, struct news_listener *listener, bool listening)
{
    pthread_mutex_lock(&news->lock);
    if (listener->listening != listening) {
        listener->listening = listening;
        if (listening)
            atomic_fetch_add(&news->listening, 1);
        else
            atomic_fetch_sub(&news->listening, 1);
    }
    pthread_mutex_unlock(&news->lock);
}

void news__look(struct news_listener *listener)
{
    atomic_exchange(&listener->pending, false);
}
