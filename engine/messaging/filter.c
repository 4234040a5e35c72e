/* Filter criteria: which form of a record's data each pattern asks for, and the record in that form. */
#include "messaging/filter.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "base/error.h"
#include "base/utf8.h"
#include "messaging/pattern_internal.h"

#define REFUSAL "Invalid filter pattern definition."

/* What a pattern says of the data. */
enum wish { WISH_NOTHING, WISH_TEXT, WISH_JSON };

struct item {
  struct ms_pattern *pattern;
  enum wish wish;
};

struct ms_criteria {
  enum ms_criteria_source source;
  size_t count;
  struct item items[MS_FILTER_PATTERNS_MAX];
};

/* Where the data is, in the record and in patterns. */
static const char *const data_names[] = {
    [MS_FILTER_QUEUE] = "body",
    [MS_FILTER_TABLE] = NULL,
    [MS_FILTER_STREAM] = "data",
    [MS_FILTER_TOPIC_LOG] = "value",
};

/* ---- compiling ---- */

static enum wish wish_of_key(struct ms_str key, const char *name)
{
  size_t len = strlen(name);
  if (key.len < len || memcmp(key.data, name, len) != 0) {
    return WISH_NOTHING;
  }
  return key.len == len ? WISH_TEXT : key.data[len] == '.' ? WISH_JSON : WISH_NOTHING;
}

static enum wish wish_of(const struct ms_pattern *pattern, enum ms_criteria_source source)
{
  enum wish wish = WISH_NOTHING;
  const char *name = data_names[source];
  for (size_t i = 0; i < pattern->clause_count && name != NULL; i++) {
    for (uint32_t j = 0; j < pattern->clauses[i].count; j++) {
      enum wish of_key = wish_of_key(pattern->clauses[i].keys[j].name, name);
      wish = of_key == WISH_JSON ? of_key : wish == WISH_NOTHING ? of_key : wish;
    }
  }
  return wish;
}

int ms_criteria_compile(struct ms_criteria **out, const struct ms_str *patterns, size_t count,
                        enum ms_criteria_source source, struct ms_buf *message)
{
  struct ms_criteria *filter = ms_calloc(1, sizeof *filter);
  if (filter == NULL) {
    return ms_error_nomem();
  }
  filter->source = source;
  int err = count > MS_FILTER_PATTERNS_MAX ? MSTEP_EINVALID : 0;
  for (size_t i = 0; i < count && err == 0; i++) {
    struct item *item = &filter->items[i];
    err = ms_pattern_compile(&item->pattern, patterns[i], MS_PATTERN_SOURCE, NULL);
    if (err == 0) {
      filter->count++;
      item->wish = wish_of(item->pattern, source);
      err = source == MS_FILTER_STREAM && item->wish == WISH_TEXT ? MSTEP_EINVALID : 0;
    }
  }
  if (err == MSTEP_EINVALID && message != NULL) {
    ms_buf_cstr(message, REFUSAL);
  }
  if (err != 0) {
    ms_criteria_free(filter);
    return err;
  }
  *out = filter;
  return 0;
}

void ms_criteria_free(struct ms_criteria *filter)
{
  if (filter != NULL) {
    for (size_t i = 0; i < filter->count; i++) {
      ms_pattern_unref(filter->items[i].pattern);
    }
    ms_free(filter);
  }
}

/* ---- matching ---- */

/* The record's data as text, decoded where it is base64. NONE: there is none. MSTEP_ENOMEM. */
static int read_data(struct ms_json *out, const struct ms_criteria *filter, struct ms_json record)
{
  struct ms_json data = ms_json_getc(record, data_names[filter->source]);
  if (filter->source == MS_FILTER_STREAM) {
    struct ms_json inner = ms_json_getc(ms_json_getc(record, "kinesis"), "data");
    data = ms_json_is_none(inner) ? data : inner;
  }
  *out = MS_JSON_VALUE_NONE;
  if (!ms_json_is_string(data)) {
    return 0;
  }
  if (filter->source == MS_FILTER_QUEUE) {
    *out = ms_json_ref(data);
    return 0;
  }
  struct ms_buf bytes;
  ms_buf_init(&bytes, 0);
  int err = ms_base64_decode(&bytes, ms_json_text(data));
  bool is_text = err == 0 && ms_utf8_check(ms_buf_view(&bytes)) == bytes.len;
  if (is_text) {
    *out = ms_json_string(ms_buf_view(&bytes));
    err = ms_json_is_none(*out) ? ms_error_nomem() : 0;
  }
  ms_buf_deinit(&bytes);
  return err == MSTEP_ENOMEM ? err : 0;
}

