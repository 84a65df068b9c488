/* Directors: what membership of a cluster forbids, and what a director's answers compute. */
#include "rpc/services/kinds/director.h"

#include "rpc/call/answers.h"
#include "rpc/services/kinds/director_check_in.h"
#include "rpc/services/kinds/kinds.h"
#include "rpc/services/kinds/members.h"

enum {
    STATUS,
    ADDRESS,
    PORT,
    INSTALLATION_TYPE,
    CLUSTER_ID,
    EFFECTIVE_STATUS,
    CONNECTION_STATUS,
    PLATFORM,
    VERSION,
    REPORTED_ADDRESS,
    LAST_SEEN_TIME,
    CLUSTER_MEMBERS,
    CLUSTER_STATUS,
};

static const char *const fields[] = {
    [STATUS] = "status",
    [ADDRESS] = "address",
    [PORT] = "port",
    [INSTALLATION_TYPE] = "installation_type",
    [CLUSTER_ID] = "cluster_id",
    [EFFECTIVE_STATUS] = "effective_status",
    [CONNECTION_STATUS] = "connection_status",
    [PLATFORM] = "platform",
    [VERSION] = "version",
    [REPORTED_ADDRESS] = "reported_address",
    [LAST_SEEN_TIME] = "last_seen_time",
    [CLUSTER_MEMBERS] = "clusters/members",
    [CLUSTER_STATUS] = "clusters/status",
    NULL,
};
_Static_assert(sizeof(fields) / sizeof(fields[0]) == CLUSTER_STATUS + 2, "each field has its name");

static struct status refuse_member(struct call *call, const struct change *change,
                                   const struct field *field)
{
    struct slice subject = arena_printf(call->arena, "directors/%.*s",
                                        SLICE_ARG(object_id_text(call->arena, change->id)));
    struct status status = status_make(
        call->arena, STATUS_FAILED_PRECONDITION,
        "\"%.*s\" cannot be changed while the director is a member of a cluster.",
        SLICE_ARG(field->json_name));

    status_add_detail(call->arena, &status, DETAIL_PRECONDITION_VIOLATION, subject,
                      SLICE(PRECONDITION_REFERENCED),
                      SLICE("The director is a member of a cluster."));
    return status;
}

/* The cluster speaks for its members: their status, address and port stay as they joined. */
static struct status check(const struct hook *hook, const struct change *change)
{
    const struct field *changed = NULL;
    struct call *call = change->call;
    struct reference_range range;
    enum store_found found;
    bool holds = false;

    if (change->before == NULL)
        return status_ok();
    for (size_t i = STATUS; i <= PORT && changed == NULL; i++)
        if (members__is_changed(change, hook->fields[i]))
            changed = hook->fields[i];
    if (changed == NULL)
        return status_ok();
    range = range__by(call, hook->kind, change->id, hook->fields[CLUSTER_MEMBERS]->parent->kind,
                      hook->fields[CLUSTER_MEMBERS]);
    found = range__holds(call, &range, &holds);
    if (found != STORE_FOUND)
        return call_store_status(found);
    if (holds)
        return refuse_member(call, change, changed);
    range__require_empty(call, &range);
    return status_ok();
}

/* DISABLED while its cluster is. */
static struct status set_effective(const struct hook *hook, struct call *call,
                                   ProtobufCMessage *director)
{
    const struct field *effective = hook->fields[EFFECTIVE_STATUS];
    const struct field *of_cluster = hook->fields[CLUSTER_STATUS];
    struct slice cluster_id = field_get_string(director, hook->fields[CLUSTER_ID]);
    ProtobufCMessage *cluster = NULL;
    enum store_found found;

    field_set_int(director, effective, field_get_int(director, hook->fields[STATUS]));
    if (cluster_id.len == 0)
        return status_ok();
    found = members__read(call, of_cluster->parent->kind, cluster_id, &cluster);
    if (found == STORE_ABSENT)
        return status_ok();
    if (found != STORE_FOUND)
        return call_store_status(found);
    if (field_get_int(cluster, of_cluster) == members__enum_number(of_cluster, SLICE("DISABLED")))
        field_set_int(director, effective, members__enum_number(effective, SLICE("DISABLED")));
    return status_ok();
}

static void show_presence(const struct hook *hook, struct call *call, ProtobufCMessage *director,
                          const struct presence *presence)
{
    const struct field *connection = hook->fields[CONNECTION_STATUS];

    field_set_int(director, connection,
                  members__enum_number(connection, presence->connected ? SLICE("CONNECTED")
                                                                       : SLICE("NOT_CONNECTED")));
    if (presence->last_seen_ms == 0)
        return;
    field_set_string(call->arena, director, hook->fields[PLATFORM], presence->platform);
    field_set_string(call->arena, director, hook->fields[VERSION], presence->version);
    field_set_string(call->arena, director, hook->fields[REPORTED_ADDRESS], presence->address);
    field_set_timestamp(call->arena, director, hook->fields[LAST_SEEN_TIME],
                        presence->last_seen_ms);
}

static struct status compute_one(const struct hook *hook, struct call *call,
                                 ProtobufCMessage *director)
{
    const struct field *installation = hook->fields[INSTALLATION_TYPE];
    bool is_member = field_get_string(director, hook->fields[CLUSTER_ID]).len > 0;
    struct presence presence;
    struct status status = presence__read(call, hook->kind,
                                          field_get_string(director, hook->kind->id), &presence);

    field_set_int(
        director, installation,
        members__enum_number(installation, is_member ? SLICE("CLUSTER") : SLICE("STANDALONE")));
    if (status_is_ok(status))
        status = set_effective(hook, call, director);
    if (!status_is_ok(status))
        return status;
    show_presence(hook, call, director, &presence);
    return status_ok();
}

static struct status compute(const struct hook *hook, struct call *call, ProtobufCMessage **objects,
                             size_t count)
{
    struct status status = status_ok();

    for (size_t i = 0; i < count; i++) {
        struct status one = compute_one(hook, call, objects[i]);

        if (status_is_ok(status))
            status = one;
    }
    return status;
}

/* What it told goes with it; a check-in that comes at the same time finds no director. */
static struct status remove_presence(const struct hook *hook, struct call *call,
                                     const struct object *director)
{
    if (!object_validate_only(call))
        commit_delete(&call->commit, FAMILY_USAGE, presence__key(call, hook->kind, &director->id));
    return status_ok();
}

const struct kind_hooks director_hooks = {.collection = "directors",
                                          .fields = fields,
                                          .check = check,
                                          .remove = remove_presence,
                                          .compute = compute};
