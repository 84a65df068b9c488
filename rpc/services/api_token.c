/*
 * API tokens: creating, reading and deleting them. A token has a record under its id, and a row of
 * facts under the hash of each value that works: the current one and, for a while, the one that it
 * replaced.
 */
#include "rpc/services/api_token.h"

#include "base/clock.h"
#include "rpc/call/answers.h"
#include "rpc/call/idempotency.h"
#include "rpc/identity/token_value.h"
#include "rpc/identity/usage.h"
#include "rpc/services/calendar.h"
#include "rpc/services/organization_settings.h"
#include "rpc/services/resource/history.h"
#include "rpc/services/resource/list.h"
#include "storage/keys.h"

#define HASH_LEN 32

/* -- records ---------------------------------------------------------------------------------- */

Datastream__Storage__V1__TokenRecord *api_token__unpack(struct arena *arena, struct slice body)
{
    ProtobufCAllocator allocator = message_allocator(arena);
    Datastream__Storage__V1__TokenRecord *record;

    if (arena_failed(arena))
        return NULL;
    record = datastream__storage__v1__token_record__unpack(&allocator, body.len,
                                                           (const uint8_t *)body.data);
    return record == NULL || record->token == NULL || record->hash.len != HASH_LEN ? NULL : record;
}

static ProtobufCMessage *unpack_public(struct arena *arena, struct slice body)
{
    Datastream__Storage__V1__TokenRecord *record = api_token__unpack(arena, body);

    return record == NULL ? NULL : &record->token->base;
}

struct slice api_token__pack(struct arena *arena,
                             const Datastream__Storage__V1__TokenRecord *record)
{
    return message_pack(arena, &record->base);
}

static int64_t timestamp_ms(const Google__Protobuf__Timestamp *time)
{
    return time->seconds * 1000 + time->nanos / 1000000;
}

int64_t api_token__expire_ms(const Datastream__Storage__V1__TokenRecord *record)
{
    return record->token->expire_time == NULL ? 0 : timestamp_ms(record->token->expire_time);
}

/* -- facts ------------------------------------------------------------------------------------ */

static ProtobufCBinaryData binary(struct arena *arena, const void *bytes, size_t len)
{
    struct slice copy = arena_copy(arena, slice_make(bytes, len));

    return (ProtobufCBinaryData){copy.len, (uint8_t *)copy.data};
}

/* The packed facts of a value of the token that works until `expire_ms`. */
static struct slice pack_facts(struct arena *arena, const struct uuid *organization,
                               const Datastream__Storage__V1__TokenRecord *record,
                               int64_t expire_ms)
{
    Datastream__Storage__V1__TokenFacts facts = DATASTREAM__STORAGE__V1__TOKEN_FACTS__INIT;
    struct uuid id = {{0}};
    struct uuid role = {{0}};

    uuid_parse(slice_from_cstr(record->token->id), &id);
    uuid_parse(slice_from_cstr(record->token->role_id), &role);
    facts.organization = binary(arena, organization->bytes, sizeof(id.bytes));
    facts.token_id = binary(arena, id.bytes, sizeof(id.bytes));
    facts.role_id = binary(arena, role.bytes, sizeof(role.bytes));
    facts.expire_time_ms = expire_ms;
    facts.disabled = record->disabled;
    facts.n_allowed_cidrs = record->token->n_allowed_cidrs;
    facts.allowed_cidrs = record->token->allowed_cidrs;
    return arena_failed(arena) ? SLICE_EMPTY : message_pack(arena, &facts.base);
}

/* When the value that was replaced ends: no later than the token. */
static int64_t overlap_end_ms(const Datastream__Storage__V1__TokenRecord *record)
{
    int64_t expire_ms = api_token__expire_ms(record);

    return expire_ms != 0 && expire_ms < record->overlap_until_ms ? expire_ms
                                                                  : record->overlap_until_ms;
}

