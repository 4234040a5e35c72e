/*
 * JSONata: microseconds and memory of one evaluation, for each expression of the corpus's bench set.
 * Prints JSON: [{"name", "us", "compile_us", "scratch_bytes", "heap_bytes", "heap_calls"}]. Compare runs on one
 * quiet machine only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "mt.h"
#include "query/jsonata/jsonata.h"

#define RUN_SECONDS 0.15
#define RUNS 5

/* Time of this process, so that others on the machine matter less. */
static double now_seconds(void)
{
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct ms_json load(const char *name)
{
  size_t len;
  struct ms_json value;
  char *text = mt_read_file(mt_format("%s/jsonata/%s", mt_corpus(), name), &len);
  if (ms_json_parse(&value, (struct ms_str){text, len}, NULL, NULL) != 0) {
    fprintf(stderr, "%s is not JSON\n", name);
    exit(1);
  }
  return value;
}

static struct ms_json find_binding(void *user, struct ms_str name)
{
  return ms_json_get(*(struct ms_json *)user, name);
}

/* ---- what one evaluation allocates ---- */

struct count {
  size_t bytes;
  size_t calls;
};

static void *counting_resize(void *user, void *ptr, size_t size)
{
  struct count *count = user;
  if (size == 0) {
    free(ptr);
    return NULL;
  }
  count->bytes += size;
  count->calls++;
  return realloc(ptr, size);
}

struct subject {
  struct ms_jsonata *program;
  struct ms_jsonata_env env;
};

static void evaluate_once(struct subject *s)
{
  struct ms_json result;
  struct ms_jsonata_error error = MS_JSONATA_ERROR_INIT;
  if (ms_jsonata_eval(&result, s->program, &s->env, &error) != 0) {
    struct ms_str message = ms_json_text(error.message);
    fprintf(stderr, "%.*s\n", MS_STR_ARG(message));
    exit(1);
  }
  ms_json_unref(result);
}

static struct count count_allocations(struct subject *s)
{
  struct count count = {0, 0};
  struct ms_allocator allocator = {counting_resize, &count};
  ms_alloc_set(&allocator);
  evaluate_once(s);
  ms_alloc_set(NULL);
  return count;
}

/* The best of some runs, in microseconds. */
static double time_evaluation(struct subject *s)
{
  double best = 1e9;
  for (int run = 0; run < RUNS; run++) {
    long n = 0;
    double start = now_seconds();
    double spent = 0;
    while (spent < RUN_SECONDS) {
      for (int i = 0; i < 16; i++) {
        evaluate_once(s);
      }
      n += 16;
      spent = now_seconds() - start;
    }
    best = spent / (double)n < best ? spent / (double)n : best;
  }
  return best * 1e6;
}

static double time_compilation(struct ms_str text)
{
  double start = now_seconds();
  long n = 0;
  while (now_seconds() - start < RUN_SECONDS / 3) {
    struct ms_jsonata *program;
    struct ms_jsonata_error error;
    if (ms_jsonata_compile(&program, text, MS_JSONATA_2_0, &error) != 0) {
      exit(1);
    }
    ms_jsonata_free(program);
    n++;
  }
  return (now_seconds() - start) / (double)n * 1e6;
}

static void bench(struct ms_json expression, struct ms_json bindings, bool is_last)
{
  struct ms_json dataset = ms_json_getc(expression, "dataset");
  struct ms_str text = ms_json_text(ms_json_getc(expression, "expr"));
  struct ms_json data = MS_JSON_VALUE_NONE;
  if (ms_json_is_string(dataset)) {
    data = load(mt_format("datasets/%.*s.json", MS_STR_ARG(ms_json_text(dataset))));
  }
  struct ms_random random;
  struct ms_query_limits limits = {0, 500, 0};
  struct ms_jsonata_error error;
  ms_random_seed(&random, 1);
  struct subject s = {NULL,
                      {.arena = ms_arena_new(0),
                       .random = &random,
                       .now_ms = 1700000000000,
                       .input = data,
                       .limits = &limits,
                       .variable = find_binding,
                       .user = &bindings}};
  if (s.env.arena == NULL || ms_jsonata_compile(&s.program, text, MS_JSONATA_2_0, &error) != 0) {
    exit(1);
  }
  struct ms_str name = ms_json_text(ms_json_getc(expression, "name"));
  evaluate_once(&s);
  struct count count = count_allocations(&s);
  printf(" {\"name\":\"%.*s\",\"us\":%.4f,\"compile_us\":%.2f,\"scratch_bytes\":%zu,\"heap_bytes\":"
         "%zu,"
         "\"heap_calls\":%zu}%s\n",
         MS_STR_ARG(name), time_evaluation(&s), time_compilation(text), s.env.used_bytes,
         count.bytes, count.calls, is_last ? "" : ",");
  fflush(stdout);
  ms_jsonata_free(s.program);
  ms_arena_free(s.env.arena);
  ms_json_unref(data);
}

int main(void)
{
  if (mt_corpus() == NULL) {
    fprintf(stderr, "no conformance corpus: set MSTEP_CORPUS\n");
    return 77;
  }
  struct ms_json expressions = load("bench/exprs.json");
  struct ms_json bindings = load("bench/bindings.json");
  printf("[\n");
  for (size_t i = 0; i < ms_json_count(expressions); i++) {
    bench(ms_json_at(expressions, i), bindings, i + 1 == ms_json_count(expressions));
  }
  printf("]\n");
  ms_json_unref(expressions);
  ms_json_unref(bindings);
  return 0;
}
