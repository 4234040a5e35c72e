/* `mstep stop EXECUTION`: StopExecution. */
#include "cli/client.h"

static bool stop(struct ms_client *client, const struct ms_cli_args *args)
{
  struct ms_text arn = {0}, request = {0};
  bool is_fine = ms_client_execution(client, &arn, args->operands[0]);
  if (is_fine) {
    ms_text_put(&request, "{");
    ms_text_pair(&request, "executionArn", ms_text_str(&arn).data);
    if (args->options[MS_OPTION_ERROR] != NULL) {
      ms_text_pair(&request, "error", args->options[MS_OPTION_ERROR]);
    }
    if (args->options[MS_OPTION_CAUSE] != NULL) {
      ms_text_pair(&request, "cause", args->options[MS_OPTION_CAUSE]);
    }
    ms_text_put(&request, "}");
    is_fine = ms_client_ask(client, "StopExecution", &request);
  }
  ms_text_deinit(&arn);
  ms_text_deinit(&request);
  return is_fine;
}

int ms_cmd_stop(const struct ms_cli_args *args)
{
  static const char *const forms[] = {"text", "json", NULL};
  struct ms_client client;
  int form = ms_cli_choice(args, MS_OPTION_OUTPUT, forms);
  if (form < 0 || !ms_client_start(&client, args, MS_CLIENT_CHANGE)) {
    return MS_EXIT_USAGE;
  }
  bool is_fine = stop(&client, args);
  if (is_fine && form == 1) {
    printf("%s\n", ms_text_str(&client.reply).data);
  }
  ms_client_close(&client);
  return is_fine ? MS_EXIT_OK : MS_EXIT_USAGE;
}
