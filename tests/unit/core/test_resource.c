/* Task resources taken apart. */
#include "core/core.h"
#include "mt.h"

static struct ms_resource parsed(const char *arn)
{
  struct ms_resource resource;
  ms_resource_parse(&resource, ms_str_c(arn));
  return resource;
}

static bool is(struct ms_str text, const char *expected)
{
  return ms_str_eq(text, ms_str_c(expected));
}

MT_TEST(resource__lambda_function)
{
  struct ms_resource r = parsed("arn:aws:lambda:eu-west-1:123456789012:function:pay:$LATEST");
  mt_eq_int(r.kind, MS_RESOURCE_LAMBDA);
  mt_ok(is(r.name, "pay"));
  mt_ok(!r.waits_for_token && !r.is_sync);
}

MT_TEST(resource__activity)
{
  struct ms_resource r = parsed("arn:aws:states:us-east-1:123456789012:activity:approve");
  mt_eq_int(r.kind, MS_RESOURCE_ACTIVITY);
  mt_ok(is(r.name, "approve"));
}

MT_TEST(resource__service)
{
  struct ms_resource r = parsed("arn:aws:states:::sqs:sendMessage.waitForTaskToken");
  mt_eq_int(r.kind, MS_RESOURCE_SERVICE);
  mt_ok(is(r.type, "sqs"));
  mt_ok(is(r.action, "sendMessage.waitForTaskToken"));
  mt_ok(r.waits_for_token && !r.is_sync);
}

MT_TEST(resource__sync_forms)
{
  mt_ok(parsed("arn:aws:states:::states:startExecution.sync").is_sync);
  struct ms_resource r = parsed("arn:aws:states:::states:startExecution.sync:2");
  mt_ok(r.is_sync);
  mt_ok(is(r.action, "startExecution.sync:2"));
}

MT_TEST(resource__sdk_keeps_its_two_words)
{
  struct ms_resource r = parsed("arn:aws:states:::aws-sdk:s3:getObject");
  mt_ok(is(r.type, "aws-sdk:s3"));
  mt_ok(is(r.action, "getObject"));
}

MT_TEST(resource__nonsense_does_not_crash)
{
  parsed("");
  parsed(":::::");
  parsed("arn");
  parsed("arn:aws:states:::aws-sdk");
}
