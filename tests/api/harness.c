/* Spawning the server, and a small blocking HTTP/1.1 client. */
#include "harness.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/scratch.h"

#define ARGS_MOST 40
#define REPLY_ROOM ((size_t)16 << 10) /* at first */
#define REPLY_MOST ((size_t)16 << 20)

/* Where the program logs, in the temporary directory; API_SERVER_LOG sends it to the terminal. */
static char log_path[96] = "/dev/null";

static void die(const char *what)
{
    fprintf(stderr, "harness: %s\n", what);
    abort();
}

static const char *program(void)
{
    const char *path = getenv("DATASTREAMD");

    if (path == NULL)
        die("DATASTREAMD must name the program");
    return path;
}

/* Starts the program; *ret_out is the reading end of its standard output. */
static pid_t spawn(const char *const *args, int *ret_out)
{
    int pipes[2];
    pid_t pid;

    if (pipe(pipes) != 0)
        die("pipe");
    pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0) {
        dup2(pipes[1], STDOUT_FILENO);
        close(pipes[0]);
        close(pipes[1]);
        if (getenv("API_SERVER_LOG") == NULL && freopen(log_path, "a", stderr) == NULL)
            _exit(126);
        execv(args[0], (char *const *)(uintptr_t)args);
        _exit(127);
    }
    close(pipes[1]);
    *ret_out = pipes[0];
    return pid;
}

static size_t read_all(int fd, char *bytes, size_t size)
{
    size_t len = 0;
    ssize_t got;

    while (len + 1 < size && (got = read(fd, bytes + len, size - len - 1)) > 0)
        len += (size_t)got;
    bytes[len] = '\0';
    return len;
}

static int run(const char *const *args, char *output, size_t size)
{
    int status;
    int out;
    pid_t pid = spawn(args, &out);

    read_all(out, output, size);
    close(out);
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void text_field(const char *text, const char *key, char *value, size_t size)
{
    char pattern[96];
    const char *at;
    size_t len = 0;

    snprintf(pattern, sizeof(pattern), "\"%s\":\"", key);
    at = strstr(text, pattern);
    value[0] = '\0';
    if (at == NULL)
        return;
    for (at += strlen(pattern); *at != '"' && *at != '\0' && len + 1 < size; at++)
        value[len++] = *at;
    value[len] = '\0';
}

static void make_organization(struct api_server *server, const char *command, char *token)
{
    const char *args[] = {program(),
                          command,
                          "--data-dir",
                          server->data,
                          "--organization",
                          "Acme",
                          "--owner-email",
                          token == server->token ? "owner@acme.example" : "owner@second.example",
                          NULL};
    char output[4096];

    if (run(args, output, sizeof(output)) != 0)
        die("the organization was not made");
    text_field(output, "apiToken", token, 64);
    if (token == server->token)
        text_field(output, "ownerPassword", server->password, sizeof(server->password));
    if (token == server->token)
        text_field(output, "organizationId", server->organization, sizeof(server->organization));
    if (token[0] == '\0')
        die("init printed no token");
}

void api_restart(struct api_server *server, const char *const *flags)
{
    const char *args[ARGS_MOST] = {program(),  "serve",       "--data-dir", server->data,
                                   "--listen", "127.0.0.1:0", "--workers",  "2"};
    size_t count = 8;
    char line[256];
    const char *port;
    size_t len = 0;
    int out;

    for (; flags != NULL && *flags != NULL && count < ARGS_MOST - 1; flags++)
        args[count++] = *flags;
    server->pid = spawn(args, &out);
    while (len + 1 < sizeof(line) && read(out, line + len, 1) == 1 && line[len] != '\n')
        len++;
    line[len] = '\0';
    close(out);
    port = strstr(line, "127.0.0.1:");
    if (strncmp(line, "ready", 5) != 0 || port == NULL)
        die("the server did not become ready");
    server->port = (int)strtol(port + strlen("127.0.0.1:"), NULL, 10);
}

void api_restart_frozen(struct api_server *server, const char *const *flags,
                        volatile int64_t **ret_clock)
{
    const char *library = getenv("CLOCK_SHIFT_LIBRARY");
    char path[96];
    void *shared;
    int fd;

    if (library == NULL)
        die("CLOCK_SHIFT_LIBRARY must name clock_shift");
    snprintf(path, sizeof(path), "%s/clock", server->dir);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(**ret_clock)) != 0)
        die("the clock's file");
    shared = mmap(NULL, sizeof(**ret_clock), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (shared == MAP_FAILED)
        die("mmap");
    *ret_clock = shared;
    if (**ret_clock == 0)
        **ret_clock = ((int64_t)time(NULL) + 10) * 1000;
    setenv("CLOCK_FROZEN_FILE", path, 1);
    setenv("LD_PRELOAD", library, 1);
    api_restart(server, flags);
    unsetenv("LD_PRELOAD");
    unsetenv("CLOCK_FROZEN_FILE");
}

