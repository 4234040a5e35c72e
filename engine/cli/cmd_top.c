/*
 * `mstep top`: a server at work, on one screen: its /metrics, the executions that run, its queues. Once a second;
 * with --once a single time, in a pipe or for a script; with -o json each look is a line.
 */
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/client.h"
#include "cli/remote.h"
#include "cli/table.h"
#include "cli/view.h"

#define ROWS_MAX 10
#define CLEAR "\033[H\033[2J"

struct top {
  struct ms_client client;
  struct ms_text metrics, before; /* of now and of the look before */
  double seconds;                 /* between them; 0: there was none */
  struct ms_cli_table table;
  unsigned rows;
  double now;
};

static volatile sig_atomic_t is_interrupted;

static void on_interrupt(int number)
{
  (void)number;
  is_interrupted = 1;
}

/* ---- figures ---- */

/* The value of a line of /metrics; 0 when it is not there. */
static double value_of(const struct ms_text *metrics, const char *name)
{
  size_t len = strlen(name);
  const char *line = ms_text_str(metrics).data;
  while (line != NULL && *line != '\0') {
    if (strncmp(line, name, len) == 0 && line[len] == ' ') {
      return strtod(line + len, NULL);
    }
    line = strchr(line, '\n');
    line = line == NULL ? NULL : line + 1;
  }
  return 0;
}

static void print_figure(const struct top *top, const char *title, const char *name)
{
  printf("  %s %.0f", title, value_of(&top->metrics, name));
}

/* The same, and how many a second since the last look. */
static void print_rate(const struct top *top, const char *title, const char *name)
{
  double now = value_of(&top->metrics, name);
  print_figure(top, title, name);
  if (top->seconds > 0) {
    printf(" (%.0f/s)", (now - value_of(&top->before, name)) / top->seconds);
  }
}

/* The bound below which `share` of a histogram's durations lie. */
static void print_quantile(const struct top *top, const char *title, const char *name, double share)
{
  char prefix[128];
  snprintf(prefix, sizeof prefix, "%s_count", name);
  double count = value_of(&top->metrics, prefix);
  snprintf(prefix, sizeof prefix, "%s_bucket{le=\"", name);
  size_t len = strlen(prefix);
  const char *line = count > 0 ? strstr(ms_text_str(&top->metrics).data, prefix) : NULL;
  while (line != NULL && strncmp(line, prefix, len) == 0) {
    const char *quote = strchr(line + len, '"');
    if (quote == NULL || strtod(quote + 2, NULL) >= share * count) {
      bool is_open = quote == NULL || line[len] == '+';
      printf("  %s %s%gs", title, is_open ? ">" : "<", is_open ? 86400 : strtod(line + len, NULL));
      return;
    }
    line = strchr(line, '\n');
    line = line == NULL ? NULL : line + 1;
  }
}

static void print_figures(const struct top *top)
{
  printf("executions");
  print_figure(top, "open", "mstep_executions_open");
  print_rate(top, "started", "mstep_executions_started_total");
  print_figure(top, "succeeded", "mstep_executions_ended_total{status=\"SUCCEEDED\"}");
  print_figure(top, "failed", "mstep_executions_ended_total{status=\"FAILED\"}");
  print_figure(top, "timed out", "mstep_executions_ended_total{status=\"TIMED_OUT\"}");
  print_figure(top, "aborted", "mstep_executions_ended_total{status=\"ABORTED\"}");
  printf("\nwork      ");
  print_rate(top, "transitions", "mstep_transitions_total");
  print_rate(top, "tasks", "mstep_tasks_scheduled_total");
  print_rate(top, "retries", "mstep_retries_scheduled_total");
  printf("\nfunctions ");
  print_rate(top, "runs", "mstep_function_invocations_total");
  print_figure(top, "errors", "mstep_function_errors_total");
  print_figure(top, "throttled", "mstep_function_throttles_total");
  print_figure(top, "waiting", "mstep_async_events_pending");
  print_figure(top, "undelivered", "mstep_destinations_undelivered");
  printf("\nmessages  ");
  print_rate(top, "sent", "mstep_queue_messages_sent_total");
  print_rate(top, "received", "mstep_queue_messages_received_total");
  print_rate(top, "published", "mstep_topic_messages_published_total");
  print_rate(top, "events", "mstep_bus_events_total");
  printf("\nrequests  ");
  print_rate(top, "calls", "mstep_api_calls_total{outcome=\"answered\"}");
  print_figure(top, "refused", "mstep_api_calls_total{outcome=\"refused\"}");
  print_figure(top, "pending", "mstep_http_requests_pending");
  print_figure(top, "connections", "mstep_http_connections");
  print_quantile(top, "p50", "mstep_api_call_duration_seconds", 0.5);
  print_quantile(top, "p99", "mstep_api_call_duration_seconds", 0.99);
  if (strstr(ms_text_str(&top->metrics).data, "mstep_journal_commits_total") != NULL) {
    printf("\nstore     ");
    print_rate(top, "commits", "mstep_journal_commits_total");
    print_quantile(top, "p99", "mstep_journal_commit_duration_seconds", 0.99);
    printf("%s", value_of(&top->metrics, "mstep_store_failed") > 0 ? "  FAILED" : "");
  }
  printf("\n");
}

