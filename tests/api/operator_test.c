/*
 * The operator's tools as programs: init, organization-add, check and verify-audit, the key file,
 * and who may have the store when. A store is spoiled behind their back, and they must say how.
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
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "storage/store.h"

static char folder[64];
static char output[65536];

/* Runs a shell command in which $D is the program, from within the folder; its exit code. */
static int run(const char *format, ...)
{
    char command[1024];
    va_list arguments;
    size_t len;
    FILE *pipe;
    int prefix = snprintf(command, sizeof(command),
                          "exec 2>&1; umask 077; cd %s && D=$DATASTREAMD; ", folder);

    va_start(arguments, format);
    vsnprintf(command + prefix, sizeof(command) - (size_t)prefix, format, arguments);
    va_end(arguments);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    len = fread(output, 1, sizeof(output) - 1, pipe);
    output[len] = '\0';
    return WEXITSTATUS(pclose(pipe));
}

static void assert_says(const char *text)
{
    if (strstr(output, text) == NULL)
        fail_msg("\"%s\" is not said: %s", text, output);
}

#define INIT "$D init --data-dir data --organization Acme --owner-email owner@acme.example"
#define ADD "$D organization-add --data-dir data --organization Two --owner-email two@acme.example"
#define SERVE "$D serve --data-dir data --listen 127.0.0.1:0 </dev/null"

static int start(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/datastream-operator-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int end(void **state)
{
    (void)state;
    return run("rm -rf %s", folder);
}

/* -- init ---------------------------------------------------------------------------------- */

static void init_makes_a_store_once(void **state)
{
    static const char *const keys[] = {
        "{\"organizationId\":\"", "\"ownerEmail\":\"owner@acme.example\"", "\"apiToken\":\"dsa_"};

    (void)state;
    assert_int_equal(run(INIT), 0);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        assert_says(keys[i]);
    assert_int_equal(run("stat -c %%a data data.key"), 0);
    assert_string_equal(output, "700\n400\n");
    assert_int_equal(run(INIT), 1);
    assert_says("already");
    assert_int_equal(run(ADD), 0);
    assert_says("\"apiToken\":\"dsa_");
    assert_int_equal(run("$D check --data-dir data && $D verify-audit --data-dir data"), 0);
    assert_says("consistent at revision ");
}

static void what_init_is_told_is_checked(void **state)
{
    static const struct {
        const char *flags;
        const char *says;
    } rows[] = {
        {"--organization Acme", "--owner-email"},
        {"--owner-email a@b.example", "--organization"},
        {"--organization '' --owner-email a@b.example", "name"},
        {"--organization Acme --owner-email nobody", "ownerEmail"},
        {"--organization Acme --owner-email a@b.example --owner-password-file none", "none"},
        {"--organization Acme --owner-email a@b.example --owner-password-file /dev/null",
         "10 to 256 characters"},
        {"--organization $(printf 'a\\001b') --owner-email a@b.example", "control"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(run("$D init --data-dir data %s", rows[i].flags), 1);
        assert_says(rows[i].says);
        assert_int_equal(run("ls -A"), 0);
        assert_string_equal(output, "");
    }
    assert_int_equal(run(INIT), 0);
}

static void the_owner_gets_a_password_that_is_given_or_printed(void **state)
{
    (void)state;
    assert_int_equal(run(INIT), 0);
    assert_says("\"ownerPassword\":\"");
    assert_int_equal(run("echo 'a good password' >pw && " ADD " --owner-password-file pw"), 0);
    assert_null(strstr(output, "ownerPassword"));
    assert_int_equal(run("grep -r 'a good password' data"), 1);
    assert_int_equal(run("$D check --data-dir data"), 0);
    assert_int_equal(run(ADD), 1);
    assert_says("used by another user");
}

/* Else nobody could tell that the only sight of the token was lost. */
static void a_token_that_could_not_be_printed_is_told(void **state)
{
    (void)state;
    assert_int_equal(run(INIT " >/dev/full"), 1);
    assert_says("could not be printed");
    assert_int_equal(run(ADD), 0);
}

static void one_chain_can_be_verified(void **state)
{
    char id[37];

    (void)state;
    assert_int_equal(run(INIT), 0);
    memcpy(id, strstr(output, "Id\":\"") + 5, 36);
    id[36] = '\0';
    assert_int_equal(run(ADD), 0);
    assert_int_equal(run("$D verify-audit --data-dir data --organization-id %s", id), 0);
    assert_says("3 rows, head ");
    assert_says(id);
    assert_int_equal(run("$D verify-audit --data-dir data"), 0);
    id[35] = id[35] == '0' ? '1' : '0';
    assert_int_equal(run("$D verify-audit --data-dir data --organization-id %s", id), 1);
    assert_says("no such organization");
    assert_int_equal(run("$D verify-audit --data-dir data --organization-id x"), 1);
    assert_says("UUID");
}

static void only_init_makes_anything(void **state)
{
    static const char *const commands[] = {ADD, SERVE, "$D check --data-dir data",
                                           "$D verify-audit --data-dir data"};

    (void)state;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        assert_int_equal(run("%s", commands[i]), 1);
        assert_says("There is no store in data: create one with \"datastreamd init\".");
        assert_int_equal(run("ls -A"), 0);
        assert_string_equal(output, "");
    }
}

/* A kill at any time of it: what is there is a store or in nobody's way. */
static void init_that_was_killed_can_be_repeated(void **state)
{
    (void)state;
    for (int ms = 0; ms < 100; ms += 8) {
        run("rm -rf data data.key*");
        run("timeout -s KILL 0.%03d " INIT, ms + 1);
        if (run(INIT) != 0)
            assert_says("already");
        assert_int_equal(run("$D check --data-dir data"), 0);
    }
}

/* The key has its first name yet when the kill comes after the commit. */
static void a_key_that_waits_for_its_name_gets_it(void **state)
{
    (void)state;
    assert_int_equal(run(INIT " && mv data.key data.key.new"), 0);
    assert_int_equal(run("$D check --data-dir data && ls"), 0);
    assert_says("data.key.new\n"); /* who only reads renames nothing */
    assert_int_equal(run(ADD), 0);
    assert_int_equal(run("ls -A"), 0);
    assert_string_equal(output, "data\ndata.key\n");
    assert_int_equal(run("$D check --data-dir data"), 0);
}

static void an_init_that_failed_leaves_no_key(void **state)
{
    static const char *const attempts[] = {
        "$D init --data-dir no/data --key-file data.key --organization A --owner-email a@b.example",
        "touch data && " INIT,
        "ulimit -f 1 && " INIT, /* the store can be opened and not written */
        "mkdir data && touch data/CURRENT && " INIT,
    };

    (void)state;
    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
        assert_int_equal(run("rm -rf data data.key*; %s", attempts[i]), 1);
        assert_int_equal(run("ls -A | grep -v ^data$"), 1);
        assert_string_equal(output, "");
    }
    assert_int_equal(run("rm -rf data; " INIT), 0);
}

