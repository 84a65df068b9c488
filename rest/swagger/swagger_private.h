/* The embedded files as the build writes them. Internal to rest/swagger/. */
#ifndef DATASTREAM_REST_SWAGGER_SWAGGER_PRIVATE_H
#define DATASTREAM_REST_SWAGGER_SWAGGER_PRIVATE_H

#include "rest/files.h"

extern const struct file_row swagger__rows[];

#endif
