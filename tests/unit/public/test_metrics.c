/* mstep_metrics: what an engine has counted. */
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "mt.h"

static char store_url[512];

static void tune(mstep_options *options)
{
  options->store = store_url[0] == '\0' ? NULL : store_url;
}

static const char *metrics_of(struct host *host)
{
  const char *text = NULL;
  mt_eq_int(mstep_metrics(host->engine, host_text, &text), 0);
  return text;
}

static void check_has(const char *text, const char *line)
{
  if (strstr(text, line) == NULL)
    mt_eq_str(text, line); /* shows both */
}

static void run_two(struct host *host)
{
  mstep_arn good = host_machine(host, "good", "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Wait\",\"Seconds\":3,\"Next\":"
                             "\"B\"},\"B\":{\"Type\":\"Succeed\"}}}");
  mstep_arn bad = host_machine(host, "bad", "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Fail\"}}}");
  host_start(host, &good, NULL, NULL);
  host_start(host, &bad, NULL, NULL);
  host_run(host);
}

MT_TEST(metrics__count_executions_in_memory)
{
  struct host host;
  store_url[0] = '\0';
  host_open(&host, tune);
  run_two(&host);
  const char *text = metrics_of(&host);
  check_has(text, "\nmstep_executions_started_total 2\n");
  check_has(text, "\nmstep_executions_ended_total{status=\"SUCCEEDED\"} 1\n");
  check_has(text, "\nmstep_executions_ended_total{status=\"FAILED\"} 1\n");
  check_has(text, "\nmstep_executions_open 0\n");
  check_has(text, "\nmstep_transitions_total 2\n");
  check_has(text, "\nmstep_execution_duration_seconds_bucket{le=\"1\"} 1\n");
  check_has(text, "\nmstep_execution_duration_seconds_sum 3.000000\n");
  mt_ok(strstr(text, "journal") == NULL);
  host_close(&host);
}

MT_TEST(metrics__count_what_is_durable_in_a_store)
{
  struct host host;
  snprintf(store_url, sizeof store_url, "sqlite:%s/s.db", mt_tmpdir());
  host_open(&host, tune);
  run_two(&host);
  const char *text = metrics_of(&host);
  check_has(text, "\nmstep_executions_started_total 2\n");
  check_has(text, "\nmstep_journal_failures_total 0\n");
  check_has(text, "\nmstep_store_failed 0\n");
  mt_ok(strstr(text, "\nmstep_journal_commits_total 0\n") == NULL);
  host_close(&host);
}
