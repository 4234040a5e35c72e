/* Destinations, one kind after the other: what gets there, and which failures are final. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "dest/dest.h"
#include "mt.h"
#include "json/json.h"

struct bed {
  struct ms_loop *loop;
  struct ms_random random;
  struct ms_dests *dests;
  unsigned count; /* answers */
  int code;
  bool is_final;
  char detail[256];
  char seen[1024]; /* what the ways above were given */
  const char *hook_result;
  int hook_code;
  ms_dest_hook_cb hook_done;
  void *hook_arg;
};

static void on_delivered(int code, bool is_final, const char *detail, void *arg)
{
  struct bed *bed = arg;
  bed->count++;
  bed->code = code;
  bed->is_final = is_final;
  snprintf(bed->detail, sizeof bed->detail, "%s", detail);
}

static int way(const struct ms_delivery *delivery, ms_delivered_cb cb, void *arg, void *user)
{
  struct bed *bed = user;
  size_t len = strlen(bed->seen);
  snprintf(bed->seen + len, sizeof bed->seen - len, "[%.*s %.*s]", MS_STR_ARG(delivery->target),
           MS_STR_ARG(delivery->body));
  cb(0, false, "", arg); /* the driver's own would come later */
  return MSTEP_OK;
}

static int hook(struct ms_str name, struct ms_str record, ms_dest_hook_cb done, void *arg,
                void *user)
{
  struct bed *bed = user;
  snprintf(bed->seen, sizeof bed->seen, "(%.*s %.*s)", MS_STR_ARG(name), MS_STR_ARG(record));
  bed->hook_done = done;
  bed->hook_arg = arg;
  return MSTEP_OK;
}

static void on_timer(void *user)
{
  struct bed *bed = user;
  ms_dests_on_timer(bed->dests, ms_loop_now_ms(bed->loop));
}

static void nothing(void *user)
{
  (void)user;
}

static void open_bed(struct bed *bed, const char *buckets)
{
  *bed = (struct bed){0};
  ms_random_seed(&bed->random, 1);
  mt_eq_int(ms_loop_sim_new(&bed->loop, 1704067200000), 0);
  const struct ms_loop_callbacks callbacks = {on_timer, nothing, nothing, bed};
  ms_loop_set_callbacks(bed->loop, &callbacks);
  const struct ms_dests_options options = {
      .loop = bed->loop,
      .random = &bed->random,
      .buckets_dir = buckets,
      .up = {.invoke = way, .send = way, .hook = hook, .user = bed}};
  mt_eq_int(ms_dests_new(&bed->dests, &options), 0);
}

static void close_bed(struct bed *bed)
{
  ms_dests_free(bed->dests);
  ms_loop_free(bed->loop);
}

static int deliver(struct bed *bed, const char *target, const char *key)
{
  const struct ms_delivery delivery = {
      .target = ms_str_c(target), .body = MS_STR("{\"a\":1}"), .key = ms_str_c(key)};
  bed->count = 0;
  bed->code = 0;
  bed->seen[0] = '\0';
  return ms_dests_deliver(bed->dests, &delivery, on_delivered, bed);
}

static void settle(struct bed *bed)
{
  ms_loop_set_timer(bed->loop, ms_dests_next_due_ms(bed->dests));
  mt_eq_int(ms_loop_run(bed->loop), 0);
}

MT_TEST(dest__by_arn)
{
  struct bed bed;
  open_bed(&bed, NULL);
  mt_eq_int(deliver(&bed, "arn:aws:lambda:us-east-1:000000000000:function:f", ""), 0);
  mt_eq_str(bed.seen, "[arn:aws:lambda:us-east-1:000000000000:function:f {\"a\":1}]");
  mt_eq_int(deliver(&bed, "arn:aws:sqs:us-east-1:000000000000:q", ""), 0);
  mt_eq_str(bed.seen, "[arn:aws:sqs:us-east-1:000000000000:q {\"a\":1}]");
  mt_eq_int(deliver(&bed, "arn:aws:sns:us-east-1:000000000000:t", ""), MSTEP_EUNSUPPORTED);
  mt_eq_int(deliver(&bed, "arn:aws:events:us-east-1:000000000000:event-bus/b", ""),
            MSTEP_EUNSUPPORTED);
  mt_eq_int(deliver(&bed, "arn:aws:states:us-east-1:000000000000:stateMachine:m", ""),
            MSTEP_EUNSUPPORTED);
  static const char *const wrong[] = {"",    "arn:",    "arn:aws:sqs",
                                      "sqs", "ftp://x", "arn:aws:iam::1:x"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    mt_eq_int(ms_dest_is_target(ms_str_c(wrong[i])), strcmp(wrong[i], "arn:aws:sqs") == 0);
  }
  mt_eq_int(deliver(&bed, "ftp://x", ""), MSTEP_EINVALID);
  close_bed(&bed);
}

