/*
 * Records of released versions, kept in tests/resources/record: they are read for ever, and give what they
 * gave. See the README there; MT_RECORD_WRITE=1 writes those of the present version anew.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "drive.h"
#include "mt.h"
#include "record.h"
#include "record_dump.h"

#define LAMBDA "\"Type\":\"Task\",\"Resource\":\"arn:aws:lambda:us-east-1:000000000000:function:f\""
#define ACTIVITY                                                                                   \
  "\"Type\":\"Task\",\"Resource\":\"arn:aws:states:us-east-1:000000000000:activity:a\""

/* Steps of a sample: `s`ucceed or `f`ail the first task, `S`tart it, `b`eat, fire a `t`imer, `r`edrive. */
static const struct sample {
  const char *name;
  const char *definition;
  const char *input;
  const char *steps;
} samples[] = {
    {"tasks",
     "{\"StartAt\":\"A\",\"TimeoutSeconds\":900,\"States\":{\"A\":{" LAMBDA
     ",\"Retry\":[{\"ErrorEquals\":[\"E\"],\"IntervalSeconds\":3}],\"ResultPath\":\"$.a\","
     "\"Assign\":{\"v.$\":\"$\"},\"Next\":\"B\"},\"B\":{" ACTIVITY
     ",\"TimeoutSeconds\":60,\"HeartbeatSeconds\":20,\"Next\":\"C\"},"
     "\"C\":{\"Type\":\"Wait\",\"Seconds\":10,\"Next\":\"D\"},\"D\":{\"Type\":\"Succeed\"}}}",
     "{\"n\":-0,\"d\":[1.0,1e-7,12345678901234567890,1e400],\"s\":\"\\u0000\\u00e9\",\"e\":{}}",
     "ftftsSb"},
    {"children",
     "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"Branches\":["
     "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"ItemsPath\":\"$.items\","
     "\"MaxConcurrency\":2,\"ToleratedFailureCount\":1,\"ItemProcessor\":{\"StartAt\":\"T\","
     "\"States\":{\"T\":{" LAMBDA ",\"End\":true}}},\"End\":true}}},"
     "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":50,\"End\":true}}}],"
     "\"End\":true}}}",
     "{\"items\":[1,\"two\",{\"three\":3},null,[]]}", "sfs"},
    {"redrive",
     "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"ItemProcessor\":{"
     "\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\",\"ExecutionType\":\"EXPRESS\"},"
     "\"StartAt\":\"T\",\"States\":{\"T\":{" LAMBDA ",\"Next\":\"U\"},\"U\":{" LAMBDA
     ",\"End\":true}}},\"MaxConcurrency\":3,\"End\":true}}}",
     "[1,2,3,4]", "ssfrs"},
    {"ended",
     "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"Branches\":["
     "{\"StartAt\":\"T\",\"States\":{\"T\":{" LAMBDA ",\"End\":true}}},"
     "{\"StartAt\":\"U\",\"States\":{\"U\":{" ACTIVITY ",\"End\":true}}}],\"End\":true}}}",
     "true", "f"},
};

#define SAMPLES (sizeof samples / sizeof samples[0])

/* ---- a sample runs ---- */

struct written {
  struct drive drive;
  struct record_store store;
  struct ms_documents documents;
  struct ms_buf events; /* lists, each with its length in front */
  struct ms_buf execution;
};

static void send(struct written *written, const struct ms_command *command)
{
  struct ms_buf bytes;
  const struct ms_events *history = &written->drive.history;
  size_t before = history->count;
  ms_buf_init(&bytes, 0);
  mt_eq_int(drive_command(&written->drive, command), 0);
  mt_eq_int(ms_record_write_events(&bytes, &written->documents, &written->store.io,
                                   history->items + before, history->count - before),
            0);
  ms_bytes_put_text(&written->events, ms_buf_view(&bytes));
  ms_buf_deinit(&bytes);
}

static struct ms_json result_of(uint32_t task)
{
  char text[MS_DOCUMENT_BYTES];
  memset(text, '=', sizeof text);
  if (task % 2 == 0)
    return ms_json_int(task * 1000);
  struct ms_json result = ms_json_object(1);
  ms_json_setc(&result, "long", ms_json_string((struct ms_str){text, sizeof text}));
  return result;
}

static void step(struct written *written, char what)
{
  const struct drive_timer *timer = drive_next_timer(&written->drive);
  struct ms_command command = {.type = MS_COMMAND_REDRIVE};
  if (what == 't') {
    command.type = MS_COMMAND_TIMER;
    command.frame = timer->frame;
    written->drive.env.now_ms = timer->due_at_ms;
  } else if (what != 'r') {
    mt_ok(written->drive.task_count > 0);
    command.frame = written->drive.tasks[0].frame;
    command.task = written->drive.tasks[0].task;
    command.type = what == 's'   ? MS_COMMAND_TASK_SUCCEEDED
                   : what == 'f' ? MS_COMMAND_TASK_FAILED
                   : what == 'S' ? MS_COMMAND_TASK_STARTED
                                 : MS_COMMAND_TASK_HEARTBEAT;
  }
  written->drive.env.now_ms += 7;
  if (what == 's')
    command.data = result_of(command.task);
  if (what == 'f')
    command.error = ms_json_cstring("E");
  send(written, &command);
  ms_json_unref(command.data);
  ms_json_unref(command.error);
}

