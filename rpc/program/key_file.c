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

#define PREFIX "datastream-key-1 "
#define LINE_LEN (sizeof(PREFIX) - 1 + KEY_ID_LEN + 1 + 64 + 1)

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool line_parse(const char *line, struct key_file *ret_key)
{
    const char *id = line + sizeof(PREFIX) - 1;
    const char *hex = id + KEY_ID_LEN + 1;
    struct key_file key;

    if (memcmp(line, PREFIX, sizeof(PREFIX) - 1) != 0 || id[KEY_ID_LEN] != ' ')
        return false;
    for (size_t i = 0; i < KEY_ID_LEN; i++)
        if (hex_digit(id[i]) < 0)
            return false;
    memcpy(key.id, id, KEY_ID_LEN);
    for (size_t i = 0; i < sizeof(key.key); i++) {
        int high = hex_digit(hex[2 * i]);
        int low = hex_digit(hex[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        key.key[i] = (uint8_t)(high << 4 | low);
    }
    *ret_key = key;
    return true;
}

struct status key_file_read(const char *path, struct arena *arena, struct key_file *ret_key)
{
    char line[LINE_LEN];
    FILE *file = fopen(path, "rb");
    bool parsed;
    size_t len;

    if (file == NULL)
        return status_make(arena, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED_PRECONDITION,
                           "The key file %s cannot be read: %s.", path, strerror(errno));
    setvbuf(file, NULL, _IONBF, 0); /* no further copy of the key */
    len = fread(line, 1, sizeof(line), file);
    fclose(file);
    parsed = len == sizeof(line) && line_parse(line, ret_key);
    crypto_wipe(line, sizeof(line));
    if (!parsed)
        return status_make(arena, STATUS_FAILED_PRECONDITION,
                           "The file %s is not a key file of datastreamd.", path);
    return status_ok();
}

static void hex_write(char *to, const uint8_t *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < count; i++) {
        to[2 * i] = digits[bytes[i] >> 4];
        to[2 * i + 1] = digits[bytes[i] & 15];
    }
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

struct status key_file_create(const char *path, struct arena *arena, struct key_file *ret_key)
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
    if (!written)
        return status_make(arena, errno == EEXIST ? STATUS_ALREADY_EXISTS : STATUS_UNAVAILABLE,
                           "The key file %s cannot be created: %s.", path, strerror(errno));
    *ret_key = key;
    return status_ok();
}

bool key_file_derive(const struct key_file *key, const char *purpose, uint8_t derived[32])
{
    return hkdf_sha256(key->key, SLICE_EMPTY, slice_from_cstr(purpose), derived);
}
