/*
 * A pipeline's content: a YAML document that lists processors. Checked as it is read, event by
 * event; nothing is expanded, so an alias bomb costs no more than its text. Pure.
 */
#ifndef DATASTREAM_RPC_CALL_PIPELINE_YAML_H
#define DATASTREAM_RPC_CALL_PIPELINE_YAML_H

#include "rpc/call/format_violation.h"

/* Aliases that a reader who expands the document meets, those within aliased values included. */
#define PIPELINE_YAML_EXPANSIONS_MOST 100
/* Each costs memory, and every alias looks for its own. */
#define PIPELINE_YAML_ANCHORS_MOST 1024

/*
 * Who looks at a pipeline while it is read. Plain; a NULL function is not called. Slices live until
 * the function returns, and what was seen is void where the content is refused after all.
 */
struct pipeline_visitor {
    void *context;
    /*
     * Each scalar that is a string and no key, once, where it stands: aliases do not repeat it. Its
     * quotes parse (rpc/call/quotes.h).
     */
    void (*text)(void *context, struct slice value, struct text_place place);
    /* The name of each pipeline that a processor `pipeline` runs, as often as it stands there. */
    void (*reference)(void *context, struct slice name, struct text_place place);
};

/*
 * Reads a pipeline:
 *
 *   document   = nothing | map: processors *, on_failure, if, ignore_failure, tag, description
 *   processors = on_failure = list of processor
 *   processor  = map of one key, the processor's name, to: nothing | map: on_failure, if,
 *                ignore_failure, tag, description, and what the processor itself knows
 *   if, tag, description = scalar other than null;   ignore_failure = true | false
 *
 * The document has no other keys. The processor `pipeline` needs a `name`: that of a pipeline. The
 * `processor` of `foreach` is a processor. All else belongs to the processors and may be anything.
 * Everywhere keys are strings (plain numbers, true, false and null are not; yes and no are), occur
 * once in a map and are not the merge key "<<". An alias stands only where its value may, and names
 * an anchor before it. At most 1,024 values have anchors. rpc/call/yaml_reader.h has the
 * other bounds.
 *
 * False sets *ret_violation as format_check does.
 */
bool pipeline_yaml_read(struct arena *arena, struct slice content,
                        const struct pipeline_visitor *visitor,
                        struct format_violation *ret_violation);

#endif
