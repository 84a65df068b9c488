/* The files that the build puts into the executable. */
#include "proto/contract/embedded.h"

#include "proto/contract/embed.h"

EMBED(embedded_contract_pb, CONTRACT_PB);
EMBED(embedded_reflection_pb, REFLECTION_PB);
EMBED(embedded_sources_zip, SOURCES_ZIP);

struct slice embedded_contract(void)
{
    return slice_make(embedded_contract_pb_start,
                      (size_t)(embedded_contract_pb_end - embedded_contract_pb_start));
}

struct slice embedded_reflection(void)
{
    return slice_make(embedded_reflection_pb_start,
                      (size_t)(embedded_reflection_pb_end - embedded_reflection_pb_start));
}

struct slice embedded_sources_archive(void)
{
    return slice_make(embedded_sources_zip_start,
                      (size_t)(embedded_sources_zip_end - embedded_sources_zip_start));
}

bool embedded_source(size_t i, struct slice *ret_name, struct slice *ret_text)
{
    const struct embedded_file *file = &embedded__sources[i];

    if (file->begin == NULL)
        return false;
    *ret_name = file->name;
    *ret_text = slice_make(file->begin, (size_t)(file->end - file->begin));
    return true;
}
