/*
 * A hash table of sources. Entries that nobody holds are freed by the next look into their bucket.
 */
#include "rpc/net/source.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

void sources__init(struct sources *sources, unsigned most)
{
    memset(sources, 0, sizeof(*sources));
    sources->most = most > 0 ? most : 1;
    if (!random_fill((uint8_t *)&sources->seed, sizeof(sources->seed)))
        sources->seed = 0; /* only chains that an attacker makes long depend on it */
}

void sources__done(struct sources *sources)
{
    for (size_t i = 0; i < SOURCE_BUCKETS; i++) {
        while (sources->buckets[i] != NULL) {
            struct source *source = sources->buckets[i];

            sources->buckets[i] = source->next;
            free(source);
        }
    }
}

/* The address, or the upper half of it; false where there is none. */
static bool key_of(const struct sockaddr_storage *peer, uint64_t *ret_key, bool *ret_is_v6)
{
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)peer)->sin6_addr;
    uint32_t v4 = ((const struct sockaddr_in *)peer)->sin_addr.s_addr;

    *ret_is_v6 = peer->ss_family == AF_INET6 && !IN6_IS_ADDR_V4MAPPED(v6);
    if (*ret_is_v6) {
        memcpy(ret_key, v6->s6_addr, sizeof(*ret_key));
        return true;
    }
    if (peer->ss_family == AF_INET6)
        memcpy(&v4, &v6->s6_addr[12], sizeof(v4));
    *ret_key = v4;
    return peer->ss_family == AF_INET || peer->ss_family == AF_INET6;
}

static size_t bucket_of(const struct sources *sources, uint64_t key)
{
    uint64_t mixed = (key ^ sources->seed) * UINT64_C(0x9e3779b97f4a7c15);

    mixed = (mixed ^ mixed >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
    return (size_t)(mixed >> 54);
}

/* The source's entry, new or old; frees on the way what nobody holds. NULL when memory ended. */
static struct source *find(struct sources *sources, uint64_t key, bool is_v6)
{
    struct source **link = &sources->buckets[bucket_of(sources, key)];
    struct source **first = link;
    struct source *source;

    while ((source = *link) != NULL) {
        if (source->key == key && source->is_v6 == is_v6)
            return source;
        if (atomic_load(&source->open) == 0) {
            *link = source->next;
            free(source);
        } else {
            link = &source->next;
        }
    }
    source = calloc(1, sizeof(*source));
    if (source == NULL)
        return NULL;
    source->key = key;
    source->is_v6 = is_v6;
    source->most = sources->most;
    source->next = *first;
    *first = source;
    return source;
}

bool source__enter(struct sources *sources, const struct sockaddr_storage *peer,
                   struct source **ret_source)
{
    uint64_t key;
    bool is_v6;

    *ret_source = NULL;
    if (!key_of(peer, &key, &is_v6))
        return true;
    *ret_source = find(sources, key, is_v6);
    if (*ret_source == NULL || atomic_load(&(*ret_source)->open) >= sources->most)
        return false;
    atomic_fetch_add(&(*ret_source)->open, 1);
    return true;
}

void source__leave(struct source *source)
{
    if (source == NULL)
        return;
    assert(atomic_load(&source->open) > 0);
    atomic_fetch_sub(&source->open, 1);
}

bool source__is_pressed(const struct source *source)
{
    return source != NULL && atomic_load(&source->open) + source->most / 16 >= source->most;
}
