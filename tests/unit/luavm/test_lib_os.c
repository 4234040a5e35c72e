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
       "[\"clock\",\"date\",\"difftime\",\"getenv\",\"time\"]"},
  };
  FIXTURE_ROWS(rows);
}

/* Only the function's own variables and Lambda's: nothing of the process. */
MT_TEST(lua_os__getenv)
{
  static const struct fixture_row rows[] = {
      {"return os.getenv('PATH') == nil and os.getenv('HOME') == nil and os.getenv('') == nil", "true"},
      {"return os.getenv('AWS_LAMBDA_FUNCTION_NAME')", "\"eval\""},
      {"return os.getenv('AWS_LAMBDA_FUNCTION_VERSION')", "\"$LATEST\""},
      {"return os.getenv('AWS_LAMBDA_FUNCTION_MEMORY_SIZE')", "\"128\""},
      {"return os.getenv('AWS_LAMBDA_LOG_GROUP_NAME')", "\"/aws/lambda/eval\""},
      {"return os.getenv('AWS_LAMBDA_LOG_STREAM_NAME') == context.log_stream_name", "true"},
      {"return os.getenv('_HANDLER')", "\"eval.handler\""},
      {"return os.getenv('AWS_REGION')", "\"eu-west-1\""},
      {"os.getenv()", "string expected"},
  };
  fixture_rows(rows, sizeof rows / sizeof rows[0], (struct ms_lua_options){.region = "eu-west-1"});
}
