/* See rest.h. */
#include "tests/support/played/rest.h"
#include "proto/json/json_read.h"

/* -- the exchange, played --------------------------------------------------------------------- */
struct played played;

bool exchange_header(const struct exchange *exchange, struct slice name, struct slice *ret_value)
{
    for (size_t i = 0; i < exchange->head.header_count; i++)
        if (slice_equal(exchange->head.headers[i].name, name)) {
            *ret_value = exchange->head.headers[i].value;
            return true;
        }
    return false;
}

void exchange_claim(struct exchange *exchange)
{
    (void)exchange;
}

/* Nobody else is there: its turn comes at once. */
void exchange_give_way(struct exchange *exchange)
{
    exchange->frontend->turn(exchange);
}

void exchange_accept_body(struct exchange *exchange, uint64_t most)
{
    (void)exchange;
    assert_true(most == 0);
    played.accepted = true;
}

void exchange_consume(struct exchange *exchange, size_t bytes)
{
    (void)exchange;
    played.consumed += bytes;
}

void exchange_respond(struct exchange *exchange, int status, const struct header *headers,
                      size_t count, struct slice body)
{
    (void)exchange;
    assert_false(played.is_closed);
    played.answers++;
    played.status = status;
    played.sent = headers;
    played.sent_count = count;
    played.body = body;
}

void exchange_send_head(struct exchange *exchange, int status, const struct header *headers,
                        size_t count)
{
    exchange_respond(exchange, status, headers, count, SLICE_EMPTY);
}

/* The pieces of a stream are put together; all else is sent whole. */
bool exchange_send_body(struct exchange *exchange, struct slice bytes)
{
    char *whole = arena_alloc(&played.pieces, played.body.len + bytes.len);

    (void)exchange;
    assert_true(stream_played.opens);
    assert_false(played.ended);
    if (played.body.len > 0)
        memcpy(whole, played.body.data, played.body.len);
    memcpy(whole + played.body.len, bytes.data, bytes.len);
    played.body = slice_make(whole, played.body.len + bytes.len);
    return true;
}

void exchange_send_end(struct exchange *exchange, const struct header *trailers, size_t count)
{
    (void)exchange;
    (void)trailers;
    assert_true(stream_played.opens && count == 0);
    played.ended = true;
}

size_t exchange_waiting(const struct exchange *exchange)
{
    (void)exchange;
    return 0;
}

void exchange_reset(struct exchange *exchange)
{
    (void)exchange;
    fail_msg("nothing is reset");
}

void exchange_set_timeout(struct exchange *exchange, uint64_t ms)
{
    (void)exchange;
    played.timeout_ms = ms;
}

bool exchange_is_closed(const struct exchange *exchange)
{
    (void)exchange;
    return played.is_closed;
}

void exchange_hold(struct exchange *exchange)
{
    (void)exchange;
    played.holds++;
}

void exchange_release(struct exchange *exchange)
{
    (void)exchange;
    played.holds--;
}

void loop_post(struct loop *loop, struct loop_task *task)
{
    (void)loop;
    (void)task;
}

unsigned loop_index(const struct loop *loop)
{
    (void)loop;
    return 0;
}

const char *store_read_only_reason(struct store *store)
{
    (void)store;
    return "It is full.";
}

/* -- the chain, played ------------------------------------------------------------------------ */
struct chain_played chain_played;

struct frontends played_frontends;

void call_open(struct call *call, const struct call_credentials *credentials)
{
    chain_played.opens++;
    chain_played.call = call;
    chain_played.access = call_access(call);
    chain_played.credentials = *credentials;
    chain_played.sent_credentials = credentials->bearer.data != NULL;
    call->status = chain_played.open_status;
    if (!chain_played.open_waits)
        call->opened(call);
}

bool call_sent_credentials(const struct call *call)
{
    (void)call;
    return chain_played.sent_credentials;
}

void played_finish(struct call *call)
{
    struct json_read_options options = {.contract = played_frontends.contract};

    call->status = chain_played.run_status;
    call->answer_metadata = chain_played.metadata;
    if (status_is_ok(call->status))
        call->status = json_read_message(call->arena, call->method->output, chain_played.response,
                                         &options, &call->response);
    call->is_stored = chain_played.is_stored;
    if (call->is_stored && !status_is_ok(call->status))
        call->status = status_stored();
    call->finish(call);
}

/* What the chain adds to a refusal: the rules of the request, and of a resource to be created. */
static void finish_refused(struct call *call)
{
    const struct method *method = call->method;
    const ProtobufCMessage *resource = NULL;
    struct violations found = {0}, all = {0};
    struct status rules;

    if (method->resource != NULL && slice_starts_with(method->name, SLICE("Create")))
        resource = field_get_message(call->request, method->resource);
    if (resource != NULL)
        validate_message(call->arena, method->resource->message, resource, SLICE_EMPTY, NULL,
                         call->now_ms, &found);
    validate_message(call->arena, method->input, call->request, SLICE_EMPTY, method->resource,
                     call->now_ms, &found);
    rules = violations_status(&found, call->arena);
    violations_add_status(&all, call->arena, &call->refused);
    violations_add_new(&all, call->arena, &rules);
    call->status = violations_status(&all, call->arena);
    call->finish(call);
}

