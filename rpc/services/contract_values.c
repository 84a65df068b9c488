/* Puts each value of the contract into a message, and judges it there as a caller's would be. */
#include "rpc/services/contract_values.h"

#include "proto/json/json.h"
#include "proto/json/json_read.h"
#include "proto/json/json_read_text.h"
#include "proto/message/message.h"
#include "rpc/call/call.h"
#include "rpc/call/formats.h"
#include "rpc/call/validate.h"

/* Of one value, or of one example of a kind. */
#define SCRATCH_BYTES ((size_t)1 << 20)

struct judge {
    struct arena *arena;   /* of the sentence */
    struct arena *scratch; /* of one value */
    const struct contract *contract;
};

static struct slice first_sentence(struct arena *scratch, const struct violations *violations)
{
    struct status status = violations_status(violations, scratch);

    return status.message;
}

static struct status refuse(const struct judge *judge, const struct field *field,
                            const char *option, struct slice text, struct slice why)
{
    return status_make(judge->arena, STATUS_FAILED_PRECONDITION,
                       "%.*s.%.*s has the option %s \"%.*s\", which does not fit: %.*s",
                       SLICE_ARG(field->parent->full_name), SLICE_ARG(field->name), option,
                       SLICE_ARG(text), SLICE_ARG(why));
}

static void check_format(const struct judge *judge, const ProtobufCMessage *message,
                         const struct field *field, struct violations *violations)
{
    struct slice text = field->repeated ? field_get_string_at(message, field, 0)
                                        : field_get_string(message, field);
    struct format_violation violation = {0};

    if (!format_check(judge->scratch, (enum format)field->format, text, &violation))
        violations_add(violations, judge->scratch, field->json_name, "%.*s",
                       SLICE_ARG(violation.description));
}

/* The message holds the value in the field; `option` and `text` are how the contract says it. */
static struct status judge_field(const struct judge *judge, const ProtobufCMessage *message,
                                 const struct field *field, const char *option, struct slice text)
{
    struct violations violations = {0};

    validate_field(judge->scratch, message, field, SLICE_EMPTY, false, 0, &violations);
    if (violations.count == 0 && field->format != FIELD_FORMAT_NONE)
        check_format(judge, message, field, &violations);
    return violations.count == 0
               ? status_ok()
               : refuse(judge, field, option, text, first_sentence(judge->scratch, &violations));
}

static struct status check_value(const struct judge *judge, const struct field *field,
                                 const char *option, const struct field_value *value)
{
    ProtobufCMessage *message = message_new(judge->scratch, field->parent);

    if (message == NULL)
        return status_out_of_memory();
    field_set_value(judge->scratch, message, field, value);
    return judge_field(judge, message, field, option, value->text);
}

static struct status check_example(const struct judge *judge, const struct field *field)
{
    ProtobufCMessage *message = message_new(judge->scratch, field->parent);
    struct status status;
    size_t capacity = 0;

    if (message == NULL)
        return status_out_of_memory();
    status = json_read_text(judge->scratch, message, field, field->example, field->json_name,
                            &capacity);
    return status_is_ok(status) ? judge_field(judge, message, field, "example", field->example)
                                : refuse(judge, field, "example", field->example, status.message);
}

static struct status check_field(const struct judge *judge, const struct field *field)
{
    struct status status = status_ok();

    if (field->default_value != NULL)
        status = check_value(judge, field, "default", field->default_value);
    if (status_is_ok(status) && field->example.len > 0)
        status = check_example(judge, field);
    return status;
}

static struct status check_method(const struct judge *judge, const struct method *method)
{
    const struct written_field *written = method->written;
    struct status status;

    if (written == NULL || written->value == NULL)
        return status_ok();
    status = check_value(judge, written_field_last(written), "default", written->value);
    return status_is_ok(status)
               ? status
               : status_make(judge->arena, STATUS_FAILED_PRECONDITION,
                             "%.*s sets \"%.*s\" to \"%.*s\", which breaks the field's own rules.",
                             SLICE_ARG(method->full_name),
                             SLICE_ARG(written_field_last(written)->name),
                             SLICE_ARG(written->value->text));
}

static struct status check_kind(const struct judge *judge, const struct kind *kind)
{
    const struct json_read_options options = {.contract = judge->contract};
    struct violations violations = {0};
    ProtobufCMessage *message = NULL;
    struct status status;

    if (kind->example.len == 0)
        return status_ok();
    status = json_read_message(judge->scratch, kind->message, kind->example, &options, &message);
    if (status_is_ok(status)) {
        validate_message(judge->scratch, kind->message, message, SLICE_EMPTY, NULL, 0, &violations);
        status = violations_status(&violations, judge->scratch);
    }
    return status_is_ok(status)
               ? status
               : status_make(judge->arena, STATUS_FAILED_PRECONDITION,
                             "%.*s has an example that is no create request: %.*s",
                             SLICE_ARG(kind->message->full_name), SLICE_ARG(status.message));
}

/* Ends the use of the scratch for one value. */
static struct status settle(const struct judge *judge, struct status status)
{
    if (arena_failed(judge->scratch))
        status = status_out_of_memory();
    arena_reset(judge->scratch);
    return status;
}

static struct status check_all(const struct judge *judge)
{
    const struct contract *contract = judge->contract;
    struct status status = status_ok();

    for (size_t i = 0; i < contract->message_count; i++)
        for (size_t k = 0; k < contract->messages[i]->field_count && status_is_ok(status); k++)
            status = settle(judge, check_field(judge, contract->messages[i]->declared[k]));
    for (size_t i = 0; i < contract->method_count && status_is_ok(status); i++)
        status = settle(judge, check_method(judge, contract->methods[i]));
    for (size_t i = 0; i < contract->kind_count && status_is_ok(status); i++)
        status = settle(judge, check_kind(judge, contract->kinds[i]));
    return status;
}

struct status contract_values__check(const struct contract *contract, struct arena *arena)
{
    struct arena scratch;
    const struct judge judge = {arena, &scratch, contract};
    struct status status;

    arena_init(&scratch, NULL, SCRATCH_BYTES);
    status = check_all(&judge);
    arena_done(&scratch);
    return status;
}
