/* Lists of objects through the whole chain: filters, orders, read masks and page tokens. */
#include "tests/support/engine.h"

/* The names of all pages, joined by blanks; every page has the size. */
static const char *names_of(struct world *w, const char *method, const char *collection,
                            const char *page_size, const char *filter, const char *order)
{
    struct slice names = SLICE_EMPTY;
    const char *token = "";

    do {
        struct reply reply = world_call(w, method, w->made.api_token,
                                        world_make(w, method, "pageSize", page_size, "pageToken",
                                                   token, "filter", filter, "orderBy", order,
                                                   NULL));

        assert_ok(reply);
        for (int i = 0;; i++) {
            const char *name = get_cstr(w, reply,
                                        arena_printf(&w->arena, "%s.%d.name", collection, i).data);

            if (name[0] == '\0')
                break;
            names = arena_printf(&w->arena, "%.*s%s%s", SLICE_ARG(names), names.len > 0 ? " " : "",
                                 name);
        }
        token = get_cstr(w, reply, "nextPageToken");
    } while (token[0] != '\0');
    return arena_cstr(&w->arena, names);
}

static const char *devices(struct world *w, const char *filter, const char *order)
{
    const char *in_ones = names_of(w, "ListDevices", "devices", "1", filter, order);
    const char *in_twos = names_of(w, "ListDevices", "devices", "2", filter, order);

    assert_string_equal(in_ones, in_twos);
    assert_string_equal(in_ones, names_of(w, "ListDevices", "devices", "0", filter, order));
    return in_ones;
}

/* Four devices, in this order: Delta, alpha, Charlie, bravo; the even ones disabled. */
static void create_four(struct world *w, const char *director)
{
    static const char *const names[] = {"Delta", "alpha", "Charlie", "bravo"};

    for (size_t i = 0; i < 4; i++) {
        struct reply reply = create_device(w, names[i], i % 2 == 0 ? director : NULL);

        assert_ok(reply);
        next_millisecond();
        if (i % 2 == 0)
            assert_ok(call_id(w, "DisableDevice", get_cstr(w, reply, "id")));
    }
}

static void filters_leave_what_matches_in_every_page_size(void **state)
{
    struct world *w = *state;
    const char *director = get_cstr(w, create_director(w, "dir-1"), "id");
    const char *by_director = arena_printf(&w->arena, "directorIds:\"%s\"", director).data;
    const char *second;

    create_four(w, director);
    assert_string_equal(devices(w, "", ""), "Delta alpha Charlie bravo");
    assert_string_equal(devices(w, "status = \"DISABLED\"", ""), "Delta Charlie");
    assert_string_equal(devices(w, "status = ENABLED AND name:\"A\"", ""), "alpha bravo");
    assert_string_equal(devices(w, "NOT name:\"a\" OR name:\"v\"", ""), "bravo");
    assert_string_equal(devices(w, "name:\"c*\"", ""), "Charlie");
    assert_string_equal(devices(w, "name:\"CHARLIE\"", ""), "Charlie");
    assert_string_equal(devices(w, "name = \"charlie\"", ""), "Charlie");
    assert_string_equal(devices(w, "name = \"charlie\" AND status = ENABLED", ""), "");
    assert_string_equal(devices(w, "name = \"a\" AND name = \"b\"", ""), "");
    assert_string_equal(devices(w, by_director, ""), "Delta Charlie");
    assert_string_equal(devices(w, by_director, "createTime desc"), "Charlie Delta");
    assert_string_equal(devices(w, by_director, "name"), "Charlie Delta");
    assert_string_equal(devices(w, arena_printf(&w->arena, "NOT %s", by_director).data, ""),
                        "alpha bravo");
    assert_string_equal(devices(w, "createTime > 2020-01-01T00:00:00Z", ""),
                        "Delta alpha Charlie bravo");
    assert_string_equal(devices(w, "createTime < 2020-01-01T00:00:00Z", ""), "");
    second = get_cstr(w,
                      world_call(w, "ListDevices", w->made.api_token,
                                 world_make(w, "ListDevices", "filter", "name = \"alpha\"", NULL)),
                      "devices.0.id");
    assert_string_equal(devices(w, arena_printf(&w->arena, "id = \"%s\"", second).data, ""),
                        "alpha");
    assert_string_equal(devices(w, arena_printf(&w->arena, "id > \"%s\"", second).data, ""),
                        "Charlie bravo");
}

