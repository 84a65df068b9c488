/* Who the client is where proxies stand between, and the origins of schemes and authorities. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rpc/net/client.h"
#include "rpc/net/origin.h"

#define TRUSTED "10.0.0.0/8, 2001:db8::/32,192.0.2.7,unix"
#define FIELDS 4

static void assert_slice(struct slice got, const char *wanted)
{
    if (!slice_equal(got, slice_from_cstr(wanted)))
        fail_msg("\"%.*s\" instead of \"%s\"", SLICE_ARG(got), wanted);
}

static struct client find(struct arena *arena, const char *trusted, const char *peer,
                          const char *const fields[FIELDS][2])
{
    struct header headers[FIELDS];
    struct request_head head = {.headers = headers, .authority = SLICE("own.example:8080")};
    struct proxies proxies;

    if (trusted != NULL)
        assert_true(status_is_ok(proxies_parse(arena, slice_from_cstr(trusted), &proxies)));
    for (size_t i = 0; i < FIELDS && fields[i][0] != NULL; i++)
        headers[head.header_count++] = (struct header){slice_from_cstr(fields[i][0]),
                                                       slice_from_cstr(fields[i][1])};
    return client_find(arena, trusted == NULL ? NULL : &proxies, &head, slice_from_cstr(peer),
                       SLICE("http"));
}

#define FOR "x-forwarded-for"
#define PROTO "x-forwarded-proto"
#define HOST "x-forwarded-host"

static void the_walk_ends_at_the_first_hop_that_is_untrusted_or_unreadable(void **state)
{
    static const struct {
        const char *peer;
        const char *fields[FIELDS][2];
        const char *client;
    } cases[] = {
        /* nobody is believed who is not trusted */
        {"203.0.113.9", {{FOR, "198.51.100.1"}}, "203.0.113.9"},
        {"192.0.2.8", {{FOR, "198.51.100.1"}}, "192.0.2.8"},
        {"192.0.2.7", {{FOR, "198.51.100.1"}}, "198.51.100.1"},
        {"10.1.1.1", {{NULL, NULL}}, "10.1.1.1"},
        /* one hop, and what its sender wrote to the left of it */
        {"10.1.1.1", {{FOR, "198.51.100.1"}}, "198.51.100.1"},
        {"10.1.1.1", {{FOR, "127.0.0.1, 198.51.100.1"}}, "198.51.100.1"},
        {"10.1.1.1", {{FOR, "nonsense, 198.51.100.1"}}, "198.51.100.1"},
        /* several proxies, in one field and in more */
        {"10.1.1.1", {{FOR, "6.6.6.6,198.51.100.1 ,\t10.2.2.2"}}, "198.51.100.1"},
        {"10.1.1.1", {{FOR, "6.6.6.6"}, {FOR, "198.51.100.1"}, {FOR, "10.2.2.2"}}, "198.51.100.1"},
        {"10.1.1.1", {{FOR, "10.3.3.3, 10.2.2.2"}}, "10.3.3.3"},
        /* what cannot be read: its right neighbour is the client */
        {"10.1.1.1", {{FOR, "198.51.100.1, unknown"}}, "10.1.1.1"},
        {"10.1.1.1", {{FOR, "198.51.100.1, _hidden, 10.2.2.2"}}, "10.2.2.2"},
        {"10.1.1.1", {{FOR, "198.51.100.1,"}}, "10.1.1.1"},
        {"10.1.1.1", {{FOR, "198.51.100.1,,10.2.2.2"}}, "10.2.2.2"},
        {"10.1.1.1", {{FOR, "198.51.100.1"}, {FOR, ""}}, "10.1.1.1"},
        {"10.1.1.1", {{FOR, "198.51.100.256"}}, "10.1.1.1"},
        {"10.1.1.1", {{FOR, "198.51.100.1/32"}}, "10.1.1.1"},
        {"10.1.1.1", {{FOR, "unix"}}, "10.1.1.1"},
        {"10.1.1.1", {{FOR, "fe80::1%eth0"}}, "10.1.1.1"},
        {"10.1.1.1", {{FOR, "[198.51.100.1]"}}, "10.1.1.1"},
        {"10.1.1.1", {{FOR, "[2001:db9::1"}}, "10.1.1.1"},
        {"10.1.1.1", {{FOR, "[2001:db9::1]x"}}, "10.1.1.1"},
        {"10.1.1.1", {{FOR, "198.51.100.1:"}}, "10.1.1.1"},
        {"10.1.1.1", {{FOR, "198.51.100.1:65536"}}, "10.1.1.1"},
        {"10.1.1.1", {{FOR, ":80"}}, "10.1.1.1"},
        /* ports, brackets and spellings */
        {"10.1.1.1", {{FOR, "198.51.100.1:4711"}}, "198.51.100.1"},
        {"10.1.1.1", {{FOR, "[2001:DB9::0:1]:443"}}, "2001:db9::1"},
        {"10.1.1.1", {{FOR, "[2001:db9::1]"}}, "2001:db9::1"},
        {"10.1.1.1", {{FOR, "2001:db9::1"}}, "2001:db9::1"},
        {"10.1.1.1", {{FOR, "::ffff:198.51.100.1"}}, "198.51.100.1"},
        {"2001:db8::5", {{FOR, "::ffff:10.0.0.1"}}, "10.0.0.1"},
        {"2001:db8::5", {{FOR, "198.51.100.1, 2001:db8:1::2"}}, "198.51.100.1"},
        /* a Unix socket's clients */
        {"unix", {{FOR, "198.51.100.1"}}, "198.51.100.1"},
        {"unix", {{FOR, "oops"}}, "unix"},
        /* other fields say nothing */
        {"10.1.1.1", {{"forwarded", "for=198.51.100.1"}}, "10.1.1.1"},
        {"10.1.1.1", {{"x-real-ip", "198.51.100.1"}}, "10.1.1.1"},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_slice(find(&arena, TRUSTED, cases[i].peer, cases[i].fields).address,
                     cases[i].client);
    arena_done(&arena);
}

