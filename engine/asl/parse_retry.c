/* Retry and Catch: lists of retriers and catchers, and the rule about States.ALL that both obey. */
#include "asl/parse.h"

#define ERROR_ALL "States.ALL"

/* The reserved names; others that begin with "States." are most likely misspelled. */
static const char *const error_names[] = {"States.ALL",
                                          "States.TaskFailed",
                                          "States.Timeout",
                                          "States.HeartbeatTimeout",
                                          "States.Permissions",
                                          "States.DataLimitExceeded",
                                          "States.Runtime",
                                          "States.ResultPathMatchFailure",
                                          "States.ParameterPathFailure",
                                          "States.IntrinsicFailure",
                                          "States.ReferencePathConflict",
                                          "States.QueryEvaluationError",
                                          "States.NoChoiceMatched",
                                          "States.BranchFailed",
                                          "States.ExceedToleratedFailureThreshold",
                                          "States.ItemReaderFailed",
                                          "States.ResultWriterFailed",
                                          "States.Http.Socket",
                                          NULL};

struct entry_field {
  const char *name;
  unsigned flags;
};

static const struct entry_field retrier_fields[] = {
    {"ErrorEquals", MS_FIELD_IN_ALL},    {"IntervalSeconds", MS_FIELD_IN_ALL},
    {"MaxAttempts", MS_FIELD_IN_ALL},    {"BackoffRate", MS_FIELD_IN_ALL},
    {"MaxDelaySeconds", MS_FIELD_IN_ALL}, {"JitterStrategy", MS_FIELD_IN_ALL},
    {"Comment", MS_FIELD_IN_ALL},        {NULL, 0}};

static const struct entry_field catcher_fields[] = {
    {"ErrorEquals", MS_FIELD_IN_ALL}, {"Next", MS_FIELD_IN_ALL},     {"ResultPath", MS_FIELD_IN_JSONPATH},
    {"Output", MS_FIELD_IN_OTHERS},   {"Assign", MS_FIELD_IN_ALL},   {"Comment", MS_FIELD_IN_ALL},
    {NULL, 0}};

static const struct entry_field *find_field(const struct entry_field *fields, struct ms_str key)
{
  while (fields->name != NULL && !ms_str_is(key, fields->name)) {
    fields++;
  }
  return fields->name == NULL ? NULL : fields;
}

static void unknown_field(struct ms_asl_parse *parse, const struct entry_field *fields,
                          struct ms_str key)
{
  struct ms_asl_guess guess;
  ms_asl_guess_begin(&guess, parse, key);
  for (; fields->name != NULL; fields++) {
    ms_asl_guess_offer_c(&guess, fields->name);
  }
  ms_asl_unsupported_field(parse, key, ms_asl_guess_hint(&guess));
}

static void check_fields(struct ms_asl_parse *parse, struct ms_json value,
                         const struct entry_field *fields)
{
  unsigned legal = parse->is_jsonpath ? MS_FIELD_IN_JSONPATH : MS_FIELD_IN_OTHERS;
  for (size_t i = 0; i < ms_json_count(value); i++) {
    struct ms_str key = ms_json_key(value, i);
    const struct entry_field *found = find_field(fields, key);
    if (found == NULL) {
      unknown_field(parse, fields, key);
    } else if ((found->flags & legal) == 0) {
      ms_asl_other_language(parse, key, (found->flags & MS_FIELD_IN_JSONPATH) != 0);
    }
  }
}

static void check_error_name(struct ms_asl_parse *parse, struct ms_str name)
{
  if (!ms_str_has_prefix(name, "States.") || ms_str_has_prefix(name, "States.Http.StatusCode.")) {
    return;
  }
  for (size_t i = 0; error_names[i] != NULL; i++) {
    if (ms_str_is(name, error_names[i])) {
      return;
    }
  }
  struct ms_asl_guess guess;
  ms_asl_guess_begin(&guess, parse, name);
  for (size_t i = 0; error_names[i] != NULL; i++) {
    ms_asl_guess_offer_c(&guess, error_names[i]);
  }
  struct ms_asl_problem problem = {.code = "UNKNOWN_ERROR_NAME",
                                   .severity = MS_SEVERITY_WARNING,
                                   .hint = ms_asl_guess_hint(&guess)};
  ms_asl_problem(parse, &problem, "No error has the reserved name '%.*s'", MS_STR_ARG(name));
}

