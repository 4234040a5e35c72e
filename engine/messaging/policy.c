/* Filter policies: what patterns see of a message. */
#include "messaging/policy.h"

#include "base/alloc.h"
#include "base/error.h"

struct ms_policy {
  struct ms_pattern *pattern; /* NULL: everything matches */
  bool on_body;
};

/* Braces and blanks. */
static bool is_empty_object(struct ms_str text)
{
  char seen[3] = "";
  size_t count = 0;
  for (size_t i = 0; i < text.len; i++) {
    char c = text.data[i];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      continue;
    }
    if (count == 2) {
      return false;
    }
    seen[count++] = c;
  }
  return count == 2 && seen[0] == '{' && seen[1] == '}';
}

int ms_policy_compile(struct ms_policy **out, struct ms_str text, bool on_body,
                      struct ms_buf *message)
{
  struct ms_policy *policy = ms_calloc(1, sizeof *policy);
  if (policy == NULL) {
    return ms_error_nomem();
  }
  policy->on_body = on_body;
  if (!is_empty_object(text)) {
    int err = ms_pattern_compile(&policy->pattern, text,
                                 on_body ? MS_PATTERN_BODY : MS_PATTERN_ATTRIBUTES, message);
    if (err != 0) {
      ms_free(policy);
      return err;
    }
  }
  *out = policy;
  return 0;
}

void ms_policy_free(struct ms_policy *policy)
{
  if (policy != NULL) {
    ms_pattern_unref(policy->pattern);
    ms_free(policy);
  }
}

/* ---- attributes ---- */

static struct ms_json either(struct ms_json object, const char *name, const char *other)
{
  struct ms_json value = ms_json_getc(object, name);
  return ms_json_is_none(value) ? ms_json_getc(object, other) : value;
}

static bool is_type(struct ms_str type, const char *name)
{
  return ms_str_has_prefix(type, name) &&
         (type.len == strlen(name) || type.data[strlen(name)] == '.');
}

/* What the attribute is to a pattern; NONE with *err 0: nothing. */
static struct ms_json value_of(int *err, struct ms_json attribute)
{
  struct ms_str type = ms_json_text(either(attribute, "Type", "DataType"));
  struct ms_json text = either(attribute, "Value", "StringValue");
  struct ms_json value = MS_JSON_VALUE_NONE;
  bool is_array = is_type(type, "String.Array") || is_type(type, "Number.Array");
  *err = 0;
  if (!ms_json_is_string(text) || is_type(type, "Binary")) {
    return value;
  }
  if (is_type(type, "String") && !is_array) {
    return ms_json_ref(text);
  }
  int parsed = ms_json_parse(&value, ms_json_text(text), NULL, NULL);
  if (parsed != 0) {
    *err = parsed == MSTEP_ENOMEM ? parsed : 0;
    return MS_JSON_VALUE_NONE;
  }
  if (is_array ? ms_json_is_array(value) : ms_json_is_number(value)) {
    return value;
  }
  ms_json_unref(value);
  return MS_JSON_VALUE_NONE;
}

static int make_event(struct ms_json *out, struct ms_json attributes)
{
  *out = ms_json_object(ms_json_count(attributes));
  int err = ms_json_is_none(*out) ? ms_error_nomem() : 0;
  for (size_t i = 0; i < ms_json_count(attributes) && err == 0; i++) {
    struct ms_json value = value_of(&err, ms_json_member(attributes, i));
    if (err == 0 && !ms_json_is_none(value)) {
      err = ms_json_set(out, ms_json_key(attributes, i), value);
    }
  }
  return err;
}

static int match_attributes(bool *out, const struct ms_policy *policy, struct ms_json attributes)
{
  struct ms_json event = MS_JSON_VALUE_NONE;
  if (!ms_json_is_object(attributes) || ms_json_count(attributes) == 0) {
    return 0;
  }
  int err = make_event(&event, attributes);
  if (err == 0) {
    err = ms_pattern_match(out, policy->pattern, event);
  }
  ms_json_unref(event);
  return err;
}

int ms_policy_match(bool *out, const struct ms_policy *policy, struct ms_json attributes,
                    struct ms_str body)
{
  *out = policy->pattern == NULL;
  if (*out) {
    return 0;
  }
  if (!policy->on_body) {
    return match_attributes(out, policy, attributes);
  }
  struct ms_json event;
  int err = ms_json_parse(&event, body, NULL, NULL);
  if (err != 0) {
    return err == MSTEP_ENOMEM ? err : 0;
  }
  err = ms_pattern_match(out, policy->pattern, event);
  ms_json_unref(event);
  return err;
}
