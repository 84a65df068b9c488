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

#endif
