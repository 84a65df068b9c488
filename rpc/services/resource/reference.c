/* The walk that finds references, and the rows that they are kept in. */
#include "rpc/services/resource/reference.h"

#include <assert.h>
#include <stdlib.h>

#include "proto/contract/contract_find.h"
#include "rpc/call/answers.h"
#include "rpc/call/chain_facts.h"
#include "rpc/services/resource/hooks.h"
#include "rpc/services/resource/quote_references.h"
#include "storage/keys.h"
#include "storage/record.h"

/* Rows that are counted for a refusal; beyond them it says "more than". */
#define BLOCKERS_COUNTED_MOST 1000

/* -- collecting ------------------------------------------------------------------------------- */

/* The outermost field that the spot is in. */
static uint32_t top_of(const struct spot *spot)
{
    while (spot->parent != NULL)
        spot = spot->parent;
    return spot->field->number;
}

static void add(struct references_reader *reader, const struct noted_id *noted)
{
    struct reference wanted = {.kind = noted->field->reference,
                               .field = noted->top,
                               .exclusive = noted->field->exclusive,
                               .path = noted->path};

    if (!uuid_parse(slice_from_cstr(noted->text), &wanted.id)) {
        violations_add(reader->violations, reader->arena, wanted.path, REFERENCE_VIOLATION,
                       SLICE_ARG(wanted.kind->singular));
        return;
    }
    uuid_format(&wanted.id, noted->text);
    references_add(reader, wanted);
}

/* Nobody is told where a reference of a stored object is. */
static struct slice path_of(const struct references_reader *reader, const struct spot *spot,
                            size_t index, unsigned noted)
{
    if (reader->no_paths || (noted & NOTED_AFTER) == 0)
        return SLICE_EMPTY;
    return spot->field->repeated ? spot__path_at(reader->arena, spot, index)
                                 : spot_path(reader->arena, spot);
}

void references__note_ids(struct references_collection *collection, const struct spot *spot,
                          const ProtobufCMessage *message, unsigned noted)
{
    const struct field *field = spot->field;
    size_t count;

    if (!field_is_set(message, field))
        return;
    count = field->repeated ? field_count(message, field) : 1;
    for (size_t i = 0; i < count; i++) {
        struct noted_id *id = arena_alloc(collection->reader->arena, sizeof(*id));

        if (id == NULL)
            return;
        *id = (struct noted_id){.noted = noted,
                                .field = field,
                                .path = path_of(collection->reader, spot, i, noted),
                                .top = top_of(spot),
                                .text = *(char **)field_address(message, field, i)};
        if (collection->last == NULL)
            collection->first = id;
        else
            collection->last->next = id;
        collection->last = id;
    }
}

void references__note_quotes(struct references_collection *collection, const struct spot *spot,
                             const ProtobufCMessage *message, unsigned noted)
{
    if (collection->reader->hooks != NULL)
        quote_references__note(&collection->texts, collection->reader->arena, spot, message, noted);
}

/* What was noted of one of both objects. */
static void read_noted(struct references_reader *reader,
                       const struct references_collection *collection, enum noted of,
                       ProtobufCMessage *message)
{
    const struct hook *hook = hooks__of(reader->hooks, collection->kind);

    *reader->references = (struct references){0};
    for (const struct noted_id *at = collection->first; at != NULL; at = at->next)
        if ((at->noted & of) != 0)
            add(reader, at);
    quote_references__read(reader, &collection->texts, of);
    if (hook != NULL && hook->functions->refer != NULL)
        hook->functions->refer(hook, reader, message);
}

void references__read(struct references_collection *collection, ProtobufCMessage *message,
                      struct violations *violations, struct references *ret_references)
{
    struct references_reader *reader = collection->reader;

    reader->violations = violations;
    reader->references = ret_references;
    read_noted(reader, collection, NOTED_AFTER, message);
}

