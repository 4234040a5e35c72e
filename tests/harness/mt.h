/*
 * The test harness. A test file is a set of cases and nothing else; main() comes from here:
 *
 *   #include "mt.h"
 *
 *   MT_TEST(json_parse__rejects_trailing_comma)
 *   {
 *     mt_eq_int(parse("[1,]"), MSTEP_ESYNTAX);
 *   }
 *
 * Each case runs in a process of its own, so a crash, a hang (60 s, MT_TIMEOUT=seconds) or a leak is
 * one failed case. Output is TAP. Options: --list, -s NAME (every case whose name contains NAME),
 * -n (no processes: for a debugger or valgrind), --seed N (MT_SEED=N, for cases that make things up).
 * Exit status 0 passed, 1 failed, 77 all skipped.
 *
 * A failed mt_ok, mt_eq_* or mt_fail ends the case; mt_report records a failure and goes on, for tables of
 * many rows.
 */
#ifndef MT_H
#define MT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MT_TEST(name)                                                                              \
  static void mt_case_##name(void);                                                                \
  static void __attribute__((constructor)) mt_add_##name(void)                                     \
  {                                                                                                \
    mt_add(#name, __FILE__, __LINE__, mt_case_##name);                                             \
  }                                                                                                \
  static void mt_case_##name(void)

#define mt_ok(cond) mt_ok_at(__FILE__, __LINE__, (cond), #cond)
#define mt_fail(...) mt_fail_at(__FILE__, __LINE__, __VA_ARGS__)     /* printf-like; ends the case */
#define mt_report(...) mt_report_at(__FILE__, __LINE__, __VA_ARGS__) /* printf-like; the case goes on */
#define mt_eq_int(actual, expected)                                                                \
  mt_eq_int_at(__FILE__, __LINE__, #actual, (long long)(actual), (long long)(expected))
#define mt_eq_str(actual, expected) mt_eq_str_at(__FILE__, __LINE__, #actual, (actual), (expected))
/* `len` bytes, NUL legal, against a C string or literal */
#define mt_eq_mem(data, len, expected)                                                             \
  mt_eq_mem_at(__FILE__, __LINE__, #data, (data), (len), (expected))
/* A struct ms_json against JSON text: fidelity counts, 1 is not 1.0 and member order matters. */
#define mt_eq_json(value, text) mt_eq_json_at(__FILE__, __LINE__, #value, &(value), (text), true)
/* The same, but equal as JSON: member order and the form of a number do not matter. */
#define mt_like_json(value, text) mt_eq_json_at(__FILE__, __LINE__, #value, &(value), (text), false)

/* Ends the case as skipped; the reason (printf-like) is printed. */
void mt_skip(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void mt_note(const char *format, ...) __attribute__((format(printf, 1, 2))); /* one comment line */

/*
 * Runs fn(user) again and again, failing allocation 1, then 2, 3 ... until it gets through without a
 * failed allocation; then the same with every allocation from the n-th on failing. fn returns 0, or
 * MSTEP_ENOMEM when it was told that memory is out; any other result, or a block that fn allocated
 * and did not free, fails the case. Returns how many allocations the undisturbed run made.
 */
#define mt_oom(fn, user) mt_oom_at(__FILE__, __LINE__, (fn), (user))
/* Inside of fn: memory is back, the rest of this run fails no allocation. */
void mt_oom_over(void);

/* Counts what is allocated through base/alloc.h between the two calls; leaks fail the case. */
void mt_leak_begin(void);
#define mt_leak_end() mt_leak_end_at(__FILE__, __LINE__)

/* A fresh directory, removed with its contents after the case. Borrowed. */
const char *mt_tmpdir(void);
/* The conformance corpus: $MSTEP_CORPUS, else ../shared/corpus beside the source; NULL when absent. */
const char *mt_corpus(void);
/* The source tree's root, for tests/resources and the like. */
const char *mt_source_root(void);
/*
 * A whole file, NUL-terminated, kept until the case ends; a relative path starts at the source root.
 * Ends the case when it cannot be read. `len` may be NULL. mt_try_read_file returns NULL instead.
 */
char *mt_read_file(const char *path, size_t *len);
char *mt_try_read_file(const char *path, size_t *len);
void mt_write_file(const char *path, const void *data, size_t len); /* ends the case on failure */
/* printf into memory that is kept until the case ends. */
char *mt_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- behind the macros ---- */
void mt_add(const char *name, const char *file, int line, void (*run)(void));
void mt_ok_at(const char *file, int line, bool ok, const char *text);
void mt_fail_at(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4), noreturn));
void mt_report_at(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void mt_eq_int_at(const char *file, int line, const char *what, long long actual, long long expected);
void mt_eq_str_at(const char *file, int line, const char *what, const char *actual,
                  const char *expected);
void mt_eq_mem_at(const char *file, int line, const char *what, const void *data, size_t len,
                  const char *expected);
struct ms_json;
void mt_eq_json_at(const char *file, int line, const char *what, const struct ms_json *value,
                   const char *text, bool exact);
size_t mt_oom_at(const char *file, int line, int (*fn)(void *user), void *user);
void mt_leak_end_at(const char *file, int line);
void *mt_keep(void *block); /* frees a malloc'd block when the case ends; returns it */

#endif
