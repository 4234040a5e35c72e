/*
 * What tools that set things up (Terraform and its like) write, read back and change beside what works: tags of
 * topics, buses and rules, policies of buses, backups of tables, boundaries of roles. Through mstep_call.
 */
#include <string.h>

#include "calls.h"
#include "mt.h"

#define DOCUMENT "{\\\"Version\\\":\\\"2012-10-17\\\",\\\"Statement\\\":[]}"
#define TOPIC "\"ResourceArn\":\"arn:aws:sns:us-east-1:000000000000:t\""
#define BUS "\"ResourceARN\":\"arn:aws:events:us-east-1:000000000000:event-bus/b\""
#define RULE "\"ResourceARN\":\"arn:aws:events:us-east-1:000000000000:rule/b/r\""
#define TAG(key, value) "{\"Key\":\"" key "\",\"Value\":\"" value "\"}"

static void done(struct host *host, const char *operation, const char *request)
{
  mt_eq_str(call(host, operation, request), "{}");
}

static void topics(bool has_store)
{
  struct host host;
  open_in(&host, has_store);
  call_has(&host, "CreateTopic", "{\"Name\":\"t\",\"Tags\":[" TAG("a", "1") "]}", ":t\"");
  call_has(&host, "CreateTopic", "{\"Name\":\"t\"}", ":t\"");
  call_has(&host, "CreateTopic", "{\"Name\":\"t\",\"Tags\":[" TAG("a", "2") "]}",
           "Topic already exists with different tags");
  again(&host);
  done(&host, "sns:TagResource", "{" TOPIC ",\"Tags\":[" TAG("b", "2") "," TAG("a", "3") "]}");
  done(&host, "SetTopicAttributes",
       "{\"TopicArn\":\"arn:aws:sns:us-east-1:000000000000:t\",\"AttributeName\":\"DisplayName\","
       "\"AttributeValue\":\"x\"}");
  again(&host);
  mt_eq_str(call(&host, "sns:ListTagsForResource", "{" TOPIC "}"),
            "{\"Tags\":[" TAG("b", "2") "," TAG("a", "3") "]}");
  done(&host, "sns:UntagResource", "{" TOPIC ",\"TagKeys\":[\"b\",\"none\"]}");
  mt_eq_str(call(&host, "sns:ListTagsForResource", "{" TOPIC "}"),
            "{\"Tags\":[" TAG("a", "3") "]}");
  call_has(&host, "sns:ListTagsForResource", "{\"ResourceArn\":\"none\"}",
           "ResourceNotFoundException");
  host_close(&host);
}

MT_TEST(setup__tags_of_topics)
{
  topics(false);
  topics(true);
}

static void buses(bool has_store)
{
  struct host host;
  open_in(&host, has_store);
  call_has(&host, "CreateEventBus", "{\"Name\":\"b\",\"Tags\":[" TAG("a", "1") "]}", "event-bus/b");
  call_has(&host, "PutRule",
           "{\"Name\":\"r\",\"EventBusName\":\"b\",\"EventPattern\":\"{\\\"source\\\":[\\\"x\\\"]}"
           "\",\"Tags\":[" TAG("a", "1") "]}",
           "rule/b/r");
  call_has(&host, "UpdateEventBus", "{\"Name\":\"b\",\"Description\":\"d\"}",
           "\"Description\":\"d\"}");
  call_has(&host, "UpdateEventBus", "{\"Name\":\"none\"}", "ResourceNotFoundException");
  done(&host, "events:TagResource", "{" RULE ",\"Tags\":[" TAG("b", "2") "]}");
  /* what else is said of a rule leaves its tags */
  call_has(&host, "PutRule",
           "{\"Name\":\"r\",\"EventBusName\":\"b\",\"EventPattern\":\"{\\\"source\\\":[\\\"y\\\"]}"
           "\",\"Tags\":[" TAG("c", "3") "]}",
           "rule/b/r");
  done(&host, "DisableRule", "{\"Name\":\"r\",\"EventBusName\":\"b\"}");
  again(&host);
  mt_eq_str(call(&host, "events:ListTagsForResource", "{" RULE "}"),
            "{\"Tags\":[" TAG("a", "1") "," TAG("b", "2") "]}");
  done(&host, "events:UntagResource", "{" BUS ",\"TagKeys\":[\"a\"]}");
  mt_eq_str(call(&host, "events:ListTagsForResource", "{" BUS "}"), "{\"Tags\":[]}");
  call_has(&host, "DescribeEventBus", "{\"Name\":\"b\"}", "!Tags");
  call_has(&host, "ListEventBuses", "{}", "!Tags");
  call_has(&host, "events:ListTagsForResource", "{\"ResourceARN\":\"none\"}",
           "Resource none does not exist.");
  host_close(&host);
}