void call_dispatch(struct call *call)
{
    if (!status_is_ok(call->refused)) {
        finish_refused(call);
        return;
    }
    chain_played.runs++;
    chain_played.if_match = call->if_match;
    chain_played.if_none_match = call->if_none_match;
    if (stream_played.opens)
        call->ready(call);
    else if (!chain_played.run_waits)
        played_finish(call);
}

void call_resume(struct call *call)
{
    (void)call;
}

/* -- requests ---------------------------------------------------------------------------------- */

struct arena played_contract_arena;
struct settings played_settings;
static struct chain_loop *loops[1];
struct rest *played_rest;

int start_rest(const struct contract *contract)
{
    log_setup(LOG_JSON, LOG_ERROR);
    played_settings = settings_default();
    played_settings.max_body_bytes = 1024;
    played_frontends.settings = &played_settings;
    played_frontends.loops = loops;
    played_frontends.wakers = stream_wakers;
    played_frontends.contract = contract;
    return status_is_ok(rest_new(&played_frontends, &played_contract_arena, &played_rest)) ? 0 : -1;
}

int played_group_teardown(void **state)
{
    (void)state;
    arena_done(&played_contract_arena);
    return 0;
}

static void fresh(void)
{
    played = (struct played){0};
    chain_played = (struct chain_played){.response = SLICE("{}")};
    arena_init(&played.arena, NULL, (size_t)8 << 20);
    arena_init(&played.pieces, NULL, (size_t)8 << 20);
    stream_played = (struct stream_played){.wait_ms = 1000};
    played_frontends.draining = false;
    played_frontends.store = NULL;
}

int played_setup(void **state)
{
    (void)state;
    fresh();
    return 0;
}

int played_teardown(void **state)
{
    (void)state;
    assert_int_equal(played.holds, 0);
    arena_done(&stream_played.arena);
    arena_done(&played.pieces);
    arena_done(&played.arena);
    return 0;
}

void played_add_header(struct slice name, struct slice value)
{
    assert_true(played.exchange.head.header_count < HEADERS_MOST);
    played.headers[played.exchange.head.header_count++] = (struct header){name, value};
}

void played_begin(struct slice request, bool has_body, int64_t length)
{
    struct request_head *head = &played.exchange.head;
    size_t blank = slice_find(request, ' ');
    struct slice target = slice_from(request, blank + 1);
    size_t mark = slice_find(target, '?');

    played.exchange.arena = &played.arena;
    head->version = HTTP_1_1;
    head->method = slice_make(request.data, blank);
    head->path = slice_make(target.data, mark);
    if (mark < target.len)
        head->query = slice_from(target, mark + 1);
    head->headers = played.headers;
    head->has_body = has_body;
    head->content_length = length;
    rest_begin(played_rest, &played.exchange);
    assert_non_null(played.exchange.frontend);
}

void played_send_pieces(struct slice body, size_t size)
{
    while (body.len > 0 && played.accepted && played.answers == 0) {
        size_t len = size < body.len ? size : body.len;

        played.exchange.frontend->body(&played.exchange, slice_make(body.data, len));
        body = slice_from(body, len);
    }
    if (played.accepted && played.answers == 0)
        played.exchange.frontend->body_end(&played.exchange);
}

void played_request(struct slice line, struct slice body)
{
    played_begin(line, body.len > 0, (int64_t)body.len);
    if (body.len > 0)
        played_send_pieces(body, 16384);
}

void played_close_exchange(void)
{
    played.is_closed = true;
    played.exchange.frontend->closed(&played.exchange, played.answers > 0);
}

struct slice played_sent(struct slice name)
{
    for (size_t i = 0; i < played.sent_count; i++)
        if (slice_equal(played.sent[i].name, name))
            return played.sent[i].value;
    return SLICE_EMPTY;
}

void assert_sent(struct slice name, struct slice value)
{
    if (!slice_equal(played_sent(name), value))
        fail_msg("%.*s: wanted %.*s, got %.*s", SLICE_ARG(name), SLICE_ARG(value),
                 SLICE_ARG(played_sent(name)));
}

bool body_holds(const char *text)
{
    return memmem(played.body.data, played.body.len, text, strlen(text)) != NULL;
}

void assert_problem(int status)
{
    assert_int_equal(played.answers, 1);
    assert_int_equal(played.status, status);
    assert_sent(SLICE("content-type"), SLICE("application/problem+json"));
    assert_true(played_sent(SLICE("x-request-id")).len > 0);
    assert_true(body_holds("\"instance\":\""));
}
