/* The environment is read once. */
#include "base/cache_size.h"

#ifdef DATASTREAM_FAULTS
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

static pthread_once_t is_read = PTHREAD_ONCE_INIT;
static size_t most = SIZE_MAX;

static void read_environment(void)
{
    const char *text = getenv("DATASTREAM_CACHE_SIZE");

    if (text != NULL)
        most = strtoul(text, NULL, 10);
}

size_t cache_size(size_t usual)
{
    pthread_once(&is_read, read_environment);
    return usual < most ? usual : most;
}
#endif
