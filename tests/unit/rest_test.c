/*
 * The REST face between an exchange and a chain that this file plays: in which order a request is
 * judged, what is answered when, also when any one allocation fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "proto/embedded.h"
#include "proto/message.h"
#include "rest/json.h"
#include "rest/rest.h"

/* -- the exchange, played --------------------------------------------------------------------- */

#define HEADERS_MOST 12

static struct played {
    struct exchange exchange;
    struct arena arena;
    struct header headers[HEADERS_MOST];
    bool accepted, is_closed;
    unsigned answers;
    int holds;
    size_t consumed;
    uint64_t timeout_ms;
    int status;
    struct slice body;
    const struct header *sent;
    size_t sent_count;
} played;

bool exchange_header(const struct exchange *exchange, struct slice name, struct slice *ret_value)
{
    for (size_t i = 0; i < exchange->head.header_count; i++)
        if (slice_equal(exchange->head.headers[i].name, name)) {
            *ret_value = exchange->head.headers[i].value;
            return true;
        }
    return false;
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

bool exchange_send_body(struct exchange *exchange, struct slice bytes)
{
    (void)exchange;
    (void)bytes;
    fail_msg("answers are sent whole");
    return true;
}

void exchange_send_end(struct exchange *exchange, const struct header *trailers, size_t count)
{
    (void)exchange;
    (void)trailers;
    (void)count;
    fail_msg("answers are sent whole");
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

bool store_is_read_only(struct store *store)
{
    return store == (struct store *)&played.accepted;
}

/* -- the chain, played ------------------------------------------------------------------------ */

static struct chain_played {
    struct status open_status;
    struct status run_status;
    bool open_waits, run_waits; /* the answer comes later */
    bool sent_credentials;
    struct slice response; /* the response's JSON */
    unsigned opens, runs;
    enum access access; /* of the method that was opened */
    struct slice if_match;
    struct call *call;
} chain_played;

static struct faces faces;

void call_open(struct call *call, struct slice authorization)
{
    chain_played.opens++;
    chain_played.call = call;
    chain_played.access = call->method->access;
    chain_played.sent_credentials = authorization.data != NULL;
    call->status = chain_played.open_status;
    if (!chain_played.open_waits)
        call->opened(call);
}

bool call_sent_credentials(const struct call *call)
{
    (void)call;
    return chain_played.sent_credentials;
}

static void finish(struct call *call)
{
    struct json_read_options options = {.contract = faces.contract};

    call->status = chain_played.run_status;
    if (status_is_ok(call->status))
        call->status = json_read_message(call->arena, call->method->output, chain_played.response,
                                         &options, &call->response);
    call->finish(call);
}

void call_dispatch(struct call *call)
{
    chain_played.runs++;
    chain_played.if_match = call->if_match;
    if (!chain_played.run_waits)
        finish(call);
}

void call_resume(struct call *call)
{
    (void)call;
}

/* -- requests ---------------------------------------------------------------------------------- */

static struct arena contract_arena;
static struct settings settings;
static struct chain_loop *loops[1];
static struct rest *rest;

static int group_setup(void **state)
{
    (void)state;
    log_setup(LOG_JSON, LOG_ERROR);
    settings = settings_default();
    settings.max_body_bytes = 1024;
    arena_init(&contract_arena, NULL, (size_t)256 << 20);
    faces.settings = &settings;
    faces.loops = loops;
    if (!status_is_ok(contract_load(embedded_contract(), &contract_arena, &faces.contract)))
        return -1;
    return status_is_ok(rest_new(&faces, &contract_arena, &rest)) ? 0 : -1;
}

static int group_teardown(void **state)
{
    (void)state;
    arena_done(&contract_arena);
    return 0;
}

static void fresh(void)
{
    played = (struct played){0};
    chain_played = (struct chain_played){.response = SLICE("{}")};
    arena_init(&played.arena, NULL, (size_t)8 << 20);
    faces.draining = false;
    faces.store = NULL;
}

static int setup(void **state)
{
    (void)state;
    fresh();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(played.holds, 0);
    arena_done(&played.arena);
    return 0;
}

static void add_header(struct slice name, struct slice value)
{
    assert_true(played.exchange.head.header_count < HEADERS_MOST);
    played.headers[played.exchange.head.header_count++] = (struct header){name, value};
}

/* "POST /path?query"; a body is announced by its length unless `length` is -1. */
static void begin(struct slice request, bool has_body, int64_t length)
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
    rest_begin(rest, &played.exchange);
    assert_non_null(played.exchange.face);
}

static void send_pieces(struct slice body, size_t size)
{
    while (body.len > 0 && played.accepted && played.answers == 0) {
        size_t len = size < body.len ? size : body.len;

        played.exchange.face->body(&played.exchange, slice_make(body.data, len));
        body = slice_from(body, len);
    }
    if (played.accepted && played.answers == 0)
        played.exchange.face->body_end(&played.exchange);
}

static void request(struct slice line, struct slice body)
{
    begin(line, body.len > 0, (int64_t)body.len);
    if (body.len > 0)
        send_pieces(body, 16384);
}

static void close_exchange(void)
{
    played.is_closed = true;
    played.exchange.face->closed(&played.exchange, played.answers > 0);
}

static struct slice sent(struct slice name)
{
    for (size_t i = 0; i < played.sent_count; i++)
        if (slice_equal(played.sent[i].name, name))
            return played.sent[i].value;
    return SLICE_EMPTY;
}

static void assert_sent(struct slice name, struct slice value)
{
    if (!slice_equal(sent(name), value))
        fail_msg("%.*s: wanted %.*s, got %.*s", SLICE_ARG(name), SLICE_ARG(value),
                 SLICE_ARG(sent(name)));
}

static bool body_holds(const char *text)
{
    return memmem(played.body.data, played.body.len, text, strlen(text)) != NULL;
}

static void assert_problem(int status)
{
    assert_int_equal(played.answers, 1);
    assert_int_equal(played.status, status);
    assert_sent(SLICE("content-type"), SLICE("application/problem+json"));
    assert_true(sent(SLICE("x-request-id")).len > 0);
    assert_true(body_holds("\"instance\":\""));
}

#define TOKENS "/api/v1/api-tokens"

/* -- tests ------------------------------------------------------------------------------------- */

static void heads_are_judged_in_order_and_before_the_body(void **state)
{
    static const struct {
        struct slice line;
        enum status_code open_status;
        struct slice type, accept;
        int64_t length;
        int status;
    } cases[] = {
        {SLICE_INIT("PUT /api/v1/nothing"), STATUS_UNAUTHENTICATED, SLICE_INIT("text/plain"),
         SLICE_INIT("text/html"), 5000, 404},
        {SLICE_INIT("PUT " TOKENS), STATUS_UNAUTHENTICATED, SLICE_INIT("text/plain"),
         SLICE_INIT("text/html"), 5000, 401},
        {SLICE_INIT("POST " TOKENS), STATUS_PERMISSION_DENIED, SLICE_INIT("text/plain"),
         SLICE_INIT("text/html"), 5000, 403},
        {SLICE_INIT("PUT " TOKENS), STATUS_OK, SLICE_INIT("text/plain"), SLICE_INIT("text/html"),
         5000, 405},
        {SLICE_INIT("POST " TOKENS), STATUS_OK, SLICE_INIT("text/plain"), SLICE_INIT("text/html"),
         5000, 413},
        {SLICE_INIT("POST " TOKENS), STATUS_OK, SLICE_INIT("text/plain"), SLICE_INIT("text/html"),
         10, 415},
        {SLICE_INIT("POST " TOKENS), STATUS_OK, SLICE_INIT("application/json"),
         SLICE_INIT("text/html"), 10, 406},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        setup(state);
        chain_played.open_status = status_const(cases[i].open_status, SLICE("m"));
        add_header(SLICE("content-type"), cases[i].type);
        add_header(SLICE("accept"), cases[i].accept);
        begin(cases[i].line, true, cases[i].length);
        assert_problem(cases[i].status);
        assert_false(played.accepted);
        close_exchange();
        teardown(state);
    }
    setup(state);
}

static void another_method_asks_for_any_valid_token(void **state)
{
    (void)state;
    request(SLICE("DELETE " TOKENS), SLICE_EMPTY);
    assert_problem(405);
    assert_sent(SLICE("allow"), SLICE("POST, GET, HEAD, OPTIONS"));
    assert_int_equal(chain_played.access, ACCESS_AUTHENTICATED);
    assert_int_equal(chain_played.runs, 0);
    close_exchange();
}

static void options_names_methods_without_a_token(void **state)
{
    (void)state;
    request(SLICE("OPTIONS " TOKENS "/7"), SLICE_EMPTY);
    assert_int_equal(played.status, 204);
    assert_sent(SLICE("allow"), SLICE("GET, HEAD, PATCH, DELETE, OPTIONS"));
    assert_int_equal(chain_played.opens, 0);
    close_exchange();
}

static void a_401_says_the_same_but_for_the_request_id(void **state)
{
    struct slice first;

    (void)state;
    chain_played.open_status = status_const(STATUS_UNAUTHENTICATED, SLICE("A token, please."));
    add_header(SLICE("x-request-id"), SLICE("same"));
    request(SLICE("GET " TOKENS), SLICE_EMPTY);
    assert_problem(401);
    assert_sent(SLICE("www-authenticate"), SLICE("Bearer realm=\"datastream\""));
    assert_sent(SLICE("x-request-id"), SLICE("same"));
    first = arena_copy(&contract_arena, played.body);
    close_exchange();
    teardown(state);
    setup(state);
    chain_played.open_status = status_const(STATUS_UNAUTHENTICATED, SLICE("A token, please."));
    add_header(SLICE("x-request-id"), SLICE("same"));
    add_header(SLICE("authorization"), SLICE("Bearer x"));
    request(SLICE("GET " TOKENS), SLICE_EMPTY);
    assert_sent(SLICE("www-authenticate"),
                SLICE("Bearer realm=\"datastream\", error=\"invalid_token\""));
    assert_true(slice_equal(first, played.body));
    close_exchange();
}

static void a_create_is_201_with_its_place(void **state)
{
    (void)state;
    chain_played.response = SLICE("{\"id\":\"7\",\"etag\":\"5\",\"name\":\"abc\"}");
    request(SLICE("POST /api/v1/devices"), SLICE("{\"name\":\"abc\"}"));
    assert_int_equal(played.status, 201);
    assert_sent(SLICE("location"), SLICE("/api/v1/devices/7"));
    assert_sent(SLICE("etag"), SLICE("\"5\""));
    assert_sent(SLICE("cache-control"), SLICE("no-store"));
    assert_sent(SLICE("content-type"), SLICE("application/json"));
    assert_true(body_holds("\"description\":\"\""));
    close_exchange();
    teardown(state);
    setup(state);
    chain_played.response = SLICE("{\"id\":\"7\",\"name\":\"abc\"}");
    request(SLICE("POST /api/v1/devices?validateOnly=true"), SLICE("{\"name\":\"abc\"}"));
    assert_int_equal(played.status, 201);
    assert_int_equal(sent(SLICE("location")).len, 0);
    close_exchange();
}

static void bodies_come_in_pieces_of_any_size(void **state)
{
    for (size_t size = 1; size < 16; size++) {
        setup(state);
        begin(SLICE("POST /api/v1/devices"), true, size % 2 == 0 ? 14 : -1);
        assert_true(played.accepted);
        assert_int_equal(played.timeout_ms, 0);
        send_pieces(SLICE("{\"name\":\"abc\"}"), size);
        assert_int_equal(played.status, 201);
        assert_int_equal(played.consumed, 14);
        close_exchange();
        teardown(state);
    }
    setup(state);
}

static void a_body_that_grows_too_large_is_413(void **state)
{
    static const char blanks[2000];

    (void)state;
    begin(SLICE("POST /api/v1/devices"), true, -1);
    send_pieces(slice_make(blanks, sizeof(blanks)), 500);
    assert_problem(413);
    assert_int_equal(chain_played.runs, 0);
    close_exchange();
}

static void a_body_where_none_belongs_is_400(void **state)
{
    request(SLICE("GET " TOKENS), SLICE("x"));
    assert_problem(400);
    close_exchange();
    teardown(state);
    setup(state);
    begin(SLICE("GET " TOKENS), true, -1); /* announced, and empty after all */
    send_pieces(SLICE_EMPTY, 1);
    assert_int_equal(played.status, 200);
    close_exchange();
}

static void an_unchanged_object_is_304_by_its_computed_fields_too(void **state)
{
    static const struct {
        struct slice response;
        int status;
    } cases[] = {
        {SLICE_INIT("{\"id\":\"7\",\"etag\":\"5\",\"status\":\"ACTIVE\"}"), 304},
        {SLICE_INIT("{\"id\":\"7\",\"etag\":\"5\",\"status\":\"EXPIRED\"}"), 200},
        {SLICE_INIT("{\"id\":\"7\",\"etag\":\"5\",\"status\":\"ACTIVE\",\"lastUsedIp\":\"::\"}"),
         200},
        {SLICE_INIT("{\"id\":\"7\",\"etag\":\"6\",\"status\":\"ACTIVE\"}"), 200},
    };
    struct slice etag;

    chain_played.response = cases[0].response;
    request(SLICE("GET " TOKENS "/7"), SLICE_EMPTY);
    etag = arena_copy(&contract_arena, sent(SLICE("etag")));
    assert_true(slice_starts_with(etag, SLICE("\"5-")));
    close_exchange();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        teardown(state);
        setup(state);
        chain_played.response = cases[i].response;
        add_header(SLICE("if-none-match"), etag);
        request(i == 0 ? SLICE("HEAD " TOKENS "/7") : SLICE("GET " TOKENS "/7"), SLICE_EMPTY);
        assert_int_equal(played.status, cases[i].status);
        assert_int_equal(played.body.len == 0, cases[i].status == 304);
        close_exchange();
    }
}

