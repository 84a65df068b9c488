/* The table of what the contract cannot say of single kinds: the only file that lists them. */
#ifndef DATASTREAM_RPC_SERVICES_KINDS_KINDS_H
#define DATASTREAM_RPC_SERVICES_KINDS_KINDS_H

#include "rpc/services/resource/hooks.h"

/* One file each. */
extern const struct kind_hooks agent_enrollment_template_hooks, cluster_hooks, dataset_hooks,
    device_hooks, director_hooks, pipeline_hooks, vault_secret_hooks;

/* The hooks of all kinds that have any, ended by NULL. */
const struct kind_hooks *const *kinds__hooks(void);

#endif
