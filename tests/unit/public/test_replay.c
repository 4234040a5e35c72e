/* mstep_history_replay: what the engine itself did is found the same again, a change is found, garbage refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host.h"
#include "mt.h"

#define HOST_STATE(name, more)                                                                     \
  "\"" name "\":{\"Type\":\"Task\",\"Resource\":\"" HOST_ACTIVITY "\"," more "}"

static void take_text(mstep_str text, void *user)
{
  *(const char **)user = mt_format("%.*s", (int)text.len, text.data);
}

static int replay(const char **result, mstep_engine *engine, const char *definition,
                  const char *history)
{
  const mstep_replay request = {.version = MSTEP_REPLAY_VERSION,
                                .definition = host_str(definition),
                                .history = host_str(history),
                                .execution_arn =
                                    "arn:aws:states:us-east-1:000000000000:execution:m:e"};
  *result = "";
  return mstep_history_replay(engine, &request, NULL, take_text, result);
}

static void check(mstep_engine *engine, const char *definition, const char *history,
                  const char *expected)
{
  const char *result;
  mt_eq_int(replay(&result, engine, definition, history), 0);
  if (strstr(result, expected) == NULL)
    mt_report("%s: %.600s", definition, result);
}

/* Fails twice, then answers with the input. */
static void on_task(mstep_engine *engine, const char *token, const char *resource, mstep_str input,
                    void *user)
{
  int *calls = user;
  (void)resource;
  if (++*calls <= 2)
    mt_eq_int(mstep_task_send_failure(engine, token, "Shy", "not yet"), 0);
  else
    mt_eq_int(mstep_task_send_success(engine, token, input), 0);
}

/* Runs execution "e" of machine "m" to its end; its history. */
static const char *record(struct host *host, const char *definition, const char *input, int *calls)
{
  host_open(host, NULL);
  *calls = 0;
  mt_eq_int(mstep_task_register(host->engine, HOST_ACTIVITY, on_task, calls), 0);
  mstep_arn machine = host_machine(host, "m", definition);
  host_start(host, &machine, "e", input);
  host_run(host);
  return host_history(host, host->arn.text);
}

MT_TEST(replay__what_the_engine_did_is_the_same_again)
{
  static const char *const cases[] = {
      "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":90,\"Next\":\"C\"},"
      "\"C\":{\"Type\":\"Choice\","
      "\"Choices\":[{\"Variable\":\"$[0]\",\"NumericEquals\":1,\"Next\":\"S\"}]},\"S\":{\"Type\":"
      "\"Succeed\"}}}",
      "{\"StartAt\":\"T\",\"States\":{" HOST_STATE(
          "T", "\"Retry\":[{\"ErrorEquals\":[\"Shy\"],\"IntervalSeconds\":3}],\"End\":true") "}}",
      "{\"StartAt\":\"T\",\"States\":{" HOST_STATE("T",
                                                   "\"Catch\":[{\"ErrorEquals\":[\"Shy\"],\"Next\":"
                                                   "\"F\"}],\"End\":true") ",\"F\":{\"Type\":"
                                                                           "\"Fail\","
                                                                           "\"Error\":\"Gone\"}}}",
      "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"MaxConcurrency\":2,"
      "\"ItemProcessor\":{\"StartAt\":\"T\","
      "\"States\":{" HOST_STATE(
          "T", "\"Retry\":[{\"ErrorEquals\":[\"States.ALL\"]}],\"End\":true") "}},\"End\":true}}}",
      "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"Branches\":[{\"StartAt\":"
      "\"A\",\"States\":{\"A\":{"
      "\"Type\":\"Wait\",\"Seconds\":5,\"End\":true}}},{\"StartAt\":\"B\",\"States\":{\"B\":{"
      "\"Type\":\"Pass\","
      "\"Parameters\":{\"at.$\":\"$$.State.EnteredTime\",\"id.$\":\"$$.Execution.Id\"},\"End\":"
      "true}}}],"
      "\"Retry\":[{\"ErrorEquals\":[\"States.ALL\"]}],\"End\":true}}}",
      "{\"TimeoutSeconds\":10,\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":"
      "90,\"End\":true}}}",
      "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Pass\",\"Assign\":{\"x\":{\"a\":1}},"
      "\"Next\":\"Q\"},\"Q\":{\"Type\":"
      "\"Pass\",\"QueryLanguage\":\"JSONata\",\"Output\":\"{% $x.a + 1 %}\",\"End\":true}}}"};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct host host;
    int calls;
    const char *history = record(&host, cases[i], "[1, 2, 3]", &calls);
    check(host.engine, cases[i], history, "\"result\":\"SAME\"");
    host_close(&host);
  }
}

