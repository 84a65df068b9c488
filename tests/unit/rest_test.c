/*
 * The REST frontend between an exchange and a chain that are played: in which order a request is
 * judged, what is answered when, also when any one allocation fails.
 */
#include <time.h>

#include "base/clock.h"
#include "proto/contract/embedded.h"
#include "proto/json/json_text.h"
#include "storage/engine.h"
#include "tests/support/played/rest.h"

static int group_setup(void **state)
{
    const struct contract *contract;

    (void)state;
    arena_init(&played_contract_arena, NULL, (size_t)256 << 20);
    if (!status_is_ok(contract_load(embedded_contract(), &played_contract_arena, &contract)))
        return -1;
    return start_rest(contract);
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
        played_setup(state);
        chain_played.open_status = status_const(cases[i].open_status, SLICE("m"));
        played_add_header(SLICE("content-type"), cases[i].type);
        played_add_header(SLICE("accept"), cases[i].accept);
        played_begin(cases[i].line, true, cases[i].length);
        assert_problem(cases[i].status);
        assert_false(played()->accepted);
        played_close_exchange();
        played_teardown(state);
    }
    played_setup(state);
}

static void another_method_asks_for_any_valid_token(void **state)
{
    (void)state;
    played_request(SLICE("DELETE " TOKENS), SLICE_EMPTY);
    assert_problem(405);
    assert_sent(SLICE("allow"), SLICE("POST, GET, HEAD, OPTIONS"));
    assert_int_equal(chain_played.access, ACCESS_AUTHENTICATED);
    assert_int_equal(chain_played.runs, 0);
    played_close_exchange();
}

static void options_names_methods_without_a_token(void **state)
{
    (void)state;
    played_request(SLICE("OPTIONS " TOKENS "/7"), SLICE_EMPTY);
    assert_int_equal(played()->status, 204);
    assert_sent(SLICE("allow"), SLICE("GET, HEAD, PATCH, DELETE, OPTIONS"));
    assert_int_equal(chain_played.opens, 0);
    played_close_exchange();
}

static void a_401_says_the_same_but_for_the_request_id(void **state)
{
    struct slice first;

    (void)state;
    chain_played.open_status = status_const(STATUS_UNAUTHENTICATED, SLICE("A token, please."));
    played_add_header(SLICE("x-request-id"), SLICE("same"));
    played_request(SLICE("GET " TOKENS), SLICE_EMPTY);
    assert_problem(401);
    assert_sent(SLICE("www-authenticate"), SLICE("Bearer realm=\"datastream\""));
    assert_sent(SLICE("x-request-id"), SLICE("same"));
    first = arena_copy(&played_contract_arena, played_answer());
    played_close_exchange();
    played_teardown(state);
    played_setup(state);
    chain_played.open_status = status_const(STATUS_UNAUTHENTICATED, SLICE("A token, please."));
    played_add_header(SLICE("x-request-id"), SLICE("same"));
    played_add_header(SLICE("authorization"), SLICE("Bearer x"));
    played_request(SLICE("GET " TOKENS), SLICE_EMPTY);
    assert_sent(SLICE("www-authenticate"),
                SLICE("Bearer realm=\"datastream\", error=\"invalid_token\""));
    assert_true(slice_equal(first, played_answer()));
    played_close_exchange();
}

static void cookies_count_where_no_bearer_is_sent(void **state)
{
    const struct call_credentials *seen = &chain_played.credentials;

    (void)state;
    played_add_header(SLICE("cookie"), SLICE("a=b; datastream=dss_x"));
    played_add_header(SLICE("origin"), SLICE("http://here"));
    played_add_header(SLICE("x-csrf-token"), SLICE("guard"));
    played_request(SLICE("GET " TOKENS), SLICE_EMPTY);
    assert_null(seen->bearer.data);
    assert_true(slice_equal(seen->session, SLICE("dss_x")));
    assert_true(slice_equal(seen->origin, SLICE("http://here")));
    assert_true(slice_equal(seen->csrf, SLICE("guard")));
    assert_false(seen->is_unsafe);
    played_close_exchange();
    played_teardown(state);
    played_setup(state);
    played_add_header(SLICE("cookie"), SLICE("datastream=dss_x"));
    played_add_header(SLICE("origin"), SLICE("http://here"));
    played_add_header(SLICE("origin"), SLICE("http://here"));
    played_add_header(SLICE("authorization"), SLICE("Bearer "));
    played_request(SLICE("POST /api/v1/devices"), SLICE("{\"name\":\"abc\"}"));
    assert_non_null(seen->bearer.data);
    assert_null(seen->session.data);
    assert_true(slice_equal(seen->origin, SLICE("null")));
    assert_true(seen->is_unsafe);
    played_close_exchange();
}

