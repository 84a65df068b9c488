/* API tokens and roles over REST, as users meet them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness.h"

static struct api_server server;

static int start(void **state)
{
    (void)state;
    api_start(&server, NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    api_stop(&server);
    assert_int_equal(api_command(&server, "check"), 0);
    assert_int_equal(api_command(&server, "verify-audit"), 0);
    api_remove(&server);
    return 0;
}

static void token_path(char *path, size_t size, const char *id, const char *suffix)
{
    snprintf(path, size, "/api/v1/api-tokens/%s%s", id, suffix);
}

static void requests_without_a_valid_token_are_401_with_one_body(void **state)
{
    static const char *const tokens[] = {"dsa_0000000000000000000000000000000000000000000000000",
                                         "nonsense", ""};
    struct api_reply none = api_call(&server, "GET", "/api/v1/devices", NULL, NULL, NULL);
    char challenge[128];

    (void)state;
    assert_int_equal(none.status, 401);
    api_header(&none, "www-authenticate", challenge, sizeof(challenge));
    assert_string_equal(challenge, "Bearer realm=\"datastream\"");
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        struct api_reply reply = api_call(&server, "GET", "/api/v1/devices", tokens[i], NULL, NULL);

        assert_int_equal(reply.status, 401);
        if (tokens[i][0] != '\0') {
            api_header(&reply, "www-authenticate", challenge, sizeof(challenge));
            assert_string_equal(challenge, "Bearer realm=\"datastream\", error=\"invalid_token\"");
        }
        assert_true(api_contains(&reply, "\"code\":16"));
        api_reply_free(&reply);
    }
    api_reply_free(&none);
}

static void two_credentials_are_none(void **state)
{
    char headers[256];
    struct api_reply reply;

    (void)state;
    snprintf(headers, sizeof(headers), "Authorization: Bearer %s\r\nAuthorization: Bearer %s\r\n",
             server.token, "x");
    reply = api_call(&server, "GET", "/api/v1/devices", NULL, headers, NULL);
    assert_int_equal(reply.status, 401);
    api_reply_free(&reply);
}

static void a_token_value_is_shown_once_and_works(void **state)
{
    char role[40], value[64], id[40], path[160], shown[64];
    struct api_reply reply;

    (void)state;
    api_role_id(&server, "API Reader", role);
    api_make_token(&server, server.token, "shown once", role, value, id);
    assert_int_equal(strlen(value), 53);
    assert_memory_equal(value, "dsa_", 4);
    api_check(&server, 200, "GET", "/api/v1/devices", value, NULL);
    token_path(path, sizeof(path), id, "");
    reply = api_expect(&server, 200, "GET", path, server.token, NULL);
    api_field(&reply, "token", shown, sizeof(shown));
    assert_string_equal(shown, "");
    assert_true(api_contains(&reply, value + 49)); /* the masked form ends in the last four */
    assert_false(api_contains(&reply, value));
    assert_true(api_contains(&reply, "\"status\":\"ACTIVE\""));
    assert_true(api_contains(&reply, "\"roleName\":\"API Reader\""));
    api_reply_free(&reply);
}

static void a_role_that_lacks_the_permission_is_403_that_names_it(void **state)
{
    char role[40], value[64], id[40];
    struct api_reply reply;

    (void)state;
    api_role_id(&server, "API Reader", role);
    api_make_token(&server, server.token, "reader", role, value, id);
    reply = api_expect(&server, 403, "POST", "/api/v1/devices", value, "{\"name\":\"mine\"}");
    assert_true(api_contains(&reply, "devices.create"));
    assert_true(api_contains(&reply, "google.rpc.ErrorInfo"));
    api_reply_free(&reply);
}

