/* The file with the setup token, from the start to the setup. */
#include "rpc/program/setup_token.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/crypto/wipe.h"
#include "base/random.h"
#include "rpc/identity/identity.h"
#include "rpc/identity/token_value.h"

/* The data directory's name with .setup-token appended; NULL when the arena failed. */
static const char *path_of(const struct options *options, struct arena *arena)
{
    struct slice dir = slice_from_cstr(options->data_dir);

    while (dir.len > 1 && dir.data[dir.len - 1] == '/')
        dir.len--;
    return arena_printf(arena, "%.*s.setup-token", SLICE_ARG(dir)).data;
}

/* What is there is of an earlier start, or a link that leads elsewhere; errno tells what failed. */
static bool file_write(const char *path, const char *line, size_t len)
{
    bool written;
    int fd;

    unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    errno = ENOSPC; /* a write that came short sets none */
    written = write(fd, line, len) == (ssize_t)len;
    return close(fd) == 0 && written;
}

static void done(void *context)
{
    unlink(context);
    log_event(LOG_INFO, "setup.done", LOG_CSTR("token_file", context));
}

struct status setup_token__begin(const struct options *options, struct arena *arena,
                                 struct setup_gate *ret_gate)
{
    const char *path = path_of(options, arena);
    char line[TOKEN_VALUE_LEN + 1];
    uint8_t random[32];
    bool written;

    assert(!setup_gate_is_required(ret_gate)); /* one start has one token */
    if (path == NULL)
        return status_out_of_memory();
    if (!random_fill(random, sizeof(random)))
        return status_const(STATUS_UNAVAILABLE, SLICE("The random source failed."));
    credential_value_make(SLICE("dsu_"), random, line);
    crypto_wipe(random, sizeof(random));
    line[TOKEN_VALUE_LEN] = '\n';
    token_value_hash(slice_make(line, TOKEN_VALUE_LEN), ret_gate->hash);
    written = file_write(path, line, sizeof(line));
    if (written && isatty(STDERR_FILENO))
        fprintf(stderr, "The server has no organization yet. Its setup token, also in %s: %.*s\n",
                path, TOKEN_VALUE_LEN, line);
    crypto_wipe(line, sizeof(line));
    if (!written)
        return status_make(arena, STATUS_UNAVAILABLE,
                           "The file %s for the setup token cannot be written: %s.", path,
                           strerror(errno));
    ret_gate->done = done;
    ret_gate->context = (void *)(uintptr_t)path;
    atomic_store_explicit(&ret_gate->required, true, memory_order_release);
    log_event(LOG_WARNING, "setup.required", LOG_CSTR("token_file", path));
    return status_ok();
}

void setup_token__forget(const struct options *options, struct arena *arena)
{
    const char *path = path_of(options, arena);

    if (path != NULL)
        unlink(path);
}
