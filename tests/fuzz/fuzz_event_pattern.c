/*
 * Fuzzes event patterns and input transformers. The first line of an input is a pattern, or behind `<` at its
 * very beginning a template; the rest is an event. A pattern says of the event the same by itself, in a set,
 * and in a set where others have come and gone; a refusal has a text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "messaging/filter.h"
#include "messaging/pattern_set.h"
#include "messaging/policy.h"
#include "messaging/transform.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
  if (!holds) {
    abort();
  }
}

static struct ms_pattern *compile(struct ms_str text, enum ms_pattern_dialect dialect)
{
  struct ms_pattern *pattern = NULL;
  struct ms_buf message;
  ms_buf_init(&message, 0);
  int err = ms_pattern_compile(&pattern, text, dialect, &message);
  must(err == 0 || err == MSTEP_EINVALID);
  must((err == 0) == (message.len == 0) && message.error == 0);
  must(ms_utf8_check(ms_buf_view(&message)) == message.len);
  ms_buf_deinit(&message);
  return pattern;
}

static const char *const others[] = {
    "{\"a\":[1]}", "{\"a\":{\"b\":[{\"exists\":false}]}}", "{\"b\":[{\"wildcard\":\"*ab*\"}]}",
    "{\"a.b\":[{\"numeric\":[\">\",0]}],\"c\":[\"x\",{\"prefix\":\"\"}]}"};

#define OTHERS (sizeof others / sizeof *others)

static bool is_hit(struct ms_pattern_set *set, struct ms_json event, void *user)
{
  struct ms_pattern_hits hits;
  size_t found = 0;
  must(ms_pattern_set_match(&hits, set, event) == 0);
  for (size_t i = 0; i < hits.count; i++) {
    found += hits.users[i] == user ? 1 : 0;
  }
  must(found <= 1);
  return found == 1;
}

static void check_match(struct ms_pattern *pattern, struct ms_json event)
{
  struct ms_pattern_set *set = ms_pattern_set_new();
  uint32_t ids[OTHERS];
  uint32_t id;
  bool alone;
  must(set != NULL && ms_pattern_match(&alone, pattern, event) == 0);
  must(ms_pattern_set_add(&id, set, pattern, &id) == 0);
  must(is_hit(set, event, &id) == alone);
  for (size_t i = 0; i < OTHERS; i++) {
    struct ms_pattern *other = compile(ms_str_c(others[i]), MS_PATTERN_RULE);
    must(ms_pattern_set_add(&ids[i], set, other, &ids[i]) == 0);
    ms_pattern_unref(other);
  }
  must(is_hit(set, event, &id) == alone);
  ms_pattern_set_remove(set, ids[0]);
  ms_pattern_set_remove(set, ids[2]);
  must(is_hit(set, event, &id) == alone);
  ms_pattern_set_remove(set, id);
  must(!is_hit(set, event, &id));
  ms_pattern_set_free(set);
}

static void fuzz_pattern(struct ms_str text, struct ms_str event_text)
{
  struct ms_json event;
  struct ms_criteria *filter = NULL;
  struct ms_policy *policy = NULL;
  bool is_match;
  struct ms_pattern *pattern = compile(text, MS_PATTERN_RULE);
  ms_pattern_unref(compile(text, MS_PATTERN_ATTRIBUTES));
  bool is_event = ms_json_parse(&event, event_text, NULL, NULL) == 0;
  if (pattern != NULL && is_event) {
    check_match(pattern, event);
  }
  if (is_event && ms_criteria_compile(&filter, &text, 1, MS_FILTER_QUEUE, NULL) == 0) {
    must(ms_criteria_match(&is_match, filter, event) == 0);
    ms_criteria_free(filter);
  }
  if (ms_policy_compile(&policy, text, true, NULL) == 0) {
    must(ms_policy_match(&is_match, policy, MS_JSON_VALUE_NONE, event_text) == 0);
    ms_policy_free(policy);
  }
  if (is_event) {
    ms_json_unref(event);
  }
  ms_pattern_unref(pattern);
}

static void fuzz_template(struct ms_str text, struct ms_str event_text)
{
  static const struct ms_transform_context context = {{"arn", 3}, {"na\"me", 5}, 0};
  struct ms_transform *transform = NULL;
  struct ms_json paths;
  struct ms_json event;
  struct ms_buf out;
  must(ms_json_parse(&paths, MS_STR("{\"a\":\"$.a\",\"b\":\"$.a[*].b\",\"c\":\"$.*\"}"), NULL,
                     NULL) == 0);
  ms_buf_init(&out, 1 << 20);
  if (ms_json_parse(&event, event_text, NULL, NULL) == 0) {
    if (ms_transform_template(&transform, paths, text, MS_STR("t"), NULL) == 0) {
      int err = ms_transform_apply(&out, transform, event, &context);
      must(err == 0 || err == MSTEP_ESYNTAX || err == MSTEP_ETOOBIG);
      ms_transform_free(transform);
    }
    ms_buf_reset(&out);
    if (ms_transform_path(&transform, text, MS_STR("t"), NULL) == 0) {
      int err = ms_transform_apply(&out, transform, event, &context);
      must(err == 0 || err == MSTEP_ETOOBIG);
      ms_transform_free(transform);
    }
    ms_json_unref(event);
  }
  ms_buf_deinit(&out);
  ms_json_unref(paths);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct ms_str input = {(const char *)data, size};
  size_t line = ms_str_find(input, 0, '\n');
  struct ms_str first = ms_str_sub(input, 0, line);
  struct ms_str rest = ms_str_sub(input, line + 1, size);
  if (first.len > 0 && first.data[0] == '<') {
    fuzz_template(ms_str_sub(first, 1, first.len), rest);
  } else {
    fuzz_pattern(first, rest);
  }
  return 0;
}
