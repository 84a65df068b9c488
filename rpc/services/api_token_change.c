/*
 * Changes of API tokens. The rows of a token's facts change in the same commit as its record, so
 * that no later request is let in on the old ones.
 */
#include "rpc/services/api_token_change.h"

#include "rpc/services/api_token.h"

#include "base/clock.h"
#include "rpc/call/answers.h"
#include "rpc/call/chain_facts.h"
#include "rpc/call/idempotency.h"
#include "rpc/services/resource/changes.h"
#include "rpc/services/resource/history.h"
#include "rpc/services/resource/rules.h"
#include "rpc/services/resource/rules_actions.h"

/* The answer to a change: the token as it will be, its etag set when the revision is known. */
static struct status answer(struct call *call, const struct api_token *token)
{
    Datastream__V1__ApiToken *view;
    struct status status = api_token__view(call, token->record, token->role.name, &view);

    if (status_is_ok(status))
        call->response = &view->base;
    return status;
}

/* The answer when nothing changes. */
static struct status answer_as_is(struct call *call, const struct api_token *token)
{
    struct status status = answer(call, token);

    if (!status_is_ok(status))
        return status;
    object_set_etag(call, call->method->kind, call->response, token->object.revision);
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

/* Fills the commit of an action with the record, its facts and the audit row, and the answer. */
static struct status commit_action(struct call *call, struct api_token *token, const char *verb,
                                   const struct call_changes *changes)
{
    Datastream__V1__ApiToken *message = token->record->token;
    struct status status;

    message->update_time = history_time(call->arena, call->now_ms);
    status = answer(call, token);
    if (!status_is_ok(status))
        return status;
    guard__require_role(call, &token->role);
    api_token__end_overlap(token->record, call->now_ms);
    draft_commit_record(call, &token->object, api_token__pack(call->arena, token->record));
    object_audit(call, verb, token->object.kind, &token->object.id, slice_from_cstr(message->name),
                 changes);
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

/* A token that is to work until `expire_ms` is bounded at least as much as the caller. */
static struct status check_bounds(struct call *call, const Datastream__V1__ApiToken *token,
                                  int64_t expire_ms)
{
    return guard__check_bounds(call, expire_ms, token->allowed_cidrs, token->n_allowed_cidrs);
}

/* -- disable and enable ----------------------------------------------------------------------- */

struct status api_token__disable(struct call *call)
{
    const Datastream__V1__DisableApiTokenRequest *request = (const void *)call->request;
    struct slice id = slice_from_cstr(request->id);
    struct api_token token;
    struct status status = api_token__open(call, id, &token);

    if (!status_is_ok(status))
        return status;
    if (token.record->disabled)
        return answer_as_is(call, &token);
    token.record->disabled = true;
    return commit_action(call, &token, "Disabled", NULL);
}

struct status api_token__enable(struct call *call)
{
    const Datastream__V1__EnableApiTokenRequest *request = (const void *)call->request;
    struct api_token token;
    struct status status = api_token__read(call, slice_from_cstr(request->id), &token);

    if (status_is_ok(status))
        status = call_check_etag(call, token.object.revision);
    if (status_is_ok(status))
        status = guard__check(call, &token.role.permissions, "the token");
    if (status_is_ok(status))
        status = check_bounds(call, token.record->token, api_token__expire_ms(token.record));
    if (!status_is_ok(status))
        return status;
    if (!token.record->disabled)
        return answer_as_is(call, &token);
    token.record->disabled = false;
    return commit_action(call, &token, "Enabled", NULL);
}

/* Seconds that the old value of a token that regenerates itself works at least, with a key. */
#define OVERLAP_REPEATABLE_S 60

/* -- regenerate ------------------------------------------------------------------------------- */

/* A time limit that the token does not take is refused in each form that it was given in. */
static void refuse_end(struct call *call, struct violations *violations)
{
    const Datastream__V1__RegenerateApiTokenRequest *request = (const void *)call->request;
    const char *sentence =
        "must not be given: the time limit can change only after the token has expired";

    if (request->expiration != 0)
        violations_add(violations, call->arena, SLICE("expiration"), "%s", sentence);
    if (request->expire_time != NULL)
        violations_add(violations, call->arena, SLICE("expireTime"), "%s", sentence);
}

/* Only an expired token takes, and must take, a new end. */
static struct status choose_end(struct call *call, int64_t *expire_ms)
{
    const Datastream__V1__RegenerateApiTokenRequest *request = (const void *)call->request;
    bool given = request->expiration != 0 || request->expire_time != NULL;
    struct violations violations = {0};
    struct status status = status_ok();
    int64_t chosen = *expire_ms;

    if (!clock_has_expired(*expire_ms, call->now_ms))
        refuse_end(call, &violations);
    else if (given)
        status = api_token__choose_end(call, (int32_t)request->expiration, request->expire_time,
                                       &violations, &chosen);
    else
        violations_add(&violations, call->arena, SLICE("expiration"),
                       "is required unless expireTime is given: the token has expired");
    if (status_is_ok(status) && violations.count > 0)
        status = violations_status(&violations, call->arena);
    if (status_is_ok(status))
        *expire_ms = chosen;
    return status;
}

/*
 * Whoever repeats the request must still be let in by the value that the first one replaced.
 */
static struct status check_repeatable(struct call *call, const struct api_token *token)
{
    const Datastream__V1__RegenerateApiTokenRequest *request = (const void *)call->request;

    if (!call_has_idempotency_key(call) || !guard__is_self(call, &token->object.id) ||
        request->overlap_seconds >= OVERLAP_REPEATABLE_S)
        return status_ok();
    return status_invalid_field(call->arena, SLICE("overlapSeconds"),
                                "must be at least %d when a token regenerates itself with an "
                                "idempotency key, so that the request can be repeated",
                                OVERLAP_REPEATABLE_S);
}

/*
 * Moves the current value to the overlap, for as long as the request asks and it would have worked;
 * the value that was there before stops working.
 */
static void retire_value(struct call *call, Datastream__Storage__V1__TokenRecord *record,
                         int64_t overlap_ms)
{
    int64_t until = call->now_ms + overlap_ms;
    int64_t expire_ms = api_token__expire_ms(record);

    record->overlap_hash = (ProtobufCBinaryData){0, NULL};
    record->overlap_until_ms = 0;
    if (expire_ms != 0 && expire_ms < until)
        until = expire_ms;
    if (until <= call->now_ms)
        return;
    record->overlap_hash = record->hash;
    record->overlap_until_ms = until;
}

/*
 * The end that regeneration gave, to the nanosecond where it was a time; the audit row tells it
 * where it is another.
 */
static void set_end(struct call *call, struct api_token *token, int64_t expire_ms,
                    struct call_changes *changes)
{
    const Datastream__V1__RegenerateApiTokenRequest *request = (const void *)call->request;
    Datastream__V1__ApiToken before = *token->record->token;

    if (expire_ms == api_token__expire_ms(token->record))
        return;
    token->record->token->expire_time = request->expire_time != NULL
                                            ? request->expire_time
                                            : history_time(call->arena, expire_ms);
    changes_note(call->arena, changes, token->object.kind->message, &before.base,
                 &token->record->token->base);
}

static void describe_overlap(struct call *call, const Datastream__Storage__V1__TokenRecord *record)
{
    int64_t overlap_ms = record->overlap_until_ms - call->now_ms;

    if (overlap_ms > 0 && call->audit_last != NULL)
        call->audit_last->description = arena_printf(
            call->arena, "%.*s The old value works for %lld more seconds.",
            SLICE_ARG(call->audit_last->description), (long long)(overlap_ms / 1000));
}

struct status api_token__regenerate(struct call *call)
{
    const Datastream__V1__RegenerateApiTokenRequest *request = (const void *)call->request;
    struct slice id = slice_from_cstr(request->id);
    struct call_changes changes = {0};
    int64_t expire_ms = 0;
    struct api_token token;
    struct slice value;
    struct status status = api_token__open(call, id, &token);

    if (!status_is_ok(status))
        return status;
    expire_ms = api_token__expire_ms(token.record);
    status = check_repeatable(call, &token);
    if (status_is_ok(status))
        status = choose_end(call, &expire_ms);
    if (status_is_ok(status))
        status = guard__check(call, &token.role.permissions, "the token");
    if (status_is_ok(status))
        status = check_bounds(call, token.record->token, expire_ms);
    if (!status_is_ok(status))
        return status;
    retire_value(call, token.record, (int64_t)request->overlap_seconds * 1000);
    set_end(call, &token, expire_ms, &changes);
    value = api_token__new_value(call, token.record);
    if (arena_failed(call->arena))
        return status_out_of_memory();
    status = commit_action(call, &token, "Regenerated", &changes);
    describe_overlap(call, token.record);
    if (status_is_ok(status))
        api_token__show(call->arena, (Datastream__V1__ApiToken *)call->response, value);
    return status_is_ok(status) && arena_failed(call->arena) ? status_out_of_memory() : status;
}

/* -- update ----------------------------------------------------------------------------------- */

/* The role that the token has, and the one that it is to have. */
struct role_change {
    struct guard_role before;
    struct guard_role after;
    bool changed;
};

static struct status read_roles(struct call *call, struct edit *edit, struct role_change *change)
{
    const Datastream__V1__ApiToken *before = (const void *)edit->before.message;
    const Datastream__V1__ApiToken *after = (const void *)edit->after.message;
    struct violations ignored = {0};
    struct status status;

    change->changed = strcmp(before->role_id, after->role_id) != 0;
    status = guard__read_assignable(call, before->role_id, ASSIGNABLE_TOKENS, &ignored,
                                    &change->before);
    if (!status_is_ok(status))
        return status;
    if (!change->changed) {
        change->after = change->before;
        return status_ok();
    }
    return guard__read_assignable(call, after->role_id, ASSIGNABLE_TOKENS, &edit->after.violations,
                                  &change->after);
}

/* Whether the token may be used from where it might not. */
static bool networks_widen(const Datastream__V1__ApiToken *before,
                           const Datastream__V1__ApiToken *after)
{
    return !guard__networks_within(after->allowed_cidrs, after->n_allowed_cidrs,
                                   before->allowed_cidrs, before->n_allowed_cidrs);
}

/* A token changes neither its own role nor from where it may be used, except to fewer networks. */
static struct status check_self(struct call *call, const struct edit *edit, bool role_changes,
                                bool widens)
{
    if (!guard__is_self(call, &edit->after.id))
        return status_ok();
    if (role_changes)
        return guard__refuse(call, SLICE("A token cannot change its own role."), SLICE("roleId"));
    if (widens)
        return guard__refuse(call, SLICE("A token cannot widen its own allowed networks."),
                             SLICE("allowedCidrs"));
    return status_ok();
}

/*
 * Nobody edits a token that may do more than they, nor gives one a role that does; least of all its
 * own. More permissions or networks are as good as a new token: the caller's bounds hold for them.
 */
static struct status check_guard(struct call *call, const struct edit *edit,
                                 const struct role_change *change)
{
    Datastream__V1__ApiToken *after = (Datastream__V1__ApiToken *)edit->after.message;
    const Datastream__Storage__V1__TokenRecord record = {.token = after};
    bool widens = networks_widen((const void *)edit->before.message, after);
    struct status status = guard__check(call, &change->before.permissions, "the token");

    if (status_is_ok(status))
        status = check_self(call, edit, change->changed, widens);
    if (status_is_ok(status))
        status = guard__check(call, &change->after.permissions, "the role");
    if (status_is_ok(status) &&
        (widens || guard__lacking(call_contract(call), &change->after.permissions,
                                  &change->before.permissions) != NULL))
        status = check_bounds(call, after, api_token__expire_ms(&record));
    return status;
}

/* The status is not stored: what an update says of it is compared, and dropped. */
static void check_state(struct call *call, struct edit *edit)
{
    const Datastream__Storage__V1__TokenRecord *record = api_token__unpack(call->arena,
                                                                           edit->object.body);
    Datastream__V1__ApiToken *after = (Datastream__V1__ApiToken *)edit->after.message;
    Datastream__V1__TokenStatus__Value wanted = after->status;

    after->status = DATASTREAM__V1__TOKEN_STATUS__VALUE__UNSPECIFIED;
    if (record == NULL || wanted == DATASTREAM__V1__TOKEN_STATUS__VALUE__UNSPECIFIED ||
        wanted == api_token__status(record, call->now_ms))
        return;
    if (wanted == DATASTREAM__V1__TOKEN_STATUS__VALUE__ACTIVE)
        rules_refuse_state(call->arena, SLICE("status"), SLICE(":enable"), &edit->after.violations);
    else if (wanted == DATASTREAM__V1__TOKEN_STATUS__VALUE__DISABLED)
        rules_refuse_state(call->arena, SLICE("status"), SLICE(":disable"),
                           &edit->after.violations);
    else
        rules_refuse_state(call->arena, SLICE("status"), SLICE(":enable or :disable"),
                           &edit->after.violations);
}

static struct status check_update(struct call *call, struct edit *edit, struct role_change *change)
{
    const Datastream__V1__ApiToken *after = (const void *)edit->after.message;
    struct status status;

    check_state(call, edit);
    if (after->expiration != DATASTREAM__V1__TOKEN_EXPIRATION__VALUE__UNSPECIFIED)
        violations_add(&edit->after.violations, call->arena, SLICE("expiration"),
                       "cannot be changed after creation");
    status = read_roles(call, edit, change);
    if (status_is_ok(status))
        status = draft_status(call, &edit->after);
    if (status_is_ok(status))
        status = check_guard(call, edit, change);
    if (status_is_ok(status))
        status = draft_check_name(call, &edit->after);
    return status;
}

struct status api_token__update(struct call *call)
{
    struct role_change change = {.changed = false};
    struct api_token token;
    struct edit edit;
    struct status status = edit_begin(call, false, &edit);

    if (status_is_ok(status))
        status = check_update(call, &edit, &change);
    if (!status_is_ok(status))
        return status;
    token = (struct api_token){edit.object, api_token__unpack(call->arena, edit.object.body),
                               change.after};
    if (token.record == NULL)
        return arena_failed(call->arena) ? status_out_of_memory() : object_data_loss();
    if (!edit_changed(call, &edit))
        return answer_as_is(call, &token);
    edit_stamp(call, &edit);
    token.record->token = (Datastream__V1__ApiToken *)edit.after.message;
    status = answer(call, &token);
    if (!status_is_ok(status) || object_validate_only(call))
        return status;
    guard__require_role(call, &change.before);
    if (change.changed)
        guard__require_role(call, &change.after);
    api_token__end_overlap(token.record, call->now_ms);
    edit_commit(call, &edit, api_token__pack(call->arena, token.record));
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}
