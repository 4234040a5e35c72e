/*
 * Records that were cut off or had a byte changed: none crashes, and what is accepted goes on. With
 * MT_SAMPLES=directory the samples are written there, for the corpus of fuzz_journal.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "mt.h"
#include "trial.h"

/* A run of a trial machine: its events, and its state, after some answers. */
struct sample {
  struct trial trial;
  struct ms_documents documents;
  struct ms_buf events;
  struct ms_buf execution;
};

static void append(struct sample *sample, size_t from)
{
  const struct ms_events *history = &sample->trial.drive.history;
  struct ms_buf bytes;
  ms_buf_init(&bytes, 0);
  mt_eq_int(ms_record_write_events(&bytes, &sample->documents, NULL, history->items + from,
                                   history->count - from),
            0);
  ms_bytes_put_text(&sample->events, ms_buf_view(&bytes));
  ms_buf_deinit(&bytes);
}

static void send(struct sample *sample, const struct ms_command *command)
{
  size_t before = sample->trial.drive.history.count;
  mt_eq_int(drive_command(&sample->trial.drive, command), 0);
  append(sample, before);
}

/* The n-th answer: mostly well, sometimes an error, sometimes the next timer. */
static void answer(struct sample *sample, unsigned n)
{
  static const char *const errors[] = {"X", "Y", "Z", "V"};
  struct drive *drive = &sample->trial.drive;
  struct ms_command command = {.type = MS_COMMAND_REDRIVE};
  if (drive->execution->status != MS_EXECUTION_RUNNING) {
    if (drive->execution->status != MS_EXECUTION_SUCCEEDED)
      send(sample, &command);
    return;
  }
  if (drive->task_count == 0 || (n % 5 == 4 && drive->timer_count > 0)) {
    size_t before = drive->history.count;
    mt_eq_int(drive_fire(drive), 0);
    append(sample, before);
    return;
  }
  command.frame = drive->tasks[n % drive->task_count].frame;
  command.task = drive->tasks[n % drive->task_count].task;
  command.type = n % 4 == 1 ? MS_COMMAND_TASK_FAILED : MS_COMMAND_TASK_SUCCEEDED;
  if (n % 4 == 1)
    command.error = ms_json_cstring(errors[n / 4 % 4]);
  else
    command.data = ms_json_int(n);
  send(sample, &command);
  ms_json_unref(command.error);
}

static void write_sample(const struct sample *sample, unsigned machine, unsigned answers)
{
  const char *directory = getenv("MT_SAMPLES");
  if (directory == NULL)
    return;
  struct ms_buf bytes;
  ms_buf_init(&bytes, 0);
  ms_buf_char(&bytes, (char)(machine * 2));
  ms_buf_str(&bytes, ms_buf_view(&sample->events));
  mt_write_file(mt_format("%s/events_%u_%u", directory, machine, answers), bytes.data, bytes.len);
  ms_buf_reset(&bytes);
  ms_buf_char(&bytes, (char)(machine * 2 + 1));
  ms_buf_str(&bytes, ms_buf_view(&sample->execution));
  mt_write_file(mt_format("%s/execution_%u_%u", directory, machine, answers), bytes.data,
                bytes.len);
  ms_buf_deinit(&bytes);
}

/* The first child of the first map run. */
static void stop_child(struct sample *sample)
{
  struct ms_json arn = sample->trial.drive.execution->frames[0]->children->run_arn;
  struct ms_command command = {.type = MS_COMMAND_STOP_CHILD, .data = ms_json_ref(arn)};
  send(sample, &command);
  ms_json_unref(command.data);
}

