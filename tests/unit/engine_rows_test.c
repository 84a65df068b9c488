/* The rows of objects: exclusive references, many objects in one commit, and what `check` says. */
#include "tests/support/engine.h"

#include "proto/contract/contract_find.h"
#include "rpc/services/check_rules.h"
#include "rpc/services/index_build.h"
#include "rpc/services/resource/rows.h"
#include "rpc/services/resource/secrets.h"

/* The contract's own kinds refer to nothing exclusively yet: here, devices to their directors. */
static int start_exclusive(void **state)
{
    struct field *field = (struct field *)(uintptr_t)message_field_by_name(
        contract_kind(world_contract(), SLICE("devices"))->message, SLICE("directorIds"));

    field->exclusive = true;
    return engine_start(state);
}

static int end_exclusive(void **state)
{
    struct field *field = (struct field *)(uintptr_t)message_field_by_name(
        contract_kind(world_contract(), SLICE("devices"))->message, SLICE("directorIds"));

    field->exclusive = false;
    return engine_end(state);
}

static void note(void *context, struct slice sentence)
{
    print_error("%.*s\n", SLICE_ARG(sentence));
    (*(int *)context)++;
}

/*
 * The sentence that is looked for; others may come before it, such as of the chain of audit rows.
 */
struct wanted {
    const char *says;
    bool found;
};

static void look_for(void *context, struct slice sentence)
{
    struct wanted *wanted = context;

    wanted->found |= memmem(sentence.data, sentence.len, wanted->says, strlen(wanted->says)) !=
                     NULL;
}

static void assert_sound(struct world *w)
{
    struct services_check rules = {w->contract, w->identities};
    struct check_rules check = services_check_rules(&rules);
    int reports = 0;

    assert_true(status_is_ok(store_check(w->fixture.store, &check, &w->arena, note, &reports)));
    assert_int_equal(reports, 0);
}

/* -- exclusive ------------------------------------------------------------------------------ */

static void assert_refused(struct reply reply)
{
    const struct status_detail *detail;

    assert_status(reply, STATUS_INVALID_ARGUMENT);
    detail = find_detail(reply, DETAIL_FIELD_VIOLATION, "directorIds[0]");
    assert_non_null(detail);
    assert_true(slice_equal(detail->description,
                            SLICE("must be the id of a director that no other device refers to")));
}

static void an_exclusive_reference_has_one_source(void **state)
{
    struct world *w = *state;
    const char *director = get_cstr(w, create_director(w, "dir-1"), "id");
    const char *first = get_cstr(w, create_device(w, "edge-1", director), "id");
    const char *second = get_cstr(w, create_device(w, "edge-2", NULL), "id");

    assert_refused(create_device(w, "edge-3", director));
    assert_refused(update_device(w, second, "device.directorIds", director, "directorIds"));
    assert_ok(update_device(w, first, "device.directorIds", director, "directorIds"));
    assert_ok(update_device(w, first, "device.description", "changed", NULL));
    assert_ok(update_device(w, first, NULL, NULL, "directorIds"));
    assert_ok(update_device(w, second, "device.directorIds", director, "directorIds"));
    assert_ok(call_id(w, "DeleteDevice", second));
    assert_ok(create_device(w, "edge-3", director));
    assert_sound(w);
}

static void of_two_that_refer_exclusively_at_once_one_succeeds(void **state)
{
    enum { ROUNDS = 100 };
    struct world *w = *state;

    for (int round = 0; round < ROUNDS; round++) {
        struct slice name = arena_printf(&w->arena, "dir-%d", round);
        const char *director = get_cstr(w, create_director(w, name.data), "id");
        struct test_call calls[2];
        struct reply replies[2];

        for (int i = 0; i < 2; i++)
            world_begin(w, &calls[i], "CreateDevice", w->made.api_token,
                        world_make(w, "CreateDevice", "device.name",
                                   arena_printf(&w->arena, "edge-%d-%d", round, i).data,
                                   "device.directorIds", director, NULL),
                        (struct call_extra){0});
        for (int i = 0; i < 2; i++)
            replies[i] = world_finish(&calls[i]);
        assert_true(status_is_ok(replies[0].status) != status_is_ok(replies[1].status));
        assert_refused(status_is_ok(replies[0].status) ? replies[1] : replies[0]);
    }
    assert_sound(w);
}

