/*
 * DynamoDB's operations through mstep_call on virtual time: answers and errors as JSON, items that are read back
 * from a store that was closed, items that expire while nobody asks.
 */
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "mt.h"

static char store_url[512];

static void with_store(mstep_options *options)
{
  options->store = store_url[0] == '\0' ? NULL : store_url;
}

static void on_answer(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  (void)status;
  *(char **)user = mt_format("%.*s", (int)reply.len, reply.data);
  mstep_engine_stop(engine);
}

/* Single quotes stand for double ones. */
static char *quoted(const char *text)
{
  char *out = mt_format("%s", text);
  for (char *at = out; *at != '\0'; at++) {
    *at = *at == '\'' ? '"' : *at;
  }
  return out;
}

static void has(struct host *host, const char *operation, const char *request, const char *part)
{
  char *text = NULL;
  mt_eq_int(mstep_call(host->engine, operation, host_str(quoted(request)), on_answer, &text), 0);
  host_run(host);
  if (text == NULL || strstr(text, quoted(part)) == NULL) {
    mt_fail("%s: %s, not %s", operation, text, quoted(part));
  }
}

static void sleep_s(struct host *host, int seconds)
{
  mstep_status status = host_once(
      host,
      mt_format("{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"SecondsPath\":\"$.s\","
                "\"End\":true}}}"),
      mt_format("{\"s\":%d}", seconds));
  mt_eq_int(status, MSTEP_SUCCEEDED);
}

static void reopen(struct host *host)
{
  if (store_url[0] != '\0') {
    host_close(host);
    host_open(host, with_store);
  }
}

#define A "'TableName':'tab','Key':{'id':{'S':'a'}}"

static void use_a_table(void)
{
  struct host host;
  host_open(&host, with_store);
  has(&host, "CreateTable",
      "{'TableName':'tab','BillingMode':'PAY_PER_REQUEST','AttributeDefinitions':[{'AttributeName':"
      "'id',"
      "'AttributeType':'S'}],'KeySchema':[{'AttributeName':'id','KeyType':'HASH'}],'Tags':[{'Key':'"
      "k','Value':'v'}]}",
      "'TableStatus':'CREATING'");
  has(&host, "PutItem", "{'TableName':'tab','Item':{'id':{'S':'a'},'n':{'N':'1'}}}", "{}");
  reopen(&host);
  has(&host, "dynamodb:GetItem", "{" A "}", "{'Item':{'id':{'S':'a'},'n':{'N':'1'}}}");
  has(&host, "PutItem",
      "{'TableName':'tab','Item':{'id':{'S':'a'}},'ConditionExpression':'attribute_not_exists(id)',"
      "'ReturnValuesOnConditionCheckFailure':'ALL_OLD'}",
      "{'__type':'ConditionalCheckFailedException','message':'The conditional request "
      "failed','Item':{'id':{'S':'a'},"
      "'n':{'N':'1'}}}");
  has(&host, "dynamodb:ListTagsOfResource",
      "{'ResourceArn':'arn:aws:dynamodb:us-east-1:000000000000:table/tab'}",
      "{'Tags':[{'Key':'k','Value':'v'}]}");
  has(&host, "dynamodb:TagResource",
      "{'ResourceArn':'arn:aws:dynamodb:us-east-1:000000000000:table/"
      "tab','Tags':[{'Key':'k','Value':'w'}]}",
      "{}");
  has(&host, "dynamodb:UntagResource",
      "{'ResourceArn':'arn:aws:dynamodb:us-east-1:000000000000:table/tab','TagKeys':['x']}", "{}");
  reopen(&host);
  has(&host, "dynamodb:ListTagsOfResource",
      "{'ResourceArn':'arn:aws:dynamodb:us-east-1:000000000000:table/tab'}",
      "{'Tags':[{'Key':'k','Value':'w'}]}");
  has(&host, "ListTables", "{}", "{'TableNames':['tab']}");
  has(&host, "UpdateTimeToLive",
      "{'TableName':'tab','TimeToLiveSpecification':{'Enabled':true,'AttributeName':'n'}}", "true");
  has(&host, "UpdateItem",
      mt_format("{" A
                ",'UpdateExpression':'SET n = :n','ExpressionAttributeValues':{':n':{'N':'%lld'}}}",
                (long long)(mstep_engine_now_ms(host.engine) / 1000 + 3600)),
      "{}");
  reopen(&host);
  has(&host, "dynamodb:GetItem", "{" A "}", "'id'");
  sleep_s(&host, 3600);
  has(&host, "dynamodb:GetItem", "{" A "}", "{}");
  has(&host, "DeleteTable", "{'TableName':'tab'}", "DELETING");
  reopen(&host);
  has(&host, "DescribeTable", "{'TableName':'tab'}", "ResourceNotFoundException");
  host_close(&host);
}

MT_TEST(table_calls__in_memory)
{
  store_url[0] = '\0';
  use_a_table();
}

MT_TEST(table_calls__from_a_store_that_is_closed_in_between)
{
  snprintf(store_url, sizeof store_url, "sqlite:%s/s.db", mt_tmpdir());
  use_a_table();
}
