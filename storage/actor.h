/* Actors as texts: what audit rows and createdBy name. */
#ifndef DATASTREAM_STORAGE_ACTOR_H
#define DATASTREAM_STORAGE_ACTOR_H

#include "storage/store.h"

/*
 * "token:<id>", "user:<id>", "director:<id>", "enrollment:<id>", "system", or "anonymous" for
 * ACTOR_NONE; in the arena or constant, empty when the arena failed.
 */
struct slice actor_text(struct arena *arena, const struct actor *actor);

/* Reads such a text; ACTOR_NONE for every other one. */
struct actor actor_parse(struct slice text);

#endif
