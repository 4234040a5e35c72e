/* Archives of buses and their replays: what is kept and for how long, what comes again, and after a crash. */
#include <string.h>

#include "driver_host.h"
#include "messaging/bus.h"

#define QUEUE "arn:aws:sqs:us-east-1:000000000000:q"
#define OTHER "arn:aws:sqs:us-east-1:000000000000:other"
#define BUS "arn:aws:events:us-east-1:000000000000:event-bus/default"
#define ARCHIVE "arn:aws:events:us-east-1:000000000000:archive/a"
#define RULE_ARN "arn:aws:events:us-east-1:000000000000:rule/"
#define MINUTE_S 60
#define DAY_MS INT64_C(86400000)

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

/* The bus's default, two rules that take everything from `app`, and an archive. */
static void begin(struct driver_host *host, const char *url, const char *more)
{
  static const char *const rules[][2] = {{"r", QUEUE}, {"s", OTHER}};
  mt_eq_int(host_open(host, &ms_buses_driver, url), 0);
  for (size_t i = 0; i < 2; i++) {
    ask(host, ms_bus_put_rule,
        mt_format("{\"Name\":\"%s\",\"EventPattern\":\"{\\\"source\\\":[\\\"app\\\"]}\"}",
                  rules[i][0]));
    ask(host, ms_bus_put_targets,
        mt_format("{\"Rule\":\"%s\",\"Targets\":[{\"Id\":\"1\",\"Arn\":\"%s\"}]}", rules[i][0],
                  rules[i][1]));
  }
  mt_eq_str(ask(host, ms_bus_create_archive,
                mt_format("{\"ArchiveName\":\"a\",\"EventSourceArn\":\"" BUS "\"%s}", more)),
            "{\"ArchiveArn\":\"" ARCHIVE "\",\"State\":\"ENABLED\",\"CreationTime\":1704067200.0}");
}

static void put(struct driver_host *host, int64_t at_s, unsigned number)
{
  mt_ok(strstr(ask(host, ms_bus_put_events,
                   mt_format("{\"Entries\":[{\"Source\":\"app\",\"DetailType\":\"t\",\"Time\":%lld,"
                             "\"Detail\":\"{\\\"n\\\":%u}\"}]}",
                             (long long)at_s, number)),
               "\"FailedEntryCount\":0") != NULL);
}

static const char *replay(const char *name, int64_t from_s, int64_t to_s, const char *filter)
{
  return mt_format("{\"ReplayName\":\"%s\",\"EventSourceArn\":\"" ARCHIVE
                   "\",\"EventStartTime\":%lld,\"EventEndTime\":%lld,"
                   "\"Destination\":{\"Arn\":\"" BUS "\"%s}}",
                   name, (long long)from_s, (long long)to_s, filter);
}

static void archive_has(struct driver_host *host, unsigned count)
{
  const char *shown = ask(host, ms_bus_describe_archive, "{\"ArchiveName\":\"a\"}");
  if (strstr(shown, mt_format("\"EventCount\":%u}", count)) == NULL) {
    mt_fail("%s, not %u", shown, count);
  }
}

static void replay_is(struct driver_host *host, const char *name, const char *part)
{
  const char *shown = ask(host, ms_bus_describe_replay, mt_format("{\"ReplayName\":\"%s\"}", name));
  if (strstr(shown, part) == NULL) {
    mt_fail("%s, not %s", shown, part);
  }
}

static void reopen(struct driver_host *host)
{
  host->type->close(host->driver);
  mt_eq_int(host_reopen(host), 0);
}

