/*
 * kill -9 while asynchronous events run through a function that fails one time in ten: at random moments, until a life
 * gets through to the end. Then every event that was accepted has its record of success or failure in one of two
 * queues; what is there twice was under way when somebody killed.
 *
 * MSTEP_ASYNC_EVENTS sets how many (2,000), MSTEP_ASYNC_KILL_MS between kills at most (400). The long form:
 * MT_TIMEOUT=3600 MSTEP_ASYNC_EVENTS=100000 MSTEP_ASYNC_KILL_MS=3000 build/.../test_fault_async_crash
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/random.h"
#include "json/json.h"
#include "mstep/mstep.h"
#include "mt.h"

#define CALLERS 64
#define LIFE_SECONDS 1200
#define KILLS_MAX 200
#define MEMORY_MAX_KB (512 * 1024)
#define QUEUE_URL(name) "https://sqs.us-east-1.amazonaws.com/000000000000/" name
#define QUEUE_ARN(name) "arn:aws:sqs:us-east-1:000000000000:" name

static const char function[] =
    "return function(event) if math.random() < 0.1 then error('by chance') end return event end";

/* What the events are in at the moment of a kill: callers, calls of the queue, tries of the outbox. */
#define UNDER_WAY_MAX (CALLERS + 1000 + 256)

static unsigned setting(const char *name, unsigned standard)
{
  const char *text = getenv(name);
  return text == NULL ? standard : (unsigned)strtoul(text, NULL, 10);
}

/* ---- the child --------------------------------------------------------------------------------------------- */

struct child {
  mstep_engine *engine;
  unsigned char *accepted; /* by event, from the file of earlier lives too */
  unsigned count, next;
  int file; /* numbers of those that were accepted */
};

static void die(const char *what)
{
  fprintf(stderr, "# child: %s: %s\n", what, mstep_last_error());
  _exit(2);
}

static mstep_engine *open_engine(const char *dir, bool is_fast)
{
  mstep_engine *engine;
  mstep_options options;
  char store[600], functions[600];
  snprintf(store, sizeof store, "sqlite:%s/s.db", dir);
  snprintf(functions, sizeof functions, "%s/functions", dir);
  mstep_options_init(&options, MSTEP_OPTIONS_VERSION);
  options.store = store;
  options.functions_dir = functions;
  options.workers = 0;
  options.durability = is_fast ? MSTEP_DURABILITY_NONE : MSTEP_DURABILITY_FSYNC;
  return mstep_engine_open(&engine, &options) == 0 ? engine : NULL;
}

static void on_reply(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  (void)user;
  if (status != 0) {
    fprintf(stderr, "# child: %.*s\n", (int)reply.len, reply.data);
    _exit(3);
  }
  mstep_engine_stop(engine);
}

static void call_once(mstep_engine *engine, const char *operation, const char *request)
{
  if (mstep_call(engine, operation, (mstep_str){request, strlen(request)}, on_reply, NULL) != 0 ||
      mstep_engine_run(engine) != 0) {
    die(operation);
  }
}

static void configure(mstep_engine *engine)
{
  call_once(engine, "sqs:CreateQueue", "{\"QueueName\":\"good\"}");
  call_once(engine, "sqs:CreateQueue", "{\"QueueName\":\"bad\"}");
  call_once(engine, "PutFunctionEventInvokeConfig",
            "{\"FunctionName\":\"f\",\"MaximumRetryAttempts\":1,\"RetryBackoff\":{"
            "\"IntervalSeconds\":1,\"BackoffRate\":1},\"DestinationConfig\":{\"OnSuccess\":{"
            "\"Destination\":\"" QUEUE_ARN("good") "\"},\"OnFailure\":{\"Destination\":\""
            QUEUE_ARN("bad") "\"}}}");
}

static void send_next(struct child *child);

struct sent {
  struct child *child;
  unsigned number;
};

