/*
 * Messages as rows of a table (RFC 4180): one column for each field, in the order of declaration. A
 * text cell that begins as a formula of a spreadsheet does has an apostrophe before it. Pure.
 */
#ifndef DATASTREAM_REST_CSV_H
#define DATASTREAM_REST_CSV_H

#include "proto/contract/contract.h"

/* The names of the columns, with the line's end; in the arena, empty when it failed. */
struct slice csv__head(struct arena *arena, const struct message_type *type);

/*
 * One row: texts as they are, everything else as in JSON, without the quotes of a single value. Out
 * of memory, or what JSON cannot say.
 */
struct status csv__row(struct arena *arena, const struct contract *contract,
                       const struct message_type *type, const ProtobufCMessage *message,
                       struct slice *ret_row);

#endif
