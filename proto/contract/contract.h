/*
 * The contract as data: one immutable, indexed model of all services, methods, messages, fields,
 * kinds and permissions, made at start-up from the embedded descriptor set, options and comments
 * included. Dispatch, routing, authorization, validation, transcoding, the resource engine and the
 * reference are derived from it; nobody keeps a second list.
 *
 * Messages that C code names keep protoc-c's descriptors; all others get theirs here, with presence
 * for `optional` and oneofs. Structures are plain and read-only once contract_load returned, so all
 * threads may read them.
 */
#ifndef DATASTREAM_PROTO_CONTRACT_CONTRACT_H
#define DATASTREAM_PROTO_CONTRACT_CONTRACT_H

#include <assert.h>
#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"

struct kind;
struct message_type;

/* Messages whose JSON is special (protobuf.dev, ProtoJSON). */
enum well_known {
    WELL_KNOWN_NONE,
    WELL_KNOWN_ANY,
    WELL_KNOWN_TIMESTAMP,
    WELL_KNOWN_DURATION,
    WELL_KNOWN_FIELD_MASK,
    WELL_KNOWN_STRUCT,
    WELL_KNOWN_VALUE,
    WELL_KNOWN_LIST_VALUE,
    WELL_KNOWN_EMPTY,
    WELL_KNOWN_WRAPPER, /* DoubleValue ... BytesValue: the one field is number 1 */
    WELL_KNOWN_HTTP_BODY,
};

struct enum_value {
    struct slice name;
    int32_t number;
    struct slice comment;
};

struct enum_type {
    struct slice full_name;
    struct enum_value *values; /* in the order of declaration, aliases included */
    size_t value_count;
    bool is_null_value; /* google.protobuf.NullValue */
    struct slice comment;
};

/* A limit of a float or double; `text` is how sentences and documents write it. */
struct real_limit {
    bool is_given;
    bool is_excluded; /* the value itself is beyond it */
    double value;
    struct slice text;
};

/* Of float and double fields. NaN breaks them, whichever they are. */
struct real_rules {
    bool is_finite;
    struct real_limit least;
    struct real_limit most;
    const double *in;
    size_t in_count;
    struct slice in_text; /* "0.5, 1" */
    const double *not_in;
    size_t not_in_count;
    struct slice not_in_text;
};

/*
 * What a google.protobuf.Timestamp and a Duration may hold (their .proto files); both ways for the
 * latter.
 */
#define TIME_LEAST_S (-62135596800LL) /* 0001-01-01T00:00:00Z */
#define TIME_MOST_S 253402300799LL    /* 9999-12-31T23:59:59Z */
#define DURATION_MOST_S 315576000000LL
#define NANOS_MOST 999999999

/* A timestamp, or a duration: whose parts have the same sign. */
struct moment {
    int64_t seconds;
    int32_t nanos;
};

/* Whether a google.protobuf.Timestamp may hold it: years 0001 to 9999, 0 to 999,999,999 ns. */
static inline bool moment_is_timestamp(struct moment moment)
{
    return moment.seconds >= TIME_LEAST_S && moment.seconds <= TIME_MOST_S && moment.nanos >= 0 &&
           moment.nanos <= NANOS_MOST;
}

/* Whether a google.protobuf.Duration may hold it: at most about 10,000 years, parts of one sign. */
static inline bool moment_is_duration(struct moment moment)
{
    return moment.seconds >= -DURATION_MOST_S && moment.seconds <= DURATION_MOST_S &&
           moment.nanos >= -NANOS_MOST && moment.nanos <= NANOS_MOST &&
           (moment.seconds <= 0 || moment.nanos >= 0) && (moment.seconds >= 0 || moment.nanos <= 0);
}

struct moment_limit {
    bool is_given;
    bool is_excluded;
    struct moment value;
    struct slice text; /* as JSON writes it */
};

/* Of google.protobuf.Timestamp and Duration. */
struct moment_rules {
    struct moment_limit least;
    struct moment_limit most;
    struct moment_limit within; /* a timestamp's distance from now */
    bool is_past;               /* lt_now */
    bool is_future;             /* gt_now */
    const struct moment *in;
    size_t in_count;
    struct slice in_text; /* "1s, 2s" */
    const struct moment *not_in;
    size_t not_in_count;
    struct slice not_in_text;
};

