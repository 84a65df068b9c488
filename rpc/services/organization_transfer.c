/*
 * Handing the organization to another Owner: one commit changes both users and who owns, so that
 * there is exactly one Owner at every revision.
 */
#include "rpc/services/organization_transfer.h"

#include <assert.h>

#include "rpc/call/answers.h"
#include "rpc/call/audit_row.h"
#include "rpc/call/authorize.h"
#include "rpc/call/chain_facts.h"
#include "rpc/services/organization.h"
#include "rpc/services/organization_settings.h"
#include "rpc/services/organization_update.h"
#include "rpc/services/password_work.h"
#include "rpc/services/resource/changes.h"
#include "rpc/services/resource/history.h"
#include "rpc/services/resource/rows.h"
#include "rpc/services/resource/secrets.h"
#include "rpc/services/sign_in_guard.h"
#include "rpc/services/user.h"
#include "storage/keys.h"

/* Who owns, and who shall. */
struct transfer {
    struct organization organization;
    struct user owner, target;
};

/* A token can leak, and cannot be asked for a password. */
static struct status require_session(struct call *call)
{
    struct status status;

    if (call->identity.type == IDENTITY_USER)
        return status_ok();
    status = status_const(STATUS_PERMISSION_DENIED,
                          SLICE("Only the Owner, signed in, can hand the organization over."));
    status_add_detail(call->arena, &status, DETAIL_ERROR_INFO, SLICE("SESSION_REQUIRED"),
                      SLICE_EMPTY, SLICE_EMPTY);
    return status;
}

static bool is_owned_by(const struct organization *organization, const struct uuid *user)
{
    ProtobufCBinaryData owner = organization->record->owner_id;

    return owner.len == sizeof(user->bytes) && memcmp(owner.data, user->bytes, owner.len) == 0;
}

/* The user who is to own; a violation where there is none who can. */
static struct status read_target(struct call *call, const char *id, struct transfer *transfer)
{
    struct status status = user__read(call, slice_from_cstr(id), &transfer->target);

    if (status.code == STATUS_NOT_FOUND)
        return status_invalid_field(call->arena, SLICE("userId"), "must refer to an existing user");
    if (!status_is_ok(status))
        return status;
    if (uuid_equal(&transfer->target.object.id, &call->identity.id))
        return status_invalid_field(call->arena, SLICE("userId"),
                                    "must refer to another user than the Owner");
    if (transfer->target.record->disabled)
        return status_invalid_field(call->arena, SLICE("userId"),
                                    "must refer to a user who is not disabled");
    return status_ok();
}

static struct status read_both(struct call *call, struct transfer *transfer)
{
    const Datastream__V1__TransferOwnershipRequest *request = (const void *)call->request;
    struct slice own_id = object_id_text(call->arena, &call->identity.id);
    struct status status = organization__read(call, &call->identity.organization,
                                              &transfer->organization);

    if (status_is_ok(status))
        status = call_check_etag(call, transfer->organization.revision);
    if (!status_is_ok(status))
        return status;
    if (!is_owned_by(&transfer->organization, &call->identity.id))
        return call_denied(call, call->method->permission->name);
    status = user__read(call, own_id, &transfer->owner);
    if (status_is_ok(status))
        status = read_target(call, request->user_id, transfer);
    return status;
}

/* What a wrong password is answered with is also in the Owner's log: somebody may be guessing. */
static struct status refuse_password(struct call *call, const struct user *owner)
{
    static const struct slice why = SLICE_INIT(
        "A transfer of the ownership was refused: the current password was wrong.");
    const struct status noted = status_const(STATUS_INVALID_ARGUMENT, why);
    const struct actor actor = call_actor_of(call);

    call_note_refusal(call, &call->identity.organization, &actor, owner->object.kind,
                      slice_from_cstr(owner->record->user->name), &noted);
    return status_invalid_field(call->arena, SLICE("currentPassword"),
                                "must be the current password");
}

