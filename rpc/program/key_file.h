/*
 * The key file: the one secret outside the store. It wraps the store's own keys
 * (storage/key_ring.h). One line: "datastream-key-1", an id of 16 hexadecimal digits, 64
 * hexadecimal digits. Mode 0400; never in a backup.
 */
#ifndef DATASTREAM_RPC_PROGRAM_KEY_FILE_H
#define DATASTREAM_RPC_PROGRAM_KEY_FILE_H

#include "base/status.h"
#include "storage/key_ring.h"

struct key_file {
    char id[KEY_ID_LEN]; /* recorded in the store, so that another key is refused */
    uint8_t key[32];
};

/*
 * Reads the file. NOT_FOUND, or FAILED_PRECONDITION when it is a link, no regular file, of another
 * user, open to others, or not a key file. Never blocks. `arena` holds the message.
 */
struct status key_file__read(const char *path, struct arena *arena, struct key_file *ret_key);

/*
 * Makes a new one, synced. ALREADY_EXISTS for a file that exists; UNAVAILABLE, and no file is left,
 * when it cannot be written.
 */
struct status key_file__create(const char *path, struct arena *arena, struct key_file *ret_key);

/*
 * Removes what a create that was killed left of the file. FAILED_PRECONDITION, and the file stays,
 * when it is as long as a key or longer: it may be somebody's key. `arena` holds the message.
 */
struct status key_file__discard_part(const char *path, struct arena *arena);

/*
 * Moves the file, durably, to a name that nothing has. UNAVAILABLE when that fails: the message
 * says where the key is.
 */
struct status key_file__move(const char *from, const char *to, struct arena *arena);

/*
 * HKDF-SHA-256 (RFC 5869) of the key for one purpose, such as "key ring". False when OpenSSL fails.
 */
bool key_file__derive(const struct key_file *key, const char *purpose, uint8_t derived[32]);

#endif
