/*
 * The checks of a contract that was read to its end: what the comments of
 * datastream/v1/options.proto promise to refuse at the start. Internal to proto/contract/.
 */
#ifndef DATASTREAM_PROTO_CONTRACT_CONTRACT_CHECKS_H
#define DATASTREAM_PROTO_CONTRACT_CONTRACT_CHECKS_H

#include "proto/contract/contract_internal.h"

/* A field, and where it lies in a resource. Plain; the fields of map entries have none. */
struct contract_spot {
    const struct build *build;
    const struct kind *kind;
    const struct field *field;
    const struct field *top; /* the resource's own field that leads to it, or it itself */
    bool below_list;         /* a list or map leads to it */
    bool output;             /* it, or what leads to it, is output-only */
};

static inline bool contract__spot_is_direct(const struct contract_spot *spot)
{
    return spot->field == spot->top;
}

/* The stage: every resource kind, and the options of fields that no resource has. */
struct status contract__check(struct build *build);

/* -- contract_check_options.c: an error for the first option of the field that may not be there. */
struct status contract__check_options(const struct contract_spot *spot);

/*
 * As contract__check_options, for a field that no resource has: of requests, answers and what is in
 * them, where reference, secret and the bounds and texts of single values alone have a meaning.
 */
struct status contract__check_elsewhere(const struct build *build, const struct field *field);

/* -- contract_check_relations.c: the same for options that name other fields, kinds or oneofs. */
struct status contract__check_relations(const struct contract_spot *spot);
struct status contract__check_choice(const struct contract_spot *spot, const struct oneof *oneof);

/* -- contract_check_bounds.c */

/* An error for what a caller may set and has no bound, and for an enum of foreign values. */
struct status contract__check_bounds(const struct contract_spot *spot);

/* An error for a kind whose objects may refer to more others than KIND_REFERENCES_MOST. */
struct status contract__check_reference_count(const struct build *build, const struct kind *kind);

/* The same for KIND_SECRETS_MOST, and for one that has secrets and no `secrets_set`. */
struct status contract__check_secret_count(const struct build *build, const struct kind *kind);

/* How many of the references of a field and what is below it lead to objects of the kind. */
size_t contract__fields_referring(const struct field *top, const struct kind *kind);

#endif