static void disable_enable_and_delete_hold_at_once(void **state)
{
    char role[40], value[64], id[40], path[160];

    (void)state;
    api_role_id(&server, "API Reader", role);
    api_make_token(&server, server.token, "on and off", role, value, id);
    token_path(path, sizeof(path), id, ":disable");
    api_check(&server, 200, "POST", path, server.token, "{}");
    api_check(&server, 401, "GET", "/api/v1/devices", value, NULL);
    token_path(path, sizeof(path), id, ":enable");
    api_check(&server, 200, "POST", path, server.token, NULL);
    api_check(&server, 200, "GET", "/api/v1/devices", value, NULL);
    token_path(path, sizeof(path), id, "");
    api_check(&server, 200, "DELETE", path, server.token, NULL);
    api_check(&server, 401, "GET", "/api/v1/devices", value, NULL);
    api_check(&server, 404, "GET", path, server.token, NULL);
    token_path(path, sizeof(path), id, "/activity-logs");
    api_check(&server, 200, "GET", path, server.token, NULL);
}

static void regenerate_replaces_the_value_with_or_without_overlap(void **state)
{
    char role[40], first[64], second[64], third[64], id[40], path[160];
    struct api_reply reply;

    (void)state;
    api_role_id(&server, "API Reader", role);
    api_make_token(&server, server.token, "regenerated", role, first, id);
    token_path(path, sizeof(path), id, ":regenerate");
    reply = api_expect(&server, 200, "POST", path, server.token, "{}");
    api_field(&reply, "token", second, sizeof(second));
    api_reply_free(&reply);
    api_check(&server, 401, "GET", "/api/v1/devices", first, NULL);
    api_check(&server, 200, "GET", "/api/v1/devices", second, NULL);
    reply = api_expect(&server, 200, "POST", path, server.token, "{\"overlapSeconds\":4}");
    api_field(&reply, "token", third, sizeof(third));
    api_reply_free(&reply);
    api_check(&server, 200, "GET", "/api/v1/devices", second, NULL);
    api_check(&server, 200, "GET", "/api/v1/devices", third, NULL);
    api_await(&server, 401, "GET", "/api/v1/devices", second, NULL);
    api_check(&server, 200, "GET", "/api/v1/devices", third, NULL);
    api_check(&server, 400, "POST", path, server.token, "{\"expiration\":\"ONE_WEEK\"}");
}

static void expiry_is_preset_or_custom_but_never_both(void **state)
{
    static const struct {
        const char *body;
        int status;
    } cases[] = {
        {"{\"name\":\"eight\",\"roleId\":\"%s\",\"expiration\":\"EIGHT_HOURS\"}", 201},
        {"{\"name\":\"month\",\"roleId\":\"%s\",\"expiration\":\"ONE_MONTH\"}", 201},
        {"{\"name\":\"custom\",\"roleId\":\"%s\",\"expireTime\":\"2100-01-01T00:00:00Z\"}", 201},
        {"{\"name\":\"both\",\"roleId\":\"%s\",\"expiration\":\"ONE_WEEK\",\"expireTime\":"
         "\"2100-01-01T00:00:00Z\"}",
         400},
        {"{\"name\":\"past\",\"roleId\":\"%s\",\"expireTime\":\"2001-01-01T00:00:00Z\"}", 400},
        {"{\"name\":\"wrong\",\"roleId\":\"%s\",\"expiration\":\"NEVER\"}", 400},
    };
    char role[40];

    (void)state;
    api_role_id(&server, "API Reader", role);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char body[512];

        snprintf(body, sizeof(body), cases[i].body, role);
        api_check(&server, cases[i].status, "POST", "/api/v1/api-tokens", server.token, body);
    }
}

