/* Comparisons of permission sets, and the refusals that they lead to. */
#include "rpc/services/guard.h"

#include <assert.h>

#include "base/network.h"
#include "datastream/storage/v1/records.pb-c.h"
#include "proto/contract/contract_find.h"
#include "proto/message/message.h"
#include "rpc/call/answers.h"
#include "rpc/call/authorize.h"
#include "rpc/call/chain_facts.h"
#include "rpc/identity/identity_registry.h"
#include "rpc/services/resource/reference.h"
#include "storage/keys.h"
#include "storage/record.h"

#define REASON "MINT_GUARD"

enum store_found guard__read_role(struct call *call, const struct uuid *id,
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

/* Who may not read roles learns of one no more than of an id that leads nowhere. */
static void refuse_role(struct call *call, enum assignable to, struct violations *violations)
{
    const struct kind *roles = contract_kind(call_contract(call), SLICE("roles"));

    if (!object_may_be_read(call, roles))
        violations_add(violations, call->arena, SLICE("roleId"), REFERENCE_VIOLATION,
                       SLICE_ARG(roles->singular));
    else if (to == ASSIGNABLE_TOKENS)
        violations_add(violations, call->arena, SLICE("roleId"),
                       "must refer to a role that may be assigned to API tokens");
    else
        violations_add(violations, call->arena, SLICE("roleId"),
                       "must refer to a role that may be given to users");
}

struct status guard__read_assignable(struct call *call, const char *role_id, enum assignable to,
                                     struct violations *violations, struct guard_role *ret_role)
{
    enum store_found found;
    struct uuid id;

    *ret_role = (struct guard_role){0};
    if (!uuid_parse(slice_from_cstr(role_id), &id))
        return status_ok();
    found = guard__read_role(call, &id, ret_role);
    if (found == STORE_ABSENT)
        return status_ok();
    if (found != STORE_FOUND)
        return call_store_status(found);
    assert(to == ASSIGNABLE_TOKENS || to == ASSIGNABLE_USERS);
    if ((ret_role->assignable & to) == 0 ||
        (to == ASSIGNABLE_TOKENS &&
         guard__has_owner_only(call_contract(call), &ret_role->permissions)))
        refuse_role(call, to, violations);
    return status_ok();
}

void guard__require_role(struct call *call, const struct guard_role *role)
{
    const struct kind *kind = contract_kind(call_contract(call), SLICE("roles"));

    assert(kind != NULL);
    if (role->revision != 0)
        commit_require_revision(
            &call->commit, FAMILY_ROLES,
            key_object(call->arena, &call->identity.organization, kind->number, &role->id),
            role->revision);
}

const struct permission *guard__lacking(const struct contract *contract,
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

struct status guard__check(struct call *call, const struct permission_set *permissions,
                           const char *what)
{
    const struct permission *lacking = guard__lacking(call_contract(call), permissions,
                                                      &call->identity.permissions);
    struct status status;

    if (lacking == NULL)
        return status_ok();
    if (!object_may_be_read(call, contract_kind(call_contract(call), SLICE("roles")))) {
        status = status_make(call->arena, STATUS_PERMISSION_DENIED,
                             "You lack a permission that %s holds.", what);
        status_add_detail(call->arena, &status, DETAIL_ERROR_INFO, SLICE(REASON), SLICE_EMPTY,
                          SLICE_EMPTY);
        return status;
    }
    status = status_make(call->arena, STATUS_PERMISSION_DENIED,
                         "You lack the permission \"%.*s\", which %s holds.",
                         SLICE_ARG(lacking->name), what);
    status_add_detail(call->arena, &status, DETAIL_ERROR_INFO, SLICE(REASON), SLICE("permission"),
                      lacking->name);
    return status;
}

struct status guard__refuse(struct call *call, struct slice sentence, struct slice field)
{
    struct status status = status_const(STATUS_PERMISSION_DENIED, sentence);

    status_add_detail(call->arena, &status, DETAIL_ERROR_INFO, SLICE(REASON), SLICE("field"),
                      field);
    return status;
}

/* -- bounds ----------------------------------------------------------------------------------- */

static bool lies_within_one(const char *text, char *const *outer, size_t outer_count)
{
    struct network network;
    struct network one;

    if (!network_parse(slice_from_cstr(text), &network))
        return false;
    for (size_t i = 0; i < outer_count; i++)
        if (network_parse(slice_from_cstr(outer[i]), &one) && one.prefix <= network.prefix &&
            network_holds(&one, &network))
            return true;
    return false;
}

bool guard__networks_within(char *const *networks, size_t network_count, char *const *outer,
                            size_t outer_count)
{
    if (outer_count == 0)
        return true;
    for (size_t i = 0; i < network_count; i++)
        if (!lies_within_one(networks[i], outer, outer_count))
            return false;
    return network_count > 0;
}

/*
 * The facts of the caller's token. The commit requires them to be as they were when the caller was
 * authenticated, so what is read here still stands when the change is written.
 */
static struct status read_own_facts(struct call *call,
                                    Datastream__Storage__V1__TokenFacts **ret_facts)
{
    ProtobufCAllocator allocator = message_allocator(call->arena);
    struct record record = {.revision = 0};
    enum store_found found;
    struct slice value;

    assert(call->identity.type == IDENTITY_TOKEN); /* no session's hash is among them */
    found = store_get(call->view, FAMILY_TOKEN_HASHES,
                      slice_make(call->identity.hash, sizeof(call->identity.hash)), &value);
    if (found == STORE_ABSENT)
        return status_const(STATUS_UNAVAILABLE,
                            SLICE("Your token changed during the call. Try again."));
    if (found != STORE_FOUND)
        return call_store_status(found);
    if (arena_failed(call->arena))
        return status_out_of_memory();
    *ret_facts = record_parse(value, &record)
                     ? datastream__storage__v1__token_facts__unpack(
                           &allocator, record.body.len, (const uint8_t *)record.body.data)
                     : NULL;
    if (*ret_facts != NULL)
        return status_ok();
    return arena_failed(call->arena)
               ? status_out_of_memory()
               : status_const(STATUS_DATA_LOSS, SLICE("A stored record cannot be read."));
}

struct status guard__check_bounds(struct call *call, int64_t expire_ms, char *const *networks,
                                  size_t network_count)
{
    Datastream__Storage__V1__TokenFacts *own = NULL;
    struct status status;

    if (call->identity.type != IDENTITY_TOKEN)
        return status_ok();
    status = read_own_facts(call, &own);
    if (!status_is_ok(status))
        return status;
    if (own->expire_time_ms != 0 && (expire_ms == 0 || expire_ms > own->expire_time_ms))
        return guard__refuse(call,
                             SLICE("A token with a time limit may create, renew, enable and widen "
                                   "only tokens that expire no later than itself."),
                             SLICE("expireTime"));
    if (!guard__networks_within(networks, network_count, own->allowed_cidrs, own->n_allowed_cidrs))
        return guard__refuse(call,
                             SLICE("A token with allowed networks may create, regenerate, enable "
                                   "and widen only tokens whose networks all lie within its own."),
                             SLICE("allowedCidrs"));
    return status_ok();
}

struct status guard__read_bounded(struct call *call, bool *ret_bounded)
{
    Datastream__Storage__V1__TokenFacts *own = NULL;
    struct status status = status_ok();

    *ret_bounded = false;
    if (call->identity.type == IDENTITY_TOKEN)
        status = read_own_facts(call, &own);
    if (own != NULL)
        *ret_bounded = own->expire_time_ms != 0 || own->n_allowed_cidrs > 0;
    return status;
}

struct status guard__check_credential(struct call *call, const struct field *credential)
{
    bool is_bounded = false;
    struct status status = guard__read_bounded(call, &is_bounded);

    if (!status_is_ok(status) || !is_bounded)
        return status;
    return guard__refuse(
        call,
        SLICE("A token with a time limit or with allowed networks replaces no key: "
              "the new one would have neither."),
        credential->json_name);
}

/* -- the caller itself ------------------------------------------------------------------------ */

bool guard__has_owner_only(const struct contract *contract,
                           const struct permission_set *permissions)
{
    for (size_t i = 0; i < contract->permission_count; i++)
        if (contract->permissions[i].area == AREA_OWNER &&
            permission_set_has(permissions, contract->permissions[i].bit))
            return true;
    return false;
}

bool guard__is_self(const struct call *call, const struct uuid *id)
{
    enum identity_type type = call->identity.type;

    return (type == IDENTITY_TOKEN || type == IDENTITY_USER) && uuid_equal(&call->identity.id, id);
}

struct status guard__check_self(struct call *call, struct slice id)
{
    struct uuid parsed;

    if (call_may(call) || (uuid_parse(id, &parsed) && guard__is_self(call, &parsed)))
        return status_ok();
    return call_denied(call, call->method->permission->name);
}
