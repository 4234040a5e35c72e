/*
 * A disk that is full, a file that is taken away, damaged or cannot be written, SIGTERM in a commit: while
 * executions run. Calls are refused with the reason, nothing that was acknowledged is lost, and when the disk
 * is well again the same process goes on to the end. What the store makes of it by itself is store_file.c's.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
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
#include "host.h"
#include "mt.h"
#include "store/store.h"

#define EXECUTIONS 200
#define LIFE_SECONDS 50 /* a life that lasts longer is stuck */

/* ---- a life --------------------------------------------------------------------------------------------- */

static void rest(unsigned ms)
{
  struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};
  nanosleep(&time, NULL);
}

static void limit_files(pid_t pid, rlim_t bytes)
{
  struct rlimit limit;
  mt_eq_int(prlimit(pid, RLIMIT_FSIZE, NULL, &limit), 0);
  limit.rlim_cur = bytes;
  mt_eq_int(prlimit(pid, RLIMIT_FSIZE, &limit, NULL), 0);
}

/* A process that writes files of at most so many bytes; 0 = any. */
static pid_t begin_life(const struct crash_life *life, rlim_t bytes)
{
  fflush(stdout);
  pid_t pid = fork();
  mt_ok(pid >= 0);
  if (pid == 0) {
    alarm(LIFE_SECONDS);
    signal(SIGXFSZ, SIG_IGN);
    if (bytes != 0) {
      limit_files(0, bytes);
    }
    _exit(crash_child(life));
  }
  return pid;
}

static int end_life(pid_t pid)
{
  int status;
  mt_eq_int(waitpid(pid, &status, 0), pid);
  if (!WIFEXITED(status)) {
    mt_fail("the process ended with status %#x", (unsigned)status);
  }
  return WEXITSTATUS(status);
}

static unsigned count_in_log(const char *dir, const char *text)
{
  const char *log = mt_try_read_file(mt_format("%s/log", dir), NULL);
  unsigned count = 0;
  for (const char *at = log; at != NULL && (at = strstr(at, text)) != NULL; at++) {
    count++;
  }
  return count;
}

/* False: the process has ended before. */
static bool wait_for_log(pid_t pid, const char *dir, const char *text, unsigned count)
{
  for (unsigned i = 0; i < 3000; i++) {
    siginfo_t info = {0};
    if (count_in_log(dir, text) >= count) {
      return true;
    }
    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid) {
      return count_in_log(dir, text) >= count;
    }
    rest(10);
  }
  mt_fail("\"%s\" was never logged", text);
}

static struct crash_life patient_life(const char *name)
{
  struct crash_life life = {.dir = mt_format("%s/%s", mt_tmpdir(), name),
                            .count = EXECUTIONS,
                            .resident_max = 20,
                            .starts_max = 30,
                            .is_patient = true};
  mt_eq_int(mkdir(life.dir, 0777), 0);
  crash_write_functions(life.dir);
  return life;
}

static const char failed[] = "the store has failed";
static const char is_back[] = "the store is back";

/* ---- full disks ------------------------------------------------------------------------------------------- */

static const char *store_url;

static void use_store(mstep_options *options)
{
  options->is_virtual_time = 0;
  options->store = store_url;
}

/* One with nothing in it: to open it needs no more room. */
static rlim_t make_store(const char *dir)
{
  struct host host;
  struct stat file;
  store_url = mt_format("sqlite:%s/e.db", dir);
  host_open(&host, use_store);
  host_close(&host);
  mt_eq_int(stat(mt_format("%s/e.db", dir), &file), 0);
  return (rlim_t)file.st_size;
}