void api_token__end_overlap(Datastream__Storage__V1__TokenRecord *record, int64_t now_ms)
{
    if (record->overlap_hash.len == 0 || overlap_end_ms(record) > now_ms)
        return;
    record->overlap_hash = (ProtobufCBinaryData){0, NULL};
    record->overlap_until_ms = 0;
}

static struct slice hash_key(ProtobufCBinaryData hash)
{
    return slice_make(hash.data, hash.len);
}

static void add_indexes(struct arena *arena, const struct kind *kind,
                        const struct uuid *organization, struct slice body,
                        struct check_index **first)
{
    const Datastream__Storage__V1__TokenRecord *record = api_token__unpack(arena, body);

    (void)kind;
    if (record == NULL)
        return;
    check_index_add(arena, first, FAMILY_TOKEN_HASHES, hash_key(record->hash),
                    pack_facts(arena, organization, record, api_token__expire_ms(record)));
    if (record->overlap_hash.len > 0)
        check_index_add(arena, first, FAMILY_TOKEN_HASHES, hash_key(record->overlap_hash),
                        pack_facts(arena, organization, record, overlap_end_ms(record)));
}

const struct typed_kind api_token_kind = {
    .message = &datastream__v1__api_token__descriptor,
    .family = FAMILY_TOKENS,
    .unpack = unpack_public,
    .add_indexes = add_indexes,
};

/* The value that this request makes, or made when it was done first; in an arena that is wiped. */
static struct slice value_of_call(struct call *call, const Datastream__V1__ApiToken *token)
{
    char value[TOKEN_VALUE_LEN];
    struct uuid id = {{0}};
    uint8_t bytes[32];
    struct slice text;

    arena_wipe_on_done(call->arena);
    uuid_parse(slice_from_cstr(token->id), &id);
    if (!call_secret_bytes(call, RANDOM_TOKEN, &id, bytes))
        arena_fail(call->arena);
    token_value_make(bytes, value);
    text = arena_copy(call->arena, slice_make(value, sizeof(value)));
    explicit_bzero(bytes, sizeof(bytes));
    explicit_bzero(value, sizeof(value));
    return text;
}

struct slice api_token__new_value(struct call *call, Datastream__Storage__V1__TokenRecord *record)
{
    struct slice text = value_of_call(call, record->token);
    uint8_t hash[HASH_LEN];

    if (arena_failed(call->arena))
        return SLICE_EMPTY;
    token_value_hash(text, hash);
    record->hash = binary(call->arena, hash, sizeof(hash));
    record->token->masked_token = arena_cstr(call->arena, token_value_mask(call->arena, text));
    return text;
}

void api_token__show(struct arena *arena, Datastream__V1__ApiToken *token, struct slice value)
{
    token->shown_once_case = DATASTREAM__V1__API_TOKEN__SHOWN_ONCE_TOKEN;
    token->token = arena_cstr(arena, value);
}

/* -- reading ---------------------------------------------------------------------------------- */

Datastream__V1__TokenStatus__Value
api_token__status(const Datastream__Storage__V1__TokenRecord *record, int64_t now_ms)
{
    int64_t expire_ms = api_token__expire_ms(record);

    if (clock_has_expired(expire_ms, now_ms))
        return DATASTREAM__V1__TOKEN_STATUS__VALUE__EXPIRED;
    return record->disabled ? DATASTREAM__V1__TOKEN_STATUS__VALUE__DISABLED
                            : DATASTREAM__V1__TOKEN_STATUS__VALUE__ACTIVE;
}

/* When and from where the token was last used, where it was. */
static struct status set_last_use(struct call *call, Datastream__V1__ApiToken *view)
{
    struct arena *arena = call->arena;
    enum store_found found;
    int64_t time_ms;
    struct slice ip;
    struct uuid id;

    if (!uuid_parse(slice_from_cstr(view->id), &id))
        return status_ok();
    found = usage_read(arena, call->view, &call->identity.organization, call->method->kind->number,
                       &id, &time_ms, &ip);
    if (found == STORE_ABSENT)
        return status_ok();
    if (found != STORE_FOUND)
        return call_store_status(found);
    view->last_used_time = history_time(arena, time_ms);
    view->last_used_ip = arena_cstr(arena, ip);
    return status_ok();
}

