/* Syncing of folders. */
#include "base/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool folder_sync_above(const char *path)
{
    char *copy = strdup(path); /* dirname writes into it */
    int folder = copy == NULL ? -1 : open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = folder >= 0 && fsync(folder) == 0;
    int error = errno;

    if (folder >= 0)
        close(folder);
    free(copy);
    errno = error;
    return synced;
}
