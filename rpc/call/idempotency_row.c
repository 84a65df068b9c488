/* A fixed layout: a row is written for each create with a key, and costs no protobuf. */
#include "rpc/call/idempotency_row.h"

#include <string.h>

#include "base/uuid.h"
#include "storage/bytes.h"

#define NONCE_AT IDEMPOTENCY_FINGERPRINT_LEN
#define TIME_AT (NONCE_AT + IDEMPOTENCY_NONCE_LEN)
#define KIND_AT (TIME_AT + 8)
#define REST_AT (KIND_AT + 4)

struct slice idempotency_row__write(struct arena *arena, const struct idempotency_row *row)
{
    size_t len = REST_AT + row->rest.len;
    char *body = arena_alloc(arena, len);

    if (body == NULL)
        return SLICE_EMPTY;
    memcpy(body, row->fingerprint, IDEMPOTENCY_FINGERPRINT_LEN);
    memcpy(body + NONCE_AT, row->nonce, IDEMPOTENCY_NONCE_LEN);
    bytes_put_u64(body + TIME_AT, (uint64_t)row->time_ms);
    bytes_put_u32(body + KIND_AT, row->kind);
    if (row->rest.len > 0)
        memcpy(body + REST_AT, row->rest.data, row->rest.len);
    return slice_make(body, len);
}

bool idempotency_row__read(struct slice body, struct idempotency_row *ret_row)
{
    const uint8_t *bytes = (const uint8_t *)body.data;

    if (body.len < REST_AT)
        return false;
    ret_row->fingerprint = bytes;
    ret_row->nonce = bytes + NONCE_AT;
    ret_row->time_ms = (int64_t)bytes_u64(body.data + TIME_AT);
    ret_row->kind = bytes_u32(body.data + KIND_AT);
    ret_row->rest = slice_from(body, REST_AT);
    return ret_row->kind == 0 || ret_row->rest.len == sizeof(struct uuid);
}
