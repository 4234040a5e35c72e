/* The scheduler: what is due when, what a target gets of it, what a store keeps, and groups. */
#include "messaging/scheduler.h"

#include <string.h>

#include "driver_host.h"
#include "messaging/schedule.h"

#define QUEUE "arn:aws:sqs:us-east-1:000000000000:q"
#define DEAD "arn:aws:sqs:us-east-1:000000000000:dead"
#define ARN "arn:aws:scheduler:us-east-1:000000000000:schedule/"
#define OFF "\"FlexibleTimeWindow\":{\"Mode\":\"OFF\"}"
#define HOUR_MS 3600000

/* The answer, or the refusal as "Name: text". */
static char *ask(struct driver_host *host, ms_scheduler_operation operation, const char *request)
{
  struct ms_json asked, reply = MS_JSON_VALUE_NONE;
  struct ms_queue_refusal why = {.name = NULL};
  struct ms_buf text;
  mt_eq_int(ms_json_parse(&asked, ms_str_c(request), NULL, NULL), 0);
  int err = operation(host->driver, asked, &reply, &why);
  ms_json_unref(asked);
  ms_buf_init(&text, 0);
  if (err == MSTEP_EINVALID) {
    ms_buf_printf(&text, "%s: %s", why.name, why.text);
  } else if (err != 0) {
    ms_buf_printf(&text, "%d", err);
  } else {
    ms_json_print(&text, reply);
  }
  char *out = mt_format("%.*s", MS_STR_ARG(ms_buf_view(&text)));
  ms_buf_deinit(&text);
  ms_json_unref(reply);
  return out;
}

static const char *request(const char *expression, const char *target, const char *more)
{
  return mt_format("{\"Name\":\"s\",\"ScheduleExpression\":\"%s\",\"Target\":{\"Arn\":\"" QUEUE
                   "\",\"RoleArn\":\"arn:aws:iam::000000000000:role/r\"%s}%s}",
                   expression, target, more);
}

static void create(struct driver_host *host, const char *expression, const char *target,
                   const char *more)
{
  mt_eq_str(
      ask(host, ms_scheduler_create, request(expression, target, more[0] == '\0' ? "," OFF : more)),
      "{\"ScheduleArn\":\"" ARN "default/s\"}");
}

static void begin(struct driver_host *host, const char *url)
{
  mt_eq_int(host_open(host, &ms_scheduler_driver, url), 0);
}

static void reopen(struct driver_host *host)
{
  host->type->close(host->driver);
  mt_eq_int(host_reopen(host), 0);
}

MT_TEST(scheduler__a_rate_begins_with_its_first_run)
{
  struct driver_host host;
  begin(&host, NULL);
  create(&host, "rate(5 minutes)", "", "");
  mt_eq_int(host.tried, 0); /* nothing leaves from inside the call */
  host_run(&host);
  mt_eq_int(host.took, 1);
  mt_eq_str(host.last.target, QUEUE);
  char *id = strstr(host.last.body, "\"id\":\"") + 6;
  memset(id, 'x', 36);
  mt_eq_str(host.last.body,
            "{\"version\":\"0\",\"id\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\",\"detail-type\":"
            "\"Scheduled Event\",\"source\":\"aws.scheduler\",\"account\":\"000000000000\","
            "\"time\":\"2024-01-01T00:00:00Z\",\"region\":\"us-east-1\",\"resources\":"
            "[\"" ARN "default/s\"],\"detail\":\"{}\"}");
  host_pass(&host, 299999);
  mt_eq_int(host.took, 1);
  host_pass(&host, 1);
  mt_eq_int(host.took, 2);
  host_pass(&host, HOUR_MS);
  mt_eq_int(host.took, 14);
  ask(&host, ms_scheduler_update,
      request("rate(5 minutes)", "", "," OFF ",\"State\":\"DISABLED\""));
  host_pass(&host, HOUR_MS);
  mt_eq_int(host.took, 14);
  mt_eq_str(ask(&host, ms_scheduler_delete, "{\"Name\":\"s\"}"), "");
  mt_eq_str(ask(&host, ms_scheduler_get, "{\"Name\":\"s\"}"),
            "ResourceNotFoundException: Schedule s does not exist.");
  host_close(&host);
}

