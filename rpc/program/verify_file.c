/* An exported audit log against its chain: one line at a time, in bounded memory. */
#include "rpc/program/verify_file.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "datastream/storage/v1/records.pb-c.h"
#include "datastream/v1/audit.pb-c.h"
#include "proto/contract/contract_find.h"
#include "proto/json/json.h"
#include "proto/json/json_read.h"
#include "proto/message/message.h"
#include "rpc/services/owner.h"
#include "storage/audit.h"
#include "storage/keys.h"

typedef Datastream__V1__AuditLog Line;
typedef Datastream__Storage__V1__AuditRecord Row;

/* Far beyond any line: a row has at most some 100 KiB. */
#define LINE_BYTES_MOST ((size_t)4 << 20)
#define ARENA_BYTES_MOST ((size_t)64 << 20)
#define PROBLEMS_MOST 100

struct reading {
    const struct options *options;
    struct program *program;
    const struct message_type *type;
    struct uuid organization;
    struct audit_chain chain;
    struct arena arena; /* of one line */

    unsigned long long line; /* that is read */
    unsigned long long problems;
    uint64_t rows;              /* that hold */
    uint64_t first, number;     /* of the rows that were read; 0 before the first */
    uint64_t missing;           /* rows between them */
    uint8_t mac[AUDIT_MAC_LEN]; /* of the last */
};

static void say(struct reading *reading, struct slice sentence)
{
    if (++reading->problems <= PROBLEMS_MOST)
        printf("%s, line %llu: %.*s\n", reading->options->file, reading->line, SLICE_ARG(sentence));
    if (reading->problems == PROBLEMS_MOST + 1)
        printf("There are more problems; only the first %d are shown.\n", PROBLEMS_MOST);
}

/* -- the row of a line ------------------------------------------------------------------------ */

static bool find_outcome(const char *name, int32_t *ret_code)
{
    for (int code = 0; code < STATUS_CODES; code++)
        if (strcmp(status_code_name((enum status_code)code), name) == 0) {
            *ret_code = code;
            return true;
        }
    return false;
}

/* The row as it was packed, with this count; false when the line cannot be that of a row. */
static bool pack_row(struct arena *arena, const Line *line, int32_t count, struct slice *ret_body)
{
    Row row;

    datastream__storage__v1__audit_record__init(&row);
    if (line->create_time == NULL || line->create_time->nanos % 1000000 != 0 ||
        !find_outcome(line->outcome, &row.outcome))
        return false;
    row.time_ms = line->create_time->seconds * 1000 + line->create_time->nanos / 1000000;
    row.actor = line->actor;
    row.actor_name = line->actor_name;
    row.source_ip = line->source_ip;
    row.user_agent = line->user_agent;
    row.action = line->action;
    row.method = line->method;
    row.kind = line->kind;
    row.object_id = line->object_id;
    row.object_name = line->object_name;
    row.request_id = line->request_id;
    row.description = line->description;
    row.count = count;
    row.n_changes = line->n_changes;
    row.changes = arena_array(arena, line->n_changes, sizeof(*row.changes));
    for (size_t i = 0; row.changes != NULL && i < line->n_changes; i++) {
        row.changes[i] = arena_alloc(arena, sizeof(*row.changes[i]));
        if (row.changes[i] == NULL)
            return false;
        datastream__storage__v1__audit_change__init(row.changes[i]);
        row.changes[i]->path = line->changes[i]->path;
        row.changes[i]->before = line->changes[i]->before;
        row.changes[i]->after = line->changes[i]->after;
    }
    *ret_body = arena_failed(arena) ? SLICE_EMPTY : message_pack(arena, &row.base);
    return !arena_failed(arena);
}

/* A row that says no count, or 1, is told with 1. */
static bool is_proven(struct reading *reading, const Line *line,
                      const uint8_t previous[AUDIT_MAC_LEN])
{
    const int32_t counts[] = {line->count, 0};

    assert(line->number > 0 && line->mac.len == AUDIT_MAC_LEN); /* check_line has looked */
    if (line->count < 1)
        return false;
    for (size_t i = 0; i < (line->count == 1 ? 2 : 1); i++) {
        struct slice body;

        if (pack_row(&reading->arena, line, counts[i], &body) &&
            audit_chain_proves(&reading->chain, previous, line->number, body, line->mac.data))
            return true;
    }
    return false;
}

