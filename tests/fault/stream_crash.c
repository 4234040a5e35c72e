/*
 * kill -9 while a table's change stream goes to a function in batches, in several lanes, with a function that fails in
 * the middle of one batch in some: at random moments, and then a life that gets through to the end. In it the function
 * has seen every change that was accepted, and of each key none before the one that came before it.
 *
 * MSTEP_STREAM_CHANGES sets how many of each of 16 keys (100), MSTEP_STREAM_KILLS how often (8), MSTEP_STREAM_KILL_MS
 * how long a life is at most (300). The long form: MT_TIMEOUT=3600 MSTEP_STREAM_CHANGES=5000 MSTEP_STREAM_KILLS=100
 * MSTEP_STREAM_KILL_MS=2000 build/dev/tests/test_fault_stream_crash
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/random.h"
#include "json/json.h"
#include "mstep/mstep.h"
#include "mt.h"

#define KEYS 16
#define QUEUE_URL "https://sqs.us-east-1.amazonaws.com/000000000000/seen.fifo"

/* Tells what it sees in the order in which it does; what was told in one call is not told twice. */
static const char function[] =
    "local mstep = require 'mstep'\n"
    "return function(event, context)\n"
    "  local seen = mstep.queue 'seen.fifo'\n"
    "  for _, record in ipairs(event.Records) do\n"
    "    if math.random() < 0.01 then error('by chance') end\n"
    "    local image = record.dynamodb.NewImage\n"
    "    local text = image.k.S .. ' ' .. image.n.N\n"
    "    assert(seen:send(text, { MessageGroupId = 'g',\n"
    "      MessageDeduplicationId = context.aws_request_id .. text:gsub(' ', '.') }))\n"
    "  end\n"
    "end\n";

static unsigned setting(const char *name, unsigned standard)
{
  const char *text = getenv(name);
  return text == NULL ? standard : (unsigned)strtoul(text, NULL, 10);
}

/* ---- the child --------------------------------------------------------------------------------------------- */

struct child {
  mstep_engine *engine;
  unsigned next[KEYS]; /* the number of the key's next change */
  unsigned count;
  int file; /* keys and numbers of those that were accepted */
};

static void die(const char *what)
{
  fprintf(stderr, "# child: %s: %s\n", what, mstep_last_error());
  _exit(2);
}

static mstep_engine *open_engine(const char *dir)
{
  mstep_engine *engine;
  mstep_options options;
  char store[600], functions[600];
  snprintf(store, sizeof store, "sqlite:%s/s.db", dir);
  snprintf(functions, sizeof functions, "%s/functions", dir);
  mstep_options_init(&options, MSTEP_OPTIONS_VERSION);
  options.store = store;
  options.functions_dir = functions;
  options.workers = 2;
  options.durability = MSTEP_DURABILITY_OS;
  return mstep_engine_open(&engine, &options) == 0 ? engine : NULL;
}

/* A reply that says the thing is there already is as good. */
static void on_reply(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  const char *there = user;
  char text[600];
  snprintf(text, sizeof text, "%.*s", (int)reply.len, reply.data);
  if (status != 0 && (there == NULL || strstr(text, there) == NULL)) {
    fprintf(stderr, "# child: %s\n", text);
    _exit(3);
  }
  mstep_engine_stop(engine);
}

static void call_once(mstep_engine *engine, const char *operation, const char *request,
                      const char *there)
{
  if (mstep_call(engine, operation, (mstep_str){request, strlen(request)}, on_reply,
                 (void *)there) != 0 ||
      mstep_engine_run(engine) != 0) {
    die(operation);
  }
}

static void on_stream(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  struct ms_json answer;
  if (status != 0 ||
      ms_json_parse(&answer, (struct ms_str){reply.data, reply.len}, NULL, NULL) != 0) {
    _exit(8);
  }
  struct ms_str arn = ms_json_text(ms_json_pointer(answer, MS_STR("/Table/LatestStreamArn")));
  snprintf(user, 256, "%.*s", MS_STR_ARG(arn));
  ms_json_unref(answer);
  mstep_engine_stop(engine);
}

