/* Values that nobody sent: defaults, what a oneof says, secrets that are kept. */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_RULES_FILL_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_RULES_FILL_H

#include "rpc/services/resource/rules.h"

/*
 * The first walk over the merged object: admits its secrets (seal__admit_field), clears input-only
 * fields where the change says so, and then, message by message, fills defaults of fields that were
 * written and are unset, and every derived field.
 */
void rules__fill(const struct change *change);

/* Carries secrets over that an update left out and did not name. */
void rules__keep_secrets(struct arena *arena, const struct message_type *type,
                         const struct touched *touched, const ProtobufCMessage *before,
                         ProtobufCMessage *after);

#endif
