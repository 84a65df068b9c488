/* Shared by the files that read messages from JSON, and by nobody else. */
#ifndef DATASTREAM_PROTO_JSON_JSON_READER_H
#define DATASTREAM_PROTO_JSON_JSON_READER_H

#include "proto/json/json_place.h"

#endif
