/*
 * The acceptor: listeners, the choice of a loop for each connection, signals, draining. Its own
 * loop runs on the thread of server_run; connections are handed over as posted tasks.
 */
#include "rpc/net/server.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "rpc/net/address.h"
#include "rpc/net/connection_serve.h"
#include "rpc/net/loop_run.h"

#define BACKLOG 1024
/* Connections taken from one listener before the others get their turn. */
#define ACCEPTS_A_TURN 64
/* When the process has no file descriptor left, accepting waits for as long as this. */
#define ACCEPT_PAUSE_MS 20

struct listener {
    struct server *server;
    uv_poll_t poll;
    int fd;
    struct address address;
    struct listener_profile profile;
    char text[ADDRESS_TEXT_MOST];
};

enum server_state {
    SERVER_ACCEPTING,
    SERVER_DRAINING, /* listeners are closed; loops finish what runs */
    SERVER_CUTTING,  /* loops were told to cut what still runs */
    SERVER_ENDED,
};

struct server {
    struct server_options options;
    uv_loop_t uv;
    uv_async_t wake;
    uv_signal_t signals[2];
    uv_timer_t drain_timer;
    uv_timer_t pause_timer;
    struct listener listeners[SERVER_LISTENERS_MOST];
    size_t listener_count;
    enum server_state state;
    bool has_uv;
    uint64_t connections_most;
    struct sources sources;

    struct loop *loops;
    unsigned loop_count;            /* that run */
    atomic_bool stop_wanted;        /* written by any thread, read by the acceptor */
    atomic_uint loops_ended;        /* written by the loops, read by the acceptor */
    atomic_uint_least64_t accepted; /* written by the acceptor, read by any thread */
    atomic_uint_least64_t refused;
};

/* A connection on its way from the acceptor to its loop. */
struct handover {
    struct loop_task task;
    struct loop *loop;
    int fd;
    const struct listener_profile *listener;
    struct source *source;
    char peer[PEER_MOST];
};

/* The only place where the state moves: forward. */
static void move_to(struct server *server, enum server_state state)
{
    assert(state > server->state);
    server->state = state;
}

/* ---- accepting ---- */

static void take_over(struct loop_task *task)
{
    struct handover *handover = LIST_ELEMENT(task, struct handover, task);

    connection__open(handover->loop, handover->fd, handover->listener, handover->peer,
                     handover->source);
    free(handover);
}

static struct loop *emptiest_loop(struct server *server, unsigned *ret_open)
{
    struct loop *best = NULL;
    unsigned least = 0;

    *ret_open = 0;
    for (unsigned i = 0; i < server->loop_count; i++) {
        unsigned open = atomic_load(&server->loops[i].open);

        *ret_open += open;
        if (best == NULL || open < least) {
            best = &server->loops[i];
            least = open;
        }
    }
    return best;
}

/* Idle connections go, of sources that hold their part or any, so that others may come. */
static void make_room(struct server *server, bool any)
{
    for (unsigned i = 0; i < server->loop_count; i++)
        loop__close_idle(&server->loops[i], any);
}

static void hand_over(struct listener *listener, int fd, const struct sockaddr_storage *peer)
{
    struct server *server = listener->server;
    unsigned open;
    struct loop *loop = emptiest_loop(server, &open);
    bool is_full = open + server->connections_most / 16 >= server->connections_most;
    struct handover *handover = open < server->connections_most ? calloc(1, sizeof(*handover))
                                                                : NULL;
    struct source *source = NULL;
    bool may_enter = handover != NULL && source__enter(&server->sources, peer, &source);

    if (is_full || source__is_pressed(source))
        make_room(server, is_full);
    if (!may_enter) {
        atomic_fetch_add(&server->refused, 1);
        free(handover);
        close(fd);
        return;
    }
    atomic_fetch_add(&server->accepted, 1);
    atomic_fetch_add(&loop->open, 1);
    handover->task.run = take_over;
    handover->loop = loop;
    handover->fd = fd;
    handover->source = source;
    handover->listener = &listener->profile;
    address__format_peer(peer, handover->peer, sizeof(handover->peer));
    loop_post(loop, &handover->task);
}

static void on_connection(uv_poll_t *poll, int status, int events);

static void poll_listeners(struct server *server)
{
    for (size_t i = 0; i < server->listener_count; i++)
        uv_poll_start(&server->listeners[i].poll, UV_READABLE, on_connection);
}

