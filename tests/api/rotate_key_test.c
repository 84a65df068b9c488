/*
 * rotate-key as a program: the key file changes in one commit that touches nothing else, and data
 * keys change with every secret.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <rocksdb/c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

#define PLAIN "hunter2-and-then-some"

static struct api_server made; /* what each test has a copy of */
static struct api_server server;
static char output[65536];

/* Runs a shell command in which $D is the program and $S its store; its exit code. */
static int run(const char *format, ...)
{
    char command[1024];
    va_list arguments;
    size_t len;
    FILE *pipe;
    int prefix = snprintf(command, sizeof(command),
                          "exec 2>&1; umask 077; cd %s && D=$DATASTREAMD S=%s; ", server.dir,
                          server.data);

    va_start(arguments, format);
    vsnprintf(command + prefix, sizeof(command) - (size_t)prefix, format, arguments);
    va_end(arguments);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    len = fread(output, 1, sizeof(output) - 1, pipe);
    output[len] = '\0';
    return WEXITSTATUS(pclose(pipe));
}

static void assert_run(int code, const char *command, const char *says)
{
    int found = run("%s", command);

    if (found != code || strstr(output, says) == NULL)
        fail_msg("%s ended with %d, wanted %d and \"%s\": %s", command, found, code, says, output);
}

/* A store of two organizations, with a secret, a map of secrets and a password; stopped. */
static int make(void **state)
{
    struct api_reply reply;
    char path[128];
    char id[40];

    (void)state;
    api_start(&made, NULL);
    api_check(&made, 201, "POST", "/api/v1/vault/secrets", made.token,
              "{\"name\":\"kept\",\"value\":\"" PLAIN "\"}");
    reply = api_expect(
        &made, 201, "POST", "/api/v1/devices", made.token,
        "{\"name\":\"map\",\"generic\":{\"type\":\"KAFKA\",\"secretSettings\":{\"a\":\"" PLAIN
        "\",\"b\":\"b\"}}}");
    api_field(&reply, "id", id, sizeof(id));
    api_reply_free(&reply);
    snprintf(path, sizeof(path), "/api/v1/devices/%s:clone", id);
    api_check(&made, 201, "POST", path, made.token, "{\"name\":\"clone\"}");
    api_stop(&made);
    api_add_organization(&made);
    return 0;
}

static int remove_made(void **state)
{
    (void)state;
    api_remove(&made);
    return 0;
}

static int start(void **state)
{
    (void)state;
    api_copy(&made, &server);
    return 0;
}

static int end(void **state)
{
    (void)state;
    api_remove(&server);
    return 0;
}

static void assert_whole(const char *key_file)
{
    char command[160];

    snprintf(command, sizeof(command),
             "$D check --data-dir $S --key-file %s && $D verify-audit --data-dir $S --key-file %s",
             key_file, key_file);
    assert_run(0, command, "consistent at revision ");
}

/* -- rows ------------------------------------------------------------------------------------- */

#define FAMILIES_MOST 64
#define TEXT_MOST ((size_t)1 << 20)

static bool is_rotated(const char *family, const char *key, size_t len)
{
    return strcmp(family, "meta") == 0 && ((len >= 4 && memcmp(key, "key/", 4) == 0) ||
                                           (len == 6 && memcmp(key, "key_id", 6) == 0) ||
                                           (len == 8 && memcmp(key, "revision", 8) == 0));
}

/* Every row that a rotation of the key file must leave, in order. */
static size_t dump(char *text)
{
    const rocksdb_options_t *options[FAMILIES_MOST];
    rocksdb_column_family_handle_t *handles[FAMILIES_MOST];
    rocksdb_options_t *opening = rocksdb_options_create();
    rocksdb_readoptions_t *reading = rocksdb_readoptions_create();
    char *error = NULL;
    size_t count = 0, len = 0;
    char **names = rocksdb_list_column_families(opening, server.data, &count, &error);
    rocksdb_t *database;

    assert_null(error);
    assert_true(count <= FAMILIES_MOST);
    for (size_t i = 0; i < count; i++)
        options[i] = opening;
    database = rocksdb_open_for_read_only_column_families(
        opening, server.data, (int)count, (const char *const *)names, options, handles, 0, &error);
    assert_null(error);
    for (size_t i = 0; i < count; i++) {
        rocksdb_iterator_t *at = rocksdb_create_iterator_cf(database, reading, handles[i]);

        for (rocksdb_iter_seek_to_first(at); rocksdb_iter_valid(at); rocksdb_iter_next(at)) {
            size_t key_len, value_len;
            const char *key = rocksdb_iter_key(at, &key_len);
            const char *value = rocksdb_iter_value(at, &value_len);

            if (is_rotated(names[i], key, key_len))
                continue;
            assert_true(len + key_len + value_len <= TEXT_MOST);
            memcpy(text + len, key, key_len);
            memcpy(text + len + key_len, value, value_len);
            len += key_len + value_len;
        }
        rocksdb_iter_destroy(at);
        rocksdb_column_family_handle_destroy(handles[i]);
    }
    rocksdb_close(database);
    rocksdb_list_column_families_destroy(names, count);
    rocksdb_readoptions_destroy(reading);
    rocksdb_options_destroy(opening);
    return len;
}

