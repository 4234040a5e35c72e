/* The n-th allocation fails, for every n: writing and reading say so, and leave nothing behind. */
#include "base/error.h"
#include "mt.h"
#include "random_run.h"
#include "record.h"

/* Events of a run that got somewhere, with enough documents to need the table of addresses. */
struct subject {
  struct random_run run;
  struct ms_json documents[12];
};

static void subject_open(struct subject *subject, uint64_t seed, uint32_t steps)
{
  mt_eq_int(random_run_open(&subject->run, seed), 0);
  while (subject->run.steps < steps && random_run_next(&subject->run))
    mt_eq_int(drive_command(&subject->run.drive, &subject->run.command), 0);
  for (int i = 0; i < 12; i++) {
    char text[MS_DOCUMENT_BYTES];
    memset(text, 'a' + i, sizeof text);
    subject->documents[i] = ms_json_string((struct ms_str){text, sizeof text});
  }
}

static void subject_close(struct subject *subject)
{
  for (int i = 0; i < 12; i++)
    ms_json_unref(subject->documents[i]);
  random_run_close(&subject->run);
}

static int fold(const struct subject *subject, const struct ms_events *events)
{
  struct ms_execution *execution = record_twin(subject->run.drive.execution);
  int status = execution == NULL ? ms_error_nomem() : 0;
  for (size_t i = 0; status == 0 && i < events->count; i++) {
    status = ms_record_check_event(execution, &events->items[i]);
    if (status == 0)
      status = ms_core_evolve(execution, &events->items[i]);
  }
  ms_execution_free(execution);
  return status;
}

static int through_events(void *user)
{
  const struct subject *subject = user;
  const struct ms_events *history = &subject->run.drive.history;
  struct ms_documents written = {.next = 0}, read = {.next = 0};
  struct ms_events events = {0};
  struct record_store store;
  struct ms_buf bytes;
  record_store_init(&store);
  ms_buf_init(&bytes, 0);
  int status = ms_record_write_events(&bytes, &written, &store.io, history->items, history->count);
  if (status == 0)
    status = ms_record_read_events(&events, &read, &store.io, ms_buf_view(&bytes));
  if (status == 0)
    status = fold(subject, &events);
  mt_ok(status == 0 || status == MSTEP_ENOMEM);
  ms_documents_prune(&written);
  ms_events_deinit(&events);
  ms_documents_deinit(&written);
  ms_documents_deinit(&read);
  ms_buf_deinit(&bytes);
  record_store_deinit(&store);
  return status;
}

static int through_execution(void *user)
{
  const struct subject *subject = user;
  const struct ms_execution *execution = subject->run.drive.execution;
  struct ms_documents written = {.next = 0}, read = {.next = 0};
  struct record_store store;
  struct ms_buf bytes;
  record_store_init(&store);
  ms_buf_init(&bytes, 0);
  struct ms_execution *twin = record_twin(execution);
  int status = twin == NULL ? MSTEP_ENOMEM : 0;
  if (status == 0)
    status = ms_record_write_execution(&bytes, &written, &store.io, execution);
  if (status == 0)
    status = ms_record_read_execution(twin, &read, &store.io, ms_buf_view(&bytes));
  mt_ok(status != 0 || record_execution_difference(execution, twin) == NULL);
  ms_execution_free(twin);
  ms_documents_deinit(&written);
  ms_documents_deinit(&read);
  ms_buf_deinit(&bytes);
  record_store_deinit(&store);
  return status;
}

/* One after the other, each remembered, read in another order. */
static int through_documents(void *user)
{
  const struct subject *subject = user;
  struct ms_documents written = {.next = 0}, read = {.next = 0};
  struct record_store store;
  struct ms_buf bytes;
  struct ms_bytes_reader reader;
  record_store_init(&store);
  ms_buf_init(&bytes, 0);
  int status = 0;
  for (int i = 0; status == 0 && i < 12; i++)
    status = ms_record_write_value(&bytes, &written, &store.io, subject->documents[i]);
  ms_buf_reset(&bytes);
  for (int i = 11; status == 0 && i >= 0; i--)
    status = ms_record_write_value(&bytes, &written, &store.io, subject->documents[i]);
  ms_bytes_reader_init(&reader, ms_buf_view(&bytes));
  for (int i = 11; status == 0 && i >= 0; i--) {
    struct ms_json value;
    status = ms_record_read_value(&value, &read, &store.io, &reader);
    mt_ok(status != 0 || ms_json_identical(value, subject->documents[i]));
    ms_json_unref(value);
  }
  ms_documents_deinit(&written);
  ms_documents_deinit(&read);
  ms_buf_deinit(&bytes);
  record_store_deinit(&store);
  return status;
}

MT_TEST(record_memory__events)
{
  for (uint64_t seed = 1; seed <= 6; seed++) {
    struct subject subject;
    subject_open(&subject, seed, 12);
    mt_ok(mt_oom(through_events, &subject) > 0);
    subject_close(&subject);
  }
}

MT_TEST(record_memory__executions)
{
  for (uint64_t seed = 1; seed <= 12; seed++) {
    struct subject subject;
    subject_open(&subject, seed, 3 + (uint32_t)seed);
    mt_ok(mt_oom(through_execution, &subject) > 0);
    subject_close(&subject);
  }
}

MT_TEST(record_memory__documents)
{
  struct subject subject;
  subject_open(&subject, 1, 0);
  mt_ok(mt_oom(through_documents, &subject) > 0);
  subject_close(&subject);
}