#define SERVE_A_WHILE                                                                        \
    SERVE " >ready & until grep -q ready ready; do kill -0 $! || exit 9; sleep 0.05; done; " \
          "kill $!; wait $! && rm ready && "

/* Whoever starts the server first and reads the manual then. */
static void init_takes_a_store_that_waits_for_its_setup(void **state)
{
    (void)state;
    assert_int_equal(run("mkdir data; " SERVE_A_WHILE "ls -A"), 0);
    assert_says("data\ndata.key\ndata.setup-token\n");
    assert_int_equal(run("$D check --data-dir data && " INIT), 0);
    assert_int_equal(run(SERVE_A_WHILE "$D check --data-dir data && ls -A"), 0);
    assert_says("data\ndata.key\n"); /* nobody needs the token any more */
    assert_int_equal(run(INIT), 1);
    assert_says("already has an organization");
}

/* A kill at any time of the first start: the next one finds a store that it can use. */
static void a_first_start_that_was_killed_can_be_repeated(void **state)
{
    (void)state;
    for (int ms = 0; ms < 160; ms += 40) {
        run("rm -rf data data.*; mkdir data; timeout -s KILL 0.%03d " SERVE, ms + 1);
        assert_int_equal(run(SERVE_A_WHILE "$D check --data-dir data"), 0);
    }
}

/* Somebody may know the key that he put there. */
static void init_uses_a_key_that_it_finds_only_when_told(void **state)
{
    (void)state;
    assert_int_equal(run(INIT " && rm -rf data"), 0);
    assert_int_equal(run(INIT), 1);
    assert_says("exists already");
    assert_says("--key-file data.key");
    assert_int_equal(run(INIT " --key-file data.key && $D check --data-dir data"), 0);
}