/* -- many ----------------------------------------------------------------------------------- */

/* Every device of the organization, as it is stored. */
static size_t read_devices(struct world *w, struct object_state *states, size_t most)
{
    const struct kind *kind = contract_kind(w->contract, SLICE("devices"));
    struct slice prefix = key_kind(&w->arena, &w->made.organization, kind->number);
    struct store_rows rows = read_rows(&w->fixture, FAMILY_RESOURCES, prefix,
                                       key_prefix_end(&w->arena, prefix), false, most);

    for (size_t i = 0; i < rows.count; i++) {
        struct object_state *state = &states[i];
        struct references_reader reader;
        ProtobufCMessage *message;

        *state = (struct object_state){.kind = kind, .organization = w->made.organization};
        memcpy(state->id.bytes, rows.rows[i].key.data + 20, 16);
        assert_true(status_is_ok(object_unpack(&w->arena, kind, rows.rows[i].value,
                                               &state->revision, &state->body, &message)));
        reader = (struct references_reader){.arena = &w->arena,
                                            .identities = w->identities,
                                            .hooks = w->hooks,
                                            .organization = w->made.organization};
        rows_fill(&reader, message, state);
    }
    return rows.count;
}

static void a_hundred_objects_with_three_references_go_in_one_commit(void **state)
{
    enum { DEVICES = 100 };
    struct world *w = *state;
    static struct object_state states[DEVICES];
    const char *directors[3];
    struct commit commit;

    for (int i = 0; i < 3; i++)
        directors[i] = get_cstr(w, create_director(w, arena_printf(&w->arena, "dir-%d", i).data),
                                "id");
    for (int i = 0; i < DEVICES; i++)
        assert_ok(world_call(w, "CreateDevice", w->made.api_token,
                             world_make(w, "CreateDevice", "device.name",
                                        arena_printf(&w->arena, "edge-%d", i).data,
                                        "device.directorIds", directors[0], "device.directorIds",
                                        directors[1], "device.directorIds", directors[2], NULL)));
    assert_int_equal(read_devices(w, states, DEVICES), DEVICES);
    commit_init(&commit, &w->arena);
    for (int i = 0; i < DEVICES; i++) {
        assert_int_equal(states[i].references.count, 3);
        rows_commit(&commit, &states[i], NULL);
        commit_audit(&commit, &w->made.organization, 0, NULL, states[i].kind->number, &states[i].id,
                     SLICE(""));
    }
    assert_int_equal(commit.operation_count + commit.condition_count, 13 * DEVICES);
    assert_true(commit_fits(&commit));
    assert_in_range(commit_objects_that_fit(&commit, DEVICES), 308, 315);
    assert_int_equal(commit_in(w->fixture.store, &commit), COMMIT_DONE);
    assert_int_equal(read_devices(w, states, DEVICES), 0);
    assert_ok(call_id(w, "DeleteDirector", directors[0]));
}

/* -- credentials ---------------------------------------------------------------------------- */

/* Beside the key that each director has: its description, so that the test knows the value. */
static struct field *credential_field(void)
{
    return (struct field *)(uintptr_t)message_field_by_name(
        contract_kind(world_contract(), SLICE("directors"))->message, SLICE("description"));
}

static int start_credential(void **state)
{
    static const struct credential_field credential = {.prefix = SLICE_INIT("dsd_")};

    credential_field()->credential = &credential;
    return engine_start(state);
}

static int end_credential(void **state)
{
    credential_field()->credential = NULL;
    return engine_end(state);
}

/* The director as it is stored, its secrets included. */
static struct object_state read_director(struct world *w, const char *text)
{
    const struct kind *kind = contract_kind(w->contract, SLICE("directors"));
    struct object_state state = {.kind = kind, .organization = w->made.organization};
    struct store_view *view = store_view_open(w->fixture.store, &w->arena);
    struct references_reader reader;
    ProtobufCMessage *message;
    struct slice value;
    struct slice key;

    assert_true(uuid_parse(slice_from_cstr(text), &state.id));
    key = key_object(&w->arena, &state.organization, kind->number, &state.id);
    while (store_get(view, FAMILY_RESOURCES, key, &value) == STORE_AGAIN ||
           secrets_read(view, key, &state.secrets) == STORE_AGAIN)
        fetch_and_wait(view);
    assert_true(status_is_ok(
        object_unpack(&w->arena, kind, value, &state.revision, &state.body, &message)));
    reader = (struct references_reader){.arena = &w->arena,
                                        .identities = w->identities,
                                        .view = view,
                                        .organization = state.organization};
    rows_fill(&reader, message, &state);
    return state;
}

