/* Embeds the descriptors of messages.proto and loads them as a contract. */
#include "tests/json/messages.h"

#include <stdio.h>
#include <stdlib.h>

__asm__(".section .rodata\n"
        ".global json_messages_begin\n"
        ".global json_messages_end\n"
        "json_messages_begin:\n"
        ".incbin \"" JSON_MESSAGES "\"\n"
        "json_messages_end:\n"
        ".byte 0\n"
        ".previous\n");

extern const char json_messages_begin[];
extern const char json_messages_end[];

const struct contract *json_messages_load(struct arena *arena)
{
    struct slice set = slice_make(json_messages_begin,
                                  (size_t)(json_messages_end - json_messages_begin));
    const struct contract *contract = NULL;
    struct status status = contract_load(set, arena, &contract);

    if (!status_is_ok(status)) {
        fprintf(stderr, "messages.proto: %.*s\n", SLICE_ARG(status.message));
        exit(1);
    }
    return contract;
}