static void init_does_not_hang_at_a_key_that_is_a_fifo(void **state)
{
    (void)state;
    assert_int_equal(run("mkfifo data.key && timeout 20 " INIT), 1);
    assert_says("is not a regular file");
    assert_int_equal(run("timeout 20 " INIT " --key-file data.key"), 1);
    assert_says("is not a regular file");
    assert_int_equal(run("ls -A"), 0);
    assert_string_equal(output, "data.key\n");
}

static void files_are_private_whatever_the_umask(void **state)
{
    (void)state;
    assert_int_equal(run("umask 0; " INIT), 0);
    assert_int_equal(run("find data data.key -perm /077"), 0);
    assert_string_equal(output, "");
    assert_int_equal(run("chmod 755 data; $D check --data-dir data; stat -c %%a data"), 0);
    assert_says("Other users could enter the data directory");
    assert_says("\n700\n");
}

static void listeners_are_judged_before_the_store(void **state)
{
    static const struct {
        const char *listen;
        const char *says;
    } rows[] = {
        {"127.0.0.1", "HOST:PORT"},
        {"nowhere:1", "must have an IP address"},
        {"0.0.0.0:0", "reachable from other machines"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(run("$D serve --data-dir data --listen %s", rows[i].listen), 1);
        assert_says(rows[i].says);
    }
}

static void proxies_and_the_public_url_are_judged_before_the_store(void **state)
{
    static const struct {
        const char *flags;
        const char *says;
    } rows[] = {
        {"--public-url https://data.example.com/console", "must be a scheme and an authority"},
        {"--public-url data.example.com", "not \"data.example.com\""},
        {"--trusted-proxies 10.0.0.0/8,proxy.example", "The trusted proxy \"proxy.example\" must"},
        {"--trusted-proxies 10.0.0.0/40", "The trusted proxy \"10.0.0.0/40\" must"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(run("$D serve --data-dir data %s", rows[i].flags), 1);
        assert_says(rows[i].says);
    }
}

/* The losers must not take the winner's key away either. */
static void of_many_inits_one_makes_the_store(void **state)
{
    (void)state;
    for (int round = 0; round < 5; round++) {
        const char *made = output;
        int count = 0;

        run("rm -rf data data.key; for i in 1 2 3 4 5 6; do " INIT " & done; wait");
        while ((made = strstr(made, "\"apiToken\"")) != NULL && ++count > 0)
            made++;
        assert_int_equal(count, 1);
        assert_int_equal(run("$D check --data-dir data"), 0);
    }
}

/* -- help and unknown names ------------------------------------------------------------------ */

static void a_missing_directory_names_init(void **state)
{
    (void)state;
    assert_int_equal(run(SERVE), 1);
    assert_says("create one with \"datastreamd init\"");
    assert_int_equal(run("mkdir data && touch data/other && " SERVE), 1);
    assert_says("create one with \"datastreamd init\"");
    assert_int_equal(run("$D check"), 1);
    assert_says("The flag --data-dir is required.");
}

static void unknown_names_say_what_exists(void **state)
{
    static const struct {
        const char *command;
        const char *says;
    } rows[] = {
        {"$D sevre", "Unknown command sevre (did you mean serve?). The commands are serve, init, "
                     "organization-add, check, verify-audit, rotate-key, owner-reset, openapi, "
                     "proto and help."},
        {"$D SERVE", "did you mean serve?"},
        {"$D frobnicate", "Unknown command frobnicate. The commands are serve"},
        {"$D help chekc", "did you mean check?"},
        {"$D chekc --help", "did you mean check?"},
        {"$D serve --data-dri x",
         "Unknown flag --data-dri (did you mean --data-dir?). \"datastreamd help\""},
        {"$D serve --max-boddy-bytes=1", "did you mean --max-body-bytes?"},
        {"$D serve --frobnicate", "Unknown flag --frobnicate. \"datastreamd help\" lists"},
        {"$D serve data", "\"data\" is not a flag"},
        {"echo 'idle_timout_ms = 1' >c; $D serve --config c",
         "c, line 1: Unknown key idle_timout_ms (did you mean idle_timeout_ms?)."},
        {"printf '# a\\n\\nnothing\\n' >c; $D serve --config c",
         "c, line 3: The line must read \"key = value\"."},
        {"DATASTREAM_LOG_FORMAT=xml $D serve",
         "The environment variable DATASTREAM_LOG_FORMAT must be json or text, not \"xml\"."},
        {"$D serve --idle_timeout_ms 1",
         "The flag --idle-timeout-ms must be a number from 100 to 86400000, not \"1\"."},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(run("%s", rows[i].command), 2);
        assert_says(rows[i].says);
    }
}

static void help_is_grouped_and_each_command_has_its_own(void **state)
{
    static const char *const commands[] = {"serve",   "init",         "organization-add",
                                           "check",   "verify-audit", "rotate-key",
                                           "openapi", "proto",        NULL};
    static const char *const says[] = {"\nServing:\n", "\nStore:\n", "\nOffline tools:\n",
                                       "\nTimes:\n", "--idle-timeout-ms MS"};
    char usage[64];

    (void)state;
    assert_int_equal(run("$D"), 2);
    assert_says("Usage: datastreamd COMMAND");
    assert_int_equal(run("$D help"), 0);
    for (size_t i = 0; i < sizeof(says) / sizeof(says[0]); i++)
        assert_says(says[i]);
    for (size_t i = 0; commands[i] != NULL; i++) {
        assert_int_equal(run("$D help"), 0);
        assert_says(commands[i]);
        snprintf(usage, sizeof(usage), "Usage: datastreamd %s ", commands[i]);
        assert_int_equal(run("$D help %s", commands[i]), 0);
        assert_int_equal(strncmp(output, usage, strlen(usage)), 0);
        assert_int_equal(run("$D %s --config none --help", commands[i]), 0);
        assert_int_equal(strncmp(output, usage, strlen(usage)), 0);
    }
    assert_int_equal(run("$D help init"), 0);
    assert_says("--owner-email MAIL");
    assert_null(strstr(output, "--listen"));
}

/* -- the key file -------------------------------------------------------------------------- */

#define KEY "datastream-key-1 0123456789abcdef %064d\\n"

static void another_key_is_refused(void **state)
{
    static const char *const commands[] = {SERVE, ADD, INIT, "$D check --data-dir data",
                                           "$D verify-audit --data-dir data"};

    (void)state;
    assert_int_equal(run(INIT " && mv data.key kept && printf '" KEY "' 0 >data.key"), 0);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        assert_int_equal(run("%s", commands[i]), 1);
        assert_says("but the store wants the key file with the id ");
    }
    assert_int_equal(run("$D check --data-dir data --key-file kept"), 0);
}

static void a_key_that_cannot_be_read_is_told_and_left_alone(void **state)
{
    static const struct {
        const char *make;
        const char *says;
    } rows[] = {
        {":", "cannot be read: No such file"},
        {": >data.key", "is not a key file"},
        {"mkdir data.key", "is not a regular file"},
        {"mkfifo data.key", "is not a regular file"},
        {"cp kept data.key && chmod 440 data.key", "is open to other users"},
        {"printf 'datastream-key-2 0123456789abcdef %064d\\n' 0 >data.key", "is not a key file"},
        {"head -c 60 kept >data.key", "is not a key file"},
        {"tr a-f A-F <kept >data.key", "is not a key file"},
        {"ln -s kept data.key", "is a symbolic link"},
    };

    (void)state;
    assert_int_equal(run(INIT " && mv data.key kept"), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(run("rm -rf data.key; %s", rows[i].make), 0);
        assert_int_equal(run(SERVE), 1);
        assert_says(rows[i].says);
    }
    /* A new key must not take the place of the lost one. */
    assert_int_equal(run("rm -rf data.key; " INIT), 1);
    assert_int_equal(run("ls -A"), 0);
    assert_string_equal(output, "data\nkept\n");
    assert_int_equal(run("mv kept data.key && $D check --data-dir data/"), 0);
}

/* -- one at a time ------------------------------------------------------------------------- */

static void a_store_has_one_user(void **state)
{
    static const char *const commands[] = {"serve --listen 127.0.0.1:0", "check", "verify-audit",
                                           "organization-add --organization X --owner-email a@b.c",
                                           "init --organization X --owner-email a@b.c"};
    struct api_server server;

    (void)state;
    api_start(&server, NULL);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        assert_int_equal(run("$D %s --data-dir %s", commands[i], server.data), 1);
        assert_says("is in use by another process");
    }
    api_check(&server, 200, "GET", "/readyz", NULL, NULL);
    api_check(&server, 201, "POST", "/api/v1/devices", server.token, "{\"name\":\"still here\"}");
    api_stop(&server);
    assert_int_equal(api_command(&server, "check"), 0);
    api_remove(&server);
}

