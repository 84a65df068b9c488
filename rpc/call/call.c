/*
 * What a call does in each of its states, which call_state.c moves between; call_stream.c has what
 * it does in STREAMING. A call that waits goes on in call__resume.
 */
#include <assert.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/random.h"
#include "proto/message/message.h"
#include "rpc/call/answers.h"
#include "rpc/call/audit_row.h"
#include "rpc/call/authorize.h"
#include "rpc/call/call_state.h"
#include "rpc/call/call_stream_internal.h"
#include "rpc/call/chain.h"
#include "rpc/call/idempotency.h"
#include "rpc/call/session_use.h"
#include "rpc/call/setup_gate.h"
#include "rpc/call/slices.h"
#include "rpc/call/time_floor.h"
#include "rpc/call/validate.h"
#include "rpc/call/work.h"
#include "rpc/identity/identity_registry.h"

/* Of the handler: of many who change one record at once, one wins each round. */
#define RUNS_MOST 64
/* A handler that runs for longer gives way, as often as this. */
#define SLICE_US 400
#define WAYS_MOST 256

/* -- endings ------------------------------------------------------------------------------- */

/* The call may be gone when this returns. */
static void open_end(struct call *call, struct status status)
{
    if (status.code == STATUS_PERMISSION_DENIED)
        audit_row__note_denial(call, &status);
    if (status_is_ok(status) && call->identity.type == IDENTITY_TOKEN)
        usage_note(call->loop->usage, &call->identity, call->peer, call->now_ms);
    if (status_is_ok(status))
        session_use__note(call);
    call__move(call, status_is_ok(status) ? CALL_OPEN : CALL_DONE);
    assert(call->opened != NULL);
    call->status = status;
    call->opened(call);
}

/* -- opening ------------------------------------------------------------------------------- */

static void open_go_on(struct call *call)
{
    struct status status;

    if (call->cancelled)
        open_end(call, call__cancelled());
    else if (authorize__judge(call, &status))
        open_end(call, arena_failed(call->arena) ? status_out_of_memory() : status);
    else if (!call__fetch(call))
        open_end(call, call__never_there());
}

void call__open(struct call *call, const struct call_credentials *credentials)
{
    struct status status;

    call__move(call, CALL_OPENING);
    call->now_ms = time_floor_now_ms();
    call->credentials = *credentials;
    denials__tick(call->loop->denials, call->now_ms);
    status = setup_gate__judge(call->loop->chain->setup, call->arena, call->method);
    if (!status_is_ok(status)) {
        open_end(call, status);
        return;
    }
    call->view = store_view_open(call->loop->chain->store, call->arena);
    if (call->view == NULL) {
        open_end(call, status_out_of_memory());
        return;
    }
    call->view_epoch = identity_epoch(call->loop->chain->identities);
    if (call_access(call) == ACCESS_PUBLIC)
        open_end(call, status_ok());
    else if (!authorize__is_signed(credentials))
        open_end(call, authorize__unauthenticated());
    else
        open_go_on(call);
}

bool call__sent_credentials(const struct call *call)
{
    return call->credentials.bearer.len > 0;
}

/* -- running ------------------------------------------------------------------------------- */

/* The refusal, with the violations that it lacks of fields that it does not name. */
static struct status refuse_too(struct call *call, const struct status *status)
{
    struct violations all = {0};

    if (status->code != STATUS_INVALID_ARGUMENT || status->details == NULL)
        return call->refused;
    violations_add_status(&all, call->arena, &call->refused);
    violations_add_new(&all, call->arena, status);
    return violations_status(&all, call->arena);
}

/*
 * The request by the contract's rules, except the resource in it: its handler checks that together
 * with the name and the references, so that all violations are reported at once.
 */
static struct status check_request(struct call *call)
{
    const struct method *method = call->method;
    struct violations violations = {0};
    struct status status;

