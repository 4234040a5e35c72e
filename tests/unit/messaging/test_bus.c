/* Buses: rules, targets, events, schedules; what becomes of deliveries that fail; what a store keeps. */
#include "messaging/bus.h"

#include <string.h>

#include "driver_host.h"
#include "messaging/schedule.h"

#define QUEUE "arn:aws:sqs:us-east-1:000000000000:q"
#define DEAD "arn:aws:sqs:us-east-1:000000000000:dead"
#define RULE "{\"Name\":\"r\",\"EventPattern\":\"{\\\"source\\\":[\\\"my.app\\\"]}\"}"
#define TARGET(more) "{\"Rule\":\"r\",\"Targets\":[{\"Id\":\"1\",\"Arn\":\"" QUEUE "\"" more "}]}"
#define EVENT                                                                                      \
  "{\"Entries\":[{\"Source\":\"my.app\",\"DetailType\":\"t\",\"Time\":1.5,\"Detail\":\"{"          \
  "\\\"a\\\":1}\"}]}"

/* The answer, or the refusal as "Name: text". */
static char *ask(struct driver_host *host, ms_bus_operation operation, const char *request)
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

static void begin(struct driver_host *host, const char *url, const char *more)
{
  mt_eq_int(host_open(host, &ms_buses_driver, url), 0);
  mt_eq_str(ask(host, ms_bus_put_rule, RULE),
            "{\"RuleArn\":\"arn:aws:events:us-east-1:000000000000:rule/r\"}");
  mt_eq_str(
      ask(host, ms_bus_put_targets,
          mt_format("{\"Rule\":\"r\",\"Targets\":[{\"Id\":\"1\",\"Arn\":\"" QUEUE "\"%s}]}", more)),
      "{\"FailedEntryCount\":0,\"FailedEntries\":[]}");
  host_run(host);
}

MT_TEST(bus__an_event_gets_to_the_target_of_its_rule)
{
  struct driver_host host;
  begin(&host, NULL, "");
  const char *reply = ask(&host, ms_bus_put_events, EVENT);
  mt_ok(strstr(reply, "{\"FailedEntryCount\":0,\"Entries\":[{\"EventId\":\"") == reply);
  mt_eq_int(host.tried, 0); /* nothing leaves before it is durable */
  host_run(&host);
  mt_eq_int(host.took, 1);
  mt_eq_str(host.last.target, QUEUE);
  char *id = strstr(host.last.body, "\"id\":\"") + 6;
  memset(id, 'x', 36);
  mt_eq_str(
      host.last.body,
      "{\"version\":\"0\",\"id\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\",\"detail-type\":\"t\","
      "\"source\":\"my.app\",\"account\":\"000000000000\",\"time\":\"1970-01-01T00:00:01Z\","
      "\"region\":\"us-east-1\",\"resources\":[],\"detail\":{\"a\":1}}");
  mt_ok(!ms_buses_driver.is_busy(host.driver));
  ask(&host, ms_bus_put_events,
      "{\"Entries\":[{\"Source\":\"other\",\"DetailType\":\"t\",\"Detail\":\"{}\"}]}");
  host_run(&host);
  mt_eq_int(host.tried, 1);
  ask(&host, ms_bus_disable_rule, "{\"Name\":\"r\"}");
  ask(&host, ms_bus_put_events, EVENT);
  host_run(&host);
  mt_eq_int(host.tried, 1);
  ask(&host, ms_bus_enable_rule, "{\"Name\":\"r\"}");
  ask(&host, ms_bus_put_events, EVENT);
  host_run(&host);
  mt_eq_int(host.tried, 2);
  host_close(&host);
}

