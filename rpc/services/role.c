/*
 * Roles: reading, creating and deleting them. The predefined ones are computed from the contract
 * and never stored; they come first in lists, and their names are taken.
 */
#include "rpc/services/role.h"

#include <assert.h>

#include "proto/contract/contract_find.h"
#include "rpc/call/answers.h"
#include "rpc/call/authorize.h"
#include "rpc/call/chain_facts.h"
#include "rpc/identity/identity_registry.h"
#include "rpc/services/resource/list.h"
#include "storage/keys.h"

static bool is_predefined(const struct identity_registry *identities, const struct uuid *id)
{
    return identity_predefined_role(identities, id) != NULL;
}

static ProtobufCMessage *unpack_role(struct arena *arena, struct slice body)
{
    ProtobufCAllocator allocator = message_allocator(arena);

    if (arena_failed(arena))
        return NULL;
    return protobuf_c_message_unpack(&datastream__v1__role__descriptor, &allocator, body.len,
                                     (const uint8_t *)body.data);
}

const struct typed_kind role_kind = {
    .message = &datastream__v1__role__descriptor,
    .family = FAMILY_ROLES,
    .unpack = unpack_role,
    .is_builtin = is_predefined,
};

/* -- reading ---------------------------------------------------------------------------------- */

void role__set_permissions(struct call *call, const struct permission_set *permissions,
                           Datastream__V1__Role *role)
{
    const struct contract *contract = call_contract(call);
    char **names = arena_array(call->arena, contract->permission_count, sizeof(*names));

    role->n_permissions = 0;
    role->permissions = names;
    for (size_t i = 0; names != NULL && i < contract->permission_count; i++)
        if (permission_set_has(permissions, contract->permissions[i].bit))
            names[role->n_permissions++] = arena_cstr(call->arena, contract->permissions[i].name);
}

/* The public message of a predefined role; NULL when the arena failed. */
static ProtobufCMessage *predefined_view(struct call *call,
                                         const struct predefined_role *predefined)
{
    Datastream__V1__Role *role = arena_alloc(call->arena, sizeof(*role));

    if (role == NULL)
        return NULL;
    datastream__v1__role__init(role);
    assert(call->method->kind != NULL && call->method->kind->message->pb == role->base.descriptor);
    role->id = arena_cstr(call->arena, object_id_text(call->arena, &predefined->id));
    role->name = arena_cstr(call->arena, slice_from_cstr(predefined->name));
    role->description = arena_cstr(call->arena, slice_from_cstr(predefined->description));
    role->assignable_to = (Datastream__V1__Assignable__Value)predefined->assignable;
    role->predefined = true;
    role__set_permissions(call, &predefined->permissions, role);
    object_set_etag(call, call->method->kind, &role->base, 0);
    return arena_failed(call->arena) ? NULL : &role->base;
}

static const struct predefined_role *predefined_of(const struct call *call, struct slice text)
{
    struct uuid id;

    return uuid_parse(text, &id) ? identity_predefined_role(call_identities(call), &id) : NULL;
}

struct status role__get(struct call *call)
{
    const Datastream__V1__GetRoleRequest *request = (const void *)call->request;
    struct slice id = slice_from_cstr(request->id);
    const struct predefined_role *predefined = predefined_of(call, id);
    struct object object;
    struct status status;

    if (predefined != NULL) {
        call->response = predefined_view(call, predefined);
        return call->response == NULL ? status_out_of_memory() : status_ok();
    }
    status = object_read(call, call->method->kind, id, &object);
    if (!status_is_ok(status))
        return status;
    object_set_etag(call, object.kind, object.message, object.revision);
    call->response = object.message;
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

/* -- listing ---------------------------------------------------------------------------------- */

/* Of roles records hold all. */
static struct status complete_items(struct call *call, const struct slice *values,
                                    ProtobufCMessage **items, size_t count)
{
    (void)call;
    (void)values;
    (void)items;
    (void)count;
    return status_ok();
}

/* The ids of predefined roles come before those of all others. */
struct status role__list(struct call *call)
{
    static const struct list_functions functions = {.complete = complete_items};
    size_t count;
    const struct predefined_role *roles = identity_predefined_roles(call_identities(call), &count);
    ProtobufCMessage **views = arena_array(call->arena, count, sizeof(*views));

    for (size_t i = 0; views != NULL && i < count; i++)
        views[i] = predefined_view(call, &roles[i]);
    if (arena_failed(call->arena))
        return status_out_of_memory();
    return list_objects(call, &functions, views, count);
}

/* -- creating --------------------------------------------------------------------------------- */

struct permission_set role__check(struct call *call, const Datastream__V1__Role *role,
                                  struct violations *violations)
{
    const struct contract *contract = call_contract(call);
    struct permission_set set = {{0}};

    for (size_t i = 0; i < role->n_permissions; i++) {
        const struct permission *permission = contract_permission(
            contract, slice_from_cstr(role->permissions[i]));

        if (permission == NULL)
            violations_add(violations, call->arena,
                           arena_printf(call->arena, "permissions[%zu]", i),
                           "must be the name of a permission");
        else
            permission_set_add(&set, permission->bit);
    }
    if ((role->assignable_to & DATASTREAM__V1__ASSIGNABLE__VALUE__TOKENS) != 0 &&
        guard__has_owner_only(contract, &set))
        violations_add(violations, call->arena, SLICE("assignableTo"),
                       "must be USERS: one of the permissions is reserved to the owner");
    return set;
}

struct status role__check_predefined_name(struct call *call, const struct draft *draft)
{
    size_t count;
    const struct predefined_role *roles = identity_predefined_roles(call_identities(call), &count);

