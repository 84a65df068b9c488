/*
 * Forms, application/x-www-form-urlencoded (WHATWG URL section 5.1), as OAuth clients send them
 * (RFC
 * 6749 appendix B). Pure; knows no contract.
 *
 * Stricter than browsers: a bad escape, U+0000 and what is not UTF-8 are refused, and there are
 * bounds.
 */
#ifndef DATASTREAM_REST_FORM_H
#define DATASTREAM_REST_FORM_H

#include "rest/query.h"

/* The call that takes the most has three; what others send beside them is ignored. */
#define FORM_PARAMETERS_MOST 32
#define FORM_BYTES_MOST ((size_t)16 << 10)
#define FORM_NAME_MOST 128

/*
 * Splits and decodes a form; '+' is a blank, empty pieces ("&&") are no parameters, "x" is "x=". A
 * parameter may come twice: the caller judges. INVALID_ARGUMENT for a form that is too long, has
 * too many parameters or too long a name, or that cannot be decoded, naming the parameter; or out
 * of memory. The array lives in the arena, its slices there or in `form`.
 */
struct status form__parse(struct arena *arena, struct slice form,
                          struct query_parameter **ret_parameters, size_t *ret_count);

#endif
