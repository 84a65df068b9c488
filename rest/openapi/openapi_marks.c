/* Descriptions, and values that are not allowed. */
#include "rest/openapi/openapi_marks.h"

#include "base/text.h"
#include "proto/json/json_text.h"

/* Begins another value of a list as JSON writes it. */
static void separate(struct json_text *list)
{
    if (list->len > 0)
        json_put_literal(list, ", ");
}

static void put_texts(struct json_text *list, const struct rules *rules)
{
    for (size_t i = 0; i < rules->not_in_count; i++) {
        separate(list);
        json_put_string(list, rules->not_in[i]);
    }
}

static void put_bytes(struct json_text *list, const struct rules *rules)
{
    for (size_t i = 0; i < rules->not_in_count; i++) {
        separate(list);
        json_put_string(list, base64_encode(list->arena, rules->not_in[i], true));
    }
}

/* 64 bits are strings in JSON. */
static void put_integers(struct json_text *list, const struct field *field,
                         const struct rules *rules)
{
    ProtobufCType type = field->pb->type;
    bool is_unsigned = type == PROTOBUF_C_TYPE_UINT64 || type == PROTOBUF_C_TYPE_FIXED64;
    bool is_large = is_unsigned || type == PROTOBUF_C_TYPE_INT64 ||
                    type == PROTOBUF_C_TYPE_SINT64 || type == PROTOBUF_C_TYPE_SFIXED64;

    for (size_t i = 0; i < rules->not_integer_count; i++) {
        separate(list);
        if (is_unsigned)
            json_put_string(list, decimal_encode(list->arena, (uint64_t)rules->not_integers[i]));
        else if (is_large)
            json_put_string(list,
                            arena_printf(list->arena, "%lld", (long long)rules->not_integers[i]));
        else
            json_put_int(list, rules->not_integers[i]);
    }
}

static void put_names(struct json_text *list, const struct enum_type *type,
                      const struct rules *rules)
{
    for (size_t i = 0; i < rules->not_number_count; i++)
        for (size_t v = 0; v < type->value_count; v++)
            if (type->values[v].number == rules->not_numbers[i]) {
                separate(list);
                json_put_string(list, type->values[v].name);
                break;
            }
}

/* Timestamps and durations, which JSON quotes; the rules write them without. */
static void put_moments(struct json_text *list, struct slice moments)
{
    while (moments.len > 0) {
        size_t comma = slice_find(moments, ',');

        separate(list);
        json_put_string(list, slice_trim(slice_make(moments.data, comma)));
        moments = slice_from(moments, comma < moments.len ? comma + 1 : comma);
    }
}

/* "514, 6514"; empty where every value is allowed. */
static struct slice not_in(struct openapi *api, const struct field *field,
                           const struct rules *rules)
{
    struct json_text list = {.arena = api->text.arena};

    if (rules == NULL)
        return SLICE_EMPTY;
    if (field->enumeration != NULL)
        put_names(&list, field->enumeration, rules);
    else if (field->pb->type == PROTOBUF_C_TYPE_STRING)
        put_texts(&list, rules);
    else if (field->pb->type == PROTOBUF_C_TYPE_BYTES)
        put_bytes(&list, rules);
    else if (rules->moment != NULL)
        put_moments(&list, rules->moment->not_in_text);
    else if (rules->real != NULL)
        json_put(&list, rules->real->not_in_text);
    else
        put_integers(&list, field, rules);
    return json_text_slice(&list);
}

void openapi__describe(struct openapi *api, const struct field *field, const struct rules *rules,
                       struct slice comment)
{
    struct arena *arena = api->text.arena;
    struct slice list = not_in(api, field, rules);

    if (list.len == 0) {
        openapi__text(api, SLICE("description"), comment);
        return;
    }
    openapi__member(api, SLICE("description"),
                    arena_printf(arena, "%.*s%sNot allowed: %.*s.", SLICE_ARG(comment),
                                 comment.len == 0 ? "" : "\n\n", SLICE_ARG(list)));
    openapi__key(api, SLICE("x-not-in"));
    openapi__raw(api, arena_printf(arena, "[%.*s]", SLICE_ARG(list)));
}
