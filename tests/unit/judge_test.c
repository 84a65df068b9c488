/*
 * The one walk over a merged object beside the stored one, by the plan of their kind, against walks
 * by descriptor that each do one part of it: random objects of every kind, of which random fields
 * were written.
 */
#include "proto/message/message_equal.h"
#include "proto/message/message_walk.h"
#include "rpc/call/validate.h"
#include "rpc/services/resource/changes.h"
#include "rpc/services/resource/fields.h"
#include "rpc/services/resource/hooks.h"
#include "rpc/services/resource/judge.h"
#include "rpc/services/resource/judge_plan.h"
#include "rpc/services/resource/quote_references.h"
#include "rpc/services/resource/rules_fill.h"
#include "rpc/services/resource/rules_once.h"
#include "rpc/services/resource/rules_values.h"
#include "tests/json/random_message.h"
#include "tests/support/engine.h"

#define ROUNDS 150

/* -- the walks by descriptor ------------------------------------------------------------------ */

/* All that is compared: what a judge leaves behind. */
struct outcome {
    ProtobufCMessage *message;
    struct violations violations;
    struct references references, stored;
    struct call_changes changes;
    bool is_changed;
    struct slice same;    /* the ids that rules for others are for, each with its path */
    struct slice secrets; /* their paths */
};

struct parts {
    const struct change *change;
    struct references_collection *references;
    struct outcome *outcome;
};

static void add_line(struct slice *lines, struct slice path, struct slice text)
{
    *lines = arena_printf(&world.arena, "%.*s%.*s=%.*s\n", SLICE_ARG(*lines), SLICE_ARG(path),
                          SLICE_ARG(text));
}

static void keep_secrets(const struct change *change, const struct message_type *type,
                         const ProtobufCMessage *before, ProtobufCMessage *after)
{
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];

        if (field->secret)
            rules__keep_secret(change, before, after, field);
        else if (field->message != NULL && !field->repeated && field_is_set(before, field) &&
                 field_is_set(after, field))
            keep_secrets(change, field->message, field_get_message(before, field),
                         field_get_message(after, field));
    }
}

static void admit(struct walk *walk, const struct spot *spot, ProtobufCMessage *message,
                  const struct field *field, bool judged)
{
    const struct parts *parts = walk->context;

    (void)spot;
    (void)judged;
    rules__admit(parts->change, message, field);
}

static void fill(struct walk *walk, const struct spot *spot, ProtobufCMessage *message,
                 const struct field *field, bool judged)
{
    const struct parts *parts = walk->context;

    (void)spot;
    rules__fill(parts->change, message, field, judged);
}

static void judge_texts(const struct rule_place *place)
{
    const struct field *field = place->spot->field;
    bool may_quote = quotes__are_allowed(place->change->kind, place->spot);

    if (field->pb->type == PROTOBUF_C_TYPE_STRING && !field->output_only &&
        (field->format != FIELD_FORMAT_NONE || may_quote))
        rules__check_texts(place, may_quote);
}

static void judge_together(struct walk *walk, const struct spot *spot, ProtobufCMessage *message,
                           const struct field *field, bool judged)
{
    const struct parts *parts = walk->context;
    const struct rule_place place = {parts->change, parts->change->violations, spot, message};

    if (judged && field->secret)
        rules__check_secret(&place);
    if (judged)
        judge_texts(&place);
    rules__check_required_when(&place, judged);
    if (judged && field->unique_by != NULL)
        rules__check_unique_by(&place);
    if (judged && field->struct_bounds != NULL)
        rules__check_struct_bounds(&place);
}

static void note(struct walk *walk, const struct spot *spot, ProtobufCMessage *message,
                 const struct field *field, bool judged)
{
    const struct parts *parts = walk->context;
    unsigned noted = NOTED_AFTER | (judged ? NOTED_WRITTEN : 0);

    if (field->reference != NULL)
        references__note_ids(parts->references, spot, message, noted);
    else if (quotes__are_allowed(parts->change->kind, spot))
        references__note_quotes(parts->references, spot, message, noted);
}