static void on_pause_over(uv_timer_t *timer)
{
    struct server *server = timer->data;

    if (server->state == SERVER_ACCEPTING)
        poll_listeners(server);
}

/*
 * Out of descriptors: idle connections go, or nobody would be heard until they are idle too long.
 * The backlog stays readable meanwhile: without a pause the loop would spin.
 */
static void pause_accepting(struct server *server)
{
    make_room(server, true);
    for (size_t i = 0; i < server->listener_count; i++)
        uv_poll_stop(&server->listeners[i].poll);
    uv_timer_start(&server->pause_timer, on_pause_over, ACCEPT_PAUSE_MS, 0);
}

static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* Whether somebody waits: accept4 without a free descriptor fails before it looks. */
static bool has_waiting(const struct listener *listener)
{
    struct pollfd backlog = {.fd = listener->fd, .events = POLLIN};

    return poll(&backlog, 1, 0) > 0;
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
    struct listener *listener = poll->data;

    (void)status;
    (void)events;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        struct sockaddr_storage peer = {0};
        socklen_t len = sizeof(peer);
        int error;
        int fd = accept4(listener->fd, (struct sockaddr *)&peer, &len,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            hand_over(listener, fd, &peer);
            continue;
        }
        error = errno;
        if (is_shortage(error) && has_waiting(listener))
            pause_accepting(listener->server);
        if (error != EINTR && error != ECONNABORTED)
            return;
    }
}

/* ---- listeners ---- */

/* Only a socket that nobody serves any more is taken away. */
static void remove_stale_socket(const struct address *address)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)&address->storage;
    struct stat info;
    int fd;

    if (lstat(un->sun_path, &info) != 0 || !S_ISSOCK(info.st_mode))
        return;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)un, address->len) != 0 &&
        errno == ECONNREFUSED)
        unlink(un->sun_path);
    if (fd >= 0)
        close(fd);
}

/*
 * A Unix socket is never open to more than `mode`, whatever the umask: its file is created with
 * what the socket has, and gets the rest before it listens.
 */
static bool bind_unix(int fd, const struct address *address, mode_t mode)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)&address->storage;

    remove_stale_socket(address);
    return fchmod(fd, mode & S_IRWXU) == 0 &&
           bind(fd, (const struct sockaddr *)un, address->len) == 0 &&
           chmod(un->sun_path, mode) == 0;
}

