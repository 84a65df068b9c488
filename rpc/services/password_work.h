/*
 * What passwords of people must be, and their hashes, which the pool makes and compares: a handler
 * that asks runs again when the pool has answered.
 */
#ifndef DATASTREAM_RPC_SERVICES_PASSWORD_WORK_H
#define DATASTREAM_RPC_SERVICES_PASSWORD_WORK_H

#include "base/crypto/password.h"
#include "datastream/storage/v1/records.pb-c.h"
#include "rpc/call/call.h"

#define PASSWORD_CHARACTERS_LEAST 10
#define PASSWORD_CHARACTERS_MOST 256

/* "XXXXX-XXXXX-XXXXX-XXXXX": 100 random bits. */
#define ONE_TIME_PASSWORD_LEN 23

/* Passwords that a user had before and may not take again, the current one included. */
#define PASSWORDS_KEPT 5

/*
 * The password as it is hashed: in NFC (RFC 8265 section 4.2), so that the same characters are the
 * same password whatever keyboard wrote them. Empty where it is not UTF-8, or the arena failed.
 */
struct slice password_normalize(struct arena *arena, struct slice password);

/*
 * A predicate that says what is wrong with a normalized password, in the arena, or NULL. `email`
 * and `organization` are what it must not be, in whole; of the address, neither the part before the
 * "@". Neither may it be one of the most common passwords. Compared without regard to case. Pure.
 */
const char *password_check(struct arena *arena, struct slice password, struct slice email,
                           struct slice organization);

/* The same of a password that must have so many characters by the organization's settings. Pure. */
const char *password_check_length(struct arena *arena, struct slice password, unsigned least);

/* A password of 20 characters that are told apart easily, of 20 random bytes. */
void password_make(const uint8_t random[20], char password[ONE_TIME_PASSWORD_LEN]);

/*
 * The PHC string of a normalized password, with the call's random salt. UNAVAILABLE, never seen,
 * while the pool works: the handler runs again.
 */
struct status password__hash_work(struct call *call, struct slice password, char **ret_phc);

/*
 * Compares a normalized password with a PHC string, likewise. NULL for a string is as much work,
 * and never right: nobody can tell by the time whether there is a password at all.
 */
struct status password__verify_work(struct call *call, struct slice password, const char *phc,
                                    bool *ret_right);

/* Whether a PHC string costs less than what passwords are hashed with now. */
bool password__is_outdated(const char *phc);

/*
 * Makes `phc` the record's current password; the one before joins the previous ones. Parts are
 * borrowed.
 */
void password__set(struct arena *arena, Datastream__Storage__V1__PasswordRecord *record, char *phc,
                   int64_t now_ms);

#endif
