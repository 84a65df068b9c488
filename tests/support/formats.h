/* A text held against a format: wanted the violation, or NULL for none. */
#ifndef DATASTREAM_TESTS_SUPPORT_FORMATS_H
#define DATASTREAM_TESTS_SUPPORT_FORMATS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rpc/call/formats.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct format_case {
    struct slice text;
    const char *wanted; /* NULL: it has the format */
};

void expect_format(enum format format, struct slice text, const char *wanted);

void expect_formats(enum format format, const struct format_case *cases, size_t count);

#ifdef DATASTREAM_FAULTS
/* Each allocation fails in turn, alone and with all later ones: a failed arena, never another
 * answer. */
void fail_each_allocation(enum format format, struct slice text, bool wanted);
#endif

#endif
