/* The options of fields: behavior, policy and rules. */
#include "proto/contract/contract_fields.h"

#include <assert.h>

#include "datastream/v1/options.pb-c.h"
#include "google/api/field_behavior.pb-c.h"
#include "proto/contract/contract_build.h"
#include "proto/contract/contract_find.h"
#include "proto/contract/contract_internal.h"
#include "proto/contract/contract_options.h"
#include "proto/contract/contract_policy.h"
#include "proto/contract/contract_rules.h"

static void take_behavior(void *context, int32_t value)
{
    struct field *field = context;

    switch (value) {
    case GOOGLE__API__FIELD_BEHAVIOR__REQUIRED:
        field->required = true;
        break;
    case GOOGLE__API__FIELD_BEHAVIOR__OUTPUT_ONLY:
        field->output_only = true;
        break;
    case GOOGLE__API__FIELD_BEHAVIOR__INPUT_ONLY:
        field->input_only = true;
        break;
    case GOOGLE__API__FIELD_BEHAVIOR__IMMUTABLE:
        field->immutable = true;
        break;
    default:
        break;
    }
}

static struct status take_policy(const struct build *build, struct field *field,
                                 const ProtobufCMessage *options)
{
    const ProtobufCMessage *option = NULL;
    const Datastream__V1__FieldPolicy *policy;

    if (!contract__option(build, options, OPTION_FIELD_POLICY,
                          &datastream__v1__field_policy__descriptor, &option))
        return contract__error(
            build, "%.*s.%.*s has an option (datastream.v1.policy) that cannot be read.",
            SLICE_ARG(field->parent->full_name), SLICE_ARG(field->name));
    if (option == NULL)
        return status_ok();
    policy = (const void *)option;
    field->secret = policy->secret;
    field->indexed = policy->indexed;
    field->computed = policy->computed;
    if (policy->reference[0] == '\0')
        return contract__build_policy(build, field, policy);
    field->reference = contract_kind(build->contract, slice_from_cstr(policy->reference));
    if (field->reference == NULL)
        return contract__error(build, "%.*s.%.*s refers to \"%s\", which is not a resource kind.",
                               SLICE_ARG(field->parent->full_name), SLICE_ARG(field->name),
                               policy->reference);
    if (field->pb->type != PROTOBUF_C_TYPE_STRING)
        return contract__error(build, "%.*s.%.*s is a reference, but not a string.",
                               SLICE_ARG(field->parent->full_name), SLICE_ARG(field->name));
    return contract__build_policy(build, field, policy);
}

static struct status build_field(const struct build *build, struct field *field,
                                 const Google__Protobuf__FieldOptions *options)
{
    struct status status;

    contract__enum_options(&options->base, OPTION_FIELD_BEHAVIOR, take_behavior, field);
    status = take_policy(build, field, &options->base);
    if (!status_is_ok(status))
        return status;
    return contract__build_rules(build, field, &options->base, &field->rules);
}

struct status contract__build_fields(struct build *build)
{
    for (size_t i = 0; i < build->message_count; i++) {
        const struct build_message *message = &build->messages[i];
        struct status status = contract__build_choices(build, message);

        if (!status_is_ok(status))
            return status;
        for (size_t j = 0; j < message->proto->n_field; j++) {
            const Google__Protobuf__FieldOptions *options = message->proto->field[j]->options;

            if (options == NULL)
                continue;
            assert(message->type.declared[j]->parent == &message->type);
            status = build_field(build, &message->type.fields[message->type.declared[j]->index],
                                 options);
            if (!status_is_ok(status))
                return status;
        }
    }
    return status_ok();
}
