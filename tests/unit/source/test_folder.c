/*
 * Watched folders as a driver by itself: what is told of files that come, change and go, once; after a restart, with
 * targets that refuse, with a store that fails, without memory.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver_host.h"
#include "json/json.h"
#include "mt.h"
#include "source/folder.h"

static const char *dir;

static void write_file(const char *name, const char *text)
{
  FILE *file = fopen(mt_format("%s/in/%s", dir, name), "w");
  mt_ok(file != NULL);
  mt_ok(fputs(text, file) >= 0);
  mt_eq_int(fclose(file), 0);
}

static void make_folder(void)
{
  static int count;
  dir = mt_format("%s/%d", mt_tmpdir(), ++count);
  mt_eq_int(mkdir(dir, 0700), 0);
  mt_eq_int(mkdir(mt_format("%s/in", dir), 0700), 0);
}

static int put(struct driver_host *host, const char *watches)
{
  struct ms_json value;
  int err = ms_json_parse(&value, ms_str_c(watches), NULL, NULL);
  if (err != 0) {
    return err;
  }
  err = ms_folders_set_up(host->driver, dir);
  err = err != 0 ? err : ms_folders_put(host->driver, value);
  ms_json_unref(value);
  return err;
}

#define FUNCTION "arn:aws:lambda:us-east-1:000000000000:function:f"
#define BOTH "\"Events\":[\"ObjectCreated\",\"ObjectRemoved\"]"

/* Looks, and does what is due, for so long. */
static void look(struct driver_host *host, int64_t ms)
{
  mt_eq_int(ms_folders_look(host->driver), 0);
  host_pass(host, ms);
}

/* So many deliveries were taken; the latest has that in it. */
static void has(const struct driver_host *host, unsigned took, const char *part)
{
  if (host->took != took || (part != NULL && strstr(host->last.body, part) == NULL)) {
    mt_fail("%u taken, not %u; %s in %s", host->took, took, part == NULL ? "" : part,
            host->last.body);
  }
}

static const char watch_both[] =
    "[{\"Folder\":\"in\",\"FunctionName\":\"f\",\"Id\":\"cfg\"," BOTH "}]";

static void life(const char *url)
{
  struct driver_host host;
  make_folder();
  mt_eq_int(host_open(&host, &ms_folders_driver, url), 0);
  mt_eq_int(put(&host, watch_both), 0);
  host_pass(&host, 1000);
  has(&host, 0, NULL);
  write_file("a b.txt", "hello");
  look(&host, 1000);
  has(&host, 1,
      "{\"Records\":[{\"eventVersion\":\"2.1\",\"eventSource\":\"aws:s3\",\"awsRegion\":\"us-east-1\","
      "\"eventTime\":\"2024-01-01T00:00:0");
  has(&host, 1,
      "\"eventName\":\"ObjectCreated:Put\",\"userIdentity\":{\"principalId\":\"000000000000\"},"
      "\"requestParameters\":{\"sourceIPAddress\":\"127.0.0.1\"},\"responseElements\":{"
      "\"x-amz-request-id\":\"");
  has(&host, 1,
      "\"s3\":{\"s3SchemaVersion\":\"1.0\",\"configurationId\":\"cfg\",\"bucket\":{\"name\":\"in\","
      "\"ownerIdentity\":{\"principalId\":\"000000000000\"},\"arn\":\"arn:aws:s3:::in\"},\"object\":{"
      "\"key\":\"a+b.txt\",\"size\":5,\"eTag\":\"5d41402abc4b2a76b9719d911017c592\","
      "\"sequencer\":\"");
  mt_eq_str(host.last.target, FUNCTION);
  look(&host, 1000); /* once */
  has(&host, 1, NULL);
  write_file("a b.txt", "hello again");
  look(&host, 1000);
  has(&host, 2, "\"size\":11");
  mt_eq_int(unlink(mt_format("%s/in/a b.txt", dir)), 0);
  look(&host, 1000);
  has(&host, 3, "\"eventName\":\"ObjectRemoved:Delete\"");
  has(&host, 3, "\"object\":{\"key\":\"a+b.txt\",\"sequencer\":\"");
  look(&host, 1000);
  has(&host, 3, NULL);
  host_close(&host);
}