MT_TEST(bus__each_entry_is_refused_by_itself)
{
  struct driver_host host;
  begin(&host, NULL, "");
  mt_eq_str(
      ask(&host, ms_bus_put_events,
          "{\"Entries\":[{\"DetailType\":\"t\",\"Detail\":\"{}\"},"
          "{\"Source\":\"s\",\"DetailType\":\"t\",\"Detail\":\"[1]\"},"
          "{\"Source\":\"aws.s\",\"DetailType\":\"t\",\"Detail\":\"{}\"}]}"),
      "{\"FailedEntryCount\":3,\"Entries\":[{\"ErrorCode\":\"InvalidArgument\",\"ErrorMessage\":"
      "\"Parameter Source is not valid. Reason: Source is a required argument.\"},"
      "{\"ErrorCode\":\"MalformedDetail\",\"ErrorMessage\":\"Detail is malformed.\"},"
      "{\"ErrorCode\":\"NotAuthorizedForSource\",\"ErrorMessage\":\"Not authorized for the "
      "source.\"}]}");
  mt_ok(strstr(ask(&host, ms_bus_put_events, "{\"Entries\":[]}"), "ValidationException") != NULL);
  host_run(&host);
  mt_eq_int(host.tried, 0);
  host_close(&host);
}

MT_TEST(bus__rules_that_cannot_be)
{
  struct driver_host host;
  begin(&host, NULL, "");
  mt_eq_str(ask(&host, ms_bus_delete_rule, "{\"Name\":\"r\"}"),
            "ValidationException: Rule can't be deleted since it has targets.");
  mt_eq_str(ask(&host, ms_bus_describe_rule, "{\"Name\":\"x\"}"),
            "ResourceNotFoundException: Rule x does not exist on EventBus default.");
  mt_ok(strstr(ask(&host, ms_bus_put_rule, "{\"Name\":\"r\",\"EventPattern\":\"{\\\"a\\\":1}\"}"),
               "InvalidEventPatternException: Event pattern is not valid. Reason: ") != NULL);
  mt_eq_str(
      ask(&host, ms_bus_put_rule, "{\"Name\":\"s\",\"ScheduleExpression\":\"rate(1 minutes)\"}"),
      "ValidationException: Parameter ScheduleExpression is not valid.");
  mt_eq_str(
      ask(&host, ms_bus_put_targets, TARGET(",\"Input\":\"1\",\"InputPath\":\"$\"")),
      "ValidationException: Only one of Input, InputPath, or InputTransformer must be provided "
      "for target 1.");
  mt_eq_str(ask(&host, ms_bus_list_rule_names, "{\"TargetArn\":\"" QUEUE "\"}"),
            "{\"RuleNames\":[\"r\"]}"); /* what was refused has changed nothing */
  mt_eq_str(ask(&host, ms_bus_remove_targets, "{\"Rule\":\"r\",\"Ids\":[\"1\"]}"),
            "{\"FailedEntryCount\":0,\"FailedEntries\":[]}");
  mt_eq_str(ask(&host, ms_bus_delete_rule, "{\"Name\":\"r\"}"), "");
  mt_eq_str(ask(&host, ms_bus_list_rules, "{}"), "{\"Rules\":[]}");
  host_close(&host);
}

MT_TEST(bus__a_target_is_tried_again_until_it_is_in_the_dead_letter_queue)
{
  struct driver_host host;
  begin(&host, NULL,
        ",\"RetryPolicy\":{\"MaximumRetryAttempts\":3},\"DeadLetterConfig\":{\"Arn\":\"" DEAD
        "\"}");
  host.refuses = ":q";
  host.code = MSTEP_EIO;
  ask(&host, ms_bus_put_events, EVENT);
  host_run(&host);
  mt_eq_int(host.tried, 1);
  host_pass(&host, 60000);
  mt_eq_int(host.tried, 5);
  mt_eq_int(host.took, 1);
  mt_eq_str(host.last.target, DEAD);
  mt_ok(strstr(host.last.body, "\"detail\":{\"a\":1}") != NULL);
  mt_eq_str(host.last.attributes,
            "{\"RULE_ARN\":{\"DataType\":\"String\",\"StringValue\":"
            "\"arn:aws:events:us-east-1:000000000000:rule/r\"},"
            "\"TARGET_ARN\":{\"DataType\":\"String\",\"StringValue\":\"" QUEUE "\"},"
            "\"ERROR_CODE\":{\"DataType\":\"String\",\"StringValue\":\"CONNECTION_FAILURE\"},"
            "\"ERROR_MESSAGE\":{\"DataType\":\"String\",\"StringValue\":\"it said no\"},"
            "\"EXHAUSTED_RETRY_CONDITION\":{\"DataType\":\"String\",\"StringValue\":"
            "\"MaximumRetryAttempts\"},"
            "\"RETRY_ATTEMPTS\":{\"DataType\":\"String\",\"StringValue\":\"3\"}}");
  host_close(&host);
}

