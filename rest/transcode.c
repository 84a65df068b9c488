/* Requests into messages and messages into answers, by a compiled rule. */
#include "rest/transcode.h"

#include <assert.h>
#include <google/protobuf/field_mask.pb-c.h>

#include "proto/contract/contract_find.h"
#include "proto/json/json_read.h"
#include "proto/json/json_read_text.h"
#include "proto/json/json_steps.h"
#include "proto/json/json_write.h"
#include "proto/message/message_equal.h"
#include "rest/binding.h"
#include "rest/form.h"
#include "rest/partial.h"
#include "rest/query.h"

/* A query parameter's field, once it was seen. */
struct seen {
    struct field_path path;
    size_t capacity; /* of a repeated field, for json_read_text */
};

struct reader {
    struct arena *arena;
    const struct binding *binding;
    ProtobufCMessage *message;
    struct violations violations;
    struct status failed; /* what is no violation */
    bool complete;        /* body and query were read to their ends */
    struct seen *seen;
    size_t seen_count;
};

/* Keeps a failure, of one value or of several; others may follow. */
static void collect(struct reader *reader, struct status status)
{
    if (status.code != STATUS_INVALID_ARGUMENT || status.details == NULL) {
        if (status_is_ok(reader->failed))
            reader->failed = status;
        return;
    }
    violations_add_status(&reader->violations, reader->arena, &status);
}

static bool path_equal(const struct field_path *a, const struct field_path *b)
{
    return a->count == b->count && memcmp(a->steps, b->steps, a->count * sizeof(a->steps[0])) == 0;
}

/* Whether another member of the field's oneof is set. */
static bool oneof_is_taken(const ProtobufCMessage *message, const struct field *field)
{
    uint32_t member;

    if (!field->oneof_member)
        return false;
    assert(field->oneof < field->parent->oneof_count);
    memcpy(&member, (const char *)message + field->parent->oneofs[field->oneof].case_offset,
           sizeof(member));
    return member != 0 && member != field->number;
}

/*
 * The message that holds the path's last field, made where it is missing. NULL when the arena
 * failed, or after a violation: the way leads through a oneof that is set otherwise.
 */
static ProtobufCMessage *descend(struct reader *reader, const struct field_path *path,
                                 struct slice name)
{
    ProtobufCMessage *message = reader->message;

    assert(path->count > 0 && message != NULL);
    for (size_t i = 0; i < path->count; i++) {
        const struct field *step = path->steps[i];
        ProtobufCMessage *next;

        if (oneof_is_taken(message, step)) {
            violations_add(&reader->violations, reader->arena, name,
                           "must not be given together with another field of \"%.*s\"",
                           SLICE_ARG(step->parent->oneofs[step->oneof].name));
            return NULL;
        }
        if (i + 1 == path->count)
            break;
        next = field_get_message(message, step);
        if (next == NULL) {
            next = message_new(reader->arena, step->message);
            if (next == NULL)
                return NULL;
            field_set_message(message, step, next);
        }
        message = next;
    }
    return message;
}

/* Whether the field, set in `message`, has the value that the text says. */
static bool says_the_same(struct reader *reader, const ProtobufCMessage *message,
                          const struct field *field, struct slice text, struct slice name)
{
    ProtobufCMessage *other = message_new(reader->arena, field->parent);
    size_t capacity = 0;

    return other != NULL &&
           status_is_ok(json_read_text(reader->arena, other, field, text, name, &capacity)) &&
           field_equal(reader->arena, message, other, field);
}

static void read_variable(struct reader *reader, const struct route_match *match, size_t i)
{
    const struct field_path *path = &reader->binding->variables[i];
    const struct field *leaf = path->steps[path->count - 1];
    struct slice name = field_path_json(reader->arena, path);
    enum percent_mode mode = reader->binding->template.variables[i].multi ? PERCENT_SEGMENTS
                                                                          : PERCENT_SEGMENT;
    ProtobufCMessage *message = descend(reader, path, name);
    size_t capacity = 0;
    struct slice text;
    struct status status;
    const char *why;

    if (message == NULL)
        return;
    why = query__percent_decode(reader->arena, route__capture(match, i), mode, &text);
    if (why != NULL) {
        violations_add(&reader->violations, reader->arena, name, "cannot be decoded (%s)", why);
        return;
    }
    if (!leaf->output_only && field_is_set(message, leaf) &&
        !says_the_same(reader, message, leaf, text, name)) {
        violations_add(&reader->violations, reader->arena, name,
                       "must have the same value in the path and in the body");
        return;
    }
    status = json_read_text(reader->arena, message, leaf, text, name, &capacity);
    if (!status_is_ok(status))
        collect(reader, status);
}