/* -- the row before --------------------------------------------------------------------------- */

/* The code of a row of the store; false when there is none that can be read. */
static bool read_mac(struct reading *reading, uint64_t number, uint8_t ret_mac[AUDIT_MAC_LEN])
{
    struct store_view *view = store_view_open(reading->program->store, &reading->arena);
    struct slice value, body;

    return view != NULL &&
           store_get(view, FAMILY_AUDIT, key_audit(&reading->arena, &reading->organization, number),
                     &value) == STORE_FOUND &&
           audit_parse(value, ret_mac, &body);
}

static bool find_previous(struct reading *reading, uint64_t number, uint8_t ret_mac[AUDIT_MAC_LEN])
{
    static const uint8_t none[AUDIT_MAC_LEN] = {0};

    assert(number > reading->number); /* check_order lets no other through */
    if (number > 1 && number != reading->number + 1)
        return read_mac(reading, number - 1, ret_mac);
    memcpy(ret_mac, number == 1 ? none : reading->mac, AUDIT_MAC_LEN);
    return true;
}

/* Whether the row follows those before it; the sentence says what is missing or moved. */
static bool check_order(struct reading *reading, uint64_t number)
{
    unsigned long long last = reading->number;

    if (number <= last) {
        say(reading, arena_printf(&reading->arena, "row %llu stands after row %llu.",
                                  (unsigned long long)number, last));
        return false;
    }
    if (last != 0 && number > last + 1) {
        reading->missing += number - last - 1;
        if (!reading->options->allow_gaps)
            say(reading, arena_printf(&reading->arena, "rows %llu to %llu are missing before it.",
                                      last + 1, (unsigned long long)number - 1));
    }
    return true;
}

/* -- lines ------------------------------------------------------------------------------------ */

static void check_row(struct reading *reading, const Line *line)
{
    uint8_t previous[AUDIT_MAC_LEN];
    unsigned long long number = line->number;

    if (!check_order(reading, line->number))
        return;
    if (!find_previous(reading, line->number, previous))
        say(reading,
            arena_printf(&reading->arena, "row %llu cannot be proven: the store has no row %llu.",
                         number, number - 1));
    else if (!is_proven(reading, line, previous))
        say(reading, arena_printf(&reading->arena,
                                  "row %llu was altered, or is of another organization.", number));
    else
        reading->rows++;
    if (reading->first == 0)
        reading->first = line->number;
    reading->number = line->number;
    assert(reading->rows + reading->missing <= reading->number - reading->first + 1);
    memcpy(reading->mac, line->mac.data, AUDIT_MAC_LEN);
}

static void check_line(struct reading *reading, struct slice text, bool is_whole)
{
    const struct json_read_options options = {.contract = reading->program->contract};
    ProtobufCMessage *message = NULL;
    const Line *line;

    reading->line++;
    arena_reset(&reading->arena);
    if (!is_whole) {
        say(reading, SLICE("the line is not complete: the file was cut here."));
        return;
    }
    if (slice_starts_with(text, SLICE("{\"error\":"))) {
        say(reading,
            arena_printf(&reading->arena, "the export broke off here; resume it with after=%llu.",
                         (unsigned long long)reading->number));
        return;
    }
    if (!status_is_ok(
            json_read_message(&reading->arena, reading->type, text, &options, &message))) {
        say(reading, slice_starts_with(text, SLICE("createTime,"))
                         ? SLICE("this is CSV; only exports as NDJSON can be verified.")
                         : SLICE("this is no line of an exported audit log."));
        return;
    }
    line = (const Line *)message;
    if (line->number == 0 || line->mac.len != AUDIT_MAC_LEN)
        say(reading, SLICE("the line has no number or no mac: it is of no export."));
    else
        check_row(reading, line);
}

