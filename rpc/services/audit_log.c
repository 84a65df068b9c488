/* The audit log as a plain list, newest first. */
#include "rpc/services/audit_log.h"

#include "datastream/v1/audit.pb-c.h"
#include "rpc/services/resource/history.h"
#include "rpc/services/resource/object.h"
#include "storage/keys.h"

static Datastream__V1__AuditLog *log_of(struct arena *arena,
                                        const Datastream__Storage__V1__AuditRecord *record)
{
    Datastream__V1__AuditLog *log = arena_alloc(arena, sizeof(*log));

    if (log == NULL)
        return NULL;
    datastream__v1__audit_log__init(log);
    log->create_time = history_time(arena, record->time_ms);
    log->actor = record->actor;
    log->actor_name = record->actor_name;
    log->source_ip = record->source_ip;
    log->user_agent = record->user_agent;
    log->action = record->action;
    log->method = record->method;
    log->kind = record->kind;
    log->object_id = record->object_id;
    log->object_name = record->object_name;
    log->description = record->description;
    log->changes = history_changes(arena, record);
    log->n_changes = log->changes == NULL ? 0 : record->n_changes;
    log->outcome = history_outcome(arena, record);
    log->request_id = record->request_id;
    log->count = history_count(record);
    return log;
}

static struct status read_logs(struct call *call, const struct store_rows *rows,
                               Datastream__V1__ListAuditLogsResponse *response)
{
    response->audit_logs = arena_array(call->arena, rows->count, sizeof(*response->audit_logs));
    if (response->audit_logs == NULL)
        return status_out_of_memory();
    for (size_t i = 0; i < rows->count; i++) {
        Datastream__Storage__V1__AuditRecord *record = NULL;
        struct status status = history_unpack(call->arena, rows->rows[i].value, &record);

        if (!status_is_ok(status))
            return status;
        response->audit_logs[response->n_audit_logs++] = log_of(call->arena, record);
    }
    return status_ok();
}

struct status audit_log__list(struct call *call)
{
    struct slice prefix = key_organization(call->arena, &call->identity.organization);
    Datastream__V1__ListAuditLogsResponse *response;
    struct slice token = SLICE_EMPTY;
    struct store_rows rows = {0};
    struct status status;

    if (arena_failed(call->arena))
        return status_out_of_memory();
    status = object_scan_page(call, FAMILY_AUDIT, prefix, true, &rows, &token);
    if (!status_is_ok(status))
        return status;
    response = arena_alloc(call->arena, sizeof(*response));
    if (response == NULL)
        return status_out_of_memory();
    datastream__v1__list_audit_logs_response__init(response);
    status = read_logs(call, &rows, response);
    if (!status_is_ok(status))
        return status;
    if (token.len > 0)
        response->next_page_token = arena_cstr(call->arena, token);
    call->response = &response->base;
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}
