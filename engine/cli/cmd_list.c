/* `mstep list`: the executions of a store, newest first. */
#include <string.h>

#include "cli/client.h"
#include "cli/table.h"
#include "cli/view.h"

struct listing {
  struct ms_cli_table table;
  struct ms_text json; /* the items of all pages */
};

static void add_row(mstep_str item, void *user)
{
  struct listing *listing = user;
  struct ms_text arn = {0}, status = {0};
  char machine[128], started[32], took[32] = "-";
  ms_text_member(&arn, item, "executionArn");
  ms_text_member(&status, item, "status");
  double start = ms_text_number(item, "startDate", 0), stop = ms_text_number(item, "stopDate", 0);
  ms_arn_machine(machine, sizeof machine, ms_text_str(&arn).data);
  ms_cli_date_text(started, start);
  if (stop > 0) {
    ms_duration_text(took, sizeof took, (int64_t)((stop - start) * 1000 + 0.5));
  }
  ms_cli_table_add(&listing->table, ms_arn_name(ms_text_str(&arn).data));
  ms_cli_table_add(&listing->table, machine);
  ms_cli_table_add(&listing->table, ms_text_str(&status).data);
  ms_cli_table_add(&listing->table, started);
  ms_cli_table_add(&listing->table, took);
  ms_text_deinit(&arn);
  ms_text_deinit(&status);
}

static bool make_request(struct ms_text *request, struct ms_client *client,
                         const struct ms_cli_args *args, const char *token)
{
  unsigned long long max = args->options[MS_OPTION_ALL] != NULL ? 1000 : 0;
  struct ms_text machine = {0};
  bool is_fine = ms_cli_number(&max, args, MS_OPTION_MAX_RESULTS, 1, 1000);
  request->len = 0;
  ms_text_printf(request, "{\"maxResults\":%llu", max);
  if (is_fine && args->options[MS_OPTION_MACHINE] != NULL) {
    is_fine = ms_client_machine(client, &machine, args->options[MS_OPTION_MACHINE]);
    ms_text_pair(request, "stateMachineArn", ms_text_str(&machine).data);
  }
  if (args->options[MS_OPTION_STATUS] != NULL) {
    ms_text_pair(request, "statusFilter", args->options[MS_OPTION_STATUS]);
  }
  if (token != NULL) {
    ms_text_pair(request, "nextToken", token);
  }
  ms_text_put(request, "}");
  ms_text_deinit(&machine);
  return is_fine;
}

static void add_page(struct listing *listing, mstep_str reply)
{
  struct ms_text page = {0};
  if (ms_text_member(&page, reply, "executions")) {
    ms_text_each(ms_text_str(&page), add_row, listing);
    /* Without its brackets, behind what is there. */
    if (page.len > 2) {
      ms_text_put(&listing->json, listing->json.len > 0 ? "," : "");
      ms_text_add(&listing->json, page.data + 1, page.len - 2);
    }
  }
  ms_text_deinit(&page);
}

static void print_listing(struct listing *listing, const char *token, bool is_json)
{
  if (is_json) {
    struct ms_text rest = {0};
    ms_text_put(&rest, "{");
    if (token != NULL) {
      ms_text_pair(&rest, "nextToken", token);
    }
    printf("{\"executions\":[%s]%s%s}\n", ms_text_str(&listing->json).data,
           token != NULL ? "," : "", ms_text_str(&rest).data + 1);
    ms_text_deinit(&rest);
    return;
  }
  ms_cli_table_print(&listing->table);
  if (token != NULL) {
    fflush(stdout);
    fprintf(stderr, "more: --next-token %s, or --all\n", token);
  }
}

static bool list(struct ms_client *client, const struct ms_cli_args *args, bool is_json)
{
  static const char *const titles[] = {"NAME", "MACHINE", "STATUS", "STARTED", "TOOK", NULL};
  struct listing listing = {.json = {0}};
  struct ms_text request = {0}, token = {0};
  bool is_all = args->options[MS_OPTION_ALL] != NULL, has_more;
  const char *from = args->options[MS_OPTION_NEXT_TOKEN];
  ms_cli_table_init(&listing.table, titles);
  bool is_fine;
  do {
    is_fine = make_request(&request, client, args, from) &&
              ms_client_ask(client, "ListExecutions", &request);
    token.len = 0;
    has_more = is_fine && ms_text_member(&token, ms_text_str(&client->reply), "nextToken");
    if (is_fine) {
      add_page(&listing, ms_text_str(&client->reply));
    }
    from = token.data;
  } while (has_more && is_all);
  if (is_fine) {
    print_listing(&listing, has_more ? token.data : NULL, is_json);
  }
  ms_text_deinit(&listing.table.cells);
  ms_text_deinit(&listing.json);
  ms_text_deinit(&request);
  ms_text_deinit(&token);
  return is_fine;
}

int ms_cmd_list(const struct ms_cli_args *args)
{
  static const char *const forms[] = {"text", "json", NULL};
  struct ms_client client;
  int form = ms_cli_choice(args, MS_OPTION_OUTPUT, forms);
  if (form < 0 || !ms_client_start(&client, args, MS_CLIENT_READ)) {
    return MS_EXIT_USAGE;
  }
  bool is_fine = list(&client, args, form == 1);
  ms_client_close(&client);
  return is_fine ? MS_EXIT_OK : MS_EXIT_USAGE;
}
