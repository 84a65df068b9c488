/* What the options of fields say beyond single values: names resolved, texts read. */
#ifndef DATASTREAM_PROTO_CONTRACT_CONTRACT_POLICY_H
#define DATASTREAM_PROTO_CONTRACT_CONTRACT_POLICY_H

#include "proto/contract/contract_internal.h"

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
 * A value in the form of FieldPolicy.default, for one value of the field; false when it does not
 * fit the field's type.
 */
bool contract__read_value(const struct field *field, struct slice text,
                          struct field_value *ret_value);

#endif
