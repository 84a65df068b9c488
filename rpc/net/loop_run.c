/*
 * Event loops at work. A turn of a loop reads what came, runs what was posted and fires timers;
 * whatever that touched is written once, at the turn's end, before the loop sleeps.
 */
#include "rpc/net/loop_run.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "rpc/net/connection_end.h"
#include "rpc/net/connection_serve.h"
#include "rpc/net/loop_relief.h"

/* Times round a turn's end may touch connections anew before the loop looks at its sockets again.
 */
#define TURN_ROUNDS 4
/* Connections with much to write or free do so for as long as this, one of them in any case. */
#define WRITE_BUDGET_US 200
#define IDLE_CLOSED_AT_ONCE 64

/* Runs what was posted, in the order of posting: the stack has it backwards. */
static void on_mail(uv_async_t *mail)
{
    struct loop *loop = mail->data;
    struct loop_task *task = atomic_exchange(&loop->posted, NULL);
    struct loop_task *ordered = NULL;

    while (task != NULL) {
        struct loop_task *next = task->next;

        task->next = ordered;
        ordered = task;
        task = next;
    }
    while (ordered != NULL) {
        struct loop_task *next = ordered->next;

        ordered->run(ordered);
        loop__relieve(loop);
        ordered = next;
    }
}

static void on_clock(uv_timer_t *clock)
{
    struct loop *loop = clock->data;

    loop->clock_due_ms = INT64_MAX;
    timer__wheel_advance(&loop->wheel, loop_now_ms(loop));
    loop__relieve(loop);
}

static void on_busy(uv_idle_t *busy)
{
    (void)busy; /* it only keeps the loop from sleeping */
}

static void arm_clock(struct loop *loop)
{
    int64_t wake = timer_wheel_wake_ms(&loop->wheel);
    int64_t now = loop_now_ms(loop);

    if (wake == loop->clock_due_ms)
        return;
    loop->clock_due_ms = wake;
    if (wake == INT64_MAX)
        uv_timer_stop(&loop->clock);
    else
        uv_timer_start(&loop->clock, on_clock, wake > now ? (uint64_t)(wake - now) : 0, 0);
}

/* When a thread's processor time was read, and what it was. */
struct processor_time {
    int64_t at_us;   /* of clock_monotonic_us */
    int64_t used_us; /* of clock_thread_us */
};

/*
 * What a start cost that lasted from `from_us` to `to_us`. What others did on the machine meanwhile
 * makes no request dear: so of a start that lasted for long the thread's own time counts, without
 * what passed between the last reading and this start. Each reading is a call of the system; starts
 * of the lowest cost need none.
 */
static int64_t cost_of_start(struct processor_time *last, int64_t from_us, int64_t to_us)
{
    int64_t cost = to_us - from_us;

    if (cost > SCHEDULE_LOWEST_US) {
        int64_t used = clock_thread_us();
        int64_t own = used - last->used_us - (from_us - last->at_us);

        if (own < cost)
            cost = own > 0 ? own : 0;
        *last = (struct processor_time){.at_us = to_us, .used_us = used};
    }
    return cost;
}

/*
 * Starts requests while they fit into the turn that began at `begun_us`, a turn's first one in any
 * case: one that would last longer, as its connection's others did, comes first in its turn, so
 * that it holds up no answer that is ready.
 */
static void start_requests(struct loop *loop, int64_t begun_us, bool is_first)
{
    int64_t now = is_first ? begun_us : clock_monotonic_us();
    struct schedule_entry *entry = schedule__next(&loop->schedule, now - begun_us, is_first);
    struct processor_time last = {.at_us = now};

    if (entry != NULL)
        last.used_us = clock_thread_us();
    while (entry != NULL) {
        struct connection *connection = LIST_ELEMENT(entry, struct connection, scheduled);
        int64_t started_us = now;

        schedule__start(&loop->schedule, entry);
        connection__start_next(connection);
        now = clock_monotonic_us();
        schedule__charge(entry, cost_of_start(&last, started_us, now));
        schedule__remove(entry); /* what it gave way to, or began anew, counts by the cost now */
        connection__schedule(connection);
        if (list_is_empty(&connection->ready) && !connection->reading)
            connection__touch(connection); /* what was read may be looked at now */
        loop__relieve(loop);
        entry = schedule__next(&loop->schedule, now - begun_us, false);
    }
}

