/*
 * The commonest passwords: of the 30,000 that Debian's package python3-zxcvbn lists those that are
 * long enough to be chosen here, in lower case. The build makes the table (common_passwords.py).
 */
#ifndef DATASTREAM_RPC_SERVICES_COMMON_PASSWORDS_H
#define DATASTREAM_RPC_SERVICES_COMMON_PASSWORDS_H

#include <stddef.h>

extern const char *const common_passwords[]; /* sorted by their bytes */
extern const size_t common_passwords_count;

#endif
