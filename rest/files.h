/*
 * What is served as it stands: the API's documents, and the pages that are embedded in the
 * executable. Each is answered from memory with a strong ETag. Pages are embedded compressed. Late
 * files, which take long to write, are written and compressed once by a thread of their own, so
 * that the server is ready before: a request for one that comes earlier waits. Only their
 * compressed form is kept, and unfolded for clients that do not accept it.
 */
#ifndef DATASTREAM_REST_FILES_H
#define DATASTREAM_REST_FILES_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"
#include "rpc/net/exchange.h"

/* Most headers that a file adds to its answer. */
#define FILE_HEADERS_MOST 6

/* What a thread writes of a late file; see files__write. */
struct late_form;

/* Most late files of a set. */
#define FILES_LATE_MOST 4

/* Whether a file can be served. */
enum file_state {
    FILE_IS_THERE,
    FILE_COMES,  /* ask again in a while */
    FILE_FAILED, /* memory ended while it was written: see files__write_again */
};

/*
 * Writes the texts of all late files into the arena, by their numbers; the arena has the limit of
 * the files' own. Called on the thread that files__write starts; `context` is what that was given.
 * Out of memory is the only failure.
 */
typedef struct status files_writer(const void *context, struct arena *arena,
                                   struct slice ret_texts[FILES_LATE_MOST]);

/* The plain form of a file while it is unfolded; in the arena of its request. */
struct unfolding;

/* Plain and read-only; everything in it is borrowed. */
struct file {
    struct slice path; /* of the request, as it stands */
    struct slice content_type;
    struct slice bytes;     /* empty where `late` is set: files__unfold */
    struct slice gzip;      /* empty where there is none */
    struct slice brotli;    /* empty where there is none */
    struct late_form *late; /* in place of bytes, gzip and etag; NULL where there is none */
    struct slice etag;      /* with its quotes; empty where `late` is set */
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

/* Adds a copy of `file`, whose empty etag is computed. Out of memory is the only failure. */
struct status files__add(struct files *files, const struct file *file);

/*
 * Adds a copy of `file`, which has no form yet: its text is the one of that number among those of
 * the writer. Out of memory is the only failure.
 */
struct status files__add_late(struct files *files, const struct file *file, unsigned number);

/* Adds all `rows`, each with the same further headers. Out of memory is the only failure. */
struct status files_add_rows(struct files *files, const struct file_row *rows,
                             const struct header *headers, size_t header_count);

/*
 * Starts the thread that writes and compresses late files, when all files were added; without a
 * thread they are written at once. It reads the files until files__write_end, which waits for it
 * and frees what it wrote: call that before the arena ends, and when nobody reads the files any
 * more. `context` is borrowed until then. A failure is logged, and is each file's FILE_FAILED.
 */
void files__write(struct files *files, files_writer *writer, const void *context);

/*
 * Has the files that failed written again, by a thread, unless the last try ended less than a
 * second ago. Whether a thread writes now: a file that failed may have become FILE_COMES. Any
 * thread.
 */
bool files__write_again(struct files *files);

/* Ends it: no thread asks for a file, or for another try. */
void files__write_end(struct files *files);

/* FILE_IS_THERE of every file that is not late. Any thread. */
enum file_state files__state(const struct file *file);

/* NULL when there is none at that path. */
const struct file *files_find(const struct files *files, struct slice path);

/*
 * The form that a request takes of a file that is there: *ret_encoding is "br", "gzip" or empty,
 * *ret_etag that of the form (two forms of one file are two representations, RFC 9110 8.8.3.3). In
 * the arena of the request. Empty with an empty encoding for a late file: files__unfold gives its
 * plain bytes.
 */
struct slice files__choose(struct arena *arena, const struct file *file,
                           const struct header *headers, size_t header_count,
                           struct slice *ret_encoding, struct slice *ret_etag);

/* Begins to unfold a late file that is there. NULL when the arena failed. */
struct unfolding *files__unfold(struct arena *arena, const struct file *file);

/*
 * Unfolds about `most` further bytes. True: that was the last step, and *ret_bytes is the whole
 * plain form, or empty when memory ended.
 */
bool unfolding__next(struct unfolding *unfolding, size_t most, struct slice *ret_bytes);

#endif
