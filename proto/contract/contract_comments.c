/* Comments of the .proto files, found by path in SourceCodeInfo. */
#include "proto/contract/contract_comments.h"

#include <stdlib.h>

#include "proto/contract/contract_internal.h"

static int path_compare(struct location_path a, struct location_path b)
{
    for (size_t i = 0; i < a.count && i < b.count; i++)
        if (a.steps[i] != b.steps[i])
            return a.steps[i] < b.steps[i] ? -1 : 1;
    return (a.count > b.count) - (a.count < b.count);
}

static int comment_compare(const void *a, const void *b)
{
    return path_compare(((const struct located_comment *)a)->path,
                        ((const struct located_comment *)b)->path);
}

void contract__read_comments(struct arena *arena, struct build_file *file)
{
    const Google__Protobuf__SourceCodeInfo *info = file->source_info;

    file->comments = arena_array(arena, info->n_location, sizeof(*file->comments));
    if (file->comments == NULL)
        return;
    for (size_t i = 0; i < info->n_location; i++) {
        const Google__Protobuf__SourceCodeInfo__Location *place = info->location[i];
        const char *text = place->leading_comments != NULL ? place->leading_comments
                                                           : place->trailing_comments;

        if (text != NULL)
            file->comments[file->comment_count++] = (struct located_comment){
                {place->path, place->n_path}, text};
    }
    if (file->comment_count > 0)
        qsort(file->comments, file->comment_count, sizeof(*file->comments), comment_compare);
}

struct location_path contract__path(struct arena *arena, struct location_path parent, int32_t tag,
                                    size_t index)
{
    int32_t *steps = arena_array(arena, parent.count + 2, sizeof(*steps));

    if (steps == NULL)
        return (struct location_path){NULL, 0};
    if (parent.count > 0)
        memcpy(steps, parent.steps, parent.count * sizeof(*steps));
    steps[parent.count] = tag;
    steps[parent.count + 1] = (int32_t)index;
    return (struct location_path){steps, parent.count + 2};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Without blanks at the ends, and without the one blank that stands after each "//". */
static struct slice tidy(struct arena *arena, struct slice text)
{
    char *tidied = arena_alloc(arena, text.len + 1);
    size_t at = 0;
    size_t start = 0;
    bool line_starts = true;

    if (tidied == NULL)
        return SLICE_EMPTY;
    for (size_t i = 0; i < text.len; i++) {
        bool skip = line_starts && text.data[i] == ' ';

        line_starts = text.data[i] == '\n';
        if (!skip)
            tidied[at++] = text.data[i];
    }
    while (at > 0 && is_blank(tidied[at - 1]))
        at--;
    while (start < at && is_blank(tidied[start]))
        start++;
    tidied[at] = '\0';
    return slice_make(tidied + start, at - start);
}

struct slice contract__comment(struct arena *arena, const struct build_file *file,
                               struct location_path parent, int32_t tag, size_t index)
{
    struct located_comment wanted = {parent, NULL};
    const struct located_comment *found;

    if (file->comment_count == 0)
        return SLICE_EMPTY;
    if (tag != 0)
        wanted.path = contract__path(arena, parent, tag, index);
    if (wanted.path.steps == NULL)
        return SLICE_EMPTY;
    found = bsearch(&wanted, file->comments, file->comment_count, sizeof(*file->comments),
                    comment_compare);
    return found == NULL ? SLICE_EMPTY : tidy(arena, slice_from_cstr(found->text));
}
