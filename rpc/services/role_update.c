/* Editing a custom role. It holds at once for all who have the role, so it is guarded like minting
 * one. */
#include "rpc/services/role_update.h"

#include "rpc/services/role.h"

#include "proto/contract/contract_find.h"
#include "rpc/call/answers.h"
#include "rpc/call/chain_facts.h"
#include "storage/keys.h"

/* The rows of those of a kind that have the role: references lie by the kind of their source. */
static struct slice holders_prefix(struct call *call, const struct object *role,
                                   struct slice collection)
{
    const struct kind *kind = contract_kind(call_contract(call), collection);

    return key_references_of(call->arena, &call->identity.organization, role->kind->number,
                             &role->id, kind->number);
}

/*
 * Whether there are references whose keys start with the prefix. Where there are none, that it
 * stays so becomes a condition of the commit.
 */
static struct status find_holder(struct call *call, struct slice prefix, bool *ret_held)
{
    struct slice end = key_prefix_end(call->arena, prefix);
    struct store_rows rows = {0};
    enum store_found found;

    if (arena_failed(call->arena))
        return status_out_of_memory();
    found = store_scan(call->view, FAMILY_REFERENCES, prefix, end, false, 1, &rows);
    if (found != STORE_FOUND)
        return call_store_status(found);
    if (rows.count == 0)
        commit_require_empty(&call->commit, FAMILY_REFERENCES, prefix, end);
    *ret_held = rows.count > 0;
    return status_ok();
}

/* A role that tokens or users have stays assignable to them. */
static struct status check_narrowing(struct call *call, struct edit *edit)
{
    static const struct {
        int assignable;
        struct slice collection;
        const char *what;
    } rows[] = {
        {DATASTREAM__V1__ASSIGNABLE__VALUE__TOKENS, SLICE_INIT("api-tokens"), "API tokens"},
        {DATASTREAM__V1__ASSIGNABLE__VALUE__USERS, SLICE_INIT("users"), "users"},
    };
    const Datastream__V1__Role *after = (const void *)edit->after.message;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool held = false;
        struct status status;

        if ((after->assignable_to & rows[i].assignable) != 0)
            continue;
        status = find_holder(call, holders_prefix(call, &edit->object, rows[i].collection), &held);
        if (!status_is_ok(status))
            return status;
        if (held)
            violations_add(&edit->after.violations, call->arena, SLICE("assignableTo"),
                           "must allow %s: some %s have the role", rows[i].what, rows[i].what);
    }
    return status_ok();
}

/*
 * More permissions are as good as new tokens for all who have the role, and those may live longer
 * or work from elsewhere than a bounded caller: that one widens only roles that nobody has.
 */
static struct status check_widening(struct call *call, const struct edit *edit,
                                    const struct permission_set *before,
                                    const struct permission_set *after)
{
    bool bounded = false;
    bool held = false;
    struct status status;

    if (guard__lacking(call_contract(call), after, before) == NULL)
        return status_ok();
    status = guard__read_bounded(call, &bounded);
    if (status_is_ok(status) && bounded)
        status = find_holder(call, edit->object.key, &held);
    if (status_is_ok(status) && held && bounded)
        status = guard__refuse(call,
                               SLICE("A token with a time limit or allowed networks may widen only "
                                     "roles that nobody has."),
                               SLICE("permissions"));
    return status;
}

static struct status check_update(struct call *call, struct edit *edit)
{
    Datastream__V1__Role *after = (Datastream__V1__Role *)edit->after.message;
    const Datastream__V1__Role *before = (const void *)edit->before.message;
    struct violations ignored = {0};
    struct permission_set held = role__check(call, before, &ignored);
    struct permission_set wanted;
    struct status status;

    role__default_assignable(call, after);
    edit_compare(call, edit,
                 message_field_by_proto_name(edit->after.kind->message, SLICE("assignable_to")));
    if (after->clone_from[0] != '\0')
        violations_add(&edit->after.violations, call->arena, SLICE("cloneFrom"),
                       "must be given only at creation");
    wanted = role__check(call, after, &edit->after.violations);
    status = check_narrowing(call, edit);
    if (status_is_ok(status))
        status = draft_status(call, &edit->after);
    if (status_is_ok(status))
        status = guard__check(call, &held, "the role");
    if (status_is_ok(status))
        status = guard__check(call, &wanted, "the changed role");
    if (status_is_ok(status))
        status = check_widening(call, edit, &held, &wanted);
    if (status_is_ok(status))
        status = role__check_predefined_name(call, &edit->after);
    if (status_is_ok(status))
        status = draft_check_name(call, &edit->after);
    return status;
}

struct status role__update(struct call *call)
{
    const Datastream__V1__UpdateRoleRequest *request = (const void *)call->request;
    struct status status = status_ok();
    struct edit edit;

    if (request->role != NULL)
        status = role__check_custom(call, slice_from_cstr(request->role->id));
    if (status_is_ok(status))
        status = edit_begin(call, false, &edit);
    if (status_is_ok(status))
        status = check_update(call, &edit);
    if (!status_is_ok(status))
        return status;
    call->response = edit.after.message;
    if (!edit_changed(call, &edit)) {
        object_set_etag(call, edit.object.kind, call->response, edit.object.revision);
        return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
    }
    edit_stamp(call, &edit);
    if (!object_validate_only(call))
        edit_commit(call, &edit, message_pack(call->arena, edit.after.message));
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}
