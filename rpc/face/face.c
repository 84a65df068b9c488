/*
 * From an exchange to a call. While another thread may still post to a call, that is between
 * call_open and opened and between call_dispatch and finish, a hold keeps the exchange, and with it
 * the arena that the call lives in.
 */
#include "rpc/face/face.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#ifdef DATASTREAM_FAULTS
#include "rpc/face/exchange_log.h"
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
        bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9');

        if (!alphanumeric && (c == '\0' || strchr("-_.:/+=@", c) == NULL))
            return false;
    }
    return true;
}

struct slice face_request_id(struct exchange *exchange)
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

static void run_task(struct loop_task *task)
{
    struct face_call *face = (struct face_call *)((char *)task - offsetof(struct face_call, task));

    call_resume(&face->call);
}

/* Any thread: a hold stands while the chain may call it. */
static void post(struct call *call)
{
    struct face_call *face = call->face;

    loop_post(face->exchange->loop, &face->task);
}

static void call_opened(struct call *call)
{
    struct face_call *face = call->face;
    struct exchange *exchange = face->exchange;

    face->opening = false;
    if (!exchange_is_closed(exchange))
        face->opened(call);
    exchange_release(exchange);
}

static void call_finished(struct call *call)
{
    struct face_call *face = call->face;
    struct exchange *exchange = face->exchange;

    face->dispatched = false;
    if (!exchange_is_closed(exchange))
        face->finish(call);
    exchange_release(exchange);
}

struct face_call *face_begin(struct faces *faces, struct exchange *exchange,
                             const struct method *method, void (*opened)(struct call *call),
                             void (*finish)(struct call *call))
{
    struct face_call *face = arena_zalloc(exchange->arena, sizeof(*face));

    if (face == NULL)
        return NULL;
    face->exchange = exchange;
    face->task.run = run_task;
    face->opened = opened;
    face->finish = finish;
    face->call.loop = faces->loops[loop_index(exchange->loop)];
    face->call.method = method;
    face->call.arena = exchange->arena;
    face->call.peer = exchange->peer;
    exchange_header(exchange, SLICE("user-agent"), &face->call.user_agent);
    exchange_header(exchange, SLICE("if-match"), &face->call.if_match);
    exchange_header(exchange, SLICE("if-none-match"), &face->call.if_none_match);
    face->call.request_id = face_request_id(exchange);
    face->call.post = post;
    face->call.opened = call_opened;
    face->call.finish = call_finished;
    face->call.face = face;
    if (arena_failed(exchange->arena))
        return NULL;
    exchange_set_timeout(exchange, faces->settings->request_timeout_ms);
    return face;
}

/*
 * The credentials of the request. Two of them are none: which one counted would depend on who
 * reads, this server or a proxy in front of it.
 */
static struct slice authorization_of(const struct exchange *exchange)
{
    struct slice authorization = SLICE_EMPTY;
    size_t count = 0;

    for (size_t i = 0; i < exchange->head.header_count; i++)
        if (slice_equal(exchange->head.headers[i].name, SLICE("authorization"))) {
            authorization = exchange->head.headers[i].value;
            count++;
        }
    return count <= 1 ? authorization : SLICE("Bearer invalid");
}

void face_open(struct face_call *face)
{
    struct slice authorization = authorization_of(face->exchange);

    face->opening = true;
    exchange_hold(face->exchange);
    call_open(&face->call, authorization);
}

bool face_gather(struct face_call *face, struct slice bytes, size_t most)
{
    struct arena *arena = face->exchange->arena;
    int64_t announced = face->exchange->head.content_length;
    size_t needed;

    if (bytes.len > most || face->body_len > most - bytes.len)
        return false;
    needed = face->body_len + bytes.len;
    if (needed > face->body_capacity) {
        size_t capacity = face->body_capacity * 2;
        char *body;

        if (capacity == 0 && announced > 0)
            capacity = announced < BODY_FIRST_MOST ? (size_t)announced : BODY_FIRST_MOST;
        if (capacity < needed)
            capacity = needed;
        body = arena_alloc(arena, capacity);
        if (body == NULL)
            return false;
        if (face->body_len > 0)
            memcpy(body, face->body, face->body_len);
        face->body = body;
        face->body_capacity = capacity;
    }
    if (bytes.len > 0)
        memcpy(face->body + face->body_len, bytes.data, bytes.len);
    face->body_len = needed;
    return true;
}

void face_dispatch(struct face_call *face)
{
    face->dispatched = true;
    exchange_hold(face->exchange);
    call_dispatch(&face->call);
}

void face_cancel(struct face_call *face)
{
    face->call.cancelled = true;
}

void face_log(const struct face_call *face, int status)
{
    const struct exchange *exchange = face->exchange;
    struct log_field fields[] = {
        LOG_STR("request_id", face->call.request_id),
        LOG_STR("method", face->call.method->full_name),
        LOG_STR("peer", face->call.peer),
        LOG_INT("status", status),
        LOG_INT("duration_us", clock_monotonic_us() - exchange->started_us),
        LOG_STR("traceparent", SLICE_EMPTY),
    };
    size_t count = sizeof(fields) / sizeof(fields[0]);

#ifdef DATASTREAM_FAULTS
    exchange_log_write(face, status);
#endif
    if (!log_enabled(LOG_INFO))
        return;
    /* The last one only where the caller sent it. */
    if (!exchange_header(exchange, SLICE("traceparent"), &fields[count - 1].text))
        count--;
    log_fields(LOG_INFO, "request", fields, count);
}

void face_log_refusal(const struct exchange *exchange, struct slice request_id, int status,
                      struct slice reason)
{
    log_event(LOG_INFO, "request", LOG_STR("request_id", request_id),
              LOG_STR("peer", exchange->peer), LOG_INT("status", status),
              LOG_STR("refused", reason));
}
