/* Dates: ISO 8601, pictures both ways, time zones, weeks. The clock stands at 2017-11-21T12:00:00Z. */
#include "table.h"

MT_TEST(jsonata_dates__iso)
{
  CHECK(NULL, {"$millis()", "1511265600000"}, {"$now()", "\"2017-11-21T12:00:00.000Z\""},
        {"$fromMillis(0)", "\"1970-01-01T00:00:00.000Z\""},
        {"$fromMillis(-1)", "\"1969-12-31T23:59:59.999Z\""},
        {"$toMillis(\"1970-01-01T00:00:00.001Z\")", "1"},
        {"$toMillis(\"2017-11-07T15:07:54.972+01:00\")", "1510063674972"},
        {"$toMillis(\"2017-11-07\")", "1510012800000"}, {"$toMillis(\"2017\")", "1483228800000"},
        {"$toMillis(\"2017-11-07T15:07:54Z\")", "1510067274000"}, {"$toMillis(\"bad\")", "!D3110"},
        {"$toMillis(\"2017-13-07\")", "!D3110"}, {"$toMillis(missing)", "undefined"},
        {"$fromMillis(missing)", "undefined"}, {"$fromMillis(1e18)", "!D1001"},
        {"$now(\"[Y]\", \"+0000\")", "\"2017\""});
}

MT_TEST(jsonata_dates__formatting)
{
  CHECK(
      NULL, {"$fromMillis(1510067557121, \"[Y0001]-[M01]-[D01]\")", "\"2017-11-07\""},
      {"$fromMillis(1510067557121, \"[D1o] [MNn] [YI]\")", "\"7th November MMXVII\""},
      {"$fromMillis(1510067557121, \"[FNn,3-3], [h]:[m01] [PN]\")", "\"Tue, 3:12 PM\""},
      {"$fromMillis(1510067557121, \"[Y]-[d001] [W01]/[F1]\")", "\"2017-311 45/2\""},
      {"$fromMillis(1510067557121, \"[Dwo] of [MNn]\")", "\"seventh of November\""},
      {"$fromMillis(1510067557121, \"[[[Y,2-2]]]\")", "\"[17]\""},
      {"$fromMillis(1510067557121, \"[H01]:[m01] [Z]\", \"-0500\")", "\"10:12 -05:00\""},
      {"$fromMillis(1510067557121, \"[Z0000] [z] [Z01:01t]\", \"+0000\")", "\"+0000 GMT+00:00 Z\""},
      {"$fromMillis(1510067557121, \"[Z0]\", \"+0530\")", "\"+5:30\""},
      {"$fromMillis(1510067557121, \"[f001]\")", "\"121\""},
      {"$fromMillis(1510067557121, \"[C] [E]\")", "\"ISO ISO\""},
      {"$fromMillis(1, \"[Q]\")", "!D3132"}, {"$fromMillis(1, \"[Y\")", "!D3135"},
      {"$fromMillis(1, \"[YN]\")", "!D3133"}, {"$fromMillis(1, \"[Z010101t]\")", "!D3134"},
      {"$fromMillis(1483228800000, \"[X]-W[W01] [x] [w]\")", "\"2016-W52 12 5\""},
      {"$fromMillis(1510067557121, \"[Y9,999,*]\")", "\"2,017\""});
}

MT_TEST(jsonata_dates__parsing)
{
  CHECK(
      NULL, {"$toMillis(\"2017-11-07\", \"[Y0001]-[M01]-[D01]\")", "1510012800000"},
      {"$toMillis(\"20171107\", \"[Y0001][M01][D01]\")", "1510012800000"},
      {"$toMillis(\"7th November, 2017\", \"[D1o] [MNn], [Y]\")", "1510012800000"},
      {"$toMillis(\"2017-311\", \"[Y]-[d]\")", "1510012800000"},
      {"$toMillis(\"MMXVII\", \"[YI]\")", "1483228800000"},
      {"$toMillis(\"10:30 pm\", \"[h]:[m01] [P]\")", "1511303400000"},
      {"$toMillis(\"Nov 7\", \"[MNn,3-3] [D]\")", "1510012800000"},
      {"$toMillis(\"2017-11-07T10:00:00+01:00\", \"[Y]-[M]-[D]T[H]:[m]:[s][Z]\")", "1510045200000"},
      {"$toMillis(\"x\", \"[Y]\")", "undefined"}, {"$toMillis(\"2017-45\", \"[X]-[W]\")", "!D3136"},
      {"$toMillis(\"12\", \"[Yw]\")", "undefined"},
      {"$toMillis(\"twenty-first of November two thousand and seventeen\", \"[Dwo] of [MNn] "
       "[Yw]\")",
       "1511222400000"},
      {"$toMillis(\"2017 59\", \"[Y] [s]\")", "!D3136"},
      {"$toMillis(\"12:00:00.5\", \"[H]:[m]:[s].[f]\")", "1511265600005"},
      {"$toMillis(\"a\", \"a\")", "undefined"}, {"$toMillis(\"2017\", \"[YN]\")", "!D3133"},
      {"$fromMillis($toMillis(\"31/12/1999\", \"[D]/[M]/[Y]\"))", "\"1999-12-31T00:00:00.000Z\""});
}
