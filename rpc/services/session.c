/* Sessions of the caller: reading, listing and ending them, and the rows that they are. */
#include "rpc/services/session.h"

#include "base/crypto/wipe.h"
#include "base/text.h"
#include "proto/contract/contract_find.h"
#include "rpc/call/answers.h"
#include "rpc/call/authorize.h"
#include "rpc/call/chain_facts.h"
#include "rpc/call/session_cookie.h"
#include "rpc/identity/identity_registry.h"
#include "rpc/identity/token_value.h"
#include "rpc/services/authorization.h"
#include "rpc/services/organization_settings.h"
#include "rpc/services/resource/history.h"
#include "storage/keys.h"
#include "storage/record.h"

/* Of what a client calls itself. */
#define USER_AGENT_MOST 200

/* -- rows ------------------------------------------------------------------------------------- */

void session__make_value(struct call *call, struct session *session)
{
    arena_wipe_on_done(call->arena);
    credential_value_make(SESSION_VALUE_PREFIX, call->random + RANDOM_TOKEN, session->value);
    token_value_hash(slice_make(session->value, sizeof(session->value)), session->hash);
}

static struct slice copy_hash(struct call *call, const uint8_t hash[32])
{
    return arena_copy(call->arena, slice_make(hash, 32));
}

/* Text that a client sent, as a row may keep it: cut, and empty where it is not UTF-8. */
static char *keep_text(struct arena *arena, struct slice text)
{
    static char none[] = "";
    char *copy = NULL;

    while (text.len > USER_AGENT_MOST ||
           (text.len > 0 && (text.data[text.len - 1] & 0x80) != 0 && !utf8_is_valid(text)))
        text.len--;
    if (utf8_is_valid(text) && slice_find(text, '\0') == text.len)
        copy = arena_cstr(arena, text);
    return copy == NULL ? none : copy;
}

void session__commit(struct call *call, const struct session *session, struct slice source_ip,
                     struct slice user_agent)
{
    Datastream__Storage__V1__SessionRecord record = DATASTREAM__STORAGE__V1__SESSION_RECORD__INIT;
    const struct session_facts *facts = &session->facts;
    struct slice hash = copy_hash(call, session->hash);

    record.hash = (ProtobufCBinaryData){hash.len, (uint8_t *)hash.data};
    record.create_time_ms = facts->create_ms;
    record.source_ip = keep_text(call->arena, source_ip);
    record.user_agent = keep_text(call->arena, user_agent);
    commit_put(&call->commit, FAMILY_SESSION_HASHES, hash, session_facts_pack(call->arena, facts));
    commit_put(&call->commit, FAMILY_SESSIONS,
               key_session(call->arena, &facts->organization, &facts->user, &facts->session),
               message_pack(call->arena, &record.base));
    call_add_metadata(call, SLICE("set-cookie"),
                      session_cookie_make(call->arena, call->credentials.own_origin,
                                          slice_make(session->value, sizeof(session->value))));
}

void session__commit_end(struct call *call, const struct session_facts *facts,
                         const uint8_t hash[32])
{
    commit_delete(&call->commit, FAMILY_SESSION_HASHES, copy_hash(call, hash));
    commit_delete(&call->commit, FAMILY_SESSIONS,
                  key_session(call->arena, &facts->organization, &facts->user, &facts->session));
}

static struct status read_row(struct call *call, const struct store_row *row,
                              struct session_row *ret_row)
{
    ProtobufCAllocator allocator = message_allocator(call->arena);
    struct session_row session = {.key = row->key};
    struct uuid organization, user;
    struct record record;
    enum store_found found;
    struct slice value;
    uint64_t revision;

    if (!key_session_parse(row->key, &organization, &user, &session.id) ||
        !record_parse(row->value, &record))
        return object_data_loss();
    session.revision = record.revision;
    session.record = datastream__storage__v1__session_record__unpack(
        &allocator, record.body.len, (const uint8_t *)record.body.data);
    if (session.record == NULL)
        return arena_failed(call->arena) ? status_out_of_memory() : object_data_loss();
    found = store_get(call->view, FAMILY_SESSION_HASHES,
                      slice_make(session.record->hash.data, session.record->hash.len), &value);
    if (found == STORE_FOUND) {
        session.has_facts = session_facts_read(call->arena, value, &session.facts, &revision);
        if (!session.has_facts)
            return arena_failed(call->arena) ? status_out_of_memory() : object_data_loss();
    } else if (found != STORE_ABSENT) {
        return call_store_status(found);
    }
    *ret_row = session;
    return status_ok();
}

