/* Identities over a store: what is cached, what is judged each time, what a publication forgets. */
#include "rpc/identity/identity_cache.h"
#include "rpc/identity/token_value.h"
#include "tests/support/scene.h"

#define DIRECTOR_KIND 5

static struct scene scene;

static int start(void **state)
{
    scene_start(&scene, *(const bool *)*state, 64);
    return 0;
}

static int end(void **state)
{
    (void)state;
    scene_end(&scene);
    return 0;
}

/* -- judging ------------------------------------------------------------------------------- */

static void a_known_token_is_resolved(void **state)
{
    struct identity identity;

    (void)state;
    put_facts(&scene, 1, (struct facts_of){.expire_ms = NOW + 1});
    assert_int_equal(resolve(&scene, 1, &identity), IDENTITY_OK);
    assert_int_equal(identity.type, IDENTITY_TOKEN);
    assert_memory_equal(identity.organization.bytes, uuid_of(0x11).bytes, 16);
    assert_memory_equal(identity.id.bytes, token_id(1).bytes, 16);
    assert_int_equal(identity.expire_ms, NOW + 1);
    assert_int_equal(identity.facts_revision, store_revision(scene.fixture.store));
    assert_int_equal(identity.role_revision, 0);
    assert_true(may(&scene, &identity, "devices.create"));
    assert_false(may(&scene, &identity, "owner.transfer"));
}

static void what_is_unknown_malformed_or_disabled_is_refused_alike(void **state)
{
    struct identity identity;

    (void)state;
    put_facts(&scene, 1, (struct facts_of){.disabled = true});
    assert_int_equal(resolve(&scene, 1, &identity), IDENTITY_ENDED);
    assert_int_equal(resolve(&scene, 2, &identity), IDENTITY_UNKNOWN);
    assert_int_equal(resolve_in(scene.cache, scene.fixture.store, &scene.fixture.arena,
                                SLICE("dsa_nonsense"), "", NOW, &identity),
                     IDENTITY_UNKNOWN);
}

static void expiry_is_judged_at_each_check(void **state)
{
    struct identity identity;

    (void)state;
    put_facts(&scene, 1, (struct facts_of){.expire_ms = NOW});
    assert_int_equal(resolve_from(&scene, 1, "::1", NOW - 1, &identity), IDENTITY_OK);
    assert_int_equal(resolve_from(&scene, 1, "::1", NOW, &identity), IDENTITY_ENDED);
    assert_int_equal(resolve_from(&scene, 1, "::1", NOW - 1, &identity), IDENTITY_OK);
}

/* What is remembered of a value says nothing of one that is like it. */
static void a_value_that_differs_in_one_character_is_unknown(void **state)
{
    struct value value = value_of(1);
    struct identity identity;

    (void)state;
    put_facts(&scene, 1, (struct facts_of){0});
    assert_int_equal(resolve(&scene, 1, &identity), IDENTITY_OK);
    for (size_t i = 0; i < sizeof(value.text); i++) {
        char kept = value.text[i];

        value.text[i] = kept == 'x' ? 'y' : 'x';
        assert_int_equal(resolve_in(scene.cache, scene.fixture.store, &scene.fixture.arena,
                                    value_slice(&value), "::1", NOW, &identity),
                         IDENTITY_UNKNOWN);
        value.text[i] = kept;
    }
    assert_int_equal(resolve(&scene, 1, &identity), IDENTITY_OK);
}

