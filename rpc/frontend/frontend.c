/*
 * From an exchange to a call. While another thread may still post to a call, that is between
 * the chain's `open` and opened and between its `dispatch` and finish, a hold keeps the exchange,
 * and with it the arena that the call lives in.
 */
#include "rpc/frontend/frontend.h"

#include <assert.h>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "rpc/call/basic.h"
#include "rpc/call/bearer.h"
#include "rpc/call/device_cookie.h"
#include "rpc/call/session_cookie.h"
#include "rpc/frontend/cookie.h"
#include "rpc/frontend/header_list.h"
#include "rpc/frontend/traceparent.h"
#include "rpc/net/origin.h"
#ifdef DATASTREAM_FAULTS
#include "rpc/frontend/exchange_log.h"
#endif

#define REQUEST_ID_MOST 128
/* Room for the first pieces of a body: what a head merely announces reserves no more than this. */
#define BODY_FIRST_MOST 65536

static bool request_id_is_wellformed(struct slice id)
{
    if (id.len == 0 || id.len > REQUEST_ID_MOST)
        return false;
    for (size_t i = 0; i < id.len; i++) {
        char c = id.data[i];

        if (!ascii_is_letter_or_digit(c) && (c == '\0' || strchr("-_.:/+=@", c) == NULL))
            return false;
    }
    return true;
}

struct slice frontend_request_id(struct exchange *exchange)
{
    uint8_t random[10];
    struct slice id;
    struct uuid uuid;
    char *text;

    if (exchange_header(exchange, SLICE("x-request-id"), &id) && request_id_is_wellformed(id))
        return id;
    text = arena_alloc(exchange->arena, UUID_TEXT_LEN);
    if (text == NULL)
        return SLICE_EMPTY;
    if (!random_fill(random, sizeof(random)))
        memset(random, 0, sizeof(random)); /* a request id need not be unguessable */
    uuid = uuid_make(clock_wall_ms(), random);
    uuid_format(&uuid, text);
    return slice_make(text, UUID_TEXT_LEN);
}

void frontend_move(struct frontend_call *frontend, enum frontend_state state)
{
    static const uint8_t legal[] = {
        [FRONTEND_JUDGING] = 1 << FRONTEND_READING | 1 << FRONTEND_RUNNING | 1 << FRONTEND_ANSWERED,
        [FRONTEND_READING] = 1 << FRONTEND_RUNNING | 1 << FRONTEND_STREAMING |
                             1 << FRONTEND_ANSWERED,
        [FRONTEND_RUNNING] = 1 << FRONTEND_STREAMING | 1 << FRONTEND_ANSWERED | 1 << FRONTEND_CUT,
        [FRONTEND_STREAMING] = 1 << FRONTEND_ANSWERED | 1 << FRONTEND_CUT,
        [FRONTEND_ANSWERED] = 0,
        [FRONTEND_CUT] = 0,
    };

    assert(legal[frontend->state] >> state & 1);
    frontend->state = state;
}

static void run_task(struct loop_task *task)
{
    struct frontend_call *frontend = (struct frontend_call *)((char *)task -
                                                              offsetof(struct frontend_call, task));

    frontend->chain->resume(&frontend->call);
}

/* Any thread: a hold stands while the chain may call it. */
static void post(struct call *call)
{
    struct frontend_call *frontend = frontend_of(call);

    loop_post(frontend->exchange->loop, &frontend->task);
}

static void give_way(struct call *call)
{
    struct frontend_call *frontend = frontend_of(call);

    assert(!frontend->gave_way && frontend->dispatched);
    frontend->gave_way = true;
    exchange_give_way(frontend->exchange);
}

bool frontend_turn(struct frontend_call *frontend)
{
    if (!frontend->gave_way)
        return false;
    frontend->gave_way = false;
    frontend->chain->resume(&frontend->call);
    return true;
}

static void call_opened(struct call *call)
{
    struct frontend_call *frontend = frontend_of(call);
    struct exchange *exchange = frontend->exchange;

    if (status_is_ok(call->status) && call_access(call) != ACCESS_PUBLIC)
        exchange_claim(exchange);
    if (!exchange_is_closed(exchange))
        frontend->opened(call);
    exchange_release(exchange);
}