/* Gives the director the credential whose hash is 32 times the byte. */
static void give_credential(struct world *w, const char *id, char byte)
{
    struct object_state before = read_director(w, id);
    struct object_state after = before;
    Datastream__Storage__V1__SecretsRecord *record = secrets_unpack(&w->arena, before.secrets);
    struct commit commit;
    uint8_t hash[32];

    assert_non_null(record);
    memset(hash, byte, sizeof(hash));
    secrets__set_credential(&w->arena, record, credential_field(), hash, SLICE("dsd_....last"), 7);
    after.secrets = secrets_pack(&w->arena, record);
    commit_init(&commit, &w->arena);
    rows_commit(&commit, &before, &after);
    commit_audit(&commit, &w->made.organization, 0, NULL, 0, NULL, SLICE_EMPTY);
    assert_int_equal(commit_in(w->fixture.store, &commit), COMMIT_DONE);
}

static bool has_hash(struct world *w, char byte)
{
    char *hash = arena_alloc(&w->arena, 32);

    memset(hash, byte, 32);
    return is_there(&w->fixture, FAMILY_TOKEN_HASHES, slice_make(hash, 32));
}

static void a_credential_leads_to_its_object_until_it_is_replaced_or_deleted(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create_director(w, "dir-1"), "id");
    const Datastream__Storage__V1__SecretsRecord *record;
    const Datastream__Storage__V1__CredentialRecord *credential;
    struct object_state director;

    give_credential(w, id, 'a');
    assert_true(has_hash(w, 'a'));
    assert_sound(w);
    give_credential(w, id, 'b');
    assert_false(has_hash(w, 'a'));
    assert_true(has_hash(w, 'b'));
    director = read_director(w, id);
    record = secrets_unpack(&w->arena, director.secrets);
    assert_int_equal(record->n_credentials, 2); /* and its key */
    credential = secrets_credential(record, credential_field());
    assert_string_equal(credential->masked, "dsd_....last");
    assert_int_equal(credential->set_time_ms, 7);
    assert_ok(world_call(w, "UpdateDirector", w->made.api_token,
                         world_make(w, "UpdateDirector", "director.id", id, "director.name",
                                    "dir-2", "updateMask.paths", "name", NULL)));
    assert_true(slice_equal(read_director(w, id).secrets, director.secrets));
    assert_true(has_hash(w, 'b'));
    assert_sound(w);
    assert_ok(call_id(w, "DeleteDirector", id));
    assert_false(has_hash(w, 'b'));
    assert_int_equal(
        read_rows(&w->fixture, FAMILY_SECRETS, SLICE_EMPTY, SLICE_EMPTY, false, 9).count,
        1); /* the Owner's password */
    assert_sound(w);
}

static void two_objects_never_have_one_credential(void **state)
{
    struct world *w = *state;
    const char *first = get_cstr(w, create_director(w, "dir-1"), "id");
    const char *second = get_cstr(w, create_director(w, "dir-2"), "id");
    struct object_state before = read_director(w, second);
    struct object_state after = before;
    struct commit commit;

    give_credential(w, first, 'a');
    after.secrets = read_director(w, first).secrets;
    commit_init(&commit, &w->arena);
    rows_commit(&commit, &before, &after);
    assert_int_equal(store_commit_wait(w->fixture.store, &commit), COMMIT_CONFLICT);
}

static void assert_reported(struct world *w, const char *says)
{
    struct services_check rules = {w->contract, w->identities};
    struct check_rules check = services_check_rules(&rules);
    struct wanted wanted = {says, false};

    assert_int_equal(store_check(w->fixture.store, &check, &w->arena, look_for, &wanted).code,
                     STATUS_DATA_LOSS);
    if (!wanted.found)
        fail_msg("nothing says \"%s\"", says);
}

