/* Hashes by their AWS names, through OpenSSL. The only file of the engine's core that includes it. */
#ifndef MS_BASE_DIGEST_H
#define MS_BASE_DIGEST_H

#include "base/str.h"

#define MS_DIGEST_HEX_SIZE 129 /* 64 bytes as hex and a NUL */

/* algorithm: exactly "MD5", "SHA-1", "SHA-256", "SHA-384" or "SHA-512", else MSTEP_ENOTFOUND. */
int ms_digest_hex(char out[MS_DIGEST_HEX_SIZE], struct ms_str algorithm, struct ms_str data);

#endif