static void malformed_cookies_are_400_unless_a_bearer_counts(void **state)
{
    (void)state;
    played_add_header(SLICE("cookie"), SLICE("datastream=a; datastream=b"));
    played_request(SLICE("GET " TOKENS), SLICE_EMPTY);
    assert_problem(400);
    assert_int_equal(chain_played.opens, 0);
    played_close_exchange();
    played_teardown(state);
    played_setup(state);
    played_add_header(SLICE("cookie"), SLICE("datastream=a; datastream=b"));
    played_add_header(SLICE("authorization"), SLICE("Bearer x"));
    played_request(SLICE("GET " TOKENS), SLICE_EMPTY);
    assert_int_equal(played()->status, 200);
    played_close_exchange();
}

static void metadata_of_the_chain_are_headers(void **state)
{
    static struct call_metadata second = {.name = SLICE_INIT("deprecation"),
                                          .value = SLICE_INIT("true")};
    static struct call_metadata first = {
        .next = &second, .name = SLICE_INIT("set-cookie"), .value = SLICE_INIT("a=b")};

    (void)state;
    chain_played.metadata = &first;
    played_request(SLICE("GET " TOKENS), SLICE_EMPTY);
    assert_int_equal(played()->status, 200);
    assert_sent(SLICE("set-cookie"), SLICE("a=b"));
    assert_sent(SLICE("deprecation"), SLICE("true"));
    played_close_exchange();
}

static void a_create_is_201_with_its_place(void **state)
{
    (void)state;
    chain_played.response = SLICE("{\"id\":\"7\",\"etag\":\"5\",\"name\":\"abc\"}");
    played_request(SLICE("POST /api/v1/devices"), SLICE("{\"name\":\"abc\"}"));
    assert_int_equal(played()->status, 201);
    assert_sent(SLICE("location"), SLICE("/api/v1/devices/7"));
    /* The revision, and what the computed fields are. */
    assert_true(slice_starts_with(played_sent(SLICE("etag")), SLICE("\"5-")));
    assert_sent(SLICE("cache-control"), SLICE("no-store"));
    assert_sent(SLICE("content-type"), SLICE("application/json"));
    assert_true(body_holds("\"description\":\"\""));
    played_close_exchange();
    played_teardown(state);
    played_setup(state);
    chain_played.response = SLICE("{\"id\":\"7\",\"name\":\"abc\"}");
    played_request(SLICE("POST /api/v1/devices?validateOnly=true"), SLICE("{\"name\":\"abc\"}"));
    assert_int_equal(played()->status, 201);
    assert_int_equal(played_sent(SLICE("location")).len, 0);
    played_close_exchange();
}

static void bodies_come_in_pieces_of_any_size(void **state)
{
    for (size_t size = 1; size < 16; size++) {
        played_setup(state);
        played_begin(SLICE("POST /api/v1/devices"), true, size % 2 == 0 ? 14 : -1);
        assert_true(played()->accepted);
        assert_int_equal(played()->timeout_ms, 0);
        played_send_pieces(SLICE("{\"name\":\"abc\"}"), size);
        assert_int_equal(played()->status, 201);
        assert_int_equal(played()->consumed, 14);
        played_close_exchange();
        played_teardown(state);
    }
    played_setup(state);
}

static void a_body_that_grows_too_large_is_413(void **state)
{
    static const char blanks[2000];

    (void)state;
    played_begin(SLICE("POST /api/v1/devices"), true, -1);
    played_send_pieces(slice_make(blanks, sizeof(blanks)), 500);
    assert_problem(413);
    assert_int_equal(chain_played.runs, 0);
    played_close_exchange();
}

static void a_body_where_none_belongs_is_400(void **state)
{
    played_request(SLICE("GET " TOKENS), SLICE("x"));
    assert_problem(400);
    played_close_exchange();
    played_teardown(state);
    played_setup(state);
    played_begin(SLICE("GET " TOKENS), true, -1); /* announced, and empty after all */
    played_send_pieces(SLICE_EMPTY, 1);
    assert_int_equal(played()->status, 200);
    played_close_exchange();
}

