/*
 * `mstep invoke FUNCTION`: calls a function and prints what it returned, or gives the event to its
 * queue and, with --wait, prints the record of how that ended. --log: the end of its log on standard error.
 */
#include <string.h>

#include "base/base64.h"
#include "cli/client.h"
#include "cli/deploy.h"
#include "cli/machine.h"

struct invoke {
  bool is_async, must_wait, is_json, has_log;
};

static bool open_client(struct ms_client *client, const struct ms_cli_args *args,
                        const struct invoke *invoke)
{
  mstep_options options;
  struct ms_project project;
  if (!ms_client_choose(client, args)) {
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
  if (!ms_project_find(&project, args, ".")) {
    return false;
  }
  ms_project_apply(&options, &project);
  options.workers = 0;
  bool only_puts = invoke->is_async && !invoke->must_wait;
  return ms_client_open(client, &options, only_puts ? MS_CLIENT_CHANGE : MS_CLIENT_RUN, true);
}

static bool make_request(struct ms_text *request, const struct ms_cli_args *args,
                         const struct invoke *invoke)
{
  const char *given = args->options[MS_OPTION_PAYLOAD];
  struct ms_text payload = {0};
  bool is_fine = ms_cli_value(&payload, given != NULL ? given : "{}", "payload") &&
                 ms_cli_check_json(ms_text_str(&payload).data, "payload");
  ms_text_put(request, "{");
  ms_text_pair(request, "FunctionName", args->operands[0]);
  if (args->options[MS_OPTION_QUALIFIER] != NULL) {
    ms_text_pair(request, "Qualifier", args->options[MS_OPTION_QUALIFIER]);
  }
  if (invoke->is_async && !invoke->must_wait) {
    ms_text_pair(request, "InvocationType", "Event");
  }
  if (invoke->has_log) {
    ms_text_pair(request, "LogType", "Tail");
  }
  ms_text_put(request, ",\"Payload\":");
  ms_text_put(request, ms_text_str(&payload).data);
  ms_text_put(request, "}");
  ms_text_deinit(&payload);
  return is_fine;
}

/* Prints a member of the answer, if it is there. */
static bool print_member(struct ms_client *client, const char *name)
{
  struct ms_text value = {0};
  bool is_there = ms_text_member(&value, ms_text_str(&client->reply), name);
  if (is_there) {
    printf("%s\n", ms_text_str(&value).data);
  }
  ms_text_deinit(&value);
  return is_there;
}

/* Payload as it stands: a string keeps its quotes, as it is JSON. */
static void print_payload(mstep_str name, mstep_str value, void *user)
{
  (void)user;
  if (name.len == 7 && memcmp(name.data, "Payload", 7) == 0) {
    printf("%.*s\n", (int)value.len, value.data);
  }
}

/* The call's own lines and Lambda's around them, 4 KB at most. */
static void print_log(struct ms_client *client)
{
  struct ms_text coded = {0};
  struct ms_buf log;
  ms_buf_init(&log, 0);
  if (ms_text_member(&coded, ms_text_str(&client->reply), "LogResult") &&
      ms_base64_decode(&log, (struct ms_str){coded.data, coded.len}) == 0) {
    fwrite(log.data, 1, log.len, stderr);
  }
  ms_buf_deinit(&log);
  ms_text_deinit(&coded);
}

static bool is_success(struct ms_client *client, const struct invoke *invoke)
{
  struct ms_text text = {0};
  mstep_str reply = ms_text_str(&client->reply);
  bool is_fine = invoke->must_wait
                     ? ms_text_member(&text, reply, "Condition") && strcmp(text.data, "Success") == 0
                     : !ms_text_member(&text, reply, "FunctionError");
  ms_text_deinit(&text);
  return is_fine;
}

static int run(struct ms_client *client, const struct ms_cli_args *args,
               const struct invoke *invoke)
{
  struct ms_text request = {0};
  bool is_fine = make_request(&request, args, invoke) &&
                 ms_client_ask(client, invoke->must_wait ? "InvokeEvent" : "Invoke", &request);
  ms_text_deinit(&request);
  if (!is_fine) {
    return MS_EXIT_USAGE;
  }
  if (invoke->has_log) {
    print_log(client);
  }
  if (invoke->is_json) {
    printf("%s\n", ms_text_str(&client->reply).data);
  } else if (invoke->must_wait) {
    print_member(client, "Record");
  } else {
    ms_text_each_member(ms_text_str(&client->reply), print_payload, NULL);
  }
  return is_success(client, invoke) ? MS_EXIT_OK : MS_EXIT_FAILED;
}

int ms_cmd_invoke(const struct ms_cli_args *args)
{
  static const char *const forms[] = {"text", "json", NULL};
  struct ms_client client;
  int form = ms_cli_choice(args, MS_OPTION_OUTPUT, forms);
  const struct invoke invoke = {.is_async = args->options[MS_OPTION_ASYNC] != NULL,
                                .must_wait = args->options[MS_OPTION_WAIT] != NULL,
                                .is_json = form == 1,
                                .has_log = args->options[MS_OPTION_LOG] != NULL};
  if (invoke.must_wait && !invoke.is_async) {
    ms_cli_error("--wait goes with --async: without it the result is waited for anyway");
    return MS_EXIT_USAGE;
  }
  if (invoke.has_log && invoke.is_async) {
    ms_cli_error("--log shows the log of a call that is waited for: mstep logs has those of events");
    return MS_EXIT_USAGE;
  }
  if (form < 0 || !open_client(&client, args, &invoke)) {
    return MS_EXIT_USAGE;
  }
  int exit = run(&client, args, &invoke);
  ms_client_close(&client);
  return exit;
}
