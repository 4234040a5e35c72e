/* Values of fields: type, range, form. */
#include "asl_check.h"
#include "mt.h"

static const struct asl_row field_rows[] = {
    {"input_path_number",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','InputPath':1,'OutputPath':[],'End':true}}}",
     "1:57: error: Expected value of type [STRING] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "InputPath)\n"
     "1:72: error: Expected value of type [STRING] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "OutputPath)\n"},
    {"paths_null",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','InputPath':null,'OutputPath':null,"
     "'ResultPath':null,'End':true}}}",
     ""},
    {"result_path_context",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','ResultPath':'$$.a','End':true}}}",
     "1:58: error: The value for the field 'ResultPath' must be a Reference Path of the state "
     "input: '$$' and variables cannot be written to (SCHEMA_VALIDATION_FAILED at /States/A/"
     "ResultPath)\n"},
    {"result_path_variable",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','ResultPath':'$v.a','End':true}}}",
     "1:58: error: The value for the field 'ResultPath' must be a Reference Path of the state "
     "input: '$$' and variables cannot be written to (SCHEMA_VALIDATION_FAILED at /States/A/"
     "ResultPath)\n"},
    {"result_path_number",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','ResultPath':0,'End':true}}}",
     "1:58: error: Expected value of type [STRING] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "ResultPath)\n"},
    {"items_path_null",
     "{'StartAt':'A','States':{'A':{'Type':'Map','ItemsPath':null,'ItemProcessor':{'StartAt':'B',"
     "'States':{'B':{'Type':'Pass','End':true}}},'End':true}}}",
     "1:56: error: Expected value of type [STRING] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "ItemsPath)\n"},
    {"wait_none",
     "{'StartAt':'A','States':{'A':{'Type':'Wait','End':true}}}",
     "1:30: error: This object should have only one of the following fields: [SecondsPath, "
     "Seconds, TimestampPath, Timestamp] (SCHEMA_VALIDATION_FAILED at /States/A)\n"},
    {"wait_two",
     "{'StartAt':'A','States':{'A':{'Type':'Wait','Seconds':1,'Timestamp':'2024-01-01T00:00:00Z',"
     "'End':true}}}",
     "1:30: error: There should only be one of the following fields: [SecondsPath, Seconds, "
     "TimestampPath, Timestamp] (SCHEMA_VALIDATION_FAILED at /States/A)\n"},
    {"wait_literal_and_path",
     "{'StartAt':'A','States':{'A':{'Type':'Wait','Seconds':1,'SecondsPath':'$.s','End':true}}}",
     "1:30: error: There should only be one of the following fields: [SecondsPath, Seconds, "
     "TimestampPath, Timestamp] (SCHEMA_VALIDATION_FAILED at /States/A)\n"},
    {"wait_seconds_negative",
     "{'StartAt':'A','States':{'A':{'Type':'Wait','Seconds':-1,'End':true}}}",
     "1:55: error: Minimum value is 0 (SCHEMA_VALIDATION_FAILED at /States/A/Seconds)\n"},
    {"wait_seconds_zero",
     "{'StartAt':'A','States':{'A':{'Type':'Wait','Seconds':0,'End':true}}}",
     ""},
    {"wait_seconds_max",
     "{'StartAt':'A','States':{'A':{'Type':'Wait','Seconds':99999999,'End':true}}}",
     ""},
    {"wait_seconds_above",
     "{'StartAt':'A','States':{'A':{'Type':'Wait','Seconds':100000000,'End':true}}}",
     "1:55: error: Maximum value is 99999999 (SCHEMA_VALIDATION_FAILED at /States/A/Seconds)\n"},
    {"wait_seconds_fraction",
     "{'StartAt':'A','States':{'A':{'Type':'Wait','Seconds':1.5,'End':true}}}",
     "1:55: error: Expected value of type Integer (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Seconds)\n"},
    {"wait_seconds_huge",
     "{'StartAt':'A','States':{'A':{'Type':'Wait','Seconds':123456789012345678901234567890,"
     "'End':true}}}",
     "1:55: error: Maximum value is 99999999 (SCHEMA_VALIDATION_FAILED at /States/A/Seconds)\n"},
    {"wait_seconds_string",
     "{'StartAt':'A','States':{'A':{'Type':'Wait','Seconds':'10','End':true}}}",
     "1:55: error: Expected value of type Integer (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Seconds)\n"},
    {"wait_seconds_path",
     "{'StartAt':'A','States':{'A':{'Type':'Wait','Seconds':'$.s','End':true}}}",
     "1:55: error: Expected value of type Integer (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Seconds) Use \"SecondsPath\" to read the value from a path.\n"},
    {"wait_seconds_null",
     "{'StartAt':'A','States':{'A':{'Type':'Wait','Seconds':null,'End':true}}}",
     "1:55: error: Expected value of type Integer (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Seconds)\n"},
    {"wait_expression_in_jsonpath",
     "{'StartAt':'A','States':{'A':{'Type':'Wait','Seconds':'{% 1 %}','End':true}}}",
     "1:55: error: Expected value of type Integer (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Seconds)\n"},
    {"timestamp_offset",
     "{'StartAt':'A','States':{'A':{'Type':'Wait','Timestamp':'2016-03-14T02:59:00+01:00',"
     "'End':true}}}",
     ""},
    {"timestamp_no_zone",
     "{'StartAt':'A','States':{'A':{'Type':'Wait','Timestamp':'2016-03-14T01:59:00','End':true}}}",
     "1:57: error: String does not match RFC3339 timestamp (SCHEMA_VALIDATION_FAILED at /States/"
     "A/Timestamp) Write it as \"2030-01-31T12:00:00Z\".\n"},
    {"timestamp_lower_case",
     "{'StartAt':'A','States':{'A':{'Type':'Wait','Timestamp':'2016-03-14t01:59:00z',"
     "'End':true}}}",
     "1:57: error: String does not match RFC3339 timestamp (SCHEMA_VALIDATION_FAILED at /States/"
     "A/Timestamp) Write it as \"2030-01-31T12:00:00Z\".\n"},
    {"timestamp_space",
     "{'StartAt':'A','States':{'A':{'Type':'Wait','Timestamp':'2016-03-14 01:59:00Z',"
     "'End':true}}}",
     "1:57: error: String does not match RFC3339 timestamp (SCHEMA_VALIDATION_FAILED at /States/"
     "A/Timestamp) Write it as \"2030-01-31T12:00:00Z\".\n"},
    {"timestamp_month",
     "{'StartAt':'A','States':{'A':{'Type':'Wait','Timestamp':'2016-13-14T01:59:00Z',"
     "'End':true}}}",
     "1:57: error: String does not match RFC3339 timestamp (SCHEMA_VALIDATION_FAILED at /States/"
     "A/Timestamp) Write it as \"2030-01-31T12:00:00Z\".\n"},
    {"timestamp_hour",
     "{'StartAt':'A','States':{'A':{'Type':'Wait','Timestamp':'2016-03-14T25:59:00Z',"
     "'End':true}}}",
     "1:57: error: String does not match RFC3339 timestamp (SCHEMA_VALIDATION_FAILED at /States/"
     "A/Timestamp) Write it as \"2030-01-31T12:00:00Z\".\n"},
    {"timestamp_path",
     "{'StartAt':'A','States':{'A':{'Type':'Wait','Timestamp':'$.t','End':true}}}",
     "1:57: error: String does not match RFC3339 timestamp (SCHEMA_VALIDATION_FAILED at /States/"
     "A/Timestamp) Use \"TimestampPath\" to read the value from a path.\n"},
    {"timestamp_number",
     "{'StartAt':'A','States':{'A':{'Type':'Wait','Timestamp':5,'End':true}}}",
     "1:57: error: Expected value of type [STRING] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Timestamp)\n"},
    {"fail_error_both",
     "{'StartAt':'A','States':{'A':{'Type':'Fail','Error':'a','ErrorPath':'$.a'}}}",
     "1:30: error: There should only be one of the following fields: [Error, ErrorPath] "
     "(SCHEMA_VALIDATION_FAILED at /States/A)\n"},
    {"fail_cause_both",
     "{'StartAt':'A','States':{'A':{'Type':'Fail','Cause':'a','CausePath':'$.a'}}}",
     "1:30: error: There should only be one of the following fields: [Cause, CausePath] "
     "(SCHEMA_VALIDATION_FAILED at /States/A)\n"},
    {"fail_error_number",
     "{'StartAt':'A','States':{'A':{'Type':'Fail','Error':1,'Cause':null}}}",
     "1:53: error: Expected value of type [STRING] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Error)\n"
     "1:63: error: Expected value of type [STRING] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Cause)\n"},
    {"fail_paths",
     "{'StartAt':'A','States':{'A':{'Type':'Fail','ErrorPath':'$$.Execution.Name',"
     "'CausePath':'States.Format(`{}`, $.a)'}}}",
     ""},
    {"fail_path_no_string",
     "{'StartAt':'A','States':{'A':{'Type':'Fail','ErrorPath':{}}}}",
     "1:57: error: Expected value of type [STRING] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "ErrorPath)\n"},
    {"branches_empty",
     "{'StartAt':'A','States':{'A':{'Type':'Parallel','Branches':[],'End':true}}}",
     "1:60: error: Value cannot be empty (SCHEMA_VALIDATION_FAILED at /States/A/Branches)\n"},
    {"branches_no_array",
     "{'StartAt':'A','States':{'A':{'Type':'Parallel','Branches':{},'End':true}}}",
     "1:60: error: Expected value of type [ARRAY] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Branches)\n"},
    {"branch_no_object",
     "{'StartAt':'A','States':{'A':{'Type':'Parallel','Branches':['B'],'End':true}}}",
     "1:61: error: Expected value of type [OBJECT] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Branches[0])\n"},
    {"branch_incomplete",
     "{'StartAt':'A','States':{'A':{'Type':'Parallel','Branches':[{'StartAt':'B'}],'End':true}}}",
     "1:61: error: These fields are required: [States] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Branches[0])\n"},
    {"branch_fields",
     "{'StartAt':'A','States':{'A':{'Type':'Parallel','Branches':[{'QueryLanguage':'JSONata',"
     "'TimeoutSeconds':1,'ProcessorConfig':{},'Comment':'ok','StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}}],'End':true}}}",
     "1:62: error: Field 'QueryLanguage' is not supported (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Branches[0]) Set it on the states inside, or on the whole state machine.\n"
     "1:88: error: Field 'TimeoutSeconds' is not supported (SCHEMA_VALIDATION_FAILED at /States/"
     "A/Branches[0])\n"
     "1:107: error: Field 'ProcessorConfig' is not supported (SCHEMA_VALIDATION_FAILED at /"
     "States/A/Branches[0])\n"},
    {"credentials_empty",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'Credentials':{},'End':true}}}",
     "1:103: error: The field 'RoleArn' is required but was missing (SCHEMA_VALIDATION_FAILED at "
     "/States/A/Credentials)\n"},
    {"credentials_no_object",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'Credentials':'x','End':true}}}",
     "1:103: error: Expected value of type [OBJECT] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Credentials)\n"},
    {"credentials_null",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'Credentials':null,'End':true}}}",
     "1:103: error: Expected value of type [OBJECT] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Credentials)\n"},
    {"credentials_role_number",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'Credentials':{'RoleArn':1},'End':true}}}",
     "1:114: error: Expected value of type [STRING] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Credentials/RoleArn)\n"},
    {"credentials_path",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'Credentials':{'RoleArn.$':'$.r'},'End':true}}}",
     ""},
    {"timeout_zero",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'TimeoutSeconds':0,'End':true}}}",
     "1:106: error: Minimum value is 1 (SCHEMA_VALIDATION_FAILED at /States/A/TimeoutSeconds)\n"},
    {"timeout_both",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'TimeoutSeconds':1,'TimeoutSecondsPath':'$.t','End':true}}}",
     "1:30: error: There should only be one of the following fields: [TimeoutSeconds, "
     "TimeoutSecondsPath] (SCHEMA_VALIDATION_FAILED at /States/A)\n"},
    {"heartbeat_not_below_timeout",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'TimeoutSeconds':5,'HeartbeatSeconds':5,'End':true}}}",
     "1:127: error: HeartbeatSeconds must be smaller than TimeoutSeconds "
     "(SCHEMA_VALIDATION_FAILED at /States/A/HeartbeatSeconds)\n"},
    {"heartbeat_below_timeout",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'TimeoutSeconds':5,'HeartbeatSeconds':4,'End':true}}}",
     ""},
    {"credentials_of_activity",
     "{'StartAt':'A','States':{'A':{'Type':'Task',"
     "'Resource':'arn:aws:states:us-east-1:000000000000:activity:a','Credentials':{"
     "'RoleArn':'r'},'End':true}}}",
     "1:121: error: The field 'Credentials' is not supported for activities "
     "(SCHEMA_VALIDATION_FAILED at /States/A/Credentials)\n"},
    {"heartbeat_both",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'HeartbeatSeconds':1,'HeartbeatSecondsPath':'$.t','End':true}}}",
     "1:30: error: There should only be one of the following fields: [HeartbeatSeconds, "
     "HeartbeatSecondsPath] (SCHEMA_VALIDATION_FAILED at /States/A)\n"},
    {NULL, NULL, NULL}};

MT_TEST(asl_field__diagnostics)
{
  asl_check_rows(field_rows, false);
}