/* -- spoiled stores ------------------------------------------------------------------------ */

/* A store with a row in each family that is checked. */
static void make_store(void)
{
    struct api_server server;
    struct api_reply reply;
    char director[40];
    char other[40];
    char body[256];

    api_start(&server, NULL);
    reply = api_expect(&server, 201, "POST", "/api/v1/directors", server.token,
                       "{\"name\":\"one\"}");
    api_field(&reply, "id", director, sizeof(director));
    api_reply_free(&reply);
    reply = api_expect(&server, 201, "POST", "/api/v1/directors", server.token,
                       "{\"name\":\"two\"}");
    api_field(&reply, "id", other, sizeof(other));
    api_reply_free(&reply);
    snprintf(body, sizeof(body), "{\"name\":\"edge\",\"directorIds\":[\"%s\"]}", director);
    api_check(&server, 201, "POST", "/api/v1/devices", server.token, body);
    reply = api_expect(&server, 201, "POST", "/api/v1/roles", server.token,
                       "{\"name\":\"readers\",\"permissions\":[\"devices.read\"]}");
    api_field(&reply, "id", director, sizeof(director));
    api_reply_free(&reply);
    snprintf(body, sizeof(body),
             "{\"name\":\"build\",\"roleId\":\"%s\",\"expiration\":\"ONE_WEEK\"}", director);
    reply = api_expect(&server, 201, "POST", "/api/v1/api-tokens", server.token, body);
    api_field(&reply, "id", director, sizeof(director));
    api_reply_free(&reply);
    snprintf(body, sizeof(body), "/api/v1/api-tokens/%s:regenerate", director);
    api_check(&server, 200, "POST", body, server.token, "{\"overlapSeconds\":3600}");
    snprintf(body, sizeof(body), "/api/v1/api-tokens/%s:disable", director);
    api_check(&server, 200, "POST", body, server.token, "{}");
    api_stop(&server);
    assert_int_equal(
        run("rm -rf good good.key && mv %s good && mv %s.key good.key", server.data, server.data),
        0);
    api_remove(&server);
}