MT_TEST(bus__a_refusal_for_good_is_a_dead_letter_at_once)
{
  struct driver_host host;
  begin(&host, NULL, ",\"DeadLetterConfig\":{\"Arn\":\"" DEAD "\"}");
  host.refuses = ":q";
  host.code = MSTEP_ENOTFOUND;
  host.is_final = true;
  ask(&host, ms_bus_put_events, EVENT);
  host_run(&host);
  mt_eq_int(host.tried, 2);
  mt_ok(strstr(host.last.attributes, "NO_RESOURCE") != NULL);
  mt_ok(strstr(host.last.attributes, "RETRY_ATTEMPTS") == NULL);
  host_close(&host);
}

MT_TEST(bus__a_transformer_that_gives_no_json_is_a_dead_letter)
{
  struct driver_host host;
  begin(
      &host, NULL,
      ",\"InputTransformer\":{\"InputPathsMap\":{\"a\":\"$.detail\"},\"InputTemplate\":\"{<a>}\"},"
      "\"DeadLetterConfig\":{\"Arn\":\"" DEAD "\"}");
  ask(&host, ms_bus_put_events, EVENT);
  host_run(&host);
  mt_eq_int(host.tried, 1);
  mt_eq_str(host.last.target, DEAD);
  mt_ok(strstr(host.last.attributes, "INVALID_JSON") != NULL);
  host_close(&host);
}

MT_TEST(bus__age_ends_retries)
{
  struct driver_host host;
  begin(&host, NULL,
        ",\"RetryPolicy\":{\"MaximumEventAgeInSeconds\":60},\"DeadLetterConfig\":{\"Arn\":\"" DEAD
        "\"}");
  host.refuses = ":q";
  host.code = MSTEP_EIO;
  ask(&host, ms_bus_put_events, EVENT);
  host_pass(&host, 61000);
  mt_eq_str(host.last.target, DEAD);
  mt_ok(strstr(host.last.attributes, "MaximumEventAgeInSeconds") != NULL);
  host_close(&host);
}

MT_TEST(bus__inputs_of_targets)
{
  struct driver_host host;
  begin(&host, NULL, ",\"InputPath\":\"$.detail\"");
  ask(&host, ms_bus_put_events, EVENT);
  host_run(&host);
  mt_eq_str(host.last.body, "{\"a\":1}");
  ask(&host, ms_bus_put_targets, TARGET(",\"Input\":\"{\\\"x\\\": 1}\""));
  ask(&host, ms_bus_put_events, EVENT);
  host_run(&host);
  mt_eq_str(host.last.body, "{\"x\": 1}");
  ask(&host, ms_bus_put_targets,
      TARGET(",\"InputTransformer\":{\"InputPathsMap\":{\"n\":\"$.detail.a\"},\"InputTemplate\":"
             "\"{\\\"n\\\":<n>,\\\"r\\\":\\\"<aws.events.rule-name>\\\"}\"}"));
  ask(&host, ms_bus_put_events, EVENT);
  host_run(&host);
  mt_eq_str(host.last.body, "{\"n\":1,\"r\":\"r\"}");
  host_close(&host);
}

