/* Texts of audit rows: bounded, and always UTF-8. */
#include "rpc/call/audit_text.h"

#include "base/text.h"

static size_t cut(struct slice text, size_t most)
{
    size_t len = text.len < most ? text.len : most;

    while (len > 0 && len < text.len && ((unsigned char)text.data[len] & 0xc0) == 0x80)
        len--;
    return len;
}

char *audit_text(struct arena *arena, struct slice text)
{
    static char none[] = "";
    struct slice kept = slice_make(text.data, cut(text, AUDIT_TEXT_MOST));
    bool good = utf8_is_valid(kept);
    char *copy = arena_cstr(arena, kept);

    if (copy == NULL)
        return none;
    if (good && memchr(copy, '\0', kept.len) == NULL) /* as nearly all are */
        return copy;
    for (size_t i = 0; i < kept.len; i++)
        if (copy[i] == '\0' || (!good && (unsigned char)copy[i] >= 0x80))
            copy[i] = '?';
    return copy;
}
