/* What validation says: a sentence with the JSON path of the place that it is about. */
#ifndef DATASTREAM_RPC_CALL_VALIDATE_REPORT_H
#define DATASTREAM_RPC_CALL_VALIDATE_REPORT_H

#include "rpc/call/validate.h"

/* Adds a violation at the place: validate_report.c. */
void validate__report(struct validation *validation, const struct place *place, const char *format,
                      ...) __attribute__((format(printf, 3, 4)));

#endif