/* What can't be read, and what breaks a rule in the rest, told once for each field. */
static void all_violations_come_at_once(void **state)
{
    static const struct {
        struct slice line, body;
        const char *fields; /* in order */
    } cases[] = {
        {SLICE_INIT("POST /api/v1/devices"),
         SLICE_INIT("{\"nope\":1,\"name\":\"x\",\"tags\":[1,\"\"],\"syslog\":{\"port\":\"x\","
                    "\"address\":\"y\"}}"),
         "nope tags[0] syslog.port name syslog.address"},
        {SLICE_INIT("POST /api/v1/devices?nope=1"), SLICE_INIT("{\"name\":5}"), "name nope"},
        {SLICE_INIT("POST /api/v1/devices?nope=1"), SLICE_INIT("{}"), "nope name"},
        {SLICE_INIT("POST /api/v1/devices?nope=%"), SLICE_INIT("{}"), "nope"},
        {SLICE_INIT("POST /api/v1/devices?nope=1"), SLICE_INIT("{\"tags\":[1,}"),
         "tags[0] tags[1] nope"},
        {SLICE_INIT("POST /api/v1/devices"), SLICE_INIT("{\"labels\":{\"\":1,\"\":\"\"}}"),
         "labels[\\\"\\\"] name"},
        {SLICE_INIT("PATCH /api/v1/devices/7"), SLICE_INIT("{\"nope\":1}"), "nope"},
        {SLICE_INIT("GET /api/v1/devices?pageSize=5000&nope=1"), SLICE_INIT(""), "nope pageSize"},
        {SLICE_INIT("GET /api/v1/devices?pageSize=x&page_token=1&pageToken=1"), SLICE_INIT(""),
         "pageSize pageToken"},
        {SLICE_INIT("POST " TOKENS "/7:regenerate"),
         SLICE_INIT("{\"nope\":1,\"overlapSeconds\":-1}"), "nope overlapSeconds"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct json_text got = {.arena = played()->exchange->arena};
        struct slice left;

        played_request(cases[i].line, cases[i].body);
        assert_problem(400);
        left = played_answer();
        for (const char *at; (at = memmem(left.data, left.len, "{\"field\":\"", 10)) != NULL;) {
            left = slice_from(left, (size_t)(at + 10 - left.data));
            at = memmem(left.data, left.len, "\",\"desc", 7);
            json_put(&got, got.len == 0 ? SLICE("") : SLICE(" "));
            json_put(&got, slice_make(left.data, (size_t)(at - left.data)));
        }
        if (!slice_equal(json_text_slice(&got), slice_from_cstr(cases[i].fields)))
            fail_msg("%.*s %.*s: wanted %s, got %.*s", SLICE_ARG(cases[i].line),
                     SLICE_ARG(cases[i].body), cases[i].fields, SLICE_ARG(json_text_slice(&got)));
        assert_int_equal(chain_played.runs, 0);
        played_close_exchange();
        played_teardown(state);
        played_setup(state);
    }
}

static void an_unchanged_object_is_304_by_its_computed_fields_too(void **state)
{
    static const struct {
        struct slice response;
        int status;
    } cases[] = {
        {SLICE_INIT("{\"id\":\"7\",\"etag\":\"5\",\"status\":\"ACTIVE\"}"), 304},
        {SLICE_INIT("{\"id\":\"7\",\"etag\":\"5\",\"status\":\"EXPIRED\"}"), 200},
        {SLICE_INIT("{\"id\":\"7\",\"etag\":\"5\",\"status\":\"ACTIVE\",\"roleName\":\"Renamed\"}"),
         200},
        {SLICE_INIT("{\"id\":\"7\",\"etag\":\"5\",\"status\":\"ACTIVE\",\"lastUsedIp\":\"::\"}"),
         200},
        {SLICE_INIT("{\"id\":\"7\",\"etag\":\"6\",\"status\":\"ACTIVE\"}"), 200},
    };
    struct slice etag;

    chain_played.response = cases[0].response;
    played_request(SLICE("GET " TOKENS "/7"), SLICE_EMPTY);
    etag = arena_copy(&played_contract_arena, played_sent(SLICE("etag")));
    assert_true(slice_starts_with(etag, SLICE("\"5-")));
    played_close_exchange();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        played_teardown(state);
        played_setup(state);
        chain_played.response = cases[i].response;
        played_add_header(SLICE("if-none-match"), etag);
        played_request(i == 0 ? SLICE("HEAD " TOKENS "/7") : SLICE("GET " TOKENS "/7"),
                       SLICE_EMPTY);
        assert_int_equal(played()->status, cases[i].status);
        assert_int_equal(played_answer().len == 0, cases[i].status == 304);
        played_close_exchange();
    }
}

