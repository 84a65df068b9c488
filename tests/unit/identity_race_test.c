/*
 * No request is let in on an old state after the answer to its revocation: readers that resolve in
 * a loop, each with a cache of its own, against a writer that disables and enables a token and
 * edits a role.
 *
 * The writer counts phases: 4n while what is good is stored, 4n+2 while it is revoked; odd ones
 * while a commit is under way. A check that began and ended in one even phase has one right answer.
 */
#include "tests/support/scene.h"

#include <stdatomic.h>

#include "base/cache_size.h"
#include "rpc/identity/identity_registry.h"

#define READERS 3
#define ROUNDS 150
#define ROUNDS_LATE 40

/* Tokens: the one that is disabled, and the one whose role is edited. */
enum { SWITCHED = 1, EDITED = 2, NOISE = 3 };

struct race {
    struct scene scene;
    struct uuid role;
    atomic_uint phase;
    atomic_bool over;
    atomic_uint wrong;
};

struct reader {
    struct race *race;
    pthread_t thread;
    atomic_uint checked; /* the last phase that a check began and ended in */
};

static bool passes(struct race *race, struct identity_cache *cache, struct arena *arena,
                   uint16_t number)
{
    const struct value value = value_of(number);
    struct identity identity;
    enum identity_result result = resolve_in(cache, race->scene.fixture.store, arena,
                                             value_slice(&value), "::1", NOW, &identity);

    if (number == SWITCHED)
        return result == IDENTITY_OK;
    return result == IDENTITY_OK && may(&race->scene, &identity, "devices.read");
}

static void *read_all_the_time(void *context)
{
    struct reader *reader = context;
    struct race *race = reader->race;
    struct identity_cache *cache = identity_cache_new(race->scene.registry, 16);
    struct arena arena;

    arena_init(&arena, NULL, FIXTURE_ARENA);
    while (!atomic_load(&race->over)) {
        unsigned phase = atomic_load(&race->phase);
        bool switched;
        bool edited;

        arena_reset(&arena);
        switched = passes(race, cache, &arena, SWITCHED);
        edited = passes(race, cache, &arena, EDITED);
        if (phase % 2 != 0 || atomic_load(&race->phase) != phase)
            continue;
        if (switched != (phase % 4 == 0) || edited != (phase % 4 == 0))
            atomic_fetch_add(&race->wrong, 1);
        atomic_store(&reader->checked, phase);
    }
    arena_done(&arena);
    identity_cache_free(cache);
    return NULL;
}

/* Token and role in one commit, so that one answer revokes both; and changes that concern others.
 */
static void store_state(struct race *race, bool good)
{
    const struct uuid organization = uuid_of(0x11);
    struct arena arena;
    struct commit commit;

    arena_init(&arena, NULL, FIXTURE_ARENA);
    commit_init(&commit, &arena);
    commit_put(&commit, FAMILY_TOKEN_HASHES, hash_key(&arena, SWITCHED),
               facts_body(&arena, SWITCHED, (struct facts_of){.disabled = !good}));
    commit_put(&commit, FAMILY_ROLES, role_key(&arena, &organization, &race->role),
               role_body(&arena, good ? "devices.read" : "devices.create", NULL, NULL));
    commit_put(&commit, FAMILY_TOKEN_HASHES, hash_key(&arena, NOISE),
               facts_body(&arena, NOISE, (struct facts_of){0}));
    assert_int_equal(commit_in(race->scene.fixture.store, &commit), COMMIT_DONE);
    arena_done(&arena);
}

static void wait_for_checks(struct reader *readers, int count, unsigned phase)
{
    for (int i = 0; i < count; i++)
        while (atomic_load(&readers[i].checked) != phase)
            usleep(50);
}

static void no_check_after_the_answer_sees_the_old_state(void **state)
{
    bool late = *(const bool *)*state;
    struct reader readers[READERS];
    struct race race = {.role = uuid_of(0x22)};
    unsigned phase = 0;

    scene_start(&race.scene, late, 16);
    put_facts(&race.scene, EDITED, (struct facts_of){.role = race.role});
    store_state(&race, true);
    for (int i = 0; i < READERS; i++) {
        readers[i].race = &race;
        atomic_init(&readers[i].checked, UINT32_MAX);
        assert_int_equal(pthread_create(&readers[i].thread, NULL, read_all_the_time, &readers[i]),
                         0);
    }
    for (int round = 0; round < (late ? ROUNDS_LATE : ROUNDS); round++) {
        wait_for_checks(readers, READERS, phase);
        atomic_store(&race.phase, ++phase);
        store_state(&race, phase % 4 == 3);
        atomic_store(&race.phase, ++phase);
    }
    wait_for_checks(readers, READERS, phase);
    atomic_store(&race.over, true);
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i].thread, NULL);
    assert_int_equal(atomic_load(&race.wrong), 0);
    scene_end(&race.scene);
}

