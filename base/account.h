/*
 * How much memory a holder has, and the most that it may have. Holders are parts of one another: a
 * call of its connection, a connection of its event loop; what is taken counts in all of them. It
 * counts and owns nothing. Accounts that are parts of one another belong to one thread.
 */
#ifndef DATASTREAM_BASE_ACCOUNT_H
#define DATASTREAM_BASE_ACCOUNT_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Plain; zero-initialize all except `whole` and `most`. */
struct account {
    struct account *whole; /* which it is a part of; NULL: of none */
    size_t used;           /* bytes */
    size_t most;           /* of them; 0: no bound */
};

/* Takes bytes; false, and nothing is taken, where that would pass a bound. NULL has none. */
bool account_take(struct account *account, size_t bytes);

/* The same for bytes that are bounded elsewhere, or refused beforehand: passes every bound. */
static inline void account_add(struct account *account, size_t bytes)
{
    for (; account != NULL; account = account->whole) {
        assert(bytes <= SIZE_MAX - account->used);
        account->used += bytes;
    }
}

/* Gives bytes back that were taken. */
static inline void account_give(struct account *account, size_t bytes)
{
    for (; account != NULL; account = account->whole) {
        assert(account->used >= bytes);
        account->used -= bytes;
    }
}

/* Makes it, with all that it has, a part of another whole. */
void account_move(struct account *account, struct account *whole);

#endif
