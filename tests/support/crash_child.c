/* The host that is killed: see the header. */
#include "crash_child.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "crash_plan.h"
#include "mstep/mstep.h"
#include "mt.h"
#include "runtime/runtime.h"
#include "json/json.h"

/* What it knows of one execution, and what it waits for. */
struct item {
  struct host_state *host;
  unsigned n;
  struct crash_noted noted;
  bool is_asked; /* to stop, redrive or purge; its answer is on the way */
  bool is_done;
};

struct host_state {
  const struct crash_life *life;
  mstep_engine *engine;
  struct item *items;
  unsigned next;          /* to be started or looked after */
  unsigned asked;         /* starts whose answer is on the way */
  unsigned done;          /* nothing more is to be done with so many */
  int notes, starts, log; /* files */
  unsigned refusals;
  bool is_again; /* there was an earlier life: nobody knows how far one is that was started */
  int result;
};

static const char *const note_names[CRASH_NOTES] = {"accepted", "ended",   "redriven",
                                                    "stopped",  "purging", "purged"};

static void __attribute__((format(printf, 2, 3)))
wrong(struct host_state *host, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  fprintf(stderr, "# child: ");
  vfprintf(stderr, format, args);
  fprintf(stderr, "\n");
  va_end(args);
  host->result = 1;
  if (host->engine != NULL) {
    mstep_engine_stop(host->engine);
  }
}

/* ---- files --------------------------------------------------------------------------------------------- */

static void append(struct host_state *host, int file, const char *line, size_t len)
{
  if (write(file, line, len) != (ssize_t)len) {
    wrong(host, "a line could not be written");
  }
}

static void note(struct item *item, enum crash_note what, int status)
{
  char line[64];
  int len = snprintf(line, sizeof line, "%s %u %d\n", note_names[what], item->n, status);
  item->noted.has[what] = true;
  if (what == CRASH_ENDED) {
    item->noted.status = status;
  }
  append(item->host, item->host->notes, line, (size_t)len);
}

void crash_read_notes(struct crash_noted *notes, unsigned count, const char *dir)
{
  char *text = mt_try_read_file(mt_format("%s/notes", dir), NULL);
  memset(notes, 0, count * sizeof *notes);
  for (char *line = text; line != NULL && *line != '\0'; line = strchr(line, '\n') + 1) {
    char name[32];
    unsigned n;
    int status, what = 0;
    mt_ok(strchr(line, '\n') != NULL);
    mt_eq_int(sscanf(line, "%31s %u %d", name, &n, &status), 3);
    while (what < CRASH_NOTES && strcmp(name, note_names[what]) != 0) {
      what++;
    }
    mt_ok(what < CRASH_NOTES && n < count);
    notes[n].has[what] = true;
    if (what == CRASH_ENDED) {
      notes[n].status = status;
    }
  }
}

/* ---- asking the engine ------------------------------------------------------------------------------------ */

static void pump(struct host_state *host);
static void watch(struct item *item);

static mstep_str str(const char *text)
{
  return (mstep_str){text, strlen(text)};
}

static const char *arn_of(const struct item *item, char out[128])
{
  snprintf(out, 128, "%s:e%u", CRASH_ARN("execution:" CRASH_MACHINE), item->n);
  return out;
}

/* {"executionArn": ARN}, or {"executionArns": [ARN]}. */
static void call_for(struct item *item, const char *operation, mstep_reply_cb reply)
{
  char arn[128], text[256];
  bool is_purge = strcmp(operation, "PurgeExecutions") == 0;
  snprintf(text, sizeof text,
           is_purge ? "{\"executionArns\":[\"%s\"]}" : "{\"executionArn\":\"%s\"}",
           arn_of(item, arn));
  item->is_asked = true;
  int err = mstep_call(item->host->engine, operation, str(text), reply, item);
  if (err != 0) {
    wrong(item->host, "%s: %s", operation, mstep_last_error());
  }
}

