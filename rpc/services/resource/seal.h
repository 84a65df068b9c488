/*
 * The secrets of an object, between its message and its row of secrets. In the store and in answers
 * a secret field is empty, or holds what is no secret: a value that is wholly a quote. While an
 * update is judged, a field whose secret is kept holds a mark, so that rules see that it is set:
 *
 *   read -> seal__mark -> merge, rules -> seal__draft -> pack, answer
 *
 * Secrets are decrypted for clones alone. What plaintext passes through is wiped with the call.
 */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_SEAL_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_SEAL_H

#include "rpc/services/resource/draft.h"

/*
 * Takes out of a secret field the secrets that were sent empty, which means none. Has the call's
 * memory wiped when the field holds a secret: for each that comes from outside.
 */
void seal__admit_field(struct arena *arena, ProtobufCMessage *message, const struct field *field);

/*
 * Marks, in the message of a stored object, the fields whose secrets its row holds, and keeps the
 * row as it was unpacked for seal__draft, which then does not unpack it again.
 */
void seal__mark(struct call *call, const struct object *object, struct seal_row *ret_row);

/*
 * Moves every secret of the draft, which was judged, from its message into its row, encrypted;
 * those that are marked keep what the row has, and those of the row that no field holds any more
 * go. Sets `secretsSet`. INVALID_ARGUMENT when they are more, or larger, than an object may hold;
 * INTERNAL when OpenSSL fails.
 */
struct status seal__draft(struct call *call, struct draft *draft);

/*
 * Decrypts the secrets of an object into a copy of its message: for a clone, which seals them anew.
 * DATA_LOSS when one does not open.
 */
struct status seal__reveal(struct call *call, const struct object *source, ProtobufCMessage *copy);

#endif