static void if_match_reaches_the_chain_as_a_revision(void **state)
{
    (void)state;
    add_header(SLICE("if-match"), SLICE("\"5-00aa\""));
    request(SLICE("DELETE " TOKENS "/7"), SLICE_EMPTY);
    assert_int_equal(played.status, 200);
    assert_true(slice_equal(played.body, SLICE("{}")));
    assert_true(slice_equal(chain_played.if_match, SLICE("\"5\"")));
    close_exchange();
}

static void statuses_of_the_chain_become_problems(void **state)
{
    struct status_detail detail = {.type = DETAIL_RETRY_INFO, .retry_ms = 1200};

    (void)state;
    chain_played.run_status = status_const(STATUS_UNAVAILABLE, SLICE("Later."));
    chain_played.run_status.details = &detail;
    request(SLICE("GET " TOKENS), SLICE_EMPTY);
    assert_problem(503);
    assert_sent(SLICE("retry-after"), SLICE("2"));
    close_exchange();
}

static void a_late_call_is_504_and_cancelled(void **state)
{
    (void)state;
    chain_played.run_waits = true;
    request(SLICE("GET " TOKENS), SLICE_EMPTY);
    assert_int_equal(played.answers, 0);
    assert_int_equal(played.timeout_ms, settings.request_timeout_ms);
    played.exchange.face->timeout(&played.exchange);
    assert_problem(504);
    assert_true(chain_played.call->cancelled);
    finish(chain_played.call);
    assert_int_equal(played.answers, 1);
    close_exchange();
}