static void run(struct written *written, const struct sample *sample)
{
  struct ms_command start = {.type = MS_COMMAND_START};
  struct drive_options options = {.seed = 42};
  *written = (struct written){.documents = {.next = 0}};
  record_store_init(&written->store);
  ms_buf_init(&written->events, 0);
  ms_buf_init(&written->execution, 0);
  mt_eq_int(drive_open(&written->drive, ms_str_c(sample->definition), &options, NULL), 0);
  mt_eq_int(ms_json_parse(&start.data, ms_str_c(sample->input), NULL, NULL), 0);
  send(written, &start);
  ms_json_unref(start.data);
  for (const char *what = sample->steps; *what != '\0'; what++)
    step(written, *what);
  mt_eq_int(ms_record_write_execution(&written->execution, &written->documents, &written->store.io,
                                      written->drive.execution),
            0);
}

static void written_close(struct written *written)
{
  drive_close(&written->drive);
  ms_documents_deinit(&written->documents);
  ms_buf_deinit(&written->events);
  ms_buf_deinit(&written->execution);
  record_store_deinit(&written->store);
}

/* ---- files ---- */

static struct ms_json hex_lines(const struct ms_buf *bytes)
{
  struct ms_json lines = ms_json_array(0);
  char line[65];
  for (size_t at = 0; at < bytes->len; at += 32) {
    size_t count = bytes->len - at < 32 ? bytes->len - at : 32;
    for (size_t i = 0; i < count; i++)
      snprintf(line + 2 * i, 3, "%02x", (unsigned)(unsigned char)bytes->data[at + i]);
    ms_json_push(&lines, ms_json_cstring(line));
  }
  return lines;
}

static unsigned digit(char c)
{
  return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
}

static void read_hex(struct ms_buf *out, struct ms_json lines)
{
  ms_buf_init(out, 0);
  for (size_t i = 0; i < ms_json_count(lines); i++) {
    struct ms_str line = ms_json_text(ms_json_at(lines, i));
    for (size_t at = 0; at + 1 < line.len; at += 2)
      ms_buf_char(out, (char)(digit(line.data[at]) << 4 | digit(line.data[at + 1])));
  }
}

static const char *path_of(const char *name)
{
  return mt_format("tests/resources/record/v1/%s.json", name);
}

static void write_golden(const struct sample *sample)
{
  struct written written;
  struct ms_buf text;
  run(&written, sample);
  struct ms_json file = ms_json_object(0), definition, documents = ms_json_array(0);
  mt_eq_int(ms_json_parse(&definition, ms_str_c(sample->definition), NULL, NULL), 0);
  for (uint32_t i = 0; i < written.store.count; i++)
    ms_json_push(&documents, ms_json_cstring(written.store.texts[i]));
  ms_json_setc(&file, "definition", definition);
  ms_json_setc(&file, "documents", documents);
  ms_json_setc(&file, "event_bytes", hex_lines(&written.events));
  ms_json_setc(&file, "execution_bytes", hex_lines(&written.execution));
  ms_json_setc(&file, "events",
               record_dump_events(written.drive.history.items, written.drive.history.count));
  ms_json_setc(&file, "execution", record_dump_execution(written.drive.execution));
  ms_buf_init(&text, 0);
  ms_json_print_pretty(&text, file, 1);
  ms_buf_char(&text, '\n');
  mt_write_file(mt_format("%s/%s", mt_source_root(), path_of(sample->name)), text.data, text.len);
  ms_buf_deinit(&text);
  ms_json_unref(file);
  written_close(&written);
}

/* ---- reading ---- */

struct golden {
  struct ms_json file;
  struct drive drive;
  struct record_store store;
  struct ms_documents documents;
  struct ms_events events;
};

static void golden_open(struct golden *golden, const char *name)
{
  size_t len;
  struct ms_buf definition;
  struct drive_options options = {.seed = 42};
  const char *text = mt_read_file(path_of(name), &len);
  *golden = (struct golden){.documents = {.next = 0}};
  mt_eq_int(ms_json_parse(&golden->file, (struct ms_str){text, len}, NULL, NULL), 0);
  record_store_init(&golden->store);
  struct ms_json documents = ms_json_getc(golden->file, "documents");
  for (uint32_t i = 0; i < ms_json_count(documents); i++)
    golden->store.io.put(i, ms_json_text(ms_json_at(documents, i)), &golden->store);
  ms_buf_init(&definition, 0);
  ms_json_print(&definition, ms_json_getc(golden->file, "definition"));
  mt_eq_int(drive_open(&golden->drive, ms_buf_view(&definition), &options, NULL), 0);
  ms_buf_deinit(&definition);
}

