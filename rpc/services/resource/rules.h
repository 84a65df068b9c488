/*
 * What the contract says of fields beyond their own values: defaults, what is derived, what is set
 * once, what is required when, formats, quotes, what is unique, and what two objects share. Judged
 * on the merged object, of the fields that were written and of those that span them.
 */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_RULES_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_RULES_H

#include "rpc/services/resource/change.h"

/* What stands for a secret in the commands of API Preview; no secret may be it. */
#define RULES_PLACEHOLDER "REPLACE_ME"

#endif
