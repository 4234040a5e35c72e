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
static void print_operands(size_t cmd, const char *between)
{
  const char *name = ms_cmds[cmd].name;
  const char *verb;
  for (size_t i = 0; (verb = ms_verb_name(name, i)) != NULL; i++) {
    printf("%s%s", i > 0 ? between : "", verb);
  }
  if (strcmp(name, "completion") == 0) {
    printf("bash%szsh%sfish", between, between);
  }
  for (size_t i = 0; strcmp(name, "help") == 0 && i < MS_CMD_COUNT; i++) {
    printf("%s%s", i > 0 ? between : "", ms_cmds[i].name);
  }
}

static void print_commands(void)
{
  for (size_t i = 0; i < MS_CMD_COUNT; i++) {
    printf("%s%s", i > 0 ? " " : "", ms_cmds[i].name);
  }
}

/* "a|b|c" of an option's value, else nothing: then files are completed. */
static bool is_choice(const char *value)
{
  return strchr(value, '|') != NULL && strpbrk(value, "@[#") == NULL &&
         strcspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(value);
}

static void print_choices(const char *value)
{
  for (; *value != '\0'; value++) {
    putchar(*value == '|' ? ' ' : *value);
  }
}

static void print_value_cases(void)
{
  for (size_t i = 0; i < MS_OPTION_COUNT; i++) {
    if (is_choice(option_words[i].value)) {
      printf("    --%s) COMPREPLY=($(compgen -W '", option_words[i].name);
      print_choices(option_words[i].value);
      printf("' -- \"$word\")); return ;;\n");
    }
  }
}

static void bash(void)
{
  printf("# mstep for bash: source <(mstep completion bash)\n"
         "_mstep() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} operands='' options=''\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
         "    COMPREPLY=($(compgen -W '");
  print_commands();
  printf("' -- \"$word\")); return\n"
         "  fi\n"
         "  case $before in\n");
  print_value_cases();
  printf("  esac\n"
         "  case ${COMP_WORDS[1]} in\n");
  for (size_t i = 0; i < MS_CMD_COUNT; i++) {
    printf("    %s) operands='", ms_cmds[i].name);
    print_operands(i, " ");
    printf("' options='");
    for (size_t k = 0; k < MS_OPTION_COUNT; k++) {
      if (has_option(i, k)) {
        printf("--%s ", option_words[k].name);
      }
    }
    printf("' ;;\n");
  }
  printf("  esac\n"
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
static void print_quoted(const char *text, bool is_zsh)
{
  for (; *text != '\0'; text++) {
    if (*text == '\'') {
      fputs(is_zsh ? "'\\''" : "\\'", stdout);
    } else {
      if (*text == '\\' || (is_zsh && strchr("[]:", *text) != NULL)) {
        putchar('\\');
      }
      putchar(*text);
    }
  }
}

static void zsh_option(const struct option_word *option)
{
  printf(" \\\n        '--%s%s[", option->name, option->value[0] != '\0' ? "=" : "");
  print_quoted(option->help, true);
  printf("]");
  if (is_choice(option->value)) {
    printf(":value:(");
    print_choices(option->value);
    printf(")");
  } else if (option->value[0] != '\0') {
    printf(":value:_files");
  }
  printf("'");
}

static void zsh(void)
{
  printf("#compdef mstep\n"
         "_mstep() {\n"
         "  local -a commands\n"
         "  commands=(\n");
  for (size_t i = 0; i < MS_CMD_COUNT; i++) {
    printf("    '%s:", ms_cmds[i].name);
    print_quoted(ms_cmds[i].summary, true);
    printf("'\n");
  }
  printf("  )\n"
         "  if (( CURRENT == 2 )); then\n"
         "    _describe command commands\n"
         "    return\n"
         "  fi\n"
         "  local command=$words[2]\n"
         "  shift words\n"
         "  (( CURRENT-- ))\n"
         "  case $command in\n");
  for (size_t i = 0; i < MS_CMD_COUNT; i++) {
    printf("    %s)\n      _arguments", ms_cmds[i].name);
    for (size_t k = 0; k < MS_OPTION_COUNT; k++) {
      if (has_option(i, k)) {
        zsh_option(&option_words[k]);
      }
    }
    if (ms_verb_name(ms_cmds[i].name, 0) != NULL || strcmp(ms_cmds[i].name, "completion") == 0 ||
        strcmp(ms_cmds[i].name, "help") == 0) {
      printf(" \\\n        '1:operand:(");
      print_operands(i, " ");
      printf(")'");
    }
    printf(" \\\n        '*:file:_files' ;;\n");
  }
  printf("  esac\n"
         "}\n"
         "_mstep \"$@\"\n");
}

static void fish(void)
{
  printf("# mstep for fish: ~/.config/fish/completions/mstep.fish\n");
  for (size_t i = 0; i < MS_CMD_COUNT; i++) {
    printf("complete -c mstep -n __fish_use_subcommand -f -a %s -d '", ms_cmds[i].name);
    print_quoted(ms_cmds[i].summary, false);
    printf("'\n");
  }
  for (size_t i = 0; i < MS_CMD_COUNT; i++) {
    const char *name = ms_cmds[i].name;
    if (ms_verb_name(name, 0) != NULL || strcmp(name, "completion") == 0) {
      printf("complete -c mstep -n '__fish_seen_subcommand_from %s' -f -a '", name);
      print_operands(i, " ");
      printf("'\n");
    }
    for (size_t k = 0; k < MS_OPTION_COUNT; k++) {
      if (has_option(i, k)) {
        printf("complete -c mstep -n '__fish_seen_subcommand_from %s' -l %s%s -d '", name,
               option_words[k].name, option_words[k].value[0] != '\0' ? " -r" : "");
        print_quoted(option_words[k].help, false);
        printf("'\n");
      }
    }
  }
}

int ms_cmd_completion(const struct ms_cli_args *args)
{
  static const struct {
    const char *name;
    void (*print)(void);
  } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
  for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
    if (strcmp(shells[i].name, args->operands[0]) == 0) {
      shells[i].print();
      return MS_EXIT_OK;
    }
  }
  ms_cli_error("there is no completion for \"%s\": bash, zsh or fish", args->operands[0]);
  return MS_EXIT_USAGE;
}
