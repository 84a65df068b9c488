/*
 * Sessions: their facts, and who calls by one. A session's role and state are its user's, read
 * under the user's own key: a change of the user touches that one key, however many sessions there
 * are.
 */
#include "rpc/identity/session_facts.h"

#include <datastream/storage/v1/records.pb-c.h>

#include "base/log.h"
#include "base/text.h"
#include "proto/message/message.h"
#include "rpc/identity/identity_cache.h"
#include "rpc/identity/identity_internal.h"
#include "rpc/identity/token_value.h"
#include "storage/keys.h"
#include "storage/record.h"

/* A use is written once the one before is so long ago. */
#define USE_MS 60000

/* The goal is 300 bytes a session, its user included. */
_Static_assert(sizeof(struct session_entry) + sizeof(struct user_facts) + 2 * TABLE_SHARE_BYTES <=
                   300,
               "a cached session is too large");

/* -- facts ------------------------------------------------------------------------------------ */

static ProtobufCBinaryData bytes_of(const struct uuid *id)
{
    return (ProtobufCBinaryData){sizeof(id->bytes), (uint8_t *)id->bytes};
}

struct slice session_facts_pack(struct arena *arena, const struct session_facts *facts)
{
    Datastream__Storage__V1__SessionFacts message = DATASTREAM__STORAGE__V1__SESSION_FACTS__INIT;

    message.organization = bytes_of(&facts->organization);
    message.user_id = bytes_of(&facts->user);
    message.session_id = bytes_of(&facts->session);
    message.generation = facts->generation;
    message.create_time_ms = facts->create_ms;
    message.absolute_end_ms = facts->absolute_end_ms;
    message.idle_end_ms = facts->idle_end_ms;
    message.idle_ms = facts->idle_ms;
    return message_pack(arena, &message.base);
}

bool session_facts_read(struct arena *arena, struct slice value, struct session_facts *ret_facts,
                        uint64_t *ret_revision)
{
    ProtobufCAllocator allocator = message_allocator(arena);
    Datastream__Storage__V1__SessionFacts *message;
    struct session_facts facts = {.generation = 0};
    struct record record;

    if (!record_parse(value, &record))
        return false;
    message = datastream__storage__v1__session_facts__unpack(&allocator, record.body.len,
                                                             (const uint8_t *)record.body.data);
    if (message == NULL || !identity__take_uuid(message->organization, &facts.organization) ||
        !identity__take_uuid(message->user_id, &facts.user) ||
        !identity__take_uuid(message->session_id, &facts.session))
        return false;
    facts.generation = message->generation;
    facts.create_ms = message->create_time_ms;
    facts.absolute_end_ms = message->absolute_end_ms;
    facts.idle_end_ms = message->idle_end_ms;
    facts.idle_ms = message->idle_ms;
    *ret_facts = facts;
    *ret_revision = record.revision;
    return true;
}

bool session_has_ended(const struct session_facts *facts, uint32_t generation, int64_t now_ms)
{
    return facts->generation != generation || now_ms >= facts->absolute_end_ms ||
           now_ms >= facts->idle_end_ms;
}

static enum store_found unreadable(struct identity_cache *cache, const char *event,
                                   struct slice key)
{
    if (!arena_failed(&cache->scratch))
        log_event(LOG_ERROR, event, LOG_STR("key", hex_encode(&cache->scratch, key)));
    return STORE_FAILED;
}

/* *ret_entry is good until something else is remembered in its table. */
static enum store_found find_session(struct identity_cache *cache, struct store_view *view,
                                     const uint8_t hash[32], struct session_entry **ret_entry)
{
    struct session_entry *entry = table_find(cache->sessions, hash);
    struct slice key = slice_make(hash, 32);
    struct session_facts facts;
    enum store_found found;
    struct slice value;
    uint64_t revision;

    if (entry == NULL) {
        found = store_get(view, FAMILY_SESSION_HASHES, key, &value);
        if (found != STORE_FOUND)
            return found;
        if (!session_facts_read(&cache->scratch, value, &facts, &revision))
            return unreadable(cache, "session.unreadable", key);
        entry = table_add(cache->sessions, hash);
        entry->facts = facts;
        entry->revision = revision;
    }
    *ret_entry = entry;
    return STORE_FOUND;
}

static bool read_user(struct arena *arena, struct slice value, struct user_facts *facts)
{
    ProtobufCAllocator allocator = message_allocator(arena);
    Datastream__Storage__V1__UserRecord *message;
    struct record record;

    if (!record_parse(value, &record))
        return false;
    message = datastream__storage__v1__user_record__unpack(&allocator, record.body.len,
                                                           (const uint8_t *)record.body.data);
    if (message == NULL || message->user == NULL ||
        !uuid_parse(slice_from_cstr(message->user->role_id), &facts->role))
        return false;
    facts->revision = record.revision;
    facts->generation = message->generation;
    facts->disabled = message->disabled;
    facts->must_change_password = message->must_change_password;
    return true;
}