struct status session__list_rows(struct call *call, const struct uuid *organization,
                                 const struct uuid *user, struct session_row **ret_rows,
                                 size_t *ret_count)
{
    struct slice from = key_sessions_of(call->arena, organization, user);
    struct slice to = key_prefix_end(call->arena, from);
    struct status status = status_ok();
    struct session_row *sessions;
    struct store_rows rows = {0};
    enum store_found found;

    if (arena_failed(call->arena))
        return status_out_of_memory();
    found = store_scan(call->view, FAMILY_SESSIONS, from, to, false, SESSIONS_READ, &rows);
    if (found != STORE_FOUND)
        return call_store_status(found);
    sessions = arena_array(call->arena, rows.count + 1, sizeof(*sessions));
    if (sessions == NULL)
        return status_out_of_memory();
    /* A miss ends nothing here: the rest is asked for too, and fetched with it. */
    for (size_t i = 0; i < rows.count; i++) {
        struct status one = read_row(call, &rows.rows[i], &sessions[i]);

        if (status_is_ok(status))
            status = one;
    }
    *ret_rows = sessions;
    *ret_count = rows.count;
    return status;
}

/*
 * No session of the user begins before the commit but those that were read: where one does, it
 * conflicts. Nothing lies between the rows, before the first and after the last.
 */
static void require_no_other(struct call *call, struct slice from, struct slice to,
                             const struct session_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        commit_require_empty(&call->commit, FAMILY_SESSIONS, from, rows[i].key);
        from = arena_copy(call->arena, rows[i].key);
        if (from.len > 0)
            from.len++; /* the NUL that follows a copy: the smallest key after this one */
    }
    commit_require_empty(&call->commit, FAMILY_SESSIONS, from, to);
}

struct status session__commit_end_all(struct call *call, const struct uuid *organization,
                                      const struct uuid *user)
{
    struct slice from = key_sessions_of(call->arena, organization, user);
    struct session_row *rows = NULL;
    size_t count = 0;
    struct status status = session__list_rows(call, organization, user, &rows, &count);

    if (status_is_ok(status))
        require_no_other(call, from, key_prefix_end(call->arena, from), rows, count);
    for (size_t i = 0; status_is_ok(status) && i < count; i++) {
        const ProtobufCBinaryData hash = rows[i].record->hash;

        commit_delete(&call->commit, FAMILY_SESSIONS, rows[i].key);
        commit_delete(&call->commit, FAMILY_SESSION_HASHES, slice_make(hash.data, hash.len));
    }
    return status;
}

/* -- answers ---------------------------------------------------------------------------------- */

static char *uuid_cstr(struct arena *arena, const struct uuid *id)
{
    return arena_cstr(arena, object_id_text(arena, id));
}

static Datastream__V1__SessionUser *make_user(struct arena *arena, const Datastream__V1__User *from)
{
    Datastream__V1__SessionUser *user = arena_alloc(arena, sizeof(*user));

    if (user == NULL)
        return NULL;
    datastream__v1__session_user__init(user);
    user->id = from->id;
    user->name = from->name;
    user->email = from->email;
    user->timezone = from->timezone;
    user->language = from->language;
    return user;
}

/* The role of a user; one that is gone permits nothing. */
static struct status set_role(struct call *call, const struct session_facts *facts,
                              const char *role_id, Datastream__V1__Session *session)
{
    struct permission_set permissions = {{0}};
    enum store_found found = STORE_ABSENT;
    struct slice name = SLICE_EMPTY;
    uint64_t revision;
    struct uuid id;

    if (uuid_parse(slice_from_cstr(role_id), &id))
        found = identity_read_role(call_identities(call), call->arena, call->view,
                                   &facts->organization, &id, &permissions, NULL, &name, &revision);
    if (found != STORE_FOUND && found != STORE_ABSENT)
        return call_store_status(found);
    session->role_id = (char *)role_id;
    session->role_name = arena_cstr(call->arena, name);
    authorization__name_permissions(call, &permissions, &session->permissions,
                                    &session->n_permissions);
    return status_ok();
}

