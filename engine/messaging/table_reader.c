/* Tokens of expressions, document paths, values; failures as the service words them. */
#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"
#include "messaging/resource.h"
#include "messaging/table_expression.h"

#define DEPTH_MAX 100
#define STEPS_MAX 32

static bool is_letter(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static char at(const struct ms_table_reader *reader, size_t index)
{
  return index < reader->text.len ? reader->text.data[index] : '\0';
}

static size_t name_end(const struct ms_table_reader *reader, size_t from)
{
  while (is_letter(at(reader, from)) || is_digit(at(reader, from))) {
    from++;
  }
  return from;
}

static enum ms_table_token look(const struct ms_table_reader *reader, size_t from, size_t *end)
{
  char c = at(reader, from), next = at(reader, from + 1);
  *end = from + 1;
  if (from >= reader->text.len) {
    *end = from;
    return MS_TOKEN_END;
  }
  if (is_letter(c)) {
    *end = name_end(reader, from);
    return MS_TOKEN_NAME;
  }
  if (c == '#' || c == ':') {
    *end = name_end(reader, from + 1);
    if (*end == from + 1) {
      return MS_TOKEN_WRONG;
    }
    return c == '#' ? MS_TOKEN_REFERENCE : MS_TOKEN_VALUE;
  }
  if (is_digit(c)) {
    while (is_digit(at(reader, *end))) {
      ++*end;
    }
    return MS_TOKEN_NUMBER;
  }
  if ((c == '<' && (next == '>' || next == '=')) || (c == '>' && next == '=')) {
    *end = from + 2;
  }
  return c != '\0' && strchr("()[],.=<>+-", c) != NULL ? MS_TOKEN_SIGN : MS_TOKEN_WRONG;
}

static size_t skip_blanks(const struct ms_table_reader *reader, size_t from)
{
  while (from < reader->text.len && strchr(" \t\r\n", at(reader, from)) != NULL &&
         at(reader, from) != '\0') {
    from++;
  }
  return from;
}

void ms_table_reader_step(struct ms_table_reader *reader)
{
  size_t from = skip_blanks(reader, reader->at), end;
  reader->before =
      reader->word.data == NULL ? from : (size_t)(reader->word.data - reader->text.data);
  reader->token = look(reader, from, &end);
  reader->word = ms_str_sub(reader->text, from, end);
  if (reader->word.data == NULL) {
    reader->word.data = reader->text.data + from;
  }
  reader->at = end;
}

bool ms_table_reader_is(const struct ms_table_reader *reader, const char *sign)
{
  return reader->token == MS_TOKEN_SIGN && ms_str_is(reader->word, sign);
}

bool ms_table_reader_is_word(const struct ms_table_reader *reader, const char *word)
{
  size_t len = strlen(word);
  if (reader->token != MS_TOKEN_NAME || reader->word.len != len) {
    return false;
  }
  for (size_t i = 0; i < len; i++) {
    if (ms_ascii_upper(reader->word.data[i]) != word[i]) {
      return false;
    }
  }
  return true;
}

/* ---- failures ---- */

int ms_table_reader_refuse(struct ms_table_reader *reader, const char *format, ...)
{
  char text[400];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return ms_refuse(reader->why, "ValidationException", "Invalid %s: %s", reader->member, text);
}

int ms_table_reader_syntax(struct ms_table_reader *reader)
{
  size_t end, next = skip_blanks(reader, reader->at);
  look(reader, next, &end);
  struct ms_str near = ms_str_sub(reader->text, reader->before, end), word = reader->word;
  while (near.len > 0 && near.data[near.len - 1] == ' ') {
    near.len--;
  }
  if (reader->token == MS_TOKEN_END) {
    word = MS_STR("<EOF>");
  }
  return ms_table_reader_refuse(
      reader, "Syntax error; token: \"%.*s\", near: \"%.*s\"", word.len > 100 ? 100 : (int)word.len,
      word.data, near.len > 200 ? 200 : (int)near.len, near.data == NULL ? "" : near.data);
}

int ms_table_reader_expect(struct ms_table_reader *reader, const char *sign)
{
  if (!ms_table_reader_is(reader, sign)) {
    return ms_table_reader_syntax(reader);
  }
  ms_table_reader_step(reader);
  return MSTEP_OK;
}

int ms_table_reader_enter(struct ms_table_reader *reader)
{
  return ++reader->depth > DEPTH_MAX
             ? ms_table_reader_refuse(reader, "The expression is nested too deeply")
             : MSTEP_OK;
}

int ms_table_reader_init(struct ms_table_reader *reader, struct ms_table_words *words,
                         struct ms_json request, const char *member, struct ms_queue_refusal *why)
{
  *reader = (struct ms_table_reader){.words = words,
                                     .member = member,
                                     .text = ms_json_text(ms_json_getc(request, member)),
                                     .why = why};
  words->has_expression = true;
  if (reader->text.len == 0) {
    return ms_table_reader_refuse(reader, "The expression can not be empty;");
  }
  if (reader->text.len > MS_TABLE_EXPRESSION_MAX) {
    return ms_table_reader_refuse(reader,
                                  "Expression size has exceeded the maximum allowed size; "
                                  "expression size: %zu",
                                  reader->text.len);
  }
  ms_table_reader_step(reader);
  return MSTEP_OK;
}

/* ---- words ---- */

static bool find_word(size_t *index, struct ms_json words, struct ms_str word)
{
  for (size_t i = 0; i < ms_json_count(words); i++) {
    if (ms_str_eq(ms_json_key(words, i), word)) {
      *index = i;
      return true;
    }
  }
  return false;
}

int ms_table_reader_value(struct ms_json *out, struct ms_table_reader *reader)
{
  struct ms_table_words *words = reader->words;
  size_t index;
  if (reader->token != MS_TOKEN_VALUE) {
    return ms_table_reader_syntax(reader);
  }
  if (!find_word(&index, words->values, reader->word)) {
    return ms_table_reader_refuse(
        reader,
        "An expression attribute value used in expression is not defined; attribute value: %.*s",
        reader->word.len > 200 ? 200 : (int)reader->word.len, reader->word.data);
  }
  words->values_used[index] = true;
  *out = ms_json_member(words->values, index);
  ms_table_reader_step(reader);
  return MSTEP_OK;
}

static int compare_words(struct ms_str word, const char *reserved)
{
  for (size_t i = 0;; i++) {
    unsigned char a = i < word.len ? (unsigned char)ms_ascii_upper(word.data[i]) : 0;
    unsigned char b = (unsigned char)reserved[i];
    if (a != b || a == 0) {
      return (a > b) - (a < b);
    }
  }
}

static bool is_reserved(struct ms_str word)
{
  static const char *const reserved[] = {
#define MS_TABLE_RESERVED(word) word,
#include "messaging/reserved.def"
#undef MS_TABLE_RESERVED
  };
  size_t low = 0, high = sizeof reserved / sizeof *reserved;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = compare_words(word, reserved[middle]);
    if (order == 0) {
      return true;
    }
    *(order < 0 ? &high : &low) = order < 0 ? middle : middle + 1;
  }
  return false;
}

