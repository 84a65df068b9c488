/* Field masks (google.protobuf.FieldMask, AIP-134): which fields of a request reach the stored
 * message. */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_MASK_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_MASK_H

#include "rpc/services/resource/touched.h"

/*
 * Merges the fields of `from` that the mask names into `to`, both of the type; values are shared,
 * `from` is not changed. `mask` is a FieldMask with paths in proto or JSON names, or NULL; an empty
 * one stands for the fields of `from` that are set, at any depth, and "*" for all. The field `id`
 * (may be NULL) and output-only fields are skipped; a secret field that `from` lacks is kept unless
 * it is named. Violations: a path that names no field, and immutable fields that differ. Notes in
 * *touched which fields of `to` were written; "*" touches the whole.
 */
void mask_merge(struct arena *arena, const struct message_type *type, const struct field *id,
                const ProtobufCMessage *mask, const ProtobufCMessage *from, ProtobufCMessage *to,
                struct touched *touched, struct violations *violations);

/*
 * The same of a request's message, the one walk over it: what is merged is copied, so that `to` may
 * be changed and shares nothing with `from`, and output-only fields at any depth are left out. Only
 * what is merged is looked at. When the arena fails `to` is spoiled: nobody may read it then.
 */
void mask__merge_request(struct arena *arena, const struct message_type *type,
                         const struct field *id, const ProtobufCMessage *mask,
                         const ProtobufCMessage *from, ProtobufCMessage *to,
                         struct touched *touched, struct violations *violations);

/*
 * Copies into `to` the fields that are set in `named`, at any depth, with the values that they have
 * in `from`; all three are of the type. The field `id` (may be NULL), output-only, input-only and
 * secret fields are skipped. Values are shared.
 */
void mask_keep_set(struct arena *arena, const struct message_type *type, const struct field *id,
                   const ProtobufCMessage *named, const ProtobufCMessage *from,
                   ProtobufCMessage *to);

/*
 * Merges a map of secrets by its keys: a caller who knows one secret need not know the others. An
 * entry of `from` without a key, which JSON's null gives, takes all others out first. The list is
 * new, its entries are shared.
 */
void mask__merge_secrets(struct arena *arena, const struct field *map, const ProtobufCMessage *from,
                         ProtobufCMessage *to);

#endif