/* *out is the value when the text is an object or an array, else NONE. */
static int parse_data(struct ms_json *out, struct ms_json text)
{
  struct ms_json value;
  *out = MS_JSON_VALUE_NONE;
  int err =
      ms_json_is_none(text) ? MSTEP_ESYNTAX : ms_json_parse(&value, ms_json_text(text), NULL, NULL);
  if (err != 0) {
    return err == MSTEP_ENOMEM ? err : 0;
  }
  if (ms_json_is_object(value) || ms_json_is_array(value)) {
    *out = value;
  } else {
    ms_json_unref(value);
  }
  return 0;
}

/* A stream's record is matched with what is inside `kinesis` beside its own names. */
static int make_record(struct ms_json *out, const struct ms_criteria *filter, struct ms_json record,
                       struct ms_json data)
{
  *out = ms_json_ref(record);
  struct ms_json inner = ms_json_getc(record, "kinesis");
  int err = 0;
  if (filter->source == MS_FILTER_STREAM) {
    for (size_t i = 0; i < ms_json_count(inner) && ms_json_is_object(inner) && err == 0; i++) {
      err = ms_json_set(out, ms_json_key(inner, i), ms_json_ref(ms_json_member(inner, i)));
    }
  }
  if (err == 0 && !ms_json_is_none(data)) {
    err = ms_json_setc(out, data_names[filter->source], ms_json_ref(data));
  }
  if (err != 0) {
    ms_json_unref(*out);
    *out = MS_JSON_VALUE_NONE;
  }
  return err;
}

/* Whether any pattern that wishes for `wish` accepts the record with this data. */
static int match_with(bool *out, const struct ms_criteria *filter, struct ms_json record,
                      struct ms_json data, enum wish wish)
{
  struct ms_json whole;
  int err = make_record(&whole, filter, record, data);
  for (size_t i = 0; i < filter->count && err == 0 && !*out; i++) {
    if (filter->items[i].wish == wish) {
      err = ms_pattern_match(out, filter->items[i].pattern, whole);
    }
  }
  ms_json_unref(whole);
  return err;
}

static bool has_wish(const struct ms_criteria *filter, enum wish wish)
{
  for (size_t i = 0; i < filter->count; i++) {
    if (filter->items[i].wish == wish) {
      return true;
    }
  }
  return false;
}

int ms_criteria_match(bool *out, const struct ms_criteria *filter, struct ms_json record)
{
  struct ms_json text = MS_JSON_VALUE_NONE;
  struct ms_json json = MS_JSON_VALUE_NONE;
  *out = filter->count == 0;
  int err = 0;
  if (has_wish(filter, WISH_TEXT) || has_wish(filter, WISH_JSON)) {
    err = read_data(&text, filter, record);
    err = err != 0 ? err : parse_data(&json, text);
  }
  if (err == 0 && has_wish(filter, WISH_NOTHING)) {
    err = match_with(out, filter, record, MS_JSON_VALUE_NONE, WISH_NOTHING);
  }
  if (err == 0 && !*out && !ms_json_is_none(json)) {
    err = match_with(out, filter, record, json, WISH_JSON);
  }
  if (err == 0 && !*out && ms_json_is_none(json) && !ms_json_is_none(text)) {
    err = match_with(out, filter, record, text, WISH_TEXT);
  }
  ms_json_unref(text);
  ms_json_unref(json);
  return err;
}