MT_TEST(bus__a_schedule_fires_and_a_store_knows_when_it_did)
{
  struct driver_host host;
  mt_eq_int(host_open(&host, &ms_buses_driver, "memory:"), 0);
  ask(&host, ms_bus_put_rule, "{\"Name\":\"r\",\"ScheduleExpression\":\"rate(5 minutes)\"}");
  ask(&host, ms_bus_put_targets, TARGET(""));
  host_pass(&host, 299000);
  mt_eq_int(host.tried, 0);
  host_pass(&host, 1000);
  mt_eq_int(host.tried, 1);
  mt_ok(strstr(host.last.body, "\"detail-type\":\"Scheduled Event\",\"source\":\"aws.events\"") !=
        NULL);
  mt_ok(strstr(host.last.body, "\"time\":\"2024-01-01T00:05:00Z\"") != NULL);
  host_pass(&host, 300000 * 3);
  mt_eq_int(host.tried, 4);
  host.type->close(host.driver);
  mt_eq_int(host_reopen(&host), 0);
  host_pass(&host, 299000);
  mt_eq_int(host.tried, 4);
  host_pass(&host, 1000);
  mt_eq_int(host.tried, 5);
  host_close(&host);
}

/* Runs of 00:05 to 01:00 fall due while nobody runs; it is 01:02 then. */
static void miss(enum ms_missed_runs missed, unsigned tried, const char *time)
{
  struct driver_host host;
  mt_eq_int(host_open(&host, &ms_buses_driver, "memory:"), 0);
  host.env.missed_runs = (int)missed;
  ask(&host, ms_bus_put_rule, "{\"Name\":\"r\",\"ScheduleExpression\":\"rate(5 minutes)\"}");
  ask(&host, ms_bus_put_targets, TARGET(""));
  host_run(&host);
  host.type->close(host.driver);
  ms_loop_sim_run_until(host.loop, HOST_START_MS + 62 * 60000);
  mt_eq_int(host_reopen(&host), 0);
  host_run(&host);
  mt_eq_int(host.tried, tried);
  mt_ok(strstr(host.last.body, time) != NULL);
  host.type->close(host.driver);
  mt_eq_int(host_reopen(&host), 0);
  host_pass(&host, 3 * 60000);
  mt_eq_int(host.tried, tried + 1);
  mt_ok(strstr(host.last.body, "\"time\":\"2024-01-01T01:05:00Z\"") != NULL);
  host_close(&host);
}

MT_TEST(bus__runs_of_schedules_that_were_missed)
{
  miss(MS_MISSED_ONCE, 1, "\"time\":\"2024-01-01T01:00:00Z\"");
  miss(MS_MISSED_SKIP, 0, "");
  miss(MS_MISSED_ALL, 12, "\"time\":\"2024-01-01T01:00:00Z\"");
}

MT_TEST(bus__what_was_acknowledged_is_delivered_after_a_crash)
{
  struct driver_host host;
  begin(&host, mt_format("sqlite:%s/s.db", mt_tmpdir()), "");
  host.refuses = ":q";
  host.code = MSTEP_EIO;
  ask(&host, ms_bus_put_events, EVENT);
  host_run(&host);
  ask(&host, ms_bus_put_events, EVENT); /* committed, and not tried yet */
  mt_eq_int(host.tried, 1);
  host.type->close(host.driver);
  host.refuses = NULL;
  mt_eq_int(host_reopen(&host), 0);
  host_run(&host);
  mt_eq_int(host.took, 2);
  host.type->close(host.driver);
  mt_eq_int(host_reopen(&host), 0);
  host_run(&host);
  mt_eq_int(host.took, 2); /* and not a third time */
  host_close(&host);
}

MT_TEST(bus__a_ledger_that_refuses_leaves_what_was)
{
  struct driver_host host;
  begin(&host, "memory:", "");
  host.is_broken = true;
  mt_eq_str(ask(&host, ms_bus_put_events, EVENT), mt_format("%d", MSTEP_EIO));
  mt_eq_str(ask(&host, ms_bus_remove_targets, "{\"Rule\":\"r\",\"Ids\":[\"1\"]}"),
            mt_format("%d", MSTEP_EIO));
  host.is_broken = false;
  host_run(&host);
  mt_eq_int(host.tried, 0);
  ask(&host, ms_bus_put_events, EVENT);
  host_run(&host);
  mt_eq_int(host.took, 1);
  host_close(&host);
}

