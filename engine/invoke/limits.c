/*
 * How many calls may run at a time, of a function and of the account; what is counted of calls. Calls that are not
 * this driver's (tasks of executions) are counted between enter and leave.
 */
#include "base/error.h"
#include "invoke/internal.h"

int64_t ms_invoke_reserved(const struct ms_invoke_function *function)
{
  int64_t count;
  struct ms_json value = ms_json_getc(function->row, "ReservedConcurrentExecutions");
  return ms_json_to_int(&count, value) ? count : -1;
}

void ms_invoke_set_account_max(struct ms_invoke *invoke, unsigned count)
{
  invoke->account_max = count;
}

unsigned ms_invoke_account_max(const struct ms_invoke *invoke)
{
  return invoke->account_max == 0 ? MS_INVOKE_ACCOUNT_STANDARD : invoke->account_max;
}

int64_t ms_invoke_unreserved(const struct ms_invoke *invoke, struct ms_str except)
{
  size_t pos = 0;
  struct ms_str name;
  void *value;
  int64_t left = ms_invoke_account_max(invoke);
  while (ms_map_next(&invoke->functions, &pos, &name, &value)) {
    int64_t reserved = ms_invoke_reserved(value);
    left -= reserved > 0 && !ms_str_eq(name, except) ? reserved : 0;
  }
  return left;
}

/* Calls of functions without a reservation. */
static int64_t unreserved_runs(const struct ms_invoke *invoke)
{
  size_t pos = 0;
  struct ms_str name;
  void *value;
  int64_t count = 0;
  while (ms_map_next(&invoke->functions, &pos, &name, &value)) {
    const struct ms_invoke_function *function = value;
    count += ms_invoke_reserved(function) < 0 ? function->run_count : 0;
  }
  return count;
}

int ms_invoke_room(struct ms_invoke *invoke, const struct ms_invoke_function *function)
{
  int64_t reserved = ms_invoke_reserved(function);
  bool is_full = reserved >= 0 && (int64_t)function->run_count >= reserved;
  invoke->refusal = MS_INVOKE_FULL_RESERVED;
  if (!is_full && reserved < 0 && invoke->account_max != 0) {
    is_full = unreserved_runs(invoke) >= ms_invoke_unreserved(invoke, MS_STR(""));
    invoke->refusal = MS_INVOKE_FULL_ACCOUNT;
  }
  invoke->counts.throttles += is_full;
  return is_full ? ms_error(MSTEP_ESTATE, "Rate Exceeded.") : MSTEP_OK;
}

bool ms_invoke_is_loop(struct ms_invoke *invoke, struct ms_str name, struct ms_str lineage)
{
  const struct ms_function_name plain = {.name = name};
  struct ms_json setting = ms_json_getc(ms_invoke_row(invoke, name), "RecursiveLoop");
  struct ms_buf arn;
  if (lineage.len == 0 || ms_str_is(ms_json_text(setting), "Allow")) {
    return false;
  }
  ms_buf_init(&arn, 0);
  ms_function_arn(&arn, invoke, &plain, true);
  bool is_loop = arn.error == 0 &&
                 ms_lineage_count(lineage, ms_buf_view(&arn)) >= MS_INVOKE_LINEAGE_MAX;
  ms_buf_deinit(&arn);
  invoke->counts.recursions += is_loop;
  return is_loop;
}

int ms_invoke_lineage(struct ms_buf *out, const struct ms_invoke *invoke, struct ms_str name,
                      struct ms_str lineage)
{
  const struct ms_function_name plain = {.name = name};
  struct ms_buf arn;
  ms_buf_init(&arn, 0);
  ms_function_arn(&arn, invoke, &plain, true);
  int err = arn.error != 0 ? arn.error : ms_lineage_next(out, lineage, ms_buf_view(&arn));
  ms_buf_deinit(&arn);
  return err;
}

enum ms_invoke_refusal ms_invoke_refusal(const struct ms_invoke *invoke)
{
  return invoke->refusal;
}

void ms_invoke_begin_run(struct ms_invoke *invoke, struct ms_invoke_function *function)
{
  invoke->counts.invocations++;
  if (function != NULL) {
    function->run_count++;
  }
}

void ms_invoke_end_run(struct ms_invoke *invoke, struct ms_invoke_function *function, bool is_error)
{
  invoke->counts.errors += is_error;
  invoke->counts.successes += !is_error;
  if (function != NULL) {
    function->run_count--;
  }
}

int ms_invoke_enter(struct ms_invoke_function **out, struct ms_invoke *invoke, struct ms_str name)
{
  *out = ms_invoke_function_get(invoke, name, true);
  int err = *out == NULL ? ms_error_nomem() : ms_invoke_room(invoke, *out);
  if (err == 0) {
    ms_invoke_begin_run(invoke, *out);
  }
  return err;
}

void ms_invoke_leave(struct ms_invoke *invoke, struct ms_invoke_function *function, bool is_error)
{
  ms_invoke_end_run(invoke, function, is_error);
}

const struct ms_invoke_counts *ms_invoke_counts(const struct ms_invoke *invoke)
{
  return &invoke->counts;
}
