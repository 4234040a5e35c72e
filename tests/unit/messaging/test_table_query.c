/* Query and Scan, indexes, batches, transactions. */
#include "table_host.h"

#include <stdio.h>
#include <stdlib.h>

#define ITEM(range, more)                                                                          \
  {                                                                                                \
    "PutItem", "{'TableName':'tab','Item':{'id':{'S':'a'},'r':" range more "}}", "{}"              \
  }
#define QUERY(condition, values, more)                                                             \
  "{'TableName':'tab','KeyConditionExpression':'" condition                                        \
  "','ProjectionExpression':'r','ExpressionAttributeValues':{':a':{'S':'a'}" values "}" more "}"
#define N(number) "{'N':'" number "'}"
#define R(number) "{'r':{'N':'" number "'}}"

MT_TEST(table_query__sort_keys_are_numbers_in_their_order)
{
  TABLE_STEPS(
      TABLE_BY_RANGE("N"), ITEM(N("10"), ""), ITEM(N("9"), ",'x':{'S':'y'}"), ITEM(N("-10"), ""),
      ITEM(N("-9.5"), ""), ITEM(N("0"), ""), ITEM(N("1e3"), ""),
      {"Query", QUERY("id = :a", "", ""),
       "{'Items':[" R("-10") "," R("-9.5") "," R("0") "," R("9") "," R("10") "," R(
           "1000") "],'Count':6,'ScannedCount':6}"},
      {"Query", QUERY("id = :a AND r < :v", ",':v':" N("9"), ""),
       "*[" R("-10") "," R("-9.5") "," R("0") "]"},
      {"Query", QUERY("id = :a AND r <= :v", ",':v':" N("0"), ",'ScanIndexForward':false"),
       "*[" R("0") "," R("-9.5") "," R("-10") "]"},
      {"Query", QUERY("r > :v AND id = :a", ",':v':" N("9"), ""), "*[" R("10") "," R("1000") "]"},
      {"Query", QUERY("id = :a AND r >= :v", ",':v':" N("10.0"), ""),
       "*[" R("10") "," R("1000") "]"},
      {"Query", QUERY("id = :a AND r BETWEEN :v AND :w", ",':v':" N("-9.5") ",':w':" N("9"), ""),
       "*[" R("-9.5") "," R("0") "," R("9") "]"},
      {"Query", QUERY("id = :a AND r = :v", ",':v':" N("9"), ""),
       "*'Items':[" R("9") "],'Count':1"},
      {"Query", QUERY("id = :a", "", ",'Limit':2"),
       "*'Count':2,'ScannedCount':2,'LastEvaluatedKey':{'id':{'S':'a'},'r':{'N':'-9.5'}}"},
      {"Query",
       QUERY("id = :a", "", ",'Limit':2,'ExclusiveStartKey':{'id':{'S':'a'},'r':" N("-9.5") "}"),
       "*[" R("0") "," R("9") "]"},
      {"Query",
       QUERY("id = :a", "",
             ",'ScanIndexForward':false,'Limit':1,'ExclusiveStartKey':{'id':{'S':'a'},"
             "'r':" N("0") "}"),
       "*[" R("-9.5") "]"},
      {"Query", QUERY("id = :a", ",':v':{'S':'y'}", ",'FilterExpression':'x = :v'"),
       "{'Items':[" R("9") "],'Count':1,'ScannedCount':6}"},
      {"Query", QUERY("id = :a", ",':v':" N("1"), ",'FilterExpression':'r = :v'"),
       "*Filter Expression can only contain non-primary key attributes: Primary key attribute: r"},
      {"Query", QUERY("r = :v", ",':v':" N("1"), ""),
       "*Query condition missed key schema element: id"},
      {"Query", QUERY("id > :a", "", ""), "*Query key condition not supported"},
      {"Query", QUERY("id = :a AND r = :v", ",':v':{'S':'1'}", ""),
       "*Condition parameter type does not match schema type"},
      {"Scan", "{'TableName':'tab','Select':'COUNT','ReturnConsumedCapacity':'TOTAL'}",
       "{'Count':6,'ScannedCount':6,'ConsumedCapacity':{'TableName':'tab','CapacityUnits':0.5}}"});
}