MT_TEST(bus__buses_of_their_own_and_events_that_hop_once)
{
  struct driver_host host;
  begin(&host, "memory:", "");
  mt_eq_str(ask(&host, ms_bus_create, "{\"Name\":\"b\"}"),
            "{\"EventBusArn\":\"arn:aws:events:us-east-1:000000000000:event-bus/b\"}");
  mt_eq_str(ask(&host, ms_bus_create, "{\"Name\":\"b\"}"),
            "ResourceAlreadyExistsException: Event bus b already exists.");
  mt_eq_str(
      ask(&host, ms_bus_put_rule,
          "{\"Name\":\"s\",\"EventBusName\":\"b\",\"ScheduleExpression\":\"rate(1 minute)\"}"),
      "ValidationException: ScheduleExpression is supported only on the default event bus.");
  mt_eq_str(ask(&host, ms_bus_put_rule,
                "{\"Name\":\"s\",\"EventBusName\":\"b\",\"EventPattern\":\"{\\\"a\\\":[1]}\"}"),
            "{\"RuleArn\":\"arn:aws:events:us-east-1:000000000000:rule/b/s\"}");
  mt_ok(strstr(ask(&host, ms_bus_delete, "{\"Name\":\"b\"}"), "ValidationException") != NULL);
  host.type->close(host.driver);
  mt_eq_int(host_reopen(&host), 0);
  mt_ok(strstr(ask(&host, ms_bus_list, "{}"), "event-bus/b") != NULL);
  ask(&host, ms_bus_delete_rule, "{\"Name\":\"s\",\"EventBusName\":\"b\"}");
  mt_eq_str(ask(&host, ms_bus_delete, "{\"Name\":\"b\"}"), "");
  mt_ok(strstr(ask(&host, ms_bus_list, "{}"), "event-bus/b") == NULL);
  host_close(&host);
}

/* ---- memory that runs out ---- */

static int try(struct driver_host *host, ms_bus_operation operation, const char *request)
{
  struct ms_json asked, reply = MS_JSON_VALUE_NONE;
  int err = ms_json_parse(&asked, ms_str_c(request), NULL, NULL);
  if (err == 0) {
    err = operation(host->driver, asked, &reply, NULL);
    ms_json_unref(asked);
    ms_json_unref(reply);
  }
  return err;
}

#define PERMISSION                                                                                 \
  "{\"StatementId\":\"s\",\"Action\":\"events:PutEvents\",\"Principal\":\"111111111111\","         \
  "\"Condition\":{\"Type\":\"StringEquals\",\"Key\":\"k\",\"Value\":\"v\"}}"
#define TAG_OF(what)                                                                               \
  "{\"ResourceARN\":\"arn:aws:events:us-east-1:000000000000:" what "\",\"Tags\":[{\"Key\":\"a\","  \
  "\"Value\":\"1\"}]}"

static int whole_life(void *user)
{
  struct driver_host *host = user;
  int err = host_open(host, &ms_buses_driver, "memory:");
  err = err != 0 ? err : try(host, ms_bus_put_rule, RULE);
  err = err != 0 ? err : try(host, ms_bus_put_targets, TARGET(",\"InputPath\":\"$.detail\""));
  err = err != 0 ? err : try(host, ms_bus_put_events, EVENT);
  err = err != 0 ? err : try(host, ms_bus_update, "{\"Name\":\"default\",\"Description\":\"d\"}");
  err = err != 0 ? err : try(host, ms_bus_put_permission, PERMISSION);
  err = err != 0 ? err : try(host, ms_bus_tag, TAG_OF("rule/r"));
  err = err != 0 ? err : try(host, ms_bus_tag, TAG_OF("event-bus/default"));
  if (err == 0) {
    host_pass(host, 5000);
    host->type->close(host->driver);
    err = host_reopen(host);
  }
  host_close(host);
  return err;
}

MT_TEST(bus__out_of_memory)
{
  static struct driver_host host;
  mt_oom(whole_life, &host);
}