static void finish(struct item *item)
{
  struct host_state *host = item->host;
  item->is_done = true;
  host->done++;
  if (host->done == host->life->count) {
    mstep_engine_stop(host->engine);
  }
}

/* The store failed while it was asked: nobody knows. True: ask again, with patience. */
static bool is_unknown(const struct item *item, int status, mstep_str reply)
{
  struct host_state *host = item->host;
  if (!host->life->is_patient || status != MSTEP_EIO) {
    return false;
  }
  if (host->refusals++ < 3) {
    char text[512];
    int len = snprintf(text, sizeof text - 1, "refused %.*s", (int)reply.len, reply.data);
    len = len < (int)sizeof text - 1 ? len : (int)sizeof text - 2;
    text[len] = '\n';
    append(host, host->log, text, (size_t)len + 1);
  }
  return true;
}

static bool answers(mstep_str reply, const char *error)
{
  char text[96];
  snprintf(text, sizeof text, "{\"__type\":\"%s\"", error);
  return reply.len >= strlen(text) && memcmp(reply.data, text, strlen(text)) == 0;
}

static void refused(const struct item *item, const char *what, mstep_str reply)
{
  wrong(item->host, "e%u cannot be %s: %.*s", item->n, what, (int)reply.len, reply.data);
}

/* ---- what is done besides --------------------------------------------------------------------------------- */

static void on_purged(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  struct item *item = user;
  (void)engine;
  item->is_asked = false;
  if (is_unknown(item, status, reply)) {
    call_for(item, "PurgeExecutions", on_purged);
  } else if (status == 0 || answers(reply, "ExecutionDoesNotExist")) {
    note(item, CRASH_PURGE_ACCEPTED, 0);
    finish(item);
  } else {
    refused(item, "purged", reply);
  }
}

static void purge(struct item *item)
{
  if (!item->noted.has[CRASH_PURGING]) {
    note(item, CRASH_PURGING, 0);
  }
  call_for(item, "PurgeExecutions", on_purged);
}

static void on_stopped(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  struct item *item = user;
  (void)engine;
  item->is_asked = false;
  if (is_unknown(item, status, reply)) {
    call_for(item, "StopExecution", on_stopped);
  } else if (status == 0) {
    note(item, CRASH_STOP_ACCEPTED, 0);
  } else {
    refused(item, "stopped", reply);
  }
}

static void stop(struct item *item)
{
  if (!item->is_asked && !item->noted.has[CRASH_STOP_ACCEPTED]) {
    call_for(item, "StopExecution", on_stopped);
  }
}

static void on_redriven(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  struct item *item = user;
  (void)engine;
  item->is_asked = false;
  if (is_unknown(item, status, reply)) {
    call_for(item, "RedriveExecution", on_redriven);
  } else if (status == 0 || answers(reply, "ExecutionNotRedrivable")) {
    /* The second: it was durable when the store failed. */
    note(item, CRASH_REDRIVE_ACCEPTED, 0);
    watch(item);
  } else {
    refused(item, "redriven", reply);
  }
}

/* ---- starting and ending ---------------------------------------------------------------------------------- */

static void ended(struct item *item, mstep_status status)
{
  static const mstep_status expected[] = {MSTEP_SUCCEEDED, MSTEP_SUCCEEDED, MSTEP_ABORTED,
                                          MSTEP_SUCCEEDED};
  enum crash_kind kind = crash_kind(item->n);
  bool is_first =
      kind == CRASH_REDRIVEN && status == MSTEP_FAILED && !item->noted.has[CRASH_REDRIVE_ACCEPTED];
  if (status != expected[kind] && !is_first) {
    wrong(item->host, "e%u ended with status %d", item->n, (int)status);
    return;
  }
  note(item, CRASH_ENDED, (int)status);
  if (is_first) {
    call_for(item, "RedriveExecution", on_redriven);
  } else if (kind == CRASH_PURGED) {
    purge(item);
  } else {
    finish(item);
  }
}

