/*
 * Hashes by their AWS names, SHA-256 and its keyed form, through OpenSSL. The only file of the engine's
 * core that includes it.
 */
#ifndef MS_BASE_DIGEST_H
#define MS_BASE_DIGEST_H

#include "base/str.h"

#define MS_DIGEST_HEX_SIZE 129 /* 64 bytes as hex and a NUL */

/* algorithm: exactly "MD5", "SHA-1", "SHA-256", "SHA-384" or "SHA-512", else MSTEP_ENOTFOUND. */
int ms_digest_hex(char out[MS_DIGEST_HEX_SIZE], struct ms_str algorithm, struct ms_str data);

#define MS_SHA256_SIZE 32

int ms_digest_sha256(unsigned char out[MS_SHA256_SIZE], struct ms_str data);
/* HMAC-SHA-256 (RFC 2104). */
int ms_digest_hmac_sha256(unsigned char out[MS_SHA256_SIZE], struct ms_str key, struct ms_str data);
/* Lower case; out has room for 2 * len characters and a NUL. */
void ms_digest_print_hex(char *out, const unsigned char *bytes, size_t len);
/* Takes the same time wherever they differ: for comparing what must not be guessed. */
bool ms_digest_is_same(struct ms_str a, struct ms_str b);

#endif
