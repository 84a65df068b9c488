/*
 * What somebody meant who wrote a name that does not exist: the known name that is fewest edits
 * away, as long as that is few.
 */
#ifndef DATASTREAM_RPC_PROGRAM_NEAREST_H
#define DATASTREAM_RPC_PROGRAM_NEAREST_H

#include "base/slice.h"

/*
 * Collects the nearest of the names that are offered. Names and what was given compare without
 * regard to case, and '_' is '-'. An edit adds, drops or replaces a character or swaps two
 * neighbours.
 */
struct nearest {
    struct slice given;
    struct slice name; /* empty while nothing is near enough */
    size_t edits;      /* of `name`; the bound while there is none */
};

/* Begins without a name; `given` must live as long as the result is used. */
struct nearest nearest__begin(struct slice given);

/* `name` must live as long as the result is used; of two that are equally near the first stays. */
void nearest__offer(struct nearest *nearest, struct slice name);

#endif
