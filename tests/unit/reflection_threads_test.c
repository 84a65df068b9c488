/* Several loops that make the index of server reflection at the same moment. */
#include "rpc/grpc/reflection_late.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define LOOPS 4
#define ROUNDS 8

struct asking {
    struct reflection_late *late;
    pthread_barrier_t *start;
    struct status status;
    const struct reflection_index *index;
    const struct reflection_file *file;
};

static void *ask(void *context)
{
    struct asking *asking = context;

    pthread_barrier_wait(asking->start);
    asking->status = reflection_late__find(asking->late, &asking->index);
    if (status_is_ok(asking->status)) /* it is whole, and read without the lock */
        asking->file = reflection_index__file(asking->index, SLICE("google/protobuf/any.proto"));
    return NULL;
}

static void loops_that_ask_first_at_once_share_one_index(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct asking asking[LOOPS] = {{0}};
        struct reflection_late late;
        pthread_barrier_t start;
        pthread_t threads[LOOPS];

        reflection_late__init(&late);
        assert_int_equal(pthread_barrier_init(&start, NULL, LOOPS), 0);
        for (int i = 0; i < LOOPS; i++) {
            asking[i].late = &late;
            asking[i].start = &start;
            assert_int_equal(pthread_create(&threads[i], NULL, ask, &asking[i]), 0);
        }
        for (int i = 0; i < LOOPS; i++)
            pthread_join(threads[i], NULL);
        for (int i = 0; i < LOOPS; i++) {
            assert_int_equal(asking[i].status.code, STATUS_OK);
            assert_non_null(asking[i].file);
            assert_ptr_equal(asking[i].index, asking[0].index);
        }
        pthread_barrier_destroy(&start);
        reflection_late__done(&late);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loops_that_ask_first_at_once_share_one_index),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
