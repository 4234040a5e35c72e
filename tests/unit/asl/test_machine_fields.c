/* Fields of the machine itself, and text that is no definition at all. */
#include "asl_check.h"
#include "mt.h"

static const struct asl_row machine_rows[] = {
    {"empty_object",
     "{}",
     "1:1: error: These fields are required: [States, StartAt] (SCHEMA_VALIDATION_FAILED at /)\n"},
    {"states_missing",
     "{'StartAt':'A'}",
     "1:1: error: These fields are required: [States] (SCHEMA_VALIDATION_FAILED at /)\n"},
    {"start_missing",
     "{'States':{'A':{'Type':'Succeed'}}}",
     "1:1: error: These fields are required: [StartAt] (SCHEMA_VALIDATION_FAILED at /)\n"},
    {"states_empty",
     "{'StartAt':'A','States':{}}",
     "1:25: error: Value cannot be empty (SCHEMA_VALIDATION_FAILED at /States)\n"},
    {"states_no_object",
     "{'StartAt':'A','States':[]}",
     "1:25: error: Expected value of type [OBJECT] (SCHEMA_VALIDATION_FAILED at /States)\n"},
    {"start_no_string",
     "{'StartAt':1,'States':{'A':{'Type':'Succeed'}}}",
     "1:12: error: Expected value of type [STRING] (SCHEMA_VALIDATION_FAILED at /StartAt)\n"},
    {"start_case",
     "{'StartAt':'a','States':{'A':{'Type':'Succeed'}}}",
     "1:12: error: Missing 'Next' target: a (MISSING_TRANSITION_TARGET at /StartAt) Did you mean "
     "\"A\"?\n"},
    {"start_unknown",
     "{'StartAt':'Nope','States':{'A':{'Type':'Succeed'}}}",
     "1:12: error: Missing 'Next' target: Nope (MISSING_TRANSITION_TARGET at /StartAt)\n"
     "1:29: error: State \"A\" is not reachable. (MISSING_TRANSITION_TARGET at /States/A) Name "
     "it in the \"Next\" of another state, or remove it.\n"},
    {"field_unknown",
     "{'StartsAt':'A','StartAt':'A','States':{'A':{'Type':'Succeed'}},'x':1}",
     "1:2: error: Field 'StartsAt' is not supported (SCHEMA_VALIDATION_FAILED at /) Did you mean "
     "\"StartAt\"?\n"
     "1:65: error: Field 'x' is not supported (SCHEMA_VALIDATION_FAILED at /)\n"},
    {"comment_no_string",
     "{'Comment':1,'StartAt':'A','States':{'A':{'Type':'Succeed'}}}",
     "1:12: error: Expected value of type [STRING] (SCHEMA_VALIDATION_FAILED at /Comment)\n"},
    {"version_unknown",
     "{'Version':'2.0','StartAt':'A','States':{'A':{'Type':'Succeed'}}}",
     "1:12: error: Value should be one of the following: [1.0] (SCHEMA_VALIDATION_FAILED at /"
     "Version) Did you mean \"1.0\"?\n"},
    {"version_no_string",
     "{'Version':1.0,'StartAt':'A','States':{'A':{'Type':'Succeed'}}}",
     "1:12: error: Expected value of type [STRING] (SCHEMA_VALIDATION_FAILED at /Version)\n"},
    {"version_known",
     "{'Version':'1.0','StartAt':'A','States':{'A':{'Type':'Succeed'}}}",
     ""},
    {"timeout_negative",
     "{'TimeoutSeconds':-1,'StartAt':'A','States':{'A':{'Type':'Succeed'}}}",
     "1:19: error: Minimum value is 0 (SCHEMA_VALIDATION_FAILED at /TimeoutSeconds)\n"},
    {"timeout_too_large",
     "{'TimeoutSeconds':100000000,'StartAt':'A','States':{'A':{'Type':'Succeed'}}}",
     "1:19: error: Maximum value is 99999999 (SCHEMA_VALIDATION_FAILED at /TimeoutSeconds)\n"},
    {"timeout_fraction",
     "{'TimeoutSeconds':1.5,'StartAt':'A','States':{'A':{'Type':'Succeed'}}}",
     "1:19: error: Expected value of type Integer (SCHEMA_VALIDATION_FAILED at /TimeoutSeconds)\n"},
    {"timeout_zero",
     "{'TimeoutSeconds':0,'StartAt':'A','States':{'A':{'Type':'Succeed'}}}",
     ""},
    {"root_array",
     "[]",
     "1:1: error: Definition must be a valid JSON object (SCHEMA_VALIDATION_FAILED)\n"},
    {"root_string",
     "'x'",
     "1:1: error: Definition must be a valid JSON object (SCHEMA_VALIDATION_FAILED)\n"},
    {"root_null",
     "null",
     "1:1: error: Definition must be a valid JSON object (SCHEMA_VALIDATION_FAILED)\n"},
    {"text_empty",
     "",
     "error: Definition must be a valid JSON object (SCHEMA_VALIDATION_FAILED)\n"},
    {"text_blank",
     " \n"
     "\t ",
     "error: Definition must be a valid JSON object (SCHEMA_VALIDATION_FAILED)\n"},
    {"duplicate_field",
     "{'StartAt':'B',\n"
     " 'StartAt':'A','States':{'A':{'Type':'Pass','End':true,'Comment':'x','Comment':'y'}}}",
     "2:2: warning: Field 'StartAt' stands more than once; the last one is used (DUPLICATE_FIELD "
     "at /StartAt)\n"
     "2:70: warning: Field 'Comment' stands more than once; the last one is used "
     "(DUPLICATE_FIELD at /States/A/Comment)\n"},
    {"duplicate_state",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','End':true},\n"
     "'A':{'Type':'Succeed'}}}",
     "2:1: error: Duplicate State name: A (DUPLICATE_STATE_NAME at /States/A) The last one of "
     "them would win.\n"},
    {"duplicate_state_nested",
     "{'StartAt':'A','States':{'A':{'Type':'Parallel','End':true,'Branches':[{'StartAt':'a/b',"
     "'States':{'a/b':{'Type':'Pass','End':true},'a/b':{'Type':'Pass','End':true}}}]}}}",
     "1:132: error: Duplicate State name: a/b (DUPLICATE_STATE_NAME at /States/A/Branches[0]/"
     "States/a/b) The last one of them would win.\n"},
    {"duplicate_like_a_state",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','End':true,'Result':{'Branches':[{'States':{"
     "'x':1,'x':2}}]}}}}",
     "1:95: warning: Field 'x' stands more than once; the last one is used (DUPLICATE_FIELD at /"
     "States/A/Result/Branches[0]/States/x)\n"},
    {"duplicate_in_payload",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','End':true,'Result':{'States':{'x':1,'x':2}}}}}",
     "1:82: warning: Field 'x' stands more than once; the last one is used (DUPLICATE_FIELD at /"
     "States/A/Result/States/x)\n"},
    {NULL, NULL, NULL}};

MT_TEST(asl_machine__diagnostics)
{
  asl_check_rows(machine_rows, false);
}