static void an_expired_token_is_refused_and_takes_a_new_expiration(void **state)
{
    char role[40], value[64], id[40], path[160], body[512], when[32];
    struct api_reply reply;

    (void)state;
    api_role_id(&server, "API Reader", role);
    api_time_ahead(4, when);
    snprintf(body, sizeof(body), "{\"name\":\"short\",\"roleId\":\"%s\",\"expireTime\":\"%s\"}",
             role, when);
    reply = api_expect(&server, 201, "POST", "/api/v1/api-tokens", server.token, body);
    api_field(&reply, "token", value, sizeof(value));
    api_field(&reply, "id", id, sizeof(id));
    api_reply_free(&reply);
    api_check(&server, 200, "GET", "/api/v1/devices", value, NULL);
    api_await(&server, 401, "GET", "/api/v1/devices", value, NULL);
    token_path(path, sizeof(path), id, "");
    reply = api_expect(&server, 200, "GET", path, server.token, NULL);
    assert_true(api_contains(&reply, "\"status\":\"EXPIRED\""));
    api_reply_free(&reply);
    token_path(path, sizeof(path), id, ":regenerate");
    api_check(&server, 400, "POST", path, server.token, "{}");
    reply = api_expect(&server, 200, "POST", path, server.token, "{\"expiration\":\"ONE_WEEK\"}");
    api_field(&reply, "token", value, sizeof(value));
    api_reply_free(&reply);
    api_check(&server, 200, "GET", "/api/v1/devices", value, NULL);
}

static void nobody_mints_beyond_their_own_permissions(void **state)
{
    char administrator[40], mint[64], id[40], role[40], body[512], path[160], own[64], own_id[40];
    struct api_reply reply;

    (void)state;
    api_role_id(&server, "API Administrator", administrator);
    reply = api_expect(&server, 201, "POST", "/api/v1/roles", server.token,
                       "{\"name\":\"minter\",\"permissions\":[\"api-tokens.create\","
                       "\"api-tokens.edit\",\"api-tokens.read\",\"roles.create\"]}");
    api_field(&reply, "id", role, sizeof(role));
    api_reply_free(&reply);
    api_make_token(&server, server.token, "minter", role, mint, id);
    snprintf(body, sizeof(body), "{\"name\":\"too much\",\"roleId\":\"%s\"}", administrator);
    api_check(&server, 403, "POST", "/api/v1/api-tokens", mint, body);
    api_check(&server, 403, "POST", "/api/v1/roles", mint,
              "{\"name\":\"wider\",\"permissions\":[\"devices.read\"]}");
    api_make_token(&server, server.token, "strong", administrator, own, own_id);
    token_path(path, sizeof(path), own_id, ":regenerate");
    api_check(&server, 403, "POST", path, mint, "{}");
    token_path(path, sizeof(path), own_id, "");
    api_check(&server, 403, "PATCH", path, mint, "{\"allowedCidrs\":[]}");
    token_path(path, sizeof(path), own_id, ":disable");
    api_check(&server, 200, "POST", path, mint, "{}");
    token_path(path, sizeof(path), own_id, ":enable");
    api_check(&server, 403, "POST", path, mint, "{}");
    api_make_token(&server, mint, "as strong as I", role, own, own_id);
}

static void the_owner_role_is_never_a_tokens(void **state)
{
    char owner[40], body[512];
    struct api_reply reply;

    (void)state;
    api_role_id(&server, "Owner", owner);
    snprintf(body, sizeof(body), "{\"name\":\"owner token\",\"roleId\":\"%s\"}", owner);
    reply = api_expect(&server, 400, "POST", "/api/v1/api-tokens", server.token, body);
    assert_true(api_contains(&reply, "roleId"));
    api_reply_free(&reply);
    reply = api_call(&server, "POST", "/api/v1/roles", server.token, NULL,
                     "{\"name\":\"sly\",\"permissions\":[\"owner.transfer\"],"
                     "\"assignableTo\":\"TOKENS\"}");
    assert_true(reply.status == 400 || reply.status == 403);
    api_reply_free(&reply);
}

