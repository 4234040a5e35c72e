/* Numbers: aggregation, rounding, conversion, and the pictures of $formatNumber and $formatInteger. */
#include "table.h"

MT_TEST(jsonata_numbers__aggregation)
{
  CHECK(NULL, {"$sum([1,2,3])", "6"}, {"$sum([])", "0"}, {"$sum(missing)", "undefined"},
        {"$sum(5)", "5"}, {"$sum([1.5,2])", "3.5"},
        {"$sum([9223372036854775807,1])", "9223372036854776000.0"}, {"$sum([1,\"a\"])", "!T0412"},
        {"$max([1,3,2])", "3"}, {"$min([1,3,2])", "1"}, {"$max([])", "undefined"},
        {"$average([1,2])", "1.5"}, {"$average([])", "undefined"}, {"$count([1,[2,3]])", "2"},
        {"$count(missing)", "0"}, {"$count(1)", "1"}, {"$count([],[])", "!T0410"});
}

MT_TEST(jsonata_numbers__conversion)
{
  CHECK(NULL, {"$number(\"12\")", "12"}, {"$number(\"-1.5e2\")", "-150"},
        {"$number(\"0x1F\")", "31"}, {"$number(\"0b101\")", "5"}, {"$number(\"0o17\")", "15"},
        {"$number(true)", "1"}, {"$number(\" 1\")", "!D3030"}, {"$number(\"\")", "!D3030"},
        {"$number(\"1e999\")", "!D3030"}, {"$number(\"1.\")", "!D3030"},
        {"$number(\"0x\")", "!D3030"}, {"$number([])", "!T0410"}, {"$number(missing)", "undefined"},
        {"$string($number(\"9223372036854775807\"))", "\"9223372036854776000\""},
        {"$number(\"1234567890123456789\")", "1234567890123456789"},
        {"$formatBase(255, 16)", "\"ff\""}, {"$formatBase(-5, 2)", "\"-101\""},
        {"$formatBase(10)", "\"10\""}, {"$formatBase(1, 1)", "!D3100"},
        {"$formatBase(2.5)", "\"2\""}, {"$formatBase(123456789012345, 36)", "\"17rf9km92x\""});
}

MT_TEST(jsonata_numbers__arithmetic_functions)
{
  CHECK(NULL, {"$abs(-5)", "5"}, {"$abs(-2.5)", "2.5"}, {"$floor(-1.5)", "-2"},
        {"$ceil(-1.5)", "-1"}, {"$floor(3)", "3"}, {"$round(2.5)", "2"}, {"$round(3.5)", "4"},
        {"$round(-2.5)", "-2"}, {"$round(-0.5)", "0"}, {"$round(4.515, 2)", "4.52"},
        {"$round(4.525, 2)", "4.52"}, {"$round(12345, -2)", "12300"},
        {"$round(12450, -2)", "12400"}, {"$round(0.49999999999999994)", "0"}, {"$sqrt(4)", "2"},
        {"$sqrt(-1)", "!D3060"}, {"$power(2, 8)", "256"}, {"$power(2, -1)", "0.5"},
        {"$power(9, 999)", "!D3061"}, {"$round(missing)", "undefined"}, {"$abs(\"1\")", "!T0410"},
        {"$round(1e300, 5)", "1e300"});
}

