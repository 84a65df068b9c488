/* Agent enrollment templates: they expire, and nobody else says so. */
#include "rpc/services/kinds/kinds.h"
#include "rpc/services/kinds/members.h"

enum { STATUS, EXPIRE_TIME };

static const char *const fields[] = {[STATUS] = "status", [EXPIRE_TIME] = "expire_time", NULL};

static struct status check(const struct hook *hook, const struct change *change)
{
    const ProtobufCMessage *after = change->after;
    struct call *call = change->call;

    if (members__is_changed(change, hook->fields[EXPIRE_TIME]) &&
        field_is_set(after, hook->fields[EXPIRE_TIME]) &&
        field_get_timestamp(after, hook->fields[EXPIRE_TIME]) <= call->now_ms)
        violations_add(change->violations, call->arena, SLICE("expireTime"),
                       "must be in the future");
    if (field_get_int(after, hook->fields[STATUS]) ==
        members__enum_number(hook->fields[STATUS], SLICE("EXPIRED")))
        violations_add(change->violations, call->arena, SLICE("status"),
                       "must be ENABLED or DISABLED: EXPIRED follows from expireTime");
    return status_ok();
}

static struct status compute(const struct hook *hook, struct call *call, ProtobufCMessage **objects,
                             size_t count)
{
    const struct field *state = hook->fields[STATUS];

    for (size_t i = 0; i < count; i++)
        if (field_is_set(objects[i], hook->fields[EXPIRE_TIME]) &&
            field_get_timestamp(objects[i], hook->fields[EXPIRE_TIME]) <= call->now_ms &&
            field_get_int(objects[i], state) == members__enum_number(state, SLICE("ENABLED")))
            field_set_int(objects[i], state, members__enum_number(state, SLICE("EXPIRED")));
    return status_ok();
}

static const char *const computed_from[] = {"status", "expire_time", NULL};

const struct kind_hooks agent_enrollment_template_hooks = {
    .collection = "agent-enrollment-templates",
    .fields = fields,
    .check = check,
    .compute = compute,
    .computed_from = computed_from};
