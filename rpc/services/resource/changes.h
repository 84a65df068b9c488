/* What was set or changed, for the audit row: paths, and values as short JSON texts. */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_CHANGES_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_CHANGES_H

#include "proto/message/message.h"
#include "rpc/call/call.h"

/*
 * Notes each field that differs between two messages of the type (call_note_change), output-only
 * ones aside, and returns whether there is one. Sub-messages are compared field by field, one that
 * is missing as if it were empty. Values of secret and input-only fields are never noted; long ones
 * and lists of messages as "sha256:" and the hash.
 */
bool changes_note(struct arena *arena, struct call_changes *changes,
                  const struct message_type *type, const ProtobufCMessage *before,
                  const ProtobufCMessage *after);

#endif
