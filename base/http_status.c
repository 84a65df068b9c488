/* The table. */
#include "base/http_status.h"

static const struct {
    int status;
    struct slice phrase;
} reasons[] = {
    {100, SLICE_INIT("Continue")},
    {200, SLICE_INIT("OK")},
    {201, SLICE_INIT("Created")},
    {202, SLICE_INIT("Accepted")},
    {204, SLICE_INIT("No Content")},
    {206, SLICE_INIT("Partial Content")},
    {301, SLICE_INIT("Moved Permanently")},
    {302, SLICE_INIT("Found")},
    {303, SLICE_INIT("See Other")},
    {304, SLICE_INIT("Not Modified")},
    {307, SLICE_INIT("Temporary Redirect")},
    {308, SLICE_INIT("Permanent Redirect")},
    {400, SLICE_INIT("Bad Request")},
    {401, SLICE_INIT("Unauthorized")},
    {403, SLICE_INIT("Forbidden")},
    {404, SLICE_INIT("Not Found")},
    {405, SLICE_INIT("Method Not Allowed")},
    {406, SLICE_INIT("Not Acceptable")},
    {408, SLICE_INIT("Request Timeout")},
    {409, SLICE_INIT("Conflict")},
    {410, SLICE_INIT("Gone")},
    {411, SLICE_INIT("Length Required")},
    {412, SLICE_INIT("Precondition Failed")},
    {413, SLICE_INIT("Content Too Large")},
    {414, SLICE_INIT("URI Too Long")},
    {415, SLICE_INIT("Unsupported Media Type")},
    {416, SLICE_INIT("Range Not Satisfiable")},
    {417, SLICE_INIT("Expectation Failed")},
    {422, SLICE_INIT("Unprocessable Content")},
    {428, SLICE_INIT("Precondition Required")},
    {429, SLICE_INIT("Too Many Requests")},
    {431, SLICE_INIT("Request Header Fields Too Large")},
    {499, SLICE_INIT("Client Closed Request")},
    {500, SLICE_INIT("Internal Server Error")},
    {501, SLICE_INIT("Not Implemented")},
    {503, SLICE_INIT("Service Unavailable")},
    {504, SLICE_INIT("Gateway Timeout")},
    {505, SLICE_INIT("HTTP Version Not Supported")},
};

struct slice http_reason(int status)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].status == status)
            return reasons[i].phrase;
    }
    return SLICE("Unknown");
}