static void networks_are_judged_at_each_check(void **state)
{
    static const struct {
        const char *peer;
        enum identity_result wanted;
    } rows[] = {
        {"10.1.2.3", IDENTITY_OK},
        {"10.255.255.255", IDENTITY_OK},
        {"11.0.0.0", IDENTITY_OUTSIDE},
        {"9.255.255.255", IDENTITY_OUTSIDE},
        {"::ffff:10.1.2.3", IDENTITY_OK},
        {"::ffff:11.1.2.3", IDENTITY_OUTSIDE},
        {"2001:db8:ff::1", IDENTITY_OK},
        {"2001:db9::1", IDENTITY_OUTSIDE},
        {"192.0.2.7", IDENTITY_OK},
        {"192.0.2.8", IDENTITY_OUTSIDE},
        {"2001:db8::1%eth0", IDENTITY_OK},
        {"unix", IDENTITY_OUTSIDE},
        {"", IDENTITY_OUTSIDE},
        {"10.1.2.3.4", IDENTITY_OUTSIDE},
        {"10.1.2.3:80", IDENTITY_OUTSIDE},
    };
    struct identity identity;

    (void)state;
    put_facts(&scene, 1, (struct facts_of){.cidrs = {"10.0.0.0/8", "2001:db8::/32", "192.0.2.7"}});
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (resolve_from(&scene, 1, rows[i].peer, NOW, &identity) != rows[i].wanted)
            fail_msg("%s", rows[i].peer);
    put_facts(&scene, 2, (struct facts_of){0});
    assert_int_equal(resolve_from(&scene, 2, "unix", NOW, &identity), IDENTITY_OK);
}

static void a_mapped_network_holds_ipv4(void **state)
{
    struct identity identity;

    (void)state;
    put_facts(&scene, 1, (struct facts_of){.cidrs = {"::ffff:10.0.0.0/104"}});
    assert_int_equal(resolve_from(&scene, 1, "10.9.9.9", NOW, &identity), IDENTITY_OK);
    assert_int_equal(resolve_from(&scene, 1, "11.9.9.9", NOW, &identity), IDENTITY_OUTSIDE);
}

static void an_unreadable_network_holds_nobody(void **state)
{
    struct identity identity;

    (void)state;
    put_facts(&scene, 1, (struct facts_of){.cidrs = {"10.0.0.0/33"}});
    assert_int_equal(resolve_from(&scene, 1, "10.0.0.1", NOW, &identity), IDENTITY_OUTSIDE);
}

static void outside_says_whose_token_it_is(void **state)
{
    struct identity identity;

    (void)state;
    put_facts(&scene, 1, (struct facts_of){.cidrs = {"10.0.0.0/8"}});
    assert_int_equal(resolve(&scene, 1, &identity), IDENTITY_OUTSIDE);
    assert_memory_equal(identity.id.bytes, token_id(1).bytes, 16);
}

static void unreadable_facts_fail(void **state)
{
    struct arena *arena = &scene.fixture.arena;
    struct identity identity;

    (void)state;
    put(&scene.fixture, FAMILY_TOKEN_HASHES, hash_key(arena, 1), SLICE("\xff\xff"));
    assert_int_equal(resolve(&scene, 1, &identity), IDENTITY_FAILED);
}

/* -- roles --------------------------------------------------------------------------------- */

static void a_stored_role_gives_its_permissions(void **state)
{
    const struct uuid role = uuid_of(0x22);
    struct identity identity;

    (void)state;
    put_role(&scene, role, "devices.read", "no-such.permission");
    put_facts(&scene, 1, (struct facts_of){.role = role});
    assert_int_equal(resolve(&scene, 1, &identity), IDENTITY_OK);
    assert_true(may(&scene, &identity, "devices.read"));
    assert_false(may(&scene, &identity, "devices.create"));
    assert_int_not_equal(identity.role_revision, 0);
    put_role(&scene, role, "devices.create", NULL);
    assert_false(identity_is_current(scene.cache, &identity));
    assert_int_equal(resolve(&scene, 1, &identity), IDENTITY_OK);
    assert_false(may(&scene, &identity, "devices.read"));
    assert_true(may(&scene, &identity, "devices.create"));
}

static void a_role_that_is_not_there_permits_nothing(void **state)
{
    const struct uuid role = uuid_of(0x22);
    struct identity identity;

    (void)state;
    put_facts(&scene, 1, (struct facts_of){.role = role});
    assert_int_equal(resolve(&scene, 1, &identity), IDENTITY_OK);
    assert_false(may(&scene, &identity, "devices.read"));
    put_role(&scene, role, "devices.read", NULL);
    assert_int_equal(resolve(&scene, 1, &identity), IDENTITY_OK);
    assert_true(may(&scene, &identity, "devices.read"));
}

