/* See engine.h. */
#include "tests/support/engine.h"

struct world world;
uint64_t engine_seed;

int engine_start(void **state)
{
    world_start(&world, engine_seed);
    *state = &world;
    return 0;
}

int engine_end(void **state)
{
    world_end(*state);
    return 0;
}

struct reply create_director(struct world *w, const char *name)
{
    return world_call(w, "CreateDirector", w->made.api_token,
                      world_make(w, "CreateDirector", "director.name", name, NULL));
}

struct reply create_device(struct world *w, const char *name, const char *director)
{
    ProtobufCMessage *request = world_make(w, "CreateDevice", "device.name", name, NULL);

    if (director != NULL)
        world_set(&w->arena, world_method(w, "CreateDevice")->input, request, "device.directorIds",
                  director);
    return world_call(w, "CreateDevice", w->made.api_token, request);
}

struct reply get_device(struct world *w, const char *id)
{
    return world_call(w, "GetDevice", w->made.api_token,
                      world_make(w, "GetDevice", "id", id, NULL));
}

struct reply call_id(struct world *w, const char *method, const char *id)
{
    return world_call(w, method, w->made.api_token, world_make(w, method, "id", id, NULL));
}

struct reply update_device(struct world *w, const char *id, const char *path, const char *value,
                           const char *mask)
{
    const struct message_type *type = world_method(w, "UpdateDevice")->input;
    ProtobufCMessage *request = world_make(w, "UpdateDevice", "device.id", id, NULL);

    if (path != NULL)
        world_set(&w->arena, type, request, path, value);
    if (mask != NULL)
        world_set(&w->arena, type, request, "updateMask.paths", mask);
    return world_call(w, "UpdateDevice", w->made.api_token, request);
}