/* The hold keeps the arena, and nothing more is said. */
static void who_left_is_not_answered(void **state)
{
    (void)state;
    chain_played.run_waits = true;
    request(SLICE("GET " TOKENS), SLICE_EMPTY);
    assert_int_equal(played.holds, 1);
    close_exchange();
    assert_true(chain_played.call->cancelled);
    finish(chain_played.call);
    assert_int_equal(played.answers, 0);
    teardown(state);
    setup(state);
    chain_played.open_waits = true;
    request(SLICE("GET " TOKENS), SLICE_EMPTY);
    assert_int_equal(played.holds, 1);
    close_exchange();
    chain_played.call->opened(chain_played.call);
    assert_int_equal(played.answers, 0);
}

static void health_tells_readiness_from_life(void **state)
{
    static const struct {
        struct slice line;
        bool draining, read_only;
        int status;
    } cases[] = {
        {SLICE_INIT("GET /healthz"), false, false, 200},
        {SLICE_INIT("GET /readyz"), false, false, 200},
        {SLICE_INIT("GET /healthz"), true, true, 200},
        {SLICE_INIT("GET /readyz"), true, false, 503},
        {SLICE_INIT("HEAD /readyz"), false, true, 503},
        {SLICE_INIT("POST /healthz"), false, false, 405},
        {SLICE_INIT("OPTIONS /readyz"), true, true, 204},
        {SLICE_INIT("GET /healthz/"), false, false, 404},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        setup(state);
        faces.draining = cases[i].draining;
        if (cases[i].read_only)
            faces.store = (struct store *)&played.accepted;
        request(cases[i].line, SLICE_EMPTY);
        assert_int_equal(played.status, cases[i].status);
        assert_int_equal(chain_played.opens, 0);
        close_exchange();
        teardown(state);
    }
    setup(state);
}