static void predefined_roles_follow_the_table(void **state)
{
    static const struct {
        const char *role;
        const char *permission;
        bool has;
    } rows[] = {
        {"Owner", "owner.transfer", true},
        {"Owner", "devices.delete", true},
        {"Admin", "owner.transfer", false},
        {"Admin", "api-tokens.delete", true},
        {"Admin", "authorization.check", true},
        {"Contributor", "devices.edit", true},
        {"Contributor", "devices.delete", false},
        {"Contributor", "api-tokens.read", true},
        {"Contributor", "api-tokens.create", false},
        {"Contributor", "audit.read", true},
        {"User", "devices.read", true},
        {"User", "devices.create", false},
        {"User", "roles.read", false},
        {"API Administrator", "owner.transfer", false},
        {"API Administrator", "settings.edit", true},
        {"API Contributor", "directors.create", true},
        {"API Contributor", "directors.delete", false},
        {"API Contributor", "roles.read", false},
        {"API Reader", "devices.read", true},
        {"API Reader", "roles.read", true},
        {"API Reader", "usage.read", true},
        {"API Reader", "api-tokens.read", false},
        {"API Reader", "audit.read", false},
        {"API Reader", "devices.create", false},
        {"API Reader", "authorization.check", false},
        {"API Verifier", "authorization.check", true},
        {"API Verifier", "devices.read", false},
    };
    const struct predefined_role *roles;
    size_t count;

    (void)state;
    roles = identity_predefined_roles(scene.registry, &count);
    assert_int_equal(count, 8);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct predefined_role *role = NULL;
        struct identity identity;

        for (size_t k = 0; k < count; k++)
            if (strcmp(roles[k].name, rows[i].role) == 0)
                role = identity_predefined_role(scene.registry, &roles[k].id);
        assert_non_null(role);
        identity.permissions = role->permissions;
        if (may(&scene, &identity, rows[i].permission) != rows[i].has)
            fail_msg("%s, %s", rows[i].role, rows[i].permission);
    }
}