MT_TEST(replay__stopped_and_redriven)
{
  static const char *const definition = "{\"StartAt\":\"T\",\"States\":{" HOST_STATE(
      "T", "\"Next\":\"W\"") ",\"W\":{\"Type\":\"Wait\",\"Seconds\":9,"
                             "\"End\":true}}}";
  struct host host;
  int calls;
  record(&host, definition, "1", &calls);
  mt_eq_int(host.status, MSTEP_FAILED);
  const char *request = mt_format("{\"executionArn\":\"%s\"}", host.arn.text);
  for (int i = 0; i < 2; i++) { /* the second time it goes through */
    mt_eq_int(mstep_call(host.engine, "RedriveExecution", host_str(request), NULL, NULL), 0);
    host_run(&host);
  }
  check(host.engine, definition, host_history(&host, host.arn.text), "\"result\":\"SAME\"");
  mstep_arn machine = host_machine(&host, "wait",
                                   "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\","
                                   "\"Seconds\":9,\"End\":true}}}");
  host_start(&host, &machine, "stopped", NULL);
  host_rounds(&host, 3);
  mt_eq_int(mstep_execution_stop(host.engine, host.arn.text, "E", "C"), 0);
  host_run(&host);
  check(host.engine,
        "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":9,\"End\":true}}}",
        host_history(&host, host.arn.text), "\"result\":\"SAME\"");
  host_close(&host);
}

/* ---- map runs ---- */

#define RUN(ends, states)                                                                          \
  "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\"," ends "\"ItemProcessor\":{\"ProcessorConfig\":{"       \
  "\"Mode\":\"DISTRIBUTED\",\"ExecutionType\":\"STANDARD\"}," states "},\"End\":true}}}"
#define PASS "\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Pass\",\"End\":true}}"
#define WAIT "\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":5,\"End\":true}}"
#define WORK "\"StartAt\":\"T\",\"States\":{" HOST_STATE("T", "\"End\":true") "}"
#define READER                                                                                     \
  "\"ItemReader\":{\"Resource\":\"arn:aws:states:::s3:getObject\",\"ReaderConfig\":{\"InputType\":\"JSON\"},"  \
  "\"Parameters\":{\"Bucket\":\"b\",\"Key\":\"items\"}},"
#define WRITER                                                                                     \
  "\"ResultWriter\":{\"Resource\":\"arn:aws:states:::s3:putObject\",\"Parameters\":{\"Bucket\":\"b\"}},"

static char functions[400];

static void tune(mstep_options *options)
{
  options->functions_dir = functions;
}

/* What is not in a history is no difference; files are neither read nor written again. */
MT_TEST(replay__map_runs)
{
  static const struct {
    const char *definition, *expected;
    bool has_file;
  } cases[] = {
      {RUN("", PASS), "\"SAME\"", false},
      {RUN("", WAIT), "\"SAME\"", false},
      {RUN("", WORK), "\"INCOMPLETE\"", false},
      {RUN(READER, PASS), "\"INCOMPLETE\",\"events\":8,\"compared\":4,\"reason\":\"What a distributed Map read", true},
      {RUN(READER, PASS), "\"SAME\",\"events\":7,\"compared\":7", false}, /* it could not be read */
      {RUN(WRITER, PASS), "\"INCOMPLETE\",\"events\":8,\"compared\":4,\"reason\":\"What a distributed Map read", true},
  };
  snprintf(functions, sizeof functions, "%s/functions", mt_tmpdir());
  const char *buckets = mt_format("%s/buckets", mt_tmpdir());
  const char *bucket = mt_format("%s/b", buckets), *file = mt_format("%s/items", bucket);
  mkdir(functions, 0777);
  mkdir(buckets, 0777);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct host host;
    int calls = 9; /* the work is done at once */
    if (cases[i].has_file) {
      mkdir(bucket, 0777);
      FILE *items = fopen(file, "w");
      mt_ok(items != NULL && fputs("[1,2]", items) >= 0 && fclose(items) == 0);
    }
    host_open(&host, tune);
    mt_eq_int(mstep_task_register(host.engine, HOST_ACTIVITY, on_task, &calls), 0);
    mstep_arn machine = host_machine(&host, "m", cases[i].definition);
    host_start(&host, &machine, "e", "[1,2,3]");
    host_run(&host);
    const char *history = host_history(&host, host.arn.text);
    if (system(mt_format("rm -rf '%s'", bucket)) != 0) {
      mt_fail("%s stays", bucket);
    }
    check(host.engine, cases[i].definition, history, mt_format("{\"result\":%s", cases[i].expected));
    mt_ok(access(bucket, F_OK) != 0);
    host_close(&host);
  }
}

#define TWO                                                                                        \
  "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Next\":\"B\"},\"B\":{\"Type\":"       \
  "\"Pass\",\"End\":true}}}"

MT_TEST(replay__a_change_is_found_where_it_begins)
{
  struct host host;
  int calls;
  const char *history = record(&host, TWO, "{\"n\":1}", &calls);
  check(host.engine, TWO, history, "{\"result\":\"SAME\",\"events\":6,\"compared\":6}");
  check(host.engine,
        "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Parameters\":{\"n\":2},\"Next\":"
        "\"B\"},"
        "\"B\":{\"Type\":\"Pass\",\"End\":true}}}",
        history, "\"eventId\":3,\"location\":\"/stateExitedEventDetails/output/n\"");
  check(host.engine, "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true}}}",
        history, "\"eventId\":4,\"location\":\"/type\"");
  check(host.engine,
        "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Wait\",\"Seconds\":1,\"End\":true}}}",
        history, "\"eventId\":2,\"location\":\"/type\"");
  host_close(&host);
}

