/* Items of tables: written, read, refused. */
#include "table_host.h"

#define A "'TableName':'tab','Key':{'id':{'S':'a'}}"
#define PUT(more) "{'TableName':'tab','Item':{'id':{'S':'a'}" more "}}"
#define UPDATE(expression, values, more)                                                           \
  "{" A ",'UpdateExpression':'" expression "','ExpressionAttributeValues':{" values "}" more "}"

MT_TEST(table_item__put_get_delete)
{
  TABLE_STEPS(
      TABLE_BY_ID, {"GetItem", "{" A "}", "{}"},
      {"PutItem", PUT(",'n':{'N':'01.50'},'m':{'M':{'l':{'L':[{'BOOL':true},{'NULL':true}]}}}"),
       "{}"},
      {"GetItem", "{" A "}",
       "{'Item':{'id':{'S':'a'},'n':{'N':'1.5'},'m':{'M':{'l':{'L':[{'BOOL':true},{'NULL':true}]}}}"
       "}}"},
      {"GetItem",
       "{" A ",'ProjectionExpression':'m.l[1], #n','ExpressionAttributeNames':{'#n':'n'}}",
       "{'Item':{'m':{'M':{'l':{'L':[{'NULL':true}]}}},'n':{'N':'1.5'}}}"},
      {"PutItem",
       "{'TableName':'arn:aws:dynamodb:us-east-1:000000000000:table/tab','Item':{'id':{'S':'a'}},"
       "'ReturnValues':'ALL_OLD','ReturnConsumedCapacity':'TOTAL'}",
       "*'Attributes':{'id':{'S':'a'},'n':{'N':'1.5'}"},
      {"DescribeTable", "{'TableName':'tab'}", "*'TableSizeBytes':3,'ItemCount':1"},
      {"DeleteItem", "{" A ",'ReturnValues':'ALL_OLD'}", "{'Attributes':{'id':{'S':'a'}}}"},
      {"DeleteItem", "{" A ",'ReturnValues':'ALL_OLD'}", "{}"},
      {"DescribeTable", "{'TableName':'tab'}", "*'TableSizeBytes':0,'ItemCount':0"},
      {"DeleteTable", "{'TableName':'tab'}", "*'TableStatus':'DELETING'"},
      {"GetItem", "{" A "}", "ResourceNotFoundException: Requested resource not found"});
}

MT_TEST(table_item__what_is_wrong_is_said_as_the_service_says_it)
{
  TABLE_STEPS(
      TABLE_BY_ID,
      {"CreateTable",
       "{'TableName':'tab','BillingMode':'PAY_PER_REQUEST','AttributeDefinitions':[{'AttributeName'"
       ":"
       "'id','AttributeType':'S'}],'KeySchema':[{'AttributeName':'id','KeyType':'HASH'}]}",
       "ResourceInUseException: Table already exists: tab"},
      {"PutItem", "{'TableName':'tab'}",
       "ValidationException: 1 validation error detected: Value null at 'item' failed to satisfy "
       "constraint: Member must not be null"},
      {"PutItem", "{'TableName':'/tab','Item':{}}",
       "*Value '/tab' at 'tableName' failed to satisfy constraint: Member must satisfy regular "
       "expression pattern: [a-zA-Z0-9_.-]+"},
      {"PutItem", "{'TableName':'tab','Item':{'x':{'S':'a'}}}",
       "ValidationException: One or more parameter values were invalid: Missing the key id in the "
       "item"},
      {"PutItem", "{'TableName':'tab','Item':{'id':{'N':'1'}}}",
       "ValidationException: One or more parameter values were invalid: Type mismatch for key id "
       "expected: S actual: N"},
      {"PutItem", "{'TableName':'tab','Item':{'id':{'S':''}}}",
       "ValidationException: One or more parameter values are not valid. The AttributeValue for a "
       "key "
       "attribute cannot contain an empty string value. Key: id"},
      {"PutItem", PUT(",'x':{}"),
       "ValidationException: Supplied AttributeValue is empty, must contain exactly one of the "
       "supported datatypes"},
      {"PutItem", PUT(",'x':{'S':'a','N':'1'}"),
       "ValidationException: Supplied AttributeValue has more than one datatypes set, must contain "
       "exactly one of the supported datatypes"},
      {"PutItem", PUT(",'x':{'SS':[]}"),
       "ValidationException: One or more parameter values were invalid: An string set  may not be "
       "empty"},
      {"PutItem", PUT(",'x':{'NS':['1','1.0']}"),
       "ValidationException: One or more parameter values were invalid: Input collection [1, 1.0] "
       "contains duplicates."},
      {"PutItem", PUT(",'x':{'N':'one'}"),
       "ValidationException: The parameter cannot be converted to a numeric value: one"},
      {"PutItem", PUT(",'x':{'B':'%'}"), "*SerializationException"},
      {"GetItem", "{'TableName':'tab','Key':{'id':{'S':'a'},'x':{'S':'b'}}}",
       "ValidationException: The provided key element does not match the schema"},
      {"GetItem", "{" A ",'AttributesToGet':['id']}", "*AttributesToGet is a parameter of before"},
      {"DescribeTable", "{'TableName':'none'}",
       "ResourceNotFoundException: Requested resource not found: Table: none not found"},
      {"UpdateItem", "{" A ",'ReturnValues':'SOME'}",
       "ValidationException: Return values set to invalid value"});
}

