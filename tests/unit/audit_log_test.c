/*
 * The audit log as a list: what its filters find against a plain model of it, pages, and refusals.
 */
#include "proto/contract/contract_find.h"
#include "rpc/call/chain.h"
#include "tests/support/world.h"

#ifdef DATASTREAM_FAULTS
#define LATE_SEEDS 3
#else
#define LATE_SEEDS 0
#endif

static struct world world;
static uint64_t seed;

static int start(void **state)
{
    world_start(&world, seed);
    *state = &world;
    return 0;
}

static int end(void **state)
{
    world_end(*state);
    return 0;
}

/* What a filter asks for; NULL: anything. Times in milliseconds. */
struct filter {
    const char *actor, *kind, *object, *action, *outcome, *from, *to;
};

struct line {
    const char *number, *actor, *kind, *object, *action, *outcome, *time;
};

#define LINES_MOST 512

static ProtobufCMessage *request_of(struct world *w, const struct filter *filter, const char *size,
                                    const char *token)
{
    const struct message_type *type = world_method(w, "ListAuditLogs")->input;
    ProtobufCMessage *request = message_new(&w->arena, type);
    const char *const pairs[][2] = {
        {"actor", filter->actor},   {"kind", filter->kind},       {"object", filter->object},
        {"action", filter->action}, {"outcome", filter->outcome}, {"from", filter->from},
        {"to", filter->to},         {"pageSize", size},           {"pageToken", token},
    };

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (pairs[i][1] != NULL)
            world_set(&w->arena, type, request, pairs[i][0], pairs[i][1]);
    return request;
}

static const char *field_of(struct world *w, struct reply reply, size_t i, const char *name)
{
    return get_cstr(w, reply, arena_printf(&w->arena, "auditLogs.%zu.%s", i, name).data);
}

static size_t lines_of(const struct reply *reply)
{
    return field_count(reply->message, message_field_by_name(reply->type, SLICE("auditLogs")));
}

/* All pages of the filter. */
static size_t read_all(struct world *w, const struct filter *filter, const char *size,
                       struct line lines[LINES_MOST])
{
    const char *token = NULL;
    size_t count = 0;

    do {
        struct reply reply = world_call(w, "ListAuditLogs", w->made.api_token,
                                        request_of(w, filter, size, token));

        assert_ok(reply);
        assert_true(lines_of(&reply) <= (size_t)atoi(size));
        for (size_t i = 0; i < lines_of(&reply); i++)
            lines[count++] = (struct line){
                field_of(w, reply, i, "number"),    field_of(w, reply, i, "actor"),
                field_of(w, reply, i, "kind"),      field_of(w, reply, i, "objectId"),
                field_of(w, reply, i, "action"),    field_of(w, reply, i, "outcome"),
                field_of(w, reply, i, "createTime")};
        token = get_cstr(w, reply, "nextPageToken");
    } while (token[0] != '\0');
    return count;
}

/* Devices, roles and tokens that two callers create, change and are refused. */
static void do_much(struct world *w)
{
    const char *role = make_role(w, "devices", "devices.create", "devices.edit", "devices.read",
                                 NULL);
    struct slice second = token_value(w, make_token(w, "second", role));

    for (int i = 0; i < 12; i++) {
        const char *name = arena_printf(&w->arena, "device %d", i).data;
        struct slice by = i % 3 == 0 ? second : w->made.api_token;
        const char *id = get_cstr(
            w,
            world_call(w, "CreateDevice", by,
                       world_make(w, "CreateDevice", "device.name", name, NULL)),
            "id");

        if (i % 2 == 0)
            assert_ok(
                world_call(w, "DisableDevice", by, world_make(w, "DisableDevice", "id", id, NULL)));
        if (i % 4 == 0)
            next_millisecond();
        assert_status(
            world_call(w, "DeleteDevice", second, world_make(w, "DeleteDevice", "id", id, NULL)),
            STATUS_PERMISSION_DENIED);
    }
    chain_loop_flush(w->loop);
}

static bool is_equal(const char *wanted, const char *text)
{
    return wanted == NULL || strcmp(wanted, text) == 0;
}

static bool matches(const struct filter *filter, const struct line *line)
{
    long long time = atoll(line->time);

    return is_equal(filter->actor, line->actor) && is_equal(filter->kind, line->kind) &&
           is_equal(filter->object, line->object) && is_equal(filter->action, line->action) &&
           is_equal(filter->outcome, line->outcome) &&
           (filter->from == NULL || time >= atoll(filter->from)) &&
           (filter->to == NULL || time < atoll(filter->to));
}

/*
 * By time where the filter is by time alone, as the model is not: then the order of equals is free.
 */
static void compare(const struct filter *filter, const struct line *all, size_t all_count,
                    const struct line *found, size_t found_count)
{
    size_t at = 0;

    for (size_t i = 0; i < all_count; i++) {
        bool is_there = false;

        if (!matches(filter, &all[i]))
            continue;
        for (size_t k = 0; k < found_count && !is_there; k++)
            is_there = strcmp(all[i].number, found[k].number) == 0;
        assert_true(is_there);
        at++;
    }
    assert_int_equal(at, found_count);
    for (size_t i = 1; i < found_count; i++)
        assert_true(atoll(found[i].number) < atoll(found[i - 1].number) ||
                    atoll(found[i].time) < atoll(found[i - 1].time));
}