    status = authorize__check_own(call);
    if (!status_is_ok(status))
        return status;
    validate_message(call->arena, method->input, call->request, SLICE_EMPTY, method->resource,
                     call->now_ms, &violations);
    idempotency__check(call, &violations);
    status = violations_status(&violations, call->arena);
    if (!status_is_ok(status))
        call->refused = refuse_too(call, &status);
    if (status_is_ok(call->refused))
        idempotency__begin(call);
    return status_ok();
}

/* Whether the handler has more to say of a request that is refused already. */
static bool judges_more(const struct call *call)
{
    return call->method->resource != NULL &&
           field_get_message(call->request, call->method->resource) != NULL;
}

/* A method that HTTP maps to GET is safe (RFC 9110 section 9.2.1), and so is one that says so: it
 * creates nothing, and needs no luck. */
static bool may_change(const struct method *method)
{
    return !method->changes_nothing &&
           (method->rule_count == 0 || !slice_equal(method->rules[0].verb, SLICE("GET")));
}

/* After the handler asked for work: gives it to the pool, or refuses the call. */
static void start_work(struct call *call)
{
    struct status status;

    assert(!call->work_waits && call->work != NULL);
    if (work__submit(call->loop->chain->pool, call)) {
        call->work_waits = true;
        return;
    }
    status = status_const(STATUS_RESOURCE_EXHAUSTED,
                          SLICE("Too many passwords are being checked; try again in a second."));
    status_add_detail(call->arena, &status, DETAIL_RETRY_INFO, SLICE_EMPTY, SLICE_EMPTY,
                      SLICE_EMPTY);
    for (struct status_detail *d = status.details; d != NULL; d = d->next)
        d->retry_ms = 1000;
    call__finish(call, status);
}

/* A call whose allocations are counted gives way once, whatever the time: its counts stay equal. */
static bool slice_is_over(const struct call *call)
{
#ifdef DATASTREAM_FAULTS
    if (call->arena->fault_number != 0)
        return call->ways_given == 0;
#endif
    return clock_monotonic_us() - call->run_since_us >= SLICE_US;
}

bool call_gives_way(struct call *call)
{
    if (call->give_way == NULL || call->ways_given >= WAYS_MOST || !slice_is_over(call))
        return false;
    call->gives_way = true;
    return true;
}

/* What the handler returned stands for nothing: its turn comes again. */
static void give_way(struct call *call)
{
    assert(call->ways_given < WAYS_MOST);
    assert(call->gives_way);
    call->gives_way = false;
    call->ways_given++;
    call->give_way(call);
}

static void run(struct call *call);

static void fetch_or_end(struct call *call)
{
    if (!call__fetch(call))
        call__finish(call, call__never_there());
}

/* After a failure that may be the work of a twin: looks once more for what that one left. */
static void look_again(struct call *call)
{
    call__reset_view(call);
    run(call);
}

/*
 * What this run filled is durable, or was nothing: the handler runs again, for what comes after it.
 */
static void next_slice(struct call *call)
{
    slices__advance(call);
    call->runs = 1;
    if (call->view == NULL)
        call__finish(call, status_out_of_memory());
    else if (call->give_way != NULL && slice_is_over(call))
        call->give_way(call);
    else
        run(call);
}

/* Empties what a run of the handler fills. */
static void begin_run(struct call *call)
{
    commit_init(&call->commit, call->arena);
    call->response = NULL;
    call->records = NULL;
    call->limited = false;
    call->answer_metadata = NULL;
    call->keep_plain = false;
    call->audit = NULL;
    call->audit_last = NULL;
    call->committed = NULL;
    call->handler_state = NULL;
    call->work_wanted = false;
    call->gives_way = false;
    slices__begin_run(call);
    call->run_since_us = clock_monotonic_us();
}

static bool may_write(const struct method *method)
{
    return !method->changes_nothing &&
           (method->permission == NULL || method->permission->verb != VERB_READ);
}

static struct status no_random(void)
{
    return status_const(STATUS_UNAVAILABLE, SLICE("The random source failed."));
}

