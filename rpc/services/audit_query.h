/* Which rows of the audit log a request asks for, and by which rows they are found. */
#ifndef DATASTREAM_RPC_SERVICES_AUDIT_QUERY_H
#define DATASTREAM_RPC_SERVICES_AUDIT_QUERY_H

#include "datastream/storage/v1/records.pb-c.h"
#include "datastream/v1/audit.pb-c.h"
#include "rpc/call/call.h"
#include "storage/actor.h"

/* What a request says of the lines that it wants: borrowed from it; "" and NULL for anything. */
struct audit_filters {
    const char *actor, *kind, *object, *action, *outcome;
    const Google__Protobuf__Timestamp *from, *to;
};

/* Plain; lives as long as the call's arena. */
struct audit_query {
    const Datastream__V1__ListAuditLogsRequest *request; /* NULL for an export */
    struct audit_filters filters;
    bool by_number;         /* the rows are wanted in the order of their numbers */
    int64_t from_ms, to_ms; /* from <= time < to */
    size_t page_size;

    /* The rows by which it is found, from the newest: those with from <= key < to. */
    enum store_family family;
    struct slice from, to;
    const struct kind *kind; /* of the object whose rows these are, or of the filter; NULL: none */
    struct uuid object;
    struct actor actor; /* likewise */
    bool is_exact;      /* all of them belong to the answer */
};

/* Reads and checks the request. INVALID_ARGUMENT names the field. */
struct status audit_query__read(struct call *call, struct audit_query *ret_query);

/*
 * Checks the filters and chooses the rows. `by_number`: where they are walked in the order of the
 * log, so a time alone chooses no rows. INVALID_ARGUMENT names the field.
 */
struct status audit_query__read_filters(struct call *call, const struct audit_filters *filters,
                                        bool by_number, struct audit_query *ret_query);

/* The key of the query's row with that number; of a query by number. */
struct slice audit_query__key(struct arena *arena, const struct call *call,
                              const struct audit_query *query, uint64_t number);

/* The number of the audit row that a row of the query's family leads to; false: unreadable. */
bool audit_query__number(const struct audit_query *query, struct slice key, uint64_t *ret_number);

/* Whether the record belongs to the answer. */
bool audit_query__matches(const struct audit_query *query,
                          const Datastream__Storage__V1__AuditRecord *record);

/* The token of the page after the row with that key. */
struct slice audit_query__token(struct call *call, const struct audit_query *query,
                                struct slice last);

#endif