struct status session__answer(struct call *call, const struct session_facts *facts,
                              const uint8_t hash[32],
                              const Datastream__Storage__V1__UserRecord *user)
{
    Datastream__V1__Session *session = arena_alloc(call->arena, sizeof(*session));
    struct organization_settings settings;
    struct status status;

    if (session == NULL)
        return status_out_of_memory();
    datastream__v1__session__init(session);
    session->id = uuid_cstr(call->arena, &facts->session);
    session->user = make_user(call->arena, user->user);
    session->organization_id = uuid_cstr(call->arena, &facts->organization);
    session->csrf_token = arena_cstr(call->arena, call_csrf_token(call, hash));
    session->create_time = history_time(call->arena, facts->create_ms);
    session->idle_end_time = history_time(call->arena, facts->idle_end_ms);
    session->absolute_end_time = history_time(call->arena, facts->absolute_end_ms);
    session->password_change_required = user->must_change_password;
    status = organization_settings__read(call, &facts->organization, &settings);
    if (status_is_ok(status))
        status = set_role(call, facts, user->user->role_id, session);
    if (!status_is_ok(status))
        return status;
    session->organization_name = arena_cstr(call->arena, settings.name);
    arena_wipe_on_done(call->arena);
    call->keep_plain = true;
    call->response = &session->base;
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

void session__audit(struct call *call, const char *action, const struct session_facts *facts,
                    struct slice user_name, struct slice description)
{
    const struct kind *users = contract_kind(call_contract(call), SLICE("users"));
    struct call_audit *row = call_audit_add(call, action, users, &facts->user, user_name);

    if (row == NULL)
        return;
    row->organization = facts->organization;
    row->actor = (struct actor){ACTOR_USER, facts->user};
    row->description = description;
    call->actor_name = user_name;
}

/* -- the caller ------------------------------------------------------------------------------- */

struct status session__read_user(struct call *call, struct object *ret_object,
                                 Datastream__Storage__V1__UserRecord **ret_record)
{
    const struct kind *users = contract_kind(call_contract(call), SLICE("users"));
    struct object object;
    struct status status = object_read(call, users, object_id_text(call->arena, &call->identity.id),
                                       &object);

    if (!status_is_ok(status))
        return status;
    *ret_record = user__unpack(call->arena, object.body);
    if (*ret_record == NULL)
        return arena_failed(call->arena) ? status_out_of_memory() : object_data_loss();
    *ret_object = object;
    return status_ok();
}

struct status session__read_own(struct call *call, struct session_facts *ret_facts)
{
    enum store_found found;
    struct slice value;
    uint64_t revision;

    found = store_get(call->view, FAMILY_SESSION_HASHES,
                      slice_make(call->identity.hash, sizeof(call->identity.hash)), &value);
    if (found == STORE_ABSENT) /* the chain judges it again at the next try */
        return status_const(STATUS_UNAVAILABLE,
                            SLICE("Your session changed during the call. Try again."));
    if (found != STORE_FOUND)
        return call_store_status(found);
    if (session_facts_read(call->arena, value, ret_facts, &revision))
        return status_ok();
    return arena_failed(call->arena) ? status_out_of_memory() : object_data_loss();
}

struct status session__get(struct call *call)
{
    Datastream__Storage__V1__UserRecord *user;
    struct session_facts facts;
    struct object object;
    struct status status = session__read_own(call, &facts);

    if (status_is_ok(status))
        status = session__read_user(call, &object, &user);
    return status_is_ok(status) ? session__answer(call, &facts, call->identity.hash, user) : status;
}

static struct status end_own(struct call *call)
{
    Datastream__Storage__V1__UserRecord *user;
    struct session_facts facts;
    struct object object;
    struct status status = session__read_own(call, &facts);

    if (status_is_ok(status))
        status = session__read_user(call, &object, &user);
    if (!status_is_ok(status))
        return status;
    session__commit_end(call, &facts, call->identity.hash);
    session__audit(call, "SignedOut", &facts, slice_from_cstr(user->user->name),
                   SLICE("The user signed out."));
    call_add_metadata(call, SLICE("set-cookie"),
                      session_cookie_make(call->arena, call->credentials.own_origin, SLICE_EMPTY));
    call->response = object_empty_response(call);
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

struct status session__sign_out(struct call *call)
{
    return end_own(call);
}

/* -- the caller's sessions -------------------------------------------------------------------- */

static Datastream__V1__UserSession *make_item(struct call *call, const struct session_row *row)
{
    const struct session_facts *facts = &row->facts;
    struct arena *arena = call->arena;
    Datastream__V1__UserSession *item = arena_alloc(arena, sizeof(*item));

    if (item == NULL)
        return NULL;
    datastream__v1__user_session__init(item);
    item->id = uuid_cstr(arena, &row->id);
    item->current = uuid_equal(&row->id, &call->identity.session);
    item->create_time = history_time(arena, facts->create_ms);
    item->last_used_time = history_time(arena, facts->idle_end_ms - facts->idle_ms);
    item->idle_end_time = history_time(arena, facts->idle_end_ms);
    item->absolute_end_time = history_time(arena, facts->absolute_end_ms);
    item->source_ip = row->record->source_ip;
    item->user_agent = row->record->user_agent;
    return item;
}

struct status session__list(struct call *call)
{
    Datastream__V1__ListSessionsResponse *response = arena_alloc(call->arena, sizeof(*response));
    Datastream__Storage__V1__UserRecord *user;
    struct session_row *rows = NULL;
    struct object object;
    size_t count = 0;
    struct status status = session__read_user(call, &object, &user);

    if (status_is_ok(status))
        status = session__list_rows(call, &call->identity.organization, &call->identity.id, &rows,
                                    &count);
    if (!status_is_ok(status))
        return status;
    if (response == NULL)
        return status_out_of_memory();
    datastream__v1__list_sessions_response__init(response);
    response->sessions = arena_array(call->arena, count + 1, sizeof(response->sessions[0]));
    if (response->sessions == NULL)
        return status_out_of_memory();
    for (size_t i = 0; i < count; i++)
        if (rows[i].has_facts && !session_has_ended(&rows[i].facts, user->generation, call->now_ms))
            response->sessions[response->n_sessions++] = make_item(call, &rows[i]);
    call->response = &response->base;
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

static struct status not_found(struct call *call)
{
    struct status status = status_const(STATUS_NOT_FOUND, SLICE("You have no such session."));

    status_add_detail(call->arena, &status, DETAIL_RESOURCE_INFO, SLICE_EMPTY, SLICE("sessions"),
                      status.message);
    return arena_failed(call->arena) ? status_out_of_memory() : status;
}

struct status session__end(struct call *call)
{
    const Datastream__V1__EndSessionRequest *request = (const void *)call->request;
    const struct identity *identity = &call->identity;
    Datastream__Storage__V1__UserRecord *user;
    struct store_row row = {.key = SLICE_EMPTY};
    struct session_row session;
    struct object object;
    enum store_found found;
    struct status status;
    struct uuid id;

    if (!uuid_parse(slice_from_cstr(request->id), &id))
        return not_found(call);
    if (uuid_equal(&id, &identity->session))
        return end_own(call);
    row.key = key_session(call->arena, &identity->organization, &identity->id, &id);
    if (arena_failed(call->arena))
        return status_out_of_memory();
    found = store_get(call->view, FAMILY_SESSIONS, row.key, &row.value);
    if (found == STORE_ABSENT)
        return not_found(call);
    status = found == STORE_FOUND ? read_row(call, &row, &session) : call_store_status(found);
    if (status_is_ok(status))
        status = session__read_user(call, &object, &user);
    if (!status_is_ok(status))
        return status;
    commit_require_revision(&call->commit, FAMILY_SESSIONS, row.key, session.revision);
    commit_delete(&call->commit, FAMILY_SESSIONS, row.key);
    commit_delete(&call->commit, FAMILY_SESSION_HASHES,
                  slice_make(session.record->hash.data, session.record->hash.len));
    session.facts = (struct session_facts){.organization = identity->organization,
                                           .user = identity->id};
    session__audit(call, "EndedSession", &session.facts, slice_from_cstr(user->user->name),
                   SLICE("The user ended a session."));
    call->response = object_empty_response(call);
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}
