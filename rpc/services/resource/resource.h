/* What the files of the resource engine share. */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_RESOURCE_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_RESOURCE_H

#include "rpc/services/resource/draft.h"

/* Handlers by enum operation_type, for every plain kind. */
call_handler *const *resource_operations(void);

/* The activity log of the object that the request's `id` names: of every kind, typed ones too. */
call_handler resource_list_activity;

/* What refers to the object that the request's `id` names: of every kind, typed ones too. */
call_handler resource_usage;

/* What the hook of the kind says of a deletion. */
struct status engine__check_removal(struct call *call, const struct object *object);

/*
 * The end of a creation, after the draft was judged: stamps it, makes its credentials, fills the
 * commit unless the call only validates, and answers with it, the credentials shown.
 */
struct status engine__store_new(struct call *call, struct draft *draft);

/*
 * The end of an update or an action, after the edit was judged: seals secrets, fills the commit where
 * anything differs and the call does not only validate, and answers with the object. `describe` (may be
 * NULL) words the audit row.
 */
struct status engine__store_edit(struct call *call, struct edit *edit,
                                 void (*describe)(struct call *call, const struct edit *edit));

/* The id that the request names. */
struct slice engine__request_id(const struct call *call);

/*
 * Words the audit row that was added last: `verb` and the kind ("EnabledDevice"), and a sentence, which
 * is borrowed.
 */
void engine__audit_as(struct call *call, const char *verb, struct slice sentence);

/* The handlers of single operations. */
call_handler engine__create, engine__update, engine__set, engine__clone, engine__regenerate,
    engine__batch_get, engine__batch_delete;

#endif
