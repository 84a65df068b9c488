/* Memory that held secrets, and comparing secrets. */
#ifndef DATASTREAM_BASE_CRYPTO_WIPE_H
#define DATASTREAM_BASE_CRYPTO_WIPE_H

#include <stdbool.h>
#include <stddef.h>

/* Overwrites the bytes; the compiler cannot leave it out. */
void crypto_wipe(void *bytes, size_t len);

/* Whether both hold the same bytes, in a time that depends on `len` alone. */
bool crypto_equal(const void *a, const void *b, size_t len);

#endif