struct raw {
    rocksdb_options_t *options;
    rocksdb_t *database;
    char **names;
    size_t count;
    rocksdb_column_family_handle_t *handles[FAMILIES + 1];
};

static void raw_open(struct raw *raw)
{
    const rocksdb_options_t *options[FAMILIES + 1];
    char path[80];
    char *error = NULL;

    snprintf(path, sizeof(path), "%s/data", folder);
    raw->options = rocksdb_options_create();
    raw->names = rocksdb_list_column_families(raw->options, path, &raw->count, &error);
    assert_null(error);
    assert_true(raw->count <= FAMILIES + 1);
    for (size_t i = 0; i < raw->count; i++)
        options[i] = raw->options;
    raw->database = rocksdb_open_column_families(raw->options, path, (int)raw->count,
                                                 (const char *const *)raw->names, options,
                                                 raw->handles, &error);
    assert_null(error);
}

static void raw_close(struct raw *raw)
{
    for (size_t i = 0; i < raw->count; i++)
        rocksdb_column_family_handle_destroy(raw->handles[i]);
    rocksdb_close(raw->database);
    rocksdb_list_column_families_destroy(raw->names, raw->count);
    rocksdb_options_destroy(raw->options);
}

static rocksdb_column_family_handle_t *raw_family(const struct raw *raw, const char *name)
{
    for (size_t i = 0; i < raw->count; i++)
        if (strcmp(raw->names[i], name) == 0)
            return raw->handles[i];
    fail_msg("there is no family %s", name);
    return NULL;
}

struct row {
    char key[128];
    size_t key_len;
    char value[4096];
    size_t value_len;
};

/* Places from here on count from the first of the ring of keys, in the family "meta". */
#define FIRST_KEY 1000

/* The row of this place in its family. */
static struct row row_at(const struct raw *raw, const char *family, int place)
{
    rocksdb_readoptions_t *reading = rocksdb_readoptions_create();
    rocksdb_iterator_t *at = rocksdb_create_iterator_cf(raw->database, reading,
                                                        raw_family(raw, family));
    struct row row = {.key_len = 0};
    const char *bytes;

