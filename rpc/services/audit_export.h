/* AuditService.ExportAuditLogs: the audit log as a stream, from its front to its end. */
#ifndef DATASTREAM_RPC_SERVICES_AUDIT_EXPORT_H
#define DATASTREAM_RPC_SERVICES_AUDIT_EXPORT_H

#include "rpc/call/call_stream.h"

extern const struct stream_handler audit_export;

#endif
