/*
 * Secrets over REST: set, kept, cleared, cloned, never shown again, and in no file of the server
 * as they are.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "harness.h"

#define PLAIN "hunter2-and-then-some"
#define OTHER "correct-horse-battery"

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
    api_remove(&server);
    return 0;
}

static void create(const char *path, const char *body, char id[40])
{
    struct api_reply reply = api_expect(&server, 201, "POST", path, server.token, body);

    assert_false(api_contains(&reply, PLAIN));
    api_field(&reply, "id", id, 40);
    api_reply_free(&reply);
}

/* The answer has each of `wanted`, and neither of the two secrets. */
static void expect(int status, const char *verb, const char *path, const char *body,
                   const char *wanted)
{
    struct api_reply reply = api_expect(&server, status, verb, path, server.token, body);

    if (!api_contains(&reply, wanted))
        fail_msg("%s %s: no %s", verb, path, wanted);
    assert_false(api_contains(&reply, PLAIN));
    assert_false(api_contains(&reply, OTHER));
    api_reply_free(&reply);
}

static void expect_no(const char *path, const char *unwanted)
{
    struct api_reply reply = api_expect(&server, 200, "GET", path, server.token, NULL);

    assert_false(api_contains(&reply, unwanted));
    api_reply_free(&reply);
}

static void a_secret_is_set_and_never_shown(void **state)
{
    char id[40], path[128], value[160], copy[40];

    (void)state;
    create("/api/v1/vault/secrets", "{\"name\":\"vault-one\",\"value\":\"" PLAIN "\"}", id);
    snprintf(path, sizeof(path), "/api/v1/vault/secrets/%s", id);
    snprintf(value, sizeof(value), "%s/value", path);
    expect(200, "GET", path, NULL, "\"secretsSet\":{\"value\":");
    expect(200, "GET", path, NULL, "\"status\":\"SET\"");
    expect(200, "PATCH", path, "{\"description\":\"kept\"}", "\"secretsSet\":{\"value\":");
    expect(200, "PUT", value, "{\"value\":\"" OTHER "\"}", "\"secretsSet\":{\"value\":");
    expect(400, "PUT", value, "{\"value\":\"REPLACE_ME\"}", "must be the secret itself");
    expect(200, "GET", "/api/v1/vault/secrets", NULL, "vault-one");
    expect(200, "GET", "/api/v1/audit-logs", NULL, "\"path\":\"value\"");
    create("/api/v1/vault/secrets", "{\"name\":\"vault-empty\",\"value\":\"\"}", copy);
    snprintf(path, sizeof(path), "/api/v1/vault/secrets/%s", copy);
    expect(200, "GET", path, NULL, "\"status\":\"NOT_SET\"");
}

static void secret_settings_are_kept_by_their_keys(void **state)
{
    char id[40], path[128], mask[160], clone[160];

    (void)state;
    create(
        "/api/v1/devices",
        "{\"name\":\"map-one\",\"generic\":{\"type\":\"KAFKA\",\"secretSettings\":{\"a\":\"" PLAIN
        "\",\"b\":\"" OTHER "\",\"q\":\"$env{PASSWORD}\"}}}",
        id);
    snprintf(path, sizeof(path), "/api/v1/devices/%s", id);
    snprintf(mask, sizeof(mask), "%s?updateMask=*", path);
    snprintf(clone, sizeof(clone), "%s:clone", path);
    expect(200, "GET", path, NULL, "generic.secretSettings[\\\"a\\\"]");
    expect(200, "GET", path, NULL, "\"secretSettings\":{\"q\":\"$env{PASSWORD}\"}");
    /* "" clears, an absent key keeps, and so does {}. */
    expect(200, "PATCH", path, "{\"generic\":{\"secretSettings\":{\"a\":\"\"}}}",
           "generic.secretSettings[\\\"b\\\"]");
    expect_no(path, "generic.secretSettings[\\\"a\\\"]");
    expect(200, "PATCH", path, "{\"generic\":{\"secretSettings\":{}}}",
           "generic.secretSettings[\\\"b\\\"]");
    expect(200, "PATCH", mask, "{\"name\":\"map-one\",\"generic\":{\"type\":\"KAFKA\"}}",
           "generic.secretSettings[\\\"b\\\"]");
    expect(201, "POST", clone, "{\"name\":\"map-clone\"}", "generic.secretSettings[\\\"b\\\"]");
    /* null clears all, under a mask too. */
    expect(200, "PATCH", mask,
           "{\"name\":\"map-one\",\"generic\":{\"type\":\"KAFKA\",\"secretSettings\":null}}",
           "\"secretsSet\":{}");
    expect(200, "PATCH", path, "{\"generic\":{\"secretSettings\":{\"c\":\"" PLAIN "\"}}}",
           "generic.secretSettings[\\\"c\\\"]");
    expect(200, "PATCH", path, "{\"generic\":{\"secretSettings\":null}}", "\"secretsSet\":{}");
}

