/*
 * The texts of Timestamp, Duration and FieldMask in proto3 JSON, both ways, strictly; for the files
 * of the JSON codec and of filters alone. Pure.
 */
#ifndef DATASTREAM_PROTO_JSON_JSON_WKT_H
#define DATASTREAM_PROTO_JSON_JSON_WKT_H

#include "proto/json/json_writer.h"

/* RFC 3339 with T and Z in upper case, 0 to 9 fraction digits, any offset; UTC must be in range. */
bool json_timestamp_parse(struct slice text, int64_t *ret_seconds, int32_t *ret_nanos);

/* In UTC with 0, 3, 6 or 9 fraction digits, quoted. False when it is out of range. */
bool json__put_timestamp(struct json_text *text, int64_t seconds, int32_t nanos);

/* The same, for less where the day is that of `last`, which becomes this timestamp. */
bool json__put_next_timestamp(struct json_text *text, struct json_moment *last, int64_t seconds,
                              int32_t nanos);

/* "-1.5s": both parts carry the sign. */
bool json_duration_parse(struct slice text, int64_t *ret_seconds, int32_t *ret_nanos);

/* Quoted. False when it is out of range or the signs of the parts differ. */
bool json__put_duration(struct json_text *text, int64_t seconds, int32_t nanos);

/*
 * One path of a field mask from lowerCamelCase to proto names ("user.displayName" to
 * "user.display_name"), in the arena. False when it has no such form: empty, or with anything but
 * letters, digits, dots and `*`. When the arena failed *ret_path is empty.
 */
bool json__mask_path_parse(struct arena *arena, struct slice text, struct slice *ret_path);

/* The other way, not quoted. False when the path would not read back as it is. */
bool json__put_mask_path(struct json_text *text, struct slice path);

#endif
