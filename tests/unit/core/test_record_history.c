/*
 * A history that was written turn by turn and read again: every event is accepted before it is applied,
 * the state that it gives is the one that was there, and the world sees the same history.
 */
#include <stdlib.h>

#include "base/error.h"
#include "mt.h"
#include "random_run.h"
#include "record.h"

struct journal {
  struct record_store store;
  struct ms_documents documents;
  struct ms_buf bytes; /* texts, each one list of events */
};

static void journal_open(struct journal *journal)
{
  *journal = (struct journal){.documents = {.next = 0}};
  record_store_init(&journal->store);
  ms_buf_init(&journal->bytes, 0);
}

static void journal_close(struct journal *journal)
{
  ms_documents_deinit(&journal->documents);
  ms_buf_deinit(&journal->bytes);
  record_store_deinit(&journal->store);
}

static void journal_append(struct journal *journal, const struct ms_event *events, size_t count)
{
  struct ms_buf bytes;
  ms_buf_init(&bytes, 0);
  mt_eq_int(ms_record_write_events(&bytes, &journal->documents, &journal->store.io, events, count),
            0);
  ms_bytes_put_text(&journal->bytes, ms_buf_view(&bytes));
  ms_buf_deinit(&bytes);
  ms_documents_prune(&journal->documents);
}

/* What is in the journal becomes the state of a fresh execution. */
static void journal_fold(struct ms_execution *execution, struct ms_events *out,
                         const struct journal *journal)
{
  struct ms_bytes_reader reader;
  struct ms_documents documents = {.next = 0};
  ms_bytes_reader_init(&reader, ms_buf_view(&journal->bytes));
  while (!ms_bytes_is_end(&reader))
    mt_eq_int(ms_record_read_events(out, &documents, &journal->store.io, ms_bytes_text(&reader)),
              0);
  for (size_t i = 0; i < out->count; i++) {
    int status = ms_record_check_event(execution, &out->items[i]);
    if (status != 0)
      mt_fail("event %zu: %s", i, ms_error_detail());
    mt_eq_int(ms_core_evolve(execution, &out->items[i]), 0);
  }
  if (ms_record_check_execution(execution) != 0)
    mt_fail("%s", ms_error_detail());
  ms_documents_deinit(&documents);
}

static void compare(const struct random_run *run, const struct journal *journal)
{
  struct ms_events events = {0};
  struct ms_execution *twin = record_twin(run->drive.execution);
  journal_fold(twin, &events, journal);
  const char *member = record_execution_difference(run->drive.execution, twin);
  if (member != NULL)
    mt_fail("%s is another", member);
  mt_eq_int((long long)events.count, (long long)run->drive.history.count);
  for (size_t i = 0; i < events.count; i++) {
    const struct ms_event *event = &run->drive.history.items[i];
    member = record_event_difference(event, &events.items[i]);
    if (member != NULL)
      mt_fail("%s of event %zu is another", member, i);
    if (event->id == 0)
      continue;
    struct ms_json shown = ms_event_describe(event, run->drive.execution);
    struct ms_json again = ms_event_describe(&events.items[i], twin);
    mt_ok(ms_json_identical(shown, again));
    ms_json_unref(shown);
    ms_json_unref(again);
  }
  ms_events_deinit(&events);
  ms_execution_free(twin);
}

/* How often it was redriven. */
static uint32_t run_seed(uint64_t seed)
{
  struct random_run run;
  struct journal journal;
  mt_eq_int(random_run_open(&run, seed), 0);
  journal_open(&journal);
  while (random_run_next(&run)) {
    size_t before = run.drive.history.count;
    mt_eq_int(drive_command(&run.drive, &run.command), 0);
    journal_append(&journal, run.drive.history.items + before, run.drive.history.count - before);
    if (run.steps % 16 == 1)
      compare(&run, &journal);
  }
  compare(&run, &journal);
  uint32_t redrives = run.drive.execution->redrive_count;
  journal_close(&journal);
  random_run_close(&run);
  return redrives;
}

MT_TEST(record_history__random_runs_are_the_fold_of_what_was_written)
{
  const char *many = getenv("MT_SEEDS"), *one = getenv("MT_SEED");
  uint64_t count = one != NULL ? 1 : many != NULL ? strtoull(many, NULL, 10) : 200;
  uint64_t redrives = 0;
  uint64_t first = one != NULL ? strtoull(one, NULL, 10) : 1;
  for (uint64_t seed = first; seed < first + count; seed++) {
    mt_leak_begin();
    redrives += run_seed(seed);
    mt_leak_end();
  }
  mt_ok(one != NULL || redrives > count / 10); /* or this tries less than it says */
}