static void call_finished(struct call *call)
{
    struct frontend_call *frontend = frontend_of(call);
    struct exchange *exchange = frontend->exchange;

    assert(frontend->dispatched);
    frontend->dispatched = false;
    if (!exchange_is_closed(exchange))
        frontend->finish(call);
    exchange_release(exchange);
}

bool frontend_begin(struct frontends *frontends, struct frontend_call *frontend,
                    struct exchange *exchange, const struct method *method,
                    void (*opened)(struct call *call), void (*finish)(struct call *call))
{
    assert(frontend->state == FRONTEND_JUDGING && frontend->call.method == NULL);
    frontend->chain = frontends->calls;
    frontend->exchange = exchange;
    frontend->task.run = run_task;
    frontend->opened = opened;
    frontend->finish = finish;
    frontend->call.loop = frontends->loops[loop_index(exchange->loop)];
    frontend->call.method = method;
    frontend->call.arena = exchange->arena;
    frontend->call.peer = exchange->peer;
    exchange_header(exchange, SLICE("user-agent"), &frontend->call.user_agent);
    header_list(exchange->arena, &exchange->head, SLICE("if-match"), &frontend->call.if_match);
    header_list(exchange->arena, &exchange->head, SLICE("if-none-match"),
                &frontend->call.if_none_match);
    if (header_list(exchange->arena, &exchange->head, SLICE("idempotency-key"),
                    &frontend->call.idempotency_key) &&
        frontend->call.idempotency_key.len == 0)
        frontend->call.idempotency_key = SLICE(""); /* given, and blank */
    frontend->call.request_id = frontend_request_id(exchange);
    frontend->call.post = post;
    if (!method->server_streaming && !method->client_streaming)
        frontend->call.give_way = give_way;
    frontend->call.opened = call_opened;
    frontend->call.finish = call_finished;
    if (arena_failed(exchange->arena)) {
        frontend->call.method = NULL;
        return false;
    }
    exchange_set_timeout(exchange, frontends->settings->request_timeout_ms);
    return true;
}

/*
 * The value of a header that names the caller. Two of them are none, but `invalid`: which one
 * counted would depend on who reads, this server or a proxy in front of it.
 */
static struct slice only_header(const struct exchange *exchange, struct slice name,
                                struct slice invalid)
{
    struct slice value = SLICE_EMPTY;
    size_t count = 0;

    if (!head_may_name(&exchange->head, name))
        return value;
    for (size_t i = 0; i < exchange->head.header_count; i++)
        if (slice_equal(exchange->head.headers[i].name, name)) {
            value = exchange->head.headers[i].value;
            count++;
        }
    return count <= 1 ? value : invalid;
}

static struct slice bearer_of(const struct exchange *exchange)
{
    return bearer_parse(only_header(exchange, SLICE("authorization"), SLICE("Bearer invalid")));
}

/*
 * Basic, where the method accepts it: the secret counts as the bearer value of the token of the id.
 */
static void read_basic(const struct exchange *exchange, struct call_credentials *credentials)
{
    struct slice header = only_header(exchange, SLICE("authorization"), SLICE("Basic invalid"));

    switch (basic_parse(exchange->arena, header, &credentials->basic_id, &credentials->bearer)) {
    case BASIC_ABSENT:
    case BASIC_FOUND:
        return;
    case BASIC_MALFORMED:
        credentials->bearer = SLICE("invalid");
    }
}

static void open_with(struct frontend_call *frontend, const struct call_credentials *credentials)
{
    assert(frontend->call.method != NULL && frontend->state == FRONTEND_JUDGING);
    exchange_hold(frontend->exchange);
    frontend->chain->open(&frontend->call, credentials);
}

struct slice frontend_own_origin(const struct frontends *frontends, const struct exchange *exchange)
{
    if (frontends->public_origin.len > 0)
        return frontends->public_origin;
    return origin_of(exchange->arena, exchange->scheme, exchange->authority);
}

void frontend_open(struct frontend_call *frontend)
{
    const struct call_credentials credentials = {.bearer = bearer_of(frontend->exchange),
                                                 .is_unsafe = true};

    open_with(frontend, &credentials);
}

static bool is_safe(struct slice method)
{
    return slice_equal(method, SLICE("GET")) || slice_equal(method, SLICE("HEAD")) ||
           slice_equal(method, SLICE("OPTIONS"));
}

