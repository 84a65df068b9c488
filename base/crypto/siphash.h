/*
 * SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012): a keyed hash that costs less than an
 * HMAC for short texts. Who does not know the key can neither foresee a hash nor tell a text from
 * it.
 */
#ifndef DATASTREAM_BASE_CRYPTO_SIPHASH_H
#define DATASTREAM_BASE_CRYPTO_SIPHASH_H

#include <stdint.h>

#include "base/slice.h"

#define SIPHASH_KEY_LEN 16
#define SIPHASH_LEN 16

/* Fetched once. Belongs to one thread at a time. */
struct siphash;

/* NULL when there is no memory or OpenSSL has no SipHash. Release with siphash_free. */
struct siphash *siphash_new(void);
/* Wipes the key that was used last. NULL is nothing. */
void siphash_free(struct siphash *siphash);

/*
 * The hash of the parts, one after the other. False when OpenSSL failed, and nothing is said of
 * *ret_hash then.
 */
bool siphash_compute(struct siphash *siphash, const uint8_t key[SIPHASH_KEY_LEN],
                     const struct slice *parts, size_t count, uint8_t ret_hash[SIPHASH_LEN]);

#endif
