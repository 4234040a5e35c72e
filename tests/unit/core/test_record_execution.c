/* Executions as bytes: written and read at any step of random runs, they go on as if nothing had been. */
#include <stdlib.h>

#include "base/error.h"
#include "mt.h"
#include "random_run.h"
#include "record.h"

/* What a run has on disk, and the execution that is made of it. */
struct copy {
  struct record_store store;
  struct ms_documents written; /* of the execution that runs */
  struct ms_documents read;    /* of the copy */
  struct ms_buf bytes;
  struct ms_execution *execution;
};

static void copy_open(struct copy *copy)
{
  *copy = (struct copy){.execution = NULL};
  record_store_init(&copy->store);
  ms_buf_init(&copy->bytes, 0);
}

static void copy_close(struct copy *copy)
{
  ms_execution_free(copy->execution);
  ms_documents_deinit(&copy->written);
  ms_documents_deinit(&copy->read);
  ms_buf_deinit(&copy->bytes);
  record_store_deinit(&copy->store);
}

/* Makes the copy anew from the bytes of an execution, maybe of itself, and compares. */
static void copy_take(struct copy *copy, const struct ms_execution *execution)
{
  struct ms_documents read = {.next = 0};
  ms_buf_reset(&copy->bytes);
  mt_eq_int(ms_record_write_execution(&copy->bytes, &copy->written, &copy->store.io, execution), 0);
  struct ms_execution *twin = record_twin(execution);
  int status = ms_record_read_execution(twin, &read, &copy->store.io, ms_buf_view(&copy->bytes));
  if (status != 0)
    mt_fail("%d: %s", status, ms_error_detail());
  const char *member = record_execution_difference(execution, twin);
  if (member != NULL)
    mt_fail("%s is another", member);
  ms_documents_prune(&copy->written);
  ms_execution_free(copy->execution);
  ms_documents_deinit(&copy->read);
  copy->execution = twin;
  copy->read = read;
}

static void compare_events(const struct ms_events *a, size_t from, const struct ms_events *b)
{
  mt_eq_int((long long)(a->count - from), (long long)b->count);
  for (size_t i = 0; i < b->count; i++) {
    const char *member = record_event_difference(&a->items[from + i], &b->items[i]);
    if (member != NULL)
      mt_fail("%s of event %zu is another", member, i);
  }
}

/*
 * The same command for both; what they decide must be the same. is_slow: the copy is written and read
 * after every single step of its turn.
 */
static void step_both(struct random_run *run, struct copy *copy, bool is_slow)
{
  struct ms_events events = {0};
  struct ms_effects effects = {0};
  const struct ms_command *command = &run->command;
  size_t before = run->drive.history.count;
  do {
    mt_eq_int(ms_core_turn(&events, &effects, copy->execution, command, &run->drive.env, is_slow),
              0);
    command = NULL;
    if (is_slow) {
      ms_documents_deinit(&copy->written);
      copy_take(copy, copy->execution);
    }
  } while (ms_core_runnable(copy->execution) != MS_FRAME_NONE);
  mt_eq_int(drive_command(&run->drive, &run->command), 0);
  compare_events(&run->drive.history, before, &events);
  const char *member = record_execution_difference(run->drive.execution, copy->execution);
  if (member != NULL)
    mt_fail("%s is another afterwards", member);
  ms_events_deinit(&events);
  ms_effects_deinit(&effects);
}

static void run_seed(uint64_t seed, bool is_slow)
{
  struct random_run run;
  struct copy copy;
  mt_eq_int(random_run_open(&run, seed), 0);
  copy_open(&copy);
  while (random_run_next(&run)) {
    copy_take(&copy, run.drive.execution);
    step_both(&run, &copy, is_slow);
  }
  copy_take(&copy, run.drive.execution);
  copy_close(&copy);
  random_run_close(&run);
}

static void run_seeds(uint64_t usual, bool is_slow)
{
  const char *many = getenv("MT_SEEDS"), *one = getenv("MT_SEED");
  uint64_t count = one != NULL ? 1 : many != NULL ? strtoull(many, NULL, 10) : usual;
  uint64_t first = one != NULL ? strtoull(one, NULL, 10) : 1;
  for (uint64_t seed = first; seed < first + count; seed++) {
    mt_leak_begin();
    run_seed(seed, is_slow);
    mt_leak_end();
  }
}

MT_TEST(record_execution__random_runs_go_on_from_any_command)
{
  run_seeds(150, false);
}

MT_TEST(record_execution__random_runs_go_on_from_any_step)
{
  run_seeds(50, true);
}