static void configure(mstep_engine *engine)
{
  char arn[256], request[600];
  call_once(engine, "sqs:CreateQueue",
            "{\"QueueName\":\"seen.fifo\",\"Attributes\":{\"FifoQueue\":\"true\"}}", NULL);
  call_once(engine, "CreateTable",
            "{\"TableName\":\"tab\",\"BillingMode\":\"PAY_PER_REQUEST\",\"KeySchema\":[{"
            "\"AttributeName\":\"k\",\"KeyType\":\"HASH\"}],\"AttributeDefinitions\":[{"
            "\"AttributeName\":\"k\",\"AttributeType\":\"S\"}],\"StreamSpecification\":{"
            "\"StreamEnabled\":true,\"StreamViewType\":\"NEW_IMAGE\"}}",
            "ResourceInUseException");
  mstep_str name = {"{\"TableName\":\"tab\"}", 19};
  if (mstep_call(engine, "DescribeTable", name, on_stream, arn) != 0 ||
      mstep_engine_run(engine) != 0) {
    die("DescribeTable");
  }
  snprintf(request, sizeof request,
           "{\"FunctionName\":\"f\",\"EventSourceArn\":\"%s\",\"StartingPosition\":\"TRIM_HORIZON\","
           "\"BatchSize\":7,\"ParallelizationFactor\":4,\"BisectBatchOnFunctionError\":true,"
           "\"MaximumRetryAttempts\":-1}",
           arn);
  call_once(engine, "CreateEventSourceMapping", request, "ResourceConflictException");
}

struct sent {
  struct child *child;
  unsigned key;
};

static void put_next(struct child *child, unsigned key);

static void on_put(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  struct sent sent = *(struct sent *)user;
  char line[32];
  (void)engine;
  free(user);
  if (status != 0) {
    fprintf(stderr, "# child: %.*s\n", (int)reply.len, reply.data);
    _exit(4);
  }
  int len = snprintf(line, sizeof line, "%u %u\n", sent.key, sent.child->next[sent.key]++);
  if (write(sent.child->file, line, (size_t)len) != len) {
    _exit(5);
  }
  put_next(sent.child, sent.key);
}

static void put_next(struct child *child, unsigned key)
{
  char request[160];
  if (child->next[key] == child->count) {
    return;
  }
  struct sent *sent = malloc(sizeof *sent);
  if (sent == NULL) {
    _exit(6);
  }
  *sent = (struct sent){child, key};
  int len = snprintf(request, sizeof request,
                     "{\"TableName\":\"tab\",\"Item\":{\"k\":{\"S\":\"%u\"},\"n\":{\"N\":\"%u\"}}}", key,
                     child->next[key]);
  if (mstep_call(child->engine, "PutItem", (mstep_str){request, (size_t)len}, on_put, sent) != 0) {
    die("PutItem");
  }
}

/* What the file says of each key; a last line that was cut is none. */
static void read_accepted(unsigned next[KEYS], const char *dir)
{
  char *text = mt_try_read_file(mt_format("%s/accepted", dir), NULL);
  for (char *line = text; line != NULL && strchr(line, '\n') != NULL;
       line = strchr(line, '\n') + 1) {
    char *end;
    unsigned long key = strtoul(line, &end, 10), n = strtoul(end, NULL, 10);
    if (key < KEYS && n + 1 > next[key]) {
      next[key] = (unsigned)n + 1;
    }
  }
}

/* Opens, and begins to write what has not been accepted yet. */
static void begin(struct child *child, const char *dir, unsigned count)
{
  *child = (struct child){.count = count, .engine = open_engine(dir)};
  child->file = open(mt_format("%s/accepted", dir), O_WRONLY | O_APPEND | O_CREAT, 0666);
  if (child->engine == NULL || child->file < 0) {
    die("open");
  }
  read_accepted(child->next, dir);
  configure(child->engine);
  for (unsigned key = 0; key < KEYS; key++) {
    put_next(child, key);
  }
}

/* ---- the look from outside ------------------------------------------------------------------------------------- */

struct look {
  unsigned next[KEYS]; /* the first number of the key that was not seen */
  unsigned messages, again;
  char *receipts; /* the entries of a request that deletes what has been looked at */
};

