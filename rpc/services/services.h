/*
 * The handlers: API tokens, roles, and the resource engine for every plain kind.
 */
#ifndef DATASTREAM_RPC_SERVICES_SERVICES_H
#define DATASTREAM_RPC_SERVICES_SERVICES_H

#include "rpc/call/call_stream.h"
#include "storage/check.h"
#include "storage/key_ring.h"

/* Handlers by method, ended by a NULL method: api_token.c, role.c. */
const struct handler_entry *services_handlers(void);

/* Handlers by enum operation_type: the resource engine. */
call_handler *const *services_operations(void);

/* Streams by method, ended by a NULL method: watch.c. */
const struct stream_entry *services_streams(void);

/*
 * Tells the engine which kinds keep records of their own. At the start, before anything reads or
 * writes an object, and before there are threads; again does nothing.
 */
void services_register_kinds(void);

/* See resource/hooks.h. */
struct hooks;

/*
 * What the handlers need of the contract beside the tables: for chain_options.services, and for
 * services_check. FAILED_PRECONDITION where a hook needs what the contract lacks, and where a value
 * of the contract breaks its own rules (contract_values.h). Lives in `arena`.
 */
struct status services_bind(const struct contract *contract, struct arena *arena,
                            const struct hooks **ret_hooks);

/* -- checking, for the operator's tools ------------------------------------------------------- */

struct services_check {
    const struct contract *contract;
    const struct identity_registry *identities;
    const struct hooks *hooks; /* of services_bind; NULL: none */
    struct store *store;       /* where references by name are looked up; NULL: nowhere */
    const struct secret_keys *secret_keys; /* each secret must open under them; NULL: not tried */
};

/* -- initialization, for the operator's tools ------------------------------------------------- */

struct organization_created {
    struct uuid organization;
    struct slice api_token; /* the value: shown once; in an arena that is wiped */
};

/* For chain_options.limit_answer: see resource/disclosure.h. */
void services_limit_answer(struct call *call);

/* For chain_options.show_again. */
void services_show_again(struct call *call, uint64_t revision);

#endif
