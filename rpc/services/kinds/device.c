/* Devices: where they run, which cannot be cloned, and what their type says of them. */
#include "proto/contract/contract_find.h"
#include "rpc/services/kinds/kinds.h"
#include "rpc/services/kinds/members.h"

enum {
    TYPE,
    DIRECTOR_IDS,
    CLUSTER_ID,
    CATEGORY,
    CONNECTION_STATUS,
    WINDOWS,
    LINUX,
    WINDOWS_DEPLOYMENT,
    LINUX_DEPLOYMENT,
};

static const char *const fields[] = {
    [TYPE] = "type",
    [DIRECTOR_IDS] = "director_ids",
    [CLUSTER_ID] = "cluster_id",
    [CATEGORY] = "category",
    [CONNECTION_STATUS] = "connection_status",
    [WINDOWS] = "windows",
    [LINUX] = "linux",
    [WINDOWS_DEPLOYMENT] = "windows.deployment_type",
    [LINUX_DEPLOYMENT] = "linux.deployment_type",
    NULL,
};
_Static_assert(sizeof(fields) / sizeof(fields[0]) == LINUX_DEPLOYMENT + 2,
               "each field has its name");

/* Types whose data the director fetches; those of the others come by themselves. */
static const char *const pulled[] = {
    "WINDOWS",         "LINUX", "AZBLOB", "AZMON",    "EVENTHUBS", "SENTINEL",   "AWSS3",
    "AWSSECURITYLAKE", "KAFKA", "NATS",   "RABBITMQ", "REDIS",     "PROOFPOINT",
};

static bool is_agent_type(const struct hook *hook, const ProtobufCMessage *device)
{
    return field_is_set(device, hook->fields[WINDOWS]) || field_is_set(device, hook->fields[LINUX]);
}

static struct status check(const struct hook *hook, const struct change *change)
{
    const ProtobufCMessage *device = change->after;
    struct call *call = change->call;
    size_t directors = field_count(device, hook->fields[DIRECTOR_IDS]);
    bool touched = touched_has(change->touched, device, hook->fields[DIRECTOR_IDS]) ||
                   touched_has(change->touched, device, hook->fields[CLUSTER_ID]) ||
                   touched_has(change->touched, device, hook->fields[WINDOWS]);

    if (call->method->operation == OPERATION_CLONE && is_agent_type(hook, device))
        return status_const(STATUS_FAILED_PRECONDITION,
                            SLICE("A Windows or Linux device cannot be cloned."));
    if (!touched)
        return status_ok();
    if (directors > 0 && field_is_set(device, hook->fields[CLUSTER_ID]))
        violations_add(change->violations, call->arena, SLICE("clusterId"),
                       "must not be set together with directorIds");
    if (directors > 1 && is_agent_type(hook, device))
        violations_add(change->violations, call->arena, SLICE("directorIds"),
                       "must have at most 1 item for a Windows or Linux device");
    return status_ok();
}

static bool is_pulled(struct slice type)
{
    for (size_t i = 0; i < sizeof(pulled) / sizeof(pulled[0]); i++)
        if (slice_equal(type, slice_from_cstr(pulled[i])))
            return true;
    return false;
}

static bool has_agent(const struct hook *hook, const ProtobufCMessage *device)
{
    for (size_t i = WINDOWS; i <= LINUX; i++) {
        const struct field *deployment = hook->fields[i + (WINDOWS_DEPLOYMENT - WINDOWS)];
        const ProtobufCMessage *settings = field_get_message(device, hook->fields[i]);

        if (settings != NULL)
            return field_get_int(settings, deployment) ==
                   members__enum_number(deployment, SLICE("AGENT"));
    }
    return false;
}

/* Agents do not call in yet, so that none is connected. */
static struct status compute(const struct hook *hook, struct call *call, ProtobufCMessage **objects,
                             size_t count)
{
    const struct field *type = hook->fields[TYPE];
    const struct field *category = hook->fields[CATEGORY];
    const struct field *connection = hook->fields[CONNECTION_STATUS];

    (void)call;
    for (size_t i = 0; i < count; i++) {
        const struct enum_value *value = enum_value_by_number(
            type->enumeration, (int32_t)field_get_int(objects[i], type));

        field_clear(objects[i], category);
        field_clear(objects[i], connection);
        if (value != NULL && value->number != 0 &&
            !slice_equal(value->name, SLICE("NOT_CONFIGURED")))
            field_set_int(objects[i], category,
                          members__enum_number(category, is_pulled(value->name) ? SLICE("PULL")
                                                                                : SLICE("PUSH")));
        if (has_agent(hook, objects[i]))
            field_set_int(objects[i], connection,
                          members__enum_number(connection, SLICE("NOT_CONNECTED")));
    }
    return status_ok();
}

static const char *const computed_from[] = {"type", "windows", "linux", NULL};

const struct kind_hooks device_hooks = {.collection = "devices",
                                        .fields = fields,
                                        .check = check,
                                        .compute = compute,
                                        .computed_from = computed_from};
