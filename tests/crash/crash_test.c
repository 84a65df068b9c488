/*
 * kill -9 under concurrent writers, fifty times: what was acknowledged is there afterwards, nothing
 * is half done (`check` agrees), and the audit chain is whole; what is sent again under an
 * idempotency key until it is answered was done once.
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

/* -- creates that are sent again --------------------------------------------------------------- */

#define REPEAT_KILLS 20 /* CRASH_KILLS in the environment is another number */
#define KEYS_MOST 8192

/*
 * Creates objects under keys; each is sent until it is answered, whatever happens to the server.
 * Every fourth is an API token, whose value is the same however often it is answered.
 */
struct repeater {
    pthread_t thread;
    int number;
    char ids[KEYS_MOST][40];
    int count;
    int refused;  /* answers other than 201 */
    int replayed; /* keys whose object was there when they were sent again */
};

static struct repeater repeaters[WRITERS];
static atomic_bool ends; /* the last server was started */

static char token_members[80]; /* ,"roleId":"..." */

static bool is_token(int key)
{
    return key % 4 == 3;
}

static const char *path_of(int key)
{
    return is_token(key) ? "/api/v1/api-tokens" : "/api/v1/devices";
}

static int repeat_kills(void)
{
    const char *text = getenv("CRASH_KILLS");

    return text == NULL ? REPEAT_KILLS : (int)strtol(text, NULL, 10);
}

/* Whether the server answered: its id, or what else it said. */
static bool send_once(struct repeater *repeater, int *fd, int key)
{
    char headers[64], body[160], mark[16];
    struct api_reply reply;

    if (*fd < 0)
        *fd = api_connect(&server);
    if (*fd < 0)
        return false;
    snprintf(headers, sizeof(headers), "Idempotency-Key: key-%d-%d\r\n", repeater->number, key);
    snprintf(body, sizeof(body), "{\"name\":\"repeat-%d-%d\"%s}", repeater->number, key,
             is_token(key) ? token_members : "");
    reply = api_send(*fd, "POST", path_of(key), server.token, headers, body);
    if (reply.status == 0) {
        close(*fd);
        *fd = -1;
        return false;
    }
    repeater->refused += reply.status != 201;
    if (reply.status != 201)
        print_error("%d: %s\n", reply.status, reply.body == NULL ? "" : reply.body);
    api_field(&reply, "id", repeater->ids[key], 40);
    api_header(&reply, "idempotency-replayed", mark, sizeof(mark));
    repeater->replayed += strcmp(mark, "true") == 0;
    api_reply_free(&reply);
    return true;
}

static void *repeat_on(void *context)
{
    struct repeater *repeater = context;
    int fd = -1;

    while (!atomic_load(&ends) && repeater->count < KEYS_MOST) {
        while (!send_once(repeater, &fd, repeater->count))
            usleep(2000);
        repeater->count++;
        usleep(3000);
    }
    if (fd >= 0)
        close(fd);
    return NULL;
}

/* The object that the key was answered with has the name; names are unique. */
static void check_object(int fd, const struct repeater *repeater, int key)
{
    char path[128], wanted[64];
    struct api_reply reply;

    snprintf(path, sizeof(path), "%s/%s", path_of(key), repeater->ids[key]);
    reply = api_send(fd, "GET", path, server.token, NULL, NULL);
    snprintf(wanted, sizeof(wanted), "\"repeat-%d-%d\"", repeater->number, key);
    assert_true(api_contains(&reply, wanted));
    api_reply_free(&reply);
}

static void expect_count(const char *path, int count)
{
    struct api_reply reply = api_expect(&server, 200, "GET", path, server.token, NULL);
    char wanted[32];

    snprintf(wanted, sizeof(wanted), "\"totalSize\":%d", count);
    if (!api_contains(&reply, wanted))
        fail_msg("%s: no %s in %.200s", path, wanted, reply.body);
    api_reply_free(&reply);
}

static void creates_that_are_sent_again_make_one_object_a_key(void **state)
{
    int keys = 0, tokens = 0, replayed = 0;
    const int kills = repeat_kills();
    char role[40];
    int fd;

    (void)state;
    api_start(&server, NULL);
    srandom(11);
    api_role_id(&server, "API Reader", role);
    snprintf(token_members, sizeof(token_members), ",\"roleId\":\"%s\"", role);
    for (int w = 0; w < WRITERS; w++) {
        repeaters[w].number = w;
        assert_int_equal(pthread_create(&repeaters[w].thread, NULL, repeat_on, &repeaters[w]), 0);
    }
    for (int kill = 0; kill < kills; kill++) {
        usleep(20000 + (useconds_t)(random() % 150000));
        api_kill(&server);
        api_restart(&server, NULL);
    }
    atomic_store(&ends, true);
    for (int w = 0; w < WRITERS; w++)
        pthread_join(repeaters[w].thread, NULL);
    fd = api_connect(&server);
    for (int w = 0; w < WRITERS; w++) {
        assert_int_equal(repeaters[w].refused, 0);
        for (int key = 0; key < repeaters[w].count; key++) {
            check_object(fd, &repeaters[w], key);
            tokens += is_token(key);
        }
        keys += repeaters[w].count;
        replayed += repeaters[w].replayed;
    }
    close(fd);
    expect_count("/api/v1/devices?pageSize=1", keys - tokens);
    expect_count("/api/v1/api-tokens?pageSize=1", tokens + 1); /* init created one */
    print_message("%d keys over %d kills, %d of them answered again\n", keys, kills, replayed);
    assert_true(keys > kills);
    api_stop(&server);
    assert_int_equal(api_command(&server, "check"), 0);
    api_remove(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_acknowledged_is_lost_and_nothing_is_half_done),
        cmocka_unit_test(creates_that_are_sent_again_make_one_object_a_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