static void on_done(mstep_engine *engine, const char *arn, mstep_status status, mstep_str output,
                    mstep_str error, mstep_str cause, void *user)
{
  struct item *item = user;
  (void)engine;
  (void)arn;
  (void)output;
  (void)error;
  (void)cause;
  if (status == MSTEP_UNKNOWN) {
    wrong(item->host, "e%u was accepted, and is not known any more", item->n);
  } else {
    ended(item, status);
  }
}

static void on_description(mstep_str text, void *user)
{
  static const char *const names[] = {"RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"};
  struct ms_json description;
  if (ms_json_parse(&description, (struct ms_str){text.data, text.len}, NULL, NULL) == 0) {
    for (int i = 0; i < 5; i++) {
      if (ms_str_eq(ms_json_text(ms_json_getc(description, "status")), ms_str_c(names[i]))) {
        *(int *)user = i;
      }
    }
    ms_json_unref(description);
  }
}

static void on_again(mstep_engine *engine, void *user)
{
  (void)engine;
  watch(user);
}

/* It runs. Was it known to have ended? */
static void watched(struct item *item)
{
  const struct crash_noted *noted = &item->noted;
  bool is_over =
      noted->has[CRASH_STOP_ACCEPTED] || (noted->has[CRASH_ENDED] && noted->status != MSTEP_FAILED);
  if (is_over) {
    wrong(item->host, "e%u had ended, and runs", item->n);
  } else if (crash_kind(item->n) == CRASH_STOPPED && (item->n % 20 == 5 || item->host->is_again)) {
    stop(item);
  }
}

/* Hears of the end of one that was accepted, by starting it again. */
static void watch(struct item *item)
{
  struct host_state *host = item->host;
  struct ms_buf input;
  char name[32], arn[128];
  mstep_arn started;
  int status = MSTEP_RUNNING;
  snprintf(name, sizeof name, "e%u", item->n);
  ms_buf_init(&input, 0);
  crash_input(&input, item->n);
  int err = mstep_execution_start(&started, host->engine, CRASH_MACHINE_ARN, name,
                                  (mstep_str){input.data, input.len}, on_done, item);
  ms_buf_deinit(&input);
  if (err == MSTEP_EEXISTS) {
    err = mstep_execution_describe(host->engine, arn_of(item, arn), on_description, &status);
    if (err == 0) {
      ended(item, (mstep_status)status); /* not RUNNING: else the start would have been fine */
      return;
    }
  }
  if (is_unknown(item, err, str(mstep_last_error()))) {
    mstep_engine_post(host->engine, on_again, item);
  } else if (err != 0) {
    wrong(host, "e%u was accepted: %s", item->n, mstep_last_error());
  } else {
    watched(item);
  }
}

static void on_accepted(mstep_engine *engine, int status, mstep_str reply, void *user);

static void begin(struct item *item)
{
  struct ms_buf input, request;
  struct host_state *host = item->host;
  ms_buf_init(&input, 0);
  ms_buf_init(&request, 0);
  crash_input(&input, item->n);
  ms_buf_printf(&request,
                "{\"stateMachineArn\":\"%s\",\"name\":\"e%u\",\"input\":", CRASH_MACHINE_ARN,
                item->n);
  ms_json_print_string(&request, ms_buf_view(&input));
  ms_buf_cstr(&request, "}");
  if (mstep_call(host->engine, "StartExecution", (mstep_str){request.data, request.len},
                 on_accepted, item) != 0) {
    wrong(host, "StartExecution: %s", mstep_last_error());
  }
  ms_buf_deinit(&input);
  ms_buf_deinit(&request);
}

static void on_accepted(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  struct item *item = user;
  struct host_state *host = item->host;
  (void)engine;
  if (is_unknown(item, status, reply)) {
    begin(item);
    return;
  }
  host->asked--;
  if (status != 0 && !answers(reply, "ExecutionAlreadyExists")) {
    refused(item, "started", reply);
    return;
  }
  note(item, CRASH_ACCEPTED, 0);
  watch(item);
  pump(host);
}

