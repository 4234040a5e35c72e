/* The plan: see the header. Outputs are computed here from n alone. */
#include "crash_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "mt.h"

#define PAD_BYTES 9000 /* a value that is stored once and referred to */

#define NOTE "arn:aws:lambda:us-east-1:000000000000:function:note"
#define ARGUMENTS(at, failures, add)                                                               \
  "\"Arguments\":{\"execution\":\"{% $states.context.Execution.Name %}\",\"at\":" at ","           \
  "\"redrive\":\"{% $states.context.Execution.RedriveCount %}\","                                  \
  "\"failures\":" failures ",\"add\":" add "}"
#define AGAIN                                                                                      \
  "\"Retry\":[{\"ErrorEquals\":[\"Again\"],\"IntervalSeconds\":1,\"MaxAttempts\":3,"               \
  "\"BackoffRate\":1}]"

const char crash_definition[] =
    "{\"QueryLanguage\":\"JSONata\",\"StartAt\":\"First\",\"States\":{"
    /* a task that fails */
    "\"First\":{\"Type\":\"Task\",\"Resource\":\"" NOTE "\"," ARGUMENTS(
        "\"First\"", "\"{% $states.input.first %}\"",
        "\"{% $states.input.n %}\"") "," AGAIN
                                     ",\"Assign\":{\"first\":\"{% $states.result.value %}\"},"
                                     "\"Output\":\"{% $states.input %}\",\"Next\":\"Both\"},"
                                     /* another one beside a short wait and a task of the host */
                                     "\"Both\":{\"Type\":\"Parallel\",\"Branches\":["
                                     "{\"StartAt\":\"Branch\",\"States\":{\"Branch\":{\"Type\":"
                                     "\"Task\",\"Resource\":\"" NOTE "\"," ARGUMENTS(
                                         "\"Branch\"", "\"{% $states.input.branch %}\"",
                                         "\"{% $states.input.n + 1 %}\"") "," AGAIN
                                                                          ",\"Output\":\"{% "
                                                                          "$states.result.value "
                                                                          "%}\",\"End\":true}}},"
                                                                          "{\"StartAt\":\"Short\","
                                                                          "\"States\":{\"Short\":{"
                                                                          "\"Type\":\"Wait\","
                                                                          "\"Timestamp\":\"{% "
                                                                          "$fromMillis($millis() + "
                                                                          "10 + 10 * "
                                                                          "($states.input.n % 5)) "
                                                                          "%}\","
                                                                          "\"Next\":\"Hand\"},"
                                                                          "\"Hand\":{\"Type\":"
                                                                          "\"Task\",\"Resource\":"
                                                                          "\"" CRASH_ACTIVITY
                                                                          "\"," ARGUMENTS(
                                                                              "\"Hand\"", "0",
                                                                              "\"{% "
                                                                              "$states.input.n "
                                                                              "%}\"") ",\"Output\":"
                                                                                      "\"{% "
                                                                                      "$states."
                                                                                      "result "
                                                                                      "%}\","
                                                                                      "\"End\":"
                                                                                      "true}}}],"
                                                                                      "\"Assign\":{"
                                                                                      "\"both\":\"{"
                                                                                      "% "
                                                                                      "$states."
                                                                                      "result "
                                                                                      "%}\"},"
                                                                                      "\"Output\":"
                                                                                      "\"{% "
                                                                                      "$merge([$"
                                                                                      "states."
                                                                                      "input, "
                                                                                      "{'both': "
                                                                                      "$states."
                                                                                      "result}]) "
                                                                                      "%}\","
                                                                                      "\"Next\":"
                                                                                      "\"Many\"},"
                                                                                      /* a task for each item */
                                                                                      "\"Many\":{"
                                                                                      "\"Type\":"
                                                                                      "\"Map\","
                                                                                      "\"Items\":"
                                                                                      "\"{% "
                                                                                      "$states."
                                                                                      "input.items "
                                                                                      "%}\","
                                                                                      "\"MaxConcurr"
                                                                                      "ency\":4,"
                                                                                      "\"ItemSelect"
                                                                                      "or\":{"
                                                                                      "\"item\":\"{"
                                                                                      "% "
                                                                                      "$states."
                                                                                      "context.Map."
                                                                                      "Item.Value "
                                                                                      "%}\","
                                                                                      "\"at\":\"{% "
                                                                                      "'Each' & "
                                                                                      "$string($"
                                                                                      "states."
                                                                                      "context.Map."
                                                                                      "Item.Index) "
                                                                                      "%}\"},"
                                                                                      "\"ItemProces"
                                                                                      "sor\":{"
                                                                                      "\"StartAt\":"
                                                                                      "\"Each\","
                                                                                      "\"States\":{"
                                                                                      "\"Each\":{"
                                                                                      "\"Type\":"
                                                                                      "\"Task\","
                                                                                      "\"Resource\""
                                                                                      ":\"" NOTE
                                                                                      "\""
                                                                                      "," ARGUMENTS(
                                                                                          "\"{% "
                                                                                          "$states."
                                                                                          "input."
                                                                                          "at %}\"",
                                                                                          "0",
                                                                                          "\"{% "
                                                                                          "$states."
                                                                                          "input."
                                                                                          "item "
                                                                                          "%}\"") ",\"Output\":\"{% $states.result.value %}\",\"Next\":\"Twice\"},"
                                                                                                  "\"Twice\":{\"Type\":\"Pass\",\"Output\":\"{% $states.input * 2 %}\",\"End\":true}}},"
                                                                                                  "\"Output\":\"{% $merge([$states.input, {'many': [$states.result]}]) %}\","
                                                                                                  "\"Next\":\"Kind\"},"
                                                                                                  "\"Kind\":{\"Type\":\"Choice\",\"Choices\":["
                                                                                                  "{\"Condition\":\"{% $states.input.kind = 1 %}\",\"Next\":\"Doomed\"},"
                                                                                                  "{\"Condition\":\"{% $states.input.kind = 2 %}\",\"Next\":\"Long\"}],\"Default\":\"Done\"},"
                                                                                                  /* fails the execution, and succeeds when that is redriven */
                                                                                                  "\"Doomed\":{\"Type\":\"Task\",\"Resource\":\"" NOTE
                                                                                                  "\"," ARGUMENTS(
                                                                                                      "\"Doomed\"",
                                                                                                      "\"{% $states.context.Execution.RedriveCount = 0 ? 9 : 0 %}\"",
                                                                                                      "0") ",\"Output\":\"{% $states.input %}\",\"Next\":\"Done\"},"
                                                                                                           "\"Long\":{\"Type\":\"Wait\",\"Seconds\":86400,\"Next\":\"Done\"},"
                                                                                                           "\"Done\":{\"Type\":\"Pass\",\"Output\":{\"n\":\"{% $states.input.n %}\","
                                                                                                           "\"first\":\"{% $first %}\",\"both\":\"{% $both %}\",\"many\":\"{% $states.input.many %}\","
                                                                                                           "\"pad\":\"{% $states.input.pad %}\"},\"End\":true}}}";