/* Rules of buf.validate, unfolded. Absent limits are at the ends of their type. */
struct rules {
    bool required;
    bool has_range;          /* integers, except those of the next range */
    int64_t least;           /* inclusive */
    int64_t most;            /* inclusive */
    bool has_unsigned_range; /* integers of 64 bits without a sign */
    uint64_t unsigned_least;
    uint64_t unsigned_most;
    const int64_t *integers; /* in place of `in`; without a sign as their bits */
    size_t integer_count;
    const int64_t *not_integers;
    size_t not_integer_count;
    const struct real_rules *real;     /* NULL for none */
    const struct moment_rules *moment; /* NULL for none */
    bool has_length;                   /* code points of strings, bytes of bytes */
    uint64_t min_length;
    uint64_t max_length;
    bool length_alone; /* of a string: no other rule of strings is given */
    bool defined_only;
    struct slice pattern; /* POSIX extended, over the whole value; empty for none */
    void *compiled;       /* its regex_t */
    struct slice prefix;
    struct slice suffix;
    struct slice contains;
    struct slice not_contains; /* empty for none, as the three above */
    struct slice *in;
    size_t in_count;
    struct slice *not_in;
    size_t not_in_count;
    const int32_t *numbers; /* of an enum, in place of `in` */
    size_t number_count;
    const int32_t *not_numbers;
    size_t not_number_count;
    bool has_const; /* of bools */
    bool constant;
    bool has_byte_length; /* of strings */
    uint64_t min_bytes;
    uint64_t max_bytes;
    bool email;
    bool hostname;
    bool ip;
    bool ipv4;
    bool ipv6;
    bool ip_prefix; /* address with prefix length, no bit set beyond it */
    bool uri;
    bool address; /* host name or ip */
    bool uuid;
    bool cidr;           /* address with prefix length, or a bare address */
    bool has_item_count; /* repeated and map */
    uint64_t min_items;
    uint64_t max_items;
    bool unique;
    const struct rules *items; /* of each item, or each map value; NULL for none */
    const struct rules *keys;  /* of each map key */
};

struct field;

/* A value that an option gives to a field (FieldPolicy.default), by the field's type. */
struct field_value {
    struct slice text; /* string and bytes; of all others as it was written */
    int64_t number;    /* bool, enum, integers; unsigned ones as their bits */
    double real;       /* float, double */
};

/* FieldPolicy.derived_from: what an enum is for each member of a oneof of its message. */
struct derived_from {
    const struct oneof *oneof;
    int32_t none; /* when no member is set */
    struct derived_value {
        int32_t number;
        const struct field *field; /* instead: of the member's message, whose value it is */
    } * values;                    /* by the order of oneof->fields */
};

/* FieldPolicy.reverse: the references that a field is read from. */
struct reverse_reference {
    const struct kind *kind;   /* of the objects that refer */
    const struct field *field; /* by which they do */
    const struct field *top;   /* the own field of their message that leads to it */
};

/* FieldPolicy.same */
struct same_field {
    const struct field *theirs; /* directly in the referred resource */
    struct slice ours;          /* proto name, directly in the resource that refers */
};

/* FieldPolicy.required_when */
struct condition_on {
    const struct field *field;       /* of the same message */
    const struct field_value *value; /* NULL: it is set, to whatever value */
};

/* Numbers of datastream.v1.Format. */
enum field_format {
    FIELD_FORMAT_NONE = 0,
    FIELD_FORMAT_CRON = 1,
    FIELD_FORMAT_INTERVAL = 2,
    FIELD_FORMAT_PIPELINE_YAML = 3,
    FIELD_FORMAT_ROUTE_FILTER = 4,
};

/* FieldPolicy.credential */
struct credential_field {
    struct slice prefix;
    const struct field *masked;
};

/* FieldPolicy.struct_bounds */
struct struct_bounds {
    uint32_t max_bytes, max_depth, max_values;
};

