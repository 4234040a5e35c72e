/*
 * Memory that runs out: a typical request of every operation (typical_calls.def), each of its
 * allocations failed once. It is answered, with ENOMEM or as ever, nothing leaks, and the engine
 * answers afterwards.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "calls.h"
#include "mt.h"

struct row {
  const char *setup, *operation, *request, *keep;
};

static const struct row setups[] = {
#define SETUP(setup, operation, request, keep) {#setup, operation, request, keep},
#define CALL(setup, operation, request)
#include "typical_calls.def"
#undef SETUP
#undef CALL
};

static const struct row calls[] = {
#define SETUP(setup, operation, request, keep)
#define CALL(setup, operation, request) {#setup, operation, request, NULL},
#include "typical_calls.def"
#undef SETUP
#undef CALL
};

static const char *const operations[] = {
#define MS_API_OP(name, service, op) #service ":" #name,
#include "api/ops.def"
#undef MS_API_OP
};

/* Operations without a row, and why. */
static const char *const left_out[][2] = {
    {"events:CancelReplay", "a replay is over before it can be cancelled"},
    {"sns:ConfirmSubscription", "the token goes to an HTTP endpoint"},
};

#define KEPT_MAX 3

/* ---- memory ---- */

struct memory {
  size_t seen;    /* allocations since fail_at was set */
  size_t fail_at; /* 0: none */
  long live;
};

static void *resize(void *user, void *ptr, size_t size)
{
  struct memory *memory = user;
  if (size == 0) {
    memory->live -= ptr != NULL;
    free(ptr);
    return NULL;
  }
  if (++memory->seen == memory->fail_at) {
    return NULL;
  }
  void *block = realloc(ptr, size);
  memory->live += block != NULL && ptr == NULL;
  return block;
}

/* ---- an engine and its calls ---- */

struct trial {
  bool has_store;
  struct host host;
  struct memory memory;
  const struct row *row;
  const char *kept[KEPT_MAX];
};

/* What a sign at *text stands for, NULL: itself; *text goes to its last character. */
static const char *meaning(const struct trial *trial, const char **text)
{
  static unsigned number;
  switch (**text) {
  case '\'': return "\"";
  case '~': return "\\\"";
  case '^': return mt_tmpdir();
  case '#': return mt_format("%u", ++number);
  case '@':
    ++*text;
    mt_ok(**text >= '1' && **text < '1' + KEPT_MAX && trial->kept[**text - '1'] != NULL);
    return trial->kept[**text - '1'];
  default: return NULL;
  }
}

static const char *text_of(const struct trial *trial, const char *request)
{
  const size_t max = strlen(request) + 8192;
  size_t len = 0;
  char *text = mt_keep(malloc(max));
  for (; *request != '\0'; request++) {
    const char *from = request, *to = meaning(trial, &request);
    size_t part = to == NULL ? 1 : strlen(to);
    mt_ok(len + part < max);
    memcpy(text + len, to == NULL ? from : to, part);
    len += part;
  }
  text[len] = '\0';
  return text;
}

/* The text of a member, as it stands in JSON. */
static const char *member(const char *text, const char *name)
{
  const char *at = strstr(text, mt_format("\"%s\":\"", name));
  if (at == NULL) {
    mt_fail("no %s in %s", name, text);
  }
  at += strlen(name) + 4;
  return mt_format("%.*s", (int)strcspn(at, "\""), at);
}

static mstep_engine *ill; /* it stops as soon as its store is back */

static void quiet(int level, const char *module, mstep_str line, void *user)
{
  static const char back[] = "the store is back";
  (void)level, (void)module, (void)user;
  if (ill != NULL && line.len >= sizeof back - 1 && memcmp(line.data, back, sizeof back - 1) == 0) {
    mstep_engine_stop(ill);
  }
}

static void with_quiet(mstep_options *options)
{
  options->log = quiet;
  options->is_log_kept = 1;
}

static void begin(struct trial *trial)
{
  const char *setup = trial->row->setup;
  static int number;
  bool is_file = strcmp(setup, "stored") == 0; /* there is something to copy */
  const char *store = is_file ? mt_format("sqlite:%s/%d.db", mt_tmpdir(), ++number) : "memory:";
  size_t kept = 0;
  host_open_at(&trial->host, trial->has_store ? store : NULL, with_quiet);
  for (size_t i = 0; i < sizeof setups / sizeof *setups; i++) {
    if (strcmp(setups[i].setup, setup) == 0) {
      struct answer answer = call_answer(&trial->host, setups[i].operation,
                                         text_of(trial, setups[i].request));
      if (answer.status != 0) {
        mt_fail("%s %s: %s", setups[i].operation, setups[i].request, answer.text);
      }
      if (setups[i].keep != NULL) {
        trial->kept[kept++] = member(answer.text, setups[i].keep);
      }
    }
  }
}

