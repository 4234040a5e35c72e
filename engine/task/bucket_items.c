/* Texts of files as items: JSON, JSON Lines, CSV. */
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "task/bucket.h"

/* Takes item. */
static int push(struct ms_bucket_items *items, struct ms_json item)
{
  if (ms_json_count(items->items) < MS_BUCKET_ITEMS_MAX) {
    return ms_json_push(&items->items, item);
  }
  ms_json_unref(item);
  return ms_error(MSTEP_ETOOBIG, "There are more than %zu items.", MS_BUCKET_ITEMS_MAX);
}

/* ---- JSON ---- */

static int push_pair(struct ms_bucket_items *items, struct ms_json object, size_t index)
{
  struct ms_json pair = ms_json_object(2);
  int err = ms_json_setc(&pair, "Key", ms_json_ref(ms_json_key_value(object, index)));
  if (err == 0) {
    err = ms_json_setc(&pair, "Value", ms_json_ref(ms_json_member(object, index)));
  }
  if (err == 0) {
    return push(items, pair);
  }
  ms_json_unref(pair);
  return err;
}

static int push_all(struct ms_bucket_items *items, struct ms_json value)
{
  int err = MSTEP_OK;
  if (!ms_json_is_array(value) && !ms_json_is_object(value)) {
    return ms_error(MSTEP_EINVALID, "Attempting to map over non-iterable node.");
  }
  items->is_pairs = ms_json_is_object(value);
  for (size_t i = 0; err == 0 && i < ms_json_count(value) && !ms_bucket_is_full(items); i++) {
    err = items->is_pairs ? push_pair(items, value, i)
                          : push(items, ms_json_ref(ms_json_at(value, i)));
  }
  return err;
}

static int parse_json(struct ms_bucket_items *items, struct ms_str text, struct ms_json config)
{
  struct ms_json value, pointer = ms_json_getc(config, "ItemsPointer");
  int err = ms_json_parse(&value, text, NULL, NULL);
  if (err != 0) {
    return err == MSTEP_ENOMEM ? err : ms_error(MSTEP_EINVALID, "The file is not JSON.");
  }
  struct ms_json list = value;
  if (ms_json_is_string(pointer)) {
    list = ms_json_pointer(value, ms_json_text(pointer));
  }
  if (ms_json_is_none(list)) {
    err = ms_error(MSTEP_EINVALID, "The file has nothing at the ItemsPointer '%.*s'.",
                   MS_STR_ARG(ms_json_text(pointer)));
  } else {
    err = push_all(items, list);
  }
  ms_json_unref(value);
  return err;
}

static bool is_blank(struct ms_str line)
{
  for (size_t i = 0; i < line.len; i++) {
    if (strchr(" \t\r", line.data[i]) == NULL || line.data[i] == '\0') {
      return false;
    }
  }
  return true;
}

static int parse_lines(struct ms_bucket_items *items, struct ms_str text)
{
  int err = MSTEP_OK;
  size_t number = 1;
  for (size_t from = 0; err == 0 && from < text.len && !ms_bucket_is_full(items); number++) {
    size_t end = ms_str_find(text, from, '\n');
    struct ms_str line = ms_str_sub(text, from, end);
    from = end + 1;
    if (is_blank(line)) {
      continue;
    }
    struct ms_json value;
    err = ms_json_parse(&value, line, NULL, NULL);
    if (err == 0) {
      err = push(items, value);
    } else if (err != MSTEP_ENOMEM) {
      err = ms_error(MSTEP_EINVALID, "Line %zu of the file is not JSON.", number);
    }
  }
  return err;
}

/* ---- CSV ---- */

struct csv {
  struct ms_str text;
  size_t at;
  char delimiter;
  struct ms_buf field;
};

static char delimiter_of(struct ms_json config)
{
  struct ms_str name = ms_json_text(ms_json_getc(config, "CSVDelimiter"));
  return ms_str_is(name, "PIPE")        ? '|'
         : ms_str_is(name, "SEMICOLON") ? ';'
         : ms_str_is(name, "SPACE")     ? ' '
         : ms_str_is(name, "TAB")       ? '\t'
                                        : ',';
}

/* A backslash stands before what it escapes; before anything else it is dropped. */
static void take_escaped(struct csv *csv)
{
  char next = csv->at < csv->text.len ? csv->text.data[csv->at] : '\0';
  if (next == '\\' || next == '"' || next == csv->delimiter) {
    ms_buf_char(&csv->field, next);
    csv->at++;
  }
}

/* Up to the quote that closes it. */
static void take_quoted(struct csv *csv)
{
  while (csv->at < csv->text.len) {
    char c = csv->text.data[csv->at++];
    if (c == '\\') {
      take_escaped(csv);
    } else if (c != '"') {
      ms_buf_char(&csv->field, c);
    } else if (csv->at < csv->text.len && csv->text.data[csv->at] == '"') {
      ms_buf_char(&csv->field, '"');
      csv->at++;
    } else {
      return;
    }
  }
}