static void make_directory(struct api_server *server)
{
    if (!scratch_make("test", server->dir, sizeof(server->dir)))
        die("mkdtemp");
    snprintf(server->data, sizeof(server->data), "%s/data", server->dir);
}

static void remove_directory(const struct api_server *server)
{
    char command[128];

    snprintf(command, sizeof(command), "rm -rf '%s'", server->dir);
    if (system(command) != 0)
        die("the directory was not removed");
}

void api_copy(const struct api_server *from, struct api_server *ret_server)
{
    struct api_server copy = *from;
    char command[192];

    if (from->pid != 0)
        die("a store that is served was to be copied");
    make_directory(&copy);
    snprintf(command, sizeof(command), "cp -a '%s/.' '%s'", from->dir, copy.dir);
    if (system(command) != 0)
        die("the directory was not copied");
    *ret_server = copy;
}

/* The store that init made for the first server of this process; the others have copies of it. */
static struct api_server founded;
static pid_t founded_by; /* a child of fork removes nothing */

static void remove_founded(void)
{
    if (getpid() == founded_by)
        remove_directory(&founded);
}

void api_start(struct api_server *server, const char *const *flags)
{
    signal(SIGPIPE, SIG_IGN);
    if (founded_by == 0) {
        make_directory(&founded);
        founded_by = getpid();
        atexit(remove_founded);
        snprintf(log_path, sizeof(log_path), "%s/server.log", founded.dir);
        make_organization(&founded, "init", founded.token);
    }
    api_copy(&founded, server);
    snprintf(log_path, sizeof(log_path), "%s/server.log", server->dir);
    api_restart(server, flags);
}

void api_add_organization(struct api_server *server)
{
    make_organization(server, "organization-add", server->second);
}

void api_stop(struct api_server *server)
{
    int status;

    kill(server->pid, SIGTERM);
    waitpid(server->pid, &status, 0);
    server->pid = 0;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "harness: the server ended with status %x\n", status);
        abort();
    }
}

void api_kill(struct api_server *server)
{
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
}

void api_remove(struct api_server *server)
{
    if (server->pid != 0)
        api_stop(server);
    remove_directory(server);
}

int api_command(struct api_server *server, const char *name)
{
    const char *args[] = {program(), name, "--data-dir", server->data, NULL};
    static char output[65536];
    int code = run(args, output, sizeof(output));

    if (code != 0)
        fprintf(stderr, "%s: %s\n", name, output);
    return code;
}

int api_connect(const struct api_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)server->port)};
    struct timeval limit = {.tv_sec = 20};
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t put = write(fd, bytes, len);

        if (put <= 0)
            return false;
        bytes += put;
        len -= (size_t)put;
    }
    return true;
}

bool api_write_request(int fd, const char *method, const char *path, const char *token,
                       const char *headers, const char *body)
{
    size_t body_len = body == NULL ? 0 : strlen(body);
    size_t size = 1024 + strlen(path) + (headers == NULL ? 0 : strlen(headers)) + body_len;
    char *request = malloc(size);
    size_t len;
    bool sent;

    if (request == NULL)
        die("malloc");
    len = (size_t)snprintf(request, size, "%s %s HTTP/1.1\r\nHost: " API_HOST "\r\n", method, path);
    if (token != NULL)
        len += (size_t)snprintf(request + len, size - len, "Authorization: Bearer %s\r\n", token);
    if (headers != NULL)
        len += (size_t)snprintf(request + len, size - len, "%s", headers);
    if (body != NULL)
        len += (size_t)snprintf(request + len, size - len, "Content-Length: %zu\r\n", body_len);
    len += (size_t)snprintf(request + len, size - len, "\r\n%s", body == NULL ? "" : body);
    sent = write_all(fd, request, len);
    free(request);
    return sent;
}