/* Whether the password is the Owner's, compared off the loop. */
static struct status check_password(struct call *call, const struct user *owner)
{
    const Datastream__V1__TransferOwnershipRequest *request = (const void *)call->request;
    const Datastream__Storage__V1__SecretsRecord *secrets = secrets_unpack(call->arena,
                                                                           owner->object.secrets);
    struct slice password = password_normalize(call->arena,
                                               slice_from_cstr(request->current_password));
    struct sign_in_try try;
    bool right = false;
    struct status status;

    arena_wipe_on_done(call->arena);
    if (secrets == NULL)
        return arena_failed(call->arena) ? status_out_of_memory() : object_data_loss();
    if (secrets->password == NULL)
        return object_data_loss();
    status = sign_in__admit_user(call, &owner->object.id, &try);
    if (status_is_ok(status))
        status = password__verify_work(call, password, secrets->password->hash, &right);
    if (!status_is_ok(status))
        return status;
    if (right) {
        sign_in__succeeded(call, &try);
        return status_ok();
    }
    sign_in__failed(call, &try);
    return refuse_password(call, owner);
}

/* Fills the commit with the user's record as it is now, and what leads to it. */
static void commit_user(struct call *call, const struct user *user)
{
    struct references_reader reader = {.arena = call->arena,
                                       .identities = call_identities(call),
                                       .organization = call->identity.organization};
    struct object_state before = {.kind = user->object.kind,
                                  .organization = call->identity.organization,
                                  .id = user->object.id,
                                  .revision = user->object.revision,
                                  .body = user->object.body,
                                  .secrets = user->object.secrets};
    struct object_state after = before;

    rows_fill(&reader, user->object.message, &before);
    rows_fill(&reader, &user->record->user->base, &after);
    after.body = user__pack(call->arena, user->record);
    if (!arena_failed(call->arena))
        rows_commit(&call->commit, &before, &after);
}

/* Gives a user another role, and ends the sessions that began under the old one. */
static void give_role(struct call *call, struct user *user, const char *role_name)
{
    const struct message_type *type = user->object.kind->message;
    Datastream__V1__User *message = user->record->user;
    Datastream__V1__User before = *message;
    struct call_changes changes = {0};

    message->role_id = arena_cstr(
        call->arena,
        object_id_text(call->arena,
                       &identity_predefined_role_named(call_identities(call), role_name)->id));
    message->update_time = history_time(call->arena, call->now_ms);
    user->record->generation++;
    if (arena_failed(call->arena))
        return;
    changes_note(call->arena, &changes, type, &before.base, &message->base);
    commit_user(call, user);
    object_audit(call, "TransferredOwnership", user->object.kind, &user->object.id,
                 slice_from_cstr(message->name), &changes);
    if (call->audit_last == NULL)
        return;
    call->audit_last->action = "TransferredOwnership";
    call->audit_last->description = arena_printf(call->arena, "Gave the user \"%s\" the role %s.",
                                                 message->name, role_name);
}

static void set_owner(struct call *call, struct transfer *transfer)
{
    Datastream__Storage__V1__OrganizationRecord *record = transfer->organization.record;
    const struct uuid *id = &transfer->target.object.id;
    struct slice copy = arena_copy(call->arena, slice_make(id->bytes, sizeof(id->bytes)));

    record->owner_id = (ProtobufCBinaryData){copy.len, (uint8_t *)copy.data};
    record->owner_email = transfer->target.record->user->email;
    record->update_time_ms = call->now_ms;
}

struct status organization__transfer(struct call *call)
{
    struct transfer transfer;
    Datastream__V1__Organization *view;
    struct status status = require_session(call);

    if (status_is_ok(status))
        status = read_both(call, &transfer);
    if (status_is_ok(status))
        status = check_password(call, &transfer.owner);
    if (!status_is_ok(status))
        return status;
    assert(!uuid_equal(&transfer.owner.object.id, &transfer.target.object.id));
    guard__require_role(call, &transfer.target.role);
    give_role(call, &transfer.target, PREDEFINED_OWNER);
    give_role(call, &transfer.owner, PREDEFINED_ADMIN);
    set_owner(call, &transfer);
    if (arena_failed(call->arena))
        return status_out_of_memory();
    view = organization__view(call->arena, &transfer.organization);
    if (view == NULL)
        return status_out_of_memory();
    call->response = &view->base;
    organization__commit(call, &transfer.organization);
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}