static struct status read_lines(struct reading *reading, FILE *file)
{
    char *text = NULL;
    size_t size = 0;
    ssize_t len;
    bool too_long = false;

    while ((len = getline(&text, &size, file)) > 0) {
        bool is_whole = text[len - 1] == '\n';

        too_long = (size_t)len > LINE_BYTES_MOST;
        if (too_long)
            break;
        check_line(reading, slice_make(text, (size_t)len - (is_whole ? 1 : 0)), is_whole);
    }
    free(text);
    if (too_long)
        return status_const(STATUS_INVALID_ARGUMENT,
                            SLICE("A line of the file is too long for an exported audit log."));
    return ferror(file) ? status_const(STATUS_UNAVAILABLE, SLICE("The file cannot be read."))
                        : status_ok();
}

/* -- the file --------------------------------------------------------------------------------- */

/* The number of the store's last row; 0 when there is none. */
static uint64_t last_of_store(struct reading *reading)
{
    struct store_view *view = store_view_open(reading->program->store, &reading->arena);
    struct slice prefix = key_organization(&reading->arena, &reading->organization);
    struct store_rows rows = {0};
    uint64_t number = 0;

    if (view == NULL || arena_failed(&reading->arena) ||
        store_scan(view, FAMILY_AUDIT, prefix, key_prefix_end(&reading->arena, prefix), true, 1,
                   &rows) != STORE_FOUND ||
        rows.count == 0 || !key_audit_parse(rows.rows[0].key, &number))
        return 0;
    return number;
}

static struct status sum_up(struct reading *reading)
{
    unsigned long long last = last_of_store(reading);

    if (reading->number > last)
        say(reading,
            arena_printf(&reading->arena,
                         "the store is older than the file, or was cut: it ends with row %llu.",
                         last));
    if (reading->problems > 0)
        return status_const(STATUS_DATA_LOSS, SLICE("The file does not hold."));
    if (reading->number == 0) {
        printf("%s: 0 rows\n", reading->options->file);
        return status_ok();
    }
    assert(reading->first > 0 && reading->first <= reading->number);
    /* Without a problem each number is that of a row that holds, or of one that is missing. */
    assert(reading->rows + reading->missing == reading->number - reading->first + 1);
    printf("%s: %llu rows, from %llu to %llu, %llu between them not in the file, head %.*s; the "
           "store ends with row %llu\n",
           reading->options->file, (unsigned long long)reading->rows,
           (unsigned long long)reading->first, (unsigned long long)reading->number,
           (unsigned long long)reading->missing,
           SLICE_ARG(hex_encode(&reading->arena, slice_make(reading->mac, AUDIT_MAC_LEN))), last);
    return status_ok();
}

static struct status open_reading(struct reading *reading, struct arena *arena)
{
    struct slice name;
    unsigned length;
    struct status status = owner_find_organization(
        reading->program->store, arena, slice_from_cstr(reading->options->organization_id),
        &reading->organization, &name, &length);

    if (!status_is_ok(status))
        return status;
    reading->type = contract_message(reading->program->contract, SLICE("datastream.v1.AuditLog"));
    if (reading->type == NULL ||
        !audit_chain_open(&reading->chain, reading->program->store, &reading->organization))
        return status_const(STATUS_INTERNAL,
                            SLICE("The key of the audit chain cannot be derived."));
    return status_ok();
}

struct status verify_file__check(const struct options *options, struct program *program,
                                 struct arena *arena)
{
    struct reading reading = {.options = options, .program = program};
    struct status status;
    FILE *file = fopen(options->file, "rbe");

    if (file == NULL)
        return status_make(arena, STATUS_NOT_FOUND, "The file %s cannot be opened: %s.",
                           options->file, strerror(errno));
    status = open_reading(&reading, arena);
    if (status_is_ok(status)) {
        arena_init(&reading.arena, NULL, ARENA_BYTES_MOST);
        status = read_lines(&reading, file);
        if (status_is_ok(status))
            status = sum_up(&reading);
        arena_done(&reading.arena);
        audit_chain_close(&reading.chain);
    }
    fclose(file);
    return status;
}