MT_TEST(table_item__conditions)
{
#define IF(condition, more)                                                                        \
  "{'TableName':'tab','Key':{'id':{'S':'a'}},'ConditionExpression':'" condition "'" more "}"
#define VALUES(values) ",'ExpressionAttributeValues':{" values "}"
#define FAILS "ConditionalCheckFailedException: The conditional request failed"
  TABLE_STEPS(
      TABLE_BY_ID, {"DeleteItem", IF("attribute_exists(id)", ""), FAILS},
      {"UpdateItem", IF("n <> :v", VALUES("':v':{'N':'1'}")), "{}"},
      {"PutItem", PUT(",'n':{'N':'5'},'s':{'S':'hello'},'t':{'SS':['x','y']},'b':{'B':'/w=='}"),
       "{}"},
      {"UpdateItem", IF("n = :v", VALUES("':v':{'N':'5.0'}")), "{}"},
      {"UpdateItem", IF("n > :v", VALUES("':v':{'N':'10'}")), FAILS},
      {"UpdateItem",
       IF("n BETWEEN :v AND :w OR absent = :v", VALUES("':v':{'N':'1'},':w':{'N':'10'}")), "{}"},
      {"UpdateItem", IF("n IN (:v, :w)", VALUES("':v':{'N':'1'},':w':{'N':'5'}")), "{}"},
      {"UpdateItem", IF("NOT (n IN (:v, :w))", VALUES("':v':{'N':'1'},':w':{'N':'5'}")), FAILS},
      {"UpdateItem",
       IF("begins_with(s, :v) AND contains(s, :w)", VALUES("':v':{'S':'he'},':w':{'S':'ell'}")),
       "{}"},
      {"UpdateItem",
       IF("contains(t, :v) and size(t) = :w", VALUES("':v':{'S':'y'},':w':{'N':'2'}")), "{}"},
      {"UpdateItem", IF("contains(s, :v)", VALUES("':v':{'S':'world'}")), FAILS},
      {"UpdateItem", IF("size(s) > size(t)", ""), "{}"},
      {"UpdateItem", IF("t = :v", VALUES("':v':{'SS':['y','x']}")), "{}"},
      {"UpdateItem",
       IF("attribute_type(b, :v) AND b > :w", VALUES("':v':{'S':'B'},':w':{'B':'AA=='}")), "{}"},
      {"UpdateItem",
       IF("attribute_not_exists(n)", ",'ReturnValuesOnConditionCheckFailure':'ALL_OLD'"),
       "*" FAILS " {'Item':{'id':{'S':'a'},'n':{'N':'5'}"},
      {"UpdateItem", IF("((n = n))", ""),
       "*Invalid ConditionExpression: The expression has redundant parentheses;"},
      {"UpdateItem", IF("n = :v AND", VALUES("':v':{'N':'1'}")),
       "*Syntax error; token: '<EOF>', near: 'AND'"},
      {"UpdateItem", IF("n ? n", ""), "*Syntax error; token: '?', near: 'n ? n'"},
      {"UpdateItem", IF("huh(n)", ""), "*Invalid function name; function: huh"},
      {"UpdateItem", IF("begins_with(n, n, n)", ""),
       "*Incorrect number of operands for operator or function; operator or function: begins_with, "
       "number "
       "of operands: 3"},
      {"UpdateItem", IF("n BETWEEN :v AND :w", VALUES("':v':{'N':'2'},':w':{'N':'1'}")),
       "*The BETWEEN operator requires upper bound to be greater than or equal to lower bound"},
      {"UpdateItem", IF("n < :v", VALUES("':v':{'BOOL':true}")),
       "*Incorrect operand type for operator or function; operator or function: <, operand type: "
       "BOOL"},
      {"UpdateItem", IF("", ""), "*Invalid ConditionExpression: The expression can not be empty;"},
      {"UpdateItem", "{" A ",'ExpressionAttributeNames':{'#a':'b'}}",
       "*ExpressionAttributeNames can only be specified when using expressions"});
}

