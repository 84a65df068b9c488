/*
 * Options that relate a field to other fields, oneofs and kinds. As in contract_check_options.c a
 * check answers with the end of a sentence, or with NULL. /
 */
#ifndef DATASTREAM_PROTO_CONTRACT_CONTRACT_CHECK_RELATIONS_H
#define DATASTREAM_PROTO_CONTRACT_CONTRACT_CHECK_RELATIONS_H

#include "proto/contract/contract_checks.h"

/* -- contract_check_relations.c: the same for options that name other fields, kinds or oneofs. */
struct status contract__check_relations(const struct contract_spot *spot);
struct status contract__check_choice(const struct contract_spot *spot, const struct oneof *oneof);

/* How many of the references of a field and what is below it lead to objects of the kind. */
size_t contract__fields_referring(const struct field *top, const struct kind *kind);

#endif
