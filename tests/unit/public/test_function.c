/* Lua through the public header: functions as tasks, Invoke, rules, definitions, and their limits. */
#include <string.h>
#include <sys/stat.h>

#include "host.h"
#include "mt.h"

#define ARN "arn:aws:lambda:us-east-1:000000000000:function:f"
#define TASK(more)                                                                                 \
  "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"" ARN "\"" more          \
  ",\"End\":true}}}"
#define INVOKE(more)                                                                               \
  "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::"       \
  "lambda:invoke"                                                                                  \
  "\",\"Parameters\":{\"FunctionName\":\"f\",\"Payload.$\":\"$\"}" more ",\"End\":true}}}"

static void load(struct host *host, const char *name, const char *source)
{
  int err = mstep_function_load(host->engine, name, host_str(source));
  if (err != 0) {
    mt_fail("%s: %s", name, mstep_last_error());
  }
}

MT_TEST(function__answers_a_task)
{
  struct host host;
  host_open(&host, NULL);
  load(&host, "f", "return function(event, context) return {sum = event.a + event.b} end");
  mt_eq_int(host_once(&host, TASK(""), "{\"a\":2,\"b\":3}"), MSTEP_SUCCEEDED);
  mt_eq_str(host.output, "{\"sum\":5}");
  const char *history = host_history(&host, host.arn.text);
  mt_ok(strstr(history, "\"LambdaFunctionScheduled\"") != NULL);
  mt_ok(strstr(history, "\"LambdaFunctionSucceeded\"") != NULL);
  host_close(&host);
}

MT_TEST(function__payloads_survive_untouched)
{
  struct host host;
  const char *payload =
      "{\"empty\":[],\"none\":{},\"null\":null,\"one\":1.0,\"big\":9007199254740993,"
      "\"text\":\"a\\u0000b\",\"list\":[null,1]}";
  host_open(&host, NULL);
  load(&host, "f", "return function(event) return event end");
  mt_eq_int(host_once(&host, TASK(",\"ResultPath\":\"$.copy\""), payload), MSTEP_SUCCEEDED);
  for (const char *part = "[],{},null,1.0,9007199254740993,a\\u0000b,[null,1]"; part != NULL;) {
    const char *end = strchr(part, ',');
    const char *first =
        strstr(host.output, mt_format("%.*s", end == NULL ? 8 : (int)(end - part), part));
    mt_ok(first != NULL);
    part = end == NULL || part[1] == 'n' ? NULL : end + 1;
  }
  host_close(&host);
}

MT_TEST(function__by_invoke_is_wrapped)
{
  struct host host;
  host_open(&host, NULL);
  load(&host, "f", "return function(event) return 'hello' end");
  mt_eq_int(host_once(&host, INVOKE(",\"OutputPath\":\"$.Payload\""), "{}"), MSTEP_SUCCEEDED);
  mt_eq_str(host.output, "\"hello\"");
  const char *history = host_history(&host, host.arn.text);
  mt_ok(strstr(history, "\\\"ExecutedVersion\\\":\\\"$LATEST\\\"") != NULL);
  mt_ok(strstr(history, "\\\"StatusCode\\\":200") != NULL);
  host_close(&host);
}

MT_TEST(function__errors_have_type_and_cause)
{
  struct host host;
  host_open(&host, NULL);
  load(&host, "f",
       "return function(event) error{errorType = 'Declined', errorMessage = 'no funds'} end");
  mt_eq_int(
      host_once(&host, TASK(",\"Catch\":[{\"ErrorEquals\":[\"Other\"],\"Next\":\"T\"}]"), "{}"),
      MSTEP_FAILED);
  mt_eq_str(host.error, "Declined");
  mt_ok(strstr(host.cause, "\"errorMessage\":\"no funds\"") != NULL);
  host_close(&host);
}

MT_TEST(function__missing_is_not_found)
{
  struct host host;
  host_open(&host, NULL);
  mt_eq_int(host_once(&host, INVOKE(""), "{}"), MSTEP_FAILED);
  mt_eq_str(host.error, "Lambda.ResourceNotFoundException");
  mt_ok(strstr(host.cause, "f") != NULL);
  host_close(&host);
}

