/*
 * Roles: reading, creating and deleting them. The predefined ones are computed from the contract
 * and never stored; they come first in lists, and their names are taken.
 */
#include "rpc/services/role.h"

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

/*
 * Where a page begins: page tokens hold one byte, the number of the next predefined role, or the
 * key of the stored role that was the last of its page.
 */
struct list_place {
    size_t predefined;
    struct slice after; /* empty: before the first stored role */
};

static struct status read_place(struct call *call, struct slice prefix, size_t predefined_count,
                                struct list_place *ret_place)
{
    struct slice token = field_get_string(call->request, call->method->page_token);
    struct list_place place = {predefined_count, SLICE_EMPTY};
    struct slice key = SLICE_EMPTY;
    struct status status = call_read_page_token(call, token, &key);

    if (!status_is_ok(status))
        return status;
    if (key.len == 0)
        place.predefined = 0;
    else if (key.len == 1 && (unsigned char)key.data[0] <= predefined_count)
        place.predefined = (unsigned char)key.data[0];
    else if (key.len == KEY_OBJECT_LEN && slice_starts_with(key, prefix))
        place.after = key;
    else
        return status_invalid_field(call->arena, SLICE("pageToken"),
                                    "must be the nextPageToken of the same list");
    *ret_place = place;
    return status_ok();
}

/* One page under way. */
struct list {
    ProtobufCMessage **items;
    size_t count;
    size_t most;
    struct slice next; /* key for the page token; empty on the last page */
};

static void list_predefined(struct call *call, const struct predefined_role *roles, size_t total,
                            size_t from, struct list *list)
{
    for (; from < total && list->count < list->most; from++)
        list->items[list->count++] = predefined_view(call, &roles[from]);
    if (list->count == list->most) {
        char byte = (char)from;

        list->next = arena_copy(call->arena, slice_make(&byte, 1));
    }
}

static struct status list_stored(struct call *call, struct slice prefix, struct slice after,
                                 struct list *list)
{
    const struct kind *kind = call->method->kind;
    struct slice to = key_prefix_end(call->arena, prefix);
    struct slice from = prefix;
    struct store_rows rows = {0};
    enum store_found found;

    if (after.len > 0) /* the NUL behind the copy is part of the key: the next one */
        from = slice_make(arena_copy(call->arena, after).data, after.len + 1);
    if (arena_failed(call->arena))
        return status_out_of_memory();
    found = store_scan(call->view, FAMILY_ROLES, from, to, false, list->most - list->count, &rows);
    if (found != STORE_FOUND)
        return call_store_status(found);
    for (size_t i = 0; i < rows.count; i++) {
        uint64_t revision;
        struct slice body;
        struct status status = object_unpack(call->arena, kind, rows.rows[i].value, &revision,
                                             &body, &list->items[list->count]);

        if (!status_is_ok(status))
            return status;
        object_set_etag(call, kind, list->items[list->count++], revision);
    }
    list->next = rows.more ? rows.rows[rows.count - 1].key : SLICE_EMPTY;
    return status_ok();
}

/* Both parts of a page. A page that the predefined roles fill is the last one when nothing is
 * stored. */
static struct status fill_list(struct call *call, struct slice prefix, uint64_t stored,
                               struct list *list)
{
    struct list_place place = {0};
    size_t predefined_count;
    const struct predefined_role *predefined = identity_predefined_roles(call_identities(call),
                                                                         &predefined_count);
    struct status status = read_place(call, prefix, predefined_count, &place);

    if (!status_is_ok(status))
        return status;
    list_predefined(call, predefined, predefined_count, place.predefined, list);
    if (list->count < list->most)
        return list_stored(call, prefix, place.after, list);
    if (list->next.len == 1 && (size_t)(unsigned char)list->next.data[0] == predefined_count &&
        stored == 0)
        list->next = SLICE_EMPTY;
    return status_ok();
}

struct status role__list(struct call *call)
{
    struct slice prefix = key_kind(call->arena, &call->identity.organization,
                                   call->method->kind->number);
    struct list list = {.most = object_page_size(call)};
    size_t predefined_count;
    enum store_found found;
    uint64_t stored = 0;
    struct slice token;
    struct status status;

    identity_predefined_roles(call_identities(call), &predefined_count);
    list.items = arena_array(call->arena, list.most, sizeof(ProtobufCMessage *));
    if (arena_failed(call->arena))
        return status_out_of_memory();
    found = store_count(call->view, prefix, &stored);
    if (found != STORE_FOUND)
        return call_store_status(found);
    status = fill_list(call, prefix, stored, &list);
    if (!status_is_ok(status))
        return status;
    token = list.next.len > 0 ? call_page_token(call, list.next) : SLICE_EMPTY;
    call->response = message_new(call->arena, call->method->output);
    object_set_page(call, call->response, list.items, list.count, token, stored + predefined_count);
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
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
        guard_has_owner_only(contract, &set))
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
        found = guard_read_role(call, &id, ret_source);
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
    role->assignable_to = guard_has_owner_only(call_contract(call), &set)
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
        status = guard_check(call, &permissions, "the role");
    if (status_is_ok(status))
        status = role__check_predefined_name(call, draft);
    if (status_is_ok(status))
        status = draft_check_name(call, draft);
    if (!status_is_ok(status))
        return status;
    draft_stamp(call, draft);
    call->response = draft->message;
    if (!object_validate_only(call)) {
        guard_require_role(call, source);
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
