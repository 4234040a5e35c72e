/*
 * Children of map runs seen as executions. The history of a child is compared with the one that the same
 * states write as a machine of their own: nobody who reads it could tell them apart.
 */
#include <string.h>

#include "core/map_child.h"

#include "base/error.h"
#include "drive.h"
#include "mt.h"

#define RUN "arn:aws:states:us-east-1:000000000000:mapRun:m/L:0aec3f70-1111-4222-8333-944455566677"
#define OTHER "arn:aws:states:us-east-1:000000000000:mapRun:m/L:0aec3f70-1111-4222-8333-944455566678"

/* ---- names ---- */

MT_TEST(map_child__names_lead_back_to_places)
{
  static const uint32_t places[] = {0, 1, 2, 9999, 100000000, UINT32_MAX - 1, UINT32_MAX};
  for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
    char name[MS_MAP_CHILD_NAME_SIZE];
    uint32_t index = 77;
    ms_map_child_name(name, MS_STR(RUN), places[i]);
    mt_eq_int(strlen(name), 36);
    mt_ok(name[14] == '4' && strchr("89ab", name[19]) != NULL);
    mt_ok(ms_map_child_index(&index, MS_STR(RUN), ms_str_c(name)));
    mt_ok(index == places[i]);
    mt_ok(!ms_map_child_index(&index, MS_STR(OTHER), ms_str_c(name)));
  }
}

MT_TEST(map_child__what_is_no_name_leads_nowhere)
{
  char name[MS_MAP_CHILD_NAME_SIZE];
  uint32_t index;
  ms_map_child_name(name, MS_STR(RUN), 3);
  mt_ok(!ms_map_child_index(&index, MS_STR(RUN), ms_str_sub(ms_str_c(name), 0, 35)));
  mt_ok(!ms_map_child_index(&index, MS_STR(RUN), MS_STR("")));
  for (size_t i = 0; i < 28; i++) { /* behind it each text of hexadecimal digits is a place */
    char kept = name[i];
    name[i] = 'g';
    mt_ok(!ms_map_child_index(&index, MS_STR(RUN), ms_str_c(name)));
    name[i] = kept;
  }
  name[35] = 'A';
  mt_ok(!ms_map_child_index(&index, MS_STR(RUN), ms_str_c(name)));
}

/* ---- histories ---- */

static void begin(struct drive *drive, const char *definition, const char *input)
{
  struct drive_options options = {0};
  struct ms_json value;
  mt_eq_int(ms_json_parse(&value, ms_str_c(input), NULL, NULL), 0);
  mt_eq_int(drive_open(drive, ms_str_c(definition), &options, NULL), 0);
  mt_eq_int(drive_start(drive, value), 0);
  ms_json_unref(value);
}

static void run(struct drive *drive, const char *definition, const char *input)
{
  begin(drive, definition, input);
  for (int i = 0; i < 1000 && drive->execution->status == MS_EXECUTION_RUNNING; i++)
    mt_eq_int(drive_fire(drive), 0);
}

/* The latest map run there is. */
static struct ms_str run_of(const struct drive *drive)
{
  struct ms_str arn = MS_STR("");
  for (size_t i = 0; i < drive->history.count; i++)
    if (drive->history.items[i].type == MS_EVENT_MAP_RUN_STARTED)
      arn = ms_json_text(drive->history.items[i].data);
  mt_ok(arn.len > 0);
  return arn;
}

static int see(struct ms_map_view *view, const struct drive *drive, uint32_t wanted)
{
  int status = ms_map_view_init(view, drive->machine, &drive->execution->identity, run_of(drive), wanted);
  for (size_t i = 0; status == 0 && i < drive->history.count; i++)
    status = ms_map_view_add(view, &drive->history.items[i]);
  return status;
}

static char *line_of(const struct ms_event *event, const struct ms_machine *machine)
{
  char type[64];
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_event_type_text(type, sizeof type, event, machine);
  ms_json_print(&text, event->data);
  char *line = mt_format("%u<%u %s %.*s", (unsigned)event->id, (unsigned)event->previous, type,
                         (int)text.len, ms_buf_view(&text).data);
  ms_buf_deinit(&text);
  return line;
}

