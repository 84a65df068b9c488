/*
 * What is served as it stands: the API's documents, and the pages that are embedded in the
 * executable. Each is answered from memory with a strong ETag. Pages are embedded compressed; what
 * is written at start is compressed once, by a thread of its own, so that nobody waits for it. From
 * then on only the compressed form is kept, and unfolded for clients that do not accept it.
 */
#ifndef DATASTREAM_REST_FILES_H
#define DATASTREAM_REST_FILES_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"
#include "rpc/net/exchange.h"

/* Most headers that a file adds to its answer. */
#define FILE_HEADERS_MOST 6

/* A gzip form that a thread may still be at; see files__compress. */
struct late_form;

/* The plain form of a file while it is unfolded; in the arena of its request. */
struct unfolding;

/* Plain and read-only; everything in it is borrowed. */
struct file {
    struct slice path; /* of the request, as it stands */
    struct slice content_type;
    struct slice bytes;     /* not to be read where `late` is set: files__unfold */
    struct slice gzip;      /* empty where there is none */
    struct slice brotli;    /* empty where there is none */
    struct late_form *late; /* in place of gzip and of bytes; NULL where there is none */
    struct slice etag;      /* with its quotes */
    struct slice cache_control;
    const struct header *headers; /* further ones, such as a Content-Security-Policy */
    size_t header_count;
};

/* A file that is embedded in the executable, as rest/embed.mjs writes it. */
struct file_row {
    const char *path; /* NULL ends a table of rows */
    const char *content_type;
    const char *cache_control;
    const char *etag;
    struct slice bytes, gzip, brotli;
};

struct files;

/* An empty set; NULL when the arena failed. */
struct files *files__new(struct arena *arena);

/*
 * Adds a copy of `file`, whose etag is computed here where it is empty. With `compress`
 * files__compress gives it a gzip form. Out of memory is the only failure.
 */
struct status files__add(struct files *files, const struct file *file, bool compress);

/* Adds all `rows`, each with the same further headers. Out of memory is the only failure. */
struct status files_add_rows(struct files *files, const struct file_row *rows,
                             const struct header *headers, size_t header_count);

/*
 * Starts the thread that compresses, when all files were added; without one they stay plain. The
 * thread reads the files until files__compress_end, which waits for it and frees the gzip forms:
 * call it before the arena ends, and when nobody reads the files any more. The pages of a plain
 * form go back to the system as soon as its gzip form is there.
 */
void files__compress(struct files *files);
void files__compress_end(struct files *files);

/* NULL when there is none at that path. */
const struct file *files_find(const struct files *files, struct slice path);

/*
 * The form that a request takes: *ret_encoding is "br", "gzip" or empty, *ret_etag that of the form
 * (two forms of one file are two representations, RFC 9110 8.8.3.3). In the arena of the request.
 * Empty with an empty encoding where `file` has a late form: files__unfold gives its plain bytes.
 */
struct slice files__choose(struct arena *arena, const struct file *file,
                           const struct header *headers, size_t header_count,
                           struct slice *ret_encoding, struct slice *ret_etag);

/* Begins to unfold a file that has a late form. NULL when the arena failed. */
struct unfolding *files__unfold(struct arena *arena, const struct file *file);

/*
 * Unfolds about `most` further bytes. True: that was the last step, and *ret_bytes is the whole
 * plain form, or empty when memory ended.
 */
bool unfolding__next(struct unfolding *unfolding, size_t most, struct slice *ret_bytes);

#endif
