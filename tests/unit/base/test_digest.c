/* Digests by AWS's names, against the published test vectors of "abc" and of the empty text. */
#include "mt.h"

#include "base/digest.h"
#include "base/error.h"

struct row {
  const char *algorithm;
  const char *of_abc;
  const char *of_empty;
};

static const struct row rows[] = {
    {"MD5", "900150983cd24fb0d6963f7d28e17f72", "d41d8cd98f00b204e9800998ecf8427e"},
    {"SHA-1", "a9993e364706816aba3e25717850c26c9cd0d89d",
     "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
    {"SHA-256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"SHA-384",
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
     "8086072ba1e7cc2358baeca134c825a7",
     "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da"
     "274edebfe76f65fbd51ad2f14898b95b"},
    {"SHA-512",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
     "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
     "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"},
};

MT_TEST(base_digest__known_answers)
{
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char out[MS_DIGEST_HEX_SIZE];
    mt_eq_int(ms_digest_hex(out, ms_str_c(rows[i].algorithm), MS_STR("abc")), 0);
    mt_eq_str(out, rows[i].of_abc);
    mt_eq_int(ms_digest_hex(out, ms_str_c(rows[i].algorithm), (struct ms_str){NULL, 0}), 0);
    mt_eq_str(out, rows[i].of_empty);
  }
}

MT_TEST(base_digest__names_are_exact)
{
  static const char *const names[] = {"", "md5", "SHA1", "sha-256", "SHA-224", "SHA-256 ", "SHA-2"};
  char out[MS_DIGEST_HEX_SIZE];
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    mt_eq_int(ms_digest_hex(out, ms_str_c(names[i]), MS_STR("abc")), MSTEP_ENOTFOUND);
  }
  mt_eq_str(ms_error_detail(), "unknown digest algorithm 'SHA-2'");
}
