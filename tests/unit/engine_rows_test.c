/* The rows of objects: exclusive references, many objects in one commit, and what `check` says. */
#include "tests/unit/engine_fixture.h"

#include "rpc/services/resource/rows.h"

/* The contract's own kinds refer to nothing exclusively yet: here, devices to their directors. */
static int start_exclusive(void **state)
{
    struct field *field = (struct field *)(uintptr_t)message_field_by_name(
        contract_kind(world_contract(), SLICE("devices"))->message, SLICE("directorIds"));

    field->exclusive = true;
    return start(state);
}

static int end_exclusive(void **state)
{
    struct field *field = (struct field *)(uintptr_t)message_field_by_name(
        contract_kind(world_contract(), SLICE("devices"))->message, SLICE("directorIds"));

    field->exclusive = false;
    return end(state);
}

static void note(void *context, struct slice sentence)
{
    print_error("%.*s\n", SLICE_ARG(sentence));
    (*(int *)context)++;
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
                        make(w, "CreateDevice", "device.name",
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
                             make(w, "CreateDevice", "device.name",
                                  arena_printf(&w->arena, "edge-%d", i).data, "device.directorIds",
                                  directors[0], "device.directorIds", directors[1],
                                  "device.directorIds", directors[2], NULL)));
    assert_int_equal(read_devices(w, states, DEVICES), DEVICES);
    commit_init(&commit, &w->arena);
    for (int i = 0; i < DEVICES; i++) {
        assert_int_equal(states[i].references.count, 3);
        rows_commit(&commit, &states[i], NULL);
        commit_audit(&commit, &w->made.organization, NULL, states[i].kind->number, &states[i].id,
                     SLICE(""));
    }
    assert_int_equal(commit.operation_count + commit.condition_count, 10 * DEVICES);
    assert_true(commit_fits(&commit));
    assert_in_range(commit_objects_that_fit(&commit, DEVICES), 400, 409);
    assert_int_equal(commit_in(w->fixture.store, &commit), COMMIT_DONE);
    assert_int_equal(read_devices(w, states, DEVICES), 0);
    assert_ok(call_id(w, "DeleteDirector", directors[0]));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
#define EXCLUSIVE(name) cmocka_unit_test_setup_teardown(name, start_exclusive, end_exclusive)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EXCLUSIVE(an_exclusive_reference_has_one_source),
        EXCLUSIVE(of_two_that_refer_exclusively_at_once_one_succeeds),
        TEST(a_hundred_objects_with_three_references_go_in_one_commit),
    };
    int failures = 0;

    for (seed = 0; seed <= LATE_SEEDS; seed++)
        failures += cmocka_run_group_tests_name(seed == 0 ? "RocksDB" : "late", tests, NULL, NULL);
    return failures;
}