static void if_match_reaches_the_chain_as_a_revision(void **state)
{
    (void)state;
    played_add_header(SLICE("if-match"), SLICE("\"5-00aa\""));
    played_request(SLICE("DELETE " TOKENS "/7"), SLICE_EMPTY);
    assert_int_equal(played()->status, 200);
    assert_true(slice_equal(played_answer(), SLICE("{}")));
    assert_true(slice_equal(chain_played.if_match, SLICE("\"5\"")));
    played_close_exchange();
}

static void lines_of_a_list_are_one_list(void **state)
{
    (void)state;
    played_add_header(SLICE("if-match"), SLICE("\"x,y\""));
    played_add_header(SLICE("if-none-match"), SLICE("\"zz\""));
    played_add_header(SLICE("if-match"), SLICE("\"5-00aa\""));
    played_add_header(SLICE("if-none-match"), SLICE("\"5-00aa\""));
    played_request(SLICE("DELETE " TOKENS "/7"), SLICE_EMPTY);
    assert_true(slice_equal(chain_played.if_match, SLICE("\"x,y\", \"5\"")));
    assert_true(slice_equal(chain_played.if_none_match, SLICE("\"zz\", \"5\"")));
    played_close_exchange();
    played_teardown(state);
    played_setup(state);
    played_add_header(SLICE("if-none-match"), SLICE("\"5\""));
    played_add_header(SLICE("if-none-match"), SLICE("W/\"6\""));
    chain_played.response = SLICE("{\"id\":\"7\",\"etag\":\"6\"}");
    played_request(SLICE("GET /api/v1/targets/7"), SLICE_EMPTY);
    assert_int_equal(played()->status, 304);
    played_close_exchange();
}

static void a_415_tells_the_cause_and_what_is_accepted(void **state)
{
    static const struct {
        struct slice line;
        struct header lines[2];
        struct slice name, value;
        const char *says;
    } cases[] = {
        {SLICE_INIT("POST /api/v1/devices"),
         {{SLICE_INIT("content-encoding"), SLICE_INIT("gzip")}},
         SLICE_INIT("accept-encoding"),
         SLICE_INIT("identity"),
         "content coding"},
        {SLICE_INIT("POST /api/v1/devices"),
         {{SLICE_INIT("content-encoding"), SLICE_INIT("identity")},
          {SLICE_INIT("content-encoding"), SLICE_INIT("gzip")}},
         SLICE_INIT("accept-encoding"),
         SLICE_INIT("identity"),
         "content coding"},
        {SLICE_INIT("PATCH /api/v1/devices/7"),
         {{SLICE_INIT("content-encoding"), SLICE_INIT("identity, br")},
          {SLICE_INIT("content-type"), SLICE_INIT("text/plain")}},
         SLICE_INIT("accept-encoding"),
         SLICE_INIT("identity"),
         "content coding"},
        {SLICE_INIT("POST /api/v1/devices"),
         {{SLICE_INIT("content-type"), SLICE_INIT("text/plain")}},
         SLICE_INIT("accept-post"),
         SLICE_INIT("application/json"),
         "application/json"},
        {SLICE_INIT("PATCH /api/v1/devices/7"),
         {{SLICE_INIT("content-type"), SLICE_INIT("text/plain")}},
         SLICE_INIT("accept-patch"),
         SLICE_INIT("application/json"),
         "application/json"},
        {SLICE_INIT("POST /api/v1/devices"),
         {{SLICE_INIT("content-type"), SLICE_INIT("application/json")},
          {SLICE_INIT("content-type"), SLICE_INIT("text/plain")}},
         SLICE_INIT("accept-post"),
         SLICE_INIT("application/json"),
         "application/json"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t h = 0; h < 2 && cases[i].lines[h].name.len > 0; h++)
            played_add_header(cases[i].lines[h].name, cases[i].lines[h].value);
        played_request(cases[i].line, SLICE("{}"));
        assert_problem(415);
        assert_sent(cases[i].name, cases[i].value);
        assert_true(body_holds(cases[i].says));
        played_close_exchange();
        played_teardown(state);
        played_setup(state);
    }
    played_add_header(SLICE("content-encoding"), SLICE("identity, Identity,"));
    played_request(SLICE("POST /api/v1/devices"), SLICE("{\"name\":\"plain\"}"));
    assert_int_equal(played()->status, 201);
    played_close_exchange();
}