MT_TEST(table_query__texts_begin_with)
{
  TABLE_STEPS(TABLE_BY_RANGE("S"), ITEM("{'S':'ab'}", ""), ITEM("{'S':'abc'}", ""),
              ITEM("{'S':'ac'}", ""), ITEM("{'S':'b'}", ""), ITEM("{'S':'aC'}", ""),
              {"Query", QUERY("id = :a AND begins_with(r, :v)", ",':v':{'S':'ab'}", ""),
               "*[{'r':{'S':'ab'}},{'r':{'S':'abc'}}]"},
              {"Query", QUERY("id = :a AND r = :v", ",':v':{'S':'ab'}", ""), "*[{'r':{'S':'ab'}}]"},
              {"Query", QUERY("id = :a AND r > :v", ",':v':{'S':'ab'}", ",'Limit':1"),
               "*[{'r':{'S':'abc'}}]"});
}

#define INDEXED                                                                                    \
  {                                                                                                \
    "CreateTable",                                                                                 \
        "{'TableName':'tab','BillingMode':'PAY_PER_REQUEST','AttributeDefinitions':["              \
        "{'AttributeName':'id','AttributeType':'S'},{'AttributeName':'r','AttributeType':'S'},"    \
        "{'AttributeName':'g','AttributeType':'S'},{'AttributeName':'n','AttributeType':'N'}],"    \
        "'KeySchema':[{'AttributeName':'id','KeyType':'HASH'},{'AttributeName':'r',"               \
        "'KeyType':'RANGE'}],'LocalSecondaryIndexes':[{'IndexName':'loc','KeySchema':["            \
        "{'AttributeName':'id','KeyType':'HASH'},{'AttributeName':'n','KeyType':'RANGE'}],"        \
        "'Projection':{'ProjectionType':'KEYS_ONLY'}}],'GlobalSecondaryIndexes':[{'IndexName':"    \
        "'glo','KeySchema':[{'AttributeName':'g','KeyType':'HASH'},{'AttributeName':'n',"          \
        "'KeyType':'RANGE'}],'Projection':{'ProjectionType':'INCLUDE','NonKeyAttributes':"         \
        "['x']}}]}",                                                                               \
        "*'IndexArn':'arn:aws:dynamodb:us-east-1:000000000000:table/tab/index/glo'"                \
  }
#define BY_G(more)                                                                                 \
  "{'TableName':'tab','IndexName':'glo','KeyConditionExpression':'g = :g',"                        \
  "'ExpressionAttributeValues':{':g':{'S':'g'}}" more "}"

