/* Cells, and when they need quotes. */
#include "rest/csv.h"

#include "proto/json/json.h"
#include "proto/json/json_text.h"
#include "proto/json/json_write.h"
#include "proto/message/message.h"

static bool is_formula(struct slice text)
{
    return text.len > 0 && memchr("=+-@\t\r", text.data[0], 6) != NULL;
}

static bool needs_quotes(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (memchr(",\"\r\n", text.data[i], 4) != NULL)
            return true;
    return false;
}

static void put_cell(struct json_text *text, struct slice cell)
{
    bool quoted = needs_quotes(cell);
    size_t from = 0;

    if (quoted)
        json_put_literal(text, "\"");
    if (is_formula(cell))
        json_put_literal(text, "'");
    for (size_t i = 0; quoted && i < cell.len; i++)
        if (cell.data[i] == '"') {
            json_put(text, slice_make(cell.data + from, i - from));
            json_put_literal(text, "\"\"");
            from = i + 1;
        }
    json_put(text, slice_from(cell, from));
    if (quoted)
        json_put_literal(text, "\"");
}

struct slice csv__head(struct arena *arena, const struct message_type *type)
{
    struct json_text text = {.arena = arena};

    for (size_t i = 0; i < type->field_count; i++) {
        if (i > 0)
            json_put_literal(&text, ",");
        put_cell(&text, type->declared[i]->json_name);
    }
    json_put_literal(&text, "\r\n");
    return json_text_slice(&text);
}

static bool is_text(const struct field *field)
{
    return field->pb->type == PROTOBUF_C_TYPE_STRING && !field->repeated;
}

/* Times, large numbers and enum values are texts without escapes in JSON. */
static struct slice without_quotes(struct slice json)
{
    if (json.len < 2 || json.data[0] != '"')
        return json;
    return slice_make(json.data + 1, json.len - 2);
}

struct status csv__row(struct arena *arena, const struct contract *contract,
                       const struct message_type *type, const ProtobufCMessage *message,
                       struct slice *ret_row)
{
    const struct json_write_options options = {.contract = contract, .always_emit = true};
    struct json_text text = {.arena = arena};

    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = type->declared[i];
        struct slice json = SLICE_EMPTY;
        struct status status = status_ok();

        if (i > 0)
            json_put_literal(&text, ",");
        if (is_text(field)) {
            put_cell(&text, field_get_string(message, field));
        } else if (field_is_set(message, field)) {
            status = json_write_field(arena, message, field, &options, &json);
            put_cell(&text, without_quotes(json));
        }
        if (!status_is_ok(status))
            return status;
    }
    json_put_literal(&text, "\r\n");
    *ret_row = json_text_slice(&text);
    return arena_failed(arena) ? status_out_of_memory() : status_ok();
}
