/* The web console: its page and its files, embedded in the executable and served at /console/. */
#ifndef DATASTREAM_REST_CONSOLE_CONSOLE_H
#define DATASTREAM_REST_CONSOLE_CONSOLE_H

#include "rest/files.h"

/*
 * Adds the console's files. A build without pages (DATASTREAM_CONSOLE=OFF) has none, and then the
 * functions below find nothing. Out of memory is the only failure.
 */
struct status console_add(struct files *files);

/* Where a reader of `path` is sent: to the console from "/" and "/console"; else empty. */
struct slice console_redirect(struct slice path);

/*
 * The page for a path that the console routes itself in the browser: any below /console/, except
 * below /console/assets/. NULL for other paths.
 */
const struct file *console_page(const struct files *files, struct slice path);

/* The headers of each answer below /console/, errors included. *ret_count is 0 elsewhere. */
const struct header *console_headers(struct slice path, size_t *ret_count);

#endif
