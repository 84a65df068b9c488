/*
 * Lists of objects: pages in an order, of those that a filter matches, from the rows that lead to
 * them fastest. Shared by all kinds that have a List method, typed ones too.
 *
 * A page is read through one driver: the objects' own rows, the rows of names, of the references to
 * one object, or of an index. The driver follows from filter and order alone, and a page token goes
 * on in it. A driver narrows and never decides: the whole filter is evaluated on each record.
 */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_LIST_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_LIST_H

#include "rpc/services/resource/object.h"

/* What a kind adds to its lists. */
struct list_functions {
    /*
     * Fills in what answers show beside the records; may replace items. `values` are whole records,
     * of an object that is not stored empty.
     */
    struct status (*complete)(struct call *call, const struct slice *values,
                              ProtobufCMessage **items, size_t count);
    bool may_be_records; /* `complete` does no more than the engine: answers may come as records */
};

/*
 * The handler of a List method: reads the page that the request asks for and sets the response.
 * `beside` are objects of the kind that are not stored, complete, at most LIST_BESIDE_MOST; they
 * are listed as if they were. INVALID_ARGUMENT at filter, orderBy, readMask or pageToken.
 */
struct status list_objects(struct call *call, const struct list_functions *functions,
                           ProtobufCMessage *const *beside, size_t beside_count);
#define LIST_BESIDE_MOST 32

/* Objects that a filter matches, complete, and their records. */
struct list_slice {
    ProtobufCMessage **items;
    struct slice *values;
    size_t count;
    struct slice last; /* where the next slice begins; empty when there is none */
};

/*
 * For handlers that do something to all objects that the request's `filter` matches: the next of
 * them after `last` of the slice before (empty at first), at most `most`, in the order of the rows
 * by which they are found. INVALID_ARGUMENT at the filter. Where call->gives_way is set afterwards
 * nothing is found yet: the handler returns, and is run again.
 */
struct status list_matching(struct call *call, const struct list_functions *functions,
                            struct slice last, size_t most, struct list_slice *ret_slice);

#endif
