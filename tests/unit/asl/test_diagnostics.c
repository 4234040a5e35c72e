/* The list of problems: order, maximum, both ways to print it. */
#include "asl/diagnostics.h"

#include "asl/asl.h"
#include "asl_check.h"
#include "mstep/error.h"
#include "mt.h"
#include "states/states.h"

static void add(struct ms_diagnostics *list, enum ms_severity severity, const char *pointer,
                uint32_t line, const char *message)
{
  struct ms_diagnostic problem = {.severity = severity, .code = "CODE", .message = ms_str_c(message),
                                  .pointer = ms_str_c(pointer), .line = line, .column = 3};
  mt_eq_int(ms_diagnostics_add(list, &problem), 0);
}

MT_TEST(asl_diagnostics__sorts_by_place_and_keeps_ties)
{
  struct ms_diagnostics list;
  mt_eq_int(ms_diagnostics_init(&list, 100), 0);
  add(&list, MS_SEVERITY_ERROR, "/b", 2, "first of two");
  add(&list, MS_SEVERITY_ERROR, "", 1, "of the whole");
  add(&list, MS_SEVERITY_ERROR, "/a", 1, "early");
  add(&list, MS_SEVERITY_WARNING, "/b", 2, "second of two");
  mt_eq_int(ms_diagnostics_sort(&list), 0);
  struct ms_buf out;
  ms_buf_init(&out, MS_BUF_MAX_DEFAULT);
  ms_diagnostics_print(&out, &list, MS_STR("f.json"));
  mt_eq_str(out.data, "f.json:1:3: error: early (CODE at /a)\n"
                      "f.json:2:3: error: first of two (CODE at /b)\n"
                      "f.json:2:3: warning: second of two (CODE at /b)\n"
                      "f.json:1:3: error: of the whole (CODE)\n");
  ms_buf_deinit(&out);
  mt_eq_int(list.error_count, 3);
  ms_diagnostics_deinit(&list);
}

MT_TEST(asl_diagnostics__counts_what_is_past_the_maximum)
{
  struct ms_diagnostics list;
  mt_eq_int(ms_diagnostics_init(&list, 20), 0);
  for (uint32_t i = 0; i < 25; i++) {
    add(&list, MS_SEVERITY_ERROR, "/a", 25 - i, "again");
  }
  mt_eq_int(ms_diagnostics_sort(&list), 0);
  mt_eq_int(list.count, 20);
  mt_eq_int(list.dropped, 5);
  mt_eq_int(list.error_count, 25);
  mt_eq_int(list.items[0].line, 6);
  mt_eq_int(list.items[19].line, 25);
  ms_diagnostics_deinit(&list);
}

MT_TEST(asl_diagnostics__print_is_safe_for_a_terminal)
{
  struct ms_diagnostics list;
  mt_eq_int(ms_diagnostics_init(&list, 5), 0);
  add(&list, MS_SEVERITY_ERROR, "/\x1b[2J", 1, "line\nbreak \xc2\x9b");
  struct ms_buf out;
  ms_buf_init(&out, MS_BUF_MAX_DEFAULT);
  ms_diagnostics_print(&out, &list, MS_STR("a\tb"));
  mt_eq_str(out.data, "a\\u0009b:1:3: error: line\\nbreak \\u009b (CODE at /\\u001b[2J)\n");
  ms_buf_deinit(&out);
  ms_diagnostics_deinit(&list);
}

static void check_aws(const char *definition, const char *expected)
{
  struct ms_asl_options options = {.types = ms_states_all};
  struct ms_diagnostics list;
  struct ms_machine *machine;
  struct ms_buf out;
  mt_eq_int(ms_diagnostics_init(&list, 100), 0);
  const char *text = asl_text(definition);
  mt_eq_int(ms_asl_compile(&machine, ms_str_c(text), &options, &list), MSTEP_EDEFINITION);
  ms_buf_init(&out, MS_BUF_MAX_DEFAULT);
  ms_diagnostics_aws_message(&out, &list);
  mt_eq_str(out.data, expected);
  ms_buf_deinit(&out);
  ms_diagnostics_deinit(&list);
}

MT_TEST(asl_diagnostics__aws_message)
{
  check_aws("{}", "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: These fields are "
                  "required: [States, StartAt] at /'");
  check_aws("{'StartAt':'A','States':{'A':{'Type':'Pass','Parameters':{'w':'$.a'},'Next':'NOPE'}}}",
            "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target: NOPE "
            "at /States/A/Next, MISSING_END_STATE: Workflow has no terminal state at null'");
  check_aws("not a definition",
            "Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION: Unrecognized token 'not': "
            "was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')\n"
            " at [Source: (String)\"not a definition\"; line: 1, column: 4]'");
}

MT_TEST(asl_diagnostics__long_text_is_quoted_in_part)
{
  char blanks[601];
  memset(blanks, ' ', 600);
  blanks[600] = '\0';
  char start[501];
  memcpy(start, blanks, 501);
  start[500] = '\0';
  check_aws(mt_format("%sx", blanks),
            mt_format("Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION: Unrecognized token "
                      "'x': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or "
                      "'false')\n at [Source: (String)\"%s\"[truncated 101 chars]; line: 1, column: 602]'",
                      start));
}
