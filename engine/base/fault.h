/*
 * Fault points: MS_FAULT(name), a row of faults.def, is a place where a test can have something happen
 * that nobody can do from outside at that moment, such as dying. Nothing at all unless the build has
 * MSTEP_FAULTS.
 *
 * Which point is armed is the one thing that such a build keeps for the whole process: a fault is one of
 * the process.
 */
#ifndef MS_BASE_FAULT_H
#define MS_BASE_FAULT_H

#ifdef MSTEP_FAULTS

enum ms_fault {
#define MS_FAULT_POINT(name) MS_FAULT_##name,
#include "base/faults.def"
#undef MS_FAULT_POINT
  MS_FAULT_COUNT
};

#define MS_FAULT(name) ms_fault_pass(MS_FAULT_##name)

typedef void (*ms_fault_hook)(enum ms_fault point);

/*
 * `hook` is called, once, when `point` is passed for the `after`-th time from now, on the thread that
 * passes. 0 = never. To be called before there are other threads.
 */
void ms_fault_arm(enum ms_fault point, unsigned after, ms_fault_hook hook);
void ms_fault_pass(enum ms_fault point);
const char *ms_fault_name(enum ms_fault point);
/* Takes "name:after" apart. MSTEP_EINVALID with a detail. */
int ms_fault_parse(enum ms_fault *point, unsigned *after, const char *text);

#else

#define MS_FAULT(name) ((void)0)

#endif

#endif
