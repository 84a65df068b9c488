/* Folders on the disk. */
#ifndef DATASTREAM_BASE_FOLDER_H
#define DATASTREAM_BASE_FOLDER_H

#include <stdbool.h>

/*
 * Syncs the folder that `path` lies in: only then is a file or folder that was made there sure to
 * be there after a loss of power, whatever was synced of its own. False with errno when it fails.
 */
bool folder_sync_above(const char *path);

/*
 * Takes every right to the folder away from all but its owner, who must be the user that runs the
 * program (EPERM). *ret_changed: somebody else had one. False with errno when it cannot be done.
 */
bool folder_make_private(const char *path, bool *ret_changed);

/*
 * Whether the path is a folder whose entries all match one of the shell patterns, which end with
 * NULL; one that holds nothing has only such.
 */
bool folder_has_only(const char *path, const char *const *patterns);

#endif
