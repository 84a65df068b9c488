/* AES-256-GCM (NIST SP 800-38D), with nonces of 12 bytes and tags of 16. */
#ifndef DATASTREAM_BASE_CRYPTO_AEAD_H
#define DATASTREAM_BASE_CRYPTO_AEAD_H

#include <stdint.h>

#include "base/slice.h"

#define AEAD_NONCE_LEN 12
#define AEAD_TAG_LEN 16

/*
 * Encrypts `text` and authenticates it with `associated`, which is not encrypted: text.len bytes
 * and a tag. A nonce must never serve two texts under one key. False when OpenSSL failed.
 */
bool aead_seal(const uint8_t key[32], const uint8_t nonce[AEAD_NONCE_LEN], struct slice associated,
               struct slice text, uint8_t *ret_sealed);

/*
 * The reverse: sealed.len - AEAD_TAG_LEN bytes. False when anything was altered, key, nonce and
 * associated data included, or OpenSSL failed; *ret_text is wiped then.
 */
bool aead_open(const uint8_t key[32], const uint8_t nonce[AEAD_NONCE_LEN], struct slice associated,
               struct slice sealed, uint8_t *ret_text);

#endif
