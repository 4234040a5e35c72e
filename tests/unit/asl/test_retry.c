/* Retriers and catchers. */
#include "asl_check.h"
#include "mt.h"

static const struct asl_row retry_rows[] = {
    {"retry_no_array",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'End':true,'Retry':{}}}}",
     "1:108: error: Expected value of type [ARRAY] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Retry)\n"},
    {"retry_empty",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'End':true,'Retry':[],'Catch':[]}}}",
     ""},
    {"retrier_no_object",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'End':true,'Retry':[1]}}}",
     "1:109: error: Expected value of type [OBJECT] (SCHEMA_VALIDATION_FAILED at /States/A/Retry["
     "0])\n"},
    {"errors_missing",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'End':true,'Retry':[{}]}}}",
     "1:109: error: These fields are required: [ErrorEquals] (SCHEMA_VALIDATION_FAILED at /"
     "States/A/Retry[0])\n"},
    {"errors_empty",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'End':true,'Retry':[{'ErrorEquals':[]}]}}}",
     "1:124: error: Value cannot be empty (SCHEMA_VALIDATION_FAILED at /States/A/Retry[0]/"
     "ErrorEquals)\n"},
    {"errors_no_array",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'End':true,'Retry':[{'ErrorEquals':'States.ALL'}]}}}",
     "1:124: error: Expected value of type [ARRAY] (SCHEMA_VALIDATION_FAILED at /States/A/Retry["
     "0]/ErrorEquals)\n"},
    {"errors_no_strings",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'End':true,'Retry':[{'ErrorEquals':['a',1]}]}}}",
     "1:129: error: Expected value of type [STRING] (SCHEMA_VALIDATION_FAILED at /States/A/Retry["
     "0]/ErrorEquals[1])\n"},
    {"all_not_last",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'End':true,'Retry':[{'ErrorEquals':['States.ALL']},{'ErrorEquals':['a']}]}}}",
     "1:124: error: States.ALL must appear alone and at end of list (SCHEMA_VALIDATION_FAILED at "
     "/States/A/Retry[0]/ErrorEquals)\n"},
    {"all_not_alone",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'End':true,'Retry':[{'ErrorEquals':['a','States.ALL']}]}}}",
     "1:124: error: States.ALL must appear alone and at end of list (SCHEMA_VALIDATION_FAILED at "
     "/States/A/Retry[0]/ErrorEquals)\n"},
    {"all_last",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'End':true,'Retry':[{'ErrorEquals':['a']},{'ErrorEquals':['States.ALL']}]}}}",
     ""},
    {"task_failed_anywhere",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'End':true,'Retry':[{'ErrorEquals':['a','States.TaskFailed']},{'ErrorEquals':['b']}]}}}",
     ""},
    {"numbers_in_range",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'End':true,'Retry':[{'ErrorEquals':['a'],'IntervalSeconds':99999999,'MaxAttempts':0,"
     "'BackoffRate':1,'JitterStrategy':'FULL'},{'ErrorEquals':['b'],'IntervalSeconds':1,"
     "'MaxDelaySeconds':31622400,'JitterStrategy':'NONE','Comment':'c'}]}}}",
     ""},
    {"numbers_below",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'End':true,'Retry':[{'ErrorEquals':['a'],'IntervalSeconds':-1,'MaxAttempts':-1,"
     "'BackoffRate':0.99,'MaxDelaySeconds':0}]}}}",
     "1:148: error: Minimum value is 0 (SCHEMA_VALIDATION_FAILED at /States/A/Retry[0]/"
     "IntervalSeconds)\n"
     "1:165: error: Minimum value is 0 (SCHEMA_VALIDATION_FAILED at /States/A/Retry[0]/"
     "MaxAttempts)\n"
     "1:182: error: Minimum value is 1 (SCHEMA_VALIDATION_FAILED at /States/A/Retry[0]/"
     "BackoffRate)\n"
     "1:205: error: Minimum value is 1 (SCHEMA_VALIDATION_FAILED at /States/A/Retry[0]/"
     "MaxDelaySeconds)\n"},
    {"numbers_above",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'End':true,'Retry':[{'ErrorEquals':['a'],'IntervalSeconds':100000000,"
     "'MaxAttempts':100000000,'MaxDelaySeconds':31622401}]}}}",
     "1:148: error: Maximum value is 99999999 (SCHEMA_VALIDATION_FAILED at /States/A/Retry[0]/"
     "IntervalSeconds)\n"
     "1:172: error: Maximum value is 99999999 (SCHEMA_VALIDATION_FAILED at /States/A/Retry[0]/"
     "MaxAttempts)\n"
     "1:200: error: Maximum value is 31622400 (SCHEMA_VALIDATION_FAILED at /States/A/Retry[0]/"
     "MaxDelaySeconds)\n"},
    {"numbers_of_wrong_type",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'End':true,'Retry':[{'ErrorEquals':['a'],'IntervalSeconds':1.5,'MaxAttempts':'3',"
     "'BackoffRate':'2','MaxDelaySeconds':null}]}}}",
     "1:148: error: Expected value of type Integer (SCHEMA_VALIDATION_FAILED at /States/A/Retry["
     "0]/IntervalSeconds)\n"
     "1:166: error: Expected value of type Integer (SCHEMA_VALIDATION_FAILED at /States/A/Retry["
     "0]/MaxAttempts)\n"
     "1:184: error: Expected value of type Number (SCHEMA_VALIDATION_FAILED at /States/A/Retry["
     "0]/BackoffRate)\n"
     "1:206: error: Expected value of type Integer (SCHEMA_VALIDATION_FAILED at /States/A/Retry["
     "0]/MaxDelaySeconds)\n"},
    {"delay_not_above_interval",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'End':true,'Retry':[{'ErrorEquals':['a'],'IntervalSeconds':5,'MaxDelaySeconds':5}]}}}",
     "1:168: error: MaxDelaySeconds must be greater than IntervalSeconds "
     "(SCHEMA_VALIDATION_FAILED at /States/A/Retry[0]/MaxDelaySeconds)\n"},
    {"jitter_unknown",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'End':true,'Retry':[{'ErrorEquals':['a'],'JitterStrategy':'full'}]}}}",
     "1:147: error: Value should be one of the following: [NONE, FULL] (SCHEMA_VALIDATION_FAILED "
     "at /States/A/Retry[0]/JitterStrategy) Did you mean \"FULL\"?\n"},
    {"jitter_no_string",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'End':true,'Retry':[{'ErrorEquals':['a'],'JitterStrategy':1}]}}}",
     "1:147: error: Expected value of type [STRING] (SCHEMA_VALIDATION_FAILED at /States/A/Retry["
     "0]/JitterStrategy)\n"},
    {"retrier_field_unknown",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'End':true,'Retry':[{'ErrorEquals':['a'],'MaxAttemps':1,'Next':'B'}]}}}",
     "1:130: error: Field 'MaxAttemps' is not supported (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Retry[0]) Did you mean \"MaxAttempts\"?\n"
     "1:145: error: Field 'Next' is not supported (SCHEMA_VALIDATION_FAILED at /States/A/Retry["
     "0])\n"},
    {"catcher_incomplete",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'End':true,'Catch':[{}]}}}",
     "1:109: error: These fields are required: [ErrorEquals, Next] (SCHEMA_VALIDATION_FAILED at /"
     "States/A/Catch[0])\n"},
    {"catcher_without_next",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'End':true,'Catch':[{'ErrorEquals':['a']}]}}}",
     "1:109: error: These fields are required: [Next] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Catch[0])\n"},
    {"catcher_target_missing",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'End':true,'Catch':[{'ErrorEquals':['States.ALL'],'Next':'Ghost'}]}}}",
     "1:146: error: Missing 'Next' target: Ghost (MISSING_TRANSITION_TARGET at /States/A/Catch["
     "0]/Next)\n"},
    {"catcher_all_not_last",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'End':true,'Catch':[{'ErrorEquals':['States.ALL'],'Next':'B'},{'ErrorEquals':['x'],"
     "'Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     "1:124: error: States.ALL must appear alone and at end of list (SCHEMA_VALIDATION_FAILED at "
     "/States/A/Catch[0]/ErrorEquals)\n"},
    {"catcher_fields",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'End':true,'Catch':[{'ErrorEquals':['a'],'Next':'B','ResultPath':'$.e','Assign':{'x':1},"
     "'Comment':'c'}]},'B':{'Type':'Pass','End':true}}}",
     ""},
    {"catcher_output_in_jsonpath",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'End':true,'Catch':[{'ErrorEquals':['a'],'Next':'B','Output':1}]},'B':{'Type':'Pass',"
     "'End':true}}}",
     "1:141: error: The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported "
     "for the 'JSONata' QueryLanguage (SCHEMA_VALIDATION_FAILED at /States/A/Catch[0])\n"},
    {"catcher_result_path_null",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'End':true,'Catch':[{'ErrorEquals':['a'],'Next':'B','ResultPath':null}]},'B':{"
     "'Type':'Pass','End':true}}}",
     ""},
    {"catcher_result_path_context",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'End':true,'Catch':[{'ErrorEquals':['a'],'Next':'B','ResultPath':'$$.e'}]},'B':{"
     "'Type':'Pass','End':true}}}",
     "1:154: error: The value for the field 'ResultPath' must be a Reference Path of the state "
     "input: '$$' and variables cannot be written to (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Catch[0]/ResultPath)\n"},
    {"catcher_field_unknown",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'End':true,'Catch':[{'ErrorEquals':['a'],'Next':'B','ErorEquals':['b']}]},'B':{"
     "'Type':'Pass','End':true}}}",
     "1:141: error: Field 'ErorEquals' is not supported (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Catch[0]) Did you mean \"ErrorEquals\"?\n"},
    {"reserved_name_unknown",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'End':true,'Retry':[{'ErrorEquals':['States.Timout','States.Http.StatusCode.404',"
     "'State.ALL']}]}}}",
     "1:125: warning: No error has the reserved name 'States.Timout' (UNKNOWN_ERROR_NAME at /"
     "States/A/Retry[0]/ErrorEquals[0]) Did you mean \"States.Timeout\"?\n"},
    {NULL, NULL, NULL}};

MT_TEST(asl_retry__diagnostics)
{
  asl_check_rows(retry_rows, false);
}
