/*
 * The ring of publications and the epoch; the roles.
 *
 * One thread writes the ring, all read it. A slot's number is cleared before its words change and
 * set after them; words are stored with release and loaded with acquire, so that whoever loads a
 * word of a later publication also finds the number changed, and takes the slot for overwritten.
 * The epoch is raised with release once the slots of a commit are written.
 */
#include "rpc/identity/identity_registry.h"

#include <assert.h>
#include <datastream/v1/role.pb-c.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/cache_size.h"
#include "base/log.h"
#include "base/text.h"
#include "proto/contract/contract_find.h"
#include "proto/message/message.h"
#include "rpc/identity/predefined_roles.h"
#include "storage/keys.h"
#include "storage/record.h"

#define WORDS 5 /* the type, then the key */
_Static_assert((WORDS - 1) * sizeof(uint64_t) == sizeof(((struct publication *)0)->key),
               "the words hold the key");

struct slot {
    _Atomic uint64_t number; /* 0 while the words change */
    _Atomic uint64_t words[WORDS];
};

struct identity_registry {
    const struct contract *contract;
    uint32_t role_kind;
    uint32_t user_kind;
    struct predefined_role roles[PREDEFINED_ROLES];
    size_t kept;            /* how many publications are */
    _Atomic uint64_t epoch; /* written by the committer's thread, read by all; so are the slots */
    struct slot slots[IDENTITY_PUBLICATIONS_KEPT];
};

struct identity_registry *identity_registry_new(const struct contract *contract)
{
    struct identity_registry *registry = calloc(1, sizeof(*registry));
    const struct kind *kind = contract_kind(contract, SLICE("roles"));
    const struct kind *users = contract_kind(contract, SLICE("users"));

    if (registry == NULL)
        return NULL;
    registry->contract = contract;
    registry->kept = cache_size(IDENTITY_PUBLICATIONS_KEPT);
    registry->role_kind = kind == NULL ? 0 : kind->number;
    registry->user_kind = users == NULL ? 0 : users->number;
    predefined_roles__make(contract, registry->roles);
    return registry;
}

void identity_registry_free(struct identity_registry *registry)
{
    free(registry);
}

uint32_t identity__role_kind(const struct identity_registry *registry)
{
    return registry->role_kind;
}

uint32_t identity__user_kind(const struct identity_registry *registry)
{
    return registry->user_kind;
}

/* -- publications -------------------------------------------------------------------------- */

uint64_t identity_epoch(const struct identity_registry *registry)
{
    return atomic_load_explicit(&registry->epoch, memory_order_acquire);
}

static void publish(struct identity_registry *registry, uint64_t number,
                    const struct publication *publication)
{
    uint64_t words[WORDS] = {publication->type};
    struct slot *slot;

    if (registry->kept == 0)
        return;
    slot = &registry->slots[number % registry->kept];
    assert(atomic_load_explicit(&slot->number, memory_order_relaxed) < number);
    memcpy(words + 1, publication->key, sizeof(publication->key));
    atomic_store_explicit(&slot->number, 0, memory_order_relaxed);
    for (int i = 0; i < WORDS; i++)
        atomic_store_explicit(&slot->words[i], words[i], memory_order_release);
    atomic_store_explicit(&slot->number, number, memory_order_release);
}

bool identity__publication(const struct identity_registry *registry, uint64_t number,
                           struct publication *ret_publication)
{
    const struct slot *slot;
    uint64_t words[WORDS];

    if (registry->kept == 0)
        return false;
    slot = &registry->slots[number % registry->kept];
    if (atomic_load_explicit(&slot->number, memory_order_acquire) != number)
        return false;
    for (int i = 0; i < WORDS; i++)
        words[i] = atomic_load_explicit(&slot->words[i], memory_order_acquire);
    if (atomic_load_explicit(&slot->number, memory_order_relaxed) != number)
        return false;
    ret_publication->type = (enum publication_type)words[0];
    memcpy(ret_publication->key, words + 1, sizeof(ret_publication->key));
    return true;
}

/* Whether an operation touches what identities are made of. */
static bool concerns(const struct operation *operation, struct publication *publication)
{
    struct uuid organization;
    struct uuid id;
    uint32_t kind;

    if ((operation->family == FAMILY_TOKEN_HASHES || operation->family == FAMILY_SESSION_HASHES) &&
        operation->key.len == sizeof(publication->key)) {
        publication->type = operation->family == FAMILY_TOKEN_HASHES ? PUBLICATION_FACTS
                                                                     : PUBLICATION_SESSION;
        memcpy(publication->key, operation->key.data, sizeof(publication->key));
        return true;
    }
    if ((operation->family == FAMILY_ROLES || operation->family == FAMILY_USERS ||
         operation->family == FAMILY_TOKENS) &&
        key_object_parse(operation->key, &organization, &kind, &id)) {
        publication->type = operation->family == FAMILY_ROLES   ? PUBLICATION_ROLE
                            : operation->family == FAMILY_USERS ? PUBLICATION_USER
                                                                : PUBLICATION_TOKEN;
        memcpy(publication->key, organization.bytes, 16);
        memcpy(publication->key + 16, id.bytes, 16);
        return true;
    }
    return false;
}

