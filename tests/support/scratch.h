/*
 * Folders of tests: in TMPDIR, or in /tmp. The gate lets the sanitized tests keep their
 * stores in memory by it.
 */
#ifndef DATASTREAM_TESTS_SUPPORT_SCRATCH_H
#define DATASTREAM_TESTS_SUPPORT_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Creates a folder datastream-NAME-XXXXXX, which the caller removes, and writes its path.
 * false: this failed.
 */
bool scratch_make(const char *name, char *ret_path, size_t size);

#endif
