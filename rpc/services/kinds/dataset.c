/* Datasets: what is collected fits the platform that it is collected on. */
#include "rpc/services/kinds/kinds.h"
#include "rpc/services/kinds/members.h"

enum { TYPE, ANY_MEMBER };

static const char *const fields[] = {
    [TYPE] = "type", [ANY_MEMBER] = "windows_security_log_collector", NULL};

/* Members are named by their platform; an event collector collects what Windows writes. */
static struct status check(const struct hook *hook, const struct change *change)
{
    const struct field *any = hook->fields[ANY_MEMBER];
    const struct oneof *oneof = &any->parent->oneofs[any->oneof];
    const struct field *type = hook->fields[TYPE];
    bool on_linux = field_get_int(change->after, type) ==
                    members__enum_number(type, SLICE("LINUX"));

    if (!touched_has(change->touched, change->after, any))
        return status_ok();
    for (size_t i = 0; i < oneof->field_count; i++) {
        const struct field *member = oneof->fields[i];

        if (field_is_set(change->after, member) &&
            slice_starts_with(member->name, SLICE("linux_")) != on_linux)
            violations_add(change->violations, change->call->arena, member->json_name,
                           "must match the type %s",
                           on_linux ? "LINUX" : "of the dataset, which is not LINUX");
    }
    return status_ok();
}

const struct kind_hooks dataset_hooks = {
    .collection = "datasets", .fields = fields, .check = check};
