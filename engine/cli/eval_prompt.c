/*
 * The prompt of `mstep eval -i`: a line is an expression, or a command that begins with `:` or `!`. It
 * stands on standard input alone, so that a file of lines does as well as a person.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/eval.h"

#define HISTORY_MAX 1000

struct prompt {
  struct ms_eval *eval;
  struct ms_text lines[HISTORY_MAX]; /* expressions so far; the oldest are overwritten */
  size_t count;
  bool is_terminal;
  bool is_over;
};

/* A line without its end; false at the end of the input. */
static bool read_line(struct ms_text *out)
{
  int c = getchar();
  if (c == EOF) {
    return false;
  }
  for (; c != EOF && c != '\n'; c = getchar()) {
    char byte = (char)c;
    ms_text_add(out, &byte, 1);
  }
  ms_text_put(out, ""); /* ends with a NUL, empty or not */
  return true;
}

static void help(void)
{
  fputs("EXPRESSION     evaluate it\n"
        "!              list what was evaluated; !N again, !! the last again\n"
        ":lang NAME     jsonata, jsonpath or lua\n"
        ":input JSON    another input; @FILE for a file's\n"
        ":quit          leave; so does the end of the input\n",
        stdout);
}

static void list(const struct prompt *prompt)
{
  size_t first = prompt->count > HISTORY_MAX ? prompt->count - HISTORY_MAX : 0;
  for (size_t i = first; i < prompt->count; i++) {
    printf("%5zu  %s\n", i + 1, prompt->lines[i % HISTORY_MAX].data);
  }
}

/* Takes the line. */
static int evaluate(struct prompt *prompt, struct ms_text *line)
{
  struct ms_text *place = &prompt->lines[prompt->count++ % HISTORY_MAX];
  ms_text_deinit(place);
  *place = *line;
  *line = (struct ms_text){0};
  return ms_eval_print(prompt->eval, place->data);
}

/* `!`, `!!` and `!N`. */
static int recall(struct prompt *prompt, const char *which)
{
  char *end = NULL;
  unsigned long number = strcmp(which, "!") == 0 ? prompt->count : strtoul(which, &end, 10);
  if (which[0] == '\0') {
    list(prompt);
    return MS_EXIT_OK;
  }
  bool is_known = number >= 1 && number <= prompt->count && prompt->count - number < HISTORY_MAX &&
                  (end == NULL || *end == '\0');
  if (!is_known) {
    ms_cli_error("there is no expression \"!%s\"", which);
    return MS_EXIT_USAGE;
  }
  struct ms_text again = {0};
  ms_text_put(&again, prompt->lines[(number - 1) % HISTORY_MAX].data);
  if (prompt->is_terminal) {
    printf("%s\n", again.data);
  }
  int code = evaluate(prompt, &again);
  ms_text_deinit(&again);
  return code;
}

/* What stands behind a command's name; NULL: it is another command. */
static const char *argument_of(const char *line, const char *name)
{
  size_t len = strlen(name);
  if (strncmp(line, name, len) != 0 || (line[len] != ' ' && line[len] != '\0')) {
    return NULL;
  }
  return line + len + strspn(line + len, " ");
}

static int command(struct prompt *prompt, const char *line)
{
  const char *argument;
  if (argument_of(line, ":quit") != NULL || argument_of(line, ":q") != NULL) {
    prompt->is_over = true;
  } else if (argument_of(line, ":help") != NULL) {
    help();
  } else if ((argument = argument_of(line, ":lang")) != NULL) {
    const char *language = ms_eval_language(argument);
    if (language == NULL) {
      ms_cli_error("the language is jsonata, jsonpath or lua, not \"%s\"", argument);
      return MS_EXIT_USAGE;
    }
    prompt->eval->language = language;
  } else if ((argument = argument_of(line, ":input")) != NULL) {
    return ms_eval_set_input(prompt->eval, argument) ? MS_EXIT_OK : MS_EXIT_USAGE;
  } else {
    ms_cli_error("there is no command \"%s\"", line);
    ms_cli_hint(":help lists them.");
    return MS_EXIT_USAGE;
  }
  return MS_EXIT_OK;
}

static int take_line(struct prompt *prompt, struct ms_text *line)
{
  if (line->data == NULL || line->data[strspn(line->data, " \t\r")] == '\0') {
    return MS_EXIT_OK;
  }
  if (line->data[0] == ':') {
    return command(prompt, line->data);
  }
  if (line->data[0] == '!') {
    return recall(prompt, line->data + 1);
  }
  return evaluate(prompt, line);
}

int ms_eval_prompt(struct ms_eval *eval)
{
  struct prompt *prompt = ms_cli_resize(NULL, sizeof *prompt);
  if (prompt == NULL) {
    ms_cli_error("out of memory");
    return MS_EXIT_FAILED;
  }
  memset(prompt, 0, sizeof *prompt);
  prompt->eval = eval;
  prompt->is_terminal = ms_cli_is_terminal(stdin);
  eval->are_many = !prompt->is_terminal;
  int exit_code = MS_EXIT_OK;
  while (!prompt->is_over) {
    struct ms_text line = {0};
    if (prompt->is_terminal) {
      printf("%s %zu> ", eval->language, prompt->count + 1);
      fflush(stdout);
    }
    prompt->is_over = !read_line(&line);
    int code = prompt->is_over ? MS_EXIT_OK : take_line(prompt, &line);
    /* A person sees what went wrong and goes on; a program wants to know in the end. */
    exit_code = !prompt->is_terminal && code > exit_code ? code : exit_code;
    ms_text_deinit(&line);
  }
  for (size_t i = 0; i < HISTORY_MAX; i++) {
    ms_text_deinit(&prompt->lines[i]);
  }
  ms_cli_resize(prompt, 0);
  return exit_code;
}