struct status api_token__view(struct call *call, const Datastream__Storage__V1__TokenRecord *record,
                              struct slice role_name, Datastream__V1__ApiToken **ret_view)
{
    Datastream__V1__ApiToken *view = arena_alloc(call->arena, sizeof(*view));
    struct status status;

    if (view == NULL)
        return status_out_of_memory();
    *view = *record->token;
    view->status = api_token__status(record, call->now_ms);
    view->role_name = arena_cstr(call->arena, role_name);
    status = set_last_use(call, view);
    if (arena_failed(call->arena))
        return status_out_of_memory();
    if (status_is_ok(status))
        *ret_view = view;
    return status;
}

/* The role of a record; one that is gone permits nothing. */
static struct status read_role(struct call *call,
                               const Datastream__Storage__V1__TokenRecord *record,
                               struct guard_role *ret_role)
{
    enum store_found found = STORE_ABSENT;
    struct uuid id;

    *ret_role = (struct guard_role){0};
    if (uuid_parse(slice_from_cstr(record->token->role_id), &id))
        found = guard__read_role(call, &id, ret_role);
    return found == STORE_FOUND || found == STORE_ABSENT ? status_ok() : call_store_status(found);
}

struct status api_token__read(struct call *call, struct slice id, struct api_token *ret_token)
{
    struct api_token token = {.role = {.revision = 0}};
    struct status status = object_read(call, call->method->kind, id, &token.object);

    if (!status_is_ok(status))
        return status;
    token.record = api_token__unpack(call->arena, token.object.body);
    if (token.record == NULL)
        return arena_failed(call->arena) ? status_out_of_memory() : object_data_loss();
    status = read_role(call, token.record, &token.role);
    if (status_is_ok(status))
        *ret_token = token;
    return status;
}

struct status api_token__get(struct call *call)
{
    const Datastream__V1__GetApiTokenRequest *request = (const void *)call->request;
    Datastream__V1__ApiToken *view;
    struct api_token token;
    struct status status = api_token__read(call, slice_from_cstr(request->id), &token);

    if (!status_is_ok(status))
        return status;
    status = api_token__view(call, token.record, token.role.name, &view);
    if (!status_is_ok(status))
        return status;
    object_set_etag(call, call->method->kind, &view->base, token.object.revision);
    call->response = &view->base;
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

/* A role that a page has met already. */
struct met_role {
    struct met_role *next;
    struct guard_role role;
    const char *id;
};

/* The name of the record's role, read once a page. */
static struct status role_name(struct call *call, struct met_role **met,
                               const Datastream__Storage__V1__TokenRecord *record,
                               struct slice *ret_name)
{
    struct met_role *at = *met;
    struct status status;

