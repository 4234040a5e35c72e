/* Names and scopes of variables. */
#include "asl_check.h"
#include "mt.h"

static const struct asl_row variables_rows[] = {
    {"assign_no_object",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Assign':[],'End':true}}}",
     "1:54: error: Expected value of type [OBJECT] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Assign)\n"},
    {"names",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Assign':{'x':1,'camelCase2':1,'with_under':1,"
     "'größe':1,'名前':1},'End':true}}}",
     ""},
    {"name_reserved",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Assign':{'states':1},'End':true}}}",
     "1:55: error: Cannot assign to reserved variable '$states'. (RESERVED_VARIABLE_NAME at /"
     "States/A/Assign)\n"},
    {"name_reserved_dynamic",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Assign':{'states.$':'$.a'},'End':true}}}",
     "1:55: error: Cannot assign to reserved variable '$states'. (RESERVED_VARIABLE_NAME at /"
     "States/A/Assign)\n"},
    {"name_digit",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Assign':{'1x':1},'End':true}}}",
     "1:55: error: Invalid variable name '1x': the variable name contains invalid characters. "
     "(INVALID_VARIABLE_NAME at /States/A/Assign) A name is a letter, then letters, digits and "
     "underscores.\n"},
    {"name_partial",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Assign':{'x.y':1,'x[2]':1},'End':true}}}",
     "1:55: error: Invalid variable name 'x.y': the variable name contains invalid characters. "
     "(INVALID_VARIABLE_NAME at /States/A/Assign) A name is a letter, then letters, digits and "
     "underscores.\n"
     "1:63: error: Invalid variable name 'x[2]': the variable name contains invalid characters. "
     "(INVALID_VARIABLE_NAME at /States/A/Assign) A name is a letter, then letters, digits and "
     "underscores.\n"},
    {"name_dash",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Assign':{'a-b':1},'End':true}}}",
     "1:55: error: Invalid variable name 'a-b': the variable name contains invalid characters. "
     "(INVALID_VARIABLE_NAME at /States/A/Assign) A name is a letter, then letters, digits and "
     "underscores.\n"},
    {"name_dollar",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Assign':{'$x':1},'End':true}}}",
     "1:55: error: Invalid variable name '$x': the variable name contains invalid characters. "
     "(INVALID_VARIABLE_NAME at /States/A/Assign) A name is a letter, then letters, digits and "
     "underscores.\n"},
    {"name_underscore_first",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Assign':{'_x':1},'End':true}}}",
     "1:55: error: Invalid variable name '_x': the variable name contains invalid characters. "
     "(INVALID_VARIABLE_NAME at /States/A/Assign) A name is a letter, then letters, digits and "
     "underscores.\n"},
    {"name_empty",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Assign':{'':1,'.$':'$.a'},'End':true}}}",
     "1:54: error: The fields '' and '.$' give the same member (SCHEMA_VALIDATION_FAILED at /"
     "States/A/Assign)\n"
     "1:55: error: Invalid variable name '': the variable name contains invalid characters. "
     "(INVALID_VARIABLE_NAME at /States/A/Assign) A name is a letter, then letters, digits and "
     "underscores.\n"
     "1:60: error: Invalid variable name '': the variable name contains invalid characters. "
     "(INVALID_VARIABLE_NAME at /States/A/Assign) A name is a letter, then letters, digits and "
     "underscores.\n"},
    {"name_emoji",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Assign':{'😀':1},'End':true}}}",
     "1:55: error: Invalid variable name '😀': the variable name contains invalid characters. "
     "(INVALID_VARIABLE_NAME at /States/A/Assign) A name is a letter, then letters, digits and "
     "underscores.\n"},
    {"name_80",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Assign':{"
     "'vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv':1},"
     "'End':true}}}",
     ""},
    {"name_81",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Assign':{"
     "'vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv':1},"
     "'End':true}}}",
     "1:55: error: Invalid variable name "
     "'vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv': the "
     "variable name has more than 80 characters. (INVALID_VARIABLE_NAME at /States/A/Assign)\n"},
    {"in_rule_and_catcher",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'$.a','IsNull':true,"
     "'Next':'B','Assign':{'a b':1}}],'Assign':{'ok':1}},'B':{'Type':'Task',"
     "'Resource':'arn:aws:states:::lambda:invoke','Catch':[{'ErrorEquals':['a'],'Next':'C',"
     "'Assign':{'states':1}}],'End':true},'C':{'Type':'Pass','End':true}}}",
     "1:111: error: Invalid variable name 'a b': the variable name contains invalid characters. "
     "(INVALID_VARIABLE_NAME at /States/A/Choices[0]/Assign) A name is a letter, then letters, "
     "digits and underscores.\n"
     "1:255: error: Cannot assign to reserved variable '$states'. (RESERVED_VARIABLE_NAME at /"
     "States/B/Catch[0]/Assign)\n"},
    {"shadowing",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Assign':{'x':1},'Next':'B'},\n"
     "'B':{'Type':'Parallel','End':true,'Branches':[{'StartAt':'C','States':{'C':{'Type':'Pass',"
     "'Assign':{'y':1,'x.$':'$.a'},'End':true}}}]}}}",
     "2:100: error: Variable 'x' is assigned in an outer scope and cannot be assigned here "
     "(SCHEMA_VALIDATION_FAILED at /States/B/Branches[0]/States/C/Assign) Choose another name, "
     "or hand the value out in the state's output.\n"},
    {"shadowing_later",
     "{'StartAt':'B','States':{'B':{'Type':'Parallel','Next':'A','Branches':[{'StartAt':'C',"
     "'States':{'C':{'Type':'Pass','Assign':{'x':1},'End':true}}}]},\n"
     "'A':{'Type':'Pass','Assign':{'x':1},'End':true}}}",
     "1:126: error: Variable 'x' is assigned in an outer scope and cannot be assigned here "
     "(SCHEMA_VALIDATION_FAILED at /States/B/Branches[0]/States/C/Assign) Choose another name, "
     "or hand the value out in the state's output.\n"},
    {"shadowing_two_levels",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Assign':{'x':1},'Next':'B'},'B':{"
     "'Type':'Parallel','End':true,'Branches':[{'StartAt':'C','States':{'C':{'Type':'Map',"
     "'End':true,'ItemProcessor':{'StartAt':'D','States':{'D':{'Type':'Pass','Assign':{'x':1},"
     "'End':true}}}}}}]}}}",
     "1:244: error: Variable 'x' is assigned in an outer scope and cannot be assigned here "
     "(SCHEMA_VALIDATION_FAILED at /States/B/Branches[0]/States/C/ItemProcessor/States/D/Assign) "
     "Choose another name, or hand the value out in the state's output.\n"},
    {"siblings",
     "{'StartAt':'B','States':{'B':{'Type':'Parallel','End':true,'Branches':[{'StartAt':'C',"
     "'States':{'C':{'Type':'Pass','Assign':{'x':1},'End':true}}},{'StartAt':'D','States':{'D':{"
     "'Type':'Pass','Assign':{'x':1},'End':true}}}]}}}",
     ""},
    {"owner_may_assign_it_too",
     "{'StartAt':'B','States':{'B':{'Type':'Parallel','Assign':{'x':1},'End':true,'Branches':[{"
     "'StartAt':'C','States':{'C':{'Type':'Pass','Assign':{'x':1},'End':true}}}]}}}",
     ""},
    {"owner_and_another",
     "{'StartAt':'B','States':{'B':{'Type':'Parallel','Assign':{'x':1},'Next':'E','Branches':[{"
     "'StartAt':'C','States':{'C':{'Type':'Pass','Assign':{'x':1},'End':true}}}]},'E':{"
     "'Type':'Pass','Assign':{'x':2},'End':true}}}",
     "1:143: error: Variable 'x' is assigned in an outer scope and cannot be assigned here "
     "(SCHEMA_VALIDATION_FAILED at /States/B/Branches[0]/States/C/Assign) Choose another name, "
     "or hand the value out in the state's output.\n"},
    {"shadowing_in_distributed_child",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Assign':{'x':1},'Next':'B'},'B':{'Type':'Map',"
     "'End':true,'ItemProcessor':{'ProcessorConfig':{'Mode':'DISTRIBUTED',"
     "'ExecutionType':'STANDARD'},'StartAt':'C','States':{'C':{'Type':'Pass','Assign':{'x':1},"
     "'End':true}}}}}}",
     ""},
    {"outer_in_distributed_child",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Assign':{'x':1,'own':1},'Next':'B'},\n"
     "'B':{'Type':'Map','End':true,'ItemSelector':{'v.$':'$x'},'ItemProcessor':{"
     "'ProcessorConfig':{'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'C',"
     "'States':{'C':{'Type':'Pass','Assign':{'own':1},'Next':'D'},\n"
     "'D':{'Type':'Pass','Parameters':{'a.$':'$x','b.$':'$own','c.$':'$nobody'},'End':true}}}}}}",
     "3:33: error: Variable 'x' belongs to the parent workflow and cannot be used inside a "
     "distributed Map (SCHEMA_VALIDATION_FAILED at /States/B/ItemProcessor/States/D/Parameters) "
     "Pass it to each child in the Map's \"ItemSelector\".\n"},
    {"outer_in_inline_map",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Assign':{'x':1},'Next':'B'},'B':{'Type':'Map',"
     "'End':true,'ItemProcessor':{'StartAt':'C','States':{'C':{'Type':'Pass','InputPath':'$x',"
     "'End':true}}}}}}",
     ""},
    {NULL, NULL, NULL}};

MT_TEST(asl_variables__diagnostics)
{
  asl_check_rows(variables_rows, false);
}
