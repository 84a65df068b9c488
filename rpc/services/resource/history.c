/* Audit rows read back, and the parts of an answer that are made of them. */
#include "rpc/services/resource/history.h"

#include "rpc/call/answers.h"
#include "rpc/services/resource/object.h"
#include "storage/audit.h"
#include "storage/keys.h"

struct status history_unpack(struct arena *arena, struct slice value,
                             Datastream__Storage__V1__AuditRecord **ret_record)
{
    ProtobufCAllocator allocator = message_allocator(arena);
    Datastream__Storage__V1__AuditRecord *record;
    uint8_t mac[AUDIT_MAC_LEN];
    struct slice body;

    if (arena_failed(arena))
        return status_out_of_memory();
    if (!audit_parse(value, mac, &body))
        return object_data_loss();
    record = datastream__storage__v1__audit_record__unpack(&allocator, body.len,
                                                           (const uint8_t *)body.data);
    if (record == NULL)
        return arena_failed(arena) ? status_out_of_memory() : object_data_loss();
    *ret_record = record;
    return status_ok();
}

struct status history__read(struct call *call, uint64_t number, size_t *bytes,
                            Datastream__Storage__V1__AuditRecord **ret_record)
{
    struct slice key = key_audit(call->arena, &call->identity.organization, number);
    enum store_found found;
    struct slice value;

    if (arena_failed(call->arena))
        return status_out_of_memory();
    found = store_get(call->view, FAMILY_AUDIT, key, &value);
    if (found == STORE_ABSENT) {
        *ret_record = NULL;
        return status_ok();
    }
    if (found != STORE_FOUND)
        return call_store_status(found);
    *bytes += value.len;
    return history_unpack(call->arena, value, ret_record);
}

Datastream__V1__FieldChange **history_changes(struct arena *arena,
                                              const Datastream__Storage__V1__AuditRecord *record)
{
    Datastream__V1__FieldChange **list;

    if (record->n_changes == 0)
        return NULL;
    list = arena_array(arena, record->n_changes, sizeof(struct Datastream__V1__FieldChange *));
    for (size_t i = 0; list != NULL && i < record->n_changes; i++) {
        const Datastream__Storage__V1__AuditChange *from = record->changes[i];
        Datastream__V1__FieldChange *change = arena_alloc(arena, sizeof(*change));

        if (change == NULL)
            return NULL;
        datastream__v1__field_change__init(change);
        change->path = from->path;
        change->before = from->before;
        change->after = from->after;
        list[i] = change;
    }
    return list;
}

char *history_outcome(struct arena *arena, const Datastream__Storage__V1__AuditRecord *record)
{
    const char *name = record->outcome < 0 ? "UNKNOWN"
                                           : status_code_name((enum status_code)record->outcome);

    return arena_cstr(arena, slice_from_cstr(name));
}

int32_t history_count(const Datastream__Storage__V1__AuditRecord *record)
{
    return record->count == 0 ? 1 : record->count;
}

Google__Protobuf__Timestamp *history_time(struct arena *arena, int64_t unix_ms)
{
    Google__Protobuf__Timestamp *time = arena_alloc(arena, sizeof(*time));

    if (time == NULL)
        return NULL;
    google__protobuf__timestamp__init(time);
    time->seconds = unix_ms / 1000 - (unix_ms % 1000 < 0 ? 1 : 0);
    time->nanos = (int32_t)(unix_ms - time->seconds * 1000) * 1000000;
    return time;
}