static void keeps_and_replays(const char *url)
{
  struct driver_host host;
  begin(&host, url,
        ",\"EventPattern\":\"{\\\"detail\\\":{\\\"n\\\":[{\\\"numeric\\\":"
        "[\\\"<\\\",100]}]}}\"");
  for (unsigned i = 0; i < 5; i++) {
    put(&host, (int64_t)(5 - i) * MINUTE_S, i); /* later ones first */
  }
  put(&host, 3 * MINUTE_S, 100);
  host_run(&host);
  mt_eq_int(host.took, 12);
  archive_has(&host, 5);
  if (url != NULL) {
    reopen(&host);
    archive_has(&host, 5);
  }
  mt_eq_str(ask(&host, ms_bus_start_replay,
                replay("p", 2 * MINUTE_S, 4 * MINUTE_S, ",\"FilterArns\":[\"" RULE_ARN "r\"]")),
            "{\"ReplayArn\":\"arn:aws:events:us-east-1:000000000000:replay/p\",\"State\":"
            "\"STARTING\",\"ReplayStartTime\":1704067200.0}");
  mt_ok(ms_buses_driver.is_busy(host.driver));
  host_run(&host);
  mt_ok(!ms_buses_driver.is_busy(host.driver));
  mt_eq_int(host.took, 14); /* of minutes 2 and 3, and for one of two rules */
  mt_eq_str(host.last.target, QUEUE);
  char *id = strstr(host.last.body, "\"id\":\"") + 6;
  memset(id, 'x', 36);
  mt_eq_str(host.last.body,
            "{\"version\":\"0\",\"id\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\",\"detail-type\":"
            "\"t\",\"source\":\"app\",\"account\":\"000000000000\",\"time\":"
            "\"1970-01-01T00:03:00Z\",\"region\":\"us-east-1\",\"resources\":[],\"detail\":"
            "{\"n\":2},\"replay-name\":\"p\"}");
  archive_has(&host, 5); /* what comes again is not archived again */
  mt_eq_str(ask(&host, ms_bus_describe_replay, "{\"ReplayName\":\"p\"}"),
            "{\"ReplayName\":\"p\",\"EventSourceArn\":\"" ARCHIVE
            "\",\"Destination\":{\"Arn\":\"" BUS "\",\"FilterArns\":[\"" RULE_ARN
            "r\"]},\"EventStartTime\":120,\"EventEndTime\":240,\"ReplayArn\":"
            "\"arn:aws:events:us-east-1:000000000000:replay/p\",\"State\":\"COMPLETED\","
            "\"ReplayStartTime\":1704067200.0,\"EventLastReplayedTime\":180.0,"
            "\"ReplayEndTime\":1704067200.0}");
  mt_ok(strstr(ask(&host, ms_bus_list_replays, "{\"State\":\"COMPLETED\"}"),
               "\"ReplayName\":\"p\"") != NULL);
  mt_eq_str(ask(&host, ms_bus_list_replays, "{\"State\":\"RUNNING\"}"), "{\"Replays\":[]}");
  mt_eq_str(ask(&host, ms_bus_cancel_replay, "{\"ReplayName\":\"p\"}"),
            "IllegalStatusException: Replay p is not in a valid state for this operation.");
  mt_eq_str(ask(&host, ms_bus_delete_archive, "{\"ArchiveName\":\"a\"}"), "");
  mt_eq_str(ask(&host, ms_bus_list_archives, "{}"), "{\"Archives\":[]}");
  host_close(&host);
}

MT_TEST(archive__keeps_events_and_replays_them)
{
  keeps_and_replays(NULL);
}

MT_TEST(archive__keeps_events_and_replays_them_in_a_store)
{
  keeps_and_replays("memory:");
}

MT_TEST(archive__of_an_archive_that_went_nothing_is_left)
{
  struct driver_host host;
  begin(&host, "memory:", "");
  put(&host, 60, 1);
  ask(&host, ms_bus_delete_archive, "{\"ArchiveName\":\"a\"}");
  ask(&host, ms_bus_create_archive, "{\"ArchiveName\":\"a\",\"EventSourceArn\":\"" BUS "\"}");
  archive_has(&host, 0);
  reopen(&host);
  archive_has(&host, 0);
  put(&host, 60, 2);
  host_run(&host);
  archive_has(&host, 1);
  host_close(&host);
}

static void retains(const char *url)
{
  struct driver_host host;
  begin(&host, url, ",\"RetentionDays\":2");
  int64_t now_s = HOST_START_MS / 1000;
  for (unsigned i = 0; i < 600; i++) {
    put(&host, now_s, i);
    host_run(&host);
  }
  put(&host, now_s + 7200, 600);
  put(&host, now_s - 864000, 601); /* too old at once */
  host_run(&host);
  host_pass(&host, 2000);
  archive_has(&host, 601);
  host_pass(&host, 2 * DAY_MS - 3600000);
  archive_has(&host, 601);
  host_pass(&host, 3600000 + 120000);
  archive_has(&host, 1);
  ask(&host, ms_bus_update_archive, "{\"ArchiveName\":\"a\",\"RetentionDays\":0}");
  host_pass(&host, 30 * DAY_MS);
  archive_has(&host, 1);
  if (url != NULL) {
    reopen(&host);
    archive_has(&host, 1);
  }
  host_close(&host);
}