void api_header(const struct api_reply *reply, const char *name, char *value, size_t size)
{
    const char *line = reply->head == NULL ? "" : reply->head;
    size_t name_len = strlen(name);

    value[0] = '\0';
    while ((line = strstr(line, "\r\n")) != NULL) {
        line += 2;
        if (strncasecmp(line, name, name_len) == 0 && line[name_len] == ':') {
            const char *end = strstr(line, "\r\n");

            line += name_len + 1;
            while (*line == ' ')
                line++;
            snprintf(value, size, "%.*s", end == NULL ? 0 : (int)(end - line), line);
            return;
        }
    }
}

/* What a connection answers, as far as it was read; `bytes` end in a NUL. */
struct answer {
    char *bytes;
    size_t len, room;
};

/*
 * Reads on until there are `len` bytes or, with `len` 0, until the empty line; false when the
 * connection ends before. The room grows with the answer: where a sanitizer follows each byte, room
 * that is never used costs more than the request.
 */
static bool answer_read(int fd, struct answer *answer, size_t len)
{
    while (len == 0 ? strstr(answer->bytes, "\r\n\r\n") == NULL : answer->len < len) {
        ssize_t got;

        if (answer->len + 1 == answer->room) {
            if (answer->room >= REPLY_MOST)
                return false;
            answer->room *= 2;
            answer->bytes = realloc(answer->bytes, answer->room);
            if (answer->bytes == NULL)
                die("realloc");
        }
        got = read(fd, answer->bytes + answer->len, answer->room - answer->len - 1);
        if (got <= 0)
            return false;
        answer->len += (size_t)got;
        answer->bytes[answer->len] = '\0';
    }
    return true;
}

struct api_reply api_send(int fd, const char *method, const char *path, const char *token,
                          const char *headers, const char *body)
{
    struct api_reply reply = {0};
    struct answer answer = {.bytes = malloc(REPLY_ROOM), .room = REPLY_ROOM};
    char length[32];
    size_t head_len;

    if (answer.bytes == NULL)
        die("malloc");
    answer.bytes[0] = '\0';
    if (!api_write_request(fd, method, path, token, headers, body) || !answer_read(fd, &answer, 0))
        goto done;
    head_len = (size_t)(strstr(answer.bytes, "\r\n\r\n") - answer.bytes) + 4;
    reply.head = strndup(answer.bytes, head_len);
    api_header(&reply, "content-length", length, sizeof(length));
    reply.body_len = strcmp(method, "HEAD") == 0 ? 0 : strtoul(length, NULL, 10);
    if (!answer_read(fd, &answer, head_len + reply.body_len))
        goto done;
    reply.body = malloc(reply.body_len + 1);
    if (reply.body == NULL)
        die("malloc");
    memcpy(reply.body, answer.bytes + head_len, reply.body_len);
    reply.body[reply.body_len] = '\0';
    sscanf(answer.bytes, "HTTP/1.1 %d", &reply.status);
done:
    free(answer.bytes);
    return reply;
}

struct api_reply api_call(const struct api_server *server, const char *method, const char *path,
                          const char *token, const char *headers, const char *body)
{
    int fd = api_connect(server);
    struct api_reply reply;

    if (fd < 0)
        return (struct api_reply){0};
    reply = api_send(fd, method, path, token, headers, body);
    close(fd);
    return reply;
}

void api_reply_free(struct api_reply *reply)
{
    free(reply->head);
    free(reply->body);
    *reply = (struct api_reply){0};
}

struct api_reply api_expect(const struct api_server *server, int status, const char *method,
                            const char *path, const char *token, const char *body)
{
    struct api_reply reply = api_call(server, method, path, token, NULL, body);

    if (reply.status != status) {
        fprintf(stderr, "%s %s: wanted %d, got %d: %s%s\n", method, path, status, reply.status,
                reply.head == NULL ? "" : reply.head, reply.body == NULL ? "" : reply.body);
        abort();
    }
    return reply;
}

void api_check(const struct api_server *server, int status, const char *method, const char *path,
               const char *token, const char *body)
{
    struct api_reply reply = api_expect(server, status, method, path, token, body);

    api_reply_free(&reply);
}

void api_await(const struct api_server *server, int status, const char *method, const char *path,
               const char *token, const char *body)
{
    int got = 0;

    for (int i = 0; i < 300 && got != status; i++) {
        struct api_reply reply = api_call(server, method, path, token, NULL, body);

        got = reply.status;
        api_reply_free(&reply);
        if (got != status)
            usleep(100000);
    }
    if (got != status) {
        fprintf(stderr, "%s %s: wanted %d within 30 s, got %d\n", method, path, status, got);
        abort();
    }
}

