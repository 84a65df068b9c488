/* Accounts: counters along the chain of wholes. */
#include "base/account.h"

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

void account_move(struct account *account, struct account *whole)
{
    account_give(account->whole, account->used);
    account->whole = whole;
    account_add(whole, account->used);
}
