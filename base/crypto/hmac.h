/* HMAC-SHA256 (RFC 2104, FIPS 198-1). */
#ifndef DATASTREAM_BASE_CRYPTO_HMAC_H
#define DATASTREAM_BASE_CRYPTO_HMAC_H

#include <stdint.h>

#include "base/slice.h"

#define HMAC_LEN 32

/* Fetched once, and keyed again only when the key is another. Belongs to one thread at a time. */
struct hmac;

/* NULL when there is no memory or OpenSSL has no HMAC. Release with hmac_free. */
struct hmac *hmac_new(void);
/* Wipes the key that was used last. NULL is nothing. */
void hmac_free(struct hmac *hmac);

/*
 * The code of the parts, one after the other; *ret_code may lie in one of them. False when OpenSSL
 * failed, and nothing is said of *ret_code then.
 */
bool hmac_compute(struct hmac *hmac, const uint8_t key[32], const struct slice *parts, size_t count,
                  uint8_t ret_code[HMAC_LEN]);

/* The same for a code that is seldom asked for: by a context that is there for this one alone. */
bool hmac_once(const uint8_t key[32], const struct slice *parts, size_t count,
               uint8_t ret_code[HMAC_LEN]);

#endif
