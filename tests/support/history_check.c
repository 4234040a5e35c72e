/* The fold: see the header. What may follow what is a table. */
#include "history_check.h"

#include <stdlib.h>
#include <string.h>

#include "mt.h"

/*
 * `*` stands for any beginning. What ends an execution from outside, and its redrive, may follow anything. An
 * event is followed by one event; the marks say which may stand beside it.
 */
enum mark { NEXT = 1, CHILD = 2, SUCCEEDED = 4, EXITED = 8, ITERATED = 16 };

static const struct row {
  const char *from;
  const char *to;
  enum mark mark;
} rows[] = {
    {"ExecutionStarted", "*StateEntered", NEXT},
    {"ExecutionRedriven", "*", CHILD},
    {"TaskStateEntered", "*Scheduled", NEXT},
    {"LambdaFunctionScheduled", "LambdaFunctionStarted", NEXT},
    {"LambdaFunctionStarted", "LambdaFunctionSucceeded", NEXT},
    {"LambdaFunctionStarted", "LambdaFunctionFailed", NEXT},
    {"LambdaFunctionFailed", "LambdaFunctionScheduled", NEXT},
    {"LambdaFunctionFailed", "ExecutionFailed", NEXT},
    {"LambdaFunctionSucceeded", "TaskStateExited", NEXT},
    {"ActivityScheduled", "ActivityStarted", NEXT},
    {"ActivityStarted", "ActivitySucceeded", NEXT},
    {"ActivitySucceeded", "TaskStateExited", NEXT},
    {"WaitStateEntered", "WaitStateExited", NEXT},
    {"PassStateEntered", "PassStateExited", NEXT},
    {"ChoiceStateEntered", "ChoiceStateExited", NEXT},
    {"*StateExited", "*StateEntered", NEXT},
    {"*StateExited", "ExecutionSucceeded", NEXT},
    {"ParallelStateEntered", "ParallelStateStarted", NEXT},
    {"ParallelStateStarted", "*StateEntered", CHILD},
    {"*StateExited", "ParallelStateSucceeded", SUCCEEDED},
    {"*StateExited", "ParallelStateExited", EXITED},
    {"MapStateEntered", "MapStateStarted", NEXT},
    {"MapStateStarted", "MapIterationStarted", CHILD},
    {"MapIterationStarted", "*StateEntered", NEXT},
    {"*StateExited", "MapIterationSucceeded", ITERATED},
    {"*StateExited", "MapIterationStarted", NEXT},
    {"MapIterationSucceeded", "MapStateSucceeded", SUCCEEDED},
    {"MapIterationSucceeded", "MapStateExited", EXITED},
    {"MapStateStarted", "MapStateSucceeded", SUCCEEDED}, /* of nothing */
    {"MapStateStarted", "MapStateExited", EXITED},
};

/* `*` at the beginning stands for any text. */
static bool is_like(struct ms_str type, const char *pattern)
{
  if (*pattern != '*') {
    return ms_str_eq(type, ms_str_c(pattern));
  }
  size_t len = strlen(++pattern);
  return type.len >= len && memcmp(type.data + type.len - len, pattern, len) == 0;
}

static const struct row *row_of(struct ms_str from, struct ms_str to)
{
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (is_like(from, rows[i].from) && is_like(to, rows[i].to)) {
      return &rows[i];
    }
  }
  return NULL;
}

static bool is_end(struct ms_str type)
{
  return is_like(type, "ExecutionSucceeded") || is_like(type, "ExecutionFailed") ||
         is_like(type, "ExecutionAborted") || is_like(type, "ExecutionTimedOut");
}

static struct ms_str type_of(struct ms_json event)
{
  return ms_json_text(ms_json_getc(event, "type"));
}

/* The state whose event this is, or that its thread is in; "" when none. names[id]. */
static struct ms_str state_of(struct ms_json event, const struct ms_str *names, size_t previous)
{
  struct ms_json details = ms_json_getc(event, "stateEnteredEventDetails");
  return ms_json_is_none(details) ? names[previous] : ms_json_text(ms_json_getc(details, "name"));
}

/* Times that the state was entered, less times that it was left, before event i. */
static int open_count(struct ms_json events, size_t i, struct ms_str name)
{
  int count = 0;
  while (i-- > 0) {
    struct ms_json event = ms_json_at(events, i);
    struct ms_json entered = ms_json_getc(event, "stateEnteredEventDetails");
    struct ms_json exited = ms_json_getc(event, "stateExitedEventDetails");
    count += ms_str_eq(ms_json_text(ms_json_getc(entered, "name")), name);
    count -= ms_str_eq(ms_json_text(ms_json_getc(exited, "name")), name);
  }
  return count;
}

/*
 * What stands around branches and iterations follows the last of them, what was redriven the redrive: their
 * threads do not lead to where the state was entered.
 */
