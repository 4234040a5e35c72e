/*
 * What the destination of a mapping is told of records that were given up: not the records, but where they are in the
 * stream. A bucket gets the records, too.
 */
#include "base/error.h"
#include "base/time.h"
#include "source/source_table.h"

static void print_text(struct ms_buf *out, const char *name, struct ms_str text)
{
  ms_buf_printf(out, "\"%s\":", name);
  ms_json_print_string(out, text);
}

static void print_request(struct ms_buf *out, const struct ms_table_failure *failure,
                          const char *request_id)
{
  const struct ms_mapping *mapping = failure->lane->poller->mapping;
  uint32_t count = failure->invocations == 0 ? 1 : failure->invocations;
  ms_buf_cstr(out, "{\"requestContext\":{");
  print_text(out, "requestId", ms_str_c(request_id));
  ms_buf_char(out, ',');
  print_text(out, "functionArn", mapping->function_arn);
  ms_buf_printf(out, ",\"condition\":\"%s\",\"approximateInvokeCount\":%u}",
                failure->is_age ? "RecordAgeExceeded" : "RetryAttemptsExhausted", (unsigned)count);
  if (!failure->is_age) {
    ms_buf_cstr(out, ",\"responseContext\":{\"statusCode\":200,");
    print_text(out, "executedVersion", ms_str_c(failure->answer->version));
    ms_buf_cstr(out, failure->has_error ? ",\"functionError\":\"Unhandled\"}"
                                        : ",\"functionError\":null}");
  }
}

static void print_batch(struct ms_buf *out, const struct ms_table_failure *failure)
{
  const struct ms_table_poller *poller = failure->lane->poller;
  const struct ms_table_record *first = failure->lane->first, *last = first;
  if (failure->count == 0) { /* the end of a window */
    ms_buf_cstr(out, ",\"DDBStreamBatchInfo\":{");
    print_text(out, "shardId", ms_str_c(poller->shard));
    ms_buf_char(out, ',');
    print_text(out, "streamArn", poller->mapping->source_arn);
    ms_buf_char(out, '}');
    return;
  }
  char from[MS_TABLE_SEQUENCE_SIZE], to[MS_TABLE_SEQUENCE_SIZE];
  char from_time[MS_TIME_TEXT_SIZE], to_time[MS_TIME_TEXT_SIZE];
  for (size_t i = 1; i < failure->count; i++) {
    last = last->next;
  }
  ms_table_sequence_print(from, first->position);
  ms_table_sequence_print(to, last->position);
  ms_time_format(from_time, first->created_at_ms);
  ms_time_format(to_time, last->created_at_ms);
  ms_buf_cstr(out, ",\"DDBStreamBatchInfo\":{");
  print_text(out, "shardId", ms_str_c(poller->shard));
  ms_buf_printf(
      out,
      ",\"startSequenceNumber\":\"%s\",\"endSequenceNumber\":\"%s\","
      "\"approximateArrivalOfFirstRecord\":\"%s\",\"approximateArrivalOfLastRecord\":\"%s\","
      "\"batchSize\":%zu,",
      from, to, from_time, to_time, failure->count);
  print_text(out, "streamArn", poller->mapping->source_arn);
  ms_buf_char(out, '}');
}

static int print_window(struct ms_buf *out, const struct ms_table_failure *failure)
{
  struct ms_json info = ms_json_object(4);
  int err = ms_table_window_show(&info, failure->lane->poller, failure->lane->is_final, false);
  if (err == 0) {
    ms_buf_cstr(out, ",\"timeWindowInfo\":");
    ms_json_print(out, info);
  }
  ms_json_unref(info);
  return err;
}

/* The event as the function got it, as a text. */
static int print_payload(struct ms_buf *out, const struct ms_table_failure *failure)
{
  struct ms_json event = ms_table_event(failure->lane, failure->count);
  struct ms_json text = ms_json_is_none(event) ? event : ms_json_print_value(event);
  ms_buf_cstr(out, ",\"payload\":");
  ms_json_print(out, text);
  int err = ms_json_is_none(text) ? ms_error_nomem() : MSTEP_OK;
  ms_json_unref(event);
  ms_json_unref(text);
  return err;
}

static void print_key(struct ms_buf *out, const struct ms_table_poller *poller, int64_t now_ms)
{
  char id[37], now[MS_TIME_TEXT_SIZE];
  ms_random_uuid(poller->mapping->sources->env->random, id);
  ms_time_format_ms(now, now_ms); /* YYYY-MM-DDTHH:MM:SS.mmmZ */
  ms_buf_printf(out, "aws/lambda/%.*s/%s/%.4s/%.2s/%.2s/%.10sT%.2s.%.2s.%.2s-%s",
                MS_STR_ARG(poller->mapping->uuid), poller->shard, now, now + 5, now + 8, now,
                now + 11, now + 14, now + 17, id);
}

int ms_table_failure_add(struct ms_batch *batch, const struct ms_table_failure *failure)
{
  const struct ms_table_poller *poller = failure->lane->poller;
  const struct ms_mapping *mapping = poller->mapping;
  struct ms_sources *sources = mapping->sources;
  char id[37], now[MS_TIME_TEXT_SIZE];
  struct ms_str target = mapping->settings.on_failure;
  if (target.len == 0) {
    return MSTEP_OK;
  }
  ms_random_uuid(sources->env->random, id);
  ms_time_format_ms(now, ms_sources_now_ms(sources));
  struct ms_buf body, key;
  ms_buf_init(&body, 0);
  ms_buf_init(&key, 0);
  print_request(&body, failure, failure->answer == NULL ? id : failure->answer->request_id);
  ms_buf_printf(&body, ",\"version\":\"1.0\",\"timestamp\":\"%s\"", now);
  print_batch(&body, failure);
  int err = poller->window.is_open ? print_window(&body, failure) : MSTEP_OK;
  if (ms_str_has_prefix(target, "arn:aws:s3:") || ms_str_has_prefix(target, "file:")) {
    err = err != 0 ? err : print_payload(&body, failure);
    print_key(&key, poller, ms_sources_now_ms(sources));
  }
  ms_buf_char(&body, '}');
  const struct ms_delivery delivery = {.target = target,
                                       .body = ms_buf_view(&body),
                                       .reason = MS_STR("destination of an event source mapping"),
                                       .key = ms_buf_view(&key)};
  err = err != 0 || body.error != 0 || key.error != 0
            ? ms_error_nomem()
            : ms_outbox_add(ms_invoke_outbox(sources->up.invoke), batch, &delivery, NULL);
  ms_buf_deinit(&body);
  ms_buf_deinit(&key);
  return err;
}
