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
    const Google__Protobuf__SourceCodeInfo *source_info; /* in the scratch arena */
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
    struct arena *scratch; /* of what is needed only while the contract is built */
    struct contract *contract;
    bool use_compiled;
    struct build_file *files;
    size_t file_count;
    struct build_message *messages; /* sorted by full name */
    size_t message_count;
    struct build_enum *enums; /* sorted by full name */
    size_t enum_count;
};

/* contract_load, but with the choice to build descriptors for compiled messages too. */
struct status contract__load(struct slice descriptor_set, struct arena *arena, bool use_compiled,
                             const struct contract **ret_contract);

/* -- contract_layout.c */

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

#endif
