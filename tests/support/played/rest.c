/* See rest.h. */
#include "tests/support/played/rest.h"
#include "proto/json/json_read.h"

/* -- the chain, played ------------------------------------------------------------------------ */
struct chain_played chain_played;

struct frontends played_frontends;

static void call_played_open(struct call *call, const struct call_credentials *credentials)
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

static bool call_played_sent_credentials(const struct call *call)
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

static void call_played_dispatch(struct call *call)
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

static struct chain_calls calls = {
    .open = call_played_open,
    .sent_credentials = call_played_sent_credentials,
    .dispatch = call_played_dispatch,
};

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
    if (!played_loop_start(&played_settings))
        return -1;
    stream_play(&calls);
    played_frontends.calls = &calls;
    played_frontends.loops = loops;
    played_frontends.wakers = stream_wakers;
    played_frontends.contract = contract;
    return status_is_ok(rest_new(&played_frontends, &played_contract_arena, &played_rest)) ? 0 : -1;
}

int played_group_teardown(void **state)
{
    (void)state;
    played_loop_end();
    arena_done(&played_contract_arena);
    return 0;
}

static void fresh(void)
{
    played_exchange_start();
    chain_played = (struct chain_played){.response = SLICE("{}")};
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
    played_exchange_end();
    arena_done(&stream_played.arena);
    return 0;
}

void played_begin(struct slice request, bool has_body, int64_t length)
{
    struct exchange *exchange = played()->exchange;
    struct request_head *head = &exchange->head;
    size_t blank = slice_find(request, ' ');
    struct slice target = slice_from(request, blank + 1);
    size_t mark = slice_find(target, '?');

    head->version = HTTP_1_1;
    head->method = slice_make(request.data, blank);
    head->path = slice_make(target.data, mark);
    if (mark < target.len)
        head->query = slice_from(target, mark + 1);
    head->has_body = has_body;
    head->content_length = length;
    played_head_came();
    rest_begin(played_rest, exchange);
    assert_non_null(exchange->frontend->closed);
}

void played_send_pieces(struct slice body, size_t size)
{
    while (body.len > 0 && played()->accepted && played()->answers == 0) {
        size_t len = size < body.len ? size : body.len;

        played_body(slice_make(body.data, len));
        body = slice_from(body, len);
    }
    if (played()->accepted && played()->answers == 0)
        played_body_end();
}

void played_request(struct slice line, struct slice body)
{
    played_begin(line, body.len > 0, (int64_t)body.len);
    if (body.len > 0)
        played_send_pieces(body, 16384);
}

void assert_sent(struct slice name, struct slice value)
{
    if (!slice_equal(played_sent(name), value))
        fail_msg("%.*s: wanted %.*s, got %.*s", SLICE_ARG(name), SLICE_ARG(value),
                 SLICE_ARG(played_sent(name)));
}

bool body_holds(const char *text)
{
    struct slice body = played_answer();

    return memmem(body.data, body.len, text, strlen(text)) != NULL;
}

void assert_problem(int status)
{
    assert_int_equal(played()->answers, 1);
    assert_int_equal(played()->status, status);
    assert_sent(SLICE("content-type"), SLICE("application/problem+json"));
    assert_true(played_sent(SLICE("x-request-id")).len > 0);
    assert_true(body_holds("\"instance\":\""));
}
