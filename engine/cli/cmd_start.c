/*
 * `mstep start MACHINE`: puts an execution into a store, durably, and lets nothing run; `mstep run
 * --store FILE` does.
 */
#include "cli/client.h"
#include "cli/deploy.h"
#include "cli/machine.h"

static bool start(struct ms_client *client, const struct ms_cli_args *args)
{
  struct ms_text machine = {0};
  bool is_fine = ms_deploy(client, &machine, args, args->operands[0]) &&
                 ms_deploy_start(client, args, ms_text_str(&machine).data);
  ms_text_deinit(&machine);
  return is_fine;
}

static bool open_store(struct ms_client *client, const struct ms_cli_args *args,
                       struct ms_project *project)
{
  mstep_options options;
  const char *machine = args->operands[0];
  if (!ms_client_choose(client, args) || !ms_project_find(project, args, machine)) {
    return false;
  }
  if (client->remote != NULL) {
    return true;
  }
  int code = mstep_options_init(&options, MSTEP_OPTIONS_VERSION);
  if (code != MSTEP_OK) {
    ms_cli_error_code(code, "could not set the options");
    return false;
  }
  if (!ms_client_options(&options, args)) {
    return false;
  }
  ms_project_apply(&options, project);
  options.workers = 0;
  options.is_aws_compat = args->options[MS_OPTION_AWS_COMPAT] != NULL;
  return ms_client_open(client, &options, MS_CLIENT_CHANGE, ms_is_machine_file(machine));
}

int ms_cmd_start(const struct ms_cli_args *args)
{
  static const char *const forms[] = {"text", "json", NULL};
  struct ms_client client;
  struct ms_project project;
  int form = ms_cli_choice(args, MS_OPTION_OUTPUT, forms);
  if (form < 0 || !open_store(&client, args, &project)) {
    return MS_EXIT_USAGE;
  }
  bool is_fine = start(&client, args);
  if (is_fine && form == 1) {
    printf("%s\n", ms_text_str(&client.reply).data);
  } else if (is_fine) {
    struct ms_text arn = {0};
    ms_text_member(&arn, ms_text_str(&client.reply), "executionArn");
    printf("%s\n", ms_text_str(&arn).data);
    ms_text_deinit(&arn);
  }
  ms_client_close(&client);
  return is_fine ? MS_EXIT_OK : MS_EXIT_USAGE;
}
