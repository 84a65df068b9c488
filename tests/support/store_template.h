/*
 * An empty store, created once a process and copied for each test: RocksDB writes, reads and judges
 * its file of options again for each family that it creates, which is most of the price of a test.
 */
#ifndef DATASTREAM_TESTS_SUPPORT_STORE_TEMPLATE_H
#define DATASTREAM_TESTS_SUPPORT_STORE_TEMPLATE_H

#include <dirent.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "storage/store.h"

/*
 * Makes an empty `directory` that exists the same as one in which a store was created and closed.
 */
void template_copy(const char *directory, struct arena *arena);

#endif
