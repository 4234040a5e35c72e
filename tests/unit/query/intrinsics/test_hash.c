/* engine/query/intrinsics/hash.c */
#include "evaluate.h"
#include "mt.h"

#define CHECK(rows) evaluation_check(MS_QUERY_TEMPLATE, rows, sizeof rows / sizeof rows[0])

MT_TEST(intrinsics_hash__digests)
{
  static const struct evaluation_row rows[] = {
      {"States.Hash('input data', 'MD5')", NULL, "\"812f45842bc6d66ee14572ce20db8e86\""},
      {"States.Hash('input data', 'SHA-1')", NULL, "\"aaff4a450a104cd177d28d18d74485e8cae074b7\""},
      {"States.Hash('', 'SHA-256')", NULL,
       "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\""},
      {"States.Hash('1', 'MD5')", NULL, "\"c4ca4238a0b923820dcc509a6f75849b\""},
      {"States.Hash(1, 'MD5')", NULL, "\"c4ca4238a0b923820dcc509a6f75849b\""},
      {"States.Hash($, 'MD5')", "{\"a\":1}", "\"bb6cb5c68df4652941caf652a366f2d8\""},
      {"States.Hash('x', 'md5')", NULL,
       "!There was an error while evaluating the intrinsic function: States.Hash('x', 'md5'). "
       "Invalid arguments in States.Hash"},
      {"States.Hash('x', 'SHA256')", NULL,
       "!There was an error while evaluating the intrinsic function: States.Hash('x', 'SHA256'). "
       "Invalid arguments in States.Hash"},
      {"States.Hash('x', 5)", NULL,
       "!There was an error while evaluating the intrinsic function: States.Hash('x', 5). Invalid "
       "arguments in States.Hash"},
  };
  CHECK(rows);
}
