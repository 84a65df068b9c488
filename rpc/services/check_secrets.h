/*
 * What `check` proves of secrets: that each opens where it stands, and that `secretsSet` tells of
 * all.
 */
#ifndef DATASTREAM_RPC_SERVICES_CHECK_SECRETS_H
#define DATASTREAM_RPC_SERVICES_CHECK_SECRETS_H

#include "rpc/services/services.h"

/*
 * What is wrong with a row of secrets, as a predicate that follows "the row"; NULL when nothing is,
 * when the row or its object cannot be read (which is reported elsewhere), and without
 * check->store.
 */
const char *check_secrets__row(const struct services_check *check, struct arena *arena,
                               const struct store_row *row);

/* Of an object: whether it tells of secrets that have no row. */
const char *check_secrets__object(const struct services_check *check, struct arena *arena,
                                  const struct store_row *row);

#endif
