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

/* RFC 4231, cases 1, 2, 3 and 6 (a key longer than a block). */
MT_TEST(base_digest__hmac_known_answers)
{
  char key1[20], key3[20], data3[50], key6[131];
  memset(key1, 0x0b, sizeof key1);
  memset(key3, 0xaa, sizeof key3);
  memset(data3, 0xdd, sizeof data3);
  memset(key6, 0xaa, sizeof key6);
  const struct {
    struct ms_str key, data;
    const char *expected;
  } cases[] = {
      {{key1, sizeof key1},
       MS_STR("Hi There"),
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {MS_STR("Jefe"), MS_STR("what do ya want for nothing?"),
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {{key3, sizeof key3},
       {data3, sizeof data3},
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {{key6, sizeof key6},
       MS_STR("Test Using Larger Than Block-Size Key - Hash Key First"),
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    unsigned char out[MS_SHA256_SIZE];
    char hex[2 * MS_SHA256_SIZE + 1];
    mt_eq_int(ms_digest_hmac_sha256(out, cases[i].key, cases[i].data), 0);
    ms_digest_print_hex(hex, out, sizeof out);
    mt_eq_str(hex, cases[i].expected);
  }
}

MT_TEST(base_digest__sha256_is_the_named_one)
{
  unsigned char out[MS_SHA256_SIZE];
  char hex[2 * MS_SHA256_SIZE + 1];
  mt_eq_int(ms_digest_sha256(out, MS_STR("abc")), 0);
  ms_digest_print_hex(hex, out, sizeof out);
  mt_eq_str(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

MT_TEST(base_digest__comparison)
{
  mt_ok(ms_digest_is_same(MS_STR("abc"), MS_STR("abc")));
  mt_ok(ms_digest_is_same(MS_STR(""), (struct ms_str){NULL, 0}));
  mt_ok(!ms_digest_is_same(MS_STR("abc"), MS_STR("abd")));
  mt_ok(!ms_digest_is_same(MS_STR("xbc"), MS_STR("abc")));
  mt_ok(!ms_digest_is_same(MS_STR("abc"), MS_STR("ab")));
}
