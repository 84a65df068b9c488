/* What store.c offers the files of its own folder alone. */
#ifndef DATASTREAM_STORAGE_STORE_INTERNAL_H
#define DATASTREAM_STORAGE_STORE_INTERNAL_H

#include "storage/engine.h"

/* Before the first thread may signal. */
void store__waiter_init(struct waiter *waiter);

/* The last touch of the signalling thread: the waiter may be gone when this returns. */
void store__waiter_signal(void *waiter);

/* Waits, then releases what the waiter holds. */
void store__waiter_wait(struct waiter *waiter);

/* Fetches what the view missed, and waits for it: never on a loop. */
void store__wait_for_fetch(struct store_view *view);

/* The text name of a family, as STORE_FAMILIES gives it. */
const char *store_family_name(enum store_family family);

/* Reads the body of a record of 8 bytes; false where it is another thing. */
bool store_parse_u64(struct slice value, uint64_t *ret_number);

/* Logs that the engine failed at something; `message` is of a library and may be NULL. */
void store_log_error(const char *what, const char *message);

#endif
