/* Argon2id by libargon2, whose only user this is. */
#include "base/crypto/password.h"

#include <argon2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto/wipe.h"

#define HASH_BYTES 32

struct password_cost password_cost_of_new(void)
{
#ifdef DATASTREAM_FAULTS
    const char *text = getenv("DATASTREAM_PASSWORD_KIB");

    if (text != NULL)
        return (struct password_cost){(uint32_t)strtoul(text, NULL, 10), 1, 1};
#endif
    return PASSWORD_COST_DEFAULT;
}

bool password_hash(struct slice password, const uint8_t salt[PASSWORD_SALT_LEN],
                   struct password_cost cost, char ret_phc[PASSWORD_PHC_SIZE])
{
    char phc[PASSWORD_PHC_SIZE];
    int failed;

    if (password.len > PASSWORD_BYTES_MOST)
        return false;
    failed = argon2id_hash_encoded(cost.passes, cost.memory_kib, cost.lanes, password.data,
                                   password.len, salt, PASSWORD_SALT_LEN, HASH_BYTES, phc,
                                   sizeof(phc));
    if (failed == ARGON2_OK)
        memcpy(ret_phc, phc, sizeof(phc));
    crypto_wipe(phc, sizeof(phc));
    return failed == ARGON2_OK;
}

enum password_result password_verify(struct slice password, const char *phc)
{
    if (password.len > PASSWORD_BYTES_MOST)
        return PASSWORD_WRONG;
    switch (argon2id_verify(phc, password.data, password.len)) {
    case ARGON2_OK:
        return PASSWORD_RIGHT;
    case ARGON2_VERIFY_MISMATCH:
        return PASSWORD_WRONG;
    default:
        return PASSWORD_FAILED;
    }
}

bool password_is_cheaper(const char *phc, struct password_cost cost)
{
    unsigned version, memory_kib, passes, lanes;

    if (sscanf(phc, "$argon2id$v=%u$m=%u,t=%u,p=%u$", &version, &memory_kib, &passes, &lanes) != 4)
        return true;
    return version < ARGON2_VERSION_NUMBER || memory_kib < cost.memory_kib ||
           passes < cost.passes || lanes < cost.lanes;
}
