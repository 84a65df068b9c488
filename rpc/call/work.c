/* The pool of threads, and what each call keeps of its work. */
#include "rpc/call/work.h"

#include <assert.h>
#include <pthread.h>

struct work {
    struct work *next; /* of the call's, the newest first */
    work_function *run;
    struct slice input;
    void *output;
    bool done; /* the loop's; set when the call is resumed */

    struct call *call;
    struct work *queue_next; /* guarded by the pool's lock */
};

struct work_pool {
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t wake;
    struct work *first, **tail;
    size_t waiting;
    unsigned threads;
    unsigned idle;
    bool stop;
    pthread_t ids[WORK_THREADS];
};

struct work_pool *work__pool_new(struct arena *arena)
{
    struct work_pool *pool = arena_zalloc(arena, sizeof(*pool));

    if (pool == NULL)
        return NULL;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pool->tail = &pool->first;
    return pool;
}

void work__pool_stop(struct work_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    assert(pool->first == NULL && pool->waiting == 0 && !pool->stop);
    pool->stop = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->threads; i++)
        pthread_join(pool->ids[i], NULL);
    assert(pool->idle == 0);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
}

/* The next one of the queue; NULL at the end of the pool. Under the lock, which it may release. */
static struct work *next_of(struct work_pool *pool)
{
    struct work *work;

    pool->idle++;
    while (pool->first == NULL && !pool->stop)
        pthread_cond_wait(&pool->wake, &pool->lock);
    pool->idle--;
    work = pool->first;
    if (work == NULL)
        return NULL;
    pool->first = work->queue_next;
    if (pool->first == NULL)
        pool->tail = &pool->first;
    assert(pool->waiting > 0);
    pool->waiting--;
    return work;
}

static void *thread_run(void *context)
{
    struct work_pool *pool = context;
    struct work *work;

    pthread_mutex_lock(&pool->lock);
    while ((work = next_of(pool)) != NULL) {
        pthread_mutex_unlock(&pool->lock);
        assert(!work->done);
        work->run(work->input, work->output);
        work->call->post(work->call); /* which may be gone from here on */
        pthread_mutex_lock(&pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* Under the lock. One thread does the work of two where no second one can be started. */
static void start_thread(struct work_pool *pool)
{
    if (pool->idle > pool->waiting || pool->threads == WORK_THREADS)
        return;
    if (pthread_create(&pool->ids[pool->threads], NULL, thread_run, pool) == 0)
        pool->threads++;
}

bool work__submit(struct work_pool *pool, struct call *call)
{
    struct work *work = call->work;
    bool fits;

    assert(work != NULL && !work->done);
    pthread_mutex_lock(&pool->lock);
    assert(!pool->stop && pool->waiting <= WORK_QUEUE_MOST);
    start_thread(pool);
    fits = pool->threads > 0 && pool->waiting < WORK_QUEUE_MOST;
    if (fits) {
        work->queue_next = NULL;
        *pool->tail = work;
        pool->tail = &work->queue_next;
        pool->waiting++;
        pthread_cond_signal(&pool->wake);
    }
    pthread_mutex_unlock(&pool->lock);
    return fits;
}

enum work_result call_work(struct call *call, work_function *run, struct slice input,
                           size_t output_size, void **ret_output)
{
    struct arena *arena = call->arena;
    struct work *work;

    for (work = call->work; work != NULL; work = work->next)
        if (work->done && work->run == run && slice_equal(work->input, input)) {
            *ret_output = work->output;
            return WORK_DONE;
        }
    if (call->work_wanted)
        return WORK_AGAIN;
    arena_wipe_on_done(arena);
    work = arena_zalloc(arena, sizeof(*work));
    if (work == NULL)
        return WORK_AGAIN;
    work->run = run;
    work->call = call;
    work->input = arena_copy(arena, input);
    work->output = arena_zalloc(arena, output_size);
    if (arena_failed(arena))
        return WORK_AGAIN;
    work->next = call->work;
    call->work = work;
    call->work_wanted = true;
    return WORK_AGAIN;
}

void work__done(struct call *call)
{
    assert(call->work != NULL && !call->work->done);
    call->work->done = true;
}
