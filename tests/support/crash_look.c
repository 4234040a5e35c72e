/* The inspection: see the header. Outputs, histories, starts of tasks, and what was written down. */
#include "crash_look.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "crash_child.h"
#include "crash_plan.h"
#include "history_check.h"
#include "host.h"
#include "store/store.h"

#include "mt.h"

/* ---- what was written down --------------------------------------------------------------------------------- */

static void check_noted(unsigned n, const struct crash_noted *noted)
{
  enum crash_kind kind = crash_kind(n);
  mt_ok(noted->has[CRASH_ACCEPTED]);
  mt_ok(noted->has[CRASH_ENDED]);
  mt_eq_int(noted->status, kind == CRASH_STOPPED ? MSTEP_ABORTED : MSTEP_SUCCEEDED);
  mt_eq_int(noted->has[CRASH_PURGE_ACCEPTED], kind == CRASH_PURGED);
}

/* ---- executions ---------------------------------------------------------------------------------------------- */

static const char *arn_of(unsigned n)
{
  return mt_format("%s:e%u", CRASH_ARN("execution:" CRASH_MACHINE), n);
}

static struct ms_json parse(const char *text)
{
  struct ms_json value;
  mt_eq_int(ms_json_parse(&value, ms_str_c(text), NULL, NULL), 0);
  return value;
}

/* Exactly what the plan says, or less of everything when it was stopped. */
static void check_counts(unsigned n, struct ms_json events)
{
  bool is_stopped = crash_kind(n) == CRASH_STOPPED;
  if (is_stopped) {
    struct ms_json last = ms_json_at(events, ms_json_count(events) - 1);
    mt_ok(ms_str_eq(ms_json_text(ms_json_getc(last, "type")), MS_STR("ExecutionAborted")));
  }
  for (size_t i = 0; i < ms_json_count(events); i++) {
    const char *type = ms_json_text(ms_json_getc(ms_json_at(events, i), "type")).data;
    unsigned count = history_count(events, type);
    bool is_fine = is_stopped || count == crash_event_count(n, type);
    if (!is_fine) {
      mt_fail("e%u: %u times %s", n, count, type);
    }
    i += n == 11 ? 100 : 0; /* it is long */
  }
  mt_ok(is_stopped || ms_json_count(events) == crash_event_count(n, NULL));
}

static void check_history(struct host *host, unsigned n)
{
  struct ms_json history = parse(host_history(host, arn_of(n)));
  struct ms_json events = ms_json_getc(history, "events");
  const char *problem = history_check(events);
  if (problem != NULL) {
    mt_fail("the history of e%u: %s", n, problem);
  }
  check_counts(n, events);
  ms_json_unref(history);
}

static void check_execution(struct host *host, unsigned n)
{
  const char *text = NULL;
  int err = mstep_execution_describe(host->engine, arn_of(n), host_text, &text);
  if (crash_kind(n) == CRASH_PURGED) {
    mt_eq_int(err, MSTEP_ENOTFOUND);
    return;
  }
  mt_eq_str(err == 0 ? "" : mstep_last_error(), "");
  struct ms_json description = parse(text);
  struct ms_buf input, output;
  ms_buf_init(&input, 0);
  ms_buf_init(&output, 0);
  crash_input(&input, n);
  crash_output(&output, n);
  bool is_stopped = crash_kind(n) == CRASH_STOPPED;
  mt_eq_str(ms_json_text(ms_json_getc(description, "status")).data,
            is_stopped ? "ABORTED" : "SUCCEEDED");
  mt_ok(ms_str_eq(ms_json_text(ms_json_getc(description, "input")), ms_buf_view(&input)));
  struct ms_str found = ms_json_text(ms_json_getc(description, "output"));
  if (!ms_str_eq(found, is_stopped ? MS_STR("") : ms_buf_view(&output))) {
    mt_fail("e%u returned %.*s", n, MS_STR_ARG(found));
  }
  ms_buf_deinit(&input);
  ms_buf_deinit(&output);
  ms_json_unref(description);
  check_history(host, n);
}

/* ---- the list --------------------------------------------------------------------------------------------------- */

struct list {
  unsigned *seen;
  unsigned count;
  struct ms_json token;
};

static void on_page(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  struct list *list = user;
  struct ms_json page;
  (void)engine;
  mt_eq_int(status, 0);
  mt_eq_int(ms_json_parse(&page, (struct ms_str){reply.data, reply.len}, NULL, NULL), 0);
  struct ms_json items = ms_json_getc(page, "executions");
  for (size_t i = 0; i < ms_json_count(items); i++) {
    struct ms_str name = ms_json_text(ms_json_getc(ms_json_at(items, i), "name"));
    unsigned long n = strtoul(name.data + 1, NULL, 10);
    mt_ok(name.data[0] == 'e' && n < list->count);
    list->seen[n]++;
  }
  ms_json_replace(&list->token, ms_json_ref(ms_json_getc(page, "nextToken")));
  ms_json_unref(page);
}

