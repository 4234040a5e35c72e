/*
 * What is wrong with a text that is not JSON, in the words of AWS's parser, which its services pass on to
 * their callers. Where those are not known our parser's own words stand.
 */
#include "base/error.h"
#include "json/json.h"

static bool is_word(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$';
}

/* The parser's own words: its detail without "line 1, column 2: ". */
static const char *parser_words(void)
{
  const char *detail = ms_error_detail();
  const char *colon = strstr(detail, ": ");
  return colon == NULL ? detail : colon + 2;
}

/* What it would have taken instead. */
static const char *expected_words(const char *words)
{
  static const struct {
    const char *ours;
    const char *theirs;
  } pairs[] = {
      {"expected a member name in quotes", "was expecting double-quote to start field name"},
      {"expected ':' after a member name", "was expecting a colon to separate field name and value"},
      {"expected ',' or ']' after an item", "was expecting comma to separate Array entries"},
      {"expected ',' or '}' after a member", "was expecting comma to separate Object entries"},
  };
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    if (strcmp(words, pairs[i].ours) == 0) {
      return pairs[i].theirs;
    }
  }
  return words;
}

void ms_json_print_complaint(struct ms_buf *out, struct ms_str text,
                             const struct ms_json_position *where)
{
  const char *words = parser_words();
  bool is_expected = strncmp(words, "expected ", 9) == 0;
  size_t at = where->offset, end = at;
  while (end < text.len && is_word(text.data[end])) {
    end++;
  }
  if (at >= text.len) {
    ms_buf_cstr(out, "Unexpected end-of-input");
    if (is_expected) {
      ms_buf_printf(out, ": %s", words);
    }
  } else if (is_expected && end > at && strstr(words, "value") != NULL) {
    ms_buf_cstr(out, "Unrecognized token '");
    ms_buf_str(out, ms_str_sub(text, at, end));
    ms_buf_cstr(out, "': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or "
                     "'false')");
  } else if (is_expected && (unsigned char)text.data[at] >= 0x20 &&
             (unsigned char)text.data[at] < 0x7f) {
    ms_buf_printf(out, "Unexpected character ('%c' (code %d)): %s", text.data[at], text.data[at],
                  expected_words(words));
  } else {
    /* A sentence of its own. */
    ms_buf_char(out, words[0] >= 'a' && words[0] <= 'z' ? (char)(words[0] - 'a' + 'A') : words[0]);
    ms_buf_cstr(out, words[0] == '\0' ? "" : words + 1);
  }
}
