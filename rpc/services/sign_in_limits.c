/* A table of counts, in groups of eight. */
#include "rpc/services/sign_in_limits.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/crypto/sha256.h"
#include "base/crypto/wipe.h"
#include "base/network.h"

#define GROUP 8
#define GROUPS (SIGN_IN_COUNTS / GROUP)
_Static_assert(SIGN_IN_COUNTS % GROUP == 0, "each count is in a group");
#define TAG_LEN 16
#define WAIT_FIRST_MS INT64_C(1000)
#define DOUBLINGS_MOST 6

enum count_kind { COUNT_ACCOUNT, COUNT_DEVICE, COUNT_SOURCE };

/* The failures of one account, device or source. */
struct count {
    uint8_t tag[TAG_LEN];
    int64_t failed_ms[SIGN_IN_FAILURES_MOST]; /* a ring of the latest */
    int64_t turn_ms;                          /* when the last try took its turn while slowed */
    uint8_t failures;                         /* that the ring holds; 0: the count is free */
    uint8_t next;                             /* place of the next one in the ring */
    uint8_t doublings;                        /* failures while slowed */
};

struct sign_in_limits {
    pthread_mutex_t lock; /* guards the counts */
    struct sign_in_bounds bounds;
    uint8_t seed[32];
    struct count counts[GROUPS][GROUP];
};

struct sign_in_limits *sign_in_limits_new(const struct sign_in_bounds *bounds,
                                          const uint8_t seed[32])
{
    struct sign_in_limits *limits = calloc(1, sizeof(*limits));

    /* A ring that is shorter than its bound would hold nobody. */
    assert(bounds->account <= SIGN_IN_FAILURES_MOST && bounds->source <= SIGN_IN_FAILURES_MOST);
    if (limits == NULL)
        return NULL;
    pthread_mutex_init(&limits->lock, NULL);
    limits->bounds = *bounds;
    memcpy(limits->seed, seed, sizeof(limits->seed));
    return limits;
}

void sign_in_limits_free(struct sign_in_limits *limits)
{
    if (limits == NULL)
        return;
    pthread_mutex_destroy(&limits->lock);
    crypto_wipe(limits->seed, sizeof(limits->seed));
    free(limits);
}

/* -- keys ------------------------------------------------------------------------------------- */

/* What is counted, in a hash whose key nobody outside knows. */
struct key {
    uint8_t hash[32];
};

static struct key make_key(const struct sign_in_limits *limits, enum count_kind kind,
                           struct slice name)
{
    uint8_t bytes[32 + 1 + 32];
    struct key key = {{0}};

    memcpy(bytes, limits->seed, 32);
    bytes[32] = (uint8_t)kind;
    if (!sha256(name, bytes + 33) || !sha256(slice_make(bytes, sizeof(bytes)), key.hash))
        memset(key.hash, 0, sizeof(key.hash)); /* one count for all, until there is memory again */
    crypto_wipe(bytes, sizeof(bytes));
    return key;
}

static bool has_device(const struct sign_in_try *try)
{
    return try->device.len > 0;
}

static struct key key_of_account(const struct sign_in_limits *limits, const struct sign_in_try *try)
{
    return has_device(try) ? make_key(limits, COUNT_DEVICE, try->device)
                           : make_key(limits, COUNT_ACCOUNT, try->account);
}

/* An address of IPv4, a /64 of IPv6; whatever else it is, such as "unix", as it stands. */
static struct key key_of_source(const struct sign_in_limits *limits, const struct sign_in_try *try)
{
    struct network address;

    if (!network_parse_address(slice_make(try->peer.data, slice_find(try->peer, '%')), &address))
        return make_key(limits, COUNT_SOURCE, try->peer);
    return make_key(limits, COUNT_SOURCE,
                    slice_make(address.bytes, address.size == 16 ? 8 : address.size));
}

/* -- counts ----------------------------------------------------------------------------------- */

static struct count *group_of(struct sign_in_limits *limits, const struct key *key)
{
    uint32_t number;

    memcpy(&number, key->hash + TAG_LEN, sizeof(number));
    return limits->counts[number % GROUPS];
}

static struct count *find(struct sign_in_limits *limits, const struct key *key)
{
    struct count *group = group_of(limits, key);

    for (size_t i = 0; i < GROUP; i++)
        if (group[i].failures > 0 && memcmp(group[i].tag, key->hash, TAG_LEN) == 0)
            return &group[i];
    return NULL;
}

/* The failure that is `back` before the next one, 1 for the latest. */
static int64_t failure(const struct count *count, unsigned back)
{
    assert(back >= 1 && back <= count->failures);
    return count->failed_ms[(count->next + SIGN_IN_FAILURES_MOST - back) % SIGN_IN_FAILURES_MOST];
}

