/*
 * Reads RocksDB's log format, in which its logs and its manifest are written: blocks of 32 KiB with
 * records that do not cross them.
 *
 *   record  masked CRC-32C of the rest except the length (4, little-endian) | length (2) | type (1)
 *           | number of the log, for types of recycled logs (4) | bytes
 *
 * A logical record is one of type full, or first, middle ..., last. Fewer than 7 bytes at the end
 * of a block are unused; a type of 0 fills what was allocated ahead.
 */
#include "storage/engines/rocksdb_files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_LEN 32768
#define HEADER_LEN 7
#define RECYCLED_HEADER_LEN 11
#define PATH_MOST 4096
/* The front of a logical record that is kept: what we look for in a manifest stands there. */
#define FRONT_MOST 512

enum record_type {
    TYPE_ZERO,
    TYPE_FULL,
    TYPE_FIRST,
    TYPE_MIDDLE,
    TYPE_LAST,
    TYPE_RECYCLED, /* added to the four above, less 1: 5 to 8 */
};

struct reader {
    FILE *file;
    uint8_t block[BLOCK_LEN];
    size_t len; /* of the block: less than BLOCK_LEN only at the end of the file */
    size_t at;
    uint64_t block_offset; /* in the file */
    bool is_damaged;
    uint64_t damage_offset; /* in the file, of the record */
};

/* A part of a logical record, as it stands in a block. */
struct part {
    unsigned type; /* TYPE_FULL to TYPE_LAST */
    const uint8_t *bytes;
    size_t len;
};

static uint32_t read_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

/*
 * CRC-32C (Castagnoli), masked as RocksDB stores it. Bit by bit: it is for manifests and bad days.
 */
static uint32_t masked_crc(const uint8_t *bytes, size_t len)
{
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0x82f63b78 & (0 - (crc & 1)));
    }
    crc = ~crc;
    return (crc >> 15 | crc << 17) + 0xa282ead8;
}

/* -- records ------------------------------------------------------------------------------- */

static bool reader_open(struct reader *reader, const char *directory, const char *name)
{
    char path[PATH_MOST];

    memset(reader, 0, sizeof(*reader));
    if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
        return false;
    reader->file = fopen(path, "re");
    return reader->file != NULL;
}

static bool next_block(struct reader *reader)
{
    if (reader->len > 0 && reader->len < BLOCK_LEN)
        return false;
    reader->block_offset += reader->len;
    reader->at = 0;
    reader->len = fread(reader->block, 1, BLOCK_LEN, reader->file);
    return reader->len > 0;
}

static bool damaged(struct reader *reader)
{
    reader->is_damaged = true;
    reader->damage_offset = reader->block_offset + reader->at;
    return false;
}

/*
 * The next part. False at the end, which may be in the middle of a part, and where one is damaged.
 */
static bool next_part(struct reader *reader, struct part *ret_part)
{
    const uint8_t *header;
    unsigned type;
    size_t header_len;
    size_t len;

    for (;;) {
        if (reader->at + HEADER_LEN > reader->len && !next_block(reader))
            return false;
        if (reader->at + HEADER_LEN > reader->len)
            return false;
        header = reader->block + reader->at;
        len = header[4] | (size_t)header[5] << 8;
        type = header[6];
        if (type != TYPE_ZERO || len != 0)
            break;
        reader->at = reader->len; /* allocated ahead and not used */
    }
    header_len = type >= TYPE_RECYCLED ? RECYCLED_HEADER_LEN : HEADER_LEN;
    if (reader->at + header_len + len > BLOCK_LEN)
        return damaged(reader);
    if (reader->at + header_len + len > reader->len)
        return false;
    if (masked_crc(header + 6, header_len - 6 + len) != read_u32(header))
        return damaged(reader);
    reader->at += header_len + len;
    *ret_part = (struct part){type >= TYPE_RECYCLED ? type - TYPE_RECYCLED + TYPE_FULL : type,
                              header + header_len, len};
    return true;
}

/* -- the manifest -------------------------------------------------------------------------- */

enum edit_tag { EDIT_COMPARATOR = 1, EDIT_LOG_NUMBER = 2, EDIT_DATABASE_ID = 1 << 13 | 1 };

/* Reads a number of 7 bits a byte, the low ones first; false when it is cut off or too long. */
static bool read_varint(const uint8_t **at, const uint8_t *end, uint64_t *ret_number)
{
    uint64_t number = 0;

    for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
        uint8_t byte = *(*at)++;

        number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *ret_number = number;
            return true;
        }
    }
    return false;
}

