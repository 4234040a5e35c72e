/* Metrics as text, from their table. Who counts what is not known here. */
#include "metrics/metrics.h"

#include <string.h>

enum type { COUNTER, GAUGE, HISTOGRAM };

struct row {
  enum type type;
  const char *name, *labels, *help;
};

static const struct row rows[] = {
#define MS_METRIC(id, type, name, labels, help) {type, name, labels, help},
#include "metrics/metrics.def"
#undef MS_METRIC
};

static const struct {
  int64_t up_to_us;
  const char *seconds;
} buckets[MS_HISTOGRAM_BUCKETS] = {
    {100, "0.0001"},        {500, "0.0005"},    {1000, "0.001"},      {5000, "0.005"},
    {10000, "0.01"},        {50000, "0.05"},    {100000, "0.1"},      {500000, "0.5"},
    {1000000, "1"},         {5000000, "5"},     {10000000, "10"},     {60000000, "60"},
    {600000000, "600"},     {INT64_C(3600000000), "3600"},            {INT64_C(86400000000), "86400"},
};

void ms_histogram_add(struct ms_histogram *histogram, int64_t duration_us)
{
  unsigned i = 0;
  while (i < MS_HISTOGRAM_BUCKETS && duration_us > buckets[i].up_to_us) {
    i++;
  }
  histogram->buckets[i]++;
  histogram->sum_us += duration_us < 0 ? 0 : (uint64_t)duration_us;
}

void ms_metrics_set(struct ms_metrics *metrics, enum ms_metric metric, uint64_t value)
{
  metrics->values[metric] += value;
  metrics->is_set[metric] = true;
}

void ms_metrics_set_histogram(struct ms_metrics *metrics, enum ms_metric metric,
                              const struct ms_histogram *histogram)
{
  metrics->histograms[metric] = histogram;
  metrics->is_set[metric] = true;
}

static void write_value(struct ms_buf *out, const struct row *row, uint64_t value)
{
  ms_buf_cstr(out, row->name);
  if (row->labels[0] != '\0') {
    ms_buf_printf(out, "{%s}", row->labels);
  }
  ms_buf_printf(out, " %llu\n", (unsigned long long)value);
}

static void write_histogram(struct ms_buf *out, const struct row *row,
                            const struct ms_histogram *histogram)
{
  const char *comma = row->labels[0] == '\0' ? "" : ",";
  uint64_t below = 0;
  for (unsigned i = 0; i <= MS_HISTOGRAM_BUCKETS; i++) {
    below += histogram->buckets[i];
    ms_buf_printf(out, "%s_bucket{%s%sle=\"%s\"} %llu\n", row->name, row->labels, comma,
                  i < MS_HISTOGRAM_BUCKETS ? buckets[i].seconds : "+Inf",
                  (unsigned long long)below);
  }
  const char *open = comma[0] == '\0' ? "" : "{", *close = comma[0] == '\0' ? "" : "}";
  ms_buf_printf(out, "%s_sum%s%s%s %llu.%06u\n", row->name, open, row->labels, close,
                (unsigned long long)(histogram->sum_us / 1000000),
                (unsigned)(histogram->sum_us % 1000000));
  ms_buf_printf(out, "%s_count%s%s%s %llu\n", row->name, open, row->labels, close,
                (unsigned long long)below);
}

void ms_metrics_write(struct ms_buf *out, const struct ms_metrics *metrics)
{
  static const char *const types[] = {"counter", "gauge", "histogram"};
  const char *last = "";
  for (unsigned i = 0; i < MS_METRIC_COUNT; i++) {
    const struct row *row = &rows[i];
    if (!metrics->is_set[i]) {
      continue;
    }
    if (strcmp(row->name, last) != 0) {
      ms_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name,
                    types[row->type]);
      last = row->name;
    }
    if (row->type == HISTOGRAM) {
      write_histogram(out, row, metrics->histograms[i]);
    } else {
      write_value(out, row, metrics->values[i]);
    }
  }
}