    if (place >= FIRST_KEY) {
        place -= FIRST_KEY;
        rocksdb_iter_seek(at, "key/", 4);
    } else {
        rocksdb_iter_seek_to_first(at);
    }
    for (; place > 0 && rocksdb_iter_valid(at); place--)
        rocksdb_iter_next(at);
    assert_true(rocksdb_iter_valid(at));
    bytes = rocksdb_iter_key(at, &row.key_len);
    assert_true(row.key_len <= sizeof(row.key));
    memcpy(row.key, bytes, row.key_len);
    bytes = rocksdb_iter_value(at, &row.value_len);
    assert_true(row.value_len <= sizeof(row.value));
    memcpy(row.value, bytes, row.value_len);
    rocksdb_iter_destroy(at);
    rocksdb_readoptions_destroy(reading);
    return row;
}

static int count_rows(const struct raw *raw, const char *family)
{
    rocksdb_readoptions_t *reading = rocksdb_readoptions_create();
    rocksdb_iterator_t *at = rocksdb_create_iterator_cf(raw->database, reading,
                                                        raw_family(raw, family));
    int count = 0;

    for (rocksdb_iter_seek_to_first(at); rocksdb_iter_valid(at); rocksdb_iter_next(at))
        count++;
    rocksdb_iter_destroy(at);
    rocksdb_readoptions_destroy(reading);
    return count;
}

static void row_put(const struct raw *raw, const char *family, const struct row *row)
{
    rocksdb_writeoptions_t *writing = rocksdb_writeoptions_create();
    char *error = NULL;

    rocksdb_put_cf(raw->database, writing, raw_family(raw, family), row->key, row->key_len,
                   row->value, row->value_len, &error);
    assert_null(error);
    rocksdb_writeoptions_destroy(writing);
}

static void row_delete(const struct raw *raw, const char *family, const struct row *row)
{
    rocksdb_writeoptions_t *writing = rocksdb_writeoptions_create();
    char *error = NULL;

    rocksdb_delete_cf(raw->database, writing, raw_family(raw, family), row->key, row->key_len,
                      &error);
    assert_null(error);
    rocksdb_writeoptions_destroy(writing);
}

enum spoiling {
    CUT,        /* the row goes */
    TURN,       /* its last byte gets another last bit */
    TURN_KEY,   /* the row is there under another key too, whose last byte has another last bit */
    TURN_FIELD, /* the same, with another number before the id at the key's end */
    SWAP,       /* its value and that of the next row change places */
    SHORTEN,    /* its value ends in the header */
    GARBLE,     /* its body is no message */
};

static void spoil(const char *family, int place, enum spoiling how)
{
    struct raw raw;
    struct row row;
    struct row next;
    struct row held;

    raw_open(&raw);
    row = row_at(&raw, family, place);
    switch (how) {
    case CUT:
        row_delete(&raw, family, &row);
        break;
    case TURN:
        row.value[row.value_len - 1] ^= 1;
        row_put(&raw, family, &row);
        break;
    case TURN_KEY:
    case TURN_FIELD:
        row.key[row.key_len - (how == TURN_FIELD ? 17 : 1)] ^= 1;
        row_put(&raw, family, &row);
        break;
    case SWAP:
        next = row_at(&raw, family, place + 1);
        held = row;
        memcpy(row.value, next.value, sizeof(row.value));
        row.value_len = next.value_len;
        memcpy(next.value, held.value, sizeof(next.value));
        next.value_len = held.value_len;
        row_put(&raw, family, &row);
        row_put(&raw, family, &next);
        break;
    case SHORTEN:
        row.value_len = 11;
        row_put(&raw, family, &row);
        break;
    case GARBLE:
        memset(row.value + 12, 0xff, row.value_len - 12);
        row_put(&raw, family, &row);
        break;
    }
    raw_close(&raw);
}

/* Removes the rows of a family from this place on. */
static void cut_from(const char *family, int place)
{
    struct raw raw;

    raw_open(&raw);
    for (int rows = count_rows(&raw, family); rows > place; rows--) {
        struct row row = row_at(&raw, family, rows - 1);

        row_delete(&raw, family, &row);
    }
    raw_close(&raw);
}

