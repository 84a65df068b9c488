/*
 * kill -9 of rotate-key at random instants, twenty times for each of its forms: afterwards the
 * store is whole, it starts with the old key file or the new one, and a start with the other says
 * which it wants.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../api/harness.h"

#define KILLS 20
#define OBJECTS 1200
#define PLAIN "hunter2-and-then-some"

static struct api_server server;
static char current[128]; /* key file of the store */

/* Runs datastreamd with these arguments, killed after so many microseconds; 0: not. The exit code,
 * or -1 when it was killed. */
static int run(useconds_t kill_after, const char *const *arguments, const char *log)
{
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0) {
        if (freopen(log, "w", stdout) == NULL || dup2(1, 2) < 0)
            _exit(127);
        execv(getenv("DATASTREAMD"), (char *const *)(uintptr_t)arguments);
        _exit(127);
    }
    if (kill_after > 0) {
        usleep(kill_after);
        kill(pid, SIGKILL);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int offline(const char *command, const char *key_file, const char *log)
{
    const char *const arguments[] = {"datastreamd", command,  "--data-dir", server.data,
                                     "--key-file",  key_file, NULL};

    return run(0, arguments, log);
}

static bool file_holds(const char *path, const char *text)
{
    char bytes[4096];
    FILE *file = fopen(path, "r");
    size_t len = file == NULL ? 0 : fread(bytes, 1, sizeof(bytes) - 1, file);

    if (file != NULL)
        fclose(file);
    bytes[len] = '\0';
    return strstr(bytes, text) != NULL;
}

static void assert_whole(const char *key_file, const char *log)
{
    if (offline("check", key_file, log) != 0 || offline("verify-audit", key_file, log) != 0) {
        char command[160];

        snprintf(command, sizeof(command), "cat %s", log);
        if (system(command) != 0)
            print_message("no output\n");
        fail_msg("the store is not whole");
    }
}

static void start_once(void)
{
    char body[160];
    int fd;

    if (server.dir[0] != '\0')
        return;
    srandom(11);
    api_start(&server, NULL);
    fd = api_connect(&server);
    assert_true(fd >= 0);
    for (int i = 0; i < OBJECTS; i++) {
        struct api_reply reply;

        snprintf(body, sizeof(body), "{\"name\":\"secret-%d\",\"value\":\"" PLAIN "-%d\"}", i, i);
        reply = api_send(fd, "POST", "/api/v1/vault/secrets", server.token, NULL, body);
        assert_int_equal(reply.status, 201);
        api_reply_free(&reply);
    }
    close(fd);
    api_stop(&server);
    snprintf(current, sizeof(current), "%s.key", server.data);
}

/* How long the command takes when nothing disturbs it, so that kills fall into all of it. */
static useconds_t time_of(const char *const *arguments, const char *log)
{
    struct timespec from, to;

    clock_gettime(CLOCK_MONOTONIC, &from);
    assert_int_equal(run(0, arguments, log), 0);
    clock_gettime(CLOCK_MONOTONIC, &to);
    return (useconds_t)((to.tv_sec - from.tv_sec) * 1000000 + (to.tv_nsec - from.tv_nsec) / 1000);
}

/* An instant of the run: one in four in its first half, which opens the store. */
static useconds_t instant_of(useconds_t length)
{
    useconds_t half = length / 2 + 1;

    return random() % 4 == 0 ? 1 + (useconds_t)random() % half : half + (useconds_t)random() % half;
}

static void a_killed_rotation_leaves_one_key_file_that_is_wanted(void **state)
{
    char log[128], next[128];
    useconds_t length;
    int wanted_new = 0;

    (void)state;
    start_once();
    snprintf(log, sizeof(log), "%s/log", server.dir);
    for (int round = -1; round < KILLS; round++) {
        const char *const arguments[] = {"datastreamd",    "rotate-key", "--data-dir",
                                         server.data,      "--key-file", current,
                                         "--new-key-file", next,         NULL};

        snprintf(next, sizeof(next), "%s/key-%d", server.dir, round);
        if (round < 0) {
            length = time_of(arguments, log);
        } else {
            run(instant_of(length), arguments, log);
            if (offline("check", current, log) == 0)
                continue; /* the old one is wanted still */
            assert_true(file_holds(log, "the store wants the key file with the id "));
            wanted_new++;
        }
        memcpy(current, next, sizeof(current));
        assert_whole(current, log);
        assert_int_equal(run(0, arguments, log), 0);
        assert_true(file_holds(log, "already"));
    }
    assert_whole(current, log);
    print_message("the new key file was wanted after %d of %d kills\n", wanted_new, KILLS);
}

static void a_killed_rotation_of_data_keys_is_finished_by_the_next(void **state)
{
    char log[128];
    useconds_t length;
    int resumed = 0;

    (void)state;
    start_once();
    snprintf(log, sizeof(log), "%s/log", server.dir);
    {
        const char *const arguments[] = {"datastreamd", "rotate-key", "--data-dir",  server.data,
                                         "--key-file",  current,      "--data-keys", NULL};

        length = time_of(arguments, log);
        for (int round = 0; round < KILLS; round++) {
            run(instant_of(length), arguments, log);
            assert_whole(current, log);
            if (round % 4 == 3) {
                assert_int_equal(run(0, arguments, log), 0);
                resumed += file_holds(log, "interrupted");
                assert_whole(current, log);
            }
        }
        assert_int_equal(run(0, arguments, log), 0);
    }
    assert_whole(current, log);
    print_message("%d rotations were finished\n", resumed);
    {
        const char *const flags[] = {"--key-file", current, NULL};

        api_restart(&server, flags);
        api_check(&server, 200, "GET", "/api/v1/vault/secrets", server.token, NULL);
        api_stop(&server);
    }
    api_remove(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_rotation_leaves_one_key_file_that_is_wanted),
        cmocka_unit_test(a_killed_rotation_of_data_keys_is_finished_by_the_next),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
