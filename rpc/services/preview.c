/*
 * API Preview. The body is read as the creation would read it, which finds wrong names and types;
 * what is printed is the body as it came, in its own order, without its secrets.
 */
#include "rpc/services/preview.h"

#include <assert.h>

#include "datastream/v1/api_preview.pb-c.h"
#include "google/protobuf/struct.pb-c.h"
#include "proto/contract/contract_find.h"
#include "proto/json/json.h"
#include "proto/json/json_read.h"
#include "proto/json/json_write.h"
#include "rpc/call/authorize.h"
#include "rpc/call/chain_facts.h"
#include "rpc/call/quotes.h"
#include "rpc/services/preview_text.h"
#include "rpc/services/resource/rules.h"

#define API_PREFIX "/api/v1"

/* -- secrets ----------------------------------------------------------------------------------- */

struct secret_path {
    struct secret_path *next;
    struct slice path;
};

struct hiding {
    struct arena *arena;
    struct secret_path *first, **tail;
    size_t count;
};

static void hide_members(struct hiding *hiding, const struct message_type *type,
                         const Google__Protobuf__Struct *object, struct slice path);

/* A text that is neither empty nor wholly a quote gives way to the placeholder. */
static void hide_text(struct hiding *hiding, Google__Protobuf__Value *value, struct slice path)
{
    struct secret_path *hidden;
    struct slice text;

    if (value->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE)
        return;
    text = slice_from_cstr(value->string_value);
    if (text.len == 0 || quote_is_whole(text, NULL))
        return;
    value->string_value = arena_cstr(hiding->arena, SLICE(RULES_PLACEHOLDER));
    hidden = arena_alloc(hiding->arena, sizeof(*hidden));
    if (hidden == NULL)
        return;
    *hidden = (struct secret_path){NULL, path};
    *hiding->tail = hidden;
    hiding->tail = &hidden->next;
    hiding->count++;
}

static void hide_value(struct hiding *hiding, const struct field *field,
                       Google__Protobuf__Value *value, struct slice path)
{
    const struct message_type *type = field->message;

    if (field->secret)
        hide_text(hiding, value, path);
    else if (type != NULL && type->well_known == WELL_KNOWN_NONE &&
             value->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE)
        hide_members(hiding, type, value->struct_value, path);
}

static void hide_entries(struct hiding *hiding, const struct field *map,
                         const Google__Protobuf__Struct *object, struct slice path)
{
    const struct field *inner = map->secret ? map : message_field_by_number(map->message, 2);

    for (size_t i = 0; i < object->n_fields; i++)
        hide_value(
            hiding, inner, object->fields[i]->value,
            arena_printf(hiding->arena, "%.*s[\"%s\"]", SLICE_ARG(path), object->fields[i]->key));
}

static void hide_member(struct hiding *hiding, const struct field *field,
                        Google__Protobuf__Value *value, struct slice path)
{
    if (field->map && value->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE)
        hide_entries(hiding, field, value->struct_value, path);
    else if (field->repeated && value->kind_case == GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE)
        for (size_t i = 0; i < value->list_value->n_values; i++)
            hide_value(hiding, field, value->list_value->values[i],
                       arena_printf(hiding->arena, "%.*s[%zu]", SLICE_ARG(path), i));
    else
        hide_value(hiding, field, value, path);
}

static void hide_members(struct hiding *hiding, const struct message_type *type,
                         const Google__Protobuf__Struct *object, struct slice path)
{
    for (size_t i = 0; object != NULL && i < object->n_fields; i++) {
        struct slice name = slice_from_cstr(object->fields[i]->key);
        const struct field *field = message_field_by_name(type, name);

        if (field != NULL && object->fields[i]->value != NULL)
            hide_member(hiding, field, object->fields[i]->value,
                        path.len == 0 ? field->json_name
                                      : arena_printf(hiding->arena, "%.*s.%.*s", SLICE_ARG(path),
                                                     SLICE_ARG(field->json_name)));
    }
}

/* -- the request that is shown ----------------------------------------------------------------- */