static void predefined_roles_are_for_users_or_for_tokens(void **state)
{
    const struct predefined_role *roles;
    const struct uuid fifth = predefined_id(5);
    size_t count;

    (void)state;
    roles = identity_predefined_roles(scene.registry, &count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(roles[i].assignable, i < 4 ? ASSIGNABLE_USERS : ASSIGNABLE_TOKENS);
    assert_string_equal(identity_predefined_role(scene.registry, &fifth)->name,
                        PREDEFINED_API_ADMINISTRATOR);
    assert_null(identity_predefined_role(scene.registry, &(struct uuid){{1}}));
}

static enum store_found read_role(const struct uuid *id, struct permission_set *permissions,
                                  enum assignable *assignable, struct slice *name,
                                  uint64_t *revision)
{
    const struct uuid organization = uuid_of(0x11);
    struct arena *arena = &scene.fixture.arena;
    struct store_view *view = store_view_open(scene.fixture.store, arena);
    enum store_found found;

    while ((found = identity_read_role(scene.registry, arena, view, &organization, id, permissions,
                                       assignable, name, revision)) == STORE_AGAIN)
        fetch_and_wait(view);
    return found;
}

static void roles_are_read_with_name_and_revision(void **state)
{
    const struct uuid stored = uuid_of(0x22);
    const struct uuid owners = uuid_of(0x23);
    const struct uuid reader = predefined_id(7);
    struct permission_set permissions;
    enum assignable assignable;
    uint64_t revision;
    struct slice name;

    (void)state;
    put_role(&scene, stored, "devices.read", NULL);
    put_role(&scene, owners, "owner.transfer", NULL);
    assert_int_equal(read_role(&stored, &permissions, &assignable, &name, &revision), STORE_FOUND);
    assert_slice_equal(name, SLICE("Custom"));
    assert_int_equal(assignable, ASSIGNABLE_BOTH);
    assert_int_equal(revision, store_revision(scene.fixture.store) - 1);
    assert_int_equal(read_role(&owners, &permissions, &assignable, NULL, &revision), STORE_FOUND);
    assert_int_equal(assignable, ASSIGNABLE_USERS);
    assert_int_equal(read_role(&reader, &permissions, NULL, &name, &revision), STORE_FOUND);
    assert_slice_equal(name, SLICE("API Reader"));
    assert_int_equal(revision, 0);
    assert_int_equal(read_role(&(struct uuid){{9}}, &permissions, NULL, NULL, &revision),
                     STORE_ABSENT);
}

/* -- publications -------------------------------------------------------------------------- */

static void a_change_is_seen_by_the_next_check(void **state)
{
    struct arena *arena = &scene.fixture.arena;
    struct identity identity;

    (void)state;
    put_facts(&scene, 1, (struct facts_of){0});
    put_facts(&scene, 2, (struct facts_of){0});
    for (int round = 0; round < 3; round++) {
        assert_int_equal(resolve(&scene, 1, &identity), IDENTITY_OK);
        put_facts(&scene, 1, (struct facts_of){.disabled = true});
        assert_false(identity_is_current(scene.cache, &identity));
        assert_int_equal(resolve(&scene, 1, &identity), IDENTITY_ENDED);
        assert_int_equal(resolve(&scene, 2, &identity), IDENTITY_OK);
        assert_true(identity_is_current(scene.cache, &identity));
        put_facts(&scene, 1, (struct facts_of){0});
    }
    erase(&scene.fixture, FAMILY_TOKEN_HASHES, hash_key(arena, 1));
    assert_int_equal(resolve(&scene, 1, &identity), IDENTITY_UNKNOWN);
}

static struct value director_key_of(uint16_t number)
{
    const uint8_t random[32] = {(uint8_t)(number >> 8), (uint8_t)number, 2};
    struct value value;

    credential_value_make(SLICE("dsd_"), random, value.text);
    return value;
}

static void put_director_facts(uint16_t number, uint32_t kind)
{
    const struct value key = director_key_of(number);
    struct arena *arena = &scene.fixture.arena;
    uint8_t *hash = arena_alloc(arena, 32);

    token_value_hash(value_slice(&key), hash);
    put(&scene.fixture, FAMILY_TOKEN_HASHES, slice_make(hash, 32),
        facts_body(arena, number, (struct facts_of){.kind = kind}));
}

/* A publication that concerns neither lets values be forgotten, but not facts. */
static void what_is_remembered_tells_keys_of_directors_from_tokens(void **state)
{
    const struct value keys[] = {director_key_of(1), director_key_of(2)};
    struct identity identity;

    (void)state;
    put_director_facts(1, DIRECTOR_KIND);
    put_director_facts(2, 0);
    put_facts(&scene, 3, (struct facts_of){0});
    put_facts(&scene, 4, (struct facts_of){.kind = DIRECTOR_KIND});
    for (uint16_t round = 0; round < 3; round++) {
        assert_int_equal(resolve_in(scene.cache, scene.fixture.store, &scene.fixture.arena,
                                    value_slice(&keys[0]), "::1", NOW, &identity),
                         IDENTITY_OK);
        assert_int_equal(identity.type, IDENTITY_DIRECTOR);
        assert_int_equal(identity.kind, DIRECTOR_KIND);
        assert_int_equal(resolve_in(scene.cache, scene.fixture.store, &scene.fixture.arena,
                                    value_slice(&keys[1]), "::1", NOW, &identity),
                         IDENTITY_UNKNOWN);
        assert_int_equal(resolve(&scene, 3, &identity), IDENTITY_OK);
        assert_int_equal(identity.type, IDENTITY_TOKEN);
        assert_int_equal(identity.kind, 0);
        assert_int_equal(resolve(&scene, 4, &identity), IDENTITY_UNKNOWN);
        put_facts(&scene, (uint16_t)(100 + round), (struct facts_of){0});
    }
}

static void what_concerns_no_identity_raises_no_epoch(void **state)
{
    struct identity identity;
    uint64_t epoch;

    (void)state;
    put_facts(&scene, 1, (struct facts_of){0});
    assert_int_equal(resolve(&scene, 1, &identity), IDENTITY_OK);
    epoch = identity_epoch(scene.registry);
    put(&scene.fixture, FAMILY_RESOURCES, SLICE("some key"), SLICE("some body"));
    assert_int_equal(identity_epoch(scene.registry), epoch);
    assert_true(identity_is_current(scene.cache, &identity));
}

/* Publishes changes of hashes that nobody has, without a store. */
static void publish(struct scene *s, size_t count)
{
    struct arena arena;
    struct commit commit;

    arena_init(&arena, NULL, FIXTURE_ARENA);
    commit_init(&commit, &arena);
    for (size_t i = 0; i < count; i++) {
        char *key = arena_zalloc(&arena, 32);

        memcpy(key, &i, sizeof(i));
        commit_put(&commit, FAMILY_TOKEN_HASHES, slice_make(key, 32), SLICE("x"));
    }
    identity_observe(s->registry, &commit);
    arena_done(&arena);
}

static void a_cache_that_fell_behind_the_ring_forgets_all(void **state)
{
    static const size_t counts[] = {1, 4095, 4096, 4097, 10000};

    (void)state;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        struct identity identity;

        put_facts(&scene, 1, (struct facts_of){0});
        assert_int_equal(resolve(&scene, 1, &identity), IDENTITY_OK);
        put_facts(&scene, 1, (struct facts_of){.disabled = true});
        publish(&scene, counts[i]);
        assert_int_equal(resolve(&scene, 1, &identity), IDENTITY_ENDED);
    }
}