/* Reads the names into the machine. `is_last`: the entry is the last of its list. */
static void read_errors(struct ms_asl_parse *parse, struct ms_json value, bool is_last,
                        struct ms_str **out, uint32_t *out_count)
{
  if (!ms_asl_want_array(parse, value)) {
    return;
  }
  size_t count = ms_json_count(value);
  if (count == 0) {
    ms_asl_error(parse, "Value cannot be empty");
    return;
  }
  struct ms_str *names = ms_arena_calloc(parse->machine->arena, count, sizeof *names);
  if (names == NULL) {
    ms_asl_nomem(parse);
    return;
  }
  bool has_all = false;
  for (size_t i = 0; i < count; i++) {
    struct ms_json item = ms_json_at(value, i);
    size_t mark = ms_asl_enter_index(parse, i);
    if (ms_asl_want_string(parse, item)) {
      names[i] = ms_asl_copy(parse, ms_json_text(item));
      has_all = has_all || ms_str_is(names[i], ERROR_ALL);
      check_error_name(parse, names[i]);
    }
    ms_asl_leave(parse, mark);
  }
  if (has_all && (count > 1 || !is_last)) {
    ms_asl_error(parse, "States.ALL must appear alone and at end of list");
  }
  *out = names;
  *out_count = (uint32_t)count;
}

static void read_error_equals(struct ms_asl_parse *parse, struct ms_json entry, bool is_last,
                              struct ms_str **out, uint32_t *out_count)
{
  struct ms_json errors = ms_json_getc(entry, "ErrorEquals");
  if (!ms_json_is_none(errors)) {
    size_t mark = ms_asl_enter_c(parse, "ErrorEquals");
    read_errors(parse, errors, is_last, out, out_count);
    ms_asl_leave(parse, mark);
  }
}

/* *out stays as it is when the field is absent or wrong. */
static bool read_count(struct ms_asl_parse *parse, struct ms_json entry, const char *name,
                       int64_t min, int64_t max, uint32_t *out)
{
  struct ms_json value = ms_json_getc(entry, name);
  int64_t number;
  bool is_read = false;
  if (!ms_json_is_none(value)) {
    size_t mark = ms_asl_enter_c(parse, name);
    if (ms_asl_want_integer(parse, value, min, max, &number)) {
      *out = (uint32_t)number;
      is_read = true;
    }
    ms_asl_leave(parse, mark);
  }
  return is_read;
}

static void read_delay(struct ms_asl_parse *parse, struct ms_json entry, struct ms_retrier *retrier)
{
  retrier->interval_seconds = 1;
  retrier->max_attempts = 3;
  /* 0 is taken by AWS, where the documentation begins at 1. */
  (void)read_count(parse, entry, "IntervalSeconds", 0, 99999999, &retrier->interval_seconds);
  (void)read_count(parse, entry, "MaxAttempts", 0, 99999999, &retrier->max_attempts);
  if (read_count(parse, entry, "MaxDelaySeconds", 1, 31622400, &retrier->max_delay_seconds) &&
      retrier->max_delay_seconds <= retrier->interval_seconds) {
    size_t mark = ms_asl_enter_c(parse, "MaxDelaySeconds");
    ms_asl_error(parse, "MaxDelaySeconds must be greater than IntervalSeconds");
    ms_asl_leave(parse, mark);
  }
}

static void read_backoff(struct ms_asl_parse *parse, struct ms_json entry, struct ms_retrier *retrier)
{
  static const char *const strategies[] = {"NONE", "FULL", NULL};
  struct ms_json rate = ms_json_getc(entry, "BackoffRate");
  struct ms_json jitter = ms_json_getc(entry, "JitterStrategy");
  retrier->backoff_rate = 2.0;
  if (!ms_json_is_none(rate)) {
    size_t mark = ms_asl_enter_c(parse, "BackoffRate");
    if (ms_asl_want_number(parse, rate, 1.0, 1e300)) {
      retrier->backoff_rate = ms_json_number(rate);
    }
    ms_asl_leave(parse, mark);
  }
  if (!ms_json_is_none(jitter)) {
    size_t mark = ms_asl_enter_c(parse, "JitterStrategy");
    int index = ms_asl_want_one_of(parse, jitter, strategies);
    retrier->jitter = index == 1 ? MS_JITTER_FULL : MS_JITTER_NONE;
    ms_asl_leave(parse, mark);
  }
}

static void read_retrier(struct ms_asl_parse *parse, struct ms_json entry, bool is_last,
                         struct ms_retrier *retrier)
{
  check_fields(parse, entry, retrier_fields);
  if (ms_json_is_none(ms_json_getc(entry, "ErrorEquals"))) {
    ms_asl_error(parse, "These fields are required: [ErrorEquals]");
  }
  read_error_equals(parse, entry, is_last, &retrier->errors, &retrier->error_count);
  read_delay(parse, entry, retrier);
  read_backoff(parse, entry, retrier);
}