static const char note_lua[] =
    "return function(event, context)\n"
    "  print((\"%s %s %d %d %s\"):format(event.execution, event.at, event.redrive, "
    "context.attempt,\n"
    "    context.aws_request_id))\n"
    "  if context.attempt <= event.failures then\n"
    "    error { Error = \"Again\", Cause = \"attempt \" .. context.attempt }\n"
    "  end\n"
    "  return { value = 2 * event.add + 1 }\n"
    "end\n";

enum crash_kind crash_kind(unsigned n)
{
  switch (n % 10) {
  case 3:
    return CRASH_REDRIVEN;
  case 5:
    return CRASH_STOPPED;
  case 7:
    return CRASH_PURGED;
  default:
    return CRASH_PLAIN;
  }
}

unsigned crash_items(unsigned n)
{
  return n == 11 ? 500 : n % 4; /* one whose history fills more than a row */
}

unsigned crash_failures(unsigned n, unsigned at)
{
  switch (at) {
  case CRASH_AT_FIRST:
    return n % 3 == 0;
  case CRASH_AT_BRANCH:
    return n % 4 == 1 ? 1 + (n % 24 == 1) : 0;
  default:
    return 0;
  }
}

int crash_at(const char *text)
{
  static const char *const names[] = {"First", "Branch", "Hand", "Doomed"};
  for (int i = 0; i < 4; i++) {
    if (strcmp(text, names[i]) == 0) {
      return i;
    }
  }
  char *end;
  long index = strncmp(text, "Each", 4) == 0 ? strtol(text + 4, &end, 10) : -1;
  return index < 0 || *end != '\0' || text[4] == '\0' ? -1 : CRASH_AT_EACH + (int)index;
}