/*
 * Before the first run of a handler, and not at dispatch: a replay needs none, and what the system
 * takes for these bytes is a twentieth of it. The call's number stays. False when they failed.
 */
static bool draw_random(struct call *call)
{
    const size_t from = may_write(call->method) ? RANDOM_NUMBER_LEN : 0;

    if (call->is_random_drawn || (!may_change(call->method) && call->idempotency_key.data == NULL))
        return true;
    call->is_random_drawn = random_fill(call->random + from, sizeof(call->random) - from);
    return call->is_random_drawn;
}

static void run_handler(struct call *call)
{
    call_handler *handler = call->loop->chain->handlers[call->method->index];
    struct status status;

    assert(call->state == CALL_RUNNING && !call->work_waits);
    if (!draw_random(call)) {
        call__finish(call, no_random());
        return;
    }
    begin_run(call);
    if (handler == NULL) {
        call__finish(call, status_const(STATUS_UNIMPLEMENTED, SLICE("The method has no handler.")));
        return;
    }
    if (may_change(call->method))
        audit_row__read_actor(call);
    if (store_view_missed(call->view)) {
        fetch_or_end(call);
        return;
    }
    status = handler(call);
    if (call->gives_way && !arena_failed(call->arena) && !store_view_missed(call->view)) {
        give_way(call);
        return;
    }
    if (status_is_ok(status) && call->response != NULL && call->loop->chain->limit_answer != NULL)
        call->loop->chain->limit_answer(call);
    if (arena_failed(call->arena))
        call__finish(call, status_out_of_memory());
    else if (store_view_missed(call->view)) {
        call->progress = NULL;
        fetch_or_end(call);
    } else if (!status_is_ok(call->refused))
        call__finish(call, refuse_too(call, &status));
    else if (call->work_wanted)
        start_work(call);
    else if (!status_is_ok(status) && idempotency__doubts(call, &status))
        look_again(call);
    else if (status_is_ok(status) && slices__continues(call) && commit_is_empty(&call->commit))
        next_slice(call);
    else if (status_is_ok(status) && call->response == NULL && !slices__continues(call))
        call__finish(call, status_const(STATUS_INTERNAL, SLICE("The method gave no answer.")));
    else if (status_is_ok(status) &&
             (!commit_is_empty(&call->commit) || idempotency__remembers(call)))
        call__submit(call);
    else if (status_is_ok(status) && !may_change(call->method))
        call__finish(call, call__check_read(call));
    else
        call__finish(call, status);
}

static void replay(struct call *call)
{
    struct status status;

    begin_run(call);
    status = idempotency__replay(call);
    if (arena_failed(call->arena))
        call__finish(call, status_out_of_memory());
    else if (store_view_missed(call->view))
        fetch_or_end(call);
    else
        call__finish(call, status);
}

/* The handler of a request with a key, unless an equal one was done. */
static void run_once(struct call *call)
{
    struct status status = status_ok();

    switch (idempotency__look_up(call, &status)) {
    case IDEMPOTENCY_NEW:
        status = idempotency__failure(call);
        if (status_is_ok(status))
            run_handler(call);
        else
            call__finish(call, status);
        break;
    case IDEMPOTENCY_AGAIN:
        fetch_or_end(call);
        break;
    case IDEMPOTENCY_REPLAY:
        replay(call);
        break;
    case IDEMPOTENCY_REFUSED:
        call__finish(call, arena_failed(call->arena) ? status_out_of_memory() : status);
        break;
    }
}

static void open_stream(struct call *call)
{
    if (!draw_random(call)) {
        call__finish(call, no_random());
        return;
    }
    begin_run(call);
    if (call->loop->chain->streams[call->method->index]->audits)
        audit_row__read_actor(call);
    stream__open(call, call->loop->chain->streams[call->method->index]);
}

