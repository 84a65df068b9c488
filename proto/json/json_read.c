/*
 * proto3 JSON to messages by descriptor, in one pass without a tree: objects and their fields. What
 * the contract does not name is refused with the path of its place.
 */
#include "proto/json/json_read.h"

#include <assert.h>

#include "proto/contract/contract_find.h"
#include "proto/json/json_read_list.h"
#include "proto/json/json_read_scalar.h"
#include "proto/json/json_read_wkt.h"
#include "proto/json/json_reader.h"
#include "proto/json/json_text.h"
#include "proto/message/message.h"

/* Paths are put together on the stack, and only longer ones grow in the arena. */
#define PATH_USUAL 256

/* -- present paths ------------------------------------------------------------------------------
 */

static void put_proto_path(struct json_text *text, const struct json_place *place)
{
    if (place == NULL)
        return;
    put_proto_path(text, place->up);
    json__put_name(text, place->field->name);
}

/* Above a leaf there are only fields: lists, maps and well-known types are leaves. */
static void note_present(struct json_reader *reader, const struct json_place *place)
{
    struct json_paths *present = reader->present;
    char usual[PATH_USUAL];
    struct json_text text = {reader->arena, usual, 0, sizeof(usual)};
    struct json_path *path;

    if (present == NULL)
        return;
    path = arena_zalloc(reader->arena, sizeof(*path));
    put_proto_path(&text, place);
    if (path == NULL)
        return;
    path->path = arena_copy(reader->arena, json_text_slice(&text));
    if (present->tail == NULL)
        present->tail = &present->first;
    *present->tail = path;
    present->tail = &path->next;
    present->count++;
}

/* -- fields -------------------------------------------------------------------------------------
 */

static bool is_leaf(const struct field *field)
{
    return field->repeated || field->message == NULL || json__reads_specially(field->message);
}

static bool oneof_is_set(const ProtobufCMessage *message, const struct field *field)
{
    const struct oneof *oneof = &field->parent->oneofs[field->oneof];

    return *(const uint32_t *)((const char *)message + oneof->case_offset) != 0;
}

enum read_result json__read_singular(struct json_reader *reader, ProtobufCMessage *message,
                                     const struct field *field, const struct json_place *place)
{
    void *address = field_address(message, field, 0);
    enum read_result result;

    if (field->message != NULL)
        result = json__read_message(reader, field->message, place, address);
    else
        result = json__read_scalar(reader, field, place, address);
    if (result == READ_OK)
        field_mark_set(message, field);
    return result;
}

static enum read_result read_value(struct json_reader *reader, ProtobufCMessage *message,
                                   const struct field *field, const struct json_place *place)
{
    if (field->map)
        return json__read_map(reader, message, field, place);
    if (field->repeated)
        return json__read_list(reader, message, field, place);
    return json__read_singular(reader, message, field, place);
}

/* The value of a field, null included. */
static enum read_result read_field(struct json_reader *reader, ProtobufCMessage *message,
                                   const struct field *field, const struct json_place *place)
{
    struct json_paths *present = reader->present;
    bool absent = json_scan__kind(&reader->scan) == JSON_NULL &&
                  (field->repeated || !json__takes_null(field));
    size_t before = present == NULL ? 0 : present->count;
    enum read_result result;

    if (absent) {
        if (field->secret && field->map)
            json__put_blank_entry(reader, message, field);
        note_present(reader, place);
        return json_scan__word(&reader->scan) ? READ_OK : json__read_broken(reader, place);
    }
    if (field->oneof_member && oneof_is_set(message, field))
        return json__read_refuse(reader, place,
                                 "must not be given together with another field of \"%.*s\"",
                                 SLICE_ARG(field->parent->oneofs[field->oneof].name));
    if (is_leaf(field))
        reader->present = NULL;
    result = read_value(reader, message, field, place);
    reader->present = present;
    if (present != NULL && present->count == before)
        note_present(reader, place);
    return result;
}

/* Which fields of an object were met. */
struct seen {
    uint64_t small[4]; /* enough for nearly all types */
    uint64_t *bits;
};

static void seen_init(struct seen *seen, struct arena *arena, const struct message_type *type)
{
    *seen = (struct seen){{0}, NULL};
    seen->bits = seen->small;
    if (type->field_count > sizeof(seen->small) * 8)
        seen->bits = arena_array(arena, type->field_count / 64 + 1, sizeof(*seen->bits));
}

static bool seen_before(struct seen *seen, const struct field *field)
{
    uint64_t *word = &seen->bits[field->index / 64];
    uint64_t bit = (uint64_t)1 << (field->index % 64);
    bool before = (*word & bit) != 0;

    *word |= bit;
    return before;
}

/* Most senders keep the order of declaration: the field after the last one is tried first. */
static struct slice likely_name(const struct message_type *type, size_t hint)
{
    if (hint < type->field_count && type->declared[hint]->json_name_is_plain)
        return type->declared[hint]->json_name;
    return SLICE_EMPTY;
}

static const struct field *find_field(const struct message_type *type, struct slice name,
                                      size_t *hint)
{
    const struct field *field;

    if (*hint < type->field_count && (type->declared[*hint]->json_name.data == name.data ||
                                      slice_equal(type->declared[*hint]->json_name, name)))
        return type->declared[(*hint)++];
    field = message_field_by_name(type, name);
    if (field != NULL && type->declared[field->index] == field)
        *hint = field->index + 1;
    return field;
}

static enum read_result read_unknown(struct json_reader *reader, const struct json_place *up,
                                     struct slice name)
{
    struct json_place place = {.up = up, .kind = PLACE_NAME, .name = name};