MT_TEST(jsonata_numbers__decimal_pictures)
{
  CHECK(
      NULL, {"$formatNumber(12345.6, \"#,###.00\")", "\"12,345.60\""},
      {"$formatNumber(1234.5678, \"00.000e0\")", "\"12.346e2\""},
      {"$formatNumber(34.555, \"#0.00;(#0.00)\")", "\"34.56\""},
      {"$formatNumber(-34.555, \"#0.00;(#0.00)\")", "\"(34.56)\""},
      {"$formatNumber(0.14, \"01%\")", "\"14%\""},
      {"$formatNumber(0.14, \"###pm\", {\"per-mille\": \"pm\"})", "\"140pm\""},
      {"$formatNumber(1234.5678, "
       "\"\xE2\x91\xA0\xE2\x91\xA0.\xE2\x91\xA0\xE2\x91\xA0\xE2\x91\xA0\", {\"zero-digit\": "
       "\"\xE2\x91\xA0\"})",
       "\"\xE2\x91\xA1\xE2\x91\xA2\xE2\x91\xA3\xE2\x91\xA4.\xE2\x91\xA5\xE2\x91\xA6\xE2\x91\xA8\""},
      {"$formatNumber(-5, \"0\")", "\"-5\""}, {"$formatNumber(0, \"#\")", "\"0\""},
      {"$formatNumber(0.5, \"#.#\")", "\".5\""},
      {"$formatNumber(1234567, \"#,##,###\")", "\"12,34,567\""},
      {"$formatNumber(0, \"0e0\")", "\"0e0\""}, {"$formatNumber(-42, \"0e0\")", "\"-4e1\""},
      {"$formatNumber(1e300, \"0\") ~> $length()", "301"},
      {"$formatNumber(1, \"0.0;0;0\")", "!D3080"}, {"$formatNumber(1, \"0.0.0\")", "!D3081"},
      {"$formatNumber(1, \"0%%\")", "!D3082"}, {"$formatNumber(1, \"0%\xE2\x80\xB0\")", "!D3084"},
      {"$formatNumber(1, \".e0\")", "!D3085"}, {"$formatNumber(1, \"0x0\")", "!D3086"},
      {"$formatNumber(1, \"0,.0\")", "!D3087"}, {"$formatNumber(1, \"0,\")", "!D3088"},
      {"$formatNumber(1, \"0,,0\")", "!D3089"}, {"$formatNumber(1, \"0#\")", "!D3090"},
      {"$formatNumber(1, \"0.#0\")", "!D3091"}, {"$formatNumber(1, \"0e0%\")", "!D3092"},
      {"$formatNumber(1, \"0e#\")", "!D3093"}, {"$formatNumber(1, \"x\")", "!D3086"});
}

MT_TEST(jsonata_numbers__integer_pictures)
{
  CHECK(NULL, {"$formatInteger(2789, \"w\")", "\"two thousand, seven hundred and eighty-nine\""},
        {"$formatInteger(12, \"w;o\")", "\"twelfth\""},
        {"$formatInteger(30, \"Ww;o\")", "\"Thirtieth\""},
        {"$formatInteger(1000000, \"W\")", "\"ONE MILLION\""},
        {"$formatInteger(1100, \"w;o\")", "\"one thousand, one hundredth\""},
        {"$formatInteger(1999, \"I\")", "\"MCMXCIX\""}, {"$formatInteger(4, \"i\")", "\"iv\""},
        {"$formatInteger(27, \"a\")", "\"aa\""}, {"$formatInteger(26, \"A\")", "\"Z\""},
        {"$formatInteger(7, \"000\")", "\"007\""},
        {"$formatInteger(1234567, \"#,##0\")", "\"1,234,567\""},
        {"$formatInteger(1234567, \"#:###,##0\")", "\"1:234,567\""},
        {"$formatInteger(17, \"##,##,##0\")", "\"17\""},
        {"$formatInteger(123, \"\xD9\xA0\")", "\"\xD9\xA1\xD9\xA2\xD9\xA3\""},
        {"$formatInteger(-5, \"0\")", "\"-5\""}, {"$formatInteger(11, \"0;o\")", "\"11th\""},
        {"$formatInteger(21, \"0;o\")", "\"21st\""},
        {"$formatInteger(5, \"\xD9\xA0\x30\")", "!D3131"}, {"$formatInteger(5, \"#\")", "!D3130"},
        {"$formatInteger(3.9, \"0\")", "\"3\""});
}

MT_TEST(jsonata_numbers__integers_from_text)
{
  CHECK(NULL, {"$parseInteger(\"12,345\", \"#,##0\")", "12345"},
        {"$parseInteger(\"MCMXCIX\", \"I\")", "1999"}, {"$parseInteger(\"aa\", \"a\")", "27"},
        {"$parseInteger(\"two thousand, seven hundred and eighty-nine\", \"w\")", "2789"},
        {"$parseInteger(\"Twenty-First\", \"w;o\")", "21"},
        {"$parseInteger(\"123rd\", \"0;o\")", "123"},
        {"$parseInteger(\"\xD9\xA1\xD9\xA2\", \"\xD9\xA0\")", "12"},
        {"$parseInteger(\"x\", \"0\")", "\"NaN\""}, {"$parseInteger(\"x\", \"#\")", "!D3130"},
        {"$parseInteger($formatInteger(987654321, \"w\"), \"w\")", "987654321"});
}
