/*
 * The cache of one event loop, and the judgement of a bearer value. Sessions are in
 * session_facts.c.
 *
 * The order that makes a revocation hold: load the epoch, forget what was published up to it, and
 * only then read what is not remembered from the store. Facts that were read before a later
 * publication are forgotten when that one is applied, before they are used again.
 */
#include <assert.h>
#include <datastream/storage/v1/records.pb-c.h>
#include <stdlib.h>

#include "base/cache_size.h"
#include "base/clock.h"
#include "base/crypto/wipe.h"
#include "base/log.h"
#include "base/network.h"
#include "base/text.h"
#include "proto/message/message.h"
#include "rpc/identity/identity_cache.h"
#include "rpc/identity/identity_internal.h"
#include "rpc/identity/token_value.h"
#include "storage/keys.h"
#include "storage/record.h"

/* The contract allows fewer to a token; facts with more are taken for unreadable. */
#define NETWORKS_MOST 256
#define ROLES_MOST 4096
#define SCRATCH_BYTES ((size_t)1 << 20)

/* What is remembered of a token. */
struct facts {
    struct table_entry entry;
    uint64_t revision;
    struct uuid organization;
    struct uuid token;
    struct uuid role; /* zero for a director's key */
    uint32_t kind;    /* of the object that the key belongs to; 0 for an API token */
    int64_t expire_ms;
    bool disabled;
    uint32_t network_count;
    struct network *networks; /* the entry's own */
};

/* A cache that may hold every token of a fleet: the goal is 200 bytes a token without networks. */
_Static_assert(sizeof(struct facts) + TABLE_SHARE_BYTES <= 200, "a cached token is too large");

static void release_facts(void *context, void *entry)
{
    (void)context;
    free(((struct facts *)entry)->networks);
}

struct identity_cache *identity_cache_new(struct identity_registry *registry, size_t entries)
{
    struct identity_cache *cache = calloc(1, sizeof(*cache));

    if (cache == NULL)
        return NULL;
    cache->registry = registry;
    cache->applied = identity_epoch(registry);
    cache->memo_count = cache_size(MEMO_PLACES);
    assert(cache->memo_count <= MEMO_PLACES);
    cache->forgets = cache_size(entries) == 0;
    entries = cache->forgets ? 1 : cache_size(entries);
    cache->facts = table_new(entries, sizeof(struct facts), release_facts, NULL);
    cache->roles = table_new(cache->forgets ? 1 : cache_size(ROLES_MOST), sizeof(struct role_facts),
                             NULL, NULL);
    cache->sessions = table_new(entries, sizeof(struct session_entry), NULL, NULL);
    cache->users = table_new(entries, sizeof(struct user_facts), NULL, NULL);
    arena_init(&cache->scratch, NULL, SCRATCH_BYTES);
    if (cache->facts != NULL && cache->roles != NULL && cache->sessions != NULL &&
        cache->users != NULL)
        return cache;
    identity_cache_free(cache);
    return NULL;
}

void identity_cache_free(struct identity_cache *cache)
{
    struct table *const tables[] = {cache->facts, cache->roles, cache->sessions, cache->users};

    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        if (tables[i] != NULL)
            table_free(tables[i]);
    arena_done(&cache->scratch);
    crypto_wipe(cache->memos, sizeof(cache->memos));
    free(cache);
}

/* -- the values of late -------------------------------------------------------------------- */

/* The places of a value, *ret_count of them; none for what is no token's. */
static struct memo *memos_of(struct identity_cache *cache, struct slice value, size_t *ret_count)
{
    size_t count = cache->memo_count < MEMO_PAIR ? cache->memo_count : MEMO_PAIR;
    size_t pairs = count == 0 ? 0 : cache->memo_count / count;

    *ret_count = pairs == 0 || value.len != TOKEN_VALUE_LEN ? 0 : count;
    if (*ret_count == 0)
        return NULL;
    return &cache->memos[(unsigned char)value.data[TOKEN_VALUE_LEN - 1] % pairs * count];
}