MT_TEST(scheduler__shows_what_it_was_given_and_what_it_assumed)
{
  struct driver_host host;
  begin(&host, NULL);
  create(&host, "at(2024-01-01T00:01:00)", "", "");
  mt_eq_str(ask(&host, ms_scheduler_get, "{\"Name\":\"s\",\"GroupName\":\"default\"}"),
            "{\"ActionAfterCompletion\":\"NONE\",\"GroupName\":\"default\","
            "\"ScheduleExpressionTimezone\":\"UTC\",\"State\":\"ENABLED\","
            "\"FlexibleTimeWindow\":{\"Mode\":\"OFF\"},\"Name\":\"s\","
            "\"ScheduleExpression\":\"at(2024-01-01T00:01:00)\",\"Arn\":\"" ARN "default/s\","
            "\"CreationDate\":1704067200.0,\"LastModificationDate\":1704067200.0,"
            "\"Target\":{\"Arn\":\"" QUEUE "\",\"RoleArn\":\"arn:aws:iam::000000000000:role/r\","
            "\"RetryPolicy\":{\"MaximumEventAgeInSeconds\":86400,\"MaximumRetryAttempts\":185}}}");
  mt_eq_str(ask(&host, ms_scheduler_list, "{}"),
            "{\"Schedules\":[{\"Arn\":\"" ARN "default/s\",\"CreationDate\":1704067200.0,"
            "\"GroupName\":\"default\",\"LastModificationDate\":1704067200.0,\"Name\":\"s\","
            "\"State\":\"ENABLED\",\"Target\":{\"Arn\":\"" QUEUE "\"}}]}");
  host_close(&host);
}

MT_TEST(scheduler__words_of_an_input_and_the_dead_letter)
{
  struct driver_host host;
  begin(&host, NULL);
  host.refuses = ":q";
  host.code = MSTEP_EIO;
  create(&host, "at(2024-01-01T00:01:00)",
         ",\"Input\":\"<aws.scheduler.schedule-arn> <aws.scheduler.scheduled-time> "
         "<aws.scheduler.attempt-number> <x> <\",\"RetryPolicy\":{\"MaximumRetryAttempts\":2},"
         "\"DeadLetterConfig\":{\"Arn\":\"" DEAD "\"}",
         "");
  host_pass(&host, 60000);
  mt_eq_str(host.last.body, ARN "default/s 2024-01-01T00:01:00Z 1 <x> <");
  host_pass(&host, 60000);
  mt_eq_int(host.tried, 4);
  mt_eq_str(host.last.target, DEAD);
  mt_eq_str(host.last.body, ARN "default/s 2024-01-01T00:01:00Z 3 <x> <");
  char *id = strstr(host.last.attributes, "\"EXECUTION_ID\":{\"DataType\":\"String\","
                                          "\"StringValue\":\"");
  memset(strchr(strstr(id, "StringValue"), ':') + 2, 'x', 16);
#define TEXT_ATTRIBUTE(name, value)                                                                \
  "\"" name "\":{\"DataType\":\"String\",\"StringValue\":\"" value "\"}"
  mt_eq_str(
      host.last.attributes,
      "{" TEXT_ATTRIBUTE("SCHEDULE_ARN", ARN "default/s") "," TEXT_ATTRIBUTE("TARGET_ARN", QUEUE) "," TEXT_ATTRIBUTE("SCHEDULED_TIME", "2024-01-01T00:01:00Z") "," TEXT_ATTRIBUTE("EXECUTION_ID", "xxxxxxxxxxxxxxxx") "," TEXT_ATTRIBUTE(
          "IS_PAYLOAD_TRUNCATED",
          "false") "," TEXT_ATTRIBUTE("ERROR_CODE",
                                      "CONNECT"
                                      "ION_"
                                      "FAILUR"
                                      "E") "," TEXT_ATTRIBUTE("ERROR_MESSAGE",
                                                              "it said no") "," TEXT_ATTRIBUTE("EXH"
                                                                                               "AUS"
                                                                                               "TED"
                                                                                               "_RE"
                                                                                               "TRY"
                                                                                               "_CO"
                                                                                               "NDI"
                                                                                               "TIO"
                                                                                               "N",
                                                                                               "Max"
                                                                                               "imu"
                                                                                               "mRe"
                                                                                               "try"
                                                                                               "Att"
                                                                                               "emp"
                                                                                               "ts") "," TEXT_ATTRIBUTE("RETRY_ATTEMPTS",
                                                                                                                        "2") "}");
  host_close(&host);
}