static void filters_find_what_a_plain_model_finds(void **state)
{
    static struct line all[LINES_MOST], found[LINES_MOST];
    struct world *w = *state;
    size_t count;

    do_much(w);
    count = read_all(w, &(struct filter){0}, "7", all);
    assert_true(count > 20);
    assert_int_equal(atoi(all[0].number), count);
    srandom((unsigned)seed + 1);
    for (int i = 0; i < 120; i++) {
        const struct line *one = &all[(size_t)random() % count];
        const struct line *two = &all[(size_t)random() % count];
        struct filter filter = {0};
        size_t found_count;

        if (random() % 3 == 0)
            filter.actor = one->actor;
        if (random() % 3 == 0 && one->kind[0] != '\0')
            filter.kind = one->kind;
        if (filter.kind != NULL && random() % 2 == 0 && one->object[0] != '\0')
            filter.object = one->object;
        if (random() % 3 == 0)
            filter.action = one->action;
        if (random() % 4 == 0)
            filter.outcome = one->outcome;
        if (random() % 3 == 0)
            filter.from = one->time;
        if (random() % 3 == 0 && (filter.from == NULL || atoll(two->time) > atoll(filter.from)))
            filter.to = two->time;
        found_count = read_all(w, &filter, i % 2 == 0 ? "3" : "50", found);
        compare(&filter, all, count, found, found_count);
    }
}

static void a_page_token_is_refused_with_another_filter(void **state)
{
    struct world *w = *state;
    struct filter filter = {.kind = "devices"};
    const char *token;
    struct reply reply;

    do_much(w);
    reply = world_call(w, "ListAuditLogs", w->made.api_token, request_of(w, &filter, "2", NULL));
    assert_ok(reply);
    token = get_cstr(w, reply, "nextPageToken");
    assert_ok(
        world_call(w, "ListAuditLogs", w->made.api_token, request_of(w, &filter, "3", token)));
    filter.action = "CreatedDevice";
    assert_violation(
        world_call(w, "ListAuditLogs", w->made.api_token, request_of(w, &filter, "2", token)),
        "pageToken");
    assert_violation(world_call(w, "ListAuditLogs", w->made.api_token,
                                request_of(w, &(struct filter){0}, "2", token)),
                     "pageToken");
}

static void filters_that_mean_nothing_are_refused_by_name(void **state)
{
    static const struct {
        struct filter filter;
        const char *field;
    } rows[] = {
        {{.actor = "nobody"}, "actor"},
        {{.actor = "token:1"}, "actor"},
        {{.kind = "gadgets"}, "kind"},
        {{.object = "0192f0c1-2345-7000-8000-000000000001"}, "kind"},
        {{.kind = "devices", .object = "x"}, "object"},
        {{.outcome = "FINE"}, "outcome"},
        {{.from = "2000", .to = "2000"}, "to"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_violation(world_call(w, "ListAuditLogs", w->made.api_token,
                                    request_of(w, &rows[i].filter, "2", NULL)),
                         rows[i].field);
}

static void refusals_are_found_by_their_outcome(void **state)
{
    const struct filter filter = {.outcome = "PERMISSION_DENIED"};
    static struct line found[LINES_MOST];
    struct world *w = *state;

    do_much(w);
    assert_true(read_all(w, &filter, "10", found) > 0);
    assert_string_equal(found[0].action, "DeniedDeleteDevice");
}

/* The name of the actor of the newest row of creations. */
static const char *creator_of(struct world *w, struct slice token, const char *device)
{
    const struct filter filter = {.action = "CreatedDevice"};
    struct reply reply = world_call(w, "CreateDevice", token,
                                    world_make(w, "CreateDevice", "device.name", device, NULL));

    assert_ok(reply);
    reply = world_call(w, "ListAuditLogs", w->made.api_token, request_of(w, &filter, "1", NULL));
    assert_ok(reply);
    return field_of(w, reply, 0, "actorName");
}

static void a_row_names_its_actor_as_it_is_called_now(void **state)
{
    struct world *w = *state;
    struct reply made = make_token(w, "first", predefined(w, "API Administrator"));
    struct slice token = token_value(w, made);
    const char *id = get_cstr(w, made, "id");

    assert_string_equal(creator_of(w, token, "one"), "first");
    assert_string_equal(creator_of(w, token, "two"), "first");
    assert_ok(world_call(w, "UpdateApiToken", w->made.api_token,
                         world_make(w, "UpdateApiToken", "apiToken.id", id, "apiToken.name",
                                    "second", "updateMask.paths", "name", NULL)));
    assert_string_equal(creator_of(w, token, "three"), "second");
}

#define ONE(f) cmocka_unit_test_setup_teardown(f, start, end)

static int run(void)
{
    const struct CMUnitTest tests[] = {
        ONE(filters_find_what_a_plain_model_finds),
        ONE(a_page_token_is_refused_with_another_filter),
        ONE(filters_that_mean_nothing_are_refused_by_name),
        ONE(refusals_are_found_by_their_outcome),
        ONE(a_row_names_its_actor_as_it_is_called_now),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    int failed = run();

    for (seed = 1; seed <= LATE_SEEDS; seed++)
        failed += run();
    return failed;
}
