/* What is wrong with a text, in the words of AWS's parser. */
#include "mt.h"

#include "base/error.h"
#include "json/json.h"

static void check(const char *text, const char *expected)
{
  struct ms_json value;
  struct ms_json_position where;
  struct ms_buf out;
  ms_buf_init(&out, 0);
  mt_eq_int(ms_json_parse(&value, ms_str_c(text), NULL, &where), MSTEP_ESYNTAX);
  ms_json_print_complaint(&out, ms_str_c(text), &where);
  mt_eq_str(out.data, expected);
  ms_buf_deinit(&out);
}

MT_TEST(json_complaint__words)
{
  check("not some json", "Unrecognized token 'not': was expecting (JSON String, Number, Array, "
                         "Object or token 'null', 'true' or 'false')");
  check("{'not': 'json'", "Unexpected character (''' (code 39)): was expecting double-quote to start "
                          "field name");
  check("{\"a\" 1}", "Unexpected character ('1' (code 49)): was expecting a colon to separate field "
                     "name and value");
  check("[1 2]", "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries");
  check("{\"a\":1 2}",
        "Unexpected character ('2' (code 50)): was expecting comma to separate Object entries");
  check("", "Unexpected end-of-input: expected a value, the text is empty");
  check("1 2", "Unexpected text after the value");
}