MT_TEST(replay__what_is_no_history)
{
  static const struct {
    const char *text;
    int code;
  } cases[] = {
      {"", MSTEP_ESYNTAX},
      {"{", MSTEP_ESYNTAX},
      {"null", MSTEP_EINVALID},
      {"[]", MSTEP_EINVALID},
      {"{\"events\":{}}", MSTEP_EINVALID},
      {"[7]", MSTEP_EINVALID},
      {"[{\"id\":1,\"previousEventId\":0,\"type\":\"ExecutionStarted\"}]", MSTEP_EINVALID},
      {"[{\"id\":1,\"previousEventId\":0,\"type\":\"ExecutionStarted\",\"timestamp\":1}]",
       MSTEP_EINVALID},
      {"[{\"id\":1,\"previousEventId\":5,\"type\":\"ExecutionStarted\",\"timestamp\":1}]",
       MSTEP_EINVALID},
      {"[{\"id\":1,\"previousEventId\":0,\"type\":\"X\",\"timestamp\":1},"
       "{\"id\":1,\"previousEventId\":0,\"type\":\"X\",\"timestamp\":1}]",
       MSTEP_EINVALID},
      {"[{\"id\":-1,\"previousEventId\":0,\"type\":\"X\",\"timestamp\":1}]", MSTEP_EINVALID},
      {"[{\"id\":1,\"previousEventId\":0,\"type\":\"ExecutionStarted\",\"timestamp\":1,"
       "\"executionStartedEventDetails\":{\"input\":\"{\"}}]",
       MSTEP_ESYNTAX},
  };
  struct host host;
  const char *result;
  host_open(&host, NULL);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    mt_eq_int(replay(&result, host.engine, TWO, cases[i].text), cases[i].code);
  mt_eq_int(replay(&result, host.engine, "{}", "[]"), MSTEP_EINVALID);
  const mstep_replay nothing = {.version = MSTEP_REPLAY_VERSION}, old = {.version = 0};
  mt_eq_int(mstep_history_replay(host.engine, &nothing, NULL, NULL, NULL), MSTEP_EINVALID);
  mt_eq_int(mstep_history_replay(host.engine, &old, NULL, NULL, NULL), MSTEP_EINVALID);
  mt_eq_int(mstep_history_replay(host.engine, NULL, NULL, NULL, NULL), MSTEP_EINVALID);
  mt_eq_int(mstep_history_replay(NULL, &nothing, NULL, NULL, NULL), MSTEP_EINVALID);
  host_close(&host);
}

/* Events in a wrong order, of unknown types, that answer nothing: always an answer, never a crash. */
MT_TEST(replay__histories_that_cannot_be)
{
#define STARTED                                                                                    \
  "{\"id\":1,\"previousEventId\":0,\"type\":\"ExecutionStarted\",\"timestamp\":1,"                 \
  "\"executionStartedEventDetails\":{\"input\":\"1\"}}"
  static const char *const rest[] = {
      "{\"id\":2,\"previousEventId\":1,\"type\":\"ExecutionRedriven\",\"timestamp\":-1e300}",
      "{\"id\":2,\"previousEventId\":0,\"type\":\"ExecutionTimedOut\",\"timestamp\":\"2024-01-"
      "01T00:00:00Z\"}",
      "{\"id\":2,\"previousEventId\":1,\"type\":\"TaskSucceeded\",\"timestamp\":1e300}",
      "{\"id\":2,\"previousEventId\":0,\"type\":\"Nonsense\",\"timestamp\":1,\"xEventDetails\":7}"};
  struct host host;
  host_open(&host, NULL);
  for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
    check(host.engine, TWO, mt_format("[" STARTED ",%s]", rest[i]), "\"result\":\"DIFFERENT\"");
  check(host.engine, TWO, "[" STARTED "]", "\"result\":\"SAME\"");
  host_close(&host);
}

struct memory {
  mstep_engine *engine;
  const char *history;
};

static void drop_text(mstep_str text, void *user)
{
  (void)text;
  (void)user;
}

static int replay_without_memory(void *user)
{
  const struct memory *memory = user;
  const mstep_replay request = {.version = MSTEP_REPLAY_VERSION,
                                .definition = host_str(TWO),
                                .history = host_str(memory->history)};
  return mstep_history_replay(memory->engine, &request, NULL, drop_text, NULL);
}

MT_TEST(replay__out_of_memory)
{
  struct host host;
  int calls;
  struct memory memory = {.history = record(&host, TWO, "{\"n\":1}", &calls)};
  memory.engine = host.engine;
  replay_without_memory(&memory); /* what the engine makes once is made */
  mt_note("%zu allocations", mt_oom(replay_without_memory, &memory));
  host_close(&host);
}
