/*
 * `mstep completion bash|zsh|fish`: a script made of the rows of cmds.def, options.def and verbs.def, so it
 * knows what this program knows.
 */
#include <string.h>

#include "cli/verbs.h"

struct option_word {
  const char *name, *value, *help;
  int commands;
};

#define MS_OPTION(id, name, letter, value, commands, help) {name, value, help, commands},
static const struct option_word option_words[MS_OPTION_COUNT] = {
#include "cli/options.def"
};
#undef MS_OPTION

static bool has_option(size_t cmd, size_t option)
{
  return (option_words[option].commands & (1 << cmd)) != 0;
}

/* What may stand first behind a command: its verbs, or names that are in its operands' row. */
static void print_operands(FILE *to, size_t cmd, const char *between)
{
  const char *name = ms_cmds[cmd].name;
  const char *verb;
  for (size_t i = 0; (verb = ms_verb_name(name, i)) != NULL; i++) {
    fprintf(to, "%s%s", i > 0 ? between : "", verb);
  }
  if (strcmp(name, "completion") == 0) {
    fprintf(to, "bash%szsh%sfish", between, between);
  }
  for (size_t i = 0; strcmp(name, "help") == 0 && i < MS_CMD_COUNT; i++) {
    fprintf(to, "%s%s", i > 0 ? between : "", ms_cmds[i].name);
  }
}

static void print_commands(FILE *to)
{
  for (size_t i = 0; i < MS_CMD_COUNT; i++) {
    fprintf(to, "%s%s", i > 0 ? " " : "", ms_cmds[i].name);
  }
}

/* "a|b|c" of an option's value, else nothing: then files are completed. */
static bool is_choice(const char *value)
{
  return strchr(value, '|') != NULL && strpbrk(value, "@[#") == NULL &&
         strcspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(value);
}

static void print_choices(FILE *to, const char *value)
{
  for (; *value != '\0'; value++) {
    fputc(*value == '|' ? ' ' : *value, to);
  }
}

static void print_value_cases(FILE *to)
{
  for (size_t i = 0; i < MS_OPTION_COUNT; i++) {
    if (is_choice(option_words[i].value)) {
      fprintf(to, "    --%s) COMPREPLY=($(compgen -W '", option_words[i].name);
      print_choices(to, option_words[i].value);
      fprintf(to, "' -- \"$word\")); return ;;\n");
    }
  }
}

static void bash(FILE *to)
{
  fprintf(to, "# mstep for bash: source <(mstep completion bash)\n"
         "_mstep() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} operands='' options=''\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
         "    COMPREPLY=($(compgen -W '");
  print_commands(to);
  fprintf(to, "' -- \"$word\")); return\n"
         "  fi\n"
         "  case $before in\n");
  print_value_cases(to);
  fprintf(to, "  esac\n"
         "  case ${COMP_WORDS[1]} in\n");
  for (size_t i = 0; i < MS_CMD_COUNT; i++) {
    fprintf(to, "    %s) operands='", ms_cmds[i].name);
    print_operands(to, i, " ");
    fprintf(to, "' options='");
    for (size_t k = 0; k < MS_OPTION_COUNT; k++) {
      if (has_option(i, k)) {
        fprintf(to, "--%s ", option_words[k].name);
      }
    }
    fprintf(to, "' ;;\n");
  }
  fprintf(to, "  esac\n"
         "  case $word in\n"
         "    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")) ;;\n"
         "    *) if [ \"$COMP_CWORD\" -eq 2 ] && [ -n \"$operands\" ]; then\n"
         "         COMPREPLY=($(compgen -W \"$operands\" -- \"$word\"))\n"
         "       else\n"
         "         COMPREPLY=($(compgen -f -- \"$word\"))\n"
         "       fi ;;\n"
         "  esac\n"
         "}\n"
         "complete -o filenames -F _mstep mstep\n");
}

/* Text between single quotes; for zsh's _arguments brackets and colons are escaped, too. */
static void print_quoted(FILE *to, const char *text, bool is_zsh)
{
  for (; *text != '\0'; text++) {
    if (*text == '\'') {
      fputs(is_zsh ? "'\\''" : "\\'", to);
    } else {
      if (*text == '\\' || (is_zsh && strchr("[]:", *text) != NULL)) {
        fputc('\\', to);
      }
      fputc(*text, to);
    }
  }
}

static void zsh_option(FILE *to, const struct option_word *option)
{
  fprintf(to, " \\\n        '--%s%s[", option->name, option->value[0] != '\0' ? "=" : "");
  print_quoted(to, option->help, true);
  fprintf(to, "]");
  if (is_choice(option->value)) {
    fprintf(to, ":value:(");
    print_choices(to, option->value);
    fprintf(to, ")");
  } else if (option->value[0] != '\0') {
    fprintf(to, ":value:_files");
  }
  fprintf(to, "'");
}