static int read_name(struct ms_str *out, struct ms_table_reader *reader)
{
  struct ms_table_words *words = reader->words;
  size_t index;
  if (reader->token == MS_TOKEN_NAME) {
    if (is_reserved(reader->word)) {
      return ms_table_reader_refuse(reader,
                                    "Attribute name is a reserved keyword; reserved keyword: %.*s",
                                    MS_STR_ARG(reader->word));
    }
    *out = reader->word;
  } else if (reader->token == MS_TOKEN_REFERENCE) {
    if (!find_word(&index, words->names, reader->word)) {
      return ms_table_reader_refuse(
          reader,
          "An expression attribute name used in the document path is not defined; attribute name: "
          "%.*s",
          reader->word.len > 200 ? 200 : (int)reader->word.len, reader->word.data);
    }
    words->names_used[index] = true;
    *out = ms_json_text(ms_json_member(words->names, index));
  } else {
    return ms_table_reader_syntax(reader);
  }
  ms_table_reader_step(reader);
  return MSTEP_OK;
}

static int read_index(uint32_t *out, struct ms_table_reader *reader)
{
  uint64_t index = 0;
  if (reader->token != MS_TOKEN_NUMBER) {
    return ms_table_reader_syntax(reader);
  }
  for (size_t i = 0; i < reader->word.len && index < 100000; i++) {
    index = index * 10 + (uint64_t)(reader->word.data[i] - '0');
  }
  if (index >= 100000) {
    return ms_table_reader_refuse(
        reader, "List index is not within the allowable range; index: [%.*s]",
        reader->word.len > 50 ? 50 : (int)reader->word.len, reader->word.data);
  }
  *out = (uint32_t)index;
  ms_table_reader_step(reader);
  return ms_table_reader_expect(reader, "]");
}

int ms_table_reader_path(struct ms_table_path *out, struct ms_table_reader *reader)
{
  struct ms_table_step steps[STEPS_MAX];
  size_t count = 1;
  steps[0] = (struct ms_table_step){.index = 0};
  int err = read_name(&steps[0].name, reader);
  while (err == 0 && (ms_table_reader_is(reader, ".") || ms_table_reader_is(reader, "["))) {
    if (count == STEPS_MAX) {
      return ms_table_reader_refuse(reader,
                                    "The document path has too many nesting elements; "
                                    "nesting elements: %d",
                                    STEPS_MAX + 1);
    }
    bool is_name = ms_table_reader_is(reader, ".");
    ms_table_reader_step(reader);
    steps[count] = (struct ms_table_step){.index = 0};
    err = is_name ? read_name(&steps[count].name, reader) : read_index(&steps[count].index, reader);
    count++;
  }
  if (err != 0) {
    return err;
  }
  struct ms_table_step *copy = ms_arena_alloc(reader->words->arena, count * sizeof *steps);
  if (copy == NULL) {
    return ms_error_nomem();
  }
  memcpy(copy, steps, count * sizeof *steps);
  *out = (struct ms_table_path){copy, count};
  return MSTEP_OK;
}

