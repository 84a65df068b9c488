/* Compiling HTTP rules: names to fields once, at start, so that a request looks nothing up. */
#ifndef DATASTREAM_REST_BINDING_H
#define DATASTREAM_REST_BINDING_H

#include "rest/transcode.h"

/*
 * Compiles a rule of the method. FAILED_PRECONDITION that names method and template: a template
 * that does not parse, a variable that is no singular scalar field of the input, a field in both
 * path and body, a body or response_body that is no field. What the binding points to lives in
 * `arena` and the contract.
 */
struct status binding__compile(struct arena *arena, const struct contract *contract,
                               const struct method *method, const struct http_rule *rule,
                               struct binding *ret_binding);

/* The path as JSON clients write it, "device.name", in the arena. */
struct slice field_path_json(struct arena *arena, const struct field_path *path);

/*
 * Resolves "nested.field" (proto or JSON names) from a message type; false when there is no such
 * field, a step is repeated or a well-known type, or the arena failed.
 */
bool field_path__resolve(struct arena *arena, const struct message_type *type, struct slice name,
                         struct field_path *ret_path);

#endif
