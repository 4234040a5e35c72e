/*
 * `mstep redrive EXECUTION...`: RedriveExecution; `mstep run --store FILE` then goes on with them.
 */
#include "cli/client.h"

static bool redrive(struct ms_client *client, const char *name)
{
  struct ms_text arn = {0}, request = {0};
  bool is_fine = ms_client_execution(client, &arn, name);
  if (is_fine) {
    ms_text_put(&request, "{");
    ms_text_pair(&request, "executionArn", ms_text_str(&arn).data);
    ms_text_put(&request, "}");
    is_fine = ms_client_ask(client, "RedriveExecution", &request);
  }
  ms_text_deinit(&arn);
  ms_text_deinit(&request);
  return is_fine;
}

int ms_cmd_redrive(const struct ms_cli_args *args)
{
  static const char *const forms[] = {"text", "json", NULL};
  struct ms_client client;
  int form = ms_cli_choice(args, MS_OPTION_OUTPUT, forms);
  if (form < 0 || !ms_client_start(&client, args, MS_CLIENT_CHANGE)) {
    return MS_EXIT_USAGE;
  }
  bool is_fine = true;
  for (size_t i = 0; i < args->operand_count; i++) {
    bool is_done = redrive(&client, args->operands[i]);
    if (is_done && form == 1) {
      printf("%s\n", ms_text_str(&client.reply).data);
    }
    is_fine = is_fine && is_done;
  }
  if (is_fine && form == 0) {
    ms_cli_hint("\"mstep run --store %s\" goes on with what is open.", client.store);
  }
  ms_client_close(&client);
  return is_fine ? MS_EXIT_OK : MS_EXIT_USAGE;
}