MT_TEST(table_query__indexes_follow_the_items)
{
  TABLE_STEPS(
      INDEXED, ITEM("{'S':'1'}", ",'g':{'S':'g'},'n':{'N':'2'},'x':{'S':'x'},'y':{'S':'y'}"),
      ITEM("{'S':'2'}", ",'g':{'S':'g'},'n':{'N':'-1'}"), ITEM("{'S':'3'}", ",'g':{'S':'g'}"),
      ITEM("{'S':'4'}", ",'g':{'S':'g'},'n':{'N':'2'}"), {"Query", BY_G(""), "*'Count':3"},
      {"Query", BY_G(",'Limit':1"),
       "{'Items':[{'id':{'S':'a'},'r':{'S':'2'},'g':{'S':'g'},'n':{'N':'-1'}}],'Count':1,'"
       "ScannedCount':1,"
       "'LastEvaluatedKey':{'id':{'S':'a'},'r':{'S':'2'},'g':{'S':'g'},'n':{'N':'-1'}}}"},
      {"Query",
       BY_G(",'ExclusiveStartKey':{'id':{'S':'a'},'r':{'S':'2'},'g':{'S':'g'},'n':{'N':'-1'}}"),
       "*'Count':2"},
      {"Query", BY_G(",'Select':'ALL_ATTRIBUTES'"),
       "*ALL_ATTRIBUTES is not supported for global secondary index glo"},
      {"Query", BY_G(",'ConsistentRead':true"),
       "*Consistent reads are not supported on global secondary indexes"},
      {"Query",
       "{'TableName':'tab','IndexName':'loc','ScanIndexForward':false,'Limit':1,'"
       "KeyConditionExpression':"
       "'id = :a AND n > :n','ExpressionAttributeValues':{':a':{'S':'a'},':n':{'N':'-5'}},"
       "'ExclusiveStartKey':{'id':{'S':'a'},'n':{'N':'2'},'r':{'S':'1'}},'Select':'ALL_ATTRIBUTES'"
       "}",
       "*'Count':1"},
      {"UpdateItem",
       "{'TableName':'tab','Key':{'id':{'S':'a'},'r':{'S':'2'}},'UpdateExpression':'SET n = :n',"
       "'ExpressionAttributeValues':{':n':{'N':'50'}}}",
       "{}"},
      {"Query", BY_G(",'ScanIndexForward':false,'Limit':1"), "*'n':{'N':'50'}"},
      {"DeleteItem", "{'TableName':'tab','Key':{'id':{'S':'a'},'r':{'S':'2'}}}", "{}"},
      {"Query", BY_G(",'Select':'COUNT'"), "{'Count':2,'ScannedCount':2}"},
      {"PutItem", "{'TableName':'tab','Item':{'id':{'S':'b'},'r':{'S':'1'},'n':{'S':'no'}}}",
       "*Type mismatch for Index Key n Expected: N Actual: S IndexName: loc"},
      {"UpdateTable",
       "{'TableName':'tab','AttributeDefinitions':[{'AttributeName':'id','AttributeType':'S'},"
       "{'AttributeName':'r','AttributeType':'S'},{'AttributeName':'g','AttributeType':'S'},"
       "{'AttributeName':'n','AttributeType':'N'},{'AttributeName':'x','AttributeType':'S'}],"
       "'GlobalSecondaryIndexUpdates':[{'Create':{'IndexName':'byx','KeySchema':[{'AttributeName':'"
       "x',"
       "'KeyType':'HASH'}],'Projection':{'ProjectionType':'ALL'}}}]}",
       "*'IndexName':'byx'"},
      {"Scan", "{'TableName':'tab','IndexName':'byx'}", "*'y':{'S':'y'}}],'Count':1"},
      {"UpdateTable",
       "{'TableName':'tab','GlobalSecondaryIndexUpdates':[{'Delete':{'IndexName':'glo'}}]}",
       "!'IndexName':'glo'"},
      {"Query", BY_G(""), "*The table does not have the specified index: glo"});
}

#define ZEROS(id, binary)                                                                          \
  {                                                                                                \
    "PutItem",                                                                                     \
        "{'TableName':'tab','Item':{'id':{'S':'" id "'},'g':{'S':'g'},'b':{'B':'" binary "'}}}",   \
        "{}"                                                                                       \
  }
#define ZEROS_QUERY(condition)                                                                     \
  "{'TableName':'tab','IndexName':'glo','KeyConditionExpression':'g = :g AND " condition           \
  "','ExpressionAttributeValues':{':g':{'S':'g'},':b':{'B':'AA=='}},'ProjectionExpression':'id'}"

