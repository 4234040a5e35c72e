/* See verbs.h: finds the row, asks, goes through pages, shows. */
#include "cli/verbs.h"

#include <string.h>

#include "cli/deploy.h"
#include "cli/table.h"

#define COLUMN_WIDTH 96

#define MS_VERB(noun, name, operands, min, max, flags, operation, build, show, list, columns,      \
                token)                                                                             \
  {noun, name, operands, min, max, flags, operation, build, show, list, columns, token},
static const struct ms_verb verbs[] = {
#include "cli/verbs.def"
};
#undef MS_VERB

const struct ms_verb *ms_verb_row(const char *noun, const char *name)
{
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
    if (strcmp(verbs[i].noun, noun) == 0 && strcmp(verbs[i].name, name) == 0) {
      return &verbs[i];
    }
  }
  return NULL;
}

const char *ms_verb_name(const char *noun, size_t index)
{
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
    if (strcmp(verbs[i].noun, noun) == 0 && index-- == 0) {
      return verbs[i].name;
    }
  }
  return NULL;
}

/* ---- for builders ---- */

static void put_name(struct ms_text *request, const char *name)
{
  ms_text_printf(request, "%s\"%s\":", request->len > 1 ? "," : "", name);
}

void ms_verb_text(struct ms_verb_call *call, const char *name, const char *text)
{
  put_name(call->request, name);
  ms_text_quote(call->request, text);
}

void ms_verb_json(struct ms_verb_call *call, const char *name, const char *json)
{
  put_name(call->request, name);
  ms_text_put(call->request, json);
}

void ms_verb_option(struct ms_verb_call *call, const char *name, enum ms_option option)
{
  if (call->args->options[option] != NULL) {
    ms_verb_text(call, name, call->args->options[option]);
  }
}

bool ms_verb_value(struct ms_verb_call *call, const char *name, size_t operand, bool is_json)
{
  struct ms_text text = {0};
  bool is_fine = ms_cli_value(&text, call->operands[operand], name);
  if (is_fine && is_json) {
    ms_verb_json(call, name, ms_text_str(&text).data);
  } else if (is_fine) {
    ms_verb_text(call, name, ms_text_str(&text).data);
  }
  ms_text_deinit(&text);
  return is_fine;
}

bool ms_build_nothing(struct ms_verb_call *call)
{
  (void)call;
  return true;
}

/* ---- names ---- */

struct search {
  const char *member, *name;
  struct ms_text *arn;
};

static void match(mstep_str item, void *user)
{
  struct search *search = user;
  struct ms_text arn = {0};
  if (search->arn->len == 0 && ms_text_member(&arn, item, search->member) &&
      strcmp(ms_arn_name(ms_text_str(&arn).data), search->name) == 0) {
    ms_text_put(search->arn, arn.data);
  }
  ms_text_deinit(&arn);
}

bool ms_verb_find(struct ms_text *arn, struct ms_verb_call *call, const char *operation,
                  const char *list, const char *member, const char *name)
{
  struct ms_text request = {0}, items = {0}, token = {0};
  struct search search = {member, name, arn};
  bool is_fine = true, has_more = true;
  if (strncmp(name, "arn:", 4) == 0) {
    ms_text_put(arn, name);
    has_more = false;
  }
  while (is_fine && has_more && arn->len == 0) {
    request.len = items.len = 0;
    ms_text_put(&request, "{");
    if (token.len > 0) {
      ms_text_pair(&request, "NextToken", token.data);
    }
    ms_text_put(&request, "}");
    is_fine = ms_client_ask(call->client, operation, &request);
    mstep_str reply = ms_text_str(&call->client->reply);
    if (is_fine && ms_text_member(&items, reply, list)) {
      ms_text_each(ms_text_str(&items), match, &search);
    }
    token.len = 0;
    has_more = is_fine && ms_text_member(&token, reply, "NextToken") && token.len > 0;
  }
  if (is_fine && arn->len == 0) {
    ms_cli_error("there is no %s \"%s\" in %s", call->args->cmd->name, name, call->client->store);
    ms_cli_hint("\"mstep %s ls\" lists what there is.", call->args->cmd->name);
    is_fine = false;
  }
  ms_text_deinit(&request);
  ms_text_deinit(&items);
  ms_text_deinit(&token);
  return is_fine;
}

/* ---- showing ---- */

