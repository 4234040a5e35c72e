/*
 * The end of an event: in one commit its row goes, and its record and its dead letter stand in the outbox. Both
 * are sent where both are configured.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "base/time.h"
#include "base/utf8.h"
#include "invoke/internal.h"

#define AGAIN_MS 100         /* after the ledger has refused */
#define LETTER_TEXT_MAX 1024 /* bytes of ErrorMessage */

/* ---- where to ---- */

/* What is configured for it; when the function is gone, what was. Owned, each may be NONE. */
static int configured(struct ms_json *config, struct ms_json *letter,
                      const struct ms_queued *queued)
{
  struct ms_json row = ms_invoke_row(queued->invoke, queued->name.name);
  *config = MS_JSON_VALUE_NONE;
  *letter = MS_JSON_VALUE_NONE;
  if (ms_json_is_none(row) && queued->fallback.len > 0) {
    struct ms_json fallback;
    int err = ms_json_parse(&fallback, queued->fallback, NULL, NULL);
    if (err != 0) {
      return err;
    }
    *config = ms_json_ref(ms_json_getc(fallback, "EventInvokeConfig"));
    *letter = ms_json_ref(ms_json_getc(fallback, "DeadLetterConfig"));
    ms_json_unref(fallback);
    return MSTEP_OK;
  }
  struct ms_invoke_target target;
  *config = ms_json_ref(ms_invoke_event_config(queued->invoke, &queued->name));
  struct ms_json configuration = ms_json_getc(row, "Configuration");
  if (ms_invoke_resolve(&target, queued->invoke, &queued->name) == 0) {
    configuration = target.configuration; /* a version has its own dead letter queue */
  }
  *letter = ms_json_ref(ms_json_getc(configuration, "DeadLetterConfig"));
  return MSTEP_OK;
}

/* ---- what is sent ---- */

/* The name of a file in a bucket, as Lambda forms it. */
static void key_text(char out[256], const struct ms_queued *queued, int64_t now_ms)
{
  char t[MS_TIME_TEXT_SIZE];
  ms_time_format_ms(t, now_ms);
  snprintf(out, 256, "aws/lambda/async/%.*s/%.4s/%.2s/%.2s/%.10sT%.2s.%.2s.%.2s-%s",
           MS_STR_ARG(queued->name.name), t, t + 5, t + 8, t, t + 11, t + 14, t + 17,
           queued->request_id);
}

struct parts {
  struct ms_buf record, arn, lineage, resources, reason;
  char key[256];
};

static void parts_init(struct parts *parts)
{
  ms_buf_init(&parts->record, 0);
  ms_buf_init(&parts->arn, 0);
  ms_buf_init(&parts->lineage, 0);
  ms_buf_init(&parts->resources, 0);
  ms_buf_init(&parts->reason, 0);
}

static void parts_deinit(struct parts *parts)
{
  ms_buf_deinit(&parts->record);
  ms_buf_deinit(&parts->arn);
  ms_buf_deinit(&parts->lineage);
  ms_buf_deinit(&parts->resources);
  ms_buf_deinit(&parts->reason);
}

static void set_ms(int64_t *out, struct ms_json policy, const char *member)
{
  struct ms_json value = ms_json_getc(policy, member);
  if (ms_json_is_number(value)) {
    *out = (int64_t)(ms_json_number(value) * 1000);
  }
}

/* How deliveries on a route are tried again: RetryPolicy, which is ours. */
static struct ms_outbox_policy policy_of(struct ms_json policy)
{
  struct ms_outbox_policy out = MS_OUTBOX_POLICY_STANDARD;
  int64_t retries;
  struct ms_json rate = ms_json_getc(policy, "BackoffRate");
  set_ms(&out.pause_ms, policy, "IntervalSeconds");
  set_ms(&out.pause_max_ms, policy, "MaxDelaySeconds");
  set_ms(&out.age_max_ms, policy, "MaximumAgeInSeconds");
  out.rate = ms_json_is_number(rate) ? ms_json_number(rate) : out.rate;
  if (ms_json_to_int(&retries, ms_json_getc(policy, "MaximumRetryAttempts")) && retries >= 0 &&
      retries < UINT32_MAX) {
    out.retries_max = (uint32_t)retries;
  }
  out.has_jitter = ms_str_is(ms_json_text(ms_json_getc(policy, "JitterStrategy")), "FULL");
  return out;
}

