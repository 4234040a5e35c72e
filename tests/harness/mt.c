/*
 * The runner: cases register themselves before main, each runs in a child process, results are TAP.
 * Not responsible for what needs the engine: mt_json.c compares values, mt_oom.c fails allocations,
 * mt_file.c knows directories.
 */
#include "mt.h"

#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mt_internal.h"

#define MAX_CASES 4096

struct test_case {
  const char *name;
  const char *file;
  int line;
  void (*run)(void);
};

static struct test_case cases[MAX_CASES];
static size_t case_count;
static bool in_process; /* -n: a failed case ends the program */
static struct mt_shared *shared;

/* The one case that is running: blocks to free at its end. */
struct kept {
  struct kept *next;
  void *block;
};
static struct kept *kept_list;

void mt_add(const char *name, const char *file, int line, void (*run)(void))
{
  if (case_count == MAX_CASES) {
    fprintf(stderr, "mt: more than %d cases in one file\n", MAX_CASES);
    abort();
  }
  cases[case_count++] = (struct test_case){name, file, line, run};
}

struct mt_shared *mt_shared(void)
{
  return shared;
}

void *mt_keep(void *block)
{
  struct kept *k = malloc(sizeof *k);
  if (k == NULL || block == NULL) {
    fprintf(stderr, "mt: out of memory\n");
    abort();
  }
  *k = (struct kept){kept_list, block};
  kept_list = k;
  return block;
}

static void free_kept(void)
{
  while (kept_list != NULL) {
    struct kept *k = kept_list;
    kept_list = k->next;
    free(k->block);
    free(k);
  }
}

/* Prints with "# " before every line, so that no output can be mistaken for a result. */
static void print_comment(const char *text)
{
  const char *line = text;
  do {
    size_t len = strcspn(line, "\n");
    printf("# %.*s\n", (int)len, line);
    line += len;
    line += *line == '\n';
  } while (*line != '\0');
}

static char *format_text(const char *format, va_list args)
{
  char *text = NULL;
  if (vasprintf(&text, format, args) < 0) {
    abort();
  }
  return text;
}

char *mt_format(const char *format, ...)
{
  va_list args;
  va_start(args, format);
  char *text = format_text(format, args);
  va_end(args);
  return mt_keep(text);
}

void mt_note(const char *format, ...)
{
  va_list args;
  va_start(args, format);
  char *text = format_text(format, args);
  va_end(args);
  print_comment(text);
  free(text);
}

static void print_failure(const char *file, int line, const char *format, va_list args)
{
  char *text = format_text(format, args);
  const char *short_file = strstr(file, "/tests/");
  printf("# %s:%d:\n", short_file == NULL ? file : short_file + 1, line);
  print_comment(text);
  free(text);
  fflush(stdout);
  shared->failures++;
}

static void end_case_now(void) __attribute__((noreturn));
static void end_case_now(void)
{
  fflush(stdout);
  fflush(stderr);
  /* Not exit(): what a broken case left behind is no news to the leak checker. */
  _exit(1);
}

void mt_fail_at(const char *file, int line, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  print_failure(file, line, format, args);
  va_end(args);
  end_case_now();
}

void mt_report_at(const char *file, int line, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  print_failure(file, line, format, args);
  va_end(args);
}

void mt_skip(const char *format, ...)
{
  va_list args;
  va_start(args, format);
  vsnprintf(shared->skip, sizeof shared->skip, format, args);
  va_end(args);
  if (shared->skip[0] == '\0') {
    snprintf(shared->skip, sizeof shared->skip, "no reason given");
  }
  fflush(stdout);
  _exit(shared->failures == 0 ? 0 : 1);
}

void mt_ok_at(const char *file, int line, bool ok, const char *text)
{
  if (!ok) {
    mt_fail_at(file, line, "not true: %s", text);
  }
}

void mt_eq_int_at(const char *file, int line, const char *what, long long actual, long long expected)
{
  if (actual != expected) {
    mt_fail_at(file, line, "%s\n  is       %lld\n  expected %lld", what, actual, expected);
  }
}

void mt_eq_str_at(const char *file, int line, const char *what, const char *actual,
                  const char *expected)
{
  bool same = actual == NULL || expected == NULL ? actual == expected : strcmp(actual, expected) == 0;
  if (!same) {
    mt_fail_at(file, line, "%s\n  is       %s\n  expected %s", what, actual == NULL ? "NULL" : actual,
               expected == NULL ? "NULL" : expected);
  }
}

