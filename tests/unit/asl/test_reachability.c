/* Targets of transitions, ends, states that nothing leads to. */
#include "asl_check.h"
#include "mt.h"

static const struct asl_row reachability_rows[] = {
    {"loop_without_end",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Next':'B'},'B':{'Type':'Pass','Next':'A'}}}",
     "1:25: error: Workflow has no terminal state (MISSING_END_STATE) Give one state \"End\": "
     "true, or add a Succeed or Fail state.\n"},
    {"loop_without_end_silences_reach",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Next':'B'},'B':{'Type':'Pass','Next':'A'},"
     "'C':{'Type':'Pass','Next':'A'}}}",
     "1:25: error: Workflow has no terminal state (MISSING_END_STATE) Give one state \"End\": "
     "true, or add a Succeed or Fail state.\n"},
    {"loop_and_unreached_end",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Next':'B'},'B':{'Type':'Pass','Next':'A'},\n"
     "'C':{'Type':'Pass','End':true}}}",
     "2:1: error: State \"C\" is not reachable. (MISSING_TRANSITION_TARGET at /States/C) Name it "
     "in the \"Next\" of another state, or remove it.\n"},
    {"dangling_and_no_end",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Next':'NOPE'}}}",
     "1:52: error: Missing 'Next' target: NOPE (MISSING_TRANSITION_TARGET at /States/A/Next)\n"
     "1:25: error: Workflow has no terminal state (MISSING_END_STATE) Give one state \"End\": "
     "true, or add a Succeed or Fail state.\n"},
    {"nested_loop",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'StartAt':'B',"
     "'States':{'B':{'Type':'Pass','Next':'C'},'C':{'Type':'Pass','Next':'B'}}}}}}",
     "1:71: warning: No state of this flow is terminal: it can only fail or hang "
     "(MISSING_END_STATE at /States/A/ItemProcessor) Give one state \"End\": true, or add a "
     "Succeed or Fail state.\n"},
    {"nested_unreached",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'StartAt':'B',"
     "'States':{'B':{'Type':'Pass','End':true},'Ghost':{'Type':'Pass','End':true}}}}}}",
     "1:127: error: State \"Ghost\" is not reachable. (MISSING_TRANSITION_TARGET at /States/A/"
     "ItemProcessor/States/Ghost) Name it in the \"Next\" of another state, or remove it.\n"},
    {"branch_unreached",
     "{'StartAt':'A','States':{'A':{'Type':'Parallel','End':true,'Branches':[{'StartAt':'B',"
     "'States':{'B':{'Type':'Pass','End':true}}},{'StartAt':'C','States':{'C':{'Type':'Pass',"
     "'End':true},'D':{'Type':'Pass','End':true}}}]}}}",
     "1:186: error: State \"D\" is not reachable. (MISSING_TRANSITION_TARGET at /States/A/"
     "Branches[1]/States/D) Name it in the \"Next\" of another state, or remove it.\n"},
    {"unreached_cycle",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','End':true},'B':{'Type':'Pass','Next':'C'},"
     "'C':{'Type':'Pass','Next':'B'}}}",
     "1:57: error: State \"B\" is not reachable. (MISSING_TRANSITION_TARGET at /States/B) Name "
     "it in the \"Next\" of another state, or remove it.\n"
     "1:88: error: State \"C\" is not reachable. (MISSING_TRANSITION_TARGET at /States/C) Name "
     "it in the \"Next\" of another state, or remove it.\n"},
    {"reached_by_catch",
     "{'StartAt':'A','States':{'A':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
     "'Catch':[{'ErrorEquals':['a'],'Next':'B'}],'End':true},'B':{'Type':'Pass','End':true}}}",
     ""},
    {"reached_by_default",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'$.a','IsNull':true,"
     "'Next':'A'}],'Default':'B'},'B':{'Type':'Pass','End':true}}}",
     ""},
    {"into_branch",
     "{'StartAt':'A','States':{'A':{'Type':'Parallel','Next':'C','Branches':[{'StartAt':'B',"
     "'States':{'B':{'Type':'Pass','Next':'C'},'C':{'Type':'Pass','End':true}}}]},'D':{"
     "'Type':'Pass','End':true}}}",
     "1:56: error: Missing 'Next' target: C (MISSING_TRANSITION_TARGET at /States/A/Next) The "
     "state of this name stands in another flow; transitions stay inside their own \"States\".\n"
     "1:163: error: State \"D\" is not reachable. (MISSING_TRANSITION_TARGET at /States/D) Name "
     "it in the \"Next\" of another state, or remove it.\n"},
    {"out_of_branch",
     "{'StartAt':'A','States':{'A':{'Type':'Parallel','Next':'Outer','Branches':[{'StartAt':'B',"
     "'States':{'B':{'Type':'Pass','Next':'Outer'}}}]},'Outer':{'Type':'Pass','End':true}}}",
     "1:76: warning: No state of this flow is terminal: it can only fail or hang "
     "(MISSING_END_STATE at /States/A/Branches[0]) Give one state \"End\": true, or add a "
     "Succeed or Fail state.\n"
     "1:127: error: Missing 'Next' target: Outer (MISSING_TRANSITION_TARGET at /States/A/"
     "Branches[0]/States/B/Next) The state of this name stands in another flow; transitions stay "
     "inside their own \"States\".\n"},
    {"typing_error_counts_as_reached",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Next':'Secnd'},'Second':{'Type':'Pass',"
     "'Next':'Third'},'Third':{'Type':'Pass','End':true}}}",
     "1:52: error: Missing 'Next' target: Secnd (MISSING_TRANSITION_TARGET at /States/A/Next) "
     "Did you mean \"Second\"?\n"},
    {"no_guess_reports_both",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Next':'pass3'},'Other':{'Type':'Pass',"
     "'End':true}}}",
     "1:52: error: Missing 'Next' target: pass3 (MISSING_TRANSITION_TARGET at /States/A/Next)\n"
     "1:61: error: State \"Other\" is not reachable. (MISSING_TRANSITION_TARGET at /States/"
     "Other) Name it in the \"Next\" of another state, or remove it.\n"},
    {"lost_way_silences_reach",
     "{'StartAt':'A','States':{'A':{'Type':'Pass','Nxt':'B'},'B':{'Type':'Pass','End':true}}}",
     "1:30: error: This object should have only one of the following fields: [Next, End] "
     "(SCHEMA_VALIDATION_FAILED at /States/A) Add \"Next\" with the name of a state, or \"End\": "
     "true.\n"
     "1:45: error: Field 'Nxt' is not supported (SCHEMA_VALIDATION_FAILED at /States/A) Did you "
     "mean \"Next\"?\n"},
    {"start_at_missing_nested",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'StartAt':'Nope',"
     "'States':{'B':{'Type':'Pass','End':true}}}}}}",
     "1:82: error: Missing 'Next' target: Nope (MISSING_TRANSITION_TARGET at /States/A/"
     "ItemProcessor/StartAt)\n"
     "1:99: error: State \"B\" is not reachable. (MISSING_TRANSITION_TARGET at /States/A/"
     "ItemProcessor/States/B) Name it in the \"Next\" of another state, or remove it.\n"},
    {"duplicate_across_flows",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'StartAt':'A',"
     "'States':{'A':{'Type':'Pass','End':true}}}}}}",
     "1:96: error: Duplicate State name: A (DUPLICATE_STATE_NAME at /States/A/ItemProcessor/"
     "States/A) Names of states are unique across the whole state machine.\n"},
    {"duplicate_between_branches",
     "{'StartAt':'A','States':{'A':{'Type':'Parallel','End':true,'Branches':[{'StartAt':'B',"
     "'States':{'B':{'Type':'Pass','End':true}}},{'StartAt':'B','States':{'B':{'Type':'Pass',"
     "'End':true}}}]}}}",
     "1:155: error: Duplicate State name: B (DUPLICATE_STATE_NAME at /States/A/Branches[1]/"
     "States/B) Names of states are unique across the whole state machine.\n"},
    {"self_loop_with_end",
     "{'StartAt':'A','States':{'A':{'Type':'Choice','Choices':[{'Variable':'$.a','IsNull':true,"
     "'Next':'A'}],'Default':'B'},'B':{'Type':'Succeed'}}}",
     ""},
    {NULL, NULL, NULL}};

MT_TEST(asl_reachability__diagnostics)
{
  asl_check_rows(reachability_rows, false);
}