/* Turns what was touched, and puts off what has much to write or to free. */
static void turn_dirty(struct loop *loop)
{
    struct link dirty;
    struct link *link;

    list_move(&loop->dirty, &dirty);
    while ((link = list_pop(&dirty)) != NULL) {
        struct connection *connection = LIST_ELEMENT(link, struct connection, dirty);

        if (connection__is_bulky(connection)) {
            list_append(&loop->bulky, &connection->dirty);
            continue;
        }
        connection__turn(connection);
        loop__relieve(loop);
    }
}

/* Turns those with much to write or free, each a share, for as long as their time lasts. */
static void turn_bulky(struct loop *loop)
{
    int64_t end_us = clock_monotonic_us() + WRITE_BUDGET_US;
    struct link *link;

    while ((link = list_pop(&loop->bulky)) != NULL) {
        connection__turn(LIST_ELEMENT(link, struct connection, dirty));
        loop__relieve(loop);
        if (clock_monotonic_us() >= end_us)
            return;
    }
}

bool loop_is_at_rest(const struct loop *loop)
{
    return list_is_empty(&loop->dirty) && list_is_empty(&loop->bulky) &&
           schedule_is_empty(&loop->schedule);
}

static void on_turn(uv_prepare_t *turn)
{
    struct loop *loop = turn->data;
    int64_t begun_us = clock_monotonic_us();

    loop__assert_thread(loop);
    for (int i = 0; i < TURN_ROUNDS && !loop_is_at_rest(loop); i++) {
        start_requests(loop, begun_us, i == 0);
        turn_dirty(loop);
    }
    if (!list_is_empty(&loop->bulky))
        turn_bulky(loop);
    loop->heads = 0;
    if (loop->options->turn_ended != NULL)
        loop->options->turn_ended(loop->options->context, loop->index);
    atomic_store_explicit(&loop->memory_used, loop->memory.used, memory_order_relaxed);
    if (loop_is_at_rest(loop))
        uv_idle_stop(&loop->busy);
    else
        uv_idle_start(&loop->busy, on_busy);
    arm_clock(loop);
    log_flush();
    if (loop->draining && loop->exchanges == 0 && list_is_empty(&loop->connections))
        uv_stop(&loop->uv);
}

static void drain_all(struct loop_task *task)
{
    struct loop *loop = LIST_ELEMENT(task, struct loop, drain_task);

    loop->draining = true;
    for (struct link *link = loop->connections.next; link != &loop->connections; link = link->next)
        connection__drain(LIST_ELEMENT(link, struct connection, link));
}

static void cut_all(struct loop_task *task)
{
    struct loop *loop = LIST_ELEMENT(task, struct loop, cut_task);

    for (struct link *link = loop->connections.next; link != &loop->connections; link = link->next)
        connection__end(LIST_ELEMENT(link, struct connection, link));
}

/* Whether the connection may go, so that another has its place: any, or one of its source. */
static bool may_go(const struct connection *connection, bool any)
{
    return (any || source__is_pressed(connection->source)) && connection__is_idle(connection);
}

static int64_t longest_idle_ms(struct loop *loop, bool any)
{
    int64_t longest = 0;

    for (struct link *link = loop->connections.next; link != &loop->connections;
         link = link->next) {
        const struct connection *connection = LIST_ELEMENT(link, struct connection, link);
        int64_t idle = loop_now_ms(loop) - connection->idle_since_ms;

        if (may_go(connection, any) && idle > longest)
            longest = idle;
    }
    return longest;
}

