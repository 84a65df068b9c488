/*
 * kill -9 under concurrent writers, fifty times: what was acknowledged is there afterwards, nothing
 * is half done (`check` agrees), and the audit chain is whole.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../api/harness.h"

#define KILLS 50
#define WRITERS 8
#define WRITES_MOST 4096

static struct api_server server;

/* What one writer was told. The object was created, or deleted again, or is unknown. */
struct told {
    char id[40];
    bool deleted;
    bool unsure; /* the last change of it was sent and never answered */
};

struct writer {
    pthread_t thread;
    int number;
    int round;
    struct told told[WRITES_MOST];
    size_t count;
};

static struct writer writers[WRITERS];
static atomic_int acknowledged;

static void *write_on(void *context)
{
    struct writer *writer = context;
    int fd = api_connect(&server);

    for (int i = 0; fd >= 0 && writer->count < WRITES_MOST; i++) {
        struct told *told = &writer->told[writer->count];
        char body[96], path[96];
        struct api_reply reply;

        snprintf(body, sizeof(body), "{\"name\":\"crash-%d-%d-%d\"}", writer->round, writer->number,
                 i);
        reply = api_send(fd, "POST", "/api/v1/devices", server.token, NULL, body);
        if (reply.status != 201) {
            api_reply_free(&reply);
            break;
        }
        *told = (struct told){0};
        api_field(&reply, "id", told->id, sizeof(told->id));
        api_reply_free(&reply);
        writer->count++;
        atomic_fetch_add(&acknowledged, 1);
        if (i % 4 != 3)
            continue;
        snprintf(path, sizeof(path), "/api/v1/devices/%s", told->id);
        told->unsure = true;
        reply = api_send(fd, "DELETE", path, server.token, NULL, NULL);
        if (reply.status == 200) {
            told->deleted = true;
            told->unsure = false;
        }
        api_reply_free(&reply);
        if (told->unsure)
            break;
    }
    if (fd >= 0)
        close(fd);
    return NULL;
}

static void compare_with_what_was_told(void)
{
    int fd = api_connect(&server);

    assert_true(fd >= 0);
    for (int w = 0; w < WRITERS; w++)
        for (size_t i = 0; i < writers[w].count; i++) {
            const struct told *told = &writers[w].told[i];
            struct api_reply reply;
            char path[96];

            if (told->unsure)
                continue;
            snprintf(path, sizeof(path), "/api/v1/devices/%s", told->id);
            reply = api_send(fd, "GET", path, server.token, NULL, NULL);
            assert_int_equal(reply.status, told->deleted ? 404 : 200);
            api_reply_free(&reply);
        }
    close(fd);
}

static void nothing_acknowledged_is_lost_and_nothing_is_half_done(void **state)
{
    (void)state;
    api_start(&server, NULL);
    srandom(7);
    for (int round = 0; round < KILLS; round++) {
        for (int w = 0; w < WRITERS; w++) {
            writers[w].number = w;
            writers[w].round = round;
            writers[w].count = 0;
            assert_int_equal(pthread_create(&writers[w].thread, NULL, write_on, &writers[w]), 0);
        }
        usleep(20000 + (useconds_t)(random() % 150000));
        api_kill(&server);
        for (int w = 0; w < WRITERS; w++)
            pthread_join(writers[w].thread, NULL);
        assert_int_equal(api_command(&server, "check"), 0);
        api_restart(&server, NULL);
        compare_with_what_was_told();
    }
    print_message("%d writes acknowledged over %d kills\n", atomic_load(&acknowledged), KILLS);
    assert_true(atomic_load(&acknowledged) > KILLS);
    api_stop(&server);
    assert_int_equal(api_command(&server, "check"), 0);
    assert_int_equal(api_command(&server, "verify-audit"), 0);
    api_remove(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_acknowledged_is_lost_and_nothing_is_half_done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
