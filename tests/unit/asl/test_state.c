/* Names, types, transitions and fields of single states. */
#include "asl_check.h"
#include "mt.h"

static const struct asl_row state_rows[] = {
    {"type_missing",
     "{'StartAt':'A','States':{'A':{'End':true}}}",
     "1:30: error: The field 'Type' is required (SCHEMA_VALIDATION_FAILED at /States/A)\n"},
    {"type_unknown",
     "{'StartAt':'A','States':{'A':{'Type':'Succed'}}}",
     "1:38: error: The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, "
     "Fail, Choice, Parallel, Map] (SCHEMA_VALIDATION_FAILED at /States/A/Type) Did you mean "
     "\"Succeed\"?\n"},
    {"type_no_string",
     "{'StartAt':'A','States':{'A':{'Type':1,'End':true}}}",
     "1:38: error: The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, "
     "Fail, Choice, Parallel, Map] (SCHEMA_VALIDATION_FAILED at /States/A/Type)\n"},
    {"type_case",
     "{'StartAt':'A','States':{'A':{'Type':'pass','End':true}}}",
     "1:38: error: The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, "
     "Fail, Choice, Parallel, Map] (SCHEMA_VALIDATION_FAILED at /States/A/Type) Did you mean "
     "\"Pass\"?\n"},
    {"state_no_object",
     "{'StartAt':'A','States':{'A':'Pass'}}",
     "1:30: error: Expected value of type [OBJECT] (SCHEMA_VALIDATION_FAILED at /States/A)\n"},
    {"state_null",
     "{'StartAt':'A','States':{'A':null}}",
     "1:30: error: Expected value of type [OBJECT] (SCHEMA_VALIDATION_FAILED at /States/A)\n"},
    {"name_empty",
     "{'StartAt':'','States':{'':{'Type':'Succeed'}}}",
     "1:25: error: State name cannot be empty (INVALID_STATE_NAME at /States/)\n"},
    {"name_80",
     "{"
     "'StartAt':'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
     "','States':{"
     "'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn':{"
     "'Type':'Succeed'}}}",
     ""},
    {"name_81",
     "{"
     "'StartAt':'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
     "n','States':{"
     "'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn':{"
     "'Type':'Succeed'}}}",
     "1:106: error: State name "
     "'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn' "
     "exceeds the 80-character limit allowed by the service (INVALID_STATE_NAME at /States/"
     "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn)\n"},
    {"name_80_of_many_bytes",
     "{"
     "'StartAt':'éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé"
     "','States':{"
     "'éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé':{"
     "'Type':'Succeed'}}}",
     ""},
    {"name_with_slash",
     "{'StartAt':'a/b~c','States':{'a/b~c':{'Type':'Pass'}}}",
     "1:38: error: This object should have only one of the following fields: [Next, End] "
     "(SCHEMA_VALIDATION_FAILED at /States/a/b~c) Add \"Next\" with the name of a state, or "
     "\"End\": true.\n"},
    {"next_and_end",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Next':'A','End':true}}}",
     "1:30: error: This object should have only one of the following fields: [Next, End] "
     "(SCHEMA_VALIDATION_FAILED at /States/A)\n"},
    {"next_nor_end",
     "{'StartAt':'A','States':{'A':{'Type':'Pass'}}}",
     "1:30: error: This object should have only one of the following fields: [Next, End] "
     "(SCHEMA_VALIDATION_FAILED at /States/A) Add \"Next\" with the name of a state, or \"End\": "
     "true.\n"},
    {"end_false_alone",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','End':false}}}",
     "1:30: error: This object should have only one of the following fields: [Next, End] "
     "(SCHEMA_VALIDATION_FAILED at /States/A) Add \"Next\" with the name of a state, or \"End\": "
     "true.\n"},
    {"end_false_with_next",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','End':false,'Next':'B'},'B':{'Type':'Pass',"
     "'End':true}}}",
     "1:30: error: This object should have only one of the following fields: [Next, End] "
     "(SCHEMA_VALIDATION_FAILED at /States/A)\n"},
    {"end_no_boolean",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','End':'true'}}}",
     "1:51: error: Expected value of type [BOOLEAN] (SCHEMA_VALIDATION_FAILED at /States/A/End)\n"},
    {"next_no_string",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Next':null},'B':{'Type':'Pass','End':true}}}",
     "1:52: error: Expected value of type [STRING] (SCHEMA_VALIDATION_FAILED at /States/A/Next)\n"},
    {"next_on_succeed",
     "{'StartAt':'A','States':{'A':{'Type':'Succeed','Next':'B'}}}",
     "1:48: error: Field 'Next' is not supported (SCHEMA_VALIDATION_FAILED at /States/A) A state "
     "of this type is always an end.\n"},
    {"end_on_choice",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'$.a','IsNull':true,"
     "'Next':'B'}],'End':true},'B':{'Type':'Pass','End':true}}}",
     "1:103: error: Field 'End' is not supported (SCHEMA_VALIDATION_FAILED at /States/A) Only "
     "states of these types have it: Task, Wait, Pass, Parallel, Map.\n"},
    {"end_on_fail",
     "{'StartAt':'A','States':{'A':{'Type':'Fail','End':true}}}",
     "1:45: error: Field 'End' is not supported (SCHEMA_VALIDATION_FAILED at /States/A) A state "
     "of this type is always an end.\n"},
    {"field_misspelled",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','ResultPaht':'$.a','End':true}}}",
     "1:45: error: Field 'ResultPaht' is not supported (SCHEMA_VALIDATION_FAILED at /States/A) "
     "Did you mean \"ResultPath\"?\n"},
    {"field_wrong_case",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','end':true,'End':true}}}",
     "1:45: error: Field 'end' is not supported (SCHEMA_VALIDATION_FAILED at /States/A) Did you "
     "mean \"End\"?\n"},
    {"field_of_another_type",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','End':true,'Retry':[],'TimeoutSeconds':5}}}",
     "1:56: error: Field 'Retry' is not supported (SCHEMA_VALIDATION_FAILED at /States/A) Only "
     "states of these types have it: Task, Parallel, Map.\n"
     "1:67: error: Field 'TimeoutSeconds' is not supported (SCHEMA_VALIDATION_FAILED at /States/"
     "A) Only states of these types have it: Task.\n"},
    {"catch_on_wait",
     "{'StartAt':'A','States':{'A':{'Type':'Wait','Seconds':1,'End':true,'Catch':[]}}}",
     "1:68: error: Field 'Catch' is not supported (SCHEMA_VALIDATION_FAILED at /States/A) Only "
     "states of these types have it: Task, Parallel, Map.\n"},
    {"result_path_on_choice",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','ResultPath':'$','Choices':[{"
     "'Variable':'$.a','IsNull':true,'Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     "1:47: error: Field 'ResultPath' is not supported (SCHEMA_VALIDATION_FAILED at /States/A) "
     "Only states of these types have it: Task, Pass, Parallel, Map.\n"},
    {"assign_on_succeed",
     "{'StartAt':'A','States':{'A':{'Type':'Succeed','Assign':{'x':1}}}}",
     "1:48: error: Field 'Assign' is not supported (SCHEMA_VALIDATION_FAILED at /States/A) Only "
     "states of these types have it: Task, Wait, Pass, Choice, Parallel, Map.\n"},
    {"result_selector_on_pass",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','ResultSelector':{},'End':true}}}",
     "1:45: error: Field 'ResultSelector' is not supported (SCHEMA_VALIDATION_FAILED at /States/"
     "A) Only states of these types have it: Task, Parallel, Map.\n"},
    {"parameters_on_fail",
     "{'StartAt':'A','States':{'A':{'Type':'Fail','Parameters':{}}}}",
     "1:45: error: Field 'Parameters' is not supported (SCHEMA_VALIDATION_FAILED at /States/A) "
     "Only states of these types have it: Task, Pass, Parallel, Map.\n"},
    {"comment_no_string",
     "{'StartAt':'A','States':{'A':{'Type':'Succeed','Comment':false}}}",
     "1:58: error: Expected value of type [STRING] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Comment)\n"},
    {"required_missing",
     "{'StartAt':'A','States':{'A':{'Type':'Task','End':true}}}",
     "1:30: error: These fields are required: [Resource] (SCHEMA_VALIDATION_FAILED at /States/"
     "A)\n"},
    {"choices_missing",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Default':'B'},'B':{'Type':'Pass',"
     "'End':true}}}",
     "1:30: error: These fields are required: [Choices] (SCHEMA_VALIDATION_FAILED at /States/A)\n"},
    {"branches_missing",
     "{'StartAt':'A','States':{'A':{'Type':'Parallel','End':true}}}",
     "1:30: error: These fields are required: [Branches] (SCHEMA_VALIDATION_FAILED at /States/"
     "A)\n"},
    {"two_errors_in_text_order",
     "{\n"
     " 'StartAt': 'A',\n"
     " 'States': {\n"
     "  'A': {\n"
     "   'Type': 'Pass',\n"
     "   'Nxt': 'B',\n"
     "   'Next': 'C'\n"
     "  },\n"
     "  'B': {'Type': 'Succed'}\n"
     " }\n"
     "}",
     "6:4: error: Field 'Nxt' is not supported (SCHEMA_VALIDATION_FAILED at /States/A) Did you "
     "mean \"Next\"?\n"
     "7:12: error: Missing 'Next' target: C (MISSING_TRANSITION_TARGET at /States/A/Next)\n"
     "9:17: error: The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, "
     "Fail, Choice, Parallel, Map] (SCHEMA_VALIDATION_FAILED at /States/B/Type) Did you mean "
     "\"Succeed\"?\n"},
    {NULL, NULL, NULL}};

MT_TEST(asl_state__diagnostics)
{
  asl_check_rows(state_rows, false);
}
