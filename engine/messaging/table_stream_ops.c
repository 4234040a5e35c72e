/* ListStreams, DescribeStream, GetShardIterator, GetRecords. */
#include <inttypes.h>

#include "base/base64.h"
#include "base/error.h"
#include "messaging/resource.h"
#include "messaging/table_internal.h"

#define LIST_MAX 100
#define RECORDS_MAX 1000
#define ITERATOR_MS ((int64_t)15 * 60 * 1000)

static int check_limit(int64_t *limit, struct ms_json request, int64_t max,
                       struct ms_queue_refusal *why)
{
  *limit = max;
  if (ms_json_to_int(limit, ms_json_getc(request, "Limit")) && (*limit < 1 || *limit > max)) {
    return ms_table_invalid(why,
                            "1 validation error detected: Value '%" PRId64
                            "' at 'limit' failed to satisfy constraint: Member must have value %s "
                            "than or equal to %" PRId64,
                            *limit, *limit < 1 ? "greater" : "less", *limit < 1 ? 1 : max);
  }
  return MSTEP_OK;
}

/* ---- which there are ---- */

static int push_stream(struct ms_json *list, const struct ms_table_stream *stream)
{
  struct ms_json out = ms_json_object(3);
  int err = ms_json_setc(&out, "StreamArn", ms_json_string(stream->arn));
  err |= ms_json_setc(&out, "TableName", ms_json_string(stream->table));
  err |= ms_json_setc(&out, "StreamLabel", ms_json_string(stream->label));
  return err != 0 ? (ms_json_unref(out), MSTEP_ENOMEM) : ms_json_push(list, out);
}

int ms_table_list_streams(struct ms_tables *tables, struct ms_json request, struct ms_json *reply,
                          struct ms_queue_refusal *why)
{
  struct ms_str name = ms_table_text(request, "TableName");
  struct ms_str after = ms_table_text(request, "ExclusiveStartStreamArn");
  const struct ms_table_stream *last = NULL;
  struct ms_json list = ms_json_array(0);
  int64_t limit;
  int err = check_limit(&limit, request, LIST_MAX, why);
  bool has_more = false;
  for (const struct ms_table_stream *one = tables->streams; one != NULL && err == 0;
       one = one->next) {
    if ((name.data != NULL && !ms_str_eq(name, one->table)) ||
        (after.data != NULL && ms_str_cmp(one->arn, after) <= 0)) {
      continue;
    }
    has_more = ms_json_count(list) == (size_t)limit;
    if (has_more) {
      break;
    }
    err = push_stream(&list, one);
    last = one;
  }
  *reply = ms_json_object(2);
  int set = ms_json_setc(reply, "Streams", list);
  if (set == 0 && has_more) {
    set = ms_json_setc(reply, "LastEvaluatedStreamArn", ms_json_string(last->arn));
  }
  return err != 0 ? err : set;
}

int ms_table_describe_stream(struct ms_tables *tables, struct ms_json request,
                             struct ms_json *reply, struct ms_queue_refusal *why)
{
  struct ms_str arn = ms_table_text(request, "StreamArn");
  struct ms_json shards = MS_JSON_VALUE_NONE;
  int err = ms_table_stream_shards(&shards, tables, arn, why);
  if (err != 0) {
    return err;
  }
  const struct ms_table_stream *stream = ms_table_stream_find(tables, arn);
  int64_t created_ms = 0;
  if (ms_table_text(request, "ExclusiveStartShardId").data != NULL) { /* there is only one */
    ms_json_replace(&shards, ms_json_array(0));
  }
  struct ms_json out = ms_json_object(9), keys = ms_json_getc(stream->row, "KeySchema");
  ms_json_to_int(&created_ms, ms_json_getc(stream->row, "Created"));
  err = ms_json_setc(&out, "StreamArn", ms_json_string(stream->arn));
  err |= ms_json_setc(&out, "StreamLabel", ms_json_string(stream->label));
  err |=
      ms_json_setc(&out, "StreamStatus", ms_json_cstring(stream->is_open ? "ENABLED" : "DISABLED"));
  err |= ms_json_setc(&out, "StreamViewType", ms_json_string(stream->view));
  err |= ms_json_setc(&out, "CreationRequestDateTime", ms_json_double((double)created_ms / 1000));
  err |= ms_json_setc(&out, "TableName", ms_json_string(stream->table));
  err |= ms_json_setc(&out, "KeySchema", ms_json_ref(keys));
  err |= ms_json_setc(&out, "Shards", shards);
  *reply = ms_json_object(1);
  int set = ms_json_setc(reply, "StreamDescription", out);
  return err != 0 ? MSTEP_ENOMEM : set;
}

/* ---- iterators: ARN, position and when it was given, in base64 behind the ARN ---- */

static struct ms_json make_iterator(const struct ms_tables *tables, struct ms_str arn,
                                    uint64_t position)
{
  struct ms_buf inner, text;
  ms_buf_init(&inner, 0);
  ms_buf_init(&text, 0);
  ms_buf_printf(&inner, "%020" PRIu64 "%020" PRId64, position, ms_loop_now_ms(tables->env->loop));
  ms_buf_str(&text, arn);
  ms_buf_cstr(&text, "|1|");
  ms_base64_encode(&text, ms_buf_view(&inner));
  struct ms_json out =
      inner.error != 0 || text.error != 0 ? MS_JSON_VALUE_NONE : ms_json_string(ms_buf_view(&text));
  ms_buf_deinit(&inner);
  ms_buf_deinit(&text);
  return out;
}

