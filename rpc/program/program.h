/*
 * The subcommands, and what they share: contract, key file and store opened together.
 */
#ifndef DATASTREAM_RPC_PROGRAM_PROGRAM_H
#define DATASTREAM_RPC_PROGRAM_PROGRAM_H

#include "rpc/call/news.h"
#include "rpc/identity/identity.h"
#include "rpc/program/key_file.h"
#include "rpc/program/options.h"
#include "storage/secret.h"

enum store_use {
    STORE_FOR_INIT,  /* create the directory and the key where they are missing */
    STORE_FOR_SERVE, /* both must exist */
    STORE_FOR_SETUP, /* both must exist, unless the directory is there and empty */
    STORE_OFFLINE,   /* read only */
};

/*
 * A store with what it needs. Lives in the arena except for what program__close frees.
 *
 * The keys of a new store are written with its first organization, in one commit (before it, where
 * the store is for the setup), and the key file gets its name after that: a failed init leaves no
 * key file, and after a kill at any instant either the store has no key or a file holds the key
 * that it has.
 */
struct program {
    const struct contract *contract;
    struct identity_registry *identities;
    struct news *news;
    struct store *store;
    bool create; /* the store may be created */
    uint8_t page_key[32];
    uint8_t csrf_key[32];
    uint8_t replay_key[32];
    struct secret_keys secret_keys;
    struct wrapping_key wrapping; /* of the key file */
    struct commit *first_commit;  /* of a new store: holds its keys, to be written; else NULL */
    const char *new_key;          /* a key file that waits for that commit; NULL: none */
    const char *key_file;         /* the name that it gets then */
};

/*
 * Loads the contract, opens the store, and reads or makes its key. FAILED_PRECONDITION for another
 * key than the store's, and for a key file that stands in a new one's place unless --key-file named
 * it. From then on the process creates files for its user alone.
 */
struct status program__open(const struct options *options, enum store_use use, struct arena *arena,
                            struct program *ret_program);
/* Wraps the store in the engine that the options name; INVALID_ARGUMENT for one that there is not.
 */
struct status program__choose_engine(struct program *program, const struct options *options,
                                     struct arena *arena);

/* Gives the key file of a new store its name, after first_commit was written. */
struct status program__keep_key(struct program *program, struct arena *arena);

/* Closes what is open; removes a new key whose store was not written. */
void program__close(struct program *program);

/* The exit code of an offline tool while another process has the store open. */
#define EXIT_IN_USE 3

/* Prints "datastreamd: sentence" to standard error and returns the exit code 1. */
int program__fail(struct status status);

#endif
