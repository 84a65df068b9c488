/*
 * The one walk over a merged object. Message by message, from the outside in, it admits what came
 * from outside, fills in what nobody sent, judges what was written, and notes what the object
 * refers to, by the plan of its kind (judge_plan.h).
 */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_JUDGE_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_JUDGE_H

#include "rpc/services/resource/rules.h"

/*
 * Walks change->after. Violations in this order: those of single values (validate_field), then
 * those of formats, quotes and of fields together; the latter are left out where the call is
 * refused already, since fields that were read in part are not judged together. The references are
 * noted, for references__read.
 */
void judge__object(const struct change *change, struct references_collection *references);

#endif
