/*
 * Refused calls on their way into the audit log. The first refusal of a caller at a method for
 * a reason is written at once; further ones within a minute are counted, and written as one row
 * when the minute is over. Bounded, so that a caller who is refused a thousand times a second fills
 * neither memory nor log. Belongs to one loop; never waits for the disk. Internal to rpc/call/.
 */
#ifndef DATASTREAM_RPC_CALL_DENIALS_H
#define DATASTREAM_RPC_CALL_DENIALS_H

#include "base/status.h"
#include "rpc/identity/identity.h"

struct denials;

#define DENIALS_MOST 1024
#define DENIALS_WINDOW_MS 60000

/* One refusal. Slices are borrowed. */
struct denial {
    struct uuid organization;
    struct actor actor;
    struct slice actor_name;
    const struct kind *kind; /* of the object that the actor is */
    const struct method *method;
    enum status_code code;
    struct slice peer;
    struct slice user_agent;
    struct slice request_id;
    struct slice description; /* a sentence */
};

/* NULL when memory ends. */
struct denials *denials__new(struct store *store);

/* Submits what was counted and not written. */
void denials__free(struct denials *denials);

/* The loop's thread. */
void denials__note(struct denials *denials, const struct denial *denial, int64_t now_ms);

/* Submits the rows of the windows that are over. Any thread; cheap when there are none. */
void denials__tick(struct denials *denials, int64_t now_ms);

#endif
