/* Tries of passwords, as the limits count them. */
#include "rpc/services/sign_in_guard.h"

#include "rpc/call/answers.h"
#include "rpc/call/chain_facts.h"
#include "rpc/call/device_cookie.h"
#include "rpc/services/user.h"

static struct status too_early(struct call *call, int64_t wait_ms)
{
    struct status status = status_make(call->arena, STATUS_RESOURCE_EXHAUSTED,
                                       "Too many sign-ins failed; try again in %lld s.",
                                       (long long)((wait_ms + 999) / 1000));

    status_add_detail(call->arena, &status, DETAIL_RETRY_INFO, SLICE_EMPTY, SLICE_EMPTY,
                      SLICE_EMPTY);
    for (struct status_detail *d = status.details; d != NULL; d = d->next)
        d->retry_ms = wait_ms;
    return arena_failed(call->arena) ? status_out_of_memory() : status;
}

/* An address that does not fold is nobody's, and counted as it stands. */
static struct slice account_of(struct call *call, const char *email)
{
    struct slice folded = user__email_key(call->arena, email);

    return folded.len > 0 ? folded : slice_from_cstr(email);
}

static struct slice device_of(struct call *call, const struct uuid *user)
{
    struct slice device = call->credentials.device;

    return user != NULL && device_cookie_counts(device, call_csrf_key(call), user, call->now_ms)
               ? device
               : SLICE_EMPTY;
}

/* What the pool has, or had, was admitted. */
static struct status admit(struct call *call, const struct sign_in_try *try)
{
    struct sign_in_limits *limits = call_sign_in_limits(call);
    int64_t wait_ms = 0;

    if (arena_failed(call->arena))
        return status_out_of_memory();
    if (limits != NULL && call->work == NULL)
        wait_ms = sign_in_limits__admit(limits, try, call->now_ms);
    return wait_ms == 0 ? status_ok() : too_early(call, wait_ms);
}

struct status sign_in__admit(struct call *call, const char *email, const struct uuid *user,
                             struct sign_in_try *ret_try)
{
    *ret_try = (struct sign_in_try){account_of(call, email), device_of(call, user), call->peer};
    return admit(call, ret_try);
}

struct status sign_in__admit_user(struct call *call, const struct uuid *user,
                                  struct sign_in_try *ret_try)
{
    const struct slice id = slice_make(user->bytes, sizeof(user->bytes));

    *ret_try = (struct sign_in_try){.account = id, .device = id, .peer = call->peer};
    return admit(call, ret_try);
}

void sign_in__failed(struct call *call, const struct sign_in_try *try)
{
    if (call_sign_in_limits(call) != NULL)
        sign_in_limits__fail(call_sign_in_limits(call), try, call->now_ms);
}

void sign_in__succeeded(struct call *call, const struct sign_in_try *try)
{
    if (call_sign_in_limits(call) != NULL)
        sign_in_limits__succeed(call_sign_in_limits(call), try);
}

void sign_in__remember_device(struct call *call, const struct uuid *user)
{
    struct slice cookie = device_cookie_make(call->arena, call->credentials.own_origin,
                                             call_csrf_key(call), user, call->now_ms);

    if (cookie.len > 0)
        call_add_metadata(call, SLICE("set-cookie"), cookie);
}
