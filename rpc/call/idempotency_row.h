/*
 * The body of a row of FAMILY_IDEMPOTENCY: what a request with a key did. Its parts stand one after
 * the other, the numbers big-endian: fingerprint, nonce, time (8), kind (4), and the rest.
 */
#ifndef DATASTREAM_RPC_CALL_IDEMPOTENCY_ROW_H
#define DATASTREAM_RPC_CALL_IDEMPOTENCY_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/crypto/siphash.h"
#include "base/slice.h"

#define IDEMPOTENCY_FINGERPRINT_LEN SIPHASH_LEN
#define IDEMPOTENCY_NONCE_LEN 16

struct idempotency_row {
    const uint8_t *fingerprint; /* hash of the request, packed with sorted maps */
    const uint8_t *nonce; /* random; values that are shown once follow from it, and a seal's key */
    int64_t time_ms;      /* milliseconds since 1970 */
    uint32_t kind;        /* number of the kind of the object that the answer shows; 0: none */
    struct slice rest;    /* its id (16); of no kind: the packed answer, sealed */
};

/* Copies all parts into the arena; empty when the arena failed. */
struct slice idempotency_row__write(struct arena *arena, const struct idempotency_row *row);

/* Points into the body. False for one that cannot be read. */
bool idempotency_row__read(struct slice body, struct idempotency_row *ret_row);

#endif
