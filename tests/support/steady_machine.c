/* See steady_machine.h. */
#include "steady_machine.h"

#include <stdio.h>
#include <string.h>

#include "mt.h"

#define LONG_BYTES 1500 /* more than MS_DOCUMENT_BYTES */

struct generator {
  struct ms_buf *out;
  struct ms_random *random;
  unsigned next_name; /* names are unique in the whole machine */
  bool is_express;
  bool is_distributed; /* inside of a map run: its children are executions of their own */
};

static unsigned below(struct generator *g, unsigned bound)
{
  return (unsigned)ms_random_below(g->random, bound);
}

static void put_flow(struct generator *g, unsigned depth, const char *config);

/* ---- tasks ---- */

static void put_parameters(struct generator *g, unsigned self, const char *mode, const char *more)
{
  ms_buf_printf(g->out,
                ",\"Parameters\":{\"id.$\":\"$.id\",\"s\":\"S%u\",\"i.$\":\"$.i\","
                "\"r.$\":\"$$.State.RetryCount\",\"d.$\":\"$$.Execution.RedriveCount\","
                "\"m\":\"%s\"%s%s%s}",
                self, mode, more, below(g, 6) == 0 ? ",\"long\":true" : "",
                below(g, 12) == 0 ? ",\"all.$\":\"$\"" : "");
}

static void put_flaky(struct generator *g, unsigned self, unsigned next)
{
  unsigned attempts = 1 + below(g, 2), fails = below(g, attempts + 2);
  char more[32];
  snprintf(more, sizeof more, ",\"x\":%u", fails > attempts ? 99 : fails);
  put_parameters(g, self, "flaky", more);
  ms_buf_printf(g->out,
                ",\"Retry\":[{\"ErrorEquals\":[\"X\"],\"IntervalSeconds\":%u,\"MaxAttempts\":%u%s}],"
                "\"Catch\":[{\"ErrorEquals\":[\"X\"],\"ResultPath\":\"$.e%u\",\"Next\":\"S%u\"}]",
                1 + below(g, 3), attempts,
                below(g, 2) ? ",\"BackoffRate\":1.5,\"JitterStrategy\":\"FULL\"" : "", self, next);
}

/* Ends by its deadline, which is caught. */
static void put_mute(struct generator *g, unsigned self, unsigned next)
{
  static const char *const modes[] = {"silent", "beats", "late"};
  unsigned kind = below(g, 3), seconds = 2 + below(g, 4);
  char more[32];
  snprintf(more, sizeof more, ",\"t\":%u", seconds);
  put_parameters(g, self, modes[kind], more);
  ms_buf_printf(g->out, ",\"%s\":%u", kind == 1 ? "HeartbeatSeconds" : "TimeoutSeconds", seconds);
  if (below(g, 2)) {
    ms_buf_cstr(g->out, ",\"Retry\":[{\"ErrorEquals\":[\"States.ALL\"],\"MaxAttempts\":1}]");
  }
  ms_buf_printf(
      g->out,
      ",\"Catch\":[{\"ErrorEquals\":[\"States.ALL\"],\"ResultPath\":\"$.e%u\",\"Next\":\"S%u\"}]",
      self, next);
}

static void put_needy(struct generator *g, unsigned self)
{
  char more[32];
  snprintf(more, sizeof more, ",\"need\":%u", 1 + below(g, STEADY_REDRIVES));
  put_parameters(g, self, "needy", more);
}

static void put_task(struct generator *g, unsigned self, unsigned next)
{
  static const char *const resources[] = {
      "arn:aws:lambda:us-east-1:000000000000:function:f", "arn:aws:states:::sqs:sendMessage",
      "arn:aws:states:us-east-1:000000000000:activity:a",
      "arn:aws:states:::sqs:sendMessage.waitForTaskToken"};
  ms_buf_printf(g->out, "\"Type\":\"Task\",\"Resource\":\"%s\",\"ResultPath\":\"$.r%u\"",
                resources[below(g, g->is_express ? 2 : 4)], self);
  switch (below(g, 10)) {
  case 0:
  case 1:
  case 2:
    put_flaky(g, self, next);
    break;
  case 3:
    put_mute(g, self, next);
    break;
  case 4:
    put_parameters(g, self, "twice", "");
    break;
  case 5:
    if (!g->is_express && !g->is_distributed && below(g, 2) == 0) {
      put_needy(g, self);
      break;
    }
    /* fall through */
  default:
    put_parameters(g, self, "plain", "");
    break;
  }
}

