/*
 * Cloning a role, and what has a role. References to predefined roles have no rows: who has one is
 * found by looking at the objects of the kinds that may.
 */
#include "rpc/services/role_clone.h"

#include <assert.h>

#include "proto/contract/contract_find.h"
#include "rpc/call/answers.h"
#include "rpc/call/chain_facts.h"
#include "rpc/call/page_token.h"
#include "rpc/identity/identity_registry.h"
#include "rpc/services/resource/resource.h"
#include "rpc/services/resource/resource_usage.h"
#include "rpc/services/role.h"
#include "storage/keys.h"

struct status role__clone(struct call *call)
{
    const Datastream__V1__CloneRoleRequest *request = (const void *)call->request;
    struct slice id_text = slice_from_cstr(request->id);
    struct guard_role source;
    Datastream__V1__Role *role;
    enum store_found found;
    struct status status;
    struct draft draft;
    struct uuid id;

    if (!uuid_parse(id_text, &id))
        return call_not_found(call, call->method->kind, id_text);
    found = guard__read_role(call, &id, &source);
    if (found == STORE_ABSENT)
        return call_not_found(call, call->method->kind, id_text);
    if (found != STORE_FOUND)
        return call_store_status(found);
    role = arena_alloc(call->arena, sizeof(*role));
    if (role == NULL)
        return status_out_of_memory();
    datastream__v1__role__init(role);
    role->name = arena_cstr(call->arena, slice_from_cstr(request->name));
    /* A predefined role says whom it is for; a copy of it is the organization's own. */
    if (source.revision != 0)
        role->assignable_to = (Datastream__V1__Assignable__Value)source.assignable;
    role__set_permissions(call, &source.permissions, role);
    if (arena_failed(call->arena))
        return status_out_of_memory();
    status = draft_begin(call, &role->base, &draft);
    return status_is_ok(status) ? role__finish_create(call, &draft, &source) : status;
}

/* -- usage of predefined roles ---------------------------------------------------------------- */

/* The field by which objects of the kind have a role; NULL where they have none. */
static const struct field *role_field(const struct kind *kind, const struct kind *roles)
{
    for (size_t i = 0; i < kind->message->field_count; i++) {
        const struct field *field = &kind->message->fields[i];

        if (field->reference == roles && !field->repeated)
            return field;
    }
    return NULL;
}

/*
 * The first kind, by number from `least` on, whose objects have roles; NULL for none. Pages go
 * through one kind after the other.
 */
static const struct kind *holder_kind(const struct call *call, uint32_t least)
{
    const struct contract *contract = call_contract(call);

    for (size_t i = 0; i < contract->kind_count; i++) {
        assert(i == 0 || contract->kinds[i - 1]->number < contract->kinds[i]->number);
        if (contract->kinds[i]->number >= least &&
            role_field(contract->kinds[i], call->method->kind) != NULL)
            return contract->kinds[i];
    }
    return NULL;
}

/* Where a page begins: the kind, and the key of the object that was looked at last (or empty). */
static struct status read_place(struct call *call, const struct kind **ret_kind,
                                struct slice *ret_after)
{
    struct slice token = field_get_string(call->request, call->method->page_token);
    struct slice key = SLICE_EMPTY;
    struct uuid organization, id;
    uint32_t number;
    struct status status = call_read_page_token(call, token, &key);

    if (!status_is_ok(status))
        return status;
    *ret_kind = holder_kind(call, 0);
    *ret_after = SLICE_EMPTY;
    if (key.len == 0)
        return status_ok();
    if (!key_object_parse(key, &organization, &number, &id) ||
        !uuid_equal(&organization, &call->identity.organization) ||
        contract_kind_by_number(call_contract(call), number) == NULL)
        return status_invalid_field(call->arena, SLICE("pageToken"),
                                    "must be the nextPageToken of the same list");
    *ret_kind = holder_kind(call, number);
    *ret_after = key;
    return status_ok();
}

static struct status add_holder(struct call *call, struct usage_page *page, const struct kind *kind,
                                const struct store_row *row, const struct uuid *role)
{
    struct uuid organization, id, held;
    ProtobufCMessage *message;
    struct slice body;
    uint64_t revision;
    uint32_t number;
    struct status status = object_unpack(call->arena, kind, row->value, &revision, &body, &message);

    if (!status_is_ok(status))
        return status;
    if (!key_object_parse(row->key, &organization, &number, &id))
        return object_data_loss();
    if (uuid_parse(field_get_string(message, role_field(kind, call->method->kind)), &held) &&
        uuid_equal(&held, role))
        usage_page_add(call, page, kind, &id, message);
    return status_ok();
}

/* The last key of the page, when there is more to look at: of this kind, or before the next. */
static struct slice next_place(struct call *call, const struct kind *kind,
                               const struct store_rows *rows)
{
    const struct kind *next = rows->more ? NULL : holder_kind(call, kind->number + 1);
    const struct uuid first = {{0}};

    if (rows->more)
        return rows->rows[rows->count - 1].key;
    return next == NULL
               ? SLICE_EMPTY
               : key_object(call->arena, &call->identity.organization, next->number, &first);
}

static struct status predefined_usage(struct call *call, const struct uuid *role)
{
    const struct kind *kind = NULL;
    struct usage_page page;
    struct store_rows rows = {0};
    struct slice after = SLICE_EMPTY;
    struct slice from, to;
    enum store_found found;
    struct status status = read_place(call, &kind, &after);

    if (status_is_ok(status) && kind == NULL)
        status = usage_page_start(call, 0, &page);
    if (!status_is_ok(status) || kind == NULL)
        return status_is_ok(status) ? usage_page_finish(call, &page, SLICE_EMPTY) : status;
    from = key_kind(call->arena, &call->identity.organization, kind->number);
    to = key_prefix_end(call->arena, from);
    if (after.len > 0 && slice_starts_with(after, from)) /* the NUL after the copy: the next key */
        from = slice_make(arena_copy(call->arena, after).data, after.len + 1);
    if (arena_failed(call->arena))
        return status_out_of_memory();
    found = store_scan(call->view, object_family(kind), from, to, false, object_page_size(call),
                       &rows);
    if (found != STORE_FOUND)
        return call_store_status(found);
    status = usage_page_start(call, rows.count, &page);
    for (size_t i = 0; i < rows.count && status_is_ok(status); i++)
        status = add_holder(call, &page, kind, &rows.rows[i], role);
    return status_is_ok(status) ? usage_page_finish(call, &page, next_place(call, kind, &rows))
                                : status;
}

struct status role__usage(struct call *call)
{
    const Datastream__V1__GetRoleUsageRequest *request = (const void *)call->request;
    struct uuid id;

    if (uuid_parse(slice_from_cstr(request->id), &id) &&
        identity_predefined_role(call_identities(call), &id) != NULL)
        return predefined_usage(call, &id);
    return resource_usage(call);
}
