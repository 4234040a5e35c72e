/*
 * Tables, their streams and queues on a store whose commits fail or break off: what was acknowledged is there
 * afterwards and has reached its function, transactions are whole, and what was refused may be there or not. The
 * same for every seed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "mt.h"

#define SEEDS 12
#define WRITES 25
#define ACCOUNT "us-east-1:000000000000:"

static char *quoted(const char *text)
{
  char *out = mt_format("%s", text);
  for (char *at = out; *at != '\0'; at++) {
    *at = *at == '\'' ? '"' : *at;
  }
  return out;
}

static const char table[] =
    "{'TableName':'%s','KeySchema':[{'AttributeName':'id','KeyType':'HASH'}],"
    "'AttributeDefinitions':[{'AttributeName':'id','AttributeType':'S'}],"
    "'BillingMode':'PAY_PER_REQUEST','StreamSpecification':{'StreamEnabled':%s"
    ",'StreamViewType':'KEYS_ONLY'}}";

/* Both write down what they saw, where it outlives the process. */
static const char functions[] =
    "local mstep = require('mstep') "
    "local function note(id) "
    "  local ok, err = mstep.call('PutItem', {TableName = 'seen', Item = {id = {S = id}}}) "
    "  if not ok then error(err) end "
    "end "
    "return function(event) "
    "  for _, r in ipairs(event.Records) do note(r.body or r.dynamodb.Keys.id.S) end "
    "end";

static void set_up(struct host *host)
{
  char *arn = strstr(call(host, "CreateTable", quoted(mt_format(table, "tab", "true"))),
                     "\"LatestStreamArn\":\"");
  mt_ok(arn != NULL);
  arn = mt_format("%.*s", (int)strcspn(arn + 19, "\""), arn + 19);
  call_has(host, "CreateTable",
           quoted("{'TableName':'seen','KeySchema':[{'AttributeName':'id','KeyType':'HASH'}],"
                  "'AttributeDefinitions':[{'AttributeName':'id','AttributeType':'S'}],"
                  "'BillingMode':'PAY_PER_REQUEST'}"),
           "TableArn");
  call_has(host, "CreateQueue", "{\"QueueName\":\"q\"}", "QueueUrl");
  call_has(host, "CreateFunction",
           mt_format("{\"FunctionName\":\"f\",\"Code\":{\"Source\":\"%s\"}}", functions),
           "FunctionArn");
  call_has(host, "CreateEventSourceMapping",
           quoted(mt_format("{'FunctionName':'f','EventSourceArn':'%s','StartingPosition':"
                            "'TRIM_HORIZON','BatchSize':3,'ParallelizationFactor':2}",
                            arn)),
           "Creating");
  call_has(host, "CreateEventSourceMapping",
           quoted("{'FunctionName':'f','EventSourceArn':'arn:aws:sqs:" ACCOUNT "q'}"), "Creating");
}

struct model {
  bool has_put[WRITES], has_both[WRITES], has_sent[WRITES];
  unsigned added, unknown; /* to the counter */
  unsigned refused;
};

static bool ask(struct host *host, struct model *model, const char *operation, const char *text)
{
  bool is_done = call_answer(host, operation, quoted(text)).status == 200;
  model->refused += !is_done;
  return is_done;
}

static void write_all(struct host *host, struct model *model)
{
  for (unsigned i = 0; i < WRITES; i++) {
    model->has_put[i] = ask(
        host, model, "PutItem",
        mt_format("{'TableName':'tab','Item':{'id':{'S':'<p%u>'},'v':{'N':'%u'}}}", i, i));
    model->has_both[i] =
        ask(host, model, "TransactWriteItems",
            mt_format("{'TransactItems':[{'Put':{'TableName':'tab','Item':{'id':{'S':'<a%u>'}}}},"
                      "{'Put':{'TableName':'tab','Item':{'id':{'S':'<b%u>'}}}}]}",
                      i, i));
    model->has_sent[i] =
        ask(host, model, "SendMessage", mt_format("{'QueueUrl':'q','MessageBody':'<q%u>'}", i));
    bool is_added = ask(host, model, "UpdateItem",
                        "{'TableName':'tab','Key':{'id':{'S':'sum'}},'UpdateExpression':'ADD v "
                        ":one','ExpressionAttributeValues':{':one':{'N':'1'}}}");
    model->added += is_added;
    model->unknown += !is_added;
  }
}

static bool is_in(const char *text, char kind, unsigned i)
{
  return strstr(text, mt_format("<%c%u>", kind, i)) != NULL;
}

static void check(struct host *host, const struct model *model)
{
  const char *items = call_has(host, "Scan", "{\"TableName\":\"tab\"}", "\"Items\"");
  const char *seen = call_has(host, "Scan", "{\"TableName\":\"seen\"}", "\"Items\"");
  for (unsigned i = 0; i < WRITES; i++) {
    bool has_put = is_in(items, 'p', i), has_a = is_in(items, 'a', i);
    mt_ok(has_put || !model->has_put[i]);
    mt_ok(has_a || !model->has_both[i]);
    mt_ok(has_a == is_in(items, 'b', i));
    mt_ok(has_put == is_in(seen, 'p', i));
    mt_ok(has_a == is_in(seen, 'a', i));
    mt_ok(has_a == is_in(seen, 'b', i));
    mt_ok(is_in(seen, 'q', i) || !model->has_sent[i]);
  }
  const char *sum = call(host, "GetItem", quoted("{'TableName':'tab','Key':{'id':{'S':'sum'}}}"));
  const char *at = strstr(sum, "\"N\":\"");
  unsigned count = at == NULL ? 0 : (unsigned)strtoul(at + 5, NULL, 10);
  mt_ok(count >= model->added && count <= model->added + model->unknown);
}

/* Opens on a store that may fail already then: until it does not. */
static void reopen_faulty(struct host *host, unsigned seed, const char *faults, const char *url)
{
  mt_eq_int(mstep_engine_close(host->engine), 0);
  int err = MSTEP_EIO;
  for (unsigned i = 0; i < 50 && err != 0; i++) {
    host->options.store = mt_format("faulty:%u,%s:%s", seed + 1000 * i, faults, url);
    err = mstep_engine_open(&host->engine, &host->options);
    mt_ok(err == 0 || err == MSTEP_EIO);
  }
  mt_eq_int(err, 0);
}

static unsigned live(unsigned seed, const char *faults)
{
  struct host host;
  struct model model = {0};
  char *url = mt_format("sqlite:%s/%u%.4s.db", mt_tmpdir(), seed, faults);
  host_open_at(&host, url, NULL);
  set_up(&host);
  reopen_faulty(&host, seed, faults, url);
  write_all(&host, &model);
  host.options.store = url;
  host_reopen(&host);
  host_run(&host);
  check(&host, &model);
  host_close(&host);
  return model.refused;
}

static unsigned live_all(const char *faults)
{
  unsigned refused = 0;
  for (unsigned seed = 1; seed <= SEEDS; seed++) {
    refused += live(seed, faults);
  }
  return refused;
}

MT_TEST(faulty_store__commits_that_fail)
{
  mt_ok(live_all("fail=150,tear=0,read=0,down=0") > 10);
}

MT_TEST(faulty_store__commits_that_break_off)
{
  mt_ok(live_all("tear=150,fail=0,read=0,down=2") > 10);
}

MT_TEST(faulty_store__reads_that_fail)
{
  live_all("read=5,fail=50,tear=50,down=1");
}
