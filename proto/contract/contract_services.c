/* Services and their methods: HTTP rules, and who may call what. */
#include "proto/contract/contract_services.h"

#include <assert.h>

#include "datastream/v1/options.pb-c.h"
#include "google/api/http.pb-c.h"
#include "proto/contract/contract_build.h"
#include "proto/contract/contract_comments.h"
#include "proto/contract/contract_find.h"
#include "proto/contract/contract_internal.h"
#include "proto/contract/contract_options.h"
#include "proto/contract/contract_shape.h"
#include "proto/contract/contract_written.h"

/* Tags of descriptor.proto that paths are made of. */
enum { FILE_SERVICE = 6, SERVICE_METHOD = 2 };

static const struct location_path root;

static struct status take_http_rule(const struct build *build, const struct method *method,
                                    const Google__Api__HttpRule *from, struct http_rule *rule)
{
    struct slice full_name = method->full_name;

    switch (from->pattern_case) {
    case GOOGLE__API__HTTP_RULE__PATTERN_GET:
        *rule = (struct http_rule){.verb = SLICE("GET"), .template = slice_from_cstr(from->get)};
        break;
    case GOOGLE__API__HTTP_RULE__PATTERN_PUT:
        *rule = (struct http_rule){.verb = SLICE("PUT"), .template = slice_from_cstr(from->put)};
        break;
    case GOOGLE__API__HTTP_RULE__PATTERN_POST:
        *rule = (struct http_rule){.verb = SLICE("POST"), .template = slice_from_cstr(from->post)};
        break;
    case GOOGLE__API__HTTP_RULE__PATTERN_DELETE:
        *rule = (struct http_rule){.verb = SLICE("DELETE"),
                                   .template = slice_from_cstr(from->delete_)};
        break;
    case GOOGLE__API__HTTP_RULE__PATTERN_PATCH:
        *rule = (struct http_rule){.verb = SLICE("PATCH"),
                                   .template = slice_from_cstr(from->patch)};
        break;
    case GOOGLE__API__HTTP_RULE__PATTERN_CUSTOM:
        *rule = (struct http_rule){.verb = slice_from_cstr(from->custom->kind),
                                   .template = slice_from_cstr(from->custom->path)};
        break;
    default:
        return contract__error(build, "%.*s has an HTTP rule without a path.",
                               SLICE_ARG(full_name));
    }
    if (rule->verb.len == 0)
        return contract__error(build, "%.*s has a custom HTTP rule without a kind.",
                               SLICE_ARG(full_name));
    rule->body = slice_from_cstr(from->body);
    rule->response_body = slice_from_cstr(from->response_body);
    if (rule->body.len > 0 && !slice_equal(rule->body, SLICE("*")) &&
        message_field_by_proto_name(method->input, rule->body) == NULL)
        return contract__error(build, "%.*s has an HTTP rule whose body names no field: \"%.*s\".",
                               SLICE_ARG(full_name), SLICE_ARG(rule->body));
    if (rule->response_body.len > 0 &&
        message_field_by_proto_name(method->output, rule->response_body) == NULL)
        return contract__error(
            build, "%.*s has an HTTP rule whose response_body names no field: \"%.*s\".",
            SLICE_ARG(full_name), SLICE_ARG(rule->response_body));
    return status_ok();
}

static struct status take_http(const struct build *build, struct method *method,
                               const ProtobufCMessage *options)
{
    const ProtobufCMessage *option = NULL;
    const Google__Api__HttpRule *http;
    struct status status;

    if (!contract__option(build, options, OPTION_HTTP, &google__api__http_rule__descriptor,
                          &option))
        return contract__error(build, "%.*s has an option (google.api.http) that cannot be read.",
                               SLICE_ARG(method->full_name));
    if (option == NULL)
        return status_ok();
    http = (const void *)option;
    method->rules = arena_array(build->arena, http->n_additional_bindings + 1,
                                sizeof(*method->rules));
    if (method->rules == NULL)
        return status_out_of_memory();
    method->rule_count = http->n_additional_bindings + 1;
    status = take_http_rule(build, method, http, &method->rules[0]);
    for (size_t i = 0; i < http->n_additional_bindings && status_is_ok(status); i++) {
        const Google__Api__HttpRule *additional = http->additional_bindings[i];

        status = take_http_rule(build, method, additional, &method->rules[i + 1]);
        if (status_is_ok(status) && additional->n_additional_bindings > 0)
            status = contract__error(
                build, "%.*s has an additional binding with additional bindings of its own.",
                SLICE_ARG(method->full_name));
    }
    return status;
}