void identity_observe(void *context, const struct commit *commit)
{
    struct identity_registry *registry = context;
    uint64_t before = atomic_load_explicit(&registry->epoch, memory_order_relaxed);
    uint64_t number = before;
    struct publication publication;

    for (const struct operation *o = commit->operations; o != NULL; o = o->next)
        if (concerns(o, &publication))
            publish(registry, ++number, &publication);
    if (number != before)
        atomic_store_explicit(&registry->epoch, number, memory_order_release);
}

/* -- roles --------------------------------------------------------------------------------- */

const struct predefined_role *identity_predefined_roles(const struct identity_registry *registry,
                                                        size_t *ret_count)
{
    *ret_count = PREDEFINED_ROLES;
    return registry->roles;
}

const struct predefined_role *identity_predefined_role(const struct identity_registry *registry,
                                                       const struct uuid *id)
{
    for (size_t i = 0; i < PREDEFINED_ROLES; i++)
        if (uuid_equal(&registry->roles[i].id, id))
            return &registry->roles[i];
    return NULL;
}

const struct predefined_role *
identity_predefined_role_named(const struct identity_registry *registry, const char *name)
{
    for (size_t i = 0; i < PREDEFINED_ROLES; i++)
        if (strcmp(registry->roles[i].name, name) == 0)
            return &registry->roles[i];
    return NULL;
}

/* Names that the contract no longer has give nothing. */
static void add_permissions(const struct contract *contract, const Datastream__V1__Role *role,
                            struct permission_set *permissions, bool *ret_owner_only)
{
    for (size_t i = 0; i < role->n_permissions; i++) {
        const struct permission *permission = contract_permission(
            contract, slice_from_cstr(role->permissions[i]));

        if (permission == NULL)
            continue;
        permission_set_add(permissions, permission->bit);
        if (permission->area == AREA_OWNER)
            *ret_owner_only = true;
    }
}

/* Both where the record does not say, unless a permission is the owner's alone. */
static enum assignable assignable_of(const Datastream__V1__Role *role, bool owner_only)
{
    int stated = (int)role->assignable_to;

    if (stated >= ASSIGNABLE_USERS && stated <= ASSIGNABLE_BOTH)
        return (enum assignable)stated;
    return owner_only ? ASSIGNABLE_USERS : ASSIGNABLE_BOTH;
}

static enum store_found take_predefined(const struct predefined_role *role,
                                        struct permission_set *ret_permissions,
                                        enum assignable *ret_assignable, struct slice *ret_name,
                                        uint64_t *ret_revision)
{
    *ret_permissions = role->permissions;
    *ret_revision = 0;
    if (ret_assignable != NULL)
        *ret_assignable = role->assignable;
    if (ret_name != NULL)
        *ret_name = slice_from_cstr(role->name);
    return STORE_FOUND;
}

enum store_found identity_read_role(const struct identity_registry *registry, struct arena *arena,
                                    struct store_view *view, const struct uuid *organization,
                                    const struct uuid *role, struct permission_set *ret_permissions,
                                    enum assignable *ret_assignable, struct slice *ret_name,
                                    uint64_t *ret_revision)
{
    const struct predefined_role *predefined = identity_predefined_role(registry, role);
    ProtobufCAllocator allocator = message_allocator(arena);
    struct permission_set permissions = {{0}};
    Datastream__V1__Role *message;
    struct record record;
    struct slice value;
    enum store_found found;
    bool owner_only = false;
    struct slice key;

    if (predefined != NULL)
        return take_predefined(predefined, ret_permissions, ret_assignable, ret_name, ret_revision);
    key = key_object(arena, organization, registry->role_kind, role);
    if (arena_failed(arena))
        return STORE_FAILED;
    found = store_get(view, FAMILY_ROLES, key, &value);
    if (found != STORE_FOUND)
        return found;
    message = record_parse(value, &record)
                  ? datastream__v1__role__unpack(&allocator, record.body.len,
                                                 (const uint8_t *)record.body.data)
                  : NULL;
    if (message == NULL) {
        if (!arena_failed(arena))
            log_event(LOG_ERROR, "role.unreadable", LOG_STR("key", hex_encode(arena, key)));
        return STORE_FAILED;
    }
    add_permissions(registry->contract, message, &permissions, &owner_only);
    *ret_permissions = permissions;
    *ret_revision = record.revision;
    if (ret_assignable != NULL)
        *ret_assignable = assignable_of(message, owner_only);
    if (ret_name != NULL)
        *ret_name = slice_from_cstr(message->name);
    return STORE_FOUND;
}
