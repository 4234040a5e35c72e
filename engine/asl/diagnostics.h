/* What the compiler does with the list of problems that its callers do not. */
#ifndef MS_ASL_DIAGNOSTICS_H
#define MS_ASL_DIAGNOSTICS_H

#include "asl/asl.h"

/* Copies the problem and its strings; counts it when the list is full. MSTEP_ENOMEM. */
int ms_diagnostics_add(struct ms_diagnostics *diagnostics, const struct ms_diagnostic *problem);
/* Into the order of the text; stable. MSTEP_ENOMEM leaves the order as it is. */
int ms_diagnostics_sort(struct ms_diagnostics *diagnostics);

#endif
