/* HMAC-SHA256 by a context of OpenSSL that is kept. */
#include "base/crypto/hmac.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto/wipe.h"

struct hmac {
    EVP_MAC *algorithm;
    EVP_MAC_CTX *context; /* keeps its digest when it is given another key */
    bool keyed;           /* the context has this key: setting one costs as much as a short text */
    uint8_t key[32];
};

struct hmac *hmac_new(void)
{
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    struct hmac *hmac = calloc(1, sizeof(*hmac));

    if (hmac == NULL)
        return NULL;
    hmac->algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
    hmac->context = hmac->algorithm == NULL ? NULL : EVP_MAC_CTX_new(hmac->algorithm);
    if (hmac->context == NULL || EVP_MAC_CTX_set_params(hmac->context, params) != 1) {
        ERR_clear_error();
        hmac_free(hmac);
        return NULL;
    }
    return hmac;
}

void hmac_free(struct hmac *hmac)
{
    if (hmac == NULL)
        return;
    EVP_MAC_CTX_free(hmac->context);
    EVP_MAC_free(hmac->algorithm);
    crypto_wipe(hmac->key, sizeof(hmac->key));
    free(hmac);
}

/* Begins with the key, or anew with the one that is set. */
static bool begin(struct hmac *hmac, const uint8_t key[32])
{
    if (hmac->keyed && memcmp(hmac->key, key, sizeof(hmac->key)) == 0) /* both are our own */
        return EVP_MAC_init(hmac->context, NULL, 0, NULL) == 1;
    memcpy(hmac->key, key, sizeof(hmac->key));
    hmac->keyed = EVP_MAC_init(hmac->context, key, sizeof(hmac->key), NULL) == 1;
    return hmac->keyed;
}

bool hmac_compute(struct hmac *hmac, const uint8_t key[32], const struct slice *parts, size_t count,
                  uint8_t ret_code[HMAC_LEN])
{
    bool good = begin(hmac, key);
    size_t len;

    for (size_t i = 0; good && i < count; i++)
        good = parts[i].len == 0 ||
               EVP_MAC_update(hmac->context, (const uint8_t *)parts[i].data, parts[i].len) == 1;
    good = good && EVP_MAC_final(hmac->context, ret_code, &len, HMAC_LEN) == 1;
    if (!good)
        ERR_clear_error();
    return good;
}

bool hmac_once(const uint8_t key[32], const struct slice *parts, size_t count,
               uint8_t ret_code[HMAC_LEN])
{
    struct hmac *hmac = hmac_new();
    bool done = hmac != NULL && hmac_compute(hmac, key, parts, count, ret_code);

    hmac_free(hmac);
    return done;
}