/* Starts the next ones, and looks after those that an earlier life has started. */
static void pump(struct host_state *host)
{
  while (host->next < host->life->count && host->asked < host->life->starts_max) {
    struct item *item = &host->items[host->next++];
    const bool *has = item->noted.has;
    if (has[CRASH_PURGE_ACCEPTED]) {
      finish(item);
    } else if (has[CRASH_PURGING]) {
      purge(item);
    } else if (has[CRASH_ACCEPTED]) {
      watch(item);
    } else {
      host->asked++;
      begin(item);
    }
  }
}

/* ---- tasks --------------------------------------------------------------------------------------------------- */

/* What the functions print. */
static void on_log(int level, const char *module, mstep_str line, void *user)
{
  static const char prefix[] = "note: ";
  struct host_state *host = user;
  if (strcmp(module, "lua") == 0 && line.len > sizeof prefix &&
      memcmp(line.data, prefix, sizeof prefix - 1) == 0) {
    char text[256];
    int len = snprintf(text, sizeof text, "%.*s\n", (int)(line.len - sizeof prefix + 1),
                       line.data + sizeof prefix - 1);
    append(host, host->starts, text, (size_t)len);
    return;
  }
  char text[512];
  int len = snprintf(text, sizeof text - 1, "%d %.*s", level, (int)line.len, line.data);
  len = len < (int)sizeof text - 1 ? len : (int)sizeof text - 2;
  text[len] = '\n';
  append(host, host->log, text, (size_t)len + 1);
  if (level == 0 && !host->life->is_patient) {
    wrong(host, "%.*s", len, text);
  }
}

struct answer {
  struct host_state *host;
  char token[128];
  char output[32];
};

static void on_answer(mstep_engine *engine, void *user)
{
  struct answer *answer = user;
  /* MSTEP_ENOTFOUND: stopped meanwhile. MSTEP_EIO: it will be there again. */
  int err = mstep_task_send_success(engine, answer->token, str(answer->output));
  if (err != 0 && err != MSTEP_ENOTFOUND && !(answer->host->life->is_patient && err == MSTEP_EIO)) {
    wrong(answer->host, "an answer was refused: %s", mstep_last_error());
  }
  ms_free(answer);
}

/* The host's own: three times what it is given, now or a little later. */
static void on_task(mstep_engine *engine, const char *token, const char *resource, mstep_str input,
                    void *user)
{
  struct host_state *host = user;
  struct ms_json value;
  char line[256];
  (void)resource;
  if (ms_json_parse(&value, (struct ms_str){input.data, input.len}, NULL, NULL) != 0) {
    wrong(host, "the input of a task is not JSON");
    return;
  }
  unsigned n = (unsigned)ms_json_number(ms_json_getc(value, "add"));
  int len = snprintf(line, sizeof line, "e%u Hand %d 1 %s\n", n,
                     (int)ms_json_number(ms_json_getc(value, "redrive")), token);
  ms_json_unref(value);
  append(host, host->starts, line, (size_t)len);
  struct answer *answer = ms_calloc(1, sizeof *answer);
  if (answer == NULL) {
    wrong(host, "no memory");
    return;
  }
  answer->host = host;
  snprintf(answer->token, sizeof answer->token, "%s", token);
  snprintf(answer->output, sizeof answer->output, "%u", 3 * n);
  if (crash_kind(n) == CRASH_STOPPED && n < host->life->count &&
      host->items[n].noted.has[CRASH_ACCEPTED]) {
    stop(&host->items[n]); /* in the middle of everything */
  }
  if (n % 2 == 0) {
    on_answer(engine, answer);
  } else if (mstep_engine_post(engine, on_answer, answer) != 0) {
    wrong(host, "%s", mstep_last_error());
  }
}

/* ---- SIGTERM --------------------------------------------------------------------------------------------------- */

static mstep_engine *terminable;
static volatile sig_atomic_t is_terminated;

