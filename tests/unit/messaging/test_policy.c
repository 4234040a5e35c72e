/* Filter policies: what a pattern sees of a message's attributes and of its body. */
#include "mt.h"

#include "base/error.h"
#include "messaging/policy.h"

static struct ms_policy *compile(const char *text, bool on_body)
{
  struct ms_policy *policy = NULL;
  if (ms_policy_compile(&policy, ms_str_c(text), on_body, NULL) != 0) {
    mt_fail("refused: %s", text);
  }
  return policy;
}

static bool matches(const struct ms_policy *policy, const char *attributes, const char *body)
{
  struct ms_json value = MS_JSON_VALUE_NONE;
  bool is_match;
  if (attributes != NULL) {
    mt_eq_int(ms_json_parse(&value, ms_str_c(attributes), NULL, NULL), 0);
  }
  mt_eq_int(ms_policy_match(&is_match, policy, value, ms_str_c(body)), 0);
  ms_json_unref(value);
  return is_match;
}

#define STRING(name, value) "{\"" name "\":{\"Type\":\"String\",\"Value\":\"" value "\"}}"
#define NUMBER(name, value) "{\"" name "\":{\"DataType\":\"Number\",\"StringValue\":\"" value "\"}}"
#define LIST(name, value) "{\"" name "\":{\"Type\":\"String.Array\",\"Value\":\"" value "\"}}"

MT_TEST(messaging_policy__attributes)
{
  static const struct {
    const char *policy;
    const char *attributes;
    bool wanted;
  } rows[] = {
      {"{\"s\":[\"a\"]}", STRING("s", "a"), true},
      {"{\"s\":[\"a\"]}", STRING("s", "A"), false},
      {"{\"s\":[\"a\"]}", STRING("t", "a"), false},
      {"{\"s\":[{\"prefix\":\"a\"}]}", STRING("s", "abc"), true},
      {"{\"s\":[{\"suffix\":\"c\"}]}", STRING("s", "abc"), true},
      {"{\"s\":[{\"equals-ignore-case\":\"ABC\"}]}", STRING("s", "abc"), true},
      {"{\"s\":[{\"cidr\":\"10.0.0.0/8\"}]}", STRING("s", "10.1.2.3"), true},
      /* numbers are numbers, and text that looks like one is text */
      {"{\"n\":[{\"numeric\":[\">\",0,\"<=\",100]}]}", NUMBER("n", "99"), true},
      {"{\"n\":[{\"numeric\":[\">\",0,\"<=\",100]}]}", NUMBER("n", "111"), false},
      {"{\"n\":[{\"numeric\":[\"=\",301.5]}]}", NUMBER("n", "3.015e2"), true},
      {"{\"n\":[99]}", NUMBER("n", "99.0"), true},
      {"{\"n\":[99]}", STRING("n", "99"), false},
      {"{\"n\":[\"99\"]}", NUMBER("n", "99"), false},
      {"{\"n\":[{\"numeric\":[\">\",0]}]}", STRING("n", "99"), false},
      {"{\"n\":[{\"anything-but\":[100,500]}]}", NUMBER("n", "101"), true},
      {"{\"n\":[{\"anything-but\":[100,500]}]}", NUMBER("n", "100"), false},
      {"{\"n\":[{\"numeric\":[\">\",0]}]}",
       "{\"n\":{\"DataType\":\"Number.float\",\"StringValue\":\"1.5\"}}", true},
      {"{\"n\":[{\"exists\":true}]}", NUMBER("n", "many"), false},
      /* lists */
      {"{\"l\":[\"b\"]}", LIST("l", "[\\\"a\\\",\\\"b\\\"]"), true},
      {"{\"l\":[\"c\"]}", LIST("l", "[\\\"a\\\",\\\"b\\\"]"), false},
      {"{\"l\":[true,null]}", LIST("l", "[1,null]"), true},
      {"{\"l\":[{\"anything-but\":[\"a\"]}]}", LIST("l", "[\\\"a\\\",\\\"b\\\"]"), true},
      {"{\"l\":[{\"anything-but\":[\"a\",\"b\"]}]}", LIST("l", "[\\\"a\\\",\\\"b\\\"]"), false},
      {"{\"l\":[{\"exists\":true}]}", LIST("l", "[]"), false},
      {"{\"l\":[\"a\"]}", LIST("l", "no list"), false},
      /* presence */
      {"{\"s\":[{\"exists\":true}]}", STRING("s", "x"), true},
      {"{\"s\":[{\"exists\":false}]}", STRING("t", "x"), true},
      {"{\"s\":[{\"exists\":false}]}", STRING("s", "x"), false},
      {"{\"s\":[{\"exists\":false}]}", "{}", false},
      {"{\"s\":[{\"exists\":false}]}", NULL, false},
      {"{\"s\":[null,{\"anything-but\":\"x\"}]}", NULL, false},
      /* bytes are not there */
      {"{\"b\":[{\"exists\":true}]}", "{\"b\":{\"DataType\":\"Binary\",\"StringValue\":\"x\"}}",
       false},
      {"{}", NULL, true},
      {" { } ", STRING("s", "x"), true},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ms_policy *policy = compile(rows[i].policy, false);
    if (matches(policy, rows[i].attributes, "{}") != rows[i].wanted) {
      mt_report("row %zu: %s of %s", i, rows[i].policy, rows[i].attributes);
    }
    ms_policy_free(policy);
  }
}

