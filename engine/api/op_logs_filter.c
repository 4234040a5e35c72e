/*
 * FilterLogEvents of CloudWatch Logs: what functions have said, as long as it is kept. A group is
 * /aws/lambda/FUNCTION; filterPattern is a part of the line, in quotes or not. Ours: requestId.
 */
#include <stdio.h>

#include "api/members.h"
#include "base/error.h"
#include "base/time.h"
#include "runtime/scripts.h"

#define GROUP "/aws/lambda/"
#define EVENTS_MAX 10000

static const struct ms_api_member members[] = {
    {.name = "logGroupName", .kind = MS_API_STRING, .min = 1, .max = 512},
    {.name = "logGroupIdentifier", .kind = MS_API_STRING, .min = 1, .max = 2048},
    {.name = "startTime", .kind = MS_API_INTEGER},
    {.name = "endTime", .kind = MS_API_INTEGER},
    {.name = "filterPattern", .kind = MS_API_STRING, .max = 1024},
    {.name = "nextToken", .kind = MS_API_STRING, .min = 1, .max = 64},
    {.name = "limit", .kind = MS_API_INTEGER, .min = 1, .max = EVENTS_MAX},
    {.name = "requestId", .kind = MS_API_STRING, .min = 1, .max = 64},
    MS_MEMBER_END};

static uint64_t number_of(struct ms_str text)
{
  uint64_t number = 0;
  for (size_t i = 0; i < text.len && i < 20; i++) {
    char c = text.data[i];
    number = c >= '0' && c <= '9' ? number * 10 + (uint64_t)(c - '0') : number;
  }
  return number;
}

/* The function of "/aws/lambda/f" or of an ARN that ends so; empty: another group. */
static struct ms_str function_of(struct ms_str group)
{
  size_t len = sizeof GROUP - 1;
  for (size_t i = 0; i + len <= group.len; i++) {
    if (memcmp(group.data + i, GROUP, len) == 0) {
      struct ms_str name = ms_str_sub(group, i + len, group.len);
      return ms_str_sub(name, 0, ms_str_find(name, 0, ':'));
    }
  }
  return MS_STR("");
}

static struct ms_str words_of(struct ms_str pattern)
{
  if (pattern.len >= 2 && pattern.data[0] == '"' && pattern.data[pattern.len - 1] == '"') {
    return ms_str_sub(pattern, 1, pattern.len - 1);
  }
  return pattern;
}

/* As CloudWatch shows it: the day and version name the stream. */
static struct ms_json event_of(struct ms_json line)
{
  char day[MS_TIME_TEXT_SIZE];
  int64_t at_ms = 0;
  ms_json_to_int(&at_ms, ms_json_getc(line, "timestamp"));
  ms_time_format_ms(day, at_ms);
  struct ms_json out = ms_json_object(5);
  int err = ms_json_setc(&out, "logStreamName",
                         ms_json_stringf("%.4s/%.2s/%.2s/[%.*s]moonstep", day, day + 5, day + 8,
                                         MS_STR_ARG(ms_json_text(ms_json_getc(line, "version")))));
  static const char *const copied[][2] = {{"timestamp", "timestamp"},
                                          {"message", "message"},
                                          {"ingestionTime", "timestamp"},
                                          {"eventId", "eventId"}};
  for (size_t i = 0; err == 0 && i < sizeof copied / sizeof *copied; i++) {
    err = ms_json_setc(&out, copied[i][0], ms_json_ref(ms_json_getc(line, copied[i][1])));
  }
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

static struct ms_json reply_of(struct ms_json lines, uint64_t next)
{
  struct ms_json events = ms_json_array(ms_json_count(lines));
  int err = ms_json_is_none(events) ? MSTEP_ENOMEM : MSTEP_OK;
  for (size_t i = 0; err == 0 && i < ms_json_count(lines); i++) {
    err = ms_json_push(&events, event_of(ms_json_at(lines, i)));
  }
  if (err != 0) {
    ms_json_unref(events);
    return MS_JSON_VALUE_NONE;
  }
  struct ms_json reply = ms_api_object("events", events);
  err = ms_json_setc(&reply, "searchedLogStreams", ms_json_array(0));
  if (err == 0 && next != 0) {
    err = ms_json_setc(&reply, "nextToken",
                       ms_json_stringf("%020llu", (unsigned long long)next));
  }
  if (err != 0) {
    ms_json_replace(&reply, MS_JSON_VALUE_NONE);
  }
  return reply;
}

static int run(struct ms_api_call *call)
{
  struct ms_str group = ms_api_text(call, "logGroupName");
  struct ms_json lines;
  uint64_t next;
  if (group.data == NULL) {
    group = ms_api_text(call, "logGroupIdentifier");
  }
  const struct ms_engine_log_query query = {
      .function = function_of(group),
      .request_id = ms_api_text(call, "requestId"),
      .words = words_of(ms_api_text(call, "filterPattern")),
      .from_ms = ms_api_int(call, "startTime", 0),
      .until_ms = ms_api_int(call, "endTime", 0),
      .after = number_of(ms_api_text(call, "nextToken")),
      .max = (size_t)ms_api_int(call, "limit", EVENTS_MAX),
  };
  int err = ms_engine_logs(&lines, &next, ms_api_engine(call), &query);
  if (err != 0) {
    return err;
  }
  struct ms_json reply = reply_of(lines, next);
  ms_json_unref(lines);
  return ms_api_reply_json(call, reply);
}

const struct ms_op ms_op_logs_filter = {members, run};
