/* `mstep backup FILE`: a copy of the store as of now, also while another process runs it. */
#include "cli/client.h"
#include "cli/table.h"

int ms_cmd_backup(const struct ms_cli_args *args)
{
  static const char *const forms[] = {"text", "json", NULL};
  struct ms_client client;
  int form = ms_cli_choice(args, MS_OPTION_OUTPUT, forms);
  if (form < 0 || !ms_client_start(&client, args, MS_CLIENT_READ)) {
    return MS_EXIT_USAGE;
  }
  struct ms_text request = {0};
  ms_text_put(&request, "{");
  ms_text_pair(&request, "path", args->operands[0]);
  ms_text_put(&request, "}");
  bool is_fine = ms_client_ask(&client, "Backup", &request);
  if (is_fine && form == 1) {
    printf("%s\n", ms_text_str(&client.reply).data);
  }
  ms_text_deinit(&request);
  ms_client_close(&client);
  return is_fine ? MS_EXIT_OK : MS_EXIT_USAGE;
}
