/* ARNs of Task, and what Express machines may not use. */
#include "asl_check.h"
#include "mt.h"

static const struct asl_row resource_rows[] = {
    {"function",
     "{'StartAt':'A','States':{'A':{'Type':'Task',"
     "'Resource':'arn:aws:lambda:us-east-1:000000000000:function:f','End':true}}}",
     ""},
    {"function_version",
     "{'StartAt':'A','States':{'A':{'Type':'Task',"
     "'Resource':'arn:aws:lambda:us-east-1:000000000000:function:f_a-1:$LATEST','End':true}}}",
     ""},
    {"function_other_partition",
     "{'StartAt':'A','States':{'A':{'Type':'Task',"
     "'Resource':'arn:aws-us-gov:lambda:us-gov-west-1:000000000000:function:f','End':true}}}",
     ""},
    {"function_without_name",
     "{'StartAt':'A','States':{'A':{'Type':'Task',"
     "'Resource':'arn:aws:lambda:us-east-1:000000000000:function:','End':true}}}",
     "1:56: error: The resource provided arn:aws:lambda:us-east-1:000000000000:function: is not "
     "recognized. The value is not a valid resource ARN, or the resource is not available in "
     "this region. (SCHEMA_VALIDATION_FAILED at /States/A/Resource)\n"},
    {"function_empty_qualifier",
     "{'StartAt':'A','States':{'A':{'Type':'Task',"
     "'Resource':'arn:aws:lambda:us-east-1:000000000000:function:f:','End':true}}}",
     "1:56: error: The resource provided arn:aws:lambda:us-east-1:000000000000:function:f: is "
     "not recognized. The value is not a valid resource ARN, or the resource is not available in "
     "this region. (SCHEMA_VALIDATION_FAILED at /States/A/Resource)\n"},
    {"function_too_long",
     "{'StartAt':'A','States':{'A':{'Type':'Task',"
     "'Resource':'arn:aws:lambda:us-east-1:000000000000:function:f:1:2','End':true}}}",
     "1:56: error: The resource provided arn:aws:lambda:us-east-1:000000000000:function:f:1:2 is "
     "not recognized. The value is not a valid resource ARN, or the resource is not available in "
     "this region. (SCHEMA_VALIDATION_FAILED at /States/A/Resource)\n"},
    {"function_bad_name",
     "{'StartAt':'A','States':{'A':{'Type':'Task',"
     "'Resource':'arn:aws:lambda:us-east-1:000000000000:function:f g','End':true}}}",
     "1:56: error: The resource provided arn:aws:lambda:us-east-1:000000000000:function:f g is "
     "not recognized. The value is not a valid resource ARN, or the resource is not available in "
     "this region. (SCHEMA_VALIDATION_FAILED at /States/A/Resource)\n"},
    {"function_layer",
     "{'StartAt':'A','States':{'A':{'Type':'Task',"
     "'Resource':'arn:aws:lambda:us-east-1:000000000000:layer:f','End':true}}}",
     "1:56: error: The resource provided arn:aws:lambda:us-east-1:000000000000:layer:f is not "
     "recognized. The value is not a valid resource ARN, or the resource is not available in "
     "this region. (SCHEMA_VALIDATION_FAILED at /States/A/Resource)\n"},
    {"activity",
     "{'StartAt':'A','States':{'A':{'Type':'Task',"
     "'Resource':'arn:aws:states:us-east-1:000000000000:activity:act','End':true}}}",
     ""},
    {"activity_without_name",
     "{'StartAt':'A','States':{'A':{'Type':'Task',"
     "'Resource':'arn:aws:states:us-east-1:000000000000:activity:','End':true}}}",
     "1:56: error: The resource provided arn:aws:states:us-east-1:000000000000:activity: is not "
     "recognized. The value is not a valid resource ARN, or the resource is not available in "
     "this region. (SCHEMA_VALIDATION_FAILED at /States/A/Resource)\n"},
    {"integrations",
     "{'StartAt':'A','States':{'A':{'Type':'Task',"
     "'Resource':'arn:aws:states:::sqs:sendMessage.waitForTaskToken','Next':'B'},'B':{"
     "'Type':'Task','Resource':'arn:aws:states:::states:startExecution.sync:2','Next':'C'},'C':{"
     "'Type':'Task','Resource':'arn:aws:states:::states:startExecution.sync','Next':'D'},'D':{"
     "'Type':'Task','Resource':'arn:aws:states:::http:invoke','End':true}}}",
     ""},
    {"sdk",
     "{'StartAt':'A','States':{'A':{'Type':'Task',"
     "'Resource':'arn:aws:states:::aws-sdk:dynamodb:query.waitForTaskToken','End':true}}}",
     ""},
    {"sdk_with_region",
     "{'StartAt':'A','States':{'A':{'Type':'Task',"
     "'Resource':'arn:aws:states:us-east-1:000000000000:aws-sdk:s3:getObject','End':true}}}",
     ""},
    {"sdk_sync",
     "{'StartAt':'A','States':{'A':{'Type':'Task',"
     "'Resource':'arn:aws:states:::aws-sdk:glue:startJobRun.sync','End':true}}}",
     "1:56: error: The resource provided arn:aws:states:::aws-sdk:glue:startJobRun.sync is not "
     "recognized. The value is not a valid resource ARN, or the resource is not available in "
     "this region. (SCHEMA_VALIDATION_FAILED at /States/A/Resource) Write it as "
     "\"arn:aws:states:::aws-sdk:service:actionInCamelCase\".\n"},
    {"sdk_pascal_case",
     "{'StartAt':'A','States':{'A':{'Type':'Task',"
     "'Resource':'arn:aws:states:::aws-sdk:dynamodb:Query','End':true}}}",
     "1:56: error: The resource provided arn:aws:states:::aws-sdk:dynamodb:Query is not "
     "recognized. The value is not a valid resource ARN, or the resource is not available in "
     "this region. (SCHEMA_VALIDATION_FAILED at /States/A/Resource) Write it as "
     "\"arn:aws:states:::aws-sdk:service:actionInCamelCase\".\n"},
    {"sdk_incomplete",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::aws-sdk:dynamodb',"
     "'End':true}}}",
     "1:56: error: The resource provided arn:aws:states:::aws-sdk:dynamodb is not recognized. "
     "The value is not a valid resource ARN, or the resource is not available in this region. "
     "(SCHEMA_VALIDATION_FAILED at /States/A/Resource) Write it as "
     "\"arn:aws:states:::aws-sdk:service:actionInCamelCase\".\n"},
    {"action_unknown",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::dynamodb:query',"
     "'End':true}}}",
     "1:56: error: The resource provided arn:aws:states:::dynamodb:query is not recognized. The "
     "value is not a valid resource ARN, or the resource is not available in this region. "
     "(SCHEMA_VALIDATION_FAILED at /States/A/Resource) Use "
     "\"arn:aws:states:::aws-sdk:dynamodb:query\".\n"},
    {"action_misspelled",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::sqs:sendMesage',"
     "'End':true}}}",
     "1:56: error: The resource provided arn:aws:states:::sqs:sendMesage is not recognized. The "
     "value is not a valid resource ARN, or the resource is not available in this region. "
     "(SCHEMA_VALIDATION_FAILED at /States/A/Resource) Did you mean "
     "\"arn:aws:states:::sqs:sendMessage\"?\n"},
    {"service_unknown",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::nothing:doThing',"
     "'End':true}}}",
     "1:56: error: The resource provided arn:aws:states:::nothing:doThing is not recognized. The "
     "value is not a valid resource ARN, or the resource is not available in this region. "
     "(SCHEMA_VALIDATION_FAILED at /States/A/Resource)\n"},
    {"service_misspelled",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lamda:invoke',"
     "'End':true}}}",
     "1:56: error: The resource provided arn:aws:states:::lamda:invoke is not recognized. The "
     "value is not a valid resource ARN, or the resource is not available in this region. "
     "(SCHEMA_VALIDATION_FAILED at /States/A/Resource) Did you mean "
     "\"arn:aws:states:::lambda:invoke\"?\n"},
    {"pattern_unsupported",
     "{'StartAt':'A','States':{'A':{'Type':'Task',"
     "'Resource':'arn:aws:states:::sqs:sendMessage.sync','End':true}}}",
     "1:56: error: The resource provided arn:aws:states:::sqs:sendMessage.sync is not "
     "recognized. The value is not a valid resource ARN, or the resource is not available in "
     "this region. (SCHEMA_VALIDATION_FAILED at /States/A/Resource) \"sqs:sendMessage\" can be "
     "called plainly, with .waitForTaskToken.\n"},
    {"pattern_sync2",
     "{'StartAt':'A','States':{'A':{'Type':'Task',"
     "'Resource':'arn:aws:states:::ecs:runTask.sync:2','End':true}}}",
     "1:56: error: The resource provided arn:aws:states:::ecs:runTask.sync:2 is not recognized. "
     "The value is not a valid resource ARN, or the resource is not available in this region. "
     "(SCHEMA_VALIDATION_FAILED at /States/A/Resource) \"ecs:runTask\" can be called plainly, "
     "with .sync, with .waitForTaskToken.\n"},
    {"pattern_none",
     "{'StartAt':'A','States':{'A':{'Type':'Task',"
     "'Resource':'arn:aws:states:::dynamodb:getItem.waitForTaskToken','End':true}}}",
     "1:56: error: The resource provided arn:aws:states:::dynamodb:getItem.waitForTaskToken is "
     "not recognized. The value is not a valid resource ARN, or the resource is not available in "
     "this region. (SCHEMA_VALIDATION_FAILED at /States/A/Resource) \"dynamodb:getItem\" can be "
     "called plainly.\n"},
    {"pattern_unknown",
     "{'StartAt':'A','States':{'A':{'Type':'Task',"
     "'Resource':'arn:aws:states:::lambda:invoke.wait','End':true}}}",
     "1:56: error: The resource provided arn:aws:states:::lambda:invoke.wait is not recognized. "
     "The value is not a valid resource ARN, or the resource is not available in this region. "
     "(SCHEMA_VALIDATION_FAILED at /States/A/Resource) What may follow an action is .sync, "
     ".sync:2 or .waitForTaskToken.\n"},
    {"plain_name",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'f','End':true}}}",
     "1:56: error: Value is not a valid resource ARN (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Resource) Use \"arn:aws:lambda:us-east-1:000000000000:function:f\".\n"},
    {"placeholder",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'${Function}','End':true}}}",
     "1:56: error: Value is not a valid resource ARN (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Resource) Put an ARN in the place of the placeholder.\n"},
    {"placeholder_inside",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:lambda:${"
     "Region}:000000000000:function:f','End':true}}}",
     "1:56: error: The resource provided arn:aws:lambda:${Region}:000000000000:function:f is not "
     "recognized. The value is not a valid resource ARN, or the resource is not available in "
     "this region. (SCHEMA_VALIDATION_FAILED at /States/A/Resource)\n"},
    {"text",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'call the function','End':true}}}",
     "1:56: error: Value is not a valid resource ARN (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Resource)\n"},
    {"empty",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'','End':true}}}",
     "1:56: error: Value is not a valid resource ARN (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Resource)\n"},
    {"short_arn",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:lambda','End':true}}}",
     "1:56: error: The resource provided arn:aws:lambda is not recognized. The value is not a "
     "valid resource ARN, or the resource is not available in this region. "
     "(SCHEMA_VALIDATION_FAILED at /States/A/Resource)\n"},
    {"other_service",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:s3:::bucket','End':true}}}",
     "1:56: error: The resource provided arn:aws:s3:::bucket is not recognized. The value is not "
     "a valid resource ARN, or the resource is not available in this region. "
     "(SCHEMA_VALIDATION_FAILED at /States/A/Resource)\n"},
    {"no_string",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':1,'End':true}}}",
     "1:56: error: Expected value of type [STRING] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Resource)\n"},
    {NULL, NULL, NULL}};

