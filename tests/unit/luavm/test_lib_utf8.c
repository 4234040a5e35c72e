/* Lua's own utf8 library, all of it. */
#include "fixture.h"

MT_TEST(lua_utf8__functions)
{
  static const struct fixture_row rows[] = {
      {"return {utf8.char(228, 127769), utf8.len('\xC3\xA4\xF0\x9F\x8C\x99'), utf8.codepoint('\xC3\xA4')}",
       "[\"\xC3\xA4\xF0\x9F\x8C\x99\",2,228]"},
      {"local t = {} for _, c in utf8.codes('\xC3\xA4x') do t[#t + 1] = c end return t", "[228,120]"},
      {"return {utf8.offset('\xC3\xA4x', 2), (utf8.len('\\xff')) == nil}", "[3,true]"},
  };
  FIXTURE_ROWS(rows);
}
