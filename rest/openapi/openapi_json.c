/* JSON with its commas. */
#include "rest/openapi/openapi_json.h"
#include "proto/json/json_text.h"

static void separate(struct openapi *api)
{
    if (api->comma)
        json_put_literal(&api->text, ",");
    api->comma = true;
}

void openapi__open(struct openapi *api, char bracket)
{
    separate(api);
    json_put(&api->text, slice_make(&bracket, 1));
    api->comma = false;
}

void openapi__close(struct openapi *api, char bracket)
{
    json_put(&api->text, slice_make(&bracket, 1));
    api->comma = true;
}

void openapi__key(struct openapi *api, struct slice name)
{
    separate(api);
    json_put_string(&api->text, name);
    json_put_literal(&api->text, ":");
    api->comma = false;
}

void openapi__string(struct openapi *api, struct slice value)
{
    separate(api);
    json_put_string(&api->text, value);
}

void openapi__int(struct openapi *api, int64_t value)
{
    separate(api);
    json_put_int(&api->text, value);
}

void openapi__bool(struct openapi *api, bool value)
{
    separate(api);
    json_put(&api->text, value ? SLICE("true") : SLICE("false"));
}

void openapi__raw(struct openapi *api, struct slice json)
{
    separate(api);
    json_put(&api->text, json);
}

void openapi__member(struct openapi *api, struct slice name, struct slice value)
{
    openapi__key(api, name);
    openapi__string(api, value);
}

void openapi__text(struct openapi *api, struct slice name, struct slice value)
{
    if (value.len > 0)
        openapi__member(api, name, value);
}

void openapi__flag(struct openapi *api, struct slice name)
{
    openapi__key(api, name);
    openapi__bool(api, true);
}

void openapi__ref(struct openapi *api, struct slice folder, struct slice name)
{
    struct slice root = api->version == OPENAPI_2_0 ? SLICE("#/") : SLICE("#/components/");

    if (api->version == OPENAPI_2_0 && slice_equal(folder, SLICE("schemas")))
        folder = SLICE("definitions");
    openapi__key(api, SLICE("$ref"));
    /* Names have nothing to escape, and thousands of references are written. */
    json_put_literal(&api->text, "\"");
    json_put(&api->text, root);
    json_put(&api->text, folder);
    json_put_literal(&api->text, "/");
    json_put(&api->text, name);
    json_put_literal(&api->text, "\"");
    api->comma = true;
}

void openapi__differs(struct openapi *api, size_t from, struct slice other)
{
    struct arena *arena = api->text.arena;

    if (api->other_count == api->other_capacity) {
        size_t capacity = 2 * api->other_capacity + 8;
        struct other_form *grown = arena_array(arena, capacity, sizeof(grown[0]));

        if (grown == NULL)
            return;
        if (api->other_count > 0)
            memcpy(grown, api->others, api->other_count * sizeof(grown[0]));
        api->others = grown;
        api->other_capacity = capacity;
    }
    api->others[api->other_count++] = (struct other_form){from, api->text.len - from, other};
}