void references__read_stored(const struct references_collection *collection,
                             ProtobufCMessage *message, struct references *ret_references)
{
    struct references_reader reader = *collection->reader;
    struct violations ignored = {0};

    reader.touched = NULL;
    reader.violations = &ignored;
    reader.references = ret_references;
    read_noted(&reader, collection, NOTED_BEFORE, message);
}

static void visit(struct walk *walk, const struct spot *spot, ProtobufCMessage *message,
                  const struct field *field, bool judged)
{
    struct references_collection *collection = walk->context;
    unsigned noted = NOTED_AFTER | (judged ? NOTED_WRITTEN : 0);

    if (field->reference != NULL)
        references__note_ids(collection, spot, message, noted);
    else if (quotes__are_allowed(collection->kind, spot))
        references__note_quotes(collection, spot, message, noted);
}

void references__collect(struct references_reader *reader, const struct kind *kind,
                         ProtobufCMessage *message, struct violations *violations,
                         struct references *ret_references)
{
    struct references_collection collection = {.reader = reader, .kind = kind};
    struct walk walk = {.arena = reader->arena,
                        .traits = TRAIT_REFERENCE | TRAIT_TEXT,
                        .touched = reader->touched,
                        .visit = visit,
                        .context = &collection,
                        .free_form = true};

    walk__object(&walk, kind->message, message);
    references__read(&collection, message, violations, ret_references);
}

/* -- checking and writing --------------------------------------------------------------------- */

static struct slice target_key(struct arena *arena, const struct uuid *organization,
                               const struct reference *reference)
{
    return key_object(arena, organization, reference->kind->number, &reference->id);
}

/* The range of the references to the same target by the same field of the kind. */
static struct slice range_of(struct arena *arena, const struct uuid *organization,
                             const struct kind *kind, const struct reference *reference)
{
    return key_references_by(arena, organization, reference->kind->number, &reference->id,
                             kind->number, reference->field);
}

/* Adds a violation where another object has the target for itself. */
static enum store_found check_exclusive(struct call *call, const struct kind *kind,
                                        const struct uuid *id, const struct reference *reference,
                                        struct violations *violations)
{
    struct arena *arena = call->arena;
    const struct uuid *organization = &call->identity.organization;
    struct slice range = range_of(arena, organization, kind, reference);
    struct slice own = key_reference(arena, organization, reference->kind->number, &reference->id,
                                     kind->number, reference->field, id);
    struct store_rows rows = {0};
    enum store_found found;

    found = store_scan(call->view, FAMILY_REFERENCES, range, key_prefix_end(arena, range), false, 2,
                       &rows);
    for (size_t i = 0; found == STORE_FOUND && i < rows.count; i++) {
        if (slice_equal(rows.rows[i].key, own))
            continue;
        if (object_may_be_read(call, reference->kind))
            violations_add(violations, arena, reference->path,
                           "must be the id of %.*s that no other %.*s refers to",
                           SLICE_ARG(object__with_article(arena, reference->kind)),
                           SLICE_ARG(kind->singular));
        else
            violations_add(violations, arena, reference->path, REFERENCE_VIOLATION,
                           SLICE_ARG(reference->kind->singular));
        break;
    }
    return found;
}

struct status references__check(struct call *call, const struct kind *kind, const struct uuid *id,
                                const struct references *references,
                                const struct references *before, struct violations *violations)
{
    struct arena *arena = call->arena;
    struct status status = status_ok();

    /* A miss ends nothing here: the rest is asked for too, and fetched with it. */
    for (const struct reference *at = references->first; at != NULL; at = at->next) {
        enum store_found found;
        struct slice value;
        struct slice key;

        if (at->builtin || references__have(before, at))
            continue;
        key = target_key(arena, &call->identity.organization, at);
        if (arena_failed(arena))
            return status_out_of_memory();
        found = store_get(call->view, object_family(at->kind), key, &value);
        if (found == STORE_ABSENT)
            violations_add(violations, arena, at->path,
                           at->quoted ? "must quote an existing %.*s" : REFERENCE_VIOLATION,
                           SLICE_ARG(at->kind->singular));
        else if (found == STORE_FOUND && at->exclusive)
            found = check_exclusive(call, kind, id, at, violations);
        if (found == STORE_AGAIN || found == STORE_FAILED)
            status = call_store_status(found);
    }
    return status;
}

