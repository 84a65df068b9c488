/*
 * Every key layout of the store, in one place. All numbers are big-endian, so that keys sort as
 * numbers do; `org`, `id` are 16 bytes; `kind` is 4.
 *
 *   meta             ASCII name                                  "format", "fold", "revision", ...
 *   organizations    org
 *   token_hashes     SHA-256 of the token's value (32)           body: storage.v1.TokenFacts
 *   tokens, roles, users, resources
 *                    org kind id                                 body: the public message, packed
 *   names            org kind folded-name                        body: id (16)
 *   references       org kind id (of the target)
 *                    kind id (of the source) field-number (4)    body: empty
 *   counts           org kind                                    body: u64
 *   usage            org kind id (of a token)                    body: last use,
 * rpc/identity/usage.c audit            org number (8)                              body: mac (32),
 * storage.v1.AuditRecord audit_by_object  org kind id number (8)                      body: empty
 *   feed             org revision (8) index (2)                  body: kind id change (1)
 *                                                                time (8, milliseconds)
 *                    org 0 (8) 0 (2)                             body: u64, the newest revision
 *                                                                that was trimmed away
 *
 * Kind numbers come from the contract and are never given again. Layouts are expensive to change:
 * a change needs a new format number in `meta` and a step that rewrites.
 */
#ifndef DATASTREAM_STORAGE_KEYS_H
#define DATASTREAM_STORAGE_KEYS_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/uuid.h"

#define KEY_OBJECT_LEN (16 + 4 + 16)

/* Each returns a key in the arena, empty when the arena failed. */
struct slice key_organization(struct arena *arena, const struct uuid *organization);
struct slice key_object(struct arena *arena, const struct uuid *organization, uint32_t kind,
                        const struct uuid *id);
struct slice key_kind(struct arena *arena, const struct uuid *organization, uint32_t kind);
struct slice key_name(struct arena *arena, const struct uuid *organization, uint32_t kind,
                      struct slice folded_name);
struct slice key_reference(struct arena *arena, const struct uuid *organization,
                           uint32_t target_kind, const struct uuid *target, uint32_t source_kind,
                           const struct uuid *source, uint32_t field);
struct slice key_audit(struct arena *arena, const struct uuid *organization, uint64_t number);
struct slice key_audit_by_object(struct arena *arena, const struct uuid *organization,
                                 uint32_t kind, const struct uuid *id, uint64_t number);
struct slice key_feed(struct arena *arena, const struct uuid *organization, uint64_t revision,
                      uint16_t index);
/* Where the feed of an organization begins; no commit has revision 0. */
struct slice key_feed_floor(struct arena *arena, const struct uuid *organization);

/* The smallest key beyond every key that starts with `prefix` (which holds a byte below 0xff). */
struct slice key_prefix_end(struct arena *arena, struct slice prefix);

/* Parts of keys that were read back. False where the length is another. */
bool key_object_parse(struct slice key, struct uuid *ret_organization, uint32_t *ret_kind,
                      struct uuid *ret_id);
bool key_reference_parse(struct slice key, uint32_t *ret_target_kind, struct uuid *ret_target,
                         uint32_t *ret_source_kind, struct uuid *ret_source, uint32_t *ret_field);
bool key_audit_parse(struct slice key, uint64_t *ret_number);
bool key_audit_by_object_parse(struct slice key, uint64_t *ret_number);
bool key_feed_parse(struct slice key, struct uuid *ret_organization, uint64_t *ret_revision,
                    uint16_t *ret_index);

/*
 * Folds a name for comparison: trims Unicode blanks at both ends, then NFC and full case folding
 * (utf8proc; KEY_FOLD_VERSION names the table and is kept in `meta`). Control characters, bidi
 * controls and unassigned code points are refused. `ret_trimmed` is the name as it is kept and
 * shown. Returns a sentence fragment that says what is wrong ("must not contain control
 * characters"), or NULL. `name` must be valid UTF-8. When the arena fails the results are empty.
 */
const char *key_fold_name(struct arena *arena, struct slice name, struct slice *ret_trimmed,
                          struct slice *ret_folded);
#define KEY_FOLD_VERSION 1

#endif