    while (at != NULL && strcmp(at->id, record->token->role_id) != 0)
        at = at->next;
    if (at == NULL) {
        at = arena_zalloc(call->arena, sizeof(*at));
        if (at == NULL)
            return status_out_of_memory();
        status = read_role(call, record, &at->role);
        if (!status_is_ok(status))
            return status;
        at->id = record->token->role_id;
        at->next = *met;
        *met = at;
    }
    *ret_name = at->role.name;
    return status_ok();
}

static struct status list_item(struct call *call, struct slice value, struct met_role **met,
                               ProtobufCMessage **ret_item)
{
    const struct kind *kind = call->method->kind;
    const Datastream__Storage__V1__TokenRecord *record;
    ProtobufCMessage *message;
    Datastream__V1__ApiToken *view;
    struct slice name;
    struct slice body;
    uint64_t revision;
    struct status status = object_unpack(call->arena, kind, value, &revision, &body, &message);

    if (!status_is_ok(status))
        return status;
    record = api_token__unpack(call->arena, body);
    if (record == NULL)
        return status_out_of_memory();
    status = role_name(call, met, record, &name);
    if (!status_is_ok(status))
        return status;
    status = api_token__view(call, record, name, &view);
    if (!status_is_ok(status))
        return status;
    object_set_etag(call, kind, &view->base, revision);
    *ret_item = &view->base;
    return status_ok();
}

static struct status complete_items(struct call *call, const struct slice *values,
                                    ProtobufCMessage **items, size_t count)
{
    struct met_role *met = NULL;

    /* A miss ends nothing here: the rest is asked for too, and fetched with it. */
    for (size_t i = 0; i < count; i++) {
        struct status status = list_item(call, values[i], &met, &items[i]);

        if (!status_is_ok(status) && !store_view_missed(call->view))
            return status;
    }
    return status_ok();
}

const struct list_functions api_token__list_functions = {.complete = complete_items};

struct status api_token__list(struct call *call)
{
    return list_objects(call, &api_token__list_functions, NULL, 0);
}

/* -- creating --------------------------------------------------------------------------------- */

/* False with violations that leave no end to judge further. */
static bool choose_end(struct call *call, int32_t preset, const Google__Protobuf__Timestamp *time,
                       struct violations *violations, int64_t *ret_expire_ms)
{
    if (preset != 0 && time != NULL) {
        violations_add(violations, call->arena, SLICE("expiration"),
                       "must not be given together with expireTime");
        violations_add(violations, call->arena, SLICE("expireTime"),
                       "must not be given together with expiration");
        return false;
    }
    *ret_expire_ms = time == NULL ? calendar__expire(preset, call->now_ms) : call->now_ms;
    if (time == NULL)
        return true;
    if (!moment_is_timestamp((struct moment){time->seconds, time->nanos}))
        return false; /* never "no end", whoever forgot to look at the violations */
    *ret_expire_ms = timestamp_ms(time);
    if (*ret_expire_ms > call->now_ms)
        return true;
    violations_add(violations, call->arena, SLICE("expireTime"), "must be in the future");
    return false;
}

struct status api_token__choose_end(struct call *call, int32_t preset,
                                    const Google__Protobuf__Timestamp *time,
                                    struct violations *violations, int64_t *ret_expire_ms)
{
    struct organization_settings settings;
    struct status status;

    *ret_expire_ms = 0;
    if (!choose_end(call, preset, time, violations, ret_expire_ms))
        return status_ok();
    status = organization_settings__read(call, &call->identity.organization, &settings);
    if (!status_is_ok(status))
        return status;
    organization_settings__check_lifetime(call, &settings, *ret_expire_ms, preset != 0, violations);
    organization_settings__require(call, &settings);
    return status_ok();
}

/* A token may be created disabled; that it is expired is not for its creator to say. */
static void check_state(struct call *call, struct draft *draft)
{
    const Datastream__V1__ApiToken *token = (const void *)draft->message;

    if (token->status == DATASTREAM__V1__TOKEN_STATUS__VALUE__EXPIRED)
        violations_add(&draft->violations, call->arena, SLICE("status"),
                       "must be ACTIVE or DISABLED: EXPIRED follows from expireTime");
}

/* What may be refused before anything is written: violations first, then the guard, then the name.
 */
static struct status check_new(struct call *call, struct draft *draft, struct guard_role *ret_role,
                               int64_t *ret_expire_ms)
{
    const Datastream__V1__ApiToken *token = (const void *)draft->message;
    struct status status = guard__read_assignable(call, token->role_id, ASSIGNABLE_TOKENS,
                                                  &draft->violations, ret_role);

    if (status_is_ok(status))
        status = api_token__choose_end(call, (int32_t)token->expiration, token->expire_time,
                                       &draft->violations, ret_expire_ms);
    check_state(call, draft);
    if (status_is_ok(status))
        status = draft_status(call, draft);
    if (status_is_ok(status))
        status = guard__check(call, &ret_role->permissions, "the role");
    if (status_is_ok(status))
        status = guard__check_bounds(call, *ret_expire_ms, token->allowed_cidrs,
                                     token->n_allowed_cidrs);
    if (status_is_ok(status))
        status = draft_check_name(call, draft);
    return status;
}

struct status api_token__create(struct call *call)
{
    Datastream__Storage__V1__TokenRecord record = DATASTREAM__STORAGE__V1__TOKEN_RECORD__INIT;
    Datastream__V1__ApiToken *view;
    struct guard_role role;
    int64_t expire_ms = 0;
    struct draft draft;
    struct slice value;
    struct status status = draft_create(call, &draft);

