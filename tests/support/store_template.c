/* See store_template.h. */
#include "tests/support/store_template.h"

#include "tests/support/scratch.h"

static char template_directory[64];
static pid_t template_owner; /* a child of fork removes nothing */

static int template_remove_one(const char *path, const struct stat *info, int type,
                               struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

static void template_remove(void)
{
    if (getpid() == template_owner)
        nftw(template_directory, template_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void template_make(struct arena *arena)
{
    struct store_options options = {.create = true, .block_cache_bytes = 1 << 20};
    struct store *store = NULL;

    assert_true(scratch_make("template", template_directory, sizeof(template_directory)));
    template_owner = getpid();
    atexit(template_remove);
    options.directory = template_directory;
    assert_true(status_is_ok(store_open_rocksdb(&options, arena, &store)));
    store_close(store);
}

static void template_copy_file(const char *from, const char *to)
{
    char bytes[1 << 16];
    FILE *in = fopen(from, "rb");
    FILE *out = fopen(to, "wb");
    size_t len;

    assert_non_null(in);
    assert_non_null(out);
    while ((len = fread(bytes, 1, sizeof(bytes), in)) > 0)
        assert_int_equal(fwrite(bytes, 1, len, out), len);
    assert_int_equal(fclose(in), 0);
    assert_int_equal(fclose(out), 0);
}

void template_copy(const char *directory, struct arena *arena)
{
    char from[320], to[320];
    struct dirent *entry;
    DIR *folder;

    if (template_directory[0] == '\0')
        template_make(arena);
    folder = opendir(template_directory);
    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.' || strcmp(entry->d_name, "LOCK") == 0)
            continue;
        snprintf(from, sizeof(from), "%s/%s", template_directory, entry->d_name);
        snprintf(to, sizeof(to), "%s/%s", directory, entry->d_name);
        template_copy_file(from, to);
    }
    closedir(folder);
}