/* One field into csv->field. True: the row goes on behind a delimiter. */
static bool take_field(struct csv *csv)
{
  ms_buf_reset(&csv->field);
  while (csv->at < csv->text.len) {
    char c = csv->text.data[csv->at++];
    if (c == csv->delimiter) {
      return true;
    }
    if (c == '\n') {
      return false;
    }
    if (c == '"' && csv->field.len == 0) {
      take_quoted(csv);
    } else if (c == '\\') {
      take_escaped(csv);
    } else if (c != '\r' || csv->at >= csv->text.len || csv->text.data[csv->at] != '\n') {
      ms_buf_char(&csv->field, c);
    }
  }
  return false;
}

/* The next row as an array of strings; NONE at the end. Lines without anything are no rows. */
static int take_row(struct ms_json *out, struct csv *csv)
{
  *out = MS_JSON_VALUE_NONE;
  while (csv->at < csv->text.len && strchr("\r\n", csv->text.data[csv->at]) != NULL &&
         csv->text.data[csv->at] != '\0') {
    csv->at++;
  }
  if (csv->at >= csv->text.len) {
    return MSTEP_OK;
  }
  *out = ms_json_array(8);
  int err = ms_json_is_none(*out) ? ms_error_nomem() : MSTEP_OK;
  for (bool goes_on = true; err == 0 && goes_on;) {
    goes_on = take_field(csv);
    err = csv->field.error != 0 ? csv->field.error
                                : ms_json_push(out, ms_json_string(ms_buf_view(&csv->field)));
  }
  if (err != 0) {
    ms_json_unref(*out);
    *out = MS_JSON_VALUE_NONE;
  }
  return err;
}

/* {header: field}; what a short row lacks is empty, what a long one has beyond is dropped. */
static int push_row(struct ms_bucket_items *items, struct ms_json headers, struct ms_json row)
{
  struct ms_json object = ms_json_object(ms_json_count(headers));
  int err = ms_json_is_none(object) ? ms_error_nomem() : MSTEP_OK;
  for (size_t i = 0; err == 0 && i < ms_json_count(headers); i++) {
    struct ms_json field = i < ms_json_count(row) ? ms_json_ref(ms_json_at(row, i))
                                                  : ms_json_string(MS_STR(""));
    err = ms_json_set_key(&object, ms_json_at(headers, i), field);
  }
  if (err == 0) {
    return push(items, object);
  }
  ms_json_unref(object);
  return err;
}

static int check_headers(struct ms_json headers)
{
  struct ms_json seen = ms_json_object(ms_json_count(headers));
  int err = ms_json_is_none(seen) ? ms_error_nomem() : MSTEP_OK;
  for (size_t i = 0; err == 0 && i < ms_json_count(headers); i++) {
    struct ms_str name = ms_json_text(ms_json_at(headers, i));
    if (!ms_json_is_none(ms_json_get(seen, name))) {
      err = ms_error(MSTEP_EINVALID, "CSV headers cannot contain duplicates.");
    } else {
      err = ms_json_set_key(&seen, ms_json_at(headers, i), ms_json_bool(true));
    }
  }
  ms_json_unref(seen);
  return err;
}

static int parse_csv(struct ms_bucket_items *items, struct ms_str text, struct ms_json config,
                     struct ms_json headers)
{
  struct csv csv = {.text = text, .delimiter = delimiter_of(config)};
  ms_buf_init(&csv.field, 0);
  struct ms_json row = MS_JSON_VALUE_NONE;
  headers = ms_json_ref(ms_json_is_none(headers) ? ms_json_getc(config, "CSVHeaders") : headers);
  int err = ms_json_is_none(headers) ? take_row(&headers, &csv) : MSTEP_OK;
  if (err == 0) {
    err = check_headers(headers);
  }
  while (err == 0 && !ms_bucket_is_full(items)) {
    err = take_row(&row, &csv);
    if (err != 0 || ms_json_is_none(row)) {
      break;
    }
    err = push_row(items, headers, row);
    ms_json_unref(row);
  }
  ms_json_unref(headers);
  ms_buf_deinit(&csv.field);
  return err;
}

/* ---- all of them ---- */

int ms_bucket_parse(struct ms_bucket_items *items, struct ms_str text, struct ms_json config,
                    struct ms_json headers)
{
  struct ms_str type = ms_json_text(ms_json_getc(config, "InputType"));
  if (ms_str_has_prefix(text, "\xef\xbb\xbf")) {
    text = ms_str_sub(text, 3, text.len);
  }
  if (ms_str_is(type, "PARQUET")) {
    return ms_error(MSTEP_EUNSUPPORTED, "This engine does not read files in the format PARQUET.");
  }
  if (ms_utf8_check(text) != text.len) {
    return ms_error(MSTEP_EINVALID, "The file is not UTF-8.");
  }
  if (ms_str_is(type, "JSON")) {
    return parse_json(items, text, config);
  }
  if (ms_str_is(type, "JSONL")) {
    return parse_lines(items, text);
  }
  if (ms_str_is(type, "CSV") || !ms_json_is_none(headers)) {
    return parse_csv(items, text, config, headers);
  }
  return ms_error(MSTEP_EUNSUPPORTED, "There is no InputType '%.*s'.", MS_STR_ARG(type));
}
