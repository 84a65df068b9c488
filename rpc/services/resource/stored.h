/*
 * Answers straight from records: an object's stored bytes, with the fields that answers compute and
 * its etag after them, are its public message. What is not computed is never unpacked. Bound once
 * for each kind of a contract.
 */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_STORED_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_STORED_H

#include "rpc/services/resource/hooks.h"

/* How the records of each kind become answers; by the order of contract->kinds. */
struct stored_plans;

/* Needs the hooks, bound. NULL when the arena failed. */
const struct stored_plans *stored_bind(const struct contract *contract, const struct hooks *hooks,
                                       struct arena *arena);

/* Whether the call's answer may be records of the kind: its frontend and the kind allow it. */
bool stored__is_possible(const struct call *call, const struct kind *kind);

/*
 * Completes records of one answer, values as the store has them. `ret_bodies`, of `count`, are
 * public messages in the call's arena; `ret_shown`, which may be NULL, is of the first one a
 * message with etag and computed fields alone. DATA_LOSS for a record that cannot be read,
 * UNAVAILABLE by the store, or out of memory.
 */
struct status stored__complete(struct call *call, const struct kind *kind,
                               const struct slice *values, size_t count, struct slice *ret_bodies,
                               ProtobufCMessage **ret_shown);

/*
 * Likewise of one record that the call stores, by its answer, which is whole: etag and what is
 * computed are copied from there. False where only the message can be answered with, or the arena
 * failed.
 */
bool stored__complete_new(struct call *call, const struct kind *kind, struct slice record,
                          const ProtobufCMessage *answer, struct slice *ret_body);

#endif
