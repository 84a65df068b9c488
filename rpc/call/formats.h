/*
 * Named formats: what a string field must look like when the contract's option `format` names more
 * than a pattern can say. Pure: a format takes text and an arena, and knows no kind, no store and
 * no loop. Any thread may call what stands here.
 */
#ifndef DATASTREAM_RPC_CALL_FORMATS_H
#define DATASTREAM_RPC_CALL_FORMATS_H

#include "rpc/call/format_violation.h"

enum format {
    FORMAT_NONE,          /* any text */
    FORMAT_CRON,          /* rpc/call/cron.h */
    FORMAT_INTERVAL,      /* rpc/call/interval.h */
    FORMAT_PIPELINE_YAML, /* rpc/call/pipeline_yaml.h */
    FORMAT_ROUTE_FILTER,  /* rpc/call/route_filter.h */
};

/*
 * True where the text has the format. False sets *ret_violation; its description is empty where the
 * arena failed, which the caller checks as always.
 */
bool format_check(struct arena *arena, enum format format, struct slice text,
                  struct format_violation *ret_violation);

#endif
