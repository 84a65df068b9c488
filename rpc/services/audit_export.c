/*
 * The audit log as a stream that has an end: the number of the last line when it begins, before the
 * line that tells of the export. A slice of rows is read at a time, so memory does not grow with
 * the log.
 */
#include "rpc/services/audit_export.h"

#include "proto/contract/contract_find.h"
#include "proto/json/json_write.h"
#include "proto/message/message.h"
#include "rpc/call/answers.h"
#include "rpc/call/authorize.h"
#include "rpc/call/chain_facts.h"
#include "rpc/services/audit_log.h"
#include "rpc/services/audit_query.h"
#include "rpc/services/resource/history.h"
#include "rpc/services/resource/object.h"
#include "storage/audit.h"
#include "storage/keys.h"

#define SLICE_ROWS 64

/*
 * The longest that a line is written after its time. Its number is given when it is written, so
 * lines with times further apart than this have numbers in the order of their times.
 */
#define LATE_MOST_MS ((int64_t)600000)

struct audit_stream {
    struct audit_query query;
    uint64_t after; /* the last number that was told, or is not wanted */
    uint64_t until; /* the last number that is */

    struct store_rows rows; /* the slice, of the query's family */
    struct slice *values;   /* the audit rows that they lead to; NULL data: it is gone */
    size_t count;           /* that were read */
    size_t at;
};

/* -- opening ---------------------------------------------------------------------------------- */

/* The number of the last line; 0 when there is none. */
static struct status read_last(struct call *call, uint64_t *ret_number)
{
    struct slice prefix = key_organization(call->arena, &call->identity.organization);
    struct slice end = key_prefix_end(call->arena, prefix);
    struct store_rows rows = {0};
    enum store_found found;

    if (arena_failed(call->arena))
        return status_out_of_memory();
    found = store_scan(call->view, FAMILY_AUDIT, prefix, end, true, 1, &rows);
    if (found != STORE_FOUND)
        return call_store_status(found);
    *ret_number = 0;
    return rows.count == 0 || key_audit_parse(rows.rows[0].key, ret_number) ? status_ok()
                                                                            : object_data_loss();
}

static struct status check_format(struct call *call, const char *format)
{
    if (format[0] == '\0' || strcmp(format, "ndjson") == 0 || strcmp(format, "csv") == 0)
        return status_ok();
    return status_invalid_field(call->arena, SLICE("format"), "must be \"ndjson\" or \"csv\"");
}

/* The time of a line; one that is gone, or cannot be read, is older than any other. */
static struct status read_time(struct call *call, uint64_t number, int64_t *ret_ms)
{
    Datastream__Storage__V1__AuditRecord *record = NULL;
    struct slice key = key_audit(call->arena, &call->identity.organization, number);
    enum store_found found;
    struct slice value;

    if (arena_failed(call->arena))
        return status_out_of_memory();
    *ret_ms = INT64_MIN;
    found = store_get(call->view, FAMILY_AUDIT, key, &value);
    if (found == STORE_ABSENT)
        return status_ok();
    if (found != STORE_FOUND)
        return call_store_status(found);
    if (status_is_ok(history_unpack(call->arena, value, &record)))
        *ret_ms = record->time_ms;
    return status_ok();
}

/*
 * The number of a line before which none has this time or a later one, by halving: 1 to until + 1.
 */
static struct status find_time(struct call *call, uint64_t until, int64_t ms, uint64_t *ret_number)
{
    uint64_t low = 1, high = until + 1;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        int64_t found_ms;
        struct status status = read_time(call, middle, &found_ms);

        if (!status_is_ok(status))
            return status;
        if (found_ms < ms)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_number = low;
    return status_ok();
}

/* Leaves out the numbers that no line of the wanted time can have. */
static struct status narrow(struct call *call, struct audit_stream *stream)
{
    const struct audit_query *query = &stream->query;
    struct status status = status_ok();
    uint64_t until = stream->until;
    uint64_t number;

    if (query->filters.from != NULL)
        status = find_time(call, until, query->from_ms - LATE_MOST_MS, &number);
    if (status_is_ok(status) && query->filters.from != NULL && number - 1 > stream->after)
        stream->after = number - 1;
    if (status_is_ok(status) && query->filters.to != NULL)
        status = find_time(call, until, query->to_ms + LATE_MOST_MS, &number);
    if (status_is_ok(status) && query->filters.to != NULL)
        stream->until = number - 1;
    return status;
}

static const char *const filter_names[] = {"actor",   "kind", "object", "action",
                                           "outcome", "from", "to"};

/* The line that tells of the export, with its filters. */
static struct status audit(struct call *call, const struct audit_stream *stream)
{
    const struct json_write_options options = {.contract = call_contract(call)};
    struct call_audit *row = call_audit_add(call, "ExportedAuditLogs", NULL, NULL, SLICE_EMPTY);

    if (row == NULL)
        return status_out_of_memory();
    for (size_t i = 0; i < sizeof(filter_names) / sizeof(filter_names[0]); i++) {
        struct slice name = slice_from_cstr(filter_names[i]);
        const struct field *field = message_field_by_name(call->method->input, name);
        struct slice text = SLICE_EMPTY;

        if (!field_is_set(call->request, field))
            continue;
        if (status_is_ok(json_write_field(call->arena, call->request, field, &options, &text)))
            call_note_change(call->arena, &row->changes, name, SLICE_EMPTY, text);
    }
    row->description = arena_printf(
        call->arena, "Exported %s after number %llu, up to number %llu.",
        row->changes.first == NULL ? "the audit log"
                                   : "the lines of the audit log that filters match",
        (unsigned long long)stream->after, (unsigned long long)stream->until);
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

static struct status open(struct call *call)
{
    const Datastream__V1__ExportAuditLogsRequest *request = (const void *)call->request;
    const struct audit_filters filters = {request->actor,  request->kind,    request->object,
                                          request->action, request->outcome, request->from,
                                          request->to};
    struct audit_stream *stream = arena_zalloc(call->arena, sizeof(*stream));
    struct status status = check_format(call, request->format);

