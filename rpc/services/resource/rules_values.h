/* Rules of one object. The walk says which fields were written; the rest is not judged again. */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_RULES_VALUES_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_RULES_VALUES_H

#include "rpc/services/resource/rules.h"

/* Every rule of single fields (validate_field), of those that were written. */
void rules__check_values(const struct change *change);

/*
 * The second walk over the merged object: formats, quotes, and rules that span fields of one object
 * (required_when, unique_by, once). Notes its references on the way, for references__read.
 */
void rules__check_object(const struct change *change, struct references_collection *references);

#endif