static void orders_hold_in_both_directions(void **state)
{
    struct world *w = *state;

    create_four(w, NULL);
    assert_string_equal(devices(w, "", "name"), "alpha bravo Charlie Delta");
    assert_string_equal(devices(w, "", " name   desc "), "Delta Charlie bravo alpha");
    assert_string_equal(devices(w, "", "createTime asc"), "Delta alpha Charlie bravo");
    assert_string_equal(devices(w, "", "create_time desc"), "bravo Charlie alpha Delta");
    assert_string_equal(devices(w, "status = ENABLED", "name desc"), "bravo alpha");
    assert_string_equal(devices(w, "name >= \"bravo\" AND name < \"delta\"", "name desc"),
                        "Charlie bravo");
    assert_string_equal(devices(w, "name <= \"bravo\" OR name > \"charlie\"", "name"),
                        "alpha bravo Delta");
}

static void bad_filters_orders_and_masks_name_their_field(void **state)
{
    static const char *const cases[][3] = {
        {"filter", "edge", "filter"},
        {"filter", "nope = 1", "filter"},
        {"filter", "status = BROKEN", "filter"},
        {"filter", "postgresql.password = \"a\"", "filter"},
        {"orderBy", "description", "orderBy"},
        {"orderBy", "nope", "orderBy"},
        {"orderBy", "name up", "orderBy"},
        {"orderBy", "name asc, status", "orderBy"},
        {"orderBy", "desc", "orderBy"},
        {"readMask.paths", "nope", "readMask"},
        {"readMask.paths", "name.x", "readMask"},
        {"pageToken", "x", "pageToken"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_violation(world_call(w, "ListDevices", w->made.api_token,
                                    world_make(w, "ListDevices", cases[i][0], cases[i][1], NULL)),
                         cases[i][2]);
}

static void a_page_token_is_refused_with_another_filter_or_order(void **state)
{
    struct world *w = *state;
    struct reply reply;
    const char *token;

    create_four(w, NULL);
    reply = world_call(
        w, "ListDevices", w->made.api_token,
        world_make(w, "ListDevices", "pageSize", "1", "filter", "status = ENABLED", NULL));
    token = get_cstr(w, reply, "nextPageToken");
    assert_true(token[0] != '\0');
    assert_violation(world_call(w, "ListDevices", w->made.api_token,
                                world_make(w, "ListDevices", "pageToken", token, NULL)),
                     "pageToken");
    assert_violation(world_call(w, "ListDevices", w->made.api_token,
                                world_make(w, "ListDevices", "pageToken", token, "filter",
                                           "status = DISABLED", NULL)),
                     "pageToken");
    assert_violation(world_call(w, "ListDevices", w->made.api_token,
                                world_make(w, "ListDevices", "pageToken", token, "filter",
                                           "status = ENABLED", "orderBy", "name", NULL)),
                     "pageToken");
    /* The size of the page and the fields may change. */
    reply = world_call(w, "ListDevices", w->made.api_token,
                       world_make(w, "ListDevices", "pageToken", token, "filter",
                                  "status = ENABLED", "pageSize", "9", "readMask.paths", "name",
                                  NULL));
    assert_ok(reply);
    assert_field(w, reply, "devices.0.name", "bravo");
}

static void a_total_is_told_without_a_filter_alone(void **state)
{
    struct world *w = *state;
    struct reply reply;

    create_four(w, NULL);
    reply = world_call(w, "ListDevices", w->made.api_token,
                       world_make(w, "ListDevices", "pageSize", "2", "orderBy", "name", NULL));
    assert_field(w, reply, "totalSize", "4");
    reply = world_call(w, "ListDevices", w->made.api_token,
                       world_make(w, "ListDevices", "filter", "name:*", NULL));
    assert_field(w, reply, "totalSize", "");
    assert_field(w, reply, "devices.3.name", "bravo");
}

static void a_read_mask_leaves_the_fields_that_it_names(void **state)
{
    struct world *w = *state;
    struct reply reply;

    assert_ok(world_call(w, "CreateDevice", w->made.api_token,
                         world_make(w, "CreateDevice", "device.name", "edge", "device.description",
                                    "words", "device.syslog.port", "6514", "device.syslog.protocol",
                                    "TCP", NULL)));
    reply = world_call(w, "ListDevices", w->made.api_token,
                       world_make(w, "ListDevices", "readMask.paths", "description", NULL));
    assert_ok(reply);
    assert_field(w, reply, "devices.0.description", "words");
    assert_field(w, reply, "devices.0.name", "");
    assert_field(w, reply, "devices.0.id", "");
    reply = world_call(w, "ListDevices", w->made.api_token,
                       world_make(w, "ListDevices", "readMask.paths", "syslog.port", NULL));
    assert_field(w, reply, "devices.0.syslog.port", "6514");
    assert_field(w, reply, "devices.0.syslog.protocol", "");
    reply = world_call(w, "ListDevices", w->made.api_token,
                       world_make(w, "ListDevices", "readMask.paths", "*", NULL));
    assert_field(w, reply, "devices.0.name", "edge");
}

static void a_page_looks_at_a_bounded_number_of_objects(void **state)
{
    struct world *w = *state;
    const char *token = "";
    int pages = 0;

    for (int i = 0; i < 2010; i++) {
        char name[32];

        snprintf(name, sizeof(name), "director-%04d", i);
        assert_ok(create_director(w, name));
    }
    do {
        struct reply reply = world_call(w, "ListDirectors", w->made.api_token,
                                        world_make(w, "ListDirectors", "pageToken", token, "filter",
                                                   "description = \"none\"", NULL));

        assert_ok(reply);
        assert_field(w, reply, "directors.0.name", "");
        token = get_cstr(w, reply, "nextPageToken");
        pages++;
    } while (token[0] != '\0');
    assert_true(pages >= 2);
}

static void predefined_roles_are_filtered_and_ordered_with_the_others(void **state)
{
    struct world *w = *state;

    make_role(w, "Bench", NULL);
    make_role(w, "zebra", NULL);
    assert_string_equal(names_of(w, "ListRoles", "roles", "2", "name:\"API*\"", "name desc"),
                        "API Verifier API Reader API Contributor API Administrator");
    assert_string_equal(names_of(w, "ListRoles", "roles", "3", "NOT name:\"API\"", ""),
                        "Owner Admin Contributor User Bench zebra");
    assert_string_equal(names_of(w, "ListRoles", "roles", "1", "NOT name:\"API\"", "name"),
                        "Admin Bench Contributor Owner User zebra");
    assert_string_equal(names_of(w, "ListRoles", "roles", "1", "predefined = false", ""),
                        "Bench zebra");
    assert_string_equal(names_of(w, "ListRoles", "roles", "1", "name = \"bench\"", ""), "Bench");
    assert_string_equal(names_of(w, "ListRoles", "roles", "1",
                                 "permissions:\"devices.delete\" AND "
                                 "name:\"o\"",
                                 "name"),
                        "API Administrator Owner");
}

static void tokens_are_filtered_by_what_is_computed(void **state)
{
    struct world *w = *state;
    struct reply reply;
    const char *role = predefined(w, "API Reader");

    assert_ok(make_token(w, "first", role));
    reply = make_token(w, "second", role);
    assert_ok(call_id(w, "DisableApiToken", get_cstr(w, reply, "id")));
    assert_string_equal(names_of(w, "ListApiTokens", "apiTokens", "1", "status = DISABLED", ""),
                        "second");
    assert_string_equal(
        names_of(w, "ListApiTokens", "apiTokens", "1", "roleName = \"api reader\"", "name desc"),
        "second first");
    assert_string_equal(
        names_of(w, "ListApiTokens", "apiTokens", "1",
                 arena_printf(&w->arena, "roleId = \"%s\" AND status = ACTIVE", role).data, ""),
        "first");
    assert_violation(world_call(w, "ListApiTokens", w->made.api_token,
                                world_make(w, "ListApiTokens", "filter", "token:\"a\"", NULL)),
                     "filter");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, engine_start, engine_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(filters_leave_what_matches_in_every_page_size),
        TEST(orders_hold_in_both_directions),
        TEST(bad_filters_orders_and_masks_name_their_field),
        TEST(a_page_token_is_refused_with_another_filter_or_order),
        TEST(a_total_is_told_without_a_filter_alone),
        TEST(a_read_mask_leaves_the_fields_that_it_names),
        TEST(predefined_roles_are_filtered_and_ordered_with_the_others),
        TEST(tokens_are_filtered_by_what_is_computed),
    };
    const struct CMUnitTest of_many[] = {TEST(a_page_looks_at_a_bounded_number_of_objects)};
    int failures = cmocka_run_group_tests_name("RocksDB", of_many, NULL, NULL);

    for (engine_seed = 0; engine_seed <= LATE_SEEDS; engine_seed++)
        failures += cmocka_run_group_tests_name(engine_seed == 0 ? "RocksDB" : "late", tests, NULL,
                                                NULL);
    return failures;
}