static void see(struct look *look, struct ms_json message)
{
  char *end, *body = mt_format("%.*s", MS_STR_ARG(ms_json_text(ms_json_getc(message, "Body"))));
  unsigned long key = strtoul(body, &end, 10), n = strtoul(end, NULL, 10);
  mt_ok(key < KEYS);
  if (n > look->next[key]) {
    mt_fail("of key %lu change %lu came before change %u", key, n, look->next[key]);
  }
  look->again += n < look->next[key];
  look->next[key] += n == look->next[key];
  look->messages++;
}

static void on_received(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  struct look *look = user;
  struct ms_json answer;
  mt_eq_int(status, 0);
  mt_eq_int(ms_json_parse(&answer, (struct ms_str){reply.data, reply.len}, NULL, NULL), 0);
  struct ms_json messages = ms_json_getc(answer, "Messages");
  look->receipts = mt_format("%s", "");
  for (size_t i = 0; i < ms_json_count(messages); i++) {
    struct ms_json message = ms_json_at(messages, i);
    see(look, message);
    look->receipts = mt_format("%s%s{\"Id\":\"%zu\",\"ReceiptHandle\":\"%.*s\"}", look->receipts,
                               i == 0 ? "" : ",", i,
                               MS_STR_ARG(ms_json_text(ms_json_getc(message, "ReceiptHandle"))));
  }
  ms_json_unref(answer);
  mstep_engine_stop(engine);
}

/* Waits for what the function tells, and takes it. */
static void look_once(mstep_engine *engine, struct look *look)
{
  static const char request[] =
      "{\"QueueUrl\":\"" QUEUE_URL "\",\"MaxNumberOfMessages\":10,\"WaitTimeSeconds\":20}";
  mstep_str text = {request, sizeof request - 1};
  mt_eq_int(mstep_call(engine, "sqs:ReceiveMessage", text, on_received, look), 0);
  mt_eq_int(mstep_engine_run(engine), 0);
  if (look->receipts[0] != '\0') {
    call_once(engine, "sqs:DeleteMessageBatch",
              mt_format("{\"QueueUrl\":\"" QUEUE_URL "\",\"Entries\":[%s]}", look->receipts), NULL);
  }
}

/* ---- the campaign -------------------------------------------------------------------------------------------- */

static void one_life(const char *dir, unsigned count, unsigned after_ms)
{
  struct timespec rest = {after_ms / 1000, (long)(after_ms % 1000) * 1000000};
  int status;
  fflush(stdout);
  pid_t pid = fork();
  mt_ok(pid >= 0);
  if (pid == 0) {
    struct child child;
    begin(&child, dir, count);
    for (;;) {
      if (mstep_engine_run(child.engine) != 0) {
        die("run");
      }
      nanosleep(&rest, NULL);
    }
  }
  nanosleep(&rest, NULL);
  kill(pid, SIGKILL);
  mt_eq_int(waitpid(pid, &status, 0), pid);
  mt_ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static bool is_seen(const struct look *look, unsigned count)
{
  unsigned complete = 0;
  for (unsigned key = 0; key < KEYS; key++) {
    complete += look->next[key] == count;
  }
  return complete == KEYS;
}

static void run_campaign(unsigned count, unsigned kills, unsigned kill_ms)
{
  struct ms_random random;
  struct look look = {.messages = 0};
  struct child last;
  const char *dir = mt_tmpdir();
  ms_random_seed(&random, (uint64_t)time(NULL));
  mt_eq_int(mkdir(mt_format("%s/functions", dir), 0777), 0);
  mt_write_file(mt_format("%s/functions/f.lua", dir), function, sizeof function - 1);
  for (unsigned i = 0; i < kills; i++) {
    one_life(dir, count, kill_ms / 4 + (unsigned)ms_random_below(&random, kill_ms - kill_ms / 4));
  }
  begin(&last, dir, count);
  while (!is_seen(&look, count)) {
    look_once(last.engine, &look);
  }
  mt_eq_int(mstep_engine_close(last.engine), 0);
  close(last.file);
  mt_note("%u changes, %u kills: %u seen, %u of them again", KEYS * count, kills, look.messages,
          look.again);
}

MT_TEST(stream_crash__every_change_is_seen_in_its_order)
{
  run_campaign(setting("MSTEP_STREAM_CHANGES", 100), setting("MSTEP_STREAM_KILLS", 8),
               setting("MSTEP_STREAM_KILL_MS", 300));
}