static void a_byte_order_mark_is_named(void **state)
{
    (void)state;
    played_request(SLICE("POST /api/v1/devices"), SLICE("\xef\xbb\xbf{\"name\":\"marked\"}"));
    assert_problem(400);
    assert_true(body_holds("byte order mark"));
    played_close_exchange();
}

static void statuses_of_the_chain_become_problems(void **state)
{
    struct status_detail detail = {.type = DETAIL_RETRY_INFO, .retry_ms = 1200};

    (void)state;
    chain_played.run_status = status_const(STATUS_UNAVAILABLE, SLICE("Later."));
    chain_played.run_status.details = &detail;
    played_request(SLICE("GET " TOKENS), SLICE_EMPTY);
    assert_problem(503);
    assert_sent(SLICE("retry-after"), SLICE("2"));
    played_close_exchange();
    played_teardown(state);
    played_setup(state);
    chain_played.run_status = status_const(STATUS_RESOURCE_EXHAUSTED, SLICE("Too many."));
    played_request(SLICE("GET " TOKENS), SLICE_EMPTY);
    assert_problem(429);
    assert_sent(SLICE("retry-after"), SLICE("1"));
    played_close_exchange();
}

static void a_late_call_is_504_and_cancelled(void **state)
{
    (void)state;
    chain_played.run_waits = true;
    played_request(SLICE("GET " TOKENS), SLICE_EMPTY);
    assert_int_equal(played()->answers, 0);
    assert_int_equal(played()->timeout_ms, played_settings.request_timeout_ms);
    played_timeout();
    assert_problem(504);
    assert_true(chain_played.call->cancelled);
    played_finish(chain_played.call);
    assert_int_equal(played()->answers, 1);
    played_close_exchange();
}

/* The hold keeps the arena, and nothing more is said. */
static void who_left_is_not_answered(void **state)
{
    (void)state;
    chain_played.run_waits = true;
    played_request(SLICE("GET " TOKENS), SLICE_EMPTY);
    assert_int_equal(played()->holds, 1);
    played_close_exchange();
    assert_true(chain_played.call->cancelled);
    played_finish(chain_played.call);
    assert_int_equal(played()->answers, 0);
    played_teardown(state);
    played_setup(state);
    chain_played.open_waits = true;
    played_request(SLICE("GET " TOKENS), SLICE_EMPTY);
    assert_int_equal(played()->holds, 1);
    played_close_exchange();
    chain_played.call->opened(chain_played.call);
    assert_int_equal(played()->answers, 0);
}

static const char *full_reason(struct store *store)
{
    (void)store;
    return "It is full.";
}

static void health_tells_readiness_from_life(void **state)
{
    static const struct store_engine full_engine = {.read_only_reason = full_reason};
    struct store full = {.engine = &full_engine};
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
        played_setup(state);
        played_frontends.draining = cases[i].draining;
        if (cases[i].read_only)
            played_frontends.store = &full;
        played_request(cases[i].line, SLICE_EMPTY);
        assert_int_equal(played()->status, cases[i].status);
        if (cases[i].status == 503 && slice_starts_with(cases[i].line, SLICE("GET")))
            assert_true(slice_ends_with(played_answer(),
                                        cases[i].draining
                                            ? SLICE("\"reason\":\"The server is shutting down.\"}")
                                            : SLICE("\"reason\":\"It is full.\"}")));
        assert_int_equal(chain_played.opens, 0);
        played_close_exchange();
        played_teardown(state);
    }
    played_setup(state);
}

static struct slice document_of(enum openapi_version version)
{
    struct slice documents[OPENAPI_VERSIONS] = {0};

    assert_true(status_is_ok(rest_openapi(played_rest, &played_contract_arena, documents)));
    return documents[version];
}

/* Lets time pass until the request is answered; ctest ends what does not come to pass. */
static void wait_for_document(void)
{
    static const struct timespec pause = {.tv_nsec = 1000000};

    while (played()->answers == 0 && played()->timeout_ms > 0) {
        nanosleep(&pause, NULL);
        played_timeout();
    }
    while (played()->answers == 0) /* it is unfolded in steps */
        played_turn();
}

