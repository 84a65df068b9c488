/* HTTP/2 through real sockets: answers, heads, bodies and flow control in frames. */
#include "tests/support/http2_client.h"

/* ---- answers ---- */

static void a_whole_answer_has_its_length(void **state)
{
    struct client *client = client_open(*state, 0, true);
    int32_t id = http2_request(client, "POST", "/echo", 5, NULL, 0);
    struct heard *heard = heard_of(client, id);

    client_until_closed(client, id);
    assert_int_equal(heard->status, 200);
    assert_string_equal(heard->body, "uuuuu");
    assert_string_equal(heard->content_length, "5");
    assert_int_equal(heard->headers_frames, 1);
    assert_true(heard->end_on_data);
    assert_int_equal(heard->error, NGHTTP2_NO_ERROR);
    client_close(client);
}

static void trailers_only_is_one_frame(void **state)
{
    struct client *client = client_open(*state, 0, true);
    int32_t id = http2_get(client, "/status-only");
    struct heard *heard = heard_of(client, id);

    client_until_closed(client, id);
    assert_int_equal(heard->status, 200);
    assert_string_equal(heard->grpc_status, "5");
    assert_string_equal(heard->content_length, "");
    assert_int_equal(heard->headers_frames, 1);
    assert_int_equal(heard->data_frames, 0);
    assert_true(heard->end_on_headers);
    client_close(client);
}

static void a_unary_answer_is_headers_data_trailers_in_one_read(void **state)
{
    struct client *client = client_open(*state, 0, true);
    struct heard *heard;
    int32_t id;

    while (client_step(client, 50)) /* settings and their acknowledgements */
        ;
    id = http2_request(client, "POST", "/grpc", 7, NULL, 0);
    heard = heard_of(client, id);
    assert_true(client_step(client, PATIENCE_MS));
    assert_true(heard->closed); /* by one read */
    assert_int_equal(heard->headers_frames, 2);
    assert_int_equal(heard->data_frames, 1);
    assert_false(heard->end_on_data);
    assert_true(heard->end_on_headers);
    assert_string_equal(heard->grpc_status, "0");
    assert_string_equal(heard->content_length, "");
    client_close(client);
}

static void answers_without_a_body_end_on_their_headers(void **state)
{
    struct client *client = client_open(*state, 0, true);
    int32_t head = http2_request(client, "HEAD", "/nothing", 0, NULL, 0);
    int32_t empty = http2_get(client, "/empty");
    int32_t unchanged = http2_get(client, "/unchanged");

    client_until_closed(client, head);
    client_until_closed(client, empty);
    client_until_closed(client, unchanged);
    assert_true(heard_of(client, head)->end_on_headers);
    assert_string_equal(heard_of(client, head)->content_length, "12");
    assert_int_equal(heard_of(client, head)->bytes, 0);
    assert_int_equal(heard_of(client, empty)->status, 204);
    assert_true(heard_of(client, empty)->end_on_headers);
    assert_string_equal(heard_of(client, empty)->content_length, "");
    assert_int_equal(heard_of(client, unchanged)->status, 304);
    assert_true(heard_of(client, unchanged)->end_on_headers);
    assert_string_equal(heard_of(client, unchanged)->content_length, "");
    client_close(client);
}

static void many_streams_run_side_by_side(void **state)
{
    struct client *client = client_open(*state, 0, true);
    int32_t ids[90];
    int32_t wait = http2_get(client, "/wait");

    atomic_store(&seen.release, 0);
    for (size_t i = 0; i < 90; i++)
        ids[i] = http2_get(client, "/grpc");
    for (size_t i = 0; i < 90; i++) {
        client_until_closed(client, ids[i]);
        assert_string_equal(heard_of(client, ids[i])->grpc_status, "0");
    }
    assert_false(heard_of(client, wait)->closed);
    atomic_store(&seen.release, 1);
    client_until_closed(client, wait);
    assert_string_equal(heard_of(client, wait)->body, "late");
    client_close(client);
}

