/* The embedded files become answers with their headers. */
#include "rest/swagger/swagger.h"

#ifdef DATASTREAM_CONSOLE

#include "rest/swagger/swagger_private.h"

/* Swagger UI has its icons as data: addresses; all else comes from this server. */
static const struct header headers[] = {
    {SLICE_INIT("content-security-policy"),
     SLICE_INIT("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
                "frame-ancestors 'none'")},
    {SLICE_INIT("x-content-type-options"), SLICE_INIT("nosniff")},
    {SLICE_INIT("referrer-policy"), SLICE_INIT("no-referrer")},
    {SLICE_INIT("cross-origin-opener-policy"), SLICE_INIT("same-origin")},
};

struct status swagger_add(struct files *files)
{
    return files_add_rows(files, swagger__rows, headers, sizeof(headers) / sizeof(headers[0]));
}

#else

struct status swagger_add(struct files *files)
{
    (void)files;
    return status_ok();
}

#endif