/* In an index something follows the sort key: zeros in it must not end it. */
MT_TEST(table_query__binary_sort_keys_of_an_index_may_have_zeros)
{
  TABLE_STEPS(
      {"CreateTable",
       "{'TableName':'tab','BillingMode':'PAY_PER_REQUEST','AttributeDefinitions':["
       "{'AttributeName':'id','AttributeType':'S'},{'AttributeName':'g','AttributeType':'S'},"
       "{'AttributeName':'b','AttributeType':'B'}],'KeySchema':[{'AttributeName':'id','KeyType':"
       "'HASH'}],'GlobalSecondaryIndexes':[{'IndexName':'glo','KeySchema':[{'AttributeName':'g',"
       "'KeyType':'HASH'},{'AttributeName':'b','KeyType':'RANGE'}],'Projection':{'ProjectionType':"
       "'ALL'}}]}",
       "*CREATING"},
      ZEROS("4", "AQ=="), ZEROS("0", "AA=="), ZEROS("3", "AP8="), ZEROS("2", "AAE="),
      ZEROS("1", "AAA="), {"Query", ZEROS_QUERY("b = :b"), "*[{'id':{'S':'0'}}]"},
      {"Query", ZEROS_QUERY("b <= :b"), "*[{'id':{'S':'0'}}]"},
      {"Query", ZEROS_QUERY("b > :b"),
       "*[{'id':{'S':'1'}},{'id':{'S':'2'}},{'id':{'S':'3'}},{'id':{'S':'4'}}]"},
      {"Query", ZEROS_QUERY("begins_with(b, :b)"),
       "*[{'id':{'S':'0'}},{'id':{'S':'1'}},{'id':{'S':'2'}},{'id':{'S':'3'}}]"});
}

#define BATCH(entries) "{'RequestItems':{'tab':[" entries "]}}"
#define B_PUT(id) "{'PutRequest':{'Item':{'id':{'S':'" id "'}}}}"
#define KEY(id) "{'id':{'S':'" id "'}}"

MT_TEST(table_query__batches)
{
  TABLE_STEPS(
      TABLE_BY_ID,
      {"BatchWriteItem", BATCH(B_PUT("a") "," B_PUT("b") ",{'DeleteRequest':{'Key':" KEY("c") "}}"),
       "{'UnprocessedItems':{}}"},
      {"BatchWriteItem", BATCH(B_PUT("a") "," B_PUT("a")),
       "*Provided list of item keys contains duplicates"},
      {"BatchWriteItem", "{'RequestItems':{'other':[" B_PUT("a") "]}}",
       "*ResourceNotFoundException"},
      {"BatchGetItem", "{'RequestItems':{'tab':{'Keys':[" KEY("b") "," KEY("x") "," KEY("a") "]}}}",
       "{'Responses':{'tab':[" KEY("b") "," KEY("a") "]},'UnprocessedKeys':{}}"},
      {"BatchGetItem", "{'RequestItems':{}}", "*ValidationException"},
      {"Scan", "{'TableName':'tab','Select':'COUNT'}", "{'Count':2,'ScannedCount':2}"});
}

#define SET(id, more)                                                                              \
  "{'Update':{'TableName':'tab','Key':" KEY(                                                       \
      id) ",'UpdateExpression':'ADD n :n',"                                                        \
          "'ExpressionAttributeValues':{':n':{'N':'1'}}" more "}}"

MT_TEST(table_query__transactions_do_all_or_nothing)
{
  TABLE_STEPS(
      TABLE_BY_ID,
      {"TransactWriteItems",
       "{'TransactItems':[" SET("a", "") ",{'Put':{'TableName':'tab','Item':{'id':{'S':'b'}},"
                                         "'ConditionExpression':'attribute_not_exists(id)'}}],'"
                                         "ReturnConsumedCapacity':'TOTAL'}",
       "{'ConsumedCapacity':[{'TableName':'tab','CapacityUnits':4.0}]}"},
      {"TransactWriteItems",
       "{'TransactItems':[" SET("a", "") ",{'ConditionCheck':{'TableName':'tab','Key':" KEY(
           "b") ",'ConditionExpression':'attribute_exists(n)','ReturnValuesOnConditionCheckFailure'"
                ":'ALL_OLD'}}]}",
       "TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for "
       "specific reasons [None, ConditionalCheckFailed] {'CancellationReasons':[{'Code':'None'},"
       "{'Code':'ConditionalCheckFailed','Message':'The conditional request failed','Item':" KEY(
           "b") "}]}"},
      {"TransactGetItems",
       "{'TransactItems':[{'Get':{'TableName':'tab','Key':" KEY(
           "a") "}},{'Get':{'TableName':'tab','Key':" KEY("x") "}}]}",
       "{'Responses':[{'Item':{'id':{'S':'a'},'n':{'N':'1'}}},{}]}"},
      {"TransactWriteItems", "{'TransactItems':[" SET("a", "") "," SET("a", "") "]}",
       "*Transaction request cannot include multiple operations on one item"},
      {"TransactWriteItems", "{'TransactItems':[]}", "*ValidationException"},
      {"DescribeTable", "{'TableName':'tab'}", "*'ItemCount':2"});
}