/* ---- what there is ---- */

static void add_execution(mstep_str item, void *user)
{
  struct top *top = user;
  struct ms_text arn = {0};
  char machine[128], started[32], age[32];
  double start = ms_text_number(item, "startDate", 0);
  ms_text_member(&arn, item, "executionArn");
  ms_arn_machine(machine, sizeof machine, ms_text_str(&arn).data);
  ms_cli_date_text(started, start);
  ms_duration_text(age, sizeof age, top->now > start ? (int64_t)((top->now - start) * 1000) : 0);
  ms_cli_table_add(&top->table, ms_arn_name(ms_text_str(&arn).data));
  ms_cli_table_add(&top->table, machine);
  ms_cli_table_add(&top->table, started);
  ms_cli_table_add(&top->table, age);
  top->rows++;
  ms_text_deinit(&arn);
}

static bool print_executions(struct top *top)
{
  static const char *const titles[] = {"RUNNING", "MACHINE", "STARTED", "AGE", NULL};
  struct ms_text request = {0}, page = {0};
  ms_text_printf(&request, "{\"statusFilter\":\"RUNNING\",\"maxResults\":%d}", ROWS_MAX);
  bool is_fine = ms_client_ask(&top->client, "ListExecutions", &request);
  ms_cli_table_init(&top->table, titles);
  top->rows = 0;
  if (is_fine && ms_text_member(&page, ms_text_str(&top->client.reply), "executions")) {
    ms_text_each(ms_text_str(&page), add_execution, top);
  }
  printf("%s", top->rows > 0 ? "\n" : "");
  if (top->rows > 0) {
    ms_cli_table_print(&top->table);
  } else {
    ms_text_deinit(&top->table.cells);
  }
  ms_text_deinit(&request);
  ms_text_deinit(&page);
  return is_fine;
}

static void add_queue(const char *url, void *user)
{
  static const char *const figures[] = {"ApproximateNumberOfMessages",
                                        "ApproximateNumberOfMessagesNotVisible",
                                        "ApproximateNumberOfMessagesDelayed"};
  struct top *top = user;
  struct ms_text request = {0}, attributes = {0};
  const char *slash = strrchr(url, '/');
  if (top->rows >= ROWS_MAX) {
    return;
  }
  ms_text_put(&request, "{");
  ms_text_pair(&request, "QueueUrl", url);
  ms_text_put(&request, ",\"AttributeNames\":[\"All\"]}");
  if (ms_client_call(&top->client, "GetQueueAttributes", &request) && /* else: deleted just now */
      ms_text_member(&attributes, ms_text_str(&top->client.reply), "Attributes")) {
    top->rows++;
    ms_cli_table_add(&top->table, slash == NULL ? url : slash + 1);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
      struct ms_text value = {0};
      ms_text_member(&value, ms_text_str(&attributes), figures[i]);
      ms_cli_table_add(&top->table, ms_text_str(&value).data);
      ms_text_deinit(&value);
    }
  }
  ms_text_deinit(&request);
  ms_text_deinit(&attributes);
}

static bool print_queues(struct top *top)
{
  static const char *const titles[] = {"QUEUE", "VISIBLE", "IN FLIGHT", "DELAYED", NULL};
  struct ms_text request = {0}, urls = {0};
  ms_text_put(&request, "{\"MaxResults\":10}");
  bool is_fine = ms_client_ask(&top->client, "ListQueues", &request);
  bool has_any = is_fine && ms_text_member(&urls, ms_text_str(&top->client.reply), "QueueUrls");
  ms_cli_table_init(&top->table, titles);
  top->rows = 0;
  if (has_any) {
    ms_text_each_string(ms_text_str(&urls), add_queue, top);
  }
  printf("%s", top->rows > 0 ? "\n" : "");
  if (top->rows > 0) {
    ms_cli_table_print(&top->table);
  } else {
    ms_text_deinit(&top->table.cells);
  }
  ms_text_deinit(&request);
  ms_text_deinit(&urls);
  return is_fine;
}

/* ---- the screen ---- */