/* The google.api.HttpBody that the body is, bytes and content type as they were sent. */
static ProtobufCMessage *make_raw_body(struct arena *arena, const struct message_type *type,
                                       const struct transcode_input *input)
{
    ProtobufCMessage *body = message_new(arena, type);
    ProtobufCBinaryData *bytes;

    if (body == NULL)
        return NULL;
    field_set_string(arena, body, message_field_by_number(type, 1), input->content_type);
    bytes = field_address(body, message_field_by_number(type, 2), 0);
    bytes->data = (uint8_t *)(uintptr_t)input->body.data;
    bytes->len = input->body.len;
    return body;
}

static struct status read_raw_body(struct reader *reader, const struct transcode_input *input)
{
    const struct binding *binding = reader->binding;
    ProtobufCMessage *body;

    assert(binding_takes_raw_body(binding));
    if (binding->body_all) {
        reader->message = make_raw_body(reader->arena, binding->input, input);
        return reader->message == NULL ? status_out_of_memory() : status_ok();
    }
    reader->message = message_new(reader->arena, binding->input);
    body = make_raw_body(reader->arena, binding->body->message, input);
    if (reader->message == NULL || body == NULL)
        return status_out_of_memory();
    field_set_message(reader->message, binding->body, body);
    return status_ok();
}

/*
 * An absent body is "{}" where one is required: so what is missing is told by the names that a
 * client of JSON writes, and not by that of the request's field.
 */
static struct status set_empty_body(struct reader *reader)
{
    const struct field *field = reader->binding->body;
    ProtobufCMessage *body;

    if (!field->required || field->repeated || field->message == NULL)
        return status_ok();
    body = message_new(reader->arena, field->message);
    if (body == NULL)
        return status_out_of_memory();
    field_set_message(reader->message, field, body);
    return status_ok();
}

/* Parameters of no field are ignored (RFC 6749 section 3.2), those of one come once. */
static struct status read_form(struct reader *reader, struct slice form)
{
    const struct message_type *type = reader->binding->input;
    struct query_parameter *parameters = NULL;
    struct status status;
    size_t count = 0;
    uint64_t seen = 0; /* by the field's index */

    reader->complete = false;
    reader->message = message_new(reader->arena, type);
    if (reader->message == NULL)
        return status_out_of_memory();
    status = form__parse(reader->arena, form, &parameters, &count);
    if (!status_is_ok(status))
        return status;
    reader->complete = true;
    for (size_t i = 0; i < count; i++) {
        const struct field *field = message_field_by_proto_name(type, parameters[i].name);

        if (field == NULL || field->index >= 64)
            continue;
        if ((seen >> field->index & 1) != 0)
            violations_add(&reader->violations, reader->arena, parameters[i].name,
                           "must not be given twice");
        seen |= UINT64_C(1) << field->index;
        field_set_string(reader->arena, reader->message, field, parameters[i].value);
    }
    return status_ok();
}

static struct status read_body(struct reader *reader, const struct transcode_input *input,
                               struct json_paths *present)
{
    const struct binding *binding = reader->binding;
    struct json_read_options options = {.contract = binding->contract};

    if (binding_takes_raw_body(binding))
        return read_raw_body(reader, input);
    if (binding->takes_form)
        return read_form(reader, input->body);
    if (input->body.len > 0) {
        reader->complete = false;
        options.ret_complete = &reader->complete;
    }
    if (binding->body_all && input->body.len > 0)
        return json_read_message(reader->arena, binding->input, input->body, &options,
                                 &reader->message);
    reader->message = message_new(reader->arena, binding->input);
    if (reader->message == NULL)
        return status_out_of_memory();
    if (binding->body == NULL)
        return status_ok();
    if (input->body.len == 0)
        return set_empty_body(reader);
    options.present = present;
    return json_read_field(reader->arena, reader->message, binding->body, input->body, &options);
}

