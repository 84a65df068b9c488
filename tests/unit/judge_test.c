/*
 * The one walk over a merged object, by the plan of its kind, against walks by descriptor that each
 * do one part of it: random objects of every kind, of which random fields were written.
 */
#include "proto/message/message_walk.h"
#include "rpc/call/validate.h"
#include "rpc/services/resource/fields.h"
#include "rpc/services/resource/hooks.h"
#include "rpc/services/resource/judge.h"
#include "rpc/services/resource/judge_plan.h"
#include "rpc/services/resource/quote_references.h"
#include "rpc/services/resource/rules_fill.h"
#include "rpc/services/resource/rules_values.h"
#include "tests/json/random_message.h"
#include "tests/support/engine.h"

#define ROUNDS 150

/* -- the walks by descriptor ------------------------------------------------------------------ */

struct parts {
    const struct change *change;
    struct references_collection *references;
};

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

    if (field->reference != NULL)
        references__note_ids(parts->references, spot, message);
    else if (quotes__are_allowed(parts->change->kind, spot))
        references__note_quotes(parts->references, spot, message, judged);
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

static void judge_by_parts(const struct change *change, struct references_collection *references)
{
    const struct parts parts = {change, references};

    walk_for(&parts, TRAIT_SECRET | TRAIT_INPUT_ONLY, admit, false);
    walk_for(&parts, TRAIT_FILLED, fill, false);
    judge_values(change, change->kind->message, change->after, SLICE_EMPTY, change->kind->quotes);
    if (status_is_ok(change->call->refused))
        walk_for(&parts, TRAIT_SECRET | TRAIT_TOGETHER | TRAIT_TEXT, judge_together, true);
    walk_for(&parts, TRAIT_REFERENCE | TRAIT_TEXT, note, true);
}

/* -- random objects --------------------------------------------------------------------------- */

static const char *random_text(struct random_bytes *random)
{
    static const char *const texts[] = {
        "",         "REPLACE_ME",          "$secret{id=0192f1a0-0000-7000-8000-000000007001}",
        "$secret{", "a $ext{store:x} b",   "0192F1A0-0000-7000-8000-000000004002",
        "5m",       "event.severity > (3", "name",
        "\x01"};

    return texts[random_below(random, sizeof(texts) / sizeof(texts[0]))];
}

/* Gives some texts a value that rules know; any string member may be set so, map keys too. */
static void spice(struct random_bytes *random, const struct message_type *type,
                  ProtobufCMessage *message)
{
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
                                                     slice_from_cstr(random_text(random)));
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

/* As a mask can name fields: none in lists, in free-form values or below one that is named. */
static void touch(struct random_bytes *random, const struct message_type *type,
                  const ProtobufCMessage *message, struct touched *touched)
{
    for (size_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];

        if (random_below(random, 4) == 0)
            touched__add(touched, &world.arena, message, field);
        else if (field->message != NULL && !field->repeated && !field->output_only &&
                 field->message->well_known == WELL_KNOWN_NONE && field_is_set(message, field))
            touch(random, field->message, field_get_message(message, field), touched);
    }
}

/* -- comparing -------------------------------------------------------------------------------- */

struct outcome {
    ProtobufCMessage *message;
    struct violations violations;
    struct references references;
};

typedef void judge_function(const struct change *change, struct references_collection *references);

static struct outcome judge(judge_function *function, const struct kind *kind,
                            const ProtobufCMessage *message, uint64_t seed, bool is_refused)
{
    struct random_bytes random = {.state = seed};
    struct touched touched = {.whole = random_below(&random, 4) == 0};
    struct outcome outcome = {.message = message_copy(&world.arena, message)};
    struct call call = {.arena = &world.arena, .loop = world.loop, .now_ms = 1};
    const struct change change = {.call = &call,
                                  .kind = kind,
                                  .after = outcome.message,
                                  .touched = &touched,
                                  .clears_input = random_below(&random, 2) == 0,
                                  .violations = &outcome.violations};
    struct references_reader reader = references_reader(&call);
    struct references_collection collection = {.reader = &reader, .kind = kind};

    if (is_refused)
        call.refused = status_const(STATUS_INVALID_ARGUMENT, SLICE("of what was read in part"));
    if (!touched.whole)
        touch(&random, kind->message, outcome.message, &touched);
    if (random_below(&random, 2) == 0)
        violations_add(&outcome.violations, &world.arena, SLICE("name"), "was refused before");
    function(&change, &collection);
    references__read(&collection, outcome.message, &outcome.violations, &outcome.references);
    return outcome;
}

static void assert_alike(const struct kind *kind, struct outcome wanted, struct outcome got)
{
    const struct status_detail *a = wanted.violations.first;
    const struct status_detail *b = got.violations.first;
    const struct reference *left = wanted.references.first;
    const struct reference *right = got.references.first;

    for (; a != NULL && b != NULL; a = a->next, b = b->next)
        if (!slice_equal(a->subject, b->subject) || !slice_equal(a->description, b->description))
            fail_msg("%.*s: wanted %.*s: %.*s\ngot %.*s: %.*s", SLICE_ARG(kind->singular),
                     SLICE_ARG(a->subject), SLICE_ARG(a->description), SLICE_ARG(b->subject),
                     SLICE_ARG(b->description));
    assert_true(a == NULL && b == NULL);
    assert_int_equal(wanted.violations.count, got.violations.count);
    for (; left != NULL && right != NULL; left = left->next, right = right->next) {
        assert_ptr_equal(left->kind, right->kind);
        assert_memory_equal(&left->id, &right->id, sizeof(left->id));
        assert_int_equal(left->field, right->field);
        assert_true(left->exclusive == right->exclusive && left->quoted == right->quoted);
        assert_true(slice_equal(left->path, right->path));
    }
    assert_true(left == NULL && right == NULL);
    assert_true(slice_equal(message_pack(&world.arena, wanted.message),
                            message_pack(&world.arena, got.message)));
}

static void one_walk_by_a_plan_does_what_walks_by_descriptor_do(void **state)
{
    size_t references = 0, refused = 0;
    struct world *w = *state;

    for (size_t i = 0; i < w->contract->kind_count; i++) {
        const struct kind *kind = w->contract->kinds[i];
        struct random_bytes random = {.state = i + 1};

        for (uint64_t n = 0; n < ROUNDS; n++) {
            const ProtobufCMessage *message = random_object(&random, kind->message);
            bool is_refused = n % 8 == 0;
            struct outcome wanted = judge(judge_by_parts, kind, message, n, is_refused);
            struct outcome got = judge(judge__object, kind, message, n, is_refused);

            assert_alike(kind, wanted, got);
            references += got.references.count;
            refused += got.violations.count;
        }
        free(random.bytes);
    }
    assert_false(arena_failed(&w->arena));
    assert_true(references > 100 && refused > 1000);
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
            assert_int_equal(step->acts, JUDGE_REFERENCE | JUDGE_VALUE);
        }
        if (step->field == kind->description)
            assert_int_equal(step->acts, JUDGE_VALUE);
    }
    assert_true(has_directors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_walk_by_a_plan_does_what_walks_by_descriptor_do,
                                        engine_start, engine_end),
        cmocka_unit_test_setup_teardown(a_plan_has_the_fields_that_rules_are_for, engine_start,
                                        engine_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
