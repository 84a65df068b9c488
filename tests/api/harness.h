/*
 * A real server for black-box tests: its own temporary directory, its own port, and a client that
 * speaks HTTP/1.1 over plain sockets. Everything aborts the test with a sentence when it fails.
 */
#ifndef DATASTREAM_TESTS_API_HARNESS_H
#define DATASTREAM_TESTS_API_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

/* The host that requests name, and the origin of pages that send them from it. */
#define API_HOST "localhost"
#define API_ORIGIN "http://" API_HOST

struct api_server {
    char dir[64];   /* the temporary directory */
    char data[80];  /* the store's directory */
    char token[64]; /* of the role API Administrator */
    char organization[40];
    char password[64]; /* of the Owner, owner@acme.example */
    char second[64];   /* token of a second organization; empty until api_add_organization */
    int port;
    pid_t pid;
};

struct api_reply {
    int status; /* 0: the connection ended before an answer */
    char *head; /* status line and header fields */
    char *body;
    size_t body_len;
};

/*
 * init and serve; `flags` are further flags of serve, ended by NULL (may be NULL). init runs once a
 * process: the next servers have copies of what it made, so the same token, password and ids.
 */
void api_start(struct api_server *server, const char *const *flags);
/*
 * A server that is not started: its directory is a copy of that of `from`, which is stopped.
 * Started by api_restart, removed by api_remove.
 */
void api_copy(const struct api_server *from, struct api_server *ret_server);
/* serve again on the same data. */
void api_restart(struct api_server *server, const char *const *flags);
/*
 * api_restart with a wall clock that stands still: *ret_clock is its time in milliseconds, at first
 * 10 s after now, which the test moves by writing. A clock that it gave before goes on to count.
 * CLOCK_SHIFT_LIBRARY names clock_shift.
 */
void api_restart_frozen(struct api_server *server, const char *const *flags,
                        volatile int64_t **ret_clock);
/* SIGTERM, and the exit code must be 0. */
void api_stop(struct api_server *server);
/* kill -9. */
void api_kill(struct api_server *server);
/* Stops the server where it runs and removes the directory. */
void api_remove(struct api_server *server);
void api_add_organization(struct api_server *server);

/* Runs an offline subcommand on the data; returns its exit code and prints its output when it is
 * not 0. */
int api_command(struct api_server *server, const char *name);

/* A connection; -1 on failure. Reads time out after 20 s. */
int api_connect(const struct api_server *server);

/* Writes a request as api_send does, and does not wait for its answer. */
bool api_write_request(int fd, const char *method, const char *path, const char *token,
                       const char *headers, const char *body);

/*
 * One request on an open connection. `headers` are whole lines with CRLF, or NULL; `token` may be
 * NULL; `body` may be NULL. Freed with api_reply_free.
 */
struct api_reply api_send(int fd, const char *method, const char *path, const char *token,
                          const char *headers, const char *body);
/* The same on a connection of its own. */
struct api_reply api_call(const struct api_server *server, const char *method, const char *path,
                          const char *token, const char *headers, const char *body);
void api_reply_free(struct api_reply *reply);

/* api_call that must answer `status`; prints the reply when it does not. */
struct api_reply api_expect(const struct api_server *server, int status, const char *method,
                            const char *path, const char *token, const char *body);
/* The same, the reply dropped. */
void api_check(const struct api_server *server, int status, const char *method, const char *path,
               const char *token, const char *body);

/* The same, sent again and again until that is the answer: for what comes with time. 30 s at most.
 */
void api_await(const struct api_server *server, int status, const char *method, const char *path,
               const char *token, const char *body);

/* RFC 3339 text of the time that is `seconds` from now; that time. */
time_t api_time_ahead(int seconds, char text[32]);

/* The string value of the first "key":"value" in the body (escapes kept); "" when there is none. */
void api_field(const struct api_reply *reply, const char *key, char *value, size_t size);
bool api_contains(const struct api_reply *reply, const char *text);
/* A header field's value by lower-case name; "" when there is none. */
void api_header(const struct api_reply *reply, const char *name, char *value, size_t size);

/* A person, and the browser that the person has signed in with. */
struct api_user {
    char id[40];
    char email[64];
    char password[64];
    char cookie[128]; /* "datastream=dss_..."; empty while signed out */
    char csrf[64];
};

/*
 * A user of the organization with the role of that name, and a password that need not be changed.
 */
void api_make_user(const struct api_server *server, const char *role, struct api_user *user);
/* POST /session, which must answer 200; keeps the cookie. */
void api_sign_in(const struct api_server *server, struct api_user *user);
/* The cookie, the Origin and the token against forgery, as whole lines. */
void api_user_headers(const struct api_user *user, char headers[512]);
/* api_call as a page of the server's own does it, by the user's session. */
struct api_reply api_visit(const struct api_server *server, const struct api_user *user,
                           const char *method, const char *path, const char *body);
/* The same, which must answer `status`, the reply dropped. */
void api_check_visit(const struct api_server *server, int status, const struct api_user *user,
                     const char *method, const char *path, const char *body);
/* Takes the cookie, and the token if there is one, from an answer that sets a session. */
void api_take_session(const struct api_reply *reply, struct api_user *user);

/* Id of a role by name; creates a token with the role and returns its value and id. */
void api_role_id(const struct api_server *server, const char *name, char id[40]);
void api_make_token(const struct api_server *server, const char *by, const char *name,
                    const char *role_id, char value[64], char id[40]);

#endif
