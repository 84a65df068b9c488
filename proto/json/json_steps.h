/*
 * A message as JSON in steps: its members one after the other, and of a list among them the
 * elements one after the other. What lies deeper is written whole. /
 */
#ifndef DATASTREAM_PROTO_JSON_JSON_STEPS_H
#define DATASTREAM_PROTO_JSON_JSON_STEPS_H

#include "proto/json/json.h"

/*
 * The same in steps, for answers whose writing would hold the loop up: each writes about `most`
 * further bytes, and ends between two elements of a list of `message`. `records`, unless NULL, are
 * written in place of the message, or of one of its lists, which is empty in it (json_record.h).
 * What was passed is borrowed until the last step. NULL when the arena failed.
 */
struct json_steps *json_steps_begin(struct arena *arena, const struct message_type *type,
                                    const ProtobufCMessage *message,
                                    const struct json_write_options *options,
                                    const struct json_records *records);

/* True: it was the last step, and *ret_status and, where that is OK, *ret_text are the result. */
bool json_steps_next(struct json_steps *steps, size_t most, struct status *ret_status,
                     struct slice *ret_text);

#endif
