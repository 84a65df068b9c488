/*
 * The queue before standard error: readers that are slow, stand still or are gone, and last words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

#define QUEUE_BYTES ((size_t)128 << 10)
#define THREADS 4
#define EVENTS 5000

static int kept; /* the standard error of before */
static int ends[2];

static int start(void **state)
{
    (void)state;
    kept = dup(STDERR_FILENO);
    return pipe(ends) != 0 || dup2(ends[1], STDERR_FILENO) < 0 || close(ends[1]) != 0;
}

static int end(void **state)
{
    (void)state;
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(ends[0]);
    return 0;
}

static void *log_many(void *name)
{
    log_gather(true);
    for (int i = 0; i < EVENTS; i++) {
        log_event(LOG_INFO, "many", LOG_CSTR("thread", name), LOG_INT("number", i));
        if (i % 10 == 0)
            log_flush();
    }
    log_gather(false);
    return NULL;
}

static void run_threads(void)
{
    static const char *const names[THREADS] = {"a", "b", "c", "d"};
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, log_many, (void *)(uintptr_t)names[i]),
                         0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

struct seen {
    uint64_t lines;  /* of events */
    uint64_t broken; /* that are no whole line of ours */
    uint64_t told;   /* lines that a notice told of */
};

static void see(struct seen *seen, const char *line)
{
    const char *told = strstr(line, "\"event\":\"log.dropped\",\"lines\":");

    if (strncmp(line, "{\"time\":\"", 9) != 0 || strcmp(line + strlen(line) - 2, "}\n") != 0)
        seen->broken++;
    else if (told != NULL)
        seen->told += strtoull(strstr(told, "\"lines\":") + 8, NULL, 10);
    else
        seen->lines++;
}

static struct seen read_log(int fd)
{
    struct seen seen = {0};
    FILE *file = fdopen(dup(fd), "r");
    char line[9000];

    while (fgets(line, sizeof(line), file) != NULL)
        see(&seen, line);
    fclose(file);
    return seen;
}

static void *read_slowly(void *seen)
{
    usleep(200000);
    *(struct seen *)seen = read_log(ends[0]);
    return NULL;
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void every_line_is_written_whole_or_counted(void **state)
{
    uint64_t before = log_dropped();
    struct seen seen;
    pthread_t reader;

    (void)state;
    assert_int_equal(pthread_create(&reader, NULL, read_slowly, &seen), 0);
    assert_true(log_start(QUEUE_BYTES));
    run_threads();
    log_stop();
    close(STDERR_FILENO);
    pthread_join(reader, NULL);
    assert_int_equal(seen.broken, 0);
    assert_true(seen.told > 0); /* the queue is smaller than what was logged at once */
    assert_int_equal(seen.told, log_dropped() - before);
    assert_int_equal(seen.lines + seen.told, THREADS * EVENTS);
}

static void lines_that_find_room_are_all_written(void **state)
{
    uint64_t before = log_dropped();
    struct seen seen;

    (void)state;
    assert_true(log_start(QUEUE_BYTES));
    for (int i = 0; i < 500; i++)
        log_event(LOG_INFO, "few", LOG_INT("number", i));
    log_stop();
    log_event(LOG_INFO, "after", LOG_INT("number", 1)); /* at once again */
    close(STDERR_FILENO);
    seen = read_log(ends[0]);
    assert_int_equal(seen.lines, 501);
    assert_int_equal(log_dropped(), before);
}

static void a_reader_that_is_gone_costs_lines_alone(void **state)
{
    uint64_t before = log_dropped();

    (void)state;
    assert_true(log_start(QUEUE_BYTES));
    close(ends[0]);
    run_threads();
    log_stop();
    assert_int_equal(log_dropped() - before >= THREADS * EVENTS, true);
}

/* What is logged in a child of its own, and how the child ended. */
static int in_child(void (*run)(void))
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        run();
        _exit(0);
    }
    close(STDERR_FILENO); /* the child alone holds the pipe */
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void log_into_a_pipe_that_nobody_reads(void)
{
    int64_t began = now_ms();

    if (!log_start(QUEUE_BYTES))
        _exit(1);
    run_threads();
    if (now_ms() - began > 5000)
        _exit(2);
    began = now_ms();
    log_stop();
    log_event(LOG_INFO, "after", LOG_INT("number", 1));
    log_last_line(SLICE("datastreamd: the end\n"));
    _exit(now_ms() - began > 5000 ? 3 : log_dropped() == 0 ? 4 : 0);
}

static void a_reader_that_stands_still_holds_up_nobody(void **state)
{
    (void)state;
    assert_int_equal(in_child(log_into_a_pipe_that_nobody_reads), 0);
}

static void die_with_lines_waiting(void)
{
    if (!log_start(QUEUE_BYTES))
        _exit(1);
    for (int i = 0; i < 100; i++)
        log_event(LOG_INFO, "before", LOG_INT("number", i));
    log_gather(true);
    for (int i = 0; i < 10; i++)
        log_event(LOG_INFO, "gathered", LOG_INT("number", i));
    abort();
}

static void what_waits_is_written_before_the_process_dies(void **state)
{
    int status = in_child(die_with_lines_waiting);
    struct seen seen = read_log(ends[0]);

    (void)state;
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_int_equal(seen.broken, 0);
    assert_int_equal(seen.lines, 110);
}

enum { VALUE_LEN = 19 };

/* A value whose byte at `at` is `c`, as a line has it by the rule alone. */
static void write_expected(char text[128], int at, unsigned char c)
{
    size_t len = (size_t)snprintf(text, 128, "\"value\":\"");

    for (int i = 0; i < VALUE_LEN; i++) {
        unsigned char byte = i == at ? c : (unsigned char)('a' + i);
        const char *format = byte == '"' || byte == '\\'   ? "\\%c"
                             : byte < 0x20 || byte >= 0x7f ? "\\u%04x"
                                                           : "%c";

        len += (size_t)snprintf(text + len, 128 - len, format, byte);
    }
    snprintf(text + len, 128 - len, "\"}\n");
}

static void log_every_byte(void)
{
    for (int c = 1; c < 256; c++)
        for (int at = 0; at < VALUE_LEN; at++) {
            char value[VALUE_LEN + 1] = "abcdefghijklmnopqrs";

            value[at] = (char)c;
            log_event(LOG_INFO, "byte", LOG_STR("value", slice_make(value, VALUE_LEN)));
        }
}

/* Any byte at any place of a value: plain ones are looked through eight at a time. */
static void every_byte_is_written_or_escaped(void **state)
{
    FILE *file = tmpfile();
    int before = dup(STDERR_FILENO);
    char line[512], wanted[128];

    (void)state;
    assert_non_null(file);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    log_every_byte();
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    close(before);
    rewind(file);
    for (int c = 1; c < 256; c++)
        for (int at = 0; at < VALUE_LEN; at++) {
            write_expected(wanted, at, (unsigned char)c);
            assert_non_null(fgets(line, sizeof(line), file));
            if (strstr(line, wanted) == NULL)
                fail_msg("%s has no %s", line, wanted);
        }
    fclose(file);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_reader_that_stands_still_holds_up_nobody),
        CASE(what_waits_is_written_before_the_process_dies),
        CASE(every_line_is_written_whole_or_counted),
        CASE(lines_that_find_room_are_all_written),
        CASE(a_reader_that_is_gone_costs_lines_alone),
        cmocka_unit_test(every_byte_is_written_or_escaped),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
