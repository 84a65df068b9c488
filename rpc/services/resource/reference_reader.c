/* The references of one object as they are gathered, from fields, quotes and hooks. */
#include "rpc/services/resource/reference_reader.h"

#include <assert.h>

#include "rpc/call/chain_facts.h"
#include "rpc/services/resource/object_kinds.h"
#include "storage/keys.h"
#include "storage/record.h"

/* Names of other objects that are looked up, in bytes; no name is as long. */
#define NAME_BYTES_MOST 1024

struct references_reader references_reader(struct call *call)
{
    return (struct references_reader){
        .arena = call->arena,
        .identities = call_identities(call),
        .hooks = call_services(call),
        .view = call->view,
        .organization = call->identity.organization,
    };
}

bool references__have(const struct references *references, const struct reference *wanted)
{
    const struct reference *reference = references == NULL ? NULL : references->first;

    for (; reference != NULL; reference = reference->next)
        if (reference->kind == wanted->kind && reference->field == wanted->field &&
            uuid_equal(&reference->id, &wanted->id))
            return true;
    return false;
}

void references_add(struct references_reader *reader, struct reference wanted)
{
    struct references *references = reader->references;
    struct reference *kept;

    assert(references != NULL && reader->violations != NULL); /* it is collecting */
    assert(wanted.kind != NULL);
    if (references__have(references, &wanted))
        return;
    if (++references->count > REFERENCES_MOST) {
        if (references->count == REFERENCES_MOST + 1)
            violations_add(reader->violations, reader->arena, wanted.path,
                           "must not exceed the %d references that one object may have",
                           REFERENCES_MOST);
        return;
    }
    wanted.builtin = object__is_builtin(reader->identities, wanted.kind, &wanted.id);
    kept = arena_alloc(reader->arena, sizeof(*kept));
    if (kept == NULL)
        return;
    *kept = wanted;
    if (references->last == NULL)
        references->first = kept;
    else
        references->last->next = kept;
    references->last = kept;
}

enum store_found references_find(struct references_reader *reader, const struct kind *kind,
                                 struct slice name, struct uuid *ret_id)
{
    struct slice trimmed = SLICE_EMPTY;
    struct slice folded = SLICE_EMPTY;
    enum store_found found;
    struct record record;
    struct slice value;

    if (reader->view == NULL || name.len > NAME_BYTES_MOST ||
        key_fold_name(reader->arena, name, &trimmed, &folded) != NULL)
        return STORE_ABSENT;
    found = store_get(reader->view, FAMILY_NAMES,
                      key_name(reader->arena, &reader->organization, kind->number, folded), &value);
    if (found != STORE_FOUND)
        return found;
    if (!record_parse(value, &record) || record.body.len != sizeof(ret_id->bytes))
        return STORE_FAILED;
    memcpy(ret_id->bytes, record.body.data, sizeof(ret_id->bytes));
    return STORE_FOUND;
}
