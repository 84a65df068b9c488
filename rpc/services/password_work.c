/* The rules of passwords, and the work that the pool does for them. */
#include "rpc/services/password_work.h"

#include <assert.h>
#include <stdlib.h>
#include <utf8proc.h>

#include "base/crypto/wipe.h"
#include "base/text.h"
#include "rpc/call/answers.h"
#include "rpc/call/work.h"
#include "rpc/services/common_passwords.h"

/* -- rules ------------------------------------------------------------------------------------ */

/* The text mapped by utf8proc, in the arena; empty where it is no UTF-8 or memory ended. */
static struct slice map(struct arena *arena, struct slice text, utf8proc_option_t options)
{
    utf8proc_uint8_t *mapped = NULL;
    utf8proc_ssize_t len = utf8proc_map((const utf8proc_uint8_t *)text.data,
                                        (utf8proc_ssize_t)text.len, &mapped, options);
    struct slice copy;

    if (len == UTF8PROC_ERROR_NOMEM)
        arena_fail(arena);
    if (len < 0)
        return SLICE_EMPTY;
    copy = arena_copy(arena, slice_make(mapped, (size_t)len));
    crypto_wipe(mapped, (size_t)len);
    free(mapped);
    return copy;
}

struct slice password_normalize(struct arena *arena, struct slice password)
{
    return map(arena, password, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
}

static bool is_same(struct arena *arena, struct slice folded, struct slice other)
{
    struct slice other_folded = map(arena, other,
                                    UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);

    return other_folded.len > 0 && slice_equal(folded, other_folded);
}

/* Compared without regard to case: the list has lower case alone. */
static bool is_common(struct slice folded)
{
    size_t from = 0;
    size_t to = common_passwords_count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = slice_compare(slice_from_cstr(common_passwords[middle]), folded);

        if (order == 0)
            return true;
        if (order < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return false;
}

const char *password_check(struct arena *arena, struct slice password, struct slice email,
                           struct slice organization)
{
    size_t length = utf8_length(password);
    struct slice folded;

    if (length < PASSWORD_CHARACTERS_LEAST || length > PASSWORD_CHARACTERS_MOST)
        return "must have 10 to 256 characters";
    folded = map(arena, password, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
    if (is_same(arena, folded, email) ||
        is_same(arena, folded, slice_make(email.data, slice_find(email, '@'))))
        return "must not be the e-mail address or a part of it";
    if (is_same(arena, folded, organization))
        return "must not be the organization's name";
    return is_common(folded) ? "must not be one of the most common passwords" : NULL;
}

const char *password_check_length(struct arena *arena, struct slice password, unsigned least)
{
    if (utf8_length(password) >= least)
        return NULL;
    return arena_printf(arena, "must have at least %u characters", least).data;
}

void password_make(const uint8_t random[20], char password[ONE_TIME_PASSWORD_LEN])
{
    static const char symbols[] = "23456789abcdefghijkmnpqrstuvwxyz";
    size_t at = 0;

    for (size_t i = 0; i < 20; i++) {
        if (i > 0 && i % 5 == 0)
            password[at++] = '-';
        password[at++] = symbols[random[i] & 31];
    }
    assert(at == ONE_TIME_PASSWORD_LEN);
}

/* -- work ------------------------------------------------------------------------------------- */

static struct status no_memory(void)
{
    return status_const(STATUS_RESOURCE_EXHAUSTED,
                        SLICE("The server has no memory for a password's hash; try again."));
}

struct hashed {
    bool done;
    char phc[PASSWORD_PHC_SIZE];
};

/* The input is the salt, then the password. */
static void hash(struct slice input, void *output)
{
    struct hashed *hashed = output;

    hashed->done = password_hash(slice_from(input, PASSWORD_SALT_LEN), (const uint8_t *)input.data,
                                 password_cost_of_new(), hashed->phc);
}

struct status password__hash_work(struct call *call, struct slice password, char **ret_phc)
{
    const struct slice parts[] = {slice_make(call->random + RANDOM_SALT, PASSWORD_SALT_LEN),
                                  password};
    struct slice input = text_join(call->arena, parts, 2);
    void *output = NULL;
    struct hashed *hashed;

    if (arena_failed(call->arena))
        return status_out_of_memory();
    if (call_work(call, hash, input, sizeof(*hashed), &output) != WORK_DONE)
        return call_store_status(STORE_AGAIN);
    hashed = output;
    if (!hashed->done)
        return no_memory();
    *ret_phc = hashed->phc;
    return status_ok();
}

/* The input is the PHC string with its NUL, then the password. */
static void verify(struct slice input, void *output)
{
    enum password_result *result = output;
    size_t end = slice_find(input, '\0');

    *result = password_verify(slice_from(input, end + 1), input.data);
}

/* Of no password, at the cost of PASSWORD_COST_DEFAULT. */
static const char nobodys[] = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
                              "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

bool password__is_outdated(const char *phc)
{
    return password_is_cheaper(phc, password_cost_of_new());
}

struct status password__verify_work(struct call *call, struct slice password, const char *given,
                                    bool *ret_right)
{
    const char *phc = given == NULL ? nobodys : given;
    const struct slice parts[] = {slice_make(phc, strlen(phc) + 1), password};
    struct slice input = text_join(call->arena, parts, 2);
    void *output = NULL;
    enum password_result result;

    if (arena_failed(call->arena))
        return status_out_of_memory();
    if (call_work(call, verify, input, sizeof(result), &output) != WORK_DONE)
        return call_store_status(STORE_AGAIN);
    result = *(enum password_result *)output;
    if (result == PASSWORD_FAILED)
        return no_memory();
    *ret_right = given != NULL && result == PASSWORD_RIGHT;
    return status_ok();
}

/* -- records ---------------------------------------------------------------------------------- */

void password__set(struct arena *arena, Datastream__Storage__V1__PasswordRecord *record, char *phc,
                   int64_t now_ms)
{
    size_t kept = record->n_previous < PASSWORDS_KEPT - 1 ? record->n_previous : PASSWORDS_KEPT - 2;
    char **previous;

    if (record->hash[0] != '\0') {
        previous = arena_array(arena, kept + 1, sizeof(*previous));
        if (previous == NULL)
            return;
        previous[0] = record->hash;
        for (size_t i = 0; i < kept; i++)
            previous[i + 1] = record->previous[i];
        record->previous = previous;
        record->n_previous = kept + 1;
        assert(record->n_previous < PASSWORDS_KEPT); /* the new one is kept too */
    }
    record->hash = phc;
    record->set_time_ms = now_ms;
}
