/* The Swagger page: an interactive reference that needs nothing but this server. */
#ifndef DATASTREAM_REST_SWAGGER_SWAGGER_H
#define DATASTREAM_REST_SWAGGER_SWAGGER_H

#include "rest/files.h"

/*
 * Adds the page and its scripts below /api/v1/swagger/, with a strict Content-Security-Policy. A
 * build without pages (DATASTREAM_CONSOLE=OFF) has none. Out of memory is the only failure.
 */
struct status swagger_add(struct files *files);

#endif
