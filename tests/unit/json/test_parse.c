/* Parsing beyond single texts: limits, positions, shared names, memory. */
#include "mt.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "json/json.h"

static struct ms_json parse(const char *text)
{
  struct ms_json value;
  if (ms_json_parse(&value, ms_str_c(text), NULL, NULL) != 0) {
    mt_fail("%s: %s", text, ms_error_detail());
  }
  return value;
}

MT_TEST(json_parse__kinds_of_values)
{
  static const struct {
    const char *text;
    enum ms_json_type type;
  } rows[] = {
      {"null", MS_JSON_NULL},     {"true", MS_JSON_BOOL},   {"1", MS_JSON_INT},
      {"-0", MS_JSON_INT},        {"1.0", MS_JSON_DOUBLE},  {"1e2", MS_JSON_DOUBLE},
      {"1e400", MS_JSON_BIG},     {"\"\"", MS_JSON_STRING}, {"[]", MS_JSON_ARRAY},
      {"{}", MS_JSON_OBJECT},     {"9223372036854775807", MS_JSON_INT},
      {"9223372036854775808", MS_JSON_BIG},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct ms_json value = parse(rows[i].text);
    if (value.type != rows[i].type) {
      mt_report("%s is of type %d", rows[i].text, value.type);
    }
    ms_json_unref(value);
  }
}

MT_TEST(json_parse__position_counts_lines_and_code_points)
{
  struct ms_json value;
  struct ms_json_position where;
  struct ms_str text = MS_STR("{\n  \"a\": 1,\n  \"\xC3\xA9\xF0\x9F\x98\x80\": x\n}");
  mt_eq_int(ms_json_parse(&value, text, NULL, &where), MSTEP_ESYNTAX);
  mt_eq_int(where.line, 3);
  mt_eq_int(where.column, 9);
  mt_eq_int(text.data[where.offset], 'x');
  mt_eq_str(ms_error_detail(), "line 3, column 9: expected a value");
  text = MS_STR("[1,\r\n2 3]");
  mt_eq_int(ms_json_parse(&value, text, NULL, &where), MSTEP_ESYNTAX);
  mt_eq_int(where.line, 2);
  mt_eq_int(where.column, 3);
  mt_eq_int(ms_json_parse(&value, MS_STR("[1"), NULL, NULL), MSTEP_ESYNTAX); /* where is optional */
}

static char *nested(size_t depth, const char *open, const char *close)
{
  char *text = mt_format("%*s", (int)(depth * (strlen(open) + strlen(close)) + 1), "");
  size_t at = 0;
  for (size_t i = 0; i < depth; i++) {
    memcpy(text + at, open, strlen(open));
    at += strlen(open);
  }
  text[at++] = '1';
  for (size_t i = 0; i < depth; i++) {
    memcpy(text + at, close, strlen(close));
    at += strlen(close);
  }
  return text;
}

MT_TEST(json_parse__depth_limit)
{
  struct ms_json value;
  struct ms_json_position where;
  struct ms_json_limits limits = MS_JSON_LIMITS_DEFAULT;
  mt_eq_int(ms_json_parse(&value, ms_str_c(nested(512, "[", "]")), NULL, NULL), 0);
  ms_json_unref(value);
  mt_eq_int(ms_json_parse(&value, ms_str_c(nested(513, "[", "]")), NULL, &where), MSTEP_ETOOBIG);
  mt_eq_int(where.offset, 512);
  mt_eq_str(ms_error_detail(), "line 1, column 513: nested too deeply");
  mt_eq_int(ms_json_parse(&value, ms_str_c(nested(512, "{\"a\":", "}")), NULL, NULL), 0);
  ms_json_unref(value);
  mt_eq_int(ms_json_parse(&value, ms_str_c(nested(513, "{\"a\":", "}")), NULL, NULL),
            MSTEP_ETOOBIG);
  limits.max_depth = 2;
  mt_eq_int(ms_json_parse(&value, MS_STR("[[],{}]"), &limits, NULL), 0);
  ms_json_unref(value);
  mt_eq_int(ms_json_parse(&value, MS_STR("[[],{\"a\":{}}]"), &limits, NULL), MSTEP_ETOOBIG);
  limits.max_depth = 0;
  mt_eq_int(ms_json_parse(&value, MS_STR("1"), &limits, NULL), 0);
  mt_eq_int(ms_json_parse(&value, MS_STR("[]"), &limits, NULL), MSTEP_ETOOBIG);
}