MT_TEST(setup__tags_and_descriptions_of_buses_and_rules)
{
  buses(false);
  buses(true);
}

static void default_bus(bool has_store)
{
  struct host host;
  open_in(&host, has_store);
  done(
      &host, "events:TagResource",
      "{\"ResourceARN\":\"arn:aws:events:us-east-1:000000000000:event-bus/default\",\"Tags\":[" TAG(
          "a", "1") "]}");
  call_has(&host, "PutRule", "{\"Name\":\"r\",\"EventPattern\":\"{\\\"source\\\":[\\\"x\\\"]}\"}",
           "rule/r");
  again(&host);
  call_has(&host, "events:ListTagsForResource",
           "{\"ResourceARN\":\"arn:aws:events:us-east-1:000000000000:event-bus/default\"}",
           TAG("a", "1"));
  call_has(&host, "ListRules", "{}", "rule/r");
  const char *all = call(&host, "ListEventBuses", "{}");
  const char *first = strstr(all, "\"Name\":\"default\"");
  mt_ok(first != NULL && strstr(first + 1, "\"Name\":\"default\"") == NULL);
  host_close(&host);
}

MT_TEST(setup__the_default_bus_is_there_once)
{
  default_bus(false);
  default_bus(true);
}

MT_TEST(setup__policies_of_buses)
{
  struct host host;
  open_in(&host, true);
  done(&host, "PutPermission",
       "{\"StatementId\":\"one\",\"Action\":\"events:PutEvents\",\"Principal\":\"111111111111\"}");
  done(&host, "PutPermission",
       "{\"StatementId\":\"all\",\"Action\":\"events:PutEvents\",\"Principal\":\"*\",\"Condition\":"
       "{\"Type\":\"StringEquals\",\"Key\":\"aws:PrincipalOrgID\",\"Value\":\"o-1\"}}");
  again(&host);
  call_has(&host, "DescribeEventBus", "{}",
           "{\\\"Sid\\\":\\\"one\\\",\\\"Effect\\\":\\\"Allow\\\",\\\"Principal\\\":{\\\"AWS\\\":"
           "\\\"arn:aws:iam::111111111111:root\\\"},\\\"Action\\\":\\\"events:PutEvents\\\","
           "\\\"Resource\\\":\\\"arn:aws:events:us-east-1:000000000000:event-bus/default\\\"}");
  call_has(&host, "DescribeEventBus", "{}",
           "\\\"Condition\\\":{\\\"StringEquals\\\":{\\\"aws:PrincipalOrgID\\\":\\\"o-1\\\"}}");
  done(&host, "events:RemovePermission", "{\"StatementId\":\"one\"}");
  call_has(&host, "DescribeEventBus", "{}", "!111111111111");
  call_has(&host, "events:RemovePermission", "{\"StatementId\":\"one\"}",
           "Statement with the provided id does not exist.");
  call_has(&host, "PutPermission", "{\"StatementId\":\"one\"}", "ValidationException");
  call_has(&host, "PutPermission", "{\"Policy\":\"[\"}", "Provided policy is malformed.");
  done(&host, "PutPermission", "{\"Policy\":\"" DOCUMENT "\"}");
  call_has(&host, "DescribeEventBus", "{}", "\"Policy\":\"" DOCUMENT "\"");
  done(&host, "events:RemovePermission", "{\"RemoveAllPermissions\":true}");
  call_has(&host, "DescribeEventBus", "{}", "!Policy");
  host_close(&host);
}

static void tables(bool has_store)
{
  struct host host;
  open_in(&host, has_store);
  call_has(&host, "CreateTable",
           "{\"TableName\":\"tab\",\"AttributeDefinitions\":[{\"AttributeName\":\"id\","
           "\"AttributeType\":\"S\"}],\"KeySchema\":[{\"AttributeName\":\"id\",\"KeyType\":"
           "\"HASH\"}],\"BillingMode\":\"PAY_PER_REQUEST\",\"TableClass\":\"STANDARD\","
           "\"SSESpecification\":{\"Enabled\":true,\"SSEType\":\"KMS\"}}",
           "\"SSEDescription\":{\"Status\":\"ENABLED\",\"SSEType\":\"KMS\"}");
  call_has(&host, "DescribeTable", "{\"TableName\":\"tab\"}",
           "\"TableClassSummary\":{\"TableClass\":\"STANDARD\"}");
  call_has(&host, "DescribeContinuousBackups", "{\"TableName\":\"tab\"}",
           "\"PointInTimeRecoveryStatus\":\"DISABLED\"");
  call_has(&host, "UpdateContinuousBackups",
           "{\"TableName\":\"tab\",\"PointInTimeRecoverySpecification\":{"
           "\"PointInTimeRecoveryEnabled\":true}}",
           "\"PointInTimeRecoveryStatus\":\"ENABLED\"");
  again(&host);
  call_has(&host, "DescribeContinuousBackups", "{\"TableName\":\"tab\"}",
           "{\"ContinuousBackupsDescription\":{\"ContinuousBackupsStatus\":\"ENABLED\","
           "\"PointInTimeRecoveryDescription\":{\"PointInTimeRecoveryStatus\":\"ENABLED\"}}}");
  call_has(&host, "UpdateContinuousBackups", "{\"TableName\":\"tab\"}", "ValidationException");
  call_has(&host, "DescribeContinuousBackups", "{\"TableName\":\"none\"}",
           "ResourceNotFoundException");
  call_has(&host, "UpdateTable", "{\"TableName\":\"tab\",\"SSESpecification\":{\"Enabled\":false}}",
           "!SSEDescription");
  host_close(&host);
}

