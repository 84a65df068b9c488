/* See grpc.h. */
#include "tests/support/played/grpc.h"
#include "proto/contract/contract_find.h"

/* -- the exchange, played ------------------------------------------------------------------- */
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

void exchange_send_head(struct exchange *exchange, int status, const struct header *headers,
                        size_t count)
{
    (void)exchange;
    assert_true(count <= HEADERS_MOST);
    played.answers++;
    played.status = status;
    memcpy(played.sent, headers, count * sizeof(*headers));
    played.sent_count = count;
}

bool exchange_send_body(struct exchange *exchange, struct slice bytes)
{
    struct piece_sent *piece = &played.pieces[played.piece_count++];

    (void)exchange;
    assert_true(played.streams || played.body.len == 0);
    assert_true(played.piece_count <= PIECES_MOST);
    assert_false(played.ended);
    played.body = bytes;
    piece->borrowed = bytes;
    piece->copy = malloc(bytes.len + 1);
    assert_non_null(piece->copy);
    memcpy(piece->copy, bytes.data, bytes.len);
    played.waiting += bytes.len;
    return played.waiting <= played.room;
}

size_t exchange_waiting(const struct exchange *exchange)
{
    (void)exchange;
    return played.waiting;
}

const struct piece_sent *take_piece(void)
{
    const struct piece_sent *piece = &played.pieces[played.taken];

    if (played.taken == played.piece_count)
        return NULL;
    /* Not cmocka's comparison, which no sanitizer watches. */
    assert_true(memcmp(piece->borrowed.data, piece->copy, piece->borrowed.len) == 0);
    played.waiting -= piece->borrowed.len;
    played.taken++;
    return piece;
}

void exchange_send_end(struct exchange *exchange, const struct header *trailers, size_t count)
{
    (void)exchange;
    assert_false(played.ended);
    played.ended = true;
    if (count > 0)
        memcpy(played.trailers, trailers, count * sizeof(*trailers));
    played.trailer_count = count;
}

void exchange_respond(struct exchange *exchange, int status, const struct header *headers,
                      size_t count, struct slice body)
{
    exchange_send_head(exchange, status, headers, count);
    exchange_send_body(exchange, body);
    exchange_send_end(exchange, NULL, 0);
}

void exchange_reset(struct exchange *exchange)
{
    (void)exchange;
    played.was_reset = true;
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
    assert_null(played.posted);
    played.posted = task;
}

unsigned loop_index(const struct loop *loop)
{
    (void)loop;
    return 0;
}

/* -- the chain, played ------------------------------------------------------------------------ */
struct chain_played chain_played;

void call_open(struct call *call, const struct call_credentials *credentials)
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

void call_dispatch(struct call *call)
{
    chain_played.runs++;
    chain_played.call = call;
    if (stream_played.opens)
        call->ready(call);
    else if (!chain_played.waits)
        played_finish(call);
}

void call_resume(struct call *call)
{
    (void)call;
}

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
    arena_done(&contract_arena);
    return 0;
}

int played_setup(void **state)
{
    (void)state;
    memset(&played, 0, sizeof(played));
    chain_played = (struct chain_played){0};
    stream_played = (struct stream_played){.wait_ms = 1000};
    arena_init(&played.arena, NULL, (size_t)8 << 20);
    return 0;
}

int played_teardown(void **state)
{
    (void)state;
    assert_int_equal(played.holds, 0);
    for (size_t i = 0; i < played.piece_count; i++)
        free(played.pieces[i].copy);
    arena_done(&stream_played.arena);
    arena_done(&played.arena);
    return 0;
}

void played_add_header(struct slice name, struct slice value)
{
    assert_true(played.exchange.head.header_count < HEADERS_MOST);
    played.headers[played.exchange.head.header_count++] = (struct header){name, value};
}

void played_begin(struct slice path)
{
    struct request_head *head = &played.exchange.head;

    played.exchange.arena = &played.arena;
    head->version = HTTP_2;
    head->method = SLICE("POST");
    head->path = path;
    head->headers = played.headers;
    played_add_header(SLICE("content-type"), SLICE("application/grpc"));
    grpc_begin(played_grpc, &played.exchange);
    assert_non_null(played.exchange.frontend);
    assert_non_null(played.exchange.frontend->closed);
}

void played_send_pieces(struct slice body, size_t size)
{
    while (body.len > 0 && played.accepted && !played.ended) {
        size_t len = size < body.len ? size : body.len;

        played.exchange.frontend->body(&played.exchange, slice_make(body.data, len));
        body = slice_from(body, len);
    }
}

void played_send_body(struct slice body)
{
    played_send_pieces(body, 16384);
    if (played.accepted && !played.ended)
        played.exchange.frontend->body_end(&played.exchange);
}

void pass_ms(unsigned ms)
{
#ifdef DATASTREAM_FAULTS
    clock_step_monotonic_us((int64_t)ms * 1000);
#else
    usleep(ms * 1000);
#endif
}

void played_close_exchange(void)
{
    played.is_closed = true;
    played.exchange.frontend->closed(&played.exchange, played.ended);
}

struct slice header_value(const struct header *headers, size_t count, struct slice name)
{
    for (size_t i = 0; i < count; i++)
        if (slice_equal(headers[i].name, name))
            return headers[i].value;
    return SLICE_EMPTY;
}

struct slice played_sent(struct slice name)
{
    return header_value(played.sent, played.sent_count, name);
}

void assert_refused(const char *code)
{
    struct slice got = played_sent(SLICE("grpc-status"));

    assert_true(played.ended);
    assert_int_equal(played.answers, 1);
    assert_int_equal(played.status, 200);
    assert_int_equal(played.body.len, 0);
    assert_int_equal(played.trailer_count, 0);
    assert_true(slice_equal(played_sent(SLICE("content-type")), SLICE("application/grpc")));
    assert_true(played_sent(SLICE("grpc-message")).len > 0);
    if (!slice_equal(got, slice_from_cstr(code)))
        fail_msg("wanted grpc-status %s, got %.*s: %.*s", code, SLICE_ARG(got),
                 SLICE_ARG(played_sent(SLICE("grpc-message"))));
}

void assert_answered(void)
{
    assert_true(played.ended);
    assert_int_equal(played.answers, 1);
    assert_int_equal(played.status, 200);
    assert_int_equal(played_sent(SLICE("grpc-status")).len, 0);
    assert_int_equal(played.trailer_count, 1);
    assert_true(slice_equal(header_value(played.trailers, 1, SLICE("grpc-status")), SLICE("0")));
}