/* Removes the head of the only chain, which sorts after the counters of kinds. */
static void cut_head(void)
{
    struct raw raw;
    struct row row;

    raw_open(&raw);
    row = row_at(&raw, "counts", count_rows(&raw, "counts") - 1);
    assert_int_equal(row.key_len, 16 + sizeof("audit") - 1);
    row_delete(&raw, "counts", &row);
    raw_close(&raw);
}

static void an_audit_chain_that_was_cut_or_removed_is_said(void **state)
{
    static const struct {
        int rows;           /* of the chain that stay */
        bool head;          /* its head stays */
        bool indexes;       /* the rows that lead to it stay */
        const char *verify; /* says this */
    } rows[] = {
        {3, true, true, "the end of the chain is missing: 3 rows, but row "},
        {3, false, true, "the end of the chain is missing: 3 rows, but row "},
        {3, true, false, "the end of the chain is missing: 3 rows, but row "},
        {3, false, false, "the end of the chain is missing: 3 rows up to revision "},
        {0, true, true, "the chain is missing: 0 rows, but row "},
        {0, false, false,
         "the chain is missing: 0 rows up to revision 0, but something was changed"},
        {99, false, true, "the record of the chain's end is missing or old"},
    };

    (void)state;
    make_store();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(run("rm -rf data data.key; cp -r good data; cp good.key data.key"), 0);
        cut_from("audit", rows[i].rows);
        if (!rows[i].indexes) {
            cut_from("audit_by_object", 0);
            cut_from("audit_by_actor", 0);
            cut_from("audit_by_time", 0);
        }
        if (!rows[i].head)
            cut_head();
        assert_int_equal(run("$D verify-audit --data-dir data"), 1);
        assert_says(rows[i].verify);
        assert_int_equal(run("$D check --data-dir data"), 1);
    }
}