/* How many of the latest failures lie within the window. */
static unsigned recent(const struct count *count, int64_t now_ms)
{
    unsigned within = 0;

    while (within < count->failures && failure(count, within + 1) > now_ms - SIGN_IN_WINDOW_MS)
        within++;
    return within;
}

/* Whether one matters less than the other: fewer failures that still count, then the older one. */
static bool matters_less(const struct count *one, const struct count *other, int64_t now_ms)
{
    unsigned mine = recent(one, now_ms);
    unsigned others = recent(other, now_ms);

    if (mine != others)
        return mine < others;
    return one->failures == 0 || (other->failures > 0 && failure(one, 1) < failure(other, 1));
}

static struct count *find_or_begin(struct sign_in_limits *limits, const struct key *key,
                                   int64_t now_ms)
{
    struct count *group = group_of(limits, key);
    struct count *count = find(limits, key);

    if (count != NULL)
        return count;
    count = &group[0];
    for (size_t i = 1; i < GROUP; i++)
        if (matters_less(&group[i], count, now_ms))
            count = &group[i];
    *count = (struct count){.failures = 0};
    memcpy(count->tag, key->hash, TAG_LEN);
    return count;
}

static bool is_held(const struct count *count, unsigned bound, int64_t now_ms)
{
    return bound > 0 && count != NULL && recent(count, now_ms) >= bound;
}

static void add_failure(struct count *count, unsigned bound, int64_t now_ms)
{
    if (!is_held(count, bound, now_ms))
        count->doublings = 0;
    else if (count->doublings < DOUBLINGS_MOST)
        count->doublings++;
    assert(count->next < SIGN_IN_FAILURES_MOST);
    count->failed_ms[count->next] = now_ms;
    count->next = (uint8_t)((count->next + 1) % SIGN_IN_FAILURES_MOST);
    if (count->failures < SIGN_IN_FAILURES_MOST)
        count->failures++;
}

/* -- waiting ---------------------------------------------------------------------------------- */

/* Of an account: a pause after the last failure, and after the last try that took its turn. */
static int64_t account_wait(const struct count *count, unsigned bound, int64_t now_ms)
{
    int64_t pause = WAIT_FIRST_MS << (count == NULL ? 0 : count->doublings);
    int64_t since;

    if (!is_held(count, bound, now_ms))
        return 0;
    if (pause > SIGN_IN_WAIT_MOST_MS)
        pause = SIGN_IN_WAIT_MOST_MS;
    since = failure(count, 1) > count->turn_ms ? failure(count, 1) : count->turn_ms;
    return since + pause > now_ms ? since + pause - now_ms : 0;
}

/* Of a source: until so few failures lie within the window again. */
static int64_t source_wait(const struct count *count, unsigned bound, int64_t now_ms)
{
    return is_held(count, bound, now_ms) ? failure(count, bound) + SIGN_IN_WINDOW_MS - now_ms : 0;
}

int64_t sign_in_limits__admit(struct sign_in_limits *limits, const struct sign_in_try *try,
                              int64_t now_ms)
{
    struct key account = key_of_account(limits, try);
    struct key source = key_of_source(limits, try);
    struct count *count;
    int64_t wait;

    pthread_mutex_lock(&limits->lock);
    count = find(limits, &account);
    wait = account_wait(count, limits->bounds.account, now_ms);
    if (!has_device(try)) {
        int64_t longer = source_wait(find(limits, &source), limits->bounds.source, now_ms);

        wait = longer > wait ? longer : wait;
    }
    if (wait == 0 && is_held(count, limits->bounds.account, now_ms))
        count->turn_ms = now_ms;
    pthread_mutex_unlock(&limits->lock);
    return wait;
}

void sign_in_limits__fail(struct sign_in_limits *limits, const struct sign_in_try *try,
                          int64_t now_ms)
{
    struct key account = key_of_account(limits, try);
    struct key source = key_of_source(limits, try);

    pthread_mutex_lock(&limits->lock);
    add_failure(find_or_begin(limits, &account, now_ms), limits->bounds.account, now_ms);
    add_failure(find_or_begin(limits, &source, now_ms), limits->bounds.source, now_ms);
    pthread_mutex_unlock(&limits->lock);
}

void sign_in_limits__succeed(struct sign_in_limits *limits, const struct sign_in_try *try)
{
    struct key account = key_of_account(limits, try);
    struct count *count;

    pthread_mutex_lock(&limits->lock);
    count = find(limits, &account);
    if (count != NULL)
        *count = (struct count){.failures = 0};
    pthread_mutex_unlock(&limits->lock);
}