    if (!reader->options->ignore_unknown)
        return json__read_refuse(reader, &place, "is not a known field");
    return json_scan__skip(&reader->scan) ? READ_OK : json__read_broken(reader, &place);
}

static enum read_result read_member(struct json_reader *reader, const struct field *field,
                                    ProtobufCMessage *message, const struct json_place *up,
                                    struct seen *seen)
{
    struct json_place place = {.up = up, .kind = PLACE_FIELD, .field = field};

    if (seen_before(seen, field))
        return json__read_refuse(reader, &place, "must not be given twice");
    return read_field(reader, message, field, &place);
}

bool json__read_on(struct json_reader *reader, const char *at, unsigned depth)
{
    struct json_scan *scan = &reader->scan;

    if (!status_is_ok(reader->status) || scan->error != NULL || arena_failed(reader->arena) ||
        reader->violations.count >= VIOLATIONS_LOOKED_MOST)
        return false;
    scan->at = at;
    scan->depth = depth;
    if (json_scan__skip(scan))
        return true;
    json__read_broken(reader, NULL);
    return false;
}

enum read_result json__read_members(struct json_reader *reader, const struct message_type *type,
                                    ProtobufCMessage *message, const struct json_place *place,
                                    bool skip_type)
{
    struct json_scan *scan = &reader->scan;
    enum read_result result;
    struct json_string name;
    struct seen seen;
    size_t count = 0;
    size_t hint = 0;

    seen_init(&seen, reader->arena, type);
    while (seen.bits != NULL && json_scan__member(scan, &count, likely_name(type, hint), &name)) {
        const struct field *field = find_field(type, name.text, &hint);
        const char *at = scan->at;
        unsigned depth = scan->depth;

        if (field != NULL)
            result = read_member(reader, field, message, place, &seen);
        else if (skip_type && slice_equal(name.text, SLICE("@type")))
            result = json_scan__skip(scan) ? READ_OK : json__read_broken(reader, place);
        else
            result = read_unknown(reader, place, name.text);
        if (result == READ_FAILED && !json__read_on(reader, at, depth))
            return READ_FAILED;
    }
    if (scan->error != NULL || arena_failed(reader->arena))
        return json__read_broken(reader, place);
    return READ_OK;
}

enum read_result json__read_message(struct json_reader *reader, const struct message_type *type,
                                    const struct json_place *place, ProtobufCMessage **ret_message)
{
    ProtobufCMessage *message = message_new(reader->arena, type);

    if (message == NULL)
        return json__read_broken(reader, place);
    *ret_message = message;
    if (json__reads_specially(type))
        return json__read_well_known(reader, type, message, place);
    if (json_scan__kind(&reader->scan) != JSON_OBJECT)
        return json__read_unexpected(reader, place, "an object");
    if (!json_scan__open(&reader->scan))
        return json__read_broken(reader, place);
    return json__read_members(reader, type, message, place, false);
}

/* -- entry points -------------------------------------------------------------------------------
 */

/* Within a leaf there are no paths: of one that is read alone there are none at all. */
static void reader_begin(struct json_reader *reader, struct arena *arena, struct slice text,
                         const struct json_read_options *options, bool leaf)
{
    *reader = (struct json_reader){.arena = arena, .options = options};
    reader->present = leaf ? NULL : options->present;
    json_scan__begin(&reader->scan, arena, text);
}

static struct status reader_end(struct json_reader *reader, enum read_result result)
{
    if (arena_failed(reader->arena))
        return status_out_of_memory();
    if (result != READ_FAILED && !json_scan__end(&reader->scan))
        json__read_broken(reader, NULL);
    /* A failure without a reason would be an accepted request. */
    assert(result != READ_FAILED || reader->violations.count > 0 || !status_is_ok(reader->status));
    if (reader->options->ret_complete != NULL)
        *reader->options->ret_complete = result != READ_FAILED && reader->scan.error == NULL;
    return status_is_ok(reader->status) ? violations_status(&reader->violations, reader->arena)
                                        : reader->status;
}

struct status json_read_message(struct arena *arena, const struct message_type *type,
                                struct slice text, const struct json_read_options *options,
                                ProtobufCMessage **ret_message)
{
    ProtobufCMessage *message = NULL;
    struct json_reader reader;
    enum read_result result;
    struct status status;

    reader_begin(&reader, arena, text, options, json__reads_specially(type));
    if (reader.scan.error != NULL)
        result = json__read_broken(&reader, NULL);
    else if (json_scan__kind(&reader.scan) == JSON_NULL && type->well_known != WELL_KNOWN_VALUE)
        result = json__read_unexpected(&reader, NULL, "an object");
    else
        result = json__read_message(&reader, type, NULL, &message);
    status = reader_end(&reader, result);
    if (status_is_ok(status) || (options->ret_complete != NULL && *options->ret_complete))
        *ret_message = message;
    return status;
}

struct status json_read_field(struct arena *arena, ProtobufCMessage *message,
                              const struct field *field, struct slice text,
                              const struct json_read_options *options)
{
    struct json_reader reader;
    enum read_result result;

    assert(message->descriptor == field->parent->pb);
    reader_begin(&reader, arena, text, options, is_leaf(field));
    field_clear(message, field);
    if (reader.scan.error != NULL)
        result = json__read_broken(&reader, NULL);
    else if (json_scan__kind(&reader.scan) == JSON_NULL && !json__takes_null(field))
        result = json_scan__word(&reader.scan) ? READ_OK : json__read_broken(&reader, NULL);
    else
        result = read_value(&reader, message, field, NULL);
    return reader_end(&reader, result);
}