MT_TEST(scheduler__clocks_of_zones)
{
  struct driver_host host;
  begin(&host, NULL);
  create(&host, "cron(30 2 * * ? *)", ",\"Input\":\"<aws.scheduler.scheduled-time>\"",
         "," OFF ",\"ScheduleExpressionTimezone\":\"Europe/Berlin\","
         "\"StartDate\":1711666800,\"EndDate\":1711983600"); /* 2024-03-28T23:00Z, 04-01T15:00Z */
  const char *times[] = {"2024-03-29T01:30:00Z", "2024-03-30T01:30:00Z", "2024-04-01T00:30:00Z"};
  host_pass(&host, (int64_t)88 * 24 * HOUR_MS);
  for (size_t i = 0; i < 3; i++) { /* on the 31st there is no 02:30 */
    unsigned took = host.took;
    while (host.took == took && ms_loop_now_ms(host.loop) < 1712000000000) {
      host_pass(&host, 60000);
    }
    mt_eq_str(host.last.body, times[i]);
  }
  host_pass(&host, (int64_t)30 * 24 * HOUR_MS);
  mt_eq_int(host.took, 3); /* it has ended */
  mt_ok(strstr(ask(&host, ms_scheduler_get, "{\"Name\":\"s\"}"), "ENABLED") != NULL);
  host_close(&host);
}

MT_TEST(scheduler__a_window_is_the_same_after_a_restart)
{
  int64_t at_ms[2];
  for (unsigned i = 0; i < 2; i++) {
    struct driver_host host;
    begin(&host, "memory:");
    create(&host, "at(2024-01-01T01:00:00)", "",
           ",\"FlexibleTimeWindow\":{\"Mode\":\"FLEXIBLE\",\"MaximumWindowInMinutes\":60}");
    host_pass(&host, HOUR_MS);
    mt_eq_int(host.took, 0);
    if (i == 1) {
      reopen(&host);
    }
    at_ms[i] = host.type->next_due_ms(host.driver);
    mt_ok(at_ms[i] > HOST_START_MS + HOUR_MS && at_ms[i] < HOST_START_MS + 2 * HOUR_MS);
    host_pass(&host, HOUR_MS);
    mt_eq_int(host.took, 1);
    mt_ok(strstr(host.last.body, "\"time\":\"2024-01-01T01:00:00Z\"") != NULL);
    host_close(&host);
  }
  mt_eq_int(at_ms[0], at_ms[1]);
}

MT_TEST(scheduler__deletes_what_is_over)
{
  struct driver_host host;
  begin(&host, "memory:");
  create(&host, "at(2024-01-01T00:10:00)", "", "," OFF ",\"ActionAfterCompletion\":\"DELETE\"");
  ask(&host, ms_scheduler_create,
      "{\"Name\":\"r\",\"ScheduleExpression\":\"rate(10 minutes)\"," OFF
      ",\"ActionAfterCompletion\":\"DELETE\",\"EndDate\":1704068400,\"Target\":{\"Arn\":\"" QUEUE
      "\"}}"); /* until 00:20 */
  host_pass(&host, 600000);
  mt_eq_int(host.took, 3);
  mt_ok(strstr(ask(&host, ms_scheduler_list, "{}"), "default/s") == NULL);
  mt_ok(strstr(ask(&host, ms_scheduler_list, "{}"), "default/r") != NULL);
  host_pass(&host, 600000);
  mt_eq_int(host.took, 4);
  mt_eq_str(ask(&host, ms_scheduler_list, "{}"), "{\"Schedules\":[]}");
  reopen(&host);
  mt_eq_str(ask(&host, ms_scheduler_list, "{}"), "{\"Schedules\":[]}");
  host_pass(&host, HOUR_MS);
  mt_eq_int(host.took, 4);
  host_close(&host);
}

/* The process is killed at any moment between that a run is due and that it was delivered. */
MT_TEST(scheduler__what_is_due_once_survives_a_crash)
{
  struct driver_host host;
  begin(&host, mt_format("sqlite:%s/s.db", mt_tmpdir()));
  create(&host, "at(2024-01-01T00:10:00)", "", "," OFF ",\"ActionAfterCompletion\":\"DELETE\"");
  reopen(&host);
  ms_loop_sim_run_until(host.loop, HOST_START_MS + 600000);
  host.type->on_timer(host.driver, HOST_START_MS + 600000); /* committed, not tried */
  mt_eq_int(host.tried, 0);
  reopen(&host);
  host_run(&host);
  mt_eq_int(host.took, 1);
  mt_eq_str(ask(&host, ms_scheduler_list, "{}"), "{\"Schedules\":[]}");
  reopen(&host);
  host_pass(&host, HOUR_MS);
  mt_eq_int(host.took, 1);
  host_close(&host);
}