static void whatever_is_spoiled_is_said(void **state)
{
    static const struct {
        const char *family;
        int place;
        enum spoiling how;
        const char *check;  /* says this */
        const char *verify; /* says this; NULL: nothing is wrong */
    } rows[] = {
        {"organizations", 0, CUT, "the organization is missing", "record is missing"},
        {"organizations", 0, SHORTEN, "not a record", NULL},
        {"resources", 0, CUT, "leads to no object", NULL},
        {"resources", 0, SHORTEN, "not a record", NULL},
        {"resources", 0, GARBLE, "cannot be read", NULL},
        {"resources", 0, TURN_KEY, "says something else (names)", NULL},
        {"roles", 0, CUT, "has no target", NULL},
        {"roles", 0, GARBLE, "cannot be read", NULL},
        {"tokens", 0, CUT, "leads to no token", NULL},
        {"tokens", 1, CUT, "has no source", NULL},
        {"tokens", 0, GARBLE, "cannot be read", NULL},
        {"emails", 0, CUT, "is missing (emails)", NULL},
        {"emails", 0, TURN_KEY, "has another address", NULL},
        {"names", 0, CUT, "is missing (names)", NULL},
        {"names", 0, TURN, "leads to no object", NULL},
        {"names", 0, TURN_KEY, "has another name", NULL},
        {"names", 0, SWAP, "says something else (names)", NULL},
        {"references", 0, CUT, "is missing (references)", NULL},
        {"references", 0, TURN_FIELD, "does not refer to it", NULL},
        {"references", 0, TURN_KEY, "has no source", NULL},
        {"indexes", 0, CUT, "is missing (indexes)", NULL},
        {"indexes", 0, TURN_FIELD, "the object has another value", NULL},
        {"indexes", 0, TURN_KEY, "leads to no object", NULL},
        {"token_hashes", 0, CUT, "is missing (token_hashes)", NULL},
        {"token_hashes", 1, CUT, "is missing (token_hashes)", NULL},
        {"token_hashes", 2, CUT, "is missing (token_hashes)", NULL},
        {"token_hashes", 0, TURN, "(token_hashes)", NULL},
        {"token_hashes", 0, TURN_KEY, "does not have this hash", NULL},
        {"token_hashes", 0, GARBLE, "cannot be read", NULL},
        {"usage", 0, TURN_KEY, "the use belongs to no token", NULL},
        {"counts", 0, TURN, "counter is wrong", NULL},
        {"counts", 0, CUT, "no counter", NULL},
        {"counts", 0, SHORTEN, "not a number", NULL},
        {"feed", 0, SHORTEN, "not a change", NULL},
        {"audit", 1, CUT, "audit row is missing", "broken at row 2"},
        {"audit", 1, TURN, "chain is broken", "broken at row 2"},
        {"audit", 1, SHORTEN, "not a record", "broken at row 2"},
        {"audit", 3, SWAP, "chain is broken", "broken at row 4"},
        {"audit_by_object", 0, CUT, "is missing (audit_by_object)", NULL},
        {"audit_by_object", 0, TURN_KEY, "audit row belongs to another object", NULL},
        {"audit_by_actor", 0, CUT, "is missing (audit_by_actor)", NULL},
        {"audit_by_time", 0, CUT, "is missing (audit_by_time)", NULL},
        {"audit_by_actor", 3, TURN_FIELD, "audit row belongs to another actor", NULL},
        {"meta", 0, SHORTEN, "folded by another table", "folded by another table"},
        {"meta", FIRST_KEY, CUT, "key \"audit\" is missing", "key \"audit\" is missing"},
        {"meta", FIRST_KEY, TURN, "key \"audit\" was altered", "key \"audit\" was altered"},
        {"meta", FIRST_KEY + 1, TURN, "key \"csrf\" was altered", "key \"csrf\" was altered"},
        {"meta", FIRST_KEY + 2, TURN, "The store's key \"data/", "The store's key \"data/"},
    };

    (void)state;
    make_store();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int code;

        assert_int_equal(run("rm -rf data data.key; cp -r good data; cp good.key data.key"), 0);
        spoil(rows[i].family, rows[i].place, rows[i].how);
        code = run("$D check --data-dir data");
        if (code != 1)
            fail_msg("row %zu, %s: check ended with %d: %s", i, rows[i].family, code, output);
        assert_says(rows[i].check);
        code = run("$D verify-audit --data-dir data");
        if (code != (rows[i].verify != NULL))
            fail_msg("row %zu, %s: verify-audit ended with %d: %s", i, rows[i].family, code,
                     output);
        if (code != 0)
            assert_says(rows[i].verify);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(init_makes_a_store_once, start, end),
        cmocka_unit_test_setup_teardown(what_init_is_told_is_checked, start, end),
        cmocka_unit_test_setup_teardown(the_owner_gets_a_password_that_is_given_or_printed, start,
                                        end),
        cmocka_unit_test_setup_teardown(a_token_that_could_not_be_printed_is_told, start, end),
        cmocka_unit_test_setup_teardown(one_chain_can_be_verified, start, end),
        cmocka_unit_test_setup_teardown(only_init_makes_anything, start, end),
        cmocka_unit_test_setup_teardown(init_that_was_killed_can_be_repeated, start, end),
        cmocka_unit_test_setup_teardown(a_key_that_waits_for_its_name_gets_it, start, end),
        cmocka_unit_test_setup_teardown(an_init_that_failed_leaves_no_key, start, end),
        cmocka_unit_test_setup_teardown(init_takes_a_store_that_waits_for_its_setup, start, end),
        cmocka_unit_test_setup_teardown(a_first_start_that_was_killed_can_be_repeated, start, end),
        cmocka_unit_test_setup_teardown(init_uses_a_key_that_it_finds_only_when_told, start, end),
        cmocka_unit_test_setup_teardown(init_does_not_hang_at_a_key_that_is_a_fifo, start, end),
        cmocka_unit_test_setup_teardown(files_are_private_whatever_the_umask, start, end),
        cmocka_unit_test_setup_teardown(listeners_are_judged_before_the_store, start, end),
        cmocka_unit_test_setup_teardown(proxies_and_the_public_url_are_judged_before_the_store,
                                        start, end),
        cmocka_unit_test_setup_teardown(of_many_inits_one_makes_the_store, start, end),
        cmocka_unit_test_setup_teardown(a_missing_directory_names_init, start, end),
        cmocka_unit_test_setup_teardown(unknown_names_say_what_exists, start, end),
        cmocka_unit_test_setup_teardown(help_is_grouped_and_each_command_has_its_own, start, end),
        cmocka_unit_test_setup_teardown(another_key_is_refused, start, end),
        cmocka_unit_test_setup_teardown(a_key_that_cannot_be_read_is_told_and_left_alone, start,
                                        end),
        cmocka_unit_test_setup_teardown(a_store_has_one_user, start, end),
        cmocka_unit_test_setup_teardown(an_audit_chain_that_was_cut_or_removed_is_said, start, end),
        cmocka_unit_test_setup_teardown(whatever_is_spoiled_is_said, start, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