static void sample_open(struct sample *sample, unsigned machine, unsigned answers)
{
  struct ms_command start = {.type = MS_COMMAND_START};
  *sample = (struct sample){.documents = {.next = 0}};
  trial_open(&sample->trial, machine);
  ms_buf_init(&sample->events, 0);
  ms_buf_init(&sample->execution, 0);
  mt_eq_int(ms_json_parse(&start.data, MS_STR("{\"items\":[1,\"b\",{}]}"), NULL, NULL), 0);
  send(sample, &start);
  ms_json_unref(start.data);
  if (machine == 2)
    stop_child(sample);
  for (unsigned i = 0; i < answers; i++)
    answer(sample, i);
  mt_eq_int(ms_record_write_execution(&sample->execution, &sample->documents, NULL,
                                      sample->trial.drive.execution),
            0);
  write_sample(sample, machine, answers);
}

static void sample_close(struct sample *sample)
{
  trial_close(&sample->trial);
  ms_documents_deinit(&sample->documents);
  ms_buf_deinit(&sample->events);
  ms_buf_deinit(&sample->execution);
}

typedef bool trial_function(struct trial *trial, struct ms_str bytes);

/* In a block of exactly that size, so that a step past its end is seen by the address sanitizer. */
static bool try_bytes(struct trial *trial, trial_function *try, struct ms_str bytes)
{
  char *exact = ms_alloc(bytes.len == 0 ? 1 : bytes.len);
  if (bytes.len > 0)
    memcpy(exact, bytes.data, bytes.len);
  bool is_good = try(trial, (struct ms_str){exact, bytes.len});
  ms_free(exact);
  return is_good;
}

/* How many of the cut ones were accepted. */
static unsigned try_every_length(struct trial *trial, trial_function *try,
                                 const struct ms_buf *bytes)
{
  unsigned accepted = 0;
  for (size_t len = 0; len < bytes->len; len++)
    accepted += try_bytes(trial, try, (struct ms_str){bytes->data, len});
  return accepted;
}

/* In each byte two bits the other way round, one at a time; how many changes were accepted. */
static unsigned try_every_byte(struct trial *trial, trial_function *try, struct ms_buf *bytes)
{
  unsigned accepted = 0;
  for (size_t at = 0; at < bytes->len; at++) {
    char good = bytes->data[at];
    for (size_t i = 0; i < 8; i += 4) {
      bytes->data[at] = (char)(good ^ (1 << (at + i) % 8));
      accepted += try_bytes(trial, try, ms_buf_view(bytes));
    }
    bytes->data[at] = good;
  }
  return accepted;
}

static void try_sample(unsigned machine, unsigned answers)
{
  struct sample sample;
  struct trial trial;
  sample_open(&sample, machine, answers);
  trial_open(&trial, machine);
  mt_ok(trial_events(&trial, ms_buf_view(&sample.events)));
  mt_ok(trial_execution(&trial, ms_buf_view(&sample.execution)));
  /* Whole lists of events are a history, too; half a state is none. */
  try_every_length(&trial, trial_events, &sample.events);
  mt_eq_int(try_every_length(&trial, trial_execution, &sample.execution), 0);
  unsigned events = try_every_byte(&trial, trial_events, &sample.events);
  unsigned executions = try_every_byte(&trial, trial_execution, &sample.execution);
  mt_note("machine %u, %u answers: %zu and %zu bytes, %u and %u changes accepted", machine, answers,
          sample.events.len, sample.execution.len, events, executions);
  trial_close(&trial);
  sample_close(&sample);
}

static void try_samples(unsigned machine, const unsigned *answers)
{
  for (size_t i = 0; i < 3; i++) {
    mt_leak_begin();
    try_sample(machine, answers[i]);
    mt_leak_end();
  }
}

MT_TEST(record_damage__branches_retries_and_waits)
{
  try_samples(0, (const unsigned[]){0, 2, 6});
}

MT_TEST(record_damage__distributed_maps)
{
  try_samples(1, (const unsigned[]){0, 2, 3});
}

/* One child was stopped. After two answers the map run fails and writes; after three it has failed. */
MT_TEST(record_damage__map_runs_that_write)
{
  try_samples(2, (const unsigned[]){0, 2, 3});
}
