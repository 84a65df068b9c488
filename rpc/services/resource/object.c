/* Records, names and pages of objects, and the audit rows of their changes. */
#include "rpc/services/resource/object.h"

#include <assert.h>

#include "base/text.h"
#include "rpc/call/answers.h"
#include "rpc/call/page_token.h"
#include "rpc/services/resource/fields.h"
#include "rpc/services/resource/secrets.h"
#include "storage/keys.h"
#include "storage/record.h"

struct status object_unpack(struct arena *arena, const struct kind *kind, struct slice value,
                            uint64_t *ret_revision, struct slice *ret_body,
                            ProtobufCMessage **ret_message)
{
    ProtobufCMessage *message;
    struct record record;

    if (!record_parse(value, &record))
        return object_data_loss();
    message = object_unpack_body(arena, kind, record.body);
    if (message == NULL)
        return arena_failed(arena) ? status_out_of_memory() : object_data_loss();
    *ret_revision = record.revision;
    *ret_body = record.body;
    *ret_message = message;
    return status_ok();
}

/* Reads the value of an id that is parsed into `object`. */
static struct status read_value(struct call *call, struct object *object, struct slice id,
                                struct slice *ret_value)
{
    const struct kind *kind = object->kind;
    enum store_found found;

    if (!uuid_parse(id, &object->id))
        return call_not_found(call, kind, id);
    object->key = key_object(call->arena, &call->identity.organization, kind->number, &object->id);
    if (arena_failed(call->arena))
        return status_out_of_memory();
    found = store_get(call->view, object_family(kind), object->key, ret_value);
    return found == STORE_ABSENT ? call_not_found(call, kind, id) : call_store_status(found);
}

struct status object__read_value(struct call *call, const struct kind *kind, struct slice id,
                                 struct slice *ret_value)
{
    struct object object = {.kind = kind};

    return read_value(call, &object, id, ret_value);
}

struct status object_read(struct call *call, const struct kind *kind, struct slice id,
                          struct object *ret_object)
{
    struct object object = {.kind = kind};
    enum store_found found;
    struct slice value;
    struct status status;

    status = read_value(call, &object, id, &value);
    if (!status_is_ok(status))
        return status;
    status = object_unpack(call->arena, kind, value, &object.revision, &object.body,
                           &object.message);
    if (!status_is_ok(status))
        return status;
    if (secrets__has_row(kind, object.message) &&
        (found = secrets_read(call->view, object.key, &object.secrets)) != STORE_FOUND)
        return call_store_status(found);
    *ret_object = object;
    return status;
}

bool object_may_be_read(const struct call *call, const struct kind *kind)
{
    const struct permission *read = kind->permissions[VERB_READ];

    return read != NULL && permission_set_has(&call->identity.permissions, read->bit);
}

/* -- names ------------------------------------------------------------------------------------ */

struct slice object_name(const struct kind *kind, const ProtobufCMessage *message)
{
    return kind->name == NULL ? SLICE_EMPTY : field_get_string(message, kind->name);
}

/* Far beyond what any kind's rules allow: folding takes several times a name's size. */
#define NAME_BYTES_MOST 4096

void object__fold_name(struct arena *arena, const struct kind *kind, ProtobufCMessage *message,
                       struct violations *violations, struct slice *ret_folded)
{
    struct slice trimmed = SLICE_EMPTY;
    struct slice folded = SLICE_EMPTY;
    struct slice name;
    const char *wrong;

    *ret_folded = SLICE_EMPTY;
    if (kind->name == NULL)
        return;
    name = field_get_string(message, kind->name);
    wrong = name.len > NAME_BYTES_MOST ? "must have at most 128 characters"
                                       : key_fold_name(arena, name, &trimmed, &folded);
    if (wrong != NULL) {
        violations_add(violations, arena, kind->name->json_name, "%s", wrong);
        return;
    }
    field_set_string(arena, message, kind->name, trimmed);
    *ret_folded = kind->names_may_repeat ? SLICE_EMPTY : folded;
}

struct slice object__with_article(struct arena *arena, const struct kind *kind)
{
    bool vowel = kind->singular.len > 0 && strchr("aeioAEIO", kind->singular.data[0]) != NULL;

    return arena_printf(arena, "%s %.*s", vowel ? "an" : "a", SLICE_ARG(kind->singular));
}

struct status object_name_taken(struct call *call, const struct kind *kind, struct slice name)
{
    struct arena *arena = call->arena;
    struct slice one = object__with_article(arena, kind);
    struct slice sentence = arena_printf(arena, "is the name of another %.*s",
                                         SLICE_ARG(kind->singular));
    struct status status = status_make(arena, STATUS_ALREADY_EXISTS,
                                       "A%.*s named \"%.*s\" already exists.",
                                       SLICE_ARG(slice_from(one, 1)), SLICE_ARG(name));

    status_add_detail(arena, &status, DETAIL_RESOURCE_INFO, name, kind->collection, sentence);
    status_add_detail(arena, &status, DETAIL_FIELD_VIOLATION, kind->name->json_name, SLICE_EMPTY,
                      sentence);
    return status;
}

struct status object__check_name(struct call *call, const struct kind *kind, const struct uuid *id,
                                 struct slice name, struct slice folded)
{
    struct record record;
    enum store_found found;
    struct slice value;
    struct slice key;

