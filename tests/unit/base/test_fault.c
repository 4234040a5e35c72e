/* Fault points: the armed one is called once, at its turn; without MSTEP_FAULTS there is nothing. */
#include "base/fault.h"

#include <string.h>

#include "base/error.h"
#include "mt.h"

#ifdef MSTEP_FAULTS

static unsigned calls;
static enum ms_fault called;

static void count_call(enum ms_fault point)
{
  calls++;
  called = point;
}

MT_TEST(base_fault__calls_at_the_nth_passing_and_once)
{
  ms_fault_arm(MS_FAULT_store_trim, 3, count_call);
  for (unsigned i = 1; i <= 10; i++) {
    MS_FAULT(store_commit_begin);
    MS_FAULT(store_trim);
    mt_eq_int(calls, i >= 3);
  }
  mt_eq_int(called, MS_FAULT_store_trim);
  ms_fault_arm(MS_FAULT_store_trim, 0, NULL);
  MS_FAULT(store_trim);
  mt_eq_int(calls, 1);
}

MT_TEST(base_fault__is_armed_by_text)
{
  static const char *const wrong[] = {"",   "store_trim",  "store_trim:",   "store_trim:0",
                                      ":1", "store_tri:1", "store_trim:1x", "store_trim:-1"};
  enum ms_fault point = MS_FAULT_COUNT;
  unsigned after = 0;
  for (unsigned i = 0; i < MS_FAULT_COUNT; i++) {
    const char *text = mt_format("%s:%u", ms_fault_name((enum ms_fault)i), i + 1);
    mt_eq_int(ms_fault_parse(&point, &after, text), 0);
    mt_ok(point == i && after == i + 1);
  }
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    ms_error_clear();
    mt_eq_int(ms_fault_parse(&point, &after, wrong[i]), MSTEP_EINVALID);
    mt_ok(ms_error_detail()[0] != '\0');
  }
}

#else

MT_TEST(base_fault__is_nothing)
{
  MS_FAULT(store_trim);
  mt_skip("the build has no fault points (MSTEP_FAULTS)");
}

#endif