    if (status_is_ok(status))
        status = check_new(call, &draft, &role, &expire_ms);
    if (!status_is_ok(status))
        return status;
    draft_stamp(call, &draft);
    record.token = (Datastream__V1__ApiToken *)draft.message;
    record.token->expiration = DATASTREAM__V1__TOKEN_EXPIRATION__VALUE__UNSPECIFIED;
    if (record.token->expire_time == NULL && expire_ms != 0) /* else as it was given */
        record.token->expire_time = history_time(call->arena, expire_ms);
    record.disabled = record.token->status == DATASTREAM__V1__TOKEN_STATUS__VALUE__DISABLED;
    record.token->status = DATASTREAM__V1__TOKEN_STATUS__VALUE__UNSPECIFIED;
    value = api_token__new_value(call, &record);
    status = api_token__view(call, &record, role.name, &view);
    if (!status_is_ok(status))
        return status;
    call->response = &view->base;
    if (object_validate_only(call)) {
        view->masked_token = (char *)protobuf_c_empty_string;
        return status_ok();
    }
    api_token__show(call->arena, view, value);
    guard__require_role(call, &role);
    draft_commit_create(call, &draft, api_token__pack(call->arena, &record));
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

/* -- showing a value again --------------------------------------------------------------------- */

void api_token__show_again(struct call *call, uint64_t revision)
{
    Datastream__V1__ApiToken *view = (Datastream__V1__ApiToken *)call->response;
    struct api_token token;
    uint8_t hash[HASH_LEN];
    struct slice value;
    struct status status = api_token__read(call, slice_from_cstr(view->id), &token);

    (void)revision;
    if (status_is_ok(status))
        status = guard__check(call, &token.role.permissions, "the token");
    /* A token that regenerated itself asks by its old value, which ends before the token does. */
    if (status_is_ok(status) && !guard__is_self(call, &token.object.id))
        status = guard__check_bounds(call, api_token__expire_ms(token.record),
                                     token.record->token->allowed_cidrs,
                                     token.record->token->n_allowed_cidrs);
    if (!status_is_ok(status))
        return;
    value = value_of_call(call, token.record->token);
    if (arena_failed(call->arena))
        return;
    token_value_hash(value, hash);
    if (slice_equal(hash_key(token.record->hash), slice_make(hash, sizeof(hash))))
        api_token__show(call->arena, view, value);
}

struct status api_token__open(struct call *call, struct slice id, struct api_token *ret_token)
{
    struct status status = guard__check_self(call, id);

    if (status_is_ok(status))
        status = api_token__read(call, id, ret_token);
    if (status_is_ok(status))
        status = call_check_etag(call, ret_token->object.revision);
    return status;
}

/* -- deleting --------------------------------------------------------------------------------- */

struct status api_token__delete(struct call *call)
{
    const Datastream__V1__DeleteApiTokenRequest *request = (const void *)call->request;
    struct slice id = slice_from_cstr(request->id);
    struct api_token token;
    struct status status = api_token__open(call, id, &token);

    if (status_is_ok(status))
        status = references_check_none(call, &token.object);
    if (!status_is_ok(status))
        return status;
    call->response = object_empty_response(call);
    if (!object_validate_only(call)) {
        draft_commit_delete(call, &token.object);
        commit_delete(&call->commit, FAMILY_USAGE, token.object.key);
    }
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}
