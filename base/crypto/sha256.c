/* SHA-256 by a digest of OpenSSL that is fetched once a process. */
#include "base/crypto/sha256.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <pthread.h>

static EVP_MD *digest;
static pthread_once_t digest_once = PTHREAD_ONCE_INIT;

static void fetch_digest(void)
{
    digest = EVP_MD_fetch(NULL, "SHA256", NULL);
}

bool sha256(struct slice bytes, uint8_t ret_hash[SHA256_LEN])
{
    pthread_once(&digest_once, fetch_digest);
    if (digest != NULL && EVP_Digest(bytes.data, bytes.len, ret_hash, NULL, digest, NULL) == 1)
        return true;
    ERR_clear_error();
    return false;
}