/* A rule that asks for a password knows that there is one. */
static void rules_see_a_secret_that_is_kept(void **state)
{
    char id[40], path[128];

    (void)state;
    create("/api/v1/vault/providers",
           "{\"name\":\"hashi\",\"hashicorpvault\":{\"address\":\"https://vault.example.com\","
           "\"authMethod\":\"TOKEN\",\"token\":\"" PLAIN "\"}}",
           id);
    snprintf(path, sizeof(path), "/api/v1/vault/providers/%s", id);
    expect(200, "PATCH", path,
           "{\"hashicorpvault\":{\"authMethod\":\"TOKEN\",\"namespace\":\"n\"}}",
           "\"secretsSet\":{\"hashicorpvault.token\":");
    expect(400, "PATCH", path, "{\"hashicorpvault\":{\"token\":\"\"}}", "hashicorpvault.token");
    expect(200, "PATCH", path, "{\"hashicorpvault\":{\"token\":\"$env{TOKEN}\"}}",
           "\"secretsSet\":{}");
}

static void an_object_holds_no_more_secrets_than_it_may(void **state)
{
    static char body[300000];
    size_t len;

    (void)state;
    len = (size_t)snprintf(
        body, sizeof(body),
        "{\"name\":\"too-large\",\"generic\":{\"type\":\"KAFKA\",\"secretSettings\":{");
    for (int i = 0; i < 5; i++) {
        len += (size_t)snprintf(body + len, sizeof(body) - len, "%s\"k%d\":\"", i == 0 ? "" : ",",
                                i);
        memset(body + len, 'x', 55000);
        len += 55000;
        body[len++] = '"';
    }
    snprintf(body + len, sizeof(body) - len, "}}}");
    expect(400, "POST", "/api/v1/devices", body, "is one secret too many");
}

/* Whether a file below the folder holds the text. */
static bool is_in_files(const char *folder, const char *text)
{
    DIR *directory = opendir(folder);
    struct dirent *entry;
    bool found = false;

    assert_non_null(directory);
    while ((entry = readdir(directory)) != NULL) {
        char path[1024];
        struct stat status;

        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] == '.' || stat(path, &status) != 0)
            continue;
        if (S_ISDIR(status.st_mode)) {
            found |= is_in_files(path, text);
        } else if (S_ISREG(status.st_mode) && status.st_size > 0) {
            FILE *file = fopen(path, "rb");
            char *bytes = malloc((size_t)status.st_size);

            assert_non_null(file);
            if (fread(bytes, 1, (size_t)status.st_size, file) == (size_t)status.st_size)
                found |= memmem(bytes, (size_t)status.st_size, text, strlen(text)) != NULL;
            free(bytes);
            fclose(file);
        }
    }
    closedir(directory);
    return found;
}

static void no_file_of_the_server_holds_a_secret(void **state)
{
    char id[40], path[160];

    (void)state;
    create("/api/v1/vault/secrets", "{\"name\":\"on-disk\",\"value\":\"" PLAIN "\"}", id);
    expect(400, "POST", "/api/v1/vault/secrets", "{\"name\":\"x\",\"value\":\"" OTHER "\"}",
           "name");
    assert_true(is_in_files(server.dir, "on-disk"));
    assert_false(is_in_files(server.dir, PLAIN));
    assert_false(is_in_files(server.dir, OTHER));
    api_kill(&server);
    api_restart(&server, NULL);
    snprintf(path, sizeof(path), "/api/v1/vault/secrets/%s", id);
    expect(200, "GET", path, NULL, "\"secretsSet\":{\"value\":");
    assert_false(is_in_files(server.dir, PLAIN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_is_set_and_never_shown),
        cmocka_unit_test(secret_settings_are_kept_by_their_keys),
        cmocka_unit_test(rules_see_a_secret_that_is_kept),
        cmocka_unit_test(an_object_holds_no_more_secrets_than_it_may),
        cmocka_unit_test(no_file_of_the_server_holds_a_secret),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