/* "TITLE=member ..." into two lists of words; both lie in `text`. */
static size_t split_columns(char *text, const char *titles[], const char *members[])
{
  size_t count = 0;
  for (char *at = text; *at != '\0' && count < MS_TABLE_COLUMNS_MAX - 1; count++) {
    titles[count] = at;
    char *mark = strchr(at, '=');
    *mark = '\0';
    members[count] = mark + 1;
    size_t len = strcspn(mark + 1, " ");
    at = mark + 1 + len;
    while (*at == ' ') {
      *at++ = '\0';
    }
  }
  titles[count] = NULL;
  return count;
}

struct table {
  struct ms_cli_table table;
  const char *members[MS_TABLE_COLUMNS_MAX];
  size_t count;
};

static void add_row(mstep_str item, void *user)
{
  struct table *table = user;
  for (size_t i = 0; i < table->count; i++) {
    struct ms_text cell = {0}, clipped = {0};
    ms_text_member(&cell, item, table->members[i]);
    ms_text_clip(&clipped, cell.len > 0 ? cell.data : "-", COLUMN_WIDTH);
    ms_cli_table_add(&table->table, ms_text_str(&clipped).data);
    ms_text_deinit(&cell);
    ms_text_deinit(&clipped);
  }
}

static void print_text(const char *text, void *user)
{
  (void)user;
  printf("%s\n", text);
}

static void add_page(struct table *table, const struct ms_verb *verb, mstep_str reply)
{
  struct ms_text list = {0};
  if (verb->list != NULL && ms_text_member(&list, reply, verb->list)) {
    if (verb->columns != NULL) {
      ms_text_each(ms_text_str(&list), add_row, table);
    } else if (list.len > 0 && list.data[0] == '[') {
      ms_text_each_string(ms_text_str(&list), print_text, NULL);
    } else {
      printf("%s\n", ms_text_str(&list).data);
    }
  }
  ms_text_deinit(&list);
}

static void print_laid_out(mstep_str json)
{
  struct ms_text text = {0};
  ms_text_indent(&text, json);
  printf("%s\n", ms_text_str(&text).data);
  ms_text_deinit(&text);
}

static void show_page(struct ms_verb_call *call, const struct ms_verb *verb, struct table *table,
                      bool is_json)
{
  mstep_str reply = ms_text_str(&call->client->reply);
  if (is_json) {
    printf("%.*s\n", (int)reply.len, reply.data);
  } else if (verb->show != NULL) {
    verb->show(call);
  } else if ((verb->flags & MS_VERB_JSON) != 0) {
    print_laid_out(reply);
  } else {
    add_page(table, verb, reply);
  }
}

/* ---- asking ---- */

/* The request as it is, with the next page's token. */
static void put_token(struct ms_text *request, size_t len, const struct ms_verb *verb,
                      const char *token)
{
  request->len = len;
  if (token[0] != '\0') {
    put_name(request, verb->token);
    ms_text_quote(request, token);
  }
  ms_text_put(request, "}");
}

static bool ask_pages(struct ms_verb_call *call, const struct ms_verb *verb, bool is_json)
{
  char columns[256] = "";
  const char *titles[MS_TABLE_COLUMNS_MAX];
  struct table table = {.count = 0};
  struct ms_text token = {0};
  size_t len = call->request->len;
  if (verb->columns != NULL) {
    snprintf(columns, sizeof columns, "%s", verb->columns);
    table.count = split_columns(columns, titles, table.members);
    ms_cli_table_init(&table.table, titles);
  }
  bool is_fine, has_more;
  do {
    put_token(call->request, len, verb, ms_text_str(&token).data);
    is_fine = ms_client_call(call->client, verb->operation, call->request);
    if (!is_fine && strcmp(verb->noun, "table") == 0 && call->operand_count > 0) {
      ms_verb_say(call, "table", call->operands[0]); /* DynamoDB does not say which */
    } else if (!is_fine) {
      ms_client_say(call->client);
    }
    token.len = 0;
    has_more = is_fine && verb->token != NULL &&
               ms_text_member(&token, ms_text_str(&call->client->reply), verb->token) &&
               token.len > 0;
    if (is_fine) {
      show_page(call, verb, &table, is_json);
    }
  } while (has_more);
  bool has_failed = ms_text_number(ms_text_str(&call->client->reply), "FailedEntryCount", 0) > 0;
  if (is_fine && !is_json && verb->columns != NULL && !has_failed) {
    ms_cli_table_print(&table.table);
  } else {
    ms_text_deinit(&table.table.cells);
  }
  ms_text_deinit(&token);
  return is_fine;
}

