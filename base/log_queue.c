/*
 * A ring of bytes. Writers copy lines in under the lock; the thread writes from the ring itself,
 * outside the lock, and frees the bytes afterwards. It asks poll(2) first and gives a pipe no more
 * than the bytes that a pipe with room accepts at once, so that it is seldom caught inside
 * write(2).
 */
#include "base/log_queue.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A pipe that poll(2) calls writable takes as much as one page without waiting. */
#define PIPE_BYTES 4096
#define FILE_BYTES 65536
#define STOP_TURN_MS 1000
#define STOP_TURNS 10
#define LAST_WORDS_MS 1000

static struct {
    pthread_mutex_t lock; /* guards all of this but the atomics, the thread and the semaphore */
    pthread_cond_t ended_cond;
    char *ring;
    size_t size;
    size_t head; /* of the bytes that wait */
    size_t used;
    uint64_t told;  /* of the lost lines, those that a line told of */
    bool must_tell; /* lines found no room: the thread tells of them once it ran dry */
    bool is_idle;   /* the thread waits for the semaphore */
    bool is_stopping;
    bool has_ended;
    log_notice *notice;
    pthread_t thread;
    sem_t wake;
    atomic_bool is_abandoned; /* the reader stood still at the stop */
    atomic_uint_least64_t dropped;
    atomic_uint_least64_t put;     /* bytes that entered the ring */
    atomic_uint_least64_t written; /* bytes that left it */
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local bool is_writer;

static uint64_t count_lines(const char *bytes, size_t len)
{
    const char *end = bytes + len;
    uint64_t lines = 0;

    while ((bytes = memchr(bytes, '\n', (size_t)(end - bytes))) != NULL) {
        lines++;
        bytes++;
    }
    return lines;
}

/* -- writing ------------------------------------------------------------------------------- */

static bool is_file(void)
{
    struct stat info;

    return fstat(STDERR_FILENO, &info) == 0 && S_ISREG(info.st_mode);
}

/* Bytes written by one call, 0 when the reader takes none in that time, -1 when it never will. */
static ssize_t write_some(const char *bytes, size_t len, int timeout_ms)
{
    struct pollfd poll_fd = {.fd = STDERR_FILENO, .events = POLLOUT};
    int ready = poll(&poll_fd, 1, timeout_ms);
    ssize_t written;

    if (ready == 0 || (ready < 0 && errno == EINTR))
        return 0;
    written = write(STDERR_FILENO, bytes, len);
    if (written < 0 && (errno == EINTR || errno == EAGAIN))
        return 0;
    return written;
}

bool log_queue__write(const char *bytes, size_t len, int timeout_ms)
{
    while (len > 0) {
        ssize_t written = write_some(bytes, len < PIPE_BYTES ? len : PIPE_BYTES, timeout_ms);

        if (written <= 0)
            return false;
        bytes += written;
        len -= (size_t)written;
    }
    return true;
}

/* The next bytes of the ring: as far as they lie in a row, whole lines where one fits. */
static size_t next_bytes(size_t most)
{
    size_t row = queue.size - queue.head;
    size_t len = queue.used < row ? queue.used : row;
    const char *last;

    if (len <= most)
        return len;
    last = memrchr(queue.ring + queue.head, '\n', most);
    return last == NULL ? most : (size_t)(last + 1 - (queue.ring + queue.head));
}

/* Under the lock, which is let go meanwhile. */
static void write_next(size_t most)
{
    const char *bytes = queue.ring + queue.head;
    size_t len = next_bytes(most);
    ssize_t written;

    pthread_mutex_unlock(&queue.lock);
    do
        written = write_some(bytes, len, -1);
    while (written == 0);
    if (written < 0) { /* a full disk, a reader that is gone: the next lines will tell */
        atomic_fetch_add(&queue.dropped, count_lines(bytes, len));
        written = (ssize_t)len;
    }
    pthread_mutex_lock(&queue.lock);
    queue.head = (queue.head + (size_t)written) % queue.size;
    queue.used -= (size_t)written;
    atomic_fetch_add(&queue.written, (uint64_t)written);
}

/* -- the ring ------------------------------------------------------------------------------ */

static void append(const char *bytes, size_t len)
{
    size_t tail = (queue.head + queue.used) % queue.size;
    size_t row = queue.size - tail;
    size_t first = len < row ? len : row;

    assert(len <= queue.size - queue.used);
    memcpy(queue.ring + tail, bytes, first);
    memcpy(queue.ring, bytes + first, len - first);
    queue.used += len;
    atomic_fetch_add(&queue.put, len);
}

/* Tells of lost lines where there is room for it. */
static void tell_dropped(void)
{
    uint64_t dropped = atomic_load(&queue.dropped);
    char line[LOG_NOTICE_MOST];
    size_t len;

    if (dropped == queue.told || queue.size - queue.used < sizeof(line))
        return;
    len = queue.notice(line, dropped - queue.told, dropped);
    assert(len <= sizeof(line));
    append(line, len);
    queue.told = dropped;
    queue.must_tell = false;
}

/* How many of the bytes fit, in whole lines. */
static size_t fitting(const char *lines, size_t len)
{
    size_t room = queue.size - queue.used;
    const char *last;

    if (len <= room)
        return len;
    last = room == 0 ? NULL : memrchr(lines, '\n', room);
    return last == NULL ? 0 : (size_t)(last + 1 - lines);
}

void log_queue__put(const char *lines, size_t len)
{
    size_t fits;

    if (atomic_load(&queue.is_abandoned)) {
        atomic_fetch_add(&queue.dropped, count_lines(lines, len));
        return;
    }
    pthread_mutex_lock(&queue.lock);
    tell_dropped();
    fits = fitting(lines, len);
    append(lines, fits);
    if (fits < len) {
        atomic_fetch_add(&queue.dropped, count_lines(lines + fits, len - fits));
        queue.must_tell = true;
    }
    if (queue.is_idle) {
        queue.is_idle = false;
        sem_post(&queue.wake);
    }
    pthread_mutex_unlock(&queue.lock);
}

uint64_t log_queue__dropped(void)
{
    return atomic_load(&queue.dropped);
}

/* -- the thread ---------------------------------------------------------------------------- */

static void *run(void *unused)
{
    size_t most = is_file() ? FILE_BYTES : PIPE_BYTES;

    (void)unused;
    is_writer = true;
    pthread_mutex_lock(&queue.lock);
    for (;;) {
        while (queue.used > 0)
            write_next(most);
        if (queue.must_tell) {
            tell_dropped();
            continue;
        }
        if (queue.is_stopping)
            break;
        queue.is_idle = true;
        pthread_mutex_unlock(&queue.lock);
        while (sem_wait(&queue.wake) != 0)
            continue;
        pthread_mutex_lock(&queue.lock);
    }
    queue.has_ended = true;
    pthread_cond_signal(&queue.ended_cond);
    pthread_mutex_unlock(&queue.lock);
    return NULL;
}

/* Signals are for the other threads. */
static bool start_thread(void)
{
    sigset_t all;
    sigset_t kept;
    bool started;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &kept);
    started = pthread_create(&queue.thread, NULL, run, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &kept, NULL);
    return started;
}