MT_TEST(archive__old_events_go)
{
  retains(NULL);
  retains("memory:");
}

/* The process is killed after some pieces; the next one goes on behind them. */
MT_TEST(archive__a_replay_goes_on_after_a_crash)
{
  struct driver_host host;
  begin(&host, mt_format("sqlite:%s/s.db", mt_tmpdir()), "");
  for (unsigned i = 0; i < 25; i++) {
    char entries[2048] = "{\"Entries\":[";
    for (unsigned j = 0; j < 10; j++) {
      size_t len = strlen(entries);
      snprintf(entries + len, sizeof entries - len,
               "%s{\"Source\":\"app\",\"DetailType\":\"t\",\"Time\":%u,\"Detail\":\"{}\"}",
               j == 0 ? "" : ",", 60 + i * 10 + j);
    }
    ask(&host, ms_bus_put_events, mt_format("%s]}", entries));
    host_run(&host);
  }
  mt_eq_int(host.took, 500);
  ask(&host, ms_bus_start_replay, replay("p", 0, 1000, ",\"FilterArns\":[\"" RULE_ARN "r\"]"));
  host.type->on_timer(host.driver, HOST_START_MS);
  reopen(&host); /* while STARTING */
  replay_is(&host, "p", "STARTING");
  host.type->on_timer(host.driver, HOST_START_MS);
  host.durable[0].cb(0, host.durable[0].arg);
  host.durable_count = 0;
  host.type->on_timer(host.driver, HOST_START_MS);
  replay_is(&host, "p", "RUNNING");
  host.type->on_timer(host.driver, HOST_START_MS); /* one piece of 100, nothing delivered */
  replay_is(&host, "p", "\"EventLastReplayedTime\":159.0");
  mt_eq_int(host.took, 500);
  reopen(&host);
  for (int i = 0; i < 100; i++) {
    host_run(&host);
    host_pass(&host, 100);
  }
  replay_is(&host, "p", "COMPLETED");
  mt_eq_int(host.took, 750);
  host_close(&host);
}

MT_TEST(archive__a_replay_is_cancelled_or_fails)
{
  struct driver_host host;
  begin(&host, "memory:", "");
  put(&host, 60, 1);
  host_run(&host);
  mt_eq_int(host.took, 2);
  ask(&host, ms_bus_start_replay, replay("p", 0, 1000, ""));
  mt_eq_str(ask(&host, ms_bus_cancel_replay, "{\"ReplayName\":\"p\"}"),
            "{\"ReplayArn\":\"arn:aws:events:us-east-1:000000000000:replay/p\",\"State\":"
            "\"CANCELLING\"}");
  host_run(&host);
  replay_is(&host, "p", "CANCELLED");
  mt_eq_int(host.took, 2);
  ask(&host, ms_bus_start_replay, replay("q", 0, 1000, ""));
  ask(&host, ms_bus_delete_archive, "{\"ArchiveName\":\"a\"}");
  host_run(&host);
  replay_is(&host, "q", "FAILED");
  replay_is(&host, "q", "\"StateReason\":\"The archive was deleted.\"");
  host_close(&host);
}