MT_TEST(table_query__a_transaction_with_a_token_is_done_once)
{
  static const struct table_step create = TABLE_BY_ID;
  static const struct table_step steps[] = {
      {"TransactWriteItems", "{'ClientRequestToken':'t','TransactItems':[" SET("a", "") "]}", "{}"},
      {"TransactWriteItems", "{'ClientRequestToken':'t','TransactItems':[" SET("a", "") "]}", "{}"},
      {"TransactWriteItems", "{'ClientRequestToken':'t','TransactItems':[" SET("b", "") "]}",
       "IdempotentParameterMismatchException: The provided client token is already in use with a "
       "different request."},
      {"TransactWriteItems", "{'ClientRequestToken':'u','TransactItems':[" SET("a", "") "]}", "{}"},
      {"Scan", "{'TableName':'tab'}", "*[{'id':{'S':'a'},'n':{'N':'2'}}]"}};
  struct driver_host host;
  mt_eq_int(host_open(&host, &ms_tables_driver, NULL), 0);
  table_step(&host, &create);
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    table_step(&host, &steps[i]);
  }
  host_pass(&host, 11 * 60000);
  table_step(&host, &steps[0]);
  table_step(&host, &(struct table_step){"Scan", "{'TableName':'tab'}", "*'n':{'N':'3'}"});
  host_close(&host);
}

/* Every page but the last is about a megabyte; all segments together are all items. */
MT_TEST(table_query__pages_and_segments)
{
  static const struct table_step create = TABLE_BY_ID;
  struct driver_host host;
  mt_eq_int(host_open(&host, &ms_tables_driver, "memory:"), 0);
  table_step(&host, &create);
  char *large = mt_keep(malloc(100001));
  memset(large, 'x', 100000);
  large[100000] = '\0';
  for (int i = 0; i < 24; i++) {
    table_ask(&host, "PutItem",
              mt_format("{'TableName':'tab','Item':{'id':{'S':'%d'},'x':{'S':'%s'}}}", i, large));
    if (i == 12) {
      host_run(&host);
    }
  }
  mt_ok(strstr(table_ask(&host, "Scan", "{'TableName':'tab','ProjectionExpression':'id'}"),
               "\"Count\":11,\"ScannedCount\":11,\"LastEvaluatedKey\":{\"id\":{\"S\":\"") != NULL);
  int found = 0;
  for (int segment = 0; segment < 5; segment++) {
    const char *answer = table_ask(
        &host, "Scan",
        mt_format("{'TableName':'tab','Select':'COUNT','Segment':%d,'TotalSegments':5}", segment));
    found += atoi(answer + strlen("{\"Count\":"));
  }
  mt_eq_int(found, 24);
  char *huge = mt_keep(malloc(410001));
  memset(huge, 'x', 410000);
  huge[410000] = '\0';
  mt_eq_str(
      table_ask(&host, "PutItem",
                mt_format("{'TableName':'tab','Item':{'id':{'S':'h'},'x':{'S':'%s'}}}", huge)),
      "ValidationException: Item size has exceeded the maximum allowed size");
  host_run(&host);
  host_close(&host);
}
