/* Wiping and comparing by OpenSSL. */
#include "base/crypto/wipe.h"

#include <openssl/crypto.h>

void crypto_wipe(void *bytes, size_t len)
{
    OPENSSL_cleanse(bytes, len);
}

bool crypto_equal(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}
