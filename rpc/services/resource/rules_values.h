/* Rules of one object. The walk says which fields were written; the rest is not judged again. */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_RULES_VALUES_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_RULES_VALUES_H

#include "rpc/services/resource/rules.h"

/* Every rule of single fields (validate_field), of those that were written. */
void rules__check_values(const struct change *change);

/* Rules that span fields of one object: formats, quotes, required_when, unique_by, once. */
void rules__check_object(const struct change *change);

#endif
