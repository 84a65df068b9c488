/* Reverse fields first: hooks build on them. */
#include "rpc/services/resource/computed.h"

#include "rpc/call/chain_facts.h"
#include "rpc/services/resource/hooks.h"
#include "rpc/services/resource/rules.h"
#include "rpc/services/resource/rules_others.h"

struct status computed_fill(struct call *call, const struct kind *kind, ProtobufCMessage **objects,
                            size_t count)
{
    const struct hook *hook = hooks__of(call_services(call), kind);
    struct status status = rules__fill_reverse(call, kind, objects, count);

    if (!status_is_ok(status) || hook == NULL || hook->functions->compute == NULL)
        return status;
    return hook->functions->compute(hook, call, objects, count);
}