/*
 * What a walk over an object may look for. A field has its own; a message has those of its fields
 * and, at any depth, of the messages in them, except in output-only fields.
 */
enum trait {
    TRAIT_OUTPUT_ONLY = 1 << 0,
    TRAIT_INPUT_ONLY = 1 << 1,
    TRAIT_SECRET = 1 << 2,
    TRAIT_FILLED = 1 << 3, /* has a default, or is derived */
    TRAIT_REFERENCE = 1 << 4,
    TRAIT_TEXT = 1 << 5,     /* a string that clients set: it may have a format, or hold quotes */
    TRAIT_TOGETHER = 1 << 6, /* required_when, unique_by, struct_bounds */
    TRAIT_SAME = 1 << 7,
    TRAIT_ONCE = 1 << 8,    /* itself, or the oneof that it is a member of */
    TRAIT_REVERSE = 1 << 9, /* is filled from the references of others */
};

struct field {
    const ProtobufCFieldDescriptor *pb;
    const struct message_type *parent;
    struct slice name; /* proto name */
    struct slice json_name;
    bool json_name_is_plain; /* letters, digits and "_": stands in JSON as it is */
    uint32_t number;
    unsigned index;                      /* in parent->fields and parent->pb->fields */
    const struct message_type *message;  /* of message fields */
    const struct enum_type *enumeration; /* of enum fields */
    bool repeated;                       /* maps too */
    bool map;          /* message is the entry type: key is number 1, value number 2 */
    bool has_presence; /* message, oneof member, or `optional` */
    bool oneof_member; /* of a real oneof */
    bool optional_keyword;
    unsigned oneof;  /* index in parent->oneofs, of a oneof member */
    unsigned traits; /* of enum trait */
    bool required;   /* field_behavior */
    bool output_only;
    bool input_only;
    bool immutable;
    bool secret;
    bool indexed;
    bool computed;
    const struct kind *reference; /* the value is an id of that kind; NULL for none */
    /* The rest of FieldPolicy; NULL, false or empty where it is not given. */
    bool once;
    bool exclusive;
    bool quotes;
    enum field_format format;
    const struct field_value *default_value;
    const struct field *default_from;
    const struct derived_from *derived_from;
    const struct reverse_reference *reverse;
    const struct field *unique_by; /* of the elements */
    const struct same_field *same;
    size_t same_count;
    const struct condition_on *required_when;
    size_t required_when_count;
    const struct credential_field *credential;
    const struct struct_bounds *struct_bounds;
    struct slice example;
    const struct rules *rules; /* NULL for none */
    struct slice comment;
};

struct oneof {
    struct slice name;
    const struct field **fields;
    size_t field_count;
    unsigned case_offset; /* of the number of the member that is set, in the C structure */
    bool once;            /* OneofPolicy.once */
    struct slice comment;
};

struct field_name {
    struct slice name;
    const struct field *field;
};

struct message_type {
    const ProtobufCMessageDescriptor *pb;
    struct slice full_name; /* without a leading dot */
    struct field *fields;   /* in the order of pb->fields: by number */
    size_t field_count;
    const struct field **declared; /* in the order of declaration: what JSON is written in */
    struct oneof *oneofs;
    size_t oneof_count;
    struct field_name *by_name; /* sorted by length, then bytes; proto and JSON names */
    size_t by_name_count;
    enum well_known well_known;
    bool map_entry;
    bool holds_maps;                /* itself or a message in it, at any depth */
    const struct field **with_maps; /* its maps, and its fields of messages that hold maps */
    size_t with_maps_count;
    unsigned text_levels;    /* 1: of strings alone, none repeated or with presence; 2: or of lists
                                of such messages; 0: another */
    unsigned traits;         /* of enum trait: its own and of the messages in it */
    const struct kind *kind; /* of a resource; NULL for others */
    struct slice comment;
};

/* 128 permissions are more than the contract has kinds for; contract_load checks it. */
#define PERMISSIONS_MOST 128
/* Of a table of them by the hashes of their names, which is a quarter full at most. */
#define PERMISSION_PLACES 512
struct permission_set {
    uint64_t bits[PERMISSIONS_MOST / 64];
};