/* Values are secrets: compared without regard to time. */
static bool recall(struct identity_cache *cache, struct slice value, int64_t now_ms,
                   struct identity *ret_identity)
{
    size_t count;
    struct memo *memo = memos_of(cache, value, &count);

    for (; count > 0; memo++, count--) {
        if (memo->used == 0 || !crypto_equal(memo->value, value.data, TOKEN_VALUE_LEN))
            continue;
        if (memo->identity.expire_ms != 0 && now_ms >= memo->identity.expire_ms)
            return false;
        memo->used = ++cache->memo_uses;
        *ret_identity = memo->identity;
        return true;
    }
    return false;
}

/* Of a value that was not recalled. */
static void memorize(struct identity_cache *cache, struct slice value,
                     const struct identity *identity)
{
    size_t count;
    struct memo *memo = memos_of(cache, value, &count);

    if (memo == NULL)
        return;
    for (struct memo *other = memo + 1; --count > 0; other++)
        if (other->used < memo->used)
            memo = other;
    memcpy(memo->value, value.data, TOKEN_VALUE_LEN);
    memo->identity = *identity;
    memo->used = ++cache->memo_uses;
}

static void forget_memos(struct identity_cache *cache)
{
    for (size_t i = 0; i < MEMO_PLACES; i++)
        if (cache->memos[i].used != 0)
            crypto_wipe(&cache->memos[i], sizeof(cache->memos[i]));
}

/* -- publications -------------------------------------------------------------------------- */

static void forget_all(struct identity_cache *cache)
{
    table__clear(cache->facts);
    table__clear(cache->roles);
    table__clear(cache->sessions);
    table__clear(cache->users);
}

static struct table *table_of(struct identity_cache *cache, enum publication_type type)
{
    switch (type) {
    case PUBLICATION_FACTS:
        return cache->facts;
    case PUBLICATION_ROLE:
        return cache->roles;
    case PUBLICATION_SESSION:
        return cache->sessions;
    default:
        assert(type == PUBLICATION_USER);
        return cache->users;
    }
}

uint64_t identity__catch_up(struct identity_cache *cache)
{
    uint64_t epoch = identity_epoch(cache->registry);
    struct publication publication;

    if (cache->forgets)
        forget_all(cache);
    assert(epoch >= cache->applied); /* it only rises */
    if (epoch == cache->applied)
        return epoch;
    forget_memos(cache);
    if (epoch - cache->applied > IDENTITY_PUBLICATIONS_KEPT)
        forget_all(cache);
    else
        for (uint64_t number = cache->applied + 1; number <= epoch; number++) {
            if (!identity__publication(cache->registry, number, &publication)) {
                forget_all(cache);
                break;
            }
            if (publication.type != PUBLICATION_TOKEN) /* its name is known to the epoch alone */
                table__remove(table_of(cache, publication.type), publication.key);
        }
    cache->applied = epoch;
    return epoch;
}

bool identity_is_current(const struct identity_cache *cache, const struct identity *identity)
{
    return identity_epoch(cache->registry) == identity->epoch;
}

/* -- facts --------------------------------------------------------------------------------- */

bool identity__take_uuid(ProtobufCBinaryData bytes, struct uuid *id)
{
    if (bytes.len != sizeof(id->bytes))
        return false;
    memcpy(id->bytes, bytes.data, sizeof(id->bytes));
    return true;
}

/* A network that cannot be read holds no address; it still restricts. */
static bool take_networks(struct arena *arena, const Datastream__Storage__V1__TokenFacts *message,
                          struct facts *facts)
{
    if (message->n_allowed_cidrs > NETWORKS_MOST)
        return false;
    facts->network_count = (uint32_t)message->n_allowed_cidrs;
    if (facts->network_count == 0)
        return true;
    facts->networks = arena_array(arena, facts->network_count, sizeof(struct network));
    if (facts->networks == NULL)
        return false;
    for (size_t i = 0; i < facts->network_count; i++)
        network_parse(slice_from_cstr(message->allowed_cidrs[i]), &facts->networks[i]);
    return true;
}

