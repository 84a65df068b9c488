/* HKDF by OpenSSL's KDF. */
#include "base/crypto/hkdf.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

bool hkdf_sha256(const uint8_t key[32], struct slice salt, struct slice info, uint8_t ret_key[32])
{
    EVP_KDF *algorithm = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = algorithm == NULL ? NULL : EVP_KDF_CTX_new(algorithm);
    char digest[] = "SHA256";
    OSSL_PARAM params[5];
    size_t count = 0;
    bool good;

    params[count++] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
    params[count++] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key,
                                                        32);
    if (salt.len > 0)
        params[count++] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT,
                                                            (void *)(uintptr_t)salt.data, salt.len);
    params[count++] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO,
                                                        (void *)(uintptr_t)info.data, info.len);
    params[count] = OSSL_PARAM_construct_end();
    good = context != NULL && EVP_KDF_derive(context, ret_key, 32, params) == 1;
    if (!good)
        ERR_clear_error();
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(algorithm);
    return good;
}
