/* The machine drawn: both notations, labels, and names that try to break out of them. */
#include "asl/asl.h"
#include "asl_check.h"
#include "mt.h"

static const char order_text[] =
    "{'StartAt':'Check','States':{"
    "'Check':{'Type':'Choice','Choices':["
    "{'And':[{'Variable':'$.n','NumericGreaterThan':5},{'Or':[{'Variable':'$.s','StringEquals':'a'},"
    "{'Not':{'Variable':'$.s','IsPresent':true}}]}],'Next':'Work'},"
    "{'Variable':'$.t','TimestampLessThanEqualsPath':'$.u','Next':'Both'},"
    "{'Variable':'$.p','StringMatches':'x*','Next':'Both'},"
    "{'Variable':'$.q','IsNull':false,'Next':'Both'},"
    "{'Rule':'rules.is_vip','Next':'Both'}],'Default':'Work'},"
    "'Work':{'Type':'Task','Resource':'arn:aws:states:::lambda:invoke',"
    "'Catch':[{'ErrorEquals':['A','B'],'Next':'Broken'}],'End':true},"
    "'Both':{'Type':'Parallel','End':true,'Branches':["
    "{'StartAt':'L','States':{'L':{'Type':'Succeed'}}},"
    "{'StartAt':'R','States':{'R':{'Type':'Map','End':true,'ItemProcessor':{"
    "'StartAt':'I','States':{'I':{'Type':'Pass','End':true}}}}}}]},"
    "'Broken':{'Type':'Fail'}}}";

MT_TEST(asl_graph__mermaid)
{
  struct ms_machine *machine = asl_machine(order_text);
  struct ms_buf out;
  ms_buf_init(&out, MS_BUF_MAX_DEFAULT);
  ms_asl_graph_mermaid(&out, machine);
  mt_eq_str(out.data, "stateDiagram-v2\n"
                      "  [*] --> s0\n"
                      "  state \"Check\" as s0\n"
                      "  state \"Work\" as s1\n"
                      "  state \"Both\" as s2 {\n"
                      "    [*] --> s3\n"
                      "    state \"L\" as s3\n"
                      "    s3 --> [*]\n"
                      "    --\n"
                      "    [*] --> s4\n"
                      "    state \"R\" as s4 {\n"
                      "      [*] --> s5\n"
                      "      state \"I\" as s5\n"
                      "      s5 --> [*]\n"
                      "    }\n"
                      "    s4 --> [*]\n"
                      "  }\n"
                      "  state \"Broken\" as s6\n"
                      "  s0 --> s1 : $.n #62; 5 and ($.s == #34;a#34; or not $.s is present)\n"
                      "  s0 --> s2 : $.t #60;= $.u\n"
                      "  s0 --> s2 : $.p matches #34;x*#34;\n"
                      "  s0 --> s2 : $.q is not null\n"
                      "  s0 --> s2 : rules.is_vip()\n"
                      "  s0 --> s1 : default\n"
                      "  s1 --> [*]\n"
                      "  s1 --> s6 : catch A, B\n"
                      "  s2 --> [*]\n"
                      "  s6 --> [*]\n");
  ms_buf_deinit(&out);
  ms_machine_unref(machine);
}

