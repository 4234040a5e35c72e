/* Definitions in, diagnostics out, compared. See asl_check.h. */
#include "asl_check.h"

#include <stdlib.h>
#include <string.h>

#include "mstep/error.h"
#include "mt.h"
#include "states/states.h"

const char *asl_text(const char *definition)
{
  char *text = mt_format("%s", definition);
  for (char *c = text; *c != '\0'; c++) {
    *c = *c == '\'' ? '"' : *c == '`' ? '\'' : *c;
  }
  return text;
}

static void check_row(const struct asl_row *row, bool is_express)
{
  struct ms_asl_options options = {.types = ms_states_all, .is_express = is_express};
  struct ms_diagnostics diagnostics;
  struct ms_machine *machine;
  struct ms_buf printed;
  ms_buf_init(&printed, MS_BUF_MAX_DEFAULT);
  mt_eq_int(ms_diagnostics_init(&diagnostics, 100), 0);
  const char *text = asl_text(row->definition);
  int err = ms_asl_compile(&machine, ms_str_c(text), &options, &diagnostics);
  ms_diagnostics_print(&printed, &diagnostics, MS_STR(""));
  const char *actual = printed.data == NULL ? "" : printed.data;
  if (strcmp(actual, row->expected) != 0) {
    mt_report("%s\n  definition: %s\n  expected: %s\n  actual:   %s", row->name, text, row->expected,
              actual);
  }
  bool has_error = diagnostics.error_count > 0;
  if (err != (has_error ? MSTEP_EDEFINITION : 0) || (machine == NULL) != has_error) {
    mt_report("%s: compile returned %d with %zu errors", row->name, err, diagnostics.error_count);
  }
  ms_machine_unref(machine);
  ms_diagnostics_deinit(&diagnostics);
  ms_buf_deinit(&printed);
}

void asl_check_rows(const struct asl_row *rows, bool is_express)
{
  mt_leak_begin();
  for (; rows->name != NULL; rows++) {
    check_row(rows, is_express);
  }
  mt_leak_end();
}

struct ms_machine *asl_machine(const char *definition)
{
  struct ms_asl_options options = {.types = ms_states_all};
  struct ms_machine *machine;
  struct ms_diagnostics diagnostics;
  struct ms_buf printed;
  mt_eq_int(ms_diagnostics_init(&diagnostics, 100), 0);
  int err = ms_asl_compile(&machine, ms_str_c(asl_text(definition)), &options, &diagnostics);
  if (err != 0) {
    ms_buf_init(&printed, MS_BUF_MAX_DEFAULT);
    ms_diagnostics_print(&printed, &diagnostics, MS_STR(""));
    mt_fail("%s does not compile (%d): %s", definition, err, printed.data == NULL ? "" : printed.data);
  }
  ms_diagnostics_deinit(&diagnostics);
  return machine;
}
