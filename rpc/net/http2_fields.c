/*
 * Whether a field's bytes are valid depends on the field alone, and is remembered; whether it may
 * stand where it does depends on those before it, and is judged each time, by bits.
 */
#include "rpc/net/http2_fields.h"

#include <assert.h>

#include "base/ascii.h"
#include "base/cache_size.h"

#define SEEN(name) (1U << (name))
#define SEEN_REGULAR (1U << 16) /* no pseudo-header may follow */
#define SEEN_CONNECT (1U << 17)
#define SEEN_OPTIONS (1U << 18)
#define SEEN_HTTP (1U << 19)     /* the scheme */
#define SEEN_SLASH (1U << 20)    /* the path begins with one */
#define SEEN_ASTERISK (1U << 21) /* the path is one */
#define SEEN_TARGET (SEEN(HTTP2_NAME_METHOD) | SEEN(HTTP2_NAME_PATH) | SEEN(HTTP2_NAME_SCHEME))

_Static_assert(HTTP2_KNOWN_MOST <= 31, "places are bits of a word");

/* -- fields alone ----------------------------------------------------------------------------- */

static enum http2_name name_of(struct slice name)
{
    static const struct {
        struct slice name;
        enum http2_name which;
    } rows[] = {
        {SLICE_INIT(":method"), HTTP2_NAME_METHOD},
        {SLICE_INIT(":path"), HTTP2_NAME_PATH},
        {SLICE_INIT(":scheme"), HTTP2_NAME_SCHEME},
        {SLICE_INIT(":authority"), HTTP2_NAME_AUTHORITY},
        {SLICE_INIT("host"), HTTP2_NAME_HOST},
        {SLICE_INIT("content-length"), HTTP2_NAME_LENGTH},
        {SLICE_INIT("te"), HTTP2_NAME_TE},
        {SLICE_INIT("connection"), HTTP2_NAME_FORBIDDEN},
        {SLICE_INIT("keep-alive"), HTTP2_NAME_FORBIDDEN},
        {SLICE_INIT("proxy-connection"), HTTP2_NAME_FORBIDDEN},
        {SLICE_INIT("transfer-encoding"), HTTP2_NAME_FORBIDDEN},
        {SLICE_INIT("upgrade"), HTTP2_NAME_FORBIDDEN},
    };

    if (name.len > 0 && name.data[0] != ':' &&
        !nghttp2_check_header_name((const uint8_t *)name.data, name.len)) {
        for (size_t i = 0; i < name.len; i++)
            if (name.data[i] >= 'A' && name.data[i] <= 'Z')
                return HTTP2_NAME_MALFORMED;
        return HTTP2_NAME_INVALID;
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (slice_equal(name, rows[i].name))
            return rows[i].which;
    if (name.len == 0)
        return HTTP2_NAME_INVALID;
    return name.data[0] == ':' ? HTTP2_NAME_MALFORMED : HTTP2_NAME_OTHER;
}

/* RFC 3986 section 3.1. */
static bool scheme_is_valid(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool may_follow = ascii_is_digit(c) || c == '+' || c == '-' || c == '.';

        if (!ascii_is_letter(c) && (i == 0 || !may_follow))
            return false;
    }
    return text.len > 0;
}

static bool value_is_valid(enum http2_name which, struct slice value)
{
    const uint8_t *bytes = (const uint8_t *)value.data;

    switch (which) {
    case HTTP2_NAME_METHOD:
        return nghttp2_check_method(bytes, value.len) != 0;
    case HTTP2_NAME_PATH:
        return nghttp2_check_path(bytes, value.len) != 0;
    case HTTP2_NAME_SCHEME:
        return scheme_is_valid(value);
    case HTTP2_NAME_AUTHORITY:
    case HTTP2_NAME_HOST:
        return nghttp2_check_authority(bytes, value.len) != 0;
    default:
        return nghttp2_check_header_value_rfc9113(bytes, value.len) != 0;
    }
}

/* -- fields after others ---------------------------------------------------------------------- */

static bool is_pseudo(enum http2_name which)
{
    return which >= HTTP2_NAME_METHOD && which <= HTTP2_NAME_AUTHORITY;
}

