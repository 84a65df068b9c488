/* Clusters: how many members, who may join, how many of them are up. */
#include "rpc/call/answers.h"
#include "rpc/services/kinds/director.h"
#include "rpc/services/kinds/director_check_in.h"
#include "rpc/services/kinds/kinds.h"
#include "rpc/services/kinds/members.h"

/* A majority must be possible, and the loss of one must not end it. */
#define MEMBERS_LEAST 3
#define MEMBERS_MOST 15

enum { MEMBERS, DIRECTOR_ID, MEMBERS_UP, MEMBERS_DOWN, DEVICE_DIRECTORS, ROUTE_DIRECTORS };

static const char *const fields[] = {
    [MEMBERS] = "members",
    [DIRECTOR_ID] = "members.director_id",
    [MEMBERS_UP] = "members_up",
    [MEMBERS_DOWN] = "members_down",
    [DEVICE_DIRECTORS] = "devices/director_ids",
    [ROUTE_DIRECTORS] = "advanced-routes/director_ids",
    NULL,
};
_Static_assert(sizeof(fields) / sizeof(fields[0]) == ROUTE_DIRECTORS + 2,
               "each field has its name");

static struct slice member_id(const struct hook *hook, const ProtobufCMessage *cluster, size_t i)
{
    const ProtobufCMessage *member = *(ProtobufCMessage **)field_address(cluster,
                                                                         hook->fields[MEMBERS], i);

    return field_get_string(member, hook->fields[DIRECTOR_ID]);
}

static bool was_member(const struct hook *hook, const struct change *change, struct slice id)
{
    size_t count = change->before == NULL ? 0 : field_count(change->before, hook->fields[MEMBERS]);

    for (size_t i = 0; i < count; i++)
        if (slice_equal(member_id(hook, change->before, i), id))
            return true;
    return false;
}

/* A director that joins has nothing of its own, also when a device names it at the same time. */
static struct status check_free(const struct hook *hook, const struct change *change, size_t i,
                                const struct field *by)
{
    const struct kind *directors = hook->fields[DIRECTOR_ID]->reference;
    const struct kind *source = by->parent->kind;
    struct call *call = change->call;
    struct reference_range range;
    enum store_found found;
    bool holds = false;
    struct uuid id;

    if (!uuid_parse(member_id(hook, change->after, i), &id))
        return status_ok();
    range = range__of_kind(call, directors, &id, source);
    found = range__holds(call, &range, &holds);
    if (found != STORE_FOUND)
        return call_store_status(found);
    if (holds)
        violations_add(change->violations, call->arena,
                       arena_printf(call->arena, "members[%zu].directorId", i),
                       "must be the id of a director that no %.*s refers to",
                       SLICE_ARG(source->singular));
    else
        range__require_empty(call, &range);
    return status_ok();
}

static struct status check(const struct hook *hook, const struct change *change)
{
    size_t count = field_count(change->after, hook->fields[MEMBERS]);
    struct status status = status_ok();

    if (!touched_has(change->touched, change->after, hook->fields[MEMBERS]))
        return status;
    if (count > 0 && (count < MEMBERS_LEAST || count > MEMBERS_MOST || count % 2 == 0))
        violations_add(change->violations, change->call->arena, SLICE("members"),
                       "must be empty or have an odd number of members, %d to %d", MEMBERS_LEAST,
                       MEMBERS_MOST);
    if (count > MEMBERS_MOST)
        return status;
    for (size_t i = 0; i < count; i++)
        for (size_t by = DEVICE_DIRECTORS; by <= ROUTE_DIRECTORS; by++) {
            struct status one = status_ok();

            if (!was_member(hook, change, member_id(hook, change->after, i)))
                one = check_free(hook, change, i, hook->fields[by]);
            if (status_is_ok(status))
                status = one;
        }
    return status;
}

static struct status compute(const struct hook *hook, struct call *call, ProtobufCMessage **objects,
                             size_t count)
{
    struct status status = status_ok();

    for (size_t n = 0; n < count; n++) {
        size_t members = field_count(objects[n], hook->fields[MEMBERS]);
        int64_t up = 0;

        for (size_t i = 0; i < members; i++) {
            struct presence presence;
            struct status one = presence__read(call, hook->fields[DIRECTOR_ID]->reference,
                                               member_id(hook, objects[n], i), &presence);

            up += presence.connected;
            if (status_is_ok(status))
                status = one;
        }
        field_set_int(objects[n], hook->fields[MEMBERS_UP], up);
        field_set_int(objects[n], hook->fields[MEMBERS_DOWN], (int64_t)members - up);
    }
    return status;
}

static const char *const computed_from[] = {"members", NULL};

const struct kind_hooks cluster_hooks = {.collection = "clusters",
                                         .fields = fields,
                                         .check = check,
                                         .compute = compute,
                                         .computed_from = computed_from};
