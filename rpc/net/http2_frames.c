/* The heads of frames (RFC 9113 section 4.1): a length, a type, flags and a stream identifier. */
#include "rpc/net/http2_frames.h"

#include <string.h>

bool http2_frames__next(struct http2_frames *frames, struct slice *bytes,
                        struct http2_frame_head *ret_head)
{
    const uint8_t *head = frames->head;
    size_t count = frames->left < bytes->len ? frames->left : bytes->len;

    frames->left -= (uint32_t)count;
    *bytes = slice_from(*bytes, count);
    count = HTTP2_FRAME_HEAD_BYTES - (size_t)frames->head_len;
    if (count > bytes->len)
        count = bytes->len;
    if (count == HTTP2_FRAME_HEAD_BYTES) {
        head = (const uint8_t *)bytes->data; /* nearly always, it lies within one read */
    } else {
        memcpy(frames->head + frames->head_len, bytes->data, count);
    }
    frames->head_len = (uint8_t)(frames->head_len + count);
    *bytes = slice_from(*bytes, count);
    if (frames->head_len < HTTP2_FRAME_HEAD_BYTES)
        return false;
    frames->head_len = 0;
    frames->left = (uint32_t)head[0] << 16 | (uint32_t)head[1] << 8 | head[2];
    ret_head->type = head[3];
    ret_head->stream_id = (int32_t)((uint32_t)(head[5] & 0x7f) << 24 | (uint32_t)head[6] << 16 |
                                    (uint32_t)head[7] << 8 | head[8]);
    return true;
}