/* Once, and not empty. */
static bool see_once(struct http2_fields *fields, enum http2_name which, struct slice value)
{
    if ((fields->seen & SEEN(which)) != 0 || value.len == 0)
        return false;
    fields->seen |= SEEN(which);
    return true;
}

static void note_pseudo(struct http2_fields *fields, enum http2_name which, struct slice value)
{
    if (which == HTTP2_NAME_METHOD && slice_equal(value, SLICE("CONNECT")))
        fields->seen |= SEEN_CONNECT;
    else if (which == HTTP2_NAME_METHOD && slice_equal(value, SLICE("OPTIONS")))
        fields->seen |= SEEN_OPTIONS;
    else if (which == HTTP2_NAME_PATH && value.data[0] == '/')
        fields->seen |= SEEN_SLASH;
    else if (which == HTTP2_NAME_PATH && slice_equal(value, SLICE("*")))
        fields->seen |= SEEN_ASTERISK;
    else if (which == HTTP2_NAME_SCHEME && (slice_equal_ignore_case(value, SLICE("http")) ||
                                            slice_equal_ignore_case(value, SLICE("https"))))
        fields->seen |= SEEN_HTTP;
}

static bool note_length(struct http2_fields *fields, struct slice value)
{
    uint64_t length;

    if ((fields->seen & SEEN(HTTP2_NAME_LENGTH)) != 0 || !slice_to_u64(value, &length) ||
        length > INT64_MAX)
        return false;
    fields->seen |= SEEN(HTTP2_NAME_LENGTH);
    fields->length = (int64_t)length;
    return true;
}

/* A field whose bytes are valid, after those before it. */
static enum http2_verdict place_field(struct http2_fields *fields, enum http2_name which,
                                      struct slice value)
{
    bool is_good = true;

    if (is_pseudo(which)) {
        if ((fields->seen & SEEN_REGULAR) != 0 || !see_once(fields, which, value))
            return HTTP2_FIELD_MALFORMED;
        note_pseudo(fields, which, value);
        return HTTP2_FIELD_GOOD;
    }
    fields->seen |= SEEN_REGULAR;
    if (which == HTTP2_NAME_HOST)
        is_good = see_once(fields, which, value);
    else if (which == HTTP2_NAME_LENGTH)
        is_good = note_length(fields, value);
    else if (which == HTTP2_NAME_TE)
        is_good = slice_equal_ignore_case(value, SLICE("trailers"));
    else if (which == HTTP2_NAME_FORBIDDEN)
        is_good = false;
    return is_good ? HTTP2_FIELD_GOOD : HTTP2_FIELD_MALFORMED;
}

/* A field of which nothing is known except its name. */
static enum http2_verdict judge(struct http2_fields *fields, enum http2_name which,
                                struct slice value)
{
    if (which == HTTP2_NAME_MALFORMED)
        return HTTP2_FIELD_MALFORMED;
    if (which != HTTP2_NAME_INVALID && value_is_valid(which, value))
        return place_field(fields, which, value);
    if (is_pseudo(which))
        return HTTP2_FIELD_MALFORMED;
    fields->seen |= SEEN_REGULAR;
    return HTTP2_FIELD_INVALID;
}

/* -- what is known ---------------------------------------------------------------------------- */

static bool is_same(nghttp2_rcbuf *known, nghttp2_rcbuf *buffer, struct slice bytes)
{
    nghttp2_vec held;

    if (known == buffer)
        return true;
    held = nghttp2_rcbuf_get_buf(known);
    return slice_equal(slice_make(held.base, held.len), bytes);
}

static void drop(struct http2_known *known, size_t place)
{
    if (known->fields[place].name == NULL)
        return;
    nghttp2_rcbuf_decref(known->fields[place].name);
    nghttp2_rcbuf_decref(known->fields[place].value);
    known->fields[place].name = NULL;
}