/* What the body of the request is over REST: the whole input, or one field of it. */
static const struct message_type *body_type(const struct method *creation)
{
    struct slice body = creation->rules[0].body;

    return slice_equal(body, SLICE("*")) ? creation->input
                                         : message_field_by_name(creation->input, body)->message;
}

static struct status find_creation(struct call *call, const char *name,
                                   const struct method **ret_creation)
{
    const struct kind *kind = contract_kind(call_contract(call), slice_from_cstr(name));
    const struct method *creation = kind == NULL ? NULL : kind->creation;
    struct violations violations = {0};

    if (creation == NULL) {
        violations_add(&violations, call->arena, SLICE("kind"),
                       "must be the name of a kind that can be created, such as \"devices\"");
        return violations_status(&violations, call->arena);
    }
    if (!permission_set_has(&call->identity.permissions, kind->permissions[VERB_CREATE]->bit))
        return call_denied(call, kind->permissions[VERB_CREATE]->name);
    *ret_creation = creation;
    return status_ok();
}

/* Reads the body's JSON as the creation would; a violation's path begins with "body". */
static struct status check_body(struct call *call, const struct method *creation, struct slice json)
{
    const struct json_read_options options = {.contract = call_contract(call),
                                              .path_prefix = SLICE("body")};
    ProtobufCMessage *message;

    return json_read_message(call->arena, body_type(creation), json, &options, &message);
}

static struct status write_body(struct call *call, const Google__Protobuf__Struct *body,
                                struct slice *ret_json)
{
    const struct json_write_options options = {.contract = call_contract(call)};
    const struct message_type *type = contract_message(call_contract(call),
                                                       SLICE("google.protobuf.Struct"));

    return json_write_message(call->arena, type, &body->base, &options, ret_json);
}

static void list_secrets(const struct hiding *hiding, Datastream__V1__ApiPreview *preview)
{
    preview->secrets = arena_array(hiding->arena, hiding->count, sizeof(char *));
    for (const struct secret_path *at = hiding->first; preview->secrets != NULL && at != NULL;
         at = at->next)
        preview->secrets[preview->n_secrets++] = arena_cstr(hiding->arena, at->path);
    assert(preview->secrets == NULL || preview->n_secrets == hiding->count);
}

static struct status answer(struct call *call, const struct method *creation,
                            const struct hiding *hiding, struct slice json)
{
    struct arena *arena = call->arena;
    Datastream__V1__ApiPreview *preview = arena_alloc(arena, sizeof(*preview));
    const struct http_rule *rule = &creation->rules[0];
    struct slice path = slice_starts_with(rule->template, SLICE(API_PREFIX))
                            ? slice_from(rule->template, sizeof(API_PREFIX) - 1)
                            : rule->template;
    struct slice body = preview__body(arena, json);

    if (preview == NULL)
        return status_out_of_memory();
    datastream__v1__api_preview__init(preview);
    preview->method = arena_cstr(arena, rule->verb);
    preview->path = arena_cstr(arena, path);
    preview->bash = arena_cstr(arena, preview__bash(arena, rule->verb, path, body));
    preview->powershell = arena_cstr(arena, preview__powershell(arena, rule->verb, path, body));
    list_secrets(hiding, preview);
    call->response = &preview->base;
    return arena_failed(arena) ? status_out_of_memory() : status_ok();
}

struct status preview__call(struct call *call)
{
    const Datastream__V1__PreviewApiCallRequest *request = (const void *)call->request;
    Google__Protobuf__Struct empty = GOOGLE__PROTOBUF__STRUCT__INIT;
    const Google__Protobuf__Struct *body = request->body != NULL ? request->body : &empty;
    struct hiding hiding = {.arena = call->arena};
    const struct method *creation = NULL;
    struct slice json;
    struct status status = find_creation(call, request->kind, &creation);

    if (status_is_ok(status))
        status = write_body(call, body, &json);
    if (status_is_ok(status))
        status = check_body(call, creation, json);
    if (!status_is_ok(status))
        return status;
    hiding.tail = &hiding.first;
    hide_members(&hiding, body_type(creation), body, SLICE_EMPTY);
    status = write_body(call, body, &json);
    return status_is_ok(status) ? answer(call, creation, &hiding, json) : status;
}
