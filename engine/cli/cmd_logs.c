/* `mstep logs FUNCTION`: FilterLogEvents of a server, once or again and again. */
#include <string.h>
#include <time.h>

#include "cli/client.h"

#define PAUSE_MS 250

struct logs {
  bool is_json;
  struct ms_text last; /* id of the event that was printed last */
  size_t count;        /* of this page */
  bool is_known;       /* the function was found, though it has logged nothing */
};

static void print_event(mstep_str item, void *user)
{
  struct logs *logs = user;
  struct ms_text id = {0}, message = {0};
  ms_text_member(&id, item, "eventId");
  logs->last.len = 0;
  ms_text_put(&logs->last, ms_text_str(&id).data);
  logs->count++;
  if (logs->is_json) {
    printf("%.*s\n", (int)item.len, item.data);
  } else {
    ms_text_member(&message, item, "message");
    const char *text = ms_text_str(&message).data;
    size_t len = strlen(text);
    printf("%s%s", text, len > 0 && text[len - 1] == '\n' ? "" : "\n");
  }
  ms_text_deinit(&id);
  ms_text_deinit(&message);
}

/* The function of a name, or of an ARN with or without a version. */
static void put_group(struct ms_text *group, const char *name)
{
  const char *mark = strstr(name, ":function:");
  const char *from = mark != NULL ? mark + strlen(":function:") : name;
  ms_text_put(group, "/aws/lambda/");
  ms_text_add(group, from, mark != NULL ? strcspn(from, ":") : strlen(from));
}

/* One that has never logged looks like one that is not there. */
static bool is_function(struct ms_client *client, const char *name)
{
  struct ms_text request = {0};
  ms_text_put(&request, "{");
  ms_text_pair(&request, "FunctionName", name);
  ms_text_put(&request, "}");
  bool is_there = ms_client_ask(client, "GetFunctionConfiguration", &request);
  ms_text_deinit(&request);
  return is_there;
}

static bool ask(struct ms_client *client, const struct ms_cli_args *args, struct logs *logs)
{
  struct ms_text request = {0}, group = {0}, events = {0};
  bool is_first = logs->last.len == 0;
  put_group(&group, args->operands[0]);
  ms_text_put(&request, "{");
  ms_text_pair(&request, "logGroupName", ms_text_str(&group).data);
  if (args->options[MS_OPTION_REQUEST] != NULL) {
    ms_text_pair(&request, "requestId", args->options[MS_OPTION_REQUEST]);
  }
  if (logs->last.len > 0) {
    ms_text_pair(&request, "nextToken", logs->last.data);
  }
  ms_text_put(&request, "}");
  logs->count = 0;
  bool is_fine = ms_client_ask(client, "FilterLogEvents", &request);
  if (is_fine && ms_text_member(&events, ms_text_str(&client->reply), "events")) {
    ms_text_each(ms_text_str(&events), print_event, logs);
    fflush(stdout);
  }
  if (is_fine && is_first && logs->count == 0 && !logs->is_known) {
    is_fine = logs->is_known = is_function(client, args->operands[0]);
  }
  ms_text_deinit(&request);
  ms_text_deinit(&group);
  ms_text_deinit(&events);
  return is_fine;
}

int ms_cmd_logs(const struct ms_cli_args *args)
{
  static const char *const forms[] = {"text", "json", NULL};
  const struct timespec pause = {0, PAUSE_MS * 1000000L};
  struct ms_client client;
  int form = ms_cli_choice(args, MS_OPTION_OUTPUT, forms);
  struct logs logs = {.is_json = form == 1};
  if (form < 0 || !ms_client_choose(&client, args)) {
    return MS_EXIT_USAGE;
  }
  bool is_fine = client.remote != NULL;
  if (!is_fine) {
    ms_cli_error("a store keeps no logs: \"mstep logs\" asks a server, with --endpoint URL");
  }
  bool must_follow = args->options[MS_OPTION_FOLLOW] != NULL;
  do {
    is_fine = is_fine && ask(&client, args, &logs);
    if (is_fine && logs.count == 0 && must_follow) {
      nanosleep(&pause, NULL);
    }
  } while (is_fine && !ferror(stdout) && (must_follow || logs.count > 0));
  ms_text_deinit(&logs.last);
  ms_client_close(&client);
  return is_fine ? MS_EXIT_OK : MS_EXIT_USAGE;
}
