/*
 * The structure of a pipeline, held against a stack of the maps and lists that are open. Each value
 * has a role, which its place gives it: see `enum role`.
 */
#include "rpc/call/pipeline_yaml.h"

#include <assert.h>

#include "rpc/call/quotes.h"
#include "rpc/call/yaml_keys.h"
#include "rpc/call/yaml_reader.h"

enum role {
    ROLE_ANY,        /* the processors' own: no rule */
    ROLE_DOCUMENT,   /* map or null */
    ROLE_PROCESSORS, /* list of ROLE_PROCESSOR */
    ROLE_PROCESSOR,  /* map of one key to a body */
    ROLE_BODY,       /* map or null */
    ROLE_RUN_BODY,   /* the same of the processor `pipeline`: a map with a name */
    ROLE_LOOP_BODY,  /* the same of `foreach` */
    ROLE_TEXT,       /* scalar other than null */
    ROLE_FLAG,       /* true or false */
    ROLE_NAME,       /* a pipeline's name */
    ROLES,
};

/* How a value of each role is asked for; "%.*s" is the key that it stands at. */
static const char *const wanted[ROLES] = {
    [ROLE_DOCUMENT] = "must be a map with the list \"processors\"",
    [ROLE_PROCESSORS] = "must have a list of processors in \"%.*s\"",
    [ROLE_PROCESSOR] = "must have for each processor a map whose one key is its name",
    [ROLE_BODY] = "must have a map in \"%.*s\"",
    [ROLE_RUN_BODY] = "must have a map with a \"name\" in \"%.*s\"",
    [ROLE_LOOP_BODY] = "must have a map in \"%.*s\"",
    [ROLE_TEXT] = "must have a string in \"%.*s\"",
    [ROLE_FLAG] = "must have true or false in \"%.*s\"",
    [ROLE_NAME] = "must have the name of a pipeline in \"%.*s\"",
};

#define IN(role) (1u << (role))
#define IN_BODIES (IN(ROLE_BODY) | IN(ROLE_RUN_BODY) | IN(ROLE_LOOP_BODY))

/* The keys that have a rule, the maps where they have it, and their values' roles. */
static const struct known_key {
    struct slice text;
    unsigned maps;
    enum role value;
    bool needed; /* by these maps */
} known_keys[] = {
    {SLICE_INIT("processors"), IN(ROLE_DOCUMENT), ROLE_PROCESSORS, true},
    {SLICE_INIT("on_failure"), IN(ROLE_DOCUMENT) | IN_BODIES, ROLE_PROCESSORS},
    {SLICE_INIT("if"), IN(ROLE_DOCUMENT) | IN_BODIES, ROLE_TEXT},
    {SLICE_INIT("ignore_failure"), IN(ROLE_DOCUMENT) | IN_BODIES, ROLE_FLAG},
    {SLICE_INIT("tag"), IN(ROLE_DOCUMENT) | IN_BODIES, ROLE_TEXT},
    {SLICE_INIT("description"), IN(ROLE_DOCUMENT) | IN_BODIES, ROLE_TEXT},
    {SLICE_INIT("name"), IN(ROLE_RUN_BODY), ROLE_NAME, true},
    {SLICE_INIT("processor"), IN(ROLE_LOOP_BODY), ROLE_PROCESSOR},
};

#define KNOWN_KEYS (sizeof(known_keys) / sizeof(known_keys[0]))

struct anchor {
    struct anchor *next; /* the one before it: a name may be given again, and the last one counts */
    struct slice name;
    enum role role;
    bool open; /* its map or list has not ended */
    bool scalar;
    enum yaml_type type; /* of a scalar, as is the value */
    struct slice value;
    unsigned expansions; /* of the aliases within it */
};

/* A map or a list that is open. */
struct level {
    enum role role;
    bool is_map;
    bool has_key;     /* of a map: a value comes next */
    bool complete;    /* has the key that its role needs: processors, or a name */
    enum role next;   /* that of the next value or item */
    struct slice key; /* that the next value stands at, or this list */
    struct yaml_key *keys;
    struct text_place place;
    struct anchor *anchor;
    unsigned expansions;
};

