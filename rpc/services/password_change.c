/*
 * A user changes the own password. What costs a hash each is done one after the other, off the
 * loop: the current password, the older ones, the new hash.
 */
#include "rpc/services/password_change.h"

#include "rpc/call/answers.h"
#include "rpc/call/audit_row.h"
#include "rpc/services/organization_settings.h"
#include "rpc/services/password_work.h"
#include "rpc/services/resource/history.h"
#include "rpc/services/resource/secrets.h"
#include "rpc/services/session.h"
#include "rpc/services/sign_in_guard.h"
#include "storage/keys.h"

struct change {
    struct slice current, wanted; /* normalized */
    struct object object;
    Datastream__Storage__V1__UserRecord *user;
    Datastream__Storage__V1__SecretsRecord *secrets;
    struct session_facts facts;
};

static struct status refuse_new(struct call *call, const char *sentence)
{
    return status_invalid_field(call->arena, SLICE("newPassword"), "%s", sentence);
}

static struct status read_change(struct call *call, struct change *change)
{
    const Datastream__V1__ChangePasswordRequest *request = (const void *)call->request;
    struct status status = session__read_own(call, &change->facts);

    if (status_is_ok(status))
        status = session__read_user(call, &change->object, &change->user);
    if (!status_is_ok(status))
        return status;
    change->current = password_normalize(call->arena, slice_from_cstr(request->current_password));
    change->wanted = password_normalize(call->arena, slice_from_cstr(request->new_password));
    change->secrets = secrets_unpack(call->arena, change->object.secrets);
    if (arena_failed(call->arena))
        return status_out_of_memory();
    return change->secrets == NULL || change->secrets->password == NULL ? object_data_loss()
                                                                        : status_ok();
}

/* What a wrong password is answered with is also in the user's log: somebody may be guessing. */
static struct status check_current(struct call *call, const struct change *change)
{
    static const struct slice why = SLICE_INIT(
        "A change of the password was refused: the current password was wrong.");
    const struct status noted = status_const(STATUS_INVALID_ARGUMENT, why);
    const struct actor actor = call_actor_of(call);
    struct sign_in_try try;
    bool is_right = false;
    struct status status = sign_in__admit_user(call, &change->facts.user, &try);

    if (status_is_ok(status))
        status = password__verify_work(call, change->current, change->secrets->password->hash,
                                       &is_right);
    if (!status_is_ok(status))
        return status;
    if (is_right) {
        sign_in__succeeded(call, &try);
        return status_ok();
    }
    sign_in__failed(call, &try);
    call_note_refusal(call, &change->facts.organization, &actor, change->object.kind,
                      slice_from_cstr(change->user->user->name), &noted);
    return status_invalid_field(call->arena, SLICE("currentPassword"),
                                "must be the current password");
}

static struct status check_new(struct call *call, const struct change *change)
{
    static const char used[] = "must not be one of the last five passwords";
    const Datastream__Storage__V1__PasswordRecord *record = change->secrets->password;
    struct organization_settings settings;
    struct status status = organization_settings__read(call, &change->facts.organization,
                                                       &settings);
    const char *wrong;

    if (!status_is_ok(status))
        return status;
    wrong = password_check(call->arena, change->wanted, slice_from_cstr(change->user->user->email),
                           settings.name);
    if (wrong == NULL)
        wrong = password_check_length(call->arena, change->wanted, settings.password_length);
    if (wrong != NULL)
        return refuse_new(call, wrong);
    if (slice_equal(change->current, change->wanted))
        return refuse_new(call, used);
    for (size_t i = 0; i < record->n_previous; i++) {
        bool is_used = false;

        status = password__verify_work(call, change->wanted, record->previous[i], &is_used);
        if (!status_is_ok(status))
            return status;
        if (is_used)
            return refuse_new(call, used);
    }
    return status_ok();
}

/* The other sessions end by the new generation; this one goes on under a new value. */
static struct status commit_change(struct call *call, struct change *change)
{
    Datastream__Storage__V1__UserRecord *user = change->user;
    struct session session = {.facts = change->facts};

    user->generation++;
    user->must_change_password = false;
    user->user->update_time = history_time(call->arena, call->now_ms);
    draft_commit_secrets(call, &change->object, user__pack(call->arena, user),
                         secrets_pack(call->arena, change->secrets));
    call->committed = NULL; /* the answer is no user */
    session__make_value(call, &session);
    session.facts.generation = user->generation;
    session.facts.idle_end_ms = call->now_ms + session.facts.idle_ms;
    commit_delete(
        &call->commit, FAMILY_SESSION_HASHES,
        arena_copy(call->arena, slice_make(call->identity.hash, sizeof(call->identity.hash))));
    session__commit(call, &session, call->peer, call->user_agent);
    session__audit(call, "ChangedPassword", &session.facts, slice_from_cstr(user->user->name),
                   SLICE("The user changed the password; all other sessions of the user ended."));
    return session__answer(call, &session.facts, session.hash, user);
}

struct status session__change_password(struct call *call)
{
    struct change change = {.user = NULL};
    struct status status;
    char *phc;

    arena_wipe_on_done(call->arena);
    status = read_change(call, &change);
    if (status_is_ok(status))
        status = check_current(call, &change);
    if (status_is_ok(status))
        status = check_new(call, &change);
    if (status_is_ok(status))
        status = password__hash_work(call, change.wanted, &phc);
    if (!status_is_ok(status))
        return status;
    password__set(call->arena, change.secrets->password, phc, call->now_ms);
    return commit_change(call, &change);
}
