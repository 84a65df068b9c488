/*
 * How failed sign-ins are slowed, so that passwords are not guessed. After some failures of one
 * account within a quarter of an hour each further try waits for 1, 2, 4 and at most 60 seconds;
 * nothing is ever locked for good. A browser that has signed in before shows its device cookie and
 * has a count of its own, so that strangers who guess do not slow the person. A source (an address
 * of IPv4, a /64 of IPv6) has so many failures in a quarter of an hour, whatever the accounts; a
 * known device is not held to that bound, since its own count holds it.
 *
 * Known and unknown accounts are counted alike. The table is bounded: where it is full the counts
 * that matter least make room, within groups that nobody outside can tell. One table for the
 * process under a mutex, that only sign-ins touch. Any thread; time comes in as an argument, in
 * milliseconds.
 */
#ifndef DATASTREAM_RPC_SERVICES_SIGN_IN_LIMITS_H
#define DATASTREAM_RPC_SERVICES_SIGN_IN_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

#define SIGN_IN_WINDOW_MS (INT64_C(15) * 60 * 1000)
#define SIGN_IN_WAIT_MOST_MS INT64_C(60000)

/* The most that a bound can be, which settings keep. */
#define SIGN_IN_FAILURES_MOST 32

/* Counts that are kept: about 300 bytes each once they are used. */
#define SIGN_IN_COUNTS 16384

struct sign_in_limits;

/*
 * Plain: failures within the window before the tries of an account or a source are held; 0: no
 * bound.
 */
struct sign_in_bounds {
    unsigned account;
    unsigned source;
};

/* Who tries. Plain; borrowed. */
struct sign_in_try {
    struct slice account; /* the address as it is compared */
    struct slice device;  /* a device cookie that is valid for the account; empty: none */
    struct slice peer;    /* the client's address */
};

/* `seed` keys the groups of the table. NULL when memory ends. */
struct sign_in_limits *sign_in_limits_new(const struct sign_in_bounds *bounds,
                                          const uint8_t seed[32]);
void sign_in_limits_free(struct sign_in_limits *limits);

/*
 * Whether the try may go on: 0, or for how many milliseconds it has to wait. Tries that were held
 * count as nothing. An admitted try of an account that is slowed takes the turn, so that tries at
 * once do not all pass: once a try, before its password is looked at.
 */
int64_t sign_in_limits__admit(struct sign_in_limits *limits, const struct sign_in_try *try,
                              int64_t now_ms);

/* An admitted try had the wrong address or password. */
void sign_in_limits__fail(struct sign_in_limits *limits, const struct sign_in_try *try,
                          int64_t now_ms);

/* An admitted try signed in: the failures of the account, or of the device, are forgotten. */
void sign_in_limits__succeed(struct sign_in_limits *limits, const struct sign_in_try *try);

#endif