void references__require(struct commit *commit, const struct kind *kind,
                         const struct uuid *organization, const struct uuid *id,
                         const struct references *before, const struct references *after)
{
    struct arena *arena = commit->arena;

    for (const struct reference *at = after->first; at != NULL; at = at->next) {
        struct slice range;

        if (at->builtin || references__have(before, at))
            continue;
        commit_require_present(commit, object_family(at->kind),
                               target_key(arena, organization, at));
        if (!at->exclusive)
            continue;
        range = range_of(arena, organization, kind, at);
        commit_require_only(commit, FAMILY_REFERENCES, range, key_prefix_end(arena, range),
                            key_reference(arena, organization, at->kind->number, &at->id,
                                          kind->number, at->field, id));
    }
}

/* -- blockers --------------------------------------------------------------------------------- */

struct blocker {
    const struct kind *kind; /* NULL when the contract does not know the number */
    uint32_t number;
    struct uuid id;
};

static int compare_blockers(const void *a, const void *b)
{
    const struct blocker *left = a;
    const struct blocker *right = b;

    if (left->number != right->number)
        return left->number < right->number ? -1 : 1;
    return memcmp(left->id.bytes, right->id.bytes, sizeof(left->id.bytes));
}

/* The distinct sources of the rows: the keys of one that refers by two fields lie apart. */
static size_t distinct_sources(const struct contract *contract, const struct store_rows *rows,
                               struct blocker *blockers)
{
    size_t count = 0;
    size_t kept = 0;

    for (size_t i = 0; i < rows->count; i++) {
        struct blocker *blocker = &blockers[count];
        uint32_t target_kind, field;
        struct uuid target;

        if (!key_reference_parse(rows->rows[i].key, &target_kind, &target, &blocker->number, &field,
                                 &blocker->id))
            continue;
        blocker->kind = contract_kind_by_number(contract, blocker->number);
        count++;
    }
    qsort(blockers, count, sizeof(*blockers), compare_blockers);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || compare_blockers(&blockers[kept - 1], &blockers[i]) != 0)
            blockers[kept++] = blockers[i];
    return kept;
}

/* Names the blocker in a detail of its own; false when it has to be counted instead. */
static bool name_blocker(struct call *call, const struct blocker *blocker, struct status *status,
                         enum store_found *ret_found)
{
    const struct kind *kind = blocker->kind;
    struct slice id = object_id_text(call->arena, &blocker->id);
    struct object object = {0};
    struct slice value;
    struct slice key;

    if (kind == NULL || !object_may_be_read(call, kind))
        return false;
    key = key_object(call->arena, &call->identity.organization, kind->number, &blocker->id);
    if (arena_failed(call->arena))
        return false;
    *ret_found = store_get(call->view, object_family(kind), key, &value);
    if (*ret_found != STORE_FOUND ||
        !status_is_ok(object_unpack(call->arena, kind, value, &object.revision, &object.body,
                                    &object.message)))
        return false;
    status_add_detail(
        call->arena, status, DETAIL_PRECONDITION_VIOLATION,
        arena_printf(call->arena, "%.*s/%.*s", SLICE_ARG(kind->collection), SLICE_ARG(id)),
        SLICE(PRECONDITION_REFERENCED),
        arena_printf(call->arena, "The %.*s \"%.*s\" refers to the object.",
                     SLICE_ARG(kind->singular), SLICE_ARG(object_name(kind, object.message))));
    return true;
}

