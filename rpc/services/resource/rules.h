/*
 * What the contract says of fields beyond their own values: defaults, what is derived, what is set
 * once, what is required when, formats, quotes, what is unique, and what two objects share. Judged
 * on the merged object, of the fields that were written and of those that span them.
 */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_RULES_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_RULES_H

#include "rpc/services/resource/change.h"

/* What stands for a secret in the commands of API Preview; no secret may be it. */
#define RULES_PLACEHOLDER "REPLACE_ME"

/* Fills defaults of fields that were written and are unset, and every derived field. */
void rules_fill(const struct change *change);

/* Every rule of single fields (validate_field), of those that were written. */
void rules_check_values(const struct change *change);

/* Rules that span fields of one object: formats, quotes, required_when, unique_by, once. */
void rules_check_object(const struct change *change);

/* Fields and oneofs that are set once. */
void rules_check_once(const struct change *change);

/* Rules that span objects: what both have the same. UNAVAILABLE by the store. */
struct status rules_check_others(const struct change *change);

/* The rules for what is read: fills the reverse fields of objects. UNAVAILABLE by the store. */
struct status rules_fill_reverse(struct call *call, const struct kind *kind,
                                 ProtobufCMessage **objects, size_t count);

/*
 * Gives fields that actions set (status) the value back that they have in `before`. One that an
 * update wants to have another value than the stored and the shown one is a violation that names the
 * action. UNAVAILABLE by the store.
 */
struct status rules_keep_action_fields(struct call *call, const struct kind *kind,
                                       ProtobufCMessage *before, ProtobufCMessage *after,
                                       struct violations *violations);

/* The violation of it; `actions` are named as HTTP does (":disable"). */
void rules_refuse_state(struct arena *arena, struct slice path, struct slice actions,
                        struct violations *violations);

/* Carries secrets over that an update left out and did not name. */
void rules_keep_secrets(struct arena *arena, const struct message_type *type,
                        const struct touched *touched, const ProtobufCMessage *before,
                        ProtobufCMessage *after);

#endif