MT_TEST(asl_graph__dot)
{
  struct ms_machine *machine = asl_machine(order_text);
  struct ms_buf out;
  ms_buf_init(&out, MS_BUF_MAX_DEFAULT);
  ms_asl_graph_dot(&out, machine);
  mt_eq_str(out.data,
            "digraph machine {\n"
            "  node [shape=box, style=rounded];\n"
            "  start [shape=point];\n"
            "  start -> s0;\n"
            "  end_0 [shape=doublecircle, label=\"\", width=0.2];\n"
            "  s0 [label=\"Check\", shape=diamond];\n"
            "  s1 [label=\"Work\", shape=box];\n"
            "  s2 [label=\"Both\", shape=box];\n"
            "  s2 -> s3 [style=dotted];\n"
            "  subgraph cluster_3 {\n"
            "    label=\"Both [0]\";\n"
            "    end_3 [shape=doublecircle, label=\"\", width=0.2];\n"
            "    s3 [label=\"L\", shape=octagon];\n"
            "    s3 -> end_3 [style=solid];\n"
            "  }\n"
            "  s2 -> s4 [style=dotted];\n"
            "  subgraph cluster_4 {\n"
            "    label=\"Both [1]\";\n"
            "    end_4 [shape=doublecircle, label=\"\", width=0.2];\n"
            "    s4 [label=\"R\", shape=box];\n"
            "    s4 -> s5 [style=dotted];\n"
            "    subgraph cluster_5 {\n"
            "      label=\"R\";\n"
            "      end_5 [shape=doublecircle, label=\"\", width=0.2];\n"
            "      s5 [label=\"I\", shape=box];\n"
            "      s5 -> end_5 [style=solid];\n"
            "    }\n"
            "    s4 -> end_4 [style=solid];\n"
            "  }\n"
            "  s6 [label=\"Broken\", shape=octagon];\n"
            "  s0 -> s1 [style=solid, label=\"$.n > 5 and ($.s == \\\"a\\\" or not $.s is present)\"];\n"
            "  s0 -> s2 [style=solid, label=\"$.t <= $.u\"];\n"
            "  s0 -> s2 [style=solid, label=\"$.p matches \\\"x*\\\"\"];\n"
            "  s0 -> s2 [style=solid, label=\"$.q is not null\"];\n"
            "  s0 -> s2 [style=solid, label=\"rules.is_vip()\"];\n"
            "  s0 -> s1 [style=bold, label=\"default\"];\n"
            "  s1 -> end_0 [style=solid];\n"
            "  s1 -> s6 [style=dashed, label=\"A, B\"];\n"
            "  s2 -> end_0 [style=solid];\n"
            "  s6 -> end_0 [style=solid];\n"
            "}\n");
  ms_buf_deinit(&out);
  ms_machine_unref(machine);
}

MT_TEST(asl_graph__names_cannot_break_out)
{
  struct ms_machine *machine =
      asl_machine("{'StartAt':'a\\\"b\\\\N\\n}<c>;#%%é\\u0000x','States':{"
                  "'a\\\"b\\\\N\\n}<c>;#%%é\\u0000x':{'Type':'Succeed'}}}");
  struct ms_buf out;
  ms_buf_init(&out, MS_BUF_MAX_DEFAULT);
  ms_asl_graph_mermaid(&out, machine);
  mt_ok(strstr(out.data, "state \"a#34;b#92;N #125;#60;c#62;#59;#35;#37;#37;é x\" as s0\n") != NULL);
  ms_buf_reset(&out);
  ms_asl_graph_dot(&out, machine);
  mt_ok(strstr(out.data, "s0 [label=\"a\\\"b\\\\N }<c>;#%%é x\", shape=octagon];\n") != NULL);
  ms_buf_deinit(&out);
  ms_machine_unref(machine);
}

MT_TEST(asl_graph__long_labels_are_cut)
{
  char error[201];
  memset(error, 'e', 200);
  error[200] = '\0';
  struct ms_machine *machine = asl_machine(
      mt_format("{'StartAt':'A','States':{'A':{'Type':'Task','End':true,"
                "'Resource':'arn:aws:states:::lambda:invoke',"
                "'Catch':[{'ErrorEquals':['%s'],'Next':'B'}]},'B':{'Type':'Fail'}}}",
                error));
  struct ms_buf out;
  ms_buf_init(&out, MS_BUF_MAX_DEFAULT);
  ms_asl_graph_mermaid(&out, machine);
  error[80] = '\0';
  mt_ok(strstr(out.data, mt_format("catch %s…\n", error)) != NULL);
  ms_buf_deinit(&out);
  ms_machine_unref(machine);
}

static int draw_both(void *user)
{
  struct ms_buf out;
  ms_buf_init(&out, MS_BUF_MAX_DEFAULT);
  ms_asl_graph_mermaid(&out, user);
  if (out.error == 0) {
    ms_asl_graph_dot(&out, user);
  }
  int err = out.error;
  ms_buf_deinit(&out);
  return err;
}

MT_TEST(asl_graph__survives_lack_of_memory)
{
  struct ms_machine *machine = asl_machine(order_text);
  mt_ok(mt_oom(draw_both, machine) > 0);
  ms_machine_unref(machine);
}
