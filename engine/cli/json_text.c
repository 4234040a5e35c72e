/*
 * JSON as text, as far as the program needs it: quoting, layout over lines, joining two objects, reading
 * a member. The texts come from the library and are well-formed; on any other text these functions stop
 * early, but never read past its end.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"

#define INDENT_DEPTH_MAX 40 /* what is nested deeper is laid out at this depth */

void ms_text_quote(struct ms_text *text, const char *string)
{
  ms_text_put(text, "\"");
  for (const char *s = string; *s != '\0'; s++) {
    unsigned char c = (unsigned char)*s;
    if (c == '"' || c == '\\') {
      ms_text_printf(text, "\\%c", c);
    } else if (c < 0x20) {
      ms_text_printf(text, "\\u%04x", (unsigned)c);
    } else {
      ms_text_add(text, s, 1);
    }
  }
  ms_text_put(text, "\"");
}

static bool is_space(char c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t skip_space(mstep_str json, size_t at)
{
  while (at < json.len && is_space(json.data[at])) {
    at++;
  }
  return at;
}

/* Offset after the string that begins at `at`. */
static size_t skip_string(mstep_str json, size_t at)
{
  for (at++; at < json.len && json.data[at] != '"'; at++) {
    if (json.data[at] == '\\') {
      at++;
    }
  }
  return at < json.len ? at + 1 : json.len;
}

/* Offset after the value that begins at `at`. */
static size_t skip_value(mstep_str json, size_t at)
{
  size_t depth = 0;
  while (at < json.len) {
    char c = json.data[at];
    if (c == '"') {
      at = skip_string(json, at);
    } else if (c == '{' || c == '[') {
      depth++;
      at++;
    } else if (c == '}' || c == ']') {
      if (depth == 0) {
        return at;
      }
      depth--;
      at++;
    } else if (depth == 0 && (c == ',' || c == ':' || is_space(c))) {
      return at;
    } else {
      at++;
      continue; /* inside a number or a word */
    }
    if (depth == 0) {
      return at;
    }
  }
  return at;
}

static void new_line(struct ms_text *text, size_t depth)
{
  static const char spaces[] =
      "                                                                                ";
  size_t columns = 2 * (depth < INDENT_DEPTH_MAX ? depth : INDENT_DEPTH_MAX);
  ms_text_put(text, "\n");
  ms_text_add(text, spaces, columns);
}

void ms_text_indent(struct ms_text *text, mstep_str json)
{
  size_t depth = 0;
  for (size_t at = 0; at < json.len;) {
    char c = json.data[at];
    if (c == '"') {
      size_t end = skip_string(json, at);
      ms_text_add(text, json.data + at, end - at);
      at = end;
      continue;
    }
    at++;
    if (c == '{' || c == '[') {
      size_t next = skip_space(json, at);
      ms_text_add(text, &c, 1);
      if (next < json.len && (json.data[next] == '}' || json.data[next] == ']')) {
        ms_text_add(text, json.data + next, 1);
        at = next + 1;
      } else {
        new_line(text, ++depth);
      }
    } else if (c == '}' || c == ']') {
      depth -= depth > 0;
      new_line(text, depth);
      ms_text_add(text, &c, 1);
    } else if (c == ',') {
      ms_text_add(text, &c, 1);
      new_line(text, depth);
    } else if (c == ':') {
      ms_text_put(text, ": ");
    } else if (!is_space(c)) {
      ms_text_add(text, &c, 1);
    }
  }
}

void ms_text_merge(struct ms_text *text, mstep_str more)
{
  while (text->len > 0 && is_space(text->data[text->len - 1])) {
    text->len--;
  }
  size_t from = skip_space(more, 0);
  if (text->len < 2 || from >= more.len || more.data[from] != '{') {
    return;
  }
  text->len--;
  size_t last = text->len;
  while (last > 0 && is_space(text->data[last - 1])) {
    last--;
  }
  from++;
  bool is_empty = skip_space(more, from) < more.len && more.data[skip_space(more, from)] == '}';
  if (text->data[last - 1] != '{' && !is_empty) {
    ms_text_put(text, ",");
  }
  ms_text_add(text, more.data + from, more.len - from);
}

static unsigned hex_digit(char c)
{
  if (c >= '0' && c <= '9') {
    return (unsigned)(c - '0');
  }
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 0;
}

static unsigned hex_four(const char *s)
{
  return hex_digit(s[0]) << 12 | hex_digit(s[1]) << 8 | hex_digit(s[2]) << 4 | hex_digit(s[3]);
}

static void add_codepoint(struct ms_text *out, unsigned long cp)
{
  char bytes[4];
  size_t len = 0;
  if (cp < 0x80) {
    bytes[len++] = (char)cp;
  } else if (cp < 0x800) {
    bytes[len++] = (char)(0xC0 | cp >> 6);
  } else if (cp < 0x10000) {
    bytes[len++] = (char)(0xE0 | cp >> 12);
    bytes[len++] = (char)(0x80 | (cp >> 6 & 0x3F));
  } else {
    bytes[len++] = (char)(0xF0 | cp >> 18);
    bytes[len++] = (char)(0x80 | (cp >> 12 & 0x3F));
    bytes[len++] = (char)(0x80 | (cp >> 6 & 0x3F));
  }
  if (cp >= 0x80) {
    bytes[len++] = (char)(0x80 | (cp & 0x3F));
  }
  ms_text_add(out, bytes, len);
}

/* Adds the characters of an escape at s (after the backslash); gives how many characters it had. */
static size_t add_escape(struct ms_text *out, const char *s, size_t left)
{
  static const char letters[] = "bfnrt", values[] = "\b\f\n\r\t";
  const char *found = left > 0 && s[0] != '\0' ? strchr(letters, s[0]) : NULL;
  if (left >= 5 && s[0] == 'u') {
    unsigned long cp = hex_four(s + 1);
    if (cp >= 0xD800 && cp < 0xDC00 && left >= 11 && s[5] == '\\' && s[6] == 'u') {
      add_codepoint(out, 0x10000 + ((cp & 0x3FF) << 10) + (hex_four(s + 7) & 0x3FF));
      return 11;
    }
    add_codepoint(out, cp);
    return 5;
  }
  ms_text_add(out, found != NULL ? &values[found - letters] : s, left > 0);
  return left > 0;
}

/* Adds the value at json[from..to): a string without quotes and escapes, anything else as it stands. */
static void add_value(struct ms_text *out, mstep_str json, size_t from, size_t to)
{
  if (to - from < 2 || json.data[from] != '"') {
    ms_text_add(out, json.data + from, to - from);
    return;
  }
  for (size_t at = from + 1; at + 1 < to; at++) {
    if (json.data[at] == '\\') {
      at += add_escape(out, json.data + at + 1, to - 2 - at);
    } else {
      ms_text_add(out, json.data + at, 1);
    }
  }
}

void ms_text_value(struct ms_text *out, mstep_str json)
{
  add_value(out, json, 0, json.len);
}

void ms_text_each_member(mstep_str json, void (*each)(mstep_str name, mstep_str value, void *user),
                         void *user)
{
  size_t at = skip_space(json, 0);
  if (at >= json.len || json.data[at] != '{') {
    return;
  }
  at = skip_space(json, at + 1);
  while (at < json.len && json.data[at] == '"') {
    size_t key = at + 1, key_end = skip_string(json, at);
    size_t from = skip_space(json, key_end);
    if (from >= json.len || json.data[from] != ':') {
      return;
    }
    from = skip_space(json, from + 1);
    size_t to = skip_value(json, from);
    each((mstep_str){json.data + key, key_end - 1 - key}, (mstep_str){json.data + from, to - from},
         user);
    at = skip_space(json, to);
    if (at >= json.len || json.data[at] != ',') {
      return;
    }
    at = skip_space(json, at + 1);
  }
}

struct member_search {
  const char *name;
  struct ms_text *out;
  bool is_found;
};

static void take_member(mstep_str name, mstep_str value, void *user)
{
  struct member_search *search = user;
  size_t len = strlen(search->name);
  if (!search->is_found && name.len == len && memcmp(name.data, search->name, len) == 0) {
    search->is_found = true;
    ms_text_value(search->out, value);
  }
}

bool ms_text_member(struct ms_text *out, mstep_str json, const char *name)
{
  struct member_search search = {name, out, false};
  ms_text_each_member(json, take_member, &search);
  return search.is_found;
}

double ms_text_number(mstep_str json, const char *name, double standard)
{
  struct ms_text text = {0};
  char *end = NULL;
  double value = standard;
  if (ms_text_member(&text, json, name) && text.data != NULL) {
    value = strtod(text.data, &end);
    value = end == text.data ? standard : value;
  }
  ms_text_deinit(&text);
  return value;
}

void ms_text_pair(struct ms_text *text, const char *name, const char *string)
{
  bool is_first = text->len > 0 && text->data[text->len - 1] == '{';
  ms_text_printf(text, "%s\"%s\":", is_first ? "" : ",", name);
  ms_text_quote(text, string);
}

void ms_text_each(mstep_str json, void (*each)(mstep_str item, void *user), void *user)
{
  size_t at = skip_space(json, 0);
  if (at >= json.len || json.data[at] != '[') {
    return;
  }
  at = skip_space(json, at + 1);
  while (at < json.len && json.data[at] != ']') {
    size_t to = skip_value(json, at);
    if (to == at) {
      return;
    }
    each((mstep_str){json.data + at, to - at}, user);
    at = skip_space(json, to);
    at += at < json.len && json.data[at] == ',';
    at = skip_space(json, at);
  }
}

struct string_visit {
  void (*each)(const char *string, void *user);
  void *user;
};

static void visit_string(mstep_str item, void *user)
{
  const struct string_visit *visit = user;
  struct ms_text string = {0};
  ms_text_value(&string, item);
  if (string.data != NULL) {
    visit->each(string.data, visit->user);
  }
  ms_text_deinit(&string);
}

void ms_text_each_string(mstep_str json, void (*each)(const char *string, void *user), void *user)
{
  struct string_visit visit = {each, user};
  ms_text_each(json, visit_string, &visit);
}
