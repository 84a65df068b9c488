/*
 * The row that an object has in the family of secrets: hashes and masked forms of its credentials.
 * The secrets that callers set get their place in the same row (storage.v1.EncryptedSecret).
 */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_SECRETS_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_SECRETS_H

#include "datastream/storage/v1/records.pb-c.h"
#include "rpc/services/resource/object.h"
#include "storage/secret.h"

/*
 * Whether the object may have such a row: one of the kind's own fields is a credential, the kind's
 * own file says so, or the stored message says that secrets are set.
 */
bool secrets__has_row(const struct kind *kind, const ProtobufCMessage *message);

/* The body of an object's row, empty when there is none; lives as long as the view's arena. */
enum store_found secrets_read(struct store_view *view, struct slice object_key,
                              struct slice *ret_body);

/*
 * The record in a body, an empty one for an empty body; made for this run, so it may be changed.
 * NULL when it does not parse or the arena failed.
 */
Datastream__Storage__V1__SecretsRecord *secrets_unpack(struct arena *arena, struct slice body);
struct slice secrets_pack(struct arena *arena,
                          const Datastream__Storage__V1__SecretsRecord *record);

/* Where a secret of an object stands, as its encryption is bound to. Borrows from the secret. */
struct secret_place secrets_place(const struct uuid *organization, uint32_t kind,
                                  const struct uuid *id,
                                  const Datastream__Storage__V1__EncryptedSecret *secret);

/* The record's credential of that field; NULL when it has none. */
const Datastream__Storage__V1__CredentialRecord *
secrets_credential(const Datastream__Storage__V1__SecretsRecord *record, const struct field *field);

/*
 * Gives the record a new value of the credential, in place of the one that it has: its hash, and
 * what is shown of it. Copies both into the arena, which may fail.
 */
void secrets__set_credential(struct arena *arena, Datastream__Storage__V1__SecretsRecord *record,
                             const struct field *field, const uint8_t hash[32], struct slice masked,
                             int64_t now_ms);

/* Adds the rows of token_hashes that lead to the object by the credentials in the body. */
void secrets_add_indexes(struct arena *arena, const struct kind *kind,
                         const struct uuid *organization, const struct uuid *id, struct slice body,
                         struct check_index **first);

#endif
