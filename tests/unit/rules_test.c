/* Rules that span fields and objects, by a contract with options of the test's own. */
#include "proto/contract/contract_find.h"
#include "tests/support/rules_contract.h"

static const char *new_director(struct world *w, const char *name, const char *mode)
{
    return get_cstr(w,
                    world_call(w, "CreateDirector", w->made.api_token,
                               world_make(w, "CreateDirector", "director.name", name,
                                          "director.mode", mode, NULL)),
                    "id");
}

static struct reply new_device(struct world *w, const char *name, const char *path,
                               const char *value)
{
    return world_call(w, "CreateDevice", w->made.api_token,
                      world_make(w, "CreateDevice", "device.name", name, path, value, NULL));
}

static void defaults_fill_what_is_created_and_what_is_cleared(void **state)
{
    struct world *w = *state;
    struct reply reply = new_device(w, "edge-1", "device.syslog.address", "10.0.0.1");
    const char *id = get_cstr(w, reply, "id");

    assert_field(w, reply, "syslog.protocol", "UDP");
    assert_field(w, reply, "syslog.port", "514");
    assert_ok(update_device(w, id, "device.syslog.port", "1514", NULL));
    assert_field(w, update_device(w, id, NULL, NULL, "syslog.port"), "syslog.port", "514");
    /* A message that the update creates. */
    id = get_cstr(w, create_device(w, "edge-2", NULL), "id");
    assert_field(w, get_device(w, id), "syslog.port", "");
    assert_field(w, update_device(w, id, "device.syslog.address", "10.0.0.1", NULL), "syslog.port",
                 "514");
    assert_field(w, create_director(w, "dir-1"), "description", "dir-1");
}

static void a_oneof_that_is_set_once_names_both_members(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, new_device(w, "edge-1", "device.syslog.port", "1514"), "id");
    struct reply reply = update_device(w, id, "device.tcp.port", "9000", NULL);
    const struct status_detail *detail;

    assert_violation(reply, "tcp");
    detail = find_detail(reply, DETAIL_FIELD_VIOLATION, "tcp");
    assert_int_equal(slice_compare(detail->description,
                                   SLICE("cannot replace \"syslog\": \"settings\" is set once")),
                     0);
    assert_violation(update_device(w, id, NULL, NULL, "syslog"), "syslog");
    assert_field(w, get_device(w, id), "syslog.port", "1514");
    assert_ok(update_device(w, id, "device.syslog.port", "1515", NULL));
    /* Later, once. */
    id = get_cstr(w, create_device(w, "edge-2", NULL), "id");
    assert_ok(update_device(w, id, "device.tcp.port", "9000", NULL));
    assert_violation(update_device(w, id, "device.udp.port", "9000", NULL), "udp");
}

static struct reply update_director(struct world *w, const char *id, const char *address,
                                    const char *mask)
{
    const struct message_type *type = world_method(w, "UpdateDirector")->input;
    ProtobufCMessage *request = world_make(w, "UpdateDirector", "director.id", id, NULL);

    if (address != NULL)
        world_set(&w->arena, type, request, "director.address", address);
    if (mask != NULL)
        world_set(&w->arena, type, request, "updateMask.paths", mask);
    return world_call(w, "UpdateDirector", w->made.api_token, request);
}

static void a_field_that_is_set_once_takes_no_second_value(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create_director(w, "dir-1"), "id");

    assert_ok(update_director(w, id, "10.0.0.1", NULL));
    assert_ok(update_director(w, id, "10.0.0.1", NULL));
    assert_violation(update_director(w, id, "10.0.0.2", NULL), "address");
    assert_violation(update_director(w, id, NULL, "address"), "address");
}

static void what_is_required_depends_on_the_merged_object(void **state)
{
    struct world *w = *state;
    const char *id;

    assert_violation(new_device(w, "edge-1", "device.syslog.protocol", "TCP"), "syslog.workers");
    id = get_cstr(w, new_device(w, "edge-1", "device.syslog.port", "1514"), "id");
    assert_violation(update_device(w, id, "device.syslog.protocol", "TCP", NULL), "syslog.workers");
    assert_ok(update_device(w, id, "device.syslog.workers", "2", NULL));
    assert_ok(update_device(w, id, "device.syslog.protocol", "TCP", NULL));
    assert_violation(update_device(w, id, NULL, NULL, "syslog.workers"), "syslog.workers");
}

static void what_an_update_creates_is_judged_whole(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, create_device(w, "edge-1", NULL), "id");

    assert_violation(update_device(w, id, "device.tcp.address", "10.0.0.1", NULL), "tcp.port");
    assert_violation(update_device(w, id, "device.tcp.address", "10.0.0.1", "tcp.address"),
                     "tcp.port");
    assert_ok(update_device(w, id, "device.tcp.port", "9000", NULL));
}

static void formats_and_quotes_are_judged(void **state)
{
    struct world *w = *state;

    assert_violation(new_device(w, "edge-1", "device.tags", "31d"), "tags[0]");
    assert_ok(new_device(w, "edge-1", "device.tags", "30d"));
    assert_ok(world_call(w, "CreateDevice", w->made.api_token,
                         world_make(w, "CreateDevice", "device.name", "edge-2", "device.http.port",
                                    "80", "device.http.url", "$env{URL}", NULL)));
    assert_violation(
        world_call(w, "CreateDevice", w->made.api_token,
                   world_make(w, "CreateDevice", "device.name", "edge-3", "device.http.port", "80",
                              "device.http.url", "/$secret{no}", NULL)),
        "http.url");
    assert_violation(
        world_call(w, "CreateDevice", w->made.api_token,
                   world_make(w, "CreateDevice", "device.name", "edge-3", "device.http.port", "80",
                              "device.http.url", "x$env{URL}", NULL)),
        "http.url");
}

