/* Validation's parts. Internal to rpc/call/. */
#ifndef DATASTREAM_RPC_CALL_VALIDATE_H
#define DATASTREAM_RPC_CALL_VALIDATE_H

#include "proto/contract/contract.h"

/* Where in a message we are: from the innermost outward. Written out only for a violation. */
struct place {
    const struct place *parent; /* NULL at the top */
    const struct field *field;
    bool has_index; /* an item of a list, or an entry of a map */
    size_t index;
    struct slice map_key; /* the entry's key as text; data NULL for lists */
};

struct validation {
    struct arena *arena;
    struct slice prefix;
    struct violations *violations;
    bool quotes;    /* every text may be a quote */
    int64_t now_ms; /* 0: rules that compare with now are not judged */
};

/* One value under its rules; `subject` begins the sentences: "" or "the key ". */
struct judged {
    struct validation *validation;
    const struct place *place;
    const struct field *field;
    const struct rules *rules;
    const char *subject;
};

/* Adds a violation at the place: validate_report.c. */
void validate__report(struct validation *validation, const struct place *place, const char *format,
                      ...) __attribute__((format(printf, 3, 4)));

/*
 * Checks one value (of a singular field, an item, a map's key or value) that lies at `address` as
 * the message holds it. `subject` begins the sentences: "" or "the key ".
 */
void validate__value(struct validation *validation, const struct place *place,
                     const struct field *field, const struct rules *rules, const void *address,
                     const char *subject);

/* The rules of numbers, of the type that `address` holds. */
void validate__integer(const struct judged *judged, int64_t value);
void validate__unsigned(const struct judged *judged, uint64_t value);
void validate__real(const struct judged *judged, double value);

/* The rules of a timestamp or duration, whose `moment` is one. */
void validate__moment(struct validation *validation, const struct place *place,
                      enum well_known which, const struct moment_rules *rules,
                      struct moment moment);

#endif