static void without_trusted_proxies_the_peer_is_the_client(void **state)
{
    static const char *const fields[FIELDS][2] = {
        {FOR, "198.51.100.1"}, {PROTO, "https"}, {HOST, "data.example"}};
    struct client client;
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    client = find(&arena, NULL, "10.1.1.1", fields);
    assert_slice(client.address, "10.1.1.1");
    assert_slice(client.scheme, "http");
    assert_slice(client.authority, "own.example:8080");
    client = find(&arena, "10.0.0.0/8", "unix", fields);
    assert_slice(client.address, "unix");
    assert_slice(client.scheme, "http");
    assert_slice(client.authority, "own.example:8080");
    arena_done(&arena);
}

static void the_last_scheme_and_host_of_a_trusted_peer_count(void **state)
{
    static const struct {
        const char *fields[FIELDS][2];
        const char *scheme;
        const char *authority;
    } cases[] = {
        {{{PROTO, "https"}, {HOST, "data.example"}}, "https", "data.example"},
        {{{PROTO, "HTTPS"}, {HOST, "data.example:8443"}}, "https", "data.example:8443"},
        {{{PROTO, "https, http"}, {HOST, "evil.example, data.example"}}, "http", "data.example"},
        {{{PROTO, "https"}, {PROTO, "http"}}, "http", "own.example:8080"},
        {{{PROTO, "http"}, {PROTO, "https"}}, "https", "own.example:8080"},
        {{{PROTO, "ftp"}, {HOST, "user@data.example"}}, "http", "own.example:8080"},
        {{{PROTO, ""}, {HOST, ""}}, "http", "own.example:8080"},
        {{{HOST, "data.example/path"}}, "http", "own.example:8080"},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct client client = find(&arena, TRUSTED, "10.1.1.1", cases[i].fields);

        assert_slice(client.scheme, cases[i].scheme);
        assert_slice(client.authority, cases[i].authority);
        client = find(&arena, TRUSTED, "203.0.113.9", cases[i].fields);
        assert_slice(client.scheme, "http");
        assert_slice(client.authority, "own.example:8080");
    }
    arena_done(&arena);
}

static void what_is_no_list_of_networks_is_refused(void **state)
{
    static const char *const cases[] = {
        "",          "10.0.0.0/33", "proxy.example", "10.0.0.0/8,",   "10.0.0.0/8 unix",
        "unix:/run", "*",           "10.0.0.0/08",   "2001:db8::/129"};
    struct proxies proxies = {.count = 7};
    char many[PROXIES_MOST * 9 + 10];
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (status_is_ok(proxies_parse(&arena, slice_from_cstr(cases[i]), &proxies)))
            fail_msg("\"%s\" is accepted", cases[i]);
    for (size_t i = 0; i <= PROXIES_MOST; i++)
        memcpy(many + i * 9, "10.0.0.1,", 9);
    assert_false(
        status_is_ok(proxies_parse(&arena, slice_make(many, PROXIES_MOST * 9 + 8), &proxies)));
    assert_int_equal(proxies.count, 7);
    assert_true(
        status_is_ok(proxies_parse(&arena, slice_make(many, PROXIES_MOST * 9 - 1), &proxies)));
    assert_int_equal(proxies.count, PROXIES_MOST);
    arena_done(&arena);
}

static void origins_are_written_as_browsers_write_them(void **state)
{
    static const struct {
        const char *text;
        const char *origin; /* NULL: none */
    } cases[] = {
        {"https://data.example.com", "https://data.example.com"},
        {"HTTPS://Data.Example.COM:443", "https://data.example.com"},
        {"http://data.example.com:80", "http://data.example.com"},
        {"http://data.example.com:443", "http://data.example.com:443"},
        {"http://127.0.0.1:08080", "http://127.0.0.1:8080"},
        {"https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"},
        {"https://[::1]", "https://[::1]"},
        {"https://data.example.com:", "https://data.example.com"},
        {"https://data.example.com/", NULL},
        {"https://data.example.com/console", NULL},
        {"https://data.example.com?x", NULL},
        {"https://data.example.com#x", NULL},
        {"https://user@data.example.com", NULL},
        {"https://data.example.com:65536", NULL},
        {"https://data.example.com:x", NULL},
        {"https://", NULL},
        {"https:data.example.com", NULL},
        {"ftp://data.example.com", NULL},
        {"data.example.com", NULL},
        {"null", NULL},
        {"", NULL},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 1 << 20);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct slice origin = SLICE("untouched");
        bool is_origin = origin_parse(&arena, slice_from_cstr(cases[i].text), &origin);

        if (is_origin != (cases[i].origin != NULL))
            fail_msg("\"%s\" is%s an origin", cases[i].text, is_origin ? "" : " not");
        assert_slice(origin, is_origin ? cases[i].origin : "untouched");
    }
    assert_slice(origin_of(&arena, SLICE("https"), SLICE_EMPTY), "");
    assert_slice(origin_of(&arena, SLICE_EMPTY, SLICE("data.example.com")), "");
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_walk_ends_at_the_first_hop_that_is_untrusted_or_unreadable),
        cmocka_unit_test(without_trusted_proxies_the_peer_is_the_client),
        cmocka_unit_test(the_last_scheme_and_host_of_a_trusted_peer_count),
        cmocka_unit_test(what_is_no_list_of_networks_is_refused),
        cmocka_unit_test(origins_are_written_as_browsers_write_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
