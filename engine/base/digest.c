/*
 * Digests through OpenSSL's one-shot interface. OpenSSL allocates a context inside; its failure is
 * reported as out of memory, the only way a known digest of bytes in memory can fail.
 */
#include "base/digest.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/error.h"

struct algorithm {
  const char *name;
  const EVP_MD *(*get)(void);
};

static const struct algorithm algorithms[] = {
    {"MD5", EVP_md5},        {"SHA-1", EVP_sha1},     {"SHA-256", EVP_sha256},
    {"SHA-384", EVP_sha384}, {"SHA-512", EVP_sha512},
};

void ms_digest_print_hex(char *out, const unsigned char *bytes, size_t len)
{
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < len; i++) {
    out[2 * i] = digits[bytes[i] >> 4];
    out[2 * i + 1] = digits[bytes[i] & 15];
  }
  out[2 * len] = '\0';
}

bool ms_digest_is_same(struct ms_str a, struct ms_str b)
{
  if (a.len != b.len) {
    return false;
  }
  volatile unsigned char difference = 0;
  for (size_t i = 0; i < a.len; i++) {
    difference |= (unsigned char)(a.data[i] ^ b.data[i]);
  }
  return difference == 0;
}

/* OpenSSL wants an address where there are no bytes, too. */
static const char *bytes_of(struct ms_str s)
{
  return s.len == 0 ? "" : s.data;
}

int ms_digest_sha256(unsigned char out[MS_SHA256_SIZE], struct ms_str data)
{
  unsigned len = 0;
  if (EVP_Digest(bytes_of(data), data.len, out, &len, EVP_sha256(), NULL) != 1) {
    return ms_error_nomem();
  }
  return MSTEP_OK;
}

int ms_digest_hmac_sha256(unsigned char out[MS_SHA256_SIZE], struct ms_str key, struct ms_str data)
{
  unsigned len = 0;
  if (key.len > INT_MAX ||
      HMAC(EVP_sha256(), bytes_of(key), (int)key.len, (const unsigned char *)bytes_of(data),
           data.len, out, &len) == NULL) {
    return ms_error_nomem();
  }
  return MSTEP_OK;
}

int ms_digest_hex(char out[MS_DIGEST_HEX_SIZE], struct ms_str algorithm, struct ms_str data)
{
  for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
    if (!ms_str_is(algorithm, algorithms[i].name)) {
      continue;
    }
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (EVP_Digest(bytes_of(data), data.len, digest, &len, algorithms[i].get(), NULL) != 1) {
      return ms_error_nomem();
    }
    ms_digest_print_hex(out, digest, len);
    return MSTEP_OK;
  }
  return ms_error(MSTEP_ENOTFOUND, "unknown digest algorithm '%.*s'", MS_STR_ARG(algorithm));
}
