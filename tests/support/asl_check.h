/*
 * For tests of the compiler: definitions in a readable form against what is printed about them. In a
 * definition ' stands for " and ` for ', so that C needs no escapes.
 */
#ifndef ASL_CHECK_H
#define ASL_CHECK_H

#include "asl/asl.h"

struct asl_row {
  const char *name;
  const char *definition;
  const char *expected; /* as ms_diagnostics_print writes it, without a file name; "" for none */
};

/* Reports each row whose diagnostics differ. Ends with a row whose name is NULL. */
void asl_check_rows(const struct asl_row *rows, bool is_express);

/* The definition with its quotes put right; kept until the case ends. */
const char *asl_text(const char *definition);

/* Compiles what must compile; ends the case otherwise. The caller unrefs. */
struct ms_machine *asl_machine(const char *definition);

#endif
