/*
 * Digests through OpenSSL's one-shot interface. OpenSSL allocates a context inside; its failure is
 * reported as out of memory, the only way a known digest of bytes in memory can fail.
 */
#include "base/digest.h"

#include <openssl/evp.h>

#include "base/error.h"

struct algorithm {
  const char *name;
  const EVP_MD *(*get)(void);
};

static const struct algorithm algorithms[] = {
    {"MD5", EVP_md5},        {"SHA-1", EVP_sha1},     {"SHA-256", EVP_sha256},
    {"SHA-384", EVP_sha384}, {"SHA-512", EVP_sha512},
};

int ms_digest_hex(char out[MS_DIGEST_HEX_SIZE], struct ms_str algorithm, struct ms_str data)
{
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
    if (!ms_str_is(algorithm, algorithms[i].name)) {
      continue;
    }
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (EVP_Digest(data.len == 0 ? "" : data.data, data.len, digest, &len, algorithms[i].get(),
                   NULL) != 1) {
      return ms_error_nomem();
    }
    for (unsigned k = 0; k < len; k++) {
      out[2 * k] = digits[digest[k] >> 4];
      out[2 * k + 1] = digits[digest[k] & 15];
    }
    out[2 * len] = '\0';
    return MSTEP_OK;
  }
  return ms_error(MSTEP_ENOTFOUND, "unknown digest algorithm '%.*s'", MS_STR_ARG(algorithm));
}