struct pipeline {
    struct arena *arena;
    const struct pipeline_visitor *visitor;
    struct format_violation *violation;
    struct anchor *anchors;
    unsigned anchor_count;
    unsigned expansions;
    size_t depth;
    struct level levels[YAML_READER_LEVELS_MOST];
};

#define REFUSE(pipeline, place, ...) \
    format__refuse((pipeline)->arena, (pipeline)->violation, place, false, __VA_ARGS__)

#define SHOWN_BYTES_MOST 64

/* A key or name as a message shows it: its beginning, cut between characters. */
static struct slice shown(struct slice text)
{
    size_t len = text.len < SHOWN_BYTES_MOST ? text.len : SHOWN_BYTES_MOST;

    while (len > 0 && len < text.len && ((unsigned char)text.data[len] & 0xc0) == 0x80)
        len--;
    return slice_make(text.data, len);
}

static struct level *innermost(struct pipeline *pipeline)
{
    return pipeline->depth == 0 ? NULL : &pipeline->levels[pipeline->depth - 1];
}

static struct slice current_key(struct pipeline *pipeline)
{
    const struct level *level = innermost(pipeline);

    return level == NULL ? SLICE("") : level->key;
}

static bool refuse_role(struct pipeline *pipeline, enum role role, struct text_place place)
{
    struct slice key = shown(current_key(pipeline));

    assert(wanted[role] != NULL);
    return REFUSE(pipeline, place, wanted[role], SLICE_ARG(key));
}

static bool remember_anchor(struct pipeline *pipeline, const struct yaml_step *step, enum role role,
                            struct anchor **ret_anchor)
{
    struct anchor *anchor;

    *ret_anchor = NULL;
    if (step->anchor.len == 0)
        return true;
    if (++pipeline->anchor_count > PIPELINE_YAML_ANCHORS_MOST)
        return REFUSE(pipeline, step->place, "must have at most %d anchors",
                      PIPELINE_YAML_ANCHORS_MOST);
    anchor = arena_zalloc(pipeline->arena, sizeof(*anchor));
    if (anchor == NULL)
        return false;
    anchor->name = arena_copy(pipeline->arena, step->anchor);
    anchor->role = role;
    anchor->scalar = step->kind == YAML_STEP_SCALAR;
    anchor->open = !anchor->scalar;
    if (anchor->scalar) {
        anchor->type = step->type;
        anchor->value = arena_copy(pipeline->arena, step->value);
    }
    anchor->next = pipeline->anchors;
    pipeline->anchors = anchor;
    *ret_anchor = anchor;
    return !arena_failed(pipeline->arena);
}

/* Quotes in a string; the place is exact where the string stands in the document as it reads. */
static bool check_quotes(struct pipeline *pipeline, const struct yaml_step *step)
{
    struct text_place place = step->place;
    enum quote_found found;
    const char *problem;
    struct quote quote;
    size_t at = 0;

    do {
        found = quote_next(step->value, &at, &quote, &problem);
    } while (found == QUOTE_FOUND);
    if (found == QUOTE_NONE)
        return true;
    if (step->verbatim) {
        place = step->text;
        place.column += text__place_of(step->value, at).column - 1;
    }
    return REFUSE(pipeline, place, "%s", problem);
}

/* A scalar, or an alias of one, in a role. */
static bool check_scalar(struct pipeline *pipeline, enum role role, enum yaml_type type,
                         struct slice value, struct text_place place)
{
    const struct pipeline_visitor *visitor = pipeline->visitor;
    bool good;

    switch (role) {
    case ROLE_ANY:
        good = true;
        break;
    case ROLE_DOCUMENT:
    case ROLE_BODY:
    case ROLE_LOOP_BODY:
        good = type == YAML_TYPE_NULL;
        break;
    case ROLE_TEXT:
        good = type != YAML_TYPE_NULL;
        break;
    case ROLE_FLAG:
        good = type == YAML_TYPE_BOOL;
        break;
    case ROLE_NAME:
        good = type != YAML_TYPE_NULL && value.len > 0;
        break;
    default:
        good = false;
    }
    if (!good)
        return refuse_role(pipeline, role, place);
    if (role == ROLE_NAME && visitor->reference != NULL)
        visitor->reference(visitor->context, value, place);
    return true;
}

