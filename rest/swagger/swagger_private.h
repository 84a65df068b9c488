/* The embedded files as the build writes them. Internal to rest/swagger/. */
#ifndef DATASTREAM_REST_SWAGGER_SWAGGER_PRIVATE_H
#define DATASTREAM_REST_SWAGGER_SWAGGER_PRIVATE_H

#include "base/slice.h"

struct swagger_row {
    const char *path; /* NULL ends the table */
    const char *content_type;
    const char *cache_control;
    const char *etag;
    struct slice bytes, gzip, brotli;
};

extern const struct swagger_row swagger__rows[];

#endif
