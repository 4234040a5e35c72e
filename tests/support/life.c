/* See life.h. */
#include "life.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "json/json.h"
#include "mt.h"

static void on_done(struct ms_callback callback, const struct ms_engine_end *end, void *host)
{
  struct life *life = host;
  (void)callback;
  life->done++;
  life->status = end->status;
  snprintf(life->output, sizeof life->output, "%.*s", MS_STR_ARG(end->output));
}

static void on_accepted(struct ms_callback callback, int code, const char *detail, void *host)
{
  struct life *life = host;
  (void)callback;
  (void)detail;
  mt_eq_int(code, 0);
  life->accepted++;
}

static void on_task(struct ms_callback callback, const char *token, const char *resource,
                    struct ms_str input, void *host)
{
  struct life *life = host;
  (void)callback;
  (void)resource;
  life->tasks++;
  snprintf(life->token, sizeof life->token, "%s", token);
  if (life->tasks == life->stop_after) {
    ms_engine_stop(life->engine);
  }
  if (life->silent > 0) {
    life->silent--;
    return;
  }
  int err = life->busy > 0 ? ms_engine_task_failure(life->engine, ms_str_c(token), MS_STR("Busy"),
                                                    MS_STR("later"))
                           : ms_engine_task_success(life->engine, ms_str_c(token), input);
  life->busy -= life->busy > 0;
  mt_eq_int(err, 0);
}

static void on_event(struct ms_callback callback, const struct ms_engine_event *event, void *host)
{
  (void)callback;
  (void)event;
  (void)host;
}

static void on_log(int level, const char *module, struct ms_str line, void *host)
{
  (void)level;
  (void)host;
  mt_note("%s: %.*s", module, MS_STR_ARG(line));
}

struct ms_callback some_callback(void)
{
  static const char anything;
  return (struct ms_callback){(void (*)(void))on_log, (void *)(uintptr_t)&anything};
}

struct ms_engine_options life_options(struct life *life, const char *url, int64_t start_at_ms)
{
  return (struct ms_engine_options){
      .region = "us-east-1",
      .account = "000000000000",
      .role_arn = "arn:aws:iam::000000000000:role/r",
      .is_virtual_time = true,
      .start_at_ms = start_at_ms,
      .seed = 7,
      .is_history_kept = true,
      .store_url = url,
      .host = {on_done, on_task, NULL, NULL, on_accepted, on_event, on_log, life, NULL},
  };
}

void life_begin_with(struct life *life, const struct ms_engine_options *options)
{
  int err = ms_engine_open(&life->engine, options);
  mt_eq_str(err == 0 ? "" : ms_error_detail(), "");
  mt_eq_int(ms_engine_task_register(life->engine, MS_STR("*"), some_callback()), 0);
}

void life_begin(struct life *life, const char *url, int64_t start_at_ms)
{
  *life = (struct life){0};
  struct ms_engine_options options = life_options(life, url, start_at_ms);
  life_begin_with(life, &options);
}

void life_end(struct life *life)
{
  mt_eq_int(ms_engine_close(life->engine), 0);
}

int life_start(struct life *life, const char *text, const char *name, const char *input)
{
  char arn[MS_ENGINE_ARN_SIZE];
  const struct ms_engine_machine_request request = {
      .name = MS_STR("m"), .definition = ms_str_c(text), .is_update = true};
  mt_eq_int(ms_engine_machine_create(arn, life->engine, &request, NULL, NULL), 0);
  const struct ms_engine_start begin = {.machine_arn = MS_STR(MACHINE_ARN),
                                        .name = ms_str_c(name),
                                        .input = ms_str_c(input),
                                        .accepted = some_callback(),
                                        .done = some_callback()};
  return ms_engine_execution_start(arn, life->engine, &begin);
}

char *life_history(struct life *life, const char *arn, bool is_reverse, unsigned page)
{
  struct ms_buf all;
  ms_buf_init(&all, 0);
  char token[64];
  struct ms_str next = {NULL, 0};
  do {
    struct ms_buf out;
    ms_buf_init(&out, 0);
    const struct ms_engine_history request = {
        .arn = ms_str_c(arn), .max_results = page, .is_reverse = is_reverse, .next_token = next};
    int err = ms_engine_execution_history(&out, life->engine, &request);
    mt_eq_str(err == 0 ? "" : ms_error_detail(), "");
    struct ms_json answer;
    mt_eq_int(ms_json_parse(&answer, ms_buf_view(&out), NULL, NULL), 0);
    struct ms_json events = ms_json_getc(answer, "events");
    for (size_t i = 0; i < ms_json_count(events); i++) {
      struct ms_json event = ms_json_at(events, i);
      ms_json_print(&all, ms_json_getc(event, "id"));
      ms_buf_char(&all, ' ');
      ms_buf_str(&all, ms_json_text(ms_json_getc(event, "type")));
      ms_buf_char(&all, '\n');
    }
    struct ms_json more = ms_json_getc(answer, "nextToken");
    next.data = NULL;
    if (ms_json_is_string(more)) {
      snprintf(token, sizeof token, "%s", ms_json_text(more).data);
      next = ms_str_c(token);
    }
    ms_json_unref(answer);
    ms_buf_deinit(&out);
  } while (next.data != NULL);
  size_t len;
  return ms_buf_take(&all, &len);
}

char *life_describe(struct life *life, const char *arn)
{
  struct ms_buf out;
  ms_buf_init(&out, 0);
  int err = ms_engine_execution_describe(&out, life->engine, ms_str_c(arn));
  mt_eq_str(err == 0 ? "" : ms_error_detail(), "");
  size_t len;
  return ms_buf_take(&out, &len);
}

char *life_list(struct life *life, int status, unsigned page)
{
  struct ms_buf all;
  ms_buf_init(&all, 0);
  char token[64];
  struct ms_str next = {NULL, 0};
  do {
    struct ms_buf out;
    ms_buf_init(&out, 0);
    const struct ms_engine_list request = {.machine_arn = MS_STR(MACHINE_ARN),
                                           .status = status,
                                           .max_results = page,
                                           .next_token = next};
    int err = ms_engine_execution_list(&out, life->engine, &request);
    mt_eq_str(err == 0 ? "" : ms_error_detail(), "");
    struct ms_json answer;
    mt_eq_int(ms_json_parse(&answer, ms_buf_view(&out), NULL, NULL), 0);
    struct ms_json items = ms_json_getc(answer, "executions");
    for (size_t i = 0; i < ms_json_count(items); i++) {
      struct ms_json item = ms_json_at(items, i);
      ms_buf_printf(&all, "%s %s;", ms_json_text(ms_json_getc(item, "name")).data,
                    ms_json_text(ms_json_getc(item, "status")).data);
    }
    struct ms_json more = ms_json_getc(answer, "nextToken");
    next.data = NULL;
    if (ms_json_is_string(more)) {
      snprintf(token, sizeof token, "%s", ms_json_text(more).data);
      next = ms_str_c(token);
    }
    ms_json_unref(answer);
    ms_buf_deinit(&out);
  } while (next.data != NULL);
  ms_buf_char(&all, '.');
  size_t len;
  return ms_buf_take(&all, &len);
}

void life_expect_list(struct life *life, int status, unsigned page, const char *expected)
{
  char *text = life_list(life, status, page);
  mt_eq_str(text, expected);
  ms_free(text);
}

