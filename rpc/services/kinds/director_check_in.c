/*
 * A director's check-in, and what others read of it. The row is apart from the director's record
 * and is written at most every PRESENCE_PACE_MS, without etag, audit or feed; only who was not
 * connected before leaves a row in both. Connected is never stored: it is judged when it is read.
 */
#include "rpc/services/kinds/director_check_in.h"

#include "datastream/storage/v1/records.pb-c.h"
#include "proto/contract/contract_find.h"
#include "rpc/call/answers.h"
#include "rpc/call/authorize.h"
#include "rpc/services/kinds/director.h"
#include "rpc/services/kinds/members.h"
#include "rpc/services/resource/computed.h"
#include "storage/keys.h"
#include "storage/record.h"

struct slice presence__key(struct call *call, const struct kind *directors, const struct uuid *id)
{
    return key_object(call->arena, &call->identity.organization, directors->number, id);
}

/* -- reading ---------------------------------------------------------------------------------- */

struct status presence__read(struct call *call, const struct kind *directors, struct slice id,
                             struct presence *ret_presence)
{
    ProtobufCAllocator allocator = message_allocator(call->arena);
    Datastream__Storage__V1__PresenceRecord *told;
    struct record record;
    enum store_found found;
    struct slice value;
    struct uuid uuid;

    *ret_presence = (struct presence){.connected = false};
    if (!uuid_parse(id, &uuid))
        return status_ok();
    found = store_get(call->view, FAMILY_USAGE, presence__key(call, directors, &uuid), &value);
    if (found == STORE_ABSENT)
        return status_ok();
    if (found != STORE_FOUND)
        return call_store_status(found);
    if (!record_parse(value, &record))
        return object_data_loss();
    told = datastream__storage__v1__presence_record__unpack(&allocator, record.body.len,
                                                            (const uint8_t *)record.body.data);
    if (told == NULL)
        return arena_failed(call->arena) ? status_out_of_memory() : object_data_loss();
    *ret_presence = (struct presence){
        .connected = call->now_ms - told->last_seen_ms < PRESENCE_LOST_MS,
        .last_seen_ms = told->last_seen_ms,
        .revision = record.revision,
        .platform = slice_from_cstr(told->platform),
        .version = slice_from_cstr(told->version),
        .address = slice_from_cstr(told->address),
    };
    return status_ok();
}

/* -- writing ---------------------------------------------------------------------------------- */

/* What is left out stays as it was told before. */
static char *told_or(struct call *call, const char *name, struct slice before)
{
    const struct field *field = message_field_by_proto_name(call->method->input,
                                                            slice_from_cstr(name));
    struct slice told = field_get_string(call->request, field);

    return arena_cstr(call->arena, told.len > 0 ? told : before);
}

static struct slice pack_presence(struct call *call, const struct presence *before)
{
    Datastream__Storage__V1__PresenceRecord record;

    datastream__storage__v1__presence_record__init(&record);
    record.last_seen_ms = call->now_ms;
    record.platform = told_or(call, "platform", before->platform);
    record.version = told_or(call, "version", before->version);
    record.address = told_or(call, "address", before->address);
    return arena_failed(call->arena) ? SLICE_EMPTY : message_pack(call->arena, &record.base);
}

/*
 * Under the conditions that the director is as it was read, and that no other check-in came first.
 */
static void write_presence(struct call *call, const struct object *director,
                           const struct presence *before)
{
    struct slice key = presence__key(call, director->kind, &director->id);
    struct commit *commit = &call->commit;

    commit_require_revision(commit, object_family(director->kind), director->key,
                            director->revision);
    if (before->revision == 0)
        commit_require_absent(commit, FAMILY_USAGE, key);
    else
        commit_require_revision(commit, FAMILY_USAGE, key, before->revision);
    commit_put(commit, FAMILY_USAGE, key, pack_presence(call, before));
    if (before->connected)
        return;
    commit_feed(commit, &call->identity.organization, director->kind->number, &director->id,
                CHANGE_UPDATED);
    object_audit(call, "Connected", director->kind, &director->id,
                 object_name(director->kind, director->message), NULL);
}

static struct status answer(struct call *call, int64_t effective_status, int64_t last_seen_ms)
{
    const struct message_type *type = call->method->output;
    ProtobufCMessage *response = message_new(call->arena, type);

    if (response == NULL)
        return status_out_of_memory();
    field_set_int(response, message_field_by_proto_name(type, SLICE("effective_status")),
                  effective_status);
    field_set_timestamp(call->arena, response,
                        message_field_by_proto_name(type, SLICE("last_seen_time")), last_seen_ms);
    field_set_int(response, message_field_by_proto_name(type, SLICE("connected_seconds")),
                  PRESENCE_LOST_MS / 1000);
    call->response = response;
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

struct status director__check_in(struct call *call)
{
    const struct kind *kind = call->method->kind;
    const struct field *own = message_field_by_proto_name(kind->message, SLICE("status"));
    const struct field *effective = message_field_by_proto_name(kind->message,
                                                                SLICE("effective_status"));
    struct slice id = field_get_string(call->request, call->method->id);
    struct presence before;
    struct object director;
    int64_t age_ms;
    struct status status = object_read(call, kind, id, &director);

    if (status_is_ok(status) &&
        field_get_int(director.message, own) == members__enum_number(own, SLICE("DISABLED")))
        return call_refuse_credential(call, SLICE("The director checked in while it is disabled."));
    if (status_is_ok(status))
        status = computed_fill(call, kind, &director.message, 1);
    if (status_is_ok(status))
        status = presence__read(call, kind, id, &before);
    if (!status_is_ok(status))
        return status;
    age_ms = call->now_ms - before.last_seen_ms;
    if (age_ms >= 0 && age_ms < PRESENCE_PACE_MS)
        return answer(call, field_get_int(director.message, effective), before.last_seen_ms);
    write_presence(call, &director, &before);
    return answer(call, field_get_int(director.message, effective), call->now_ms);
}
