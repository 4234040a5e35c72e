/*
 * The driver of sources and the one of functions on simulated time, and a stream that is made up: records are
 * numbers from 1 on. With a store, or without one.
 */
#ifndef STREAM_BED_H
#define STREAM_BED_H

#include "../invoke/bed.h"
#include "source/source.h"

#define STREAM_ARN "arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/2024-01-01T00:00:00.000"
#define STREAM_MAX 600

/* What the driver takes for a stream of tables. */
struct ms_tables {
  struct ms_json records[STREAM_MAX];
  size_t count;
  size_t trimmed;
  ms_table_news_cb cb;
  void *user;
  unsigned reads;
};

struct stream_bed {
  struct bed bed; /* first: the environment's user */
  struct ms_tables stream;
  struct ms_store *store;
  struct ms_batch batch;
  struct ms_queues *queues;
  struct ms_sources *sources;
  char uuid[37];
  const char *seen;
};

/* ---- the stream ---- */

static inline bool fake_exists(const struct ms_tables *tables, struct ms_str arn)
{
  (void)tables;
  return ms_str_is(arn, STREAM_ARN);
}

static inline int fake_shards(struct ms_json *out, const struct ms_tables *tables,
                              struct ms_str arn, struct ms_queue_refusal *why)
{
  (void)tables, (void)arn, (void)why;
  return ms_json_parse(out, MS_STR("[{\"ShardId\":\"shardId-1\"}]"), NULL, NULL);
}

static inline int fake_seek(uint64_t *position, const struct ms_tables *tables, struct ms_str arn,
                            struct ms_str shard, enum ms_table_start start, struct ms_str sequence,
                            struct ms_queue_refusal *why)
{
  (void)arn, (void)sequence, (void)why;
  mt_ok(ms_str_is(shard, "shardId-1"));
  *position = start == MS_TABLE_LATEST ? tables->count + 1 : tables->trimmed + 1;
  return MSTEP_OK;
}

static inline int fake_read(struct ms_table_page *out, struct ms_tables *tables, struct ms_str arn,
                            uint64_t position, size_t max, size_t max_bytes,
                            struct ms_queue_refusal *why)
{
  (void)arn, (void)max_bytes, (void)why;
  size_t from = position == 0 ? 0 : (size_t)position - 1;
  *out = (struct ms_table_page){.records = ms_json_array(4)};
  tables->reads++;
  from = from < tables->trimmed ? tables->trimmed : from;
  int err = ms_json_is_none(out->records) ? MSTEP_ENOMEM : MSTEP_OK;
  size_t i = from;
  for (; i < tables->count && i - from < max && err == 0; i++) {
    err = ms_json_push(&out->records, ms_json_ref(tables->records[i]));
  }
  if (err != 0) {
    ms_json_unref(out->records);
  }
  out->next = i + 1;
  return err;
}

static inline void fake_listen(struct ms_tables *tables, ms_table_news_cb cb, void *user)
{
  tables->cb = cb;
  tables->user = user;
}

static const struct ms_source_streams fake_streams = {fake_exists, fake_shards, fake_seek,
                                                      fake_read, fake_listen};

/* A record of item `key`, made so many seconds before the start. */
static inline void stream_put(struct stream_bed *b, const char *key, const char *value, int age_s)
{
  struct ms_tables *stream = &b->stream;
  mt_ok(stream->count < STREAM_MAX);
  const char *text = mt_format(
      "{\"eventID\":\"%zu\",\"eventName\":\"INSERT\",\"eventVersion\":\"1.1\",\"eventSource\":"
      "\"aws:dynamodb\",\"awsRegion\":\"us-east-1\",\"dynamodb\":{\"ApproximateCreationDateTime\":%"
      "lld,"
      "\"Keys\":{\"id\":{\"S\":\"%s\"}},\"NewImage\":{\"id\":{\"S\":\"%s\"},\"v\":{\"S\":\"%s\"}},"
      "\"SequenceNumber\":\"1%020zu\",\"SizeBytes\":9,\"StreamViewType\":\"NEW_IMAGE\"},"
      "\"eventSourceARN\":\"" STREAM_ARN "\"}",
      stream->count, (long long)(ms_loop_now_ms(b->bed.loop) / 1000 - age_s), key, key, value,
      stream->count + 1);
  mt_eq_int(ms_json_parse(&stream->records[stream->count], ms_str_c(text), NULL, NULL), 0);
  stream->count++;
}

