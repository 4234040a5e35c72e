/* See deploy.h. */
#include "cli/deploy.h"

#include <string.h>
#include <unistd.h>

#include "cli/machine.h"

bool ms_cli_value(struct ms_text *out, const char *given, const char *what)
{
  bool is_file = given[0] == '@' || strcmp(given, "-") == 0;
  if (!is_file) {
    ms_text_put(out, given);
    return true;
  }
  const char *path = given[0] == '@' ? given + 1 : given;
  int error = ms_text_read(out, path);
  if (error != 0) {
    ms_cli_error("could not read the %s \"%s\": %s", what, path, strerror(error));
  }
  return error == 0;
}

bool ms_cli_input(struct ms_text *out, const struct ms_cli_args *args, const char *machine)
{
  const char *given = args->options[MS_OPTION_INPUT];
  if (given == NULL) {
    ms_text_put(out, "{}");
    return true;
  }
  if (strcmp(given[0] == '@' ? given + 1 : given, "-") == 0 && machine != NULL && strcmp(machine, "-") == 0) {
    ms_cli_error("standard input cannot be both the machine and its input");
    return false;
  }
  return ms_cli_value(out, given, "input");
}

static bool ends_with(const char *text, const char *end)
{
  size_t n = strlen(text), m = strlen(end);
  return n >= m && strcmp(text + n - m, end) == 0;
}

bool ms_is_machine_file(const char *machine)
{
  return strncmp(machine, "arn:", 4) != 0 &&
         (strcmp(machine, "-") == 0 || ends_with(machine, ".json") || ends_with(machine, ".lua") ||
          strchr(machine, '/') != NULL);
}

/* ---- machines ---- */

static bool check(mstep_engine *engine, const struct ms_text *definition, const char *type,
                  const char *file)
{
  struct ms_problems problems = {.file = ms_machine_label(file), .to = stderr};
  int code = mstep_state_machine_validate(engine, ms_text_str(definition), type,
                                          ms_problems_add, &problems);
  if (code != MSTEP_OK && problems.error_count == 0) {
    ms_cli_error_code(code, "%s", problems.file);
  }
  return code == MSTEP_OK;
}

static void add_text(struct ms_text *request, const char *name, const struct ms_text *text)
{
  ms_text_printf(request, ",\"%s\":", name);
  ms_text_quote(request, ms_text_str(text).data);
}

static bool update(struct ms_client *client, struct ms_text *arn, const char *name,
                   const struct ms_text *definition)
{
  struct ms_text request = {0};
  bool is_fine = ms_client_machine(client, arn, name);
  if (is_fine) {
    ms_text_put(&request, "{");
    ms_text_pair(&request, "stateMachineArn", ms_text_str(arn).data);
    add_text(&request, "definition", definition);
    ms_text_put(&request, "}");
    is_fine = ms_client_ask(client, "UpdateStateMachine", &request);
  }
  ms_text_deinit(&request);
  return is_fine;
}

static bool create(struct ms_client *client, struct ms_text *arn, const char *name,
                   const struct ms_text *definition, const char *type)
{
  struct ms_text request = {0};
  ms_text_put(&request, "{");
  ms_text_pair(&request, "name", name);
  add_text(&request, "definition", definition);
  if (type != NULL) {
    ms_text_pair(&request, "type", type);
  }
  ms_text_put(&request, "}");
  bool is_fine = ms_client_call(client, "CreateStateMachine", &request);
  if (is_fine) {
    ms_text_member(arn, ms_text_str(&client->reply), "stateMachineArn");
  } else if (ms_client_is(client, "StateMachineAlreadyExists")) {
    is_fine = update(client, arn, name, definition);
  } else {
    ms_client_say(client);
  }
  ms_text_deinit(&request);
  return is_fine;
}

bool ms_deploy(struct ms_client *client, struct ms_text *arn, const struct ms_cli_args *args,
               const char *machine)
{
  static const char *const types[] = {"STANDARD", "EXPRESS", NULL};
  if (!ms_is_machine_file(machine)) {
    return ms_client_machine(client, arn, machine);
  }
  int type = ms_cli_choice(args, MS_OPTION_TYPE, types);
  if (type < 0) {
    return false;
  }
  char name[128];
  struct ms_text definition = {0};
  ms_machine_name(name, sizeof name, machine);
  const char *given = args->options[MS_OPTION_MACHINE_NAME];
  /* A server is sent what was read and checked here. */
  mstep_engine *checker = client->engine == NULL ? ms_checker_open(args, machine) : NULL;
  mstep_engine *engine = checker != NULL ? checker : client->engine;
  bool is_fine = engine != NULL && ms_definition_read(&definition, engine, machine) &&
                 check(engine, &definition, types[type], machine) &&
                 create(client, arn, given != NULL ? given : name, &definition, types[type]);
  mstep_engine_close(checker);
  ms_text_deinit(&definition);
  return is_fine;
}

/* ---- executions ---- */

static void say_start(const struct ms_client *client, const struct ms_text *input)
{
  ms_client_say(client);
  const char *text = ms_text_str(input).data;
  if (ms_client_is(client, "InvalidExecutionInput") && text[0] != '\0' && text[0] != '{' &&
      access(text, R_OK) == 0) {
    ms_cli_hint("Did you mean --input @%s?", text);
  }
}

bool ms_deploy_start(struct ms_client *client, const struct ms_cli_args *args, const char *arn)
{
  struct ms_text request = {0}, input = {0};
  bool is_fine = ms_cli_input(&input, args, args->operand_count > 0 ? args->operands[0] : NULL);
  if (is_fine) {
    ms_text_put(&request, "{");
    ms_text_pair(&request, "stateMachineArn", arn);
    add_text(&request, "input", &input);
    if (args->options[MS_OPTION_NAME] != NULL) {
      ms_text_pair(&request, "name", args->options[MS_OPTION_NAME]);
    }
    ms_text_put(&request, "}");
    is_fine = ms_client_call(client, "StartExecution", &request);
    if (!is_fine) {
      say_start(client, &input);
    }
  }
  ms_text_deinit(&request);
  ms_text_deinit(&input);
  return is_fine;
}
