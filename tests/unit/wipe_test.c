/* Memory that may have held a secret is overwritten before something else gets it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/arena.h"
#include "rpc/net/buffer.h"
#include "rpc/net/recycle.h"

#define SECRET SLICE("hunter2-and-then-some")

static bool holds(const char *bytes, size_t len)
{
    return memmem(bytes, len, SECRET.data, 8) != NULL;
}

static void a_buffer_keeps_nothing_that_it_dropped(void **state)
{
    struct buffer buffer = {0};

    (void)state;
    buffer__put(&buffer, SLICE("head "));
    buffer__put(&buffer, SECRET);
    buffer__drop(&buffer, 5 + SECRET.len);
    assert_int_equal(buffer.len, 0);
    assert_false(holds(buffer.data, buffer.capacity));
    buffer__put(&buffer, SECRET);
    buffer__put(&buffer, SECRET);
    buffer__drop(&buffer, SECRET.len);
    assert_int_equal(buffer.len, SECRET.len);
    assert_memory_equal(buffer.data, SECRET.data, SECRET.len);
    assert_false(holds(buffer.data + buffer.len, buffer.capacity - buffer.len));
    buffer__empty(&buffer);
    assert_false(holds(buffer.data, buffer.capacity));
    buffer__put(&buffer, SLICE("again"));
    assert_int_equal(buffer.len, 5);
    buffer__done(&buffer);
    assert_null(buffer.data);
}

static void a_buffer_that_grows_keeps_its_bytes(void **state)
{
    struct buffer buffer = {0};

    (void)state;
    for (int i = 0; i < 1000; i++)
        buffer__put(&buffer, SECRET);
    assert_int_equal(buffer.len, 1000 * SECRET.len);
    for (size_t i = 0; i < 1000; i++)
        assert_memory_equal(buffer.data + i * SECRET.len, SECRET.data, SECRET.len);
    buffer__done(&buffer);
}

static void a_recycled_block_holds_nothing_of_its_last_life(void **state)
{
    struct recycler recycler = {0};
    char *first = recycle__alloc(&recycler, 100);
    char *second;

    (void)state;
    assert_non_null(first);
    memcpy(first, SECRET.data, SECRET.len);
    recycle__free(&recycler, first);
    second = recycle__alloc(&recycler, 100);
    assert_non_null(second);
    assert_false(holds(second, 100));
    recycle__free(&recycler, second);
    recycle__done(&recycler);
}

static void an_arena_that_is_wiped_leaves_nothing_to_the_next(void **state)
{
    struct arena_cache cache = {0};
    struct arena arena;
    char *block;

    (void)state;
    arena_init(&arena, &cache, 1 << 20);
    arena_wipe_on_done(&arena);
    assert_int_equal(arena_copy(&arena, SECRET).len, SECRET.len);
    arena_done(&arena);
    arena_init(&arena, &cache, 1 << 20);
    block = arena_alloc(&arena, 4096);
    assert_non_null(block);
    assert_false(holds(block, 4096));
    arena_done(&arena);
    arena_cache_done(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_keeps_nothing_that_it_dropped),
        cmocka_unit_test(a_buffer_that_grows_keeps_its_bytes),
        cmocka_unit_test(a_recycled_block_holds_nothing_of_its_last_life),
        cmocka_unit_test(an_arena_that_is_wiped_leaves_nothing_to_the_next),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
