/* Syncing of folders, and who may enter them. */
#include "base/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

/* The folder itself, whatever its path leads to meanwhile. */
static bool make_private(int folder, bool *ret_changed)
{
    const mode_t others = S_IRWXG | S_IRWXO;
    struct stat facts;

    if (fstat(folder, &facts) != 0)
        return false;
    if (facts.st_uid != geteuid()) {
        errno = EPERM;
        return false;
    }
    if ((facts.st_mode & others) != 0 && fchmod(folder, facts.st_mode & 07777 & ~others) != 0)
        return false;
    *ret_changed = (facts.st_mode & others) != 0;
    return true;
}

bool folder_make_private(const char *path, bool *ret_changed)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = folder >= 0 && make_private(folder, ret_changed);
    int error = errno;

    if (folder >= 0)
        close(folder);
    errno = error;
    return done;
}

bool folder_has_only(const char *path, const char *const *patterns)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    bool has_only = folder != NULL;

    while (has_only && (entry = readdir(folder)) != NULL) {
        has_only = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        for (size_t i = 0; !has_only && patterns[i] != NULL; i++)
            has_only = fnmatch(patterns[i], entry->d_name, 0) == 0;
    }
    if (folder != NULL)
        closedir(folder);
    return has_only;
}