/* The number of the log that an edit of the manifest names; 0 when it names none. */
static uint64_t log_of_edit(const uint8_t *at, size_t len)
{
    const uint8_t *end = at + len;
    uint64_t tag;
    uint64_t number;

    /* Edits begin with these, in this order; each may be missing. */
    while (read_varint(&at, end, &tag) && read_varint(&at, end, &number)) {
        if (tag == EDIT_LOG_NUMBER)
            return number;
        if ((tag != EDIT_COMPARATOR && tag != EDIT_DATABASE_ID) || number > (size_t)(end - at))
            return 0;
        at += number; /* of a text: its length */
    }
    return 0;
}

/* The newest log that the manifest names; 0 when there is none, or it cannot be read. */
static uint64_t log_of_manifest(const char *directory, const char *name)
{
    struct reader *reader = malloc(sizeof(*reader));
    uint8_t front[FRONT_MOST];
    uint64_t newest = 0;
    size_t len = 0;
    struct part part;

    if (reader == NULL || !reader_open(reader, directory, name)) {
        free(reader);
        return 0;
    }
    while (next_part(reader, &part)) {
        size_t kept;

        if (part.type == TYPE_FULL || part.type == TYPE_FIRST)
            len = 0;
        kept = part.len < FRONT_MOST - len ? part.len : FRONT_MOST - len;
        memcpy(front + len, part.bytes, kept);
        len += kept;
        if (part.type == TYPE_FULL || part.type == TYPE_LAST) {
            uint64_t log = log_of_edit(front, len);

            newest = log > newest ? log : newest;
        }
    }
    if (reader->is_damaged)
        newest = 0;
    fclose(reader->file);
    free(reader);
    return newest;
}

/* -- logs ---------------------------------------------------------------------------------- */

/* "000123.log" */
static bool parse_log_name(const char *name, uint64_t *ret_number)
{
    uint64_t number = 0;
    size_t digits = strspn(name, "0123456789");

    if (digits == 0 || digits > 18 || strcmp(name + digits, ".log") != 0)
        return false;
    for (size_t i = 0; i < digits; i++)
        number = number * 10 + (uint64_t)(name[i] - '0');
    *ret_number = number;
    return true;
}

/* The first log of that number or a later one; false when there is none. */
static bool find_log(const char *directory, uint64_t from, uint64_t *ret_number)
{
    DIR *folder = opendir(directory);
    const struct dirent *entry;
    bool found = false;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        uint64_t number;

        if (!parse_log_name(entry->d_name, &number) || number < from ||
            (found && number > *ret_number))
            continue;
        *ret_number = number;
        found = true;
    }
    if (folder != NULL)
        closedir(folder);
    return found;
}

bool rocksdb__newest_log_is_missing(const char *directory, uint64_t *ret_number)
{
    char path[PATH_MOST];
    char manifest[64];
    uint64_t newest;
    uint64_t found;
    size_t len;
    FILE *file;

    if (snprintf(path, sizeof(path), "%s/CURRENT", directory) >= (int)sizeof(path))
        return false;
    file = fopen(path, "re");
    if (file == NULL)
        return false;
    len = fread(manifest, 1, sizeof(manifest) - 1, file);
    fclose(file);
    manifest[len] = '\0';
    manifest[strcspn(manifest, "\n")] = '\0';
    if (strncmp(manifest, "MANIFEST-", 9) != 0 || strchr(manifest, '/') != NULL)
        return false;
    newest = log_of_manifest(directory, manifest);
    if (newest == 0 || find_log(directory, newest, &found))
        return false;
    *ret_number = newest;
    return true;
}

bool rocksdb__find_damaged_log(const char *directory, uint64_t *ret_number, uint64_t *ret_offset)
{
    struct reader *reader = malloc(sizeof(*reader));
    uint64_t number = 0;
    bool found = false;

    while (reader != NULL && !found && find_log(directory, number, &number)) {
        char name[32];
        struct part part;

        snprintf(name, sizeof(name), "%06llu.log", (unsigned long long)number);
        if (reader_open(reader, directory, name)) {
            while (next_part(reader, &part))
                continue;
            found = reader->is_damaged;
            *ret_number = found ? number : *ret_number;
            *ret_offset = found ? reader->damage_offset : *ret_offset;
            fclose(reader->file);
        }
        number++;
    }
    free(reader);
    return found;
}