static void terminate(int number)
{
  (void)number;
  is_terminated = 1;
  mstep_engine_stop(terminable);
}

/* ---- the process ------------------------------------------------------------------------------------------------ */

static void on_begin(mstep_engine *engine, void *user)
{
  (void)engine;
  pump(user);
}

static void show_undone(const struct item *item)
{
  if (!item->is_done) {
    fprintf(stderr, "# child: e%u%s", item->n, item->is_asked ? " (asked)" : "");
    for (int what = 0; what < CRASH_NOTES; what++) {
      fprintf(stderr, "%s%s", item->noted.has[what] ? " " : "",
              item->noted.has[what] ? note_names[what] : "");
    }
    fprintf(stderr, "\n");
  }
}

static int host_run_all(struct host_state *host)
{
  mstep_arn machine;
  if (mstep_task_register(host->engine, CRASH_ACTIVITY, on_task, host) != 0 ||
      mstep_state_machine_create(&machine, host->engine, CRASH_MACHINE, str(crash_definition), NULL,
                                 NULL, NULL) != 0 ||
      mstep_engine_post(host->engine, on_begin, host) != 0) {
    wrong(host, "%s", mstep_last_error());
    return 1;
  }
  if (host->life->is_stoppable) {
    terminable = host->engine;
    signal(SIGTERM, terminate);
  }
  if (mstep_engine_run(host->engine) != 0) {
    wrong(host, "%s", mstep_last_error());
  }
  if (host->result == 0 && is_terminated) {
    return CRASH_TERMINATED;
  }
  if (host->result == 0 && host->done < host->life->count) {
    wrong(host, "nothing is left to do, and %u of %u are done", host->done, host->life->count);
    for (unsigned n = 0; n < host->life->count; n++) {
      show_undone(&host->items[n]);
    }
  }
  return host->result;
}

/* The runtime's is the first member: the public header cannot set it. */
static void set_resident_max(mstep_engine *engine, size_t count)
{
  ms_engine_set_resident_max(*(struct ms_engine **)(void *)engine, count);
}

static int host_open(struct host_state *host)
{
  const struct crash_life *life = host->life;
  mstep_options options;
  mstep_options_init(&options, MSTEP_OPTIONS_VERSION);
  options.store = mt_format("sqlite:%s/e.db", life->dir);
  options.functions_dir = mt_format("%s/functions", life->dir);
  options.durability = life->durability;
  options.workers = 2;
  options.log = on_log;
  options.log_user = host;
  if (mstep_engine_open(&host->engine, &options) != 0) {
    fprintf(stderr, "# child: does not open: %s\n", mstep_last_error());
    return 1;
  }
  if (life->resident_max != 0) {
    set_resident_max(host->engine, life->resident_max);
  }
  return 0;
}

static int open_file(const char *dir, const char *name)
{
  return open(mt_format("%s/%s", dir, name), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
}

int crash_child(const struct crash_life *life)
{
  struct host_state host = {.life = life};
  struct crash_noted *noted = mt_keep(calloc(life->count, sizeof *noted));
  host.items = mt_keep(calloc(life->count, sizeof *host.items));
  crash_read_notes(noted, life->count, life->dir);
  for (unsigned n = 0; n < life->count; n++) {
    host.items[n] = (struct item){.host = &host, .n = n, .noted = noted[n]};
  }
  host.is_again = access(mt_format("%s/notes", life->dir), F_OK) == 0;
  host.notes = open_file(life->dir, "notes");
  host.starts = open_file(life->dir, "starts");
  host.log = open_file(life->dir, "log");
  if (host.notes < 0 || host.starts < 0 || host.log < 0 || host_open(&host) != 0) {
    return 1;
  }
  int result = host_run_all(&host);
  signal(SIGTERM, SIG_IGN); /* it is late: the engine goes now */
  if (mstep_engine_close(host.engine) != 0) {
    result = 1;
  }
  close(host.notes);
  close(host.starts);
  close(host.log);
  return result;
}
