/*
 * Random filters and orders against a plain model: what pages list is what the model's own
 * judgement leaves of the objects, in its order, while other objects come and go between the pages.
 */
#include "proto/contract/contract_find.h"
#include "tests/support/engine.h"

#define DEVICES 40
#define ROUNDS 500
#define ROUNDS_LATE 90

/* A device as the model knows it. */
struct device {
    char name[24];
    char site[8]; /* empty: no label */
    bool disabled;
    bool has_syslog;
    int port;
    bool directed;
    int number; /* in the order of creation */
    char id[40];
};

static struct device model[DEVICES];
static char director_id[40];
static uint32_t state_of_random;

static uint32_t draw(uint32_t below)
{
    state_of_random = state_of_random * 1664525u + 1013904223u;
    return (state_of_random >> 8) % below;
}

/* -- the store -------------------------------------------------------------------------------- */

/* labels.site of the device in a request. */
static void set_site(struct world *w, ProtobufCMessage *request, const char *site)
{
    const struct field *device = message_field_by_name(world_method(w, "CreateDevice")->input,
                                                       SLICE("device"));
    const struct field *labels = message_field_by_name(device->message, SLICE("labels"));
    ProtobufCMessage *entry = message_new(&w->arena, labels->message);
    size_t capacity = 0;

    world_set(&w->arena, labels->message, entry, "key", "site");
    world_set(&w->arena, labels->message, entry, "value", site);
    *(ProtobufCMessage **)field_append(&w->arena, field_get_message(request, device), labels,
                                       &capacity) = entry;
}

static void create_model(struct world *w)
{
    static const char *const words[] = {"edge", "Core", "EDGE-x", "corner", "lab", "Ed"};
    static const char *const sites[] = {"", "fra", "Lon", "fr"};

    snprintf(director_id, sizeof(director_id), "%s", get_cstr(w, create_director(w, "dir"), "id"));
    for (int i = 0; i < DEVICES; i++) {
        struct device *device = &model[i];
        const struct message_type *type = world_method(w, "CreateDevice")->input;
        ProtobufCMessage *request;
        struct reply reply;

        *device = (struct device){.disabled = draw(3) == 0,
                                  .has_syslog = draw(2) == 0,
                                  .port = 1000 + (int)draw(5),
                                  .directed = draw(3) == 0,
                                  .number = i};
        snprintf(device->name, sizeof(device->name), "%s %02u", words[draw(6)], (unsigned)i);
        snprintf(device->site, sizeof(device->site), "%s", sites[draw(4)]);
        request = world_make(w, "CreateDevice", "device.name", device->name, "device.description",
                             "model", "device.status", device->disabled ? "DISABLED" : "ENABLED",
                             NULL);
        if (device->directed)
            world_set(&w->arena, type, request, "device.directorIds", director_id);
        if (device->has_syslog)
            world_set(&w->arena, type, request, "device.syslog.port",
                      arena_printf(&w->arena, "%d", device->port).data);
        if (device->has_syslog)
            world_set(&w->arena, type, request, "device.syslog.protocol", "UDP");
        if (device->site[0] != '\0')
            set_site(w, request, device->site);
        reply = world_call(w, "CreateDevice", w->made.api_token, request);
        assert_ok(reply);
        snprintf(device->id, sizeof(device->id), "%s", get_cstr(w, reply, "id"));
        next_millisecond();
    }
}

/* -- filters ---------------------------------------------------------------------------------- */

static void lower(const char *text, char *ret_lower)
{
    size_t i = 0;

    for (; text[i] != '\0'; i++)
        ret_lower[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + 32) : text[i];
    ret_lower[i] = '\0';
}

/* The results of a filter for all devices at once. */
struct judgement {
    bool of[DEVICES];
};

static bool compare(unsigned op, int order)
{
    const bool results[] = {order == 0, order != 0, order<0, order <= 0, order> 0, order >= 0};

    return results[op];
}

static const char *const operators[] = {"=", "!=", "<", "<=", ">", ">="};

static const char *name_term(struct world *w, struct judgement *ret)
{
    static const char *const texts[] = {"edge", "core", "e", "d 1", "lab 0", "zz"};
    const char *text = texts[draw(6)];
    unsigned op = draw(8);

    for (int i = 0; i < DEVICES; i++) {
        char name[24];

        lower(model[i].name, name);
        ret->of[i] = op == 6   ? strstr(name, text) != NULL
                     : op == 7 ? strncmp(name, text, strlen(text)) == 0
                               : compare(op, strcmp(name, text));
    }
    return arena_printf(&w->arena, "name%s\"%s%s\"", op >= 6 ? ":" : operators[op], text,
                        op == 7 ? "*" : "")
        .data;
}