static void the_reference_is_not_waited_for_by_who_has_gone(void **state)
{
    (void)state;
    played_request(SLICE("GET /api/v1/swagger/openapi.json"), SLICE_EMPTY);
    assert_int_equal(played()->answers, 0);
    played_close_exchange();
    assert_int_equal(played()->timeout_ms, 0);
}

/* The tests after this one find it written. */
static void the_reference_is_waited_for_while_it_is_written(void **state)
{
    static const struct slice requests[OPENAPI_VERSIONS] = {
        [OPENAPI_3_1] = SLICE_INIT("GET /api/v1/swagger/openapi.json"),
        [OPENAPI_3_0] = SLICE_INIT("GET /api/v1/swagger/openapi-3.0.json"),
        [OPENAPI_2_0] = SLICE_INIT("GET /api/v1/swagger/doc.json"),
    };

    played_request(requests[0], SLICE_EMPTY);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(played()->answers, 0);
        assert_in_range(played()->timeout_ms, 1, 100);
        played_timeout();
    }
    rest_write_documents(played_rest);
    for (unsigned v = 0; v < OPENAPI_VERSIONS; v++) {
        if (v > 0)
            played_request(requests[v], SLICE_EMPTY);
        wait_for_document();
        assert_int_equal(played()->answers, 1);
        assert_int_equal(played()->status, 200);
        assert_true(slice_equal(played_answer(), document_of((enum openapi_version)v)));
        played_close_exchange();
        played_teardown(state);
        played_setup(state);
    }
}

static void the_reference_is_public_and_revalidated(void **state)
{
    struct slice etag;

    played_request(SLICE("GET /api/v1/swagger/openapi.json"), SLICE_EMPTY);
    wait_for_document();
    assert_int_equal(played()->status, 200);
    assert_sent(SLICE("cache-control"), SLICE("no-cache"));
    etag = arena_copy(&played_contract_arena, played_sent(SLICE("etag")));
    played_close_exchange();
    played_teardown(state);
    played_setup(state);
    played_add_header(SLICE("if-none-match"), etag);
    played_request(SLICE("GET /api/v1/swagger/openapi.json"), SLICE_EMPTY);
    assert_int_equal(played()->status, 304);
    played_close_exchange();
}

/* Whether the document comes compressed; *ret_etag in the arena of the contract. */
static bool document_is_compressed(void **state, struct slice document, struct slice accepted,
                                   struct slice *ret_etag)
{
    bool is_compressed;

    played_teardown(state);
    played_setup(state);
    played_add_header(SLICE("accept-encoding"), accepted);
    played_request(SLICE("GET /api/v1/swagger/doc.json"), SLICE_EMPTY);
    wait_for_document();
    assert_int_equal(played()->status, 200);
    is_compressed = slice_equal(played_sent(SLICE("content-encoding")), SLICE("gzip"));
    if (is_compressed)
        assert_true(played_answer().len < document.len / 4);
    else
        assert_true(slice_equal(played_answer(), document));
    *ret_etag = arena_copy(&played_contract_arena, played_sent(SLICE("etag")));
    played_close_exchange();
    return is_compressed;
}

static void the_reference_is_kept_compressed_and_served_in_both_forms(void **state)
{
    struct slice document = document_of(OPENAPI_2_0);
    struct slice plain, compressed;

    assert_true(document_is_compressed(state, document, SLICE("gzip"), &compressed));
    assert_false(document_is_compressed(state, document, SLICE("identity"), &plain));
    assert_false(slice_equal(plain, compressed));
    assert_true(slice_starts_with(compressed, slice_make(plain.data, plain.len - 1)));
}

/* Enough for the routes, too little for a document. */
#define ROUTES_BYTES ((size_t)4 << 20)

static void a_reference_that_memory_ended_for_is_answered_429(void **state)
{
    struct rest *whole = played_rest;
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, ROUTES_BYTES);
    assert_true(status_is_ok(rest_new(&played_frontends, &arena, &played_rest)));
    log_setup(LOG_JSON, (enum log_level)(LOG_ERROR + 1));
    rest_write_documents(played_rest);
    played_request(SLICE("GET /api/v1/swagger/openapi.json"), SLICE_EMPTY);
    wait_for_document();
    assert_problem(429);
    assert_sent(SLICE("retry-after"), SLICE("1"));
    played_close_exchange();
