/*
 * Filters of the audit log. One of them chooses the rows: the object, else the actor, else the
 * time, else the log itself; all of them are tried on each record. A page token holds the front of
 * a hash of the filters and the key of the last row that was looked at.
 */
#include "rpc/services/audit_query.h"

#include <assert.h>

#include "base/crypto/sha256.h"
#include "base/text.h"
#include "proto/contract/contract_find.h"
#include "rpc/call/chain_facts.h"
#include "rpc/call/page_token.h"
#include "rpc/services/resource/object.h"
#include "storage/actor.h"
#include "storage/keys.h"

#define HASH_LEN 16
/* What lines call the organization itself, which is no kind of the contract. */
#define ORGANIZATION_KIND "organization"
/* 9999-12-31, which no time passes. */
#define TIME_MOST_MS ((int64_t)253402300800 * 1000)

/* The first millisecond that is not before the time. */
static int64_t time_ms(const Google__Protobuf__Timestamp *time)
{
    return time->seconds * 1000 + (time->nanos + 999999) / 1000000;
}

static bool is_outcome(const char *name)
{
    for (int code = 0; code < STATUS_CODES; code++)
        if (strcmp(status_code_name((enum status_code)code), name) == 0)
            return true;
    return false;
}

static const char *outcome_of(const Datastream__Storage__V1__AuditRecord *record)
{
    return status_code_name(record->outcome < 0 ? STATUS_UNKNOWN
                                                : (enum status_code)record->outcome);
}

static bool is_given(const char *text)
{
    return text[0] != '\0';
}

/* -- the rows --------------------------------------------------------------------------------- */

static void choose_prefix(struct call *call, struct audit_query *query, enum store_family family,
                          struct slice prefix)
{
    query->family = family;
    query->from = prefix;
    query->to = key_prefix_end(call->arena, prefix);
}

static void choose_object(struct call *call, struct audit_query *query, const struct kind *kind,
                          const struct uuid *id)
{
    choose_prefix(call, query, FAMILY_AUDIT_BY_OBJECT,
                  key_object(call->arena, &call->identity.organization, kind->number, id));
}

static void choose_actor(struct call *call, struct audit_query *query, const struct actor *actor)
{
    struct slice key = key_audit_by_actor(call->arena, &call->identity.organization, actor, 0);

    if (key.len > sizeof(uint64_t))
        choose_prefix(call, query, FAMILY_AUDIT_BY_ACTOR,
                      slice_make(key.data, key.len - sizeof(uint64_t)));
}

static void choose_time(struct call *call, struct audit_query *query)
{
    const struct uuid *organization = &call->identity.organization;

    query->family = FAMILY_AUDIT_BY_TIME;
    query->from = key_audit_by_time(call->arena, organization, query->from_ms, 0);
    query->to = key_audit_by_time(call->arena, organization, query->to_ms, 0);
}

static void choose(struct call *call, struct audit_query *query)
{
    const struct kind *kind = query->kind;
    const struct actor *actor = &query->actor;
    const struct audit_filters *filters = &query->filters;
    bool by_time = filters->from != NULL || filters->to != NULL;
    bool further = is_given(filters->action) || is_given(filters->outcome) ||
                   (kind == NULL && is_given(filters->kind));

    if (kind != NULL && is_given(filters->object)) {
        choose_object(call, query, kind, &query->object);
        query->is_exact = !further && !by_time && actor->type == ACTOR_NONE;
    } else if (actor->type != ACTOR_NONE) {
        choose_actor(call, query, actor);
        query->is_exact = !further && !by_time && kind == NULL;
    } else if (by_time && !query->by_number) {
        choose_time(call, query);
        query->is_exact = !further && kind == NULL;
    } else {
        choose_prefix(call, query, FAMILY_AUDIT,
                      key_organization(call->arena, &call->identity.organization));
        query->is_exact = !further && !by_time && kind == NULL;
    }
}

struct slice audit_query__key(struct arena *arena, const struct call *call,
                              const struct audit_query *query, uint64_t number)
{
    const struct uuid *organization = &call->identity.organization;

    switch (query->family) {
    case FAMILY_AUDIT_BY_OBJECT:
        return key_audit_by_object(arena, organization, query->kind->number, &query->object,
                                   number);
    case FAMILY_AUDIT_BY_ACTOR:
        return key_audit_by_actor(arena, organization, &query->actor, number);
    default:
        assert(query->family == FAMILY_AUDIT);
        return key_audit(arena, organization, number);
    }
}

bool audit_query__number(const struct audit_query *query, struct slice key, uint64_t *ret_number)
{
    struct actor actor;

    switch (query->family) {
    case FAMILY_AUDIT_BY_OBJECT:
        return key_audit_by_object_parse(key, ret_number);
    case FAMILY_AUDIT_BY_ACTOR:
        return key_audit_by_actor_parse(key, &actor, ret_number);
    case FAMILY_AUDIT_BY_TIME:
        return key_audit_by_time_parse(key, ret_number);
    default:
        return key_audit_parse(key, ret_number);
    }
}

/* -- page tokens ------------------------------------------------------------------------------ */

/* Of the request without its page. False when OpenSSL or the arena failed. */
static bool hash_filters(struct call *call, const struct audit_query *query, uint8_t hash[32])
{
    Datastream__V1__ListAuditLogsRequest copy = *query->request;

    copy.page_size = 0;
    copy.page_token = (char *)protobuf_c_empty_string;
    return sha256(message_pack(call->arena, &copy.base), hash) && !arena_failed(call->arena);
}

