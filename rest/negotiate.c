/* Media types, Accept and entity tags. */
#include "rest/negotiate.h"

#include <assert.h>

#include "base/header_elements.h"
#include "rpc/call/etag_list.h"

/* "type/subtype" without parameters and blanks. */
static struct slice media_essence(struct slice text)
{
    return slice_trim(slice_make(text.data, slice_find(text, ';')));
}

bool media_type__is_json(struct slice content_type)
{
    struct slice essence = media_essence(content_type);
    struct slice suffix = SLICE("+json");
    struct slice type = SLICE("application/");

    if (slice_equal_ignore_case(essence, SLICE("application/json")))
        return true;
    return essence.len > type.len + suffix.len &&
           slice_equal_ignore_case(slice_make(essence.data, type.len), type) &&
           slice_equal_ignore_case(slice_from(essence, essence.len - suffix.len), suffix);
}

bool media_type__is_form(struct slice content_type)
{
    return slice_equal_ignore_case(media_essence(content_type),
                                   SLICE("application/x-www-form-urlencoded"));
}

/* "q=" and what follows it; digits beyond the third only keep a weight from being 0. */
static unsigned read_weight(struct slice parameter)
{
    unsigned weight = 0;
    unsigned unit = 1000;

    assert(parameter.len >= 3);
    for (size_t i = 2; i < parameter.len; i++) {
        unsigned digit = (unsigned char)parameter.data[i] - (unsigned)'0';

        if (parameter.data[i] == '.')
            continue;
        if (digit > 9)
            return 1000;
        weight += digit * unit;
        if (unit == 0 && digit > 0 && weight == 0)
            weight = 1;
        unit /= 10;
    }
    return weight < 1000 ? weight : 1000;
}

unsigned accept__weight(struct slice range)
{
    struct slice part;

    header_next_part(&range, &part);
    while (header_next_part(&range, &part))
        if (part.len >= 3 && (part.data[0] == 'q' || part.data[0] == 'Q') && part.data[1] == '=')
            return read_weight(part);
    return 1000;
}

/* 0 for a range that has nothing to do with our answers. */
static int specificity(struct slice range)
{
    struct slice essence = media_essence(range);

    if (slice_equal_ignore_case(essence, SLICE("application/json")) ||
        slice_equal_ignore_case(essence, SLICE("application/problem+json")))
        return 3;
    if (slice_equal_ignore_case(essence, SLICE("application/*")))
        return 2;
    return slice_equal(essence, SLICE("*/*")) ? 1 : 0;
}

bool accept__allows_json(const struct header *headers, size_t count)
{
    bool given = false;
    bool accepted = false;
    int best = 0;

    for (size_t i = 0; i < count; i++) {
        struct slice list = headers[i].value;
        struct slice range;

        if (!slice_equal(headers[i].name, SLICE("accept")))
            continue;
        while (header_next_element(&list, &range)) {
            int specific = specificity(range);

            given = given || range.len > 0;
            if (specific > best || (specific == best && best > 0 && !accepted)) {
                best = specific;
                accepted = accept__weight(range) > 0;
            }
        }
    }
    return !given || accepted;
}

/* 3 for the type itself, 2 for its kind, 1 for any, 0 for another. */
static unsigned match_of(struct slice range, struct slice type)
{
    struct slice essence = media_essence(range);
    size_t slash = slice_find(type, '/') + 1;

    if (slice_equal_ignore_case(essence, type))
        return 3;
    if (essence.len == slash + 1 && essence.data[slash] == '*' &&
        slice_equal_ignore_case(slice_make(essence.data, slash), slice_make(type.data, slash)))
        return 2;
    return slice_equal(essence, SLICE("*/*")) ? 1 : 0;
}

/* How much Accept wants the type: weight, then how specific the range is that counts; 0 for not. */
static unsigned preference(const struct header *headers, size_t count, struct slice type)
{
    unsigned best = 0;
    unsigned weight = 0;

    for (size_t i = 0; i < count; i++) {
        struct slice list = headers[i].value;
        struct slice range;

        if (!slice_equal(headers[i].name, SLICE("accept")))
            continue;
        while (header_next_element(&list, &range)) {
            unsigned match = match_of(range, type);
            unsigned own;

            if (match == 0 || match < best)
                continue;
            own = accept__weight(range);
            weight = match > best || own > weight ? own : weight;
            best = match;
        }
    }
    return weight == 0 ? 0 : weight * 4 + best;
}

static bool accepts_anything(const struct header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_equal(headers[i].name, SLICE("accept")) && slice_trim(headers[i].value).len > 0)
            return false;
    return true;
}

enum stream_type accept__stream_type(const struct header *headers, size_t count)
{
    static const struct slice types[] = {
        [STREAM_TYPE_NDJSON] = SLICE_INIT("application/x-ndjson"),
        [STREAM_TYPE_JSON] = SLICE_INIT("application/json"),
        [STREAM_TYPE_SSE] = SLICE_INIT("text/event-stream"),
    };
    enum stream_type chosen = STREAM_TYPE_NONE;
    unsigned most = 0;

    if (accepts_anything(headers, count))
        return STREAM_TYPE_NDJSON;
    for (int type = STREAM_TYPE_NDJSON; type <= STREAM_TYPE_SSE; type++) {
        unsigned wanted = preference(headers, count, types[type]);

        if (wanted > most) {
            most = wanted;
            chosen = (enum stream_type)type;
        }
    }
    return chosen;
}

static bool is_listed(struct slice list, struct slice etag, bool weakly)
{
    struct slice bare = slice_make(etag.data + 1, etag.len - 2);
    struct etag tag;

    assert(etag.len >= 2); /* its quotes */
    while (etag_list_next(&list, &tag)) {
        if (tag.is_weak && !weakly)
            continue;
        if (tag.is_quoted ? slice_equal(tag.text, bare)
                          : !tag.is_weak && slice_equal(tag.text, SLICE("*")))
            return true;
    }
    return false;
}

bool etag__is_listed(struct slice if_none_match, struct slice etag)
{
    return is_listed(if_none_match, etag, true);
}

bool etag__matches(struct slice if_match, struct slice etag)
{
    return is_listed(if_match, etag, false);
}

struct slice etag__strip_computed(struct arena *arena, struct slice if_match)
{
    bool quoted = false;
    bool dropping = false;
    size_t len = 0;
    char *text;

    if (slice_find(if_match, '-') == if_match.len)
        return if_match;
    text = arena_alloc(arena, if_match.len);
    if (text == NULL)
        return if_match;
    for (size_t i = 0; i < if_match.len; i++) {
        char c = if_match.data[i];

        if (c == '"') {
            quoted = !quoted;
            dropping = false;
        } else if (c == '-' && quoted) {
            dropping = true;
        }
        if (!dropping)
            text[len++] = c;
    }
    return slice_make(text, len);
}