/* A field that is good after `before`, which it made fields->seen of. */
static void keep(struct http2_known *known, size_t place, const struct http2_field *field,
                 const struct http2_fields *fields, unsigned before)
{
    unsigned once = field->which == HTTP2_NAME_HOST ? SEEN(field->which) : 0;

    assert(field->which != HTTP2_NAME_LENGTH); /* it says more than that it was seen */
    nghttp2_rcbuf_incref(field->name);
    nghttp2_rcbuf_incref(field->value);
    drop(known, place);
    known->fields[place].name = field->name;
    known->fields[place].value = field->value;
    if (is_pseudo(field->which)) { /* nothing else brings the bits that it does */
        known->fields[place].forbids = SEEN_REGULAR | SEEN(field->which);
        known->fields[place].adds = fields->seen & ~before;
    } else {
        known->fields[place].forbids = once;
        known->fields[place].adds = SEEN_REGULAR | once;
    }
    known->which[place] = (uint8_t)field->which;
    known->accepted &= ~(1U << place);
    known->current |= 1U << place;
}

/* The field at the place again, as place_field would. */
static enum http2_verdict place_known(struct http2_fields *fields, struct http2_known *known,
                                      size_t place)
{
    if ((fields->seen & known->fields[place].forbids) != 0)
        return HTTP2_FIELD_MALFORMED;
    fields->seen |= known->fields[place].adds;
    if ((known->accepted >> place & 1) != 0)
        fields->accepted |= SEEN(known->which[place]);
    known->current |= 1U << place;
    return HTTP2_FIELD_GOOD;
}

enum http2_verdict http2_fields__add(struct http2_fields *fields, struct http2_known *known,
                                     size_t place, struct http2_field *field)
{
    bool has_place = known != NULL && place < cache_size(HTTP2_KNOWN_MOST);
    unsigned before = fields->seen;
    enum http2_verdict verdict;

    if (known != NULL && place == 0)
        known->current = 0;
    if (has_place && known->fields[place].name != NULL &&
        is_same(known->fields[place].name, field->name, field->name_bytes)) {
        field->which = (enum http2_name)known->which[place];
        if (is_same(known->fields[place].value, field->value, field->bytes))
            return place_known(fields, known, place);
    } else {
        field->which = name_of(field->name_bytes);
    }
    verdict = judge(fields, field->which, field->bytes);
    if (verdict == HTTP2_FIELD_GOOD && has_place && field->which != HTTP2_NAME_LENGTH &&
        field->name_bytes.len + field->bytes.len <= HTTP2_KNOWN_BYTES)
        keep(known, place, field, fields, before);
    return verdict;
}

void http2_fields__accept(struct http2_known *known)
{
    if (known != NULL)
        known->accepted |= known->current;
}

void http2_fields__forget(struct http2_known *known)
{
    for (size_t i = 0; known != NULL && i < HTTP2_KNOWN_MOST; i++)
        drop(known, i);
}

/* -- trailers, requests, lengths -------------------------------------------------------------- */

enum http2_verdict http2_fields__add_trailer(struct http2_fields *fields, struct slice name,
                                             struct slice value)
{
    if (name.len > 0 && name.data[0] == ':')
        return HTTP2_FIELD_MALFORMED;
    return judge(fields, name_of(name), value);
}

bool http2_fields__are_request(struct http2_fields *fields)
{
    unsigned seen = fields->seen;
    bool has_authority = (seen & (SEEN(HTTP2_NAME_AUTHORITY) | SEEN(HTTP2_NAME_HOST))) != 0;

    if ((seen & SEEN_CONNECT) != 0) {
        fields->seen &= ~SEEN(HTTP2_NAME_LENGTH);
        return (seen & (SEEN(HTTP2_NAME_SCHEME) | SEEN(HTTP2_NAME_PATH))) == 0 &&
               (seen & SEEN(HTTP2_NAME_AUTHORITY)) != 0;
    }
    if ((seen & SEEN_TARGET) != SEEN_TARGET || !has_authority)
        return false;
    return (seen & SEEN_HTTP) == 0 || (seen & SEEN_SLASH) != 0 ||
           ((seen & SEEN_OPTIONS) != 0 && (seen & SEEN_ASTERISK) != 0);
}

bool http2_fields__allow_length(const struct http2_fields *fields, uint64_t received, bool is_whole)
{
    if ((fields->seen & SEEN(HTTP2_NAME_LENGTH)) == 0)
        return true;
    return is_whole ? received == (uint64_t)fields->length : received <= (uint64_t)fields->length;
}
