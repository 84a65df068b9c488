/*
 * Heads of HTTP/1.1: a scanner that finds the end and refuses what llhttp would let pass, then
 * llhttp for the parts, then what the fields say together.
 */
#include "rpc/net/http1_check.h"

#include <llhttp.h>

#include "base/header_elements.h"
#include "base/status.h"

enum { TOKEN = 1, PATH = 2, QUERY = 4, HOST = 8, DIGIT = 16, HEX = 32 };

/* Which grammar each byte may stand in (RFC 9110 section 5.6.2, RFC 3986 section 3). */
static const uint8_t classes[256] = {
#define WORD (TOKEN | PATH | QUERY | HOST)
#define LETTER (WORD | HEX)
#define NUMBER (WORD | DIGIT | HEX)
    ['0'] = NUMBER,
    ['1'] = NUMBER,
    ['2'] = NUMBER,
    ['3'] = NUMBER,
    ['4'] = NUMBER,
    ['5'] = NUMBER,
    ['6'] = NUMBER,
    ['7'] = NUMBER,
    ['8'] = NUMBER,
    ['9'] = NUMBER,
    ['a'] = LETTER,
    ['b'] = LETTER,
    ['c'] = LETTER,
    ['d'] = LETTER,
    ['e'] = LETTER,
    ['f'] = LETTER,
    ['A'] = LETTER,
    ['B'] = LETTER,
    ['C'] = LETTER,
    ['D'] = LETTER,
    ['E'] = LETTER,
    ['F'] = LETTER,
    ['g'] = WORD,
    ['h'] = WORD,
    ['i'] = WORD,
    ['j'] = WORD,
    ['k'] = WORD,
    ['l'] = WORD,
    ['m'] = WORD,
    ['n'] = WORD,
    ['o'] = WORD,
    ['p'] = WORD,
    ['q'] = WORD,
    ['r'] = WORD,
    ['s'] = WORD,
    ['t'] = WORD,
    ['u'] = WORD,
    ['v'] = WORD,
    ['w'] = WORD,
    ['x'] = WORD,
    ['y'] = WORD,
    ['z'] = WORD,
    ['G'] = WORD,
    ['H'] = WORD,
    ['I'] = WORD,
    ['J'] = WORD,
    ['K'] = WORD,
    ['L'] = WORD,
    ['M'] = WORD,
    ['N'] = WORD,
    ['O'] = WORD,
    ['P'] = WORD,
    ['Q'] = WORD,
    ['R'] = WORD,
    ['S'] = WORD,
    ['T'] = WORD,
    ['U'] = WORD,
    ['V'] = WORD,
    ['W'] = WORD,
    ['X'] = WORD,
    ['Y'] = WORD,
    ['Z'] = WORD,
    ['-'] = WORD,
    ['.'] = WORD,
    ['_'] = WORD,
    ['~'] = WORD,
    ['!'] = WORD,
    ['$'] = WORD,
    ['&'] = WORD,
    ['\''] = WORD,
    ['*'] = WORD,
    ['+'] = WORD,
    ['%'] = WORD,
    ['('] = PATH | QUERY | HOST,
    [')'] = PATH | QUERY | HOST,
    [','] = PATH | QUERY | HOST,
    [';'] = PATH | QUERY | HOST,
    ['='] = PATH | QUERY | HOST,
    [':'] = PATH | QUERY,
    ['@'] = PATH | QUERY,
    ['/'] = PATH | QUERY,
    ['?'] = QUERY,
    /* Beyond RFC 3986, but sent by browsers for list-like parameters. */
    ['['] = QUERY,
    [']'] = QUERY,
    ['#'] = TOKEN,
    ['^'] = TOKEN,
    ['`'] = TOKEN,
    ['|'] = TOKEN,
};

