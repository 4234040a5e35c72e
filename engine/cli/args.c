/*
 * Takes a command line apart by the rows of options.def, and says "did you mean" where a word is almost
 * one of ours. `--name value`, `--name=value`, `-n value` and `-nvalue` are the same; options may stand
 * after operands; `--` ends them; a lone `-` is an operand. The last of a repeated option counts.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/verbs.h"

struct option_row {
  const char *name;
  char letter;
  const char *value;
  int commands;
};

#define MS_OPTION(id, name, letter, value, commands, help) {name, letter, value, commands},
static const struct option_row option_rows[MS_OPTION_COUNT] = {
#include "cli/options.def"
};
#undef MS_OPTION

#define WORD_MAX MS_CLI_FAR

static size_t smallest(size_t a, size_t b, size_t c)
{
  size_t m = a < b ? a : b;
  return m < c ? m : c;
}

/* How many letters must be added, dropped, changed or swapped with a neighbour. */
static size_t distance(const char *a, const char *b)
{
  size_t rows[3][WORD_MAX + 1];
  size_t a_len = strlen(a), b_len = strlen(b);
  if (a_len > WORD_MAX || b_len > WORD_MAX) {
    return WORD_MAX;
  }
  for (size_t j = 0; j <= b_len; j++) {
    rows[0][j] = j;
  }
  for (size_t i = 1; i <= a_len; i++) {
    size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
    row[0] = i;
    for (size_t j = 1; j <= b_len; j++) {
      row[j] = smallest(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = smallest(row[j], before[j - 2] + 1, row[j]);
      }
    }
  }
  return rows[a_len % 3][b_len];
}

bool ms_cli_is_nearer(const char *word, const char *candidate, size_t *best)
{
  size_t len = strlen(word);
  size_t d = distance(word, candidate);
  bool is_start = len >= 3 && strncmp(word, candidate, len) == 0;
  if (is_start) {
    d = 1;
  }
  if (d < *best && d <= 1 + len / 3 && d < len) {
    *best = d;
    return true;
  }
  return false;
}

const struct ms_cmd *ms_cli_find(const char *name)
{
  for (size_t i = 0; i < MS_CMD_COUNT; i++) {
    if (strcmp(ms_cmds[i].name, name) == 0) {
      return &ms_cmds[i];
    }
  }
  return NULL;
}

void ms_cli_unknown_command(const char *name)
{
  const char *meant = NULL;
  size_t best = MS_CLI_FAR;
  for (size_t i = 0; i < MS_CMD_COUNT; i++) {
    if (ms_cli_is_nearer(name, ms_cmds[i].name, &best)) {
      meant = ms_cmds[i].name;
    }
  }
  ms_cli_error("there is no command \"%s\"", name);
  if (meant != NULL) {
    ms_cli_hint("Did you mean \"mstep %s\"?", meant);
  } else {
    ms_cli_hint("\"mstep help\" lists the commands.");
  }
}

static int command_bit(const struct ms_cmd *cmd)
{
  return 1 << (cmd - ms_cmds);
}

static void unknown_option(const struct ms_cmd *cmd, const char *name, size_t len)
{
  char word[WORD_MAX + 1];
  const char *meant = NULL;
  size_t best = MS_CLI_FAR;
  snprintf(word, sizeof word, "%.*s", (int)(len < WORD_MAX ? len : WORD_MAX), name);
  for (size_t i = 0; i < MS_OPTION_COUNT; i++) {
    if ((option_rows[i].commands & command_bit(cmd)) != 0 &&
        ms_cli_is_nearer(word, option_rows[i].name, &best)) {
      meant = option_rows[i].name;
    }
  }
  ms_cli_error("\"mstep %s\" has no option --%.*s", cmd->name, (int)len, name);
  if (meant != NULL) {
    ms_cli_hint("Did you mean --%s?", meant);
  } else {
    ms_cli_hint("\"mstep help %s\" lists its options.", cmd->name);
  }
}

/* Where taking apart stands. */
struct cursor {
  struct ms_cli_args *args;
  int argc;
  char **argv;
  int at;
};

/* Gives option `i` its value: `attached`, or the next word. */
static bool take_value(struct cursor *c, size_t i, const char *attached)
{
  const struct option_row *row = &option_rows[i];
  if (row->value[0] == '\0') {
    if (attached != NULL) {
      ms_cli_error("option --%s takes no value", row->name);
      return false;
    }
    attached = "";
  }
  if (attached == NULL) {
    if (c->at + 1 >= c->argc) {
      ms_cli_error("option --%s needs a value: %s", row->name, row->value);
      return false;
    }
    attached = c->argv[++c->at];
  }
  if (c->args->given_count == MS_CLI_GIVEN_MAX) {
    ms_cli_error("more than %d options", MS_CLI_GIVEN_MAX);
    return false;
  }
  c->args->given[c->args->given_count].option = (enum ms_option)i;
  c->args->given[c->args->given_count++].value = attached;
  c->args->options[i] = attached;
  return true;
}

