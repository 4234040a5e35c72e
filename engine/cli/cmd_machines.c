/* `mstep machines`: the state machines of a store; with a name, one of them. */
#include <string.h>

#include "cli/client.h"
#include "cli/table.h"

struct machines {
  struct ms_cli_table table;
  struct ms_text json; /* the items of all pages */
};

static void add_row(mstep_str item, void *user)
{
  struct machines *machines = user;
  static const char *const members[] = {"name", "type", "creationDate", "stateMachineArn"};
  for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
    struct ms_text text = {0};
    char date[32];
    ms_text_member(&text, item, members[i]);
    if (i == 2) {
      ms_cli_date_text(date, ms_text_number(item, members[i], 0));
    }
    ms_cli_table_add(&machines->table, i == 2 ? date : ms_text_str(&text).data);
    ms_text_deinit(&text);
  }
  ms_text_put(&machines->json, machines->json.len > 0 ? "," : "");
  ms_text_add(&machines->json, item.data, item.len);
}

static bool list(struct ms_client *client, bool is_json)
{
  static const char *const titles[] = {"NAME", "TYPE", "CREATED", "ARN", NULL};
  struct machines machines = {.json = {0}};
  ms_cli_table_init(&machines.table, titles);
  bool is_fine = ms_client_each_machine(client, add_row, &machines);
  if (is_fine && is_json) {
    printf("{\"stateMachines\":[%s]}\n", ms_text_str(&machines.json).data);
  } else if (is_fine) {
    ms_cli_table_print(&machines.table);
  }
  ms_text_deinit(&machines.table.cells);
  ms_text_deinit(&machines.json);
  return is_fine;
}

static void print_machine(mstep_str reply)
{
  static const char *const members[] = {"name",         "stateMachineArn", "type",
                                        "creationDate", "revisionId",      "definition"};
  for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
    struct ms_text text = {0};
    char date[32];
    bool is_date = strcmp(members[i], "creationDate") == 0;
    if (ms_text_member(&text, reply, members[i])) {
      ms_cli_date_text(date, is_date ? ms_text_number(reply, members[i], 0) : 0);
      ms_cli_member_print(members[i], 16, is_date ? date : ms_text_str(&text).data);
    }
    ms_text_deinit(&text);
  }
}

static bool show(struct ms_client *client, const char *name, bool is_json)
{
  struct ms_text arn = {0}, request = {0};
  bool is_fine = ms_client_machine(client, &arn, name);
  if (is_fine) {
    ms_text_put(&request, "{");
    ms_text_pair(&request, "stateMachineArn", ms_text_str(&arn).data);
    ms_text_put(&request, "}");
    is_fine = ms_client_ask(client, "DescribeStateMachine", &request);
  }
  if (is_fine && is_json) {
    printf("%s\n", ms_text_str(&client->reply).data);
  } else if (is_fine) {
    print_machine(ms_text_str(&client->reply));
  }
  ms_text_deinit(&arn);
  ms_text_deinit(&request);
  return is_fine;
}

int ms_cmd_machines(const struct ms_cli_args *args)
{
  static const char *const forms[] = {"text", "json", NULL};
  struct ms_client client;
  int form = ms_cli_choice(args, MS_OPTION_OUTPUT, forms);
  if (form < 0 || !ms_client_start(&client, args, MS_CLIENT_READ)) {
    return MS_EXIT_USAGE;
  }
  bool is_fine = args->operand_count == 0 ? list(&client, form == 1)
                                          : show(&client, args->operands[0], form == 1);
  ms_client_close(&client);
  return is_fine ? MS_EXIT_OK : MS_EXIT_USAGE;
}
