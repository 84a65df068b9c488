/* The functions that fail, and how they find out what is to fail. */
#include "tests/faults/disk_faults.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_long log_syncs;
static _Atomic ino_t folder; /* whose syncs are counted */
static atomic_long folder_syncs;

long disk_faults_log_syncs(void)
{
    return atomic_load(&log_syncs);
}

long disk_faults_folder_syncs(const char *path)
{
    struct stat info;

    if (stat(path, &info) == 0)
        atomic_store(&folder, info.st_ino);
    return atomic_load(&folder_syncs);
}

/* The descriptor's path; empty when it is no file. */
static void path_of(int fd, char *path, size_t size)
{
    char link[64];
    ssize_t len;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, path, size - 1);
    path[len < 0 || path[0] != '/' ? 0 : len] = '\0';
}

/* RocksDB's write-ahead logs are numbers with ".log" behind. */
static bool is_log(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    size_t digits = strspn(name, "0123456789");

    return digits > 0 && strcmp(name + digits, ".log") == 0;
}

/* Whatever lies beside RocksDB's lock: tables, manifests, options, its own log. */
static bool is_of_store(const char *path)
{
    const char *slash = strrchr(path, '/');
    char lock[4096 + 8];
    int saved = errno;
    bool there;

    if (slash == NULL)
        return false;
    snprintf(lock, sizeof(lock), "%.*s/LOCK", (int)(slash - path), path);
    there = access(lock, F_OK) == 0;
    errno = saved;
    return there;
}

/* Whether the word is this one; removes it when it counts once. */
static bool fails(const char *word)
{
    const char *control = getenv("DISK_FAULTS");
    int saved = errno;
    char found[32] = "";
    bool same;
    int fd;

    if (control == NULL || (fd = open(control, O_RDONLY | O_CLOEXEC)) < 0) {
        errno = saved;
        return false;
    }
    same = read(fd, found, sizeof(found) - 1) > 0 && strcmp(found, word) == 0;
    close(fd);
    errno = saved;
    /* Whoever removes it has the fault: two threads must not share one. */
    return same && (strstr(word, "-once") == NULL || unlink(control) == 0);
}

static bool write_fails(int fd, size_t *len, int *ret_error)
{
    char path[4096];

    path_of(fd, path, sizeof(path));
    if (is_log(path) && fails("write-once")) {
        *ret_error = EIO;
        return true;
    }
    if (!is_of_store(path) || !fails("full"))
        return false;
    *ret_error = ENOSPC;
    *len /= 2;
    return *len == 0;
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    static ssize_t (*real)(int, const void *, size_t);
    int error;

    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "write");
    if (!write_fails(fd, &len, &error))
        return real(fd, bytes, len);
    errno = error;
    return -1;
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    static ssize_t (*real)(int, const void *, size_t, off_t);
    int error;

    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "pwrite");
    if (!write_fails(fd, &len, &error))
        return real(fd, bytes, len, at);
    errno = error;
    return -1;
}

static bool sync_fails(int fd)
{
    struct stat info;
    char path[4096];

    if (fstat(fd, &info) == 0 && info.st_ino == atomic_load(&folder))
        atomic_fetch_add(&folder_syncs, 1);
    path_of(fd, path, sizeof(path));
    if (!is_log(path))
        return false;
    atomic_fetch_add(&log_syncs, 1);
    while (fails("hang"))
        usleep(1000);
    if (!fails("sync") && !fails("sync-once"))
        return false;
    errno = EIO;
    return true;
}

int fdatasync(int fd)
{
    static int (*real)(int);

    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "fdatasync");
    return sync_fails(fd) ? -1 : real(fd);
}

int fsync(int fd)
{
    static int (*real)(int);

    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "fsync");
    return sync_fails(fd) ? -1 : real(fd);
}