static void note_same(struct walk *walk, const struct spot *spot, ProtobufCMessage *message,
                      const struct field *field, bool judged)
{
    const struct parts *parts = walk->context;

    if (field->same_count == 0 || !judged || !field_is_set(message, field))
        return;
    for (size_t i = 0; i < (field->repeated ? field_count(message, field) : 1); i++)
        add_line(&parts->outcome->same,
                 field->repeated ? spot__path_at(walk->arena, spot, i)
                                 : spot_path(walk->arena, spot),
                 slice_from_cstr(*(char **)field_address(message, field, i)));
}

static void note_secrets(struct walk *walk, const struct spot *spot, ProtobufCMessage *message,
                         const struct field *field, bool judged)
{
    const struct parts *parts = walk->context;

    (void)judged;
    if (field->secret && fields__holds_secret(message, field))
        add_line(&parts->outcome->secrets, spot_path(walk->arena, spot), SLICE_EMPTY);
}

static void walk_for(const struct parts *parts, unsigned traits, walk_visitor *visit,
                     bool free_form)
{
    const struct change *change = parts->change;
    struct walk walk = {.arena = change->call->arena,
                        .traits = traits,
                        .touched = change->touched,
                        .visit = visit,
                        .context = (void *)parts,
                        .free_form = free_form};

    walk__object(&walk, change->kind->message, change->after);
}

static void judge_values(const struct change *change, const struct message_type *type,
                         const ProtobufCMessage *message, struct slice path, bool quotes)
{
    const struct kind *kind = change->kind;
    struct arena *arena = change->call->arena;

    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = type->declared[i];
        bool may_quote = quotes && field != kind->name && field != kind->description &&
                         field != kind->labels;

        if (touched_has(change->touched, message, field))
            validate_field(arena, message, field, path, may_quote, change->call->now_ms,
                           change->violations);
        else if (field->message != NULL && !field->repeated && !field->output_only &&
                 field->message->well_known == WELL_KNOWN_NONE && field_is_set(message, field))
            judge_values(change, field->message, field_get_message(message, field),
                         fields__path(arena, path, field), may_quote || field->quotes);
    }
}

/* What is set once, in two messages of a type. */
static void judge_once(const struct change *change, const struct message_type *type,
                       const ProtobufCMessage *before, const ProtobufCMessage *after,
                       struct slice path)
{
    struct arena *arena = change->call->arena;

    for (size_t i = 0; i < type->oneof_count; i++) {
        const struct oneof *oneof = &type->oneofs[i];
        const struct field *was = NULL, *is = NULL;

        for (size_t n = 0; n < oneof->field_count; n++) {
            if (field_is_set(before, oneof->fields[n]))
                was = oneof->fields[n];
            if (field_is_set(after, oneof->fields[n]))
                is = oneof->fields[n];
        }
        if (!oneof->once || was == NULL || was == is || (is == NULL && was->secret))
            continue;
        if (is == NULL)
            violations_add(change->violations, arena, fields__path(arena, path, was),
                           "cannot be removed: \"%.*s\" is set once", SLICE_ARG(oneof->name));
        else
            violations_add(change->violations, arena, fields__path(arena, path, is),
                           "cannot replace \"%.*s\": \"%.*s\" is set once",
                           SLICE_ARG(was->json_name), SLICE_ARG(oneof->name));
    }
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];

        if (field->once && field_is_set(before, field) && !field_equal(arena, before, after, field))
            violations_add(change->violations, arena, fields__path(arena, path, field),
                           "cannot be changed: it is set once");
        if (field->message != NULL && !field->repeated && field_is_set(before, field) &&
            field_is_set(after, field))
            judge_once(change, field->message, field_get_message(before, field),
                       field_get_message(after, field), fields__path(arena, path, field));
    }
}

static void judge_by_parts(const struct change *change, struct references_reader *reader,
                           struct outcome *outcome)
{
    const struct message_type *type = change->kind->message;
    struct references_reader stored = references_reader(change->call);
    struct references_collection references = {.reader = reader, .kind = change->kind};
    const struct parts parts = {change, &references, outcome};
    struct violations ignored = {0};

