/* Text that looks as if it should be evaluated. */
#include "asl_check.h"
#include "mt.h"

static const struct asl_row warnings_rows[] = {
    {"no_dollar",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Parameters':{'a':'$.x','b':{"
     "'c':'$$.Execution.Id','d':['$.no',{'e':'States.UUID()'}]},'f.$':'$.x','g':'$5.00',"
     "'h':'costs $.5','i':'$','j':'States.of mind','k':'$[0]'},'End':true}}}",
     "1:63: warning: The value of the field 'a' looks like a path or an intrinsic function but "
     "is taken as it is (NO_DOLLAR at /States/A/Parameters/a) Name the field \"a.$\" to have it "
     "evaluated.\n"
     "1:78: warning: The value of the field 'c' looks like a path or an intrinsic function but "
     "is taken as it is (NO_DOLLAR at /States/A/Parameters/b/c) Name the field \"c.$\" to have "
     "it evaluated.\n"
     "1:113: warning: The value of the field 'e' looks like a path or an intrinsic function but "
     "is taken as it is (NO_DOLLAR at /States/A/Parameters/b/d[1]/e) Name the field \"e.$\" to "
     "have it evaluated.\n"
     "1:176: warning: The value of the field 'i' looks like a path or an intrinsic function but "
     "is taken as it is (NO_DOLLAR at /States/A/Parameters/i) Name the field \"i.$\" to have it "
     "evaluated.\n"
     "1:205: warning: The value of the field 'k' looks like a path or an intrinsic function but "
     "is taken as it is (NO_DOLLAR at /States/A/Parameters/k) Name the field \"k.$\" to have it "
     "evaluated.\n"},
    {"no_dollar_in_assign",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Assign':{'x':'$.a'},'End':true}}}",
     "1:59: warning: The value of the field 'x' looks like a path or an intrinsic function but "
     "is taken as it is (NO_DOLLAR at /States/A/Assign/x) Name the field \"x.$\" to have it "
     "evaluated.\n"},
    {"no_dollar_in_jsonata",
     "{'QueryLanguage':'JSONata','StartAt':'A','States':{'A':{'Type':'Pass','Output':{'a':'$.x'},"
     "'End':true}}}",
     ""},
    {"static_result",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Result':{'a':['$.x']},'End':true}}}",
     "1:54: warning: The 'Result' of a Pass state is taken as it is; the path in it is not "
     "evaluated (PASS_RESULT_IS_STATIC at /States/A/Result) Use \"Parameters\" to have paths "
     "evaluated.\n"},
    {"static_result_plain",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Result':{'a.$':5,'b':'x'},'End':true}}}",
     ""},
    {"no_path",
     "{'StartAt':'A','States':{'A':{'Type':'Fail','Error':'$.e','Cause':'States.Format(1)'}}}",
     "1:53: warning: The value of the field 'Error' looks like a path but the field's name does "
     "not end with 'Path' (NO_PATH at /States/A/Error) Use \"ErrorPath\" to have it evaluated.\n"
     "1:67: warning: The value of the field 'Cause' looks like a path but the field's name does "
     "not end with 'Path' (NO_PATH at /States/A/Cause) Use \"CausePath\" to have it evaluated.\n"},
    {"no_path_in_rule",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'$.v',"
     "'StringEquals':'$.other','Next':'B'}]},'B':{'Type':'Pass','End':true}}}",
     "1:91: warning: The value of the field 'StringEquals' looks like a path but the field's "
     "name does not end with 'Path' (NO_PATH at /States/A/Choices[0]/StringEquals) Use "
     "\"StringEqualsPath\" to have it evaluated.\n"},
    {NULL, NULL, NULL}};

MT_TEST(asl_warnings__diagnostics)
{
  asl_check_rows(warnings_rows, false);
}
