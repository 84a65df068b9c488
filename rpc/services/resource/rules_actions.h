/* Fields that actions set (OPERATION_SET with a value) are kept by updates. */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_RULES_ACTIONS_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_RULES_ACTIONS_H

#include "rpc/services/resource/rules.h"

/*
 * Gives fields that actions set (status) the value back that they have in `before`. One that an
 * update wants to have another value than the stored and the shown one is a violation that names
 * the action. UNAVAILABLE by the store.
 */
struct status rules__keep_action_fields(struct call *call, const struct kind *kind,
                                        ProtobufCMessage *before, ProtobufCMessage *after,
                                        struct violations *violations);

/* The violation of it; `actions` are named as HTTP does (":disable"). */
void rules_refuse_state(struct arena *arena, struct slice path, struct slice actions,
                        struct violations *violations);

#endif