    if (change->before != NULL && change->keeps_secrets)
        keep_secrets(change, type, change->before, change->after);
    walk_for(&parts, TRAIT_SECRET | TRAIT_INPUT_ONLY, admit, false);
    walk_for(&parts, TRAIT_FILLED, fill, false);
    judge_values(change, type, change->after, SLICE_EMPTY, change->kind->quotes);
    if (status_is_ok(change->call->refused))
        walk_for(&parts, TRAIT_SECRET | TRAIT_TOGETHER | TRAIT_TEXT, judge_together, true);
    if (status_is_ok(change->call->refused) && change->before != NULL)
        judge_once(change, type, change->before, change->after, SLICE_EMPTY);
    walk_for(&parts, TRAIT_REFERENCE | TRAIT_TEXT, note, true);
    walk_for(&parts, TRAIT_SECRET, note_secrets, false);
    references__read(&references, change->after, change->violations, &outcome->references);
    walk_for(&parts, TRAIT_SAME, note_same, false);
    if (change->before == NULL)
        return;
    references__collect(&stored, change->kind, message_copy(&world.arena, change->before), &ignored,
                        &outcome->stored);
    outcome->is_changed = changes_note(&world.arena, &outcome->changes, type, change->before,
                                       change->after);
}

/* -- the one walk ----------------------------------------------------------------------------- */

static void judge_by_plan(const struct change *change, struct references_reader *reader,
                          struct outcome *outcome)
{
    struct judge_notes notes = {.references = {.reader = reader, .kind = change->kind}};

    judge__object(change, &notes);
    if (status_is_ok(change->call->refused))
        rules__check_once(change, &notes.differences);
    references__read(&notes.references, change->after, change->violations, &outcome->references);
    for (const struct secret_spot *at = notes.secrets.first; at != NULL; at = at->next) {
        add_line(&outcome->secrets, spot_path(&world.arena, at->spot), SLICE_EMPTY);
        assert_true(
            fields__holds_secret(secret_spots__message(at->spot, change->after), at->spot->field));
    }
    for (const struct noted_id *at = notes.references.first; at != NULL; at = at->next)
        if (at->field->same_count > 0 && (at->noted & NOTED_WRITTEN) != 0)
            add_line(&outcome->same, at->path, slice_from_cstr(at->text));
    if (change->before == NULL)
        return;
    references__read_stored(&notes.references, message_copy(&world.arena, change->before),
                            &outcome->stored);
    outcome->is_changed = changes__note_differences(&world.arena, &outcome->changes,
                                                    &notes.differences);
}

/* -- random objects --------------------------------------------------------------------------- */

static const char *random_text(struct random_bytes *random, const struct field *field)
{
    static const char *const ids[] = {"0192F1A0-0000-7000-8000-000000004002",
                                      "0192f1a0-0000-7000-8000-000000004002",
                                      "0192f1a0-0000-7000-8000-000000004003", "no id"};
    static const char *const texts[] = {
        "",         "REPLACE_ME",          "$secret{id=0192f1a0-0000-7000-8000-000000007001}",
        "$secret{", "a $ext{store:x} b",   "0192F1A0-0000-7000-8000-000000004002",
        "5m",       "event.severity > (3", "name",
        "\x01"};

    if (field->reference != NULL)
        return ids[random_below(random, sizeof(ids) / sizeof(ids[0]))];
    return texts[random_below(random, sizeof(texts) / sizeof(texts[0]))];
}

/* What a message holds of a later contract. */
static void add_unknown(struct random_bytes *random, ProtobufCMessage *message)
{
    static uint8_t values[] = {1, 2};
    ProtobufCMessageUnknownField *unknown = arena_zalloc(&world.arena, sizeof(*unknown));

    assert_non_null(unknown);
    *unknown = (ProtobufCMessageUnknownField){.tag = 19000,
                                              .wire_type = PROTOBUF_C_WIRE_TYPE_VARINT,
                                              .len = 1,
                                              .data = &values[random_below(random, 2)]};
    message->n_unknown_fields = 1;
    message->unknown_fields = unknown;
}

