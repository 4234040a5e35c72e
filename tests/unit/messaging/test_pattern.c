/* Patterns one by one: the rows of patterns.txt, limits, hostile texts, memory that runs out. */
#include "mt.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "messaging/pattern.h"
#include "pattern_lines.h"

static struct ms_json parse(struct ms_str text)
{
  struct ms_json value;
  if (ms_json_parse(&value, text, NULL, NULL) != 0) {
    mt_fail("not JSON: %.*s", MS_STR_ARG(text));
  }
  return value;
}

static struct ms_pattern *compile(struct ms_str text, enum ms_pattern_dialect dialect)
{
  struct ms_pattern *pattern = NULL;
  struct ms_buf message;
  ms_buf_init(&message, 0);
  int err = ms_pattern_compile(&pattern, text, dialect, &message);
  if (err != 0) {
    mt_fail("%.*s is refused: %s", MS_STR_ARG(text), message.data == NULL ? "" : message.data);
  }
  ms_buf_deinit(&message);
  return pattern;
}

static bool matches(const struct ms_pattern *pattern, struct ms_str event)
{
  bool is_match;
  struct ms_json value = parse(event);
  mt_eq_int(ms_pattern_match(&is_match, pattern, value), 0);
  ms_json_unref(value);
  return is_match;
}

static void check_refusal(struct pattern_line line, struct pattern_line wanted)
{
  struct ms_pattern *pattern = NULL;
  struct ms_buf message;
  struct ms_buf text;
  ms_buf_init(&message, 0);
  ms_buf_init(&text, 0);
  for (size_t i = 0; i < wanted.text.len; i++) {
    bool is_break = i + 1 < wanted.text.len && memcmp(wanted.text.data + i, "\\n", 2) == 0;
    ms_buf_char(&text, is_break ? '\n' : wanted.text.data[i]);
    i += is_break ? 1 : 0;
  }
  int err = ms_pattern_compile(&pattern, line.text, line.dialect, &message);
  if (err != MSTEP_EINVALID) {
    mt_report("line %d: %d instead of a refusal", line.number, err);
    ms_pattern_unref(pattern);
  } else if (!ms_str_eq(ms_buf_view(&message), ms_buf_view(&text))) {
    mt_report("line %d:\n%s\ninstead of\n%s", line.number, message.data, text.data);
  }
  ms_buf_deinit(&text);
  ms_buf_deinit(&message);
}

MT_TEST(messaging_pattern__rows)
{
  struct pattern_lines lines;
  struct pattern_line line;
  struct pattern_line refused = {0};
  struct ms_pattern *pattern = NULL;
  pattern_lines_open(&lines);
  int rows = 0;
  while (pattern_lines_next(&lines, &line)) {
    rows++;
    if (line.kind == 'p') {
      ms_pattern_unref(pattern);
      pattern = compile(line.text, line.dialect);
    } else if (line.kind == '!') {
      refused = line;
    } else if (line.kind == ':') {
      check_refusal(refused, line);
    } else if (matches(pattern, line.text) != (line.kind == '+')) {
      mt_report("line %d: %.*s", line.number, MS_STR_ARG(line.text));
    }
  }
  ms_pattern_unref(pattern);
  mt_ok(rows > 400);
}

/* ---- limits and hostile input ---- */

static int compile_buf(struct ms_buf *text, struct ms_buf *message)
{
  struct ms_pattern *pattern = NULL;
  mt_eq_int(text->error, 0);
  int err = ms_pattern_compile(&pattern, ms_buf_view(text), MS_PATTERN_RULE, message);
  ms_pattern_unref(pattern);
  return err;
}

static void nest(struct ms_buf *text, int depth, const char *open, const char *core,
                 const char *close)
{
  ms_buf_reset(text);
  for (int i = 0; i < depth; i++) {
    ms_buf_cstr(text, open);
  }
  ms_buf_cstr(text, core);
  for (int i = 0; i < depth; i++) {
    ms_buf_cstr(text, close);
  }
}

MT_TEST(messaging_pattern__depth)
{
  struct ms_buf text;
  ms_buf_init(&text, 0);
  nest(&text, MS_PATTERN_DEPTH_MAX - 1, "{\"a\":", "[1]", "}");
  mt_eq_int(compile_buf(&text, NULL), 0);
  nest(&text, MS_PATTERN_DEPTH_MAX, "{\"a\":", "[1]", "}");
  mt_eq_int(compile_buf(&text, NULL), MSTEP_EINVALID);
  nest(&text, 20000, "{\"$or\":[", "", "");
  mt_eq_int(compile_buf(&text, NULL), MSTEP_EINVALID);
  nest(&text, 100000, "[", "", "");
  mt_eq_int(compile_buf(&text, NULL), MSTEP_EINVALID);
  ms_buf_deinit(&text);
}