/* Numbers of datastream.v1.Area. */
enum area {
    AREA_UNSPECIFIED = 0,
    AREA_FLEET = 1,
    AREA_VAULT = 2,
    AREA_USERS = 3,
    AREA_GOVERNANCE = 4,
    AREA_AUDIT = 5,
    AREA_AUTHORIZATION = 6,
    AREA_OWNER = 7,
};

enum verb { VERB_READ, VERB_CREATE, VERB_EDIT, VERB_DELETE, VERB_OTHER };

struct permission {
    struct slice name; /* "devices.create", and a NUL after it */
    unsigned bit;      /* in permission sets of this process; never stored */
    enum area area;
    enum verb verb;
    const struct kind *kind; /* NULL for extra permissions */
    struct slice description;
};

/*
 * References that one object may hold, quotes included: what a route with all its rules has (570),
 * and 64 quotes. A write that replaces them all by others keeps within the operations of a commit.
 */
#define KIND_REFERENCES_MOST 640

/*
 * Secrets that one object may hold: those of each oneof's largest member, and the bounds of its
 * maps.
 */
#define KIND_SECRETS_MOST 64

/* Credentials that one object may have: the random bytes of a call hold no more. */
#define KIND_CREDENTIALS_MOST 2

/* A resource kind. The envelope's fields are found by name; NULL where the message lacks one. */
struct kind {
    uint32_t number;
    size_t index;            /* in the contract's kinds */
    struct slice collection; /* "devices" */
    struct slice singular;   /* "device" */
    enum area area;
    bool quotes;           /* texts may hold quotes, those of the envelope excepted */
    bool names_may_repeat; /* a name is no key: several objects may have it */
    struct slice example;  /* JSON body of a create request; may be empty */
    const struct message_type *message;
    const struct field *id, *name, *description, *labels, *create_time, *update_time, *created_by,
        *etag;
    const struct field *secrets_set; /* when each secret was set, by its path; NULL for none */
    const struct method *creation;   /* CREATE, with a rule of HTTP; NULL for none */
    const struct method *reading;    /* the one that reads one object by its id; NULL for none */
    const struct method **actions;   /* SET with a value of the option's, such as enable */
    size_t action_count;
    const struct permission *permissions[VERB_OTHER]; /* by enum verb */
};

enum access {
    ACCESS_PERMISSION,
    ACCESS_PUBLIC,
    ACCESS_AUTHENTICATED,
    ACCESS_OWN_CREDENTIAL, /* the object that the request's `id` names, by its own credential */
    ACCESS_SESSION,        /* a user, by a session */
};

/* Numbers of datastream.v1.Operation. */
enum operation_type {
    OPERATION_CUSTOM = 0,
    OPERATION_CREATE = 1,
    OPERATION_GET = 2,
    OPERATION_LIST = 3,
    OPERATION_UPDATE = 4,
    OPERATION_DELETE = 5,
    OPERATION_SET = 6,
    OPERATION_CLONE = 7,
    OPERATION_REGENERATE = 8,
    OPERATION_BATCH_GET = 9,
    OPERATION_BATCH_DELETE = 10,
    OPERATION_LIST_ACTIVITY = 11,
    OPERATION_USAGE = 12,
};
#define OPERATIONS 13

/* What SET and REGENERATE write: a field of the resource, directly or through messages. */
struct written_field {
    const struct field **path; /* from the resource's own field to the field that is written */
    size_t length;             /* 1 and more */
    const struct field_value *value; /* of SET; NULL: what the request has in `source` */
    const struct field *source;
};

/* The last of the path. */
static inline const struct field *written_field_last(const struct written_field *written)
{
    return written->path[written->length - 1];
}

/* One HTTP mapping; additional bindings are further rules of the same method. */
struct http_rule {
    struct slice verb;          /* "GET", ..., "*" for any */
    struct slice template;      /* path template */
    struct slice body;          /* request field, "*" or empty */
    struct slice response_body; /* response field or empty */
};