#ifdef DATASTREAM_FAULTS
    /* Memory is there again a second later, and the next request has the documents written. */
    arena.limit = (size_t)256 << 20;
    clock_step_monotonic_us(1000000);
    played_teardown(state);
    played_setup(state);
    played_request(SLICE("GET /api/v1/swagger/openapi.json"), SLICE_EMPTY);
    wait_for_document();
    assert_int_equal(played()->status, 200);
    played_close_exchange();
#endif
    rest_write_documents_end(played_rest);
    log_setup(LOG_JSON, LOG_ERROR);
    arena_done(&arena);
    played_rest = whole;
}

static void the_console_is_there_where_it_is_built(void **state)
{
    static const char *const paths[] = {"GET /", "GET /console/", "GET /console/any/route"};
#ifdef DATASTREAM_CONSOLE
    static const int statuses[] = {303, 200, 200};
#else
    static const int statuses[] = {404, 404, 404};
#endif

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        played_request(slice_from_cstr(paths[i]), SLICE_EMPTY);
        assert_int_equal(played()->status, statuses[i]);
        assert_int_equal(chain_played.opens, 0);
        played_close_exchange();
        played_teardown(state);
        played_setup(state);
    }
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

    for (unsigned i = 0; i < 8; i++) {
        bool passed = false;
        bool is_stored = i >= 6;

        for (unsigned long number = 1; !passed; number++) {
            played_setup(state);
            chain_played.response = SLICE("{\"id\":\"7\",\"etag\":\"5\",\"status\":\"ACTIVE\"}");
            chain_played.is_stored = is_stored;
            arena_fault_set(number, i % 2 == 0);
            played_begin(lines[i / 2 % 3], i / 2 % 3 == 0, -1);
            if (i / 2 % 3 == 0)
                played_send_pieces(SLICE("{\"name\":\"a\\u0041bc\",\"allowedCidrs\":[\"::/0\"]}"),
                                   7);
            passed = arena_fault_count() < number;
            arena_fault_set(0, false);
            assert_int_equal(played()->answers, 1);
            if (passed)
                assert_true(played()->status != 429);
            else
                assert_int_equal(played()->status, is_stored && chain_played.runs > 0 ? 500 : 429);
            if (played()->status == 500)
                assert_non_null(memmem(played_answer().data, played_answer().len, STORED_TEXT,
                                       sizeof(STORED_TEXT) - 1));
            if (played()->status == 429)
                assert_sent(SLICE("retry-after"), SLICE("1"));
            played_close_exchange();
            played_teardown(state);
        }
    }
    played_setup(state);
}
#endif

static int group_teardown(void **state)
{
    rest_write_documents_end(played_rest);
    return played_group_teardown(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(heads_are_judged_in_order_and_before_the_body),
        TEST(another_method_asks_for_any_valid_token),
        TEST(options_names_methods_without_a_token),
        TEST(a_401_says_the_same_but_for_the_request_id),
        TEST(cookies_count_where_no_bearer_is_sent),
        TEST(malformed_cookies_are_400_unless_a_bearer_counts),
        TEST(metadata_of_the_chain_are_headers),
        TEST(a_create_is_201_with_its_place),
        TEST(bodies_come_in_pieces_of_any_size),
        TEST(a_body_that_grows_too_large_is_413),
        TEST(a_body_where_none_belongs_is_400),
        TEST(all_violations_come_at_once),
        TEST(an_unchanged_object_is_304_by_its_computed_fields_too),
        TEST(if_match_reaches_the_chain_as_a_revision),
        TEST(lines_of_a_list_are_one_list),
        TEST(a_415_tells_the_cause_and_what_is_accepted),
        TEST(a_byte_order_mark_is_named),
        TEST(statuses_of_the_chain_become_problems),
        TEST(a_late_call_is_504_and_cancelled),
        TEST(who_left_is_not_answered),
        TEST(health_tells_readiness_from_life),
        TEST(the_reference_is_not_waited_for_by_who_has_gone),
        TEST(the_reference_is_waited_for_while_it_is_written),
        TEST(the_reference_is_public_and_revalidated),
        TEST(the_reference_is_kept_compressed_and_served_in_both_forms),
        TEST(the_console_is_there_where_it_is_built),
        TEST(a_reference_that_memory_ended_for_is_answered_429),
#ifdef DATASTREAM_FAULTS
        TEST(memory_that_ends_is_answered),
#endif
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