static void an_early_answer_resets_with_no_error(void **state)
{
    struct client *client = client_open(*state, 0, true);
    struct heard *heard;
    int32_t id;

    client->never_ends = true;
    id = http2_request(client, "POST", "/early", 10, NULL, 0);
    heard = heard_of(client, id);
    while (!heard->end_on_data)
        assert_true(client_step(client, PATIENCE_MS));
    assert_false(heard->closed); /* curl would forget an answer that is reset in the same read */
    client_until_closed(client, id);
    assert_int_equal(heard->status, 403);
    assert_string_equal(heard->body, "no");
    assert_true(heard->end_on_data);
    assert_int_equal(heard->error, NGHTTP2_NO_ERROR);
    client_close(client);
}

static void a_reset_by_the_frontend_is_a_cancel(void **state)
{
    struct client *client = client_open(*state, 0, true);
    int32_t id = http2_get(client, "/reset");

    client_until_closed(client, id);
    assert_int_equal(heard_of(client, id)->error, NGHTTP2_CANCEL);
    assert_int_equal(heard_of(client, id)->headers_frames, 0);
    client_close(client);
}

static void a_reset_by_the_client_cancels_once(void **state)
{
    struct client *client = client_open(*state, 0, true);
    int begun = atomic_load(&seen.begun);
    int cancelled = atomic_load(&seen.cancelled);
    int32_t id = http2_get(client, "/never");

    client_flush(client);
    wait_for(&seen.begun, begun + 1);
    nghttp2_submit_rst_stream(client->session, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
    client_flush(client);
    wait_for(&seen.cancelled, cancelled + 1);
    client_close(client);
}

static void calls_held_beyond_their_connection_are_released_later(void **state)
{
    struct client *client = client_open(*state, 0, true);
    int begun = atomic_load(&seen.begun);
    int cancelled = atomic_load(&seen.cancelled);
    int posted = atomic_load(&seen.posted);

    atomic_store(&seen.release, 0);
    for (int i = 0; i < 20; i++)
        http2_get(client, "/wait");
    client_flush(client);
    wait_for(&seen.begun, begun + 20);
    client_close(client);
    wait_for(&seen.cancelled, cancelled + 20);
    assert_int_equal(atomic_load(&seen.posted), posted);
    atomic_store(&seen.release, 1);
    wait_for(&seen.posted, posted + 20); /* their answers go nowhere, and nothing breaks */
}

static void continue_comes_before_the_body(void **state)
{
    struct client *client = client_open(*state, 0, true);
    const nghttp2_nv expect[] = {NV("expect", "100-continue")};
    const nghttp2_nv unknown[] = {NV("expect", "magic")};
    int32_t id;

    client->never_ends = true; /* nothing of the body, for now */
    id = http2_request(client, "POST", "/echo", 0, expect, 1);
    while (heard_of(client, id)->status == 0)
        assert_true(client_step(client, PATIENCE_MS));
    assert_int_equal(heard_of(client, id)->status, 100);
    client->never_ends = false;
    client->upload_left = 3;
    nghttp2_session_resume_data(client->session, id);
    client_until_closed(client, id);
    assert_int_equal(heard_of(client, id)->status, 200);
    assert_string_equal(heard_of(client, id)->body, "uuu");
    id = http2_request(client, "POST", "/echo", 3, unknown, 1);
    client_until_closed(client, id);
    assert_int_equal(heard_of(client, id)->status, 417);
    client_close(client);
}

static void a_method_that_http1_does_not_know_is_501(void **state)
{
    static const char *const methods[] = {"FROB", "PROPFIND", "get"};
    struct client *client = client_open(*state, 0, true);

    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        int32_t id = http2_request(client, methods[i], "/echo", 0, NULL, 0);

        client_until_closed(client, id);
        assert_int_equal(heard_of(client, id)->status, 501);
    }
    client_close(client);
}

static void a_preface_in_pieces_is_still_http2(void **state)
{
    struct client *client = client_open(*state, 0, true);
    int32_t id = http2_request(client, "POST", "/echo", 3, NULL, 0);
    const uint8_t *data;
    ssize_t count;

    while ((count = nghttp2_session_mem_send(client->session, &data)) > 0) {
        for (ssize_t i = 0; i < count; i++) {
            client_send(client->fd, slice_make(data + i, 1));
            if (i < 30)
                sleep_ms(1);
        }
    }
    client_until_closed(client, id);
    assert_string_equal(heard_of(client, id)->body, "uuu");
    client_close(client);
}