/* Gives some texts a value that rules know; any string member may be set so, map keys too. */
static void spice(struct random_bytes *random, const struct message_type *type,
                  ProtobufCMessage *message)
{
    if (random_below(random, 8) == 0)
        add_unknown(random, message);
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];
        size_t count = field->repeated ? field_count(message, field) : 1;

        if (!field_is_set(message, field))
            continue;
        for (size_t n = 0; n < count; n++) {
            void *address = field_address(message, field, n);

            if (field->message != NULL)
                spice(random, field->message, *(ProtobufCMessage **)address);
            else if (field->pb->type == PROTOBUF_C_TYPE_STRING && random_below(random, 2) == 0)
                *(const char **)address = arena_cstr(&world.arena,
                                                     slice_from_cstr(random_text(random, field)));
        }
    }
}

static ProtobufCMessage *random_object(struct random_bytes *random, const struct message_type *type)
{
    const struct field *failed = NULL;
    ProtobufCMessage *message;
    struct slice bytes;

    do {
        random->len = 0;
        random_put_message(random, type, 0);
        bytes = arena_copy(&world.arena, slice_make(random->bytes, random->len));
    } while (message_walk(&world.arena, type, bytes, (struct walk_options){0}, &bytes, &failed) !=
             WALK_OK);
    message = message_unpack(&world.arena, type, bytes);
    assert_non_null(message);
    spice(random, type, message);
    return message;
}

/*
 * Writes random fields, with what they are in `from` (NULL: nothing is there), as a mask can name
 * them: none in lists, in free-form values or below one that is named.
 */
static void write_some(struct random_bytes *random, const struct message_type *type,
                       const ProtobufCMessage *from, ProtobufCMessage *message,
                       struct touched *touched)
{
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];

        if (random_below(random, 4) == 0) {
            touched__add(touched, &world.arena, message, field);
            if (from != NULL)
                field_copy(message, from, field);
        } else if (field->message != NULL && !field->repeated && !field->output_only &&
                   field->message->well_known == WELL_KNOWN_NONE && field_is_set(message, field)) {
            write_some(random, field->message, from == NULL ? NULL : field_get_message(from, field),
                       field_get_message(message, field), touched);
        }
    }
}

/* -- comparing -------------------------------------------------------------------------------- */

/* A merge, and what of it both judges are given alike. */
struct scene {
    const struct kind *kind;
    const ProtobufCMessage *from;
    const ProtobufCMessage *before; /* NULL: `from` is created */
    uint64_t seed;
    bool is_refused;
};

typedef void judge_function(const struct change *change, struct references_reader *reader,
                            struct outcome *outcome);

/* The object as it would be stored: its ids are in lower case. */
static const ProtobufCMessage *random_stored(struct random_bytes *random, const struct kind *kind)
{
    ProtobufCMessage *stored = random_object(random, kind->message);
    struct call call = {.arena = &world.arena, .loop = world.loop};
    struct references_reader reader = references_reader(&call);
    struct references references;
    struct violations ignored = {0};

    references__collect(&reader, kind, stored, &ignored, &references);
    return stored;
}

static struct outcome judge(judge_function *function, const struct scene *scene)
{
    struct random_bytes random = {.state = scene->seed};
    struct touched touched = {.whole = scene->before == NULL || random_below(&random, 6) == 0};
    struct outcome outcome = {
        .message = message_copy(&world.arena, touched.whole ? scene->from : scene->before)};
    const ProtobufCMessage *before = scene->before == NULL
                                         ? NULL
                                         : message_copy(&world.arena, scene->before);
    struct call call = {.arena = &world.arena, .loop = world.loop, .now_ms = 1};
    const struct change change = {.call = &call,
                                  .kind = scene->kind,
                                  .before = before,
                                  .after = outcome.message,
                                  .touched = &touched,
                                  .clears_input = random_below(&random, 2) == 0,
                                  .keeps_secrets = random_below(&random, 4) > 0,
                                  .violations = &outcome.violations};
    struct references_reader reader = references_reader(&call);

