/*
 * Shared by the files that build the contract, and by nobody else (tests of theirs aside).
 *
 * The stages run in order and each trusts those before it: types (contract_types.c, with the
 * descriptors of contract_layout.c), kinds and permissions (contract_kinds.c), the options of
 * fields (contract_fields.c, contract_rules.c), services (contract_services.c), and the checks of
 * the whole (contract_checks.h).
 */
#ifndef DATASTREAM_PROTO_CONTRACT_CONTRACT_INTERNAL_H
#define DATASTREAM_PROTO_CONTRACT_CONTRACT_INTERNAL_H

#include "google/protobuf/descriptor.pb-c.h"
#include "proto/contract/contract.h"

/* The contract and what only lookups need. */
struct contract_private {
    struct contract contract;
    const struct method **method_table; /* open addressing by the hash of the path */
    size_t method_mask;
};

/* Where a definition stands in its file, as SourceCodeInfo says it. */
struct location_path {
    const int32_t *steps;
    size_t count;
};

/* A comment and its place; sorted by path within a file. */
struct located_comment {
    struct location_path path;
    const char *text;
};

struct build_file {
    const Google__Protobuf__FileDescriptorProto *proto;
    struct slice package;
    bool proto3;
    struct located_comment *comments;
    size_t comment_count;
};

/* A message while it is built; `type` is what the contract keeps. */
struct build_message {
    struct message_type type;
    const Google__Protobuf__DescriptorProto *proto;
    const struct build_file *file;
    struct location_path path;
    ProtobufCMessageDescriptor *made; /* NULL where protoc-c compiled it */
    bool is_of_resource;              /* a resource, or below one; set by contract_checks.c */
};

struct build_enum {
    struct enum_type type;
    const Google__Protobuf__EnumDescriptorProto *proto;
    const struct build_file *file;
    struct location_path path;
    ProtobufCEnumDescriptor *made;
};

struct build {
    struct arena *arena;
    struct contract *contract;
    const Google__Protobuf__FileDescriptorSet *set;
    bool use_compiled;
    struct build_file *files;
    struct build_message *messages; /* sorted by full name */
    size_t message_count;
    struct build_enum *enums; /* sorted by full name */
    size_t enum_count;
};

/* contract_load, but with the choice to build descriptors for compiled messages too. */
struct status contract__load(struct slice descriptor_set, struct arena *arena, bool use_compiled,
                             const struct contract **ret_contract);

/* -- contract_build.c */

/* A contract error: a sentence that names the place. */
struct status contract__error(const struct build *build, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* By a name of the set, which has a leading dot; NULL when there is none. */
struct build_message *contract__find_message(const struct build *build, const char *name);
struct build_enum *contract__find_enum(const struct build *build, const char *name);

/* -- contract_comments.c */

/* Sorts the comments of a file's source info. */
void contract__read_comments(struct arena *arena, struct build_file *file);

/* `parent` and two more steps; the steps are NULL when the arena failed. */
struct location_path contract__path(struct arena *arena, struct location_path parent, int32_t tag,
                                    size_t index);

/* The trimmed comment at `parent`, `tag`, `index`; a tag of 0 is `parent` itself. Empty for none.
 */
struct slice contract__comment(struct arena *arena, const struct build_file *file,
                               struct location_path parent, int32_t tag, size_t index);

/* -- contract_types.c */

/* Fills messages and enums: types, descriptors, fields, names, comments. */
struct status contract__build_types(struct build *build);

/* -- contract_layout.c */

/* Fills the descriptor of a message that protoc-c did not compile. */
struct status contract__make_descriptor(const struct build *build, struct build_message *message);
struct status contract__make_enum_descriptor(const struct build *build, struct build_enum *type);

/* Made by the build (compiled.cmake): what protoc-c compiled; NULL ends it. */
extern const ProtobufCMessageDescriptor *const contract__compiled[];

/* -- contract_options.c */

/* Numbers of the options that the contract reads. */
enum {
    OPTION_FIELD_BEHAVIOR = 1052,
    OPTION_FIELD_RULES = 1159,
    OPTION_METHOD_POLICY = 52001,
    OPTION_RESOURCE = 52002,
    OPTION_FIELD_POLICY = 52003,
    OPTION_EXTRA_PERMISSION = 52004,
    OPTION_ONEOF_POLICY = 52005,
    OPTION_HTTP = 72295728,
};

/*
 * A custom option that is one message: the parts in which it was written are joined, at any
 * depth. *ret_option is NULL where it is absent. False when it does not parse or the arena failed.
 */
bool contract__option(const struct build *build, const ProtobufCMessage *options, uint32_t number,
                      const ProtobufCMessageDescriptor *descriptor,
                      const ProtobufCMessage **ret_option);

/* Unpacks an option's body into the arena; NULL when it does not parse or the arena failed. */
const void *contract__unpack(struct arena *arena, const ProtobufCMessageDescriptor *type,
                             struct slice body);

/* The next occurrence of a repeated option from *at on, its body in *ret_body; false at the end. */
bool contract__next_option(const ProtobufCMessage *options, uint32_t number, unsigned *at,
                           struct slice *ret_body);

/* Calls back with each number of a repeated enum option, packed or not. */
void contract__enum_options(const ProtobufCMessage *options, uint32_t number,
                            void (*take)(void *context, int32_t value), void *context);

/* -- contract_kinds.c */
struct status contract__build_kinds(struct build *build);
struct status contract__build_permissions(struct build *build);

/* -- contract_fields.c */
struct status contract__build_fields(struct build *build);

/* -- contract_policy.c */

/*
 * Resolves what the option (datastream.v1.policy), packed in `policy`, says of a field beyond its
 * reference: names become fields, texts become values. An error where there is none of that name.
 */
struct status contract__build_policy(const struct build *build, struct field *field,
                                     const void *policy);

/* The option (datastream.v1.choice) of each oneof of a message. */
struct status contract__build_choices(const struct build *build,
                                      const struct build_message *message);

/*
 * A value in the form of FieldPolicy.default, for one value of the field; false when it does not fit
 * the field's type.
 */
bool contract__read_value(const struct field *field, struct slice text,
                          struct field_value *ret_value);

/* -- contract_written.c */

/*
 * What a SET or REGENERATE method writes, from its option (datastream.v1.method), packed in
 * `policy`. An error for a field or value that does not fit, and where another operation has one.
 */
struct status contract__build_written(const struct build *build, struct method *method,
                                      const void *policy);

/* -- contract_rules.c */

/* Unfolds the rules of a field; *ret_rules stays NULL where it has none. */
struct status contract__build_rules(const struct build *build, const struct field *field,
                                    const ProtobufCMessage *options,
                                    const struct rules **ret_rules);

/* -- contract_services.c */
struct status contract__build_services(struct build *build);

/* Fills the standard shapes of a method; an error where its operation needs what is not there. */
struct status contract__build_shape(const struct build *build, struct method *method);

#endif
