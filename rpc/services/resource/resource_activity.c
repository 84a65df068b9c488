/*
 * The activity log of one object of any kind, from the audit rows that name it; readable after its
 * deletion too.
 */
#include "rpc/services/resource/resource_activity.h"

#include <assert.h>

#include "proto/contract/contract_find.h"
#include "rpc/call/answers.h"
#include "rpc/call/chain_facts.h"
#include "rpc/call/page_token.h"
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
    if (rows.count > 0 || object__is_builtin(call_identities(call), kind, id))
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

/* What a run has done that gave way to other calls. */
struct progress {
    struct store_rows rows;
    struct slice token; /* of the next page; empty for none */
    ProtobufCMessage **logs;
    size_t count; /* logs */
    size_t next;  /* the row to go on with */
    size_t bytes; /* of the records that were read */
};

/* What is told of the row, and whether the page is full with it. */
static struct status read_log(struct call *call, struct progress *progress, bool *ret_full)
{
    const struct store_row *row = &progress->rows.rows[progress->next++];
    Datastream__Storage__V1__AuditRecord *record = NULL;
    struct status status;
    uint64_t number;

    assert(progress->count < progress->rows.count);
    if (!key_audit_by_object_parse(row->key, &number))
        return object_data_loss();
    status = history__read(call, number, &progress->bytes, &record);
    if (status_is_ok(status) && record != NULL)
        progress->logs[progress->count++] = log_of(call->arena, record);
    *ret_full = progress->bytes >= HISTORY_BYTES_MOST;
    if (*ret_full && progress->next < progress->rows.count)
        progress->token = call_page_token(call, row->key);
    return status;
}

static struct status begin(struct call *call, struct progress **ret_progress)
{
    struct progress *progress = arena_zalloc(call->arena, sizeof(*progress));
    const struct kind *kind = call->method->kind;
    struct slice id_text = field_get_string(call->request, call->method->id);
    struct slice history;
    struct status status;
    struct uuid id;

    if (!uuid_parse(id_text, &id))
        return call_not_found(call, kind, id_text);
    history = key_object(call->arena, &call->identity.organization, kind->number, &id);
    if (progress == NULL)
        return status_out_of_memory();
    status = check_known(call, &id, id_text, history);
    if (status_is_ok(status))
        status = object__scan_page(call, FAMILY_AUDIT_BY_OBJECT, history, true, &progress->rows,
                                   &progress->token);
    if (!status_is_ok(status))
        return status;
    progress->logs = arena_array(call->arena, progress->rows.count, sizeof(*progress->logs));
    *ret_progress = progress;
    return progress->logs == NULL ? status_out_of_memory() : status_ok();
}

static struct status answer(struct call *call, const struct progress *progress)
{
    const struct method *method = call->method;

    call->response = message_new(call->arena, method->output);
    if (call->response == NULL)
        return status_out_of_memory();
    field_set_messages(call->response,
                       message_field_by_proto_name(method->output, SLICE("activity_logs")),
                       progress->logs, progress->count);
    if (progress->token.len > 0)
        field_set_string(call->arena, call->response, method->next_page_token, progress->token);
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

struct status resource_list_activity(struct call *call)
{
    struct progress *progress = call->progress;
    struct status status = status_ok();
    bool full = false;

    call->progress = NULL;
    if (progress == NULL)
        status = begin(call, &progress);
    if (!status_is_ok(status))
        return status;
    /* A miss ends nothing here: the rest is asked for too, and fetched with it. */
    while (progress->next < progress->rows.count && !full) {
        status = read_log(call, progress, &full);
        if (!status_is_ok(status) && !store_view_missed(call->view))
            return status;
        if (!full && !store_view_missed(call->view) && call_gives_way(call)) {
            call->progress = progress;
            return status_ok();
        }
    }
    if (store_view_missed(call->view))
        return call_store_status(STORE_AGAIN);
    return answer(call, progress);
}