    if (scene->is_refused)
        call.refused = status_const(STATUS_INVALID_ARGUMENT, SLICE("of what was read in part"));
    if (!touched.whole)
        write_some(&random, scene->kind->message, message_copy(&world.arena, scene->from),
                   outcome.message, &touched);
    if (random_below(&random, 2) == 0)
        violations_add(&outcome.violations, &world.arena, SLICE("name"), "was refused before");
    function(&change, &reader, &outcome);
    return outcome;
}

static void assert_same_text(struct slice wanted, struct slice got)
{
    if (!slice_equal(wanted, got))
        fail_msg("wanted \"%.*s\", got \"%.*s\"", SLICE_ARG(wanted), SLICE_ARG(got));
}

static void assert_same_violations(const struct kind *kind, const struct violations *wanted,
                                   const struct violations *got)
{
    const struct status_detail *a = wanted->first;
    const struct status_detail *b = got->first;

    for (; a != NULL && b != NULL; a = a->next, b = b->next)
        if (!slice_equal(a->subject, b->subject) || !slice_equal(a->description, b->description))
            fail_msg("%.*s: wanted %.*s: %.*s\ngot %.*s: %.*s", SLICE_ARG(kind->singular),
                     SLICE_ARG(a->subject), SLICE_ARG(a->description), SLICE_ARG(b->subject),
                     SLICE_ARG(b->description));
    assert_true(a == NULL && b == NULL);
    assert_int_equal(wanted->count, got->count);
}

/* `with_paths`: nobody is told those of stored ones. */
static void assert_same_references(const struct references *wanted, const struct references *got,
                                   bool with_paths)
{
    const struct reference *a = wanted->first;
    const struct reference *b = got->first;

    for (; a != NULL && b != NULL; a = a->next, b = b->next) {
        assert_ptr_equal(a->kind, b->kind);
        assert_memory_equal(&a->id, &b->id, sizeof(a->id));
        assert_int_equal(a->field, b->field);
        assert_true(a->exclusive == b->exclusive && a->quoted == b->quoted);
        if (with_paths)
            assert_same_text(a->path, b->path);
    }
    assert_true(a == NULL && b == NULL);
    assert_int_equal(wanted->count, got->count);
}

static void assert_same_changes(const struct call_changes *wanted, const struct call_changes *got)
{
    const struct call_change *a = wanted->first;
    const struct call_change *b = got->first;

    for (; a != NULL && b != NULL; a = a->next, b = b->next) {
        assert_same_text(a->path, b->path);
        assert_same_text(a->before, b->before);
        assert_same_text(a->after, b->after);
    }
    assert_same_text(a == NULL ? SLICE_EMPTY : a->path, b == NULL ? SLICE_EMPTY : b->path);
}

static void assert_alike(const struct kind *kind, struct outcome wanted, struct outcome got)
{
    assert_same_violations(kind, &wanted.violations, &got.violations);
    assert_same_references(&wanted.references, &got.references, true);
    assert_same_references(&wanted.stored, &got.stored, false);
    assert_same_changes(&wanted.changes, &got.changes);
    assert_int_equal(wanted.is_changed, got.is_changed);
    assert_same_text(wanted.same, got.same);
    assert_same_text(wanted.secrets, got.secrets);
    assert_true(slice_equal(message_pack(&world.arena, wanted.message),
                            message_pack(&world.arena, got.message)));
}

/* How much of each was compared. */
struct sums {
    size_t references, stored, refused, once, changes, unchanged, same, secrets;
};