static struct reply new_member(struct world *w, const char *name, const char *director,
                               const char *mode)
{
    return world_call(w, "CreateDevice", w->made.api_token,
                      world_make(w, "CreateDevice", "device.name", name, "device.directorIds",
                                 director, "device.description", mode, NULL));
}

static void an_exclusive_reference_has_one_owner(void **state)
{
    struct world *w = *state;
    const char *director = new_director(w, "dir-1", "MANAGED");
    const char *id = get_cstr(w, new_member(w, "edge-1", director, "MANAGED"), "id");

    assert_violation(new_member(w, "edge-2", director, "MANAGED"), "directorIds[0]");
    assert_ok(update_device(w, id, "device.directorIds", director, NULL));
    assert_ok(call_id(w, "DeleteDevice", id));
    assert_ok(new_member(w, "edge-2", director, "MANAGED"));
}

static void both_objects_have_the_same(void **state)
{
    struct world *w = *state;
    const char *director = new_director(w, "dir-1", "SELF_MANAGED");
    const char *id;

    assert_violation(new_member(w, "edge-1", director, "MANAGED"), "directorIds[0]");
    id = get_cstr(w, new_member(w, "edge-1", director, "SELF_MANAGED"), "id");
    assert_violation(update_device(w, id, "device.description", "MANAGED", NULL), "directorIds[0]");
    assert_ok(update_device(w, id, "device.name", "edge-2", NULL));
}

/* Rewrites the stored device as a version with a laxer contract left it. */
static void spoil_device(struct world *w, const char *id, const char *path, const char *value)
{
    const struct kind *kind = contract_kind(w->contract, SLICE("devices"));
    const struct uuid organization = w->made.organization;
    struct store_view *view = store_view_open(w->fixture.store, &w->arena);
    ProtobufCMessage *message;
    struct record record;
    struct commit commit;
    struct slice stored;
    struct slice key;
    struct uuid uuid;

    assert_true(uuid_parse(slice_from_cstr(id), &uuid));
    key = key_object(&w->arena, &organization, kind->number, &uuid);
    assert_int_equal(store_get(view, FAMILY_RESOURCES, key, &stored), STORE_FOUND);
    assert_true(record_parse(stored, &record));
    message = message_unpack(&w->arena, kind->message, record.body);
    world_set(&w->arena, kind->message, message, path, value);
    commit_init(&commit, &w->arena);
    commit_put(&commit, FAMILY_RESOURCES, key, message_pack(&w->arena, message));
    assert_int_equal(store_commit_wait(w->fixture.store, &commit), COMMIT_DONE);
}

static void what_an_update_does_not_touch_is_not_judged_again(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, new_device(w, "edge-1", "device.syslog.port", "1514"), "id");

    if (engine_seed != 0)
        return; /* the store that answers late is no store to write past the chain */
    spoil_device(w, id, "syslog.port", "70000");
    spoil_device(w, id, "tags", "a tag that is no interval");
    assert_ok(update_device(w, id, "device.description", "new", NULL));
    assert_ok(update_device(w, id, "device.syslog.address", "10.0.0.1", NULL));
    assert_violation(update_device(w, id, "device.syslog.port", "70000", NULL), "syslog.port");
    assert_violation(update_device(w, id, "device.tags", "again", NULL), "tags[0]");
    assert_violation(world_call(w, "UpdateDevice", w->made.api_token,
                                world_make(w, "UpdateDevice", "device.id", id, "device.name",
                                           "edge-1", "device.tags", "5m", "device.syslog.port",
                                           "70000", "updateMask.paths", "*", NULL)),
                     "syslog.port");
}

static void a_clone_is_judged_whole(void **state)
{
    struct world *w = *state;
    const char *id = get_cstr(w, new_device(w, "edge-1", "device.syslog.port", "1514"), "id");

    if (engine_seed != 0)
        return; /* as above */
    spoil_device(w, id, "syslog.port", "70000");
    assert_violation(world_call(w, "CloneDevice", w->made.api_token,
                                world_make(w, "CloneDevice", "id", id, "name", "edge-2", NULL)),
                     "syslog.port");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, engine_start, engine_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(defaults_fill_what_is_created_and_what_is_cleared),
        TEST(a_oneof_that_is_set_once_names_both_members),
        TEST(a_field_that_is_set_once_takes_no_second_value),
        TEST(what_is_required_depends_on_the_merged_object),
        TEST(what_an_update_creates_is_judged_whole),
        TEST(formats_and_quotes_are_judged),
        TEST(an_exclusive_reference_has_one_owner),
        TEST(both_objects_have_the_same),
        TEST(what_an_update_does_not_touch_is_not_judged_again),
        TEST(a_clone_is_judged_whole),
    };
    int failed = 0;

    world_contract_source = rules_contract;
    for (engine_seed = 0; engine_seed <= LATE_SEEDS; engine_seed++)
        failed += cmocka_run_group_tests(tests, NULL, NULL);
    return failed;
}
