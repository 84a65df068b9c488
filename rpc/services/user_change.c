/*
 * Changes of users. Role, state, address and password end the sessions that began before: they hold
 * the generation under which they began, and the record holds the newest.
 */
#include "rpc/services/user_change.h"

#include "rpc/call/answers.h"
#include "rpc/call/authorize.h"
#include "rpc/call/idempotency.h"
#include "rpc/services/organization_settings.h"
#include "rpc/services/password_work.h"
#include "rpc/services/resource/history.h"
#include "rpc/services/resource/secrets.h"
#include "rpc/services/session.h"
#include "rpc/services/user.h"
#include "storage/keys.h"
#include "storage/record.h"

/* -- what is refused -------------------------------------------------------------------------- */

/* Ownership is handed over by its owner, with a password, and never given here. */
static void refuse_owner_role(struct call *call, const struct guard_role *role,
                              struct violations *violations)
{
    if (user__is_owner(call, role))
        violations_add(violations, call->arena, SLICE("roleId"),
                       "must not be Owner: there is exactly one, who hands the role over");
}

/* ALREADY_EXISTS when the address is another user's, of whatever organization: it says no more. */
static struct status check_email(struct call *call, const struct uuid *id, const char *email)
{
    struct slice key = user__email_key(call->arena, email);
    struct slice own = key_object(call->arena, &call->identity.organization,
                                  call->method->kind->number, id);
    struct record record = {0};
    enum store_found found;
    struct status status;
    struct slice value;

    if (arena_failed(call->arena))
        return status_out_of_memory();
    found = store_get(call->view, FAMILY_EMAILS, key, &value);
    if (found == STORE_ABSENT)
        return status_ok();
    if (found != STORE_FOUND)
        return call_store_status(found);
    if (record_parse(value, &record) && slice_equal(record.body, own))
        return status_ok();
    status = status_const(STATUS_ALREADY_EXISTS, SLICE("The e-mail address cannot be used here."));
    status_add_detail(call->arena, &status, DETAIL_FIELD_VIOLATION, SLICE("email"), SLICE_EMPTY,
                      SLICE("cannot be used here"));
    return status;
}

/* An address has a form that folds: what the rule for addresses lets pass may still not. */
static void check_email_form(struct call *call, const char *email, struct violations *violations)
{
    struct slice trimmed = SLICE_EMPTY;
    struct slice folded = SLICE_EMPTY;
    const char *wrong = key_fold_name(call->arena, slice_from_cstr(email), &trimmed, &folded);

    if (wrong != NULL)
        violations_add(violations, call->arena, SLICE("email"), "%s", wrong);
}

/* A caller that is bounded cannot bound a person. */
static struct status check_unbounded(struct call *call, struct slice field)
{
    bool bounded = false;
    struct status status = guard__read_bounded(call, &bounded);

    if (status_is_ok(status) && bounded)
        return guard__refuse(
            call,
            SLICE("A token with a time limit or allowed networks creates and enables "
                  "no user, sets no password, and changes no role and no address."),
            field);
    return status;
}

/* The Owner stays, whoever asks. */
static struct status check_not_owner(struct call *call, const struct user *user, const char *verb)
{
    struct status status;

    if (!user__is_owner(call, &user->role))
        return status_ok();
    status = status_make(call->arena, STATUS_FAILED_PRECONDITION,
                         "The Owner cannot be %s. The Owner can hand the organization over first.",
                         verb);
    status_add_detail(call->arena, &status, DETAIL_ERROR_INFO, SLICE("OWNER"), SLICE_EMPTY,
                      SLICE_EMPTY);
    return status;
}

/* Reads the user that an action is for, whom the caller must be able to do as much as. */
static struct status read_guarded(struct call *call, const char *id, struct user *ret_user)
{
    struct status status = user__read(call, slice_from_cstr(id), ret_user);

    if (status_is_ok(status))
        status = call_check_etag(call, ret_user->object.revision);
    return status;
}