static enum store_found find_user(struct identity_cache *cache, struct store_view *view,
                                  const struct session_facts *session,
                                  struct user_facts **ret_entry)
{
    struct user_facts facts = {.revision = 0};
    struct user_facts *entry;
    enum store_found found;
    struct slice value;
    struct slice row;
    uint8_t key[32];

    memcpy(key, session->organization.bytes, 16);
    memcpy(key + 16, session->user.bytes, 16);
    entry = table_find(cache->users, key);
    if (entry == NULL) {
        row = key_object(&cache->scratch, &session->organization,
                         identity__user_kind(cache->registry), &session->user);
        if (arena_failed(&cache->scratch))
            return STORE_FAILED;
        found = store_get(view, FAMILY_USERS, row, &value);
        if (found != STORE_FOUND)
            return found;
        if (!read_user(&cache->scratch, value, &facts))
            return unreadable(cache, "user.unreadable", row);
        entry = table_add(cache->users, key);
        entry->revision = facts.revision;
        entry->role = facts.role;
        entry->generation = facts.generation;
        entry->disabled = facts.disabled;
        entry->must_change_password = facts.must_change_password;
    }
    *ret_entry = entry;
    return STORE_FOUND;
}

/* -- judging ---------------------------------------------------------------------------------- */

static void take_session(const struct session_entry *entry, struct identity *identity)
{
    const struct session_facts *facts = &entry->facts;

    identity->organization = facts->organization;
    identity->id = facts->user;
    identity->session = facts->session;
    identity->facts_revision = entry->revision;
    identity->absolute_end_ms = facts->absolute_end_ms;
    identity->idle_end_ms = facts->idle_end_ms;
    identity->idle_ms = facts->idle_ms;
    identity->expire_ms = facts->idle_end_ms < facts->absolute_end_ms ? facts->idle_end_ms
                                                                      : facts->absolute_end_ms;
}

enum identity_result identity_resolve_session(struct identity_cache *cache, struct store_view *view,
                                              struct slice value, int64_t now_ms,
                                              struct identity *ret_identity)
{
    struct identity identity = {.type = IDENTITY_USER};
    struct session_entry *session = NULL;
    struct user_facts *user = NULL;
    enum store_found found;

    if (!session_value_is_wellformed(value))
        return IDENTITY_UNKNOWN;
    token_value_hash(value, identity.hash);
    arena_reset(&cache->scratch);
    identity.epoch = identity__catch_up(cache);
    identity.role_kind = identity__role_kind(cache->registry);
    identity.user_kind = identity__user_kind(cache->registry);
    found = find_session(cache, view, identity.hash, &session);
    if (found == STORE_FOUND)
        found = find_user(cache, view, &session->facts, &user);
    if (found != STORE_FOUND)
        return identity__result_of(found);
    if (user->disabled || session_has_ended(&session->facts, user->generation, now_ms))
        return IDENTITY_UNKNOWN;
    take_session(session, &identity);
    identity.role = user->role;
    identity.user_revision = user->revision;
    identity.must_change_password = user->must_change_password;
    found = identity__find_role(cache, view, &identity.organization, &identity.role,
                                &identity.permissions, &identity.role_revision);
    if (found != STORE_FOUND)
        return identity__result_of(found);
    *ret_identity = identity;
    return IDENTITY_OK;
}

/* -- uses ------------------------------------------------------------------------------------- */

bool identity_session_is_idle(const struct identity *identity, int64_t now_ms)
{
    return now_ms >= identity->idle_end_ms - identity->idle_ms + USE_MS;
}

bool identity_use_session(struct identity_cache *cache, const struct identity *identity,
                          int64_t now_ms, struct commit *commit)
{
    struct slice key = slice_make(identity->hash, sizeof(identity->hash));
    struct session_facts facts;
    struct session_entry *entry;

    entry = table_find(cache->sessions, identity->hash);
    if (entry == NULL || entry->is_used || entry->revision != identity->facts_revision)
        return false;
    facts = entry->facts;
    facts.idle_end_ms = now_ms + facts.idle_ms;
    key = arena_copy(commit->arena, key);
    commit_require_revision(commit, FAMILY_SESSION_HASHES, key, entry->revision);
    commit_put(commit, FAMILY_SESSION_HASHES, key, session_facts_pack(commit->arena, &facts));
    if (arena_failed(commit->arena))
        return false;
    entry->is_used = true;
    return true;
}