static void a_role_in_use_is_kept_and_an_edit_of_it_holds_at_once(void **state)
{
    char role[40], value[64], id[40], path[160];
    struct api_reply reply = api_expect(
        &server, 201, "POST", "/api/v1/roles", server.token,
        "{\"name\":\"Device readers\",\"permissions\":[\"devices.read\"]}");

    (void)state;
    api_field(&reply, "id", role, sizeof(role));
    api_reply_free(&reply);
    api_make_token(&server, server.token, "device reader", role, value, id);
    api_check(&server, 200, "GET", "/api/v1/devices", value, NULL);
    api_check(&server, 403, "GET", "/api/v1/directors", value, NULL);
    snprintf(path, sizeof(path), "/api/v1/roles/%s", role);
    reply = api_expect(&server, 409, "DELETE", path, server.token, NULL);
    assert_true(api_contains(&reply, "1"));
    api_reply_free(&reply);
    api_check(&server, 200, "PATCH", path, server.token, "{\"permissions\":[\"directors.read\"]}");
    api_check(&server, 403, "GET", "/api/v1/devices", value, NULL);
    api_check(&server, 200, "GET", "/api/v1/directors", value, NULL);
    token_path(path, sizeof(path), id, "");
    api_check(&server, 200, "DELETE", path, server.token, NULL);
    snprintf(path, sizeof(path), "/api/v1/roles/%s", role);
    api_check(&server, 200, "DELETE", path, server.token, NULL);
}

static void predefined_roles_are_listed_first_and_stay(void **state)
{
    static const char *const names[] = {
        "Owner",           "Admin",      "Contributor", "User", "API Administrator",
        "API Contributor", "API Reader", "API Verifier"};
    char id[40], path[160];

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        api_role_id(&server, names[i], id);
        snprintf(path, sizeof(path), "/api/v1/roles/%s", id);
        api_check(&server, 200, "GET", path, server.token, NULL);
        api_check(&server, 400, "DELETE", path, server.token, NULL);
        api_check(&server, 400, "PATCH", path, server.token, "{\"description\":\"mine\"}");
    }
    api_check(&server, 409, "POST", "/api/v1/roles", server.token,
              "{\"name\":\"oWNER\",\"permissions\":[\"devices.read\"]}");
}

static void a_token_governs_itself_without_permission_but_not_its_role(void **state)
{
    char role[40], value[64], id[40], path[160], other[64], other_id[40], body[128];
    struct api_reply reply;

    (void)state;
    api_role_id(&server, "API Reader", role);
    api_make_token(&server, server.token, "selfish", role, value, id);
    api_make_token(&server, server.token, "neighbour", role, other, other_id);
    token_path(path, sizeof(path), other_id, ":regenerate");
    api_check(&server, 403, "POST", path, value, "{}");
    token_path(path, sizeof(path), id, ":regenerate");
    reply = api_expect(&server, 200, "POST", path, value, "{}");
    api_field(&reply, "token", value, sizeof(value));
    api_reply_free(&reply);
    token_path(path, sizeof(path), id, "");
    snprintf(body, sizeof(body), "{\"roleId\":\"%s\"}", role);
    api_check(&server, 403, "PATCH", path, value, body);
    token_path(path, sizeof(path), id, ":disable");
    api_check(&server, 200, "POST", path, value, "{}");
    api_check(&server, 401, "GET", "/api/v1/devices", value, NULL);
}

static void a_token_outside_its_networks_is_401(void **state)
{
    char role[40], body[256], value[64], id[40], path[160];
    struct api_reply reply;

    (void)state;
    api_role_id(&server, "API Reader", role);
    snprintf(body, sizeof(body),
             "{\"name\":\"elsewhere\",\"roleId\":\"%s\",\"allowedCidrs\":[\"10.0.0.0/8\"]}", role);
    reply = api_expect(&server, 201, "POST", "/api/v1/api-tokens", server.token, body);
    api_field(&reply, "token", value, sizeof(value));
    api_field(&reply, "id", id, sizeof(id));
    api_reply_free(&reply);
    api_check(&server, 401, "GET", "/api/v1/devices", value, NULL);
    token_path(path, sizeof(path), id, "");
    api_check(&server, 400, "PATCH", path, server.token, "{\"allowedCidrs\":[\"10.0.0.0/33\"]}");
    api_check(&server, 200, "PATCH", path, server.token, "{\"allowedCidrs\":[\"127.0.0.0/8\"]}");
    api_check(&server, 200, "GET", "/api/v1/devices", value, NULL);
}

