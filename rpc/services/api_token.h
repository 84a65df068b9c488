/* What the files of the API tokens share. */
#ifndef DATASTREAM_RPC_SERVICES_API_TOKEN_H
#define DATASTREAM_RPC_SERVICES_API_TOKEN_H

#include "datastream/storage/v1/records.pb-c.h"
#include "rpc/services/guard.h"
#include "rpc/services/resource/draft.h"
#include "rpc/services/resource/list.h"

/*
 * An API token has a record of storage.v1, and a row for each value that works. See object_kinds.h.
 */
extern const struct typed_kind api_token_kind;

/* A token as it was read. */
struct api_token {
    struct object object;
    Datastream__Storage__V1__TokenRecord *record; /* made for this run: may be changed */
    struct guard_role role;                       /* permits nothing when the role is gone */
};

/* The record in a stored body; NULL when it does not parse or the arena failed. */
Datastream__Storage__V1__TokenRecord *api_token__unpack(struct arena *arena, struct slice body);

/* Reads the token and its role. NOT_FOUND, DATA_LOSS, UNAVAILABLE. */
struct status api_token__read(struct call *call, struct slice id, struct api_token *ret_token);

/* The same of a token that is to be changed: not the caller's own, and as If-Match says. */
struct status api_token__open(struct call *call, struct slice id, struct api_token *ret_token);

/*
 * The public message of a record as of the call's time: status, role name and last use set, the
 * value not. Shares the record's parts. UNAVAILABLE by the store, or out of memory.
 */
struct status api_token__view(struct call *call, const Datastream__Storage__V1__TokenRecord *record,
                              struct slice role_name, Datastream__V1__ApiToken **ret_view);

/*
 * Forgets the value that was replaced, once it no longer works: its row goes with the next change.
 */
void api_token__end_overlap(Datastream__Storage__V1__TokenRecord *record, int64_t now_ms);

/* Milliseconds since 1970 of the record's end; 0 for none. */
int64_t api_token__expire_ms(const Datastream__Storage__V1__TokenRecord *record);

/* The record's bytes, in the arena; empty when that failed. */
struct slice api_token__pack(struct arena *arena,
                             const Datastream__Storage__V1__TokenRecord *record);

/*
 * The end that a preset or a time says, as of the call's time; 0 where neither does. Violations:
 * both, a time that is not in the future, or an end beyond the organization's maximal token
 * lifetime, which stays so as a condition of the commit. One that is no time at all
 * validate_message has reported, or will. DATA_LOSS, UNAVAILABLE by the store.
 */
struct status api_token__choose_end(struct call *call, int32_t preset,
                                    const Google__Protobuf__Timestamp *time,
                                    struct violations *violations, int64_t *ret_expire_ms);

/* Gives the record a new value, made of the call's random bytes after the first 10, and returns
 * it. */
struct slice api_token__new_value(struct call *call, Datastream__Storage__V1__TokenRecord *record);

/* Puts the value into an answer: the one time that it is shown. */
void api_token__show(struct arena *arena, Datastream__V1__ApiToken *token, struct slice value);

/* What lists of tokens show beside the records. */
extern const struct list_functions api_token__list_functions;

/*
 * For an answer that is given again (chain_options.show_again): puts the value into it that the
 * request made, where it is still the token's and the guard would let the caller have it made now.
 */
void api_token__show_again(struct call *call, uint64_t revision);

/* The handlers. */
call_handler api_token__create, api_token__get, api_token__list, api_token__delete;

/* What a token reads as at that time; EXPIRED overrides DISABLED. */
Datastream__V1__TokenStatus__Value
api_token__status(const Datastream__Storage__V1__TokenRecord *record, int64_t now_ms);

#endif