time_t api_time_ahead(int seconds, char text[32])
{
    struct timespec now;
    struct tm utc;
    time_t then;

    clock_gettime(CLOCK_REALTIME, &now); /* time() may still tell the second before */
    then = now.tv_sec + seconds;
    gmtime_r(&then, &utc);
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return then;
}

void api_field(const struct api_reply *reply, const char *key, char *value, size_t size)
{
    text_field(reply->body == NULL ? "" : reply->body, key, value, size);
}

bool api_contains(const struct api_reply *reply, const char *text)
{
    return reply->body != NULL && strstr(reply->body, text) != NULL;
}

void api_role_id(const struct api_server *server, const char *name, char id[40])
{
    struct api_reply reply = api_expect(server, 200, "GET", "/api/v1/roles?pageSize=1000",
                                        server->token, NULL);
    char pattern[160];
    char *at;

    snprintf(pattern, sizeof(pattern), "\"name\":\"%s\"", name);
    at = strstr(reply.body, pattern);
    if (at == NULL)
        die("no such role");
    while (at > reply.body && strncmp(at, "\"id\":\"", 6) != 0)
        at--;
    text_field(at, "id", id, 40);
    api_reply_free(&reply);
}

void api_make_token(const struct api_server *server, const char *by, const char *name,
                    const char *role_id, char value[64], char id[40])
{
    struct api_reply reply;
    char body[512];

    snprintf(body, sizeof(body), "{\"name\":\"%s\",\"roleId\":\"%s\"}", name, role_id);
    reply = api_expect(server, 201, "POST", "/api/v1/api-tokens", by, body);
    api_field(&reply, "token", value, 64);
    api_field(&reply, "id", id, 40);
    api_reply_free(&reply);
}

/* -- people ----------------------------------------------------------------------------------- */

void api_make_user(const struct api_server *server, const char *role, struct api_user *user)
{
    static unsigned made;
    struct api_reply reply;
    char role_id[40], body[512];

    *user = (struct api_user){.password = "a good password"};
    snprintf(user->email, sizeof(user->email), "visitor%u@example.com", ++made);
    api_role_id(server, role, role_id);
    snprintf(body, sizeof(body),
             "{\"name\":\"A Visitor\",\"email\":\"%s\",\"roleId\":\"%s\",\"password\":\"%s\"}",
             user->email, role_id, user->password);
    reply = api_expect(server, 201, "POST", "/api/v1/users", server->token, body);
    api_field(&reply, "id", user->id, sizeof(user->id));
    api_reply_free(&reply);
}

void api_take_session(const struct api_reply *reply, struct api_user *user)
{
    char line[256];

    api_header(reply, "set-cookie", line, sizeof(line));
    line[strcspn(line, ";")] = '\0';
    snprintf(user->cookie, sizeof(user->cookie), "%.127s", line);
    api_field(reply, "csrfToken", user->csrf, sizeof(user->csrf));
}

void api_sign_in(const struct api_server *server, struct api_user *user)
{
    struct api_reply reply;
    char body[256];

    snprintf(body, sizeof(body), "{\"email\":\"%s\",\"password\":\"%s\"}", user->email,
             user->password);
    reply = api_expect(server, 200, "POST", "/api/v1/session", NULL, body);
    api_take_session(&reply, user);
    api_reply_free(&reply);
}

void api_user_headers(const struct api_user *user, char headers[512])
{
    snprintf(headers, 512, "Cookie: %s\r\nOrigin: " API_ORIGIN "\r\nX-CSRF-Token: %s\r\n",
             user->cookie, user->csrf);
}

struct api_reply api_visit(const struct api_server *server, const struct api_user *user,
                           const char *method, const char *path, const char *body)
{
    char headers[512];

    api_user_headers(user, headers);
    return api_call(server, method, path, NULL, headers, body);
}

void api_check_visit(const struct api_server *server, int status, const struct api_user *user,
                     const char *method, const char *path, const char *body)
{
    struct api_reply reply = api_visit(server, user, method, path, body);

    if (reply.status != status) {
        fprintf(stderr, "%s %s: wanted %d, got %d: %s\n", method, path, status, reply.status,
                reply.body == NULL ? "" : reply.body);
        abort();
    }
    api_reply_free(&reply);
}
