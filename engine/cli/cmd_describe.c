/* `mstep describe EXECUTION`: DescribeExecution's answer, for people or as it is. */
#include <string.h>

#include "cli/client.h"
#include "cli/table.h"

/* Whether a member is left out of the text, because others say it better. */
static bool is_dull(const char *name)
{
  return strcmp(name, "inputDetails") == 0 || strcmp(name, "outputDetails") == 0;
}

static bool ends_with(const char *text, const char *end)
{
  size_t n = strlen(text), m = strlen(end);
  return n >= m && strcmp(text + n - m, end) == 0;
}

static void print_member(mstep_str name, mstep_str value, void *user)
{
  struct ms_text key = {0}, text = {0}, laid_out = {0};
  (void)user;
  ms_text_add(&key, name.data, name.len);
  ms_text_value(&text, value);
  const char *shown = ms_text_str(&text).data;
  char date[32];
  if (ends_with(ms_text_str(&key).data, "Date")) {
    /* A request for the number behind a name that is known to be there. */
    struct ms_text object = {0};
    ms_text_printf(&object, "{\"at\":%s}", shown);
    ms_cli_date_text(date, ms_text_number(ms_text_str(&object), "at", 0));
    ms_text_deinit(&object);
    shown = date;
  } else if (strcmp(key.data, "input") == 0 || strcmp(key.data, "output") == 0) {
    ms_text_indent(&laid_out, ms_text_str(&text));
    shown = ms_text_str(&laid_out).data;
  }
  if (!is_dull(ms_text_str(&key).data)) {
    ms_cli_member_print(ms_text_str(&key).data, 20, shown);
  }
  ms_text_deinit(&key);
  ms_text_deinit(&text);
  ms_text_deinit(&laid_out);
}

static bool describe(struct ms_client *client, const char *name, bool is_json)
{
  struct ms_text arn = {0}, request = {0};
  bool is_fine = ms_client_execution(client, &arn, name);
  if (is_fine) {
    ms_text_put(&request, "{");
    ms_text_pair(&request, "executionArn", ms_text_str(&arn).data);
    ms_text_put(&request, "}");
    is_fine = ms_client_ask(client, "DescribeExecution", &request);
  }
  if (is_fine && is_json) {
    printf("%s\n", ms_text_str(&client->reply).data);
  } else if (is_fine) {
    ms_text_each_member(ms_text_str(&client->reply), print_member, NULL);
  }
  ms_text_deinit(&arn);
  ms_text_deinit(&request);
  return is_fine;
}

int ms_cmd_describe(const struct ms_cli_args *args)
{
  static const char *const forms[] = {"text", "json", NULL};
  struct ms_client client;
  int form = ms_cli_choice(args, MS_OPTION_OUTPUT, forms);
  if (form < 0 || !ms_client_start(&client, args, MS_CLIENT_READ)) {
    return MS_EXIT_USAGE;
  }
  bool is_fine = describe(&client, args->operands[0], form == 1);
  ms_client_close(&client);
  return is_fine ? MS_EXIT_OK : MS_EXIT_USAGE;
}
