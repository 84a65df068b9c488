/* The descriptor sets that the build embeds in the executable. */
#ifndef DATASTREAM_PROTO_CONTRACT_EMBEDDED_H
#define DATASTREAM_PROTO_CONTRACT_EMBEDDED_H

#include "base/slice.h"

/* A packed FileDescriptorSet of all of proto/, imports and source info included. */
struct slice embedded_contract(void);

/* The same without source info: what reflection serves. */
struct slice embedded_reflection(void);

/*
 * The proto files of the API and those that they import, the well-known types of protoc excepted:
 * a ZIP archive, and the i-th file with its path, false after the last.
 */
struct slice embedded_sources_archive(void);
bool embedded_source(size_t i, struct slice *ret_name, struct slice *ret_text);

/* A row of the table that the build writes; one without `begin` ends it. */
struct embedded_file {
    struct slice name;
    const char *begin, *end;
};
extern const struct embedded_file embedded__sources[];

#endif