void mt_eq_mem_at(const char *file, int line, const char *what, const void *data, size_t len,
                  const char *expected)
{
  size_t want = strlen(expected);
  if (len != want || (len != 0 && memcmp(data, expected, len) != 0)) {
    mt_fail_at(file, line, "%s\n  is       %.*s (%zu bytes)\n  expected %s (%zu bytes)", what,
               len > 4096 ? 4096 : (int)len, len == 0 ? "" : (const char *)data, len, expected, want);
  }
}

/* ---- running ---- */

static unsigned timeout_seconds(void)
{
  const char *text = getenv("MT_TIMEOUT");
  long seconds = text == NULL ? 0 : strtol(text, NULL, 10);
  return seconds > 0 ? (unsigned)seconds : 60;
}

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
  (void)st;
  (void)flag;
  (void)ftw;
  return remove(path);
}

static void run_in_process(const struct test_case *c)
{
  c->run();
  free_kept();
  fflush(stdout);
}

static int run_in_child(const struct test_case *c)
{
  fflush(stdout);
  pid_t pid = fork();
  if (pid < 0) {
    perror("mt: fork");
    abort();
  }
  if (pid == 0) {
    alarm(timeout_seconds());
    run_in_process(c);
    exit(shared->failures == 0 ? 0 : 1); /* exit: the leak checker has its say */
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
  }
  return status;
}

/* One TAP line; returns whether the case is fine. */
static bool report_case(const struct test_case *c, size_t number, int status)
{
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
    printf("# %s: no end after %u s\n", c->name, timeout_seconds());
  } else if (WIFSIGNALED(status)) {
    printf("# %s: ended by signal %d (%s)\n", c->name, WTERMSIG(status), strsignal(WTERMSIG(status)));
  } else if (WEXITSTATUS(status) > 1) {
    printf("# %s: exit status %d (a sanitizer's report stands above)\n", c->name, WEXITSTATUS(status));
  }
  bool ok = status == 0 && shared->failures == 0;
  if (ok && shared->skip[0] != '\0') {
    printf("ok %zu - %s # SKIP %s\n", number, c->name, shared->skip);
  } else {
    printf("%s %zu - %s\n", ok ? "ok" : "not ok", number, c->name);
  }
  return ok;
}

static bool run_case(const struct test_case *c, size_t number, bool *skipped)
{
  memset(shared, 0, sizeof *shared);
  int status = 0;
  if (in_process) {
    run_in_process(c);
  } else {
    status = run_in_child(c);
  }
  if (shared->tmpdir[0] != '\0') {
    nftw(shared->tmpdir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
  }
  *skipped = shared->skip[0] != '\0';
  bool ok = report_case(c, number, status);
  fflush(stdout);
  return ok;
}

static int by_line(const void *a, const void *b)
{
  return ((const struct test_case *)a)->line - ((const struct test_case *)b)->line;
}

static int usage(void)
{
  fprintf(stderr, "usage: test [--list] [-s NAME] [-n] [--seed N]\n"
                  "  --list   names of the cases\n"
                  "  -s NAME  only cases whose name contains NAME\n"
                  "  -n       run in this process, for a debugger\n"
                  "  --seed N for cases that make things up: MT_SEED=N\n");
  return 2;
}

static int run_selected(const char *selected, bool list)
{
  size_t total = 0;
  for (size_t i = 0; i < case_count; i++) {
    total += selected == NULL || strstr(cases[i].name, selected) != NULL;
  }
  if (!list) {
    printf("TAP version 13\n1..%zu\n", total);
  }
  size_t number = 0;
  size_t bad = 0;
  size_t skips = 0;
  for (size_t i = 0; i < case_count; i++) {
    bool skipped = false;
    if (selected != NULL && strstr(cases[i].name, selected) == NULL) {
      continue;
    }
    if (list) {
      printf("%s\n", cases[i].name);
    } else if (!run_case(&cases[i], ++number, &skipped)) {
      bad++;
    }
    skips += skipped;
  }
  if (total == 0) {
    fprintf(stderr, "mt: no case to run\n");
    return 1;
  }
  if (bad != 0) {
    printf("# %zu of %zu failed\n", bad, total);
  }
  return bad != 0 ? 1 : skips == total && !list ? 77 : 0;
}

/* Weak: a program with a main of its own may use the rest of the harness. */
__attribute__((weak)) int main(int argc, char **argv)
{
  const char *selected = NULL;
  bool list = false;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--list") == 0) {
      list = true;
    } else if (strcmp(argv[i], "-n") == 0) {
      in_process = true;
    } else if (strcmp(argv[i], "-s") == 0 && i + 1 < argc) {
      selected = argv[++i];
    } else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
      setenv("MT_SEED", argv[++i], 1);
    } else {
      return usage();
    }
  }
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) {
    perror("mt: mmap");
    return 1;
  }
  qsort(cases, case_count, sizeof cases[0], by_line);
  return run_selected(selected, list);
}