struct ms_table_term *ms_table_term_new(struct ms_table_reader *reader,
                                        enum ms_table_term_kind kind)
{
  struct ms_table_term *term = ms_arena_calloc(reader->words->arena, 1, sizeof *term);
  if (term == NULL) {
    ms_error_nomem();
    return NULL;
  }
  term->kind = kind;
  return term;
}

/* ---- a request's words ---- */

static int check_values(struct ms_table_words *words, struct ms_json values,
                        struct ms_queue_refusal *why)
{
  if (ms_json_count(values) == 0) {
    return ms_refuse(why, "ValidationException", "ExpressionAttributeValues must not be empty");
  }
  for (size_t i = 0; i < ms_json_count(values); i++) {
    struct ms_str name = ms_json_key(values, i);
    if (name.len < 2 || name.data[0] != ':') {
      return ms_refuse(
          why, "ValidationException",
          "ExpressionAttributeValues contains invalid key: Syntax error; key: \"%.*s\"",
          name.len > 200 ? 200 : (int)name.len, name.data);
    }
  }
  words->values_used = ms_arena_calloc(words->arena, ms_json_count(values), sizeof(bool));
  int err = words->values_used == NULL ? ms_error_nomem()
                                       : ms_table_item_check(&words->values, values, why);
  if (err == MSTEP_EINVALID && why->name != NULL && strcmp(why->name, "ValidationException") == 0) {
    char text[400];
    snprintf(text, sizeof text, "%.399s", why->text);
    return ms_refuse(why, "ValidationException",
                     "ExpressionAttributeValues contains invalid value: %s", text);
  }
  return err;
}

static int check_names(struct ms_table_words *words, struct ms_json names,
                       struct ms_queue_refusal *why)
{
  if (ms_json_count(names) == 0) {
    return ms_refuse(why, "ValidationException", "ExpressionAttributeNames must not be empty");
  }
  for (size_t i = 0; i < ms_json_count(names); i++) {
    struct ms_str name = ms_json_key(names, i);
    if (name.len < 2 || name.data[0] != '#') {
      return ms_refuse(why, "ValidationException",
                       "ExpressionAttributeNames contains invalid key: Syntax error; key: \"%.*s\"",
                       name.len > 200 ? 200 : (int)name.len, name.data);
    }
    if (!ms_json_is_string(ms_json_member(names, i))) {
      return ms_refuse(why, "SerializationException", "Unexpected value type in payload");
    }
  }
  words->names = names;
  words->names_used = ms_arena_calloc(words->arena, ms_json_count(names), sizeof(bool));
  return words->names_used == NULL ? ms_error_nomem() : MSTEP_OK;
}

int ms_table_words_init(struct ms_table_words *words, struct ms_json request,
                        struct ms_queue_refusal *why)
{
  struct ms_json names = ms_json_getc(request, "ExpressionAttributeNames");
  struct ms_json values = ms_json_getc(request, "ExpressionAttributeValues");
  *words = (struct ms_table_words){
      .arena = ms_arena_new(0), .names = MS_JSON_VALUE_NONE, .values = MS_JSON_VALUE_NONE};
  int err = words->arena == NULL ? ms_error_nomem() : MSTEP_OK;
  if (err == 0 && ms_json_is_object(names)) {
    err = check_names(words, names, why);
  }
  if (err == 0 && ms_json_is_object(values)) {
    err = check_values(words, values, why);
  }
  return err;
}

static int check_used(struct ms_json words, const bool *used, const char *member,
                      struct ms_queue_refusal *why)
{
  for (size_t i = 0; i < ms_json_count(words); i++) {
    struct ms_str name = ms_json_key(words, i);
    if (!used[i]) {
      return ms_refuse(why, "ValidationException",
                       "Value provided in %s unused in expressions: keys: {%.*s}", member,
                       name.len > 200 ? 200 : (int)name.len, name.data);
    }
  }
  return MSTEP_OK;
}

int ms_table_words_check(const struct ms_table_words *words, struct ms_queue_refusal *why)
{
  bool has_words = ms_json_count(words->names) > 0 || ms_json_count(words->values) > 0;
  if (!words->has_expression && has_words) {
    return ms_refuse(why, "ValidationException", "%s can only be specified when using expressions",
                     ms_json_count(words->names) > 0 ? "ExpressionAttributeNames"
                                                     : "ExpressionAttributeValues");
  }
  int err = check_used(words->values, words->values_used, "ExpressionAttributeValues", why);
  return err != 0 ? err
                  : check_used(words->names, words->names_used, "ExpressionAttributeNames", why);
}

void ms_table_words_deinit(struct ms_table_words *words)
{
  ms_json_unref(words->values);
  ms_arena_free(words->arena);
}
