/*
 * A wall clock that stands elsewhere: a library for LD_PRELOAD, before the C library's
 * clock_gettime. CLOCK_SHIFT_MS says by how many milliseconds, read once. CLOCK_FROZEN_FILE names a
 * file of 8 bytes, the time in milliseconds at which the clock stands still until a test writes
 * another one (an int64_t of this machine).
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static int (*real)(clockid_t, struct timespec *);
static int64_t shift_ms;
static const volatile int64_t *frozen_ms; /* NULL: the clock goes */

static void read_environment(void)
{
    const char *text = getenv("CLOCK_SHIFT_MS");
    const char *path = getenv("CLOCK_FROZEN_FILE");
    int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    void *shared = MAP_FAILED;

    shift_ms = text == NULL ? 0 : strtoll(text, NULL, 10);
    if (fd >= 0) {
        shared = mmap(NULL, sizeof(*frozen_ms), PROT_READ, MAP_SHARED, fd, 0);
        close(fd);
    }
    frozen_ms = shared == MAP_FAILED ? NULL : shared;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int64_t ns;

    if (real == NULL) {
        read_environment();
        *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    }
    if (real(clock, now) != 0)
        return -1;
    if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)
        return 0;
    ns = frozen_ms != NULL ? *frozen_ms * 1000000
                           : ((int64_t)now->tv_sec * 1000 + shift_ms) * 1000000 + now->tv_nsec;
    now->tv_sec = (time_t)(ns / 1000000000);
    now->tv_nsec = (long)(ns % 1000000000);
    return 0;
}
