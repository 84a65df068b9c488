/* The trie of path templates, and matching by back-tracking over it. */
#include "rest/router.h"

#include <assert.h>

/* What ends at a node with one verb; routes in the order of adding. */
struct leaf {
    struct leaf *next;
    struct slice verb;
    struct leaf_route {
        struct leaf_route *next;
        struct route route;
    } * routes;
};

struct node {
    struct slice literal; /* of a literal child */
    struct node *next;    /* the next sibling among the literals */
    struct node *literals;
    struct node *one;   /* `*` */
    struct leaf *ends;  /* templates that end here */
    struct leaf *rests; /* templates that end here with `**` */
};

/* A verb of any template. */
struct verb {
    struct verb *next;
    struct slice name;
};

struct router {
    struct arena *arena;
    struct node root;
    struct verb *verbs;
};

struct router *router__new(struct arena *arena)
{
    struct router *router = arena_zalloc(arena, sizeof(*router));

    if (router != NULL)
        router->arena = arena;
    return router;
}

static struct node *add_node(struct router *router, struct node *at,
                             const struct template_segment *segment)
{
    struct node **slot = &at->one;

    if (segment->type == TEMPLATE_LITERAL)
        for (slot = &at->literals; *slot != NULL; slot = &(*slot)->next)
            if (slice_equal((*slot)->literal, segment->literal))
                return *slot;
    if (*slot == NULL) {
        *slot = arena_zalloc(router->arena, sizeof(**slot));
        if (*slot != NULL)
            (*slot)->literal = segment->literal;
    }
    return *slot;
}

static struct leaf *add_leaf(struct router *router, struct leaf **slot, struct slice verb)
{
    for (; *slot != NULL; slot = &(*slot)->next)
        if (slice_equal((*slot)->verb, verb))
            return *slot;
    *slot = arena_zalloc(router->arena, sizeof(**slot));
    if (*slot != NULL)
        (*slot)->verb = verb;
    return *slot;
}

static bool is_verb(const struct router *router, struct slice name)
{
    for (const struct verb *verb = router->verbs; verb != NULL; verb = verb->next)
        if (slice_equal(verb->name, name))
            return true;
    return false;
}

/* False when the arena failed. */
static bool note_verb(struct router *router, struct slice name)
{
    struct verb *verb;

    if (name.len == 0 || is_verb(router, name))
        return true;
    verb = arena_alloc(router->arena, sizeof(*verb));
    if (verb == NULL)
        return false;
    *verb = (struct verb){router->verbs, name};
    router->verbs = verb;
    return true;
}

struct status router__add(struct router *router, const struct route *route)
{
    const struct template *template = &route->template;
    struct node *at = &router->root;
    bool rest = false;
    struct leaf *leaf;
    struct leaf_route **slot;

    assert(route->http_method.len > 0 && template->segment_count <= TEMPLATE_SEGMENTS_MOST);
    for (size_t i = 0; i < template->segment_count; i++) {
        rest = template->segments[i].type == TEMPLATE_REST;
        if (rest)
            break;
        at = add_node(router, at, &template->segments[i]);
        if (at == NULL)
            return status_out_of_memory();
    }
    leaf = add_leaf(router, rest ? &at->rests : &at->ends, template->verb);
    if (leaf == NULL)
        return status_out_of_memory();
    for (slot = &leaf->routes; *slot != NULL; slot = &(*slot)->next)
        if (slice_equal((*slot)->route.http_method, route->http_method))
            return status_make(router->arena, STATUS_FAILED_PRECONDITION,
                               "%.*s: %.*s %.*s is the same route as %.*s of %.*s.",
                               SLICE_ARG(route->place), SLICE_ARG(route->http_method),
                               SLICE_ARG(template->text), SLICE_ARG((*slot)->route.template.text),
                               SLICE_ARG((*slot)->route.place));
    *slot = arena_zalloc(router->arena, sizeof(**slot));
    if (*slot == NULL || !note_verb(router, template->verb))
        return status_out_of_memory();
    (*slot)->route = *route;
    return status_ok();
}

/* One walk over the trie. It ends at the first route of `http_method`, or visits all that match. */
struct walk {
    struct slice path; /* without the verb */
    struct slice verb;
    struct slice http_method;
    struct route_match *match;
    const struct route *other; /* the first for other HTTP methods */
    struct slice *methods;     /* router__allow's; NULL for a match */
    size_t method_count;
};

static void allow(struct walk *walk, struct slice method)
{
    assert(walk->method_count <= ROUTER_METHODS_MOST);
    for (size_t i = 0; i < walk->method_count; i++)
        if (slice_equal(walk->methods[i], method))
            return;
    if (walk->method_count < ROUTER_METHODS_MOST)
        walk->methods[walk->method_count++] = method;
}