/* What a target takes at most; 0: anything. */
static size_t record_max(struct ms_str target)
{
  static const struct {
    const char *service;
    size_t max;
  } rows[] = {{":sns:", 262144}, {":sqs:", 1048576}, {":lambda:", 1048576}, {":events:", 1048576}};
  struct ms_str head = ms_str_sub(target, 0, 24); /* "arn:PARTITION:SERVICE:" */
  for (size_t i = 0; i < sizeof rows / sizeof rows[0] && ms_str_has_prefix(target, "arn:"); i++) {
    size_t len = strlen(rows[i].service);
    for (size_t at = 0; at + len <= head.len; at++) {
      if (memcmp(head.data + at, rows[i].service, len) == 0) {
        return rows[i].max;
      }
    }
  }
  return 0;
}

/* A record of failure that is too large goes without its payloads, as Lambda's; one of success as it is. */
static int shorten_record(struct ms_buf *record, struct ms_str target)
{
  size_t max = record_max(target);
  struct ms_json value;
  const struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  if (max == 0 || record->len <= max) {
    return record->error;
  }
  int err = ms_json_parse(&value, ms_buf_view(record), &limits, NULL);
  if (err != 0) {
    return err;
  }
  err = ms_json_remove(&value, MS_STR("requestPayload"));
  err = err != 0 ? err : ms_json_remove(&value, MS_STR("responsePayload"));
  ms_buf_reset(record);
  ms_json_print(record, value);
  ms_json_unref(value);
  return err != 0 ? err : record->error;
}

static int send_record(struct ms_queued *queued, struct ms_batch *batch,
                       enum ms_invoke_condition condition, struct ms_json config)
{
  bool is_success = condition == MS_INVOKE_SUCCESS;
  struct ms_json route = ms_json_getc(ms_json_getc(config, "DestinationConfig"),
                                      is_success ? "OnSuccess" : "OnFailure");
  struct ms_str target = ms_json_text(ms_json_getc(route, "Destination"));
  if (target.len == 0) {
    return MSTEP_OK;
  }
  struct parts parts;
  parts_init(&parts);
  int64_t now_ms = ms_loop_now_ms(queued->invoke->env->loop);
  ms_invoke_record(&parts.record, queued, condition, now_ms);
  int err = is_success ? parts.record.error : shorten_record(&parts.record, target);
  ms_function_arn(&parts.arn, queued->invoke, &queued->name, false);
  ms_buf_char(&parts.resources, '[');
  ms_json_print_string(&parts.resources, target);
  ms_buf_char(&parts.resources, ',');
  ms_json_print_string(&parts.resources, ms_buf_view(&parts.arn));
  ms_buf_char(&parts.resources, ']');
  ms_buf_printf(&parts.reason, "destination of %.*s", MS_STR_ARG(ms_buf_view(&parts.arn)));
  key_text(parts.key, queued, now_ms);
  err = err != 0 ? err
                 : ms_invoke_lineage(&parts.lineage, queued->invoke, queued->name.name,
                                     queued->lineage);
  err = err != 0                     ? err
        : parts.record.error != 0    ? parts.record.error
        : parts.resources.error != 0 ? parts.resources.error
                                     : parts.reason.error;
  const struct ms_delivery delivery = {
      .target = target,
      .body = ms_buf_view(&parts.record),
      .source = MS_STR("lambda"),
      .detail_type = is_success ? MS_STR("Lambda Function Invocation Result - Success")
                                : MS_STR("Lambda Function Invocation Result - Failure"),
      .reason = ms_buf_view(&parts.reason),
      .resources = ms_buf_view(&parts.resources),
      .lineage = ms_buf_view(&parts.lineage),
      .secret = ms_json_text(ms_json_getc(route, "SigningSecret")),
      .key = ms_str_c(parts.key)};
  struct ms_outbox_policy policy = policy_of(ms_json_getc(route, "RetryPolicy"));
  err = err != 0 ? err : ms_outbox_add(queued->invoke->outbox, batch, &delivery, &policy);
  parts_deinit(&parts);
  return err;
}

/* ErrorMessage: the function's own, cut to 1 KB; a character that is cut becomes U+FFFD. */
static void letter_message(struct ms_buf *out, const struct ms_queued *queued,
                           enum ms_invoke_condition condition)
{
  struct ms_json response;
  if (condition == MS_INVOKE_ZERO_CONCURRENCY) {
    ms_buf_cstr(out, "Function not invoked. Function isconfigured with zero reserved concurrent "
                     "executions"); /* as Lambda spells it */
  } else if (condition == MS_INVOKE_RECURSIVE) {
    ms_buf_cstr(out, "Recursive invocation detected. Lambda has stopped the recursive invocation.");
  } else if (queued->status == 0) {
    ms_buf_cstr(out, "Rate Exceeded.");
  } else if (queued->status == 404) {
    ms_buf_cstr(out, "Function not found: ");
    ms_function_arn(out, queued->invoke, &queued->name, false);
  } else if (ms_json_parse(&response, ms_buf_view(&queued->response), NULL, NULL) == 0) {
    struct ms_str text = ms_json_text(ms_json_getc(response, "errorMessage"));
    ms_utf8_repair(out, ms_str_sub(text, 0, LETTER_TEXT_MAX));
    ms_json_unref(response);
  }
}

