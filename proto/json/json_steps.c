/*
 * A message as JSON in steps: its members one after the other, and of a list among them the
 * elements one after the other. What lies deeper is written whole.
 */
#include "proto/json/json_steps.h"

#include <assert.h>

#include "proto/json/json_plan.h"
#include "proto/json/json_record.h"
#include "proto/json/json_text.h"
#include "proto/json/json_write.h"
#include "proto/json/json_write_wkt.h"
#include "proto/json/json_writer.h"
#include "proto/message/message.h"

struct json_steps {
    struct json_writer writer;
    struct json_write_options options;
    const struct message_type *type;
    const ProtobufCMessage *message;
    size_t field;   /* of the members, in their order, the next one */
    size_t element; /* of a list that has begun, the next one */
    bool in_list;
    size_t members;                     /* that were written */
    const struct json_records *records; /* in place of messages; NULL: none */
};

/* Whether the records are the message, or a list in it, and the plan is for their type. */
static bool records_belong(const struct json_records *records, const struct message_type *type)
{
    if (records->field == NULL)
        return records->plan->type == type;
    return records->field->parent == type && records->plan->type == records->field->message;
}

struct json_steps *json_steps_begin(struct arena *arena, const struct message_type *type,
                                    const ProtobufCMessage *message,
                                    const struct json_write_options *options,
                                    const struct json_records *records)
{
    struct json_steps *steps = arena_zalloc(arena, sizeof(*steps));

    if (steps == NULL)
        return NULL;
    assert(message->descriptor == type->pb);
    assert(records == NULL || records_belong(records, type));
    steps->options = *options;
    steps->writer.text.arena = arena;
    steps->writer.options = &steps->options;
    steps->writer.depth = 1;
    steps->type = type;
    steps->message = message;
    steps->records = records;
    return steps;
}

/* Whether the elements of the list are records. */
static bool has_records(const struct json_steps *steps, const struct field *field)
{
    return steps->records != NULL && steps->records->field == field;
}

static bool write_element(struct json_steps *steps, const struct field *field)
{
    if (has_records(steps, field))
        return json__write_record(&steps->writer, steps->records->plan,
                                  steps->records->bodies[steps->element]);
    return json__write_element(&steps->writer, field,
                               field_address(steps->message, field, steps->element));
}

/*
 * Makes room for the rest of a step whose first record was written: others are about as long. Else
 * the text would be copied each time it doubles.
 */
static void make_room(struct json_text *text, size_t written, size_t left, size_t most)
{
    size_t bound = most > text->len ? most - text->len : 0;
    size_t expected = (written + written / 8) * left;

    json__reserve(text, expected < bound ? expected : bound);
}

/* Goes on with the list until the text has `most` bytes; true once it is whole, or was refused. */
static bool write_list(struct json_steps *steps, const struct field *field, size_t most)
{
    struct json_text *text = &steps->writer.text;
    size_t count = has_records(steps, field) ? steps->records->count
                                             : field_count(steps->message, field);
    size_t start;

    assert(steps->in_list || steps->element == 0);
    assert(steps->element <= count);
    if (!steps->in_list)
        json__put_char(text, '[');
    steps->in_list = true;
    for (; steps->element < count; steps->element++) {
        if (text->len >= most)
            return false;
        if (steps->element > 0)
            json__put_char(text, ',');
        start = text->len;
        if (!write_element(steps, field))
            return true;
        if (steps->element == 0)
            make_room(text, text->len - start, count - 1, most);
    }
    json__put_char(text, ']');
    steps->in_list = false;
    steps->element = 0;
    return true;
}

/* Writes the next member, or as much of it as fits; false: it goes on in the next step. */
static bool write_member(struct json_steps *steps, size_t most)
{
    const struct field *field = steps->type->declared[steps->field];
    struct json_writer *writer = &steps->writer;

    assert(steps->field < steps->type->field_count);
    if (!steps->in_list && !json__begin_member(writer, steps->message, field, &steps->members)) {
        steps->field++;
        return true;
    }
    if (!field->repeated || field->map)
        json__write_value(writer, steps->message, field);
    else if (!write_list(steps, field, most))
        return false;
    steps->field++;
    return true;
}

bool json_steps_next(struct json_steps *steps, size_t most, struct status *ret_status,
                     struct slice *ret_text)
{
    struct json_writer *writer = &steps->writer;
    size_t end = writer->text.len + most;

    if (steps->records != NULL && steps->records->field == NULL) {
        assert(steps->records->count == 1);
        json__write_record(writer, steps->records->plan, steps->records->bodies[0]);
        *ret_status = json__write_end(writer, ret_text);
        return true;
    }
    if (json__is_special(steps->type)) {
        json__write_well_known(writer, steps->type, steps->message);
        *ret_status = json__write_end(writer, ret_text);
        return true;
    }
    if (writer->text.len == 0)
        json__put_char(&writer->text, '{');
    while (steps->field < steps->type->field_count && status_is_ok(writer->status) &&
           !arena_failed(writer->text.arena))
        if (!write_member(steps, end))
            return false;
    json__put_char(&writer->text, '}');
    *ret_status = json__write_end(writer, ret_text);
    return true;
}
