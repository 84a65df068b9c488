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
    struct status status = status_ok();

    for (const struct swagger_row *row = swagger__rows; row->path != NULL && status_is_ok(status);
         row++) {
        struct file file = {
            .path = slice_from_cstr(row->path),
            .content_type = slice_from_cstr(row->content_type),
            .cache_control = slice_from_cstr(row->cache_control),
            .etag = slice_from_cstr(row->etag),
            .bytes = row->bytes,
            .gzip = row->gzip,
            .brotli = row->brotli,
            .headers = headers,
            .header_count = sizeof(headers) / sizeof(headers[0]),
        };

        status = files_add(files, &file, false);
    }
    return status;
}

#else

struct status swagger_add(struct files *files)
{
    (void)files;
    return status_ok();
}

#endif
