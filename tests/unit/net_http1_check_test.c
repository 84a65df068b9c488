/* What a head of HTTP/1.1 is read as, without sockets; what is refused is in net_http1_test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rpc/net/http1_check.h"

static const struct http1_limits limits = {8192, 16384, 100, 1024};

static bool parse(struct arena *arena, struct slice text, struct http1_head *ret_head,
                  struct http1_fault *ret_fault)
{
    struct http1_scan scan = {0};
    struct slice copy;

    assert_int_equal(http1__scan_head(&scan, text, &limits, ret_fault), HTTP1_DONE);
    copy = arena_copy(arena, slice_make(text.data + scan.start, scan.at - scan.start));
    return http1__parse_head(arena, (char *)(uintptr_t)copy.data, copy.len, &limits, ret_head,
                             ret_fault);
}

static void assert_slice(struct slice got, const char *wanted)
{
    struct slice text = slice_from_cstr(wanted);

    if (!slice_equal(got, text) || (got.data == NULL) != (wanted == NULL))
        fail_msg("wanted %s, got %.*s", wanted == NULL ? "none" : wanted, SLICE_ARG(got));
}

static void targets_become_authority_path_and_query(void **state)
{
    static const struct {
        struct slice head;
        const char *scheme;
        const char *authority;
        const char *path;
        const char *query;
    } cases[] = {
        {SLICE_INIT("GET /a/b%2Fc HTTP/1.1\r\nHost: h\r\n\r\n"), "http", "h", "/a/b%2Fc", NULL},
        {SLICE_INIT("GET /a?b=c?d HTTP/1.1\r\nHost: h:1\r\n\r\n"), "http", "h:1", "/a", "b=c?d"},
        {SLICE_INIT("GET /? HTTP/1.1\r\nHost: [::1]\r\n\r\n"), "http", "[::1]", "/", ""},
        {SLICE_INIT("GET http://x:2/a?b HTTP/1.1\r\nHost: h\r\n\r\n"), "http", "x:2", "/a", "b"},
        {SLICE_INIT("GET HTTPS://x HTTP/1.1\r\nHost: h\r\n\r\n"), "https", "x", "/", NULL},
        {SLICE_INIT("GET http://x?q HTTP/1.1\r\nHost: h\r\n\r\n"), "http", "x", "/", "q"},
        {SLICE_INIT("OPTIONS http://x HTTP/1.1\r\nHost: h\r\n\r\n"), "http", "x", "*", NULL},
        {SLICE_INIT("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"), "http", "h", "*", NULL},
        {SLICE_INIT("GET / HTTP/1.0\r\n\r\n"), "http", NULL, "/", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http1_fault fault = {0};
        struct http1_head head;
        struct arena arena;

        arena_init(&arena, NULL, 65536);
        assert_true(parse(&arena, cases[i].head, &head, &fault));
        assert_slice(head.request.scheme, cases[i].scheme);
        assert_slice(head.request.authority, cases[i].authority);
        assert_slice(head.request.path, cases[i].path);
        assert_slice(head.request.query, cases[i].query);
        arena_done(&arena);
    }
}

static void names_are_lower_case_and_values_trimmed(void **state)
{
    struct http1_fault fault = {0};
    struct http1_head head;
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 65536);
    assert_true(parse(&arena,
                      SLICE("POST / HTTP/1.1\r\nHoSt:h\r\nX-Long-NAME: \t a  b \t\r\nEmpty:\r\n"
                            "Content-Length:  7 \r\nConnection: keep-alive ,, CLOSE\r\n\r\n"),
                      &head, &fault));
    assert_int_equal(head.request.header_count, 5);
    assert_slice(head.request.headers[0].name, "host");
    assert_slice(head.request.headers[1].name, "x-long-name");
    assert_slice(head.request.headers[1].value, "a  b");
    assert_slice(head.request.headers[2].name, "empty");
    assert_int_equal(head.request.headers[2].value.len, 0);
    assert_int_equal(head.request.content_length, 7);
    assert_int_equal(head.request.header_bytes, 5 + 15 + 5 + 15 + 29 + 5 * 32);
    assert_true(head.request.has_body);
    assert_true(head.close);
    assert_false(head.chunked);
    assert_slice(head.request.method, "POST");
    for (size_t i = 0; i < 5; i++)
        assert_true(head_may_name(&head.request, head.request.headers[i].name));
    assert_false(head_may_name(&head.request, SLICE("if-match")));
    arena_done(&arena);
}

static void a_value_is_judged_byte_by_byte_wherever_the_byte_stands(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        bool wanted = byte == '\t' || (byte >= 0x20 && byte != 0x7f);

        for (size_t at = 0; at < 19; at++) {
            char text[] = "nineteen bytes long";

            text[at] = (char)byte;
            if (http1__value_is_valid(slice_make(text, 19)) != wanted)
                fail_msg("byte %u at %zu", byte, at);
        }
    }
}

static void hosts_are_told_from_what_is_none(void **state)
{
    static const struct {
        const char *text;
        bool valid;
    } cases[] = {
        {"a", true},
        {"a.b-c_d~1", true},
        {"1.2.3.4:0", true},
        {"a:65535", true},
        {"a:", true},
        {"[::1]", true},
        {"[1:2::3.4.5.6]:7", true},
        {"a%41", true},
        {"", false},
        {":80", false},
        {"a:65536", false},
        {"a:1:2", false},
        {"a@b", false},
        {"a/b", false},
        {"a?b", false},
        {"a#b", false},
        {"[]", false},
        {"[::1", false},
        {"[::1]x", false},
        {"[g::]", false},
        {"a b", false},
        {"a,b", true},
        {"\xc3\xa4", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (http1__host_is_valid(slice_from_cstr(cases[i].text)) != cases[i].valid)
            fail_msg("%s", cases[i].text);
    }
}

#ifdef DATASTREAM_FAULTS
static void without_memory_a_head_is_429(void **state)
{
    struct http1_fault fault = {0};
    struct http1_head head;
    char text[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 65536);
    arena_fault_set(1, false);
    assert_false(http1__parse_head(&arena, text, sizeof(text) - 1, &limits, &head, &fault));
    arena_fault_set(0, false);
    assert_int_equal(fault.status, 429);
    arena_done(&arena);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_become_authority_path_and_query),
        cmocka_unit_test(names_are_lower_case_and_values_trimmed),
        cmocka_unit_test(a_value_is_judged_byte_by_byte_wherever_the_byte_stands),
        cmocka_unit_test(hosts_are_told_from_what_is_none),
#ifdef DATASTREAM_FAULTS
        cmocka_unit_test(without_memory_a_head_is_429),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
