/*
 * kill -9 while a thousand executions with retries, waits, branches and iterations run: at random moments and
 * at every fault point, until a life gets through to the end. Then each has ended once, as planned, with a
 * history without gaps and repetitions, and no attempt of a task was started more often than the process.
 *
 * A round is one store from its beginning to that end. MSTEP_CRASH_ROUNDS sets how many (10); 200 is the
 * form for the night: MT_TIMEOUT=7200 MSTEP_CRASH_ROUNDS=200 build/.../test_fault_crash
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fault.h"
#include "base/random.h"
#include "crash_child.h"
#include "crash_look.h"
#include "crash_plan.h"
#include "mstep/mstep.h"
#include "mt.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define EXECUTIONS 300
#define ROUNDS 4
#else
#define EXECUTIONS 1000
#define ROUNDS 10
#endif

#define LIFE_SECONDS 45 /* a life that lasts longer is stuck */

/* ---- what kills ---------------------------------------------------------------------------------------- */

/* Points, and how often a life passes them at least: it dies at one of those passings. */
static const char *const points[] = {
    "turn_decided:1500",    "effect_before:2000",      "snapshot_written:20",
    "recover_begin:1",      "store_commit_written:40", "task_answered:1000",
    "journal_post:40",      "turn_journaled:1500",     "effect_after:2000",
    "recover_done:1",       "store_commit_begin:40",   "journal_answered:40",
    "store_commit_done:40", "snapshot_written:60",
};

#define POINTS (sizeof points / sizeof points[0])

struct campaign {
  struct ms_random random;
  const char *name;
  enum mstep_durability durability;
  size_t next_point; /* the campaign's are every second one */
  bool has_fired[POINTS];
  unsigned rounds, kills, fired, repeated;
};

static int rounds(void)
{
  const char *text = getenv("MSTEP_CRASH_ROUNDS");
  return text == NULL ? ROUNDS : (int)strtol(text, NULL, 10);
}

#ifdef MSTEP_FAULTS

static void die(enum ms_fault point)
{
  (void)point;
  raise(SIGKILL);
}

static void arm(struct campaign *campaign, const char *point)
{
  enum ms_fault fault;
  unsigned passings;
  if (ms_fault_parse(&fault, &passings, point) != 0) {
    fprintf(stderr, "# %s\n", ms_error_detail());
    _exit(2);
  }
  ms_fault_arm(fault, 1 + (unsigned)ms_random_below(&campaign->random, passings), die);
}

#else

static void arm(struct campaign *campaign, const char *point)
{
  (void)campaign;
  (void)point;
}

#endif

/* ---- lives ----------------------------------------------------------------------------------------------- */

/* MSTEP_CRASH_KEEP=DIR: what a failed round leaves is copied there. */
static void keep_store(const char *dir)
{
  const char *to = getenv("MSTEP_CRASH_KEEP");
  if (to != NULL && system(mt_format("cp -r '%s' '%s'", dir, to)) != 0) {
    mt_note("%s could not be copied", dir);
  }
}

/* One process. point: NULL, or where it dies; after_ms 0: nobody kills it otherwise. True: it was killed. */
static bool live(struct campaign *campaign, const struct crash_life *life, const char *point,
                 unsigned after_ms)
{
  int status;
  ms_random_next(&campaign->random); /* what arm draws is the child's: the next one draws another */
  fflush(stdout);
  pid_t pid = fork();
  mt_ok(pid >= 0);
  if (pid == 0) {
    alarm(LIFE_SECONDS);
    if (point != NULL) {
      arm(campaign, point);
    }
    _exit(crash_child(life));
  }
  if (after_ms > 0) {
    struct timespec rest = {after_ms / 1000, (long)(after_ms % 1000) * 1000000};
    nanosleep(&rest, NULL);
    kill(pid, SIGKILL);
  }
  mt_eq_int(waitpid(pid, &status, 0), pid);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
    campaign->kills++;
    return true;
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    keep_store(life->dir);
    mt_fail("%s: a life ended with status %#x", life->dir, (unsigned)status);
  }
  return false;
}