MT_TEST(folder__life_without_a_store)
{
  life(NULL);
}

MT_TEST(folder__life_in_a_store)
{
  life("memory:");
  life(mt_format("sqlite:%s/s.db", mt_tmpdir()));
}

/* What came, changed and went while nobody ran is told once; what was told before is not. */
MT_TEST(folder__after_a_restart)
{
  struct driver_host host;
  make_folder();
  write_file("first", "1");
  mt_eq_int(host_open(&host, &ms_folders_driver, mt_format("sqlite:%s/s.db", dir)), 0);
  mt_eq_int(put(&host, watch_both), 0);
  host_pass(&host, 1000);
  has(&host, 1, "\"key\":\"first\"");
  host.type->close(host.driver);
  write_file("second", "2");
  mt_eq_int(host_reopen(&host), 0);
  mt_eq_int(put(&host, watch_both), 0);
  host_pass(&host, 1000);
  has(&host, 2, "\"key\":\"second\"");
  host.type->close(host.driver);
  mt_eq_int(unlink(mt_format("%s/in/first", dir)), 0);
  mt_eq_int(host_reopen(&host), 0);
  mt_eq_int(put(&host, "[{\"Folder\":\"./x/..//in/y/..\",\"FunctionName\":\"f\"," BOTH "}]"), 0);
  host_pass(&host, 1000);
  has(&host, 3, "ObjectRemoved:Delete");
  /* A folder that is away as a whole has not lost its files. */
  host.type->close(host.driver);
  mt_eq_int(rename(mt_format("%s/in", dir), mt_format("%s/away", dir)), 0);
  mt_eq_int(host_reopen(&host), 0);
  mt_eq_int(put(&host, watch_both), 0);
  look(&host, 5000);
  mt_eq_int(rename(mt_format("%s/away", dir), mt_format("%s/in", dir)), 0);
  look(&host, 5000);
  has(&host, 3, NULL);
  host_close(&host);
}

/* What was told and not delivered when the engine ended is delivered by the next. */
MT_TEST(folder__deliveries_survive)
{
  struct driver_host host;
  make_folder();
  mt_eq_int(host_open(&host, &ms_folders_driver, mt_format("sqlite:%s/s.db", dir)), 0);
  mt_eq_int(put(&host, watch_both), 0);
  host.refuses = "function:f";
  host.code = MSTEP_EIO;
  write_file("x", "1");
  look(&host, 1000);
  has(&host, 0, NULL);
  mt_ok(host.tried >= 1);
  host.type->close(host.driver);
  host.refuses = NULL;
  mt_eq_int(host_reopen(&host), 0);
  mt_eq_int(put(&host, watch_both), 0);
  host_pass(&host, 600000);
  has(&host, 1, "\"key\":\"x\"");
  host_close(&host);
}

