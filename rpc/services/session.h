/*
 * What the files of the sessions share. A user's sessions are rows of two families: storage/keys.h.
 */
#ifndef DATASTREAM_RPC_SERVICES_SESSION_H
#define DATASTREAM_RPC_SERVICES_SESSION_H

#include "datastream/v1/session.pb-c.h"
#include "rpc/identity/session_facts.h"
#include "rpc/services/user.h"

/* Of one user; a further one ends the oldest. */
#define SESSIONS_MOST 100
/* Those that sign in at the same time may exceed that, until the next one signs in. */
#define SESSIONS_READ (2 * SESSIONS_MOST)

/* A session that gets a new value. */
struct session {
    struct session_facts facts;
    uint8_t hash[32];
    char value[TOKEN_VALUE_LEN];
};

/* Makes the value, of the call's random bytes, and its hash. */
void session__make_value(struct call *call, struct session *session);

/*
 * Adds a session to the commit under its new value, and the cookie to the answer. `create_ms`, the
 * address and the program are those of the sign-in.
 */
void session__commit(struct call *call, const struct session *session, struct slice source_ip,
                     struct slice user_agent);

/* Ends a session: removes its rows by the commit. */
void session__commit_end(struct call *call, const struct session_facts *facts,
                         const uint8_t hash[32]);

/* Removes the rows of all sessions of a user who is deleted. UNAVAILABLE by the store. */
struct status session__commit_end_all(struct call *call, const struct uuid *organization,
                                      const struct uuid *user);

/* A session as the store has it. */
struct session_row {
    struct uuid id;
    struct slice key; /* in the family sessions */
    uint64_t revision;
    Datastream__Storage__V1__SessionRecord *record;
    bool has_facts; /* false: its value is gone */
    struct session_facts facts;
};

/* The sessions of a user, those that have ended too, the oldest first. UNAVAILABLE by the store. */
struct status session__list_rows(struct call *call, const struct uuid *organization,
                                 const struct uuid *user, struct session_row **ret_rows,
                                 size_t *ret_count);

/* Answers with the session of a user: `hash` is of its value. */
struct status session__answer(struct call *call, const struct session_facts *facts,
                              const uint8_t hash[32],
                              const Datastream__Storage__V1__UserRecord *user);

/* Adds an audit row that the user did something to the own sessions or password. */
void session__audit(struct call *call, const char *action, const struct session_facts *facts,
                    struct slice user_name, struct slice description);

/* Reads the user of the call's session, with the row of secrets. */
struct status session__read_user(struct call *call, struct object *ret_object,
                                 Datastream__Storage__V1__UserRecord **ret_record);

/* The facts of the call's own session; UNAUTHENTICATED where it ended meanwhile. */
struct status session__read_own(struct call *call, struct session_facts *ret_facts);

/* The handlers. */
call_handler session__get, session__sign_out, session__list, session__end;

#endif
