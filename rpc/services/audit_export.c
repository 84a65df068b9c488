/*
 * The audit log as a stream that has an end: the number of the last line when it begins, before the
 * line that tells of the export. A slice of rows is read at a time, so memory does not grow with the log.
 */
#include "rpc/services/audit_export.h"

#include "rpc/call/answers.h"
#include "rpc/call/authorize.h"
#include "rpc/services/audit_log.h"
#include "rpc/services/resource/history.h"
#include "rpc/services/resource/object.h"
#include "storage/audit.h"
#include "storage/keys.h"

#define SLICE_ROWS 64

struct audit_stream {
    uint64_t after; /* the last number that was told, or is not wanted */
    uint64_t until; /* the last number that is */

    struct store_rows rows; /* the slice */
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

static struct status open(struct call *call)
{
    const Datastream__V1__ExportAuditLogsRequest *request = (const void *)call->request;
    struct audit_stream *stream = arena_zalloc(call->arena, sizeof(*stream));
    struct call_audit *row;
    struct status status = check_format(call, request->format);

    if (stream == NULL)
        return status_out_of_memory();
    if (status_is_ok(status))
        status = read_last(call, &stream->until);
    if (!status_is_ok(status))
        return status;
    stream->after = request->after;
    call->handler_state = stream;
    row = call_audit_add(call, "ExportedAuditLogs", NULL, NULL, SLICE_EMPTY);
    if (row == NULL)
        return status_out_of_memory();
    row->description = arena_printf(
        call->arena, "Exported the audit log after number %llu, up to number %llu.",
        (unsigned long long)stream->after, (unsigned long long)stream->until);
    return arena_failed(call->arena) ? status_out_of_memory() : status_ok();
}

static struct status admit(struct call *call)
{
    return call_may(call) ? status_ok() : call_denied(call, call->method->permission->name);
}

/* -- reading ---------------------------------------------------------------------------------- */

static struct status read_rows(struct call *call, struct arena *arena, uint64_t revision,
                               bool *ret_more)
{
    const struct uuid *organization = &call->identity.organization;
    struct audit_stream *stream = call->handler_state;
    struct store_rows rows = {0};
    enum store_found found;

    (void)revision;
    if (stream->after >= stream->until) {
        *ret_more = false;
        return status_ok();
    }
    found = store_scan(call->view, FAMILY_AUDIT, key_audit(arena, organization, stream->after + 1),
                       key_audit(arena, organization, stream->until + 1), false, SLICE_ROWS, &rows);
    if (found != STORE_FOUND)
        return call_store_status(found);
    stream->rows = rows;
    stream->at = 0;
    *ret_more = rows.more;
    return status_ok();
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

static ProtobufCMessage *next(struct call *call, struct arena *arena)
{
    struct audit_stream *stream = call->handler_state;
    const struct store_row *row;
    Datastream__V1__AuditLog *line;
    uint8_t mac[AUDIT_MAC_LEN];
    struct slice body, kept;

    if (stream->at >= stream->rows.count)
        return NULL;
    row = &stream->rows.rows[stream->at++];
    if (!key_audit_parse(row->key, &stream->after))
        return NULL;
    line = line_of(arena, stream->after, row->value);
    if (line == NULL)
        return NULL;
    if (audit_parse(row->value, mac, &body)) {
        kept = arena_copy(arena, slice_make(mac, sizeof(mac)));
        line->mac = (ProtobufCBinaryData){kept.len, (uint8_t *)kept.data};
    }
    return arena_failed(arena) ? NULL : &line->base;
}

const struct stream_handler audit_export = {
    .audits = true,
    .open = open,
    .admit = admit,
    .read = read_rows,
    .next = next,
};
