/*
 * The outcome of a call: one of gRPC's status codes, a sentence, and details in the shapes of
 * google.rpc (error_details.proto). It is made where the cause is known and travels by value; the
 * frontends turn it into trailers or problem+json. Messages and details live in the call's arena,
 * or are constants.
 */
#ifndef DATASTREAM_BASE_STATUS_H
#define DATASTREAM_BASE_STATUS_H

#include "base/arena.h"
#include "base/slice.h"

/* Numbers of google.rpc.Code; the names' meanings are in gRPC's statuscodes.md. */
enum status_code {
    STATUS_OK = 0,
    STATUS_CANCELLED = 1,
    STATUS_UNKNOWN = 2,
    STATUS_INVALID_ARGUMENT = 3,
    STATUS_DEADLINE_EXCEEDED = 4,
    STATUS_NOT_FOUND = 5,
    STATUS_ALREADY_EXISTS = 6,
    STATUS_PERMISSION_DENIED = 7,
    STATUS_RESOURCE_EXHAUSTED = 8,
    STATUS_FAILED_PRECONDITION = 9,
    STATUS_ABORTED = 10,
    STATUS_OUT_OF_RANGE = 11,
    STATUS_UNIMPLEMENTED = 12,
    STATUS_INTERNAL = 13,
    STATUS_UNAVAILABLE = 14,
    STATUS_DATA_LOSS = 15,
    STATUS_UNAUTHENTICATED = 16,
};
#define STATUS_CODES 17

enum status_detail_type {
    DETAIL_FIELD_VIOLATION,        /* one entry of google.rpc.BadRequest */
    DETAIL_ERROR_INFO,             /* google.rpc.ErrorInfo; one metadata pair at most */
    DETAIL_PRECONDITION_VIOLATION, /* one entry of google.rpc.PreconditionFailure */
    DETAIL_RESOURCE_INFO,          /* google.rpc.ResourceInfo */
    DETAIL_RETRY_INFO,             /* google.rpc.RetryInfo */
};

/*
 * One detail. Entries of one BadRequest or PreconditionFailure are details of their own here; the
 * frontends gather them.
 */
struct status_detail {
    struct status_detail *next;
    enum status_detail_type type;
    struct slice subject;     /* field's JSON path | reason | violation's subject | resource name */
    struct slice kind;        /* - | metadata key | violation's type | resource type */
    struct slice description; /* sentence | metadata value | sentence | sentence */
    int64_t retry_ms;         /* DETAIL_RETRY_INFO only */
};

struct status {
    enum status_code code;
    struct slice message;
    struct status_detail *details;
};

/* Types of precondition violations that the REST frontend gives a status of its own. */
#define PRECONDITION_REFERENCED "REFERENCED" /* other resources refer to it: 409, not 400 */
#define PRECONDITION_ETAG "ETAG"             /* If-Match or -None-Match: 412, not 409 */

/* Reason of an INVALID_ARGUMENT that the REST frontend answers by 422. */
#define STATUS_REASON_KEY_REUSED "IDEMPOTENCY_KEY_REUSED"

/* The domain of our ErrorInfo details. */
#define STATUS_ERROR_DOMAIN "datastream"

static inline struct status status_ok(void)
{
    return (struct status){STATUS_OK, {NULL, 0}, NULL};
}

static inline bool status_is_ok(struct status status)
{
    return status.code == STATUS_OK;
}

/* A status whose message is a constant; allocates nothing. */
static inline struct status status_const(enum status_code code, struct slice message)
{
    return (struct status){code, message, NULL};
}

/*
 * What is answered when memory ends, wherever it ends: RESOURCE_EXHAUSTED, over HTTP this status,
 * with these words, to be tried again after so many seconds.
 */
#define NO_MEMORY_TEXT "The server has no memory left for this request."
#define NO_MEMORY_HTTP 429
#define NO_MEMORY_RETRY_SECONDS "1"

/* RESOURCE_EXHAUSTED; allocates nothing. */
static inline struct status status_out_of_memory(void)
{
    return status_const(STATUS_RESOURCE_EXHAUSTED, SLICE(NO_MEMORY_TEXT));
}

/*
 * What is answered when memory ends after the change was stored: not to be tried again blindly, so
 * INTERNAL, over HTTP this status, with these words.
 */
#define STORED_TEXT                                                                             \
    "The change was stored, but the server has no memory left for the answer. Read the object " \
    "before you try again."
#define STORED_HTTP 500

/* INTERNAL; allocates nothing. */
static inline struct status status_stored(void)
{
    return status_const(STATUS_INTERNAL, SLICE(STORED_TEXT));
}

/* A status with a printf-made message. When the arena fails it is status_out_of_memory(). */
struct status status_make(struct arena *arena, enum status_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Adds a detail after those that the status has. `subject`, `kind` and `description` are borrowed
 * and must live as long as the arena. When the arena fails the status keeps what it had.
 */
void status_add_detail(struct arena *arena, struct status *status, enum status_detail_type type,
                       struct slice subject, struct slice kind, struct slice description);

/* INVALID_ARGUMENT with one field violation; `field` is a JSON path and is borrowed. */
struct status status_invalid_field(struct arena *arena, struct slice field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Gathers violations, so that all are reported at once. Zero-initialize. At most
 * VIOLATIONS_MOST are kept, and of one field, the elements of a list or map together,
 * VIOLATIONS_EACH_MOST with one more that says how many follow: a list with many does not hide the
 * other fields. The rest are counted.
 */
struct violations {
    struct status_detail *first;
    struct status_detail *last;
    size_t count;
    struct violations_field *fields; /* the latest first */
};
#define VIOLATIONS_MOST 64
#define VIOLATIONS_EACH_MOST 4
/* What finds violations may stop at so many: callers choose how many there are. */
#define VIOLATIONS_LOOKED_MOST 4096

/* Adds one; `field` is copied. */
void violations_add(struct violations *violations, struct arena *arena, struct slice field,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Adds those of a status that was made of violations; they are shared. */
void violations_add_status(struct violations *violations, struct arena *arena,
                           const struct status *status);

/* The same, without those of fields that already have one: around them, in them, or the same. */
void violations_add_new(struct violations *violations, struct arena *arena,
                        const struct status *status);

/* OK when there are none, else INVALID_ARGUMENT that carries them; or out of memory. */
struct status violations_status(const struct violations *violations, struct arena *arena);

/* "INVALID_ARGUMENT" and so on; "UNKNOWN" for a number beyond the table. */
const char *status_code_name(enum status_code code);

/*
 * The HTTP status that belongs to a status (google/rpc/code.proto), told apart by details where one
 * code has two: see PRECONDITION_REFERENCED and PRECONDITION_ETAG.
 */
int status_http(const struct status *status);

#endif