MT_TEST(asl_resource__diagnostics)
{
  asl_check_rows(resource_rows, false);
}

static const struct asl_row express_rows[] = {
    {"activity",
     "{'StartAt':'A','States':{'A':{'Type':'Task',"
     "'Resource':'arn:aws:states:us-east-1:000000000000:activity:act','End':true}}}",
     "1:56: error: Express state machine does not support Activity ARN (SCHEMA_VALIDATION_FAILED "
     "at /States/A/Resource)\n"},
    {"sync",
     "{'StartAt':'A','States':{'A':{'Type':'Task',"
     "'Resource':'arn:aws:states:::states:startExecution.sync','End':true}}}",
     "1:56: error: Express state machine does not support '.sync' service integration "
     "(SCHEMA_VALIDATION_FAILED at /States/A/Resource)\n"},
    {"wait",
     "{'StartAt':'A','States':{'A':{'Type':'Task',"
     "'Resource':'arn:aws:states:::sqs:sendMessage.waitForTaskToken','End':true}}}",
     "1:56: error: Express state machine does not support '.waitForTaskToken' service "
     "integration  (SCHEMA_VALIDATION_FAILED at /States/A/Resource)\n"},
    {"sdk_wait",
     "{'StartAt':'A','States':{'A':{'Type':'Task',"
     "'Resource':'arn:aws:states:::aws-sdk:sfn:startExecution.waitForTaskToken','End':true}}}",
     "1:56: error: Express state machine does not support '.waitForTaskToken' service "
     "integration  (SCHEMA_VALIDATION_FAILED at /States/A/Resource)\n"},
    {"plain_call",
     "{'StartAt':'A','States':{'A':{'Type':'Task',"
     "'Resource':'arn:aws:states:::states:startExecution','End':true}}}",
     ""},
    {"distributed",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}}}}}",
     "1:98: error: The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' "
     "state machines (SCHEMA_VALIDATION_FAILED at /States/A/ItemProcessor/ProcessorConfig/Mode)\n"},
    {"nested_wait",
     "{'StartAt':'A','States':{'A':{'Type':'Parallel','End':true,'Branches':[{'StartAt':'B',"
     "'States':{'B':{'Type':'Task',"
     "'Resource':'arn:aws:states:::sqs:sendMessage.waitForTaskToken','End':true}}}]}}}",
     "1:127: error: Express state machine does not support '.waitForTaskToken' service "
     "integration  (SCHEMA_VALIDATION_FAILED at /States/A/Branches[0]/States/B/Resource)\n"},
    {NULL, NULL, NULL}};

