/* Accounts: counters along the chain of wholes. */
#include "base/account.h"

#include <assert.h>
#include <stdint.h>

static bool has_room(const struct account *account, size_t bytes)
{
    for (; account != NULL; account = account->whole)
        if (account->most != 0 &&
            (account->used > account->most || bytes > account->most - account->used))
            return false;
    return true;
}

bool account_take(struct account *account, size_t bytes)
{
    if (!has_room(account, bytes))
        return false;
    account_add(account, bytes);
    return true;
}

void account_add(struct account *account, size_t bytes)
{
    for (; account != NULL; account = account->whole) {
        assert(bytes <= SIZE_MAX - account->used);
        account->used += bytes;
    }
}

void account_give(struct account *account, size_t bytes)
{
    for (; account != NULL; account = account->whole) {
        assert(account->used >= bytes);
        account->used -= bytes;
    }
}

void account_move(struct account *account, struct account *whole)
{
    account_give(account->whole, account->used);
    account->whole = whole;
    account_add(whole, account->used);
}
