/*
 * Every key layout of the store, in one place. All numbers are big-endian, so that keys sort as
 * numbers do; `org`, `id` and `source` are 16 bytes; `kind`, `field` and index numbers are 4.
 *
 *   family           key                                         body
 *   ---------------  ------------------------------------------  ----------------------------------
 *   meta             ASCII name                                  "format", "fold", "revision", ...;
 *                                                                key_ring.h has "key/..."
 *   organizations    org                                         storage.v1.OrganizationRecord
 *   token_hashes     SHA-256 of a credential's value (32)        storage.v1.TokenFacts
 *   session_hashes   SHA-256 of a session's value (32)           storage.v1.SessionFacts
 *   sessions         org user session                            storage.v1.SessionRecord
 *   tokens, roles,   org kind id                                 the public message, packed
 *   users, resources
 *   secrets          org kind id                                 storage.v1.SecretsRecord
 *   names            org kind folded-name                        id (16)
 *   emails           folded address                              org kind id (of the user)
 *   references       org kind id (of the target)                 empty
 *                    kind (of the source) field source
 *   indexes          org kind index value id                     empty
 *   counts           org kind                                    u64
 *                    org "audit"                                 head of the audit chain, audit.h
 *   usage            org kind id (of a token)                    last use, rpc/identity/usage.c
 *                    org kind id (of a director)                 storage.v1.PresenceRecord
 *   audit            org number (8)                              mac (32), storage.v1.AuditRecord
 *   audit_by_object  org kind id number (8)                      empty
 *   audit_by_actor   org actor type (1) id number (8)            empty
 *   audit_by_time    org time (8, milliseconds) number (8)       empty
 *   idempotency      revision (8)                                the rows of a batch, repeats.h:
 *                                                                rpc/call/idempotency_row.h under a
 *                                                                keyed hash (16) of org, id, actor
 *                                                                type (1), length of key (1), key
 *                                                                and method
 *   feed             org revision (8) index (2)                  kind id change (1)
 *                                                                time (8, milliseconds)
 *                    org 0 (8) 0 (2)                             u64, the newest revision that was
 *                                                                trimmed away
 *
 * The field of a reference is the number of the source's top-level field that the path of the
 * reference passes through, KEY_FIELD_QUOTES for what is quoted in text. So "who refers to X by
 * field F" is a range: exclusive membership is a condition that it is empty.
 *
 * The index of a row of indexes is a field's number and the version of its values' encoding (1
 * byte), which rpc/services/resource/index.h tells; no value is the front of another one.
 *
 * Kind numbers come from the contract and are never given again. Layouts are expensive to change: a
 * change raises STORE_FORMAT (storage/engine.h), and older stores are refused.
 */
#ifndef DATASTREAM_STORAGE_KEYS_H
#define DATASTREAM_STORAGE_KEYS_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/uuid.h"
#include "storage/store.h"

#define KEY_OBJECT_LEN (16 + 4 + 16)
#define KEY_INDEX_FRONT_LEN (16 + 4 + 4) /* of a row of indexes, without value and id */

/* Stands for a field's number in references that are quotes in text: beyond every field's. */
#define KEY_FIELD_QUOTES 0x7fffffffU

/* Each returns a key in the arena, empty when the arena failed. */
struct slice key_organization(struct arena *arena, const struct uuid *organization);
struct slice key_object(struct arena *arena, const struct uuid *organization, uint32_t kind,
                        const struct uuid *id);
struct slice key_kind(struct arena *arena, const struct uuid *organization, uint32_t kind);
/* Of a session, and the front of the keys of all sessions of a user. */
struct slice key_session(struct arena *arena, const struct uuid *organization,
                         const struct uuid *user, const struct uuid *session);
struct slice key_sessions_of(struct arena *arena, const struct uuid *organization,
                             const struct uuid *user);
struct slice key_name(struct arena *arena, const struct uuid *organization, uint32_t kind,
                      struct slice folded_name);
struct slice key_reference(struct arena *arena, const struct uuid *organization,
                           uint32_t target_kind, const struct uuid *target, uint32_t source_kind,
                           uint32_t field, const struct uuid *source);