/* The parameter's place among those seen; NULL after a violation. */
static struct seen *note(struct reader *reader, const struct field_path *path, struct slice name)
{
    struct seen *seen = NULL;

    for (size_t i = 0; i < reader->seen_count && seen == NULL; i++)
        if (path_equal(&reader->seen[i].path, path))
            seen = &reader->seen[i];
    if (seen == NULL) {
        seen = &reader->seen[reader->seen_count++];
        seen->path = *path;
    } else if (!path->steps[path->count - 1]->repeated) {
        violations_add(&reader->violations, reader->arena, name, "must not be given twice");
        return NULL;
    }
    return seen;
}

static void read_parameter(struct reader *reader, const struct query_parameter *parameter)
{
    const struct binding *binding = reader->binding;
    struct slice name = parameter->name;
    ProtobufCMessage *message;
    struct field_path path;
    struct status status;
    struct seen *seen;

    if (!field_path__resolve(reader->arena, binding->input, name, &path)) {
        violations_add(&reader->violations, reader->arena, name, "is not a known query parameter");
        return;
    }
    if (binding->body_all || path.steps[0] == binding->body) {
        violations_add(&reader->violations, reader->arena, name,
                       "must be in the body, not in the query");
        return;
    }
    seen = note(reader, &path, name);
    message = seen == NULL ? NULL : descend(reader, &path, name);
    if (message == NULL)
        return;
    for (size_t i = 0; i < binding->template.variable_count; i++)
        if (path_equal(&path, &binding->variables[i])) {
            if (!says_the_same(reader, message, path.steps[path.count - 1], parameter->value, name))
                violations_add(&reader->violations, reader->arena, name,
                               "must have the same value in the query and in the path");
            return;
        }
    status = json_read_text(reader->arena, message, path.steps[path.count - 1], parameter->value,
                            name, &seen->capacity);
    if (!status_is_ok(status))
        collect(reader, status);
}

static struct status read_query(struct reader *reader, struct slice query)
{
    struct query_parameter *parameters = NULL;
    size_t count = 0;
    struct status status;

    if (query.len == 0)
        return status_ok();
    status = query__parse(reader->arena, query, &parameters, &count);
    if (!status_is_ok(status))
        return status;
    reader->seen = arena_array(reader->arena, count, sizeof(reader->seen[0]));
    for (size_t i = 0; i < count && reader->seen != NULL; i++)
        read_parameter(reader, &parameters[i]);
    return status_ok();
}

/* Whether a path of proto names leads through an output-only field. */
static bool is_output_only(const struct message_type *type, struct slice path)
{
    while (type != NULL) {
        struct slice step = slice_make(path.data, slice_find(path, '.'));
        const struct field *field = message_field_by_proto_name(type, step);

        if (field == NULL || step.len == path.len)
            return field != NULL && field->output_only;
        if (field->output_only)
            return true;
        type = field->message;
        path = slice_from(path, step.len + 1);
    }
    return false;
}

/* AIP-134: without a mask, the fields of the body are what is changed. */
static void infer_mask(struct reader *reader, const struct json_paths *present)
{
    const struct binding *binding = reader->binding;
    Google__Protobuf__FieldMask *mask;

    if (binding->update_mask == NULL || binding->body == NULL ||
        !slice_equal(binding->http_method, SLICE("PATCH")))
        return;
    mask = (Google__Protobuf__FieldMask *)field_get_message(reader->message, binding->update_mask);
    if (mask != NULL && mask->n_paths > 0)
        return;
    mask = (Google__Protobuf__FieldMask *)message_new(reader->arena, binding->update_mask->message);
    if (mask == NULL)
        return;
    mask->paths = arena_array(reader->arena, present->count, sizeof(mask->paths[0]));
    if (mask->paths == NULL)
        return;
    assert(mask->n_paths == 0);
    for (const struct json_path *p = present->first; p != NULL; p = p->next)
        if (!is_output_only(binding->body->message, p->path))
            mask->paths[mask->n_paths++] = arena_cstr(reader->arena, p->path);
    field_set_message(reader->message, binding->update_mask, &mask->base);
}