static const char *exact_name_term(struct world *w, struct judgement *ret)
{
    int chosen = (int)draw(DEVICES);

    for (int i = 0; i < DEVICES; i++)
        ret->of[i] = i == chosen;
    if (draw(2) == 0)
        return arena_printf(&w->arena, "id = \"%s\"", model[chosen].id).data;
    return arena_printf(&w->arena, "name = \"%s\"", model[chosen].name).data;
}

static const char *status_term(struct world *w, struct judgement *ret)
{
    bool disabled = draw(2) == 0;
    bool not = draw(2) == 0;

    for (int i = 0; i < DEVICES; i++)
        ret->of[i] = (model[i].disabled == disabled) != not ;
    return arena_printf(&w->arena, "status %s %s", not ? "!=" : "=",
                        disabled ? "DISABLED" : "\"ENABLED\"")
        .data;
}

static const char *type_term(struct world *w, struct judgement *ret)
{
    bool syslog = draw(2) == 0;

    for (int i = 0; i < DEVICES; i++)
        ret->of[i] = model[i].has_syslog == syslog;
    return arena_printf(&w->arena, "type:%s", syslog ? "SYSLOG" : "NOT_CONFIGURED").data;
}

static const char *port_term(struct world *w, struct judgement *ret)
{
    int port = 999 + (int)draw(7);
    unsigned op = draw(6);

    for (int i = 0; i < DEVICES; i++)
        ret->of[i] = model[i].has_syslog
                         ? compare(op, (model[i].port > port) - (model[i].port < port))
                         : op == 1;
    return arena_printf(&w->arena, "syslog.port %s %d", operators[op], port).data;
}

static const char *site_term(struct world *w, struct judgement *ret)
{
    bool prefix = draw(2) == 0;

    for (int i = 0; i < DEVICES; i++)
        ret->of[i] = prefix ? strncmp(model[i].site, "fr", 2) == 0
                            : strcmp(model[i].site, "fra") == 0;
    return arena_printf(&w->arena, "labels.site = \"FR%s\"", prefix ? "*" : "A").data;
}

static const char *director_term(struct world *w, struct judgement *ret)
{
    for (int i = 0; i < DEVICES; i++)
        ret->of[i] = model[i].directed;
    return arena_printf(&w->arena, "directorIds:\"%s\"", director_id).data;
}

static const char *(*const terms[])(struct world *w, struct judgement *ret) = {
    name_term, exact_name_term, status_term, type_term, port_term, site_term, director_term,
};

static const char *random_filter(struct world *w, unsigned depth, struct judgement *ret)
{
    unsigned kind = depth == 0 ? 3 : draw(4);
    struct judgement other;
    const char *left, *right;

    if (kind == 3)
        return terms[draw(sizeof(terms) / sizeof(terms[0]))](w, ret);
    left = random_filter(w, depth - 1, ret);
    if (kind == 2) {
        for (int i = 0; i < DEVICES; i++)
            ret->of[i] = !ret->of[i];
        return arena_printf(&w->arena, "NOT (%s)", left).data;
    }
    right = random_filter(w, depth - 1, &other);
    for (int i = 0; i < DEVICES; i++)
        ret->of[i] = kind == 0 ? ret->of[i] && other.of[i] : ret->of[i] || other.of[i];
    return arena_printf(&w->arena, "(%s) %s (%s)", left, kind == 0 ? "AND" : "OR", right).data;
}

/* -- orders ----------------------------------------------------------------------------------- */

static const char *const orders[] = {
    "",       "name",        "name desc", "createTime", "createTime desc",
    "status", "status desc", "type",      "type desc"};
#define ORDERS (sizeof(orders) / sizeof(orders[0]))

static size_t order_of_sort;

static int by_order(const void *a, const void *b)
{
    const struct device *left = *(struct device *const *)a;
    const struct device *right = *(struct device *const *)b;
    const char *order = orders[order_of_sort];
    char left_name[24], right_name[24];
    int result = left->number - right->number;

    lower(left->name, left_name);
    lower(right->name, right_name);
    if (order[0] == '\0' || order[0] == 'n')
        result = strcmp(left_name, right_name);
    else if (order[0] == 's' && left->disabled != right->disabled)
        result = left->disabled - right->disabled;
    else if (order[0] == 't' && left->has_syslog != right->has_syslog)
        result = 0; /* told apart by the caller */
    return strstr(order, "desc") != NULL ? -result : result;
}