/* The front of the keys of all references to the target by one field of a kind, from any source. */
struct slice key_references_by(struct arena *arena, const struct uuid *organization,
                               uint32_t target_kind, const struct uuid *target,
                               uint32_t source_kind, uint32_t field);
/* The same by any field of the kind. */
struct slice key_references_of(struct arena *arena, const struct uuid *organization,
                               uint32_t target_kind, const struct uuid *target,
                               uint32_t source_kind);
/* The front of the keys of an index, and of those with one value; then one row. */
struct slice key_index_prefix(struct arena *arena, const struct uuid *organization, uint32_t kind,
                              uint32_t index, struct slice value);
struct slice key_index(struct arena *arena, const struct uuid *organization, uint32_t kind,
                       uint32_t index, struct slice value, const struct uuid *id);
struct slice key_audit(struct arena *arena, const struct uuid *organization, uint64_t number);
/* Of the row in `counts` that says where the chain ends. */
struct slice key__audit_head(struct arena *arena, const struct uuid *organization);
struct slice key_audit_by_object(struct arena *arena, const struct uuid *organization,
                                 uint32_t kind, const struct uuid *id, uint64_t number);
struct slice key_audit_by_actor(struct arena *arena, const struct uuid *organization,
                                const struct actor *actor, uint64_t number);
/* A time before 1970 counts as 1970. */
struct slice key_audit_by_time(struct arena *arena, const struct uuid *organization,
                               int64_t time_ms, uint64_t number);
struct slice key__feed(struct arena *arena, const struct uuid *organization, uint64_t revision,
                       uint16_t index);
/* Where the feed of an organization begins; no commit has revision 0. */
struct slice key__feed_floor(struct arena *arena, const struct uuid *organization);

/* The smallest key beyond every key that starts with `prefix` (which holds a byte below 0xff). */
struct slice key_prefix_end(struct arena *arena, struct slice prefix);

/* Parts of keys that were read back. False where the length is another. */
bool key_object_parse(struct slice key, struct uuid *ret_organization, uint32_t *ret_kind,
                      struct uuid *ret_id);
bool key_session_parse(struct slice key, struct uuid *ret_organization, struct uuid *ret_user,
                       struct uuid *ret_session);
bool key_reference_parse(struct slice key, uint32_t *ret_target_kind, struct uuid *ret_target,
                         uint32_t *ret_source_kind, uint32_t *ret_field, struct uuid *ret_source);
bool key_index_parse(struct slice key, struct uuid *ret_organization, uint32_t *ret_kind,
                     uint32_t *ret_index, struct uuid *ret_id);
bool key_audit_parse(struct slice key, uint64_t *ret_number);
bool key__is_audit_head(struct slice key);
bool key_audit_by_object_parse(struct slice key, uint64_t *ret_number);
bool key_audit_by_actor_parse(struct slice key, struct actor *ret_actor, uint64_t *ret_number);
bool key_audit_by_time_parse(struct slice key, uint64_t *ret_number);
bool key__feed_parse(struct slice key, struct uuid *ret_organization, uint64_t *ret_revision,
                     uint16_t *ret_index);

/*
 * Folds a name for comparison: trims Unicode blanks at both ends, then NFKC_Casefold, which removes
 * ignorable characters too, and one space for each run of them (utf8proc; KEY_FOLD_VERSION names
 * the table and is kept in `meta`). Refused are control characters, blanks other than U+0020 within
 * the name, bidi controls, interlinear annotation, private-use and unassigned characters.
 * `ret_trimmed` is the name as it is kept and shown. Returns a predicate that says what is wrong
 * ("must not contain control characters"), or NULL; the results stay untouched then. `name` may be
 * any bytes. When the arena fails the results are empty.
 */
const char *key_fold_name(struct arena *arena, struct slice name, struct slice *ret_trimmed,
                          struct slice *ret_folded);
#define KEY_FOLD_VERSION 2

/*
 * Folds any text as names are folded, for filters and indexes: what is a name folds to the same.
 * Empty when nothing is left of it, where it is not UTF-8, and when the arena failed.
 */
struct slice key_fold_text(struct arena *arena, struct slice text);

/*
 * Refuses in a text that people read what a name must not contain, at its ends too, and what is not
 * UTF-8. A predicate that says what is wrong, or NULL.
 */
const char *key_check_text(struct slice text);

#endif