MT_TEST(messaging_policy__bodies)
{
  static const struct {
    const char *policy;
    const char *body;
    bool wanted;
  } rows[] = {
      {"{\"a\":{\"b\":[{\"prefix\":\"x\"}]}}", "{\"a\":{\"b\":\"xy\"}}", true},
      {"{\"a\":{\"b\":[\"x\"]}}", "{\"a\":[{\"b\":[\"w\",\"x\"]}]}", true},
      {"{\"a.b\":[\"x\"]}", "{\"a\":{\"b\":\"x\"}}", true},
      {"{\"a\":[1]}", "{\"a\":\"1\"}", false},
      {"{\"a\":[{\"exists\":false}]}", "{}", true},
      {"{\"a\":[{\"exists\":false}]}", "no JSON", false},
      {"{\"a\":[{\"exists\":false}]}", "[]", false},
      {"{\"a\":[{\"exists\":false}]}", "", false},
      {"{}", "no JSON", true},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ms_policy *policy = compile(rows[i].policy, true);
    if (matches(policy, STRING("a", "x"), rows[i].body) != rows[i].wanted) {
      mt_report("row %zu: %s of %s", i, rows[i].policy, rows[i].body);
    }
    ms_policy_free(policy);
  }
}

MT_TEST(messaging_policy__refusals)
{
  struct ms_policy *policy = NULL;
  struct ms_buf message;
  ms_buf_init(&message, 0);
  mt_eq_int(ms_policy_compile(&policy, MS_STR("{\"a\":{\"b\":[1]}}"), false, &message),
            MSTEP_EINVALID);
  mt_eq_str(message.data,
            "Filter policy scope MessageAttributes does not support nested filter policy");
  ms_buf_reset(&message);
  mt_eq_int(ms_policy_compile(&policy, MS_STR("{}{}"), true, &message), MSTEP_EINVALID);
  ms_buf_deinit(&message);
}

static int match_once(void *user)
{
  struct ms_policy *policy = NULL;
  struct ms_json attributes = MS_JSON_VALUE_NONE;
  bool is_match = false;
  (void)user;
  int err = ms_policy_compile(&policy, MS_STR("{\"l\":[\"b\"],\"n\":[1]}"), false, NULL);
  if (err == 0) {
    err = ms_json_parse(&attributes,
                        MS_STR("{\"l\":{\"Type\":\"String.Array\",\"Value\":\"[\\\"b\\\"]\"},"
                               "\"n\":{\"Type\":\"Number\",\"Value\":\"1\"}}"),
                        NULL, NULL);
    err = err != 0 ? err : ms_policy_match(&is_match, policy, attributes, MS_STR(""));
    ms_json_unref(attributes);
    ms_policy_free(policy);
    err = err == 0 && !is_match ? MSTEP_EINTERNAL : err;
  }
  return err;
}

MT_TEST(messaging_policy__memory_runs_out)
{
  mt_ok(mt_oom(match_once, NULL) > 8);
}