/* ---- states around others ---- */

static void put_parallel(struct generator *g, unsigned self, unsigned depth)
{
  /* Only what is needed goes into branches, so that results do not grow and grow. */
  ms_buf_printf(g->out,
                "\"Type\":\"Parallel\",\"ResultPath\":\"$.p%u\",\"Parameters\":{\"id.$\":\"$.id\","
                "\"i.$\":\"$.i\",\"n.$\":\"$.n\",\"items.$\":\"$.items\"},\"Branches\":[",
                self);
  unsigned count = 1 + below(g, 3);
  for (unsigned i = 0; i < count; i++) {
    ms_buf_cstr(g->out, i == 0 ? "" : ",");
    put_flow(g, depth + 1, "");
  }
  ms_buf_char(g->out, ']');
}

/* Where the items come from, and where the outputs go: a folder of them has another name each time. */
static void put_ends(struct generator *g, bool is_distributed)
{
  bool reads = is_distributed && below(g, 2) == 0, writes = is_distributed && below(g, 2) == 0;
  ms_buf_cstr(g->out, reads ? "\"ItemReader\":{\"Resource\":\"arn:aws:states:::s3:getObject\",\"ReaderConfig\":{"
                              "\"InputType\":\"JSON\"},\"Parameters\":{\"Bucket\":\"in\",\"Key\":"
                              "\"items.json\"}},"
                            : "\"ItemsPath\":\"$.items\",");
  if (writes) {
    ms_buf_cstr(g->out, "\"ResultWriter\":{\"Resource\":\"arn:aws:states:::s3:putObject\",\"Parameters\":{"
                        "\"Bucket\":\"out\"}},\"ResultSelector\":{\"to.$\":"
                        "\"$.ResultWriterDetails.Bucket\"},");
  }
}

static void put_map(struct generator *g, unsigned self, unsigned depth)
{
  bool was_distributed = g->is_distributed;
  bool is_distributed = !g->is_express && !was_distributed && below(g, 5) == 0;
  ms_buf_cstr(g->out, "\"Type\":\"Map\",");
  put_ends(g, is_distributed);
  ms_buf_printf(g->out,
                "\"ResultPath\":\"$.m%u\","
                "\"MaxConcurrency\":%u,\"ItemSelector\":{\"id.$\":\"$.id\",\"items.$\":\"$.items\","
                "\"n.$\":\"$$.Map.Item.Value\","
                "\"i.$\":\"States.Format('{}/{}', $.i, $$.Map.Item.Index)\"},\"ItemProcessor\":",
                self, below(g, 4));
  g->is_distributed = was_distributed || is_distributed;
  put_flow(g, depth + 1,
           is_distributed
               ? "\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\",\"ExecutionType\":\"STANDARD\"},"
               : "");
  g->is_distributed = was_distributed;
}

/* Forward by one or two. */
static void put_choice(struct generator *g, unsigned next, unsigned last)
{
  ms_buf_printf(g->out,
                "\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$.n\",\"NumericGreaterThan\":%u,"
                "\"Next\":\"S%u\"}],\"Default\":\"S%u\"",
                below(g, 5), next < last ? next + 1 : next, next);
}

static void put_state(struct generator *g, unsigned self, unsigned depth, unsigned last)
{
  unsigned next = self + 1;
  switch (below(g, depth < 2 ? 12 : 8)) {
  case 0:
    ms_buf_printf(g->out, "\"Type\":\"Pass\",\"Result\":{\"v\":%u},\"ResultPath\":\"$.x%u\"", self,
                  self);
    break;
  case 1:
    ms_buf_printf(g->out, "\"Type\":\"Wait\",\"Seconds\":%u",
                  below(g, 8) == 0 && !g->is_express ? 3600 : below(g, 5));
    break;
  case 2:
    put_choice(g, next, last);
    return;
  case 8:
  case 9:
    put_parallel(g, self, depth);
    break;
  case 10:
  case 11:
    put_map(g, self, depth);
    break;
  default:
    put_task(g, self, next);
    break;
  }
  ms_buf_printf(g->out, ",\"Next\":\"S%u\"", next);
}