static void what_is_wrong_with_credentials_is_reported(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create_director(w, "dir-1"), "id");
    struct fixture *f = &w->fixture;
    char hash[32];
    struct slice facts;
    struct slice secrets;
    struct slice key;

    give_credential(w, id, 'a');
    memset(hash, 'a', sizeof(hash));
    facts = read_body(f, FAMILY_TOKEN_HASHES, slice_make(hash, 32));
    erase(f, FAMILY_TOKEN_HASHES, slice_make(hash, 32));
    assert_reported(w, "the row that leads to it is missing (token_hashes)");
    put(f, FAMILY_TOKEN_HASHES, slice_make(hash, 32), facts);
    assert_sound(w);
    hash[31] = 'b';
    put(f, FAMILY_TOKEN_HASHES, slice_make(hash, 32), facts);
    assert_reported(w, "the token does not have this hash");
    erase(f, FAMILY_TOKEN_HASHES, slice_make(hash, 32));
    secrets = read_director(w, id).secrets;
    key = key_object(&w->arena, &w->made.organization, 1000, &w->made.organization);
    put(f, FAMILY_SECRETS, key, secrets);
    assert_reported(w, "the secrets belong to no object");
}

/* -- indexes ---------------------------------------------------------------------------------- */

/* The rows of all indexes of the kind. */
static struct store_rows index_rows(struct world *w, const char *collection)
{
    const struct kind *kind = contract_kind(w->contract, slice_from_cstr(collection));
    struct slice prefix = key_kind(&w->arena, &w->made.organization, kind->number);

    return read_rows(&w->fixture, FAMILY_INDEXES, prefix, key_prefix_end(&w->arena, prefix), false,
                     99);
}

static void each_object_has_one_row_for_each_index(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create_device(w, "edge-1", NULL), "id");
    struct store_rows before = index_rows(w, "devices");
    struct store_rows after;

    assert_int_equal(before.count, 3); /* updateTime, status, type */
    assert_sound(w);
    next_millisecond();
    assert_ok(call_id(w, "DisableDevice", id));
    after = index_rows(w, "devices");
    assert_int_equal(after.count, 3);
    assert_false(slice_equal(before.rows[0].key, after.rows[0].key));
    assert_false(slice_equal(before.rows[1].key, after.rows[1].key));
    assert_true(slice_equal(before.rows[2].key, after.rows[2].key));
    assert_sound(w);
    assert_ok(call_id(w, "DeleteDevice", id));
    assert_int_equal(index_rows(w, "devices").count, 0);
    assert_int_equal(index_rows(w, "api-tokens").count, 1); /* unset is a value too */
}

/* Puts a row, and then a change that is audited: no row is newer than the last audit row. */
static void put_index(struct world *w, struct slice key)
{
    static int number;

    put(&w->fixture, FAMILY_INDEXES, key, SLICE_EMPTY);
    assert_ok(create_director(w, arena_printf(&w->arena, "director %d", number++).data));
}

static void what_is_wrong_with_indexes_is_reported(void **state)
{
    struct world *w = *state;
    struct fixture *f = &w->fixture;
    struct slice key, wrong;

    assert_ok(create_device(w, "edge-1", NULL));
    key = index_rows(w, "devices").rows[1].key;
    erase(f, FAMILY_INDEXES, key);
    assert_reported(w, "the row that leads to it is missing (indexes)");
    put_index(w, key);
    assert_sound(w);
    wrong = arena_copy(&w->arena, key);
    ((char *)wrong.data)[32] ^= 1; /* within the value */
    put_index(w, wrong);
    assert_reported(w, "the object has another value");
    erase(f, FAMILY_INDEXES, wrong);
    wrong = arena_copy(&w->arena, key);
    ((char *)wrong.data)[wrong.len - 1] ^= 1; /* within the id */
    put_index(w, wrong);
    assert_reported(w, "the row of an index leads to no object");
    erase(f, FAMILY_INDEXES, wrong);
    put_index(w, SLICE("short"));
    assert_reported(w, "the row is not that of an index");
}

/* The rows of indexes, and what `meta` has of them, are gone, as before the contract had any. */
static void forget_indexes(struct world *w)
{
    struct store_rows rows = read_rows(&w->fixture, FAMILY_INDEXES, SLICE("\0"),
                                       SLICE("\xff\xff\xff\xff\xff\xff\xff\xff\xff"), false, 999);
    struct store_rows known = read_rows(&w->fixture, FAMILY_META, SLICE("index/"), SLICE("index0"),
                                        false, 99);

    for (size_t i = 0; i < rows.count; i++)
        erase(&w->fixture, FAMILY_INDEXES, rows.rows[i].key);
    for (size_t i = 0; i < known.count; i++)
        erase(&w->fixture, FAMILY_META, known.rows[i].key);
}