static bool read_digits(uint64_t *out, struct ms_str digits)
{
  *out = 0;
  for (size_t i = 0; i < digits.len; i++) {
    if (digits.data[i] < '0' || digits.data[i] > '9' || *out > UINT64_MAX / 10 - 1) {
      return false;
    }
    *out = *out * 10 + (uint64_t)(digits.data[i] - '0');
  }
  return true;
}

/* MSTEP_ESYNTAX: it is none of ours. */
static int read_iterator(struct ms_str *arn, uint64_t *position, uint64_t *at_ms,
                         struct ms_str text)
{
  struct ms_buf inner;
  size_t bar = ms_str_find(text, 0, '|');
  if (bar + 3 > text.len || !ms_str_is(ms_str_sub(text, bar, bar + 3), "|1|")) {
    return MSTEP_ESYNTAX;
  }
  ms_buf_init(&inner, 0);
  int err = ms_base64_decode(&inner, ms_str_sub(text, bar + 3, text.len));
  if (err == 0 &&
      (inner.len != 40 || !read_digits(position, ms_str_sub(ms_buf_view(&inner), 0, 20)) ||
       !read_digits(at_ms, ms_str_sub(ms_buf_view(&inner), 20, 40)))) {
    err = MSTEP_ESYNTAX;
  }
  ms_buf_deinit(&inner);
  *arn = ms_str_sub(text, 0, bar);
  return err;
}

int ms_table_shard_iterator(struct ms_tables *tables, struct ms_json request, struct ms_json *reply,
                            struct ms_queue_refusal *why)
{
  struct ms_str arn = ms_table_text(request, "StreamArn");
  struct ms_str type = ms_table_text(request, "ShardIteratorType");
  struct ms_str sequence = ms_table_text(request, "SequenceNumber");
  enum ms_table_start start;
  uint64_t position;
  if (!ms_table_start_parse(&start, type)) {
    return ms_table_invalid(
        why,
        "1 validation error detected: Value '%.*s' at 'shardIteratorType' failed "
        "to satisfy constraint: Member must satisfy enum value set: "
        "[AFTER_SEQUENCE_NUMBER, LATEST, AT_SEQUENCE_NUMBER, TRIM_HORIZON]",
        type.len > 50 ? 50 : (int)type.len, type.data);
  }
  int err = ms_table_stream_seek(&position, tables, arn, ms_table_text(request, "ShardId"), start,
                                 sequence, why);
  if (err != 0) {
    return err;
  }
  *reply = ms_json_object(1);
  return ms_json_setc(reply, "ShardIterator", make_iterator(tables, arn, position));
}

/* GetRecords does not tell the stream's ARN in each record. */
static int strip(struct ms_json *out, struct ms_json records)
{
  int err = MSTEP_OK;
  *out = ms_json_array(ms_json_count(records));
  for (size_t i = 0; i < ms_json_count(records) && err == 0; i++) {
    struct ms_json record = ms_json_ref(ms_json_at(records, i));
    err = ms_json_remove(&record, MS_STR("eventSourceARN"));
    err = err != 0 ? (ms_json_unref(record), err) : ms_json_push(out, record);
  }
  return err;
}

int ms_table_get_records(struct ms_tables *tables, struct ms_json request, struct ms_json *reply,
                         struct ms_queue_refusal *why)
{
  struct ms_str arn;
  uint64_t position, at_ms;
  int64_t limit;
  struct ms_table_page page;
  int err = check_limit(&limit, request, RECORDS_MAX, why);
  if (err != 0) {
    return err;
  }
  err = read_iterator(&arn, &position, &at_ms, ms_table_text(request, "ShardIterator"));
  if (err == MSTEP_ESYNTAX) {
    return ms_table_invalid(why, "Invalid ShardIterator");
  }
  if (err == 0 && (int64_t)at_ms + ITERATOR_MS < ms_loop_now_ms(tables->env->loop)) {
    return ms_refuse(why, "ExpiredIteratorException",
                     "The shard iterator is expired and can no "
                     "longer be used to retrieve stream records.");
  }
  err = err != 0 ? err : ms_table_stream_read(&page, tables, arn, position, (size_t)limit, 0, why);
  if (err != 0) {
    return err;
  }
  struct ms_json records = MS_JSON_VALUE_NONE;
  if (page.is_trimmed) {
    ms_json_unref(page.records);
    return ms_refuse(why, "TrimmedDataAccessException",
                     "The operation attempted to read past the oldest stream record in a shard.");
  }
  err = strip(&records, page.records);
  ms_json_unref(page.records);
  *reply = ms_json_object(2);
  int set = ms_json_setc(reply, "Records", records);
  if (set == 0 && !page.is_end) {
    set = ms_json_setc(reply, "NextShardIterator", make_iterator(tables, arn, page.next));
  }
  return err != 0 ? err : set;
}