/* ---- heads ---- */

static void heads_that_nghttp2_lets_pass_are_checked(void **state)
{
    static const struct {
        const char *method;
        const char *path;
        int status;
    } cases[] = {
        {"GET", "/echo?a=b", 200},   {"GET", "/echo#a", 400}, {"GET", "/e\\cho", 400},
        {"GET", "/echo?a=<b>", 400}, {"FROB", "/echo", 501},
    };
    struct client *client = client_open(*state, 0, true);

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int32_t id = http2_request(client, cases[i].method, cases[i].path, 0, NULL, 0);

        client_until_closed(client, id);
        if (heard_of(client, id)->status != cases[i].status)
            fail_msg("%s: wanted %d, got %d", cases[i].path, cases[i].status,
                     heard_of(client, id)->status);
        if (cases[i].status == 400)
            assert_string_equal(heard_of(client, id)->content_type, "application/problem+json");
    }
    client_close(client);
}

static void a_host_beside_the_authority_must_say_the_same(void **state)
{
    static const struct {
        const char *host;
        int status;
    } cases[] = {{"a:80", 200}, {"A:80", 200}, {"b:80", 400}, {"a", 400}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct client *client = client_open(*state, 0, true);
        const nghttp2_nv host = NV("host", cases[i].host);
        int32_t id = http2_request(client, "GET", "/echo", 0, &host, 1);

        client_until_closed(client, id);
        assert_int_equal(heard_of(client, id)->status, cases[i].status);
        client_close(client);
    }
}

/* The same that HTTP/1.1 refuses in a target. */
static void a_scheme_other_than_http_or_https_is_refused(void **state)
{
    static const struct {
        const char *scheme;
        int status;
    } rows[] = {{"http", 200}, {"https", 200}, {"HTTPS", 200}, {"ftp", 400}, {"httpx", 400}};
    struct client *client = client_open(*state, 0, true);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const nghttp2_nv fields[] = {NV(":method", "GET"), NV(":path", "/echo"),
                                     NV(":scheme", rows[i].scheme), NV(":authority", "a:80")};
        int32_t id = nghttp2_submit_request(client->session, NULL, fields, 4, NULL, NULL);

        client_until_closed(client, id);
        if (heard_of(client, id)->status != rows[i].status)
            fail_msg("%s: wanted %d, got %d", rows[i].scheme, rows[i].status,
                     heard_of(client, id)->status);
    }
    client_close(client);
}

/* What the connection's last request had is not looked at again: only where that was accepted. */
static void a_head_is_judged_as_on_a_connection_of_its_own(void **state)
{
    static char long_path[400] = "/echo?";
    const struct {
        const char *method, *path, *scheme, *authority, *host;
        int status;
    } rows[] = {
        {"GET", "/echo", "http", "a:80", NULL, 200},
        {"GET", "/echo#a", "http", "a:80", NULL, 400},
        {"GET", long_path, "http", "a:80", NULL, 200}, /* too long to be remembered */
        {"GET", "/echo#a", "http", "a:80", NULL, 400},
        {"GET", "/echo", "http", "a:80", NULL, 200},
        {"FROB", "/echo", "http", "a:80", NULL, 501},
        {"GET", "/echo", "ftp", "a:80", NULL, 400},
        {"GET", "/echo", "http", "u@a:80", NULL, 400},
        {"GET", "/echo", "http", "a:80", "a:80", 200},
        {"GET", "/echo", "http", "a:80", "b:80", 400},
        {"GET", "/echo", "http", "b:80", "b:80", 200},
        {"GET", "/echo", "http", "a:80", "b:80", 400},
        {"GET", "/echo", "http", "a:80", NULL, 200},
    };
    struct client *client = client_open(*state, 0, true);

    memset(long_path + 6, 'x', sizeof(long_path) - 7);
    for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) { /* each twice in turn */
        const nghttp2_nv fields[] = {
            NV(":method", rows[i / 2].method), NV(":path", rows[i / 2].path),
            NV(":scheme", rows[i / 2].scheme), NV(":authority", rows[i / 2].authority),
            NV("host", rows[i / 2].host == NULL ? "" : rows[i / 2].host)};
        int32_t id = nghttp2_submit_request(client->session, NULL, fields,
                                            rows[i / 2].host == NULL ? 4 : 5, NULL, NULL);

        client_until_closed(client, id);
        if (heard_of(client, id)->status != rows[i / 2].status)
            fail_msg("row %zu: wanted %d, got %d", i / 2, rows[i / 2].status,
                     heard_of(client, id)->status);
    }
    client_close(client);
}