static bool take_long(struct cursor *c, const char *word)
{
  size_t len = strcspn(word, "=");
  const char *attached = word[len] == '=' ? word + len + 1 : NULL;
  for (size_t i = 0; i < MS_OPTION_COUNT; i++) {
    const struct option_row *row = &option_rows[i];
    if (strlen(row->name) == len && strncmp(row->name, word, len) == 0 &&
        (row->commands & command_bit(c->args->cmd)) != 0) {
      return take_value(c, i, attached);
    }
  }
  unknown_option(c->args->cmd, word, len);
  return false;
}

static bool take_short(struct cursor *c, const char *word)
{
  for (size_t i = 0; i < MS_OPTION_COUNT; i++) {
    const struct option_row *row = &option_rows[i];
    if (row->letter == word[0] && (row->commands & command_bit(c->args->cmd)) != 0) {
      const char *rest = word[1] == '=' ? word + 2 : word + 1;
      return take_value(c, i, word[1] == '\0' ? NULL : rest);
    }
  }
  ms_cli_error("\"mstep %s\" has no option -%c", c->args->cmd->name, word[0]);
  ms_cli_hint("\"mstep help %s\" lists its options.", c->args->cmd->name);
  return false;
}

static bool check_operands(const struct ms_cli_args *args)
{
  const struct ms_cmd *cmd = args->cmd;
  if (args->options[MS_OPTION_HELP] != NULL) {
    return true;
  }
  if (args->operand_count < cmd->operands_min && ms_cli_needs_verb(cmd)) {
    return false;
  }
  if (args->operand_count < cmd->operands_min) {
    ms_cli_error("\"mstep %s\" needs %s", cmd->name, cmd->operands);
    ms_cli_hint("\"mstep help %s\" explains it.", cmd->name);
    return false;
  }
  return true;
}

bool ms_cli_parse(struct ms_cli_args *out, const struct ms_cmd *cmd, int argc, char **argv)
{
  *out = (struct ms_cli_args){.cmd = cmd};
  struct cursor c = {out, argc, argv, 0};
  bool is_ended = false;
  for (c.at = 1; c.at < argc; c.at++) {
    const char *word = argv[c.at];
    if (is_ended || word[0] != '-' || word[1] == '\0') {
      if (out->operand_count >= cmd->operands_max || out->operand_count >= MS_CLI_OPERANDS_MAX) {
        ms_cli_error("\"mstep %s\" has no use for \"%s\"", cmd->name, word);
        ms_cli_hint("\"mstep help %s\" shows what it takes.", cmd->name);
        return false;
      }
      out->operands[out->operand_count++] = word;
    } else if (strcmp(word, "--") == 0) {
      is_ended = true;
    } else if (!(word[1] == '-' ? take_long(&c, word + 2) : take_short(&c, word + 1))) {
      return false;
    }
  }
  return check_operands(out);
}

bool ms_cli_number(unsigned long long *out, const struct ms_cli_args *args, enum ms_option option,
                   unsigned long long min, unsigned long long max)
{
  const char *text = args->options[option];
  if (text == NULL) {
    return true;
  }
  char *end = NULL;
  errno = 0;
  unsigned long long value = strtoull(text, &end, 10);
  bool is_number = text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
  if (!is_number || value < min || value > max) {
    ms_cli_error("option --%s needs a whole number from %llu to %llu, not \"%s\"",
                 option_rows[option].name, min, max, text);
    return false;
  }
  *out = value;
  return true;
}

const char *ms_cli_option_name(enum ms_option option)
{
  return option_rows[option].name;
}

int ms_cli_choice(const struct ms_cli_args *args, enum ms_option option, const char *const *words)
{
  const char *text = args->options[option];
  if (text == NULL) {
    return 0;
  }
  const char *meant = NULL;
  size_t best = MS_CLI_FAR;
  for (int i = 0; words[i] != NULL; i++) {
    if (strcmp(text, words[i]) == 0) {
      return i;
    }
    if (ms_cli_is_nearer(text, words[i], &best)) {
      meant = words[i];
    }
  }
  ms_cli_error("option --%s is %s, not \"%s\"", option_rows[option].name, option_rows[option].value,
               text);
  if (meant != NULL) {
    ms_cli_hint("Did you mean %s?", meant);
  }
  return -1;
}
