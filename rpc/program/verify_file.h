/*
 * verify-audit --file: an exported audit log is proven with the keys of the store that it came
 * from. A line holds all of its row, so its code is computed anew from the line, and from the code
 * of the row before it: that of the line before, or of the store where the file has a gap.
 */
#ifndef DATASTREAM_RPC_PROGRAM_VERIFY_FILE_H
#define DATASTREAM_RPC_PROGRAM_VERIFY_FILE_H

#include "rpc/program/program.h"

/*
 * Proves options->file with the open store, and prints a sentence for each line that does not hold,
 * or a summary. DATA_LOSS when one does not; NOT_FOUND or INVALID_ARGUMENT for a file or an
 * organization that cannot be read.
 */
struct status verify_file__check(const struct options *options, struct program *program,
                                 struct arena *arena);

#endif