MT_TEST(dest__folder)
{
  struct bed bed;
  open_bed(&bed, mt_tmpdir());
  mt_eq_int(deliver(&bed, mt_format("file:%s/out", mt_tmpdir()), "a/b/c"), 0);
  mt_eq_int(bed.count, 0); /* never from inside */
  settle(&bed);
  mt_eq_int(bed.count, 1);
  mt_eq_int(bed.code, 0);
  mt_eq_str(mt_read_file(mt_format("%s/out/a/b/c", mt_tmpdir()), NULL), "{\"a\":1}");
  mt_eq_int(deliver(&bed, "arn:aws:s3:::bucket", "k"), 0);
  settle(&bed);
  mt_eq_str(mt_read_file(mt_format("%s/bucket/k", mt_tmpdir()), NULL), "{\"a\":1}");
  static const struct {
    const char *target, *key;
    bool is_final;
  } bad[] = {{"arn:aws:s3:::../x", "k", true},
             {"arn:aws:s3:::b", "../k", true},
             {"arn:aws:s3:::b", "/k", true},
             {"arn:aws:s3:::b", "a//k", true},
             {"file:", "k", true},
             {"file:/dev/null/x", "k", false}};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    mt_eq_int(deliver(&bed, bad[i].target, bad[i].key), 0);
    settle(&bed);
    if (bed.count != 1 || bed.code == 0 || bed.is_final != bad[i].is_final) {
      mt_report("%s %s: %d %d %s", bad[i].target, bad[i].key, bed.code, bed.is_final, bed.detail);
    }
  }
  close_bed(&bed);
}

static void check_hook(struct bed *bed, const char *target, int code, const char *result,
                       const char *seen)
{
  mt_eq_int(deliver(bed, target, ""), 0);
  mt_eq_str(bed->seen, "(h {\"a\":1})");
  bed->seen[0] = '\0';
  bed->hook_done(code, ms_str_c(result), bed->hook_arg);
  mt_eq_int(bed->count, 1);
  mt_eq_str(bed->seen, seen);
}

#define Q "arn:aws:sqs:us-east-1:000000000000:q"

MT_TEST(dest__hook)
{
  struct bed bed;
  open_bed(&bed, NULL);
  check_hook(&bed, "hook:h", 0, "null", "");
  mt_eq_int(bed.code, 0);
  check_hook(&bed, "hook:h," Q, 0, "false", "");
  check_hook(&bed, "hook:h", 0, "{\"b\":2}", "");
  check_hook(&bed, "hook:h," Q, 0, "{\"b\":2}", "[" Q " {\"b\":2}]");
  check_hook(&bed, "hook:h", 0,
             "[{\"Destination\":\"" Q "\",\"Record\":1},{\"Destination\":\"" Q "\",\"Record\":2}]",
             "[" Q " 1][" Q " 2]");
  mt_eq_int(bed.code, 0);
  check_hook(&bed, "hook:h", 0,
             "[{\"Destination\":\"" Q "\",\"Record\":1},{\"Destination\":"
             "\"ftp://x\",\"Record\":2}]",
             "[" Q " 1]");
  mt_eq_int(bed.code, MSTEP_EINVALID);
  mt_ok(bed.is_final);
  check_hook(&bed, "hook:h,hook:h", 0, "1", "");
  mt_ok(bed.is_final);
  check_hook(&bed, "hook:h", MSTEP_ELUA, "it broke", "");
  mt_eq_int(bed.code, MSTEP_ELUA);
  mt_ok(!bed.is_final);
  mt_eq_str(bed.detail, "it broke");
  check_hook(&bed, "hook:h", MSTEP_ENOTFOUND, "", "");
  mt_ok(bed.is_final);
  mt_eq_int(deliver(&bed, "hook:h", ""), 0); /* left open */
  close_bed(&bed);
}
