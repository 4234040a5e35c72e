/* What is there of `os` tells the loop's time; what is not there is what could reach out. */
#include "fixture.h"

MT_TEST(lua_os__functions)
{
  static const struct fixture_row rows[] = {
      {"return os.time()", "1700000000"},
      {"mstep.sleep(10) return os.time()", "1700000010"},
      {"return os.date('!%Y-%m-%dT%H:%M:%SZ')", "\"2023-11-14T22:13:30Z\""},
      {"return os.date('!%Y', 0)", "\"1970\""},
      {"return os.date('!*t').year", "2023"},
      {"return os.time{year = 2024, month = 2, day = 29, hour = 12} > 1709000000", "true"},
      {"return os.difftime(5, 3)", "2.0"},
      {"return type(os.clock())", "\"number\""},
      {"return os.date('%')", "invalid conversion specifier"},
      {"local n = {} for k in pairs(os) do n[#n + 1] = k end table.sort(n) return n",
       "[\"clock\",\"date\",\"difftime\",\"time\"]"},
  };
  FIXTURE_ROWS(rows);
}