static void miss(enum ms_missed_runs missed, const char *expression, unsigned took,
                 const char *last)
{
  struct driver_host host;
  begin(&host, "memory:");
  host.env.missed_runs = (int)missed;
  create(&host, expression, ",\"Input\":\"<aws.scheduler.scheduled-time>\"", "");
  host_run(&host);
  host.took = 0;
  host.last.body[0] = '\0';
  host.type->close(host.driver);
  ms_loop_sim_run_until(host.loop, HOST_START_MS + HOUR_MS + 125000);
  mt_eq_int(host_reopen(&host), 0);
  host_run(&host);
  mt_eq_int(host.took, took);
  mt_eq_str(host.last.body, last);
  reopen(&host);
  host_run(&host);
  mt_eq_int(host.took, took); /* and not once more */
  host_close(&host);
}

MT_TEST(scheduler__runs_that_were_missed)
{
  miss(MS_MISSED_ONCE, "rate(10 minutes)", 1, "2024-01-01T01:00:00Z");
  miss(MS_MISSED_SKIP, "rate(10 minutes)", 0, "");
  miss(MS_MISSED_ALL, "rate(10 minutes)", 6, "2024-01-01T01:00:00Z");
  miss(MS_MISSED_ONCE, "cron(0/2 * * * ? *)", 1, "2024-01-01T01:02:00Z");
  miss(MS_MISSED_SKIP, "cron(0/2 * * * ? *)", 1, "2024-01-01T01:02:00Z"); /* in time */
  miss(MS_MISSED_ONCE, "at(2024-01-01T00:30:00)", 1, "2024-01-01T00:30:00Z");
  miss(MS_MISSED_SKIP, "at(2024-01-01T00:30:00)", 0, "");
  miss(MS_MISSED_ALL, "at(2024-01-01T00:30:00)", 1, "2024-01-01T00:30:00Z");
}

static void refused(struct driver_host *host, const char *asked, const char *says)
{
  char *is = ask(host, ms_scheduler_create, asked);
  if (strcmp(is, says) != 0) {
    mt_fail("%s: %s, not %s", asked, is, says);
  }
}

MT_TEST(scheduler__what_cannot_be)
{
  struct driver_host host;
  begin(&host, "memory:");
  refused(&host, request("rate(0 minutes)", "", "," OFF),
          "ValidationException: Invalid Schedule Expression rate(0 minutes).");
  refused(&host, request("rate(1 day)", "", "," OFF ",\"ScheduleExpressionTimezone\":\"../etc\""),
          "ValidationException: Invalid ScheduleExpressionTimezone ../etc.");
  refused(&host, request("rate(1 day)", "", "," OFF ",\"ScheduleExpressionTimezone\":\"Europe\""),
          "ValidationException: Invalid ScheduleExpressionTimezone Europe.");
  refused(&host, request("rate(1 day)", "", "," OFF ",\"EndDate\":1704067200"),
          "ValidationException: The EndDate you specify must be later than the current time.");
  refused(&host, request("rate(1 day)", "", "," OFF ",\"StartDate\":1704066000"),
          "ValidationException: The StartDate you specify cannot be earlier than 5 minutes ago.");
  refused(&host, request("rate(1 day)", "", ",\"FlexibleTimeWindow\":{\"Mode\":\"FLEXIBLE\"}"),
          "ValidationException: MaximumWindowInMinutes is required when Mode is FLEXIBLE.");
  refused(&host, request("rate(1 day)", "", "," OFF ",\"GroupName\":\"g\""),
          "ResourceNotFoundException: Schedule group g does not exist.");
  refused(&host,
          "{\"Name\":\"s\",\"ScheduleExpression\":\"rate(1 day)\"," OFF
          ",\"Target\":{\"Arn\":\"arn:aws:kinesis:us-east-1:000000000000:stream/s\"}}",
          "ValidationException: Provided Arn is not of a supported target: "
          "arn:aws:kinesis:us-east-1:000000000000:stream/s");
  refused(&host,
          "{\"Name\":\"s\",\"ScheduleExpression\":\"rate(1 day)\"," OFF
          ",\"Target\":{\"Arn\":\"arn:aws:lambda:us-east-1:000000000000:function:f\","
          "\"Input\":\"{\"}}",
          "ValidationException: Input is not a well-formed JSON.");
  refused(&host,
          "{\"Name\":\"s\",\"ScheduleExpression\":\"rate(1 day)\"," OFF
          ",\"Target\":{\"Arn\":\"arn:aws:events:us-east-1:000000000000:event-bus/default\"}}",
          "ValidationException: EventBridgeParameters is required for target EventBridge.");
  create(&host, "rate(1 day)", "", "," OFF ",\"ClientToken\":\"t\"");
  create(&host, "rate(1 day)", "", "," OFF ",\"ClientToken\":\"t\""); /* asked twice */
  refused(&host, request("rate(1 day)", "", "," OFF ",\"ClientToken\":\"u\""),
          "ConflictException: Schedule s already exists.");
  mt_ok(strstr(ask(&host, ms_scheduler_update, request("rate(x)", "", "," OFF)),
               "ValidationException") != NULL);
  host.is_broken = true;
  mt_eq_str(ask(&host, ms_scheduler_delete, "{\"Name\":\"s\"}"), mt_format("%d", MSTEP_EIO));
  host.is_broken = false;
  mt_ok(strstr(ask(&host, ms_scheduler_get, "{\"Name\":\"s\"}"), "rate(1 day)") != NULL);
  host_close(&host);
}

