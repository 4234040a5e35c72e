/*
 * `mstep eval EXPRESSION...`: tries expressions outside of any machine. Reading JSON and evaluating is
 * the library's; here its answers are printed. The prompt is eval_prompt.c.
 */
#include <errno.h>
#include <string.h>

#include "cli/eval.h"

static const struct {
  const char *name;
  const char *language;
} languages[] = {{"jsonata", "JSONata"}, {"jsonpath", "JSONPath"}, {"lua", "Lua"}};

const char *ms_eval_language(const char *name)
{
  for (size_t i = 0; i < sizeof languages / sizeof *languages; i++) {
    if (strcmp(languages[i].name, name) == 0) {
      return languages[i].language;
    }
  }
  return NULL;
}

static mstep_str string(const char *text)
{
  return (mstep_str){text, strlen(text)};
}

/* Answers of the library; with no value nothing is added. */
static int evaluate(struct ms_text *out, const struct ms_eval *eval, const char *language,
                    const char *expression, mstep_str input)
{
  const mstep_expression what = {.version = MSTEP_EXPRESSION_VERSION,
                                 .language = language,
                                 .dialect = eval->dialect,
                                 .text = string(expression),
                                 .input = input,
                                 .variables = ms_text_str(&eval->variables)};
  return mstep_expression_evaluate(eval->engine, &what, ms_text_sink, out);
}

static void print_value(const struct ms_eval *eval, const struct ms_text *value)
{
  struct ms_text pretty = {0};
  if (eval->is_pretty) {
    ms_text_indent(&pretty, ms_text_str(value));
  }
  const struct ms_text *shown = eval->is_pretty && !pretty.is_failed ? &pretty : value;
  fwrite(shown->data, 1, shown->len, stdout);
  if (shown->len == 0 || shown->data[shown->len - 1] != '\n') {
    fputc('\n', stdout);
  }
  ms_text_deinit(&pretty);
}

int ms_eval_print(struct ms_eval *eval, const char *expression)
{
  struct ms_text value = {0};
  int exit_code = MS_EXIT_OK;
  int code = evaluate(&value, eval, eval->language, expression, ms_text_str(&eval->input));
  if (code == MSTEP_OK && value.len > 0) {
    print_value(eval, &value);
  } else if (code == MSTEP_OK && eval->are_many) {
    fputc('\n', stdout);
  } else if (code == MSTEP_EDEFINITION) {
    fflush(stdout);
    ms_cli_error("no expression in %s: %s", eval->language, mstep_last_error());
    exit_code = MS_EXIT_USAGE;
  } else if (code != MSTEP_OK) {
    fflush(stdout);
    ms_cli_error("the evaluation failed: %s", mstep_last_error());
    exit_code = MS_EXIT_FAILED;
  }
  ms_text_deinit(&value);
  return exit_code;
}

/* Is the text JSON? The library knows: the path `$` gives its input. */
static int check_json(const struct ms_eval *eval, const char *text, size_t len)
{
  struct ms_text ignored = {0};
  int code = evaluate(&ignored, eval, "JSONPath", "$", (mstep_str){text, len});
  ms_text_deinit(&ignored);
  return code;
}

bool ms_eval_set_input(struct ms_eval *eval, const char *given)
{
  struct ms_text text = {0};
  int error = 0;
  if (given[0] == '@' || strcmp(given, "-") == 0) {
    const char *path = given[0] == '@' ? given + 1 : given;
    error = ms_text_read(&text, path);
    if (error != 0) {
      ms_cli_error("could not read the input \"%s\": %s", path, strerror(error));
    }
  } else {
    ms_text_put(&text, given);
  }
  if (error == 0 && check_json(eval, text.data == NULL ? "" : text.data, text.len) != MSTEP_OK) {
    ms_cli_error("the input is not valid JSON: %s", mstep_last_error());
    error = EINVAL;
  }
  if (error != 0) {
    ms_text_deinit(&text);
    return false;
  }
  ms_text_deinit(&eval->input);
  eval->input = text;
  return true;
}

