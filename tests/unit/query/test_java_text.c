/* engine/query/java_text.c */
#include "query/java_text.h"

#include "base/error.h"
#include "mt.h"

MT_TEST(java_text__decimals_as_bigdecimal)
{
  static const struct {
    const char *text;
    const char *printed; /* NULL: refused */
    const char *value;
  } rows[] = {
      {"0", "0", "0"},
      {"-0", "0", "0"},
      {"007", "7", "7"},
      {"+5", "5", "5"},
      {"1.10", "1.10", "1.1"},
      {"-1.5", "-1.5", "-1.5"},
      {".5", "0.5", "0.5"},
      {"5.", "5", "5"},
      {"1e2", "1E+2", "100"},
      {"1E-2", "0.01", "0.01"},
      {"1.1e2", "1.1E+2", "110"},
      {"1.1e1", "11", "11"},
      {"123e-5", "0.00123", "0.00123"},
      {"1e-7", "1E-7", "1e-7"},
      {"12e-9", "1.2E-8", "1.2e-8"},
      {"0.0", "0.0", "0"},
      {"9223372036854775808", "9223372036854775808", "9223372036854775808"},
      {"", NULL, NULL},
      {"-", NULL, NULL},
      {".", NULL, NULL},
      {"1e", NULL, NULL},
      {"1e+", NULL, NULL},
      {"1x", NULL, NULL},
      {"1.2.3", NULL, NULL},
      {"--1", NULL, NULL},
      {"1e999999999999", NULL, NULL},
      {" 1", NULL, NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct ms_buf out;
    struct ms_json value = MS_JSON_VALUE_NONE;
    ms_buf_init(&out, 4096);
    int err = ms_java_decimal(&out, &value, ms_str_c(rows[i].text));
    mt_eq_int(err, rows[i].printed == NULL ? MSTEP_EINVALID : 0);
    if (err == 0) {
      mt_eq_mem(out.data, out.len, rows[i].printed);
      mt_like_json(value, rows[i].value);
    }
    ms_json_unref(value);
    ms_buf_deinit(&out);
  }
}

MT_TEST(java_text__numbers_of_documents)
{
  static const struct {
    const char *json;
    const char *printed;
  } rows[] = {
      {"5", "5"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"1.0", "1.0"},
      {"100.0", "100.0"},
      {"0.1", "0.1"},
      {"1e10", "1.0E+10"},
      {"1.5e10", "1.5E+10"},
      {"0.00001", "0.000010"},
      {"1234567.5", "1234567.5"},
      {"1e300", "1.0E+300"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct ms_json value;
    struct ms_buf out;
    ms_buf_init(&out, 4096);
    mt_eq_int(ms_json_parse(&value, ms_str_c(rows[i].json), NULL, NULL), 0);
    mt_eq_int(ms_java_number(&out, value), 0);
    mt_eq_mem(out.data, out.len, rows[i].printed);
    ms_buf_deinit(&out);
    ms_json_unref(value);
  }
}

MT_TEST(java_text__values_as_collections)
{
  struct ms_json value;
  struct ms_buf out;
  ms_buf_init(&out, 4096);
  mt_eq_int(ms_json_parse(&value,
                          MS_STR("{\"a\":1,\"b\":[],\"c\":{},\"d\":[\"x\",null,true,{\"e\":1.5}]}"),
                          NULL, NULL),
            0);
  ms_java_print(&out, value);
  mt_eq_mem(out.data, out.len, "{a=1, b=[], c={}, d=[x, null, true, {e=1.5}]}");
  ms_buf_deinit(&out);
  ms_json_unref(value);
}
