/*
 * Twenty and more random secrets go through the server in every way: created, patched, set, cloned,
 * refused. None of them is found afterwards in an answer, in the data directory, its log or a copy
 * of it, in a core dump, or in the memory of the server, as it is, in JSON or in base64; nor the
 * value of a token that was shown once.
 */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness.h"

#define SECRETS 22
#define FRONT_LEN 18 /* of the value: it needs no escape, and is as long in base64 as it looks */
#define MAPPING_MOST ((size_t)256 << 20)

/* A value has a quote in it, so that it looks another way in JSON; its front does not. */
struct secret {
    char json[FRONT_LEN + 8];
    char front[FRONT_LEN + 1];
    char base64[FRONT_LEN / 3 * 4 + 1];
};

static struct api_server server;
static struct secret secrets[SECRETS];
static size_t used;
static char token[64]; /* that was shown once */

static void encode(const char *text, char *base64)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < FRONT_LEN; i += 3) {
        uint32_t bits = (uint32_t)(unsigned char)text[i] << 16 |
                        (uint32_t)(unsigned char)text[i + 1] << 8 | (unsigned char)text[i + 2];

        for (int j = 0; j < 4; j++)
            *base64++ = digits[bits >> (18 - 6 * j) & 63];
    }
    *base64 = '\0';
}

/* JSON of the next value. */
static const char *next_secret(void)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    struct secret *secret = &secrets[used++];
    uint8_t random[FRONT_LEN];

    assert_true(used <= SECRETS);
    assert_int_equal(getrandom(random, sizeof(random), 0), sizeof(random));
    for (size_t i = 0; i < FRONT_LEN; i++)
        secret->front[i] = letters[random[i] % (sizeof(letters) - 1)];
    encode(secret->front, secret->base64);
    memcpy(secret->json, secret->front, FRONT_LEN);
    memcpy(secret->json + FRONT_LEN, "\\\"tail", sizeof("\\\"tail"));
    return secret->json;
}

/* Searches bytes for all values; `place` says where they are from. */
static int search(const char *bytes, size_t len, const char *place)
{
    int found = 0;

    for (size_t i = 0; i < used; i++)
        if (memmem(bytes, len, secrets[i].front, FRONT_LEN) != NULL ||
            memmem(bytes, len, secrets[i].base64, strlen(secrets[i].base64)) != NULL) {
            print_error("secret %zu is found in %s\n", i, place);
            found++;
        }
    return found;
}

/* -- calls ------------------------------------------------------------------------------------ */

/* Sends a body with a new secret at its "%s" and searches the answer. */
static void send_secret(int status, const char *verb, const char *path, const char *by,
                        const char *body, char id[40])
{
    struct api_reply reply;
    char text[512];
    const char *at = strstr(body, "%s");

    assert_non_null(at);
    snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - body), body, next_secret(), at + 2);
    reply = api_expect(&server, status, verb, path, by, text);
    explicit_bzero(text, sizeof(text));
    if (id != NULL)
        api_field(&reply, "id", id, 40);
    assert_int_equal(search(reply.head, strlen(reply.head), path), 0);
    assert_int_equal(search(reply.body, reply.body_len, path), 0);
    api_reply_free(&reply);
}

/* The same over HTTP/2; the answer goes to a file, which is searched with the others. */
static void send_over_http2(const char *path, const char *before, const char *after)
{
    char command[512];
    FILE *pipe;

    snprintf(
        command, sizeof(command),
        "curl -sS --fail --http2-prior-knowledge -H 'authorization: Bearer %s' -H 'content-type: "
        "application/json' --data-binary @- -o %s/answer-%zu http://127.0.0.1:%d%s",
        server.token, server.dir, used, server.port, path);
    pipe = popen(command, "w");
    assert_non_null(pipe);
    fprintf(pipe, "%s%s%s", before, next_secret(), after);
    assert_int_equal(pclose(pipe), 0);
}

#define STORAGE "\"azblob\":{\"account\":\"a\",\"containerName\":\"c\",\"connectionString\":\"%s\"}"

static void read_all(void)
{
    static const char *const paths[] = {"/api/v1/vault/secrets", "/api/v1/devices",
                                        "/api/v1/audit-logs", "/api/v1/api-tokens"};

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct api_reply reply = api_expect(&server, 200, "GET", paths[i], server.token, NULL);

        assert_int_equal(search(reply.body, reply.body_len, paths[i]), 0);
        api_reply_free(&reply);
    }
}