static void read_result(struct ms_asl_parse *parse, struct ms_json entry, struct ms_catcher *catcher)
{
  struct ms_json path = ms_json_getc(entry, "ResultPath");
  struct ms_json output = ms_json_getc(entry, "Output");
  struct ms_json assign = ms_json_getc(entry, "Assign");
  if (!ms_json_is_none(path) && parse->is_jsonpath) {
    size_t mark = ms_asl_enter_c(parse, "ResultPath");
    ms_asl_result_path(parse, path, &catcher->result_path, &catcher->is_discarding);
    ms_asl_leave(parse, mark);
  }
  if (!ms_json_is_none(output) && !parse->is_jsonpath) {
    size_t mark = ms_asl_enter_c(parse, "Output");
    catcher->output = ms_asl_template(parse, MS_STR("Output"), output, MS_QUERY_ALLOW_ERROR_OUTPUT);
    ms_asl_leave(parse, mark);
  }
  if (!ms_json_is_none(assign)) {
    size_t mark = ms_asl_enter_c(parse, "Assign");
    catcher->assign = ms_asl_assign(parse, assign, MS_QUERY_ALLOW_ERROR_OUTPUT);
    ms_asl_leave(parse, mark);
  }
}

static void read_catcher(struct ms_asl_parse *parse, struct ms_json entry, bool is_last,
                         struct ms_catcher *catcher)
{
  struct ms_json errors = ms_json_getc(entry, "ErrorEquals");
  struct ms_json next = ms_json_getc(entry, "Next");
  check_fields(parse, entry, catcher_fields);
  if (ms_json_is_none(errors) || ms_json_is_none(next)) {
    ms_asl_error(parse, "These fields are required: [%s%s%s]",
                 ms_json_is_none(errors) ? "ErrorEquals" : "",
                 ms_json_is_none(errors) && ms_json_is_none(next) ? ", " : "",
                 ms_json_is_none(next) ? "Next" : "");
  }
  read_error_equals(parse, entry, is_last, &catcher->errors, &catcher->error_count);
  catcher->next = MS_STATE_NONE;
  parse->has_lost_way = parse->has_lost_way || ms_json_is_none(next);
  if (!ms_json_is_none(next)) {
    size_t mark = ms_asl_enter_c(parse, "Next");
    ms_asl_expect_transition(parse, &catcher->next, parse->state->index, next);
    ms_asl_leave(parse, mark);
  }
  read_result(parse, entry, catcher);
}

/* Room for one entry per item of the list; NULL when it is no list, empty, or memory is out. */
static void *make_entries(struct ms_asl_parse *parse, struct ms_json value, size_t size)
{
  if (!ms_asl_want_array(parse, value) || ms_json_count(value) == 0) {
    return NULL;
  }
  void *entries = ms_arena_calloc(parse->machine->arena, ms_json_count(value), size);
  if (entries == NULL) {
    ms_asl_nomem(parse);
  }
  return entries;
}

void ms_asl_retry(struct ms_asl_parse *parse, struct ms_json value)
{
  size_t count = ms_json_count(value);
  struct ms_state *state = parse->state;
  state->retriers = make_entries(parse, value, sizeof *state->retriers);
  for (size_t i = 0; state->retriers != NULL && i < count && parse->error == 0; i++) {
    size_t mark = ms_asl_enter_index(parse, i);
    if (ms_asl_want_object(parse, ms_json_at(value, i))) {
      read_retrier(parse, ms_json_at(value, i), i + 1 == count, &state->retriers[i]);
    }
    ms_asl_leave(parse, mark);
    state->retrier_count++;
  }
}

void ms_asl_catch(struct ms_asl_parse *parse, struct ms_json value)
{
  size_t count = ms_json_count(value);
  struct ms_state *state = parse->state;
  state->catchers = make_entries(parse, value, sizeof *state->catchers);
  for (size_t i = 0; state->catchers != NULL && i < count && parse->error == 0; i++) {
    size_t mark = ms_asl_enter_index(parse, i);
    if (ms_asl_want_object(parse, ms_json_at(value, i))) {
      read_catcher(parse, ms_json_at(value, i), i + 1 == count, &state->catchers[i]);
    } else {
      parse->has_lost_way = true;
    }
    ms_asl_leave(parse, mark);
    state->catcher_count++;
  }
}
