/* Change streams: what a record says, where reading begins, what is kept; items that expire. */
#include "messaging/table_stream.h"

#include "table_host.h"

#define STREAM "arn:aws:dynamodb:us-east-1:000000000000:table/tab/stream/2024-01-01T00:00:00.000"
#define A "'TableName':'tab','Key':{'id':{'S':'a'}}"
#define DAY_MS (24 * 3600 * 1000)

static void enable(struct driver_host *host, const char *view)
{
  static const struct table_step create = TABLE_BY_ID;
  table_step(host, &create);
  const char *answer = table_ask(
      host, "UpdateTable",
      mt_format(
          "{'TableName':'tab','StreamSpecification':{'StreamEnabled':true,'StreamViewType':'%s'}}",
          view));
  mt_ok(strstr(answer, "\"LatestStreamArn\":\"" STREAM "\"") != NULL);
}

/* What can be read from there; *position moves. */
static const char *records(struct driver_host *host, uint64_t *position, bool *is_end)
{
  struct ms_table_page page;
  struct ms_buf text;
  mt_eq_int(ms_table_stream_read(&page, host->driver, MS_STR(STREAM), *position, 100, 0, NULL), 0);
  ms_buf_init(&text, 0);
  ms_json_print(&text, page.records);
  const char *out = mt_format("%.*s", MS_STR_ARG(ms_buf_view(&text)));
  ms_buf_deinit(&text);
  ms_json_unref(page.records);
  *position = page.next;
  if (is_end != NULL) {
    *is_end = page.is_end;
  }
  return out;
}

static struct ms_str shard_of(struct driver_host *host)
{
  struct ms_json shards;
  mt_eq_int(ms_table_stream_shards(&shards, host->driver, MS_STR(STREAM), NULL), 0);
  const char *id =
      mt_format("%.*s", MS_STR_ARG(ms_json_text(ms_json_getc(ms_json_at(shards, 0), "ShardId"))));
  ms_json_unref(shards);
  return ms_str_c(id);
}

static uint64_t seek(struct driver_host *host, enum ms_table_start start)
{
  uint64_t position = 0;
  mt_eq_int(ms_table_stream_seek(&position, host->driver, MS_STR(STREAM), shard_of(host), start,
                                 (struct ms_str){NULL, 0}, NULL),
            0);
  return position;
}

static void change_a_bit(struct driver_host *host)
{
  table_ask(host, "PutItem", "{'TableName':'tab','Item':{'id':{'S':'a'},'n':{'N':'1'}}}");
  table_ask(host, "PutItem",
            "{'TableName':'tab','Item':{'id':{'S':'a'},'n':{'N':'1.0'}}}"); /* the same */
  table_ask(host, "UpdateItem", "{" A ",'UpdateExpression':'SET n = n + n'}");
  table_ask(host, "DeleteItem", "{" A "}");
  table_ask(host, "DeleteItem", "{" A "}"); /* nothing any more */
}

MT_TEST(table_stream__a_record_for_each_change)
{
  static const char *const urls[] = {NULL, "memory:"};
  for (size_t i = 0; i < 2; i++) {
    struct driver_host host;
    mt_eq_int(host_open(&host, &ms_tables_driver, urls[i]), 0);
    enable(&host, "NEW_AND_OLD_IMAGES");
    uint64_t position = seek(&host, MS_TABLE_TRIM_HORIZON), again = position;
    change_a_bit(&host);
    mt_eq_str(records(&host, &again, NULL), "[]"); /* not durable yet */
    host_run(&host);
    const char *text = records(&host, &position, NULL);
    mt_ok(
        strstr(
            text,
            "\"eventName\":\"INSERT\",\"eventVersion\":\"1.1\",\"eventSource\":\"aws:dynamodb\","
            "\"awsRegion\":\"us-east-1\",\"dynamodb\":{\"ApproximateCreationDateTime\":1704067200,"
            "\"Keys\":{\"id\":{\"S\":\"a\"}},\"NewImage\":{\"id\":{\"S\":\"a\"},\"n\":{\"N\":\"1\"}"
            "},"
            "\"SequenceNumber\":\"100000000000000000001\",\"SizeBytes\":9,"
            "\"StreamViewType\":\"NEW_AND_OLD_IMAGES\"},\"eventSourceARN\":\"" STREAM
            "\"}") != NULL);
    mt_ok(strstr(
              text,
              "\"NewImage\":{\"id\":{\"S\":\"a\"},\"n\":{\"N\":\"2\"}},\"OldImage\":{\"id\":{\"S\":"
              "\"a\"},\"n\":{\"N\":\"1\"}}") != NULL);
    mt_ok(strstr(text, "\"REMOVE\"") != NULL);
    mt_ok(strstr(text, "\"100000000000000000004\"") == NULL);
    mt_eq_int(position, 4);
    mt_eq_str(records(&host, &position, NULL), "[]");
    mt_eq_int(seek(&host, MS_TABLE_LATEST), 4);
    if (urls[i] != NULL) {
      table_reopen(&host);
      mt_eq_str(records(&host, &again, NULL), text);
      mt_eq_int(seek(&host, MS_TABLE_LATEST), 4);
    }
    host_close(&host);
  }
}

