/* What handlers say again and again: not found, etags, who calls. */
#include "rpc/call/answers.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "proto/contract/contract_find.h"
#include "proto/message/message.h"
#include "rpc/call/etag_list.h"
#include "storage/actor.h"

/* Characters of an outsider's text that an answer repeats. */
#define REPEATED_MOST 128

struct status call_not_found(struct call *call, const struct kind *kind, struct slice id)
{
    struct slice shown = id.len <= REPEATED_MOST && utf8_is_valid(id) ? id : SLICE("...");
    struct status status = status_make(call->arena, STATUS_NOT_FOUND, "There is no %.*s \"%.*s\".",
                                       SLICE_ARG(kind->singular), SLICE_ARG(shown));

    if (status.code == STATUS_NOT_FOUND)
        status_add_detail(call->arena, &status, DETAIL_RESOURCE_INFO, shown, kind->collection,
                          status.message);
    return arena_failed(call->arena) ? status_out_of_memory() : status;
}

struct status call_store_status(enum store_found found)
{
    switch (found) {
    case STORE_FOUND:
        return status_ok();
    case STORE_ABSENT:
        return status_const(STATUS_NOT_FOUND, SLICE("There is no such record."));
    case STORE_AGAIN:
        return status_const(STATUS_UNAVAILABLE, SLICE("The store has not answered yet."));
    default:
        return status_const(STATUS_UNAVAILABLE, SLICE("The store failed."));
    }
}

struct slice call_etag(struct arena *arena, uint64_t revision)
{
    return decimal_encode(arena, revision);
}

/*
 * Whether a tag of the list, in quotes or bare, is the etag. A weak one matches If-None-Match alone
 * (RFC 9110 sections 13.1.1 and 13.1.2), and "*" in quotes is a tag like others.
 */
static bool list_matches(struct slice list, struct slice etag, bool weakly)
{
    struct etag tag;

    while (etag_list_next(&list, &tag)) {
        if (!tag.is_quoted && !tag.is_weak && slice_equal(tag.text, SLICE("*")))
            return true;
        if (slice_equal(tag.text, etag) && (weakly || !tag.is_weak))
            return true;
    }
    return false;
}

static struct status precondition_failed(struct call *call, struct slice header,
                                         struct slice message)
{
    struct status status = status_const(STATUS_ABORTED, message);

    status_add_detail(call->arena, &status, DETAIL_PRECONDITION_VIOLATION, header,
                      SLICE(PRECONDITION_ETAG), message);
    return arena_failed(call->arena) ? status_out_of_memory() : status;
}

static struct status changed_since_read(struct call *call)
{
    return precondition_failed(
        call, SLICE("If-Match"),
        SLICE("The object has changed since you read it. Read it again and retry."));
}

struct status call__check_read(struct call *call)
{
    const struct field *field;
    struct slice etag = SLICE_EMPTY;

    if (call->if_match.data == NULL)
        return status_ok();
    field = message_field_by_proto_name(call->method->output, SLICE("etag"));
    if (field != NULL && field->pb->type == PROTOBUF_C_TYPE_STRING)
        etag = field_get_string(call->response, field);
    return list_matches(call->if_match, etag, false) ? status_ok() : changed_since_read(call);
}

struct status call_check_etag(struct call *call, uint64_t revision)
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)revision);
    struct slice etag = slice_make(digits, (size_t)len);

    if (call->if_match.data != NULL && !list_matches(call->if_match, etag, false))
        return changed_since_read(call);
    if (call->if_none_match.data != NULL && list_matches(call->if_none_match, etag, true))
        return precondition_failed(
            call, SLICE("If-None-Match"),
            SLICE("The object has an entity tag that If-None-Match excludes."));
    return status_ok();
}

struct call_audit *call_audit_add(struct call *call, const char *action, const struct kind *kind,
                                  const struct uuid *id, struct slice name)
{
    struct call_audit *row = arena_alloc(call->arena, sizeof(*row));

    if (row == NULL)
        return NULL;
    *row = (struct call_audit){.organization = call->identity.organization,
                               .actor = call_actor_of(call),
                               .action = action,
                               .kind = kind,
                               .name = name};
    if (kind != NULL)
        row->id = *id;
    if (call->audit_last == NULL)
        call->audit = row;
    else
        call->audit_last->next = row;
    call->audit_last = row;
    return row;
}

void call_add_metadata(struct call *call, struct slice name, struct slice value)
{
    struct call_metadata *pair = arena_alloc(call->arena, sizeof(*pair));
    struct call_metadata **end = &call->answer_metadata;
    size_t count = 0;

    if (pair == NULL)
        return;
    for (; *end != NULL; end = &(*end)->next)
        count++;
    assert(count < CALL_METADATA_MOST);
    *pair = (struct call_metadata){.name = name, .value = value};
    *end = pair;
}

void call_note_change(struct arena *arena, struct call_changes *changes, struct slice path,
                      struct slice before, struct slice after)
{
    struct call_change *change = arena_alloc(arena, sizeof(*change));

    if (change == NULL)
        return;
    *change = (struct call_change){.path = path, .before = before, .after = after};
    if (changes->last == NULL)
        changes->first = change;
    else
        changes->last->next = change;
    changes->last = change;
}

struct actor call_actor_of(const struct call *call)
{
    static const enum actor_type types[] = {
        [IDENTITY_TOKEN] = ACTOR_TOKEN,
        [IDENTITY_SYSTEM] = ACTOR_SYSTEM,
        [IDENTITY_DIRECTOR] = ACTOR_DIRECTOR,
        [IDENTITY_USER] = ACTOR_USER,
    };
    enum identity_type type = call->identity.type;
    bool known = (size_t)type < sizeof(types) / sizeof(types[0]);
    struct actor actor = {.type = known ? types[type] : ACTOR_NONE};

    if (actor.type != ACTOR_NONE && actor.type != ACTOR_SYSTEM)
        actor.id = call->identity.id;
    return actor;
}

struct slice call_actor(struct call *call)
{
    struct actor actor = call_actor_of(call);

    return actor_text(call->arena, &actor);
}
