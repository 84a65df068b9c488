/*
 * Which kinds keep records of their own. A kind's records are its public messages in the family of
 * resources, unless the kind is typed: then its own file says where and how they are kept. The
 * engine names none of them; the services hand in the table when the program starts.
 */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_OBJECT_KINDS_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_OBJECT_KINDS_H

#include "proto/contract/contract.h"
#include "rpc/identity/identity.h"
#include "storage/check.h"

/* A kind with handlers and records of its own. */
struct typed_kind {
    const ProtobufCMessageDescriptor *message; /* tells the kind */
    enum store_family family;
    bool has_secrets; /* a row in the family of secrets, which its own file fills */
    /* The public message in a stored body; NULL when it does not parse or the arena failed. */
    ProtobufCMessage *(*unpack)(struct arena *arena, struct slice body);
    /* Whether the id exists without a record; NULL: none does. */
    bool (*is_builtin)(const struct identity_registry *identities, const struct uuid *id);
    /* Adds the rows that lead to a record beside name and references; NULL: none do. */
    void (*add_indexes)(struct arena *arena, const struct kind *kind,
                        const struct uuid *organization, struct slice body,
                        struct check_index **first);
};

/*
 * Hands in the typed kinds, ended by NULL. At the start, before any other function of the engine
 * and before there are threads; again only with the same table. It is borrowed for as long as the
 * process.
 */
void object_register_kinds(const struct typed_kind *const *kinds);

/*
 * What struct typed_kind says of a kind: the family of its objects, whether the stored body differs
 * from the public message, whether they have rows of secrets, and whether an object is built in.
 * Kinds without a type have resources, no such rows and nothing built in.
 */
enum store_family object_family(const struct kind *kind);
bool object__is_typed(const struct kind *kind);
bool object__has_secrets(const struct kind *kind);
bool object__is_builtin(const struct identity_registry *identities, const struct kind *kind,
                        const struct uuid *id);

/* See struct typed_kind. */
void object__add_indexes(struct arena *arena, const struct kind *kind,
                         const struct uuid *organization, struct slice body,
                         struct check_index **first);

/* The public message of a record's body; NULL when it cannot be read or the arena failed. */
ProtobufCMessage *object_unpack_body(struct arena *arena, const struct kind *kind,
                                     struct slice body);

#endif
