/*
 * Clients that come through proxies: their addresses are found, and count for allowed networks,
 * last uses and the audit trail, where the peer is trusted and only there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness.h"

#define WHO "/api/v1/authorization/whoami"
#define TOKENS "/api/v1/api-tokens"

static struct api_server server;
static char token[64]; /* that counts within 198.51.100.0/24 alone */
static char token_id[40];

static void serve(const char *trusted)
{
    char listen[96];
    const char *flags[] = {"--listen", listen, "--trusted-proxies", trusted, NULL};

    snprintf(listen, sizeof(listen), "unix:%s/socket", server.dir);
    if (server.pid != 0)
        api_stop(&server);
    if (trusted == NULL)
        flags[2] = NULL;
    api_restart(&server, flags);
}

static int start(void **state)
{
    char role[40];
    char body[256];
    struct api_reply reply;

    (void)state;
    api_start(&server, NULL);
    api_role_id(&server, "API Reader", role);
    snprintf(body, sizeof(body),
             "{\"name\":\"bound\",\"roleId\":\"%s\",\"expiration\":\"ONE_WEEK\","
             "\"allowedCidrs\":[\"198.51.100.0/24\"]}",
             role);
    reply = api_expect(&server, 201, "POST", TOKENS, server.token, body);
    api_field(&reply, "token", token, sizeof(token));
    api_field(&reply, "id", token_id, sizeof(token_id));
    api_reply_free(&reply);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    api_stop(&server);
    api_remove(&server);
    return 0;
}

static int unix_connect(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", server.dir);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void assert_status(int wanted, bool by_unix, const char *headers)
{
    int fd = by_unix ? unix_connect() : api_connect(&server);
    struct api_reply reply = api_send(fd, "GET", WHO, token, headers, NULL);

    if (reply.status != wanted)
        fail_msg("%d instead of %d for %s", reply.status, wanted, headers);
    api_reply_free(&reply);
    close(fd);
}

#define INSIDE "X-Forwarded-For: 203.0.113.5, 198.51.100.7\r\n"
#define OUTSIDE "X-Forwarded-For: 198.51.100.7, 203.0.113.5\r\n"

static void nobody_is_believed_who_is_not_trusted(void **state)
{
    (void)state;
    serve(NULL);
    assert_status(401, false, INSIDE);
    assert_status(401, true, INSIDE);
    serve("203.0.113.0/24");
    assert_status(401, false, INSIDE);
    assert_status(401, true, INSIDE);
}

static void a_trusted_proxy_names_the_client(void **state)
{
    (void)state;
    serve("127.0.0.0/8");
    assert_status(200, false, INSIDE);
    assert_status(200, false, "X-Forwarded-For: 198.51.100.7, 127.0.0.9\r\n");
    assert_status(200, false, "X-Forwarded-For: 198.51.100.7\r\nX-Forwarded-For: 127.0.0.9\r\n");
    assert_status(401, false, OUTSIDE);
    assert_status(401, false, "X-Forwarded-For: 198.51.100.7, unknown\r\n");
    assert_status(401, false, NULL);
    assert_status(401, true, INSIDE);
    serve("unix");
    assert_status(200, true, INSIDE);
    assert_status(401, true, OUTSIDE);
    assert_status(401, false, INSIDE);
}

/* Last uses are written once a minute, and when the server ends. */
static void last_uses_and_the_audit_trail_name_the_client(void **state)
{
    struct api_reply reply;
    char path[96];

    (void)state;
    serve("127.0.0.1");
    assert_status(200, false, INSIDE);
    snprintf(path, sizeof(path), TOKENS "/%s:disable", token_id);
    reply = api_call(&server, "POST", path, server.token, "X-Forwarded-For: [2001:DB8::7]:99\r\n",
                     "{}");
    assert_int_equal(reply.status, 200);
    api_reply_free(&reply);
    reply = api_expect(&server, 200, "GET", "/api/v1/audit-logs", server.token, NULL);
    assert_true(api_contains(&reply, "\"sourceIp\":\"2001:db8::7\""));
    api_reply_free(&reply);
    serve(NULL);
    snprintf(path, sizeof(path), TOKENS "/%s", token_id);
    reply = api_expect(&server, 200, "GET", path, server.token, NULL);
    assert_true(api_contains(&reply, "\"lastUsedIp\":\"198.51.100.7\""));
    api_reply_free(&reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_believed_who_is_not_trusted),
        cmocka_unit_test(a_trusted_proxy_names_the_client),
        cmocka_unit_test(last_uses_and_the_audit_trail_name_the_client),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
