/* Credentials of objects: made by the server, shown once, known by their hash afterwards. */
#ifndef DATASTREAM_RPC_SERVICES_RESOURCE_CREDENTIAL_H
#define DATASTREAM_RPC_SERVICES_RESOURCE_CREDENTIAL_H

#include "rpc/services/resource/draft.h"
#include "rpc/services/resource/resource.h"

/* New values, until they are shown. Plain; zero-initialize. */
struct credentials {
    struct {
        const struct field *field;
        struct slice value; /* in the call's arena, which is wiped at its end */
    } made[KIND_CREDENTIALS_MOST];
    size_t count;
};

/*
 * Makes a value for each credential of the draft's kind: hash and masked form go into
 * draft->secrets, the masked form into the message, before it is packed. Out of memory, DATA_LOSS.
 */
struct status credentials__make(struct call *call, struct draft *draft,
                                struct credentials *ret_credentials);

/* The same for one of them, in place of the value that it has. */
struct status credential_replace(struct call *call, struct draft *draft, const struct field *field,
                                 struct credentials *ret_credentials);

/*
 * Puts the values into the answer, after the message was packed: the one time that they are shown.
 */
void credentials__show(struct call *call, const struct credentials *credentials,
                       ProtobufCMessage *message);

/*
 * For an answer that is given again: puts those values into call->response that the request made
 * when it was done first, where the object still has them and the guard would let the caller make
 * new ones.
 */
void credentials_show_again(struct call *call);

/* The handlers of single operations. */
call_handler engine__regenerate;

#endif
