/*
 * Users: their records, and reading them. A user has a record under the id, the password's hash in
 * a row of secrets, and a row under the folded address, which is unique in the installation.
 */
#include "rpc/services/user.h"

#include <assert.h>

#include "proto/contract/contract_find.h"
#include "rpc/call/answers.h"
#include "rpc/call/chain_facts.h"
#include "rpc/identity/identity_registry.h"
#include "rpc/services/resource/list.h"
#include "storage/keys.h"

#define NAME_BYTES_MOST 128

/* -- records ---------------------------------------------------------------------------------- */

Datastream__Storage__V1__UserRecord *user__unpack(struct arena *arena, struct slice body)
{
    ProtobufCAllocator allocator = message_allocator(arena);
    Datastream__Storage__V1__UserRecord *record;

    if (arena_failed(arena))
        return NULL;
    record = datastream__storage__v1__user_record__unpack(&allocator, body.len,
                                                          (const uint8_t *)body.data);
    return record == NULL || record->user == NULL ? NULL : record;
}

static ProtobufCMessage *unpack_public(struct arena *arena, struct slice body)
{
    Datastream__Storage__V1__UserRecord *record = user__unpack(arena, body);

    return record == NULL ? NULL : &record->user->base;
}

struct slice user__pack(struct arena *arena, const Datastream__Storage__V1__UserRecord *record)
{
    return message_pack(arena, &record->base);
}

struct slice user__email_key(struct arena *arena, const char *email)
{
    struct slice trimmed = SLICE_EMPTY;
    struct slice folded = SLICE_EMPTY;

    key_fold_name(arena, slice_from_cstr(email), &trimmed, &folded);
    return folded;
}

struct slice user__name_of_email(struct slice email)
{
    size_t len = slice_find(email, '@');

    if (len > NAME_BYTES_MOST)
        for (len = NAME_BYTES_MOST; len > 0 && ((unsigned char)email.data[len] & 0xc0) == 0x80;)
            len--; /* no part of a character */
    return slice_make(email.data, len);
}

static void add_indexes(struct arena *arena, const struct kind *kind,
                        const struct uuid *organization, struct slice body,
                        struct check_index **first)
{
    const Datastream__Storage__V1__UserRecord *record = user__unpack(arena, body);
    struct uuid id = {{0}};
    struct slice key;

    if (record == NULL || !uuid_parse(slice_from_cstr(record->user->id), &id))
        return;
    key = user__email_key(arena, record->user->email);
    if (key.len > 0)
        check_index_add(arena, first, FAMILY_EMAILS, key,
                        key_object(arena, organization, kind->number, &id));
}

const struct typed_kind user_kind = {
    .message = &datastream__v1__user__descriptor,
    .family = FAMILY_USERS,
    .has_secrets = true,
    .unpack = unpack_public,
    .add_indexes = add_indexes,
};

/* -- reading ---------------------------------------------------------------------------------- */

Datastream__V1__User *user__view(struct arena *arena,
                                 const Datastream__Storage__V1__UserRecord *record,
                                 struct slice role_name)
{
    Datastream__V1__User *view = arena_alloc(arena, sizeof(*view));

    if (view == NULL)
        return NULL;
    assert(record->user != NULL);
    *view = *record->user;
    view->status = record->disabled ? DATASTREAM__V1__USER_STATUS__VALUE__DISABLED
                                    : DATASTREAM__V1__USER_STATUS__VALUE__ACTIVE;
    view->password_change_required = record->must_change_password;
    view->role_name = arena_cstr(arena, role_name);
    return arena_failed(arena) ? NULL : view;
}

/* The role of a record; one that is gone permits nothing. */
static struct status read_role(struct call *call, const Datastream__Storage__V1__UserRecord *record,
                               struct guard_role *ret_role)
{
    enum store_found found = STORE_ABSENT;
    struct uuid id;

    *ret_role = (struct guard_role){0};
    if (uuid_parse(slice_from_cstr(record->user->role_id), &id))
        found = guard__read_role(call, &id, ret_role);
    return found == STORE_FOUND || found == STORE_ABSENT ? status_ok() : call_store_status(found);
}

struct status user__read(struct call *call, struct slice id, struct user *ret_user)
{
    struct user user = {.role = {.revision = 0}};
    const struct kind *kind = contract_kind(call_contract(call), SLICE("users"));
    struct status status = object_read(call, kind, id, &user.object);

    if (!status_is_ok(status))
        return status;
    user.record = user__unpack(call->arena, user.object.body);
    if (user.record == NULL)
        return arena_failed(call->arena) ? status_out_of_memory() : object_data_loss();
    status = read_role(call, user.record, &user.role);
    if (status_is_ok(status))
        *ret_user = user;
    return status;
}

bool user__is_owner(const struct call *call, const struct guard_role *role)
{
    const struct predefined_role *predefined = identity_predefined_role(call_identities(call),
                                                                        &role->id);

    return predefined != NULL && strcmp(predefined->name, PREDEFINED_OWNER) == 0;
}

struct status user__get(struct call *call)
{
    const Datastream__V1__GetUserRequest *request = (const void *)call->request;
    Datastream__V1__User *view;
    struct user user;
    struct status status = user__read(call, slice_from_cstr(request->id), &user);

    if (!status_is_ok(status))
        return status;
    view = user__view(call->arena, user.record, user.role.name);
    if (view == NULL)
        return status_out_of_memory();
    object_set_etag(call, call->method->kind, &view->base, user.object.revision);
    call->response = &view->base;
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

/* `last` is the role of the user before: most of a page have the same. */
static struct status list_item(struct call *call, struct slice value, struct guard_role *last,
                               ProtobufCMessage **ret_item)
{
    const struct kind *kind = call->method->kind;
    const Datastream__Storage__V1__UserRecord *record;
    ProtobufCMessage *message;
    Datastream__V1__User *view;
    struct uuid role;
    struct slice body;
    uint64_t revision;
    struct status status = object_unpack(call->arena, kind, value, &revision, &body, &message);

    if (!status_is_ok(status))
        return status;
    record = user__unpack(call->arena, body);
    if (record == NULL)
        return status_out_of_memory();
    if (!uuid_parse(slice_from_cstr(record->user->role_id), &role) || last->name.len == 0 ||
        !uuid_equal(&role, &last->id))
        status = read_role(call, record, last);
    if (!status_is_ok(status))
        return status;
    view = user__view(call->arena, record, last->name);
    if (view == NULL)
        return status_out_of_memory();
    object_set_etag(call, kind, &view->base, revision);
    *ret_item = &view->base;
    return status_ok();
}

static struct status complete_items(struct call *call, const struct slice *values,
                                    ProtobufCMessage **items, size_t count)
{
    struct guard_role last = {.revision = 0};

    /* A miss ends nothing here: the rest is asked for too, and fetched with it. */
    for (size_t i = 0; i < count; i++) {
        struct status status = list_item(call, values[i], &last, &items[i]);

        if (!status_is_ok(status) && !store_view_missed(call->view))
            return status;
    }
    return status_ok();
}

struct status user__list(struct call *call)
{
    static const struct list_functions functions = {.complete = complete_items};

    return list_objects(call, &functions, NULL, 0);
}
