/*
 * What the operations of the engine share: which object is meant, what the audit log says, and
 * hooks.
 */
#include "rpc/services/resource/resource_request.h"

#include "base/text.h"
#include "rpc/call/chain_facts.h"
#include "rpc/services/resource/hooks.h"
#include "rpc/services/resource/resource.h"

void engine__audit_as(struct call *call, const char *verb, struct slice sentence)
{
    const struct slice action[] = {slice_from_cstr(verb), object__type_name(call->method->kind)};

    if (call->audit_last == NULL)
        return;
    call->audit_last->action = text_join(call->arena, action, 2).data;
    call->audit_last->description = sentence;
}

struct slice engine__request_id(const struct call *call)
{
    return field_get_string(call->request, call->method->id);
}

struct status engine__check_removal(struct call *call, const struct object *object)
{
    const struct hook *hook = hooks__of(call_services(call), object->kind);

    if (hook == NULL || hook->functions->remove == NULL)
        return status_ok();
    return hook->functions->remove(hook, call, object);
}