MT_TEST(table_stream__views_show_what_they_are_for)
{
  static const char *const rows[][4] = {{"KEYS_ONLY", "!NewImage", "!OldImage"},
                                        {"NEW_IMAGE", "*NewImage", "!OldImage"},
                                        {"OLD_IMAGE", "!NewImage", "*OldImage"}};
  for (size_t i = 0; i < 3; i++) {
    struct driver_host host;
    mt_eq_int(host_open(&host, &ms_tables_driver, "memory:"), 0);
    enable(&host, rows[i][0]);
    change_a_bit(&host);
    host_run(&host);
    uint64_t position = 1;
    const char *text = records(&host, &position, NULL);
    for (size_t j = 1; j < 3; j++) {
      mt_eq_int(strstr(text, rows[i][j] + 1) != NULL, rows[i][j][0] == '*');
    }
    host_close(&host);
  }
}

static void count_news(struct ms_str arn, void *user)
{
  mt_eq_mem(arn.data, arn.len, STREAM);
  ++*(int *)user;
}

MT_TEST(table_stream__the_listener_hears_of_many_at_once_and_of_the_end)
{
  struct driver_host host;
  int news = 0;
  bool is_end = false;
  uint64_t position = 1;
  mt_eq_int(host_open(&host, &ms_tables_driver, "memory:"), 0);
  enable(&host, "KEYS_ONLY");
  host_run(&host);
  ms_table_stream_listen(host.driver, count_news, &news);
  change_a_bit(&host);
  mt_eq_int(news, 0);
  host_run(&host);
  mt_ok(news >= 1 && news <= 2);
  news = 0;
  table_ask(&host, "DeleteTable", "{'TableName':'tab'}");
  host_run(&host);
  mt_eq_int(news, 1);
  records(&host, &position, &is_end);
  mt_ok(is_end);
  table_reopen(&host);
  position = 1;
  mt_ok(strlen(records(&host, &position, &is_end)) > 2);
  mt_ok(is_end);
  host_close(&host);
}

MT_TEST(table_stream__records_are_kept_for_a_day)
{
  static const char *const urls[] = {NULL, "memory:"};
  for (size_t i = 0; i < 2; i++) {
    struct driver_host host;
    struct ms_table_page page;
    uint64_t position = 1;
    mt_eq_int(host_open(&host, &ms_tables_driver, urls[i]), 0);
    enable(&host, "KEYS_ONLY");
    change_a_bit(&host);
    host_pass(&host, DAY_MS - 60000);
    change_a_bit(&host);
    host_run(&host);
    mt_eq_int(seek(&host, MS_TABLE_TRIM_HORIZON), 1);
    host_pass(&host, 4 * 60000);
    mt_eq_int(seek(&host, MS_TABLE_TRIM_HORIZON), 4);
    mt_eq_int(ms_table_stream_read(&page, host.driver, MS_STR(STREAM), position, 100, 0, NULL), 0);
    mt_ok(page.is_trimmed);
    mt_eq_int(ms_json_count(page.records), 3);
    ms_json_unref(page.records);
    host_pass(&host, DAY_MS + 60000);
    mt_eq_int(seek(&host, MS_TABLE_TRIM_HORIZON), 7);
    if (urls[i] != NULL) {
      table_reopen(&host);
      mt_eq_int(seek(&host, MS_TABLE_LATEST), 7); /* numbers are not given out twice */
    }
    table_ask(&host, "DeleteTable", "{'TableName':'tab'}");
    host_pass(&host, DAY_MS + 2 * 60000);
    mt_ok(!ms_table_stream_exists(host.driver, MS_STR(STREAM)));
    host_close(&host);
  }
}