static bool take_scalar(struct pipeline *pipeline, enum role role, const struct yaml_step *step)
{
    const struct pipeline_visitor *visitor = pipeline->visitor;
    struct anchor *anchor;

    if (!remember_anchor(pipeline, step, role, &anchor) ||
        !check_scalar(pipeline, role, step->type, step->value, step->place))
        return false;
    if (step->type != YAML_TYPE_STRING)
        return true;
    if (!check_quotes(pipeline, step))
        return false;
    if (visitor->text != NULL)
        visitor->text(visitor->context, step->value, step->place);
    return true;
}

static bool take_alias(struct pipeline *pipeline, enum role role, const struct yaml_step *step)
{
    struct level *level = innermost(pipeline);
    const struct anchor *anchor = pipeline->anchors;
    struct slice name = shown(step->value);

    while (anchor != NULL && !slice_equal(anchor->name, step->value))
        anchor = anchor->next;
    if (anchor == NULL)
        return REFUSE(pipeline, step->place, "must define the anchor \"%.*s\" before its alias",
                      SLICE_ARG(name));
    if (anchor->open)
        return REFUSE(pipeline, step->place, "must not have the alias \"%.*s\" within its anchor",
                      SLICE_ARG(name));
    pipeline->expansions += 1 + anchor->expansions;
    if (pipeline->expansions > PIPELINE_YAML_EXPANSIONS_MOST)
        return REFUSE(pipeline, step->place, "must have at most %d expansions of aliases",
                      PIPELINE_YAML_EXPANSIONS_MOST);
    if (level != NULL)
        level->expansions += 1 + anchor->expansions;
    if (anchor->scalar)
        return check_scalar(pipeline, role, anchor->type, anchor->value, step->place);
    return role == ROLE_ANY || role == anchor->role || refuse_role(pipeline, role, step->place);
}

/* Whether a map, or else a list, may stand in a role. */
static bool role_allows(enum role role, bool is_map)
{
    switch (role) {
    case ROLE_ANY:
        return true;
    case ROLE_PROCESSORS:
        return !is_map;
    case ROLE_DOCUMENT:
    case ROLE_PROCESSOR:
    case ROLE_BODY:
    case ROLE_RUN_BODY:
    case ROLE_LOOP_BODY:
        return is_map;
    default:
        return false;
    }
}

static bool open_level(struct pipeline *pipeline, enum role role, const struct yaml_step *step)
{
    struct level level = {
        .role = role,
        .is_map = step->kind == YAML_STEP_MAP,
        .next = role == ROLE_PROCESSORS ? ROLE_PROCESSOR : ROLE_ANY,
        .key = current_key(pipeline),
        .place = step->place,
    };

    if (!role_allows(role, level.is_map))
        return refuse_role(pipeline, role, step->place);
    if (!remember_anchor(pipeline, step, role, &level.anchor))
        return false;
    assert(pipeline->depth < YAML_READER_LEVELS_MOST);
    pipeline->levels[pipeline->depth++] = level;
    return true;
}

static bool close_level(struct pipeline *pipeline)
{
    struct level *level = innermost(pipeline);
    const struct yaml_key *duplicate = yaml_keys__duplicate(level->keys);
    bool needs = level->role == ROLE_DOCUMENT || level->role == ROLE_PROCESSOR ||
                 level->role == ROLE_RUN_BODY;

    if (duplicate != NULL)
        return REFUSE(pipeline, duplicate->place, "must not have the key \"%.*s\" twice in one map",
                      SLICE_ARG(shown(duplicate->text)));
    pipeline->depth--;
    if (needs && !level->complete)
        return refuse_role(pipeline, level->role, level->place);
    if (level->anchor != NULL) {
        level->anchor->open = false;
        level->anchor->expansions = level->expansions;
    }
    if (pipeline->depth > 0)
        innermost(pipeline)->expansions += level->expansions;
    return true;
}