static void more_tokens_than_entries_are_all_resolved(void **state)
{
    struct identity identity;

    (void)state;
    for (uint16_t i = 0; i < 200; i++)
        put_facts(&scene, i, (struct facts_of){.cidrs = {"203.0.113.0/24"}});
    for (int round = 0; round < 2; round++)
        for (uint16_t i = 0; i < 200; i++) {
            assert_int_equal(resolve(&scene, i, &identity), IDENTITY_OK);
            assert_memory_equal(identity.id.bytes, token_id(i).bytes, 16);
        }
}

static bool is_known_at_once(uint16_t number)
{
    const struct value value = value_of(number);

    for (size_t i = 0; i < MEMO_PLACES; i++)
        if (scene.cache->memos[i].used != 0 &&
            memcmp(scene.cache->memos[i].value, value.text, TOKEN_VALUE_LEN) == 0)
            return true;
    return false;
}

/*
 * More tokens than there are places, a caller between each two of them. A build with faults may
 * have a cache of no place, or of one: then all are resolved alike.
 */
static void who_calls_all_the_time_stays_known_at_once(void **state)
{
    const bool has_pairs = scene.cache->memo_count >= MEMO_PAIR;
    struct identity identity;

    (void)state;
    for (uint16_t i = 0; i < 200; i++)
        put_facts(&scene, i, (struct facts_of){0});
    for (uint16_t i = 0; i < 200; i++) {
        assert_int_equal(resolve(&scene, i, &identity), IDENTITY_OK);
        assert_memory_equal(identity.id.bytes, token_id(i).bytes, 16);
        assert_true(i == 0 || !has_pairs || is_known_at_once(7));
        assert_int_equal(resolve(&scene, 7, &identity), IDENTITY_OK);
        assert_memory_equal(identity.id.bytes, token_id(7).bytes, 16);
        assert_true(!has_pairs || is_known_at_once(i));
    }
    put_facts(&scene, 7, (struct facts_of){.disabled = true});
    assert_int_equal(resolve(&scene, 7, &identity), IDENTITY_ENDED);
    for (uint16_t i = 0; i < 200; i++)
        assert_false(is_known_at_once(i));
}

/* -- conditions ---------------------------------------------------------------------------- */

static enum commit_result commit_as(const struct identity *identity)
{
    struct commit commit;

    commit_init(&commit, &scene.fixture.arena);
    identity_require(identity, &commit);
    commit_put(&commit, FAMILY_RESOURCES, SLICE("written"), SLICE("by a token"));
    return commit_in(scene.fixture.store, &commit);
}

