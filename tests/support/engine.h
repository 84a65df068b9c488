/*
 * The resource engine by two plain kinds, directors and devices, through the whole chain: each test
 * with a world of its own, over the store as it is or, with a seed, over one that answers late.
 */
#ifndef DATASTREAM_TESTS_SUPPORT_ENGINE_H
#define DATASTREAM_TESTS_SUPPORT_ENGINE_H

#include "tests/support/world.h"

#ifdef DATASTREAM_FAULTS
#define LATE_SEEDS 3
#else
#define LATE_SEEDS 0
#endif

extern struct world world;
extern uint64_t engine_seed;

int engine_start(void **state);

int engine_end(void **state);

struct reply create_director(struct world *w, const char *name);

struct reply create_device(struct world *w, const char *name, const char *director);

struct reply get_device(struct world *w, const char *id);

struct reply call_id(struct world *w, const char *method, const char *id);

struct reply update_device(struct world *w, const char *id, const char *path, const char *value,
                           const char *mask);

#endif