/* Exactly one of permission and access. */
static struct status take_access(const struct build *build, struct method *method,
                                 const Datastream__V1__MethodPolicy *policy)
{
    struct slice permission = slice_from_cstr(policy->permission);

    if (permission.len > 0 && policy->access != DATASTREAM__V1__ACCESS__VALUE__UNSPECIFIED)
        return contract__error(build, "%.*s declares both a permission and access: set one.",
                               SLICE_ARG(method->full_name));
    if (policy->access == DATASTREAM__V1__ACCESS__VALUE__PUBLIC) {
        method->access = ACCESS_PUBLIC;
        return status_ok();
    }
    if (policy->access == DATASTREAM__V1__ACCESS__VALUE__AUTHENTICATED) {
        method->access = ACCESS_AUTHENTICATED;
        return status_ok();
    }
    if (policy->access == DATASTREAM__V1__ACCESS__VALUE__OWN_CREDENTIAL) {
        method->access = ACCESS_OWN_CREDENTIAL;
        return status_ok();
    }
    if (policy->access == DATASTREAM__V1__ACCESS__VALUE__SESSION) {
        method->access = ACCESS_SESSION;
        return status_ok();
    }
    if (permission.len == 0)
        return contract__error(
            build, "%.*s declares no permission: set (datastream.v1.method).permission, or access.",
            SLICE_ARG(method->full_name));
    method->access = ACCESS_PERMISSION;
    method->permission = contract_permission(build->contract, permission);
    if (method->permission == NULL)
        return contract__error(build,
                               "%.*s declares the permission \"%.*s\", which does not exist.",
                               SLICE_ARG(method->full_name), SLICE_ARG(permission));
    return status_ok();
}

static struct status take_additional(const struct build *build, struct method *method,
                                     const Datastream__V1__MethodPolicy *policy)
{
    size_t count = policy->n_additional_permissions;

    if (count == 0)
        return status_ok();
    if (method->permission == NULL)
        return contract__error(build, "%.*s has additional permissions, but no permission.",
                               SLICE_ARG(method->full_name));
    method->additional = arena_array(build->arena, count, sizeof(*method->additional));
    if (method->additional == NULL)
        return status_out_of_memory();
    for (size_t i = 0; i < count; i++) {
        struct slice name = slice_from_cstr(policy->additional_permissions[i]);
        const struct permission *permission = contract_permission(build->contract, name);

        if (permission == NULL)
            return contract__error(build,
                                   "%.*s declares the permission \"%.*s\", which does not exist.",
                                   SLICE_ARG(method->full_name), SLICE_ARG(name));
        if (permission == method->permission)
            return contract__error(build, "%.*s declares the permission \"%.*s\" twice.",
                                   SLICE_ARG(method->full_name), SLICE_ARG(name));
        method->additional[method->additional_count++] = permission;
    }
    return status_ok();
}

/* An object can call for itself only when it has a credential and the request says which it is. */
static struct status check_own_credential(const struct build *build, const struct method *method)
{
    bool has_credential = false;
    const struct field *id = message_field_by_proto_name(method->input, SLICE("id"));

    for (size_t i = 0; method->kind != NULL && i < method->kind->message->field_count; i++)
        has_credential |= method->kind->message->fields[i].credential != NULL;
    if (!has_credential)
        return contract__error(
            build, "%.*s is called with the resource's own credential, but its kind has none.",
            SLICE_ARG(method->full_name));
    if (id == NULL || id->repeated || id->pb->type != PROTOBUF_C_TYPE_STRING)
        return contract__error(build,
                               "%.*s is called with the resource's own credential, but its request "
                               "has no string \"id\".",
                               SLICE_ARG(method->full_name));
    return status_ok();
}

/* A form is a list of names and texts. */
static struct status check_form(const struct build *build, const struct method *method)
{
    bool is_flat = true;

    for (size_t i = 0; i < method->input->field_count; i++) {
        const struct field *field = &method->input->fields[i];

        is_flat &= !field->repeated && field->pb->type == PROTOBUF_C_TYPE_STRING;
    }
    for (size_t i = 0; i < method->rule_count; i++)
        is_flat &= slice_equal(method->rules[i].body, SLICE("*"));
    return is_flat
               ? status_ok()
               : contract__error(build,
                                 "%.*s accepts a form, but its body is not \"*\" or its request "
                                 "has a field that is no single string.",
                                 SLICE_ARG(method->full_name));
}

