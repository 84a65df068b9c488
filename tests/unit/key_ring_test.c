/* The keys of a store: random, wrapped, and refused when anything about them was altered. */
#include "tests/support/store_fixture.h"

#include "storage/key_ring.h"

static struct fixture fixture;
static const struct wrapping_key wrapping = {"0123456789abcdef", {1, 2, 3}};

#define AUDIT_ROW SLICE("key/audit/1")

static int start(void **state)
{
    fixture_start(&fixture, false);
    *state = &fixture;
    return 0;
}

static int end(void **state)
{
    fixture_end(*state);
    return 0;
}

static struct key_ring create(struct fixture *f)
{
    struct key_ring ring;
    struct commit commit;

    commit_init(&commit, &f->arena);
    assert_true(status_is_ok(key_ring_create(&commit, &wrapping, &ring)));
    assert_int_equal(commit_in(f->store, &commit), COMMIT_DONE);
    return ring;
}

static void the_keys_of_a_store_are_read_back(void **state)
{
    struct fixture *f = *state;
    struct key_ring ring = create(f);
    struct key_ring read;

    fixture_reopen(f);
    assert_true(status_is_ok(key_ring_read(f->store, &wrapping, &f->arena, &read)));
    assert_memory_equal(ring.keys, read.keys, sizeof(ring.keys));
    assert_int_equal(read.data_count, 0);
}

/* Adds data keys 1 of two organizations and 10 of the first; the ring with them. */
static struct key_ring add_data_keys(struct fixture *f)
{
    const struct uuid first = uuid_of(1), second = uuid_of(2);
    struct key_ring ring;
    struct commit commit;

    commit_init(&commit, &f->arena);
    assert_true(status_is_ok(key_ring_add_data_key(&commit, &wrapping, &first, 1)));
    assert_true(status_is_ok(key_ring_add_data_key(&commit, &wrapping, &first, 10)));
    assert_true(status_is_ok(key_ring_add_data_key(&commit, &wrapping, &second, 1)));
    assert_int_equal(commit_in(f->store, &commit), COMMIT_DONE);
    assert_true(status_is_ok(key_ring_read(f->store, &wrapping, &f->arena, &ring)));
    return ring;
}