struct status frontend_open_with_cookies(const struct frontends *frontends,
                                         struct frontend_call *frontend)
{
    struct exchange *exchange = frontend->exchange;
    struct call_credentials credentials = {
        .bearer = bearer_of(exchange),
        .csrf = only_header(exchange, SLICE("x-csrf-token"), SLICE_EMPTY),
        .origin = only_header(exchange, SLICE("origin"), SLICE("null")),
        .own_origin = frontend_own_origin(frontends, exchange),
        .is_unsafe = !is_safe(exchange->head.method),
    };

    if (frontend->call.method->takes_form && credentials.bearer.data == NULL)
        read_basic(exchange, &credentials);
    if (arena_failed(exchange->arena))
        return status_out_of_memory();
    if (credentials.bearer.data == NULL &&
        cookie__find(&exchange->head, session_cookie_name(credentials.own_origin),
                     &credentials.session) == COOKIE_MALFORMED)
        return status_const(STATUS_INVALID_ARGUMENT,
                            SLICE("The cookies are malformed: the session's cookie may be sent "
                                  "once, and all cookies have at most 8,192 bytes and no control "
                                  "characters."));
    if (call_access(&frontend->call) == ACCESS_PUBLIC)
        cookie__find(&exchange->head, device_cookie_name(credentials.own_origin),
                     &credentials.device);
    open_with(frontend, &credentials);
    return status_ok();
}

bool frontend_gather(struct frontend_call *frontend, struct slice bytes, size_t most)
{
    struct arena *arena = frontend->exchange->arena;
    int64_t announced = frontend->exchange->head.content_length;
    size_t needed;

    if (bytes.len > most || frontend->body_len > most - bytes.len)
        return false;
    needed = frontend->body_len + bytes.len;
    if (needed > frontend->body_capacity) {
        size_t capacity = frontend->body_capacity * 2;
        char *body;

        if (capacity == 0 && announced > 0)
            capacity = announced < BODY_FIRST_MOST ? (size_t)announced : BODY_FIRST_MOST;
        if (capacity < needed)
            capacity = needed;
        body = arena_alloc(arena, capacity);
        if (body == NULL)
            return false;
        if (frontend->body_len > 0)
            memcpy(body, frontend->body, frontend->body_len);
        frontend->body = body;
        frontend->body_capacity = capacity;
    }
    if (bytes.len > 0)
        memcpy(frontend->body + frontend->body_len, bytes.data, bytes.len);
    assert(needed <= frontend->body_capacity && needed <= most);
    frontend->body_len = needed;
    return true;
}

void frontend_dispatch(struct frontend_call *frontend)
{
    assert(!frontend->dispatched);
    frontend_move(frontend, FRONTEND_RUNNING);
    frontend->dispatched = true;
    exchange_hold(frontend->exchange);
    frontend->chain->dispatch(&frontend->call);
}

void frontend_cancel(struct frontend_call *frontend)
{
    frontend->call.cancelled = true;
}

void frontend_log(const struct frontend_call *frontend, int status)
{
    const struct exchange *exchange = frontend->exchange;
    struct log_field fields[] = {
        LOG_PLAIN("request_id", frontend->call.request_id), /* well-formed, or our own */
        LOG_PLAIN("method", frontend->call.method->full_name),
        LOG_PLAIN("peer", frontend->call.peer), /* an address, or the word unix */
        LOG_INT("status", status),
        LOG_INT("duration_us", clock_monotonic_us() - exchange->started_us),
        LOG_STR("traceparent", SLICE_EMPTY),
    };
    size_t count = sizeof(fields) / sizeof(fields[0]);

#ifdef DATASTREAM_FAULTS
    exchange_log__write(frontend, status);
#endif
    if (!log_enabled(LOG_INFO))
        return;
    /* The last one only where the caller sent one that parses. */
    if (!traceparent__of(&exchange->head, &fields[count - 1].text))
        count--;
    log_fields(LOG_INFO, "request", fields, count);
}

void frontend_log_refusal(const struct exchange *exchange, struct slice request_id, int status,
                          struct slice reason)
{
    log_event(LOG_INFO, "request", LOG_STR("request_id", request_id),
              LOG_STR("peer", exchange->peer), LOG_INT("status", status),
              LOG_STR("refused", reason));
}