static void the_reference_is_public_and_revalidated(void **state)
{
    struct slice etag;

    request(SLICE("GET /api/v1/swagger/openapi.json"), SLICE_EMPTY);
    assert_int_equal(played.status, 200);
    assert_true(slice_equal(played.body, rest_openapi(rest)));
    assert_sent(SLICE("cache-control"), SLICE("no-cache"));
    etag = arena_copy(&contract_arena, sent(SLICE("etag")));
    close_exchange();
    teardown(state);
    setup(state);
    add_header(SLICE("if-none-match"), etag);
    request(SLICE("GET /api/v1/swagger/openapi.json"), SLICE_EMPTY);
    assert_int_equal(played.status, 304);
    close_exchange();
}

#ifdef DATASTREAM_FAULTS
/* Each allocation of a request fails, alone or with all that follow: one answer, 429 or as usual.
 */
static void memory_that_ends_is_answered(void **state)
{
    static const struct slice lines[] = {
        SLICE_INIT("PATCH " TOKENS "/%37?validateOnly=true"),
        SLICE_INIT("PUT " TOKENS),
        SLICE_INIT("GET /nothing"),
    };

    for (unsigned i = 0; i < 6; i++) {
        bool passed = false;

        for (unsigned long number = 1; !passed; number++) {
            setup(state);
            chain_played.response = SLICE("{\"id\":\"7\",\"etag\":\"5\",\"status\":\"ACTIVE\"}");
            arena_fault_set(number, i % 2 == 0);
            begin(lines[i / 2], i / 2 == 0, -1);
            if (i / 2 == 0)
                send_pieces(SLICE("{\"name\":\"a\\u0041bc\",\"allowedCidrs\":[\"::/0\"]}"), 7);
            passed = arena_fault_count() < number;
            arena_fault_set(0, false);
            assert_int_equal(played.answers, 1);
            if (passed)
                assert_true(played.status != 429);
            else
                assert_int_equal(played.status, 429);
            close_exchange();
            teardown(state);
        }
    }
    setup(state);
}
#endif

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(heads_are_judged_in_order_and_before_the_body),
        TEST(another_method_asks_for_any_valid_token),
        TEST(options_names_methods_without_a_token),
        TEST(a_401_says_the_same_but_for_the_request_id),
        TEST(a_create_is_201_with_its_place),
        TEST(bodies_come_in_pieces_of_any_size),
        TEST(a_body_that_grows_too_large_is_413),
        TEST(a_body_where_none_belongs_is_400),
        TEST(an_unchanged_object_is_304_by_its_computed_fields_too),
        TEST(if_match_reaches_the_chain_as_a_revision),
        TEST(statuses_of_the_chain_become_problems),
        TEST(a_late_call_is_504_and_cancelled),
        TEST(who_left_is_not_answered),
        TEST(health_tells_readiness_from_life),
        TEST(the_reference_is_public_and_revalidated),
#ifdef DATASTREAM_FAULTS
        TEST(memory_that_ends_is_answered),
#endif
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