/* states: {"StartAt": ...} without its last brace. The same input alone and as the child of a map run. */
static void compare(const char *states, const char *input)
{
  struct drive alone, above;
  struct ms_map_view view;
  run(&alone, mt_format("{%s}", states), input);
  run(&above,
      mt_format("{\"StartAt\":\"Map\",\"States\":{\"Map\":{\"Type\":\"Map\",\"Label\":\"L\","
                "\"ToleratedFailureCount\":9,\"ItemProcessor\":{\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\","
                "\"ExecutionType\":\"STANDARD\"},%s},\"End\":true}}}",
                states),
      mt_format("[%s,%s,%s]", input, input, input));
  mt_eq_int(see(&view, &above, 1), 0);
  mt_eq_int(view.count, 3);
  mt_eq_int(view.children[1].status, alone.execution->status);
  size_t at = 0;
  for (size_t i = 0; i < alone.history.count; i++) {
    const struct ms_event *event = &alone.history.items[i];
    if (event->id == 0)
      continue;
    mt_ok(at < view.events.count);
    mt_eq_str(line_of(&view.events.items[at++], above.machine), line_of(event, alone.machine));
  }
  mt_eq_int(at, view.events.count);
  ms_map_view_deinit(&view);
  drive_close(&above);
  drive_close(&alone);
}

#define PASS(name, rest) "\"" name "\":{\"Type\":\"Pass\"," rest "}"
#define FAIL "\"F\":{\"Type\":\"Fail\",\"Error\":\"E\",\"Cause\":\"c\"}"

MT_TEST(map_child__history_of_states_in_a_row)
{
  compare("\"StartAt\":\"A\",\"States\":{" PASS("A", "\"Next\":\"W\"") ",\"W\":{\"Type\":\"Wait\","
          "\"Seconds\":1,\"Next\":\"B\"}," PASS("B", "\"End\":true") "}", "1");
  compare("\"StartAt\":\"A\",\"States\":{" PASS("A", "\"Next\":\"F\"") "," FAIL "}", "1");
}

MT_TEST(map_child__history_of_branches)
{
  compare("\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"Next\":\"B\",\"Branches\":["
          "{\"StartAt\":\"X\",\"States\":{" PASS("X", "\"Next\":\"Y\"") "," PASS("Y", "\"End\":true") "}},"
          "{\"StartAt\":\"Z\",\"States\":{" PASS("Z", "\"End\":true") "}}]}," PASS("B", "\"End\":true") "}",
          "1");
  compare("\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"Next\":\"B\",\"Catch\":[{\"ErrorEquals\":"
          "[\"States.ALL\"],\"Next\":\"B\"}],\"Branches\":[{\"StartAt\":\"F\",\"States\":{" FAIL "}},"
          "{\"StartAt\":\"Z\",\"States\":{\"Z\":{\"Type\":\"Wait\",\"Seconds\":5,\"End\":true}}}]},"
          PASS("B", "\"End\":true") "}", "1");
}

MT_TEST(map_child__history_of_iterations)
{
  compare("\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"MaxConcurrency\":1,\"Next\":\"B\",\"ItemProcessor\":{"
          "\"StartAt\":\"X\",\"States\":{" PASS("X", "\"End\":true") "}}},"
          PASS("B", "\"End\":true") "}", "[1,2]");
  compare("\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"Next\":\"B\",\"ItemProcessor\":{"
          "\"StartAt\":\"X\",\"States\":{" PASS("X", "\"End\":true") "}}},"
          PASS("B", "\"End\":true") "}", "[1,2,3]");
  compare("\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"Next\":\"B\",\"Retry\":[{\"ErrorEquals\":[\"E\"],"
          "\"MaxAttempts\":1}],\"ItemProcessor\":{\"StartAt\":\"F\",\"States\":{" FAIL "}}},"
          PASS("B", "\"End\":true") "}",
          "[1,2]");
}

/* The state that is left hangs on the beginning of its map run, as in what AWS recorded since late in 2024. */
MT_TEST(map_child__history_with_a_map_run_in_it)
{
  static const char *const expected[] = {
      "1<0 ExecutionStarted",    "2<0 MapStateEntered",    "3<2 MapStateStarted", "4<3 MapRunStarted",
      "5<4 MapRunSucceeded",     "6<5 MapStateSucceeded",  "7<4 MapStateExited",  "8<7 ExecutionSucceeded"};
  struct drive drive;
  struct ms_map_view view;
  struct ms_str arn = MS_STR("");
  run(&drive,
      "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"ItemProcessor\":{\"ProcessorConfig\":{\"Mode\":"
      "\"DISTRIBUTED\",\"ExecutionType\":\"STANDARD\"},\"StartAt\":\"N\",\"States\":{\"N\":{\"Type\":\"Map\","
      "\"ItemProcessor\":{\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\",\"ExecutionType\":\"STANDARD\"},\"StartAt\":"
      "\"X\",\"States\":{" PASS("X", "\"End\":true") "}},\"End\":true}}},\"End\":true}}}",
      "[[1,2]]");
  for (size_t i = drive.history.count; i-- > 0;)
    if (drive.history.items[i].type == MS_EVENT_MAP_RUN_STARTED)
      arn = ms_json_text(drive.history.items[i].data); /* the first */
  mt_eq_int(ms_map_view_init(&view, drive.machine, &drive.execution->identity, arn, 0), 0);
  for (size_t i = 0; i < drive.history.count; i++)
    mt_eq_int(ms_map_view_add(&view, &drive.history.items[i]), 0);
  mt_eq_int(view.events.count, sizeof expected / sizeof expected[0]);
  for (size_t i = 0; i < view.events.count; i++) {
    char *line = line_of(&view.events.items[i], drive.machine);
    mt_eq_str(mt_format("%.*s", (int)strlen(expected[i]), line), expected[i]);
  }
  ms_map_view_deinit(&view);
  drive_close(&drive);
}