MT_TEST(table_stream__items_expire_and_the_stream_says_who_did_it)
{
  static const char *const urls[] = {NULL, "memory:"};
  for (size_t i = 0; i < 2; i++) {
    struct driver_host host;
    uint64_t position = 1;
    mt_eq_int(host_open(&host, &ms_tables_driver, urls[i]), 0);
    enable(&host, "OLD_IMAGE");
    table_ask(&host, "PutItem",
              "{'TableName':'tab','Item':{'id':{'S':'a'},'t':{'N':'1704067260'}}}");
    table_ask(&host, "PutItem",
              "{'TableName':'tab','Item':{'id':{'S':'b'},'t':{'S':'1704067260'}}}");
    mt_eq_str(
        table_ask(
            &host, "UpdateTimeToLive",
            "{'TableName':'tab','TimeToLiveSpecification':{'Enabled':true,'AttributeName':'t'}}"),
        "{\"TimeToLiveSpecification\":{\"Enabled\":true,\"AttributeName\":\"t\"}}");
    mt_eq_str(
        table_ask(&host, "DescribeTimeToLive", "{'TableName':'tab'}"),
        "{\"TimeToLiveDescription\":{\"TimeToLiveStatus\":\"ENABLED\",\"AttributeName\":\"t\"}}");
    table_ask(&host, "PutItem",
              "{'TableName':'tab','Item':{'id':{'S':'c'},'t':{'N':'1704067320.5'}}}");
    table_ask(&host, "PutItem",
              "{'TableName':'tab','Item':{'id':{'S':'d'},'t':{'N':'1000000000'}}}"); /* too old */
    if (urls[i] != NULL) {
      table_reopen(&host);
    }
    host_pass(&host, 59000);
    mt_ok(strstr(table_ask(&host, "Scan", "{'TableName':'tab'}"), "\"Count\":4") != NULL);
    host_pass(&host, 2000);
    mt_ok(strstr(table_ask(&host, "Scan", "{'TableName':'tab'}"), "\"Count\":3") != NULL);
    host_pass(&host, 60000);
    mt_ok(strstr(table_ask(&host, "Scan", "{'TableName':'tab'}"), "\"Count\":2") != NULL);
    const char *text = records(&host, &position, NULL);
    mt_ok(
        strstr(
            text,
            "\"userIdentity\":{\"type\":\"Service\",\"principalId\":\"dynamodb.amazonaws.com\"}") !=
        NULL);
    mt_eq_int(position, 7);
    mt_eq_str(
        table_ask(
            &host, "UpdateTimeToLive",
            "{'TableName':'tab','TimeToLiveSpecification':{'Enabled':true,'AttributeName':'t'}}"),
        "ValidationException: TimeToLive is already enabled");
    host_close(&host);
  }
}

MT_TEST(table_stream__operations)
{
  struct driver_host host;
  mt_eq_int(host_open(&host, &ms_tables_driver, "memory:"), 0);
  enable(&host, "KEYS_ONLY");
  change_a_bit(&host);
  host_run(&host);
  mt_eq_str(table_ask(&host, "ListStreams", "{}"),
            "{\"Streams\":[{\"StreamArn\":\"" STREAM
            "\",\"TableName\":\"tab\",\"StreamLabel\":\"2024-01-01T00:00:"
            "00.000\"}]}");
  mt_ok(strstr(table_ask(&host, "DescribeStream", "{'StreamArn':'" STREAM "'}"),
               "\"StreamStatus\":\"ENABLED\",\"StreamViewType\":\"KEYS_ONLY\"") != NULL);
  const char *given =
      table_ask(&host, "GetShardIterator",
                mt_format("{'StreamArn':'" STREAM
                          "','ShardId':'%s','ShardIteratorType':'AFTER_SEQUENCE_NUMBER',"
                          "'SequenceNumber':'100000000000000000001'}",
                          shard_of(&host).data));
  const char *request = mt_format("%.*s,\"Limit\":1}", (int)strlen(given) - 1, given);
  const char *text = table_ask(&host, "GetRecords", request);
  mt_ok(strstr(text, "\"MODIFY\"") != NULL && strstr(text, "\"REMOVE\"") == NULL);
  mt_ok(strstr(text, "eventSourceARN") == NULL &&
        strstr(text, "\"NextShardIterator\":\"" STREAM "|1|") != NULL);
  mt_ok(strstr(table_ask(&host, "GetRecords", "{'ShardIterator':'" STREAM "|1|xyz='}"),
               "ValidationException: Invalid ShardIterator") != NULL);
  mt_ok(strstr(table_ask(&host, "GetRecords", "{'ShardIterator':'x'}"), "Invalid ShardIterator") !=
        NULL);
  host_pass(&host, 16 * 60000);
  mt_ok(strstr(table_ask(&host, "GetRecords", request), "ExpiredIteratorException") != NULL);
  mt_ok(strstr(table_ask(&host, "DescribeStream", "{'StreamArn':'none'}"),
               "ResourceNotFoundException") != NULL);
  host_close(&host);
}
