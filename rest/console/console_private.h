/* The embedded files as the build writes them. Internal to rest/console/. */
#ifndef DATASTREAM_REST_CONSOLE_CONSOLE_PRIVATE_H
#define DATASTREAM_REST_CONSOLE_CONSOLE_PRIVATE_H

#include "rest/files.h"

extern const struct file_row console__rows[];

#endif
