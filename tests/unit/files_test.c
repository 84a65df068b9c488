/* Late files: written by a thread, and again where memory ended. */
#include "rest/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

#define PATIENCE_MS 10000
#define TEXT_BYTES 100000

/* What a writer does in its first run; later ones succeed. */
struct script {
    unsigned runs; /* the thread's, until it has ended its work */
    bool skips_second;
    unsigned long fails_from; /* allocation of the thread after the texts; 0: none */
};

static struct status write_texts(const void *context, struct arena *arena,
                                 struct slice ret_texts[FILES_LATE_MOST])
{
    struct script *script = (struct script *)(uintptr_t)context;

    script->runs++;
    for (int i = 0; i < 2; i++) {
        char *text = arena_alloc(arena, TEXT_BYTES);

        memset(text, 'a' + i, TEXT_BYTES);
        ret_texts[i] = slice_make(text, TEXT_BYTES);
    }
    if (script->runs > 1)
        return status_ok();
    if (script->skips_second)
        ret_texts[1] = SLICE_EMPTY;
#ifdef DATASTREAM_FAULTS
    arena_fault_set(script->fails_from, true); /* ends with the thread */
#endif
    return status_ok();
}

static enum file_state wait_for(const struct file *file)
{
    for (int i = 0; i < PATIENCE_MS && files__state(file) == FILE_COMES; i++)
        usleep(1000);
    return files__state(file);
}

static struct files *add_two(struct arena *arena, const struct file *ret_files[2])
{
    struct files *files;

    arena_init(arena, NULL, (size_t)1 << 20);
    files = files__new(arena);
    assert_non_null(files);
    for (unsigned i = 0; i < 2; i++) {
        const struct file file = {.path = i == 0 ? SLICE("/first") : SLICE("/second")};

        assert_true(status_is_ok(files__add_late(files, &file, i)));
        ret_files[i] = files_find(files, file.path);
        assert_non_null(ret_files[i]);
        assert_int_equal(files__state(ret_files[i]), FILE_COMES);
    }
    return files;
}

static struct slice form_of(struct arena *arena, const struct file *file)
{
    static const struct header header = {SLICE_INIT("accept-encoding"), SLICE_INIT("gzip")};
    struct slice encoding;
    struct slice etag;
    struct slice bytes = files__choose(arena, file, &header, 1, &encoding, &etag);

    assert_true(slice_equal(encoding, SLICE("gzip")));
    assert_true(etag.len > 0 && bytes.len > 0);
    return bytes;
}

static void late_files_are_written_once(void **state)
{
    const struct file *two[2];
    struct script script = {0};
    struct arena arena;
    struct files *files = add_two(&arena, two);

    (void)state;
    files__write(files, write_texts, &script);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(wait_for(two[i]), FILE_IS_THERE);
        form_of(&arena, two[i]);
    }
    files__write_end(files);
    assert_int_equal(script.runs, 1);
    arena_done(&arena);
}

#ifdef DATASTREAM_FAULTS

#define SECOND_US 1000000

/* Not within a second, and then: of files whose first writing began at `since_us`. */
static void try_again(struct files *files, const struct script *script, int64_t since_us)
{
    bool is_writing = true;

    for (int i = 0; i < PATIENCE_MS && is_writing; i++) {
        usleep(1000); /* the thread that failed ends its work */
        is_writing = files__write_again(files);
    }
    if (clock_monotonic_us() - since_us < SECOND_US) { /* else the machine has slept */
        assert_false(is_writing);
        assert_int_equal(script->runs, 1);
    }
    clock_step_monotonic_us(SECOND_US);
    assert_true(files__write_again(files));
}

/* From each allocation on that follows the texts, until nothing fails. */
static void a_file_whose_memory_ended_is_written_again(void **state)
{
    bool has_failed = true;
    unsigned long most = 0;

    (void)state;
    for (unsigned long from = 1; has_failed; from++) {
        const struct file *two[2];
        struct script script = {.fails_from = from};
        struct arena arena;
        struct files *files = add_two(&arena, two);
        int64_t since_us = clock_monotonic_us();

        files__write(files, write_texts, &script);
        has_failed = wait_for(two[0]) == FILE_FAILED;
        has_failed |= wait_for(two[1]) == FILE_FAILED;
        if (has_failed) {
            try_again(files, &script, since_us);
            most = from;
        }
        for (int i = 0; i < 2; i++) {
            assert_int_equal(wait_for(two[i]), FILE_IS_THERE);
            form_of(&arena, two[i]);
        }
        files__write_end(files);
        assert_in_range(script.runs, has_failed ? 2 : 1, has_failed ? PATIENCE_MS : 1);
        arena_done(&arena);
    }
    assert_true(most >= 4); /* the forms and the tags of two */
}

static void a_file_that_is_there_stays_as_another_is_written_again(void **state)
{
    const struct file *two[2];
    struct script script = {.skips_second = true};
    struct arena arena;
    struct files *files = add_two(&arena, two);
    int64_t since_us = clock_monotonic_us();
    struct slice before;

    (void)state;
    files__write(files, write_texts, &script);
    assert_int_equal(wait_for(two[0]), FILE_IS_THERE);
    assert_int_equal(wait_for(two[1]), FILE_FAILED);
    before = form_of(&arena, two[0]);
    try_again(files, &script, since_us);
    assert_int_equal(files__state(two[0]), FILE_IS_THERE);
    assert_int_equal(wait_for(two[1]), FILE_IS_THERE);
    assert_ptr_equal(form_of(&arena, two[0]).data, before.data);
    form_of(&arena, two[1]);
    files__write_end(files);
    arena_done(&arena);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(late_files_are_written_once),
#ifdef DATASTREAM_FAULTS
        cmocka_unit_test(a_file_whose_memory_ended_is_written_again),
        cmocka_unit_test(a_file_that_is_there_stays_as_another_is_written_again),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
