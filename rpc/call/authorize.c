/* Who calls, and may they: from the head of the request alone, and again before the method runs. */
#include "rpc/call/authorize.h"

#include "base/clock.h"
#include "base/crypto/wipe.h"
#include "base/text.h"
#include "proto/message/message.h"
#include "rpc/call/answers.h"
#include "rpc/call/audit_row.h"
#include "rpc/call/chain.h"
#include "rpc/identity/identity_registry.h"
#include "rpc/identity/session_facts.h"

bool authorize__is_signed(const struct call_credentials *credentials)
{
    return credentials->bearer.len > 0 ||
           (credentials->bearer.data == NULL && credentials->session.len > 0);
}

struct status authorize__unauthenticated(void)
{
    return status_const(STATUS_UNAUTHENTICATED, SLICE("A valid API token is required."));
}

static const struct permission *needed_permission(const struct call *call)
{
    return call->is_other_verb ? NULL : call->method->permission;
}

bool call_may(const struct call *call)
{
    const struct permission *permission = needed_permission(call);

    return permission == NULL || permission_set_has(&call->identity.permissions, permission->bit);
}

struct status call_denied(struct call *call, struct slice permission)
{
    struct status status = status_make(call->arena, STATUS_PERMISSION_DENIED,
                                       "Permission \"%.*s\" is required.", SLICE_ARG(permission));

    if (status.code == STATUS_PERMISSION_DENIED)
        status_add_detail(call->arena, &status, DETAIL_ERROR_INFO, SLICE("PERMISSION_DENIED"),
                          SLICE("permission"), permission);
    return arena_failed(call->arena) ? status_out_of_memory() : status;
}

/* Tokens and people never call for an object by its own credential. */
static struct status refuse_own_credential(struct call *call)
{
    const struct kind *kind = call->method->kind;
    struct status status = status_make(
        call->arena, STATUS_PERMISSION_DENIED,
        "Only the %.*s itself may call this method, with its own key.", SLICE_ARG(kind->singular));

    if (status.code == STATUS_PERMISSION_DENIED)
        status_add_detail(call->arena, &status, DETAIL_ERROR_INFO, SLICE("OWN_CREDENTIAL"),
                          SLICE("kind"), kind->collection);
    return arena_failed(call->arena) ? status_out_of_memory() : status;
}

/* A key permits nothing but the calls that its object makes for itself. */
static struct status judge_key(struct call *call)
{
    const struct permission *permission = needed_permission(call);
    struct status status;

    if (call_access(call) == ACCESS_OWN_CREDENTIAL &&
        call->method->kind->number == call->identity.kind)
        return status_ok();
    if (permission != NULL)
        return call_denied(call, permission->name);
    status = status_const(STATUS_PERMISSION_DENIED,
                          SLICE("The key of a director permits no other call than its check-in."));
    status_add_detail(call->arena, &status, DETAIL_ERROR_INFO, SLICE("DIRECTOR_KEY"), SLICE_EMPTY,
                      SLICE_EMPTY);
    return arena_failed(call->arena) ? status_out_of_memory() : status;
}

static struct status refuse_without_session(struct call *call)
{
    struct status status = status_const(
        STATUS_PERMISSION_DENIED,
        SLICE("Only a user who is signed in may call this method, by the session's cookie."));

    status_add_detail(call->arena, &status, DETAIL_ERROR_INFO, SLICE("SESSION_REQUIRED"),
                      SLICE_EMPTY, SLICE_EMPTY);
    return arena_failed(call->arena) ? status_out_of_memory() : status;
}

static struct status refuse_before_password_change(struct call *call)
{
    struct status status = status_const(
        STATUS_PERMISSION_DENIED,
        SLICE("The password must be changed first: call \"/api/v1/session:changePassword\"."));

    status_add_detail(call->arena, &status, DETAIL_ERROR_INFO, SLICE("PASSWORD_CHANGE_REQUIRED"),
                      SLICE_EMPTY, SLICE_EMPTY);
    return arena_failed(call->arena) ? status_out_of_memory() : status;
}

static struct status judge_permission(struct call *call)
{
    const struct method *method = call->method;

    if (call->identity.type == IDENTITY_DIRECTOR)
        return judge_key(call);
    if (call->identity.must_change_password && !method->before_password_change)
        return refuse_before_password_change(call);
    if (call_access(call) == ACCESS_SESSION && call->identity.type != IDENTITY_USER)
        return refuse_without_session(call);
    if (call_access(call) == ACCESS_OWN_CREDENTIAL)
        return refuse_own_credential(call);
    if (!call_may(call) && !method->allow_self)
        return call_denied(call, method->permission->name);
    for (size_t i = 0; i < method->additional_count; i++)
        if (!permission_set_has(&call->identity.permissions, method->additional[i]->bit))
            return call_denied(call, method->additional[i]->name);
    return status_ok();
}

struct status authorize__check_own(struct call *call)
{
    struct uuid id;

    if (call->method->access != ACCESS_OWN_CREDENTIAL ||
        (uuid_parse(field_get_string(call->request, call->method->id), &id) &&
         uuid_equal(&id, &call->identity.id)))
        return status_ok();
    return refuse_own_credential(call);
}

struct status call_refuse_credential(struct call *call, struct slice description)
{
    const struct status noted = status_const(STATUS_UNAUTHENTICATED, description);

    audit_row__note_denial(call, &noted);
    return authorize__unauthenticated();
}

/* -- sessions of browsers ------------------------------------------------------------------- */

