/*
 * What a call may know of the chain that it goes through: what the chain was created with. All of
 * it lives as long as the chain, and any thread may ask.
 */
#ifndef DATASTREAM_RPC_CALL_CHAIN_FACTS_H
#define DATASTREAM_RPC_CALL_CHAIN_FACTS_H

#include "rpc/call/call.h"

/* The contract, the registry of identities and the settings. */
const struct contract *call_contract(const struct call *call);
const struct identity_registry *call_identities(const struct call *call);
const struct settings *call__settings(const struct call *call);

/* chain_options.services: what the handlers share; only they know its type. */
const void *call_services(const struct call *call);

/* See sign_in_limits.h; NULL where nobody is slowed. */
struct sign_in_limits *call_sign_in_limits(const struct call *call);

/* See setup_gate.h; NULL where the server was set up when it started. */
struct setup_gate *call_setup_gate(const struct call *call);
const struct secret_keys *call_secret_keys(const struct call *call);

/*
 * Keys of 32 bytes for sessions of browsers, and for repeated requests; live as long as the chain.
 */
const uint8_t *call_csrf_key(const struct call *call);
const uint8_t *call__replay_key(const struct call *call);

#endif