/* -- the key file ----------------------------------------------------------------------------- */

static void another_key_file_changes_the_ring_alone(void **state)
{
    char *before = malloc(TEXT_MOST), *after = malloc(TEXT_MOST);
    size_t len = dump(before);

    (void)state;
    assert_run(0, "cp $S.key old && $D rotate-key --data-dir $S --new-key-file new",
               "Start with --key-file new.");
    assert_int_equal(dump(after), len);
    assert_memory_equal(before, after, len);
    free(before);
    free(after);
    assert_run(0, "cmp old $S.key && stat -c %a new && cut -d' ' -f2 new", "400\n");
    assert_run(1, "$D serve --data-dir $S --listen 127.0.0.1:0 </dev/null",
               "but the store wants the key file with the id ");
    assert_run(0, "$D check --data-dir $S 2>&1 | grep -c $(cut -d' ' -f2 new)", "1");
    assert_whole("new");
}

static void a_rotation_can_be_repeated_and_turned_back(void **state)
{
    (void)state;
    assert_run(0, "$D rotate-key --data-dir $S --new-key-file new",
               "are wrapped with the key file new now");
    assert_run(0, "$D rotate-key --data-dir $S --new-key-file new",
               "are wrapped with the key file new already");
    assert_run(0, "$D rotate-key --data-dir $S --key-file new --new-key-file $S.key", "now (id ");
    assert_whole("$S.key");
    /* What a run left that was killed while it created the file is finished or replaced. */
    assert_run(0, "mv new next.part && $D rotate-key --data-dir $S --new-key-file next && ls",
               "next\n");
    assert_whole("next");
    assert_run(0,
               "printf x >last.part && $D rotate-key --data-dir $S --key-file next --new-key-file "
               "last",
               "now (id ");
    assert_whole("last");
    assert_run(1, "cp last n.part && $D rotate-key --data-dir $S --key-file last --new-key-file n",
               "n.part is in the way");
    assert_whole("last");
}

static void what_cannot_be_done_changes_nothing(void **state)
{
    (void)state;
    assert_run(1, "$D rotate-key --new-key-file new", "--data-dir is required");
    assert_run(1, "$D rotate-key --data-dir $S", "Give either --new-key-file FILE or --data-keys.");
    assert_run(1, "$D rotate-key --data-dir $S --data-keys --new-key-file new", "Give either");
    assert_run(1, "$D rotate-key --data-dir none --new-key-file new", "no store");
    assert_run(
        1, "cp $S.key open && chmod 440 open && $D rotate-key --data-dir $S --new-key-file open",
        "");
    assert_run(1, "$D rotate-key --data-dir $S --key-file gone --new-key-file new",
               "The store wants the key file with the id ");
    assert_run(2, "ls new", "");
    assert_run(1,
               "printf x >bad && chmod 400 bad && $D rotate-key --data-dir $S --new-key-file bad",
               "is not a key file");
    assert_whole("$S.key");
}

static void a_store_in_use_is_left_alone(void **state)
{
    (void)state;
    api_restart(&server, NULL);
    assert_run(3, "$D rotate-key --data-dir $S --new-key-file new", "is in use by another process");
    assert_run(3, "$D rotate-key --data-dir $S --data-keys", "is in use by another process");
    assert_run(2, "ls new", "");
    api_check(&server, 200, "GET", "/readyz", NULL, NULL);
    api_stop(&server);
    assert_whole("$S.key");
}

/* -- data keys -------------------------------------------------------------------------------- */

static void data_keys_change_with_every_secret(void **state)
{
    char *before = malloc(TEXT_MOST), *after = malloc(TEXT_MOST);
    size_t len = dump(before), longer;

    (void)state;
    assert_run(
        0, "$D rotate-key --data-dir $S --data-keys",
        "2 organizations have a new data key. The secrets of 3 objects were encrypted anew.");
    longer = dump(after);
    assert_true(longer != len || memcmp(before, after, len) != 0);
    assert_null(memmem(after, longer, PLAIN, strlen(PLAIN)));
    free(before);
    free(after);
    assert_whole("$S.key");
    assert_run(0, "$D rotate-key --data-dir $S --data-keys", "The secrets of 3 objects");
    assert_whole("$S.key");
    api_restart(&server, NULL);
    api_check(&server, 201, "POST", "/api/v1/vault/secrets", server.token,
              "{\"name\":\"later\",\"value\":\"" PLAIN "\"}");
    api_stop(&server);
    assert_run(0, "$D rotate-key --data-dir $S --data-keys", "The secrets of 4 objects");
    assert_whole("$S.key");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(another_key_file_changes_the_ring_alone),
        TEST(a_rotation_can_be_repeated_and_turned_back),
        TEST(what_cannot_be_done_changes_nothing),
        TEST(a_store_in_use_is_left_alone),
        TEST(data_keys_change_with_every_secret),
    };

    return cmocka_run_group_tests(tests, make, remove_made);
}
