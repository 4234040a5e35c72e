/* engine/query/failure.c */
#include "query/failure.h"

#include "base/error.h"
#include "mt.h"

MT_TEST(failure__is_filled_and_replaced)
{
  struct ms_failure failure = MS_FAILURE_INIT;
  mt_leak_begin();
  mt_eq_int(ms_fail(&failure, "States.Runtime", "path '%s' : %d", "$.a", 7), MS_FAILED);
  mt_eq_json(failure.error, "\"States.Runtime\"");
  mt_eq_json(failure.cause, "\"path '$.a' : 7\"");
  failure.location = ms_json_cstring("Output");
  mt_eq_int(ms_fail(&failure, "E", "%s", ""), MS_FAILED);
  mt_eq_json(failure.error, "\"E\"");
  mt_eq_json(failure.cause, "\"\"");
  mt_ok(ms_json_is_none(failure.location));
  mt_eq_int(ms_fail(&failure, NULL, "nameless"), MS_FAILED);
  mt_ok(ms_json_is_null(failure.error));
  ms_failure_deinit(&failure);
  mt_ok(ms_json_is_none(failure.cause));
  mt_leak_end();
}

MT_TEST(failure__moves)
{
  struct ms_failure from = MS_FAILURE_INIT;
  struct ms_failure to = MS_FAILURE_INIT;
  mt_leak_begin();
  mt_eq_int(ms_fail(&from, "A", "one"), MS_FAILED);
  mt_eq_int(ms_fail(&to, "B", "two"), MS_FAILED);
  ms_failure_move(&to, &from);
  mt_eq_json(to.error, "\"A\"");
  mt_ok(ms_json_is_none(from.error) && ms_json_is_none(from.cause));
  ms_failure_deinit(&to);
  ms_failure_deinit(&from);
  mt_leak_end();
}

static int fail_once(void *user)
{
  struct ms_failure failure = MS_FAILURE_INIT;
  int result =
      ms_fail(&failure, "States.Runtime", "%s", "a cause that is longer than any inline buffer");
  (void)user;
  mt_ok(result == MS_FAILED || ms_json_is_none(failure.error));
  ms_failure_deinit(&failure);
  return result == MS_FAILED ? 0 : result;
}

MT_TEST(failure__survives_out_of_memory)
{
  mt_ok(mt_oom(fail_once, NULL) >= 2);
}
