/* Metrics as Prometheus reads them. */
#include "mt.h"

#include <string.h>

#include "metrics/metrics.h"

MT_TEST(metrics__only_what_is_set_with_one_head_a_name)
{
  struct ms_metrics metrics = {0};
  ms_metrics_set(&metrics, MS_METRIC_EXECUTIONS_FAILED, 2);
  ms_metrics_set(&metrics, MS_METRIC_EXECUTIONS_SUCCEEDED, UINT64_C(9007199254740993));
  ms_metrics_set(&metrics, MS_METRIC_TIMERS, 1);
  ms_metrics_set(&metrics, MS_METRIC_TIMERS, 3);
  struct ms_buf out;
  ms_buf_init(&out, 0);
  ms_metrics_write(&out, &metrics);
  mt_eq_str(out.data, "# HELP mstep_executions_ended_total Executions that have ended\n"
                      "# TYPE mstep_executions_ended_total counter\n"
                      "mstep_executions_ended_total{status=\"SUCCEEDED\"} 9007199254740993\n"
                      "mstep_executions_ended_total{status=\"FAILED\"} 2\n"
                      "# HELP mstep_timers Timers that are set\n"
                      "# TYPE mstep_timers gauge\n"
                      "mstep_timers 4\n");
  ms_buf_deinit(&out);
}

MT_TEST(metrics__histograms_count_upwards)
{
  struct ms_histogram histogram = {{0}, 0};
  static const int64_t durations_us[] = {-5, 0, 1000, 1001, 1000000, 1000001, 86400000000, 86400000001};
  for (size_t i = 0; i < sizeof durations_us / sizeof durations_us[0]; i++) {
    ms_histogram_add(&histogram, durations_us[i]);
  }
  struct ms_metrics metrics = {0};
  ms_metrics_set_histogram(&metrics, MS_METRIC_EXECUTION_SECONDS, &histogram);
  struct ms_buf out;
  ms_buf_init(&out, 0);
  ms_metrics_write(&out, &metrics);
  static const char *const lines[] = {
      "_bucket{le=\"0.0001\"} 2\n", "_bucket{le=\"0.001\"} 3\n", "_bucket{le=\"0.005\"} 4\n", "_bucket{le=\"1\"} 5\n",
      "_bucket{le=\"5\"} 6\n",     "_bucket{le=\"86400\"} 7\n", "_bucket{le=\"+Inf\"} 8\n",
      "_sum 172802.002003\n",         "_count 8\n",
  };
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
    mt_ok(strstr(out.data, lines[i]) != NULL);
  }
  ms_buf_deinit(&out);
}
