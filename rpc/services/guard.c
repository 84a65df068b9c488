/* Comparisons of permission sets, and the refusals that they lead to. */
#include "rpc/services/guard.h"

#include "storage/keys.h"

#define REASON "MINT_GUARD"

enum store_found guard_read_role(struct call *call, const struct uuid *id,
                                 struct guard_role *ret_role)
{
    struct guard_role role = {.id = *id};
    enum store_found found = identity_read_role(call_identities(call), call->arena, call->view,
                                                &call->identity.organization, id, &role.permissions,
                                                &role.assignable, &role.name, &role.revision);

    if (found == STORE_FOUND)
        *ret_role = role;
    return found;
}

void guard_require_role(struct call *call, const struct guard_role *role)
{
    const struct kind *kind = contract_kind(call_contract(call), SLICE("roles"));

    if (role->revision != 0)
        commit_require_revision(
            &call->commit, FAMILY_ROLES,
            key_object(call->arena, &call->identity.organization, kind->number, &role->id),
            role->revision);
}

const struct permission *guard_lacking(const struct contract *contract,
                                       const struct permission_set *held,
                                       const struct permission_set *holder)
{
    for (size_t i = 0; i < contract->permission_count; i++) {
        const struct permission *permission = &contract->permissions[i];

        if (permission_set_has(held, permission->bit) &&
            !permission_set_has(holder, permission->bit))
            return permission;
    }
    return NULL;
}

struct status guard_check(struct call *call, const struct permission_set *permissions,
                          const char *what)
{
    const struct permission *lacking = guard_lacking(call_contract(call), permissions,
                                                     &call->identity.permissions);
    struct status status;

    if (lacking == NULL)
        return status_ok();
    status = status_make(call->arena, STATUS_PERMISSION_DENIED,
                         "You lack the permission \"%.*s\", which %s holds.",
                         SLICE_ARG(lacking->name), what);
    status_add_detail(call->arena, &status, DETAIL_ERROR_INFO, SLICE(REASON), SLICE("permission"),
                      lacking->name);
    return status;
}

struct status guard_refuse(struct call *call, struct slice sentence, struct slice field)
{
    struct status status = status_const(STATUS_PERMISSION_DENIED, sentence);

    status_add_detail(call->arena, &status, DETAIL_ERROR_INFO, SLICE(REASON), SLICE("field"),
                      field);
    return status;
}

struct status guard_check_end(struct call *call, int64_t expire_ms)
{
    int64_t own = call->identity.expire_ms;

    if (own == 0 || (expire_ms != 0 && expire_ms <= own))
        return status_ok();
    return guard_refuse(call,
                        SLICE("A token with a time limit makes, renews, enables and widens only "
                              "tokens that end no later than itself."),
                        SLICE("expireTime"));
}

bool guard_has_owner_only(const struct contract *contract, const struct permission_set *permissions)
{
    for (size_t i = 0; i < contract->permission_count; i++)
        if (contract->permissions[i].area == AREA_OWNER &&
            permission_set_has(permissions, contract->permissions[i].bit))
            return true;
    return false;
}

bool guard_is_self(const struct call *call, const struct uuid *id)
{
    return call->identity.type == IDENTITY_TOKEN && uuid_equal(&call->identity.id, id);
}

struct status guard_check_self(struct call *call, struct slice id)
{
    struct uuid parsed;

    if (call_may(call) || (uuid_parse(id, &parsed) && guard_is_self(call, &parsed)))
        return status_ok();
    return call_denied(call, call->method->permission->name);
}