static void send_all(void)
{
    char device[40], vault[40], path[128], body[256], role[40], id[40];

    for (int i = 0; i < 4; i++) {
        snprintf(body, sizeof(body), "{\"name\":\"vault-%d\",\"value\":\"%%s\"}", i);
        send_secret(201, "POST", "/api/v1/vault/secrets", server.token, body, vault);
        snprintf(body, sizeof(body), "{\"name\":\"device-%d\"," STORAGE "}", i, "%s");
        send_secret(201, "POST", "/api/v1/devices", server.token, body, device);
    }
    snprintf(path, sizeof(path), "/api/v1/vault/secrets/%s/value", vault);
    send_secret(200, "PUT", path, server.token, "{\"value\":\"%s\"}", NULL);
    snprintf(path, sizeof(path), "/api/v1/devices/%s:clone", device);
    api_check(&server, 201, "POST", path, server.token, "{\"name\":\"clone\"}");
    snprintf(path, sizeof(path), "/api/v1/devices/%s", device);
    for (int i = 0; i < 3; i++)
        send_secret(200, "PATCH", path, server.token, "{\"azblob\":{\"clientSecret\":\"%s\"}}",
                    NULL);
    send_secret(200, "PATCH", path, server.token, "{\"azblob\":{\"connectionString\":\"%s\"}}",
                NULL);
    /* What fails: a rule, a field, the syntax, a name that is used, the caller, the object. */
    send_secret(400, "POST", "/api/v1/devices", server.token, "{\"name\":\"\"," STORAGE "}", NULL);
    send_secret(400, "POST", "/api/v1/vault/secrets", server.token,
                "{\"name\":\"vault-9\",\"valeu\":\"%s\"}", NULL);
    send_secret(400, "POST", "/api/v1/vault/secrets", server.token,
                "{\"name\":\"vault-9\",\"value\":\"%s\"", NULL);
    send_secret(409, "POST", "/api/v1/vault/secrets", server.token,
                "{\"name\":\"vault-1\",\"value\":\"%s\"}", NULL);
    send_secret(401, "POST", "/api/v1/vault/secrets", "dsa_none",
                "{\"name\":\"vault-9\",\"value\":\"%s\"}", NULL);
    send_secret(404, "PUT", "/api/v1/vault/secrets/0192f0c1-2345-7000-8000-000000000001/value",
                server.token, "{\"value\":\"%s\"}", NULL);
    send_secret(404, "POST", "/api/v1/nowhere", server.token, "{\"value\":\"%s\"}", NULL);
    send_over_http2("/api/v1/vault/secrets", "{\"name\":\"over-http2\",\"value\":\"", "\"}");
    send_over_http2(
        "/api/v1/devices",
        "{\"name\":\"over-http2\",\"azblob\":{\"account\":\"a\",\"containerName\":\"c\","
        "\"clientSecret\":\"",
        "\"}}");
    assert_int_equal(used, SECRETS);
    api_role_id(&server, "API Verifier", role);
    api_make_token(&server, server.token, "once", role, token, id);
    read_all();
}

/* -- files ------------------------------------------------------------------------------------ */

static int in_files;

static int search_file(const char *path, const struct stat *status, int type, struct FTW *at)
{
    char *bytes;
    FILE *file;

    (void)at;
    if (type != FTW_F || status->st_size == 0)
        return 0;
    bytes = malloc((size_t)status->st_size);
    file = fopen(path, "rb");
    assert_non_null(bytes);
    assert_non_null(file);
    in_files += search(bytes, fread(bytes, 1, (size_t)status->st_size, file), path);
    fclose(file);
    free(bytes);
    return 0;
}

static void search_files(void)
{
    in_files = 0;
    assert_int_equal(nftw(server.dir, search_file, 16, FTW_PHYS), 0);
    assert_int_equal(in_files, 0);
}

/* -- memory ----------------------------------------------------------------------------------- */

static int search_mapping(FILE *memory, size_t from, size_t to, const char *name)
{
    char place[600];
    char *bytes;
    size_t len;
    int found;

    if (to - from > MAPPING_MOST || fseeko(memory, (off_t)from, SEEK_SET) != 0)
        return 0;
    bytes = malloc(to - from);
    assert_non_null(bytes);
    len = fread(bytes, 1, to - from, memory);
    snprintf(place, sizeof(place), "memory: %s", name);
    found = search(bytes, len, place);
    if (memmem(bytes, len, token, 20) != NULL) {
        print_error("the token is found in %s\n", place);
        found++;
    }
    free(bytes);
    return found;
}