static struct status take_policy(const struct build *build, struct method *method,
                                 const Datastream__V1__MethodPolicy *policy)
{
    struct slice kind = slice_from_cstr(policy->kind);
    struct status status = take_access(build, method, policy);

    if (!status_is_ok(status))
        return status;
    if (method->client_streaming)
        return contract__error(
            build,
            "%.*s accepts a stream of requests: the methods of the API must accept one request.",
            SLICE_ARG(method->full_name));
    method->allow_self = policy->allow_self;
    method->before_password_change = policy->before_password_change;
    if (method->before_password_change && method->access != ACCESS_SESSION)
        return contract__error(
            build, "%.*s declares before_password_change, but its access is not SESSION.",
            SLICE_ARG(method->full_name));
    method->takes_form = policy->takes_form;
    method->changes_nothing = policy->changes_nothing;
    if (kind.len > 0) {
        method->kind = contract_kind(build->contract, kind);
        if (method->kind == NULL)
            return contract__error(build, "%.*s works on the kind \"%.*s\", which does not exist.",
                                   SLICE_ARG(method->full_name), SLICE_ARG(kind));
    }
    if (method->access == ACCESS_OWN_CREDENTIAL)
        status = check_own_credential(build, method);
    if (status_is_ok(status))
        status = take_additional(build, method, policy);
    if (!status_is_ok(status))
        return status;
    if ((int)policy->operation < OPERATION_CUSTOM || (int)policy->operation >= OPERATIONS)
        return contract__error(build, "%.*s has an unknown operation.",
                               SLICE_ARG(method->full_name));
    method->operation = (enum operation_type)policy->operation;
    return contract__build_written(build, method, policy);
}

static struct status check_question(const struct build *build, const struct method *method)
{
    bool is_post = method->rule_count > 0;

    for (size_t i = 0; i < method->rule_count; i++)
        is_post = is_post && slice_equal(method->rules[i].verb, SLICE("POST"));
    if (is_post)
        return status_ok();
    return contract__error(build,
                           "%.*s declares changes_nothing, but its HTTP rules are not all POST.",
                           SLICE_ARG(method->full_name));
}

/* Services of others need no policy of ours. */
static struct status take_options(const struct build *build, struct method *method,
                                  const ProtobufCMessage *options)
{
    static const Datastream__V1__MethodPolicy none = DATASTREAM__V1__METHOD_POLICY__INIT;
    struct slice service = method->service->full_name;
    const ProtobufCMessage *option = NULL;
    struct status status;

    if (!contract__option(build, options, OPTION_METHOD_POLICY,
                          &datastream__v1__method_policy__descriptor, &option))
        return contract__error(build,
                               "%.*s has an option (datastream.v1.method) that cannot be read.",
                               SLICE_ARG(method->full_name));
    if (option != NULL || slice_starts_with(service, SLICE("datastream."))) {
        status = take_policy(build, method, option != NULL ? (const void *)option : &none);
        if (!status_is_ok(status))
            return status;
    } else {
        method->access = slice_starts_with(service, SLICE("grpc.health.")) ? ACCESS_PUBLIC
                                                                           : ACCESS_AUTHENTICATED;
    }
    return status_ok();
}

static struct status build_method(const struct build *build, struct method *method,
                                  const Google__Protobuf__MethodDescriptorProto *proto)
{
    const struct build_message *input = contract__find_message(build, proto->input_type);
    const struct build_message *output = contract__find_message(build, proto->output_type);
    const ProtobufCMessage *options = proto->options == NULL ? NULL : &proto->options->base;
    struct slice service = method->service->full_name;
    struct status status;

    method->name = slice_from_cstr(proto->name);
    method->full_name = arena_printf(build->arena, "%.*s.%s", SLICE_ARG(service), proto->name);
    method->path = arena_printf(build->arena, "/%.*s/%s", SLICE_ARG(service), proto->name);
    if (arena_failed(build->arena))
        return status_out_of_memory();
    if (input == NULL || output == NULL)
        return contract__error(build, "%.*s has a type that the set does not define.",
                               SLICE_ARG(method->full_name));
    method->input = &input->type;
    method->output = &output->type;
    method->client_streaming = proto->client_streaming;
    method->server_streaming = proto->server_streaming;
    status = take_options(build, method, options);
    if (status_is_ok(status))
        status = contract__build_shape(build, method);
    if (status_is_ok(status))
        status = take_http(build, method, options);
    if (status_is_ok(status) && method->takes_form)
        status = check_form(build, method);
    if (status_is_ok(status) && method->changes_nothing)
        status = check_question(build, method);
    return status;
}