static void golden_close(struct golden *golden)
{
  drive_close(&golden->drive);
  ms_documents_deinit(&golden->documents);
  ms_events_deinit(&golden->events);
  record_store_deinit(&golden->store);
  ms_json_unref(golden->file);
}

/* A dump against what the file says. */
static void compare(const struct golden *golden, const char *member, struct ms_json actual)
{
  struct ms_json expected = ms_json_getc(golden->file, member);
  if (!ms_json_identical(actual, expected)) {
    struct ms_json text = ms_json_print_value(actual), other = ms_json_print_value(expected);
    mt_fail("%s is\n%.*s\nand was\n%.*s", member, MS_STR_ARG(ms_json_text(text)),
            MS_STR_ARG(ms_json_text(other)));
  }
  ms_json_unref(actual);
}

static void read_events(struct golden *golden)
{
  struct ms_buf bytes;
  struct ms_bytes_reader reader;
  read_hex(&bytes, ms_json_getc(golden->file, "event_bytes"));
  ms_bytes_reader_init(&reader, ms_buf_view(&bytes));
  while (!ms_bytes_is_end(&reader))
    mt_eq_int(ms_record_read_events(&golden->events, &golden->documents, &golden->store.io,
                                    ms_bytes_text(&reader)),
              0);
  compare(golden, "events", record_dump_events(golden->events.items, golden->events.count));
  ms_buf_deinit(&bytes);
}

static void fold_events(struct golden *golden)
{
  struct ms_execution *execution = record_twin(golden->drive.execution);
  for (size_t i = 0; i < golden->events.count; i++) {
    mt_eq_int(ms_record_check_event(execution, &golden->events.items[i]), 0);
    mt_eq_int(ms_core_evolve(execution, &golden->events.items[i]), 0);
  }
  mt_eq_int(ms_record_check_execution(execution), 0);
  compare(golden, "execution", record_dump_execution(execution));
  ms_execution_free(execution);
}

static void read_execution(struct golden *golden)
{
  struct ms_buf bytes;
  read_hex(&bytes, ms_json_getc(golden->file, "execution_bytes"));
  ms_documents_deinit(&golden->documents);
  mt_eq_int(ms_record_read_execution(golden->drive.execution, &golden->documents, &golden->store.io,
                                     ms_buf_view(&bytes)),
            0);
  compare(golden, "execution", record_dump_execution(golden->drive.execution));
  ms_buf_deinit(&bytes);
}

MT_TEST(record_golden__version_1_is_read)
{
  for (size_t i = 0; i < SAMPLES; i++) {
    struct golden golden;
    if (getenv("MT_RECORD_WRITE") != NULL)
      write_golden(&samples[i]);
    golden_open(&golden, samples[i].name);
    read_events(&golden);
    fold_events(&golden);
    read_execution(&golden);
    golden_close(&golden);
  }
}

/* The lists of events that were read, written again. */
static void rewrite_events(struct golden *golden)
{
  struct ms_buf bytes, again, list;
  struct ms_bytes_reader reader;
  read_hex(&bytes, ms_json_getc(golden->file, "event_bytes"));
  ms_bytes_reader_init(&reader, ms_buf_view(&bytes));
  ms_buf_init(&again, 0);
  ms_buf_init(&list, 0);
  while (!ms_bytes_is_end(&reader)) {
    size_t before = golden->events.count;
    mt_eq_int(ms_record_read_events(&golden->events, &golden->documents, &golden->store.io,
                                    ms_bytes_text(&reader)),
              0);
    ms_buf_reset(&list);
    mt_eq_int(ms_record_write_events(&list, &golden->documents, &golden->store.io,
                                     golden->events.items + before, golden->events.count - before),
              0);
    ms_bytes_put_text(&again, ms_buf_view(&list));
  }
  compare(golden, "event_bytes", hex_lines(&again));
  ms_buf_deinit(&bytes);
  ms_buf_deinit(&again);
  ms_buf_deinit(&list);
}

/* Goes when there is a version 2: until then other bytes are what an older build cannot read. */
MT_TEST(record_golden__version_1_is_what_is_written)
{
  for (size_t i = 0; i < SAMPLES; i++) {
    struct golden golden;
    struct ms_buf again;
    golden_open(&golden, samples[i].name);
    rewrite_events(&golden);
    read_execution(&golden);
    ms_buf_init(&again, 0);
    mt_eq_int(ms_record_write_execution(&again, &golden.documents, &golden.store.io,
                                        golden.drive.execution),
              0);
    compare(&golden, "execution_bytes", hex_lines(&again));
    ms_buf_deinit(&again);
    golden_close(&golden);
  }
}