static void release(void)
{
    pthread_cond_destroy(&queue.ended_cond);
    sem_destroy(&queue.wake);
    free(queue.ring);
    queue.ring = NULL;
}

bool log_queue__start(size_t bytes, log_notice *notice)
{
    pthread_condattr_t monotonic;

    assert(queue.ring == NULL && bytes >= LOG_NOTICE_MOST);
    queue.ring = malloc(bytes);
    if (queue.ring == NULL)
        return false;
    queue.size = bytes;
    queue.head = queue.used = 0;
    queue.is_idle = queue.is_stopping = queue.has_ended = queue.must_tell = false;
    queue.notice = notice;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&queue.ended_cond, &monotonic);
    pthread_condattr_destroy(&monotonic);
    sem_init(&queue.wake, 0, 0);
    if (start_thread())
        return true;
    release();
    return false;
}

/* Waits for the end of the thread for one turn; under the lock. */
static void wait_turn(void)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += STOP_TURN_MS / 1000;
    while (!queue.has_ended &&
           pthread_cond_timedwait(&queue.ended_cond, &queue.lock, &until) != ETIMEDOUT)
        continue;
}

bool log_queue__stop(void)
{
    uint64_t seen = 0;
    bool ended;

    pthread_mutex_lock(&queue.lock);
    queue.is_stopping = true;
    sem_post(&queue.wake);
    for (int i = 0; i < STOP_TURNS && !queue.has_ended; i++) {
        seen = atomic_load(&queue.written);
        wait_turn();
        if (atomic_load(&queue.written) == seen)
            break;
    }
    ended = queue.has_ended;
    pthread_mutex_unlock(&queue.lock);
    if (!ended) {
        atomic_store(&queue.is_abandoned, true);
        pthread_detach(queue.thread);
        return false;
    }
    pthread_join(queue.thread, NULL);
    release();
    return true;
}

void log_queue__last_words(void)
{
    const struct timespec pause = {.tv_nsec = 1000000};

    if (is_writer || atomic_load(&queue.is_abandoned))
        return;
    sem_post(&queue.wake);
    for (int i = 0; i < LAST_WORDS_MS && atomic_load(&queue.written) != atomic_load(&queue.put);
         i++)
        nanosleep(&pause, NULL);
}
