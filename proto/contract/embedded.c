/* The assembler includes the files; the linker gives their bounds. */
#include "proto/contract/embedded.h"

#define EMBED(symbol, path)                                   \
    __asm__(".section .rodata\n"                              \
            ".balign 16\n"                                    \
            ".global " #symbol "_start\n" #symbol "_start:\n" \
            ".incbin \"" path "\"\n"                          \
            ".global " #symbol "_end\n" #symbol "_end:\n"     \
            ".byte 0\n"                                       \
            ".previous\n");                                   \
    extern const char symbol##_start[];                       \
    extern const char symbol##_end[]

EMBED(embedded_contract_pb, CONTRACT_PB);
EMBED(embedded_reflection_pb, REFLECTION_PB);

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