MT_TEST(function__attempt_and_ids_are_in_the_context)
{
  struct host host;
  host_open(&host, NULL);
  load(&host, "f",
       "return function(event, context)\n"
       "  if context.attempt < 3 then error{errorType = 'Busy', errorMessage = 'later'} end\n"
       "  return {attempt = context.attempt, name = context.function_name,\n"
       "    arn = context.invoked_function_arn, id = #context.aws_request_id}\n"
       "end");
  mt_eq_int(host_once(&host, TASK(",\"Retry\":[{\"ErrorEquals\":[\"Busy\"]}]"), "{}"),
            MSTEP_SUCCEEDED);
  const char *parts[] = {"\"attempt\":3", "\"name\":\"f\"", "\"arn\":\"" ARN "\"", "\"id\":36"};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    if (strstr(host.output, parts[i]) == NULL) {
      mt_report("%s is not in %s", parts[i], host.output);
    }
  }
  host_close(&host);
}

MT_TEST(function__sleeps_on_virtual_time)
{
  struct host host;
  host_open(&host, NULL);
  load(&host, "f",
       "local mstep = require 'mstep'\nreturn function() mstep.sleep(600) return 1 end");
  mt_eq_int(host_once(&host, TASK(""), "{}"), MSTEP_SUCCEEDED);
  mt_eq_int(mstep_engine_now_ms(host.engine), 1704067200000 + 600000);
  host_close(&host);
}

/* Sleeping past the task's timeout: the task times out and the call is gone. */
MT_TEST(function__the_tasks_timeout_ends_a_sleep)
{
  struct host host;
  host_open(&host, NULL);
  load(&host, "f",
       "local mstep = require 'mstep'\nreturn function() mstep.sleep(600) return 1 end");
  mt_eq_int(host_once(&host, TASK(",\"TimeoutSeconds\":5"), "{}"), MSTEP_FAILED);
  mt_eq_str(host.error, "States.Timeout");
  mt_eq_int(mstep_engine_now_ms(host.engine), 1704067200000 + 5000);
  host_close(&host);
}

static void real_time(mstep_options *options)
{
  options->is_virtual_time = 0;
}

static void with_workers(mstep_options *options)
{
  options->is_virtual_time = 0;
  options->workers = 2;
}

static void endless(void (*tune)(mstep_options *options))
{
  struct host host;
  host_open(&host, tune);
  load(&host, "f", "return function() while true do end end");
  mt_eq_int(host_once(&host, TASK(",\"TimeoutSeconds\":1"), "{}"), MSTEP_FAILED);
  mt_eq_str(host.error, "States.Timeout");
  /* The engine is unharmed. */
  load(&host, "f", "return function() return 'fine' end");
  mt_eq_int(host_once(&host, TASK(",\"TimeoutSeconds\":1"), "{}"), MSTEP_SUCCEEDED);
  mt_eq_str(host.output, "\"fine\"");
  host_close(&host);
}

MT_TEST(function__an_endless_loop_is_killed_on_the_loop_thread)
{
  endless(real_time);
}

MT_TEST(function__an_endless_loop_is_killed_on_a_worker)
{
  endless(with_workers);
}

MT_TEST(function__an_endless_loop_is_killed_on_virtual_time)
{
  endless(NULL);
}

MT_TEST(function__many_on_workers)
{
  struct host host;
  host_open(&host, with_workers);
  load(&host, "f", "return function(event) return event end");
  mstep_arn machine = host_machine(&host, "m", TASK(""));
  for (int i = 0; i < 500; i++) {
    host_start(&host, &machine, NULL, "{\"n\":1}");
  }
  host_run(&host);
  mt_eq_int(host.ended, 500);
  mt_eq_int(host.status, MSTEP_SUCCEEDED);
  host_close(&host);
}

