/* Audit rows of changes and of refusals. */
#include "rpc/call/audit_row.h"

#include <assert.h>
#include <datastream/storage/v1/records.pb-c.h>

#include "proto/contract/contract_find.h"
#include "proto/message/message.h"
#include "proto/message/wire.h"
#include "rpc/call/answers.h"
#include "rpc/call/audit_text.h"
#include "rpc/call/chain.h"
#include "storage/actor.h"
#include "storage/keys.h"
#include "storage/record.h"

/* Whole: its maker bounded it, and cut JSON would be none. */
static char *whole(struct arena *arena, struct slice text)
{
    static char none[] = "";
    char *copy = arena_cstr(arena, text);

    return copy == NULL ? none : copy;
}

static void add_changes(struct arena *arena, const struct call_changes *changes,
                        Datastream__Storage__V1__AuditRecord *record)
{
    Datastream__Storage__V1__AuditChange **list;
    size_t count = 0;

    for (const struct call_change *c = changes->first; c != NULL; c = c->next)
        count++;
    list = arena_array(arena, count, sizeof(struct Datastream__Storage__V1__AuditChange *));
    if (count == 0 || list == NULL)
        return;
    record->changes = list;
    for (const struct call_change *c = changes->first; c != NULL; c = c->next) {
        Datastream__Storage__V1__AuditChange *change = arena_alloc(arena, sizeof(*change));

        if (change == NULL)
            return;
        datastream__storage__v1__audit_change__init(change);
        change->path = whole(arena, c->path);
        change->before = whole(arena, c->before);
        change->after = whole(arena, c->after);
        assert(record->n_changes < count);
        list[record->n_changes++] = change;
    }
}

/* -- the actor ----------------------------------------------------------------------------- */

/* TokenRecord and UserRecord have the public message as their first field. */
#define RECORD_MESSAGE 1

/*
 * The bytes of a field that is no scalar, the last ones where it is given more than once; empty
 * when it is not there, or the bytes are none that we wrote.
 */
static struct slice find_bytes(struct slice message, uint32_t wanted)
{
    struct wire_cursor cursor = {(const uint8_t *)message.data,
                                 (const uint8_t *)message.data + message.len};
    struct slice found = SLICE_EMPTY;
    enum wire_type type;
    uint32_t number;
    size_t len;

    while (cursor.at < cursor.end) {
        if (!wire_read_tag(&cursor, &number, &type))
            return SLICE_EMPTY;
        if (type != WIRE_LENGTH) {
            if (!wire_skip_scalar(&cursor, type))
                return SLICE_EMPTY;
            continue;
        }
        if (!wire_read_length(&cursor, &len))
            return SLICE_EMPTY;
        if (number == wanted)
            found = slice_make(cursor.at, len);
        cursor.at += len;
    }
    return found;
}

/* The name alone is read of a record: unpacking all of it would cost as much as its look-up. */
static struct slice name_of(const struct kind *kind, enum store_family family, struct slice body)
{
    if (kind->name == NULL)
        return SLICE_EMPTY;
    if (family != FAMILY_RESOURCES)
        body = find_bytes(body, RECORD_MESSAGE);
    return find_bytes(body, kind->name->number);
}

static const struct kind *kind_of_actor(const struct call *call, const struct identity *identity)
{
    const struct chain *chain = call->loop->chain;

    switch (identity->type) {
    case IDENTITY_TOKEN:
        return contract_kind_by_number(chain->contract, chain->token_kind);
    case IDENTITY_USER:
        return contract_kind_by_number(chain->contract, chain->user_kind);
    default:
        return contract_kind_by_number(chain->contract, identity->kind);
    }
}

/* Where the record of a caller is; FAMILIES for one that has none. */
static enum store_family family_of_actor(const struct identity *identity)
{
    switch (identity->type) {
    case IDENTITY_TOKEN:
        return FAMILY_TOKENS;
    case IDENTITY_USER:
        return FAMILY_USERS;
    case IDENTITY_DIRECTOR:
        return FAMILY_RESOURCES;
    default:
        return FAMILIES;
    }
}