/* Whether one of the leaves' routes is what the walk looks for. */
static bool visit(struct walk *walk, const struct leaf *leaf)
{
    const struct route *any = NULL;

    while (leaf != NULL && !slice_equal(leaf->verb, walk->verb))
        leaf = leaf->next;
    if (leaf == NULL)
        return false;
    for (const struct leaf_route *r = leaf->routes; r != NULL; r = r->next) {
        if (walk->methods != NULL)
            allow(walk, r->route.http_method);
        else if (slice_equal(r->route.http_method, walk->http_method)) {
            walk->match->route = &r->route;
            return true;
        } else if (slice_equal(r->route.http_method, SLICE("*")))
            any = &r->route;
        if (walk->other == NULL)
            walk->other = &r->route;
    }
    walk->match->route = any;
    return any != NULL;
}

/* Tries the node for what is left of the path from `at`, the start of segment `depth`. */
static bool descend(struct walk *walk, const struct node *node, size_t at, size_t depth)
{
    struct slice rest = slice_from(walk->path, at < walk->path.len ? at : walk->path.len);
    struct slice segment = slice_make(rest.data, slice_find(rest, '/'));
    size_t next = at + segment.len + 1;

    assert(depth <= TEMPLATE_SEGMENTS_MOST);
    if (rest.len == 0 && visit(walk, node->ends))
        return true;
    if (rest.len > 0 && depth < TEMPLATE_SEGMENTS_MOST) {
        walk->match->segments[depth].from = (uint32_t)at;
        walk->match->segments[depth].to = (uint32_t)(at + segment.len);
        for (const struct node *child = node->literals; child != NULL; child = child->next)
            if (slice_equal(child->literal, segment)) {
                if (descend(walk, child, next, depth + 1))
                    return true;
                break;
            }
        if (node->one != NULL && descend(walk, node->one, next, depth + 1))
            return true;
    }
    if (node->rests == NULL || depth >= TEMPLATE_SEGMENTS_MOST)
        return false;
    walk->match->segments[depth].from = (uint32_t)(walk->path.len - rest.len);
    walk->match->segments[depth].to = (uint32_t)walk->path.len;
    return visit(walk, node->rests);
}

/* No empty segment, no trailing slash; "/" alone is a path of no segments. */
static bool path_is_wellformed(struct slice path)
{
    if (path.len == 0 || path.data[0] != '/' || path.len > UINT32_MAX)
        return false;
    for (size_t i = 1; i < path.len; i++)
        if (path.data[i] == '/' && path.data[i - 1] == '/')
            return false;
    return path.len == 1 || path.data[path.len - 1] != '/';
}

/* Splits a verb of some template off the last segment; false when it ends in none. */
static bool split_verb(const struct router *router, struct slice path, struct slice *ret_path,
                       struct slice *ret_verb)
{
    for (size_t i = path.len; i-- > 1 && path.data[i] != '/';) {
        if (path.data[i] != ':')
            continue;
        if (!is_verb(router, slice_from(path, i + 1)))
            return false;
        *ret_path = slice_make(path.data, i);
        *ret_verb = slice_from(path, i + 1);
        return true;
    }
    return false;
}

static bool find(const struct router *router, struct slice path, struct walk *walk)
{
    walk->path = path;
    walk->verb = SLICE_EMPTY;
    /* A verb after nothing leaves a path that ends in a slash, even where that is the root. */
    if (split_verb(router, path, &walk->path, &walk->verb) && walk->path.len == 1)
        return false;
    return path_is_wellformed(walk->path) && descend(walk, &router->root, 1, 0);
}

enum route_result router__match(const struct router *router, struct slice http_method,
                                struct slice path, struct route_match *ret_match)
{
    struct walk walk = {.http_method = http_method, .match = ret_match};
    bool found = find(router, path, &walk);

    if (found || walk.other != NULL) {
        ret_match->path = walk.path;
        if (!found)
            ret_match->route = walk.other;
    }
    assert(!found || ret_match->route != NULL);
    return found ? ROUTE_FOUND : walk.other != NULL ? ROUTE_OTHER_METHOD : ROUTE_UNKNOWN;
}

struct slice route__capture(const struct route_match *match, size_t i)
{
    const struct template_variable *variable = &match->route->template.variables[i];
    size_t from = match->segments[variable->first].from;
    size_t to = match->segments[variable->first + variable->count - 1].to;

    assert(i < match->route->template.variable_count && variable->count > 0);
    assert(from <= to && to <= match->path.len);
    return slice_make(match->path.data + from, to - from);
}

size_t router__allow(const struct router *router, struct slice path,
                     struct slice methods[ROUTER_METHODS_MOST])
{
    struct route_match match;
    struct walk walk = {.match = &match, .methods = methods};

    find(router, path, &walk);
    return walk.method_count;
}
