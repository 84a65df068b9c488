/* The password that init and owner-reset give an Owner. */
#ifndef DATASTREAM_RPC_PROGRAM_OWNER_PASSWORD_H
#define DATASTREAM_RPC_PROGRAM_OWNER_PASSWORD_H

#include "rpc/program/options.h"
#include "rpc/services/password_work.h"

struct owner_password {
    struct slice password; /* normalized; in an arena that is wiped */
    bool generated;        /* and so to be printed */
    char phc[PASSWORD_PHC_SIZE];
};

/*
 * Reads the first line of --owner-password-file or generates a password, and hashes it.
 * INVALID_ARGUMENT for a file that cannot be read and a password that is none: of less than `least`
 * characters, or the address or the organization's name. UNAVAILABLE without memory or random
 * bytes.
 */
struct status owner_password__make(const struct options *options, struct slice organization,
                                   unsigned least, struct arena *arena,
                                   struct owner_password *ret_owner);

/*
 * Prints one JSON object on standard output: the organization, its Owner's address, the password
 * where it was generated, and the token (empty: none). False when standard output did not accept
 * it.
 */
bool owner_password__print(const struct options *options, const struct uuid *organization,
                           const struct owner_password *owner, struct slice api_token,
                           struct arena *arena);

#endif