MT_TEST(scheduler__a_store_that_refuses_is_tried_again)
{
  struct driver_host host;
  begin(&host, "memory:");
  create(&host, "at(2024-01-01T00:10:00)", "", "");
  host_pass(&host, 599999);
  host.is_broken = true;
  ms_loop_sim_run_until(host.loop, HOST_START_MS + 600000);
  host.type->on_timer(host.driver, HOST_START_MS + 600000);
  mt_eq_int(host.tried, 0);
  host.is_broken = false;
  host_pass(&host, 2000);
  mt_eq_int(host.took, 1);
  host_close(&host);
}

#define GROUP_ARN "arn:aws:scheduler:us-east-1:000000000000:schedule-group/g"

MT_TEST(scheduler__groups_and_tags)
{
  struct driver_host host;
  begin(&host, "memory:");
  mt_eq_str(ask(&host, ms_scheduler_create_group,
                "{\"Name\":\"g\",\"Tags\":[{\"Key\":\"a\",\"Value\":\"1\"}]}"),
            "{\"ScheduleGroupArn\":\"" GROUP_ARN "\"}");
  mt_eq_str(ask(&host, ms_scheduler_create_group, "{\"Name\":\"g\"}"),
            "ConflictException: Schedule group g already exists.");
  ask(&host, ms_scheduler_tag,
      "{\"ResourceArn\":\"" GROUP_ARN
      "\",\"Tags\":[{\"Key\":\"b\",\"Value\":\"2\"},{\"Key\":\"a\",\"Value\":\"3\"}]}");
  reopen(&host);
  mt_eq_str(ask(&host, ms_scheduler_list_tags, "{\"ResourceArn\":\"" GROUP_ARN "\"}"),
            "{\"Tags\":[{\"Key\":\"b\",\"Value\":\"2\"},{\"Key\":\"a\",\"Value\":\"3\"}]}");
  ask(&host, ms_scheduler_untag, "{\"ResourceArn\":\"" GROUP_ARN "\",\"TagKeys\":[\"b\"]}");
  mt_eq_str(ask(&host, ms_scheduler_list_tags, "{\"ResourceArn\":\"" GROUP_ARN "\"}"),
            "{\"Tags\":[{\"Key\":\"a\",\"Value\":\"3\"}]}");
  mt_ok(strstr(ask(&host, ms_scheduler_list_groups, "{}"),
               "\"Name\":\"default\",\"State\":\"ACTIVE\"},{") != NULL);
  mt_eq_str(ask(&host, ms_scheduler_list_groups, "{\"MaxResults\":1}") +
                strlen(ask(&host, ms_scheduler_list_groups, "{\"MaxResults\":1}")) -
                strlen(",\"NextToken\":\"g\"}"),
            ",\"NextToken\":\"g\"}");
  mt_ok(strstr(ask(&host, ms_scheduler_delete_group, "{\"Name\":\"default\"}"),
               "ValidationException") != NULL);
  host_close(&host);
}