/* The role of the value that a key of a map has. */
static bool role_of_key(struct pipeline *pipeline, struct level *map, struct slice key,
                        struct text_place place)
{
    map->next = ROLE_ANY;
    if (map->role == ROLE_PROCESSOR) {
        if (map->complete || key.len == 0)
            return refuse_role(pipeline, ROLE_PROCESSOR, place);
        map->complete = true;
        map->next = slice_equal(key, SLICE("pipeline"))  ? ROLE_RUN_BODY
                    : slice_equal(key, SLICE("foreach")) ? ROLE_LOOP_BODY
                                                         : ROLE_BODY;
        return true;
    }
    for (size_t i = 0; i < KNOWN_KEYS; i++) {
        if ((known_keys[i].maps & IN(map->role)) != 0 && slice_equal(known_keys[i].text, key)) {
            map->next = known_keys[i].value;
            map->complete |= known_keys[i].needed;
            return true;
        }
    }
    return map->role != ROLE_DOCUMENT ||
           REFUSE(pipeline, place,
                  "must not have the key \"%.*s\" beside processors, on_failure, if, "
                  "ignore_failure, tag and description",
                  SLICE_ARG(shown(key)));
}

static bool take_key(struct pipeline *pipeline, struct level *map, const struct yaml_step *step)
{
    struct anchor *anchor;
    struct yaml_key *key;

    if (step->kind != YAML_STEP_SCALAR || step->type != YAML_TYPE_STRING)
        return REFUSE(pipeline, step->place,
                      "must have strings as keys; put numbers, true, false and null in quotes");
    if (step->plain && slice_equal(step->value, SLICE("<<")))
        return REFUSE(pipeline, step->place, "must not use the merge key \"<<\"");
    key = arena_zalloc(pipeline->arena, sizeof(*key));
    if (key == NULL || !remember_anchor(pipeline, step, ROLE_ANY, &anchor))
        return false;
    key->text = arena_copy(pipeline->arena, step->value);
    key->place = step->place;
    key->next = map->keys;
    if (arena_failed(pipeline->arena))
        return false;
    map->keys = key;
    map->has_key = true;
    map->key = key->text;
    return role_of_key(pipeline, map, key->text, step->place);
}

static bool take_step(struct pipeline *pipeline, const struct yaml_step *step)
{
    struct level *level = innermost(pipeline);
    enum role role = level == NULL ? ROLE_DOCUMENT : level->next;

    if (step->kind == YAML_STEP_END)
        return close_level(pipeline);
    if (level != NULL && level->is_map && !level->has_key)
        return take_key(pipeline, level, step);
    if (level != NULL)
        level->has_key = false;
    switch (step->kind) {
    case YAML_STEP_SCALAR:
        return take_scalar(pipeline, role, step);
    case YAML_STEP_ALIAS:
        return take_alias(pipeline, role, step);
    default:
        return open_level(pipeline, role, step);
    }
}

bool pipeline_yaml_read(struct arena *arena, struct slice content,
                        const struct pipeline_visitor *visitor,
                        struct format_violation *ret_violation)
{
    struct pipeline *pipeline = arena_zalloc(arena, sizeof(*pipeline));
    struct yaml_reader *reader = yaml_reader__open(arena, content, ret_violation);
    struct yaml_step step = {.kind = YAML_STEP_DONE};
    bool good = pipeline != NULL && reader != NULL;

    if (good) {
        pipeline->arena = arena;
        pipeline->visitor = visitor;
        pipeline->violation = ret_violation;
    }
    while (good) {
        good = yaml_reader__next(reader, &step);
        if (!good || step.kind == YAML_STEP_DONE)
            break;
        good = take_step(pipeline, &step);
    }
    yaml_reader__close(reader);
    return good && !arena_failed(arena);
}