static void an_organization_has_data_keys_of_its_own(void **state)
{
    struct fixture *f = *state;
    const struct uuid first = uuid_of(1);
    struct key_ring ring;
    struct commit commit;

    create(f);
    ring = add_data_keys(f);
    assert_int_equal(ring.data_count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_memory_not_equal(ring.data[i].key, ring.data[(i + 1) % 3].key, 32);
    assert_int_equal(ring.data[0].number + ring.data[1].number, 11);
    commit_init(&commit, &f->arena);
    assert_true(status_is_ok(key_ring_add_data_key(&commit, &wrapping, &first, 10)));
    assert_int_equal(commit_in(f->store, &commit), COMMIT_CONFLICT);
    commit_init(&commit, &f->arena);
    key_ring_remove_data_key(&commit, &first, 1);
    assert_int_equal(commit_in(f->store, &commit), COMMIT_DONE);
    assert_true(status_is_ok(key_ring_read(f->store, &wrapping, &f->arena, &ring)));
    assert_int_equal(ring.data_count, 2);
    assert_int_equal(ring.data[0].number, 10);
}

static void a_ring_that_is_wrapped_anew_holds_the_same_keys(void **state)
{
    struct fixture *f = *state;
    struct wrapping_key other = {"fedcba9876543210", {4, 5, 6}};
    struct key_ring ring, read;
    struct commit commit;

    create(f);
    ring = add_data_keys(f);
    commit_init(&commit, &f->arena);
    assert_true(status_is_ok(key_ring_wrap(&commit, &other, &ring)));
    assert_int_equal(commit_in(f->store, &commit), COMMIT_DONE);
    assert_true(status_is_ok(key_ring_read(f->store, &other, &f->arena, &read)));
    assert_memory_equal(ring.keys, read.keys, sizeof(ring.keys));
    assert_int_equal(read.data_count, 3);
    assert_memory_equal(ring.data, read.data, 3 * sizeof(ring.data[0]));
    assert_int_equal(key_ring_read(f->store, &wrapping, &f->arena, &read).code, STATUS_DATA_LOSS);
}

static void keys_differ_and_are_nowhere_in_the_clear(void **state)
{
    struct fixture *f = *state;
    struct key_ring ring = create(f);
    struct store_rows rows = read_rows(f, FAMILY_META, SLICE("key/"), SLICE("key0"), false, 9);

    assert_memory_not_equal(ring.keys[0], ring.keys[1], 32);
    assert_int_equal(rows.count, RING_KEYS);
    for (size_t i = 0; i < rows.count; i++)
        for (int key = 0; key < RING_KEYS; key++)
            for (size_t at = 0; at + 8 <= rows.rows[i].value.len; at++)
                assert_memory_not_equal(rows.rows[i].value.data + at, ring.keys[key], 8);
}

static void a_store_gets_its_keys_once(void **state)
{
    struct fixture *f = *state;
    struct key_ring ring;
    struct commit commit;

    create(f);
    commit_init(&commit, &f->arena);
    assert_true(status_is_ok(key_ring_create(&commit, &wrapping, &ring)));
    assert_int_equal(commit_in(f->store, &commit), COMMIT_CONFLICT);
}

static void assert_refused(struct fixture *f, const struct wrapping_key *by, const char *says)
{
    struct key_ring ring;
    struct status status = key_ring_read(f->store, by, &f->arena, &ring);

    assert_int_equal(status.code, STATUS_DATA_LOSS);
    if (strstr(arena_cstr(&f->arena, status.message), says) == NULL)
        fail_msg("%.*s", SLICE_ARG(status.message));
}

static void another_wrapping_key_or_id_opens_nothing(void **state)
{
    struct fixture *f = *state;
    struct wrapping_key other = wrapping;

    create(f);
    other.key[31] ^= 1;
    assert_refused(f, &other, "\"audit\" was altered");
    other = wrapping;
    other.id[15] ^= 1;
    assert_refused(f, &other, "\"audit\" was altered");
}

static void a_row_that_was_altered_moved_or_lost_is_told(void **state)
{
    struct fixture *f = *state;
    struct slice good, other;

    create(f);
    good = arena_copy(&f->arena, read_body(f, FAMILY_META, AUDIT_ROW));
    assert_int_equal(good.len, 76);
    for (size_t at = 0; at < good.len; at += 5) {
        char *bytes = (char *)(uintptr_t)arena_copy(&f->arena, good).data;

        bytes[at] ^= 1;
        put(f, FAMILY_META, AUDIT_ROW, slice_make(bytes, good.len));
        assert_refused(f, &wrapping, "\"audit\" was altered");
    }
    put(f, FAMILY_META, AUDIT_ROW, slice_make(good.data, good.len - 1));
    assert_refused(f, &wrapping, "\"audit\" was altered");
    put(f, FAMILY_META, AUDIT_ROW, good);
    other = arena_copy(&f->arena, read_body(f, FAMILY_META, SLICE("key/page-tokens/1")));
    put(f, FAMILY_META, SLICE("key/page-tokens/1"), good); /* one key's row for another's */
    assert_refused(f, &wrapping, "\"page-tokens\" was altered");
    put(f, FAMILY_META, SLICE("key/page-tokens/1"), other);
    erase(f, FAMILY_META, AUDIT_ROW);
    assert_refused(f, &wrapping, "\"audit\" is missing");
    put(f, FAMILY_META, AUDIT_ROW, good);
    put(f, FAMILY_META, SLICE("key/data/x/1"), good);
    assert_refused(f, &wrapping, "\"key/data/x/1\" is no key");
}

static void without_its_key_nothing_is_audited(void **state)
{
    struct fixture *f = *state;
    const struct uuid organization = uuid_of(1);
    struct commit commit;

    store_close(f->store);
    assert_true(status_is_ok(store_open_rocksdb(&f->options, &f->arena, &f->store)));
    commit_init(&commit, &f->arena);
    commit_audit(&commit, &organization, 0, NULL, 0, NULL, SLICE("row"));
    assert_int_equal(commit_in(f->store, &commit), COMMIT_FAILED);
    put(f, FAMILY_META, SLICE("k"), SLICE("v")); /* other changes are done */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_keys_of_a_store_are_read_back),
        TEST(an_organization_has_data_keys_of_its_own),
        TEST(a_ring_that_is_wrapped_anew_holds_the_same_keys),
        TEST(keys_differ_and_are_nowhere_in_the_clear),
        TEST(a_store_gets_its_keys_once),
        TEST(another_wrapping_key_or_id_opens_nothing),
        TEST(a_row_that_was_altered_moved_or_lost_is_told),
        TEST(without_its_key_nothing_is_audited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
