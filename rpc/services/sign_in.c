/*
 * Signing in. Whether the address is unknown, the password wrong or the user disabled, the answer
 * is the same, after the same work; the user's activity log tells which.
 */
#include "rpc/services/sign_in.h"

#include <assert.h>

#include "proto/contract/contract_find.h"
#include "rpc/call/answers.h"
#include "rpc/call/audit_row.h"
#include "rpc/call/chain_facts.h"
#include "rpc/identity/token_value.h"
#include "rpc/services/organization_settings.h"
#include "rpc/services/password_work.h"
#include "rpc/services/resource/secrets.h"
#include "rpc/services/session.h"
#include "rpc/services/sign_in_guard.h"
#include "storage/keys.h"
#include "storage/record.h"

/* A user, found by the address. */
struct signing_user {
    struct sign_in_try try;
    bool is_known;
    struct uuid organization;
    struct uuid id;
    struct slice key; /* of the record, and of the row of secrets */
    uint64_t revision;
    Datastream__Storage__V1__UserRecord *record;
    Datastream__Storage__V1__SecretsRecord *secrets;
};

static struct status check_origin(struct call *call)
{
    const struct call_credentials *credentials = &call->credentials;
    struct status status;

    if (credentials->own_origin.len == 0) {
        status = status_const(STATUS_FAILED_PRECONDITION,
                              SLICE("Sessions are kept in cookies: sign in by "
                                    "\"POST /api/v1/session\", or send an API token."));
        status_add_detail(call->arena, &status, DETAIL_ERROR_INFO, SLICE("COOKIES_REQUIRED"),
                          SLICE_EMPTY, SLICE_EMPTY);
        return status;
    }
    if (credentials->origin.data == NULL ||
        slice_equal(credentials->origin, credentials->own_origin))
        return status_ok();
    status = status_const(STATUS_PERMISSION_DENIED,
                          SLICE("A page of another origin cannot sign a user in: Origin must be "
                                "that of this server."));
    status_add_detail(call->arena, &status, DETAIL_ERROR_INFO, SLICE("CSRF"), SLICE_EMPTY,
                      SLICE_EMPTY);
    return status;
}

/* -- the user --------------------------------------------------------------------------------- */

static struct status read_user(struct call *call, struct signing_user *user)
{
    struct slice secrets = SLICE_EMPTY;
    struct record record;
    enum store_found found;
    struct slice value;

    found = store_get(call->view, FAMILY_USERS, user->key, &value);
    if (found == STORE_ABSENT) /* deleted since the address was read */
        return status_ok();
    if (found == STORE_FOUND)
        found = secrets_read(call->view, user->key, &secrets);
    if (found != STORE_FOUND)
        return call_store_status(found);
    if (!record_parse(value, &record))
        return object_data_loss();
    user->revision = record.revision;
    user->record = user__unpack(call->arena, record.body);
    user->secrets = secrets_unpack(call->arena, secrets);
    if (user->record == NULL || user->secrets == NULL)
        return arena_failed(call->arena) ? status_out_of_memory() : object_data_loss();
    user->is_known = true;
    return status_ok();
}

static struct status find_user(struct call *call, const char *email, struct signing_user *user)
{
    struct slice address = user__email_key(call->arena, email);
    struct record record;
    enum store_found found;
    struct slice value;
    uint32_t kind;

    *user = (struct signing_user){.is_known = false};
    if (arena_failed(call->arena))
        return status_out_of_memory();
    if (address.len == 0)
        return status_ok();
    found = store_get(call->view, FAMILY_EMAILS, address, &value);
    if (found == STORE_ABSENT)
        return status_ok();
    if (found != STORE_FOUND)
        return call_store_status(found);
    if (!record_parse(value, &record) ||
        !key_object_parse(record.body, &user->organization, &kind, &user->id))
        return object_data_loss();
    user->key = record.body;
    return read_user(call, user);
}

/* -- refusing --------------------------------------------------------------------------------- */

static void note(struct call *call, const struct signing_user *user, enum status_code code,
                 struct slice why)
{
    const struct kind *users = contract_kind(call_contract(call), SLICE("users"));
    const struct actor actor = {ACTOR_USER, user->id};
    const struct status noted = status_const(code, why);

    if (user->is_known)
        call_note_refusal(call, &user->organization, &actor, users,
                          slice_from_cstr(user->record->user->name), &noted);
}

static struct status refuse(struct call *call, const struct signing_user *user, struct slice why)
{
    sign_in__failed(call, &user->try);
    note(call, user, STATUS_UNAUTHENTICATED, why);
    return status_const(STATUS_UNAUTHENTICATED,
                        SLICE("The e-mail address or the password is wrong."));
}

/* Whether the user's turn has come, after sign-ins that failed. */
static struct status admit(struct call *call, const char *email, struct signing_user *user)
{
    struct status status = sign_in__admit(call, email, user->is_known ? &user->id : NULL,
                                          &user->try);

    if (status.code == STATUS_RESOURCE_EXHAUSTED && !arena_failed(call->arena))
        note(call, user, STATUS_RESOURCE_EXHAUSTED,
             SLICE("A sign-in was refused without a look at the password: too many have failed."));
    return status;
}