static void hint_verbs(const char *noun)
{
  struct ms_text all = {0};
  const char *name;
  for (size_t i = 0; (name = ms_verb_name(noun, i)) != NULL; i++) {
    ms_text_printf(&all, "%s%s", i > 0 ? ", " : "", name);
  }
  ms_cli_hint("It has %s; \"mstep help %s\" explains them.", ms_text_str(&all).data, noun);
  ms_text_deinit(&all);
}

void ms_cli_unknown_verb(const struct ms_cmd *cmd, const char *word)
{
  const char *noun = cmd->name, *name, *meant = NULL;
  size_t best = MS_CLI_FAR;
  for (size_t i = 0; (name = ms_verb_name(noun, i)) != NULL; i++) {
    meant = ms_cli_is_nearer(word, name, &best) ? name : meant;
  }
  ms_cli_error("\"mstep %s\" has no verb \"%s\"", noun, word);
  if (meant != NULL) {
    ms_cli_hint("Did you mean \"mstep %s %s\"?", noun, meant);
  } else if (ms_verb_name(noun, 0) == NULL) {
    ms_cli_hint("\"mstep help %s\" shows what it takes.", noun);
  } else {
    hint_verbs(noun);
  }
}

bool ms_cli_needs_verb(const struct ms_cmd *cmd)
{
  if (ms_verb_name(cmd->name, 0) == NULL) {
    return false;
  }
  ms_cli_error("\"mstep %s\" needs a verb", cmd->name);
  hint_verbs(cmd->name);
  return true;
}

static bool check_operands(const struct ms_cli_args *args, const struct ms_verb *verb)
{
  size_t count = args->operand_count - 1;
  if (count < verb->operands_min) {
    ms_cli_error("\"mstep %s %s\" needs %s", verb->noun, verb->name, verb->operands);
  } else if (count > verb->operands_max) {
    ms_cli_error("\"mstep %s %s\" has no use for \"%s\"", verb->noun, verb->name,
                 args->operands[verb->operands_max + 1]);
  } else {
    return true;
  }
  ms_cli_hint("usage: mstep %s %s%s%s", verb->noun, verb->name, verb->operands[0] != '\0' ? " " : "",
              verb->operands);
  return false;
}

/* Options of the noun that only other verbs have a use for. */
static bool check_options(const struct ms_cli_args *args, const struct ms_verb *verb)
{
  for (size_t i = 0; i < args->given_count; i++) {
    enum ms_option option = args->given[i].option;
    if (!ms_cli_option_is_of(option, verb)) {
      ms_cli_error("\"mstep %s %s\" has no use for --%s", verb->noun, verb->name,
                   ms_cli_option_name(option));
      ms_cli_hint("\"mstep help %s\" says which verbs have.", verb->noun);
      return false;
    }
  }
  return true;
}

int ms_cmd_noun(const struct ms_cli_args *args)
{
  static const char *const forms[] = {"text", "json", NULL};
  const struct ms_verb *verb = ms_verb_row(args->cmd->name, args->operands[0]);
  struct ms_client client;
  int form = ms_cli_choice(args, MS_OPTION_OUTPUT, forms);
  if (verb == NULL) {
    ms_cli_unknown_verb(args->cmd, args->operands[0]);
    return MS_EXIT_USAGE;
  }
  if (form < 0 || !check_options(args, verb) || !check_operands(args, verb)) {
    return MS_EXIT_USAGE;
  }
  bool only_reads = (verb->flags & MS_VERB_READS) != 0;
  if (!ms_client_start(&client, args, only_reads ? MS_CLIENT_READ : MS_CLIENT_CHANGE)) {
    return MS_EXIT_USAGE;
  }
  struct ms_text request = {0};
  struct ms_verb_call call = {.client = &client,
                              .args = args,
                              .operands = args->operands + 1,
                              .operand_count = args->operand_count - 1,
                              .request = &request};
  ms_text_put(&request, "{");
  int exit = MS_EXIT_USAGE;
  if (verb->build(&call) && ask_pages(&call, verb, form == 1)) {
    exit = ms_verb_outcome(&call, verb);
  }
  ms_text_deinit(&request);
  ms_client_close(&client);
  return exit;
}