/* Full when a file has so much more than none of the executions need, for a while; then when it has twice as many, and so on. */
static void fill_up(rlim_t more)
{
  struct crash_life life = patient_life(mt_format("full%lu", (unsigned long)more));
  rlim_t bytes = make_store(life.dir) + more;
  pid_t pid = begin_life(&life, bytes);
  unsigned fillings = 0;
  while (fillings < 4 && wait_for_log(pid, life.dir, failed, fillings + 1)) {
    fillings = count_in_log(life.dir, failed);
    rest(150); /* some probes find it as full as before */
    bytes = fillings < 4 ? bytes * 2 : RLIM_INFINITY;
    limit_files(pid, bytes);
  }
  mt_eq_int(end_life(pid), 0);
  fillings = count_in_log(life.dir, failed);
  mt_ok(fillings >= 1 && count_in_log(life.dir, is_back) >= 1);
  mt_ok(count_in_log(life.dir, "disk full") >= 1);
  mt_ok(count_in_log(life.dir, "refused ") >= 1);
  crash_look(life.dir, EXECUTIONS, fillings);
  mt_note("%u times full", fillings);
}

MT_TEST(disk__full_at_the_first_commits)
{
  fill_up(0);
}

MT_TEST(disk__full_while_executions_run)
{
  fill_up(100000);
  fill_up(300000);
}

/* ---- files that go away -------------------------------------------------------------------------------------- */

/* Some are accepted, others are not. */
static void wait_for_starts(const char *dir)
{
  struct crash_noted *noted = mt_keep(calloc(EXECUTIONS, sizeof *noted));
  for (unsigned i = 0; i < 3000; i++) {
    crash_read_notes(noted, EXECUTIONS, dir);
    if (noted[EXECUTIONS / 4].has[CRASH_ACCEPTED]) {
      return;
    }
    rest(2);
  }
  mt_fail("nothing is accepted");
}

static void move_store(const char *dir, const char *from, const char *to)
{
  static const char *const parts[] = {"", "-wal", "-shm"};
  for (size_t i = 0; i < 3; i++) {
    mt_eq_int(
        rename(mt_format("%s/%s%s", dir, from, parts[i]), mt_format("%s/%s%s", dir, to, parts[i])),
        0);
  }
}

MT_TEST(disk__the_file_goes_away_and_comes_back)
{
  struct crash_life life = patient_life("away");
  pid_t pid = begin_life(&life, 0);
  wait_for_starts(life.dir);
  move_store(life.dir, "e.db", "aside.db");
  mt_ok(wait_for_log(pid, life.dir, failed, 1));
  rest(300);
  mt_eq_int(count_in_log(life.dir, is_back), 0);
  move_store(life.dir, "aside.db", "e.db");
  mt_eq_int(end_life(pid), 0);
  mt_eq_int(count_in_log(life.dir, failed), 1);
  mt_eq_int(count_in_log(life.dir, is_back), 1);
  mt_ok(count_in_log(life.dir, "was moved or removed") >= 1);
  mt_ok(count_in_log(life.dir, "refused ") >= 1);
  crash_look(life.dir, EXECUTIONS, 1);
}

/* It says so, makes no other in its place, and ends when it is told to. */
MT_TEST(disk__the_file_is_removed)
{
  struct crash_life life = patient_life("removed");
  life.is_stoppable = true;
  pid_t pid = begin_life(&life, 0);
  wait_for_starts(life.dir);
  mt_eq_int(unlink(mt_format("%s/e.db", life.dir)), 0);
  mt_ok(wait_for_log(pid, life.dir, failed, 1));
  rest(300);
  mt_eq_int(kill(pid, SIGTERM), 0);
  mt_eq_int(end_life(pid), CRASH_TERMINATED);
  mt_eq_int(count_in_log(life.dir, is_back), 0);
  mt_ok(count_in_log(life.dir, mt_format("%s/e.db was moved or removed", life.dir)) >= 1);
  mt_ok(access(mt_format("%s/e.db", life.dir), F_OK) != 0);
}

/* ---- rights ------------------------------------------------------------------------------------------------ */

MT_TEST(disk__a_directory_that_cannot_be_written)
{
  const char *dir = mt_format("%s/locked", mt_tmpdir());
  mstep_options options;
  mstep_engine *engine = NULL;
  mt_eq_int(mkdir(dir, 0555), 0);
  mt_eq_int(chmod(mt_tmpdir(), 0777), 0);
  if (geteuid() == 0 && seteuid(65534) != 0) {
    mt_skip("is root and may not become anybody else");
  }
  mstep_options_init(&options, MSTEP_OPTIONS_VERSION);
  options.store = mt_format("sqlite:%s/e.db", dir);
  int err = mstep_engine_open(&engine, &options);
  if (getuid() == 0) {
    mt_eq_int(seteuid(0), 0);
    prctl(PR_SET_DUMPABLE, 1); /* sanitizers look at their own process when it ends */
  }
  mt_eq_int(err, MSTEP_EIO);
  mt_ok(engine == NULL);
  mt_eq_str(mstep_last_error(), mt_format("cannot write %s/e.db-lock: Permission denied", dir));
}

