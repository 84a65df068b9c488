/*
 * init, organization-add and the first start as programs: what they create, what they refuse and
 * leave alone, and what a kill at any time leaves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "shell.h"

static void init_makes_a_store_once(void **state)
{
    static const char *const keys[] = {
        "{\"organizationId\":\"", "\"ownerEmail\":\"owner@acme.example\"", "\"apiToken\":\"dsa_"};

    (void)state;
    assert_int_equal(shell_run(SHELL_INIT), 0);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        shell_says(keys[i]);
    assert_int_equal(shell_run("stat -c %%a data data.key"), 0);
    assert_string_equal(shell_output, "700\n400\n");
    assert_int_equal(shell_run(SHELL_INIT), 1);
    shell_says("already");
    assert_int_equal(shell_run(SHELL_ADD), 0);
    shell_says("\"apiToken\":\"dsa_");
    assert_int_equal(shell_run("$D check --data-dir data && $D verify-audit --data-dir data"), 0);
    shell_says("consistent at revision ");
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
        assert_int_equal(shell_run("$D init --data-dir data %s", rows[i].flags), 1);
        shell_says(rows[i].says);
        assert_int_equal(shell_run("ls -A"), 0);
        assert_string_equal(shell_output, "");
    }
    assert_int_equal(shell_run(SHELL_INIT), 0);
}

static void the_owner_gets_a_password_that_is_given_or_printed(void **state)
{
    (void)state;
    assert_int_equal(shell_run(SHELL_INIT), 0);
    shell_says("\"ownerPassword\":\"");
    assert_int_equal(
        shell_run("echo 'a good password' >pw && " SHELL_ADD " --owner-password-file pw"), 0);
    assert_null(strstr(shell_output, "ownerPassword"));
    assert_int_equal(shell_run("grep -r 'a good password' data"), 1);
    assert_int_equal(shell_run("$D check --data-dir data"), 0);
    assert_int_equal(shell_run(SHELL_ADD), 1);
    shell_says("used by another user");
}

/* Else nobody could tell that the only sight of the token was lost. */
static void a_token_that_could_not_be_printed_is_told(void **state)
{
    (void)state;
    assert_int_equal(shell_run(SHELL_INIT " >/dev/full"), 1);
    shell_says("could not be printed");
    assert_int_equal(shell_run(SHELL_ADD), 0);
}

static void one_chain_can_be_verified(void **state)
{
    char id[37];

    (void)state;
    assert_int_equal(shell_run(SHELL_INIT), 0);
    memcpy(id, strstr(shell_output, "Id\":\"") + 5, 36);
    id[36] = '\0';
    assert_int_equal(shell_run(SHELL_ADD), 0);
    assert_int_equal(shell_run("$D verify-audit --data-dir data --organization-id %s", id), 0);
    shell_says("3 rows, head ");
    shell_says(id);
    assert_int_equal(shell_run("$D verify-audit --data-dir data"), 0);
    id[35] = id[35] == '0' ? '1' : '0';
    assert_int_equal(shell_run("$D verify-audit --data-dir data --organization-id %s", id), 1);
    shell_says("no such organization");
    assert_int_equal(shell_run("$D verify-audit --data-dir data --organization-id x"), 1);
    shell_says("UUID");
}

static void only_init_makes_anything(void **state)
{
    static const char *const commands[] = {SHELL_ADD, SHELL_SERVE, "$D check --data-dir data",
                                           "$D verify-audit --data-dir data"};

    (void)state;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        assert_int_equal(shell_run("%s", commands[i]), 1);
        shell_says("There is no store in data: create one with \"datastreamd init\".");
        assert_int_equal(shell_run("ls -A"), 0);
        assert_string_equal(shell_output, "");
    }
}

/* A kill at any time of it: what is there is a store or in nobody's way. */
static void init_that_was_killed_can_be_repeated(void **state)
{
    (void)state;
    for (int ms = 0; ms < 100; ms += 8) {
        shell_run("rm -rf data data.key*");
        shell_run("timeout -s KILL 0.%03d " SHELL_INIT, ms + 1);
        if (shell_run(SHELL_INIT) != 0)
            shell_says("already");
        assert_int_equal(shell_run("$D check --data-dir data"), 0);
    }
}

/* The key has its first name yet when the kill comes after the commit. */
static void a_key_that_waits_for_its_name_gets_it(void **state)
{
    (void)state;
    assert_int_equal(shell_run(SHELL_INIT " && mv data.key data.key.new"), 0);
    assert_int_equal(shell_run("$D check --data-dir data && ls"), 0);
    shell_says("data.key.new\n"); /* who only reads renames nothing */
    assert_int_equal(shell_run(SHELL_ADD), 0);
    assert_int_equal(shell_run("ls -A"), 0);
    assert_string_equal(shell_output, "data\ndata.key\n");
    assert_int_equal(shell_run("$D check --data-dir data"), 0);
}

static void an_init_that_failed_leaves_no_key(void **state)
{
    static const char *const attempts[] = {
        "$D init --data-dir no/data --key-file data.key --organization A --owner-email a@b.example",
        "touch data && " SHELL_INIT,
        "ulimit -f 1 && " SHELL_INIT, /* the store can be opened and not written */
        "mkdir data && touch data/CURRENT && " SHELL_INIT,
    };

    (void)state;
    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
        assert_int_equal(shell_run("rm -rf data data.key*; %s", attempts[i]), 1);
        assert_int_equal(shell_run("ls -A | grep -v ^data$"), 1);
        assert_string_equal(shell_output, "");
    }
    assert_int_equal(shell_run("rm -rf data; " SHELL_INIT), 0);
}

