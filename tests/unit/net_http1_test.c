/* HTTP/1.1 through real sockets: each rule of hygiene, pipelining, bodies, answers, deadlines. */
#include "tests/support/net.h"

/* The status of the first answer, 0 when there is none. */
static int status_of(const char *answer)
{
    int status = 0;

    if (strncmp(answer, "HTTP/1.1 ", 9) == 0)
        status = (int)strtol(answer + 9, NULL, 10);
    return status;
}

/* Sends everything, closes the sending half and reads all that comes. */
static size_t converse(const struct fixture *fixture, struct slice request, char *answer,
                       size_t size)
{
    int fd = client_connect(fixture);
    size_t len;

    client_send(fd, request);
    shutdown(fd, SHUT_WR);
    len = client_read_until(fd, answer, size, NULL);
    close(fd);
    return len;
}

#define GET "GET /echo HTTP/1.1\r\n"
#define POST "POST /echo HTTP/1.1\r\nHost: a\r\n"
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
#define REQUEST(text) SLICE_INIT(text)

static const struct {
    const char *what;
    struct slice request;
    int status;
} hygiene[] = {
    {"plain", REQUEST(GET "Host: a\r\n\r\n"), 200},
    {"empty line before the request", REQUEST("\r\n" GET "Host: a\r\n\r\n"), 200},
    {"many empty lines", REQUEST("\r\n\r\n\r\n" GET "Host: a\r\n\r\n"), 400},
    {"no Host", REQUEST(GET "\r\n"), 400},
    {"no Host in 1.0", REQUEST("GET /echo HTTP/1.0\r\n\r\n"), 200},
    {"two Hosts", REQUEST(GET "Host: a\r\nHost: a\r\n\r\n"), 400},
    {"empty Host", REQUEST(GET "Host:\r\n\r\n"), 400},
    {"Host with user", REQUEST(GET "Host: u@a\r\n\r\n"), 400},
    {"Host with path", REQUEST(GET "Host: a/b\r\n\r\n"), 400},
    {"Host with blank", REQUEST(GET "Host: a b\r\n\r\n"), 400},
    {"Host with port", REQUEST(GET "Host: a:80\r\n\r\n"), 200},
    {"Host with bad port", REQUEST(GET "Host: a:99999\r\n\r\n"), 400},
    {"Host with text as port", REQUEST(GET "Host: a:b\r\n\r\n"), 400},
    {"IPv6 Host", REQUEST(GET "Host: [::1]:80\r\n\r\n"), 200},
    {"broken IPv6 Host", REQUEST(GET "Host: [::1\r\n\r\n"), 400},
    {"unknown coding", REQUEST(POST "Transfer-Encoding: gzip\r\n\r\n"), 501},
    {"coding before chunked", REQUEST(POST "Transfer-Encoding: gzip, chunked\r\n\r\n"), 501},
    {"coding behind chunked", REQUEST(POST "Transfer-Encoding: chunked, gzip\r\n\r\n"), 400},
    {"chunked twice", REQUEST(POST "Transfer-Encoding: chunked, chunked\r\n\r\n"), 400},
    {"chunked in two fields",
     REQUEST(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
     400},
    {"coding with a prefix", REQUEST(POST "Transfer-Encoding: xchunked\r\n\r\n"), 501},
    {"coding with a parameter", REQUEST(POST "Transfer-Encoding: chunked;a=b\r\n\r\n"), 501},
    {"empty coding", REQUEST(POST "Transfer-Encoding:\r\n\r\n"), 501},
    {"chunked in any case", REQUEST(POST "Transfer-Encoding: cHuNkEd\r\n\r\n0\r\n\r\n"), 200},
    {"chunked in 1.0",
     REQUEST("POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400},
    {"obs-fold", REQUEST(GET "Host: a\r\nX: 1\r\n 2\r\n\r\n"), 400},
    {"obs-fold by tab", REQUEST(GET "Host: a\r\nX: 1\r\n\t2\r\n\r\n"), 400},
    {"blank before the colon", REQUEST(GET "Host : a\r\n\r\n"), 400},
    {"tab before the colon", REQUEST(GET "Host: a\r\nX\t: 1\r\n\r\n"), 400},
    {"blank before the first name", REQUEST(GET " Host: a\r\n\r\n"), 400},
    {"bare LF", REQUEST("GET /echo HTTP/1.1\nHost: a\n\n"), 400},
    {"bare LF in a field", REQUEST(GET "Host: a\nX: 1\r\n\r\n"), 400},
    {"bare LF at the end", REQUEST(GET "Host: a\r\n\n"), 400},
    {"bare CR in a value", REQUEST(GET "Host: a\r\nX: 1\r2\r\n\r\n"), 400},
    {"bare CR in the line", REQUEST("GET /echo\r HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"empty name", REQUEST(GET "Host: a\r\n: 1\r\n\r\n"), 400},
    {"no colon", REQUEST(GET "Host: a\r\nX\r\n\r\n"), 400},
    {"name with a bad character", REQUEST(GET "Host: a\r\nX(: 1\r\n\r\n"), 400},
    {"name beyond ASCII", REQUEST(GET "Host: a\r\nX\xc3\xa4: 1\r\n\r\n"), 400},
    {"NUL in a value", REQUEST(GET "Host: a\r\nX: 1\0\r\n\r\n"), 400},
    {"control in a value", REQUEST(GET "Host: a\r\nX: 1\x01\r\n\r\n"), 400},
    {"tab in a value", REQUEST(GET "Host: a\r\nX: 1\t2\r\n\r\n"), 200},
    {"empty value", REQUEST(GET "Host: a\r\nX:\r\n\r\n"), 200},
    {"version 0.9", REQUEST("GET /echo HTTP/0.9\r\nHost: a\r\n\r\n"), 505},
    {"version 1.2", REQUEST("GET /echo HTTP/1.2\r\nHost: a\r\n\r\n"), 505},
    {"version 2.0", REQUEST("GET /echo HTTP/2.0\r\nHost: a\r\n\r\n"), 505},
    {"a preface gone wrong", REQUEST("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"), 505},
    {"no version", REQUEST("GET /echo\r\nHost: a\r\n\r\n"), 400},
    {"lower-case version", REQUEST("GET /echo http/1.1\r\nHost: a\r\n\r\n"), 400},
    {"another protocol", REQUEST("GET /echo RTSP/1.0\r\nHost: a\r\n\r\n"), 400},
    {"two blanks", REQUEST("GET  /echo HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"blank in the target", REQUEST("GET /ec ho HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"blank behind the version", REQUEST("GET /echo HTTP/1.1 \r\nHost: a\r\n\r\n"), 400},
    {"control in the target", REQUEST("GET /ec\x01ho HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"beyond ASCII in the target", REQUEST("GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"fragment", REQUEST("GET /echo#a HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"quote in the target", REQUEST("GET /echo\" HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"backslash in the target", REQUEST("GET /echo\\ HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"angle in the query", REQUEST("GET /echo?a=<b> HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"brackets in the query", REQUEST("GET /echo?a[]=1 HTTP/1.1\r\nHost: a\r\n\r\n"), 200},
    {"target without a slash", REQUEST("GET echo HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"star with GET", REQUEST("GET * HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"star with OPTIONS", REQUEST("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), 404},
    {"CONNECT", REQUEST("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"), 501},
    {"unknown method", REQUEST("FROB /echo HTTP/1.1\r\nHost: a\r\n\r\n"), 501},
    {"method of WebDAV", REQUEST("PROPFIND /echo HTTP/1.1\r\nHost: a\r\n\r\n"), 501},
    {"method in lower case", REQUEST("get /echo HTTP/1.1\r\nHost: a\r\n\r\n"), 501},
    {"TLS, without a line's end", REQUEST("\x16\x03\x01\x02"), 400},
    {"no method", REQUEST(" /echo HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"absolute target", REQUEST("GET http://b/echo HTTP/1.1\r\nHost: a\r\n\r\n"), 200},
    {"absolute target without Host", REQUEST("GET http://b/echo HTTP/1.1\r\n\r\n"), 400},
    {"absolute target of another scheme", REQUEST("GET ftp://b/echo HTTP/1.1\r\nHost: a\r\n\r\n"),
     400},
    {"absolute target with user", REQUEST("GET http://u@b/echo HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"length and coding",
     REQUEST(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400},
    {"coding and length",
     REQUEST(POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"), 400},
    {"length twice", REQUEST(POST "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx"), 400},
    {"length as a list", REQUEST(POST "Content-Length: 1, 1\r\n\r\nx"), 400},
    {"length with a sign", REQUEST(POST "Content-Length: +1\r\n\r\nx"), 400},
    {"negative length", REQUEST(POST "Content-Length: -1\r\n\r\nx"), 400},
    {"length in hexadecimal", REQUEST(POST "Content-Length: 0x1\r\n\r\nx"), 400},
    {"empty length", REQUEST(POST "Content-Length:\r\n\r\n"), 400},
    {"length beyond 63 bits", REQUEST(POST "Content-Length: 9223372036854775808\r\n\r\n"), 400},
    {"length", REQUEST(POST "Content-Length: 1\r\n\r\nx"), 200},
    {"unknown expectation", REQUEST(POST "Expect: 200-ok\r\nContent-Length: 1\r\n\r\nx"), 417},
    {"upgrade is ignored",
     REQUEST(GET "Host: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                 "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n"),
     200},
    {"chunks", REQUEST(CHUNKED "3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n"), 200},
    {"chunk with an extension", REQUEST(CHUNKED "3;a=\"b\"\r\nabc\r\n0\r\n\r\n"), 200},
    {"chunk with trailers", REQUEST(CHUNKED "3\r\nabc\r\n0\r\nA: b\r\nC:\r\n\r\n"), 200},
    {"chunk size with bare LF", REQUEST(CHUNKED "3\nabc\r\n0\r\n\r\n"), 400},
    {"chunk without CRLF", REQUEST(CHUNKED "3\r\nabcd\r\n0\r\n\r\n"), 400},
    {"chunk data with bare LF", REQUEST(CHUNKED "3\r\nabc\n0\r\n\r\n"), 400},
    {"chunk size with a sign", REQUEST(CHUNKED "+3\r\nabc\r\n0\r\n\r\n"), 400},
    {"chunk size with 0x", REQUEST(CHUNKED "0x3\r\nabc\r\n0\r\n\r\n"), 400},
    {"chunk size with a blank", REQUEST(CHUNKED "3 \r\nabc\r\n0\r\n\r\n"), 400},
    {"no chunk size", REQUEST(CHUNKED "\r\nabc\r\n0\r\n\r\n"), 400},
    {"chunk size beyond 64 bits", REQUEST(CHUNKED "fffffffffffffffff\r\nabc"), 400},
    {"chunk size with many zeros", REQUEST(CHUNKED "00000000000000003\r\nabc\r\n0\r\n\r\n"), 400},
    {"last chunk with bare LF", REQUEST(CHUNKED "0\r\n\n"), 400},
    {"control in an extension", REQUEST(CHUNKED "3;a\x01\r\nabc\r\n0\r\n\r\n"), 400},
    {"bare CR in an extension", REQUEST(CHUNKED "3;a\rb\r\nabc\r\n0\r\n\r\n"), 400},
    {"folded trailer", REQUEST(CHUNKED "0\r\nA: b\r\n c\r\n\r\n"), 400},
    {"trailer without a name", REQUEST(CHUNKED "0\r\n: b\r\n\r\n"), 400},
    {"trailer with a blank before the colon", REQUEST(CHUNKED "0\r\nA : b\r\n\r\n"), 400},
    {"NUL in a trailer", REQUEST(CHUNKED "0\r\nA: \0\r\n\r\n"), 400},
};

static void check_problem(const char *what, const char *answer, int status)
{
    char wanted[32];

    if (strstr(answer, "content-type: application/problem+json\r\n") == NULL ||
        strstr(answer, "connection: close\r\n") == NULL || strstr(answer, "\"detail\":\"") == NULL)
        fail_msg("%s: no problem in %s", what, answer);
    snprintf(wanted, sizeof(wanted), "\"status\":%d", status);
    assert_non_null(strstr(answer, wanted));
}

static void each_rule_of_hygiene_has_its_status(void **state)
{
    struct fixture *fixture = *state;
    char answer[4096];

    for (size_t i = 0; i < sizeof(hygiene) / sizeof(hygiene[0]); i++) {
        converse(fixture, hygiene[i].request, answer, sizeof(answer));
        if (status_of(answer) != hygiene[i].status)
            fail_msg("%s: wanted %d, got %s", hygiene[i].what, hygiene[i].status, answer);
        if (hygiene[i].status >= 400 && hygiene[i].status != 404)
            check_problem(hygiene[i].what, answer, hygiene[i].status);
    }
}

static void the_rules_hold_when_bytes_come_one_by_one(void **state)
{
    struct fixture *fixture = *state;
    char answer[4096];

    for (size_t i = 0; i < sizeof(hygiene) / sizeof(hygiene[0]); i += 7) {
        int fd = client_connect(fixture);

        for (size_t at = 0; at < hygiene[i].request.len; at++)
            client_send(fd, slice_make(hygiene[i].request.data + at, 1));
        shutdown(fd, SHUT_WR);
        client_read_until(fd, answer, sizeof(answer), NULL);
        if (status_of(answer) != hygiene[i].status)
            fail_msg("%s: wanted %d, got %s", hygiene[i].what, hygiene[i].status, answer);
        close(fd);
    }
}

static void sizes_are_bounded(void **state)
{
    static const struct {
        const char *what;
        const char *before;
        char fill;
        size_t count;
        const char *after;
        int status;
    } cases[] = {
        {"long line", "GET /", 'a', 9000, " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
        {"endless line", "GET /", 'a', 9000, "", 414},
        {"long field", GET "Host: a\r\nX: ", 'a', 17000, "\r\n\r\n", 431},
        {"endless field", GET "Host: a\r\nX: ", 'a', 30000, "", 431},
        {"long extension", CHUNKED "3;", 'a', 2000, "\r\nabc\r\n0\r\n\r\n", 400},
        {"long trailer", CHUNKED "0\r\nX: ", 'a', 17000, "\r\n\r\n", 431},
    };
    struct fixture *fixture = *state;
    static char request[40000];
    char answer[4096];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t before = strlen(cases[i].before);
        size_t after = strlen(cases[i].after);

        memcpy(request, cases[i].before, before);
        memset(request + before, cases[i].fill, cases[i].count);
        memcpy(request + before + cases[i].count, cases[i].after, after);
        converse(fixture, slice_make(request, before + cases[i].count + after), answer,
                 sizeof(answer));
        if (status_of(answer) != cases[i].status)
            fail_msg("%s: wanted %d, got %s", cases[i].what, cases[i].status, answer);
        check_problem(cases[i].what, answer, cases[i].status);
    }
}

/* The same field `count` times. */
static int status_with_fields(struct fixture *fixture, const char *before, const char *field,
                              size_t count)
{
    static char request[40000];
    size_t len = strlen(before);
    char answer[4096];

    memcpy(request, before, len);
    for (size_t i = 0; i < count; i++) {
        memcpy(request + len, field, strlen(field));
        len += strlen(field);
    }
    memcpy(request + len, "\r\n", 2);
    converse(fixture, slice_make(request, len + 2), answer, sizeof(answer));
    return status_of(answer);
}

static void the_number_of_fields_is_bounded(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(status_with_fields(fixture, GET "Host: a\r\n", "x: y\r\n", 99), 200);
    assert_int_equal(status_with_fields(fixture, GET "Host: a\r\n", "x: y\r\n", 100), 431);
    assert_int_equal(status_with_fields(fixture, CHUNKED "0\r\n", "x: y\r\n", 100), 200);
    assert_int_equal(status_with_fields(fixture, CHUNKED "0\r\n", "x: y\r\n", 101), 431);
}

static void many_small_chunks_are_no_flood(void **state)
{
    struct fixture *fixture = *state;
    int fd = client_connect(fixture);
    char answer[8192];

    client_send_text(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 2000; i++)
        client_send_text(fd, "1\r\nx\r\n");
    client_send_text(fd, "0\r\n\r\n");
    client_read_until(fd, answer, sizeof(answer), "xxxx");
    assert_non_null(strstr(answer, "content-length: 2000\r\n"));
    close(fd);
}

static void absolute_targets_override_host(void **state)
{
    struct fixture *fixture = *state;
    char answer[4096];

    /* Only the path of the absolute target reaches the frontend: /echo answers, /a would not. */
    converse(fixture, SLICE("GET http://b.example:81/echo HTTP/1.1\r\nHost: a\r\n\r\n"), answer,
             sizeof(answer));
    assert_int_equal(status_of(answer), 200);
    converse(fixture, SLICE("GET http://b.example?x HTTP/1.1\r\nHost: a\r\n\r\n"), answer,
             sizeof(answer));
    assert_int_equal(status_of(answer), 404);
}

static void pipelined_answers_keep_the_order_of_their_requests(void **state)
{
    struct fixture *fixture = *state;
    int fd = client_connect(fixture);
    char answer[4096];
    const char *late;
    const char *first;
    const char *second;

    atomic_store(&seen.release, 0);
    client_send_text(fd, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n"
                         "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nfirst"
                         "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nsecond");
    wait_for(&seen.ended, 3); /* all run, though the first is not answered */
    assert_int_equal(recv(fd, answer, 1, MSG_DONTWAIT), -1);
    atomic_store(&seen.release, 1);
    client_read_until(fd, answer, sizeof(answer), "second");
    late = strstr(answer, "late");
    first = strstr(answer, "first");
    second = strstr(answer, "second");
    assert_true(late != NULL && first != NULL && second != NULL);
    assert_true(late < first && first < second);
    close(fd);
}

static void no_more_than_the_bound_run_at_once(void **state)
{
    struct fixture *fixture = *state;
    int fd = client_connect(fixture);
    static char answer[65536];
    int begun = atomic_load(&seen.begun);
    int count = 0;

    atomic_store(&seen.release, 0);
    client_send_text(fd, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    for (int i = 0; i < 40; i++)
        client_send_text(fd, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_for(&seen.begun, begun + 16);
    sleep_ms(50);
    assert_int_equal(atomic_load(&seen.begun), begun + 16);
    atomic_store(&seen.release, 1);
    wait_for(&seen.begun, begun + 41);
    shutdown(fd, SHUT_WR);
    client_read_until(fd, answer, sizeof(answer), NULL);
    for (const char *at = answer; (at = strstr(at, "HTTP/1.1 200")) != NULL; at++)
        count++;
    assert_int_equal(count, 41);
    close(fd);
}

static void connections_are_kept_unless_either_side_says_close(void **state)
{
    struct fixture *fixture = *state;
    int fd = client_connect(fixture);
    char answer[4096];

    for (int i = 0; i < 3; i++) {
        client_send_text(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
        client_read_until(fd, answer, sizeof(answer), "\r\n\r\nhi");
        assert_null(strstr(answer, "connection:"));
    }
    client_send_text(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n"
                         "Content-Length: 3\r\n\r\nend");
    client_read_until(fd, answer, sizeof(answer), "\r\n\r\nend");
    assert_non_null(strstr(answer, "connection: close\r\n"));
    assert_true(client_sees_close(fd));
    close(fd);
    fd = client_connect(fixture);
    client_send_text(fd, "GET /parts HTTP/1.0\r\n\r\n");
    client_read_until(fd, answer, sizeof(answer), NULL);
    assert_null(strstr(answer, "chunked"));
    assert_non_null(strstr(answer, "connection: close\r\n"));
    assert_non_null(strstr(answer, "\r\n\r\nonetwo"));
    close(fd);
}

static void answers_in_parts_are_chunked_with_trailers(void **state)
{
    struct fixture *fixture = *state;
    char answer[4096];

    converse(fixture, SLICE("GET /parts HTTP/1.1\r\nHost: a\r\n\r\n"), answer, sizeof(answer));
    assert_non_null(strstr(answer, "transfer-encoding: chunked\r\n"));
    assert_non_null(strstr(answer, "\r\n\r\n6\r\nonetwo\r\n0\r\n"
                                   "grpc-status: 0\r\ngrpc-message: fine\r\n\r\n"));
}

static void answers_without_a_body_say_no_length_but_to_head(void **state)
{
    struct fixture *fixture = *state;
    char answer[4096];
    int fd = client_connect(fixture);

    client_send_text(fd, "HEAD /parts HTTP/1.1\r\nHost: a\r\n\r\n"
                         "HEAD /nothing HTTP/1.1\r\nHost: a\r\n\r\n"
                         "GET /unchanged HTTP/1.1\r\nHost: a\r\n\r\n"
                         "GET /empty HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    client_read_until(fd, answer, sizeof(answer), NULL);
    assert_null(strstr(answer, "onetwo"));
    assert_null(strstr(answer, "no such test"));
    assert_non_null(strstr(answer, "HTTP/1.1 404 Not Found\r\n"));
    assert_non_null(strstr(answer, "content-length: 12\r\n"));
    assert_non_null(strstr(answer, "HTTP/1.1 204 No Content\r\n"));
    assert_non_null(strstr(answer, "HTTP/1.1 304 Not Modified\r\n"));
    assert_null(strstr(answer, "content-length: 0"));
    close(fd);
}

static void continue_comes_only_once_the_body_is_wanted(void **state)
{
    struct fixture *fixture = *state;
    int fd = client_connect(fixture);
    char answer[4096];

    client_send_text(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n"
                         "Content-Length: 2\r\n\r\n");
    client_read_until(fd, answer, sizeof(answer), "\r\n\r\n");
    assert_string_equal(answer, "HTTP/1.1 100 Continue\r\n\r\n");
    client_send_text(fd, "ok");
    client_read_until(fd, answer, sizeof(answer), "\r\n\r\nok");
    assert_int_equal(status_of(answer), 200);
    close(fd);
    fd = client_connect(fixture);
    client_send_text(fd, "POST /early HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                         "Content-Length: 2\r\n\r\n");
    client_read_until(fd, answer, sizeof(answer), NULL);
    assert_int_equal(status_of(answer), 403);
    assert_non_null(strstr(answer, "connection: close\r\n"));
    close(fd);
}

/*
 * Without a 100 the client may send the body or leave it: there is no telling whether what follows
 * is that body or the next request, which somebody else may have written.
 */
static void an_answer_in_place_of_continue_is_the_last(void **state)
{
    static const char *const paths[] = {"/early", "/small", "/unaccepted-head"};
    struct fixture *fixture = *state;
    char request[256];
    char answer[4096];

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        int fd = client_connect(fixture);

        snprintf(request, sizeof(request),
                 "POST %s HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                 "Content-Length: 11\r\n\r\n",
                 paths[i]);
        client_send_text(fd, request);
        client_read_until(fd, answer, sizeof(answer), "\r\n\r\n");
        if (strstr(answer, "connection: close\r\n") == NULL)
            fail_msg("%s: %s", paths[i], answer);
        close(fd);
    }
}

static void a_little_of_an_unwanted_body_is_dropped_and_much_closes(void **state)
{
    struct fixture *fixture = *state;
    static char body[1 << 20];
    int fd = client_connect(fixture);
    char answer[4096];

    memset(body, 'x', sizeof(body));
    client_send_text(fd, "POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n");
    client_send(fd, slice_make(body, 60000));
    client_send_text(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nagain");
    client_read_until(fd, answer, sizeof(answer), "again");
    assert_int_equal(status_of(answer), 403);
    assert_non_null(strstr(answer, "again"));
    close(fd);
    fd = client_connect(fixture);
    client_send_text(fd, "POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
    client_read_until(fd, answer, sizeof(answer), "\r\n\r\nno");
    assert_non_null(strstr(answer, "connection: close\r\n"));
    client_send(fd, slice_make(body, 1000000));
    assert_true(client_sees_close(fd));
    close(fd);
}

/* Most clients do not look before they have sent everything (Python's and Node.js's do not). */
static void an_early_answer_is_heard_by_who_sends_all_first(void **state)
{
    struct fixture *fixture = *state;
    static char body[1 << 20];
    int fd = client_connect(fixture);
    char answer[4096];

    client_send_text(fd, "POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 33554432\r\n\r\n");
    for (size_t left = (size_t)32 << 20; left > 0;) {
        ssize_t sent = send(fd, body, left < sizeof(body) ? left : sizeof(body), MSG_NOSIGNAL);

        assert_true(sent > 0);
        left -= (size_t)sent;
    }
    client_read_until(fd, answer, sizeof(answer), NULL);
    assert_int_equal(status_of(answer), 403);
    assert_non_null(strstr(answer, "connection: close\r\n"));
    close(fd);
}

static void bodies_beyond_what_the_frontend_takes_are_413(void **state)
{
    static const struct slice requests[] = {
        SLICE_INIT("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n12345678901"),
        SLICE_INIT("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n"),
        SLICE_INIT("POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "6\r\n123456\r\n5\r\n12345\r\n0\r\n\r\n"),
    };
    struct fixture *fixture = *state;
    char answer[4096];

    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        int fd = client_connect(fixture);

        client_send(fd, requests[i]);
        client_read_until(fd, answer, sizeof(answer), "}");
        assert_int_equal(status_of(answer), 413);
        assert_non_null(strstr(answer, "application/problem+json"));
        close(fd);
    }
}

static void a_body_accepted_later_comes_whole_and_pipelining_goes_on(void **state)
{
    struct fixture *fixture = *state;
    int fd = client_connect(fixture);
    char answer[8192];

    client_send_text(fd, "POST /later HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                         "3\r\nlat\r\n");
    client_send_text(fd, "1\r\ne\r\n0\r\n\r\nGET /loop HTTP/1.1\r\nHost: a\r\n\r\n");
    client_read_until(fd, answer, sizeof(answer), "loop ");
    assert_non_null(strstr(answer, "\r\n\r\nlateHTTP/1.1 200"));
    assert_int_equal(atomic_load(&seen.timeouts), 1);
    close(fd);
}

static void a_body_that_is_not_consumed_stops_the_sender(void **state)
{
    struct fixture *fixture = *state;
    int fd = client_connect(fixture);
    static char body[1 << 16];
    size_t sent = 0;
    ssize_t count;
    int stuck = 0;

    atomic_store(&seen.body_bytes, 0);
    client_send_text(fd, "POST /hoard HTTP/1.1\r\nHost: a\r\nContent-Length: 268435456\r\n\r\n");
    while (stuck < 20 && sent < (size_t)64 << 20) {
        count = send(fd, body, sizeof(body), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count > 0) {
            sent += (size_t)count;
            stuck = 0;
        } else {
            stuck++;
            sleep_ms(10);
        }
    }
    assert_true(sent < (size_t)32 << 20); /* what the kernel's buffers take */
    assert_in_range(atomic_load(&seen.body_bytes), 262144, 262144 + 65536);
    close(fd);
}

static void a_slow_reader_holds_the_producer(void **state)
{
    struct fixture *fixture = *state;
    int fd = client_connect(fixture);
    size_t got = 0;
    size_t before;
    char bytes[65536];
    ssize_t count;

    atomic_store(&seen.sent_bytes, 0);
    client_send_text(fd, "GET /flood HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    do {
        before = atomic_load(&seen.sent_bytes);
        sleep_ms(100);
    } while (before != atomic_load(&seen.sent_bytes));
    assert_true(before < (size_t)24 << 20);
    while ((count = recv(fd, bytes, sizeof(bytes), 0)) > 0)
        got += (size_t)count;
    assert_int_equal(atomic_load(&seen.sent_bytes), (size_t)32 << 20);
    assert_true(got > (size_t)32 << 20);
    assert_true(atomic_load(&seen.writables) > 0);
    close(fd);
}

static void a_client_that_goes_away_cancels_its_call(void **state)
{
    struct fixture *fixture = *state;
    int cancelled = atomic_load(&seen.cancelled);
    int begun = atomic_load(&seen.begun);
    struct linger reset = {1, 0};
    int fd = client_connect(fixture);

    client_send_text(fd, "GET /never HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_for(&seen.begun, begun + 1);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(fd);
    wait_for(&seen.cancelled, cancelled + 1);
    fd = client_connect(fixture);
    client_send_text(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
    close(fd);
    wait_for(&seen.cancelled, cancelled + 2);
}

static void a_reset_by_the_frontend_closes_the_connection(void **state)
{
    struct fixture *fixture = *state;
    int cancelled = atomic_load(&seen.cancelled);
    char answer[4096];

    assert_int_equal(
        converse(fixture, SLICE("GET /reset HTTP/1.1\r\nHost: a\r\n\r\n"), answer, sizeof(answer)),
        0);
    wait_for(&seen.cancelled, cancelled + 1);
}

static void the_frontends_timeout_fires_once(void **state)
{
    struct fixture *fixture = *state;
    int timeouts = atomic_load(&seen.timeouts);
    char answer[4096];

    converse(fixture, SLICE("GET /timeout HTTP/1.1\r\nHost: a\r\n\r\n"), answer, sizeof(answer));
    assert_int_equal(status_of(answer), 504);
    assert_int_equal(atomic_load(&seen.timeouts), timeouts + 1);
}

/* ---- deadlines, on a server with short ones ---- */

static void a_connection_that_says_nothing_is_closed(void **state)
{
    struct fixture *fixture = *state;
    int fd = client_connect(fixture);
    char answer[4096];

    assert_int_equal(client_read_until(fd, answer, sizeof(answer), NULL), 0);
    close(fd);
}

static void a_head_that_stalls_is_408(void **state)
{
    struct fixture *fixture = *state;
    int fd = client_connect(fixture);
    char answer[4096];

    client_send_text(fd, "GET /echo HTTP/1.1\r\nHos");
    client_read_until(fd, answer, sizeof(answer), NULL);
    assert_int_equal(status_of(answer), 408);
    check_problem("slow head", answer, 408);
    close(fd);
}

static void a_body_that_stalls_is_408(void **state)
{
    struct fixture *fixture = *state;
    int fd = client_connect(fixture);
    char answer[4096];

    client_send_text(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
    client_read_until(fd, answer, sizeof(answer), NULL);
    assert_int_equal(status_of(answer), 408);
    check_problem("slow body", answer, 408);
    close(fd);
}

/* The deadline was looked at, in vain, while the body was not wanted yet. */
static void a_body_that_stalls_once_it_is_wanted_is_408(void **state)
{
    struct fixture *fixture = *state;
    int fd = client_connect(fixture);
    char answer[4096];

    client_send_text(fd, "POST /later?400 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
    client_read_until(fd, answer, sizeof(answer), NULL);
    assert_int_equal(status_of(answer), 408);
    close(fd);
}

static void an_idle_connection_is_closed_after_its_answer(void **state)
{
    struct fixture *fixture = *state;
    int fd = client_connect(fixture);
    char answer[4096];

    client_send_text(fd, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    client_read_until(fd, answer, sizeof(answer), "\r\n\r\n");
    assert_int_equal(status_of(answer), 200);
    assert_true(client_sees_close(fd));
    close(fd);
}

static void a_reader_that_takes_nothing_is_cut(void **state)
{
    struct fixture *fixture = *state;
    int cancelled = atomic_load(&seen.cancelled);
    int fd = client_connect(fixture);

    client_send_text(fd, "GET /flood HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_for(&seen.cancelled, cancelled + 1);
    close(fd);
}

static int start_default(void **state)
{
    *state = net_fixture_start(test_settings());
    return 0;
}

static int start_impatient(void **state)
{
    struct settings settings = test_settings();

    settings.header_timeout_ms = 100;
    settings.body_timeout_ms = 100;
    settings.idle_timeout_ms = 100;
    settings.write_timeout_ms = 200;
    *state = net_fixture_start(settings);
    return 0;
}

static int stop(void **state)
{
    fixture_stop(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest rules[] = {
        cmocka_unit_test(each_rule_of_hygiene_has_its_status),
        cmocka_unit_test(the_rules_hold_when_bytes_come_one_by_one),
        cmocka_unit_test(sizes_are_bounded),
        cmocka_unit_test(the_number_of_fields_is_bounded),
        cmocka_unit_test(many_small_chunks_are_no_flood),
        cmocka_unit_test(absolute_targets_override_host),
        cmocka_unit_test(connections_are_kept_unless_either_side_says_close),
        cmocka_unit_test(answers_in_parts_are_chunked_with_trailers),
        cmocka_unit_test(answers_without_a_body_say_no_length_but_to_head),
        cmocka_unit_test(continue_comes_only_once_the_body_is_wanted),
        cmocka_unit_test(an_answer_in_place_of_continue_is_the_last),
        cmocka_unit_test(a_little_of_an_unwanted_body_is_dropped_and_much_closes),
        cmocka_unit_test(an_early_answer_is_heard_by_who_sends_all_first),
        cmocka_unit_test(bodies_beyond_what_the_frontend_takes_are_413),
    };
    const struct CMUnitTest flow[] = {
        cmocka_unit_test_setup_teardown(a_reader_that_takes_nothing_is_cut, start_impatient, stop),
        cmocka_unit_test_setup_teardown(the_frontends_timeout_fires_once, start_default, stop),
        cmocka_unit_test_setup_teardown(a_reset_by_the_frontend_closes_the_connection,
                                        start_default, stop),
        cmocka_unit_test_setup_teardown(pipelined_answers_keep_the_order_of_their_requests,
                                        start_default, stop),
        cmocka_unit_test_setup_teardown(no_more_than_the_bound_run_at_once, start_default, stop),
        cmocka_unit_test_setup_teardown(a_body_accepted_later_comes_whole_and_pipelining_goes_on,
                                        start_default, stop),
        cmocka_unit_test_setup_teardown(a_body_that_is_not_consumed_stops_the_sender, start_default,
                                        stop),
        cmocka_unit_test_setup_teardown(a_slow_reader_holds_the_producer, start_default, stop),
        cmocka_unit_test_setup_teardown(a_client_that_goes_away_cancels_its_call, start_default,
                                        stop),
    };
    const struct CMUnitTest deadlines[] = {
        cmocka_unit_test(a_connection_that_says_nothing_is_closed),
        cmocka_unit_test(a_head_that_stalls_is_408),
        cmocka_unit_test(a_body_that_stalls_is_408),
        cmocka_unit_test(a_body_that_stalls_once_it_is_wanted_is_408),
        cmocka_unit_test(an_idle_connection_is_closed_after_its_answer),
    };

    return cmocka_run_group_tests(rules, start_default, stop) +
           cmocka_run_group_tests(flow, NULL, NULL) +
           cmocka_run_group_tests(deadlines, start_impatient, stop);
}