struct slice audit_query__token(struct call *call, const struct audit_query *query,
                                struct slice last)
{
    uint8_t hash[SHA256_LEN];
    struct slice parts[2];

    if (!hash_filters(call, query, hash)) {
        arena_fail(call->arena);
        return SLICE_EMPTY;
    }
    parts[0] = slice_make(hash, HASH_LEN);
    parts[1] = last;
    return call_page_token(call, text_join(call->arena, parts, 2));
}

/* Goes on after the row that the page before ended with. */
static struct status take_token(struct call *call, struct audit_query *query)
{
    struct slice token = slice_from_cstr(query->request->page_token);
    uint8_t hash[SHA256_LEN];
    struct slice kept, last;
    struct status status = call_read_page_token(call, token, &kept);

    if (!status_is_ok(status) || kept.len == 0)
        return status;
    if (!hash_filters(call, query, hash))
        return status_out_of_memory();
    if (kept.len <= HASH_LEN ||
        !slice_equal(slice_make(kept.data, HASH_LEN), slice_make(hash, HASH_LEN)))
        return status_invalid_field(call->arena, SLICE("pageToken"),
                                    "must be used with the filters of the page that it came with");
    last = slice_from(kept, HASH_LEN);
    if (slice_compare(last, query->from) < 0 || slice_compare(last, query->to) >= 0)
        return status_invalid_field(call->arena, SLICE("pageToken"),
                                    "must be the nextPageToken of the same list");
    query->to = last;
    return status_ok();
}

/* -- the request ------------------------------------------------------------------------------ */

static void check_times(struct call *call, struct audit_query *query, struct violations *violations)
{
    const struct audit_filters *filters = &query->filters;

    query->from_ms = filters->from == NULL ? 0 : time_ms(filters->from);
    query->to_ms = filters->to == NULL ? TIME_MOST_MS : time_ms(filters->to);
    if (query->from_ms >= query->to_ms)
        violations_add(violations, call->arena, SLICE("to"), "must be after \"from\"");
}

/* The kind, the object and the actor. */
static void check_names(struct call *call, struct audit_query *query, struct violations *violations)
{
    const struct audit_filters *filters = &query->filters;

    if (is_given(filters->kind)) {
        query->kind = contract_kind(call_contract(call), slice_from_cstr(filters->kind));
        if (query->kind == NULL && strcmp(filters->kind, ORGANIZATION_KIND) != 0)
            violations_add(violations, call->arena, SLICE("kind"), "must be the name of a kind");
    }
    if (is_given(filters->object) && !is_given(filters->kind))
        violations_add(violations, call->arena, SLICE("kind"), "is required with \"object\"");
    if (is_given(filters->object) && !uuid_parse(slice_from_cstr(filters->object), &query->object))
        violations_add(violations, call->arena, SLICE("object"), "must be an id");
    if (is_given(filters->actor)) {
        query->actor = actor_parse(slice_from_cstr(filters->actor));
        if (query->actor.type == ACTOR_NONE)
            violations_add(violations, call->arena, SLICE("actor"),
                           "must be \"system\", or \"token:\" or \"user:\" and an id");
    }
}

struct status audit_query__read_filters(struct call *call, const struct audit_filters *filters,
                                        bool by_number, struct audit_query *ret_query)
{
    struct audit_query query = {
        .filters = *filters, .by_number = by_number, .actor = {.type = ACTOR_NONE}};
    struct violations violations = {0};
    struct status status;

    check_names(call, &query, &violations);
    if (is_given(filters->outcome) && !is_outcome(filters->outcome))
        violations_add(&violations, call->arena, SLICE("outcome"),
                       "must be \"OK\" or the name of a status code");
    check_times(call, &query, &violations);
    status = violations_status(&violations, call->arena);
    if (!status_is_ok(status))
        return status;
    choose(call, &query);
    if (arena_failed(call->arena))
        return status_out_of_memory();
    *ret_query = query;
    return status_ok();
}

struct status audit_query__read(struct call *call, struct audit_query *ret_query)
{
    const Datastream__V1__ListAuditLogsRequest *request = (const void *)call->request;
    const struct audit_filters filters = {request->actor,  request->kind,    request->object,
                                          request->action, request->outcome, request->from,
                                          request->to};
    struct audit_query query;
    struct status status = audit_query__read_filters(call, &filters, false, &query);

    if (!status_is_ok(status))
        return status;
    query.request = request;
    query.page_size = object_page_size(call);
    status = take_token(call, &query);
    if (status_is_ok(status))
        *ret_query = query;
    return status;
}

/* -- the records ------------------------------------------------------------------------------ */

static bool is_equal(const char *wanted, const char *text)
{
    return !is_given(wanted) || strcmp(wanted, text) == 0;
}

bool audit_query__matches(const struct audit_query *query,
                          const Datastream__Storage__V1__AuditRecord *record)
{
    const struct audit_filters *filters = &query->filters;

    return is_equal(filters->actor, record->actor) && is_equal(filters->kind, record->kind) &&
           is_equal(filters->object, record->object_id) &&
           is_equal(filters->action, record->action) &&
           is_equal(filters->outcome, outcome_of(record)) && record->time_ms >= query->from_ms &&
           record->time_ms < query->to_ms;
}
