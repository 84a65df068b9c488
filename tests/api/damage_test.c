/*
 * A store whose rows are damaged directly in its database: check and verify-audit must say how.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <rocksdb/c.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "shell.h"
#include "storage/store.h"

/* A store with a row in each family that is checked. */
static void make_store(void)
{
    struct api_user user = {.email = "owner@acme.example"};
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
    snprintf(user.password, sizeof(user.password), "%s", server.password);
    api_sign_in(&server, &user);
    api_sign_in(&server, &user);
    api_stop(&server);
    assert_int_equal(shell_run("rm -rf good good.key && mv %s good && mv %s.key good.key",
                               server.data, server.data),
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

    snprintf(path, sizeof(path), "%s/data", shell_folder);
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
        assert_int_equal(shell_run("rm -rf data data.key; cp -r good data; cp good.key data.key"),
                         0);
        cut_from("audit", rows[i].rows);
        if (!rows[i].indexes) {
            cut_from("audit_by_object", 0);
            cut_from("audit_by_actor", 0);
            cut_from("audit_by_time", 0);
        }
        if (!rows[i].head)
            cut_head();
        assert_int_equal(shell_run("$D verify-audit --data-dir data"), 1);
        shell_says(rows[i].verify);
        assert_int_equal(shell_run("$D check --data-dir data"), 1);
    }
}

static const struct {
    const char *family;
    int place;
    enum spoiling how;
    const char *check;  /* says this */
    const char *verify; /* says this; NULL: nothing is wrong */
} spoilings[] = {
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
    {"users", 0, CUT, "the session belongs to no user", NULL},
    {"sessions", 0, CUT, "is missing (sessions)", NULL},
    {"sessions", 0, TURN_FIELD, "the session belongs to no user", NULL},
    {"sessions", 0, TURN_KEY, "is that of another session (session_hashes)", NULL},
    {"sessions", 0, GARBLE, "cannot be read", NULL},
    {"session_hashes", 0, CUT, "is missing (session_hashes)", NULL},
    {"session_hashes", 0, TURN_KEY, "is that of another session (sessions)", NULL},
    {"session_hashes", 0, SWAP, "is that of another session (sessions)", NULL},
    {"session_hashes", 0, GARBLE, "cannot be read", NULL},
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

static void whatever_is_spoiled_is_said(void **state)
{
    (void)state;
    make_store();
    for (size_t i = 0; i < sizeof(spoilings) / sizeof(spoilings[0]); i++) {
        int code;

        assert_int_equal(shell_run("rm -rf data data.key; cp -r good data; cp good.key data.key"),
                         0);
        spoil(spoilings[i].family, spoilings[i].place, spoilings[i].how);
        code = shell_run("$D check --data-dir data");
        if (code != 1)
            fail_msg("row %zu, %s: check ended with %d: %s", i, spoilings[i].family, code,
                     shell_output);
        shell_says(spoilings[i].check);
        code = shell_run("$D verify-audit --data-dir data");
        if (code != (spoilings[i].verify != NULL))
            fail_msg("row %zu, %s: verify-audit ended with %d: %s", i, spoilings[i].family, code,
                     shell_output);
        if (code != 0)
            shell_says(spoilings[i].verify);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_audit_chain_that_was_cut_or_removed_is_said, shell_start,
                                        shell_end),
        cmocka_unit_test_setup_teardown(whatever_is_spoiled_is_said, shell_start, shell_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