static struct status check_guard(struct call *call, const struct user *user)
{
    return guard__check(call, &user->role.permissions, "the user");
}

/* -- answers ---------------------------------------------------------------------------------- */

static struct status answer(struct call *call, const Datastream__Storage__V1__UserRecord *record,
                            struct slice role_name)
{
    Datastream__V1__User *view = user__view(call->arena, record, role_name);

    if (view == NULL)
        return status_out_of_memory();
    call->response = &view->base;
    return status_ok();
}

/* The answer when nothing changes. */
static struct status answer_as_is(struct call *call, const struct user *user)
{
    struct status status = answer(call, user->record, user->role.name);

    if (!status_is_ok(status))
        return status;
    object_set_etag(call, call->method->kind, call->response, user->object.revision);
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

static void show_password(struct call *call, struct slice password)
{
    Datastream__V1__User *view = (Datastream__V1__User *)call->response;

    view->shown_once_case = DATASTREAM__V1__USER__SHOWN_ONCE_ONE_TIME_PASSWORD;
    view->one_time_password = arena_cstr(call->arena, password);
}

/* Fills the commit of an action with the record and its audit row, and the answer. */
static struct status commit_action(struct call *call, struct user *user, const char *verb,
                                   struct slice secrets)
{
    Datastream__V1__User *message = user->record->user;
    struct status status;

    message->update_time = history_time(call->arena, call->now_ms);
    status = answer(call, user->record, user->role.name);
    if (!status_is_ok(status))
        return status;
    guard__require_role(call, &user->role);
    draft_commit_secrets(call, &user->object, user__pack(call->arena, user->record), secrets);
    object_audit(call, verb, user->object.kind, &user->object.id, slice_from_cstr(message->name),
                 NULL);
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

/*
 * Words the audit row of an action that is no verb of a user: "ResetUserPassword", and a sentence.
 */
static void word_audit(struct call *call, const char *action, const char *did,
                       const struct user *user)
{
    if (call->audit_last == NULL)
        return;
    call->audit_last->action = action;
    call->audit_last->description = arena_printf(call->arena, "%s of the user \"%s\".", did,
                                                 user->record->user->name);
}

/* -- passwords -------------------------------------------------------------------------------- */

/*
 * The one-time password that this request makes, or made when it was done first; in an arena that
 * is wiped.
 */
static struct slice one_time_password(struct call *call, const struct uuid *id)
{
    char made[ONE_TIME_PASSWORD_LEN];
    struct slice password;
    uint8_t bytes[32];

    arena_wipe_on_done(call->arena);
    if (!call_secret_bytes(call, RANDOM_TOKEN, id, bytes))
        arena_fail(call->arena);
    password_make(bytes, made);
    password = arena_copy(call->arena, slice_make(made, sizeof(made)));
    explicit_bzero(bytes, sizeof(bytes));
    explicit_bzero(made, sizeof(made));
    return password;
}

/*
 * Takes the password out of the message: normalized and judged where one was given, else generated
 * (*ret_generated).
 */
static struct status take_password(struct call *call, const struct uuid *id,
                                   Datastream__V1__User *user, struct violations *violations,
                                   struct slice *ret_password, bool *ret_generated)
{
    struct slice given = slice_from_cstr(user->password);
    struct organization_settings settings;
    struct status status;
    const char *wrong;

    arena_wipe_on_done(call->arena);
    user->password = (char *)protobuf_c_empty_string;
    *ret_generated = given.len == 0;
    if (*ret_generated) {
        *ret_password = one_time_password(call, id);
        return status_ok();
    }
    status = organization_settings__read(call, &call->identity.organization, &settings);
    if (!status_is_ok(status))
        return status;
    *ret_password = password_normalize(call->arena, given);
    wrong = password_check(call->arena, *ret_password, slice_from_cstr(user->email), settings.name);
    if (wrong == NULL)
        wrong = password_check_length(call->arena, *ret_password, settings.password_length);
    if (wrong != NULL)
        violations_add(violations, call->arena, SLICE("password"), "%s", wrong);
    return status_ok();
}

/* Hashes the password off the loop, and packs the row of secrets that has it. */
static struct status hash_password(struct call *call, struct slice password, struct slice *secrets)
{
    Datastream__Storage__V1__SecretsRecord *record = secrets_unpack(call->arena, *secrets);
    char *phc;
    struct status status;