static void zsh(FILE *to)
{
  fprintf(to, "#compdef mstep\n"
         "_mstep() {\n"
         "  local -a commands\n"
         "  commands=(\n");
  for (size_t i = 0; i < MS_CMD_COUNT; i++) {
    fprintf(to, "    '%s:", ms_cmds[i].name);
    print_quoted(to, ms_cmds[i].summary, true);
    fprintf(to, "'\n");
  }
  fprintf(to, "  )\n"
         "  if (( CURRENT == 2 )); then\n"
         "    _describe command commands\n"
         "    return\n"
         "  fi\n"
         "  local command=$words[2]\n"
         "  shift words\n"
         "  (( CURRENT-- ))\n"
         "  case $command in\n");
  for (size_t i = 0; i < MS_CMD_COUNT; i++) {
    fprintf(to, "    %s)\n      _arguments", ms_cmds[i].name);
    for (size_t k = 0; k < MS_OPTION_COUNT; k++) {
      if (has_option(i, k)) {
        zsh_option(to, &option_words[k]);
      }
    }
    if (ms_verb_name(ms_cmds[i].name, 0) != NULL || strcmp(ms_cmds[i].name, "completion") == 0 ||
        strcmp(ms_cmds[i].name, "help") == 0) {
      fprintf(to, " \\\n        '1:operand:(");
      print_operands(to, i, " ");
      fprintf(to, ")'");
    }
    fprintf(to, " \\\n        '*:file:_files' ;;\n");
  }
  fprintf(to, "  esac\n"
         "}\n"
         "_mstep \"$@\"\n");
}

static void fish(FILE *to)
{
  fprintf(to, "# mstep for fish: ~/.config/fish/completions/mstep.fish\n");
  for (size_t i = 0; i < MS_CMD_COUNT; i++) {
    fprintf(to, "complete -c mstep -n __fish_use_subcommand -f -a %s -d '", ms_cmds[i].name);
    print_quoted(to, ms_cmds[i].summary, false);
    fprintf(to, "'\n");
  }
  for (size_t i = 0; i < MS_CMD_COUNT; i++) {
    const char *name = ms_cmds[i].name;
    if (ms_verb_name(name, 0) != NULL || strcmp(name, "completion") == 0) {
      fprintf(to, "complete -c mstep -n '__fish_seen_subcommand_from %s' -f -a '", name);
      print_operands(to, i, " ");
      fprintf(to, "'\n");
    }
    for (size_t k = 0; k < MS_OPTION_COUNT; k++) {
      if (has_option(i, k)) {
        fprintf(to, "complete -c mstep -n '__fish_seen_subcommand_from %s' -l %s%s -d '", name,
               option_words[k].name, option_words[k].value[0] != '\0' ? " -r" : "");
        print_quoted(to, option_words[k].help, false);
        fprintf(to, "'\n");
      }
    }
  }
}

/* The script as a member of an object: what the printers wrote, read again. */
static bool print_json(const char *shell, void (*print)(FILE *to))
{
  struct ms_text line = {0}, script = {0};
  char part[4096];
  size_t len;
  FILE *file = tmpfile();
  if (file == NULL) {
    ms_cli_error("could not make a file for the script");
    return false;
  }
  print(file);
  rewind(file);
  while ((len = fread(part, 1, sizeof part, file)) > 0) {
    ms_text_add(&script, part, len);
  }
  bool is_fine = ferror(file) == 0;
  fclose(file);
  ms_text_put(&line, "{");
  ms_text_pair(&line, "shell", shell);
  ms_text_pair(&line, "script", ms_text_str(&script).data);
  ms_text_put(&line, "}");
  printf("%s\n", ms_text_str(&line).data);
  ms_text_deinit(&line);
  ms_text_deinit(&script);
  return is_fine;
}

int ms_cmd_completion(const struct ms_cli_args *args)
{
  static const struct {
    const char *name;
    void (*print)(FILE *to);
  } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
  static const char *const forms[] = {"text", "json", NULL};
  int form = ms_cli_choice(args, MS_OPTION_OUTPUT, forms);
  for (size_t i = 0; form >= 0 && i < sizeof shells / sizeof *shells; i++) {
    if (strcmp(shells[i].name, args->operands[0]) == 0) {
      bool is_fine = true;
      if (form == 1) {
        is_fine = print_json(shells[i].name, shells[i].print);
      } else {
        shells[i].print(stdout);
      }
      return is_fine ? MS_EXIT_OK : MS_EXIT_FAILED;
    }
  }
  if (form >= 0) {
    ms_cli_error("there is no completion for \"%s\": bash, zsh or fish", args->operands[0]);
  }
  return MS_EXIT_USAGE;
}