MT_TEST(function__closing_while_they_run)
{
  for (int workers = 0; workers < 2; workers++) {
    struct host host;
    host_open(&host, workers == 0 ? real_time : with_workers);
    load(&host, "f",
         "local mstep = require 'mstep'\nreturn function() mstep.sleep(600) return 1 end");
    mstep_arn machine = host_machine(&host, "m", TASK(""));
    for (int i = 0; i < 10; i++) {
      host_start(&host, &machine, NULL, "{}");
    }
    host_rounds(&host, 30);
    const char *history = host_history(&host, host.arn.text);
    mt_ok(strstr(history, "\"LambdaFunctionStarted\"") != NULL);
    host_close(&host);
    mt_eq_int(host.ended, 0);
  }
}

/* The token is in the payload; the host reads it from there, as a queue's consumer would. */
struct token_reader {
  char *token;
};

static void read_token(mstep_engine *engine, const mstep_event *event, void *user)
{
  struct token_reader *reader = user;
  if (strcmp(event->type, "TaskScheduled") == 0) {
    char *at =
        strstr(mt_format("%.*s", (int)event->payload.len, event->payload.data), "\"token\":\"");
    mt_ok(at != NULL);
    at += 9;
    *strchr(at, '"') = '\0';
    reader->token = at;
  } else if (strcmp(event->type, "TaskSubmitted") == 0) {
    mt_eq_int(mstep_task_send_success(engine, reader->token, host_str("{\"approved\":true}")), 0);
  }
}

MT_TEST(function__for_a_token_waits_for_the_answer)
{
  struct host host;
  struct token_reader reader = {NULL};
  host_open(&host, NULL);
  load(&host, "f", "return function(event) return 'discarded' end");
  mt_eq_int(mstep_engine_watch(host.engine, read_token, &reader), 0);
  mt_eq_int(
      host_once(
          &host,
          "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":"
          "\"arn:aws:states:::lambda:invoke.waitForTaskToken\",\"Parameters\":{\"FunctionName\":"
          "\"f\",\"Payload\":{\"token.$\":\"$$.Task.Token\"}},\"End\":true}}}",
          "{}"),
      MSTEP_SUCCEEDED);
  mt_eq_str(host.output, "{\"approved\":true}");
  host_close(&host);
}

/* ---- Invoke ---- */

struct reply {
  int count, status;
  char *text;
};

static void on_reply(mstep_engine *engine, int status, mstep_str text, void *user)
{
  struct reply *reply = user;
  (void)engine;
  reply->count++;
  reply->status = status;
  reply->text = mt_format("%.*s", (int)text.len, text.data);
}

MT_TEST(invoke__replies_once)
{
  struct host host;
  struct reply reply = {0};
  host_open(&host, NULL);
  load(&host, "f", "return function(event) return {n = event.n * 2} end");
  load(&host, "g", "return function() error{errorType = 'E', errorMessage = 'm'} end");
  mt_eq_int(mstep_function_invoke(host.engine, "f", host_str("{\"n\":4}"), on_reply, &reply), 0);
  mt_eq_int(reply.count, 0);
  host_run(&host);
  mt_eq_int(reply.count, 1);
  mt_eq_int(reply.status, 0);
  mt_eq_str(reply.text, "{\"n\":8}");
  mt_eq_int(mstep_function_invoke(host.engine, "g", host_str("{}"), on_reply, &reply), 0);
  host_run(&host);
  mt_eq_int(reply.count, 2);
  mt_eq_int(reply.status, MSTEP_ELUA);
  mt_ok(strstr(reply.text, "\"errorMessage\":\"m\"") != NULL);
  mt_ok(strstr(reply.text, "\"errorType\":\"E\"") != NULL);
  mt_eq_int(mstep_function_invoke(host.engine, "none", host_str("{}"), on_reply, &reply), 0);
  host_run(&host);
  mt_eq_int(reply.count, 3);
  mt_eq_int(reply.status, MSTEP_ENOTFOUND);
  mt_eq_int(mstep_function_invoke(host.engine, "f", host_str("{"), on_reply, &reply),
            MSTEP_ESYNTAX);
  host_close(&host);
}