static int bind_socket(const struct address *address, mode_t mode)
{
    int family = address->storage.ss_family;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;

    if (fd < 0)
        return -1;
    if (!address->is_unix)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (!(address->is_unix
              ? bind_unix(fd, address, mode)
              : bind(fd, (const struct sockaddr *)&address->storage, address->len) == 0) ||
        listen(fd, BACKLOG) != 0) {
        int error = errno;

        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static struct status judge_listener(const struct server_options *options, struct arena *arena,
                                    const char *text, struct address *ret_address)
{
    struct status status = address__parse(arena, slice_from_cstr(text), ret_address);

    if (status_is_ok(status) && !ret_address->is_loopback && !options->insecure_listen)
        return status_make(arena, STATUS_FAILED_PRECONDITION,
                           "The address %s is reachable from other machines, and plaintext there "
                           "would show tokens. Listen on a loopback address, or allow this one "
                           "with --insecure-listen.",
                           text);
    return status;
}

struct status server_check(const struct server_options *options, struct arena *arena)
{
    struct status status = status_ok();
    struct address address;

    for (size_t i = 0; i < options->listen_count && status_is_ok(status); i++)
        status = judge_listener(options, arena, options->listen[i], &address);
    return status;
}

static struct status open_listener(struct server *server, struct arena *arena, const char *text)
{
    struct listener *listener = &server->listeners[server->listener_count];
    struct status status = judge_listener(&server->options, arena, text, &listener->address);

    if (!status_is_ok(status))
        return status;
    listener->profile = (struct listener_profile){.role = LISTENER_PUBLIC,
                                                  .is_unix = listener->address.is_unix};
    listener->fd = bind_socket(&listener->address,
                               server->options.settings->unix_socket_group ? 0660 : 0600);
    if (listener->fd < 0)
        return status_make(arena, STATUS_UNAVAILABLE, "The server cannot listen on %s: %s.", text,
                           uv_strerror(uv_translate_sys_error(errno)));
    listener->server = server;
    server->listener_count++;
    if (!listener->address.is_unix) {
        socklen_t len = sizeof(listener->address.storage);

        getsockname(listener->fd, (struct sockaddr *)&listener->address.storage, &len);
    }
    address__format(&listener->address, listener->text);
    listener->poll.data = listener;
    if (uv_poll_init(&server->uv, &listener->poll, listener->fd) != 0)
        return status_make(arena, STATUS_UNAVAILABLE, "The server cannot watch %s.", text);
    return status_ok();
}

static void close_listeners(struct server *server)
{
    for (size_t i = 0; i < server->listener_count; i++) {
        struct listener *listener = &server->listeners[i];

        if (listener->fd < 0)
            continue;
        if (uv_is_active((uv_handle_t *)&listener->poll))
            uv_poll_stop(&listener->poll);
        if (listener->address.is_unix)
            unlink(((const struct sockaddr_un *)&listener->address.storage)->sun_path);
        close(listener->fd);
        listener->fd = -1;
    }
}

/* ---- draining ---- */

static void cut(struct server *server)
{
    if (server->state != SERVER_DRAINING)
        return;
    move_to(server, SERVER_CUTTING);
    for (unsigned i = 0; i < server->loop_count; i++)
        loop__cut(&server->loops[i]);
}

static void on_drain_over(uv_timer_t *timer)
{
    cut(timer->data);
}

static void drain(struct server *server)
{
    if (server->state != SERVER_ACCEPTING)
        return;
    move_to(server, SERVER_DRAINING);
    uv_timer_stop(&server->pause_timer);
    close_listeners(server);
    if (server->options.draining != NULL)
        server->options.draining(server->options.context);
    for (unsigned i = 0; i < server->loop_count; i++)
        loop__drain(&server->loops[i]);
    uv_timer_start(&server->drain_timer, on_drain_over, server->options.settings->drain_timeout_ms,
                   0);
}

static void on_wake(uv_async_t *wake)
{
    struct server *server = wake->data;

    if (atomic_load(&server->stop_wanted))
        drain(server);
    if (server->state != SERVER_ENDED && atomic_load(&server->loops_ended) == server->loop_count) {
        move_to(server, SERVER_ENDED);
        uv_stop(&server->uv);
    }
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct server *server = handle->data;

    log_event(LOG_INFO, "signal", LOG_INT("number", number));
    if (server->state == SERVER_ACCEPTING)
        drain(server);
    else
        cut(server);
}

static void on_loop_ended(void *context)
{
    struct server *server = context;

    atomic_fetch_add(&server->loops_ended, 1);
    uv_async_send(&server->wake);
}

/* ---- life ---- */

/* How many file descriptors the process has open; 0 where the system does not say. */
static uint64_t count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    uint64_t count = 0;

    if (folder == NULL)
        return 0;
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count - 3; /* itself and its parent by name, and the folder that was read */
}

/*
 * Connections have three quarters of the process's file descriptors at most, and of those that are
 * free at the start: a store that can't
 * open its next file takes no further write. The soft limit, which is low for the sake of programs
 * that select(2), is raised to the hard one.
 */
static uint64_t connections_most(uint64_t wanted)
{
    struct rlimit files;
    uint64_t most;
    uint64_t used;
    uint64_t spare;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return wanted;
    if (files.rlim_cur < files.rlim_max) {
        struct rlimit raised = {files.rlim_max, files.rlim_max};

        if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
            files = raised;
    }
    most = files.rlim_cur / 4 * 3;
    used = count_descriptors();
    spare = files.rlim_cur > used ? files.rlim_cur - used : 0;
    if (most > spare / 4 * 3)
        most = spare / 4 * 3 + 1;
    if (wanted <= most)
        return wanted;
    log_event(LOG_WARNING, "few_descriptors", LOG_INT("descriptors", (int64_t)files.rlim_cur),
              LOG_INT("connections", (int64_t)most));
    return most;
}

static bool start_loops(struct server *server)
{
    uint64_t wanted = server->options.settings->workers;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (wanted == 0)
        wanted = cores > 0 ? (uint64_t)cores : 1;
    server->loops = calloc(wanted, sizeof(*server->loops));
    if (server->loops == NULL)
        return false;
    for (; server->loop_count < wanted; server->loop_count++) {
        struct loop *loop = &server->loops[server->loop_count];

        loop->index = server->loop_count;
        loop->settings = server->options.settings;
        loop->options = &server->options;
        loop->memory_most = (size_t)(server->options.settings->max_memory_mib << 20) / wanted;
        loop->ended = on_loop_ended;
        loop->ended_context = server;
        if (!loop__start(loop))
            return false;
    }
    return true;
}

static bool start_acceptor(struct server *server)
{
    static const int numbers[] = {SIGTERM, SIGINT};

    if (uv_loop_init(&server->uv) != 0)
        return false;
    server->has_uv = true;
    if (uv_async_init(&server->uv, &server->wake, on_wake) != 0 ||
        uv_timer_init(&server->uv, &server->drain_timer) != 0 ||
        uv_timer_init(&server->uv, &server->pause_timer) != 0)
        return false;
    server->wake.data = server->drain_timer.data = server->pause_timer.data = server;
    for (size_t i = 0; i < 2; i++) {
        server->signals[i].data = server;
        if (uv_signal_init(&server->uv, &server->signals[i]) != 0 ||
            uv_signal_start(&server->signals[i], on_signal, numbers[i]) != 0)
            return false;
    }
    return true;
}

static void close_handle(uv_handle_t *handle, void *unused)
{
    (void)unused;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* Ends loops that server_run never came to end. */
static void end_loops(struct server *server)
{
    if (server->state != SERVER_ENDED) {
        for (unsigned i = 0; i < server->loop_count; i++) {
            loop__drain(&server->loops[i]);
            loop__cut(&server->loops[i]);
        }
    }
    for (unsigned i = 0; i < server->loop_count; i++)
        loop__done(&server->loops[i]);
}

void server_free(struct server *server)
{
    if (server == NULL)
        return;
    close_listeners(server);
    end_loops(server);
    sources__done(&server->sources);
    free(server->loops);
    if (server->has_uv) {
        uv_walk(&server->uv, close_handle, NULL);
        uv_run(&server->uv, UV_RUN_DEFAULT);
        uv_loop_close(&server->uv);
    }
    free(server);
}

struct status server_start(const struct server_options *options, struct arena *arena,
                           struct server **ret_server)
{
    struct server *server = calloc(1, sizeof(*server));
    struct status status = status_ok();

    if (server == NULL)
        return status_out_of_memory();
    server->options = *options;
    server->connections_most = connections_most(options->settings->max_connections);
    sources__init(&server->sources,
                  (unsigned)(server->connections_most *
                             options->settings->max_source_connections_percent / 100));
    signal(SIGPIPE, SIG_IGN); /* a peer that is gone is an error of write, not a signal */
    if (!start_acceptor(server))
        status = status_const(STATUS_UNAVAILABLE, SLICE("The system refused an event loop."));
    for (size_t i = 0; i < options->listen_count && status_is_ok(status); i++)
        status = open_listener(server, arena, options->listen[i]);
    if (status_is_ok(status) && !start_loops(server))
        status = status_const(STATUS_UNAVAILABLE, SLICE("The system refused a worker thread."));
    if (!status_is_ok(status)) {
        server_free(server);
        return status;
    }
    *ret_server = server;
    return status;
}

unsigned server_loops(const struct server *server)
{
    return server->loop_count;
}

const char *server_address(const struct server *server, size_t i)
{
    return i < server->listener_count ? server->listeners[i].text : NULL;
}

void server_run(struct server *server)
{
    poll_listeners(server);
    uv_run(&server->uv, UV_RUN_DEFAULT);
}

void server_stop(struct server *server)
{
    atomic_store(&server->stop_wanted, true);
    uv_async_send(&server->wake);
}

struct server_counters server_count(const struct server *server)
{
    struct server_counters counters = {
        .connections_accepted = atomic_load(&server->accepted),
        .connections_refused = atomic_load(&server->refused),
    };

    for (unsigned i = 0; i < server->loop_count; i++) {
        counters.connections_open += atomic_load(&server->loops[i].open);
        counters.connections_shed += atomic_load_explicit(&server->loops[i].shed,
                                                          memory_order_relaxed);
        counters.memory_bytes += atomic_load_explicit(&server->loops[i].memory_used,
                                                      memory_order_relaxed);
        counters.requests += atomic_load_explicit(&server->loops[i].requests, memory_order_relaxed);
    }
    return counters;
}
