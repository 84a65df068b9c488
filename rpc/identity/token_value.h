/*
 * The value of a token: "dsa_", 43 base62 digits of a 256-bit number, 6 base62 digits of the CRC-32
 * of the 47 characters before them; both with leading zeros, most significant digit first. /
 */
#ifndef DATASTREAM_RPC_IDENTITY_TOKEN_VALUE_H
#define DATASTREAM_RPC_IDENTITY_TOKEN_VALUE_H

#include "rpc/identity/identity.h"

/* "dsa_" + 43 base62 characters of 256 random bits (unbiased) + 6 base62 characters of CRC-32. */
void token_value_make(const uint8_t random[32], char value[TOKEN_VALUE_LEN]);

/*
 * The same with another prefix, four characters: credentials of objects ("dsd_", "dse_"). They are
 * hashed and masked as tokens are.
 */
void credential_value_make(struct slice prefix, const uint8_t random[32],
                           char value[TOKEN_VALUE_LEN]);

/* Shape and checksum alone: what fails here is not looked up. */
bool token_value__is_wellformed(struct slice value);

/* The same of the key of a director, and of the value of a session. */
bool director_key__is_wellformed(struct slice value);
bool session_value_is_wellformed(struct slice value);

/* SHA-256 of the whole value. */
void token_value_hash(struct slice value, uint8_t hash[32]);

/* The first four characters, dots and the last four, in the arena. */
struct slice token_value_mask(struct arena *arena, struct slice value);

#endif
