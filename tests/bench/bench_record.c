/*
 * What it costs to write the events of an execution and to read them again: one of three tasks, each of
 * which gets a document and gives another of the same size, turn by turn as the journal has them. In
 * memory, in processor time of one core. Large documents go to a store that only counts. One JSON object
 * for each size on standard output.
 *
 *   bench_record [ROUNDS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "drive.h"
#include "record.h"

#define TASKS 3
#define TURNS (TASKS + 1)

#define TASK                                                                                       \
  "\"Type\":\"Task\",\"Resource\":\"arn:aws:lambda:us-east-1:000000000000:function:echo\""

static const char definition[] = "{\"StartAt\":\"A\",\"States\":{\"A\":{" TASK ",\"Next\":\"B\"},"
                                 "\"B\":{" TASK ",\"Next\":\"C\"},\"C\":{" TASK ",\"End\":true}}}";

static double now_ns(void)
{
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void check(int status, const char *what)
{
  if (status != 0) {
    fprintf(stderr, "%s: %d\n", what, status);
    exit(1);
  }
}

/* An order of about that many bytes; another one for each serial. */
static struct ms_json document(size_t bytes, int serial)
{
  struct ms_buf text;
  struct ms_json value;
  ms_buf_init(&text, 0);
  ms_buf_printf(&text,
                "{\"order\":{\"id\":\"o-%d\",\"total\":129.5,\"currency\":\"EUR\"},\"items\":[",
                serial);
  for (int i = 0; i == 0 || text.len + 80 < bytes; i++)
    ms_buf_printf(&text, "%s{\"sku\":\"A-%d\",\"count\":%d,\"price\":19.99,\"name\":\"a thing\"}",
                  i == 0 ? "" : ",", i, i + 1);
  ms_buf_cstr(&text, "],\"notes\":\"");
  while (text.len + 2 < bytes)
    ms_buf_char(&text, 'x');
  ms_buf_cstr(&text, "\"}");
  check(ms_json_parse(&value, ms_buf_view(&text), NULL, NULL), "document");
  ms_buf_deinit(&text);
  return value;
}

/* The events of one execution, and where each of its turns ends. */
struct sample {
  struct drive drive;
  size_t ends[TURNS];
};

static void sample_open(struct sample *sample, size_t bytes)
{
  check(drive_open(&sample->drive, MS_STR(definition), NULL, NULL), "definition");
  for (int turn = 0; turn < TURNS; turn++) {
    struct ms_command command = {.type = turn == 0 ? MS_COMMAND_START : MS_COMMAND_TASK_SUCCEEDED,
                                 .task = (uint32_t)turn,
                                 .data = document(bytes, turn)};
    check(drive_command(&sample->drive, &command), "command");
    sample->ends[turn] = sample->drive.history.count;
    ms_json_unref(command.data);
  }
}

/* ---- documents that are counted, and parsed again ---- */

struct sink {
  size_t bytes;
  char *texts[TURNS];
  size_t lens[TURNS];
};

static int put_document(uint32_t number, struct ms_str text, void *user)
{
  struct sink *sink = user;
  sink->bytes += text.len;
  if (sink->texts[number % TURNS] == NULL)
    sink->texts[number % TURNS] = ms_strdupn(text.data, text.len);
  sink->lens[number % TURNS] = text.len;
  return 0;
}

static int get_document(struct ms_json *out, uint32_t number, void *user)
{
  const struct sink *sink = user;
  struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  return ms_json_parse(
      out, (struct ms_str){sink->texts[number % TURNS], sink->lens[number % TURNS]}, &limits, NULL);
}

/* ---- measuring ---- */

struct lists {
  struct ms_buf bytes[TURNS];
};

static void write_once(struct lists *lists, const struct sample *sample,
                       const struct ms_document_io *io)
{
  struct ms_documents documents = {.next = 0};
  for (size_t turn = 0, from = 0; turn < TURNS; from = sample->ends[turn++]) {
    ms_buf_reset(&lists->bytes[turn]);
    check(ms_record_write_events(&lists->bytes[turn], &documents, io,
                                 sample->drive.history.items + from, sample->ends[turn] - from),
          "write");
    ms_documents_prune(&documents);
  }
  ms_documents_deinit(&documents);
}

static void read_once(struct ms_events *events, const struct lists *lists,
                      const struct ms_document_io *io)
{
  struct ms_documents documents = {.next = 0};
  ms_events_clear(events);
  for (int turn = 0; turn < TURNS; turn++)
    check(ms_record_read_events(events, &documents, io, ms_buf_view(&lists->bytes[turn])), "read");
  ms_documents_deinit(&documents);
}

static void fold_once(const struct sample *sample, const struct ms_events *events)
{
  struct ms_execution *execution = record_twin(sample->drive.execution);
  for (size_t i = 0; i < events->count; i++) {
    check(ms_record_check_event(execution, &events->items[i]), "check");
    check(ms_core_evolve(execution, &events->items[i]), "evolve");
  }
  check(ms_record_check_execution(execution), "state");
  ms_execution_free(execution);
}

static void measure(size_t bytes, long rounds)
{
  struct sample sample;
  struct lists lists;
  struct ms_events events = {0};
  struct sink sink = {.bytes = 0};
  struct ms_document_io io = {put_document, get_document, &sink};
  for (int i = 0; i < TURNS; i++)
    ms_buf_init(&lists.bytes[i], 0);
  sample_open(&sample, bytes);
  write_once(&lists, &sample, &io);
  double per = (double)rounds * TASKS;
  double start = now_ns();
  for (long i = 0; i < rounds; i++)
    write_once(&lists, &sample, &io);
  double write_ns = (now_ns() - start) / per;
  start = now_ns();
  for (long i = 0; i < rounds; i++)
    read_once(&events, &lists, &io);
  double read_ns = (now_ns() - start) / per;
  start = now_ns();
  for (long i = 0; i < rounds; i++)
    fold_once(&sample, &events);
  double fold_ns = (now_ns() - start) / per;
  size_t written = 0;
  for (int i = 0; i < TURNS; i++)
    written += lists.bytes[i].len;
  printf("{\"bench\":\"record\",\"document_bytes\":%zu,\"events\":%zu,\"write_ns_per_transition\":%"
         ".0f,"
         "\"read_ns_per_transition\":%.0f,\"fold_ns_per_transition\":%.0f,"
         "\"bytes_per_transition\":%.0f,\"document_bytes_per_transition\":%.0f}\n",
         bytes, events.count, write_ns, read_ns, fold_ns, (double)written / TASKS,
         (double)sink.bytes / TASKS / (double)(rounds + 1));
  for (int i = 0; i < TURNS; i++) {
    ms_buf_deinit(&lists.bytes[i]);
    ms_free(sink.texts[i]);
  }
  ms_events_deinit(&events);
  drive_close(&sample.drive);
}

int main(int argc, char **argv)
{
  long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 100000;
  measure(311, rounds);
  measure(4096, rounds);
  return 0;
}
