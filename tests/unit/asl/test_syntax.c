/* Text that is not JSON. */
#include "asl_check.h"
#include "mt.h"

static const struct asl_row syntax_rows[] = {
    {"word",
     "not a definition",
     "1:1: error: Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or "
     "token 'null', 'true' or 'false') (INVALID_JSON_DESCRIPTION at [Source: (String)\"not a "
     "definition\"; line: 1, column: 4])\n"},
    {"trailing_comma",
     "{'StartAt':'A',\n"
     " 'States':{'A':{'Type':'Succeed'},}}",
     "2:35: error: Unexpected character ('}' (code 125)): was expecting double-quote to "
     "start field name "
     "(INVALID_JSON_DESCRIPTION at [Source: (String)\"{\"StartAt\":\"A\",\\n \"States\":{\"A\":{"
     "\"Type\":\"Succeed\"},}}\"; line: 2, column: 36]) Remove the comma before it.\n"},
    {"missing_comma",
     "{'StartAt':'A'\n"
     " 'States':{}}",
     "2:2: error: Unexpected character ('\"' (code 34)): was expecting comma to separate "
     "Object entries "
     "(INVALID_JSON_DESCRIPTION at [Source: (String)\"{\"StartAt\":\"A\"\\n \"States\":{}}\"; "
     "line: 2, column: 3]) A comma is missing before it.\n"},
    {"missing_colon",
     "{'StartAt' 'A'}",
     "1:12: error: Unexpected character ('\"' (code 34)): was expecting a colon to "
     "separate field name and value "
     "(INVALID_JSON_DESCRIPTION at [Source: (String)\"{\"StartAt\" \"A\"}\"; line: 1, column: "
     "13]) A colon is missing before it.\n"},
    {"unclosed",
     "{'StartAt':'A'",
     "1:15: error: Unexpected end-of-input: expected ',' or '}' after a member "
     "(INVALID_JSON_DESCRIPTION at [Source: (String)\"{\"StartAt\":\"A\"\"; line: 1, column: "
     "16]) A closing bracket, brace or quote is missing.\n"},
    {"unclosed_string",
     "{'StartAt':'A",
     "1:12: error: The string does not end (INVALID_JSON_DESCRIPTION at [Source: (String)\"{"
     "\"StartAt\":\"A\"; line: 1, column: 13])\n"},
    {"comment",
     "{\n"
     " // the start\n"
     " 'StartAt':'A'}",
     "2:2: error: Unexpected character ('/' (code 47)): was expecting double-quote to "
     "start field name "
     "(INVALID_JSON_DESCRIPTION at [Source: (String)\"{\\n // the start\\n \"StartAt\":\"A\"}\"; "
     "line: 2, column: 3]) JSON has no comments; use a \"Comment\" field.\n"},
    {"bare_name",
     "{StartAt:'A'}",
     "1:2: error: Unexpected character ('S' (code 83)): was expecting double-quote to "
     "start field name "
     "(INVALID_JSON_DESCRIPTION at [Source: (String)\"{StartAt:\"A\"}\"; line: 1, column: 9]) "
     "Member names stand in double quotes.\n"},
    {"bare_value",
     "{'StartAt':A}",
     "1:12: error: Unrecognized token 'A': was expecting (JSON String, Number, Array, Object or "
     "token 'null', 'true' or 'false') (INVALID_JSON_DESCRIPTION at [Source: (String)\"{"
     "\"StartAt\":A}\"; line: 1, column: 13])\n"},
    {"apostrophes",
     "{`StartAt`:1}",
     "1:2: error: Unexpected character (''' (code 39)): was expecting double-quote to "
     "start field name "
     "(INVALID_JSON_DESCRIPTION at [Source: (String)\"{'StartAt':1}\"; line: 1, column: 3]) JSON "
     "strings stand in double quotes.\n"},
    {"trailing_text",
     "{} x",
     "1:4: error: Unexpected text after the value (INVALID_JSON_DESCRIPTION at [Source: "
     "(String)\"{} x\"; line: 1, column: 5])\n"},
    {"bad_number",
     "{'a':01}",
     "1:6: error: A number must not begin with 0 (INVALID_JSON_DESCRIPTION at [Source: "
     "(String)\"{\"a\":01}\"; line: 1, column: 8])\n"},
    {NULL, NULL, NULL}};

MT_TEST(asl_syntax__diagnostics)
{
  asl_check_rows(syntax_rows, false);
}
