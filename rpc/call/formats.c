/* The table of named formats. */
#include "rpc/call/formats.h"

#include <assert.h>

#include "rpc/call/cron.h"
#include "rpc/call/interval.h"
#include "rpc/call/pipeline_yaml.h"
#include "rpc/call/route_filter.h"

typedef bool format_checker(struct arena *arena, struct slice text,
                            struct format_violation *ret_violation);

static bool check_pipeline_yaml(struct arena *arena, struct slice text,
                                struct format_violation *ret_violation)
{
    static const struct pipeline_visitor nobody;

    return pipeline_yaml_read(arena, text, &nobody, ret_violation);
}

static format_checker *const checkers[] = {
    [FORMAT_CRON] = cron__check,
    [FORMAT_INTERVAL] = interval__check,
    [FORMAT_PIPELINE_YAML] = check_pipeline_yaml,
    [FORMAT_ROUTE_FILTER] = route_filter__check,
};

bool format_check(struct arena *arena, enum format format, struct slice text,
                  struct format_violation *ret_violation)
{
    assert((size_t)format < sizeof(checkers) / sizeof(checkers[0]));
    return checkers[format] == NULL || checkers[format](arena, text, ret_violation);
}