enum store_found call_read_name(struct call *call, const struct identity *identity,
                                struct slice *ret_name)
{
    enum store_family family = family_of_actor(identity);
    const struct kind *kind = kind_of_actor(call, identity);
    struct record record;
    enum store_found found;
    struct slice value;
    struct slice name;

    if (call->view == NULL || kind == NULL || family == FAMILIES)
        return STORE_ABSENT;
    if (actor_names__find(&call->loop->names, identity, &name)) {
        *ret_name = arena_copy(call->arena, name);
        return STORE_FOUND;
    }
    found = store_get(call->view, family,
                      key_object(call->arena, &identity->organization, kind->number, &identity->id),
                      &value);
    if (found == STORE_FOUND && record_parse(value, &record)) {
        *ret_name = name_of(kind, family, record.body);
        actor_names__keep(&call->loop->names, identity, call->view_epoch, *ret_name);
    }
    return found;
}

void audit_row__read_actor(struct call *call)
{
    if (call->actor_name.len == 0)
        call_read_name(call, &call->identity, &call->actor_name);
}

/* -- rows ---------------------------------------------------------------------------------- */

static void add_row(struct call *call, const struct call_audit *audit)
{
    struct arena *arena = call->arena;
    Datastream__Storage__V1__AuditRecord record;
    char id[UUID_TEXT_LEN];

    datastream__storage__v1__audit_record__init(&record);
    record.time_ms = call->now_ms;
    record.actor = whole(arena, actor_text(arena, &audit->actor));
    record.actor_name = audit_text(arena, call->actor_name);
    record.source_ip = audit_text(arena, call->peer);
    record.user_agent = audit_text(arena, call->user_agent);
    record.action = whole(arena, slice_from_cstr(audit->action));
    record.method = whole(arena, slice_from(call->method->path, 1));
    record.request_id = audit_text(arena, call->request_id);
    record.object_name = audit_text(arena, audit->name);
    record.description = audit_text(arena, audit->description);
    if (audit->kind != NULL) {
        uuid_format(&audit->id, id);
        record.kind = whole(arena, audit->kind->collection);
        record.object_id = whole(arena, slice_make(id, sizeof(id)));
    } else if (audit->kind_name != NULL) {
        uuid_format(&audit->id, id);
        record.kind = whole(arena, slice_from_cstr(audit->kind_name));
        record.object_id = whole(arena, slice_make(id, sizeof(id)));
    }
    add_changes(arena, &audit->changes, &record);
    commit_audit(&call->commit, &audit->organization, record.time_ms, &audit->actor,
                 audit->kind == NULL ? 0 : audit->kind->number, &audit->id,
                 message_pack(arena, &record.base));
}

void audit_row__add_all(struct call *call)
{
    for (const struct call_audit *row = call->audit; row != NULL; row = row->next)
        add_row(call, row);
}

void audit_row__note_denial(struct call *call, const struct status *status)
{
    struct denial denial = {
        .organization = call->identity.organization,
        .actor = call_actor_of(call),
        .kind = kind_of_actor(call, &call->identity),
        .method = call->method,
        .code = status->code,
        .peer = call->peer,
        .user_agent = call->user_agent,
        .request_id = call->request_id,
        .description = status->message,
    };

    if (denial.kind == NULL || family_of_actor(&call->identity) == FAMILIES)
        return;
    audit_row__read_actor(call);
    denial.actor_name = call->actor_name;
    denials__note(call->loop->denials, &denial, call->now_ms);
}

void call_note_refusal(struct call *call, const struct uuid *organization,
                       const struct actor *actor, const struct kind *kind, struct slice name,
                       const struct status *status)
{
    const struct denial denial = {
        .organization = *organization,
        .actor = *actor,
        .actor_name = name,
        .kind = kind,
        .method = call->method,
        .code = status->code,
        .peer = call->peer,
        .user_agent = call->user_agent,
        .request_id = call->request_id,
        .description = status->message,
    };

    denials__note(call->loop->denials, &denial, call->now_ms);
}
