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

/* The file's name without its folders; empty when the descriptor is no file. */
static void name_of(int fd, char *name, size_t size)
{
    char link[64];
    char path[4096];
    const char *slash;
    ssize_t len;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, path, sizeof(path) - 1);
    path[len < 0 ? 0 : len] = '\0';
    slash = strrchr(path, '/');
    snprintf(name, size, "%s", slash == NULL ? "" : slash + 1);
}

/* RocksDB's logs are numbers with ".log" behind. */
static bool is_log(const char *name)
{
    size_t digits = strspn(name, "0123456789");

    return digits > 0 && strcmp(name + digits, ".log") == 0;
}

static bool is_of_store(const char *name)
{
    size_t digits = strspn(name, "0123456789");

    return is_log(name) || (digits > 0 && strcmp(name + digits, ".sst") == 0) ||
           strncmp(name, "MANIFEST-", 9) == 0 || strncmp(name, "OPTIONS-", 8) == 0;
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
    char name[256];

    name_of(fd, name, sizeof(name));
    if (is_log(name) && fails("write-once")) {
        *ret_error = EIO;
        return true;
    }
    if (!is_of_store(name) || !fails("full"))
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
    char name[256];

    if (fstat(fd, &info) == 0 && info.st_ino == atomic_load(&folder))
        atomic_fetch_add(&folder_syncs, 1);
    name_of(fd, name, sizeof(name));
    if (!is_log(name))
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
