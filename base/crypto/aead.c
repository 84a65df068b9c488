/* AES-256-GCM by OpenSSL's EVP. */
#include "base/crypto/aead.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/crypto/wipe.h"

static bool fits(struct slice bytes)
{
    return bytes.len <= INT_MAX;
}

/* Feeds the associated data, then the text. */
static bool run(EVP_CIPHER_CTX *context, struct slice associated, struct slice text, uint8_t *to)
{
    int len;

    if (associated.len > 0 &&
        EVP_CipherUpdate(context, NULL, &len, (const uint8_t *)associated.data,
                         (int)associated.len) != 1)
        return false;
    return text.len == 0 ||
           EVP_CipherUpdate(context, to, &len, (const uint8_t *)text.data, (int)text.len) == 1;
}

static bool seal(EVP_CIPHER_CTX *context, struct slice associated, struct slice text,
                 uint8_t *ret_sealed)
{
    int len;

    return run(context, associated, text, ret_sealed) &&
           EVP_CipherFinal_ex(context, ret_sealed + text.len, &len) == 1 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_LEN,
                               ret_sealed + text.len) == 1;
}

bool aead_seal(const uint8_t key[32], const uint8_t nonce[AEAD_NONCE_LEN], struct slice associated,
               struct slice text, uint8_t *ret_sealed)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool good = context != NULL && fits(associated) && fits(text) &&
                EVP_CipherInit_ex2(context, EVP_aes_256_gcm(), key, nonce, 1, NULL) == 1 &&
                seal(context, associated, text, ret_sealed);

    EVP_CIPHER_CTX_free(context);
    if (!good)
        ERR_clear_error();
    return good;
}

static bool open_sealed(EVP_CIPHER_CTX *context, struct slice associated, struct slice text,
                        uint8_t tag[AEAD_TAG_LEN], uint8_t *ret_text)
{
    uint8_t nothing[AEAD_TAG_LEN];
    int len;

    return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_LEN, tag) == 1 &&
           run(context, associated, text, ret_text) &&
           EVP_CipherFinal_ex(context, nothing, &len) == 1;
}

bool aead_open(const uint8_t key[32], const uint8_t nonce[AEAD_NONCE_LEN], struct slice associated,
               struct slice sealed, uint8_t *ret_text)
{
    EVP_CIPHER_CTX *context;
    uint8_t tag[AEAD_TAG_LEN];
    struct slice text;
    bool good;

    if (sealed.len < AEAD_TAG_LEN || !fits(associated) || !fits(sealed))
        return false;
    text = slice_make(sealed.data, sealed.len - AEAD_TAG_LEN);
    memcpy(tag, sealed.data + text.len, sizeof(tag));
    context = EVP_CIPHER_CTX_new();
    good = context != NULL &&
           EVP_CipherInit_ex2(context, EVP_aes_256_gcm(), key, nonce, 0, NULL) == 1 &&
           open_sealed(context, associated, text, tag, ret_text);
    EVP_CIPHER_CTX_free(context);
    if (good)
        return true;
    ERR_clear_error();
    crypto_wipe(ret_text, text.len);
    return false;
}
