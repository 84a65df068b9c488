/*
 * The resource engine by two plain kinds, directors and devices, through the whole chain: each test
 * with a world of its own, over the store as it is or, with a seed, over one that answers late.
 */
#ifndef DATASTREAM_TESTS_ENGINE_FIXTURE_H
#define DATASTREAM_TESTS_ENGINE_FIXTURE_H

#include "tests/unit/services_fixture.h"

#ifdef DATASTREAM_FAULTS
#define LATE_SEEDS 3
#else
#define LATE_SEEDS 0
#endif

static struct world world;
static uint64_t seed;

static inline int start(void **state)
{
    world_start(&world, seed);
    *state = &world;
    return 0;
}

static inline int end(void **state)
{
    world_end(*state);
    return 0;
}

static inline struct reply create_director(struct world *w, const char *name)
{
    return world_call(w, "CreateDirector", w->made.api_token,
                      make(w, "CreateDirector", "director.name", name, NULL));
}

static inline struct reply create_device(struct world *w, const char *name, const char *director)
{
    ProtobufCMessage *request = make(w, "CreateDevice", "device.name", name, NULL);

    if (director != NULL)
        set(&w->arena, world_method(w, "CreateDevice")->input, request, "device.directorIds",
            director);
    return world_call(w, "CreateDevice", w->made.api_token, request);
}

static inline struct reply get_device(struct world *w, const char *id)
{
    return world_call(w, "GetDevice", w->made.api_token, make(w, "GetDevice", "id", id, NULL));
}

static inline struct reply call_id(struct world *w, const char *method, const char *id)
{
    return world_call(w, method, w->made.api_token, make(w, method, "id", id, NULL));
}

static inline struct reply update_device(struct world *w, const char *id, const char *path,
                                         const char *value, const char *mask)
{
    const struct message_type *type = world_method(w, "UpdateDevice")->input;
    ProtobufCMessage *request = make(w, "UpdateDevice", "device.id", id, NULL);

    if (path != NULL)
        set(&w->arena, type, request, path, value);
    if (mask != NULL)
        set(&w->arena, type, request, "updateMask.paths", mask);
    return world_call(w, "UpdateDevice", w->made.api_token, request);
}

#endif