/* The status of the call; the memory is well again. */
static int call_failing(struct trial *trial, const char *request, size_t n)
{
  struct answer answer = {0};
  mstep_engine *engine = trial->host.engine;
  trial->memory.seen = 0;
  trial->memory.fail_at = n;
  int err = mstep_call(engine, trial->row->operation, host_str(request), on_answer, &answer);
  for (int i = 0; err == 0 && answer.count == 0 && i < 100; i++) {
    int run = mstep_engine_run(engine);
    if (run != 0 && run != MSTEP_ENOMEM) {
      mt_fail("%s, allocation %zu: the loop ends with %d", trial->row->operation, n, run);
    }
  }
  trial->memory.fail_at = 0;
  if (answer.count != (err == 0)) {
    mt_fail("%s, allocation %zu: answered %d times (%d)", trial->row->operation, n, answer.count,
            err);
  }
  return err != 0 ? err : answer.status;
}

/* A store that could not be written is looked at again; true: it was that. */
static bool check_alive(struct trial *trial, size_t n)
{
  bool was_ill = mstep_engine_health(trial->host.engine) == MSTEP_EIO;
  mt_ok(trial->has_store || !was_ill);
  if (was_ill) {
    ill = trial->host.engine;
    host_run(&trial->host);
    ill = NULL;
  }
  struct answer answer = call_answer(&trial->host, "states:ListStateMachines", "{}");
  if (answer.status != 0 || mstep_engine_health(trial->host.engine) != 0) {
    mt_fail("%s, allocation %zu: and then %s", trial->row->operation, n, answer.text);
  }
  return was_ill;
}

/*
 * Engines are kept while nothing was done: ENOMEM was the answer. One that was not told so may have
 * changed, and a refusal after ENOMEM says that it had: the same allocation again on a new engine.
 */
static size_t fail_each(struct trial *trial)
{
  bool is_new = true;
  size_t n = 1;
  begin(trial);
  for (;; n++) {
    const char *request = text_of(trial, trial->row->request);
    int status = call_failing(trial, request, n);
    bool is_through = trial->memory.seen < n;
    bool was_ill = check_alive(trial, n);
    if (status == MSTEP_ENOMEM && !is_through && !was_ill) {
      is_new = false;
      continue;
    }
    if (is_through && (status == 0 || is_new)) {
      if (status != 0) {
        mt_report("%s %s is refused: %d", trial->row->operation, request, status);
      }
      break;
    }
    n -= !is_new && status != 0;
    host_close(&trial->host);
    begin(trial);
    is_new = true;
  }
  host_close(&trial->host);
  return n - 1;
}

static void fail_all(const char *setup, bool has_store)
{
  struct trial trial = {.has_store = has_store};
  const struct ms_allocator allocator = {resize, &trial.memory};
  size_t count = 0, sum = 0;
  ms_alloc_set(&allocator);
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    if (strcmp(calls[i].setup, setup) == 0) {
      trial.row = &calls[i];
      trial.memory.live = 0;
      size_t failed = fail_each(&trial);
      if (trial.memory.live != 0) {
        mt_report("%s: %ld blocks leak", calls[i].operation, trial.memory.live);
      }
      count++;
      sum += failed;
    }
  }
  ms_alloc_set(NULL);
  mt_ok(count > 0);
  mt_note("%zu operations, %zu allocations", count, sum);
}

static bool is_covered(const char *operation)
{
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    if (strcmp(calls[i].operation, operation) == 0) {
      return true;
    }
  }
  for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++) {
    if (strcmp(left_out[i][0], operation) == 0) {
      return true;
    }
  }
  return false;
}

MT_TEST(call_memory__every_operation_has_its_row)
{
  for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
    if (!is_covered(operations[i])) {
      mt_report("%s has no row in typical_calls.def", operations[i]);
    }
  }
}

#define EACH(setup)                                                                                \
  MT_TEST(call_memory__##setup)                                                                    \
  {                                                                                                \
    fail_all(#setup, false);                                                                       \
  }                                                                                                \
  MT_TEST(call_memory__##setup##_in_a_store)                                                       \
  {                                                                                                \
    fail_all(#setup, true);                                                                        \
  }
EACH(states)
EACH(map_runs)
EACH(lambda)
EACH(own)
EACH(logs)
EACH(iam)
EACH(sqs)
EACH(moves)
EACH(events)
EACH(sns)
EACH(scheduler)
EACH(tables)

MT_TEST(call_memory__stored)
{
  fail_all("stored", true);
}
