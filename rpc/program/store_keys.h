/*
 * The key file of a store and the keys that it wraps: found, created with a new store, or wrapped
 * anew.
 */
#ifndef DATASTREAM_RPC_PROGRAM_STORE_KEYS_H
#define DATASTREAM_RPC_PROGRAM_STORE_KEYS_H

#include "rpc/program/key_file.h"
#include "rpc/program/options.h"
#include "rpc/program/program.h"

/* A key file that cannot be the right one is refused before a store is created or opened. */
struct status store_keys__check_file(const struct options *options, struct arena *arena);

/*
 * The id of the key file that the open store wants, empty for a store that has no keys yet.
 * DATA_LOSS when it is damaged, UNAVAILABLE when the store cannot be read. Lives in `arena`.
 */
struct status store_keys__id(struct store *store, struct arena *arena, struct slice *ret_id);

/*
 * Reads the key file that the options name, whose id must be this one. FAILED_PRECONDITION, naming
 * the id that is wanted, for another one; other errors as of key_file__read. The file of an init
 * that was killed after its commit is found under its first name, and gets the right one unless the
 * use is STORE_OFFLINE.
 */
struct status store_keys__find_file(const struct options *options, enum store_use use,
                                    struct slice id, struct arena *arena, struct key_file *ret_key);

/*
 * The key that wraps the store's own: the one thing that is derived from the key file. INTERNAL
 * when OpenSSL fails.
 */
struct status store_keys__wrapping(const struct key_file *key, struct wrapping_key *ret_wrapping);

/* Puts the id of the key file that is wanted from now on into a commit. */
void store_keys__put_id(struct commit *commit, const struct key_file *key);

/*
 * Finds or creates the key file of the program's open store, and gives the store and the program
 * the keys of the ring. FAILED_PRECONDITION for a store without keys unless the use is
 * STORE_FOR_INIT or STORE_FOR_SETUP.
 */
struct status store_keys__open(struct program *program, const struct options *options,
                               enum store_use use, struct arena *arena);

/*
 * For a store that waits for its setup: makes the data key of the organization that it will have,
 * unless an earlier start did. All loops have it from their start on; program->secret_keys.data[0]
 * says which id the organization gets.
 */
struct status store_keys__expect_organization(struct program *program, struct arena *arena);

#endif