/* What the process can read and write; a core dump would hold no more. */
static void search_memory(void)
{
    char path[64], line[512];
    FILE *maps, *memory;
    int mappings = 0;
    int found = 0;

    snprintf(path, sizeof(path), "/proc/%d/maps", (int)server.pid);
    maps = fopen(path, "r");
    snprintf(path, sizeof(path), "/proc/%d/mem", (int)server.pid);
    memory = fopen(path, "rb");
    assert_non_null(maps);
    assert_non_null(memory);
    setvbuf(memory, NULL, _IONBF, 0);
    while (fgets(line, sizeof(line), maps) != NULL) {
        unsigned long long from, to;
        char mode[5];

        line[strcspn(line, "\n")] = '\0';
        if (sscanf(line, "%llx-%llx %4s", &from, &to, mode) == 3 && strncmp(mode, "rw", 2) == 0) {
            mappings++;
            found += search_mapping(memory, (size_t)from, (size_t)to, line);
        }
    }
    fclose(memory);
    fclose(maps);
    assert_true(mappings > 4);
    assert_int_equal(found, 0);
}

#ifdef GCORE
static bool is_zero(const char *page, size_t len)
{
    return page[0] == '\0' && memcmp(page, page + 1, len - 1) == 0;
}

/* Searches the runs of pages that hold anything: most of a dump is memory that was never used. */
static int search_pages(const char *bytes, size_t len, const char *place)
{
    const size_t page = 4096;
    size_t from = 0;
    int found = 0;

    while (from < len) {
        size_t to = from;

        while (to < len && !is_zero(bytes + to, len - to < page ? len - to : page))
            to += page;
        if (to > from)
            found += search(bytes + from, (to < len ? to : len) - from, place);
        from = to + page;
    }
    return found;
}
#endif

#ifdef GCORE
/* Whether the machine lets no process be traced: gcore cannot write anything then. */
static bool tracing_is_forbidden(void)
{
    char command[256];

    snprintf(command, sizeof(command), "grep -q 'not permitted' %s/core.log", server.dir);
    return system(command) == 0;
}
#endif

/* A core dump as a file, where there is a gdb that writes it. */
static void search_core(void)
{
#ifdef GCORE
    char command[256], path[128];
    struct stat info;
    FILE *file;
    char *core;

    snprintf(command, sizeof(command), GCORE " -o %s/core %d >%s/core.log 2>&1", server.dir,
             (int)server.pid, server.dir);
    if (system(command) != 0) {
        assert_true(tracing_is_forbidden());
        print_message("No process may be traced here: no core dump is searched.\n");
        return;
    }
    snprintf(path, sizeof(path), "%s/core.%d", server.dir, (int)server.pid);
    file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &info), 0);
    assert_true(info.st_size > 1 << 20);
    core = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fileno(file), 0);
    assert_ptr_not_equal(core, MAP_FAILED);
    /* The search would find what is there. */
    assert_non_null(memmem(core, (size_t)info.st_size, server.data, strlen(server.data)));
    assert_int_equal(search_pages(core, (size_t)info.st_size, path), 0);
    assert_null(memmem(core, (size_t)info.st_size, token, 20));
    munmap(core, (size_t)info.st_size);
    fclose(file);
    assert_int_equal(remove(path), 0);
#endif
}

/* -- the test --------------------------------------------------------------------------------- */

static void no_secret_is_found_anywhere(void **state)
{
    char command[256];

    (void)state;
    unsetenv("DATASTREAM_EXCHANGE_LOG"); /* it puts answers together in memory that is not wiped */
    api_start(&server, NULL);
    send_all();
    usleep(300000); /* the connections have ended */
    search_memory();
    search_core();
    search_files();
    api_kill(&server);
    search_files();
    snprintf(command, sizeof(command), "cp -r %s %s.copy", server.data, server.data);
    assert_int_equal(system(command), 0);
    api_restart(&server, NULL);
    read_all();
    search_memory();
    search_core();
    search_files();
    api_stop(&server);
    assert_int_equal(api_command(&server, "check"), 0);
    search_files();
    api_remove(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_secret_is_found_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
