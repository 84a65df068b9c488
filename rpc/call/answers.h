/* What handlers say again and again: not found, etags, who calls. */
#ifndef DATASTREAM_RPC_CALL_ANSWERS_H
#define DATASTREAM_RPC_CALL_ANSWERS_H

#include "rpc/call/call.h"

/* NOT_FOUND for a kind and an id as it was sent. */
struct status call_not_found(struct call *call, const struct kind *kind, struct slice id);

/*
 * The status for a read that found nothing to work with: STORE_AGAIN gives UNAVAILABLE (never seen:
 * the handler runs again), STORE_FAILED gives UNAVAILABLE "The store failed.".
 */
struct status call_store_status(enum store_found found);

/*
 * If-Match, then If-None-Match of a write, against the revision of the stored record: OK, or
 * ABORTED with PRECONDITION_ETAG (RFC 9110 section 13.2.2). Etags are the revision in quotes where
 * HTTP has them and without in messages; "*" always matches.
 */
struct status call_check_etag(struct call *call, uint64_t revision);

/* The etag of a revision, as it stands in messages. */
struct slice call_etag(struct arena *arena, uint64_t revision);

/*
 * Adds an audit row about an object of the caller's organization (no object where `kind` is NULL)
 * to those that the chain writes when the call commits: one for each object that changes. The row
 * is the handler's to fill further; its organization and its actor, too, may be others. `action`
 * and `name` are borrowed. NULL when the arena failed.
 */
struct call_audit *call_audit_add(struct call *call, const char *action, const struct kind *kind,
                                  const struct uuid *id, struct slice name);

/*
 * Adds a header to the answer, in case it is OK. `name` is lower-case and neither one of the
 * frontends' own nor one of gRPC's ("grpc-"). Both are borrowed.
 */
void call_add_metadata(struct call *call, struct slice name, struct slice value);

/* Notes one changed field for an audit row. Slices are borrowed. */
void call_note_change(struct arena *arena, struct call_changes *changes, struct slice path,
                      struct slice before, struct slice after);

/* Who calls, as audit rows name it; "token:<id>" and the like as text, for createdBy. */
struct actor call_actor_of(const struct call *call);
struct slice call_actor(struct call *call);

/*
 * If-Match of a method that only reads, against the etag of its response: OK, or ABORTED with
 * PRECONDITION_ETAG, also where the response has no etag (RFC 9110 section 13.1.1).
 */
struct status call__check_read(struct call *call);

#endif
