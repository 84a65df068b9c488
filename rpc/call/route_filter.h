/* Route filters: which events a route lets pass. Pure; the data plane evaluates them. */
#ifndef DATASTREAM_RPC_CALL_ROUTE_FILTER_H
#define DATASTREAM_RPC_CALL_ROUTE_FILTER_H

#include "rpc/call/format_violation.h"

#define ROUTE_FILTER_CHARACTERS_MOST 4096

/*
 * True for at most 4,096 characters in which (), [] and {} are balanced and every quote, ' or ", is
 * closed. In quotes a backslash keeps the next character from closing it, and brackets are text;
 * outside a backslash is text. Nothing else of the language is judged, and the empty filter passes.
 * False sets *ret_violation as format_check does; its columns count from the text's first
 * character, or from the line's first where it has several lines.
 */
bool route_filter__check(struct arena *arena, struct slice text,
                         struct format_violation *ret_violation);

#endif