MT_TEST(archive__what_cannot_be)
{
  struct driver_host host;
  begin(&host, "memory:", "");
  ask(&host, ms_bus_create, "{\"Name\":\"b\"}");
  mt_eq_str(
      ask(&host, ms_bus_create_archive, "{\"ArchiveName\":\"a\",\"EventSourceArn\":\"" BUS "\"}"),
      "ResourceAlreadyExistsException: Archive a already exists.");
  mt_ok(strstr(ask(&host, ms_bus_create_archive,
                   "{\"ArchiveName\":\"c d\",\"EventSourceArn\":\"" BUS "\"}"),
               "ValidationException") != NULL);
  mt_ok(strstr(ask(&host, ms_bus_create_archive,
                   "{\"ArchiveName\":\"c\",\"EventSourceArn\":\"" BUS "x\"}"),
               "ResourceNotFoundException") != NULL);
  mt_ok(strstr(ask(&host, ms_bus_update_archive,
                   "{\"ArchiveName\":\"a\",\"EventPattern\":\"{\\\"a\\\":1}\"}"),
               "InvalidEventPatternException: Event pattern is not valid. Reason: ") != NULL);
  mt_eq_str(ask(&host, ms_bus_describe_archive, "{\"ArchiveName\":\"x\"}"),
            "ResourceNotFoundException: Archive x does not exist.");
  mt_eq_str(ask(&host, ms_bus_describe_replay, "{\"ReplayName\":\"x\"}"),
            "ResourceNotFoundException: Replay x does not exist.");
  mt_eq_str(ask(&host, ms_bus_start_replay, replay("p", 5, 5, "")),
            "ValidationException: Parameter EventEndTime is not valid. Reason: EventStartTime must "
            "be before EventEndTime.");
  mt_eq_str(ask(&host, ms_bus_start_replay,
                "{\"ReplayName\":\"p\",\"EventSourceArn\":\"" ARCHIVE
                "\",\"EventStartTime\":1,\"EventEndTime\":2,\"Destination\":{\"Arn\":"
                "\"arn:aws:events:us-east-1:000000000000:event-bus/b\"}}"),
            "ValidationException: Parameter Destination.Arn is not valid. Reason: Cross event bus "
            "replay is not permitted.");
  mt_eq_str(ask(&host, ms_bus_start_replay,
                "{\"ReplayName\":\"p\",\"EventSourceArn\":\"" ARCHIVE
                "x\",\"EventStartTime\":1,\"EventEndTime\":2,\"Destination\":{\"Arn\":\"" BUS
                "\"}}"),
            "ValidationException: Parameter EventSourceArn is not valid. Reason: Archive ax does "
            "not exist.");
  for (unsigned i = 0; i < 10; i++) {
    ask(&host, ms_bus_start_replay, replay(mt_format("p%u", i), -5, INT64_C(99999999999), ""));
  }
  mt_ok(strstr(ask(&host, ms_bus_start_replay, replay("p", 1, 2, "")), "LimitExceededException") !=
        NULL);
  host.is_broken = true;
  mt_eq_str(ask(&host, ms_bus_delete_archive, "{\"ArchiveName\":\"a\"}"),
            mt_format("%d", MSTEP_EIO));
  host.is_broken = false;
  archive_has(&host, 0);
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

struct life {
  struct driver_host host;
  const char *url;
};

static int whole_life(void *user)
{
  struct life *life = user;
  struct driver_host *host = &life->host;
  int err = host_open(host, &ms_buses_driver, life->url);
  err = err != 0 ? err
                 : try(host, ms_bus_create_archive,
                       "{\"ArchiveName\":\"a\",\"RetentionDays\":1,\"EventPattern\":\"{\\\"source"
                       "\\\":[\\\"app\\\"]}\",\"EventSourceArn\":\"" BUS "\"}");
  err = err != 0 ? err
                 : try(host, ms_bus_put_events,
                       "{\"Entries\":[{\"Source\":\"app\",\"DetailType\":\"t\",\"Detail\":\"{}\","
                       "\"Time\":1704067200}]}");
  err = err != 0 ? err
                 : try(host, ms_bus_start_replay,
                       "{\"ReplayName\":\"p\",\"EventSourceArn\":\"" ARCHIVE
                       "\",\"EventStartTime\":1704067100,\"EventEndTime\":1704067300,"
                       "\"Destination\":{\"Arn\":\"" BUS "\"}}");
  if (err == 0) {
    host_pass(host, 5000);
    err = try(host, ms_bus_update_archive, "{\"ArchiveName\":\"a\",\"Description\":\"d\"}");
  }
  if (err == 0) {
    host->type->close(host->driver);
    err = host_reopen(host);
  }
  if (err == 0) {
    host_pass(host, 2 * DAY_MS);
  }
  host_close(host);
  return err;
}

MT_TEST(archive__out_of_memory)
{
  static struct life life = {.url = "memory:"};
  mt_oom(whole_life, &life);
}

MT_TEST(archive__out_of_memory_without_a_store)
{
  static struct life life = {.url = NULL};
  mt_oom(whole_life, &life);
}