static struct status check_password(struct call *call, const struct signing_user *user,
                                    struct slice password)
{
    const Datastream__Storage__V1__PasswordRecord *record = user->is_known ? user->secrets->password
                                                                           : NULL;
    bool is_right = false;
    struct status status = password__verify_work(call, password,
                                                 record == NULL ? NULL : record->hash, &is_right);

    if (!status_is_ok(status))
        return status;
    if (!is_right)
        return refuse(call, user, SLICE("A sign-in was refused: the password was wrong."));
    assert(user->is_known); /* nobody's password is never right */
    if (user->record->disabled)
        return refuse(call, user, SLICE("A sign-in was refused: the user is disabled."));
    sign_in__succeeded(call, &user->try);
    return status_ok();
}

/* -- the session ------------------------------------------------------------------------------ */

/* Ends what has ended, and the oldest where there are too many; whether an address is a new one. */
static struct status prune(struct call *call, const struct signing_user *user, bool *ret_is_new)
{
    struct session_row *rows = NULL;
    size_t count = 0;
    struct status status = session__list_rows(call, &user->organization, &user->id, &rows, &count);
    size_t left = count;

    *ret_is_new = true;
    for (size_t i = 0; status_is_ok(status) && i < count; i++) {
        const ProtobufCBinaryData hash = rows[i].record->hash;

        if (slice_equal(slice_from_cstr(rows[i].record->source_ip), call->peer))
            *ret_is_new = false;
        if (rows[i].has_facts && left < SESSIONS_MOST &&
            !session_has_ended(&rows[i].facts, user->record->generation, call->now_ms))
            continue;
        left--;
        commit_delete(&call->commit, FAMILY_SESSIONS, rows[i].key);
        commit_delete(&call->commit, FAMILY_SESSION_HASHES, slice_make(hash.data, hash.len));
    }
    return status;
}

/* The session whose cookie the request has ends: a value never outlives a sign-in. */
static struct status end_replaced(struct call *call)
{
    struct session_facts facts;
    enum store_found found;
    struct slice value;
    uint8_t hash[32];
    uint64_t revision;

    if (!session_value_is_wellformed(call->credentials.session))
        return status_ok();
    token_value_hash(call->credentials.session, hash);
    found = store_get(call->view, FAMILY_SESSION_HASHES,
                      arena_copy(call->arena, slice_make(hash, sizeof(hash))), &value);
    if (found == STORE_ABSENT)
        return status_ok();
    if (found != STORE_FOUND)
        return call_store_status(found);
    if (!session_facts_read(call->arena, value, &facts, &revision))
        return arena_failed(call->arena) ? status_out_of_memory() : object_data_loss();
    session__commit_end(call, &facts, hash);
    return status_ok();
}

/* A hash of an older, cheaper kind is made anew while the password is at hand. */
static struct status rehash(struct call *call, const struct signing_user *user,
                            struct slice password)
{
    Datastream__Storage__V1__PasswordRecord *record = user->secrets->password;
    char *phc;
    struct status status;

    if (!password__is_outdated(record->hash))
        return status_ok();
    status = password__hash_work(call, password, &phc);
    if (!status_is_ok(status))
        return status;
    record->hash = phc;
    commit_put(&call->commit, FAMILY_SECRETS, user->key, secrets_pack(call->arena, user->secrets));
    return status_ok();
}

/* The organization's times hold for sessions that begin from now on. */
static struct status make_session(struct call *call, const struct signing_user *user,
                                  struct session *session)
{
    struct organization_settings settings;
    struct status status = organization_settings__read(call, &user->organization, &settings);

    if (!status_is_ok(status))
        return status;
    session->facts = (struct session_facts){
        .organization = user->organization,
        .user = user->id,
        .session = uuid_make(call->now_ms, call->random + RANDOM_ID),
        .generation = user->record->generation,
        .create_ms = call->now_ms,
        .absolute_end_ms = call->now_ms + settings.session_absolute_ms,
        .idle_end_ms = call->now_ms + settings.session_idle_ms,
        .idle_ms = settings.session_idle_ms,
    };
    session__make_value(call, session);
    return status_ok();
}

struct status session__sign_in(struct call *call)
{
    const Datastream__V1__SignInRequest *request = (const void *)call->request;
    struct slice password;
    struct signing_user user;
    struct session session;
    bool is_new = false;
    struct status status = check_origin(call);

    if (!status_is_ok(status))
        return status;
    arena_wipe_on_done(call->arena);
    password = password_normalize(call->arena, slice_from_cstr(request->password));
    status = find_user(call, request->email, &user);
    if (status_is_ok(status))
        status = admit(call, request->email, &user);
    if (status_is_ok(status))
        status = check_password(call, &user, password);
    if (status_is_ok(status))
        status = rehash(call, &user, password);
    if (status_is_ok(status))
        status = prune(call, &user, &is_new);
    if (status_is_ok(status))
        status = end_replaced(call);
    if (status_is_ok(status))
        status = make_session(call, &user, &session);
    if (!status_is_ok(status))
        return status;
    commit_require_revision(&call->commit, FAMILY_USERS, user.key, user.revision);
    session__commit(call, &session, call->peer, call->user_agent);
    sign_in__remember_device(call, &user.id);
    session__audit(call, "SignedIn", &session.facts, slice_from_cstr(user.record->user->name),
                   is_new ? SLICE("The user signed in, from an address that no other session of "
                                  "the user is from.")
                          : SLICE("The user signed in."));
    return session__answer(call, &session.facts, session.hash, user.record);
}
