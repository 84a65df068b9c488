/*
 * A template and a path, split by the first newline: what parses has coherent segments and
 * variables, and what matches is captured from within the path.
 */
#include <assert.h>
#include <stdint.h>

#include "rest/query.h"
#include "rest/router.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_template(const struct template *t)
{
    unsigned covered = 0;

    assert(t->segment_count <= TEMPLATE_SEGMENTS_MOST);
    for (size_t i = 0; i < t->segment_count; i++) {
        assert((t->segments[i].type == TEMPLATE_LITERAL) == (t->segments[i].literal.len > 0));
        assert(t->segments[i].type != TEMPLATE_REST || i + 1 == t->segment_count);
    }
    for (size_t i = 0; i < t->variable_count; i++) {
        assert(t->variables[i].first >= covered && t->variables[i].count > 0);
        covered = t->variables[i].first + t->variables[i].count;
        assert(covered <= t->segment_count);
    }
}

static void check_match(struct arena *arena, const struct route *route, struct slice path)
{
    struct router *router = router__new(arena);
    struct slice methods[ROUTER_METHODS_MOST];
    struct route_match match;

    assert(status_is_ok(router__add(router, route)));
    assert(router__add(router, route).code == STATUS_FAILED_PRECONDITION);
    if (router__match(router, SLICE("GET"), path, &match) != ROUTE_FOUND) {
        assert(router__allow(router, path, methods) == 0);
        return;
    }
    assert(router__allow(router, path, methods) == 1);
    for (size_t i = 0; i < route->template.variable_count; i++) {
        const struct template_variable *variable = &route->template.variables[i];
        struct slice raw = route__capture(&match, i);
        struct slice value;

        assert(raw.data >= path.data && raw.data + raw.len <= path.data + path.len);
        assert(variable->multi || slice_find(raw, '/') == raw.len);
        query__percent_decode(arena, raw, variable->multi ? PERCENT_SEGMENTS : PERCENT_SEGMENT,
                              &value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = slice_make(data, size);
    struct slice text = slice_make(input.data, slice_find(input, '\n'));
    struct route route = {.http_method = SLICE("GET")};
    struct arena arena;
    struct status status;

    arena_init(&arena, NULL, (size_t)64 << 20);
    status = template__parse(&arena, text, &route.template);
    if (status_is_ok(status)) {
        check_template(&route.template);
        check_match(&arena, &route, slice_from(input, text.len < size ? text.len + 1 : size));
    } else {
        assert(status.code == STATUS_INVALID_ARGUMENT && status.message.len > 0);
    }
    arena_done(&arena);
    return 0;
}