static void on_accepted(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  struct sent sent = *(struct sent *)user;
  char line[16];
  (void)engine;
  free(user);
  if (status != 0) {
    fprintf(stderr, "# child: %.*s\n", (int)reply.len, reply.data);
    _exit(4);
  }
  int len = snprintf(line, sizeof line, "%u\n", sent.number);
  if (write(sent.child->file, line, (size_t)len) != len) {
    _exit(5);
  }
  send_next(sent.child);
}

static void send_next(struct child *child)
{
  char request[160];
  while (child->next < child->count && child->accepted[child->next]) {
    child->next++;
  }
  if (child->next == child->count) {
    return;
  }
  struct sent *sent = malloc(sizeof *sent);
  if (sent == NULL) {
    _exit(6);
  }
  *sent = (struct sent){child, child->next++};
  int len = snprintf(request, sizeof request,
                     "{\"FunctionName\":\"f\",\"InvocationType\":\"Event\",\"Payload\":{\"n\":%u}}",
                     sent->number);
  if (mstep_call(child->engine, "Invoke", (mstep_str){request, (size_t)len}, on_accepted, sent) !=
      0) {
    die("Invoke");
  }
}

/* Marks what the file says; a last line that was cut is none. */
static unsigned read_accepted(unsigned char *accepted, unsigned count, const char *dir)
{
  unsigned found = 0;
  char *text = mt_try_read_file(mt_format("%s/accepted", dir), NULL);
  for (char *line = text; line != NULL && strchr(line, '\n') != NULL;
       line = strchr(line, '\n') + 1) {
    unsigned long n = strtoul(line, NULL, 10);
    if (n < count && !accepted[n]) {
      accepted[n] = 1;
      found++;
    }
  }
  return found;
}

static int live(const char *dir, unsigned count)
{
  struct child child = {.count = count, .accepted = calloc(count, 1)};
  child.engine = open_engine(dir, false);
  child.file = open(mt_format("%s/accepted", dir), O_WRONLY | O_APPEND | O_CREAT, 0666);
  if (child.engine == NULL || child.file < 0 || child.accepted == NULL) {
    die("open");
  }
  read_accepted(child.accepted, count, dir);
  configure(child.engine);
  for (unsigned i = 0; i < CALLERS; i++) {
    send_next(&child);
  }
  if (mstep_engine_run(child.engine) != 0) {
    die("run");
  }
  return mstep_engine_close(child.engine) == 0 ? 0 : 7;
}

/* ---- the look at the end ------------------------------------------------------------------------------------- */

struct look {
  const char *queue;
  unsigned *records;
  unsigned count, messages;
  bool is_over;
};

static void receive(mstep_engine *engine, struct look *look);

static void on_received(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  struct look *look = user;
  struct ms_json answer;
  mt_eq_int(status, 0);
  mt_eq_int(ms_json_parse(&answer, (struct ms_str){reply.data, reply.len}, NULL, NULL), 0);
  struct ms_json messages = ms_json_getc(answer, "Messages");
  for (size_t i = 0; i < ms_json_count(messages); i++) {
    struct ms_json record;
    int64_t n;
    struct ms_str body = ms_json_text(ms_json_getc(ms_json_at(messages, i), "Body"));
    mt_eq_int(ms_json_parse(&record, body, NULL, NULL), 0);
    mt_ok(ms_json_to_int(&n, ms_json_getc(ms_json_getc(record, "requestPayload"), "n")));
    mt_ok(n >= 0 && n < look->count);
    look->records[n]++;
    look->messages++;
    ms_json_unref(record);
  }
  bool is_empty = ms_json_count(messages) == 0;
  ms_json_unref(answer);
  if (is_empty) {
    mstep_engine_stop(engine);
  } else {
    receive(engine, look);
  }
}

static void receive(mstep_engine *engine, struct look *look)
{
  char request[256];
  int len = snprintf(request, sizeof request,
                     "{\"QueueUrl\":\"" QUEUE_URL(
                         "%s") "\",\"MaxNumberOfMessages\":10,\"VisibilityTimeout\":43200}",
                     look->queue);
  mt_eq_int(mstep_call(engine, "sqs:ReceiveMessage", (mstep_str){request, (size_t)len}, on_received,
                       look),
            0);
}