/* -- the test --------------------------------------------------------------------------------- */

/* Objects that come and go between pages, which no filter of the test leaves. */
static void make_noise(struct world *w, int round)
{
    static char id[40];

    if (id[0] != '\0')
        assert_ok(call_id(w, "DeleteDevice", id));
    id[0] = '\0';
    if (round >= 0)
        snprintf(id, sizeof(id), "%s",
                 get_cstr(w,
                          create_device(w, arena_printf(&w->arena, "edge noise %d", round).data,
                                        director_id),
                          "id"));
}

static size_t list_all(struct world *w, int round, const char *filter, const char *order,
                       struct device *ret_devices[DEVICES])
{
    const char *token = "";
    size_t count = 0;

    do {
        struct reply reply = world_call(
            w, "ListDevices", w->made.api_token,
            world_make(w, "ListDevices", "pageSize",
                       arena_printf(&w->arena, "%u", (unsigned)(1 + draw(15))).data, "pageToken",
                       token, "filter", filter, "orderBy", order, NULL));

        assert_ok(reply);
        for (int i = 0;; i++) {
            struct slice id = world_get(w, reply, arena_printf(&w->arena, "devices.%d.id", i).data);
            size_t at = 0;

            if (id.len == 0)
                break;
            while (at < DEVICES && !slice_equal(slice_from_cstr(model[at].id), id))
                at++;
            assert_true(at < DEVICES && count < DEVICES);
            ret_devices[count++] = &model[at];
        }
        token = get_cstr(w, reply, "nextPageToken");
        if (token[0] != '\0' && draw(6) == 0)
            make_noise(w, round);
    } while (token[0] != '\0');
    make_noise(w, -1);
    return count;
}

/* The types have an order of their own, which the contract gives. */
static bool has_order(struct device *const *listed, size_t count, const char *order)
{
    bool descends = strstr(order, "desc") != NULL;
    unsigned changes = 0;

    for (size_t i = 1; i < count; i++) {
        bool same = listed[i - 1]->has_syslog == listed[i]->has_syslog;

        changes += !same;
        if (same && (listed[i - 1]->number < listed[i]->number) == descends)
            return false;
    }
    return changes <= 1;
}

static void check_round(struct world *w, int round)
{
    struct device *wanted[DEVICES], *listed[DEVICES];
    struct judgement judgement;
    const char *filter = random_filter(w, 3, &judgement);
    size_t wanted_count = 0;
    size_t count;

    order_of_sort = draw(ORDERS);
    filter = arena_printf(&w->arena, "description = \"model\" AND (%s)", filter).data;
    for (int i = 0; i < DEVICES; i++)
        if (judgement.of[i])
            wanted[wanted_count++] = &model[i];
    count = list_all(w, round, filter, orders[order_of_sort], listed);
    if (count != wanted_count)
        fail_msg("%s: wanted %zu, got %zu", filter, wanted_count, count);
    if (orders[order_of_sort][0] == 't') {
        if (!has_order(listed, count, orders[order_of_sort]))
            fail_msg("%s is not ordered by %s", filter, orders[order_of_sort]);
        order_of_sort = 0;
    }
    if (order_of_sort == 0) /* any order is right: compare what is there */
        qsort(listed, count, sizeof(listed[0]), by_order);
    qsort(wanted, count, sizeof(wanted[0]), by_order);
    for (size_t i = 0; i < count; i++)
        if (wanted[i] != listed[i])
            fail_msg("%s by %s: %zu is %s, wanted %s", filter, orders[order_of_sort], i,
                     listed[i]->name, wanted[i]->name);
}

static void random_filters_and_orders_list_what_a_model_says(void **state)
{
    struct world *w = *state;
    int rounds = engine_seed == 0 ? ROUNDS : ROUNDS_LATE;

    state_of_random = (uint32_t)(17 + engine_seed);
    create_model(w);
    for (int round = 0; round < rounds; round++)
        check_round(w, round);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(random_filters_and_orders_list_what_a_model_says,
                                        engine_start, engine_end),
    };
    int failures = 0;

    for (engine_seed = 0; engine_seed <= LATE_SEEDS; engine_seed++)
        failures += cmocka_run_group_tests_name(engine_seed == 0 ? "RocksDB" : "late", tests, NULL,
                                                NULL);
    return failures;
}