    if (record == NULL)
        return arena_failed(call->arena) ? status_out_of_memory() : object_data_loss();
    status = password__hash_work(call, password, &phc);
    if (!status_is_ok(status))
        return status;
    if (record->password == NULL) {
        record->password = arena_alloc(call->arena, sizeof(*record->password));
        if (record->password == NULL)
            return status_out_of_memory();
        datastream__storage__v1__password_record__init(record->password);
    }
    password__set(call->arena, record->password, phc, call->now_ms);
    *secrets = secrets_pack(call->arena, record);
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

struct status user__reset_password(struct call *call)
{
    const Datastream__V1__ResetUserPasswordRequest *request = (const void *)call->request;
    struct slice password, secrets;
    struct user user;
    struct status status = read_guarded(call, request->id, &user);

    if (status_is_ok(status))
        status = check_guard(call, &user);
    if (status_is_ok(status))
        status = check_unbounded(call, SLICE("password"));
    if (!status_is_ok(status))
        return status;
    password = one_time_password(call, &user.object.id);
    secrets = user.object.secrets;
    status = arena_failed(call->arena) ? status_out_of_memory()
                                       : hash_password(call, password, &secrets);
    if (!status_is_ok(status))
        return status;
    user.record->must_change_password = true;
    user.record->generation++;
    status = commit_action(call, &user, "Reset", secrets);
    if (status_is_ok(status)) {
        show_password(call, password);
        word_audit(call, "ResetUserPassword", "Reset the password", &user);
    }
    return arena_failed(call->arena) ? status_out_of_memory() : status;
}

/*
 * Whether the row of secrets, and with it the password, is as the commit of that revision left it.
 */
static bool secrets_are_of(struct call *call, const struct user *user, uint64_t revision)
{
    struct record record;
    struct slice value;

    return store_get(call->view, FAMILY_SECRETS, user->object.key, &value) == STORE_FOUND &&
           record_parse(value, &record) && record.revision == revision;
}

/* Whether the request left the password to the server. */
static bool asks_for_password(const struct call *call)
{
    const Datastream__V1__CreateUserRequest *request = (const void *)call->request;

    return call->method->resource == NULL || request->user == NULL ||
           request->user->password[0] == '\0';
}

void user__show_again(struct call *call, uint64_t revision)
{
    const Datastream__V1__User *view = (const Datastream__V1__User *)call->response;
    struct user user;
    struct status status = asks_for_password(call)
                               ? user__read(call, slice_from_cstr(view->id), &user)
                               : status_const(STATUS_NOT_FOUND, SLICE_EMPTY);

    if (status_is_ok(status))
        status = check_guard(call, &user);
    if (status_is_ok(status))
        status = check_unbounded(call, SLICE("password"));
    if (status_is_ok(status) && secrets_are_of(call, &user, revision))
        show_password(call, one_time_password(call, &user.object.id));
}

/* -- creating --------------------------------------------------------------------------------- */

/* What may be refused before the password is hashed. */
static struct status check_new(struct call *call, struct draft *draft, struct guard_role *ret_role,
                               struct slice *ret_password, bool *ret_generated)
{
    Datastream__V1__User *user = (Datastream__V1__User *)draft->message;
    struct status status = guard__read_assignable(call, user->role_id, ASSIGNABLE_USERS,
                                                  &draft->violations, ret_role);