MT_TEST(messaging_pattern__size)
{
  struct ms_buf text;
  ms_buf_init(&text, 0);
  nest(&text, (int)MS_PATTERN_BYTES_MAX, "", "{\"a\":[1]}", " ");
  mt_eq_int(compile_buf(&text, NULL), MSTEP_EINVALID);
  ms_buf_reset(&text);
  ms_buf_cstr(&text, "{\"a\":[\"\xC3\x28\"]}");
  mt_eq_int(compile_buf(&text, NULL), MSTEP_EINVALID);
  ms_buf_deinit(&text);
}

/* Three times ten branches are a thousand clauses; once more is too much, however it is written. */
static void put_or(struct ms_buf *text, const char *name, int branches)
{
  ms_buf_cstr(text, "\"$or\":[");
  for (int i = 0; i < branches; i++) {
    ms_buf_printf(text, "%s{\"%s%d\":[1]}", i == 0 ? "" : ",", name, i);
  }
  ms_buf_cstr(text, "]");
}

MT_TEST(messaging_pattern__or_multiplies)
{
  struct ms_buf text;
  ms_buf_init(&text, 0);
  for (int last = 10; last <= 11; last++) {
    ms_buf_reset(&text);
    ms_buf_cstr(&text, "{");
    put_or(&text, "a", 10);
    ms_buf_cstr(&text, ",");
    put_or(&text, "b", 10);
    ms_buf_cstr(&text, ",");
    put_or(&text, "c", last);
    ms_buf_cstr(&text, "}");
    mt_eq_int(compile_buf(&text, NULL), last == 10 ? 0 : MSTEP_EINVALID);
  }
  ms_buf_deinit(&text);
}

MT_TEST(messaging_pattern__many_names_are_bounded)
{
  struct ms_buf text;
  struct ms_buf message;
  ms_buf_init(&text, 0);
  ms_buf_init(&message, 0);
  ms_buf_cstr(&text, "{");
  for (int i = 0; text.len < MS_PATTERN_BYTES_MAX - 20; i++) {
    ms_buf_printf(&text, "%s\"%x\":[1]", i == 0 ? "" : ",", i);
  }
  ms_buf_cstr(&text, "}");
  mt_eq_int(compile_buf(&text, &message), MSTEP_EINVALID);
  mt_eq_str(message.data,
            "Event pattern is not valid. Reason: Rule is too complex - try using fewer "
            "combinations of $or");
  ms_buf_deinit(&message);
  ms_buf_deinit(&text);
}

/* The text that a message shows is cut at 500 UTF-16 units. */
MT_TEST(messaging_pattern__long_text_is_cut_in_messages)
{
  struct ms_buf text;
  struct ms_buf message;
  ms_buf_init(&text, 0);
  ms_buf_init(&message, 0);
  ms_buf_cstr(&text, "{\"a\":1,\"");
  for (int i = 0; i < 491; i++) {
    ms_buf_char(&text, 'x');
  }
  ms_buf_cstr(&text, "\xF0\x9F\x98\x80yz");
  mt_eq_int(compile_buf(&text, &message), MSTEP_EINVALID);
  mt_ok(strstr(message.data, "xxx\"[truncated 4 chars]; line: 1, column: 7]") != NULL);
  ms_buf_deinit(&message);
  ms_buf_deinit(&text);
}

MT_TEST(messaging_pattern__lines_are_counted)
{
  struct ms_buf text;
  struct ms_buf message;
  ms_buf_init(&text, 0);
  ms_buf_init(&message, 0);
  ms_buf_cstr(&text, "{\r\n \"a\":\n[1],\r \"\xC3\xA9\":2}");
  mt_eq_int(compile_buf(&text, &message), MSTEP_EINVALID);
  mt_ok(strstr(message.data, "line: 4, column: 7]") != NULL);
  ms_buf_deinit(&message);
  ms_buf_deinit(&text);
}

/* A text that makes a matcher which steps back walk for ages. */
MT_TEST(messaging_pattern__wildcards_take_linear_time)
{
  struct ms_pattern *pattern =
      compile(MS_STR("{\"f\":[{\"wildcard\":\"*aaaaaab*\"}]}"), MS_PATTERN_RULE);
  size_t len = 4000000;
  char *bytes = ms_alloc(len);
  mt_ok(bytes != NULL);
  memset(bytes, 'a', len);
  struct ms_json event = ms_json_object(1);
  mt_eq_int(ms_json_setc(&event, "f", ms_json_string((struct ms_str){bytes, len})), 0);
  bool is_match;
  mt_eq_int(ms_pattern_match(&is_match, pattern, event), 0);
  mt_ok(!is_match);
  ms_json_unref(event);
  ms_free(bytes);
  ms_pattern_unref(pattern);
}