static void check_list(struct host *host, unsigned count)
{
  struct list list = {mt_keep(calloc(count, sizeof(unsigned))), count, MS_JSON_VALUE_NONE};
  do {
    struct ms_str token = ms_json_text(list.token);
    const char *more =
        token.len == 0 ? "" : mt_format(",\"nextToken\":\"%.*s\"", MS_STR_ARG(token));
    const char *request =
        mt_format("{\"stateMachineArn\":\"%s\",\"maxResults\":300%s}", CRASH_MACHINE_ARN, more);
    mt_eq_int(mstep_call(host->engine, "ListExecutions", host_str(request), on_page, &list), 0);
    mt_eq_int(mstep_engine_run(host->engine), 0);
  } while (!ms_json_is_none(list.token));
  for (unsigned n = 0; n < count; n++) {
    if (list.seen[n] != (crash_kind(n) != CRASH_PURGED)) {
      mt_fail("e%u is there %u times", n, list.seen[n]);
    }
  }
}

/* ---- starts of tasks ---------------------------------------------------------------------------------------------- */

struct start {
  unsigned n, at, redrive, attempt;
  const char *id;
};

static int by_attempt(const void *left, const void *right)
{
  const struct start *a = left, *b = right;
  const unsigned as[] = {a->n, a->at, a->redrive, a->attempt};
  const unsigned bs[] = {b->n, b->at, b->redrive, b->attempt};
  for (int i = 0; i < 4; i++) {
    if (as[i] != bs[i]) {
      return as[i] < bs[i] ? -1 : 1;
    }
  }
  return strcmp(a->id, b->id);
}

static size_t read_starts(struct start **out, const char *dir, unsigned count)
{
  char *text = mt_read_file(mt_format("%s/starts", dir), NULL);
  size_t lines = 0;
  for (char *line = text; (line = strchr(line, '\n')) != NULL; line++) {
    lines++;
  }
  struct start *starts = mt_keep(calloc(lines, sizeof *starts));
  char *line = text;
  for (size_t i = 0; i < lines; i++) {
    char at[32], id[128];
    struct start *start = &starts[i];
    mt_eq_int(
        sscanf(line, "e%u %31s %u %u %127s", &start->n, at, &start->redrive, &start->attempt, id),
        5);
    mt_ok(start->n < count && crash_at(at) >= 0);
    start->at = (unsigned)crash_at(at);
    start->id = mt_format("%s", id);
    line = strchr(line, '\n') + 1;
  }
  qsort(starts, lines, sizeof *starts, by_attempt);
  *out = starts;
  return lines;
}

/* May there be such an attempt? */
static bool is_planned(const struct start *start)
{
  unsigned n = start->n;
  if (start->at == CRASH_AT_DOOMED) {
    return crash_kind(n) == CRASH_REDRIVEN && start->redrive <= 1 && start->attempt == 1;
  }
  return start->redrive == 0 && start->attempt >= 1 &&
         start->attempt <= 1 + crash_failures(n, start->at) &&
         (start->at < CRASH_AT_EACH || start->at - CRASH_AT_EACH < crash_items(n));
}

static bool is_same(const struct start *a, const struct start *b)
{
  return a->n == b->n && a->at == b->at && a->redrive == b->redrive && a->attempt == b->attempt;
}

/* None more often than 1 + kills; the host's always with its token; of each execution all that there must be. */
static unsigned check_starts(const char *dir, unsigned count, unsigned kills)
{
  struct start *starts;
  size_t lines = read_starts(&starts, dir, count);
  unsigned *attempts = mt_keep(calloc(count, sizeof *attempts));
  unsigned again = 0;
  for (size_t i = 0, next; i < lines; i = next) {
    const struct start *start = &starts[i];
    for (next = i + 1; next < lines && is_same(&starts[next], start); next++) {
      if (start->at == CRASH_AT_HAND && strcmp(starts[next].id, start->id) != 0) {
        mt_fail("a task of e%u had tokens %s and %s", start->n, start->id, starts[next].id);
      }
    }
    if (!is_planned(start) || next - i > 1 + kills) {
      mt_fail("e%u: task %u, redrive %u, attempt %u: started %zu times with %u kills", start->n,
              start->at, start->redrive, start->attempt, next - i, kills);
    }
    attempts[start->n]++;
    again += (unsigned)(next - i - 1);
  }
  for (unsigned n = 0; n < count; n++) {
    unsigned planned = crash_event_count(n, "LambdaFunctionScheduled") + 1;
    if (attempts[n] > planned || (attempts[n] < planned && crash_kind(n) != CRASH_STOPPED)) {
      mt_fail("e%u: %u attempts of tasks, %u planned", n, attempts[n], planned);
    }
  }
  return again;
}

/* ---- all of it ------------------------------------------------------------------------------------------------------ */

static const char *store_url;

static void reading(mstep_options *options)
{
  options->is_virtual_time = 0;
  options->is_read_only = 1;
  options->store = store_url;
}

static void check_file(void)
{
  struct ms_store *store;
  const struct ms_store_options options = {.is_read_only = true};
  mt_eq_int(ms_store_open(&store, store_url, &options), 0);
  int err = ms_store_check(store);
  mt_eq_str(err == 0 ? "" : ms_error_detail(), "");
  ms_store_close(store);
}

unsigned crash_look(const char *dir, unsigned count, unsigned kills)
{
  struct crash_noted *noted = mt_keep(calloc(count, sizeof *noted));
  struct host host;
  crash_read_notes(noted, count, dir);
  store_url = mt_format("sqlite:%s/e.db", dir);
  check_file();
  host_open(&host, reading);
  for (unsigned n = 0; n < count; n++) {
    check_noted(n, &noted[n]);
    check_execution(&host, n);
  }
  check_list(&host, count);
  host_close(&host);
  return check_starts(dir, count, kills);
}