/* A file that somebody has open for writing is not whole. */
MT_TEST(folder__half_written_files_wait)
{
  struct driver_host host;
  make_folder();
  mt_eq_int(host_open(&host, &ms_folders_driver, "memory:"), 0);
  mt_eq_int(put(&host, watch_both), 0);
  int fd = open(mt_format("%s/in/slow", dir), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  mt_eq_int(write(fd, "ab", 2), 2);
  look(&host, 60000);
  has(&host, 0, NULL);
  mt_eq_int((int)ms_folders_pending(host.driver), 1);
  mt_eq_int(write(fd, "cd", 2), 2);
  mt_eq_int(close(fd), 0);
  host_pass(&host, 1000);
  has(&host, 1, "\"size\":4");
  mt_eq_int((int)ms_folders_pending(host.driver), 0);
  host_close(&host);
}

MT_TEST(folder__filters_targets_and_buses)
{
  struct driver_host host;
  make_folder();
  mt_eq_int(host_open(&host, &ms_folders_driver, NULL), 0);
  mt_eq_int(put(&host, "[{\"Folder\":\"in/\",\"FunctionName\":\"f\",\"Prefix\":\"a/\",\"Suffix\":\".csv\"},"
                       "{\"Folder\":\"in\",\"To\":{\"kind\":\"bus\",\"name\":\"default\"},\"Bucket\":\"b\"}]"),
            0);
  write_file(".hidden", "1");
  write_file("draft~", "1");
  look(&host, 1000);
  has(&host, 0, NULL);
  write_file("x y.csv", "1");
  look(&host, 1000);
  has(&host, 1,
      "{\"version\":\"0\",\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"x y.csv\",\"size\":1,"
      "\"etag\":\"c4ca4238a0b923820dcc509a6f75849b\",\"sequencer\":\"");
  mt_eq_str(host.last.target, "arn:aws:events:us-east-1:000000000000:event-bus/default");
  mt_eq_int(mkdir(mt_format("%s/in/a", dir), 0700), 0);
  write_file("a/1.csv", "1");
  look(&host, 1000);
  has(&host, 3, NULL);
  mt_eq_int(unlink(mt_format("%s/in/a/1.csv", dir)), 0); /* nobody asked for that */
  look(&host, 1000);
  has(&host, 3, NULL);
  host_close(&host);
}

MT_TEST(folder__refused_watches)
{
  static const char *const rows[] = {
      "{}", "7", "[7]", "[{}]", "[{\"Folder\":\"in\"}]", "[{\"FunctionName\":\"f\"}]",
      "[{\"Folder\":\"in\",\"FunctionName\":\"f\",\"Events\":[\"x\"]}]",
      "[{\"Folder\":\"in\",\"FunctionName\":\"f\",\"Events\":[1]}]",
      "[{\"Folder\":\"i\\n\",\"FunctionName\":\"f\"}]", "[{\"Folder\":\"i\\u0000\",\"FunctionName\":\"f\"}]",
      "[{\"Folder\":\"in\",\"FunctionName\":\"f\",\"Bucket\":\"a\\\"\"}]"};
  struct driver_host host;
  make_folder();
  mt_eq_int(host_open(&host, &ms_folders_driver, NULL), 0);
  mt_eq_int(put(&host, watch_both), 0);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (put(&host, rows[i]) != MSTEP_EINVALID) {
      mt_fail("%s was taken", rows[i]);
    }
  }
  write_file("x", "1"); /* the watch from before is there */
  look(&host, 1000);
  has(&host, 1, NULL);
  host_close(&host);
}

/* A store that fails: nothing is told that is not written, and all of it later. */
MT_TEST(folder__a_store_that_fails)
{
  struct driver_host host;
  make_folder();
  mt_eq_int(host_open(&host, &ms_folders_driver, "memory:"), 0);
  mt_eq_int(put(&host, watch_both), 0);
  host.is_broken = true;
  write_file("x", "1");
  look(&host, 5000);
  has(&host, 0, NULL);
  mt_eq_int((int)host.tried, 0);
  host.is_broken = false;
  host_pass(&host, 5000);
  has(&host, 1, NULL);
  host_close(&host);
}

static int whole_life(void *user)
{
  struct driver_host *host = user;
  int err = host_open(host, &ms_folders_driver, "memory:");
  err = err != 0 ? err : put(host, watch_both);
  if (err == 0) {
    write_file("x", "1");
    err = ms_folders_look(host->driver);
  }
  if (err == 0) {
    host_pass(host, 5000); /* what had no memory has some now, or is tried again */
    host_pass(host, 5000);
    mt_eq_int(unlink(mt_format("%s/in/x", dir)), 0);
    err = ms_folders_look(host->driver);
    host_pass(host, 5000);
  }
  host_close(host);
  return err;
}

MT_TEST(folder__out_of_memory)
{
  struct driver_host host;
  make_folder();
  mt_oom(whole_life, &host);
}