    if (stream == NULL)
        return status_out_of_memory();
    if (status_is_ok(status))
        status = audit_query__read_filters(call, &filters, true, &stream->query);
    if (status_is_ok(status))
        status = read_last(call, &stream->until);
    if (!status_is_ok(status))
        return status;
    stream->after = request->after;
    status = narrow(call, stream);
    if (!status_is_ok(status))
        return status;
    call->handler_state = stream;
    return audit(call, stream);
}

static struct status admit(struct call *call)
{
    return call_may(call) ? status_ok() : call_denied(call, call->method->permission->name);
}

/* -- reading ---------------------------------------------------------------------------------- */

/* The audit rows that the slice's rows lead to. */
static struct status read_values(struct call *call, struct arena *arena,
                                 struct audit_stream *stream)
{
    const struct store_rows *rows = &stream->rows;
    bool is_log = stream->query.family == FAMILY_AUDIT;
    struct slice *keys = arena_array(arena, rows->count, sizeof(*keys));
    enum store_found found;

    stream->values = arena_array(arena, rows->count, sizeof(*stream->values));
    if (keys == NULL || stream->values == NULL)
        return status_out_of_memory();
    for (size_t i = 0; i < rows->count; i++) {
        uint64_t number;

        if (!audit_query__number(&stream->query, rows->rows[i].key, &number))
            return object_data_loss();
        stream->values[i] = rows->rows[i].value;
        if (!is_log)
            keys[i] = key_audit(arena, &call->identity.organization, number);
    }
    stream->count = rows->count;
    if (is_log || rows->count == 0 || arena_failed(arena))
        return arena_failed(arena) ? status_out_of_memory() : status_ok();
    found = store_get_many(call->view, FAMILY_AUDIT, keys, rows->count, HISTORY_BYTES_MOST,
                           stream->values, &stream->count);
    return found == STORE_FOUND ? status_ok() : call_store_status(found);
}

static struct status read_rows(struct call *call, struct arena *arena, uint64_t revision,
                               bool *ret_more)
{
    struct audit_stream *stream = call->handler_state;
    const struct audit_query *query = &stream->query;
    enum store_found found;
    struct status status;

    (void)revision;
    *ret_more = false;
    stream->count = stream->at = 0;
    if (stream->after >= stream->until)
        return status_ok();
    found = store_scan(
        call->view, query->family, audit_query__key(arena, call, query, stream->after + 1),
        audit_query__key(arena, call, query, stream->until + 1), false, SLICE_ROWS, &stream->rows);
    if (found != STORE_FOUND)
        return call_store_status(found);
    status = read_values(call, arena, stream);
    *ret_more = stream->rows.more || stream->count < stream->rows.count;
    return status;
}

/* -- telling ---------------------------------------------------------------------------------- */

/* One that cannot be read is told by its number alone: `check` says what is wrong with it. */
static Datastream__V1__AuditLog *line_of(struct arena *arena, uint64_t number, struct slice value)
{
    const Datastream__Storage__V1__AuditRecord unreadable =
        DATASTREAM__STORAGE__V1__AUDIT_RECORD__INIT;
    Datastream__Storage__V1__AuditRecord *record = NULL;
    struct status status = history_unpack(arena, value, &record);

    return audit_log__line(arena, number, status_is_ok(status) ? record : &unreadable);
}

/* Whether the row belongs to the export. */
static bool is_wanted(const struct audit_query *query, struct arena *arena, struct slice value)
{
    Datastream__Storage__V1__AuditRecord *record = NULL;
    struct arena scratch;
    bool wanted;

    if (query->is_exact)
        return true;
    arena_init_like(&scratch, arena);
    wanted = status_is_ok(history_unpack(&scratch, value, &record)) &&
             audit_query__matches(query, record);
    if (arena_failed(&scratch))
        arena_fail(arena);
    arena_done(&scratch);
    return wanted;
}

static ProtobufCMessage *tell(struct arena *arena, uint64_t number, struct slice value)
{
    Datastream__V1__AuditLog *line = line_of(arena, number, value);
    uint8_t mac[AUDIT_MAC_LEN];
    struct slice body, kept;

    if (line == NULL)
        return NULL;
    if (audit_parse(value, mac, &body)) {
        kept = arena_copy(arena, slice_make(mac, sizeof(mac)));
        line->mac = (ProtobufCBinaryData){kept.len, (uint8_t *)kept.data};
    }
    return arena_failed(arena) ? NULL : &line->base;
}

static ProtobufCMessage *next(struct call *call, struct arena *arena)
{
    struct audit_stream *stream = call->handler_state;

    while (stream->at < stream->count && !arena_failed(arena)) {
        size_t at = stream->at++;
        struct slice value = stream->values[at];

        if (!audit_query__number(&stream->query, stream->rows.rows[at].key, &stream->after))
            return NULL;
        if (value.data != NULL && is_wanted(&stream->query, arena, value))
            return tell(arena, stream->after, value);
    }
    return NULL;
}

const struct stream_handler audit_export = {
    .audits = true,
    .open = open,
    .admit = admit,
    .read = read_rows,
    .next = next,
};
