/* See grpc.h. */
#include "tests/support/played/grpc.h"
#include "proto/contract/contract_find.h"

/* -- the chain, played ------------------------------------------------------------------------ */
struct chain_played chain_played;

static void call_played_open(struct call *call, const struct call_credentials *credentials)
{
    chain_played.credentials = *credentials;
    chain_played.opens++;
    call->status = chain_played.open_status;
    call->opened(call);
}

void played_finish(struct call *call)
{
    const struct message_type *type = call->method->output;

    call->status = chain_played.run_status;
    call->answer_metadata = chain_played.metadata;
    call->keep_plain = chain_played.keep_plain;
    call->is_stored = chain_played.is_stored;
    call->records = chain_played.records;
    if (status_is_ok(call->status)) {
        char *text = arena_zalloc(call->arena, chain_played.response_len + 1);

        call->response = message_new(call->arena, type);
        if (text != NULL && call->response != NULL) {
            memset(text, 'd', chain_played.response_len);
            field_set_string(call->arena, call->response,
                             message_field_by_name(type, SLICE("description")),
                             slice_make(text, chain_played.response_len));
            field_set_string(
                call->arena, call->response, message_field_by_name(type, SLICE("id")),
                field_get_string(call->request,
                                 message_field_by_name(call->method->input, SLICE("id"))));
        }
        if (arena_failed(call->arena))
            call->status = call_no_answer(call);
    }
    call->finish(call);
}

static void call_played_dispatch(struct call *call)
{
    chain_played.runs++;
    chain_played.call = call;
    if (stream_played.opens)
        call->ready(call);
    else if (!chain_played.waits)
        played_finish(call);
}

static struct chain_calls calls = {
    .open = call_played_open,
    .dispatch = call_played_dispatch,
};

/* -- requests -----------------------------------------------------------------------------------
 */

static struct arena contract_arena;
struct settings played_settings;
static struct chain_loop *loops[1];
struct frontends played_frontends;
struct grpc *played_grpc;

int played_group_setup(void **state)
{
    (void)state;
    log_setup(LOG_JSON, LOG_ERROR);
    played_settings = settings_default();
    played_settings.max_message_bytes = 100000;
    arena_init(&contract_arena, NULL, (size_t)256 << 20);
    played_frontends.settings = &played_settings;
    if (!played_loop_start(&played_settings))
        return -1;
    stream_play(&calls);
    played_frontends.calls = &calls;
    played_frontends.loops = loops;
    played_frontends.wakers = stream_wakers;
    if (!status_is_ok(
            contract_load(embedded_contract(), &contract_arena, &played_frontends.contract)))
        return -1;
    return status_is_ok(grpc_new(&played_frontends, &contract_arena, &played_grpc)) ? 0 : -1;
}

int played_group_teardown(void **state)
{
    (void)state;
    played_loop_end();
    grpc_end(played_grpc);
    arena_done(&contract_arena);
    return 0;
}

int played_setup(void **state)
{
    (void)state;
    played_exchange_start();
    chain_played = (struct chain_played){0};
    stream_played = (struct stream_played){.wait_ms = 1000};
    return 0;
}

int played_teardown(void **state)
{
    (void)state;
    played_exchange_end();
    arena_done(&stream_played.arena);
    return 0;
}

void played_begin(struct slice path)
{
    struct exchange *exchange = played()->exchange;
    struct request_head *head = &exchange->head;

    head->version = HTTP_2;
    head->method = SLICE("POST");
    head->path = path;
    played_add_header(SLICE("content-type"), SLICE("application/grpc"));
    played_head_came();
    grpc_begin(played_grpc, exchange);
    assert_non_null(exchange->frontend->closed);
}

void played_send_pieces(struct slice body, size_t size)
{
    while (body.len > 0 && played()->accepted && !played()->ended) {
        size_t len = size < body.len ? size : body.len;

        played_body(slice_make(body.data, len));
        body = slice_from(body, len);
    }
}

void played_send_body(struct slice body)
{
    played_send_pieces(body, 16384);
    if (played()->accepted && !played()->ended)
        played_body_end();
}

void pass_ms(unsigned ms)
{
#ifdef DATASTREAM_FAULTS
    clock_step_monotonic_us((int64_t)ms * 1000);
#else
    usleep(ms * 1000);
#endif
}

void assert_refused(const char *code)
{
    struct slice got = played_sent(SLICE("grpc-status"));

    assert_true(played()->ended);
    assert_int_equal(played()->answers, 1);
    assert_int_equal(played()->status, 200);
    assert_int_equal(played()->last.len, 0);
    assert_int_equal(played()->trailer_count, 0);
    assert_true(slice_equal(played_sent(SLICE("content-type")), SLICE("application/grpc")));
    assert_true(played_sent(SLICE("grpc-message")).len > 0);
    if (!slice_equal(got, slice_from_cstr(code)))
        fail_msg("wanted grpc-status %s, got %.*s: %.*s", code, SLICE_ARG(got),
                 SLICE_ARG(played_sent(SLICE("grpc-message"))));
}

void assert_answered(void)
{
    assert_true(played()->ended);
    assert_int_equal(played()->answers, 1);
    assert_int_equal(played()->status, 200);
    assert_int_equal(played_sent(SLICE("grpc-status")).len, 0);
    assert_int_equal(played()->trailer_count, 1);
    assert_true(slice_equal(header_value(played()->trailers, 1, SLICE("grpc-status")), SLICE("0")));
}
