/* See http2_raw.h. */
#include "tests/support/http2_raw.h"

void raw_repeat(char *bytes, const char *frame, size_t frame_len, size_t count)
{
    for (size_t i = 0; i < count; i++)
        memcpy(bytes + i * frame_len, frame, frame_len);
}

static unsigned number_of(const unsigned char *bytes, size_t count)
{
    unsigned number = 0;

    while (count-- > 0)
        number = number << 8 | *bytes++;
    return number;
}

static struct raw_answer raw_walk(const unsigned char *read, size_t len)
{
    struct raw_answer answer = {0};

    for (size_t at = 0; at + 9 <= len; at += 9 + number_of(read + at, 3)) {
        if (read[at + 3] == NGHTTP2_GOAWAY) {
            answer.goaways++;
            answer.goaway_error = number_of(read + at + 13, 4);
        } else if (read[at + 3] == NGHTTP2_RST_STREAM) {
            answer.resets++;
            answer.reset_error = number_of(read + at + 9, 4);
        } else if (read[at + 3] == NGHTTP2_HEADERS) {
            answer.headers++;
        }
    }
    return answer;
}

struct raw_answer raw_converse_twice(const struct fixture *fixture, struct slice first,
                                     struct slice second, int ms)
{
    struct raw_answer answer;
    static unsigned char read[1 << 20];
    int fd = client_connect(fixture);
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    size_t len = 0;
    ssize_t count = 1;

    client_send(fd, SLICE(PREFACE EMPTY_SETTINGS));
    client_send(fd, first);
    while (second.len > 0 && poll(&poller, 1, len == 0 ? PATIENCE_MS : 50) > 0 &&
           (count = recv(fd, read + len, sizeof(read) - len, 0)) > 0)
        len += (size_t)count;
    client_send(fd, second);
    while (len < sizeof(read) && poll(&poller, 1, ms) > 0 &&
           (count = recv(fd, read + len, sizeof(read) - len, 0)) > 0)
        len += (size_t)count;
    close(fd);
    answer = raw_walk(read, len);
    answer.closed = count <= 0;
    return answer;
}

struct raw_answer raw_converse(const struct fixture *fixture, struct slice bytes, int ms)
{
    return raw_converse_twice(fixture, bytes, SLICE_EMPTY, ms);
}

size_t raw_frame(char *bytes, size_t len, int type, int flags, unsigned id, struct slice payload)
{
    const char head[9] = {(char)(payload.len >> 16),
                          (char)(payload.len >> 8),
                          (char)payload.len,
                          (char)type,
                          (char)flags,
                          (char)(id >> 24),
                          (char)(id >> 16),
                          (char)(id >> 8),
                          (char)id};

    memcpy(bytes + len, head, sizeof(head));
    if (payload.len > 0)
        memcpy(bytes + len + sizeof(head), payload.data, payload.len);
    return len + sizeof(head) + payload.len;
}