/* ---- stopped alone ---- */

#define TASKS                                                                                      \
  "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"MaxConcurrency\":1,\"ItemProcessor\":{"             \
  "\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\",\"ExecutionType\":\"STANDARD\"},\"StartAt\":\"T\","         \
  "\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:lambda:us-east-1:000000000000:function:f\","  \
  "\"End\":true}}},\"End\":true}}}"

static void stop(struct drive *drive, uint32_t place)
{
  struct ms_command command = {.type = MS_COMMAND_STOP_CHILD, .frame = MS_FRAME_NONE, .task = place};
  command.data = ms_json_string(run_of(drive));
  command.error = ms_json_cstring("E");
  mt_eq_int(drive_command(drive, &command), 0);
  ms_json_unref(command.data);
  ms_json_unref(command.error);
}

static void succeed(struct drive *drive)
{
  struct ms_command command = {.type = MS_COMMAND_TASK_SUCCEEDED};
  mt_ok(drive->task_count == 1);
  command.frame = drive->tasks[0].frame;
  command.task = drive->tasks[0].task;
  command.data = ms_json_int(1);
  mt_eq_int(drive_command(drive, &command), 0);
}

static void check_status(const struct drive *drive, uint32_t place, int status)
{
  struct ms_map_view view;
  mt_eq_int(see(&view, drive, place), 0);
  mt_eq_int(view.children[place].status, status);
  if (status == MS_EXECUTION_ABORTED)
    mt_eq_str(ms_json_text(view.error).data, "E");
  ms_map_view_deinit(&view);
}

/* Its place is free for the next, it is no failure, and it runs again in a redrive. */
MT_TEST(map_child__stopped_alone)
{
  struct drive drive;
  begin(&drive, TASKS, "[1,2,3]");
  stop(&drive, 7);
  stop(&drive, 1); /* has not begun */
  check_status(&drive, 0, MS_EXECUTION_RUNNING);
  stop(&drive, 0);
  stop(&drive, 0);
  check_status(&drive, 0, MS_EXECUTION_ABORTED);
  check_status(&drive, 1, MS_EXECUTION_RUNNING);
  succeed(&drive);
  struct ms_command command = {.type = MS_COMMAND_STOP};
  mt_eq_int(drive_command(&drive, &command), 0);
  command.type = MS_COMMAND_REDRIVE;
  mt_eq_int(drive_command(&drive, &command), 0);
  check_status(&drive, 0, MS_EXECUTION_RUNNING);
  succeed(&drive);
  check_status(&drive, 0, MS_EXECUTION_SUCCEEDED);
  stop(&drive, 2); /* the last */
  mt_eq_int(drive.execution->status, MS_EXECUTION_SUCCEEDED);
  mt_eq_int((long long)ms_json_count(drive.execution->output), 2);
  drive_close(&drive);
}

/* ---- failing allocations ---- */

static int see_again(void *user)
{
  struct ms_map_view view;
  int status = see(&view, user, 0);
  ms_map_view_deinit(&view);
  return status;
}

MT_TEST(map_child__out_of_memory)
{
  struct drive drive;
  run(&drive,
      "{\"StartAt\":\"Map\",\"States\":{\"Map\":{\"Type\":\"Map\",\"ToleratedFailureCount\":9,\"ItemBatcher\":{"
      "\"MaxItemsPerBatch\":2},\"ItemProcessor\":{\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\",\"ExecutionType\":"
      "\"STANDARD\"},\"StartAt\":\"A\",\"States\":{" PASS("A", "\"Next\":\"F\"") "," FAIL "}},\"End\":true}}}",
      "[1,2,3]");
  mt_ok(mt_oom(see_again, &drive) > 10);
  drive_close(&drive);
}