#define SERVE_A_WHILE                                                                              \
    SHELL_SERVE " >ready & until grep -q ready ready; do kill -0 $! || exit 9; sleep 0.05; done; " \
                "kill $!; wait $! && rm ready && "

/* Whoever starts the server first and reads the manual then. */
static void init_takes_a_store_that_waits_for_its_setup(void **state)
{
    (void)state;
    assert_int_equal(shell_run("mkdir data; " SERVE_A_WHILE "ls -A"), 0);
    shell_says("data\ndata.key\ndata.setup-token\n");
    assert_int_equal(shell_run("$D check --data-dir data && " SHELL_INIT), 0);
    assert_int_equal(shell_run(SERVE_A_WHILE "$D check --data-dir data && ls -A"), 0);
    shell_says("data\ndata.key\n"); /* nobody needs the token any more */
    assert_int_equal(shell_run(SHELL_INIT), 1);
    shell_says("already has an organization");
}

/* A kill at any time of the first start: the next one finds a store that it can use. */
static void a_first_start_that_was_killed_can_be_repeated(void **state)
{
    (void)state;
    for (int ms = 0; ms < 160; ms += 40) {
        shell_run("rm -rf data data.*; mkdir data; timeout -s KILL 0.%03d " SHELL_SERVE, ms + 1);
        assert_int_equal(shell_run(SERVE_A_WHILE "$D check --data-dir data"), 0);
    }
}

/* Somebody may know the key that he put there. */
static void init_uses_a_key_that_it_finds_only_when_told(void **state)
{
    (void)state;
    assert_int_equal(shell_run(SHELL_INIT " && rm -rf data"), 0);
    assert_int_equal(shell_run(SHELL_INIT), 1);
    shell_says("exists already");
    shell_says("--key-file data.key");
    assert_int_equal(shell_run(SHELL_INIT " --key-file data.key && $D check --data-dir data"), 0);
}

static void init_does_not_hang_at_a_key_that_is_a_fifo(void **state)
{
    (void)state;
    assert_int_equal(shell_run("mkfifo data.key && timeout 20 " SHELL_INIT), 1);
    shell_says("is not a regular file");
    assert_int_equal(shell_run("timeout 20 " SHELL_INIT " --key-file data.key"), 1);
    shell_says("is not a regular file");
    assert_int_equal(shell_run("ls -A"), 0);
    assert_string_equal(shell_output, "data.key\n");
}

static void files_are_private_whatever_the_umask(void **state)
{
    (void)state;
    assert_int_equal(shell_run("umask 0; " SHELL_INIT), 0);
    assert_int_equal(shell_run("find data data.key -perm /077"), 0);
    assert_string_equal(shell_output, "");
    assert_int_equal(shell_run("chmod 755 data; $D check --data-dir data; stat -c %%a data"), 0);
    shell_says("Other users could enter the data directory");
    shell_says("\n700\n");
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
        assert_int_equal(shell_run("$D serve --data-dir data --listen %s", rows[i].listen), 1);
        shell_says(rows[i].says);
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
        assert_int_equal(shell_run("$D serve --data-dir data %s", rows[i].flags), 1);
        shell_says(rows[i].says);
    }
}

/* The losers must not take the winner's key away either. */
static void of_many_inits_one_makes_the_store(void **state)
{
    (void)state;
    for (int round = 0; round < 5; round++) {
        const char *made = shell_output;
        int count = 0;

        shell_run("rm -rf data data.key; for i in 1 2 3 4 5 6; do " SHELL_INIT " & done; wait");
        while ((made = strstr(made, "\"apiToken\"")) != NULL && ++count > 0)
            made++;
        assert_int_equal(count, 1);
        assert_int_equal(shell_run("$D check --data-dir data"), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(init_makes_a_store_once, shell_start, shell_end),
        cmocka_unit_test_setup_teardown(what_init_is_told_is_checked, shell_start, shell_end),
        cmocka_unit_test_setup_teardown(the_owner_gets_a_password_that_is_given_or_printed,
                                        shell_start, shell_end),
        cmocka_unit_test_setup_teardown(a_token_that_could_not_be_printed_is_told, shell_start,
                                        shell_end),
        cmocka_unit_test_setup_teardown(one_chain_can_be_verified, shell_start, shell_end),
        cmocka_unit_test_setup_teardown(only_init_makes_anything, shell_start, shell_end),
        cmocka_unit_test_setup_teardown(init_that_was_killed_can_be_repeated, shell_start,
                                        shell_end),
        cmocka_unit_test_setup_teardown(a_key_that_waits_for_its_name_gets_it, shell_start,
                                        shell_end),
        cmocka_unit_test_setup_teardown(an_init_that_failed_leaves_no_key, shell_start, shell_end),
        cmocka_unit_test_setup_teardown(init_takes_a_store_that_waits_for_its_setup, shell_start,
                                        shell_end),
        cmocka_unit_test_setup_teardown(a_first_start_that_was_killed_can_be_repeated, shell_start,
                                        shell_end),
        cmocka_unit_test_setup_teardown(init_uses_a_key_that_it_finds_only_when_told, shell_start,
                                        shell_end),
        cmocka_unit_test_setup_teardown(init_does_not_hang_at_a_key_that_is_a_fifo, shell_start,
                                        shell_end),
        cmocka_unit_test_setup_teardown(files_are_private_whatever_the_umask, shell_start,
                                        shell_end),
        cmocka_unit_test_setup_teardown(listeners_are_judged_before_the_store, shell_start,
                                        shell_end),
        cmocka_unit_test_setup_teardown(proxies_and_the_public_url_are_judged_before_the_store,
                                        shell_start, shell_end),
        cmocka_unit_test_setup_teardown(of_many_inits_one_makes_the_store, shell_start, shell_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