MT_TEST(setup__backups_and_encryption_of_tables)
{
  tables(false);
  tables(true);
}

static void iam(bool has_store)
{
  struct host host;
  open_in(&host, has_store);
  call_has(&host, "iam:CreateRole",
           "{\"RoleName\":\"r\",\"AssumeRolePolicyDocument\":\"" DOCUMENT
           "\",\"PermissionsBoundary\":\"arn:aws:iam::aws:policy/x\"}",
           "\"PermissionsBoundary\":{\"PermissionsBoundaryType\":\"Policy\","
           "\"PermissionsBoundaryArn\":\"arn:aws:iam::aws:policy/x\"}");
  call_has(&host, "iam:UpdateRoleDescription", "{\"RoleName\":\"r\",\"Description\":\"d\"}",
           "\"Description\":\"d\"");
  done(&host, "iam:DeleteRolePermissionsBoundary", "{\"RoleName\":\"r\"}");
  call_has(&host, "iam:GetRole", "{\"RoleName\":\"r\"}", "!PermissionsBoundary");
  done(&host, "iam:PutRolePermissionsBoundary",
       "{\"RoleName\":\"r\",\"PermissionsBoundary\":\"arn:aws:iam::aws:policy/y\"}");
  again(&host);
  call_has(&host, "iam:GetRole", "{\"RoleName\":\"r\"}", "arn:aws:iam::aws:policy/y");
  call_has(&host, "iam:CreatePolicy",
           "{\"PolicyName\":\"p\",\"PolicyDocument\":\"" DOCUMENT
           "\",\"Tags\":[" TAG("a", "1") "]}",
           "policy/p");
#define POLICY "\"PolicyArn\":\"arn:aws:iam::000000000000:policy/p\""
  done(&host, "iam:TagPolicy", "{" POLICY ",\"Tags\":[" TAG("b", "2") "]}");
  done(&host, "iam:UntagPolicy", "{" POLICY ",\"TagKeys\":[\"a\"]}");
  again(&host);
  mt_eq_str(call(&host, "iam:ListPolicyTags", "{" POLICY "}"),
            "{\"Tags\":[" TAG("b", "2") "],\"IsTruncated\":false}");
  call_has(&host, "iam:TagPolicy",
           "{\"PolicyArn\":\"arn:aws:iam::000000000000:policy/no\","
           "\"Tags\":[]}",
           "NoSuchEntityException");
  host_close(&host);
}

MT_TEST(setup__boundaries_of_roles_and_tags_of_policies)
{
  iam(false);
  iam(true);
}

static void runtime(bool has_store)
{
  struct host host;
  open_in(&host, has_store);
  call_has(&host, "CreateFunction",
           "{\"FunctionName\":\"f\",\"Code\":{\"Source\":\"return function() end\"}}", "\"f\"");
  call_has(&host, "GetRuntimeManagementConfig", "{\"FunctionName\":\"f\"}",
           "{\"UpdateRuntimeOn\":\"Auto\",");
  call_has(&host, "PutRuntimeManagementConfig",
           "{\"FunctionName\":\"f\",\"UpdateRuntimeOn\":\"FunctionUpdate\"}", "FunctionUpdate");
  call_has(&host, "PutRuntimeManagementConfig",
           "{\"FunctionName\":\"f\",\"UpdateRuntimeOn\":\"Manual\"}",
           "InvalidParameterValueException");
  again(&host);
  call_has(&host, "GetRuntimeManagementConfig", "{\"FunctionName\":\"f\"}",
           "{\"UpdateRuntimeOn\":\"FunctionUpdate\",");
  call_has(&host, "GetRuntimeManagementConfig", "{\"FunctionName\":\"none\"}",
           "ResourceNotFoundException");
  host_close(&host);
}

MT_TEST(setup__runtime_management_of_functions)
{
  runtime(false);
  runtime(true);
}