static void an_index_that_the_store_lacks_is_built(void **state)
{
    struct world *w = *state;
    size_t count;

    for (int i = 0; i < 5; i++)
        assert_ok(create_device(w, arena_printf(&w->arena, "edge %d", i).data, NULL));
    count = index_rows(w, "devices").count;
    forget_indexes(w);
    assert_int_equal(index_rows(w, "devices").count, 0);
    assert_true(status_is_ok(index_build(w->fixture.store, w->contract, &w->arena)));
    assert_int_equal(index_rows(w, "devices").count, count);
    assert_sound(w);
    assert_true(status_is_ok(index_build(w->fixture.store, w->contract, &w->arena)));
    assert_sound(w);
}

/* An index of devices with one row that the contract does not have. */
static void put_dropped_index(struct world *w)
{
    const struct kind *kind = contract_kind(w->contract, SLICE("devices"));
    struct slice key;

    key = key_index(&w->arena, &w->made.organization, kind->number, 0x999901, SLICE("\0"),
                    &w->made.organization);
    put(&w->fixture, FAMILY_INDEXES, key, SLICE_EMPTY);
    put(&w->fixture, FAMILY_META,
        arena_printf(&w->arena, "index/%u/%u", (unsigned)kind->number, 0x999901u), SLICE_EMPTY);
}

static void an_index_that_the_contract_dropped_is_removed(void **state)
{
    struct world *w = *state;

    assert_ok(create_device(w, "edge", NULL));
    assert_true(status_is_ok(index_build(w->fixture.store, w->contract, &w->arena)));
    put_dropped_index(w);
    assert_true(status_is_ok(index_build(w->fixture.store, w->contract, &w->arena)));
    assert_int_equal(index_rows(w, "devices").count, 3);
    assert_sound(w);
}

#ifdef DATASTREAM_FAULTS

static void a_dropped_index_survives_every_failing_allocation(void **state)
{
    struct world *w = *state;
    unsigned long number = 0;
    struct status status;

    put_dropped_index(w);
    do {
        arena_fault_set(++number, false);
        status = index_build(w->fixture.store, w->contract, &w->arena);
        arena_fault_set(0, false);
        assert_true(index_rows(w, "devices").count <= (status_is_ok(status) ? 0u : 1u));
    } while (!status_is_ok(status) && number < 1000);
    assert_true(status_is_ok(status));
    assert_true(number > 3);
    assert_sound(w);
}

#endif

#define TEST(name) cmocka_unit_test_setup_teardown(name, engine_start, engine_end)
#define EXCLUSIVE(name) cmocka_unit_test_setup_teardown(name, start_exclusive, end_exclusive)

#define CREDENTIAL(name) cmocka_unit_test_setup_teardown(name, start_credential, end_credential)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EXCLUSIVE(an_exclusive_reference_has_one_source),
        EXCLUSIVE(of_two_that_refer_exclusively_at_once_one_succeeds),
        CREDENTIAL(a_credential_leads_to_its_object_until_it_is_replaced_or_deleted),
        CREDENTIAL(two_objects_never_have_one_credential),
        CREDENTIAL(what_is_wrong_with_credentials_is_reported),
        TEST(each_object_has_one_row_for_each_index),
        TEST(what_is_wrong_with_indexes_is_reported),
        TEST(a_hundred_objects_with_three_references_go_in_one_commit),
    };
    int failures = 0;
    const struct CMUnitTest of_building[] = {
        TEST(an_index_that_the_store_lacks_is_built),
        TEST(an_index_that_the_contract_dropped_is_removed),
#ifdef DATASTREAM_FAULTS
        TEST(a_dropped_index_survives_every_failing_allocation),
#endif
    };

    world_owner_phc = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA"; /* nobody signs in with it */
    failures += cmocka_run_group_tests_name("RocksDB", of_building, NULL, NULL);
    for (engine_seed = 0; engine_seed <= LATE_SEEDS; engine_seed++)
        failures += cmocka_run_group_tests_name(engine_seed == 0 ? "RocksDB" : "late", tests, NULL,
                                                NULL);
    return failures;
}