    if (kind->name == NULL || kind->names_may_repeat)
        return status_ok();
    key = key_name(call->arena, &call->identity.organization, kind->number, folded);
    if (arena_failed(call->arena))
        return status_out_of_memory();
    found = store_get(call->view, FAMILY_NAMES, key, &value);
    if (found == STORE_ABSENT)
        return status_ok();
    if (found != STORE_FOUND)
        return call_store_status(found);
    if (!record_parse(value, &record))
        return object_data_loss();
    if (slice_equal(record.body, slice_make(id->bytes, sizeof(id->bytes))))
        return status_ok();
    return object_name_taken(call, kind, name);
}

/* -- answers ---------------------------------------------------------------------------------- */

struct slice object_id_text(struct arena *arena, const struct uuid *id)
{
    char text[UUID_TEXT_LEN];

    uuid_format(id, text);
    return arena_copy(arena, slice_make(text, sizeof(text)));
}

void object_set_etag(struct call *call, const struct kind *kind, ProtobufCMessage *message,
                     uint64_t revision)
{
    if (kind->etag != NULL && message != NULL)
        field_set_string(call->arena, message, kind->etag, call_etag(call->arena, revision));
}

void object__committed(struct call *call, uint64_t revision)
{
    object_set_etag(call, call->method->kind, call->response, revision);
}

ProtobufCMessage *object_empty_response(struct call *call)
{
    return message_new(call->arena, call->method->output);
}

bool object_validate_only(const struct call *call)
{
    const struct field *field = call->method->validate_only;

    return field != NULL && field_get_int(call->request, field) != 0;
}

struct slice object__type_name(const struct kind *kind)
{
    struct slice full_name = kind->message->full_name;
    size_t dot;

    while ((dot = slice_find(full_name, '.')) < full_name.len)
        full_name = slice_from(full_name, dot + 1);
    return full_name;
}

void object_audit(struct call *call, const char *verb, const struct kind *kind,
                  const struct uuid *id, struct slice name, const struct call_changes *changes)
{
    const struct slice action[] = {slice_from_cstr(verb), object__type_name(kind)};
    const struct slice description[] = {action[0],    SLICE(" the "), kind->singular,
                                        SLICE(" \""), name,           SLICE("\".")};

    struct call_audit *row = call_audit_add(call, text_join(call->arena, action, 2).data, kind, id,
                                            name);

    if (row == NULL)
        return;
    row->description = text_join(call->arena, description, 6);
    if (changes != NULL)
        row->changes = *changes;
}

/* -- pages ------------------------------------------------------------------------------------ */

size_t object_page_size(const struct call *call)
{
    const struct field *field = call->method->page_size;
    int64_t size = field == NULL ? 0 : field_get_int(call->request, field);

    if (size <= 0)
        return PAGE_SIZE_DEFAULT;
    return size > PAGE_SIZE_MOST ? PAGE_SIZE_MOST : (size_t)size;
}

struct status object__scan_page(struct call *call, enum store_family family, struct slice prefix,
                                bool reverse, struct store_rows *ret_rows, struct slice *ret_token)
{
    struct arena *arena = call->arena;
    struct slice from = prefix;
    struct slice to = key_prefix_end(arena, prefix);
    struct slice last = SLICE_EMPTY;
    struct slice token = SLICE_EMPTY;
    struct store_rows rows = {0};
    enum store_found found;
    struct status status;

    if (call->method->page_token != NULL)
        token = field_get_string(call->request, call->method->page_token);
    status = call_read_page_token(call, token, &last);
    if (!status_is_ok(status))
        return status;
    if (last.len > 0 && !slice_starts_with(last, prefix))
        return status_invalid_field(arena, SLICE("pageToken"),
                                    "must be the nextPageToken of the same list");
    if (last.len > 0 && reverse)
        to = last;
    else if (last.len > 0) /* the NUL after the copy is part of the key: the next one */
        from = slice_make(arena_copy(arena, last).data, last.len + 1);
    if (arena_failed(arena))
        return status_out_of_memory();
    assert(prefix.len >= sizeof(struct uuid)); /* a page is of one organization */
    found = store_scan(call->view, family, from, to, reverse, object_page_size(call), &rows);
    if (found != STORE_FOUND)
        return call_store_status(found);
    assert(!rows.more || rows.count > 0);
    *ret_token = rows.more ? call_page_token(call, rows.rows[rows.count - 1].key) : SLICE_EMPTY;
    *ret_rows = rows;
    return status_ok();
}

void object__set_page(struct call *call, ProtobufCMessage *response, ProtobufCMessage **items,
                      size_t count, struct slice token, uint64_t total)
{
    const struct method *method = call->method;

    if (response == NULL)
        return;
    assert(response->descriptor == method->output->pb);
    assert(items != NULL || count == 0);
    if (method->items != NULL)
        field_set_messages(response, method->items, items, count);
    if (method->next_page_token != NULL && token.len > 0)
        field_set_string(call->arena, response, method->next_page_token, token);
    if (method->total_size != NULL && total != TOTAL_UNKNOWN)
        field_set_int(response, method->total_size, total > INT32_MAX ? INT32_MAX : (int64_t)total);
    if (method->revision != NULL)
        field_set_int(response, method->revision, (int64_t)store_view_revision(call->view));
}