static bool all_of(struct slice text, unsigned class)
{
    const unsigned char *at = (const unsigned char *)text.data;
    size_t left = text.len;

    for (; left >= 4; at += 4, left -= 4)
        if ((classes[at[0]] & classes[at[1]] & classes[at[2]] & classes[at[3]] & class) == 0)
            return false;
    for (; left > 0; at++, left--)
        if ((classes[*at] & class) == 0)
            return false;
    return true;
}

bool http1__path_is_valid(struct slice path)
{
    return all_of(path, PATH);
}

bool http1__query_is_valid(struct slice query)
{
    return all_of(query, QUERY);
}

bool http1__token_is_valid(struct slice text)
{
    return text.len > 0 && all_of(text, TOKEN);
}

bool http1__value_is_valid(struct slice text)
{
    for (size_t i = slice_plain_run(text); i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

bool http1__host_is_valid(struct slice text)
{
    struct slice port;
    uint64_t number;
    size_t end;

    if (text.len == 0)
        return false;
    if (text.data[0] == '[') {
        end = slice_find(text, ']');
        if (end == text.len || end < 3)
            return false;
        for (size_t i = 1; i < end; i++) {
            if (!(classes[(unsigned char)text.data[i]] & HEX) && text.data[i] != ':' &&
                text.data[i] != '.')
                return false;
        }
        end++;
    } else {
        end = slice_find(text, ':');
        if (end == 0 || !all_of(slice_make(text.data, end), HOST))
            return false;
    }
    if (end == text.len)
        return true;
    port = slice_from(text, end + 1);
    if (text.data[end] != ':')
        return false;
    return port.len == 0 || (slice_to_u64(port, &number) && number <= 65535);
}

void http1__split_target(struct slice target, struct request_head *head)
{
    size_t mark = slice_find(target, '?');

    head->path = slice_make(target.data, mark);
    head->query = mark == target.len ? SLICE_EMPTY : slice_from(target, mark + 1);
}

static bool refuse(struct http1_fault *ret_fault, int status, const char *detail)
{
    *ret_fault = (struct http1_fault){status, detail};
    return false;
}

/* METHOD SP target SP HTTP/x.y, and nothing more. */
static bool check_request_line(struct slice line, struct http1_fault *ret_fault)
{
    size_t first = slice_find(line, ' ');
    struct slice rest;
    struct slice version;
    size_t second;

    if (!http1__token_is_valid(slice_make(line.data, first)))
        return refuse(ret_fault, 400, "The request line does not begin with a method.");
    if (first == line.len)
        return refuse(ret_fault, 400, "The request line has no target.");
    rest = slice_from(line, first + 1);
    second = slice_find(rest, ' ');
    if (second == 0 || second == rest.len)
        return refuse(ret_fault, 400, "The request line must be a method, a target and a version.");
    for (size_t i = 0; i < second; i++) {
        unsigned char c = (unsigned char)rest.data[i];

        if (c <= 0x20 || c >= 0x7f)
            return refuse(ret_fault, 400,
                          "The request target contains a character that must be percent-encoded.");
    }
    version = slice_from(rest, second + 1);
    if (version.len != 8 || !slice_starts_with(version, SLICE("HTTP/")) || version.data[6] != '.' ||
        !all_of(slice_make(version.data + 5, 1), DIGIT) ||
        !all_of(slice_make(version.data + 7, 1), DIGIT))
        return refuse(ret_fault, 400, "The request line does not end with HTTP/1.1.");
    if (!slice_equal(version, SLICE("HTTP/1.1")) && !slice_equal(version, SLICE("HTTP/1.0")))
        return refuse(ret_fault, 505, "Only HTTP/1.0, HTTP/1.1 and HTTP/2 are supported.");
    return true;
}

static bool check_field_line(struct slice line, struct http1_fault *ret_fault)
{
    size_t colon = slice_find(line, ':');

    if (line.data[0] == ' ' || line.data[0] == '\t')
        return refuse(ret_fault, 400, "A header field is folded over two lines.");
    if (colon == line.len)
        return refuse(ret_fault, 400, "A header field has no colon.");
    if (colon == 0)
        return refuse(ret_fault, 400, "A header field has no name.");
    if (line.data[colon - 1] == ' ' || line.data[colon - 1] == '\t')
        return refuse(ret_fault, 400, "A header field has whitespace before its colon.");
    if (!http1__token_is_valid(slice_make(line.data, colon)))
        return refuse(ret_fault, 400, "A header field's name contains an invalid character.");
    if (!http1__value_is_valid(slice_from(line, colon + 1)))
        return refuse(ret_fault, 400, "A header field's value contains a control character.");
    return true;
}

/* What is there of the current line, and of all header fields, against the bounds. */
static bool check_sizes(const struct http1_scan *scan, size_t len,
                        const struct http1_limits *limits, struct http1_fault *ret_fault)
{
    if (scan->lines == 0 && len - scan->line > limits->line_bytes)
        return refuse(ret_fault, 414, "The request line exceeds the limit.");
    if (scan->lines > 0 && len - scan->line > limits->header_bytes)
        return refuse(ret_fault, 431, "A header field exceeds the limit.");
    if (scan->lines > 0 && len - scan->start > limits->line_bytes + limits->header_bytes)
        return refuse(ret_fault, 431, "The header fields exceed the limit.");
    if (scan->lines > limits->header_count + 1)
        return refuse(ret_fault, 431, "Too many header fields.");
    return true;
}

/* Bytes of another protocol may never end a line: TLS, for one. */
static bool check_start(const struct http1_scan *scan, struct slice bytes,
                        struct http1_fault *ret_fault)
{
    char first = '\r';

    if (scan->line < bytes.len)
        first = bytes.data[scan->line];
    if (scan->lines > 0 || first == '\r' || http1__token_is_valid(slice_make(&first, 1)))
        return true;
    return refuse(ret_fault, 400, "The request line does not begin with a method.");
}

/* Clients may send an empty line before a request (RFC 9112 section 2.2); two are enough. */
#define EMPTY_LINES_MOST 2

enum line_kind { LINE_BAD, LINE_GOES_ON, LINE_ENDS_HEAD };

static enum line_kind take_line(struct http1_scan *scan, struct slice line,
                                struct http1_fault *ret_fault)
{
    if (line.len == 0 && scan->lines > 0)
        return LINE_ENDS_HEAD;
    if (line.len == 0) {
        scan->start = scan->at;
        if (scan->start / 2 > EMPTY_LINES_MOST) {
            refuse(ret_fault, 400, "Too many empty lines precede the request line.");
            return LINE_BAD;
        }
        return LINE_GOES_ON;
    }
    scan->lines++;
    if (scan->lines == 1)
        return check_request_line(line, ret_fault) ? LINE_GOES_ON : LINE_BAD;
    return check_field_line(line, ret_fault) ? LINE_GOES_ON : LINE_BAD;
}

enum http1_result http1__scan_head(struct http1_scan *scan, struct slice bytes,
                                   const struct http1_limits *limits, struct http1_fault *ret_fault)
{
    while (scan->at < bytes.len) {
        struct slice rest = slice_from(bytes, scan->at);
        size_t feed = slice_find(rest, '\n');
        struct slice line;
        enum line_kind kind;

        if (feed == rest.len) {
            scan->at = bytes.len;
            return check_start(scan, bytes, ret_fault) &&
                           check_sizes(scan, bytes.len, limits, ret_fault)
                       ? HTTP1_MORE
                       : HTTP1_FAULT;
        }
        scan->at += feed + 1;
        line = slice_make(bytes.data + scan->line, scan->at - 1 - scan->line);
        if (!check_sizes(scan, scan->at, limits, ret_fault))
            return HTTP1_FAULT;
        if (line.len == 0 || line.data[line.len - 1] != '\r') {
            refuse(ret_fault, 400, "A line ends with LF alone.");
            return HTTP1_FAULT;
        }
        line.len--;
        if (slice_find(line, '\r') != line.len) {
            refuse(ret_fault, 400, "A line contains a bare CR.");
            return HTTP1_FAULT;
        }
        kind = take_line(scan, line, ret_fault);
        scan->line = scan->at;
        if (kind == LINE_BAD)
            return HTTP1_FAULT;
        if (kind == LINE_ENDS_HEAD)
            return HTTP1_DONE;
    }
    return HTTP1_MORE;
}

bool http1__method_is_known(struct slice method)
{
    static const struct slice known[] = {
        SLICE_INIT("GET"),     SLICE_INIT("HEAD"),  SLICE_INIT("POST"),
        SLICE_INIT("PUT"),     SLICE_INIT("PATCH"), SLICE_INIT("DELETE"),
        SLICE_INIT("OPTIONS"), SLICE_INIT("TRACE"), SLICE_INIT("CONNECT"),
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (slice_equal(method, known[i]))
            return true;
    return false;
}

struct slice http1__method_of(struct slice head)
{
    size_t blank = slice_find(head, ' ');

    return blank == head.len ? SLICE_EMPTY : slice_make(head.data, blank);
}

/* What llhttp has read so far. */
struct parse {
    struct arena *arena;
    const struct http1_limits *limits;
    struct http1_head *head;
    struct header *headers;
    size_t capacity;
    struct slice target;
    bool complete;
};

static struct parse *parse_of(llhttp_t *parser)
{
    return parser->data;
}

static int on_url(llhttp_t *parser, const char *at, size_t length)
{
    parse_of(parser)->target = slice_make(at, length);
    return 0;
}

static int on_field(llhttp_t *parser, const char *at, size_t length)
{
    struct parse *parse = parse_of(parser);
    struct request_head *request = &parse->head->request;

    if (request->header_count == parse->capacity)
        return -1; /* the scanner counted the lines */
    parse->headers[request->header_count++].name = slice_make(at, length);
    return 0;
}

static int on_value(llhttp_t *parser, const char *at, size_t length)
{
    struct parse *parse = parse_of(parser);
    struct header *last = &parse->headers[parse->head->request.header_count - 1];

    /* A value may come in several runs, which lie side by side in the head. */
    if (last->value.data == NULL)
        last->value = slice_make(at, length);
    else
        last->value.len = (size_t)(at + length - last->value.data);
    return 0;
}

static int on_headers_complete(llhttp_t *parser)
{
    parse_of(parser)->complete = true;
    return HPE_PAUSED; /* bodies are ours */
}

static const llhttp_settings_t callbacks = {
    .on_url = on_url,
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_headers_complete = on_headers_complete,
};

static bool llhttp_fault(llhttp_errno_t error, struct http1_fault *ret_fault)
{
    switch (error) {
    case HPE_INVALID_METHOD:
        return refuse(ret_fault, 501, HTTP1_METHOD_UNKNOWN);
    case HPE_INVALID_URL:
        return refuse(ret_fault, 400, "The request target is invalid.");
    case HPE_INVALID_CONTENT_LENGTH:
        return refuse(ret_fault, 400, "Content-Length is not one decimal number.");
    case HPE_UNEXPECTED_CONTENT_LENGTH:
        return refuse(ret_fault, 400,
                      "Content-Length is repeated or combined with Transfer-Encoding.");
    case HPE_INVALID_TRANSFER_ENCODING:
        return refuse(ret_fault, 400, "Transfer-Encoding must be exactly chunked.");
    default:
        return refuse(ret_fault, 400, "The head of the request is malformed.");
    }
}

static bool check_transfer_encoding(struct http1_head *head, struct slice value,
                                    struct http1_fault *ret_fault)
{
    struct slice coding;
    bool chunked = head->chunked;
    bool unknown = false;

    if (head->request.version == HTTP_1_0)
        return refuse(ret_fault, 400, "HTTP/1.0 does not allow Transfer-Encoding.");
    while (header_next_element(&value, &coding)) {
        if (chunked)
            return refuse(ret_fault, 400, "Transfer-Encoding must end with chunked.");
        chunked = slice_equal_ignore_case(coding, SLICE("chunked"));
        unknown = unknown || !chunked;
    }
    if (unknown)
        return refuse(ret_fault, 501, "Only the transfer coding chunked is supported.");
    head->chunked = true;
    return true;
}

static bool check_content_length(struct http1_head *head, struct slice value,
                                 struct http1_fault *ret_fault)
{
    uint64_t length;

    if (head->request.content_length >= 0)
        return refuse(ret_fault, 400, "Content-Length is repeated.");
    if (!slice_to_u64(value, &length) || length > INT64_MAX)
        return refuse(ret_fault, 400, "Content-Length is not one decimal number.");
    head->request.content_length = (int64_t)length;
    return true;
}

static bool check_connection(struct http1_head *head, struct slice value)
{
    struct slice option;

    while (header_next_element(&value, &option)) {
        if (slice_equal_ignore_case(option, SLICE("close")))
            head->close = true;
    }
    return true;
}

static bool check_expect(struct http1_head *head, struct slice value, struct http1_fault *ret_fault)
{
    if (!slice_equal_ignore_case(value, SLICE("100-continue")))
        return refuse(ret_fault, 417, "Only the expectation 100-continue is supported.");
    head->expect_continue = head->request.version != HTTP_1_0;
    return true;
}

static bool check_host(struct http1_head *head, struct slice value, unsigned *hosts,
                       struct http1_fault *ret_fault)
{
    if (++*hosts > 1)
        return refuse(ret_fault, 400, "The Host header is repeated.");
    if (!http1__host_is_valid(value))
        return refuse(ret_fault, 400, "The Host header is not a host with an optional port.");
    head->request.authority = value;
    return true;
}

static bool check_field(struct http1_head *head, const struct header *header, unsigned *hosts,
                        struct http1_fault *ret_fault)
{
    if (header->name.len < 4 || header->name.len > 17)
        return true; /* none of these */
    if (slice_equal(header->name, SLICE("host")))
        return check_host(head, header->value, hosts, ret_fault);
    if (slice_equal(header->name, SLICE("content-length")))
        return check_content_length(head, header->value, ret_fault);
    if (slice_equal(header->name, SLICE("transfer-encoding")))
        return check_transfer_encoding(head, header->value, ret_fault);
    if (slice_equal(header->name, SLICE("connection")))
        return check_connection(head, header->value);
    if (slice_equal(header->name, SLICE("expect")))
        return check_expect(head, header->value, ret_fault);
    return true;
}

static bool check_fields(struct parse *parse, struct http1_fault *ret_fault)
{
    struct http1_head *head = parse->head;
    unsigned hosts = 0;

    for (size_t i = 0; i < head->request.header_count; i++) {
        struct header *header = &parse->headers[i];
        char *name = (char *)(uintptr_t)header->name.data; /* the caller's bytes are not constant */

        for (size_t at = 0; at < header->name.len; at++) {
            if (name[at] >= 'A' && name[at] <= 'Z')
                name[at] = (char)(name[at] + ('a' - 'A'));
        }
        head->request.names |= header_name_bit(header->name);
        header->value = slice_trim(header->value);
        head->request.header_bytes += header->name.len + header->value.len + 32;
        if (!check_field(head, header, &hosts, ret_fault))
            return false;
    }
    if (head->request.header_bytes > parse->limits->header_bytes)
        return refuse(ret_fault, 431, "The header fields exceed the limit.");
    if (head->chunked && head->request.content_length >= 0)
        return refuse(ret_fault, 400, "Content-Length is combined with Transfer-Encoding.");
    if (hosts == 0 && head->request.version == HTTP_1_1)
        return refuse(ret_fault, 400, "The Host header is missing.");
    return true;
}

/* scheme://authority/path (RFC 9112 section 3.2.2); its authority overrides Host. */
static bool check_absolute(struct slice target, struct request_head *request,
                           struct http1_fault *ret_fault)
{
    struct slice scheme = slice_make(target.data, slice_find(target, ':'));
    struct slice rest = slice_from(target, scheme.len);
    size_t end = 0;

    if (!slice_starts_with(rest, SLICE("://")))
        return refuse(ret_fault, 400, "The request target is neither a path nor an absolute URI.");
    if (slice_equal_ignore_case(scheme, SLICE("http")))
        request->scheme = SLICE("http");
    else if (slice_equal_ignore_case(scheme, SLICE("https")))
        request->scheme = SLICE("https");
    else
        return refuse(ret_fault, 400, "The target's scheme is not http or https.");
    rest = slice_from(rest, 3);
    while (end < rest.len && rest.data[end] != '/' && rest.data[end] != '?')
        end++;
    request->authority = slice_make(rest.data, end);
    if (!http1__host_is_valid(request->authority))
        return refuse(ret_fault, 400, "The target's authority is not a host with a port.");
    http1__split_target(slice_from(rest, end), request);
    if (request->path.len == 0)
        request->path = slice_equal(request->method, SLICE("OPTIONS")) &&
                                request->query.data == NULL
                            ? SLICE("*")
                            : SLICE("/");
    return true;
}

static bool check_target(struct slice target, struct request_head *request,
                         struct http1_fault *ret_fault)
{
    request->scheme = SLICE("http");
    if (slice_equal(request->method, SLICE("CONNECT")))
        return refuse(ret_fault, 501, "The method CONNECT is not supported.");
    if (slice_equal(target, SLICE("*"))) {
        request->path = target;
        return slice_equal(request->method, SLICE("OPTIONS")) ||
               refuse(ret_fault, 400, "The target * is allowed only with OPTIONS.");
    }
    if (target.len > 0 && target.data[0] == '/')
        http1__split_target(target, request);
    else if (!check_absolute(target, request, ret_fault))
        return false;
    if (!http1__path_is_valid(request->path) || !http1__query_is_valid(request->query))
        return refuse(ret_fault, 400,
                      "The request target contains a character that must be percent-encoded.");
    return true;
}

static size_t count_lines(struct slice text)
{
    size_t count = 0;

    for (size_t feed; (feed = slice_find(text, '\n')) < text.len; count++)
        text = slice_from(text, feed + 1);
    return count;
}

bool http1__parse_head(struct arena *arena, char *bytes, size_t len,
                       const struct http1_limits *limits, struct http1_head *ret_head,
                       struct http1_fault *ret_fault)
{
    struct http1_head head = {.request = {.content_length = -1}};
    struct parse parse = {.arena = arena, .limits = limits, .head = &head};
    llhttp_errno_t error;
    llhttp_t parser;

    parse.capacity = count_lines(slice_make(bytes, len));
    parse.headers = arena_array(arena, parse.capacity, sizeof(*parse.headers));
    if (parse.headers == NULL)
        return refuse(ret_fault, NO_MEMORY_HTTP, NO_MEMORY_TEXT);
    head.request.method = http1__method_of(slice_make(bytes, len));
    llhttp_init(&parser, HTTP_REQUEST, &callbacks);
    parser.data = &parse;
    error = llhttp_execute(&parser, bytes, len);
    if (!parse.complete)
        return llhttp_fault(error, ret_fault);
    if (!http1__method_is_known(head.request.method))
        return refuse(ret_fault, 501, HTTP1_METHOD_UNKNOWN);
    head.request.version = parser.http_minor == 0 ? HTTP_1_0 : HTTP_1_1;
    head.close = head.request.version == HTTP_1_0;
    if (!check_fields(&parse, ret_fault) || !check_target(parse.target, &head.request, ret_fault))
        return false;
    head.request.headers = parse.headers;
    head.request.has_body = head.chunked || head.request.content_length > 0;
    *ret_head = head;
    return true;
}