/* ---- damage ------------------------------------------------------------------------------------------------- */

#define SAMPLE 12 /* executions */

/* What an engine tells of the executions; errors as "error: ...". */
struct told {
  const char *texts[2 * SAMPLE];
};

static void keep_text(mstep_str text, void *user)
{
  *(const char **)user = mt_format("%.*s", (int)text.len, text.data);
}

static void listen(int level, const char *module, mstep_str line, void *user)
{
  (void)level;
  (void)module;
  (void)line;
  (void)user;
}

/* Opens it and asks for everything; false: it does not open, and says why. */
static bool ask_all(struct told *told, const char *url, bool is_read_only)
{
  mstep_options options;
  mstep_engine *engine = NULL;
  mstep_options_init(&options, MSTEP_OPTIONS_VERSION);
  options.store = url;
  options.is_read_only = is_read_only;
  options.is_paused = 1;
  options.log = listen;
  if (mstep_engine_open(&engine, &options) != 0) {
    mt_ok(strlen(mstep_last_error()) > 10);
    return false;
  }
  for (unsigned i = 0; i < 2 * SAMPLE; i++) {
    const char *arn = mt_format("%s:e%u", CRASH_ARN("execution:" CRASH_MACHINE), i / 2);
    told->texts[i] = NULL;
    int err = i % 2 == 0 ? mstep_execution_describe(engine, arn, keep_text, (void *)&told->texts[i])
                         : mstep_execution_history(engine, arn, keep_text, (void *)&told->texts[i]);
    if (err != 0) {
      told->texts[i] = mt_format("error: %d %s", err, mstep_last_error());
    }
  }
  mt_eq_int(mstep_engine_close(engine), 0);
  return true;
}

/* Some have ended, some wait, some have tasks in flight. */
static const char *make_sample(void)
{
  struct crash_life life = patient_life("sample");
  life.count = SAMPLE;
  life.is_stoppable = true;
  pid_t pid = begin_life(&life, 0);
  rest(700);
  kill(pid, SIGTERM);
  mt_eq_int(end_life(pid), CRASH_TERMINATED);
  return mt_format("%s/e.db", life.dir);
}

static bool is_error(const char *text)
{
  return strncmp(text, "error: ", 7) == 0;
}

/* Of a damaged file. */
struct tally {
  unsigned unopened; /* files */
  unsigned errors;   /* answers that say that something is wrong */
  unsigned
      missing; /* executions that are not found, in files of which the check says that they are damaged */
};

static bool is_sound(const char *url)
{
  struct ms_store *store = NULL;
  const struct ms_store_options options = {.is_read_only = true, .must_exist = true};
  bool is_well = ms_store_open(&store, url, &options) == 0 && ms_store_check(store) == 0;
  ms_store_close(store);
  return is_well;
}

/* The same as before, or an error that has a text. */
static void compare(struct tally *tally, const struct told *now, const struct told *before,
                    const char *url, size_t at)
{
  static const char not_found[] = "error: -3 ";
  for (unsigned i = 0; i < 2 * SAMPLE; i++) {
    if (strncmp(now->texts[i], mt_format("error: %d ", MSTEP_EIO), 10) == 0) {
      tally->errors++;
    } else if (strncmp(now->texts[i], not_found, 10) == 0 && !is_error(before->texts[i]) &&
               !is_sound(url)) {
      tally->missing++; /* a search that damage leads astray ends nowhere: SQLite does not notice */
    } else if (strcmp(now->texts[i], before->texts[i]) != 0) {
      mt_report("damage at %zu: e%u is told as\n%s\nand not as\n%s", at, i / 2, now->texts[i],
                before->texts[i]);
    }
  }
}