static void a_commit_stands_on_facts_and_role(void **state)
{
    const struct uuid role = uuid_of(0x22);
    struct identity identity;

    (void)state;
    put_role(&scene, role, "devices.read", NULL);
    put_facts(&scene, 1, (struct facts_of){.role = role});
    assert_int_equal(resolve(&scene, 1, &identity), IDENTITY_OK);
    assert_int_equal(commit_as(&identity), COMMIT_DONE);
    put_facts(&scene, 1, (struct facts_of){.role = role});
    assert_int_equal(commit_as(&identity), COMMIT_CONFLICT);
    assert_int_equal(resolve(&scene, 1, &identity), IDENTITY_OK);
    assert_int_equal(commit_as(&identity), COMMIT_DONE);
    put_role(&scene, role, "devices.create", NULL);
    assert_int_equal(commit_as(&identity), COMMIT_CONFLICT);
}

static void the_system_stands_on_nothing(void **state)
{
    const struct identity identity = {.type = IDENTITY_SYSTEM};

    (void)state;
    assert_int_equal(commit_as(&identity), COMMIT_DONE);
}

#ifdef DATASTREAM_FAULTS
static void without_memory_nobody_is_let_in(void **state)
{
    const struct uuid role = uuid_of(0x22);
    const struct value value = value_of(1);
    enum identity_result result = IDENTITY_FAILED;
    unsigned long number;

    (void)state;
    put_role(&scene, role, "devices.read", NULL);
    put_facts(&scene, 1, (struct facts_of){.role = role, .cidrs = {"203.0.113.0/24"}});
    for (number = 1; result != IDENTITY_OK; number++) {
        struct identity identity;
        struct arena arena;
        struct store_view *view;

        arena_init(&arena, NULL, FIXTURE_ARENA);
        arena_fault_set(number, true);
        view = store_view_open(scene.fixture.store, &arena);
        while (view != NULL &&
               (result = identity_resolve(scene.cache, view, value_slice(&value),
                                          SLICE("203.0.113.9"), NOW, &identity)) == IDENTITY_AGAIN)
            fetch_and_wait(view);
        arena_fault_set(0, false);
        arena_done(&arena);
        assert_true(result == IDENTITY_FAILED || result == IDENTITY_OK);
    }
    assert_true(number > 4);
}
#endif

#define OVER(f) cmocka_unit_test_prestate_setup_teardown(f, start, end, &late)
#define JUDGEMENTS(X)                                                                              \
    X(a_known_token_is_resolved), X(what_is_unknown_malformed_or_disabled_is_refused_alike),       \
        X(expiry_is_judged_at_each_check), X(a_value_that_differs_in_one_character_is_unknown),    \
        X(networks_are_judged_at_each_check), X(a_mapped_network_holds_ipv4),                      \
        X(an_unreadable_network_holds_nobody), X(outside_says_whose_token_it_is),                  \
        X(unreadable_facts_fail), X(a_stored_role_gives_its_permissions),                          \
        X(a_role_that_is_not_there_permits_nothing), X(predefined_roles_follow_the_table),         \
        X(predefined_roles_are_for_users_or_for_tokens), X(roles_are_read_with_name_and_revision), \
        X(a_change_is_seen_by_the_next_check),                                                     \
        X(what_is_remembered_tells_keys_of_directors_from_tokens),                                 \
        X(what_concerns_no_identity_raises_no_epoch),                                              \
        X(a_cache_that_fell_behind_the_ring_forgets_all),                                          \
        X(more_tokens_than_entries_are_all_resolved),                                              \
        X(who_calls_all_the_time_stays_known_at_once), X(a_commit_stands_on_facts_and_role),       \
        X(the_system_stands_on_nothing)

static int run(bool late)
{
    const struct CMUnitTest tests[] = {
        JUDGEMENTS(OVER),
#ifdef DATASTREAM_FAULTS
        OVER(without_memory_nobody_is_let_in),
#endif
    };

    return cmocka_run_group_tests_name(late ? "late" : "rocksdb", tests, NULL, NULL);
}

int main(void)
{
#ifdef DATASTREAM_FAULTS
    return run(false) + run(true);
#else
    return run(false);
#endif
}