#ifdef MSTEP_FAULTS

/* The next point of the campaign's that has not fired, else simply the next. */
static size_t choose_point(struct campaign *campaign)
{
  size_t chosen = campaign->next_point;
  for (size_t i = 0; i < POINTS; i += 2) {
    size_t at = (campaign->next_point + i) % POINTS;
    if (!campaign->has_fired[at]) {
      chosen = at;
      break;
    }
  }
  campaign->next_point = (chosen + 2) % POINTS;
  return chosen;
}

static bool live_to_point(struct campaign *campaign, const struct crash_life *life)
{
  size_t chosen = choose_point(campaign);
  bool is_killed = live(campaign, life, points[chosen], 0);
  campaign->has_fired[chosen] |= is_killed;
  campaign->fired += is_killed;
  return is_killed;
}
#endif

static bool live_a_while(struct campaign *campaign, const struct crash_life *life)
{
  unsigned most = ms_random_below(&campaign->random, 4) == 0 ? 60 : 600;
  return live(campaign, life, NULL, 1 + (unsigned)ms_random_below(&campaign->random, most));
}

/* ---- rounds ------------------------------------------------------------------------------------------------ */

static void play(struct campaign *campaign, unsigned round)
{
  const struct crash_life life = {
      .dir = mt_format("%s/%s%u", mt_tmpdir(), campaign->name, round),
      .count = EXECUTIONS,
      .durability = campaign->durability,
      .resident_max = round % 3 == 2 ? 0 : 1 + ms_random_below(&campaign->random, 50),
      .starts_max = round % 4 == 3 ? EXECUTIONS : 64,
  };
  unsigned before = campaign->kills;
  mt_eq_int(mkdir(life.dir, 0777), 0);
  crash_write_functions(life.dir);
  bool is_killed = true;
  for (unsigned i = 0; i < 4 && is_killed; i++) {
#ifdef MSTEP_FAULTS
    is_killed = i % 2 == 0 ? live_to_point(campaign, &life) : live_a_while(campaign, &life);
#else
    is_killed = live_a_while(campaign, &life);
#endif
  }
  if (is_killed) {
    mt_ok(!live(campaign, &life, NULL, 0));
  }
  campaign->repeated += crash_look(life.dir, EXECUTIONS, campaign->kills - before);
  if (system(mt_format("rm -rf '%s'", life.dir)) != 0) {
    mt_note("%s stays", life.dir);
  }
}

static void run_campaign(struct campaign *campaign)
{
  ms_random_seed(&campaign->random, (uint64_t)campaign->durability + 1000 * (uint64_t)time(NULL));
  for (unsigned i = 0; i < campaign->rounds; i++) {
    play(campaign, i);
  }
  for (size_t i = campaign->next_point % 2; i < POINTS && campaign->rounds >= 5; i += 2) {
#ifdef MSTEP_FAULTS
    if (!campaign->has_fired[i]) {
      mt_report("%s was never passed", points[i]);
    }
#endif
  }
  mt_note("%u rounds of %u executions, %u kills, %u of them at fault points, %u starts of tasks "
          "repeated",
          campaign->rounds, EXECUTIONS, campaign->kills, campaign->fired, campaign->repeated);
}

MT_TEST(crash__fsync)
{
  struct campaign campaign = {.name = "fsync",
                              .durability = MSTEP_DURABILITY_FSYNC,
                              .next_point = 0,
                              .rounds = (unsigned)(rounds() + 1) / 2};
  run_campaign(&campaign);
}

MT_TEST(crash__os)
{
  struct campaign campaign = {.name = "os",
                              .durability = MSTEP_DURABILITY_OS,
                              .next_point = 1,
                              .rounds = (unsigned)rounds() / 2};
  run_campaign(&campaign);
}
