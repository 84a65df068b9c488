/*
 * Objects of any kind as the store has them: their records, their names, their pages, and what a
 * change of one leaves in audit and feed. Where and how a kind keeps its records is
 * object_kinds.h's.
 */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_OBJECT_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_OBJECT_H

#include "proto/message/message.h"
#include "rpc/call/call.h"
#include "rpc/services/resource/object_kinds.h"

/* A record as it was read. */
struct object {
    const struct kind *kind;
    struct uuid id;
    struct slice key;
    uint64_t revision;
    struct slice body;
    struct slice secrets;      /* body of its row of secrets; empty for none */
    ProtobufCMessage *message; /* the public message, made for this run: may be changed */
};

/*
 * Reads the object of the caller's organization by its id's text. NOT_FOUND for an id that is none
 * or is unknown, DATA_LOSS for a record that cannot be read, UNAVAILABLE by the store.
 */
struct status object_read(struct call *call, const struct kind *kind, struct slice id,
                          struct object *ret_object);

/* The same of the value alone, as the store has it. */
struct status object__read_value(struct call *call, const struct kind *kind, struct slice id,
                                 struct slice *ret_value);

/* Whether the caller holds the kind's read permission. */
bool object_may_be_read(const struct call *call, const struct kind *kind);

/* The public message of a stored value, and its revision. DATA_LOSS, or out of memory. */
struct status object_unpack(struct arena *arena, const struct kind *kind, struct slice value,
                            uint64_t *ret_revision, struct slice *ret_body,
                            ProtobufCMessage **ret_message);

static inline struct status object_data_loss(void)
{
    return status_const(STATUS_DATA_LOSS, SLICE("A stored record cannot be read."));
}

/* -- names ------------------------------------------------------------------------------------ */

/*
 * Trims the message's name and folds it for comparison; a violation where the name cannot be one.
 * *ret_folded is empty for a kind without names.
 */
void object__fold_name(struct arena *arena, const struct kind *kind, ProtobufCMessage *message,
                       struct violations *violations, struct slice *ret_folded);

/* ALREADY_EXISTS when another object of the kind than `id` has the name. */
struct status object__check_name(struct call *call, const struct kind *kind, const struct uuid *id,
                                 struct slice name, struct slice folded);

/* The status of object__check_name, for names that are taken without a record. */
struct status object_name_taken(struct call *call, const struct kind *kind, struct slice name);

/* -- answers ---------------------------------------------------------------------------------- */

/* The text of the id, in the arena. */
struct slice object_id_text(struct arena *arena, const struct uuid *id);

/* Sets the message's etag where its kind has one. */
void object_set_etag(struct call *call, const struct kind *kind, ProtobufCMessage *message,
                     uint64_t revision);

/* For call->committed: the response, of the method's kind, gets the etag of the commit. */
void object__committed(struct call *call, uint64_t revision);

/* For call->response of deletions. */
ProtobufCMessage *object_empty_response(struct call *call);

/* "an API token", "a device"; in the arena. */
struct slice object__with_article(struct arena *arena, const struct kind *kind);

/* Whether the request asks to check everything and change nothing. */
bool object_validate_only(const struct call *call);

/* "Device" of "datastream.v1.Device". */
struct slice object__type_name(const struct kind *kind);

/* The message's name; empty for a kind without names. */
struct slice object_name(const struct kind *kind, const ProtobufCMessage *message);

/* Adds an audit row: "CreatedDevice", a sentence of the same, and the changes (NULL: none). */
void object_audit(struct call *call, const char *verb, const struct kind *kind,
                  const struct uuid *id, struct slice name, const struct call_changes *changes);

/* -- pages ------------------------------------------------------------------------------------ */

/* The page size that the request asks for. */
size_t object_page_size(const struct call *call);

/*
 * The rows of the page that the request asks for, of those whose keys start with `prefix`, from the
 * newest when `reverse`, and the token of the page after it (empty on the last one).
 */
struct status object__scan_page(struct call *call, enum store_family family, struct slice prefix,
                                bool reverse, struct store_rows *ret_rows, struct slice *ret_token);

/* A list that does not count all that match. */
#define TOTAL_UNKNOWN UINT64_MAX

/*
 * Sets items, next page token, total size (unless it is TOTAL_UNKNOWN) and the revision to watch
 * from, where the method has them.
 */
void object__set_page(struct call *call, ProtobufCMessage *response, ProtobufCMessage **items,
                      size_t count, struct slice token, uint64_t total);

#endif
