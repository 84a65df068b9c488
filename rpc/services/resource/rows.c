/* The list of an object's rows, and a commit from the difference of two such lists. */
#include "rpc/services/resource/rows.h"

#include <assert.h>

#include "rpc/services/resource/index.h"
#include "rpc/services/resource/secrets.h"
#include "storage/keys.h"

void rows_fill(struct references_reader *reader, ProtobufCMessage *message,
               struct object_state *state)
{
    struct violations ignored = {0};
    bool had_no_paths = reader->no_paths;

    object__fold_name(reader->arena, state->kind, message, &ignored, &state->folded);
    reader->no_paths = true;
    references__collect(reader, state->kind, message, &ignored, &state->references);
    reader->no_paths = had_no_paths;
}

/* -- the list ------------------------------------------------------------------------------- */

static void list_name(struct arena *arena, const struct object_state *state,
                      struct check_index **first)
{
    struct slice id = slice_make(state->id.bytes, sizeof(state->id.bytes));

    if (state->kind->name != NULL && !state->kind->names_may_repeat)
        check_index_add(arena, first, FAMILY_NAMES,
                        key_name(arena, &state->organization, state->kind->number, state->folded),
                        arena_copy(arena, id));
}

static void list_references(struct arena *arena, const struct object_state *state,
                            struct check_index **first)
{
    for (const struct reference *at = state->references.first; at != NULL; at = at->next)
        if (!at->builtin)
            check_index_add(arena, first, FAMILY_REFERENCES,
                            key_reference(arena, &state->organization, at->kind->number, &at->id,
                                          state->kind->number, at->field, &state->id),
                            SLICE_EMPTY);
}

static void list_indexes(struct arena *arena, const struct object_state *state,
                         struct check_index **first)
{
    const ProtobufCMessage *message = state->message != NULL
                                          ? state->message
                                          : object_unpack_body(arena, state->kind, state->body);

    if (message != NULL)
        index_add_rows(arena, state->kind, &state->organization, &state->id, message, first);
}

/* `keeps_secrets`: those of its credentials are left out, as they stay as they are. */
static void list_rows(struct arena *arena, const struct object_state *state, bool keeps_secrets,
                      struct check_index **ret_first)
{
    *ret_first = NULL;
    object__add_indexes(arena, state->kind, &state->organization, state->body, ret_first);
    if (state->secrets.len > 0 && !keeps_secrets)
        secrets_add_indexes(arena, state->kind, &state->organization, &state->id, state->secrets,
                            ret_first);
    list_references(arena, state, ret_first);
    list_name(arena, state, ret_first);
    list_indexes(arena, state, ret_first);
}

void rows_list(struct arena *arena, const struct object_state *state,
               struct check_index **ret_first)
{
    list_rows(arena, state, false, ret_first);
}

/* -- the commit ----------------------------------------------------------------------------- */

/* Families where a row claims its key for one object: who comes second is refused. */
static bool is_claim(enum store_family family)
{
    return family == FAMILY_NAMES || family == FAMILY_TOKEN_HASHES ||
           family == FAMILY_SESSION_HASHES || family == FAMILY_EMAILS;
}

static const struct check_index *find(const struct check_index *rows,
                                      const struct check_index *wanted)
{
    while (rows != NULL && !(rows->family == wanted->family && slice_equal(rows->key, wanted->key)))
        rows = rows->next;
    return rows;
}

static void commit_rows(struct commit *commit, const struct check_index *before,
                        const struct check_index *after)
{
    for (const struct check_index *row = before; row != NULL; row = row->next)
        if (find(after, row) == NULL)
            commit_delete(commit, row->family, row->key);
    for (const struct check_index *row = after; row != NULL; row = row->next) {
        const struct check_index *old = find(before, row);

        if (old == NULL && is_claim(row->family))
            commit_require_absent(commit, row->family, row->key);
        if (old == NULL || !slice_equal(old->body, row->body))
            commit_put(commit, row->family, row->key, row->body);
    }
}

/* The record, and the conditions that nobody else has changed it or refers to what goes. */
static void commit_record(struct commit *commit, struct slice key,
                          const struct object_state *before, const struct object_state *after)
{
    enum store_family family = object_family((after != NULL ? after : before)->kind);

    if (before == NULL && !after->id_is_fresh)
        commit_require_absent(commit, family, key);
    else if (before != NULL)
        commit_require_revision(commit, family, key, before->revision);
    if (after != NULL) {
        commit_put(commit, family, key, after->body);
        return;
    }
    commit_require_empty(commit, FAMILY_REFERENCES, key, key_prefix_end(commit->arena, key));
    commit_delete(commit, family, key);
}

static void commit_secrets(struct commit *commit, struct slice key,
                           const struct object_state *before, const struct object_state *after)
{
    struct slice old = before == NULL ? SLICE_EMPTY : before->secrets;
    struct slice new = after == NULL ? SLICE_EMPTY : after->secrets;

    if (new.len > 0 && !slice_equal(old, new))
        commit_put(commit, FAMILY_SECRETS, key, new);
    else if (new.len == 0 && old.len > 0)
        commit_delete(commit, FAMILY_SECRETS, key);
}

void rows_commit(struct commit *commit, const struct object_state *before,
                 const struct object_state *after)
{
    const struct object_state *state = after != NULL ? after : before;
    enum change_type change = before == NULL  ? CHANGE_CREATED
                              : after == NULL ? CHANGE_DELETED
                                              : CHANGE_UPDATED;
    const struct uuid *organization = &state->organization;
    uint32_t kind = state->kind->number;
    struct arena *arena = commit->arena;
    struct slice key = key_object(arena, organization, kind, &state->id);
    struct check_index *old = NULL;
    struct check_index *new = NULL;

    assert(state != NULL && (before == NULL || after == NULL || before->kind == after->kind));
    assert(before == NULL || after == NULL || uuid_equal(&before->id, &after->id));
    bool keeps_secrets = before != NULL && after != NULL && before->secrets.len > 0 &&
                         slice_equal(before->secrets, after->secrets);

    if (before != NULL)
        list_rows(arena, before, keeps_secrets, &old);
    if (after != NULL)
        list_rows(arena, after, keeps_secrets, &new);
    commit_record(commit, key, before, after);
    commit_rows(commit, old, new);
    if (after != NULL)
        references__require(commit, after->kind, organization, &after->id,
                            before == NULL ? NULL : &before->references, &after->references);
    commit_secrets(commit, key, before, after);
    if (change != CHANGE_UPDATED)
        commit_count(commit, key_kind(arena, organization, kind), before == NULL ? 1 : -1);
    commit_feed(commit, organization, kind, &state->id, change);
}
