/*
 * From the start of a process to its first result: this program starts itself again and again; the
 * child opens an engine, runs one execution and writes its output. With a Lua function in between
 * as the second figure. Given the program `mstep`, `mstep run` of the same machine is the third.
 * One JSON object on standard output.
 *
 *   bench_start [MSTEP]
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "mstep/mstep.h"

#define ROUNDS 40

static const char pass[] =
    "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Pass\",\"End\":true}}}";
static const char task[] =
    "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":"
    "\"arn:aws:lambda:us-east-1:000000000000:function:echo\",\"End\":true}}}";
static const char echo[] = "return function(event) return event end";

static double now_ms(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void check(int err, const char *what)
{
  if (err != 0) {
    fprintf(stderr, "%s: %s (%s)\n", what, mstep_strerror(err), mstep_last_error());
    exit(1);
  }
}

static void on_done(mstep_engine *engine, const char *arn, mstep_status status, mstep_str output,
                    mstep_str error, mstep_str cause, void *user)
{
  (void)engine;
  (void)arn;
  (void)error;
  (void)user;
  if (status != MSTEP_SUCCEEDED) {
    fprintf(stderr, "%.*s\n", (int)cause.len, cause.data);
    exit(1);
  }
  if (write(1, output.data, output.len) < 0) {
    exit(1);
  }
}

static int child(const char *definition)
{
  mstep_options options;
  check(mstep_options_init(&options, MSTEP_OPTIONS_VERSION), "options");
  options.workers = 0;
  mstep_engine *engine;
  mstep_arn machine, arn;
  check(mstep_engine_open(&engine, &options), "open");
  if (definition == task) {
    check(mstep_function_load(engine, "echo", (mstep_str){echo, sizeof echo - 1}), "function");
  }
  check(mstep_state_machine_create(&machine, engine, "start",
                                   (mstep_str){definition, strlen(definition)}, NULL, NULL, NULL),
        "machine");
  check(mstep_execution_start(&arn, engine, machine.text, NULL, (mstep_str){"{\"n\":1}", 7},
                              on_done, NULL),
        "start");
  check(mstep_engine_run(engine), "run");
  return mstep_engine_close(engine);
}

/* Milliseconds until the child has written something. */
static double once(char *const argv[])
{
  int ends[2];
  check(pipe(ends), "pipe");
  double start = now_ms();
  pid_t pid = fork();
  if (pid == 0) {
    dup2(ends[1], 1);
    int nowhere = open("/dev/null", O_WRONLY); /* what the program tells people */
    dup2(nowhere, 2);
    close(ends[0]);
    close(ends[1]);
    execv(argv[0], argv);
    _exit(127);
  }
  close(ends[1]);
  char byte;
  if (read(ends[0], &byte, 1) != 1) {
    fprintf(stderr, "%s wrote nothing\n", argv[0]);
    exit(1);
  }
  double ms = now_ms() - start;
  close(ends[0]);
  int status;
  waitpid(pid, &status, 0);
  return ms;
}

static int by_size(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(char *const argv[])
{
  double all[ROUNDS];
  for (int i = 0; i < ROUNDS; i++) {
    all[i] = once(argv);
  }
  qsort(all, ROUNDS, sizeof all[0], by_size);
  return all[ROUNDS / 2];
}

static double program_ms(char *mstep)
{
  char path[] = "/tmp/bench_start_XXXXXX";
  int fd = mkstemp(path);
  if (fd < 0 || write(fd, pass, sizeof pass - 1) < 0) {
    return -1;
  }
  close(fd);
  char *const argv[] = {mstep, "run", path, "--input", "{\"n\":1}", NULL};
  double ms = median(argv);
  unlink(path);
  return ms;
}

int main(int argc, char **argv)
{
  if (argc == 2 && strcmp(argv[1], "--pass") == 0) {
    return child(pass);
  }
  if (argc == 2 && strcmp(argv[1], "--task") == 0) {
    return child(task);
  }
  char self[] = "/proc/self/exe";
  char *const with_pass[] = {self, "--pass", NULL};
  char *const with_task[] = {self, "--task", NULL};
  double pass_ms = median(with_pass);
  double task_ms = median(with_task);
  printf("{\"bench\":\"start\",\"rounds\":%d,\"first_result_ms\":%.2f,\"first_lua_result_ms\":%.2f",
         ROUNDS, pass_ms, task_ms);
  if (argc > 1) {
    printf(",\"program_first_result_ms\":%.2f", program_ms(argv[1]));
  }
  printf("}\n");
  return 0;
}