#define PAGE_BYTES 4096

/* Some bytes from there on, or all of the page. */
static void spoil(char *data, size_t len, size_t at, struct ms_random *random)
{
  size_t bytes = 1 + (size_t)ms_random_below(random, 40);
  if (ms_random_below(random, 4) == 0) {
    memset(data + at - at % PAGE_BYTES, 0, PAGE_BYTES);
    return;
  }
  for (size_t i = at; i < at + bytes && i < len; i++) {
    data[i] = (char)(data[i] ^ (char)(1 + ms_random_below(random, 255)));
  }
}

/* Bytes changed anywhere in the file: it is said, or it does not matter. */
static void damage(unsigned rounds, bool is_read_only)
{
  const char *path = make_sample();
  const char *copy = mt_format("%s/copy.db", mt_tmpdir());
  const char *url = mt_format("sqlite:%s", copy);
  struct tally tally = {0};
  struct told before, now;
  struct ms_random random;
  size_t len;
  char *data = mt_read_file(path, &len);
  char *bad = mt_keep(malloc(len));
  ms_random_seed(&random, is_read_only);
  mt_write_file(copy, data, len);
  mt_ok(ask_all(&before, url, true));
  for (unsigned i = 0; i < rounds; i++) {
    size_t at = (size_t)ms_random_below(&random, len);
    memcpy(bad, data, len);
    spoil(bad, len, at, &random);
    unlink(mt_format("%s-wal", copy));
    unlink(mt_format("%s-shm", copy));
    mt_write_file(copy, bad, len);
    if (ask_all(&now, url, is_read_only)) {
      compare(&tally, &now, &before, url, at);
    } else {
      tally.unopened++;
    }
  }
  mt_note("%u of %u damaged files did not open, %u answers were errors, %u not found",
          tally.unopened, rounds, tally.errors, tally.missing);
  mt_ok(tally.unopened > rounds / 20);
}

MT_TEST(disk__damaged_pages_are_never_told_as_if_they_were_well)
{
  damage(150, true);
}

MT_TEST(disk__damaged_pages_are_noticed_by_whoever_goes_on)
{
  damage(50, false);
}

/* ---- SIGTERM ------------------------------------------------------------------------------------------------- */

#ifdef MSTEP_FAULTS

static void ask_to_stop(enum ms_fault point)
{
  (void)point;
  kill(getpid(), SIGTERM); /* the store's thread takes none */
}

static pid_t begin_life_to(const struct crash_life *life, enum ms_fault point, unsigned after)
{
  fflush(stdout);
  pid_t pid = fork();
  mt_ok(pid >= 0);
  if (pid == 0) {
    alarm(LIFE_SECONDS);
    ms_fault_arm(point, after, ask_to_stop);
    _exit(crash_child(life));
  }
  return pid;
}

#endif

/* Each time it ends in good order, and the next one goes on. */
MT_TEST(disk__sigterm_in_a_commit)
{
  struct crash_life life = patient_life("term");
  unsigned stops = 0;
  int result = CRASH_TERMINATED;
  life.is_patient = false; /* no error is logged */
  life.starts_max = 10;
  life.is_stoppable = true;
  for (unsigned i = 0; i < 8 && result == CRASH_TERMINATED; i++) {
#ifdef MSTEP_FAULTS
    static const enum ms_fault points[] = {MS_FAULT_store_commit_begin,
                                           MS_FAULT_store_commit_written,
                                           MS_FAULT_store_commit_done, MS_FAULT_turn_journaled};
    pid_t pid = begin_life_to(&life, points[i % 4], 2 + i);
#else
    pid_t pid = begin_life(&life, 0);
    rest(40 + 20 * i);
    kill(pid, SIGTERM);
#endif
    result = end_life(pid);
    stops += result == CRASH_TERMINATED;
  }
  mt_note("%u stops", stops);
  mt_ok(stops >= 4);
  result = result == CRASH_TERMINATED ? end_life(begin_life(&life, 0)) : result;
  mt_eq_int(result, 0);
  crash_look(life.dir, EXECUTIONS, stops);
}
