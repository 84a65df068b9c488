/* Deletes the API tokens that a filter matches, slice by slice. */
#include "rpc/services/api_token_revoke.h"

#include "base/text.h"
#include "proto/json/json.h"
#include "proto/json/json_text.h"
#include "rpc/call/answers.h"
#include "rpc/call/slices.h"
#include "rpc/services/api_token.h"

/* Tokens of a slice: their rows and conditions are far within what one commit holds. */
#define SLICE_TOKENS 64
/* Bytes of a row's key, whose longest part is a folded name. */
#define KEY_MOST 4608

/* What passes from one slice to the next. */
struct revocation {
    uint64_t matched;
    bool audited; /* the row with the filter is written */
    size_t last_len;
    char last[KEY_MOST]; /* key of the row that was looked at last */
};

/* One row that says what was asked for, before those of the tokens. */
static void audit_filter(struct call *call, const char *filter)
{
    struct json_text quoted = {.arena = call->arena};
    struct call_audit *row = call_audit_add(call, "RevokedMatchingApiTokens", NULL, NULL,
                                            SLICE_EMPTY);

    if (row == NULL)
        return;
    json_put_string(&quoted, slice_from_cstr(filter));
    row->description = SLICE("Revoked the API tokens that a filter matches.");
    call_note_change(call->arena, &row->changes, SLICE("filter"), SLICE_EMPTY,
                     json_text_slice(&quoted));
}

/* False in *ret_revoked for the token that calls: without it the next slice would not be let in. */
static struct status revoke(struct call *call, const ProtobufCMessage *item, bool dry_run,
                            bool *ret_revoked)
{
    const Datastream__V1__ApiToken *token = (const Datastream__V1__ApiToken *)item;
    struct object object;
    struct status status = object_read(call, call->method->kind, slice_from_cstr(token->id),
                                       &object);

    *ret_revoked = false;
    if (!status_is_ok(status) || guard__is_self(call, &object.id))
        return status;
    *ret_revoked = true;
    if (dry_run)
        return status;
    status = references_check_none(call, &object);
    if (!status_is_ok(status))
        return status;
    draft_commit_delete(call, &object);
    commit_delete(&call->commit, FAMILY_USAGE, object.key);
    return status;
}

static struct status revoke_all(struct call *call, const struct list_slice *slice,
                                struct revocation *revocation)
{
    const Datastream__V1__RevokeMatchingApiTokensRequest *request = (const void *)call->request;
    struct status first = status_ok();

    if (!request->dry_run && !revocation->audited && slice->count > 0) {
        audit_filter(call, request->filter);
        revocation->audited = true;
    }
    for (size_t i = 0; i < slice->count; i++) {
        bool revoked;
        struct status status = revoke(call, slice->items[i], request->dry_run, &revoked);

        /* A miss ends nothing here: the rest is asked for too, and fetched with it. */
        if (!status_is_ok(status) && !store_view_missed(call->view))
            return status;
        if (!status_is_ok(status) && status_is_ok(first))
            first = status;
        revocation->matched += status_is_ok(status) && revoked;
    }
    return first;
}

static struct status answer(struct call *call, const struct revocation *revocation)
{
    Datastream__V1__RevokeMatchingApiTokensResponse *response = arena_alloc(call->arena,
                                                                            sizeof(*response));

    if (response == NULL)
        return status_out_of_memory();
    datastream__v1__revoke_matching_api_tokens_response__init(response);
    response->matched = revocation->matched > INT32_MAX ? INT32_MAX : (int32_t)revocation->matched;
    call->response = &response->base;
    return status_ok();
}

struct status api_token__revoke_matching(struct call *call)
{
    const struct revocation *before = call_slice(call);
    struct revocation *revocation = arena_zalloc(call->arena, sizeof(*revocation));
    struct list_slice slice = {.count = 0};
    struct status status;

    if (revocation == NULL)
        return status_out_of_memory();
    if (before != NULL)
        *revocation = *before;
    status = list_matching(call, &api_token__list_functions,
                           slice_make(revocation->last, revocation->last_len), SLICE_TOKENS,
                           &slice);
    if (!status_is_ok(status) || call->gives_way)
        return status;
    status = revoke_all(call, &slice, revocation);
    if (!status_is_ok(status))
        return status;
    if (slice.last.len == 0)
        return answer(call, revocation);
    if (slice.last.len > KEY_MOST)
        return object_data_loss();
    memcpy(revocation->last, slice.last.data, slice.last.len);
    revocation->last_len = slice.last.len;
    call_continue(call, revocation, sizeof(*revocation));
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}
