/* RFC 7662 for those who know nothing else: what VerifyToken answers, by the names of OAuth. / */
#ifndef DATASTREAM_RPC_SERVICES_INTROSPECTION_H
#define DATASTREAM_RPC_SERVICES_INTROSPECTION_H

#include "rpc/services/authorization.h"

/* The handlers. */
call_handler introspection__introspect;

#endif
