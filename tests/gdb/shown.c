/* What scripts/gdb.py shows: gdb_test.py stops in `look` and prints its arguments. */
#include "base/status.h"
#include "google/protobuf/duration.pb-c.h"

int look(struct slice text, struct slice none, struct status status,
         const ProtobufCMessage *message);

__attribute__((noinline)) int look(struct slice text, struct slice none, struct status status,
                                   const ProtobufCMessage *message)
{
    __asm__ volatile("" ::: "memory"); /* kept, with its arguments */
    return (int)(text.len + none.len) + (int)status.code + (message == NULL);
}

int main(void)
{
    Google__Protobuf__Duration duration = GOOGLE__PROTOBUF__DURATION__INIT;

    return look(SLICE("cellar-01"), SLICE_EMPTY,
                status_const(STATUS_NOT_FOUND, SLICE("No such device.")), &duration.base) == 0;
}
