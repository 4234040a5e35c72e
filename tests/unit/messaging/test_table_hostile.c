/* Tables: memory that runs out at every allocation, a ledger that refuses, expressions that are out to do harm. */
#include "table_host.h"

#include <stdlib.h>

#define A "'TableName':'tab','Key':{'id':{'S':'a'}}"

struct world {
  const char *operation, *request, *url;
};

static const struct table_step before[] = {
    {"CreateTable",
     "{'TableName':'tab','BillingMode':'PAY_PER_REQUEST','AttributeDefinitions':[{'AttributeName':'"
     "id',"
     "'AttributeType':'S'},{'AttributeName':'n','AttributeType':'N'}],'KeySchema':[{'AttributeName'"
     ":'id',"
     "'KeyType':'HASH'}],'StreamSpecification':{'StreamEnabled':true,'StreamViewType':'NEW_AND_OLD_"
     "IMAGES'},"
     "'GlobalSecondaryIndexes':[{'IndexName':'glo','KeySchema':[{'AttributeName':'n','KeyType':'"
     "HASH'}],"
     "'Projection':{'ProjectionType':'KEYS_ONLY'}}]}",
     "*CREATING"},
    {"UpdateTimeToLive",
     "{'TableName':'tab','TimeToLiveSpecification':{'Enabled':true,'AttributeName':'n'}}", "*true"},
    {"PutItem",
     "{'TableName':'tab','Item':{'id':{'S':'a'},'n':{'N':'5'},'l':{'L':[{'N':'1'}]},'x':{'L':[{'N':"
     "'1'}]},'s':{'SS':['x']}}}",
     "{}"}};

static int carry_out(void *user)
{
  const struct world *world = user;
  struct driver_host host;
  char *was = NULL, *is = NULL;
  int err = host_open(&host, &ms_tables_driver, world->url);
  if (err == 0) {
    for (size_t i = 0; i < sizeof before / sizeof *before && err == 0; i++) {
      err = table_try(&host, before[i].operation, table_quoted(before[i].request), NULL);
    }
    if (err == 0) {
      err = table_try(&host, world->operation, table_quoted(world->request), NULL);
    }
    if (err != 0 && err != MSTEP_ENOMEM) {
      mt_report("%s: %s", world->operation, ms_error_detail());
    }
    mt_oom_over();
    host_run(&host);
    if (err != 0) {
      /* What failed has changed nothing: memory and store agree. */
      table_try(&host, "Scan", table_quoted("{'TableName':'tab'}"), &was);
      if (world->url != NULL) {
        table_reopen(&host);
        table_try(&host, "Scan", table_quoted("{'TableName':'tab'}"), &is);
        mt_eq_str(is, was);
      }
    }
  }
  host_close(&host);
  return err;
}

MT_TEST(table_hostile__memory_runs_out)
{
  static const char *const rows[][2] = {
      {"PutItem",
       "{'TableName':'tab','Item':{'id':{'S':'a'},'n':{'N':'7'}},'ReturnValues':'ALL_OLD'}"},
      {"UpdateItem",
       "{" A ",'UpdateExpression':'SET l = list_append(l, :l), n = n + :n REMOVE x[0] ADD s :s',"
       "'ConditionExpression':'begins_with(id, :a) AND n BETWEEN :n AND "
       ":h','ExpressionAttributeValues':{':l':"
       "{'L':[]},':n':{'N':'1'},':s':{'SS':['y']},':a':{'S':'a'},':h':{'N':'99'}},'ReturnValues':'"
       "UPDATED_NEW'}"},
      {"Query", "{'TableName':'tab','IndexName':'glo','KeyConditionExpression':'n = "
                ":n','ExpressionAttributeValues':"
                "{':n':{'N':'5'}},'ReturnConsumedCapacity':'INDEXES'}"},
      {"TransactWriteItems", "{'TransactItems':[{'Delete':{" A
                             "}},{'Put':{'TableName':'tab','Item':{'id':{'S':'b'}}}}]}"},
      {"BatchGetItem",
       "{'RequestItems':{'tab':{'Keys':[{'id':{'S':'a'}}],'ProjectionExpression':'l[0]'}}}"},
      {"UpdateTable", "{'TableName':'tab','StreamSpecification':{'StreamEnabled':false}}"},
      {"DeleteTable", "{'TableName':'tab'}"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct world world = {rows[i][0], rows[i][1], NULL};
    mt_oom(carry_out, &world);
    world.url = "memory:";
    mt_oom(carry_out, &world);
  }
}

MT_TEST(table_hostile__what_the_ledger_refuses_has_not_happened)
{
  struct driver_host host;
  mt_eq_int(host_open(&host, &ms_tables_driver, "memory:"), 0);
  for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
    table_step(&host, &before[i]);
  }
  const char *was = table_ask(&host, "Scan", "{'TableName':'tab'}");
  const char *table = table_ask(&host, "DescribeTable", "{'TableName':'tab'}");
  host.is_broken = true;
  mt_eq_int(table_try(&host, "DeleteItem", table_quoted("{" A "}"), NULL), MSTEP_EIO);
  mt_eq_int(
      table_try(&host, "UpdateTable",
                table_quoted("{'TableName':'tab','StreamSpecification':{'StreamEnabled':false}}"),
                NULL),
      MSTEP_EIO);
  mt_eq_int(table_try(&host, "DeleteTable", table_quoted("{'TableName':'tab'}"), NULL), MSTEP_EIO);
  host.is_broken = false;
  mt_eq_str(table_ask(&host, "Scan", "{'TableName':'tab'}"), was);
  mt_eq_str(table_ask(&host, "DescribeTable", "{'TableName':'tab'}"), table);
  host_run(&host);
  host_close(&host);
}

