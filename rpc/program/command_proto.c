/* proto: writes the proto files of the API, for protoc, buf and the gRPC tools. */
#include "rpc/program/command_proto.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/contract/embedded.h"
#include "rpc/program/program.h"

static struct status failed(struct arena *arena, const char *path)
{
    return status_make(arena, STATUS_FAILED_PRECONDITION, "The file %s cannot be written: %s.",
                       path, strerror(errno));
}

/* Makes each folder of `path`, its last part excepted; changes the path only while it works. */
static bool make_folders(char *path)
{
    for (char *at = path + 1; (at = strchr(at, '/')) != NULL; at++) {
        int failure;

        *at = '\0';
        failure = mkdir(path, 0777) == 0 || errno == EEXIST ? 0 : errno;
        *at = '/';
        if (failure != 0) {
            errno = failure;
            return false;
        }
    }
    return true;
}

static struct status write_file(struct arena *arena, char *path, struct slice text)
{
    FILE *file = make_folders(path) ? fopen(path, "we") : NULL;
    bool written;

    if (file == NULL)
        return failed(arena, path);
    written = fwrite(text.data, 1, text.len, file) == text.len;
    if (fclose(file) != 0 || !written)
        return failed(arena, path);
    return status_ok();
}

int command__proto(const struct options *options, struct arena *arena)
{
    struct status status = status_ok();
    struct slice name, text;

    if (options->out == NULL)
        return program__fail(
            status_make(arena, STATUS_INVALID_ARGUMENT, "The flag --out is required."));
    for (size_t i = 0; status_is_ok(status) && embedded_source(i, &name, &text); i++) {
        struct slice path = arena_printf(arena, "%s/%.*s", options->out, SLICE_ARG(name));

        status = arena_failed(arena) ? status_out_of_memory()
                                     : write_file(arena, (char *)(uintptr_t)path.data, text);
    }
    return status_is_ok(status) ? 0 : program__fail(status);
}
