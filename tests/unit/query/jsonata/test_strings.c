/* String functions, with and without regular expressions; encodings. */
#include "table.h"

MT_TEST(jsonata_strings__string)
{
  CHECK("{\"a\":[1,{\"b\":null}]}", {"$string(5)", "\"5\""},
        {"$string(a)", "\"[1,{\\\"b\\\":null}]\""},
        {"$string([1,{\"a\":2}], true)", "\"[\\n  1,\\n  {\\n    \\\"a\\\": 2\\n  }\\n]\""},
        {"$string([], true)", "\"[]\""}, {"$string($sum)", "\"\""}, {"$string(1/0)", "!D3001"},
        {"$string(missing)", "undefined"}, {"$string(1e21)", "\"1e+21\""},
        {"$string(1e-7)", "\"1e-7\""}, {"$string(0.000001)", "\"0.000001\""},
        {"$string(123456789.123)", "\"123456789.123\""}, {"$string(-0)", "\"0\""},
        {"$string(1/3)", "\"0.333333333333333\""}, {"$string(\"a\")", "\"a\""},
        {"$string(1e20)", "\"100000000000000000000\""}, {"$string([$sum,1])", "\"[\\\"\\\",1]\""},
        {"$string([1/0])", "!D1001"}, {"$string({\"a\":0/0})", "\"{\\\"a\\\":null}\""});
}

MT_TEST(jsonata_strings__parts)
{
  CHECK(NULL, {"$length(\"\")", "0"}, {"$length(\"h\xC3\xA9\xF0\x9F\x98\x80\")", "3"},
        {"$substring(\"hello\", 1)", "\"ello\""}, {"$substring(\"hello\", 1, 2)", "\"el\""},
        {"$substring(\"hello\", -3, 2)", "\"ll\""}, {"$substring(\"hello\", -9, 2)", "\"he\""},
        {"$substring(\"hello\", 2, -1)", "\"\""}, {"$substring(\"hello\", 9)", "\"\""},
        {"$substring(\"\xF0\x9F\x98\x80x\", 1)", "\"x\""},
        {"$substringBefore(\"a-b-c\", \"-\")", "\"a\""},
        {"$substringBefore(\"abc\", \"x\")", "\"abc\""},
        {"$substringBefore(\"abc\", \"\")", "\"\""},
        {"$substringAfter(\"a-b-c\", \"-\")", "\"b-c\""},
        {"$substringAfter(\"abc\", \"x\")", "\"abc\""}, {"$length(1)", "!T0410"},
        {"$length(missing)", "undefined"}, {"$substring(\"a\")", "!T0410"});
}

MT_TEST(jsonata_strings__case_trim_pad_join)
{
  CHECK(NULL, {"$uppercase(\"a\xC3\xA9\xC3\x9F\")", "\"A\xC3\x89SS\""},
        {"$lowercase(\"\xCE\x91\xCE\xA3\")", "\"\xCE\xB1\xCF\x82\""},
        {"$lowercase(\"\xCE\xA3x\")", "\"\xCF\x83x\""},
        {"$lowercase(\"\xC4\xB0\")", "\"i\xCC\x87\""}, {"$uppercase(\"\xD1\x8F\")", "\"\xD0\xAF\""},
        {"$trim(\"  a \\n b\\t\")", "\"a b\""}, {"$trim(\"\")", "\"\""},
        {"$pad(\"a\", 3)", "\"a  \""}, {"$pad(\"a\", -3, \"#\")", "\"##a\""},
        {"$pad(\"a\", 6, \"12\")", "\"a12121\""}, {"$pad(\"abc\", 2)", "\"abc\""},
        {"$pad(\"a\", 5.7, \"-\")", "\"a----\""}, {"$join([\"a\",\"b\"])", "\"ab\""},
        {"$join([\"a\",\"b\"], \", \")", "\"a, b\""}, {"$join(\"a\", \"-\")", "\"a\""},
        {"$join([1])", "!T0412"}, {"$join([], \"-\")", "\"\""}, {"$join(missing)", "undefined"});
}

MT_TEST(jsonata_strings__split)
{
  CHECK(NULL, {"$split(\"a,b,c\", \",\")", "[\"a\",\"b\",\"c\"]"},
        {"$split(\"a,b,c\", \",\", 2)", "[\"a\",\"b\"]"}, {"$split(\"a\", \",\")", "[\"a\"]"},
        {"$split(\"\", \",\")", "[\"\"]"}, {"$split(\"ab\", \"\")", "[\"a\",\"b\"]"},
        {"$split(\"a1b22c\", /[0-9]+/)", "[\"a\",\"b\",\"c\"]"},
        {"$split(\"a1b2c\", /[0-9]/, 1)", "[\"a\"]"}, {"$split(\"abc\", /x/)", "[\"abc\"]"},
        {"$split(\"a\", \",\", -1)", "!D3020"}, {"$split(\"a,b\", \",\", 0)", "[]"},
        {"$split(\"a b\", /x*/)", "!D1004"});
}

