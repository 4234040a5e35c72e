/* The harness can fail: every way to break in victim.c is seen and told apart. */
#include "mt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *run_victim(const char *arguments, int *status)
{
  char *command = mt_format("MT_TIMEOUT=1 %s %s 2>&1", MT_VICTIM, arguments);
  FILE *pipe = popen(command, "r");
  mt_ok(pipe != NULL);
  char *text = mt_keep(calloc(1, 65536));
  size_t used = fread(text, 1, 65535, pipe);
  text[used] = '\0';
  int code = pclose(pipe);
  *status = WIFEXITED(code) ? WEXITSTATUS(code) : -1;
  return text;
}

static void expect(const char *name, int want_status, const char *want_text)
{
  int status = 0;
  char *text = run_victim(mt_format("-s %s", name), &status);
  if (status != want_status || strstr(text, want_text) == NULL) {
    mt_report("%s: status %d, expected %d with \"%s\" in\n%s", name, status, want_status, want_text,
              text);
  }
}

MT_TEST(harness__tells_what_passed)
{
  expect("passes", 0, "ok 1 - passes");
  expect("json_same", 0, "ok 1 - json_same");
  expect("oom_clean", 0, "ok 1 - oom_clean");
}

MT_TEST(harness__tells_what_failed)
{
  expect("ok_fails", 1, "not true: false");
  expect("int_differs", 1, "expected 2");
  expect("str_differs", 1, "expected NULL");
  expect("mem_differs", 1, "(3 bytes)");
  expect("json_kind_differs", 1, "is       1.0");
  expect("json_differs", 1, "expected [2]");
  expect("reports_twice", 1, "# second");
  expect("ok_fails", 1, "not ok 1 - ok_fails");
}

MT_TEST(harness__survives_a_crash_and_a_hang)
{
  expect("crashes", 1, "not ok 1 - crashes");
  expect("hangs", 1, "no end after 1 s");
}

MT_TEST(harness__skips_with_a_reason)
{
  expect("skips", 77, "# SKIP nothing to see");
}

MT_TEST(harness__finds_leaks_and_denials_when_memory_is_out)
{
  expect("oom_leaks", 1, "allocation 2 fails: 1 blocks leak");
  expect("oom_denied", 1, "not MSTEP_ENOMEM");
}

MT_TEST(harness__removes_the_temporary_directory)
{
  int status = 0;
  char *text = run_victim("-s takes_a_directory", &status);
  mt_eq_int(status, 0);
  char *path = strstr(text, "# tmpdir ");
  mt_ok(path != NULL);
  path += strlen("# tmpdir ");
  path[strcspn(path, "\n")] = '\0';
  mt_ok(access(path, F_OK) != 0);
}

MT_TEST(harness__counts_failed_cases_and_refuses_an_empty_choice)
{
  int status = 0;
  char *text = run_victim("-s differs", &status);
  mt_eq_int(status, 1);
  mt_ok(strstr(text, "# 5 of 5 failed") != NULL);
  expect("no_such_case", 1, "no case to run");
  text = run_victim("--list", &status);
  mt_eq_int(status, 0);
  mt_ok(strstr(text, "passes\nok_fails\n") == text);
}