/* ---- texts ---- */

static void put_pad(struct ms_buf *out, unsigned n)
{
  size_t len = n % 25 == 7 || n % 25 == 13 ? PAD_BYTES : n % 7;
  memset(ms_buf_reserve(out, len + 1), 'a' + (int)(n % 26), len);
  ms_buf_added(out, len);
}

void crash_input(struct ms_buf *out, unsigned n)
{
  ms_buf_printf(out, "{\"n\":%u,\"kind\":%d,\"first\":%u,\"branch\":%u,\"items\":[", n,
                (int)crash_kind(n), crash_failures(n, CRASH_AT_FIRST),
                crash_failures(n, CRASH_AT_BRANCH));
  for (unsigned i = 0; i < crash_items(n); i++) {
    ms_buf_printf(out, "%s%u", i == 0 ? "" : ",", 10 * i + n);
  }
  ms_buf_cstr(out, "],\"pad\":\"");
  put_pad(out, n);
  ms_buf_cstr(out, "\"}");
}

void crash_output(struct ms_buf *out, unsigned n)
{
  ms_buf_printf(out, "{\"n\":%u,\"first\":%u,\"both\":[%u,%u],\"many\":[", n, 2 * n + 1,
                2 * (n + 1) + 1, 3 * n);
  for (unsigned i = 0; i < crash_items(n); i++) {
    ms_buf_printf(out, "%s%u", i == 0 ? "" : ",", 2 * (2 * (10 * i + n) + 1));
  }
  ms_buf_cstr(out, "],\"pad\":\"");
  put_pad(out, n);
  ms_buf_cstr(out, "\"}");
}

void crash_write_functions(const char *dir)
{
  const char *functions = mt_format("%s/functions", dir);
  mt_eq_int(mkdir(functions, 0777), 0);
  mt_write_file(mt_format("%s/note.lua", functions), note_lua, sizeof note_lua - 1);
}

/* ---- events ---- */

unsigned crash_event_count(unsigned n, const char *type)
{
  unsigned items = crash_items(n), is_redriven = crash_kind(n) == CRASH_REDRIVEN;
  unsigned failed =
      crash_failures(n, CRASH_AT_FIRST) + crash_failures(n, CRASH_AT_BRANCH) + is_redriven;
  unsigned succeeded = 2 + items + is_redriven;
  const struct {
    const char *type;
    unsigned count;
  } rows[] = {
      {"ExecutionStarted", 1},
      {"ExecutionSucceeded", 1},
      {"ExecutionFailed", is_redriven},
      {"ExecutionRedriven", is_redriven},
      {"TaskStateEntered", 3 + items + is_redriven},
      {"TaskStateExited", 3 + items + is_redriven},
      {"LambdaFunctionScheduled", failed + succeeded},
      {"LambdaFunctionStarted", failed + succeeded},
      {"LambdaFunctionFailed", failed},
      {"LambdaFunctionSucceeded", succeeded},
      {"ActivityScheduled", 1},
      {"ActivityStarted", 1},
      {"ActivitySucceeded", 1},
      {"WaitStateEntered", 1},
      {"WaitStateExited", 1},
      {"ParallelStateEntered", 1},
      {"ParallelStateStarted", 1},
      {"ParallelStateSucceeded", 1},
      {"ParallelStateExited", 1},
      {"MapStateEntered", 1},
      {"MapStateStarted", 1},
      {"MapIterationStarted", items},
      {"MapIterationSucceeded", items},
      {"MapStateSucceeded", 1},
      {"MapStateExited", 1},
      {"ChoiceStateEntered", 1},
      {"ChoiceStateExited", 1},
      {"PassStateEntered", 1 + items},
      {"PassStateExited", 1 + items},
  };
  unsigned count = 0;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    count += type == NULL || strcmp(type, rows[i].type) == 0 ? rows[i].count : 0;
  }
  return count;
}
