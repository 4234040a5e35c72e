/* Choice rules: operators, operands, nesting, rules that are functions. */
#include "asl_check.h"
#include "mt.h"

static const struct asl_row choice_rows[] = {
    {"empty",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[]}}}",
     "1:57: error: Value cannot be empty (SCHEMA_VALIDATION_FAILED at /States/A/Choices)\n"},
    {"no_array",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':{}},'B':{'Type':'Pass',"
     "'End':true}}}",
     "1:57: error: Expected value of type [ARRAY] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Choices)\n"},
    {"rule_no_object",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':['x',{'Variable':'$.v',"
     "'IsNull':true,'Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     "1:58: error: Expected value of type [OBJECT] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Choices[0])\n"},
    {"every_operator_takes_its_literal",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'$.v',"
     "'StringEquals':'x','Next':'B'},{'Variable':'$.v','StringLessThan':'x','Next':'B'},{"
     "'Variable':'$.v','StringGreaterThan':'x','Next':'B'},{'Variable':'$.v',"
     "'StringLessThanEquals':'x','Next':'B'},{'Variable':'$.v','StringGreaterThanEquals':'x',"
     "'Next':'B'},{'Variable':'$.v','NumericEquals':1.5,'Next':'B'},{'Variable':'$.v',"
     "'NumericLessThan':1.5,'Next':'B'},{'Variable':'$.v','NumericGreaterThan':1.5,'Next':'B'},{"
     "'Variable':'$.v','NumericLessThanEquals':1.5,'Next':'B'},{'Variable':'$.v',"
     "'NumericGreaterThanEquals':1.5,'Next':'B'},{'Variable':'$.v',"
     "'TimestampEquals':'2024-01-01T00:00:00Z','Next':'B'},{'Variable':'$.v',"
     "'TimestampLessThan':'2024-01-01T00:00:00Z','Next':'B'},{'Variable':'$.v',"
     "'TimestampGreaterThan':'2024-01-01T00:00:00Z','Next':'B'},{'Variable':'$.v',"
     "'TimestampLessThanEquals':'2024-01-01T00:00:00Z','Next':'B'},{'Variable':'$.v',"
     "'TimestampGreaterThanEquals':'2024-01-01T00:00:00Z','Next':'B'},{'Variable':'$.v',"
     "'BooleanEquals':false,'Next':'B'},{'Variable':'$.v','StringMatches':'a*','Next':'B'},{"
     "'Variable':'$.v','IsNull':true,'Next':'B'},{'Variable':'$.v','IsPresent':true,'Next':'B'},{"
     "'Variable':'$.v','IsNumeric':true,'Next':'B'},{'Variable':'$.v','IsString':true,"
     "'Next':'B'},{'Variable':'$.v','IsBoolean':true,'Next':'B'},{'Variable':'$.v',"
     "'IsTimestamp':true,'Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     ""},
    {"every_path_form",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'$.v',"
     "'StringEqualsPath':'$.p','Next':'B'},{'Variable':'$.v','StringLessThanPath':'$.p',"
     "'Next':'B'},{'Variable':'$.v','StringGreaterThanPath':'$.p','Next':'B'},{'Variable':'$.v',"
     "'StringLessThanEqualsPath':'$.p','Next':'B'},{'Variable':'$.v',"
     "'StringGreaterThanEqualsPath':'$.p','Next':'B'},{'Variable':'$.v',"
     "'NumericEqualsPath':'$.p','Next':'B'},{'Variable':'$.v','NumericLessThanPath':'$.p',"
     "'Next':'B'},{'Variable':'$.v','NumericGreaterThanPath':'$.p','Next':'B'},{'Variable':'$.v',"
     "'NumericLessThanEqualsPath':'$.p','Next':'B'},{'Variable':'$.v',"
     "'NumericGreaterThanEqualsPath':'$.p','Next':'B'},{'Variable':'$.v',"
     "'TimestampEqualsPath':'$.p','Next':'B'},{'Variable':'$.v','TimestampLessThanPath':'$.p',"
     "'Next':'B'},{'Variable':'$.v','TimestampGreaterThanPath':'$.p','Next':'B'},{"
     "'Variable':'$.v','TimestampLessThanEqualsPath':'$.p','Next':'B'},{'Variable':'$.v',"
     "'TimestampGreaterThanEqualsPath':'$.p','Next':'B'},{'Variable':'$.v',"
     "'BooleanEqualsPath':'$.p','Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     ""},
    {"string_wants_string",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'$.v',"
     "'StringEquals':1,'Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     "1:91: error: Expected value of type [STRING] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Choices[0]/StringEquals)\n"},
    {"matches_wants_string",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'$.v',"
     "'StringMatches':true,'Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     "1:92: error: Expected value of type [STRING] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Choices[0]/StringMatches)\n"},
    {"numeric_wants_number",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'$.v',"
     "'NumericLessThan':'1','Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     "1:94: error: Expected value of type Number (SCHEMA_VALIDATION_FAILED at /States/A/Choices["
     "0]/NumericLessThan)\n"},
    {"boolean_wants_boolean",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'$.v',"
     "'BooleanEquals':'true','Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     "1:92: error: Expected value of type [BOOLEAN] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Choices[0]/BooleanEquals)\n"},
    {"timestamp_wants_timestamp",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'$.v',"
     "'TimestampEquals':'yesterday','Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     "1:94: error: String does not match RFC3339 timestamp (SCHEMA_VALIDATION_FAILED at /States/"
     "A/Choices[0]/TimestampEquals)\n"},
    {"timestamp_wants_string",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'$.v',"
     "'TimestampEquals':1,'Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     "1:94: error: Expected value of type [STRING] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Choices[0]/TimestampEquals)\n"},
    {"is_wants_boolean",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'$.v','IsPresent':1,"
     "'Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     "1:88: error: Expected value of type [BOOLEAN] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Choices[0]/IsPresent)\n"},
    {"path_wants_string",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'$.v',"
     "'StringEqualsPath':1,'Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     "1:95: error: Expected value of type [STRING] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Choices[0]/StringEqualsPath)\n"},
    {"variable_wants_string",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':1,'IsNull':true,"
     "'Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     "1:70: error: Expected value of type [STRING] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Choices[0]/Variable)\n"},
    {"matches_has_no_path_form",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'$.v',"
     "'StringMatchesPath':'$.p','Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     "1:76: error: Field 'StringMatchesPath' is not supported (SCHEMA_VALIDATION_FAILED at /"
     "States/A/Choices[0]) Did you mean \"StringMatches\"?\n"},
    {"operator_misspelled",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'$.v',"
     "'NumericGraterThan':1,'Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     "1:76: error: Field 'NumericGraterThan' is not supported (SCHEMA_VALIDATION_FAILED at /"
     "States/A/Choices[0]) Did you mean \"NumericGreaterThan\"?\n"},
    {"operator_missing",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'$.v','Next':'B'}]},"
     "'B':{'Type':'Pass','End':true}}}",
     "1:58: error: A comparison operator is required (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Choices[0]) Add one, such as \"StringEquals\" or \"IsPresent\".\n"},
    {"operators_two",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'$.v',"
     "'StringEquals':'a','IsNull':true,'Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     "1:58: error: There should only be one of the following fields: [StringEquals, IsNull] "
     "(SCHEMA_VALIDATION_FAILED at /States/A/Choices[0])\n"},
    {"variable_missing",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'StringEquals':'a','Next':'B'}]},"
     "'B':{'Type':'Pass','End':true}}}",
     "1:58: error: The object must have only one of the following fields, [And, Or, Not, "
     "Variable, Condition] (SCHEMA_VALIDATION_FAILED at /States/A/Choices[0])\n"},
    {"selectors_two",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'$.v','IsNull':true,"
     "'And':[],'Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     "1:58: error: The object must have only one of the following fields, [And, Or, Not, "
     "Variable, Condition] (SCHEMA_VALIDATION_FAILED at /States/A/Choices[0])\n"},
    {"operator_beside_and",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'And':[{'Variable':'$.v',"
     "'IsNull':true}],'IsNull':true,'Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     "1:100: error: Field 'IsNull' is not supported (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Choices[0]) A comparison needs \"Variable\" beside it.\n"},
    {"next_missing",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'$.v',"
     "'IsNull':true}]},'B':{'Type':'Pass','End':true}}}",
     "1:58: error: These fields are required: [Next] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Choices[0])\n"},
    {"next_in_nested",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Or':[{'Variable':'$.v',"
     "'IsNull':true,'Next':'B'}],'Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     "1:97: error: Field 'Next' is not supported (SCHEMA_VALIDATION_FAILED at /States/A/Choices["
     "0]/Or[0]) Only the rule that stands in Choices itself may have it.\n"},
    {"assign_in_nested",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Not':{'Variable':'$.v',"
     "'IsNull':true,'Assign':{'x':1}},'Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     "1:97: error: Field 'Assign' is not supported (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Choices[0]/Not) Only the rule that stands in Choices itself may have it.\n"},
    {"comment_in_nested",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Not':{'Variable':'$.v',"
     "'IsNull':true,'Comment':'c'},'Next':'B','Comment':'d'}]},'B':{'Type':'Pass','End':true}}}",
     ""},
    {"and_empty",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'And':[],'Next':'B'}]},'B':{"
     "'Type':'Pass','End':true}}}",
     "1:65: error: Value cannot be empty (SCHEMA_VALIDATION_FAILED at /States/A/Choices[0]/And)\n"},
    {"or_no_array",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Or':{},'Next':'B'}]},'B':{"
     "'Type':'Pass','End':true}}}",
     "1:64: error: Expected value of type [ARRAY] (SCHEMA_VALIDATION_FAILED at /States/A/Choices["
     "0]/Or)\n"},
    {"not_no_object",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Not':[],'Next':'B'}]},'B':{"
     "'Type':'Pass','End':true}}}",
     "1:65: error: Expected value of type [OBJECT] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Choices[0]/Not)\n"},
    {"deep_mix",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'And':[{'Or':[{'Not':{"
     "'Variable':'$.v','IsNull':true}},{'Variable':'$.v','NumericEquals':'x'}]}],'Next':'B'}]},"
     "'B':{'Type':'Pass','End':true}}}",
     "1:148: error: Expected value of type Number (SCHEMA_VALIDATION_FAILED at /States/A/Choices["
     "0]/And[0]/Or[1]/NumericEquals)\n"},
    {"default_missing_state",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'$.v','IsNull':true,"
     "'Next':'B'}],'Default':'Bee'},'B':{'Type':'Pass','End':true}}}",
     "1:113: error: Missing 'Next' target: Bee (MISSING_TRANSITION_TARGET at /States/A/Default)\n"},
    {"default_no_string",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'$.v','IsNull':true,"
     "'Next':'B'}],'Default':1},'B':{'Type':'Pass','End':true}}}",
     "1:113: error: Expected value of type [STRING] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Default)\n"},
    {"next_missing_state",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'$.v','IsNull':true,"
     "'Next':'Nowhere'},{'Variable':'$.v','IsNull':false,'Next':'B'}]},'B':{'Type':'Pass',"
     "'End':true}}}",
     "1:97: error: Missing 'Next' target: Nowhere (MISSING_TRANSITION_TARGET at /States/A/"
     "Choices[0]/Next)\n"},
    {"pattern_escapes",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'$.v',"
     "'StringMatches':'a\\\\*b\\\\\\\\','Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     ""},
    {"pattern_bad_escape",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'$.v',"
     "'StringMatches':'a\\\\d','Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     "1:92: error: The pattern has an invalid escape sequence (SCHEMA_VALIDATION_FAILED at /"
     "States/A/Choices[0]/StringMatches) Only \\* and \\\\ are escapes, written \"\\\\*\" and "
     "\"\\\\\\\\\" in JSON.\n"},
    {"pattern_dangling",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'$.v',"
     "'StringMatches':'a\\\\','Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     "1:92: error: The pattern has an invalid escape sequence (SCHEMA_VALIDATION_FAILED at /"
     "States/A/Choices[0]/StringMatches) Only \\* and \\\\ are escapes, written \"\\\\*\" and "
     "\"\\\\\\\\\" in JSON.\n"},
    {"rule_function",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Rule':'rules.is_vip',"
     "'Next':'B'},{'And':[{'Rule':'shop.rules.is_new'},{'Not':{'Rule':'a.b'}}],'Next':'B'}]},"
     "'B':{'Type':'Pass','End':true}}}",
     ""},
    {"rule_function_without_file",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Rule':'is_vip','Next':'B'}]},"
     "'B':{'Type':'Pass','End':true}}}",
     "1:66: error: The value for the field 'Rule' must be the name of a function "
     "(SCHEMA_VALIDATION_FAILED at /States/A/Choices[0]/Rule) Name a file of the rules folder "
     "and a function in it: \"rules.is_vip\".\n"},
    {"rule_function_malformed",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Rule':'rules..x','Next':'B'},{"
     "'Rule':'rules.','Next':'B'},{'Rule':'1.x','Next':'B'},{'Rule':'os.exit()','Next':'B'},{"
     "'Rule':'','Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     "1:66: error: The value for the field 'Rule' must be the name of a function "
     "(SCHEMA_VALIDATION_FAILED at /States/A/Choices[0]/Rule) Name a file of the rules folder "
     "and a function in it: \"rules.is_vip\".\n"
     "1:97: error: The value for the field 'Rule' must be the name of a function "
     "(SCHEMA_VALIDATION_FAILED at /States/A/Choices[1]/Rule) Name a file of the rules folder "
     "and a function in it: \"rules.is_vip\".\n"
     "1:126: error: The value for the field 'Rule' must be the name of a function "
     "(SCHEMA_VALIDATION_FAILED at /States/A/Choices[2]/Rule) Name a file of the rules folder "
     "and a function in it: \"rules.is_vip\".\n"
     "1:152: error: The value for the field 'Rule' must be the name of a function "
     "(SCHEMA_VALIDATION_FAILED at /States/A/Choices[3]/Rule) Name a file of the rules folder "
     "and a function in it: \"rules.is_vip\".\n"
     "1:184: error: The value for the field 'Rule' must be the name of a function "
     "(SCHEMA_VALIDATION_FAILED at /States/A/Choices[4]/Rule) Name a file of the rules folder "
     "and a function in it: \"rules.is_vip\".\n"},
    {"rule_function_no_string",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Rule':true,'Next':'B'}]},'B':{"
     "'Type':'Pass','End':true}}}",
     "1:66: error: Expected value of type [STRING] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Choices[0]/Rule)\n"},
    {"rule_function_beside_variable",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Rule':'rules.x',"
     "'Variable':'$.v','IsNull':true,'Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     "1:58: error: The object must have only one of the following fields, [And, Or, Not, "
     "Variable, Condition] (SCHEMA_VALIDATION_FAILED at /States/A/Choices[0])\n"},
    {"condition_in_jsonpath",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Condition':true,'Next':'B'}]},"
     "'B':{'Type':'Pass','End':true}}}",
     "1:59: error: The QueryLanguage is set to 'JSONPath', but field 'Condition' is only "
     "supported for the 'JSONata' QueryLanguage (SCHEMA_VALIDATION_FAILED at /States/A/Choices["
     "0])\n"},
    {"output_in_jsonpath",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'$.v','IsNull':true,"
     "'Output':1,'Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     "1:90: error: The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported "
     "for the 'JSONata' QueryLanguage (SCHEMA_VALIDATION_FAILED at /States/A/Choices[0])\n"},
    {NULL, NULL, NULL}};

MT_TEST(asl_choice__diagnostics)
{
  asl_check_rows(choice_rows, false);
}
