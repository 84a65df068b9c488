/* SipHash by a context of OpenSSL that is kept. */
#include "base/crypto/siphash.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>

struct siphash {
    EVP_MAC *algorithm;
    EVP_MAC_CTX *context; /* wipes its key when it is freed */
};

struct siphash *siphash_new(void)
{
    unsigned int len = SIPHASH_LEN;
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_SIZE, &len),
        OSSL_PARAM_construct_end(),
    };
    struct siphash *siphash = calloc(1, sizeof(*siphash));

    if (siphash == NULL)
        return NULL;
    siphash->algorithm = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
    siphash->context = siphash->algorithm == NULL ? NULL : EVP_MAC_CTX_new(siphash->algorithm);
    if (siphash->context == NULL || EVP_MAC_CTX_set_params(siphash->context, params) != 1) {
        ERR_clear_error();
        siphash_free(siphash);
        return NULL;
    }
    return siphash;
}

void siphash_free(struct siphash *siphash)
{
    if (siphash == NULL)
        return;
    EVP_MAC_CTX_free(siphash->context);
    EVP_MAC_free(siphash->algorithm);
    free(siphash);
}

bool siphash_compute(struct siphash *siphash, const uint8_t key[SIPHASH_KEY_LEN],
                     const struct slice *parts, size_t count, uint8_t ret_hash[SIPHASH_LEN])
{
    bool good = EVP_MAC_init(siphash->context, key, SIPHASH_KEY_LEN, NULL) == 1;
    size_t len;

    for (size_t i = 0; good && i < count; i++)
        good = parts[i].len == 0 ||
               EVP_MAC_update(siphash->context, (const uint8_t *)parts[i].data, parts[i].len) == 1;
    good = good && EVP_MAC_final(siphash->context, ret_hash, &len, SIPHASH_LEN) == 1;
    if (!good)
        ERR_clear_error();
    return good;
}
