/* One object on its way into the store, as the rules see it. */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_CHANGE_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_CHANGE_H

#include "rpc/services/resource/reference.h"
#include "rpc/services/resource/touched.h"

struct change {
    struct call *call;
    const struct kind *kind;
    const struct uuid *id;
    const ProtobufCMessage *before; /* as it is stored; NULL for a creation or a clone */
    ProtobufCMessage *after;        /* merged; rules fill in defaults and derived values */
    const struct touched *touched;  /* which fields of `after` are judged */
    bool clears_input;  /* what is never stored is no change: input-only fields are cleared first */
    bool keeps_secrets; /* those that were left out and not named are carried over */
    const struct references *references_before; /* NULL for a creation or a clone */
    const struct references *references;        /* of `after` */
    struct violations *violations;
};

#endif
