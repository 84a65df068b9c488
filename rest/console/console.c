/* Which paths belong to the console, and what each of its answers says of safety. */
#include "rest/console/console.h"

#ifdef DATASTREAM_CONSOLE

#include "rest/console/console_private.h"

#define ROOT "/console/"
#define ASSETS ROOT "assets/"

/* Nothing comes from elsewhere, and no script may be made from text. */
static const struct header headers[] = {
    {SLICE_INIT("content-security-policy"),
     SLICE_INIT("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
                "frame-ancestors 'none'; require-trusted-types-for 'script'; "
                "trusted-types 'none'")},
    {SLICE_INIT("x-content-type-options"), SLICE_INIT("nosniff")},
    {SLICE_INIT("referrer-policy"), SLICE_INIT("no-referrer")},
    {SLICE_INIT("cross-origin-opener-policy"), SLICE_INIT("same-origin")},
};

struct status console_add(struct files *files)
{
    return files_add_rows(files, console__rows, NULL, 0);
}

struct slice console_redirect(struct slice path)
{
    bool leads = slice_equal(path, SLICE("/")) || slice_equal(path, SLICE("/console"));

    return leads ? SLICE(ROOT) : SLICE_EMPTY;
}

const struct file *console_page(const struct files *files, struct slice path)
{
    if (!slice_starts_with(path, SLICE(ROOT)) || slice_starts_with(path, SLICE(ASSETS)))
        return NULL;
    return files_find(files, SLICE(ROOT));
}

const struct header *console_headers(struct slice path, size_t *ret_count)
{
    bool ours = slice_starts_with(path, SLICE(ROOT)) || console_redirect(path).len > 0;

    *ret_count = ours ? sizeof(headers) / sizeof(headers[0]) : 0;
    return headers;
}

#else

struct status console_add(struct files *files)
{
    (void)files;
    return status_ok();
}

struct slice console_redirect(struct slice path)
{
    (void)path;
    return SLICE_EMPTY;
}

const struct file *console_page(const struct files *files, struct slice path)
{
    (void)files;
    (void)path;
    return NULL;
}

const struct header *console_headers(struct slice path, size_t *ret_count)
{
    (void)path;
    *ret_count = 0;
    return NULL;
}

#endif