/* Of each operation a kind has one method at most; of SET and REGENERATE one for each purpose. */
static bool is_same_purpose(const struct method *a, const struct method *b)
{
    const struct written_field *left = a->written;
    const struct written_field *right = b->written;

    if (a->kind != b->kind || a->operation != b->operation || a->operation == OPERATION_CUSTOM ||
        slice_equal(a->path, b->path)) /* one method twice is told as that */
        return false;
    if (left == NULL || right == NULL || left->length != right->length ||
        memcmp(left->path, right->path, left->length * sizeof(*left->path)) != 0)
        return left == right;
    if (left->value == NULL || right->value == NULL)
        return left->value == right->value;
    return slice_equal(left->value->text, right->value->text);
}

static struct status check_purposes(const struct build *build)
{
    const struct contract *contract = build->contract;

    for (size_t i = 0; i < contract->method_count; i++)
        for (size_t k = 0; k < i; k++)
            if (is_same_purpose(contract->methods[i], contract->methods[k]))
                return contract__error(build,
                                       "%.*s has the same operation on the same fields as %.*s.",
                                       SLICE_ARG(contract->methods[i]->full_name),
                                       SLICE_ARG(contract->methods[k]->full_name));
    return status_ok();
}

static struct status build_service(const struct build *build, const struct build_file *file,
                                   size_t index, struct service *service)
{
    const Google__Protobuf__ServiceDescriptorProto *proto = file->proto->service[index];
    struct location_path path = contract__path(build->arena, root, FILE_SERVICE, index);
    struct contract *contract = build->contract;

    service->full_name = file->package.len == 0
                             ? slice_from_cstr(proto->name)
                             : arena_printf(build->arena, "%.*s.%s", SLICE_ARG(file->package),
                                            proto->name);
    service->comment = contract__comment(build->arena, file, path, 0, 0);
    service->methods = arena_array(build->arena, proto->n_method, sizeof(*service->methods));
    if (arena_failed(build->arena))
        return status_out_of_memory();
    service->method_count = proto->n_method;
    for (size_t i = 0; i < proto->n_method; i++) {
        struct method *method = &service->methods[i];
        struct status status;

        method->service = service;
        method->index = (unsigned)contract->method_count;
        method->comment = contract__comment(build->arena, file, path, SERVICE_METHOD, i);
        status = build_method(build, method, proto->method[i]);
        if (!status_is_ok(status))
            return status;
        contract->methods[contract->method_count++] = method;
    }
    return status_ok();
}

static bool is_action(const struct method *method)
{
    return method->operation == OPERATION_SET && method->written != NULL &&
           method->written->value != NULL;
}

/* Engine operation or not: who reads a user or a token answers with the kind's message, too. */
static bool reads_one(const struct method *method)
{
    return method->id != NULL && method->output == method->kind->message &&
           slice_starts_with(method->name, SLICE("Get"));
}

/*
 * Tells a kind the method that creates it, where it is an operation of the engine, the one that
 * reads it, and its actions.
 */
static bool take_methods(const struct build *build, struct kind *kind)
{
    const struct contract *contract = build->contract;

    kind->actions = arena_array(build->arena, contract->method_count, sizeof(*kind->actions));
    for (size_t i = 0; kind->actions != NULL && i < contract->method_count; i++) {
        const struct method *method = contract->methods[i];

        if (method->kind != kind)
            continue;
        if (method->operation == OPERATION_CREATE && method->rule_count > 0)
            kind->creation = method;
        else if (reads_one(method))
            kind->reading = kind->reading == NULL ? method : kind->reading;
        else if (is_action(method))
            kind->actions[kind->action_count++] = method;
    }
    return kind->actions != NULL;
}

struct status contract__build_services(struct build *build)
{
    struct contract *contract = build->contract;
    size_t methods = 0;

    for (size_t i = 0; i < build->file_count; i++) {
        contract->service_count += build->files[i].proto->n_service;
        for (size_t j = 0; j < build->files[i].proto->n_service; j++)
            methods += build->files[i].proto->service[j]->n_method;
    }
    contract->services = arena_array(build->arena, contract->service_count,
                                     sizeof(*contract->services));
    contract->methods = arena_array(build->arena, methods, sizeof(struct method *));
    if (arena_failed(build->arena))
        return status_out_of_memory();
    contract->service_count = 0;
    for (size_t i = 0; i < build->file_count; i++) {
        for (size_t j = 0; j < build->files[i].proto->n_service; j++) {
            struct status status = build_service(build, &build->files[i], j,
                                                 &contract->services[contract->service_count++]);

            if (!status_is_ok(status))
                return status;
        }
    }
    assert(contract->method_count == methods); /* each has its place, by its index */
    for (size_t i = 0; i < contract->kind_count; i++)
        if (!take_methods(build, contract->kinds[i]))
            return status_out_of_memory();
    return check_purposes(build);
}
