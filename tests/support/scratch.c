/* See scratch.h. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/scratch.h"

bool scratch_make(const char *name, char *ret_path, size_t size)
{
    const char *folder = getenv("TMPDIR");
    int len;

    if (folder == NULL || folder[0] == '\0')
        folder = "/tmp";
    len = snprintf(ret_path, size, "%s/datastream-%s-XXXXXX", folder, name);
    return len > 0 && (size_t)len < size && mkdtemp(ret_path) != NULL;
}