    if (status_is_ok(status)) {
        refuse_owner_role(call, ret_role, &draft->violations);
        check_email_form(call, user->email, &draft->violations);
        status = take_password(call, &draft->id, user, &draft->violations, ret_password,
                               ret_generated);
    }
    if (status_is_ok(status))
        status = draft_status(call, draft);
    if (status_is_ok(status))
        status = guard__check(call, &ret_role->permissions, "the role");
    if (status_is_ok(status))
        status = check_unbounded(call, SLICE("user"));
    if (status_is_ok(status))
        status = check_email(call, &draft->id, user->email);
    return status;
}

struct status user__create(struct call *call)
{
    Datastream__Storage__V1__UserRecord record = DATASTREAM__STORAGE__V1__USER_RECORD__INIT;
    struct slice password = SLICE_EMPTY;
    struct guard_role role;
    bool generated = false;
    struct draft draft;
    struct status status = draft_create(call, &draft);

    if (status_is_ok(status))
        status = check_new(call, &draft, &role, &password, &generated);
    if (!status_is_ok(status))
        return status;
    if (!object_validate_only(call)) {
        status = hash_password(call, password, &draft.secrets);
        if (!status_is_ok(status))
            return status;
    }
    draft_stamp(call, &draft);
    record.user = (Datastream__V1__User *)draft.message;
    record.must_change_password = generated;
    status = answer(call, &record, role.name);
    if (!status_is_ok(status) || object_validate_only(call))
        return status;
    if (generated)
        show_password(call, password);
    guard__require_role(call, &role);
    draft_commit_create(call, &draft, user__pack(call->arena, &record));
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

/* -- actions ---------------------------------------------------------------------------------- */

struct status user__delete(struct call *call)
{
    const Datastream__V1__DeleteUserRequest *request = (const void *)call->request;
    struct user user;
    struct status status = read_guarded(call, request->id, &user);

    if (status_is_ok(status))
        status = check_not_owner(call, &user, "deleted");
    if (status_is_ok(status))
        status = check_guard(call, &user);
    if (status_is_ok(status))
        status = references_check_none(call, &user.object);
    if (!status_is_ok(status))
        return status;
    call->response = object_empty_response(call);
    if (!object_validate_only(call)) {
        guard__require_role(call, &user.role);
        draft_commit_delete(call, &user.object);
        status = session__commit_end_all(call, &call->identity.organization, &user.object.id);
    }
    if (!status_is_ok(status))
        return status;
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

struct status user__disable(struct call *call)
{
    const Datastream__V1__DisableUserRequest *request = (const void *)call->request;
    struct user user;
    struct status status = read_guarded(call, request->id, &user);

    if (status_is_ok(status))
        status = check_not_owner(call, &user, "disabled");
    if (status_is_ok(status))
        status = check_guard(call, &user);
    if (!status_is_ok(status))
        return status;
    if (user.record->disabled)
        return answer_as_is(call, &user);
    user.record->disabled = true;
    user.record->generation++;
    return commit_action(call, &user, "Disabled", user.object.secrets);
}

struct status user__enable(struct call *call)
{
    const Datastream__V1__EnableUserRequest *request = (const void *)call->request;
    struct user user;
    struct status status = read_guarded(call, request->id, &user);

    if (status_is_ok(status))
        status = check_guard(call, &user);
    if (status_is_ok(status))
        status = check_unbounded(call, SLICE("status"));
    if (!status_is_ok(status))
        return status;
    if (!user.record->disabled)
        return answer_as_is(call, &user);
    user.record->disabled = false;
    return commit_action(call, &user, "Enabled", user.object.secrets);
}

struct status user__end_sessions(struct call *call)
{
    const Datastream__V1__EndUserSessionsRequest *request = (const void *)call->request;
    struct user user;
    struct status status = read_guarded(call, request->id, &user);

    if (status_is_ok(status))
        status = check_guard(call, &user);
    if (!status_is_ok(status))
        return status;
    user.record->generation++;
    status = commit_action(call, &user, "Ended", user.object.secrets);
    if (status_is_ok(status))
        word_audit(call, "EndedUserSessions", "Ended the sessions", &user);
    return arena_failed(call->arena) ? status_out_of_memory() : status;
}

/* -- update ----------------------------------------------------------------------------------- */

/* The role that the user has, and the one that the user is to have. */
struct role_change {
    struct guard_role before;
    struct guard_role after;
    bool changed;
};

static struct status read_roles(struct call *call, struct edit *edit, struct role_change *change)
{
    const Datastream__V1__User *before = (const void *)edit->before.message;
    const Datastream__V1__User *after = (const void *)edit->after.message;
    struct violations ignored = {0};
    struct status status = guard__read_assignable(call, before->role_id, ASSIGNABLE_USERS, &ignored,
                                                  &change->before);

