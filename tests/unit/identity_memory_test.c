/* What a loop's memory of a session takes, with the user's part and its share of the tables. */
#include "rpc/identity/identity_cache.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SESSION_BYTES_MOST 300

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED
#endif
#endif

/* A sanitizer's own allocator answers for the C library's. */
#ifdef IS_SANITIZED
size_t __sanitizer_get_current_allocated_bytes(void);

static size_t allocated(void)
{
    return __sanitizer_get_current_allocated_bytes();
}
#else
static size_t allocated(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}
#endif

static void fill(struct table *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t key[TABLE_KEY_LEN] = {0};
        uint64_t spread = i * UINT64_C(0x9e3779b97f4a7c15);

        memcpy(key, &spread, sizeof(spread));
        assert_non_null(table_add(table, key));
    }
}

/* Each session with a user of its own; buckets are twice as many just above a power of two. */
static void a_cached_session_takes_300_bytes_at_most(void **state)
{
    static const size_t counts[] = {10000, (1 << 14) + 1, 100000};

    (void)state;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        size_t before = allocated();
        struct table *sessions = table_new(counts[i], sizeof(struct session_entry), NULL, NULL);
        struct table *users = table_new(counts[i], sizeof(struct user_facts), NULL, NULL);
        size_t taken;

        assert_non_null(sessions);
        assert_non_null(users);
        fill(sessions, counts[i]);
        fill(users, counts[i]);
        taken = (allocated() - before) / counts[i];
        print_message("%zu sessions: %zu bytes each\n", counts[i], taken);
        assert_in_range(taken, sizeof(struct session_entry), SESSION_BYTES_MOST);
        table_free(sessions);
        table_free(users);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cached_session_takes_300_bytes_at_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
