/* `mstep help [COMMAND]` and `--help`: everything is made of the rows of cmds.def and options.def. */
#include <string.h>

#include "cli/cli.h"
#include "cli/text.h"
#include "cli/verbs.h"

struct option_help {
  const char *name;
  char letter;
  const char *value;
  int commands;
  const char *help;
};

#define MS_OPTION(id, name, letter, value, commands, help) {name, letter, value, commands, help},
static const struct option_help option_helps[MS_OPTION_COUNT] = {
#include "cli/options.def"
};
#undef MS_OPTION

/* Is one of the words in "create, put" this verb? *has_verbs: one is a verb of that noun. */
static bool names_verb(bool *has_verbs, const char *words, size_t len, const struct ms_verb *verb)
{
  bool is_it = false;
  for (size_t at = 0; at < len;) {
    char word[32];
    size_t end = at + strcspn(words + at, ",:");
    snprintf(word, sizeof word, "%.*s", (int)(end - at), words + at);
    *has_verbs = *has_verbs || ms_verb_row(verb->noun, word) != NULL;
    is_it = is_it || strcmp(word, verb->name) == 0;
    at = end + strspn(words + end, ", ");
    at = at == end ? len : at;
  }
  return is_it;
}

bool ms_cli_option_is_of(enum ms_option option, const struct ms_verb *verb)
{
  bool has_verbs = false;
  const char *at = option_helps[option].help;
  while (at != NULL) {
    size_t len = strcspn(at, ":;");
    if (at[len] == ':' && names_verb(&has_verbs, at, len, verb)) {
      return true;
    }
    at = strchr(at, ';');
    at = at == NULL ? NULL : at + strspn(at, "; ");
  }
  return !has_verbs;
}

static void help_program(FILE *to)
{
  fputs("usage: mstep COMMAND [ARGUMENTS]\n\n"
        "Moonstep runs AWS Step Functions state machines on this machine, with tasks written in "
        "Lua.\n\n"
        "commands:\n",
        to);
  for (size_t i = 0; i < MS_CMD_COUNT; i++) {
    fprintf(to, "  %-11s %s\n", ms_cmds[i].name, ms_cmds[i].summary);
  }
  fputs("\n\"mstep help COMMAND\" or \"mstep COMMAND --help\" says more.\n\n"
        "examples:\n"
        "  mstep run order.asl.json --input @input.json\n"
        "  mstep validate order.asl.json\n"
        "  mstep serve --project . --store orders.db\n\n"
        "exit codes:\n"
        "  0  succeeded\n"
        "  1  the execution failed\n"
        "  2  the command line, a file or the definition is wrong\n"
        "  3  the execution timed out\n"
        "  4  the execution was aborted\n",
        to);
}

static void help_option(FILE *to, const struct option_help *option)
{
  char left[64];
  char letter[8] = "    ";
  if (option->letter != 0) {
    snprintf(letter, sizeof letter, "-%c, ", option->letter);
  }
  const char *space = option->value[0] != '\0' ? " " : "";
  snprintf(left, sizeof left, "%s--%s%s%s", letter, option->name, space, option->value);
  fprintf(to, "  %-27s  %s\n", left, option->help);
}

void ms_cli_help(FILE *to, const struct ms_cmd *cmd)
{
  if (cmd == NULL) {
    help_program(to);
    return;
  }
  const char *space = cmd->operands[0] != '\0' ? " " : "";
  fprintf(to, "usage: mstep %s%s%s [OPTIONS]\n\n%s\n\noptions:\n", cmd->name, space, cmd->operands,
          cmd->summary);
  for (size_t i = 0; i < MS_OPTION_COUNT; i++) {
    if ((option_helps[i].commands & (1 << (cmd - ms_cmds))) != 0) {
      help_option(to, &option_helps[i]);
    }
  }
  fprintf(to, "\n%s", cmd->more);
}

/* ---- the same for programs ---- */

static void put_options(struct ms_text *out, size_t cmd)
{
  const char *comma = "";
  ms_text_put(out, ",\"options\":[");
  for (size_t i = 0; i < MS_OPTION_COUNT; i++) {
    const struct option_help *option = &option_helps[i];
    const char letter[2] = {option->letter, '\0'};
    if ((option->commands & (1 << cmd)) != 0) {
      ms_text_printf(out, "%s{", comma);
      ms_text_pair(out, "name", option->name);
      ms_text_pair(out, "letter", letter);
      ms_text_pair(out, "value", option->value);
      ms_text_pair(out, "help", option->help);
      ms_text_put(out, "}");
      comma = ",";
    }
  }
  ms_text_put(out, "]");
}

static void put_verbs(struct ms_text *out, const char *noun)
{
  const char *verb;
  ms_text_put(out, ",\"verbs\":[");
  for (size_t i = 0; (verb = ms_verb_name(noun, i)) != NULL; i++) {
    const struct ms_verb *row = ms_verb_row(noun, verb);
    ms_text_put(out, i > 0 ? ",{" : "{");
    ms_text_pair(out, "name", verb);
    ms_text_pair(out, "operands", row->operands);
    ms_text_pair(out, "operation", row->operation);
    ms_text_printf(out, ",\"onlyReads\":%s}", (row->flags & MS_VERB_READS) != 0 ? "true" : "false");
  }
  ms_text_put(out, "]");
}

static void put_command(struct ms_text *out, const struct ms_cmd *cmd)
{
  ms_text_put(out, "{");
  ms_text_pair(out, "name", cmd->name);
  ms_text_pair(out, "operands", cmd->operands);
  ms_text_pair(out, "summary", cmd->summary);
  put_verbs(out, cmd->name);
  put_options(out, (size_t)(cmd - ms_cmds));
  ms_text_pair(out, "more", cmd->more);
  ms_text_put(out, "}");
}

static void print_json(const struct ms_cmd *only)
{
  struct ms_text line = {0};
  if (only != NULL) {
    put_command(&line, only);
  } else {
    ms_text_put(&line, "{\"commands\":[");
    for (size_t i = 0; i < MS_CMD_COUNT; i++) {
      ms_text_put(&line, i > 0 ? "," : "");
      put_command(&line, &ms_cmds[i]);
    }
    ms_text_put(&line, "]}");
  }
  printf("%s\n", ms_text_str(&line).data);
  ms_text_deinit(&line);
}

int ms_cmd_help(const struct ms_cli_args *args)
{
  static const char *const forms[] = {"text", "json", NULL};
  int form = ms_cli_choice(args, MS_OPTION_OUTPUT, forms);
  const struct ms_cmd *cmd = args->operand_count == 0 ? NULL : ms_cli_find(args->operands[0]);
  if (form < 0) {
    return MS_EXIT_USAGE;
  }
  if (cmd == NULL && args->operand_count > 0) {
    ms_cli_unknown_command(args->operands[0]);
    return MS_EXIT_USAGE;
  }
  if (args->operand_count > 1 && ms_verb_row(cmd->name, args->operands[1]) == NULL) {
    ms_cli_unknown_verb(cmd, args->operands[1]);
    return MS_EXIT_USAGE;
  }
  if (form == 1) {
    print_json(cmd);
  } else {
    ms_cli_help(stdout, cmd);
  }
  return MS_EXIT_OK;
}