/* Reads facts from a stored record, networks in the arena. */
static bool take_facts(struct arena *arena, struct slice value, struct facts *ret_facts)
{
    ProtobufCAllocator allocator = message_allocator(arena);
    Datastream__Storage__V1__TokenFacts *message;
    struct facts facts = {.revision = 0};
    struct record record;

    if (!record_parse(value, &record))
        return false;
    message = datastream__storage__v1__token_facts__unpack(&allocator, record.body.len,
                                                           (const uint8_t *)record.body.data);
    if (message == NULL || !identity__take_uuid(message->organization, &facts.organization) ||
        !identity__take_uuid(message->token_id, &facts.token) ||
        !take_networks(arena, message, &facts) ||
        (message->kind == 0 && !identity__take_uuid(message->role_id, &facts.role)))
        return false;
    facts.kind = message->kind;
    facts.revision = record.revision;
    facts.expire_ms = message->expire_time_ms;
    facts.disabled = message->disabled;
    *ret_facts = facts;
    return true;
}

/* Remembering is optional: without memory for it the facts are read again next time. */
static void remember_facts(struct identity_cache *cache, const uint8_t hash[32],
                           const struct facts *facts)
{
    size_t size = facts->network_count * sizeof(struct network);
    struct network *networks = NULL;
    struct facts *entry;

    if (size > 0) {
        networks = malloc(size);
        if (networks == NULL)
            return;
        memcpy(networks, facts->networks, size);
    }
    entry = table_add(cache->facts, hash);
    entry->revision = facts->revision;
    entry->organization = facts->organization;
    entry->token = facts->token;
    entry->role = facts->role;
    entry->kind = facts->kind;
    entry->expire_ms = facts->expire_ms;
    entry->disabled = facts->disabled;
    entry->network_count = facts->network_count;
    entry->networks = networks;
}

/* The facts under a hash, remembered or read; *ret_facts' networks live until the next call. */
static enum store_found find_facts(struct identity_cache *cache, struct store_view *view,
                                   const uint8_t hash[32], struct facts *ret_facts)
{
    const struct facts *known = table_find(cache->facts, hash);
    struct slice key = slice_make(hash, 32);
    enum store_found found;
    struct slice value;

    if (known != NULL) {
        *ret_facts = *known;
        return STORE_FOUND;
    }
    found = store_get(view, FAMILY_TOKEN_HASHES, key, &value);
    if (found != STORE_FOUND)
        return found;
    if (!take_facts(&cache->scratch, value, ret_facts)) {
        if (!arena_failed(&cache->scratch))
            log_event(LOG_ERROR, "token.unreadable",
                      LOG_STR("hash", hex_encode(&cache->scratch, key)));
        return STORE_FAILED;
    }
    remember_facts(cache, hash, ret_facts);
    return STORE_FOUND;
}

enum store_found identity__find_role(struct identity_cache *cache, struct store_view *view,
                                     const struct uuid *organization, const struct uuid *role,
                                     struct permission_set *permissions, uint64_t *revision)
{
    const struct predefined_role *predefined = identity_predefined_role(cache->registry, role);
    struct role_facts *entry;
    enum store_found found;
    uint8_t key[32];

    *revision = 0;
    if (predefined != NULL) {
        *permissions = predefined->permissions;
        return STORE_FOUND;
    }
    memcpy(key, organization->bytes, 16);
    memcpy(key + 16, role->bytes, 16);
    entry = table_find(cache->roles, key);
    if (entry == NULL) {
        found = identity_read_role(cache->registry, &cache->scratch, view, organization, role,
                                   permissions, NULL, NULL, revision);
        if (found == STORE_AGAIN || found == STORE_FAILED)
            return found;
        entry = table_add(cache->roles, key);
        entry->permissions = *permissions;
        entry->revision = *revision;
        return STORE_FOUND;
    }
    *permissions = entry->permissions;
    *revision = entry->revision;
    return STORE_FOUND;
}