static bool may_leave(struct ms_json events, size_t i, struct ms_str state)
{
  struct ms_json event = ms_json_at(events, i);
  struct ms_json exited = ms_json_getc(event, "stateExitedEventDetails");
  struct ms_str name = ms_json_text(ms_json_getc(exited, "name"));
  if (is_like(type_of(event), "ParallelStateExited") || is_like(type_of(event), "MapStateExited") ||
      (!ms_json_is_none(exited) && state.len == 0)) {
    return open_count(events, i, name) > 0;
  }
  return ms_json_is_none(exited) || ms_str_eq(name, state);
}

/* Comes from outside the flow. */
static bool is_outer(struct ms_str type)
{
  return is_like(type, "ExecutionAborted") || is_like(type, "ExecutionTimedOut") ||
         is_like(type, "ExecutionRedriven");
}

/* A branch by its first state, an iteration by its index: nothing else that began there is the same. */
static bool is_new_child(struct ms_json events, size_t i, size_t previous)
{
  struct ms_json event = ms_json_at(events, i);
  struct ms_json entered = ms_json_getc(event, "stateEnteredEventDetails");
  struct ms_json iteration = ms_json_getc(event, "mapIterationStartedEventDetails");
  for (size_t other = previous; other < i; other++) {
    struct ms_json before = ms_json_at(events, other);
    bool is_beside = ms_json_number(ms_json_getc(before, "previousEventId")) == (double)previous;
    if (is_beside && ms_str_eq(type_of(before), type_of(event)) &&
        ms_json_equal(
            ms_json_getc(iteration, "index"),
            ms_json_getc(ms_json_getc(before, "mapIterationStartedEventDetails"), "index")) &&
        ms_json_equal(ms_json_getc(entered, "name"),
                      ms_json_getc(ms_json_getc(before, "stateEnteredEventDetails"), "name"))) {
      return false;
    }
  }
  return true;
}

static const char *check_follows(struct ms_json events, size_t i, size_t previous, char *followed)
{
  struct ms_str type = type_of(ms_json_at(events, i));
  struct ms_str from = type_of(ms_json_at(events, previous - 1));
  const struct row *row = row_of(from, type);
  bool is_again = row != NULL && (row->mark == CHILD ? !is_new_child(events, i, previous)
                                                     : (followed[previous] & row->mark) != 0);
  if (row == NULL || is_again) {
    return mt_format("event %zu, %.*s, follows %zu, %.*s%s", i + 1, (int)type.len, type.data,
                     previous, (int)from.len, from.data, is_again ? ", again" : "");
  }
  followed[previous] = (char)(followed[previous] | row->mark);
  return NULL;
}

static const char *check_event(struct ms_json events, size_t i, char *followed,
                               struct ms_str *names)
{
  struct ms_json event = ms_json_at(events, i);
  struct ms_str type = type_of(event);
  size_t id = (size_t)ms_json_number(ms_json_getc(event, "id"));
  size_t previous = (size_t)ms_json_number(ms_json_getc(event, "previousEventId"));
  previous = id == 2 && previous == 0 ? 1 : previous; /* the first state hangs on nothing */
  if (id != i + 1 || previous >= id || (previous == 0 && i > 0 && !is_outer(type))) {
    return mt_format("event %zu has id %zu and hangs on %zu", i + 1, id, previous);
  }
  names[id] = state_of(event, names, previous);
  if (i == 0) {
    return is_like(type, "ExecutionStarted") ? NULL : "does not begin with ExecutionStarted";
  }
  bool is_over = is_end(type_of(ms_json_at(events, i - 1)));
  if (is_over != is_like(type, "ExecutionRedriven")) {
    return mt_format("event %zu, %.*s, beside an end", id, (int)type.len, type.data);
  }
  if (!may_leave(events, i, names[id])) {
    return mt_format("event %zu leaves a state that its thread is not in", id);
  }
  return previous == 0 || is_outer(type) ? NULL : check_follows(events, i, previous, followed);
}

const char *history_check(struct ms_json events)
{
  size_t count = ms_json_count(events);
  char *followed = calloc(count + 1, 1);
  struct ms_str *names = calloc(count + 1, sizeof *names);
  const char *problem = count == 0 ? "is empty" : NULL;
  for (size_t i = 0; i < count && problem == NULL; i++) {
    problem = check_event(events, i, followed, names);
  }
  if (problem == NULL && !is_end(type_of(ms_json_at(events, count - 1)))) {
    problem = "has no end";
  }
  free(followed);
  free(names);
  return problem;
}

unsigned history_count(struct ms_json events, const char *type)
{
  unsigned count = 0;
  for (size_t i = 0; i < ms_json_count(events); i++) {
    count += type == NULL || ms_str_eq(type_of(ms_json_at(events, i)), ms_str_c(type));
  }
  return count;
}
