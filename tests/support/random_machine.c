/* See random_machine.h. Every generated machine ends: transitions only lead forward. */
#include "random_machine.h"

struct generator {
  struct ms_buf *out;
  struct ms_random *random;
  unsigned next_name; /* names are unique in the whole machine */
  bool is_express;    /* inside an Express child: no tokens, no activities, no map runs */
};

static unsigned below(struct generator *g, unsigned bound)
{
  return (unsigned)ms_random_below(g->random, bound);
}

static void put_flow(struct generator *g, unsigned depth, const char *config);

static void put_retry(struct generator *g)
{
  static const char *const errors[] = {"X", "Y", "States.Timeout", "States.TaskFailed"};
  ms_buf_printf(g->out, ",\"Retry\":[{\"ErrorEquals\":[\"%s\"],\"IntervalSeconds\":%u,\"MaxAttempts\":%u,"
                        "\"BackoffRate\":1.5%s}",
                errors[below(g, 4)], 1 + below(g, 3), below(g, 3),
                below(g, 2) ? ",\"JitterStrategy\":\"FULL\"" : "");
  if (below(g, 2))
    ms_buf_cstr(g->out, ",{\"ErrorEquals\":[\"States.ALL\"],\"MaxAttempts\":1,\"MaxDelaySeconds\":5}");
  ms_buf_char(g->out, ']');
}

static void put_handlers(struct generator *g, unsigned next)
{
  if (below(g, 2))
    put_retry(g);
  if (below(g, 2))
    ms_buf_printf(g->out, ",\"Catch\":[{\"ErrorEquals\":[\"%s\"],\"ResultPath\":\"$.e\",\"Next\":\"S%u\"}]",
                  below(g, 2) ? "States.ALL" : "Y", next);
}

static void put_task(struct generator *g, unsigned next)
{
  static const char *const resources[] = {
      "arn:aws:lambda:us-east-1:000000000000:function:f", "arn:aws:states:::sqs:sendMessage",
      "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
      "arn:aws:states:us-east-1:000000000000:activity:a"};
  ms_buf_printf(g->out, "\"Type\":\"Task\",\"Resource\":\"%s\"", resources[below(g, g->is_express ? 2 : 4)]);
  if (below(g, 2))
    ms_buf_printf(g->out, ",\"TimeoutSeconds\":%u", 3 + below(g, 8));
  if (below(g, 3) == 0)
    ms_buf_cstr(g->out, ",\"HeartbeatSeconds\":2");
  if (below(g, 2))
    ms_buf_cstr(g->out, ",\"ResultPath\":\"$.r\"");
  put_handlers(g, next);
}

static void put_parallel(struct generator *g, unsigned depth, unsigned next)
{
  ms_buf_cstr(g->out, "\"Type\":\"Parallel\",\"ResultPath\":\"$.p\",\"Branches\":[");
  unsigned count = 1 + below(g, 3);
  for (unsigned i = 0; i < count; i++) {
    if (i != 0)
      ms_buf_char(g->out, ',');
    put_flow(g, depth + 1, "");
  }
  ms_buf_char(g->out, ']');
  put_handlers(g, next);
}

/* The beginning of a Map's flow; sometimes it is a map run's. */
static const char *processor_config(struct generator *g)
{
  static const char *const configs[] = {
      "\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\",\"ExecutionType\":\"STANDARD\"},",
      "\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\",\"ExecutionType\":\"EXPRESS\"},"};
  unsigned kind = below(g, 6);
  if (kind >= 2 || g->is_express)
    return "";
  g->is_express = kind == 1;
  return configs[kind];
}

static void put_map(struct generator *g, unsigned depth, unsigned next)
{
  ms_buf_printf(g->out, "\"Type\":\"Map\",\"ItemsPath\":\"$.items\",\"ResultPath\":\"$.m\",\"MaxConcurrency\":%u,",
                below(g, 4));
  ms_buf_cstr(g->out, "\"ItemSelector\":{\"items.$\":\"$.items\",\"i.$\":\"$$.Map.Item.Index\"},");
  if (below(g, 3) == 0)
    ms_buf_cstr(g->out, "\"ToleratedFailureCount\":1,");
  bool was_express = g->is_express;
  const char *config = processor_config(g);
  if (config[0] != '\0' && below(g, 2) == 0)
    ms_buf_cstr(g->out, "\"ResultWriter\":{\"Resource\":\"arn:aws:states:::s3:putObject\","
                        "\"Parameters\":{\"Bucket\":\"b\"}},");
  ms_buf_cstr(g->out, "\"ItemProcessor\":");
  put_flow(g, depth + 1, config);
  g->is_express = was_express;
  put_handlers(g, next);
}

static void put_state(struct generator *g, unsigned depth, unsigned next)
{
  switch (below(g, depth < 2 ? 8 : 5)) {
  case 0:
    ms_buf_printf(g->out,
                  "\"Type\":\"Pass\",\"Result\":{\"v\":1},\"ResultPath\":\"$.x\","
                  "\"Assign\":{\"v%u\":{\"is\":%u}}",
                  next, next);
    break;
  case 1:
    ms_buf_printf(g->out, "\"Type\":\"Wait\",\"Seconds\":%u", below(g, 4));
    break;
  case 2:
  case 3:
  case 4:
    put_task(g, next);
    break;
  case 5:
    put_parallel(g, depth, next);
    break;
  default:
    put_map(g, depth, next);
    break;
  }
  ms_buf_printf(g->out, ",\"Next\":\"S%u\"", next);
}

/* A chain of states; the last is Succeed, Fail or a Choice's way out. */
static void put_flow(struct generator *g, unsigned depth, const char *config)
{
  unsigned count = 1 + below(g, depth == 0 ? 5 : 3);
  unsigned base = g->next_name;
  g->next_name += count + 3;
  ms_buf_printf(g->out, "{%s\"StartAt\":\"S%u\",\"States\":{", config, base);
  for (unsigned i = 0; i < count; i++) {
    ms_buf_printf(g->out, "\"S%u\":{", base + i);
    put_state(g, depth, base + i + 1);
    ms_buf_cstr(g->out, "},");
  }
  ms_buf_printf(g->out,
                "\"S%u\":{\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$.fail\",\"IsPresent\":true,"
                "\"Next\":\"S%u\"}],\"Default\":\"S%u\"},",
                base + count, base + count + 1, base + count + 2);
  ms_buf_printf(g->out, "\"S%u\":{\"Type\":\"Fail\",\"Error\":\"Y\",\"Cause\":\"asked for\"},",
                base + count + 1);
  ms_buf_printf(g->out, "\"S%u\":{\"Type\":\"Succeed\"}}}", base + count + 2);
}

void random_machine(struct ms_buf *out, struct ms_random *random)
{
  struct generator generator = {out, random, 0, false};
  put_flow(&generator, 0, "");
}
