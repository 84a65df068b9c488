/*
 * Page tokens: base64url of
 *
 *   version (1 byte) | key to go on from | MAC (16 bytes)
 *
 * where the MAC is the front of HMAC-SHA256 over version, method path, NUL, organization and key.
 * Only the one spelling that we write is taken.
 */
#include "rpc/call/page_token.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>

#include "base/text.h"
#include "rpc/call/chain.h"

#define VERSION 1
#define MAC_LEN 16
#define TOKEN_MOST 2048 /* characters; keys are far shorter */

struct page_mac {
    EVP_MAC *hmac;
    EVP_MAC_CTX *context;
    uint8_t key[32];
};

struct page_mac *page_mac_new(const uint8_t key[32])
{
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    struct page_mac *mac = calloc(1, sizeof(*mac));

    if (mac == NULL)
        return NULL;
    memcpy(mac->key, key, sizeof(mac->key));
    mac->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    mac->context = mac->hmac == NULL ? NULL : EVP_MAC_CTX_new(mac->hmac);
    if (mac->context == NULL || EVP_MAC_CTX_set_params(mac->context, params) != 1) {
        ERR_clear_error();
        page_mac_free(mac);
        return NULL;
    }
    return mac;
}

void page_mac_free(struct page_mac *mac)
{
    if (mac == NULL)
        return;
    EVP_MAC_CTX_free(mac->context);
    EVP_MAC_free(mac->hmac);
    OPENSSL_cleanse(mac->key, sizeof(mac->key));
    free(mac);
}

/* False when OpenSSL failed. `versioned` is the version byte and the key behind it. */
static bool compute(const struct call *call, struct slice versioned, uint8_t ret_mac[32])
{
    struct page_mac *mac = call->loop->page_mac;
    const struct slice parts[] = {
        slice_make(versioned.data, 1),
        call->method->path,
        slice_make("", 1),
        slice_make(call->identity.organization.bytes, 16),
        slice_from(versioned, 1),
    };
    bool good = EVP_MAC_init(mac->context, mac->key, sizeof(mac->key), NULL) == 1;
    size_t len;

    for (size_t i = 0; good && i < sizeof(parts) / sizeof(parts[0]); i++)
        good = parts[i].len == 0 ||
               EVP_MAC_update(mac->context, (const uint8_t *)parts[i].data, parts[i].len) == 1;
    good = good && EVP_MAC_final(mac->context, ret_mac, &len, 32) == 1;
    if (!good)
        ERR_clear_error();
    return good;
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
    if (CRYPTO_memcmp(mac, bytes.data + versioned.len, MAC_LEN) != 0)
        return refuse(call);
    *ret_key = slice_from(versioned, 1);
    return status_ok();
}