MT_TEST(table_item__updates)
{
  TABLE_STEPS(
      TABLE_BY_ID,
      {"UpdateItem",
       UPDATE("SET n = if_not_exists(n, :z) + :one, l = :l",
              "':z':{'N':'0'},':one':{'N':'1'},':l':{'L':[]}", ",'ReturnValues':'ALL_NEW'"),
       "{'Attributes':{'id':{'S':'a'},'n':{'N':'1'},'l':{'L':[]}}}"},
      {"UpdateItem",
       UPDATE("SET n = n - :x, l = list_append(l, :l), m = :m ADD s :s",
              "':x':{'N':'0.1'},':l':{'L':["
              "{'S':'x'},{'S':'y'},{'S':'z'}]},':m':{'M':{'k':{'N':'1'}}},':s':{'SS':['p','q']}",
              ",'ReturnValues':'UPDATED_NEW'"),
       "{'Attributes':{'l':{'L':[{'S':'x'},{'S':'y'},{'S':'z'}]},'m':{'M':{'k':{'N':'1'}}},"
       "'n':{'N':'0.9'},'s':{'SS':['p','q']}}}"},
      {"UpdateItem",
       UPDATE("REMOVE l[0], l[2] SET m.j = :v DELETE s :s ADD n :v",
              "':v':{'N':'7'},':s':{'SS':['p']}", ",'ReturnValues':'ALL_NEW'"),
       "{'Attributes':{'id':{'S':'a'},'n':{'N':'7.9'},'l':{'L':[{'S':'y'}]},"
       "'m':{'M':{'k':{'N':'1'},'j':{'N':'7'}}},'s':{'SS':['q']}}}"},
      {"UpdateItem", UPDATE("DELETE s :s", "':s':{'SS':['q']}", ",'ReturnValues':'UPDATED_OLD'"),
       "{'Attributes':{'s':{'SS':['q']}}}"},
      {"UpdateItem",
       UPDATE("SET l[9] = :v", "':v':{'BOOL':false}", ",'ReturnValues':'UPDATED_NEW'"), "*{}"},
      {"GetItem", "{" A ",'ProjectionExpression':'l, s'}",
       "{'Item':{'l':{'L':[{'S':'y'},{'BOOL':false}]}}}"},
      {"UpdateItem", UPDATE("SET absent.x = :v", "':v':{'N':'7'}", ""),
       "ValidationException: The document path provided in the update expression is invalid for "
       "update"},
      {"UpdateItem", UPDATE("SET y = absent + :v", "':v':{'N':'7'}", ""),
       "ValidationException: The provided expression refers to an attribute that does not exist in "
       "the "
       "item"},
      {"UpdateItem", UPDATE("SET l = l + :v", "':v':{'N':'7'}", ""),
       "ValidationException: An operand in the update expression has an incorrect data type"},
      {"UpdateItem", UPDATE("SET id = :v", "':v':{'N':'7'}", ""),
       "ValidationException: One or more parameter values were invalid: Cannot update attribute "
       "id. This "
       "attribute is part of the key"},
      {"UpdateItem", UPDATE("SET m = :v, m.k = :v", "':v':{'N':'7'}", ""),
       "ValidationException: Invalid UpdateExpression: Two document paths overlap with each other; "
       "must "
       "remove or rewrite one of these paths; path one: [m], path two: [m, k]"},
      {"UpdateItem", UPDATE("SET a = :v SET b = :v", "':v':{'N':'7'}", ""),
       "ValidationException: Invalid UpdateExpression: The 'SET' section can only be used once in "
       "an "
       "update expression;"},
      {"UpdateItem", UPDATE("SET a = ", "':v':{'N':'7'}", ""),
       "ValidationException: Invalid UpdateExpression: Syntax error; token: '<EOF>', near: '='"},
      {"UpdateItem", UPDATE("SET name = :v", "':v':{'N':'7'}", ""),
       "ValidationException: Invalid UpdateExpression: Attribute name is a reserved keyword; "
       "reserved "
       "keyword: name"},
      {"UpdateItem", UPDATE("SET a = :w", "':v':{'N':'7'}", ""),
       "ValidationException: Invalid UpdateExpression: An expression attribute value used in "
       "expression "
       "is not defined; attribute value: :w"},
      {"UpdateItem", UPDATE("SET a = :v", "':v':{'N':'7'},':w':{'N':'7'}", ""),
       "ValidationException: Value provided in ExpressionAttributeValues unused in expressions: "
       "keys: {:w}"},
      {"UpdateItem", UPDATE("SET #a = :v", "':v':{'N':'7'}", ""),
       "*An expression attribute name used in the document path is not defined; attribute name: "
       "#a"});
}

MT_TEST(table_item__lists_of_lists_lose_the_right_items)
{
  TABLE_STEPS(
      TABLE_BY_ID,
      {"PutItem",
       PUT(",'l':{'L':[{'S':'0'},{'M':{'k':{'L':[{'S':'a'},{'S':'b'}]}}},{'S':'2'},{'S':'3'}]}"),
       "{}"},
      {"UpdateItem",
       "{" A ",'UpdateExpression':'REMOVE l[0], l[1].k[0], l[3]','ReturnValues':'ALL_NEW'}",
       "{'Attributes':{'id':{'S':'a'},'l':{'L':[{'M':{'k':{'L':[{'S':'b'}]}}},{'S':'2'}]}}}"});
}
