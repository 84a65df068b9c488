/* Look-ups in the model, by name and number. */
#ifndef DATASTREAM_PROTO_CONTRACT_CONTRACT_FIND_H
#define DATASTREAM_PROTO_CONTRACT_CONTRACT_FIND_H

#include "proto/contract/contract.h"

/* Lookups; NULL when there is none. Names without a leading dot. */
const struct message_type *contract_message(const struct contract *contract,
                                            struct slice full_name);
const struct kind *contract_kind(const struct contract *contract, struct slice collection);
const struct kind *contract_kind_by_number(const struct contract *contract, uint32_t number);
const struct permission *contract_permission(const struct contract *contract, struct slice name);

/* Where a permission of that name is in permission_places, or would be. */
size_t contract__permission_place(const struct contract *contract, struct slice name);

/* By number; NULL when there is none. */
const struct field *message_field_by_number(const struct message_type *type, uint32_t number);

/* By proto name or JSON name. */
const struct field *message_field_by_name(const struct message_type *type, struct slice name);

/* By proto name alone. */
const struct field *message_field_by_proto_name(const struct message_type *type, struct slice name);
const struct enum_value *enum_value_by_name(const struct enum_type *type, struct slice name);

/* The first value declared with that number. */
const struct enum_value *enum_value_by_number(const struct enum_type *type, int32_t number);

#endif
