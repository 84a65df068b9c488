/* Work off the loop: run once for a call, kept through reruns, refused beyond the queue. */
#include "tests/support/stage.h"

#include <stdatomic.h>

#include "rpc/call/answers.h"
#include "rpc/call/work.h"

static struct stage stage;
static atomic_uint begun; /* how often the function began */
static atomic_uint done;  /* and ended */
static atomic_bool holds; /* while set, the function waits */

static int start(void **state)
{
    stage_start(&stage, *(const bool *)*state);
    put_facts(&stage.scene, 1, (struct facts_of){0});
    atomic_store(&begun, 0);
    atomic_store(&done, 0);
    atomic_store(&holds, false);
    return 0;
}

static int end(void **state)
{
    (void)state;
    stage_end(&stage);
    return 0;
}

static void add_up(struct slice input, void *output)
{
    unsigned *sum = output;

    atomic_fetch_add(&begun, 1);
    while (atomic_load(&holds))
        sched_yield();
    for (size_t i = 0; i < input.len; i++)
        *sum += (unsigned char)input.data[i];
    atomic_fetch_add(&done, 1);
}

/* Asks for two sums, and writes under a condition that another commit breaks in its first run. */
static struct status sum_and_write(struct call *call)
{
    struct try *t = (void *)call;
    void *first = NULL;
    void *second = NULL;

    if (call_work(call, add_up, SLICE("ab"), sizeof(unsigned), &first) != WORK_DONE ||
        call_work(call, add_up, SLICE("b"), sizeof(unsigned), &second) != WORK_DONE)
        return call_store_status(STORE_AGAIN);
    assert_int_equal(*(unsigned *)first, 'a' + 'b');
    assert_int_equal(*(unsigned *)second, 'b');
    call->response = message_new(call->arena, call->method->output);
    if (t->context == NULL) {
        t->context = t;
        commit_require_present(&call->commit, FAMILY_RESOURCES, SLICE("nowhere"));
    }
    commit_put(&call->commit, FAMILY_RESOURCES, SLICE("k"), SLICE("v"));
    return status_ok();
}

static void work_runs_once_whatever_conflicts_come(void **state)
{
    struct try t;

    (void)state;
    stage.handler = sum_and_write;
    try_init(&t, &stage, stage_method(&stage, "CreateDevice"));
    assert_code(try_call(&t, 1, device_request(&stage, "edge")), STATUS_OK);
    assert_int_equal(atomic_load(&done), 2);
    assert_true(t.call.runs > 1);
    try_done(&t);
}

static struct status sum_one(struct call *call)
{
    void *sum = NULL;

    if (call_work(call, add_up, SLICE("x"), sizeof(unsigned), &sum) != WORK_DONE)
        return call_store_status(STORE_AGAIN);
    call->response = message_new(call->arena, call->method->output);
    return status_ok();
}

#define CALLS (WORK_THREADS + WORK_QUEUE_MOST)

static void begin(struct try *t)
{
    try_init(t, &stage, stage_method(&stage, "CreateDevice"));
    assert_code(try_open(t, 1), STATUS_OK);
    t->call.request = device_request(&stage, "edge");
    call__dispatch(&t->call);
}

/* Resumes the call when it was asked to: the store may have missed on its way to the pool. */
static void step(struct try *t)
{
    bool posted;

    pthread_mutex_lock(&t->stage->mutex);
    posted = t->posted > 0;
    t->posted -= posted;
    pthread_mutex_unlock(&t->stage->mutex);
    if (posted)
        call__resume(&t->call);
    else
        sched_yield();
}

static void work_beyond_the_queue_is_refused_at_once(void **state)
{
    static struct try calls[CALLS], one_more;
    const struct status_detail *detail;

    (void)state;
    stage.handler = sum_one;
    atomic_store(&holds, true);
    for (unsigned i = 0; i < CALLS; i++) {
        begin(&calls[i]);
        /* Each thread has taken one before the queue is filled. */
        while (!calls[i].call.work_waits || (i < WORK_THREADS && atomic_load(&begun) <= i))
            step(&calls[i]);
        assert_int_equal(calls[i].finished, 0);
    }
    begin(&one_more);
    try_wait(&one_more, &one_more.finished);
    assert_code(one_more.call.status, STATUS_RESOURCE_EXHAUSTED);
    detail = one_more.call.status.details;
    assert_non_null(detail);
    assert_int_equal(detail->type, DETAIL_RETRY_INFO);
    assert_int_equal(detail->retry_ms, 1000);
    try_done(&one_more);
    atomic_store(&holds, false);
    for (unsigned i = 0; i < CALLS; i++) {
        try_wait(&calls[i], &calls[i].finished);
        assert_code(calls[i].call.status, STATUS_OK);
        try_done(&calls[i]);
    }
}

#define OVER(f) cmocka_unit_test_prestate_setup_teardown(f, start, end, &late)

static int run(bool late)
{
    const struct CMUnitTest tests[] = {
        OVER(work_runs_once_whatever_conflicts_come),
        OVER(work_beyond_the_queue_is_refused_at_once),
    };

    return cmocka_run_group_tests_name(late ? "late" : "rocksdb", tests, NULL, NULL);
}

int main(void)
{
    int failed = run(false);

#ifdef DATASTREAM_FAULTS
    failed += run(true);
#endif
    return failed;
}