/* NAME=VALUE: a member of the variables. */
static bool add_variable(struct ms_eval *eval, const char *given)
{
  const char *equals = strchr(given, '=');
  if (equals == NULL || equals == given) {
    ms_cli_error("option --var is NAME=VALUE, not \"%s\"", given);
    return false;
  }
  struct ms_text name = {0};
  struct ms_text member = {0};
  ms_text_add(&name, given, (size_t)(equals - given));
  ms_text_put(&member, "{");
  ms_text_quote(&member, name.data == NULL ? "" : name.data);
  ms_text_put(&member, ":");
  if (check_json(eval, equals + 1, strlen(equals + 1)) == MSTEP_OK) {
    ms_text_put(&member, equals + 1);
  } else {
    ms_text_quote(&member, equals + 1);
  }
  ms_text_put(&member, "}");
  ms_text_merge(&eval->variables, ms_text_str(&member));
  ms_text_deinit(&name);
  ms_text_deinit(&member);
  return true;
}

static bool add_variables(struct ms_eval *eval, const struct ms_cli_args *args)
{
  bool is_good = true;
  for (size_t i = 0; i < args->given_count && is_good; i++) {
    if (args->given[i].option == MS_OPTION_VAR) {
      is_good = add_variable(eval, args->given[i].value);
    }
  }
  return is_good;
}

static bool open_engine(struct ms_eval *eval, const struct ms_cli_args *args)
{
  mstep_options options;
  unsigned long long seed = 0;
  if (!ms_cli_number(&seed, args, MS_OPTION_SEED, 0, UINT64_MAX)) {
    return false;
  }
  mstep_options_init(&options, MSTEP_OPTIONS_VERSION);
  options.workers = 0;
  options.seed = seed;
  int code = mstep_engine_open(&eval->engine, &options);
  if (code != MSTEP_OK) {
    ms_cli_error_code(code, "could not start the engine");
  }
  return code == MSTEP_OK;
}

/* False: the command line is wrong, and it is said. */
static bool prepare(struct ms_eval *eval, const struct ms_cli_args *args)
{
  static const char *const names[] = {"jsonata", "jsonpath", "lua", NULL};
  static const char *const dialects[] = {"2.0.6", "latest", NULL};
  static const char *const forms[] = {"json", "pretty", NULL};
  int name = ms_cli_choice(args, MS_OPTION_LANG, names);
  int dialect = ms_cli_choice(args, MS_OPTION_DIALECT, dialects);
  int form = ms_cli_choice(args, MS_OPTION_EVAL_OUTPUT, forms);
  if (name < 0 || dialect < 0 || form < 0) {
    return false;
  }
  eval->language = ms_eval_language(names[name]);
  eval->dialect = dialects[dialect];
  eval->is_pretty = form == 1;
  eval->are_many = args->operand_count > 1;
  ms_text_put(&eval->input, "{}");
  ms_text_put(&eval->variables, "{}");
  if (!open_engine(eval, args)) {
    return false;
  }
  const char *input = args->options[MS_OPTION_EVAL_INPUT];
  return (input == NULL || ms_eval_set_input(eval, input)) && add_variables(eval, args);
}

static bool wants_prompt(const struct ms_cli_args *args)
{
  return args->options[MS_OPTION_INTERACTIVE] != NULL ||
         (args->operand_count == 0 && ms_cli_is_terminal(stdin));
}

int ms_cmd_eval(const struct ms_cli_args *args)
{
  const char *input = args->options[MS_OPTION_EVAL_INPUT];
  bool is_prompt = wants_prompt(args);
  if (args->operand_count == 0 && !is_prompt) {
    ms_cli_error("\"mstep eval\" needs an expression, or -i");
    ms_cli_hint("\"mstep help eval\" explains it.");
    return MS_EXIT_USAGE;
  }
  if (is_prompt && input != NULL && strcmp(input, "-") == 0) {
    ms_cli_error("standard input cannot be both the input and the expressions");
    return MS_EXIT_USAGE;
  }
  struct ms_eval eval = {0};
  int exit_code = prepare(&eval, args) ? MS_EXIT_OK : MS_EXIT_USAGE;
  bool is_ready = exit_code == MS_EXIT_OK;
  for (size_t i = 0; i < args->operand_count && is_ready; i++) {
    int code = ms_eval_print(&eval, args->operands[i]);
    exit_code = code > exit_code ? code : exit_code;
  }
  if (is_ready && is_prompt) {
    int code = ms_eval_prompt(&eval);
    exit_code = code > exit_code ? code : exit_code;
  }
  mstep_engine_close(eval.engine);
  ms_text_deinit(&eval.input);
  ms_text_deinit(&eval.variables);
  return exit_code;
}
