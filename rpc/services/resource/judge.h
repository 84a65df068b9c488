/*
 * The one walk over a merged object, beside the object as it is stored. Message by message, from
 * the outside in, it carries over the secrets that are kept, admits what came from outside, fills
 * in what nobody sent, judges what was written, compares it with what was there, and notes what
 * both objects refer to, by the plan of their kind (judge_plan.h).
 */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_JUDGE_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_JUDGE_H

#include "rpc/services/resource/differences.h"
#include "rpc/services/resource/rules.h"
#include "rpc/services/resource/secret_spots.h"

/* What the walk has seen, for those that come after it. Zero-initialize except references. */
struct judge_notes {
    struct references_collection references; /* of both objects; for references__read */
    struct differences differences;          /* of change->before and change->after */
    struct secret_spots secrets;             /* of change->after */
};

/*
 * Walks change->after. Violations in this order: those of single values (validate_field), then
 * those of formats, quotes and of fields together; the latter are left out where the call is
 * refused already, since fields that were read in part are not judged together.
 *
 * Of change->before it looks at what the merged object may differ in: at what was written, and at
 * the fields that the walk itself sets. All else is the same in both.
 */
void judge__object(const struct change *change, struct judge_notes *notes);

#endif
