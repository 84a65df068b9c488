/* Random bytes from the system's generator, fit for credentials. */
#ifndef DATASTREAM_BASE_RANDOM_H
#define DATASTREAM_BASE_RANDOM_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Fills `bytes`. Each thread keeps a stock, so that most calls cost no system call; what was handed
 * out is wiped from it. False when the system has none, and `bytes` holds nothing of use.
 */
bool random_fill(void *bytes, size_t len);

#endif
