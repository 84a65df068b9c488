/* Reading, making and deriving from the key file. */
#include "rpc/program/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto/hkdf.h"
#include "base/crypto/wipe.h"
#include "base/folder.h"
#include "base/random.h"
#include "base/text.h"

#define PREFIX "datastream-key-1 "
#define LINE_LEN (sizeof(PREFIX) - 1 + KEY_ID_LEN + 1 + 64 + 1)

static bool line_parse(const char *line, struct key_file *ret_key)
{
    const char *id = line + sizeof(PREFIX) - 1;
    const char *hex = id + KEY_ID_LEN + 1;
    struct key_file key;

    if (memcmp(line, PREFIX, sizeof(PREFIX) - 1) != 0 || id[KEY_ID_LEN] != ' ')
        return false;
    for (size_t i = 0; i < KEY_ID_LEN; i++)
        if (hex_value_lower(id[i]) < 0)
            return false;
    memcpy(key.id, id, KEY_ID_LEN);
    for (size_t i = 0; i < sizeof(key.key); i++) {
        int high = hex_value_lower(hex[2 * i]);
        int low = hex_value_lower(hex[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        key.key[i] = (uint8_t)(high << 4 | low);
    }
    *ret_key = key;
    return true;
}

/*
 * Opens what is the key file and nothing else: no link, no device or FIFO that would hang the
 * reader, no file that others own or can read. -1, with the reason in *ret_status, otherwise.
 */
static int file_open(const char *path, struct arena *arena, struct status *ret_status)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    enum status_code code = fd < 0 && errno == ENOENT ? STATUS_NOT_FOUND
                                                      : STATUS_FAILED_PRECONDITION;
    struct stat facts;

    if (fd < 0 && errno == ELOOP)
        *ret_status = status_make(
            arena, code, "The key file %s is a symbolic link. Name the file itself.", path);
    else if (fd < 0 || fstat(fd, &facts) != 0)
        *ret_status = status_make(arena, code, "The key file %s cannot be read: %s.", path,
                                  strerror(errno));
    else if (!S_ISREG(facts.st_mode))
        *ret_status = status_make(arena, code, "The key file %s is not a regular file.", path);
    else if (facts.st_uid != geteuid())
        *ret_status = status_make(arena, code,
                                  "The key file %s belongs to another user. Run the command as "
                                  "that user, or change the owner.",
                                  path);
    else if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        *ret_status = status_make(
            arena, code, "The key file %s is open to other users. Run chmod 400 %s.", path, path);
    else
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

struct status key_file__read(const char *path, struct arena *arena, struct key_file *ret_key)
{
    char line[LINE_LEN];
    struct status status = status_ok();
    int fd = file_open(path, arena, &status);
    bool parsed;

    if (fd < 0)
        return status;
    parsed = read(fd, line, sizeof(line)) == (ssize_t)sizeof(line) && line_parse(line, ret_key);
    close(fd);
    crypto_wipe(line, sizeof(line));
    if (!parsed)
        return status_make(arena, STATUS_FAILED_PRECONDITION,
                           "The file %s is not a key file of datastreamd.", path);
    return status_ok();
}

static void hex_write(char *to, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        hex_put(to + 2 * i, bytes[i]);
}

/* A file that could not be written whole is taken away again; errno tells why. */
static bool file_write(const char *path, const char *line)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
    bool written;
    int error;

    if (fd < 0)
        return false;
    errno = ENOSPC; /* a write that came short sets none */
    written = write(fd, line, LINE_LEN) == (ssize_t)LINE_LEN && fsync(fd) == 0;
    written = close(fd) == 0 && written && folder_sync_above(path);
    if (written)
        return true;
    error = errno;
    unlink(path); /* a part of a key would be in the way of the next try */
    errno = error;
    return false;
}

struct status key_file__create(const char *path, struct arena *arena, struct key_file *ret_key)
{
    struct key_file key;
    uint8_t id[KEY_ID_LEN / 2];
    char line[LINE_LEN] = PREFIX;
    bool written;

    if (!random_fill(key.key, sizeof(key.key)) || !random_fill(id, sizeof(id)))
        return status_const(STATUS_UNAVAILABLE, SLICE("The random source failed."));
    hex_write(key.id, id, sizeof(id));
    memcpy(line + sizeof(PREFIX) - 1, key.id, KEY_ID_LEN);
    line[sizeof(PREFIX) - 1 + KEY_ID_LEN] = ' ';
    hex_write(line + sizeof(PREFIX) + KEY_ID_LEN, key.key, sizeof(key.key));
    line[LINE_LEN - 1] = '\n';
    written = file_write(path, line);
    crypto_wipe(line, sizeof(line));
    if (written)
        *ret_key = key;
    crypto_wipe(&key, sizeof(key));
    return written
               ? status_ok()
               : status_make(arena, errno == EEXIST ? STATUS_ALREADY_EXISTS : STATUS_UNAVAILABLE,
                             "The key file %s cannot be written: %s.", path, strerror(errno));
}

struct status key_file__discard_part(const char *path, struct arena *arena)
{
    struct stat facts;

    if (lstat(path, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size < (off_t)LINE_LEN &&
        unlink(path) == 0)
        return status_ok();
    return status_make(arena, STATUS_FAILED_PRECONDITION,
                       "The file %s is in the way of a new key file. Move it away.", path);
}

/* Renames without replacing what is there; errno tells why not. */
static bool move_to_free_name(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS) /* what a file system says that cannot do this */
        return false;
    return link(from, to) == 0 && unlink(from) == 0;
}

struct status key_file__move(const char *from, const char *to, struct arena *arena)
{
    if (move_to_free_name(from, to) && folder_sync_above(to))
        return status_ok();
    return status_make(arena, STATUS_UNAVAILABLE,
                       "The store's key is in %s and cannot be moved to %s: %s. Move it by hand.",
                       from, to, strerror(errno));
}

bool key_file__derive(const struct key_file *key, const char *purpose, uint8_t derived[32])
{
    return hkdf_sha256(key->key, SLICE_EMPTY, slice_from_cstr(purpose), derived);
}
