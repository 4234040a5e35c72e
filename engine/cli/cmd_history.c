/*
 * `mstep history EXECUTION`: GetExecutionHistory's answer; all of it unless --max-results asks for
 * a page. For people one line an event, as --trace shows them.
 */
#include <string.h>

#include "cli/client.h"
#include "cli/table.h"

#define DETAILS_COLUMNS 400

struct history {
  struct ms_text arn;
  bool is_page; /* one page, as asked for */
  bool is_reverse;
  bool is_json;
  unsigned long long max;
  const char *token; /* where the next page begins; NULL: at the start */
  struct ms_text next;
  unsigned long long count;
  double started; /* of the first event that was shown, in seconds */
};

/* ---- one line ---- */

static void print_event(struct history *history, mstep_str event)
{
  bool is_coloured = ms_cli_has_colour(stdout);
  struct ms_text line = {0}, details = {0}, type = {0};
  double at = ms_text_number(event, "timestamp", 0);
  if (history->count++ == 0) {
    history->started = at;
  }
  /* Backwards the times are counted from the end. */
  double since = at - history->started;
  ms_text_member(&type, event, "type");
  ms_text_printf(&line, "%s%11.3fs%s  #%.0f<%.0f %s%s%s", ms_cli_style(is_coloured, MS_STYLE_DIM),
                 since, ms_cli_style(is_coloured, MS_STYLE_PLAIN), ms_text_number(event, "id", 0),
                 ms_text_number(event, "previousEventId", 0),
                 ms_cli_style(is_coloured, MS_STYLE_BOLD), ms_text_str(&type).data,
                 ms_cli_style(is_coloured, MS_STYLE_PLAIN));
  ms_text_details(&details, event);
  if (details.len > 0) {
    ms_text_put(&line, " ");
    ms_text_clip(&line, details.data, DETAILS_COLUMNS);
  }
  printf("%s\n", ms_text_str(&line).data);
  ms_text_deinit(&type);
  ms_text_deinit(&details);
  ms_text_deinit(&line);
}

static void take_event(mstep_str event, void *user)
{
  struct history *history = user;
  if (history->is_json) {
    printf("%s%.*s", history->count++ == 0 ? "" : ",", (int)event.len, event.data);
  } else {
    print_event(history, event);
  }
}

/* ---- pages ---- */

static bool ask_page(struct history *history, struct ms_client *client)
{
  struct ms_text request = {0}, page = {0};
  ms_text_put(&request, "{");
  ms_text_pair(&request, "executionArn", ms_text_str(&history->arn).data);
  ms_text_printf(&request, ",\"maxResults\":%llu,\"reverseOrder\":%s", history->max,
                 history->is_reverse ? "true" : "false");
  if (history->token != NULL) {
    ms_text_pair(&request, "nextToken", history->token);
  }
  ms_text_put(&request, "}");
  bool is_fine = ms_client_ask(client, "GetExecutionHistory", &request);
  if (is_fine) {
    mstep_str reply = ms_text_str(&client->reply);
    history->next.len = 0;
    history->token = ms_text_member(&history->next, reply, "nextToken") ? history->next.data : NULL;
    if (history->is_json && history->count == 0) {
      printf("{\"events\":[");
    }
    if (ms_text_member(&page, reply, "events")) {
      ms_text_each(ms_text_str(&page), take_event, history);
    }
  }
  ms_text_deinit(&request);
  ms_text_deinit(&page);
  return is_fine;
}

static bool print_history(struct history *history, struct ms_client *client)
{
  do {
    if (!ask_page(history, client)) {
      return false;
    }
  } while (history->token != NULL && !history->is_page);
  if (history->is_json) {
    struct ms_text rest = {0};
    ms_text_put(&rest, "]");
    if (history->token != NULL) {
      ms_text_pair(&rest, "nextToken", history->token);
    }
    printf("%s}\n", ms_text_str(&rest).data);
    ms_text_deinit(&rest);
  } else if (history->token != NULL) {
    fflush(stdout);
    fprintf(stderr, "more: --next-token %s\n", history->token);
  }
  return true;
}

int ms_cmd_history(const struct ms_cli_args *args)
{
  static const char *const forms[] = {"text", "json", NULL};
  struct ms_client client;
  struct history history = {.max = 1000,
                            .is_page = args->options[MS_OPTION_MAX_RESULTS] != NULL,
                            .is_reverse = args->options[MS_OPTION_REVERSE] != NULL,
                            .token = args->options[MS_OPTION_NEXT_TOKEN]};
  int form = ms_cli_choice(args, MS_OPTION_OUTPUT, forms);
  history.is_json = form == 1;
  if (form < 0 || !ms_cli_number(&history.max, args, MS_OPTION_MAX_RESULTS, 1, 1000) ||
      !ms_client_start(&client, args, MS_CLIENT_READ)) {
    return MS_EXIT_USAGE;
  }
  bool is_fine = ms_client_execution(&client, &history.arn, args->operands[0]) &&
                 print_history(&history, &client);
  ms_client_close(&client);
  ms_text_deinit(&history.arn);
  ms_text_deinit(&history.next);
  return is_fine ? MS_EXIT_OK : MS_EXIT_USAGE;
}
