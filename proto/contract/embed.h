/*
 * EMBED(symbol, path) puts a file into the executable, between symbol_start and symbol_end: the
 * assembler includes it, the linker gives its bounds. For the files that do it alone.
 */
#ifndef DATASTREAM_PROTO_CONTRACT_EMBED_H
#define DATASTREAM_PROTO_CONTRACT_EMBED_H

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

#endif
