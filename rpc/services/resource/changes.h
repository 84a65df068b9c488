/* What was set or changed, for the audit row: paths, and values as short JSON texts. */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_CHANGES_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_CHANGES_H

#include "proto/message/message.h"
#include "rpc/call/call.h"
#include "rpc/services/resource/differences.h"

/*
 * Notes each field that differs between two messages of the type (call_note_change), output-only
 * ones aside, and returns whether there is one. Sub-messages are compared field by field, one that
 * is missing as if it were empty. Values of secret and input-only fields are never noted; long ones
 * and lists of messages as "sha256:" and the hash.
 */
bool changes_note(struct arena *arena, struct call_changes *changes,
                  const struct message_type *type, const ProtobufCMessage *before,
                  const ProtobufCMessage *after);

/*
 * The same of two messages that a walk went over: of the fields that it has noted alone, each as it
 * is now, since rules after the walk may have set some of them back.
 */
bool changes__note_differences(struct arena *arena, struct call_changes *changes,
                               const struct differences *differences);

#endif
