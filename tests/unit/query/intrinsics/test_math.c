/* engine/query/intrinsics/math.c */
#include "evaluate.h"
#include "mt.h"

#define CHECK(rows) evaluation_check(MS_QUERY_TEMPLATE, rows, sizeof rows / sizeof rows[0])

MT_TEST(intrinsics_math__add)
{
  static const struct evaluation_row rows[] = {
      {"States.MathAdd(1, 2)", NULL, "3"},
      {"States.MathAdd(1.49, 1.5)", NULL, "3"},
      {"States.MathAdd(1.5, 1.51)", NULL, "4"},
      {"States.MathAdd(-1.5, 0)", NULL, "-1"},
      {"States.MathAdd(-0.5, 0)", NULL, "0"},
      {"States.MathAdd(-2.5, 0)", NULL, "-2"},
      {"States.MathAdd(0.49999999999999994, 0)", NULL, "0"},
      {"States.MathAdd(2147483647, 0)", NULL, "2147483647"},
      {"States.MathAdd(-2147483648, 0)", NULL, "-2147483648"},
      {"States.MathAdd(2147483647.4, 0)", NULL, "2147483647"},
      {"States.MathAdd(2147483647, -1)", NULL, "2147483646"},
      {"States.MathAdd(2147483648, -1)", NULL,
       "!There was an error while evaluating the intrinsic function: States.MathAdd(2147483648, "
       "-1). Invalid arguments in States.MathAdd"},
      {"States.MathAdd(2147483647, 1)", NULL,
       "!There was an error while evaluating the intrinsic function: States.MathAdd(2147483647, "
       "1). Invalid arguments in States.MathAdd"},
      {"States.MathAdd(-2147483648, -1)", NULL,
       "!There was an error while evaluating the intrinsic function: States.MathAdd(-2147483648, "
       "-1). Invalid arguments in States.MathAdd"},
      {"States.MathAdd(2147483647.5, 0)", NULL,
       "!There was an error while evaluating the intrinsic function: States.MathAdd(2147483647.5, "
       "0). Invalid arguments in States.MathAdd"},
      {"States.MathAdd('1', 2)", NULL,
       "!There was an error while evaluating the intrinsic function: States.MathAdd('1', 2). "
       "Invalid arguments in States.MathAdd"},
      {"States.MathAdd(null, 2)", NULL,
       "!There was an error while evaluating the intrinsic function: States.MathAdd(null, 2). "
       "Invalid arguments in States.MathAdd"},
      {"States.MathAdd(true, 2)", NULL,
       "!There was an error while evaluating the intrinsic function: States.MathAdd(true, 2). "
       "Invalid arguments in States.MathAdd"},
      {"States.MathAdd(1e300, 1)", NULL,
       "!There was an error while evaluating the intrinsic function: States.MathAdd(1e300, 1). "
       "Invalid arguments in States.MathAdd"},
      {"States.MathAdd(99999999999999999999, 1)", NULL,
       "!There was an error while evaluating the intrinsic function: "
       "States.MathAdd(99999999999999999999, 1). Invalid arguments in States.MathAdd"},
  };
  CHECK(rows);
}

MT_TEST(intrinsics_math__random)
{
  static const struct evaluation_row rows[] = {
      {"States.MathRandom(3, 4)", NULL, "3"},
      {"States.MathRandom(-3, -2, 9)", NULL, "-3"},
      {"States.MathRandom(3.9, 4.1)", NULL, "3"},
      {"States.MathRandom(0, 10, 42)", NULL, "0"},
      {"States.MathRandom(0, 1000, 1)", NULL, "985"},
      {"States.MathRandom(100, 200, 0)", NULL, "160"},
      {"States.MathRandom(4, 4)", NULL,
       "!There was an error while evaluating the intrinsic function: States.MathRandom(4, 4). "
       "Invalid arguments in States.MathRandom"},
      {"States.MathRandom(4, 3)", NULL,
       "!There was an error while evaluating the intrinsic function: States.MathRandom(4, 3). "
       "Invalid arguments in States.MathRandom"},
      {"States.MathRandom(4.2, 4.9)", NULL,
       "!There was an error while evaluating the intrinsic function: States.MathRandom(4.2, 4.9). "
       "Invalid arguments in States.MathRandom"},
      {"States.MathRandom('1', 2)", NULL,
       "!There was an error while evaluating the intrinsic function: States.MathRandom('1', 2). "
       "Invalid arguments in States.MathRandom"},
      {"States.MathRandom(1, 2, 'x')", NULL,
       "!There was an error while evaluating the intrinsic function: States.MathRandom(1, 2, 'x'). "
       "Invalid arguments in States.MathRandom"},
      {"States.MathRandom(-2147483648, 2147483647)", NULL,
       "!There was an error while evaluating the intrinsic function: "
       "States.MathRandom(-2147483648, 2147483647). Invalid arguments in States.MathRandom"},
      {"States.MathRandom(0, 2147483648)", NULL,
       "!There was an error while evaluating the intrinsic function: States.MathRandom(0, "
       "2147483648). Invalid arguments in States.MathRandom"},
  };
  CHECK(rows);
}
