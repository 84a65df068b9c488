/*
 * The JSON scanner. UTF-8 is checked once over the whole text, so that strings need only be
 * searched for their end, eight bytes at a time.
 */
#include "proto/json/json_scan.h"

#include <assert.h>
#include <endian.h>

#include "base/ascii.h"
#include "base/text.h"
#include "proto/json/json.h"

static const unsigned char kinds[256] = {
    ['{'] = JSON_OBJECT, ['['] = JSON_ARRAY,  ['"'] = JSON_STRING, ['-'] = JSON_NUMBER,
    ['0'] = JSON_NUMBER, ['1'] = JSON_NUMBER, ['2'] = JSON_NUMBER, ['3'] = JSON_NUMBER,
    ['4'] = JSON_NUMBER, ['5'] = JSON_NUMBER, ['6'] = JSON_NUMBER, ['7'] = JSON_NUMBER,
    ['8'] = JSON_NUMBER, ['9'] = JSON_NUMBER, ['t'] = JSON_TRUE,   ['f'] = JSON_FALSE,
    ['n'] = JSON_NULL,
};

const char *json__kind_name(enum json_kind kind)
{
    static const char *const names[] = {
        [JSON_NOTHING] = "nothing", [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",
        [JSON_STRING] = "a string", [JSON_NUMBER] = "a number",  [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",     [JSON_NULL] = "null",
    };

    assert((size_t)kind < sizeof(names) / sizeof(names[0]) && names[kind] != NULL);
    return names[kind];
}

static bool refuse(struct json_scan *scan, const char *sentence)
{
    if (scan->error == NULL)
        scan->error = sentence;
    return false;
}

#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* U+FEFF in UTF-8; RFC 8259 section 8.1 */

void json_scan__begin(struct json_scan *scan, struct arena *arena, struct slice text)
{
    if (text.data == NULL)
        text = SLICE("");
    *scan = (struct json_scan){
        .arena = arena, .start = text.data, .at = text.data, .end = text.data + text.len};
    if (slice_starts_with(text, SLICE(BYTE_ORDER_MARK)))
        refuse(scan, "the text begins with a byte order mark; send it without one");
    else if (!utf8_is_valid(text))
        refuse(scan, "the text is not valid UTF-8");
}

static void skip_blanks(struct json_scan *scan)
{
    const char *at = scan->at;

    if (at < scan->end && (unsigned char)*at > ' ') /* most texts have none */
        return;
    while (at < scan->end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r'))
        at++;
    scan->at = at;
}

bool json_scan__end(struct json_scan *scan)
{
    skip_blanks(scan);
    return scan->at == scan->end || refuse(scan, "nothing may follow the value");
}

enum json_kind json_scan__kind(struct json_scan *scan)
{
    skip_blanks(scan);
    return scan->at == scan->end ? JSON_NOTHING : kinds[(unsigned char)*scan->at];
}

#define ONES UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

/*
 * How many of eight bytes come before the first that is below 0x20, a quote or a backslash. Each
 * term's high bits may be wrong only after a byte that is truly hit, so the first is exact.
 */
static size_t word_run(const char *at)
{
    uint64_t word;
    uint64_t quote;
    uint64_t backslash;
    uint64_t hit;

    memcpy(&word, at, sizeof(word));
    word = le64toh(word);
    quote = word ^ ONES * '"';
    backslash = word ^ ONES * '\\';
    hit = (((word - ONES * 0x20) & ~word) | ((quote - ONES) & ~quote) |
           ((backslash - ONES) & ~backslash)) &
          HIGHS;
    return hit == 0 ? sizeof(word) : (size_t)__builtin_ctzll(hit) / 8;
}

/* What the processor compares at once. */
typedef uint8_t vector __attribute__((vector_size(16)));
typedef uint64_t halves __attribute__((vector_size(16)));

/* The same of sixteen bytes. */
static size_t vector_run(const char *at)
{
    vector bytes;
    halves hit;

    memcpy(&bytes, at, sizeof(bytes));
    hit = (halves)((bytes < 0x20) | (bytes == '"') | (bytes == '\\'));
    if (hit[0] != 0)
        return (size_t)__builtin_ctzll(le64toh(hit[0])) / 8;
    if (hit[1] != 0)
        return sizeof(hit[0]) + (size_t)__builtin_ctzll(le64toh(hit[1])) / 8;
    return sizeof(bytes);
}

/* The same of fewer than sixteen bytes. */
static size_t short_run(const char *at, size_t len)
{
    size_t i = 0;

    assert(len < sizeof(vector));
    if (len >= sizeof(uint64_t)) {
        i = word_run(at);
        /* The last eight: those of them that the first word held are known to be plain. */
        return i < sizeof(uint64_t)
                   ? i
                   : len - sizeof(uint64_t) + word_run(at + len - sizeof(uint64_t));
    }
    while (i < len && (unsigned char)at[i] >= 0x20 && at[i] != '"' && at[i] != '\\')
        i++;
    return i;
}

size_t json__plain_run(const char *at, size_t len)
{
    size_t i = 0;

    if (len < sizeof(vector))
        return short_run(at, len);
    for (; len - i >= sizeof(vector); i += sizeof(vector)) {
        size_t run = vector_run(at + i);

        if (run < sizeof(vector))
            return i + run;
    }
    /* What is left, with bytes before it that are known to be plain. */
    return i == len ? len : len - sizeof(vector) + vector_run(at + len - sizeof(vector));
}

size_t json__copy_run(char *to, const char *at, size_t len)
{
    size_t i = 0;

    if (len < sizeof(vector)) {
        size_t half = sizeof(uint64_t);

        if (len >= half) {
            memcpy(to, at, half);
            memcpy(to + len - half, at + len - half, half);
        } else {
            for (; i < len; i++)
                to[i] = at[i];
        }
        return short_run(at, len);
    }
    for (; len - i >= sizeof(vector); i += sizeof(vector)) {
        size_t run = vector_run(at + i);

        memcpy(to + i, at + i, sizeof(vector));
        if (run < sizeof(vector))
            return i + run;
    }
    if (i == len)
        return len;
    memcpy(to + len - sizeof(vector), at + len - sizeof(vector), sizeof(vector));
    return len - sizeof(vector) + vector_run(at + len - sizeof(vector));
}

/* The four digits after \u at scan->at; -1 where there are none. */
static int32_t take_hex(struct json_scan *scan)
{
    int32_t value = 0;

    if (scan->end - scan->at < 4)
        return -1;
    for (unsigned i = 0; i < 4; i++) {
        int digit = hex_value(scan->at[i]);

        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    scan->at += 4;
    return value;
}

/* A \u escape, its backslash and letter taken: one code point, two escapes for a surrogate pair. */
static bool take_code_point(struct json_scan *scan, uint32_t *ret_code_point)
{
    int32_t high = take_hex(scan);
    int32_t low;

    if (high < 0)
        return refuse(scan, "\\u needs four hexadecimal digits");
    if (high == 0)
        return refuse(scan, "U+0000 is not accepted in strings");
    if (high < 0xd800 || high > 0xdfff) {
        *ret_code_point = (uint32_t)high;
        return true;
    }
    if (high > 0xdbff || scan->end - scan->at < 2 || scan->at[0] != '\\' || scan->at[1] != 'u')
        return refuse(scan, "a surrogate stands alone");
    scan->at += 2;
    low = take_hex(scan);
    if (low < 0xdc00 || low > 0xdfff)
        return refuse(scan, "a surrogate stands alone");
    *ret_code_point = 0x10000 + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
    return true;
}

/* One escape, from its backslash on; writes 1 to 4 bytes. */
static bool take_escape(struct json_scan *scan, char **to)
{
    static const char plain[128] = {
        ['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
        ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t',
    };
    uint32_t code_point = 0;
    unsigned char letter;

    scan->at++;
    if (scan->at == scan->end)
        return refuse(scan, "the string does not end");
    letter = (unsigned char)*scan->at;
    if (letter == 'u') {
        scan->at++;
        if (!take_code_point(scan, &code_point))
            return false;
        *to += utf8_encode(code_point, *to);
        return true;
    }
    if (letter >= sizeof(plain) || plain[letter] == 0)
        return refuse(scan, "unknown escape in a string");
    *(*to)++ = plain[letter];
    scan->at++;
    return true;
}

/* Bytes from `at` to the quote that ends the string, escapes counted as written; or to the end. */
static size_t raw_length(const char *at, const char *end)
{
    const char *from = at;

    while (at < end && *at != '"')
        at += *at == '\\' && end - at > 1 ? 2 : 1;
    return (size_t)(at - from);
}

/* A string with escapes, from its content on; decoding never lengthens it. */
static bool take_decoded(struct json_scan *scan, struct json_string *ret_string)
{
    size_t most = raw_length(scan->at, scan->end);
    char *bytes = arena_alloc(scan->arena, most + 1);
    char *to = bytes;

    if (bytes == NULL)
        return false;
    for (;;) {
        size_t run = json__plain_run(scan->at, (size_t)(scan->end - scan->at));

        memcpy(to, scan->at, run);
        to += run;
        scan->at += run;
        if (scan->at == scan->end)
            return refuse(scan, "the string does not end");
        if (*scan->at == '"')
            break;
        if (*scan->at != '\\')
            return refuse(scan, "a control character in a string must be escaped");
        if (!take_escape(scan, &to))
            return false;
    }
    assert((size_t)(to - bytes) <= most);
    scan->at++;
    *to = '\0';
    *ret_string = (struct json_string){slice_make(bytes, (size_t)(to - bytes)), true};
    return true;
}

bool json_scan__string(struct json_scan *scan, struct json_string *ret_string)
{
    const char *from = scan->at + 1;
    size_t run = json__plain_run(from, (size_t)(scan->end - from));

    if (from + run < scan->end && from[run] == '"') {
        scan->at = from + run + 1;
        *ret_string = (struct json_string){slice_make(from, run), false};
        return true;
    }
    scan->at = from;
    return take_decoded(scan, ret_string);
}

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && ascii_is_digit(*at))
        at++;
    return at;
}

/* The end of the number that begins at `at`; NULL where the grammar is broken. */
static const char *number_end(const char *at, const char *end)
{
    if (at < end && *at == '-')
        at++;
    if (at == end || !ascii_is_digit(*at))
        return NULL;
    at = *at == '0' ? at + 1 : skip_digits(at, end);
    if (at < end && *at == '.') {
        at++;
        if (at == end || !ascii_is_digit(*at))
            return NULL;
        at = skip_digits(at, end);
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        if (at == end || !ascii_is_digit(*at))
            return NULL;
        at = skip_digits(at, end);
    }
    return at;
}

bool json_scan__is_number(struct slice text)
{
    return text.len > 0 && number_end(text.data, text.data + text.len) == text.data + text.len;
}

bool json_scan__number(struct json_scan *scan, struct slice *ret_number)
{
    const char *end = number_end(scan->at, scan->end);

    if (end == NULL)
        return refuse(scan, "malformed number");
    *ret_number = slice_make(scan->at, (size_t)(end - scan->at));
    scan->at = end;
    return true;
}

bool json_scan__word(struct json_scan *scan)
{
    static const struct slice words[] = {SLICE_INIT("true"), SLICE_INIT("false"),
                                         SLICE_INIT("null")};
    struct slice left = slice_make(scan->at, (size_t)(scan->end - scan->at));

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (slice_starts_with(left, words[i])) {
            scan->at += words[i].len;
            return true;
        }
    return refuse(scan, "expected a value");
}

bool json_scan__open(struct json_scan *scan)
{
    assert(scan->at < scan->end && (*scan->at == '{' || *scan->at == '['));
    if (scan->depth == JSON_DEPTH_MOST)
        return refuse(scan, "objects and arrays are nested too deeply");
    scan->depth++;
    scan->at++;
    return true;
}

/* True when one more member or element follows, the comma between taken. */
static bool next_item(struct json_scan *scan, size_t *count, char close, const char *missing)
{
    skip_blanks(scan);
    assert(scan->depth > 0); /* its bracket was taken */
    if (scan->at < scan->end && *scan->at == close) {
        scan->at++;
        scan->depth--;
        return false;
    }
    if ((*count)++ == 0)
        return true;
    if (scan->at == scan->end || *scan->at != ',')
        return refuse(scan, missing);
    scan->at++;
    skip_blanks(scan);
    return true;
}

/* Takes the name where it comes next, in its quotes. */
static bool take_likely(struct json_scan *scan, struct slice likely)
{
    const char *at = scan->at;
    size_t len = likely.len;

    if (len == 0 || (size_t)(scan->end - at) < len + 2 || at[len + 1] != '"' ||
        memcmp(at + 1, likely.data, len) != 0)
        return false;
    scan->at = at + len + 2;
    return true;
}

bool json_scan__member(struct json_scan *scan, size_t *count, struct slice likely,
                       struct json_string *ret_name)
{
    if (!next_item(scan, count, '}', "expected ',' or '}'"))
        return false;
    if (scan->at == scan->end || *scan->at != '"')
        return refuse(scan, "expected a name in double quotes");
    if (take_likely(scan, likely))
        *ret_name = (struct json_string){likely, false};
    else if (!json_scan__string(scan, ret_name))
        return false;
    skip_blanks(scan);
    if (scan->at == scan->end || *scan->at != ':')
        return refuse(scan, "expected ':'");
    scan->at++;
    return true;
}

bool json_scan__element(struct json_scan *scan, size_t *count)
{
    return next_item(scan, count, ']', "expected ',' or ']'");
}

/* A string of which nothing is kept. */
static bool skip_string(struct json_scan *scan)
{
    scan->at++;
    for (;;) {
        char escaped[4];
        char *to = escaped;

        scan->at += json__plain_run(scan->at, (size_t)(scan->end - scan->at));
        if (scan->at == scan->end)
            return refuse(scan, "the string does not end");
        if (*scan->at == '"')
            break;
        if (*scan->at != '\\')
            return refuse(scan, "a control character in a string must be escaped");
        if (!take_escape(scan, &to))
            return false;
    }
    scan->at++;
    return true;
}

static bool skip_nested(struct json_scan *scan, enum json_kind kind)
{
    struct json_string name;
    size_t count = 0;

    if (!json_scan__open(scan))
        return false;
    while (kind == JSON_OBJECT ? json_scan__member(scan, &count, SLICE_EMPTY, &name)
                               : json_scan__element(scan, &count))
        if (!json_scan__skip(scan))
            return false;
    return scan->error == NULL && !arena_failed(scan->arena);
}

bool json_scan__skip(struct json_scan *scan)
{
    enum json_kind kind = json_scan__kind(scan);
    struct slice number;

    switch (kind) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        return skip_nested(scan, kind);
    case JSON_STRING:
        return skip_string(scan);
    case JSON_NUMBER:
        return json_scan__number(scan, &number);
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NULL:
        return json_scan__word(scan);
    case JSON_NOTHING:
        break;
    }
    return refuse(scan, "expected a value");
}

void json_scan__place(const struct json_scan *scan, size_t *ret_line, size_t *ret_column)
{
    const char *line_start = scan->start;
    size_t line = 1;

    for (const char *at = scan->start; at < scan->at; at++)
        if (*at == '\n') {
            line++;
            line_start = at + 1;
        }
    *ret_line = line;
    *ret_column = (size_t)(scan->at - line_start) + 1;
}