static void too_many_or_too_large_fields_are_431_and_the_connection_lives(void **state)
{
    struct client *client = client_open(*state, 0, true);
    static char large[17000];
    nghttp2_nv many[120];
    nghttp2_nv one[1];
    int32_t id;

    for (size_t i = 0; i < 120; i++)
        many[i] = (nghttp2_nv)NV("x-a", "b");
    memset(large, 'x', sizeof(large) - 1);
    one[0] = (nghttp2_nv)NV("x-large", large);
    id = http2_request(client, "GET", "/echo", 0, many, 120);
    client_until_closed(client, id);
    assert_int_equal(heard_of(client, id)->status, 431);
    id = http2_request(client, "GET", "/echo", 0, one, 1);
    client_until_closed(client, id);
    assert_int_equal(heard_of(client, id)->status, 431);
    id = http2_request(client, "GET", "/echo", 0, many, 90);
    client_until_closed(client, id);
    assert_int_equal(heard_of(client, id)->status, 200);
    client_close(client);
}

/* ---- bodies and flow control ---- */

static void bodies_beyond_what_the_frontend_takes_are_413(void **state)
{
    struct client *client = client_open(*state, 0, true);
    const nghttp2_nv announced[] = {NV("content-length", "100")};
    int32_t id = http2_request(client, "POST", "/small", 100, announced, 1);

    client_until_closed(client, id);
    assert_int_equal(heard_of(client, id)->status, 413);
    id = http2_request(client, "POST", "/small", 100, NULL, 0);
    client_until_closed(client, id);
    assert_int_equal(heard_of(client, id)->status, 413);
    id = http2_request(client, "POST", "/small", 10, NULL, 0);
    client_until_closed(client, id);
    assert_int_equal(heard_of(client, id)->status, 404);
    client_close(client);
}

