/*
 * What is counted, under which name, and how Prometheus gets it. Parts of the engine count for
 * themselves, in plain fields on the loop thread; when somebody asks, each puts its figures into a
 * struct ms_metrics, which is written as text. Nothing here is shared or kept.
 */
#ifndef MS_METRICS_METRICS_H
#define MS_METRICS_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum ms_metric {
#define MS_METRIC(id, type, name, labels, help) MS_METRIC_##id,
#include "metrics/metrics.def"
#undef MS_METRIC
  MS_METRIC_COUNT
};

#define MS_HISTOGRAM_BUCKETS 15

/* Durations; zeroed memory is an empty one. */
struct ms_histogram {
  uint64_t buckets[MS_HISTOGRAM_BUCKETS + 1]; /* each alone; the last is what no bucket holds */
  uint64_t sum_us;
};

/* A negative duration (a clock was set back) counts as 0. */
void ms_histogram_add(struct ms_histogram *histogram, int64_t duration_us);

/* The figures of one moment; zeroed memory is empty. */
struct ms_metrics {
  uint64_t values[MS_METRIC_COUNT];
  const struct ms_histogram *histograms[MS_METRIC_COUNT];
  bool is_set[MS_METRIC_COUNT];
};

/* Adds up when several set the same. */
void ms_metrics_set(struct ms_metrics *metrics, enum ms_metric metric, uint64_t value);
/* Borrowed until the metrics are written. */
void ms_metrics_set_histogram(struct ms_metrics *metrics, enum ms_metric metric,
                              const struct ms_histogram *histogram);
/* Those that are set, in Prometheus' text format 0.0.4. Failure is out's. */
void ms_metrics_write(struct ms_buf *out, const struct ms_metrics *metrics);

#endif
