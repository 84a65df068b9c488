/*
 * What a request for a page asks for, and by which rows it is found. For the files of lists alone.
 */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_LIST_QUERY_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_LIST_QUERY_H

#include "proto/filter/filter.h"
#include "rpc/services/resource/object.h"

/* The numbers stand in page tokens. */
enum list_driver {
    LIST_BY_ID = 1,        /* the objects' own rows: the order of creation */
    LIST_BY_NAME = 2,      /* the order of folded names */
    LIST_BY_REFERENCE = 3, /* to one object, by one field: the order of creation */
    LIST_BY_INDEX = 4,     /* the order of a field's values, then of creation */
};

/* A range of rows, each of which leads to one object. */
struct list_plan {
    enum list_driver driver;
    uint32_t number; /* of a reference's field, or of an index; else 0 */
    enum store_family family;
    struct slice from, to; /* from <= key < to */
    bool reverse;
};

/* Plain; lives as long as the call's arena. */
struct list_query {
    const struct kind *kind;
    struct filter filter;
    const struct field *order; /* NULL: none was asked for */
    bool descending;
    const ProtobufCMessage *read_mask; /* NULL: all fields */
    size_t page_size;
    struct list_plan plan;
    struct slice after; /* key of the row that the page before ended with; empty on the first */
};

/* Reads and checks the request. INVALID_ARGUMENT names the field. */
struct status list_query__read(struct call *call, struct list_query *ret_query);

/* The token of the page after the row with that key. */
struct slice list_query__token(struct call *call, const struct list_query *query,
                               struct slice last);

#endif
