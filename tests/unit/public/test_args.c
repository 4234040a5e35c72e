/* What the exported functions refuse, and the library's own small functions. */
#include <string.h>

#include "host.h"
#include "mt.h"

MT_TEST(public__version_and_errors)
{
  mt_eq_str(mstep_version(), MSTEP_VERSION_TEXT);
  mt_eq_str(mstep_strerror(MSTEP_ENOMEM), "out of memory");
  mt_ok(mstep_strerror(-9999) != NULL);
  mt_ok(mstep_last_error() != NULL);
}

MT_TEST(public__null_arguments)
{
  struct host host;
  host_open(&host, NULL);
  mstep_engine *engine = host.engine;
  mstep_arn arn;
  const mstep_str none = {NULL, 0};
  const int results[] = {
      mstep_options_init(NULL, MSTEP_OPTIONS_VERSION),
      mstep_engine_open(NULL, NULL),
      mstep_engine_run(NULL),
      mstep_engine_post(NULL, NULL, NULL),
      mstep_engine_post(engine, NULL, NULL),
      mstep_engine_watch(NULL, NULL, NULL),
      mstep_state_machine_create(NULL, engine, "m", host_str("{}"), NULL, NULL, NULL),
      mstep_state_machine_create(&arn, NULL, "m", host_str("{}"), NULL, NULL, NULL),
      mstep_state_machine_create(&arn, engine, NULL, host_str("{}"), NULL, NULL, NULL),
      mstep_state_machine_create(&arn, engine, "m", none, NULL, NULL, NULL),
      mstep_state_machine_create(&arn, engine, "m", host_str("{}"), "SLOW", NULL, NULL),
      mstep_state_machine_validate(engine, none, NULL, NULL, NULL),
      mstep_state_machine_graph(engine, host_str("{}"), NULL, NULL, NULL),
      mstep_state_machine_graph(engine, host_str("{}"), "gif", NULL, NULL),
      mstep_definition_read(engine, NULL, NULL, NULL),
      mstep_execution_start(NULL, engine, "a", NULL, none, NULL, NULL),
      mstep_execution_start(&arn, engine, NULL, NULL, none, NULL, NULL),
      mstep_execution_stop(engine, NULL, NULL, NULL),
      mstep_execution_stop(engine, "a", "\xff", NULL),
      mstep_execution_describe(engine, NULL, NULL, NULL),
      mstep_execution_history(NULL, "a", NULL, NULL),
      mstep_execution_purge(engine, NULL),
      mstep_task_register(engine, NULL, NULL, NULL),
      mstep_mocks_load(engine, none, NULL),
      mstep_task_send_success(engine, "t", none),
      mstep_task_send_success(engine, NULL, host_str("{}")),
      mstep_task_send_failure(engine, NULL, NULL, NULL),
      mstep_task_send_failure(engine, "t", "\xc0\x80", NULL),
      mstep_task_send_heartbeat(engine, NULL),
      mstep_function_load(engine, NULL, none),
      mstep_function_invoke(engine, NULL, none, NULL, NULL),
  };
  for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
    if (results[i] != MSTEP_EINVALID) {
      mt_report("row %zu gave %d", i, results[i]);
    }
  }
  mstep_engine_stop(NULL);
  mt_eq_int(mstep_engine_close(NULL), 0);
  host_close(&host);
}

MT_TEST(public__options)
{
  mstep_options options;
  mstep_engine *engine;
  mt_eq_int(mstep_options_init(&options, 99), MSTEP_EUNSUPPORTED);
  const struct {
    const char *region, *account;
    int workers, is_virtual_time, expected;
  } rows[] = {
      {"us-east-1", "000000000000", -1, 1, 0},
      {"us-east-1", "000000000000", 2, 1, MSTEP_EINVALID},
      {"us-east-1", "000000000000", -2, 0, MSTEP_EINVALID},
      {"us east", "000000000000", 0, 0, MSTEP_EINVALID},
      {"", "000000000000", 0, 0, MSTEP_EINVALID},
      {"us-east-1", "12", 0, 0, MSTEP_EINVALID},
      {"us-east-1", "00000000000x", 0, 0, MSTEP_EINVALID},
      {NULL, NULL, 0, 0, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    mt_eq_int(mstep_options_init(&options, MSTEP_OPTIONS_VERSION), 0);
    options.region = rows[i].region;
    options.account = rows[i].account;
    options.workers = rows[i].workers;
    options.is_virtual_time = rows[i].is_virtual_time;
    int err = mstep_engine_open(&engine, &options);
    if (err != rows[i].expected) {
      mt_report("row %zu: %d, not %d", i, err, rows[i].expected);
    }
    mstep_engine_close(engine);
  }
  options.version = 0;
  mt_eq_int(mstep_engine_open(&engine, &options), MSTEP_EINVALID);
  mt_ok(engine == NULL);
}

static void *no_memory(void *user, void *ptr, size_t size)
{
  (void)user;
  (void)ptr;
  (void)size;
  return NULL;
}

MT_TEST(public__allocator_only_before_the_first_engine)
{
  const mstep_allocator none = {MSTEP_ALLOCATOR_VERSION, no_memory, NULL};
  const mstep_allocator old = {0, no_memory, NULL};
  mstep_engine *engine = NULL;
  mt_eq_int(mstep_set_allocator(&old), MSTEP_EINVALID);
  mt_eq_int(mstep_set_allocator(&none), 0);
  mt_eq_int(mstep_engine_open(&engine, NULL), MSTEP_ENOMEM);
  mt_ok(engine == NULL);
  mt_eq_int(mstep_set_allocator(NULL), 0);
  mt_eq_int(mstep_engine_open(&engine, NULL), 0);
  mt_eq_int(mstep_set_allocator(&none), MSTEP_ESTATE);
  mt_eq_int(mstep_engine_close(engine), 0);
  mt_eq_int(mstep_set_allocator(NULL), 0);
}

MT_TEST(public__region_account_and_role_are_seen)
{
  mstep_options options;
  mt_eq_int(mstep_options_init(&options, MSTEP_OPTIONS_VERSION), 0);
  options.region = "eu-west-1";
  options.account = "123456789012";
  options.workers = 0;
  mstep_engine *engine;
  mt_eq_int(mstep_engine_open(&engine, &options), 0);
  mstep_arn machine, arn;
  const char *definition = "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Pass\",\"OutputPath\":"
                           "\"$$.Execution.RoleArn\",\"End\":true}}}";
  mt_eq_int(
      mstep_state_machine_create(&machine, engine, "m", host_str(definition), NULL, NULL, NULL), 0);
  mt_eq_str(machine.text, "arn:aws:states:eu-west-1:123456789012:stateMachine:m");
  struct host host = {.engine = engine};
  mt_eq_int(
      mstep_execution_start(&arn, engine, machine.text, NULL, host_str("1"), host_done, &host), 0);
  mt_eq_int(mstep_engine_run(engine), 0);
  mt_eq_str(host.output, "\"arn:aws:iam::123456789012:role/moonstep\"");
  mt_eq_int(mstep_engine_close(engine), 0);
}