static void count(struct sums *sums, const struct outcome *outcome)
{
    sums->references += outcome->references.count;
    sums->stored += outcome->stored.count;
    sums->refused += outcome->violations.count;
    sums->unchanged += outcome->is_changed ? 0 : 1;
    sums->same += outcome->same.len > 0 ? 1 : 0;
    sums->secrets += outcome->secrets.len > 0 ? 1 : 0;
    for (const struct call_change *at = outcome->changes.first; at != NULL; at = at->next)
        sums->changes++;
    for (const struct status_detail *at = outcome->violations.first; at != NULL; at = at->next)
        sums->once += slice_ends_with(at->description, SLICE("is set once")) ? 1 : 0;
}

static void one_walk_by_a_plan_does_what_walks_by_descriptor_do(void **state)
{
    struct sums sums = {0};
    struct world *w = *state;

    for (size_t i = 0; i < w->contract->kind_count; i++) {
        const struct kind *kind = w->contract->kinds[i];
        struct random_bytes random = {.state = i + 1};

        for (uint64_t n = 0; n < ROUNDS; n++) {
            const ProtobufCMessage *stored = random_stored(&random, kind);
            const struct scene scene = {kind, random_object(&random, kind->message),
                                        n % 4 == 0 ? NULL : stored, n, n % 7 == 0};
            struct outcome wanted = judge(judge_by_parts, &scene);
            struct outcome got = judge(judge_by_plan, &scene);

            assert_alike(kind, wanted, got);
            count(&sums, &got);
        }
        free(random.bytes);
    }
    assert_false(arena_failed(&w->arena));
    assert_true(sums.references > 300 && sums.stored > 300 && sums.refused > 1000);
    assert_true(sums.once > 100 && sums.changes > 1000 && sums.unchanged > 100);
    assert_true(sums.same > 100 && sums.secrets > 100);
}

/* Where nothing was written, nothing is compared: a rule that sets a field later names it. */
static void what_is_set_after_the_walk_is_compared_once_it_is_named(void **state)
{
    struct world *w = *state;
    const struct kind *kind = world_method(w, "UpdateDevice")->kind;
    ProtobufCMessage *before = message_new(&w->arena, kind->message);
    ProtobufCMessage *after = message_new(&w->arena, kind->message);
    struct differences differences = {before, after, NULL};
    struct call_changes changes = {0};

    assert_true(before != NULL && after != NULL);
    field_set_string(&w->arena, after, kind->description, SLICE("in the cellar"));
    assert_false(changes__note_differences(&w->arena, &changes, &differences));
    differences__add(&differences, &w->arena, kind->description);
    differences__add(&differences, &w->arena, kind->name);
    differences__add(&differences, &w->arena, kind->description);
    assert_true(changes__note_differences(&w->arena, &changes, &differences));
    assert_same_text(changes.first->path, SLICE("description"));
    assert_same_text(changes.first->after, SLICE("\"in the cellar\""));
    assert_null(changes.first->next);
}

/* What a plan leaves out is not looked at. */
static void a_plan_has_the_fields_that_rules_are_for(void **state)
{
    struct world *w = *state;
    const struct kind *kind = world_method(w, "UpdateDevice")->kind;
    const struct judge_node *plan = judge__plan(w->hooks->plans, kind);
    bool has_directors = false;

    assert_ptr_equal(plan->type, kind->message);
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct judge_step *step = &plan->steps[i];

        assert_true(step->acts != 0 || step->inner != NULL);
        assert_ptr_not_equal(step->field, kind->id);
        assert_ptr_not_equal(step->field, kind->create_time);
        if (slice_equal(step->field->name, SLICE("director_ids"))) {
            has_directors = true;
            assert_int_equal(step->acts, JUDGE_REFERENCE | JUDGE_VALUE | JUDGE_CHANGE);
        }
        if (step->field == kind->description)
            assert_int_equal(step->acts, JUDGE_VALUE | JUDGE_CHANGE);
    }
    assert_true(has_directors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_walk_by_a_plan_does_what_walks_by_descriptor_do,
                                        engine_start, engine_end),
        cmocka_unit_test_setup_teardown(what_is_set_after_the_walk_is_compared_once_it_is_named,
                                        engine_start, engine_end),
        cmocka_unit_test_setup_teardown(a_plan_has_the_fields_that_rules_are_for, engine_start,
                                        engine_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