/* -- judging ------------------------------------------------------------------------------- */

/* Peers that have no address (Unix sockets) pass only where every address does. */
static bool is_inside(const struct facts *facts, struct slice peer)
{
    struct network address;

    if (facts->network_count == 0)
        return true;
    if (!network_parse_address(slice_make(peer.data, slice_find(peer, '%')), &address))
        return false;
    for (size_t i = 0; i < facts->network_count; i++)
        if (facts->networks[i].size != 0 && network_holds(&facts->networks[i], &address))
            return true;
    return false;
}

enum identity_result identity__result_of(enum store_found found)
{
    switch (found) {
    case STORE_FOUND:
        return IDENTITY_OK;
    case STORE_ABSENT:
        return IDENTITY_UNKNOWN;
    case STORE_AGAIN:
        return IDENTITY_AGAIN;
    default:
        return IDENTITY_FAILED;
    }
}

enum identity_result identity_resolve(struct identity_cache *cache, struct store_view *view,
                                      struct slice bearer, struct slice peer, int64_t now_ms,
                                      struct identity *ret_identity)
{
    struct identity identity = {.type = IDENTITY_ANONYMOUS};
    struct facts facts;
    enum store_found found;

    identity.epoch = identity__catch_up(cache);
    if (recall(cache, bearer, now_ms, ret_identity))
        return IDENTITY_OK;
    if (token_value__is_wellformed(bearer))
        identity.type = IDENTITY_TOKEN;
    else if (director_key__is_wellformed(bearer))
        identity.type = IDENTITY_DIRECTOR;
    else
        return IDENTITY_UNKNOWN;
    token_value_hash(bearer, identity.hash);
    arena_reset(&cache->scratch);
    found = find_facts(cache, view, identity.hash, &facts);
    if (found != STORE_FOUND)
        return identity__result_of(found);
    if ((facts.kind != 0) != (identity.type == IDENTITY_DIRECTOR))
        return IDENTITY_UNKNOWN;
    identity.organization = facts.organization;
    identity.kind = facts.kind;
    identity.id = facts.token;
    identity.role = facts.role;
    identity.expire_ms = facts.expire_ms;
    identity.facts_revision = facts.revision;
    identity.role_kind = identity__role_kind(cache->registry);
    if (facts.disabled || clock_has_expired(facts.expire_ms, now_ms)) {
        *ret_identity = identity;
        return IDENTITY_ENDED;
    }
    found = STORE_FOUND;
    if (identity.type == IDENTITY_TOKEN)
        found = identity__find_role(cache, view, &facts.organization, &facts.role,
                                    &identity.permissions, &identity.role_revision);
    if (found != STORE_FOUND)
        return identity__result_of(found);
    *ret_identity = identity;
    if (!is_inside(&facts, peer))
        return IDENTITY_OUTSIDE;
    if (facts.network_count == 0)
        memorize(cache, bearer, &identity);
    return IDENTITY_OK;
}

void identity_require(const struct identity *identity, struct commit *commit)
{
    struct slice hash = slice_make(identity->hash, sizeof(identity->hash));

    if (identity->type == IDENTITY_ANONYMOUS || identity->type == IDENTITY_SYSTEM)
        return;
    commit_require_revision(
        commit, identity->type == IDENTITY_USER ? FAMILY_SESSION_HASHES : FAMILY_TOKEN_HASHES,
        arena_copy(commit->arena, hash), identity->facts_revision);
    if (identity->type == IDENTITY_USER)
        commit_require_revision(
            commit, FAMILY_USERS,
            key_object(commit->arena, &identity->organization, identity->user_kind, &identity->id),
            identity->user_revision);
    if (identity->role_revision != 0)
        commit_require_revision(commit, FAMILY_ROLES,
                                key_object(commit->arena, &identity->organization,
                                           identity->role_kind, &identity->role),
                                identity->role_revision);
}