MT_TEST(json_parse__no_limit_is_above_the_depth_of_values)
{
  struct ms_json value;
  struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  mt_eq_int(ms_json_parse(&value, ms_str_c(nested(1024, "[", "]")), &limits, NULL), 0);
  struct ms_json array = ms_json_array(1);
  mt_eq_int(ms_json_push(&array, value), MSTEP_ETOOBIG);
  ms_json_unref(array);
  mt_eq_int(ms_json_parse(&value, ms_str_c(nested(1025, "[", "]")), &limits, NULL),
            MSTEP_ETOOBIG);
}

MT_TEST(json_parse__a_million_brackets)
{
  size_t len = 1000000;
  char *text = ms_alloc(len);
  struct ms_json value;
  memset(text, '[', len);
  mt_eq_int(ms_json_parse(&value, (struct ms_str){text, len}, NULL, NULL), MSTEP_ETOOBIG);
  for (size_t i = 0; i + 5 <= len; i += 5) {
    memcpy(text + i, "{\"\":", 4);
    text[i + 4] = '[';
  }
  mt_eq_int(ms_json_parse(&value, (struct ms_str){text, len}, NULL, NULL), MSTEP_ETOOBIG);
  ms_free(text);
}

MT_TEST(json_parse__size_limit)
{
  struct ms_json value;
  struct ms_json_position where = {9, 9, 9};
  struct ms_json_limits limits = MS_JSON_LIMITS_DEFAULT;
  limits.max_bytes = 4;
  mt_eq_int(ms_json_parse(&value, MS_STR("1234"), &limits, NULL), 0);
  mt_eq_int(ms_json_parse(&value, MS_STR("12345"), &limits, &where), MSTEP_ETOOBIG);
  mt_eq_str(ms_error_detail(), "JSON text of 5 bytes, the limit is 4");
  mt_eq_int(where.line, 1);
}

MT_TEST(json_parse__number_length_limit)
{
  struct ms_json value;
  struct ms_json_limits limits = MS_JSON_LIMITS_DEFAULT;
  limits.max_number_len = 5;
  mt_eq_int(ms_json_parse(&value, MS_STR("[12345]"), &limits, NULL), 0);
  ms_json_unref(value);
  mt_eq_int(ms_json_parse(&value, MS_STR("[1.2e35]"), &limits, NULL), MSTEP_ETOOBIG);
  mt_eq_str(ms_error_detail(), "line 1, column 2: number too long");
  char *digits = mt_format("%01024d", 7); /* not JSON: begins with 0 */
  digits[0] = '1';
  mt_eq_int(ms_json_parse(&value, ms_str_c(digits), NULL, NULL), 0);
  mt_eq_int(value.type, MS_JSON_BIG);
  mt_eq_str(ms_json_text(value).data, digits);
  ms_json_unref(value);
  mt_eq_int(ms_json_parse(&value, ms_str_c(mt_format("1%s", digits)), NULL, NULL), MSTEP_ETOOBIG);
}

MT_TEST(json_parse__names_are_shared_within_a_text)
{
  struct ms_json list = parse("[{\"id\":1,\"name\":2},{\"id\":3,\"name\":4}]");
  struct ms_json first = ms_json_key_value(ms_json_at(list, 0), 0);
  struct ms_json second = ms_json_key_value(ms_json_at(list, 1), 0);
  mt_ok(first.u.string == second.u.string);
  ms_json_unref(list);
}

