/* One row a kind; the engine knows none of them. */
#include "rpc/services/kinds/kinds.h"

const struct kind_hooks *const *kinds__hooks(void)
{
    static const struct kind_hooks *const table[] = {
        &agent_enrollment_template_hooks,
        &cluster_hooks,
        &dataset_hooks,
        &device_hooks,
        &director_hooks,
        &pipeline_hooks,
        &vault_secret_hooks,
        NULL,
    };

    return table;
}