struct method {
    struct slice name;      /* "CreateDevice" */
    struct slice full_name; /* "datastream.v1.DeviceService.CreateDevice" */
    struct slice path;      /* "/datastream.v1.DeviceService/CreateDevice" */
    const struct service *service;
    unsigned index; /* in contract->methods */
    const struct message_type *input;
    const struct message_type *output;
    bool client_streaming;
    bool server_streaming;
    struct http_rule *rules;
    size_t rule_count;
    enum access access;
    const struct permission *permission;  /* of ACCESS_PERMISSION */
    const struct permission **additional; /* that are required beside it */
    size_t additional_count;
    bool allow_self;
    bool before_password_change; /* of ACCESS_SESSION alone */
    bool takes_form;             /* over REST: a form as the body, and Basic authentication */
    bool changes_nothing;        /* although it is a POST over REST */
    const struct kind *kind;
    enum operation_type operation;
    const struct written_field *written; /* of SET and REGENERATE */
    /*
     * What the engine and the frontends need of the standard shapes; NULL where the request or the
     * response has none: found by type (the kind's message; of an update without a kind, the
     * answer's) and by name.
     */
    const struct field *resource;      /* input: the kind's message, of create and update */
    const struct field *id;            /* input: "id" */
    const struct field *new_name;      /* input: "name", of clones */
    const struct field *ids;           /* input: "ids", of batches */
    const struct field *update_mask;   /* input */
    const struct field *validate_only; /* input */
    const struct field *page_size, *page_token;        /* input */
    const struct field *filter, *order_by, *read_mask; /* input */
    /* Output; the items of LIST_ACTIVITY are lines of the log. */
    const struct field *items, *next_page_token, *total_size, *revision;
    struct slice comment;
};

struct service {
    struct slice full_name;
    struct method *methods;
    size_t method_count;
    struct slice comment;
};

struct contract {
    struct message_type **messages; /* sorted by full name */
    size_t message_count;
    struct enum_type **enums;
    size_t enum_count;
    struct service *services; /* in the order of files and declarations */
    size_t service_count;
    struct method **methods; /* by index */
    size_t method_count;
    struct kind **kinds; /* sorted by number */
    size_t kind_count;
    struct permission *permissions; /* sorted by name; bit i is permissions[i] */
    size_t permission_count;
    /* By contract__permission_place: index in `permissions` and 1, or 0 for none. */
    uint8_t permission_places[PERMISSION_PLACES];
};

/*
 * Reads a packed FileDescriptorSet into a model that lives in `arena` (as long as the process,
 * usually; regular expressions are compiled outside it and never freed). A contract error is a
 * FAILED_PRECONDITION with a sentence that names the place: a method of a datastream service
 * without a permission or access, with both, with a permission that does not exist, or with a
 * stream of requests; a kind number or collection twice; a resource's field that has the name but
 * not the type of the envelope's; a reference to no kind; an operation whose request lacks its
 * shape; a rule that does not fit its field's type; a pattern that does not compile. Services
 * outside the package datastream.* need no policy and are ACCESS_AUTHENTICATED, but grpc.health.*
 * is public.
 */
struct status contract_load(struct slice descriptor_set, struct arena *arena,
                            const struct contract **ret_contract);

/* Lookups; NULL when there is none. Names without a leading dot. */
const struct method *contract_method(const struct contract *contract, struct slice path);

static inline bool permission_set_has(const struct permission_set *set, unsigned bit)
{
    assert(bit < PERMISSIONS_MOST);
    return (set->bits[bit / 64] >> (bit % 64) & 1) != 0;
}

static inline void permission_set_add(struct permission_set *set, unsigned bit)
{
    set->bits[bit / 64] |= (uint64_t)1 << (bit % 64);
}

/* Whether every permission of `inner` is in `outer`. */
static inline bool permission_set_within(const struct permission_set *inner,
                                         const struct permission_set *outer)
{
    for (size_t i = 0; i < PERMISSIONS_MOST / 64; i++)
        if ((inner->bits[i] & ~outer->bits[i]) != 0)
            return false;
    return true;
}

#endif