/* From the top, and again after each fetch; what the view has stays. */
static void run(struct call *call)
{
    struct status status;

    if (call->cancelled) {
        call__finish(call, call__cancelled());
        return;
    }
    assert(call->state == CALL_RUNNING && !call->work_waits);
    if (!authorize__judge_again(call, &status)) {
        fetch_or_end(call);
        return;
    }
    if (status_is_ok(status) && call->runs == 0) {
        call->runs = 1;
        status = check_request(call);
    }
    if (status_is_ok(status) && !status_is_ok(call->refused) && !judges_more(call))
        status = call->refused;
    if (arena_failed(call->arena))
        call__finish(call, status_out_of_memory());
    else if (!status_is_ok(status))
        call__finish(call, status);
    else if (call->loop->chain->streams[call->method->index] != NULL)
        open_stream(call);
    else if (call->idempotency != NULL)
        run_once(call);
    else
        run_handler(call);
}

/*
 * The number of a call among those of its millisecond, in all loops (RFC 9562 section 6.2, method
 * 1). Beyond 4,096 in one millisecond their order is lost, not their uniqueness.
 */
static void number_call(struct call *call)
{
    static atomic_uint_least64_t last; /* milliseconds, then 12 bits of number */
    uint64_t first = (uint64_t)call->now_ms << 12;
    uint_least64_t seen = atomic_load_explicit(&last, memory_order_relaxed);
    uint64_t next;

    do
        next = first > seen ? first : seen + 1;
    while (!atomic_compare_exchange_weak_explicit(&last, &seen, next, memory_order_relaxed,
                                                  memory_order_relaxed));
    call->random[RANDOM_ID] = (uint8_t)(next >> 8 & 0x0f);
    call->random[RANDOM_ID + 1] = (uint8_t)next;
}

void call__dispatch(struct call *call)
{
    call__move(call, CALL_RUNNING);
    call->now_ms = time_floor_now_ms();
    if (may_write(call->method))
        number_call(call);
    call__reset_view(call);
    run(call);
}

/* -- committed ----------------------------------------------------------------------------- */

/* A commit that is durable is never denied, not even to a caller who has gone. */
static void end_done(struct call *call)
{
    const struct stream_handler *stream = call->loop->chain->streams[call->method->index];

    if (stream != NULL) {
        stream__begin(call, stream);
        return;
    }
    if (slices__continues(call)) {
        call->slices->committed = true;
        call__move(call, CALL_RUNNING);
        next_slice(call);
        return;
    }
    if (call->committed != NULL)
        call->committed(call, call->commit.revision);
    call->is_stored = true;
    call__finish(call, arena_failed(call->arena) ? call_no_answer(call) : status_ok());
}

static void end_conflict(struct call *call)
{
    if (call->cancelled) {
        call__finish(call, call__cancelled());
        return;
    }
    if (call->runs >= RUNS_MOST) {
        call__finish(
            call, status_const(STATUS_ABORTED, SLICE("Too many concurrent changes; try again.")));
        return;
    }
    assert(call->runs > 0);
    call->runs++;
    call__move(call, CALL_RUNNING);
    call__reset_view(call);
    run(call);
}

static void commit_end(struct call *call)
{
    switch (call->commit.result) {
    case COMMIT_DONE:
        end_done(call);
        break;
    case COMMIT_CONFLICT:
        end_conflict(call);
        break;
    default:
        call__finish(call,
                     status_const(STATUS_UNAVAILABLE, SLICE("The store accepts no changes.")));
        break;
    }
}

void call__resume(struct call *call)
{
    switch (call->state) {
    case CALL_OPENING:
        open_go_on(call);
        break;
    case CALL_RUNNING:
        if (call->work_waits)
            work__done(call);
        call->work_waits = false;
        run(call);
        break;
    case CALL_COMMITTING:
        commit_end(call);
        break;
    case CALL_STREAMING:
        stream__resume(call);
        break;
    default:
        assert(!"a call that waits for nothing was resumed");
    }
}