static inline void stream_news(struct stream_bed *b)
{
  if (b->stream.cb != NULL) {
    b->stream.cb(MS_STR(STREAM_ARN), b->stream.user);
  }
}

/* ---- the loop ---- */

static inline void stream_settle(struct stream_bed *b)
{
  int64_t due_ms = 0;
  const int64_t all[] = {ms_invoke_driver.next_due_ms(b->bed.invoke),
                         ms_lua_next_due_ms(b->bed.lua),
                         b->queues == NULL ? 0 : ms_queues_driver.next_due_ms(b->queues),
                         b->sources == NULL ? 0 : ms_sources_driver.next_due_ms(b->sources)};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    due_ms = all[i] != 0 && (due_ms == 0 || all[i] < due_ms) ? all[i] : due_ms;
  }
  ms_loop_set_timer(b->bed.loop, due_ms);
}

static inline void stream_touch(void *user)
{
  stream_settle(user);
}

static inline void stream_on_defer(void *user)
{
  struct stream_bed *b = user;
  bed_on_defer(&b->bed);
  stream_settle(b);
}

static inline void stream_on_timer(void *user)
{
  struct stream_bed *b = user;
  int64_t now_ms = ms_loop_now_ms(b->bed.loop);
  if (b->bed.has_limit && now_ms > BED_START_MS + 3600000) {
    ms_loop_stop(b->bed.loop);
    return;
  }
  ms_lua_on_timer(b->bed.lua, now_ms);
  ms_invoke_driver.on_timer(b->bed.invoke, now_ms);
  ms_queues_driver.on_timer(b->queues, now_ms);
  ms_sources_driver.on_timer(b->sources, now_ms);
  stream_settle(b);
}

static inline void stream_on_wake(void *user)
{
  struct stream_bed *b = user;
  ms_lua_on_wake(b->bed.lua);
  stream_settle(b);
}

static inline int store_begin(struct ms_batch **out, void *user)
{
  struct stream_bed *b = user;
  ms_batch_reset(&b->batch);
  *out = b->store == NULL ? NULL : &b->batch;
  return MSTEP_OK;
}

static inline int store_end(void *user)
{
  struct stream_bed *b = user;
  int err = ms_batch_error(&b->batch);
  return b->store == NULL ? MSTEP_OK
                          : (err != 0 ? err : ms_store_commit(b->store, &b->batch, NULL));
}

static inline int stream_sources_open(struct stream_bed *b)
{
  void *driver = NULL;
  int err = ms_sources_driver.open(&driver, &b->bed.env);
  if (err != 0) {
    return err;
  }
  const struct ms_sources_up up = {
      .queues = b->queues, .invoke = b->bed.invoke, .streams = &fake_streams, .tables = &b->stream};
  b->sources = driver;
  ms_sources_set_up(b->sources, &up);
  err = ms_sources_driver.load(b->sources);
  if (err == 0) {
    ms_sources_driver.resume(b->sources);
  }
  return err;
}

