/* The audit log of an organization. */
#ifndef DATASTREAM_RPC_SERVICES_AUDIT_LOG_H
#define DATASTREAM_RPC_SERVICES_AUDIT_LOG_H

#include "datastream/storage/v1/records.pb-c.h"
#include "datastream/v1/audit.pb-c.h"
#include "rpc/call/call.h"

/* The handler. */
call_handler audit_log__list;

/* A line as answers show it: shares the record's texts. NULL when the arena failed. */
Datastream__V1__AuditLog *audit_log__line(struct arena *arena, uint64_t number,
                                          const Datastream__Storage__V1__AuditRecord *record);

#endif
