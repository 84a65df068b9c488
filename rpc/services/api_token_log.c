/* What was done to an API token, from the audit rows that name it; readable after its deletion too.
 */
#include "rpc/services/api_token.h"
#include "storage/audit.h"
#include "storage/keys.h"

/* NOT_FOUND when neither the token nor a row of its history is there. */
static struct status check_known(struct call *call, const struct uuid *id, struct slice id_text,
                                 struct slice history)
{
    const struct kind *kind = call->method->kind;
    struct slice end = key_prefix_end(call->arena, history);
    struct store_rows rows = {0};
    enum store_found found;
    struct slice value;

    if (arena_failed(call->arena))
        return status_out_of_memory();
    found = store_scan(call->view, FAMILY_AUDIT_BY_OBJECT, history, end, false, 1, &rows);
    if (found != STORE_FOUND)
        return call_store_status(found);
    if (rows.count > 0)
        return status_ok();
    found = store_get(call->view, FAMILY_TOKENS,
                      key_object(call->arena, &call->identity.organization, kind->number, id),
                      &value);
    if (found == STORE_ABSENT)
        return call_not_found(call, kind, id_text);
    return found == STORE_FOUND ? status_ok() : call_store_status(found);
}

static Datastream__V1__ActivityLog *log_of(struct arena *arena,
                                           const Datastream__Storage__V1__AuditRecord *record)
{
    Datastream__V1__ActivityLog *log = arena_alloc(arena, sizeof(*log));
    const char *outcome = record->outcome < 0 ? "UNKNOWN"
                                              : status_code_name((enum status_code)record->outcome);

    if (log == NULL)
        return NULL;
    datastream__v1__activity_log__init(log);
    log->time = api_token__timestamp(arena, record->time_ms);
    log->actor = record->actor;
    log->source_ip = record->source_ip;
    log->user_agent = record->user_agent;
    log->action = record->action;
    log->description = record->description;
    log->outcome = arena_cstr(arena, slice_from_cstr(outcome));
    log->request_id = record->request_id;
    log->count = record->count == 0 ? 1 : record->count;
    return log;
}

/* The line of one row of the index; NULL in *ret_log when the audit row was pruned. */
static struct status read_log(struct call *call, struct slice index_key,
                              Datastream__V1__ActivityLog **ret_log)
{
    ProtobufCAllocator allocator = message_allocator(call->arena);
    Datastream__Storage__V1__AuditRecord *record;
    uint8_t mac[AUDIT_MAC_LEN];
    enum store_found found;
    struct slice value;
    struct slice body;
    uint64_t number;
    struct slice key;

    if (!key_audit_by_object_parse(index_key, &number))
        return object_data_loss();
    key = key_audit(call->arena, &call->identity.organization, number);
    if (arena_failed(call->arena))
        return status_out_of_memory();
    *ret_log = NULL;
    found = store_get(call->view, FAMILY_AUDIT, key, &value);
    if (found == STORE_ABSENT)
        return status_ok();
    if (found != STORE_FOUND)
        return call_store_status(found);
    if (!audit_parse(value, mac, &body))
        return object_data_loss();
    record = datastream__storage__v1__audit_record__unpack(&allocator, body.len,
                                                           (const uint8_t *)body.data);
    if (record == NULL)
        return arena_failed(call->arena) ? status_out_of_memory() : object_data_loss();
    *ret_log = log_of(call->arena, record);
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

static struct status read_logs(struct call *call, const struct store_rows *rows,
                               Datastream__V1__ListApiTokenActivityLogsResponse *response)
{
    response->activity_logs = arena_array(call->arena, rows->count,
                                          sizeof(*response->activity_logs));
    if (response->activity_logs == NULL)
        return status_out_of_memory();
    /* A miss ends nothing here: the rest is asked for too, and fetched with it. */
    for (size_t i = 0; i < rows->count; i++) {
        Datastream__V1__ActivityLog *log = NULL;
        struct status status = read_log(call, rows->rows[i].key, &log);

        if (!status_is_ok(status) && !store_view_missed(call->view))
            return status;
        if (log != NULL)
            response->activity_logs[response->n_activity_logs++] = log;
    }
    return store_view_missed(call->view) ? call_store_status(STORE_AGAIN) : status_ok();
}

struct status api_token__list_activity_logs(struct call *call)
{
    const Datastream__V1__ListApiTokenActivityLogsRequest *request = (const void *)call->request;
    Datastream__V1__ListApiTokenActivityLogsResponse *response;
    const struct kind *kind = call->method->kind;
    struct slice id_text = slice_from_cstr(request->id);
    struct slice token = SLICE_EMPTY;
    struct store_rows rows = {0};
    struct status status;
    struct slice history;
    struct uuid id;

    if (!uuid_parse(id_text, &id))
        return call_not_found(call, kind, id_text);
    history = key_object(call->arena, &call->identity.organization, kind->number, &id);
    status = check_known(call, &id, id_text, history);
    if (status_is_ok(status))
        status = object_scan_page(call, FAMILY_AUDIT_BY_OBJECT, history, true, &rows, &token);
    if (!status_is_ok(status))
        return status;
    response = arena_alloc(call->arena, sizeof(*response));
    if (response == NULL)
        return status_out_of_memory();
    datastream__v1__list_api_token_activity_logs_response__init(response);
    status = read_logs(call, &rows, response);
    if (token.len > 0)
        response->next_page_token = arena_cstr(call->arena, token);
    call->response = &response->base;
    return status_is_ok(status) && arena_failed(call->arena) ? status_out_of_memory() : status;
}