struct status transcode__request(struct arena *arena, const struct binding *binding,
                                 const struct route_match *match,
                                 const struct transcode_input *input,
                                 ProtobufCMessage **ret_message)
{
    struct reader reader = {.arena = arena, .binding = binding, .complete = true};
    struct json_paths present = {0};
    struct status status = read_body(&reader, input, &present);

    if (!status_is_ok(status))
        collect(&reader, status);
    if (reader.message == NULL) /* of a body that was refused whole */
        reader.message = message_new(arena, binding->input);
    if (reader.message == NULL)
        return status_out_of_memory();
    for (size_t i = 0; i < binding->template.variable_count; i++)
        read_variable(&reader, match, i);
    status = read_query(&reader, input->query);
    if (!status_is_ok(status)) {
        reader.complete = false;
        collect(&reader, status);
    }
    infer_mask(&reader, &present);
    if (arena_failed(arena))
        return status_out_of_memory();
    if (!status_is_ok(reader.failed))
        return reader.failed;
    status = violations_status(&reader.violations, arena);
    if (!status_is_ok(status) && reader.complete) {
        partial__mend(arena, binding->input, reader.message);
        if (arena_failed(arena))
            return status_out_of_memory();
    }
    if (status_is_ok(status) || reader.complete)
        *ret_message = reader.message;
    return status;
}

static struct json_write_options response_options(const struct binding *binding, bool limited)
{
    return (struct json_write_options){
        .contract = binding->contract,
        .always_emit = !limited,
        /* What is limited are objects: a page of them is whole. */
        .always_emit_of = binding->output->kind == NULL ? binding->output : NULL,
        .hide_input_only = true,
    };
}

struct json_steps *transcode__response_steps(struct arena *arena, const struct binding *binding,
                                             const ProtobufCMessage *message, bool limited,
                                             const struct json_records *records)
{
    const struct json_write_options options = response_options(binding, limited);

    if (binding->response != NULL)
        return NULL;
    return json_steps_begin(arena, binding->output, message, &options, records);
}

struct status transcode__response(struct arena *arena, const struct binding *binding,
                                  const ProtobufCMessage *message, bool limited,
                                  struct slice *ret_text)
{
    const struct json_write_options options = response_options(binding, limited);

    if (binding->response != NULL)
        return json_write_field(arena, message, binding->response, &options, ret_text);
    return json_write_message(arena, binding->output, message, &options, ret_text);
}

/* The type of the whole that a body is; NULL where it is a list, a map or a scalar. */
static const struct message_type *whole_type(const struct message_type *message,
                                             const struct field *field)
{
    if (field == NULL)
        return message;
    return field->repeated ? NULL : field->message;
}

static bool is_http_body(const struct message_type *type)
{
    return type != NULL && type->well_known == WELL_KNOWN_HTTP_BODY;
}

bool binding_takes_raw_body(const struct binding *binding)
{
    return (binding->body != NULL || binding->body_all) &&
           is_http_body(whole_type(binding->input, binding->body));
}

bool binding_answers_raw(const struct binding *binding)
{
    return is_http_body(whole_type(binding->output, binding->response));
}

bool transcode__raw_response(const struct binding *binding, const ProtobufCMessage *message,
                             struct slice *ret_content_type, struct slice *ret_bytes)
{
    const struct message_type *type = whole_type(binding->output, binding->response);
    const ProtobufCBinaryData *bytes;

    if (!binding_answers_raw(binding))
        return false;
    if (binding->response != NULL)
        message = field_get_message(message, binding->response);
    *ret_content_type = *ret_bytes = SLICE_EMPTY;
    if (message == NULL)
        return true;
    *ret_content_type = field_get_string(message, message_field_by_number(type, 1));
    bytes = field_address(message, message_field_by_number(type, 2), 0);
    *ret_bytes = slice_make(bytes->data, bytes->len);
    return true;
}
