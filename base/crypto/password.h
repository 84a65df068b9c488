/*
 * Hashes of passwords: Argon2id (RFC 9106), written as PHC strings
 * ("$argon2id$v=19$m=19456,t=2,p=1$salt$hash"), so that each says at which cost it was made. Slow
 * by design: any thread but a loop's.
 */
#ifndef DATASTREAM_BASE_CRYPTO_PASSWORD_H
#define DATASTREAM_BASE_CRYPTO_PASSWORD_H

#include <stdint.h>

#include "base/slice.h"

#define PASSWORD_SALT_LEN 16
/* Room for any PHC string that password_hash writes, its NUL included. */
#define PASSWORD_PHC_SIZE 128
/* Far beyond any password of 256 characters. */
#define PASSWORD_BYTES_MOST 4096

/* What one hash costs. */
struct password_cost {
    uint32_t memory_kib;
    uint32_t passes;
    uint32_t lanes;
};

/* The minimum that OWASP names: 19 MiB, two passes, one lane. */
#define PASSWORD_COST_DEFAULT ((struct password_cost){19456, 2, 1})

/*
 * What new hashes cost: PASSWORD_COST_DEFAULT. In builds with faults DATASTREAM_PASSWORD_KIB may
 * name less memory, with one pass, for tests that are not about hashing. Any thread.
 */
struct password_cost password_cost_of_new(void);

/*
 * Hashes a password of at most PASSWORD_BYTES_MOST bytes. False, with ret_phc untouched, when
 * memory ended or the cost is beyond what Argon2 allows.
 */
bool password_hash(struct slice password, const uint8_t salt[PASSWORD_SALT_LEN],
                   struct password_cost cost, char ret_phc[PASSWORD_PHC_SIZE]);

enum password_result {
    PASSWORD_RIGHT,
    PASSWORD_WRONG,
    PASSWORD_FAILED /* memory, or no PHC string */
};

/* Compares in constant time. `phc` is a string that password_hash wrote. */
enum password_result password_verify(struct slice password, const char *phc);

/* Whether a stored hash costs less than `cost`, or cannot be read: it is to be made anew. */
bool password_is_cheaper(const char *phc, struct password_cost cost);

#endif
