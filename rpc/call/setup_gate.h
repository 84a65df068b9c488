/*
 * A server without an organization is shut: until its setup is done it answers the setup and the
 * methods that are public in every server, such as health, and nothing else. Who has the setup
 * token does the setup, once; only the token's hash is kept, in memory.
 */
#ifndef DATASTREAM_RPC_CALL_SETUP_GATE_H
#define DATASTREAM_RPC_CALL_SETUP_GATE_H

#include <stdatomic.h>

#include "base/status.h"
#include "base/uuid.h"
#include "proto/contract/contract.h"

/* Plain: set before the first call, afterwards through the functions below. */
struct setup_gate {
    atomic_bool required; /* written by the loop that does the setup, read by all */
    uint8_t hash[32];     /* SHA-256 of the setup token */
    struct uuid
        organization; /* the id of the one that the setup creates: it has a data key already */
    /* Called once, on a loop, after the setup is on the disk. May be NULL. */
    void (*done)(void *context);
    void *context;
};

/* Whether the setup is still to be done; false for NULL. Any thread. */
bool setup_gate_is_required(const struct setup_gate *gate);

/* Whether the method may be called: OK, or UNAVAILABLE with the reason SETUP_REQUIRED. */
struct status setup_gate__judge(const struct setup_gate *gate, struct arena *arena,
                                const struct method *method);

/* Whether this is the setup token. */
bool setup_gate_accepts(const struct setup_gate *gate, struct slice token);

/* The setup is on the disk: opens the gate. */
void setup_gate_open(struct setup_gate *gate);

#endif