static void a_token_with_networks_mints_none_that_works_elsewhere(void **state)
{
    char role[40], body[256], value[64], id[40], path[160];
    struct api_reply reply;

    (void)state;
    api_role_id(&server, "API Administrator", role);
    snprintf(body, sizeof(body),
             "{\"name\":\"local\",\"roleId\":\"%s\",\"allowedCidrs\":[\"127.0.0.0/8\"]}", role);
    reply = api_expect(&server, 201, "POST", "/api/v1/api-tokens", server.token, body);
    api_field(&reply, "token", value, sizeof(value));
    api_field(&reply, "id", id, sizeof(id));
    api_reply_free(&reply);
    token_path(path, sizeof(path), id, "");
    api_check(&server, 403, "PATCH", path, value, "{\"allowedCidrs\":[]}");
    api_check(&server, 403, "PATCH", path, value, "{\"allowedCidrs\":[\"0.0.0.0/0\"]}");
    token_path(path, sizeof(path), id, ":regenerate");
    reply = api_expect(&server, 200, "POST", path, value, "{}");
    api_field(&reply, "token", value, sizeof(value));
    api_reply_free(&reply);
    snprintf(body, sizeof(body), "{\"name\":\"anywhere\",\"roleId\":\"%s\"}", role);
    reply = api_expect(&server, 403, "POST", "/api/v1/api-tokens", value, body);
    assert_true(api_contains(&reply, "MINT_GUARD"));
    assert_true(api_contains(&reply, "allowedCidrs"));
    api_reply_free(&reply);
    reply = api_expect(&server, 201, "POST", "/api/v1/api-tokens", server.token, body);
    api_field(&reply, "id", id, sizeof(id));
    api_reply_free(&reply);
    token_path(path, sizeof(path), id, ":regenerate");
    api_check(&server, 403, "POST", path, value, "{}");
    snprintf(body, sizeof(body),
             "{\"name\":\"near\",\"roleId\":\"%s\",\"allowedCidrs\":[\"127.0.0.1/32\"]}", role);
    api_check(&server, 201, "POST", "/api/v1/api-tokens", value, body);
}

static void an_editor_who_may_not_read_sees_only_what_the_patch_named(void **state)
{
    char role[40], value[64], id[40], device[40], etag[64], path[160];
    struct api_reply reply = api_expect(
        &server, 201, "POST", "/api/v1/roles", server.token,
        "{\"name\":\"Device editors\",\"permissions\":[\"devices.edit\"]}");

    (void)state;
    api_field(&reply, "id", role, sizeof(role));
    api_reply_free(&reply);
    api_make_token(&server, server.token, "device editor", role, value, id);
    reply = api_expect(&server, 201, "POST", "/api/v1/devices", server.token,
                       "{\"name\":\"secretive\",\"description\":\"hidden\"}");
    api_field(&reply, "id", device, sizeof(device));
    api_reply_free(&reply);
    snprintf(path, sizeof(path), "/api/v1/devices/%s", device);
    api_check(&server, 403, "GET", path, value, NULL);
    reply = api_expect(&server, 200, "PATCH", path, value, "{\"name\":\"still secretive\"}");
    assert_true(api_contains(&reply, "\"name\":\"still secretive\""));
    assert_false(api_contains(&reply, "hidden"));
    assert_false(api_contains(&reply, "description"));
    assert_false(api_contains(&reply, "createdBy"));
    api_header(&reply, "etag", etag, sizeof(etag));
    assert_true(etag[0] == '"');
    api_reply_free(&reply);
}

