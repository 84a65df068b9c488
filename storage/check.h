/* Proves the invariants of a store. What only the contract knows comes in as rules. */
#ifndef DATASTREAM_STORAGE_CHECK_H
#define DATASTREAM_STORAGE_CHECK_H

#include "storage/store.h"

/* A row that leads to another one, as it must be. */
struct check_index {
    struct check_index *next;
    enum store_family family;
    struct slice key;
    struct slice body;
};

/* Adds a row to the front of a list; key and body are borrowed. Nothing where the arena failed. */
void check_index_add(struct arena *arena, struct check_index **first, enum store_family family,
                     struct slice key, struct slice body);

/* The functions may be called with any bytes; their results live in `arena`. */
struct check_rules {
    void *context;
    /*
     * Lists all rows that must lead to the row of an object or, under FAMILY_AUDIT, of the audit;
     * under FAMILY_SECRETS, those that lead to the object by its credentials.
     * False when the row cannot be read.
     */
    bool (*list)(void *context, struct arena *arena, enum store_family family,
                 const struct store_row *row, struct check_index **ret_first);
    /*
     * What is wrong with the row of an object, or under FAMILY_SECRETS of its secrets, besides: a
     * predicate, NULL for nothing. May be NULL.
     */
    const char *(*judge)(void *context, struct arena *arena, enum store_family family,
                         const struct store_row *row);
    /*
     * The key of the token, or other object, that a row of token hashes is for; false when it
     * cannot be read.
     */
    bool (*token_of)(void *context, struct arena *arena, const struct store_row *row,
                     struct slice *ret_key);
    /*
     * The key of the user whom an organization's row names as its Owner, empty for none; false when
     * it cannot be read.
     */
    bool (*owner_of)(void *context, struct arena *arena, const struct store_row *row,
                     struct slice *ret_key);
    /*
     * Of a row of sessions or of session hashes the key of its user, and the key of the session's
     * row in the other of the two families; false when it cannot be read.
     */
    bool (*session_of)(void *context, struct arena *arena, enum store_family family,
                       const struct store_row *row, struct slice *ret_user,
                       struct slice *ret_other);
    /* Whether a row of users is that of an Owner. */
    bool (*is_owner)(void *context, struct arena *arena, const struct store_row *row);
};

/*
 * Reads the whole store and calls `report` with a sentence for each thing that is wrong; the
 * sentence lives until `report` returns. It holds that
 *
 *   - every value is a record of a known format, of a revision that was given,
 *   - every name leads to an object, and a kind that has names has one for each object,
 *   - counters of an organization and kind equal the rows,
 *   - every reference has its source and its target, every use its token, every row of secrets
 *     its object,
 *   - audit rows have no gap, their chain is whole to its end and their organization is there; what
 *     leads to them finds them,
 *   - the feed is not ahead of the store,
 *
 * and, with rules (which may be NULL), that
 *
 *   - nothing was changed after the last audit row of its organization,
 *   - every secret opens where it stands, and every object tells of the secrets that it has,
 *   - every organization has exactly one Owner, the one that it names,
 *   - every session has its user and the row of its hash, and every hash its session,
 *   - every object can be read, and each row that must lead to it is there and is as it must be,
 *   - names, addresses, references and token hashes lead to nothing but objects that have them,
 *     and no object to the audit rows of another one.
 *
 * Memory stays bounded. Nothing may write meanwhile, or it reports what was only half seen. Waits
 * where the engine must fetch: for tools, never on a loop. OK when nothing was reported, DATA_LOSS
 * with the number of reports, INTERNAL when the store cannot be read; `arena` holds the message.
 */
struct status store_check(struct store *store, const struct check_rules *rules, struct arena *arena,
                          void (*report)(void *context, struct slice sentence), void *context);

#endif
