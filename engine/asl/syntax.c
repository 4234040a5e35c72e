/*
 * Complaints about text that is not JSON at all. AWS passes on the words of its JSON parser, with a
 * location of its own form that quotes the text; line and column of the diagnostic are exact.
 */
#include "asl/diagnostics.h"
#include "asl/parse.h"
#include "base/error.h"
#include "base/utf8.h"

#define SYNTAX_QUOTED 500 /* bytes of the text that a location quotes */

static bool is_word(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$';
}

static size_t word_end(struct ms_str text, size_t from)
{
  while (from < text.len && is_word(text.data[from])) {
    from++;
  }
  return from;
}

/* The last byte before `at` that is not white space; 0 when there is none. */
static char char_before(struct ms_str text, size_t at)
{
  while (at > 0) {
    char c = text.data[--at];
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
      return c;
    }
  }
  return 0;
}

/* The parser's own words: its detail without "line 1, column 2: ". */
static const char *parser_message(void)
{
  const char *detail = ms_error_detail();
  const char *colon = strstr(detail, ": ");
  return colon == NULL ? detail : colon + 2;
}

static const char *syntax_hint(struct ms_str text, size_t at)
{
  if (at >= text.len) {
    return "A closing bracket, brace or quote is missing.";
  }
  if (strstr(parser_message(), "expected ':'") != NULL) {
    return "A colon is missing before it.";
  }
  char c = text.data[at];
  char before = char_before(text, at);
  if ((c == '}' || c == ']') && before == ',') {
    return "Remove the comma before it.";
  }
  if (c == '\'') {
    return "JSON strings stand in double quotes.";
  }
  if (c == '/' || c == '#') {
    return "JSON has no comments; use a \"Comment\" field.";
  }
  if (c == '"' && (before == '"' || before == '}' || before == ']' || is_word(before))) {
    return "A comma is missing before it.";
  }
  if (is_word(c) && (before == '{' || before == ',')) {
    return "Member names stand in double quotes.";
  }
  return "";
}

/* `[Source: (String)"..."; line: 1, column: 4]`: the column behind what was read last. */
static void print_source(struct ms_buf *out, struct ms_str text,
                         const struct ms_json_position *where)
{
  size_t cut = text.len > SYNTAX_QUOTED ? SYNTAX_QUOTED : text.len;
  while (cut < text.len && cut > 0 && ((unsigned char)text.data[cut] & 0xc0) == 0x80) {
    cut--;
  }
  ms_buf_cstr(out, "[Source: (String)\"");
  ms_buf_str(out, ms_str_sub(text, 0, cut));
  ms_buf_char(out, '"');
  if (cut < text.len) {
    ms_buf_printf(out, "[truncated %zu chars]", text.len - cut);
  }
  size_t end = word_end(text, where->offset);
  size_t passed = end > where->offset ? end - where->offset : 1;
  ms_buf_printf(out, "; line: %u, column: %zu]", (unsigned)where->line, where->column + passed);
}

void ms_asl_syntax_error(struct ms_asl_parse *parse, struct ms_str text,
                         const struct ms_json_position *where, int error)
{
  struct ms_diagnostic problem = {.code = error == MSTEP_ETOOBIG ? "TOO_DEEPLY_NESTED"
                                                                 : "INVALID_JSON_DESCRIPTION",
                                  .line = where->line,
                                  .column = where->column};
  struct ms_buf message;
  struct ms_buf source;
  ms_buf_init(&message, MS_BUF_MAX_DEFAULT);
  ms_buf_init(&source, MS_BUF_MAX_DEFAULT);
  if (error == MSTEP_ETOOBIG) {
    ms_buf_cstr(&message, parser_message());
  } else {
    ms_json_print_complaint(&message, text, where);
    problem.hint = ms_str_c(syntax_hint(text, where->offset));
  }
  /* The location quotes the text: only what is valid UTF-8 may be passed on. */
  struct ms_str quoted = ms_str_sub(text, 0, ms_utf8_check(text));
  print_source(&source, quoted, where);
  problem.message = ms_buf_view(&message);
  problem.pointer = ms_buf_view(&source);
  if (message.error != 0 || source.error != 0 ||
      ms_diagnostics_add(parse->diagnostics, &problem) != 0) {
    ms_asl_nomem(parse);
  }
  ms_buf_deinit(&message);
  ms_buf_deinit(&source);
}
