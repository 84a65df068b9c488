/* Values that nobody sent: defaults, what a oneof says, secrets that are kept. */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_RULES_FILL_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_RULES_FILL_H

#include "rpc/services/resource/rules.h"

/*
 * Admits a field that came from outside, before anything is filled in beside it: has the secrets in
 * it noted (seal__admit_field), and clears an input-only one where the change says so.
 */
void rules__admit(const struct change *change, ProtobufCMessage *message,
                  const struct field *field);

/* Derives the field, or fills its default where it was written and is unset. */
void rules__fill(const struct change *change, ProtobufCMessage *message, const struct field *field,
                 bool judged);

/* Carries a secret field over from `before` that an update left out and did not name. */
void rules__keep_secret(const struct change *change, const ProtobufCMessage *before,
                        ProtobufCMessage *after, const struct field *field);

#endif
