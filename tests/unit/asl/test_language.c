/* Query languages: which state has which, and fields of the other one. */
#include "asl_check.h"
#include "mt.h"

static const struct asl_row language_rows[] = {
    {"jsonata_field_in_jsonpath",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Output':1,'End':true}}}",
     "1:45: error: The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported "
     "for the 'JSONata' QueryLanguage (SCHEMA_VALIDATION_FAILED at /States/A)\n"},
    {"jsonata_arguments_in_jsonpath",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'Arguments':{},'End':true}}}",
     "1:89: error: The QueryLanguage is set to 'JSONPath', but field 'Arguments' is only "
     "supported for the 'JSONata' QueryLanguage (SCHEMA_VALIDATION_FAILED at /States/A)\n"},
    {"jsonata_items_in_jsonpath",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'StartAt':'B',"
     "'States':{'B':{'Type':'Pass','End':true}}},'Items':[1]}}}",
     "1:129: error: The QueryLanguage is set to 'JSONPath', but field 'Items' is only supported "
     "for the 'JSONata' QueryLanguage (SCHEMA_VALIDATION_FAILED at /States/A)\n"},
    {"jsonpath_fields_in_jsonata",
     "{'QueryLanguage':'JSONata','StartAt':'A','States':{'A':{'Type':'Pass','InputPath':'$.a',"
     "'ResultPath':'$.b','Parameters':{},'Result':1,'OutputPath':'$','End':true}}}",
     "1:71: error: The QueryLanguage is set to 'JSONata', but field 'InputPath' is only "
     "supported for the 'JSONPath' QueryLanguage (SCHEMA_VALIDATION_FAILED at /States/A)\n"
     "1:89: error: The QueryLanguage is set to 'JSONata', but field 'ResultPath' is only "
     "supported for the 'JSONPath' QueryLanguage (SCHEMA_VALIDATION_FAILED at /States/A)\n"
     "1:108: error: The QueryLanguage is set to 'JSONata', but field 'Parameters' is only "
     "supported for the 'JSONPath' QueryLanguage (SCHEMA_VALIDATION_FAILED at /States/A)\n"
     "1:124: error: The QueryLanguage is set to 'JSONata', but field 'Result' is only supported "
     "for the 'JSONPath' QueryLanguage (SCHEMA_VALIDATION_FAILED at /States/A)\n"
     "1:135: error: The QueryLanguage is set to 'JSONata', but field 'OutputPath' is only "
     "supported for the 'JSONPath' QueryLanguage (SCHEMA_VALIDATION_FAILED at /States/A)\n"},
    {"jsonpath_variants_in_jsonata",
     "{'QueryLanguage':'JSONata','StartAt':'A','States':{'A':{'Type':'Wait','SecondsPath':'$.a',"
     "'End':true}}}",
     "1:71: error: The QueryLanguage is set to 'JSONata', but field 'SecondsPath' is only "
     "supported for the 'JSONPath' QueryLanguage (SCHEMA_VALIDATION_FAILED at /States/A)\n"},
    {"state_jsonata_in_jsonpath",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','QueryLanguage':'JSONata','Output':1,"
     "'End':true}}}",
     ""},
    {"state_jsonpath_in_jsonpath",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','QueryLanguage':'JSONPath','InputPath':'$',"
     "'End':true}}}",
     ""},
    {"state_jsonpath_in_jsonata",
     "{'QueryLanguage':'JSONata','StartAt':'A','States':{'A':{'Type':'Pass',"
     "'QueryLanguage':'JSONPath','Output':{'a':'{% 1 %}'},'End':true}}}",
     "1:71: error: 'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state "
     "machine (SCHEMA_VALIDATION_FAILED at /States/A)\n"},
    {"mixed_keeps_other_checks",
     "{'QueryLanguage':'JSONata','StartAt':'A','States':{'A':{'Type':'Map',"
     "'QueryLanguage':'JSONPath','MaxConcurrency':-1,'End':true,'ItemProcessor':{'StartAt':'B',"
     "'States':{'B':{'Type':'Pass','End':true}}}}}}",
     "1:70: error: 'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state "
     "machine (SCHEMA_VALIDATION_FAILED at /States/A)\n"
     "1:114: error: Minimum value is 0 (SCHEMA_VALIDATION_FAILED at /States/A/MaxConcurrency)\n"},
    {"machine_unknown",
     "{'QueryLanguage':'jsonata','StartAt':'A','States':{'A':{'Type':'Pass','Output':1,"
     "'End':true}}}",
     "1:18: error: Value should be one of the following: [JSONPath, JSONata] "
     "(SCHEMA_VALIDATION_FAILED at /QueryLanguage) Did you mean \"JSONata\"?\n"},
    {"machine_unknown_acts_as_jsonata",
     "{'QueryLanguage':'jsonpath','StartAt':'A','States':{'A':{'Type':'Pass','InputPath':'$.a',"
     "'End':true}}}",
     "1:18: error: Value should be one of the following: [JSONPath, JSONata] "
     "(SCHEMA_VALIDATION_FAILED at /QueryLanguage) Did you mean \"JSONPath\"?\n"
     "1:72: error: The QueryLanguage is set to 'JSONata', but field 'InputPath' is only "
     "supported for the 'JSONPath' QueryLanguage (SCHEMA_VALIDATION_FAILED at /States/A)\n"},
    {"machine_no_string",
     "{'QueryLanguage':5,'StartAt':'A','States':{'A':{'Type':'Pass','End':true}}}",
     "1:18: error: Expected value of type [STRING] (SCHEMA_VALIDATION_FAILED at /QueryLanguage)\n"},
    {"state_unknown",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','QueryLanguage':'foo','InputPath':'$.a',"
     "'End':true}}}",
     "1:61: error: Value should be one of the following: [JSONPath, JSONata] "
     "(SCHEMA_VALIDATION_FAILED at /States/A/QueryLanguage)\n"
     "1:67: error: The QueryLanguage is set to 'JSONata', but field 'InputPath' is only "
     "supported for the 'JSONPath' QueryLanguage (SCHEMA_VALIDATION_FAILED at /States/A)\n"},
    {"state_no_string",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','QueryLanguage':5,'InputPath':'$.a',"
     "'End':true}}}",
     "1:61: error: Expected value of type [STRING] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "QueryLanguage)\n"
     "1:63: error: The QueryLanguage is set to 'JSONata', but field 'InputPath' is only "
     "supported for the 'JSONPath' QueryLanguage (SCHEMA_VALIDATION_FAILED at /States/A)\n"},
    {"state_misspelled",
     "{'QueryLanguage':'JSONata','StartAt':'A','States':{'A':{'Type':'Pass',"
     "'QueryLanguage':'jsonpath','End':true}}}",
     "1:87: error: Value should be one of the following: [JSONPath, JSONata] "
     "(SCHEMA_VALIDATION_FAILED at /States/A/QueryLanguage) Did you mean \"JSONPath\"?\n"},
    {"nested_takes_the_machines",
     "{'StartAt':'A','States':{'A':{'Type':'Map','QueryLanguage':'JSONata','End':true,"
     "'ItemProcessor':{'StartAt':'B','States':{'B':{'Type':'Pass','Output':1,'End':true}}}}}}",
     "1:141: error: The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported "
     "for the 'JSONata' QueryLanguage (SCHEMA_VALIDATION_FAILED at /States/A/ItemProcessor/"
     "States/B)\n"},
    {"nested_in_parallel_takes_the_machines",
     "{'StartAt':'A','States':{'A':{'Type':'Parallel','QueryLanguage':'JSONata','End':true,"
     "'Branches':[{'StartAt':'B','States':{'B':{'Type':'Pass','Output':1,'End':true}}}]}}}",
     "1:142: error: The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported "
     "for the 'JSONata' QueryLanguage (SCHEMA_VALIDATION_FAILED at /States/A/Branches[0]/States/"
     "B)\n"},
    {"nested_own",
     "{'StartAt':'A','States':{'A':{'Type':'Map','QueryLanguage':'JSONata','Items':[1,2],"
     "'Output':3,'End':true,'ItemProcessor':{'StartAt':'B','States':{'B':{'Type':'Pass',"
     "'QueryLanguage':'JSONata','Output':1,'End':true}}}}}}",
     ""},
    {"after_nested_the_owners_again",
     "{'StartAt':'A','States':{'A':{'Type':'Map','QueryLanguage':'JSONata','ItemProcessor':{"
     "'StartAt':'B','States':{'B':{'Type':'Pass','End':true}}},'InputPath':'$','End':true}}}",
     "1:144: error: The QueryLanguage is set to 'JSONata', but field 'InputPath' is only "
     "supported for the 'JSONPath' QueryLanguage (SCHEMA_VALIDATION_FAILED at /States/A)\n"},
    {"rule_of_jsonpath_in_jsonata",
     "{'QueryLanguage':'JSONata','StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{"
     "'Variable':'$.v','IsNull':true,'Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     "1:85: error: The QueryLanguage is set to 'JSONata', but field 'Variable' is only supported "
     "for the 'JSONPath' QueryLanguage (SCHEMA_VALIDATION_FAILED at /States/A/Choices[0])\n"},
    {"and_in_jsonata",
     "{'QueryLanguage':'JSONata','StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'And':["
     "],'Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     "1:85: error: The QueryLanguage is set to 'JSONata', but field 'And' is only supported for "
     "the 'JSONPath' QueryLanguage (SCHEMA_VALIDATION_FAILED at /States/A/Choices[0])\n"},
    {"condition_wrong_type",
     "{'QueryLanguage':'JSONata','StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{"
     "'Condition':1,'Next':'B'},{'Condition':true,'Output':1,'Assign':{'x':1},'Next':'B'}]},'B':{"
     "'Type':'Pass','End':true}}}",
     "1:97: error: Expected value of type [BOOLEAN, STRING] (SCHEMA_VALIDATION_FAILED at /States/"
     "A/Choices[0]/Condition)\n"},
    {"rule_function_in_jsonata",
     "{'QueryLanguage':'JSONata','StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{"
     "'Rule':'rules.x','Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     ""},
    {"catcher_result_path_in_jsonata",
     "{'QueryLanguage':'JSONata','StartAt':'A','States':{'A':{'Type':'Task',"
     "'Resource':'arn:aws:states:::lambda:invoke','Catch':[{'ErrorEquals':['a'],'ResultPath':'$',"
     "'Next':'B'}],'End':true},'B':{'Type':'Pass','End':true}}}",
     "1:145: error: The QueryLanguage is set to 'JSONata', but field 'ResultPath' is only "
     "supported for the 'JSONPath' QueryLanguage (SCHEMA_VALIDATION_FAILED at /States/A/Catch["
     "0])\n"},
    {"literals_in_jsonata",
     "{'QueryLanguage':'JSONata','StartAt':'A','States':{'A':{'Type':'Wait','Seconds':'10',"
     "'End':true}}}",
     "1:81: error: Expected value of type Integer (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Seconds)\n"},
    {"reader_parameters_in_jsonata",
     "{'QueryLanguage':'JSONata','StartAt':'A','States':{'A':{'Type':'Map','End':true,"
     "'ItemReader':{'Resource':'arn:aws:states:::s3:getObject','Parameters':{},'ReaderConfig':{"
     "'InputType':'JSON','MaxItemsPath':'$.m'}},'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}}}}}",
     "1:138: error: The QueryLanguage is set to 'JSONata', but field 'Parameters' is only "
     "supported for the 'JSONPath' QueryLanguage (SCHEMA_VALIDATION_FAILED at /States/A/"
     "ItemReader)\n"
     "1:189: error: The QueryLanguage is set to 'JSONata', but field 'MaxItemsPath' is only "
     "supported for the 'JSONPath' QueryLanguage (SCHEMA_VALIDATION_FAILED at /States/A/"
     "ItemReader/ReaderConfig)\n"},
    {"items_wrong_type",
     "{'QueryLanguage':'JSONata','StartAt':'A','States':{'A':{'Type':'Map','Items':5,'End':true,"
     "'ItemProcessor':{'StartAt':'B','States':{'B':{'Type':'Pass','End':true}}}}}}",
     "1:78: error: Expected value of type [ARRAY, OBJECT, STRING] (SCHEMA_VALIDATION_FAILED at /"
     "States/A/Items)\n"},
    {"credentials_path_in_jsonata",
     "{'QueryLanguage':'JSONata','StartAt':'A','States':{'A':{'Type':'Task',"
     "'Resource':'arn:aws:states:::lambda:invoke','Credentials':{'RoleArn.$':'$.r'},'End':true}}}",
     "1:129: error: The field 'RoleArn' is required but was missing (SCHEMA_VALIDATION_FAILED at "
     "/States/A/Credentials)\n"},
    {NULL, NULL, NULL}};

MT_TEST(asl_language__diagnostics)
{
  asl_check_rows(language_rows, false);
}