static unsigned look_at(mstep_engine *engine, const char *queue, unsigned *records, unsigned count)
{
  struct look look = {queue, records, count, 0, false};
  receive(engine, &look);
  mt_eq_int(mstep_engine_run(engine), 0);
  return look.messages;
}

/* ---- the campaign -------------------------------------------------------------------------------------------- */

static long memory_most_kb;

/* True: it was killed. */
static bool one_life(const char *dir, unsigned count, unsigned after_ms)
{
  int status;
  struct rusage usage;
  fflush(stdout);
  pid_t pid = fork();
  mt_ok(pid >= 0);
  if (pid == 0) {
    alarm(LIFE_SECONDS);
    _exit(live(dir, count));
  }
  if (after_ms > 0) {
    struct timespec rest = {after_ms / 1000, (long)(after_ms % 1000) * 1000000};
    nanosleep(&rest, NULL);
    kill(pid, SIGKILL);
  }
  mt_eq_int(wait4(pid, &status, 0, &usage), pid);
  memory_most_kb = usage.ru_maxrss > memory_most_kb ? usage.ru_maxrss : memory_most_kb;
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
    return true;
  }
  mt_ok(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  return false;
}

static void run_campaign(unsigned count, unsigned kill_ms)
{
  struct ms_random random;
  unsigned kills = 0, missing = 0, twice = 0;
  const char *dir = mt_tmpdir();
  struct timespec began, ended;
  ms_random_seed(&random, (uint64_t)time(NULL));
  mt_eq_int(mkdir(mt_format("%s/functions", dir), 0777), 0);
  mt_write_file(mt_format("%s/functions/f.lua", dir), function, sizeof function - 1);
  clock_gettime(CLOCK_MONOTONIC, &began);
  while (kill_ms > 0 && kills < KILLS_MAX &&
         one_life(dir, count, kill_ms / 4 + (unsigned)ms_random_below(&random, kill_ms))) {
    kills++;
  }
  if (kill_ms == 0 || kills == KILLS_MAX) {
    mt_ok(!one_life(dir, count, 0));
  }
  clock_gettime(CLOCK_MONOTONIC, &ended);
  unsigned *records = calloc(count, sizeof *records);
  unsigned char *accepted = calloc(count, 1);
  mt_ok(records != NULL && accepted != NULL);
  mt_eq_int(read_accepted(accepted, count, dir), count);
  mstep_engine *engine = open_engine(dir, true);
  mt_ok(engine != NULL);
  unsigned good = look_at(engine, "good", records, count);
  unsigned bad = look_at(engine, "bad", records, count);
  mt_eq_int(mstep_engine_close(engine), 0);
  for (unsigned i = 0; i < count; i++) {
    missing += records[i] == 0;
    twice += records[i] > 1 ? records[i] - 1 : 0;
  }
  mt_note("%u events, %u kills, %.1f s: %u records of success, %u of failure, %u of them more than "
          "one of an event; at most %ld MB",
          count, kills, (double)(ended.tv_sec - began.tv_sec), good, bad, twice,
          memory_most_kb / 1024);
  mt_eq_int(missing, 0);
  mt_ok(twice <= kills * UNDER_WAY_MAX);
  mt_ok(kills > 0 || twice == 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  mt_ok(memory_most_kb < MEMORY_MAX_KB);
#endif
  free(records);
  free(accepted);
}

MT_TEST(async_crash__every_event_has_its_record)
{
  run_campaign(setting("MSTEP_ASYNC_EVENTS", 2000), setting("MSTEP_ASYNC_KILL_MS", 400));
}

MT_TEST(async_crash__without_a_kill_each_has_exactly_one)
{
  run_campaign(setting("MSTEP_ASYNC_EVENTS", 2000) / 4, 0);
}