MT_TEST(asl_express__diagnostics)
{
  asl_check_rows(express_rows, true);
}

static const struct asl_row express_child_rows[] = {
    {"wait_in_express_child",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'EXPRESS'},'StartAt':'B','States':{'B':{'Type':'Task',"
     "'Resource':'arn:aws:states:::sqs:sendMessage.waitForTaskToken','End':true}}}}}}",
     "1:193: error: Express state machine does not support '.waitForTaskToken' service "
     "integration  (SCHEMA_VALIDATION_FAILED at /States/A/ItemProcessor/States/B/Resource)\n"},
    {"wait_in_standard_child",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Task','Resource':'arn:aws:states:::sqs:sendMessage.waitForTaskToken',"
     "'End':true}}}}}}",
     ""},
    {"distributed_in_express_child",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'EXPRESS'},'StartAt':'B','States':{'B':{'Type':'Map',"
     "'End':true,'ItemProcessor':{'ProcessorConfig':{'Mode':'DISTRIBUTED',"
     "'ExecutionType':'STANDARD'},'StartAt':'C','States':{'C':{'Type':'Pass','End':true}}}}}}}}}",
     "1:235: error: The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' "
     "state machines (SCHEMA_VALIDATION_FAILED at /States/A/ItemProcessor/States/B/ItemProcessor/"
     "ProcessorConfig/Mode)\n"},
    {"distributed_in_standard_child",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{'Type':'Map',"
     "'End':true,'ItemProcessor':{'ProcessorConfig':{'Mode':'DISTRIBUTED',"
     "'ExecutionType':'STANDARD'},'StartAt':'C','States':{'C':{'Type':'Pass','End':true}}}}}}}}}",
     ""},
    {"wait_after_express_child",
     "{'StartAt':'A','States':{'A':{'Type':'Map','Next':'Z','ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'EXPRESS'},'StartAt':'B','States':{'B':{'Type':'Pass',"
     "'End':true}}}},'Z':{'Type':'Task',"
     "'Resource':'arn:aws:states:::sqs:sendMessage.waitForTaskToken','End':true}}}",
     ""},
    {NULL, NULL, NULL}};

MT_TEST(asl_express_child__diagnostics)
{
  asl_check_rows(express_child_rows, false);
}