/* `count` times, between two other texts. */
static char *many(const char *start, const char *text, size_t count, const char *end)
{
  size_t len = strlen(text), at = strlen(start);
  char *out = mt_keep(malloc(at + len * count + strlen(end) + 1));
  memcpy(out, start, at);
  for (size_t i = 0; i < count; i++, at += len) {
    memcpy(out + at, text, len);
  }
  memcpy(out + at, end, strlen(end) + 1);
  return out;
}

static void refuses(struct driver_host *host, const char *member, const char *expression,
                    const char *part)
{
  const char *answer =
      table_ask(host, "UpdateItem",
                mt_format("{" A ",'%s':'%s','ExpressionAttributeValues':{':v':{'N':'1'}}}", member,
                          expression));
  if (strstr(answer, part) == NULL) {
    mt_report("%.60s: %.200s, not %s", expression, answer, part);
  }
}

MT_TEST(table_hostile__expressions)
{
  static const struct table_step create = TABLE_BY_ID;
  struct driver_host host;
  mt_eq_int(host_open(&host, &ms_tables_driver, NULL), 0);
  table_step(&host, &create);
  refuses(&host, "ConditionExpression", many("", "(", 2000, ""), "nested too deeply");
  refuses(&host, "ConditionExpression", many("", "NOT ", 1000, "n = :v"), "nested too deeply");
  refuses(&host, "ConditionExpression", many("", "size(", 700, "n"), "nested too deeply");
  refuses(&host, "ConditionExpression", many("n=:v", " OR n=:v", 400, ""), "too many operators");
  refuses(&host, "ConditionExpression", many("n=:v", " ", 5000, ""),
          "exceeded the maximum allowed size");
  refuses(&host, "ConditionExpression", many("n IN (:v", ",:v", 200, ")"), "too many operands");
  refuses(&host, "UpdateExpression", many("SET a = ", "list_append(", 300, ":v"),
          "nested too deeply");
  refuses(&host, "UpdateExpression", many("SET a", ".a", 50, " = :v"), "too many nesting elements");
  refuses(&host, "UpdateExpression", "SET a[99999999999999999999] = :v",
          "not within the allowable range");
  refuses(&host, "UpdateExpression", many("REMOVE a", ",a", 1500, ""), "overlap");
  refuses(&host, "UpdateExpression", "SET a = :v,", "Syntax error");
  refuses(&host, "UpdateExpression", "SET # = :v", "Syntax error");
  refuses(&host, "UpdateExpression", "\\u0000", "Syntax error");
  refuses(&host, "UpdateExpression", "SET a = if_not_exists(:v, :v)", "requires a document path");
  refuses(&host, "UpdateExpression", "ADD a :v :v", "Syntax error");
  refuses(&host, "UpdateExpression", "DELETE a :v", "Incorrect operand type");
  mt_ok(strstr(table_ask(&host, "PutItem",
                         mt_format("{'TableName':'tab','Item':{'id':{'S':'a'},'x':%s}}",
                                   many("", "{'L':[", 40, many("", "]}", 40, "")))),
               "Nesting Levels have exceeded supported limits") != NULL);
  host_close(&host);
}

/* A hundred thousand members: time goes with their number, not its square. */
MT_TEST(table_hostile__large_sets)
{
  static const struct table_step create = TABLE_BY_ID;
  struct driver_host host;
  struct ms_buf set;
  mt_eq_int(host_open(&host, &ms_tables_driver, NULL), 0);
  table_step(&host, &create);
  ms_buf_init(&set, 0);
  for (int i = 0; i < 100000; i++) {
    ms_buf_printf(&set, "%s'%d'", i == 0 ? "" : ",", i);
  }
  const char *put = mt_format(
      "{" A ",'UpdateExpression':'ADD s :s','ExpressionAttributeValues':{':s':{'NS':[%s]}}}",
      set.data);
  mt_eq_str(table_ask(&host, "UpdateItem", put), "{}");
  mt_eq_str(table_ask(&host, "UpdateItem", put), "{}");
  mt_eq_str(
      table_ask(
          &host, "UpdateItem",
          mt_format("{" A ",'UpdateExpression':'DELETE s :s','ConditionExpression':'s = :s',"
                    "'ExpressionAttributeValues':{':s':{'NS':[%s]}},'ReturnValues':'ALL_NEW'}",
                    set.data)),
      "{\"Attributes\":{\"id\":{\"S\":\"a\"}}}");
  ms_buf_deinit(&set);
  host_close(&host);
}
