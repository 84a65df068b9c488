/* The reason phrases of HTTP's status codes (RFC 9110 section 15), which are also titles of
 * problems. */
#ifndef DATASTREAM_BASE_HTTP_STATUS_H
#define DATASTREAM_BASE_HTTP_STATUS_H

#include "base/slice.h"

/* "Not Found" for 404; "Unknown" for a status that this program never answers. */
struct slice http_reason(int status);

#endif