    for (size_t i = 0; i < count; i++) {
        struct slice trimmed = SLICE_EMPTY;
        struct slice folded = SLICE_EMPTY;

        key_fold_name(call->arena, slice_from_cstr(roles[i].name), &trimmed, &folded);
        if (folded.len > 0 && slice_equal(folded, draft->folded))
            return object_name_taken(call, draft->kind, object_name(draft->kind, draft->message));
    }
    return status_ok();
}

/*
 * Copies the permissions of the role that `cloneFrom` names; *ret_source.revision is 0 without one.
 * The copy shows what the role permits: PERMISSION_DENIED to those who may not read roles.
 */
static struct status clone(struct call *call, struct draft *draft, struct guard_role *ret_source)
{
    Datastream__V1__Role *role = (Datastream__V1__Role *)draft->message;
    struct slice path = SLICE("cloneFrom");
    enum store_found found = STORE_ABSENT;
    struct uuid id;

    ret_source->revision = 0;
    if (role->clone_from[0] == '\0')
        return status_ok();
    if (!object_may_be_read(call, draft->kind))
        return call_denied(call, draft->kind->permissions[VERB_READ]->name);
    if (role->n_permissions > 0)
        violations_add(&draft->violations, call->arena, path,
                       "must not be given together with permissions");
    if (uuid_parse(slice_from_cstr(role->clone_from), &id))
        found = guard__read_role(call, &id, ret_source);
    if (found == STORE_FOUND && role->n_permissions == 0)
        role__set_permissions(call, &ret_source->permissions, role);
    else if (found == STORE_ABSENT)
        violations_add(&draft->violations, call->arena, path, REFERENCE_VIOLATION,
                       SLICE_ARG(draft->kind->singular));
    role->clone_from = (char *)protobuf_c_empty_string;
    return found == STORE_FOUND || found == STORE_ABSENT ? status_ok() : call_store_status(found);
}

void role__default_assignable(struct call *call, Datastream__V1__Role *role)
{
    struct violations ignored = {0};
    struct permission_set set;

    if (role->assignable_to != DATASTREAM__V1__ASSIGNABLE__VALUE__UNSPECIFIED)
        return;
    set = role__check(call, role, &ignored);
    role->assignable_to = guard__has_owner_only(call_contract(call), &set)
                              ? DATASTREAM__V1__ASSIGNABLE__VALUE__USERS
                              : DATASTREAM__V1__ASSIGNABLE__VALUE__BOTH;
}

struct status role__finish_create(struct call *call, struct draft *draft,
                                  const struct guard_role *source)
{
    Datastream__V1__Role *role = (Datastream__V1__Role *)draft->message;
    struct permission_set permissions;
    struct status status;

    role__default_assignable(call, role);
    permissions = role__check(call, role, &draft->violations);
    status = draft_status(call, draft);
    if (status_is_ok(status))
        status = guard__check(call, &permissions, "the role");
    if (status_is_ok(status))
        status = role__check_predefined_name(call, draft);
    if (status_is_ok(status))
        status = draft_check_name(call, draft);
    if (!status_is_ok(status))
        return status;
    draft_stamp(call, draft);
    call->response = draft->message;
    if (!object_validate_only(call)) {
        guard__require_role(call, source);
        draft_commit_create(call, draft, message_pack(call->arena, draft->message));
    }
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

struct status role__create(struct call *call)
{
    struct guard_role source = {.revision = 0};
    struct draft draft;
    struct status status = draft_create(call, &draft);

    if (status_is_ok(status))
        status = clone(call, &draft, &source);
    return status_is_ok(status) ? role__finish_create(call, &draft, &source) : status;
}

/* -- deleting --------------------------------------------------------------------------------- */

struct status role__check_custom(struct call *call, struct slice id)
{
    struct status status;

    if (predefined_of(call, id) == NULL)
        return status_ok();
    status = status_const(STATUS_FAILED_PRECONDITION,
                          SLICE("A predefined role cannot be changed or deleted."));
    status_add_detail(call->arena, &status, DETAIL_ERROR_INFO, SLICE("PREDEFINED_ROLE"),
                      SLICE("id"), id);
    return status;
}

struct status role__delete(struct call *call)
{
    const Datastream__V1__DeleteRoleRequest *request = (const void *)call->request;
    struct slice id = slice_from_cstr(request->id);
    struct object object;
    struct status status = role__check_custom(call, id);

    if (status_is_ok(status))
        status = object_read(call, call->method->kind, id, &object);
    if (status_is_ok(status))
        status = call_check_etag(call, object.revision);
    if (status_is_ok(status))
        status = references_check_none(call, &object);
    if (!status_is_ok(status))
        return status;
    call->response = object_empty_response(call);
    if (!object_validate_only(call))
        draft_commit_delete(call, &object);
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}
