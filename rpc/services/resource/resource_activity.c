/*
 * The activity log of one object of any kind, from the audit rows that name it; readable after its
 * deletion too.
 */
#include "rpc/services/resource/history.h"
#include "rpc/services/resource/resource.h"
#include "storage/keys.h"

/* NOT_FOUND when neither the object nor a row of its history is there. */
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
    if (rows.count > 0 || object_is_builtin(call_identities(call), kind, id))
        return status_ok();
    found = store_get(call->view, object_family(kind),
                      key_object(call->arena, &call->identity.organization, kind->number, id),
                      &value);
    if (found == STORE_ABSENT)
        return call_not_found(call, kind, id_text);
    return found == STORE_FOUND ? status_ok() : call_store_status(found);
}

static ProtobufCMessage *log_of(struct arena *arena,
                                const Datastream__Storage__V1__AuditRecord *record)
{
    Datastream__V1__ActivityLog *log = arena_alloc(arena, sizeof(*log));

    if (log == NULL)
        return NULL;
    datastream__v1__activity_log__init(log);
    log->time = history_time(arena, record->time_ms);
    log->actor = record->actor;
    log->source_ip = record->source_ip;
    log->user_agent = record->user_agent;
    log->action = record->action;
    log->description = record->description;
    log->outcome = history_outcome(arena, record);
    log->request_id = record->request_id;
    log->count = history_count(record);
    log->changes = history_changes(arena, record);
    log->n_changes = log->changes == NULL ? 0 : record->n_changes;
    return &log->base;
}

/*
 * The lines of the rows of the index, without those whose audit row was pruned. A page that holds
 * enough bytes ends there: *ret_last is then the last row that it covers, else NULL.
 */
static struct status read_logs(struct call *call, const struct store_rows *rows,
                               ProtobufCMessage **logs, size_t *ret_count,
                               const struct store_row **ret_last)
{
    size_t bytes = 0;

    *ret_count = 0;
    *ret_last = NULL;
    /* A miss ends nothing here: the rest is asked for too, and fetched with it. */
    for (size_t i = 0; i < rows->count && *ret_last == NULL; i++) {
        Datastream__Storage__V1__AuditRecord *record = NULL;
        struct status status;
        uint64_t number;

        if (!key_audit_by_object_parse(rows->rows[i].key, &number))
            return object_data_loss();
        status = history_read(call, number, &bytes, &record);
        if (!status_is_ok(status) && !store_view_missed(call->view))
            return status;
        if (status_is_ok(status) && record != NULL)
            logs[(*ret_count)++] = log_of(call->arena, record);
        if (bytes >= HISTORY_BYTES_MOST)
            *ret_last = &rows->rows[i];
    }
    return store_view_missed(call->view) ? call_store_status(STORE_AGAIN) : status_ok();
}

struct status resource_list_activity(struct call *call)
{
    const struct method *method = call->method;
    struct slice id_text = field_get_string(call->request, method->id);
    const struct store_row *last = NULL;
    ProtobufCMessage **logs;
    struct slice token = SLICE_EMPTY;
    struct store_rows rows = {0};
    struct slice history;
    struct status status;
    size_t count = 0;
    struct uuid id;

    if (!uuid_parse(id_text, &id))
        return call_not_found(call, method->kind, id_text);
    history = key_object(call->arena, &call->identity.organization, method->kind->number, &id);
    status = check_known(call, &id, id_text, history);
    if (status_is_ok(status))
        status = object_scan_page(call, FAMILY_AUDIT_BY_OBJECT, history, true, &rows, &token);
    if (!status_is_ok(status))
        return status;
    logs = arena_array(call->arena, rows.count, sizeof(*logs));
    call->response = message_new(call->arena, method->output);
    if (logs == NULL || call->response == NULL)
        return status_out_of_memory();
    status = read_logs(call, &rows, logs, &count, &last);
    if (!status_is_ok(status))
        return status;
    if (last != NULL && last < &rows.rows[rows.count - 1])
        token = call_page_token(call, last->key);
    field_set_messages(call->response,
                       message_field_by_proto_name(method->output, SLICE("activity_logs")), logs,
                       count);
    if (token.len > 0)
        field_set_string(call->arena, call->response, method->next_page_token, token);
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}
