/* Not a test: cases that break in every way there is. test_mt.c runs this program and reads its TAP. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "json/json.h"
#include "mstep/error.h"
#include "mt.h"

MT_TEST(passes)
{
  mt_ok(true);
  mt_eq_int(1 + 1, 2);
  mt_eq_str("a", "a");
  mt_eq_mem("a", 1, "a");
}

MT_TEST(ok_fails)
{
  mt_ok(false);
}

MT_TEST(int_differs)
{
  mt_eq_int(1, 2);
}

MT_TEST(str_differs)
{
  mt_eq_str("a", NULL);
}

MT_TEST(mem_differs)
{
  mt_eq_mem("a\0b", 3, "a");
}

static void compare_json(const char *actual, const char *expected, bool exact)
{
  struct ms_json value = MS_JSON_VALUE_NONE;
  mt_eq_int(ms_json_parse(&value, ms_str_c(actual), NULL, NULL), 0);
  if (exact) {
    mt_eq_json(value, expected);
  } else {
    mt_like_json(value, expected);
  }
  ms_json_unref(value);
}

MT_TEST(json_same)
{
  compare_json("{\"a\":[1, 1.0]}", "{\"a\":[1,1.0]}", true);
  compare_json("{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1.0}", false);
}

MT_TEST(json_kind_differs)
{
  compare_json("1.0", "1", true);
}

MT_TEST(json_differs)
{
  compare_json("[1]", "[2]", false);
}

MT_TEST(reports_twice)
{
  mt_report("first");
  mt_report("second");
}

MT_TEST(crashes)
{
  raise(SIGSEGV);
}

MT_TEST(hangs)
{
  for (;;) {
    pause();
  }
}

MT_TEST(skips)
{
  mt_skip("nothing to see");
}

MT_TEST(takes_a_directory)
{
  const char *path = mt_format("%s/file", mt_tmpdir());
  mt_write_file(path, "x", 1);
  mt_eq_str(mt_read_file(path, NULL), "x");
  mt_note("tmpdir %s", mt_tmpdir());
}

struct plan {
  int blocks;  /* to allocate */
  bool leaks;  /* forgets the first when the second fails */
  bool denies; /* does not say that memory is out */
};

static int allocate(void *user)
{
  const struct plan *plan = user;
  void *blocks[8] = {NULL};
  int result = 0;
  for (int i = 0; i < plan->blocks && result == 0; i++) {
    blocks[i] = ms_alloc(16);
    result = blocks[i] == NULL ? MSTEP_ENOMEM : 0;
  }
  for (int i = plan->leaks && result != 0 ? 1 : 0; i < plan->blocks; i++) {
    ms_free(blocks[i]);
  }
  return plan->denies && result != 0 ? MSTEP_EINTERNAL : result;
}

MT_TEST(oom_clean)
{
  struct plan plan = {3, false, false};
  mt_eq_int(mt_oom(allocate, &plan), 3);
}

MT_TEST(oom_leaks)
{
  struct plan plan = {3, true, false};
  mt_oom(allocate, &plan);
}

MT_TEST(oom_denied)
{
  struct plan plan = {3, false, true};
  mt_oom(allocate, &plan);
}