static void close_idle(struct loop_task *task)
{
    struct loop *loop = LIST_ELEMENT(task, struct loop, idle_task);
    bool any = atomic_exchange(&loop->idle_any, false);
    int64_t least = longest_idle_ms(loop, any) / 2;
    unsigned closed = 0;

    atomic_store(&loop->idle_posted, false);
    for (struct link *link = loop->connections.next;
         link != &loop->connections && closed < IDLE_CLOSED_AT_ONCE; link = link->next) {
        struct connection *connection = LIST_ELEMENT(link, struct connection, link);

        if (may_go(connection, any) && loop_now_ms(loop) - connection->idle_since_ms >= least) {
            connection__close_idle(connection);
            closed++;
        }
    }
}

void loop__close_idle(struct loop *loop, bool any)
{
    if (any)
        atomic_store(&loop->idle_any, true);
    if (atomic_exchange(&loop->idle_posted, true))
        return;
    loop->idle_task.run = close_idle;
    loop_post(loop, &loop->idle_task);
}

void loop__drain(struct loop *loop)
{
    loop->drain_task.run = drain_all;
    loop_post(loop, &loop->drain_task);
}

void loop__cut(struct loop *loop)
{
    loop->cut_task.run = cut_all;
    loop_post(loop, &loop->cut_task);
}

static void run_thread(void *argument)
{
    struct loop *loop = argument;

    loop__enter(loop);
    log_gather(true);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    log_gather(false);
    loop->ended(loop->ended_context);
}

static bool start_handles(struct loop *loop)
{
    if (uv_async_init(&loop->uv, &loop->mail, on_mail) != 0)
        return false;
    uv_prepare_init(&loop->uv, &loop->turn);
    uv_idle_init(&loop->uv, &loop->busy);
    uv_timer_init(&loop->uv, &loop->clock);
    loop->mail.data = loop->turn.data = loop->busy.data = loop->clock.data = loop;
    uv_prepare_start(&loop->turn, on_turn);
    return true;
}

static void close_handle(uv_handle_t *handle, void *argument)
{
    (void)argument;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

void loop_release(struct loop *loop)
{
    uv_walk(&loop->uv, close_handle, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    uv_loop_close(&loop->uv);
    while (loop->pieces != NULL) {
        struct piece *next = loop->pieces->next;

        free(loop->pieces);
        loop->pieces = next;
    }
    protocols__close(loop);
    arena_cache_done(&loop->arenas);
    buffer__done(&loop->out);
    free(loop->read_buffer);
}

bool loop_init(struct loop *loop)
{
    if (uv_loop_init(&loop->uv) != 0)
        return false;
    list_init(&loop->connections);
    list_init(&loop->dirty);
    list_init(&loop->bulky);
    schedule__init(&loop->schedule);
    loop->memory.most = MEMORY_LARGE(loop->memory_most);
    loop->leaving.whole = &loop->memory;
    timer__wheel_init(&loop->wheel, loop_now_ms(loop));
    loop->clock_due_ms = INT64_MAX;
    loop->date_second = -1;
    loop->read_buffer = malloc(READ_BYTES);
    if (loop->read_buffer == NULL || !protocols__open(loop) || !start_handles(loop)) {
        loop_release(loop);
        return false;
    }
    return true;
}

bool loop__start(struct loop *loop)
{
    if (!loop_init(loop))
        return false;
    if (uv_thread_create(&loop->thread, run_thread, loop) != 0) {
        loop_release(loop);
        return false;
    }
    return true;
}

void loop_step(struct loop *loop)
{
    loop__enter(loop);
    uv_run(&loop->uv, UV_RUN_NOWAIT);
}

void loop__done(struct loop *loop)
{
    uv_thread_join(&loop->thread);
    loop_release(loop);
}
