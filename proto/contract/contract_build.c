/* What the stages of the load share: their errors, and the types by the names of the set. */
#include "proto/contract/contract_build.h"

#include <stdlib.h>

#include "proto/contract/contract_internal.h"

struct status contract__error(const struct build *build, const char *format, ...)
{
    struct slice sentence;
    va_list args;

    va_start(args, format);
    sentence = arena_vprintf(build->arena, format, args);
    va_end(args);
    if (arena_failed(build->arena))
        return status_out_of_memory();
    return status_const(STATUS_FAILED_PRECONDITION, sentence);
}

static struct slice without_dot(const char *name)
{
    struct slice text = slice_from_cstr(name);

    return text.len > 0 && text.data[0] == '.' ? slice_from(text, 1) : text;
}

static int message_search(const void *name, const void *message)
{
    return slice_compare(*(const struct slice *)name,
                         ((const struct build_message *)message)->type.full_name);
}

struct build_message *contract__find_message(const struct build *build, const char *name)
{
    struct slice wanted = without_dot(name);

    return bsearch(&wanted, build->messages, build->message_count, sizeof(*build->messages),
                   message_search);
}

static int enum_search(const void *name, const void *type)
{
    return slice_compare(*(const struct slice *)name,
                         ((const struct build_enum *)type)->type.full_name);
}

struct build_enum *contract__find_enum(const struct build *build, const char *name)
{
    struct slice wanted = without_dot(name);

    return bsearch(&wanted, build->enums, build->enum_count, sizeof(*build->enums), enum_search);
}