MT_TEST(jsonata_strings__match_and_contains)
{
  CHECK(NULL,
        {"$match(\"ababbabbcc\", /a(b+)/)", "[{\"match\":\"ab\",\"index\":0,\"groups\":[\"b\"]},{"
                                            "\"match\":\"abb\",\"index\":2,\"groups\":[\"bb\"]},"
                                            "{\"match\":\"abb\",\"index\":5,\"groups\":[\"bb\"]}]"},
        {"$match(\"ab\", /a/)", "{\"match\":\"a\",\"index\":0,\"groups\":[]}"},
        {"$match(\"ab\", /x/)", "undefined"}, {"$match(\"aaa\", /a/, 2).index", "[0,1]"},
        {"$match(\"aaa\", /a/, 0)", "undefined"}, {"$match(\"a\", /a/, -1)", "!D3040"},
        {"$match(\"\xF0\x9F\x98\x80y\", /y/).index", "2"}, {"$contains(\"abc\", \"b\")", "true"},
        {"$contains(\"abc\", /^c/)", "false"}, {"$contains(\"\", \"\")", "true"},
        {"$contains(1, \"1\")", "!T0410"}, {"$match(\"x\", function($s){1})", "!T1010"},
        {"$match(\"xyz\", "
         "function($s){{\"match\":\"y\",\"start\":1,\"end\":2,\"groups\":[],\"next\":missing}})",
         "{\"match\":\"y\",\"index\":1,\"groups\":[]}"});
}

MT_TEST(jsonata_strings__replace)
{
  CHECK(NULL, {"$replace(\"abcabc\", \"b\", \"x\")", "\"axcaxc\""},
        {"$replace(\"abcabc\", \"b\", \"x\", 1)", "\"axcabc\""},
        {"$replace(\"abc\", \"b\", \"$0\")", "\"a$0c\""},
        {"$replace(\"abc\", /b/, \"[$0]\")", "\"a[b]c\""},
        {"$replace(\"John Smith\", /(\\w+)\\s(\\w+)/, \"$2, $1\")", "\"Smith, John\""},
        {"$replace(\"abc\", /(b)/, \"$$1$12$x$\")", "\"a$1b2$x$c\""},
        {"$replace(\"abc\", /b/, function($m){$uppercase($m.match) & $m.start})", "\"aB1c\""},
        {"$replace(\"abc\", /b/, function($m){1})", "!D3012"},
        {"$replace(\"abc\", \"\", \"x\")", "!D3010"},
        {"$replace(\"abc\", \"b\", \"x\", -1)", "!D3011"},
        {"$replace(\"abc\", /x*?/, \"-\")", "!D1004"},
        {"$replace(\"abc\", /[a-c]/, \"\", 0)", "\"abc\""},
        {"$replace(missing, \"a\", \"b\")", "undefined"});
}

MT_TEST(jsonata_strings__encodings)
{
  CHECK(NULL, {"$base64encode(\"hello\")", "\"aGVsbG8=\""},
        {"$base64decode(\"aGVsbG8=\")", "\"hello\""},
        {"$base64decode($base64encode(\"\xC3\xA9 \xE2\x82\xAC\"))", "\"\xC3\xA9 \xE2\x82\xAC\""},
        {"$encodeUrlComponent(\"a b/\xC3\xA9?\")", "\"a%20b%2F%C3%A9%3F\""},
        {"$encodeUrl(\"http://x.y/a b?\xC3\xA9\")", "\"http://x.y/a%20b?%C3%A9\""},
        {"$decodeUrlComponent(\"a%20b%2F%C3%A9\")", "\"a b/\xC3\xA9\""},
        {"$decodeUrl(\"%20%3F\")", "\" %3F\""}, {"$decodeUrlComponent(\"%E0%A4%A\")", "!D3140"},
        {"$decodeUrl(\"%ff\")", "!D3140"}, {"$decodeUrl(\"%\")", "!D3140"},
        {"$base64encode(missing)", "undefined"});
}

MT_TEST(jsonata_strings__the_context_stands_in)
{
  CHECK("{\"name\":\"Ada\",\"n\":5}", {"name.$uppercase()", "\"ADA\""}, {"name.$length()", "3"},
        {"name.$substring(1)", "\"da\""}, {"name.$substring(0, 1)", "\"A\""},
        {"name.$contains(\"d\")", "true"}, {"n.$uppercase()", "!T0411"}, {"n.$string()", "\"5\""},
        {"name.$split(\"\")", "[\"A\",\"d\",\"a\"]"});
}