MT_TEST(load__a_source_that_does_not_compile_changes_nothing)
{
  struct host host;
  host_open(&host, NULL);
  load(&host, "f", "return function() return 'old' end");
  mt_eq_int(mstep_function_load(host.engine, "f", host_str("return function( end")), MSTEP_ELUA);
  mt_ok(mstep_last_error()[0] != '\0');
  mt_eq_int(host_once(&host, TASK(""), "{}"), MSTEP_SUCCEEDED);
  mt_eq_str(host.output, "\"old\"");
  host_close(&host);
}

/* ---- folders ---- */

static const char *folder;

static void use_folder(mstep_options *options)
{
  options->functions_dir = mt_format("%s/functions", folder);
  options->rules_dir = mt_format("%s/rules", folder);
  options->lib_dir = mt_format("%s/lib", folder);
}

static void write_in(const char *name, const char *text)
{
  mt_write_file(mt_format("%s/%s", folder, name), text, strlen(text));
}

static void make_folder(void)
{
  folder = mt_tmpdir();
  mt_eq_int(mkdir(mt_format("%s/functions", folder), 0700), 0);
  mt_eq_int(mkdir(mt_format("%s/rules", folder), 0700), 0);
  mt_eq_int(mkdir(mt_format("%s/lib", folder), 0700), 0);
}

MT_TEST(folders__functions_and_their_modules)
{
  struct host host;
  make_folder();
  write_in("lib/prices.lua", "return {tax = 0.5}");
  write_in("functions/f.lua",
           "local prices = require 'prices'\nreturn function(e) return e.n * prices.tax end");
  host_open(&host, use_folder);
  mt_eq_int(host_once(&host, TASK(""), "{\"n\":3}"), MSTEP_SUCCEEDED);
  mt_eq_str(host.output, "1.5");
  host_close(&host);
}

MT_TEST(folders__choice_rules)
{
  struct host host;
  make_folder();
  write_in("rules/rules.lua", "return {is_vip = function(input) return input.points > 100 end}");
  host_open(&host, use_folder);
  const char *machine =
      "{\"StartAt\":\"C\",\"States\":{\"C\":{\"Type\":\"Choice\",\"Choices\":[{\"Rule\":"
      "\"rules.is_vip\",\"Next\":\"Vip\"}],\"Default\":\"Plain\"},"
      "\"Vip\":{\"Type\":\"Pass\",\"Result\":\"vip\",\"End\":true},"
      "\"Plain\":{\"Type\":\"Pass\",\"Result\":\"plain\",\"End\":true}}}";
  mt_eq_int(host_once(&host, machine, "{\"points\":500}"), MSTEP_SUCCEEDED);
  mt_eq_str(host.output, "\"vip\"");
  mt_eq_int(host_once(&host, machine, "{\"points\":5}"), MSTEP_SUCCEEDED);
  mt_eq_str(host.output, "\"plain\"");
  mt_eq_int(host_once(&host, machine, "{}"), MSTEP_FAILED); /* compares nil */
  mt_eq_str(host.error, "States.Runtime");
  mt_ok(strstr(host.cause, "rules.lua:1") != NULL);
  host_close(&host);
}

MT_TEST(folders__definitions_in_lua)
{
  struct host host;
  const char *text = NULL;
  make_folder();
  write_in("m.lua",
           "return {StartAt = 'P', States = {P = {Type = 'Pass', Result = 7, End = true}}}");
  write_in("bad.lua", "local x = nil\nreturn x.y");
  host_open(&host, use_folder);
  mt_eq_int(mstep_definition_read(host.engine, mt_format("%s/m.lua", folder), host_text, &text), 0);
  mt_eq_int(host_once(&host, text, "{}"), MSTEP_SUCCEEDED);
  mt_eq_str(host.output, "7");
  mt_eq_int(mstep_definition_read(host.engine, mt_format("%s/bad.lua", folder), host_text, &text),
            MSTEP_ELUA);
  mt_ok(strstr(mstep_last_error(), "bad.lua:2") != NULL);
  host_close(&host);
}