    change->changed = strcmp(before->role_id, after->role_id) != 0;
    change->after = change->before;
    if (!status_is_ok(status) || !change->changed)
        return status;
    status = guard__read_assignable(call, after->role_id, ASSIGNABLE_USERS, &edit->after.violations,
                                    &change->after);
    if (status_is_ok(status))
        refuse_owner_role(call, &change->after, &edit->after.violations);
    if (user__is_owner(call, &change->before))
        violations_add(&edit->after.violations, call->arena, SLICE("roleId"),
                       "cannot be changed: the Owner hands the role over");
    return status;
}

/* A change of the role is as good as a new user; a new address is a way to the password. */
static struct status check_update_guard(struct call *call, const struct edit *edit,
                                        const struct role_change *change, bool email_changes)
{
    const struct permission *create = edit->after.kind->permissions[VERB_CREATE];
    struct status status = guard__check(call, &change->before.permissions, "the user");

    if (status_is_ok(status) && change->changed && guard__is_self(call, &edit->after.id))
        return guard__refuse(call, SLICE("Nobody changes their own role."), SLICE("roleId"));
    if (status_is_ok(status) && change->changed &&
        !permission_set_has(&call->identity.permissions, create->bit))
        return call_denied(call, create->name);
    if (status_is_ok(status))
        status = guard__check(call, &change->after.permissions, "the role");
    if (status_is_ok(status) && (change->changed || email_changes))
        status = check_unbounded(call, change->changed ? SLICE("roleId") : SLICE("email"));
    return status;
}

static struct status check_update(struct call *call, struct edit *edit, struct role_change *change,
                                  bool email_changes)
{
    Datastream__V1__User *after = (Datastream__V1__User *)edit->after.message;
    struct status status;

    if (after->password[0] != '\0')
        violations_add(&edit->after.violations, call->arena, SLICE("password"),
                       "cannot be changed here: users change their own, and resetPassword sets a "
                       "one-time password");
    check_email_form(call, after->email, &edit->after.violations);
    status = read_roles(call, edit, change);
    if (status_is_ok(status))
        status = draft_status(call, &edit->after);
    if (status_is_ok(status))
        status = check_update_guard(call, edit, change, email_changes);
    if (status_is_ok(status))
        status = check_email(call, &edit->after.id, after->email);
    return status;
}

struct status user__update(struct call *call)
{
    struct role_change change = {.changed = false};
    bool email_changes = false;
    struct user user;
    struct edit edit;
    struct status status = edit_begin(call, false, &edit);

    if (status_is_ok(status)) {
        email_changes = strcmp(((const Datastream__V1__User *)edit.before.message)->email,
                               ((const Datastream__V1__User *)edit.after.message)->email) != 0;
        status = check_update(call, &edit, &change, email_changes);
    }
    if (!status_is_ok(status))
        return status;
    user = (struct user){edit.object, user__unpack(call->arena, edit.object.body), change.after};
    if (user.record == NULL)
        return arena_failed(call->arena) ? status_out_of_memory() : object_data_loss();
    if (!edit_changed(call, &edit))
        return answer_as_is(call, &user);
    edit_stamp(call, &edit);
    user.record->user = (Datastream__V1__User *)edit.after.message;
    if (change.changed || email_changes)
        user.record->generation++;
    status = answer(call, user.record, change.after.name);
    if (!status_is_ok(status) || object_validate_only(call))
        return status;
    guard__require_role(call, &change.before);
    if (change.changed)
        guard__require_role(call, &change.after);
    edit_commit(call, &edit, user__pack(call->arena, user.record));
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}
