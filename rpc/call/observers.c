/* See observers.h. */
#include "rpc/call/observers.h"

#include "rpc/identity/identity_registry.h"

void observers_observe(void *context, const struct commit *commit)
{
    const struct observers *observers = context;

    identity_observe(observers->identities, commit);
    news__observe(observers->news, commit);
}