static void a_body_that_is_not_consumed_stops_the_sender(void **state)
{
    struct client *client = client_open(*state, 0, true);
    int32_t id = http2_request(client, "POST", "/hoard", (size_t)4 << 20, NULL, 0);

    while (client_step(client, 300))
        ;
    assert_int_equal(client->uploaded, 262144);
    assert_int_equal(atomic_load(&seen.body_bytes), 262144);
    nghttp2_submit_rst_stream(client->session, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
    client_close(client);
}

static void an_unaccepted_body_keeps_its_credit(void **state)
{
    struct client *client = client_open(*state, 0, true);

    http2_request(client, "POST", "/unaccepted", (size_t)4 << 20, NULL, 0);
    while (client_step(client, 300))
        ;
    assert_int_equal(client->uploaded, 262144);
    assert_int_equal(atomic_load(&seen.body_bytes), 0);
    client_close(client);
}

static void a_body_accepted_later_comes_whole_and_in_order(void **state)
{
    struct client *client = client_open(*state, 0, true);
    int32_t id = http2_request(client, "POST", "/later", 100000, NULL, 0);

    client_until_closed(client, id);
    assert_int_equal(heard_of(client, id)->status, 200);
    assert_int_equal(heard_of(client, id)->bytes, 100000);
    assert_int_equal(atomic_load(&seen.timeouts), 1);
    client_close(client);
}

static void credit_of_closed_streams_returns_to_the_connection(void **state)
{
    struct client *client = client_open(*state, 0, true);

    /* Twelve times what one stream may hold is three times what the connection may. */
    for (int i = 0; i < 12; i++) {
        int32_t id = http2_request(client, "POST", i % 2 ? "/hoard" : "/unaccepted",
                                   (size_t)1 << 20, NULL, 0);

        client->uploaded = 0;
        for (int step = 0; step < 1000 && client->uploaded < 262144; step++)
            client_step(client, 20);
        assert_int_equal(client->uploaded, 262144);
        nghttp2_submit_rst_stream(client->session, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
    }
    client_close(client);
}

static void large_bodies_flow_both_ways(void **state)
{
    struct client *client = client_open(*state, 1 << 20, true);
    int32_t id = http2_request(client, "POST", "/small-not", (size_t)3 << 20, NULL, 0);

    client_until_closed(client, id);
    assert_int_equal(heard_of(client, id)->status, 404);
    assert_int_equal(client->uploaded, (size_t)3 << 20);
    id = http2_get(client, "/flood");
    client_until_closed(client, id);
    assert_int_equal(heard_of(client, id)->bytes, (size_t)32 << 20);
    client_close(client);
}

static void a_reader_without_window_holds_the_producer_and_not_the_others(void **state)
{
    struct client *client = client_open(*state, 0, false);
    int32_t flood = http2_get(client, "/flood");
    int32_t other;
    size_t sent;

    while (client_step(client, 200))
        ;
    assert_int_equal(heard_of(client, flood)->bytes, 65535);
    sent = atomic_load(&seen.sent_bytes);
    assert_true(sent < (size_t)1 << 20);
    nghttp2_session_consume_connection(client->session, 65535);
    other = http2_request(client, "POST", "/grpc", 5, NULL, 0);
    client_until_closed(client, other);
    assert_string_equal(heard_of(client, other)->grpc_status, "0");
    client_close(client);
}

int main(void)
{
    const struct CMUnitTest answers[] = {
        cmocka_unit_test(a_whole_answer_has_its_length),
        cmocka_unit_test(trailers_only_is_one_frame),
        cmocka_unit_test(a_unary_answer_is_headers_data_trailers_in_one_read),
        cmocka_unit_test(answers_without_a_body_end_on_their_headers),
        cmocka_unit_test(many_streams_run_side_by_side),
        cmocka_unit_test(an_early_answer_resets_with_no_error),
        cmocka_unit_test(a_reset_by_the_frontend_is_a_cancel),
        cmocka_unit_test(continue_comes_before_the_body),
        cmocka_unit_test(a_preface_in_pieces_is_still_http2),
        cmocka_unit_test(heads_that_nghttp2_lets_pass_are_checked),
        cmocka_unit_test(a_host_beside_the_authority_must_say_the_same),
        cmocka_unit_test(a_head_is_judged_as_on_a_connection_of_its_own),
        cmocka_unit_test(a_scheme_other_than_http_or_https_is_refused),
        cmocka_unit_test(too_many_or_too_large_fields_are_431_and_the_connection_lives),
        cmocka_unit_test(bodies_beyond_what_the_frontend_takes_are_413),
        cmocka_unit_test(a_method_that_http1_does_not_know_is_501),
    };
    const struct CMUnitTest flow[] = {
        cmocka_unit_test_setup_teardown(calls_held_beyond_their_connection_are_released_later,
                                        http2_start_default, http2_stop),
        cmocka_unit_test_setup_teardown(a_reset_by_the_client_cancels_once, http2_start_default,
                                        http2_stop),
        cmocka_unit_test_setup_teardown(a_body_that_is_not_consumed_stops_the_sender,
                                        http2_start_default, http2_stop),
        cmocka_unit_test_setup_teardown(an_unaccepted_body_keeps_its_credit, http2_start_default,
                                        http2_stop),
        cmocka_unit_test_setup_teardown(a_body_accepted_later_comes_whole_and_in_order,
                                        http2_start_default, http2_stop),
        cmocka_unit_test_setup_teardown(credit_of_closed_streams_returns_to_the_connection,
                                        http2_start_default, http2_stop),
        cmocka_unit_test_setup_teardown(large_bodies_flow_both_ways, http2_start_default,
                                        http2_stop),
        cmocka_unit_test_setup_teardown(
            a_reader_without_window_holds_the_producer_and_not_the_others, http2_start_default,
            http2_stop),
    };

    return cmocka_run_group_tests(answers, http2_start_default, http2_stop) +
           cmocka_run_group_tests(flow, NULL, NULL);
}