static inline int stream_bed_open(struct stream_bed *b, const char *url)
{
  *b = (struct stream_bed){.seen = ""};
  int err = bed_open(&b->bed);
  if (err != 0) {
    return err;
  }
  const struct ms_loop_callbacks callbacks = {stream_on_timer, stream_on_defer, stream_on_wake, b};
  ms_loop_set_callbacks(b->bed.loop, &callbacks);
  ms_batch_init(&b->batch);
  mt_ok(url == NULL || ms_store_open(&b->store, url, NULL) == 0);
  b->bed.env.touch = stream_touch;
  b->bed.env.ledger.begin = store_begin;
  b->bed.env.ledger.end = store_end;
  b->bed.env.ledger.reader = b->store;
  void *queues = NULL;
  err = ms_queues_driver.open(&queues, &b->bed.env);
  b->queues = queues;
  err = err != 0 ? err : ms_queues_driver.load(queues);
  err = err != 0 ? err : stream_sources_open(b);
  if (err != 0) {
    ms_sources_driver.close(b->sources);
    ms_queues_driver.close(b->queues);
    bed_close(&b->bed);
    ms_batch_deinit(&b->batch);
  }
  return err;
}

static inline void stream_bed_close(struct stream_bed *b)
{
  ms_sources_driver.close(b->sources);
  ms_queues_driver.close(b->queues);
  bed_close(&b->bed);
  ms_batch_deinit(&b->batch);
  ms_store_close(b->store);
  for (size_t i = 0; i < b->stream.count; i++) {
    ms_json_unref(b->stream.records[i]);
  }
}

static inline void stream_stop(void *user)
{
  ms_loop_stop(user);
}

/* Everything that is due happens. */
static inline void stream_run(struct stream_bed *b)
{
  stream_settle(b);
  mt_eq_int(ms_loop_run(b->bed.loop), 0);
}

/* The same, until that much later. */
static inline void stream_pass(struct stream_bed *b, int64_t ms)
{
  int64_t end_ms = ms_loop_now_ms(b->bed.loop) + ms;
  stream_settle(b);
  ms_loop_sim_run_until(b->bed.loop, end_ms);
}

/* ---- what is asked ---- */

/* ' for ". The reply is kept, or the error's name and text. */
static inline const char *stream_ask(struct stream_bed *b, ms_source_operation operation,
                                     const char *format)
{
  struct ms_json request, reply = MS_JSON_VALUE_NONE;
  struct ms_queue_refusal why = {.name = NULL};
  struct ms_buf text;
  char *json = mt_format("%s", format);
  for (char *at = json; *at != '\0'; at++) {
    *at = *at == '\'' ? '"' : *at;
  }
  mt_eq_int(ms_json_parse(&request, ms_str_c(json), NULL, NULL), 0);
  int err = operation(b->sources, request, &reply, &why);
  ms_json_unref(request);
  if (err != 0) {
    ms_json_unref(reply);
    return mt_format("%s: %s", why.name == NULL ? "" : why.name, why.name == NULL ? "" : why.text);
  }
  struct ms_str uuid = ms_json_text(ms_json_getc(reply, "UUID"));
  snprintf(b->uuid, sizeof b->uuid, "%.*s", MS_STR_ARG(uuid));
  ms_buf_init(&text, 0);
  ms_json_print(&text, reply);
  const char *kept = mt_format("%.*s", (int)text.len, text.data);
  ms_buf_deinit(&text);
  ms_json_unref(reply);
  return kept;
}

static inline void stream_on_seen(const struct ms_invoke_answer *answer, void *user)
{
  struct stream_bed *b = user;
  b->seen = mt_format("%.*s", MS_STR_ARG(answer->payload));
}

/* What the function has seen: values of a batch, then '|'. Only at a time when nothing else is due. */
static inline const char *stream_seen(struct stream_bed *b)
{
  struct ms_json payload;
  mt_eq_int(ms_json_parse(&payload, MS_STR("{\"seen\":true}"), NULL, NULL), 0);
  const struct ms_invoke_request request = {
      .name = {MS_STR("f"), MS_STR("")}, .payload = payload, .client_context = MS_JSON_VALUE_NONE};
  mt_eq_int(ms_invoke_call(b->bed.invoke, &request, stream_on_seen, b), 0);
  ms_json_unref(payload);
  stream_pass(b, 1);
  return b->seen;
}

#endif
