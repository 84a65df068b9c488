/* Each fact is a field of the chain, which nothing changes after its start. */
#include "rpc/call/chain_facts.h"

#include "rpc/call/chain.h"

const struct contract *call_contract(const struct call *call)
{
    return call->loop->chain->contract;
}

const struct identity_registry *call_identities(const struct call *call)
{
    return call->loop->chain->identities;
}

const struct secret_keys *call_secret_keys(const struct call *call)
{
    return &call->loop->chain->secret_keys;
}

const uint8_t *call_csrf_key(const struct call *call)
{
    return call->loop->chain->csrf_key;
}

const uint8_t *call__replay_key(const struct call *call)
{
    return call->loop->chain->replay_key;
}

const void *call_services(const struct call *call)
{
    return call->loop->chain->services;
}

struct sign_in_limits *call_sign_in_limits(const struct call *call)
{
    return call->loop->chain->sign_in_limits;
}

struct setup_gate *call_setup_gate(const struct call *call)
{
    return call->loop->chain->setup;
}

const struct settings *call__settings(const struct call *call)
{
    return call->loop->chain->settings;
}