static void put_attribute(struct ms_buf *out, const char *name, const char *type,
                          struct ms_str value)
{
  ms_buf_printf(out, "%s\"%s\":{\"DataType\":\"%s\",\"StringValue\":", out->len > 1 ? "," : "",
                name, type);
  ms_json_print_string(out, value);
  ms_buf_char(out, '}');
}

static void letter_attributes(struct ms_buf *out, const struct ms_queued *queued,
                              enum ms_invoke_condition condition)
{
  char status[16];
  struct ms_buf message;
  ms_buf_init(&message, 0);
  letter_message(&message, queued, condition);
  snprintf(status, sizeof status, "%d", queued->status == 0 ? 429 : queued->status);
  ms_buf_char(out, '{');
  put_attribute(out, "RequestID", "String", ms_str_c(queued->request_id));
  if (condition != MS_INVOKE_ZERO_CONCURRENCY && condition != MS_INVOKE_RECURSIVE) {
    put_attribute(out, "ErrorCode", "Number", ms_str_c(status));
  }
  if (message.len > 0) {
    put_attribute(out, "ErrorMessage", "String", ms_buf_view(&message));
  }
  ms_buf_char(out, '}');
  out->error = out->error != 0 ? out->error : message.error;
  ms_buf_deinit(&message);
}

static int send_letter(struct ms_queued *queued, struct ms_batch *batch,
                       enum ms_invoke_condition condition, struct ms_json letter)
{
  struct ms_str target = ms_json_text(ms_json_getc(letter, "TargetArn"));
  if (target.len == 0 || condition == MS_INVOKE_SUCCESS) {
    return MSTEP_OK;
  }
  struct parts parts;
  parts_init(&parts);
  letter_attributes(&parts.record, queued, condition);
  ms_function_arn(&parts.arn, queued->invoke, &queued->name, false);
  ms_buf_printf(&parts.reason, "dead letter of %.*s", MS_STR_ARG(ms_buf_view(&parts.arn)));
  int err = ms_invoke_lineage(&parts.lineage, queued->invoke, queued->name.name, queued->lineage);
  err = err != 0 ? err : parts.record.error != 0 ? parts.record.error : parts.reason.error;
  const struct ms_delivery delivery = {.target = target,
                                       .body = queued->payload,
                                       .attributes = ms_buf_view(&parts.record),
                                       .reason = ms_buf_view(&parts.reason),
                                       .lineage = ms_buf_view(&parts.lineage)};
  err = err != 0 ? err : ms_outbox_add(queued->invoke->outbox, batch, &delivery, NULL);
  parts_deinit(&parts);
  return err;
}

/* ---- the commit ---- */

static int put_end(struct ms_queued *queued, struct ms_batch *batch,
                   enum ms_invoke_condition condition)
{
  struct ms_json config, letter;
  int err = configured(&config, &letter, queued);
  if (err == 0) {
    err = send_record(queued, batch, condition, config);
  }
  if (err == 0) {
    err = send_letter(queued, batch, condition, letter);
  }
  ms_json_unref(config);
  ms_json_unref(letter);
  if (err == 0 && batch != NULL) {
    char key[MS_STORE_NUMBER_SIZE];
    ms_batch_remove(batch, MS_TABLE_INVOCATION, ms_store_key(key, queued->number));
  }
  return err;
}

void ms_queued_end(struct ms_queued *queued, enum ms_invoke_condition condition)
{
  struct ms_invoke *invoke = queued->invoke;
  const struct ms_ledger *ledger = &invoke->env->ledger;
  struct ms_batch *batch;
  queued->condition = condition;
  queued->is_stored = false;
  int err = ledger->begin(&batch, ledger->user);
  if (err == 0) {
    int put_err = put_end(queued, batch, condition);
    if (put_err != 0 && batch != NULL && batch->error == 0) {
      batch->error = put_err; /* so that `end` takes all of it away */
    }
    err = ledger->end(ledger->user);
    err = put_err != 0 ? put_err : err;
  }
  if (err != 0) {
    ms_outbox_back(invoke->outbox);
    ms_queued_wait(queued, ms_loop_now_ms(invoke->env->loop) + AGAIN_MS);
    return;
  }
  ms_outbox_commit(invoke->outbox);
  ms_invoke_tell_end(queued, condition);
  invoke->counts.dropped += condition != MS_INVOKE_SUCCESS;
  invoke->counts.aged_out += condition == MS_INVOKE_AGE_EXCEEDED;
  ms_queued_drop(queued);
}
