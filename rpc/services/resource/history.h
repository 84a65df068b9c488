/* Rows of the audit log, as answers show them: activity logs and the audit log itself. */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_HISTORY_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_HISTORY_H

#include "datastream/storage/v1/records.pb-c.h"
#include "datastream/v1/activity.pb-c.h"
#include "rpc/call/call.h"

/* A page of history ends with the row whose record exceeds this: bytes of stored records. */
#define HISTORY_BYTES_MOST ((size_t)256 << 10)

/*
 * Reads the audit row of that number of the caller's organization. *ret_record is NULL when the row
 * was pruned; it lives as long as the call. Adds the size of the stored row to *bytes. DATA_LOSS,
 * UNAVAILABLE by the store, or out of memory.
 */
struct status history__read(struct call *call, uint64_t number, size_t *bytes,
                            Datastream__Storage__V1__AuditRecord **ret_record);

/* The record in a stored audit row. DATA_LOSS, or out of memory. */
struct status history_unpack(struct arena *arena, struct slice value,
                             Datastream__Storage__V1__AuditRecord **ret_record);

/*
 * What was given or changed; the texts are the record's. NULL for none, or when the arena failed.
 */
Datastream__V1__FieldChange **history_changes(struct arena *arena,
                                              const Datastream__Storage__V1__AuditRecord *record);

/* The name of the status that the row tells, "OK" for a success; a C string in the arena. */
char *history_outcome(struct arena *arena, const Datastream__Storage__V1__AuditRecord *record);

/* How many equal attempts the row stands for. */
int32_t history_count(const Datastream__Storage__V1__AuditRecord *record);

/* A timestamp of milliseconds since 1970 in the arena; NULL when it failed. */
Google__Protobuf__Timestamp *history_time(struct arena *arena, int64_t unix_ms);

#endif
