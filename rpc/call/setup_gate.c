/* One flag, and the hash of one token. */
#include "rpc/call/setup_gate.h"

#include "base/crypto/sha256.h"

#define SETUP_SERVICE SLICE("datastream.v1.SetupService")
#define OWN_PACKAGE SLICE("datastream.")

bool setup_gate_is_required(const struct setup_gate *gate)
{
    return gate != NULL && atomic_load_explicit(&gate->required, memory_order_acquire);
}

static bool is_admitted(const struct method *method)
{
    return slice_equal(method->service->full_name, SETUP_SERVICE) ||
           (method->access == ACCESS_PUBLIC && !slice_starts_with(method->full_name, OWN_PACKAGE));
}

struct status setup_gate__judge(const struct setup_gate *gate, struct arena *arena,
                                const struct method *method)
{
    struct status status;

    if (!setup_gate_is_required(gate) || is_admitted(method))
        return status_ok();
    status = status_const(STATUS_UNAVAILABLE,
                          SLICE("The server is not set up yet: it has no organization. Set it up "
                                "with the setup token that it wrote beside its data directory."));
    status_add_detail(arena, &status, DETAIL_ERROR_INFO, SLICE("SETUP_REQUIRED"), SLICE_EMPTY,
                      SLICE_EMPTY);
    return status;
}

bool setup_gate_accepts(const struct setup_gate *gate, struct slice token)
{
    uint8_t hash[32];

    return sha256(token, hash) && memcmp(hash, gate->hash, sizeof(hash)) == 0;
}

void setup_gate_open(struct setup_gate *gate)
{
    if (atomic_exchange_explicit(&gate->required, false, memory_order_acq_rel) &&
        gate->done != NULL)
        gate->done(gate->context);
}