MT_TEST(json_parse__many_different_names)
{
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_buf_char(&text, '{');
  for (int i = 0; i < 5000; i++) {
    ms_buf_printf(&text, "%s\"name%d\":%d", i == 0 ? "" : ",", i % 4000, i);
  }
  ms_buf_char(&text, '}');
  struct ms_json object = parse(text.data);
  mt_eq_int(ms_json_count(object), 4000);
  for (int i = 0; i < 4000; i++) {
    char name[16];
    snprintf(name, sizeof name, "name%d", i);
    struct ms_json value = ms_json_getc(object, name);
    mt_eq_int(value.u.integer, i < 1000 ? 4000 + i : i);
    mt_eq_str(ms_json_key(object, (size_t)i).data, name);
  }
  mt_ok(ms_json_is_none(ms_json_getc(object, "name4000")));
  ms_json_unref(object);
  ms_buf_deinit(&text);
}

MT_TEST(json_parse__long_arrays_outgrow_the_inline_stack)
{
  struct ms_buf text;
  ms_buf_init(&text, 0);
  for (int i = 0; i < 10000; i++) {
    ms_buf_printf(&text, "%c[%d]", i == 0 ? '[' : ',', i);
  }
  ms_buf_char(&text, ']');
  struct ms_json array = parse(text.data);
  mt_eq_int(ms_json_count(array), 10000);
  for (size_t i = 0; i < 10000; i++) {
    mt_eq_int(ms_json_at(ms_json_at(array, i), 0).u.integer, i);
  }
  struct ms_buf printed;
  ms_buf_init(&printed, 0);
  ms_json_print(&printed, array);
  mt_eq_str(printed.data, text.data);
  ms_buf_deinit(&printed);
  ms_buf_deinit(&text);
  ms_json_unref(array);
}

static const char work_text[] =
    "{\"a\":[1,2.5,\"text\",null,{\"b\":\"\\u00e9\\n\",\"c\":1e400}],\"a\":{\"a\":1,\"b\":2,\"c\":3,"
    "\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"j\":10,\"a\":11},\"long\":[0,1,2,3,4,5,6,7,8,9,0,"
    "1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,"
    "7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9],"
    "\"escapes\":\"\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041"
    "\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\\u0041\"}";

static int parse_work(void *user)
{
  struct ms_json value;
  int err = ms_json_parse(&value, ms_str_c(user), NULL, NULL);
  ms_json_unref(value);
  return err;
}

MT_TEST(json_parse__out_of_memory)
{
  size_t count = mt_oom(parse_work, (void *)work_text);
  mt_ok(count > 20);
}

static int parse_wrong(void *user)
{
  struct ms_json value;
  int err = ms_json_parse(&value, ms_str_c(user), NULL, NULL);
  mt_ok(ms_json_is_none(value));
  mt_ok(err == MSTEP_ESYNTAX || err == MSTEP_ENOMEM);
  return err == MSTEP_ESYNTAX ? 0 : err;
}

MT_TEST(json_parse__out_of_memory_in_a_wrong_text)
{
  char *text = mt_format("%s", work_text);
  text[strlen(text) - 1] = ']';
  mt_oom(parse_wrong, text);
}

static int parse_located(void *user)
{
  struct ms_json value = MS_JSON_VALUE_NONE;
  struct ms_json_map *map = NULL;
  struct ms_arena *arena = ms_arena_new(0);
  int err = arena == NULL ? MSTEP_ENOMEM
                          : ms_json_parse_located(&value, &map, arena, ms_str_c(user), NULL, NULL);
  mt_ok((map != NULL) == (err == 0));
  if (err == 0) {
    mt_eq_int(ms_json_duplicate_count(map), 2);
  }
  ms_json_unref(value);
  ms_arena_free(arena);
  return err;
}

MT_TEST(json_parse__out_of_memory_with_locations)
{
  mt_oom(parse_located, (void *)work_text);
}