static void activity_shows_changes_and_refusals(void **state)
{
    char role[40], value[64], id[40], path[160];
    struct api_reply reply;

    (void)state;
    api_role_id(&server, "API Reader", role);
    api_make_token(&server, server.token, "watched", role, value, id);
    api_check(&server, 403, "POST", "/api/v1/devices", value, "{\"name\":\"mine\"}");
    token_path(path, sizeof(path), id, "");
    api_check(&server, 200, "PATCH", path, server.token, "{\"description\":\"changed\"}");
    token_path(path, sizeof(path), id, "/activity-logs");
    reply = api_expect(&server, 200, "GET", path, server.token, NULL);
    for (int i = 0; i < 3000 && !api_contains(&reply, "PERMISSION_DENIED"); i++) {
        usleep(10000); /* the refusal's row does not delay its answer */
        api_reply_free(&reply);
        reply = api_expect(&server, 200, "GET", path, server.token, NULL);
    }
    assert_true(api_contains(&reply, "CreatedApiToken"));
    assert_true(api_contains(&reply, "UpdatedApiToken"));
    assert_true(api_contains(&reply, "PERMISSION_DENIED"));
    assert_false(api_contains(&reply, value));
    api_reply_free(&reply);
}

static void tokens_that_match_are_revoked_at_once(void **state)
{
    char role[40], leaked[64], kept[64], id[40];
    struct api_reply reply;

    (void)state;
    api_role_id(&server, "API Reader", role);
    api_make_token(&server, server.token, "leak-1", role, leaked, id);
    api_make_token(&server, server.token, "leak-2", role, leaked, id);
    api_make_token(&server, server.token, "kept", role, kept, id);
    reply = api_expect(&server, 200, "POST", "/api/v1/api-tokens:revokeMatching", server.token,
                       "{\"filter\":\"name:\\\"leak-*\\\"\",\"dryRun\":true}");
    assert_true(api_contains(&reply, "\"matched\":2"));
    api_reply_free(&reply);
    api_check(&server, 200, "GET", "/api/v1/devices", leaked, NULL);
    reply = api_expect(&server, 200, "POST", "/api/v1/api-tokens:revokeMatching", server.token,
                       "{\"filter\":\"name:\\\"leak-*\\\"\"}");
    assert_true(api_contains(&reply, "\"matched\":2"));
    api_reply_free(&reply);
    api_check(&server, 401, "GET", "/api/v1/devices", leaked, NULL);
    api_check(&server, 200, "GET", "/api/v1/devices", kept, NULL);
    api_check(&server, 400, "POST", "/api/v1/api-tokens:revokeMatching", server.token, "{}");
    api_check(&server, 403, "POST", "/api/v1/api-tokens:revokeMatching", kept,
              "{\"filter\":\"name:\\\"kept\\\"\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_without_a_valid_token_are_401_with_one_body),
        cmocka_unit_test(two_credentials_are_none),
        cmocka_unit_test(a_token_value_is_shown_once_and_works),
        cmocka_unit_test(a_role_that_lacks_the_permission_is_403_that_names_it),
        cmocka_unit_test(disable_enable_and_delete_hold_at_once),
        cmocka_unit_test(regenerate_replaces_the_value_with_or_without_overlap),
        cmocka_unit_test(expiry_is_preset_or_custom_but_never_both),
        cmocka_unit_test(an_expired_token_is_refused_and_takes_a_new_expiration),
        cmocka_unit_test(nobody_mints_beyond_their_own_permissions),
        cmocka_unit_test(the_owner_role_is_never_a_tokens),
        cmocka_unit_test(a_role_in_use_is_kept_and_an_edit_of_it_holds_at_once),
        cmocka_unit_test(predefined_roles_are_listed_first_and_stay),
        cmocka_unit_test(a_token_governs_itself_without_permission_but_not_its_role),
        cmocka_unit_test(a_token_outside_its_networks_is_401),
        cmocka_unit_test(a_token_with_networks_mints_none_that_works_elsewhere),
        cmocka_unit_test(an_editor_who_may_not_read_sees_only_what_the_patch_named),
        cmocka_unit_test(activity_shows_changes_and_refusals),
        cmocka_unit_test(tokens_that_match_are_revoked_at_once),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