/* A chain of states; only the machine's own may end in a Fail. */
static void put_flow(struct generator *g, unsigned depth, const char *config)
{
  unsigned count = 1 + below(g, depth == 0 ? 5 : 3);
  unsigned base = g->next_name, last = base + count;
  g->next_name += count + 3;
  ms_buf_printf(g->out, "{%s\"StartAt\":\"S%u\",\"States\":{", config, base);
  for (unsigned i = 0; i < count; i++) {
    ms_buf_printf(g->out, "\"S%u\":{", base + i);
    put_state(g, base + i, depth, last);
    ms_buf_cstr(g->out, "},");
  }
  if (depth > 0 || below(g, 4) != 0) {
    ms_buf_printf(g->out, "\"S%u\":{\"Type\":\"Succeed\"}}}", last);
    return;
  }
  ms_buf_printf(g->out,
                "\"S%u\":{\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$.n\","
                "\"NumericGreaterThan\":3,\"Next\":\"S%u\"}],\"Default\":\"S%u\"},",
                last, last + 1, last + 2);
  ms_buf_printf(g->out,
                "\"S%u\":{\"Type\":\"Fail\",\"Error\":\"Y\",\"Cause\":\"" STEADY_CAUSE "\"},",
                last + 1);
  ms_buf_printf(g->out, "\"S%u\":{\"Type\":\"Succeed\"}}}", last + 2);
}

void steady_machine(struct ms_buf *out, struct ms_random *random, bool is_express)
{
  struct generator generator = {out, random, 0, is_express, false};
  put_flow(&generator, 0, "");
}

/* ---- answers ---- */

static struct ms_str text_of(struct ms_json parameters, const char *key)
{
  return ms_json_text(ms_json_getc(parameters, key));
}

static int64_t number_of(struct ms_json parameters, const char *key)
{
  struct ms_json value = ms_json_getc(parameters, key);
  return value.type == MS_JSON_INT ? value.u.integer : 0;
}

static void put_output(struct ms_buf *out, struct ms_json parameters)
{
  uint64_t hash = 14695981039346656037u;
  static const char *const keys[] = {"id", "s", "i"};
  for (size_t k = 0; k < 3; k++) {
    struct ms_str text = text_of(parameters, keys[k]);
    for (size_t i = 0; i < text.len; i++) {
      hash = (hash ^ (unsigned char)text.data[i]) * 1099511628211u;
    }
  }
  ms_buf_printf(out, "{\"a\":%u", (unsigned)(hash >> 40));
  if (!ms_json_is_none(ms_json_getc(parameters, "long"))) {
    ms_buf_cstr(out, ",\"long\":\"");
    for (unsigned i = 0; i < LONG_BYTES; i++) {
      ms_buf_char(out, (char)('a' + (hash + i) % 26));
    }
    ms_buf_char(out, '"');
  }
  ms_buf_char(out, '}');
}

static enum steady_mode mode_of(struct ms_json parameters, int redrives, const char **error)
{
  struct ms_str mode = text_of(parameters, "m");
  int64_t redriven = redrives < 0 ? number_of(parameters, "d") : redrives;
  if (ms_str_eq(mode, MS_STR("flaky"))) {
    *error = "X";
    return number_of(parameters, "r") < number_of(parameters, "x") ? STEADY_FAIL : STEADY_ANSWER;
  }
  if (ms_str_eq(mode, MS_STR("needy"))) {
    *error = "R";
    return redriven < number_of(parameters, "need") ? STEADY_FAIL : STEADY_ANSWER;
  }
  return ms_str_eq(mode, MS_STR("twice"))    ? STEADY_TWICE
         : ms_str_eq(mode, MS_STR("silent")) ? STEADY_SILENT
         : ms_str_eq(mode, MS_STR("beats"))  ? STEADY_BEATS
         : ms_str_eq(mode, MS_STR("late"))   ? STEADY_LATE
                                             : STEADY_ANSWER;
}

void steady_task(struct steady_task *out, struct ms_str text, int redrives)
{
  struct ms_json parameters;
  *out = (struct steady_task){.error = ""};
  ms_buf_init(&out->output, 0);
  mt_eq_int(ms_json_parse(&parameters, text, NULL, NULL), 0);
  out->mode = mode_of(parameters, redrives, &out->error);
  out->timeout_ms = number_of(parameters, "t") * 1000;
  put_output(&out->output, parameters);
  ms_json_unref(parameters);
}
