/* HKDF with SHA-256 (RFC 5869). */
#ifndef DATASTREAM_BASE_CRYPTO_HKDF_H
#define DATASTREAM_BASE_CRYPTO_HKDF_H

#include <stdint.h>

#include "base/slice.h"

/*
 * A key of 32 bytes for one purpose, which `info` names; `salt` may be empty. The caller wipes it.
 * False when OpenSSL failed.
 */
bool hkdf_sha256(const uint8_t key[32], struct slice salt, struct slice info, uint8_t ret_key[32]);

#endif