/* A writer that publishes faster than the ring is long: readers must notice, not read on. */
static void a_ring_that_is_overrun_lets_nobody_in(void **state)
{
    struct race race = {.role = uuid_of(0x22)};
    struct reader reader = {.race = &race, .checked = UINT32_MAX};
    struct arena arena;
    struct commit commit;

    (void)state;
    scene_start(&race.scene, false, 16);
    put_facts(&race.scene, EDITED, (struct facts_of){.role = race.role});
    store_state(&race, true);
    arena_init(&arena, NULL, FIXTURE_ARENA);
    commit_init(&commit, &arena);
    for (size_t i = 0; i < 3000; i++) {
        char *key = arena_zalloc(&arena, 32);

        memcpy(key, &i, sizeof(i));
        commit_put(&commit, FAMILY_TOKEN_HASHES, slice_make(key, 32), SLICE("x"));
    }
    assert_int_equal(pthread_create(&reader.thread, NULL, read_all_the_time, &reader), 0);
    for (unsigned phase = 0; phase < 100; phase += 2) {
        wait_for_checks(&reader, 1, phase);
        atomic_store(&race.phase, phase + 1);
        store_state(&race, phase % 4 == 2);
        identity_observe(race.scene.registry, &commit);
        identity_observe(race.scene.registry, &commit);
        atomic_store(&race.phase, phase + 2);
    }
    atomic_store(&race.over, true);
    pthread_join(reader.thread, NULL);
    assert_int_equal(atomic_load(&race.wrong), 0);
    arena_done(&arena);
    scene_end(&race.scene);
}

/* -- the ring alone ------------------------------------------------------------------------ */

#define BATCH 512
#define BATCHES 4000

struct ring {
    struct identity_registry *registry;
    atomic_bool over;
    atomic_ullong read, torn;
};

/* Reads what is about to be overwritten: every word of a publication's key is its number. */
static void *read_the_oldest(void *context)
{
    struct ring *ring = context;

    while (!atomic_load(&ring->over)) {
        uint64_t epoch = identity_epoch(ring->registry);

        for (uint64_t number = epoch - IDENTITY_PUBLICATIONS_KEPT + 1;
             epoch >= IDENTITY_PUBLICATIONS_KEPT && number <= epoch; number++) {
            struct publication publication;
            uint64_t words[4];

            if (!identity__publication(ring->registry, number, &publication))
                continue;
            memcpy(words, publication.key, sizeof(words));
            atomic_fetch_add(&ring->read, 1);
            for (int i = 0; i < 4; i++)
                if (words[i] != number)
                    atomic_fetch_add(&ring->torn, 1);
        }
    }
    return NULL;
}

static void a_publication_is_read_whole_or_not_at_all(void **state)
{
    struct ring ring = {.registry = identity_registry_new(scene_contract())};
    uint64_t keys[BATCH][4];
    struct arena arena;
    struct commit commit;
    pthread_t thread;

    (void)state;
    arena_init(&arena, NULL, FIXTURE_ARENA);
    commit_init(&commit, &arena);
    for (size_t i = 0; i < BATCH; i++)
        commit_put(&commit, FAMILY_TOKEN_HASHES, slice_make(keys[i], 32), SLICE("x"));
    assert_int_equal(pthread_create(&thread, NULL, read_the_oldest, &ring), 0);
    for (uint64_t batch = 0; batch < BATCHES || (cache_size(1) > 0 && atomic_load(&ring.read) == 0);
         batch++) {
        for (size_t i = 0; i < BATCH; i++)
            for (int k = 0; k < 4; k++)
                keys[i][k] = batch * BATCH + i + 1;
        identity_observe(ring.registry, &commit);
    }
    atomic_store(&ring.over, true);
    pthread_join(thread, NULL);
    assert_int_equal(atomic_load(&ring.torn), 0);
    arena_done(&arena);
    identity_registry_free(ring.registry);
}

int main(void)
{
    static bool plain = false;
#ifdef DATASTREAM_FAULTS
    static bool late = true;
#endif
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(no_check_after_the_answer_sees_the_old_state, &plain),
#ifdef DATASTREAM_FAULTS
        cmocka_unit_test_prestate(no_check_after_the_answer_sees_the_old_state, &late),
#endif
        cmocka_unit_test(a_ring_that_is_overrun_lets_nobody_in),
        cmocka_unit_test(a_publication_is_read_whole_or_not_at_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
