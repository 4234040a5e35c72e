/* Printing: pretty form, strings, sizes, limits. What is printed compactly is in cases.def. */
#include "mt.h"

#include <string.h>

#include "base/error.h"
#include "json/internal.h"
#include "json/json.h"

static struct ms_json parse(const char *text)
{
  struct ms_json value;
  if (ms_json_parse(&value, ms_str_c(text), NULL, NULL) != 0) {
    mt_fail("%s: %s", text, ms_error_detail());
  }
  return value;
}

MT_TEST(json_print__pretty)
{
  struct ms_json value = parse("{\"a\":[1,{\"b\":[]},\"x\"],\"c\":{},\"d\":null}");
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  ms_json_print_pretty(&buf, value, 2);
  mt_eq_str(buf.data, "{\n"
                      "  \"a\": [\n"
                      "    1,\n"
                      "    {\n"
                      "      \"b\": []\n"
                      "    },\n"
                      "    \"x\"\n"
                      "  ],\n"
                      "  \"c\": {},\n"
                      "  \"d\": null\n"
                      "}");
  ms_buf_reset(&buf);
  ms_json_print_pretty(&buf, value, 0);
  mt_eq_str(buf.data, "{\n\"a\": [\n1,\n{\n\"b\": []\n},\n\"x\"\n],\n\"c\": {},\n\"d\": null\n}");
  ms_buf_reset(&buf);
  ms_json_print_pretty(&buf, ms_json_int(5), 4);
  mt_eq_str(buf.data, "5");
  ms_buf_deinit(&buf);
  ms_json_unref(value);
}

MT_TEST(json_print__none_prints_nothing)
{
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  ms_json_print(&buf, MS_JSON_VALUE_NONE);
  mt_eq_int(buf.len, 0);
  mt_eq_int(ms_json_size_bytes(MS_JSON_VALUE_NONE), 0);
  ms_buf_deinit(&buf);
}

/* Each byte value at each position of strings of several lengths, so every path of the fast scan. */
MT_TEST(json_print__every_byte_at_every_position)
{
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  for (size_t len = 1; len <= 20; len++) {
    for (size_t at = 0; at < len; at++) {
      for (int c = 0; c < 128; c++) {
        char text[20];
        memset(text, 'z', sizeof text);
        text[at] = (char)c;
        struct ms_json string = ms_json_string((struct ms_str){text, len});
        ms_buf_reset(&buf);
        ms_json_print(&buf, string);
        mt_eq_int(ms_json_size_bytes(string), buf.len);
        struct ms_json again;
        mt_eq_int(ms_json_parse(&again, ms_buf_view(&buf), NULL, NULL), 0);
        mt_ok(ms_json_identical(string, again));
        mt_ok(memchr(buf.data, '\n', buf.len) == NULL);
        ms_json_unref(string);
        ms_json_unref(again);
      }
    }
  }
  ms_buf_deinit(&buf);
}

MT_TEST(json_print__escapes)
{
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  ms_json_print_string(&buf, MS_STR("\x00\x01\x07\x08\t\n\x0b\x0c\r\x0e\x1f \"\\/\x7f"));
  mt_eq_str(buf.data, "\"\\u0000\\u0001\\u0007\\b\\t\\n\\u000b\\f\\r\\u000e\\u001f \\\"\\\\/\x7f\"");
  ms_buf_reset(&buf);
  ms_json_print_string(&buf, (struct ms_str){NULL, 0});
  mt_eq_str(buf.data, "\"\"");
  ms_buf_deinit(&buf);
}

MT_TEST(json_print__text_as_a_value)
{
  struct ms_json value = parse("{\"a\":\"x\\ny\"}");
  struct ms_json text = ms_json_print_value(value);
  mt_eq_json(text, "\"{\\\"a\\\":\\\"x\\\\ny\\\"}\"");
  ms_json_unref(text);
  ms_json_unref(value);
}

MT_TEST(json_print__a_full_buffer_stops_it)
{
  struct ms_json value = parse("{\"a\":[1,2,3,4,5,6,7,8,9,10],\"b\":\"text\"}");
  for (size_t max = 1; max < ms_json_size_bytes(value); max++) {
    struct ms_buf buf;
    ms_buf_init(&buf, max);
    ms_json_print(&buf, value);
    mt_eq_int(buf.error, MSTEP_ETOOBIG);
    mt_ok(buf.len <= max);
    ms_buf_deinit(&buf);
  }
  struct ms_buf buf;
  ms_buf_init(&buf, ms_json_size_bytes(value));
  ms_json_print(&buf, value);
  mt_eq_int(buf.error, 0);
  ms_buf_deinit(&buf);
  ms_json_unref(value);
}

MT_TEST(json_print__fits)
{
  struct ms_json value = parse("{\"a\":[1,-2.5,\"\\u0001x\",{}],\"b\":null,\"c\":1e400,\"d\":[[],[0]]}");
  size_t size = ms_json_size_bytes(value);
  for (size_t max = 0; max < size; max++) {
    mt_ok(!ms_json_fits(value, max));
  }
  mt_ok(ms_json_fits(value, size) && ms_json_fits(value, SIZE_MAX));
  mt_ok(ms_json_fits(MS_JSON_VALUE_NULL, 4) && !ms_json_fits(MS_JSON_VALUE_NULL, 3));
  ms_json_unref(value);
}

static int print_all(void *user)
{
  struct ms_json value = *(struct ms_json *)user;
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  ms_json_print(&buf, value);
  ms_json_print_pretty(&buf, value, 2);
  int err = buf.error;
  ms_buf_deinit(&buf);
  if (err == 0) {
    struct ms_json text = ms_json_print_value(value);
    err = ms_json_is_none(text) ? MSTEP_ENOMEM : 0;
    ms_json_unref(text);
  }
  return err;
}

MT_TEST(json_print__out_of_memory)
{
  struct ms_json value = parse("{\"a\":[1,2,3,{\"b\":\"a text of some length, longer than the first "
                               "capacity of a buffer\"}],\"c\":1e400,\"d\":0.1}");
  mt_oom(print_all, &value);
  ms_json_unref(value);
}

MT_TEST(json_print__fits_agrees_with_the_printed_length)
{
  static const char *const texts[] = {"[]",
                                      "\"\\u0001\\u0001\\u0001\"",
                                      "[-1.7976931348623157e308,-1.7976931348623157e308]",
                                      "{\"\\u0001\":[\"\",\"\",\"\",{}]}",
                                      "-9223372036854775808"};
  for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
    struct ms_json value;
    mt_eq_int(ms_json_parse(&value, ms_str_c(texts[i]), NULL, NULL), 0);
    size_t size = ms_json_size_bytes(value);
    mt_ok(ms_json_fits(value, size));
    mt_ok(!ms_json_fits(value, size - 1));
    ms_json_unref(value);
  }
}
