/*
 * Page tokens: base64url of
 *
 *   version (1 byte) | key to go on from | MAC (16 bytes)
 *
 * where the MAC is the front of HMAC-SHA256 over version, method path, NUL, organization and key.
 * Only the one spelling that we write is taken.
 */
#include "rpc/call/page_token.h"

#include "base/crypto/hmac.h"
#include "base/crypto/wipe.h"
#include "base/text.h"
#include "rpc/call/chain.h"

#define VERSION 1
#define MAC_LEN 16
#define TOKEN_MOST 6144 /* characters; a folded name may have 4,224 bytes */

/* False when OpenSSL failed. `versioned` is the version byte and the key after it. */
static bool compute(const struct call *call, struct slice versioned, uint8_t ret_mac[32])
{
    const struct slice parts[] = {
        slice_make(versioned.data, 1),
        call->method->path,
        slice_make("", 1),
        slice_make(call->identity.organization.bytes, 16),
        slice_from(versioned, 1),
    };

    return hmac_compute(call->loop->page_mac, call->loop->chain->page_key, parts,
                        sizeof(parts) / sizeof(parts[0]), ret_mac);
}

struct slice call_page_token(struct call *call, struct slice next_key)
{
    uint8_t mac[32];
    char *bytes = arena_alloc(call->arena, 1 + next_key.len + MAC_LEN);

    if (bytes == NULL)
        return SLICE_EMPTY;
    bytes[0] = VERSION;
    if (next_key.len > 0)
        memcpy(bytes + 1, next_key.data, next_key.len);
    if (!compute(call, slice_make(bytes, 1 + next_key.len), mac)) {
        arena_fail(call->arena);
        return SLICE_EMPTY;
    }
    memcpy(bytes + 1 + next_key.len, mac, MAC_LEN);
    return base64url_encode(call->arena, slice_make(bytes, 1 + next_key.len + MAC_LEN));
}

static struct status refuse(struct call *call)
{
    if (arena_failed(call->arena))
        return status_out_of_memory();
    return status_invalid_field(call->arena, SLICE("pageToken"),
                                "must be the nextPageToken of the same list");
}

struct status call_read_page_token(struct call *call, struct slice token, struct slice *ret_key)
{
    struct slice versioned;
    struct slice bytes;
    uint8_t mac[32];

    if (token.len == 0) {
        *ret_key = SLICE_EMPTY;
        return status_ok();
    }
    if (token.len > TOKEN_MOST || !base64_decode(call->arena, token, &bytes) ||
        bytes.len < 1 + MAC_LEN || bytes.data[0] != VERSION ||
        !slice_equal(base64url_encode(call->arena, bytes), token))
        return refuse(call);
    versioned = slice_make(bytes.data, bytes.len - MAC_LEN);
    if (!compute(call, versioned, mac))
        return status_out_of_memory();
    if (!crypto_equal(mac, bytes.data + versioned.len, MAC_LEN))
        return refuse(call);
    *ret_key = slice_from(versioned, 1);
    return status_ok();
}