static double wall_seconds(void)
{
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Fetches /metrics. False: said. */
static bool fetch(struct top *top)
{
  struct ms_text last = top->before;
  double now = wall_seconds();
  top->before = top->metrics;
  top->metrics = last;
  top->metrics.len = 0;
  top->seconds = top->now > 0 ? now - top->now : 0;
  top->now = now;
  int code = ms_remote_get(top->client.remote, &top->metrics, "/metrics");
  if (code != MSTEP_OK) {
    ms_remote_say(top->client.remote, code);
  }
  return code == MSTEP_OK;
}

static bool look(struct top *top, bool is_screen)
{
  char date[32];
  if (!fetch(top)) {
    return false;
  }
  ms_cli_date_text(date, top->now);
  printf("%smstep top  %s  %s\n\n", is_screen ? CLEAR : "", top->client.store, date);
  print_figures(top);
  bool is_fine = print_executions(top) && print_queues(top);
  fflush(stdout);
  return is_fine;
}

/* ---- the same for programs ---- */

/* Every line of /metrics as a member; of histograms the count and the sum. */
static void put_metrics(struct ms_text *out, const struct ms_text *metrics)
{
  const char *line = ms_text_str(metrics).data, *comma = "";
  while (*line != '\0') {
    size_t len = strcspn(line, "\n"), name_len = len;
    while (name_len > 0 && line[name_len] != ' ') {
      name_len--;
    }
    struct ms_text name = {0};
    ms_text_add(&name, line, name_len);
    char *end = NULL;
    double value = strtod(line + name_len, &end);
    bool is_figure = line[0] != '#' && name_len > 0 && isfinite(value) && end == line + len;
    if (is_figure && strstr(ms_text_str(&name).data, "_bucket{") == NULL) {
      ms_text_put(out, comma);
      ms_text_quote(out, name.data);
      ms_text_printf(out, ":%.17g", value);
      comma = ",";
    }
    ms_text_deinit(&name);
    line += line[len] == '\n' ? len + 1 : len;
  }
}

struct queues {
  struct top *top;
  struct ms_text *out;
};

static void put_queue(const char *url, void *user)
{
  struct queues *queues = user;
  struct ms_client *client = &queues->top->client;
  struct ms_text request = {0}, attributes = {0};
  ms_text_put(&request, "{");
  ms_text_pair(&request, "QueueUrl", url);
  ms_text_put(&request, ",\"AttributeNames\":[\"All\"]}");
  if (ms_client_call(client, "GetQueueAttributes", &request) && /* else: deleted just now */
      ms_text_member(&attributes, ms_text_str(&client->reply), "Attributes")) {
    ms_text_put(queues->out, queues->top->rows++ > 0 ? ",{" : "{");
    ms_text_pair(queues->out, "QueueUrl", url);
    ms_text_printf(queues->out, ",\"Attributes\":%s}", attributes.data);
  }
  ms_text_deinit(&request);
  ms_text_deinit(&attributes);
}

/* A list of one page of an operation's answer; "[]" when it has none. False: said. */
static bool ask_list(struct top *top, struct ms_text *list, const char *operation, const char *body,
                     const char *name)
{
  struct ms_text request = {0};
  ms_text_put(&request, body);
  bool is_fine = ms_client_ask(&top->client, operation, &request);
  if (!is_fine || !ms_text_member(list, ms_text_str(&top->client.reply), name)) {
    list->len = 0;
    ms_text_put(list, "[]");
  }
  ms_text_deinit(&request);
  return is_fine;
}

/* One look is one line: {"endpoint", "date", "metrics", "executions", "queues"}. */
static bool look_json(struct top *top)
{
  struct ms_text line = {0}, executions = {0}, urls = {0};
  struct queues queues = {top, &line};
  bool is_fine = fetch(top) &&
                 ask_list(top, &executions, "ListExecutions",
                          "{\"statusFilter\":\"RUNNING\",\"maxResults\":1000}", "executions") &&
                 ask_list(top, &urls, "ListQueues", "{\"MaxResults\":1000}", "QueueUrls");
  if (is_fine) {
    ms_text_put(&line, "{");
    ms_text_pair(&line, "endpoint", top->client.store);
    ms_text_printf(&line, ",\"date\":%.3f,\"metrics\":{", top->now);
    put_metrics(&line, &top->metrics);
    ms_text_printf(&line, "},\"executions\":%s,\"queues\":[", ms_text_str(&executions).data);
    top->rows = 0;
    ms_text_each_string(ms_text_str(&urls), put_queue, &queues);
    ms_text_put(&line, "]}");
    printf("%s\n", ms_text_str(&line).data);
    fflush(stdout);
  }
  ms_text_deinit(&line);
  ms_text_deinit(&executions);
  ms_text_deinit(&urls);
  return is_fine;
}

int ms_cmd_top(const struct ms_cli_args *args)
{
  const struct timespec second = {1, 0};
  const struct sigaction action = {.sa_handler = on_interrupt};
  static const char *const forms[] = {"text", "json", NULL};
  bool is_once = args->options[MS_OPTION_ONCE] != NULL;
  struct top top = {.seconds = 0};
  int form = ms_cli_choice(args, MS_OPTION_OUTPUT, forms);
  if (form < 0 || !ms_client_choose(&top.client, args)) {
    return MS_EXIT_USAGE;
  }
  bool is_fine = top.client.remote != NULL;
  if (!is_fine) {
    ms_cli_error("a store counts nothing: \"mstep top\" asks a server, with --endpoint URL");
  }
  sigaction(SIGINT, &action, NULL);
  while (is_fine && !is_interrupted && !ferror(stdout)) {
    is_fine = form == 1 ? look_json(&top) : look(&top, !is_once && ms_cli_is_terminal(stdout));
    if (is_once) {
      break;
    }
    nanosleep(&second, NULL);
  }
  ms_text_deinit(&top.metrics);
  ms_text_deinit(&top.before);
  ms_client_close(&top.client);
  return is_fine || is_interrupted ? MS_EXIT_OK : MS_EXIT_USAGE;
}