/* Many elements, each with every name but the last: no name may be tried against all the others. */
MT_TEST(messaging_pattern__long_arrays_take_linear_time)
{
  struct ms_pattern *pattern =
      compile(MS_STR("{\"a\":{\"p\":[1],\"q\":[1],\"r\":[1],\"s\":[{\"exists\":false}],\"t\":[2]},"
                     "\"b\":{\"p\":[1],\"q\":[{\"exists\":false}],\"t\":[2]}}"),
              MS_PATTERN_RULE);
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_buf_char(&text, '{');
  for (int array = 0; array < 2; array++) {
    ms_buf_printf(&text, "%s\"%c\":[", array == 0 ? "" : ",", 'a' + array);
    for (int i = 0; i < 20000; i++) {
      ms_buf_printf(&text, "%s{\"p\":1,\"q\":1,\"r\":1,\"s\":1},{\"p\":1,\"q\":1,\"r\":1}",
                    i == 0 ? "" : ",");
    }
    ms_buf_cstr(&text, ",{\"t\":2}]");
  }
  ms_buf_char(&text, '}');
  mt_ok(!matches(pattern, ms_buf_view(&text)));
  ms_buf_deinit(&text);
  ms_pattern_unref(pattern);
}

/* The same with a dotted name, which makes every pair of elements a question: bounded. */
MT_TEST(messaging_pattern__dotted_names_are_bounded)
{
  struct ms_pattern *pattern =
      compile(MS_STR("{\"a\":{\"p\":[1],\"q\":[1],\"t\":[2]}}"), MS_PATTERN_RULE);
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_buf_cstr(&text, "{\"a.z\":1,\"a.q\":0,\"a\":[");
  for (int i = 0; i < 20000; i++) {
    ms_buf_printf(&text, "%s{\"p\":1},{\"q\":1}", i == 0 ? "" : ",");
  }
  ms_buf_cstr(&text, "]}");
  mt_ok(!matches(pattern, ms_buf_view(&text)));
  ms_buf_deinit(&text);
  ms_pattern_unref(pattern);
}

/* ---- memory ---- */

#define BUSY                                                                                       \
  "{\"source\":[\"a\",1,true,\"1.2.3.4\",{\"prefix\":\"p\"},{\"suffix\":\"s\"}],"                  \
  "\"d\":{\"x.y\":[{\"anything-but\":[\"b\",\"a\"]},{\"anything-but\":{\"wildcard\":[\"*a*b*c*"    \
  "d\"]}},"                                                                                        \
  "{\"equals-ignore-case\":\"\xC3\x89\"},{\"cidr\":\"::/8\"},{\"wildcard\":\"a*b*c\"}],"           \
  "\"n\":[{\"numeric\":[\">\",0,\"<\",5]},{\"exists\":false}]},"                                   \
  "\"$or\":[{\"d\":{\"e\":[{\"prefix\":{\"equals-ignore-case\":\"q\"}}]}},{\"f\":[1e999]}]}"

static int compile_and_match(void *user)
{
  struct ms_str event =
      MS_STR("{\"source\":\"a\",\"d\":[{\"x\":{\"y\":\"axbxc\"},\"e\":\"Qu\"},[{}]]}");
  struct ms_pattern *pattern = NULL;
  struct ms_json value;
  bool is_match = false;
  struct ms_buf message;
  (void)user;
  ms_buf_init(&message, 0);
  int err = ms_pattern_compile(&pattern, MS_STR(BUSY), MS_PATTERN_RULE, &message);
  if (err == 0) {
    err = ms_json_parse(&value, event, NULL, NULL);
    if (err == 0) {
      err = ms_pattern_match(&is_match, pattern, value);
      ms_json_unref(value);
    }
    ms_pattern_unref(pattern);
  }
  ms_buf_deinit(&message);
  if (err == 0 && !is_match) {
    return MSTEP_EINTERNAL;
  }
  return err;
}

MT_TEST(messaging_pattern__memory_runs_out)
{
  mt_ok(mt_oom(compile_and_match, NULL) > 10);
}

static int refuse(void *user)
{
  struct ms_pattern *pattern = NULL;
  struct ms_buf message;
  (void)user;
  ms_buf_init(&message, 0);
  int err = ms_pattern_compile(&pattern, MS_STR("{\"$or\":[{\"a\":[1]},{\"b\":1}]}"),
                               MS_PATTERN_RULE, &message);
  ms_buf_deinit(&message);
  return err == MSTEP_EINVALID ? 0 : err;
}

MT_TEST(messaging_pattern__memory_runs_out_in_a_refusal)
{
  mt_ok(mt_oom(refuse, NULL) > 3);
}
