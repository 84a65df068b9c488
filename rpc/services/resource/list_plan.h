/*
 * The planner: from the comparisons that must all hold, and the order, to the narrowest rows. Pure
 * but for the keys that it allocates. /
 */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_LIST_PLAN_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_LIST_PLAN_H

#include "rpc/services/resource/list_query.h"

/* Whether objects of the kind are found by rows of names. */
bool list__has_names(const struct kind *kind);

/* Chooses the rows: sets query->plan from filter and order. */
void list__plan(struct call *call, struct list_query *query);

/* The key of the row that leads to an object in the driver's range; empty where none does. */
struct slice list__key_of(struct call *call, const struct list_query *query,
                          const ProtobufCMessage *message);

/* The id of the object that a row of the driver leads to. False where the row cannot be read. */
bool list__id_of(const struct list_plan *plan, const struct store_row *row, struct uuid *ret_id);

#endif
