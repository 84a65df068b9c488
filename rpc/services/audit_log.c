/* The audit log as a list, newest first: a page under way, which gives way to other calls. */
#include "rpc/services/audit_log.h"

#include <assert.h>

#include "rpc/call/answers.h"
#include "rpc/services/audit_query.h"
#include "rpc/services/resource/history.h"
#include "rpc/services/resource/object.h"
#include "storage/keys.h"

/* Rows that one call looks at where a filter is tried on each. */
#define LOOKED_MOST 2000

struct page {
    struct audit_query query;
    struct store_rows rows; /* of the query's family */
    struct slice *values;   /* the audit rows that they lead to; NULL data: it is gone */
    size_t count;           /* that were read */
    size_t next;
    Datastream__V1__AuditLog **logs;
    size_t found;
};

Datastream__V1__AuditLog *audit_log__line(struct arena *arena, uint64_t number,
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
    log->number = number;
    return log;
}

/* -- reading ---------------------------------------------------------------------------------- */

/* The audit rows that the rows of another family lead to, as many as one call reads. */
static struct status read_values(struct call *call, struct page *page)
{
    const struct store_rows *rows = &page->rows;
    struct slice *keys = arena_array(call->arena, rows->count, sizeof(*keys));
    enum store_found found;

    page->values = arena_array(call->arena, rows->count, sizeof(*page->values));
    if (keys == NULL || page->values == NULL)
        return status_out_of_memory();
    for (size_t i = 0; i < rows->count; i++) {
        uint64_t number;

        if (!audit_query__number(&page->query, rows->rows[i].key, &number))
            return object_data_loss();
        keys[i] = key_audit(call->arena, &call->identity.organization, number);
    }
    if (rows->count == 0 || arena_failed(call->arena))
        return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
    found = store_get_many(call->view, FAMILY_AUDIT, keys, rows->count, HISTORY_BYTES_MOST,
                           page->values, &page->count);
    return found == STORE_FOUND ? status_ok() : call_store_status(found);
}

static struct status take_values(struct call *call, struct page *page)
{
    page->values = arena_array(call->arena, page->rows.count, sizeof(*page->values));
    if (page->values == NULL)
        return status_out_of_memory();
    for (size_t i = 0; i < page->rows.count; i++)
        page->values[i] = page->rows.rows[i].value;
    page->count = page->rows.count;
    return status_ok();
}

static struct status begin(struct call *call, struct page **ret_page)
{
    struct page *page = arena_zalloc(call->arena, sizeof(*page));
    struct audit_query *query;
    enum store_found found;
    struct status status;

    if (page == NULL)
        return status_out_of_memory();
    query = &page->query;
    status = audit_query__read(call, query);
    if (!status_is_ok(status))
        return status;
    found = store_scan(call->view, query->family, query->from, query->to, true,
                       query->is_exact ? query->page_size : LOOKED_MOST, &page->rows);
    if (found != STORE_FOUND)
        return call_store_status(found);
    status = query->family == FAMILY_AUDIT ? take_values(call, page) : read_values(call, page);
    page->logs = arena_array(call->arena, query->page_size, sizeof(*page->logs));
    if (!status_is_ok(status))
        return status;
    *ret_page = page;
    return page->logs == NULL ? status_out_of_memory() : status_ok();
}

/* -- filling ---------------------------------------------------------------------------------- */

/* Whether the row belongs to the answer. */
static struct status try_row(struct call *call, struct page *page, struct slice value,
                             bool *ret_matches)
{
    Datastream__Storage__V1__AuditRecord *record = NULL;
    struct arena scratch;
    struct status status;

    if (page->query.is_exact) {
        *ret_matches = true;
        return status_ok();
    }
    arena_init_like(&scratch, call->arena);
    status = history_unpack(&scratch, value, &record);
    if (status_is_ok(status))
        *ret_matches = audit_query__matches(&page->query, record);
    arena_done(&scratch);
    return status;
}

static struct status look(struct call *call, struct page *page)
{
    size_t at = page->next++;
    struct slice value = page->values[at];
    Datastream__Storage__V1__AuditRecord *record = NULL;
    bool matches = false;
    struct status status;
    uint64_t number;

    assert(at < page->count && page->found < page->query.page_size);
    if (value.data == NULL) /* it was pruned */
        return status_ok();
    status = try_row(call, page, value, &matches);
    if (!status_is_ok(status) || !matches)
        return status;
    if (!audit_query__number(&page->query, page->rows.rows[at].key, &number))
        return object_data_loss();
    status = history_unpack(call->arena, value, &record);
    if (status_is_ok(status))
        page->logs[page->found++] = audit_log__line(call->arena, number, record);
    return status;
}

static struct status answer(struct call *call, const struct page *page)
{
    Datastream__V1__ListAuditLogsResponse *response = arena_alloc(call->arena, sizeof(*response));

    if (response == NULL)
        return status_out_of_memory();
    datastream__v1__list_audit_logs_response__init(response);
    response->audit_logs = page->logs;
    response->n_audit_logs = page->found;
    if (page->next > 0 && (page->rows.more || page->next < page->rows.count))
        response->next_page_token = arena_cstr(
            call->arena,
            audit_query__token(call, &page->query, page->rows.rows[page->next - 1].key));
    call->response = &response->base;
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

struct status audit_log__list(struct call *call)
{
    struct page *page = call->progress;
    struct status status = status_ok();

    call->progress = NULL;
    if (page == NULL)
        status = begin(call, &page);
    while (status_is_ok(status) && page->next < page->count &&
           page->found < page->query.page_size) {
        status = look(call, page);
        if (status_is_ok(status) && call_gives_way(call)) {
            call->progress = page;
            return status_ok();
        }
    }
    return status_is_ok(status) ? answer(call, page) : status;
}