#define CSRF_LEN 32

static bool make_csrf(struct call *call, const uint8_t session_hash[32], uint8_t mac[CSRF_LEN])
{
    const struct slice hash = slice_make(session_hash, 32);

    return hmac_compute(call->loop->page_mac, call->loop->chain->csrf_key, &hash, 1, mac);
}

struct slice call_csrf_token(struct call *call, const uint8_t session_hash[32])
{
    uint8_t mac[CSRF_LEN];

    if (!make_csrf(call, session_hash, mac)) {
        arena_fail(call->arena);
        return SLICE_EMPTY;
    }
    return base64url_encode(call->arena, slice_make(mac, sizeof(mac)));
}

/* Compared without regard to time, byte for byte: what an outsider sends is no MAC until then. */
static bool sends_csrf(struct call *call)
{
    struct slice wanted = call_csrf_token(call, call->identity.hash);

    return wanted.len > 0 && call->credentials.csrf.len == wanted.len &&
           crypto_equal(call->credentials.csrf.data, wanted.data, wanted.len);
}

/*
 * The browser sends its cookie whoever made the page; only a page of this server's own origin sends
 * that origin, and the token that it was given. No Origin, and "null", are no match.
 */
static struct status judge_forgery(struct call *call)
{
    const struct call_credentials *credentials = &call->credentials;
    struct status status;

    if (call->identity.type != IDENTITY_USER || !credentials->is_unsafe)
        return status_ok();
    if (credentials->own_origin.len > 0 &&
        slice_equal(credentials->origin, credentials->own_origin) && sends_csrf(call))
        return status_ok();
    status = status_const(STATUS_PERMISSION_DENIED,
                          SLICE("A request by session that changes something needs the Origin of "
                                "this server and the X-CSRF-Token of the session."));
    status_add_detail(call->arena, &status, DETAIL_ERROR_INFO, SLICE("CSRF"), SLICE_EMPTY,
                      SLICE_EMPTY);
    return arena_failed(call->arena) ? status_out_of_memory() : status;
}

/* Whether a token that came by Basic is the one of the id that came with it. */
static bool has_basic_id(const struct call *call)
{
    struct uuid id;

    return call->credentials.basic_id.data == NULL ||
           (call->identity.type == IDENTITY_TOKEN && uuid_parse(call->credentials.basic_id, &id) &&
            uuid_equal(&id, &call->identity.id));
}

static enum identity_result resolve(struct call *call)
{
    const struct call_credentials *credentials = &call->credentials;
    struct identity_cache *cache = call->loop->cache;
    enum identity_result result;

    if (credentials->bearer.data == NULL)
        return identity_resolve_session(cache, call->view, credentials->session, call->now_ms,
                                        &call->identity);
    result = identity_resolve(cache, call->view, credentials->bearer, call->peer, call->now_ms,
                              &call->identity);
    if (result == IDENTITY_AGAIN || result == IDENTITY_FAILED || result == IDENTITY_UNKNOWN ||
        has_basic_id(call))
        return result;
    call->identity = (struct identity){.type = IDENTITY_ANONYMOUS};
    return IDENTITY_UNKNOWN;
}

void call__reset_view(struct call *call)
{
    store_view_reset(call->view);
    call->progress = NULL;
    call->fetches = 0;
    call->view_epoch = identity_epoch(call->loop->chain->identities);
}

bool authorize__judge(struct call *call, struct status *ret_status)
{
    enum identity_result result;

    /* What was fetched before something changed must not be taken for what is so now. */
    if (call->view_epoch != identity_epoch(call->loop->chain->identities))
        call__reset_view(call);
    result = resolve(call);
    switch (result) {
    case IDENTITY_OK:
        *ret_status = judge_forgery(call);
        if (status_is_ok(*ret_status))
            *ret_status = judge_permission(call);
        return true;
    case IDENTITY_UNKNOWN:
        *ret_status = authorize__unauthenticated();
        return true;
    case IDENTITY_ENDED:
        *ret_status = call_refuse_credential(
            call, SLICE("The token was used while disabled or after it expired."));
        return true;
    case IDENTITY_OUTSIDE:
        *ret_status = call_refuse_credential(
            call, SLICE("The token was used from an address that is outside its networks."));
        return true;
    case IDENTITY_AGAIN:
        return false;
    default:
        *ret_status = call_store_status(STORE_FAILED);
        return true;
    }
}

enum identity_result call_inspect(struct call *call, struct slice value, struct slice peer,
                                  struct identity *ret_identity)
{
    /* As in authorize__judge; what the handler found so far stays in the arena. */
    if (call->view_epoch != identity_epoch(call->loop->chain->identities))
        call__reset_view(call);
    return identity_resolve(call->loop->cache, call->view, value, peer, call->now_ms, ret_identity);
}

void call_note_use(struct call *call, const struct identity *identity, struct slice peer)
{
    usage_note(call->loop->usage, identity, peer, call->now_ms);
}

bool authorize__still_holds(const struct call *call)
{
    const struct identity *identity = &call->identity;

    return call->method->access == ACCESS_PUBLIC ||
           (!clock_has_expired(identity->expire_ms, call->now_ms) &&
            identity_is_current(call->loop->cache, identity));
}

bool authorize__judge_again(struct call *call, struct status *ret_status)
{
    if (authorize__still_holds(call)) {
        *ret_status = status_ok();
        return true;
    }
    return authorize__judge(call, ret_status);
}
