/*
 * What the program says on standard error, and colours. Colours only on a terminal, never with NO_COLOR
 * set (https://no-color.org) or TERM=dumb.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

static void say(const char *word, enum ms_style style, const char *format, va_list args)
{
  bool is_coloured = ms_cli_has_colour(stderr);
  fprintf(stderr, "%s%s%s ", ms_cli_style(is_coloured, style), word,
          ms_cli_style(is_coloured, MS_STYLE_PLAIN));
  vfprintf(stderr, format, args);
}

void ms_cli_error(const char *format, ...)
{
  va_list args;
  va_start(args, format);
  say("mstep: error:", MS_STYLE_RED, format, args);
  va_end(args);
  fputc('\n', stderr);
}

void ms_cli_hint(const char *format, ...)
{
  va_list args;
  va_start(args, format);
  say("mstep: hint:", MS_STYLE_YELLOW, format, args);
  va_end(args);
  fputc('\n', stderr);
}

void ms_cli_error_code(int code, const char *format, ...)
{
  const char *detail = mstep_last_error();
  va_list args;
  va_start(args, format);
  say("mstep: error:", MS_STYLE_RED, format, args);
  va_end(args);
  fprintf(stderr, ": %s\n", detail[0] != '\0' ? detail : mstep_strerror(code));
}

bool ms_cli_is_terminal(FILE *stream)
{
  const char *term = getenv("TERM");
  return isatty(fileno(stream)) != 0 && term != NULL && strcmp(term, "dumb") != 0;
}

bool ms_cli_has_colour(FILE *stream)
{
  const char *refused = getenv("NO_COLOR");
  return (refused == NULL || refused[0] == '\0') && ms_cli_is_terminal(stream);
}

const char *ms_cli_style(bool is_coloured, enum ms_style style)
{
  static const char *const escapes[] = {"\033[0m",  "\033[1m",  "\033[2m",
                                        "\033[31m", "\033[32m", "\033[33m"};
  return is_coloured ? escapes[style] : "";
}
