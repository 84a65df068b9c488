/* See scene.h. */
#include "tests/support/scene.h"
#include "proto/contract/contract_find.h"
#include "rpc/identity/identity_registry.h"
#include "rpc/identity/token_value.h"

const struct contract *scene_contract(void)
{
    static const struct contract *contract;
    static struct arena arena;

    if (contract == NULL) {
        struct status status;

        arena_init(&arena, NULL, FIXTURE_ARENA);
        status = contract_load(embedded_contract(), &arena, &contract);
        if (!status_is_ok(status))
            fail_msg("%.*s", SLICE_ARG(status.message));
    }
    return contract;
}

void scene_start(struct scene *s, bool late, size_t entries)
{
    s->contract = scene_contract();
    s->registry = identity_registry_new(s->contract);
    assert_non_null(s->registry);
    fixture_make(&s->fixture, late);
    s->fixture.options.observer = identity_observe;
    s->fixture.options.observer_context = s->registry;
    fixture_open(&s->fixture);
    s->cache = identity_cache_new(s->registry, entries);
    assert_non_null(s->cache);
}

void scene_end(struct scene *s)
{
    identity_cache_free(s->cache);
    fixture_end(&s->fixture);
    identity_registry_free(s->registry);
}

/* -- records ------------------------------------------------------------------------------- */

struct value value_of(uint16_t number)
{
    uint8_t random[32] = {(uint8_t)(number >> 8), (uint8_t)number, 1};
    struct value value;

    token_value_make(random, value.text);
    return value;
}

struct slice value_slice(const struct value *value)
{
    return slice_make(value->text, sizeof(value->text));
}

struct slice hash_key(struct arena *arena, uint16_t number)
{
    const struct value value = value_of(number);
    uint8_t *hash = arena_alloc(arena, 32);

    token_value_hash(value_slice(&value), hash);
    return slice_make(hash, 32);
}

struct uuid predefined_id(uint8_t number)
{
    struct uuid id = {{0}};

    id.bytes[6] = 0x70;
    id.bytes[8] = 0x80;
    id.bytes[15] = number;
    return id;
}

struct uuid token_id(uint16_t number)
{
    struct uuid id = uuid_of(0x77);

    id.bytes[14] = (uint8_t)(number >> 8);
    id.bytes[15] = (uint8_t)number;
    return id;
}

struct slice facts_body(struct arena *arena, uint16_t number, struct facts_of of)
{
    Datastream__Storage__V1__TokenFacts facts = DATASTREAM__STORAGE__V1__TOKEN_FACTS__INIT;
    struct uuid id = token_id(number);

    if (uuid_is_zero(&of.organization))
        of.organization = uuid_of(0x11);
    if (uuid_is_zero(&of.role))
        of.role = predefined_id(5);
    facts.organization = (ProtobufCBinaryData){16, of.organization.bytes};
    facts.token_id = (ProtobufCBinaryData){16, id.bytes};
    facts.role_id = (ProtobufCBinaryData){16, of.role.bytes};
    facts.kind = of.kind;
    facts.expire_time_ms = of.expire_ms;
    facts.disabled = of.disabled;
    facts.allowed_cidrs = (char **)of.cidrs;
    while (facts.n_allowed_cidrs < 3 && of.cidrs[facts.n_allowed_cidrs] != NULL)
        facts.n_allowed_cidrs++;
    return message_pack(arena, &facts.base);
}

void put_facts(struct scene *s, uint16_t number, struct facts_of of)
{
    struct arena *arena = &s->fixture.arena;

    put(&s->fixture, FAMILY_TOKEN_HASHES, hash_key(arena, number), facts_body(arena, number, of));
}

struct slice role_body(struct arena *arena, const char *first, const char *second,
                       const char *third)
{
    Datastream__V1__Role role = DATASTREAM__V1__ROLE__INIT;
    const char *names[3] = {first, second, third};
    char name[] = "Custom";

    role.name = name;
    role.permissions = (char **)names;
    while (role.n_permissions < 3 && names[role.n_permissions] != NULL)
        role.n_permissions++;
    return message_pack(arena, &role.base);
}

struct slice role_key(struct arena *arena, const struct uuid *organization, const struct uuid *id)
{
    return key_object(arena, organization, ROLE_KIND, id);
}

void put_role(struct scene *s, struct uuid id, const char *first, const char *second)
{
    const struct uuid organization = uuid_of(0x11);

    put(&s->fixture, FAMILY_ROLES, role_key(&s->fixture.arena, &organization, &id),
        role_body(&s->fixture.arena, first, second, NULL));
}

/* -- resolving ----------------------------------------------------------------------------- */

enum identity_result resolve_in(struct identity_cache *cache, struct store *store,
                                struct arena *arena, struct slice bearer, const char *peer,
                                int64_t now_ms, struct identity *ret_identity)
{
    struct store_view *view = store_view_open(store, arena);
    enum identity_result result;

    assert_non_null(view);
    while ((result = identity_resolve(cache, view, bearer, slice_from_cstr(peer), now_ms,
                                      ret_identity)) == IDENTITY_AGAIN)
        fetch_and_wait(view);
    return result;
}

enum identity_result resolve_from(struct scene *s, uint16_t number, const char *peer,
                                  int64_t now_ms, struct identity *ret_identity)
{
    const struct value value = value_of(number);

    return resolve_in(s->cache, s->fixture.store, &s->fixture.arena, value_slice(&value), peer,
                      now_ms, ret_identity);
}

enum identity_result resolve(struct scene *s, uint16_t number, struct identity *ret_identity)
{
    return resolve_from(s, number, "203.0.113.9", NOW, ret_identity);
}

bool may(const struct scene *s, const struct identity *identity, const char *name)
{
    const struct permission *permission = contract_permission(s->contract, slice_from_cstr(name));

    if (permission == NULL)
        fail_msg("no permission %s", name);
    return permission_set_has(&identity->permissions, permission->bit);
}