MT_TEST(scheduler__a_group_goes_with_its_schedules_piece_by_piece)
{
  struct driver_host host;
  begin(&host, "memory:");
  ask(&host, ms_scheduler_create_group, "{\"Name\":\"g\"}");
  ask(&host, ms_scheduler_create_group, "{\"Name\":\"h\"}");
  for (unsigned i = 0; i < 1203; i++) {
    ask(&host, ms_scheduler_create,
        mt_format("{\"Name\":\"s%u\",\"GroupName\":\"%s\",\"ScheduleExpression\":"
                  "\"at(2024-01-01T00:10:00)\"," OFF ",\"Target\":{\"Arn\":\"" QUEUE "\"}}",
                  i, i < 2 ? "h" : "g"));
  }
  const char *page = ask(&host, ms_scheduler_list, "{\"GroupName\":\"g\",\"NamePrefix\":\"s11\"}");
  mt_ok(strstr(page, "\"NextToken\":\"g/s119\"") != NULL);
  page = ask(&host, ms_scheduler_list,
             "{\"GroupName\":\"g\",\"NamePrefix\":\"s11\",\"NextToken\":\"g/s119\"}");
  mt_ok(strstr(page, "schedule/g/s1199") != NULL && strstr(page, "NextToken") == NULL);
  mt_eq_str(ask(&host, ms_scheduler_delete_group, "{\"Name\":\"g\"}"), "");
  mt_ok(strstr(ask(&host, ms_scheduler_get_group, "{\"Name\":\"g\"}"), "DELETING") != NULL);
  host.type->on_timer(host.driver, HOST_START_MS); /* one piece, then a crash */
  mt_ok(strstr(ask(&host, ms_scheduler_get_group, "{\"Name\":\"g\"}"), "DELETING") != NULL);
  reopen(&host);
  host_run(&host);
  mt_eq_str(ask(&host, ms_scheduler_get_group, "{\"Name\":\"g\"}"),
            "ResourceNotFoundException: Schedule group g does not exist.");
  host_pass(&host, 600000);
  mt_eq_int(host.took, 2);
  host_close(&host);
}

/* ---- memory that runs out ---- */

static int try(struct driver_host *host, ms_scheduler_operation operation, const char *text)
{
  struct ms_json asked, reply = MS_JSON_VALUE_NONE;
  int err = ms_json_parse(&asked, ms_str_c(text), NULL, NULL);
  if (err == 0) {
    err = operation(host->driver, asked, &reply, NULL);
    ms_json_unref(asked);
    ms_json_unref(reply);
  }
  return err;
}

static int whole_life(void *user)
{
  struct driver_host *host = user;
  int err = host_open(host, &ms_scheduler_driver, "memory:");
  err = err != 0 ? err : try(host, ms_scheduler_create_group, "{\"Name\":\"g\"}");
  err = err != 0 ? err
                 : try(host, ms_scheduler_create,
                       "{\"Name\":\"s\",\"GroupName\":\"g\",\"ScheduleExpression\":"
                       "\"rate(1 minute)\"," OFF ",\"ScheduleExpressionTimezone\":\"Asia/Tokyo\","
                       "\"Target\":{\"Arn\":\"" QUEUE "\",\"Input\":\"<aws.scheduler.x>\"}}");
  err = err != 0 ? err : try(host, ms_scheduler_list, "{}");
  if (err == 0) {
    host_pass(host, 5000);
    host->type->close(host->driver);
    err = host_reopen(host);
  }
  err = err != 0 ? err : try(host, ms_scheduler_delete_group, "{\"Name\":\"g\"}");
  if (err == 0) {
    host_pass(host, 5000);
  }
  host_close(host);
  return err;
}

MT_TEST(scheduler__out_of_memory)
{
  static struct driver_host host;
  mt_oom(whole_life, &host);
}

/* 2,400 runs were missed, and each is to be made up for: the loop gets its turn between. */
MT_TEST(scheduler__many_missed_runs_do_not_hold_up_the_rest)
{
  struct driver_host host;
  begin(&host, "memory:");
  host.env.missed_runs = MS_MISSED_ALL;
  create(&host, "rate(1 minute)", "", "");
  ms_loop_sim_run_until(host.loop, HOST_START_MS + (int64_t)2399 * 60000);
  unsigned turns = 0;
  for (int64_t due_ms;
       (due_ms = host.type->next_due_ms(host.driver)) != 0 && due_ms <= ms_loop_now_ms(host.loop);
       turns++) {
    host.type->on_timer(host.driver, ms_loop_now_ms(host.loop));
  }
  mt_eq_int(turns, 3);
  host.type->close(host.driver);
  mt_eq_int(host_reopen(&host), 0);
  mt_eq_int(host.type->next_due_ms(host.driver) <= ms_loop_now_ms(host.loop), 1);
  host_close(&host);
}