/*
 * " (api-tokens: 1, users: 2)": how many of each kind that may be read; blockers are sorted by
 * kind.
 */
static struct slice numbers_by_kind(struct call *call, const struct blocker *blockers, size_t count)
{
    struct slice text = SLICE("");
    size_t same = 1;

    for (size_t i = 0; i < count; i += same) {
        const struct kind *kind = blockers[i].kind;

        for (same = 1; i + same < count && blockers[i + same].kind == kind;)
            same++;
        if (kind != NULL && object_may_be_read(call, kind))
            text = arena_printf(call->arena, "%.*s%s%.*s: %zu", SLICE_ARG(text),
                                text.len == 0 ? " (" : ", ", SLICE_ARG(kind->collection), same);
    }
    return text.len == 0 ? text : arena_printf(call->arena, "%.*s)", SLICE_ARG(text));
}

/* The refusal: blockers by name as far as they may be read, the rest by number. */
static struct status refuse(struct call *call, const struct object *object,
                            const struct store_rows *rows)
{
    const struct kind *kind = object->kind;
    struct arena *arena = call->arena;
    struct blocker *blockers = arena_array(arena, rows->count, sizeof(*blockers));
    struct slice subject = arena_printf(arena, "%.*s/%.*s", SLICE_ARG(kind->collection),
                                        SLICE_ARG(object_id_text(arena, &object->id)));
    const char *more = rows->more ? "more than " : "";
    struct slice numbers = SLICE("");
    struct status status;
    size_t named = 0;
    size_t count;

    if (blockers == NULL)
        return status_out_of_memory();
    count = distinct_sources(call_contract(call), rows, blockers);
    if (!rows->more)
        numbers = numbers_by_kind(call, blockers, count);
    status = status_make(arena, STATUS_FAILED_PRECONDITION,
                         "The %.*s cannot be deleted: it is used by %s%zu other object%s%.*s.",
                         SLICE_ARG(kind->singular), more, count,
                         count == 1 && !rows->more ? "" : "s", SLICE_ARG(numbers));
    for (size_t i = 0; i < count && named < BLOCKERS_NAMED_MOST; i++) {
        enum store_found found = STORE_FOUND;

        named += name_blocker(call, &blockers[i], &status, &found) ? 1 : 0;
        if (found == STORE_AGAIN || found == STORE_FAILED)
            return call_store_status(found);
    }
    if (named < count || rows->more)
        status_add_detail(
            arena, &status, DETAIL_PRECONDITION_VIOLATION, subject, SLICE(PRECONDITION_REFERENCED),
            arena_printf(arena, "%s%zu %sobject%s to the object.", rows->more ? "More than " : "",
                         count - named, named > 0 ? "more " : "",
                         count - named == 1 ? " refers" : "s refer"));
    return status;
}

struct status references_check_none(struct call *call, const struct object *object)
{
    struct slice prefix = object->key;
    struct slice end = key_prefix_end(call->arena, prefix);
    struct store_rows rows = {0};
    enum store_found found;

    if (arena_failed(call->arena))
        return status_out_of_memory();
    assert(prefix.len == KEY_OBJECT_LEN); /* without it no row would be found */
    found = store_scan(call->view, FAMILY_REFERENCES, prefix, end, false, BLOCKERS_COUNTED_MOST,
                       &rows);
    if (found != STORE_FOUND)
        return call_store_status(found);
    return rows.count == 0 ? status_ok() : refuse(call, object, &rows);
}

bool references__name(struct call *call, uint32_t source_kind, const struct uuid *source,
                      struct status *status, enum store_found *ret_found)
{
    const struct blocker blocker = {
        .kind = contract_kind_by_number(call_contract(call), source_kind),
        .number = source_kind,
        .id = *source,
    };

    *ret_found = STORE_FOUND;
    return name_blocker(call, &blocker, status, ret_found);
}
