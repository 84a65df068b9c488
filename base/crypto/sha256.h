/* SHA-256 (FIPS 180-4). */
#ifndef DATASTREAM_BASE_CRYPTO_SHA256_H
#define DATASTREAM_BASE_CRYPTO_SHA256_H

#include <stdint.h>

#include "base/slice.h"

#define SHA256_LEN 32

/* The hash of the bytes; any thread. False when OpenSSL has no memory. */
bool sha256(struct slice bytes, uint8_t ret_hash[SHA256_LEN]);

#endif
