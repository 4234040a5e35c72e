/*
 * JSON: megabytes a second of parsing and printing for a small document, a list of 2,000 of them,
 * numbers and text; nanoseconds of a member look-up. One JSON object on standard output.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/random.h"
#include "json/json.h"

static const char order[] =
    "{\"orderId\":\"A-1001\",\"customer\":{\"name\":\"Ada Lovelace\",\"email\":\"ada@example.com\",\"vip\":"
    "true},\"items\":[{\"sku\":\"X1\",\"qty\":2,\"price\":19.99},{\"sku\":\"Y2\",\"qty\":1,\"price\":5.5}],"
    "\"total\":45.48,\"note\":null,\"created\":\"2024-01-01T10:00:05.123Z\",\"tags\":[\"a\",\"b\",\"c\"],"
    "\"description\":\"a somewhat longer text to carry along\"}";

static double now_seconds(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct ms_json parse(struct ms_str text)
{
  struct ms_json value;
  if (ms_json_parse(&value, text, NULL, NULL) != 0) {
    fprintf(stderr, "a text of the benchmark does not parse\n");
    exit(1);
  }
  return value;
}

/* About 100 MB through each. */
static void measure(const char *name, struct ms_str text)
{
  size_t rounds = 100000000 / text.len + 1;
  double start = now_seconds();
  for (size_t i = 0; i < rounds; i++) {
    ms_json_unref(parse(text));
  }
  double parse_seconds = now_seconds() - start;
  struct ms_json value = parse(text);
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  start = now_seconds();
  for (size_t i = 0; i < rounds; i++) {
    ms_buf_reset(&buf);
    ms_json_print(&buf, value);
  }
  double print_seconds = now_seconds() - start;
  double megabytes = (double)rounds / 1e6;
  printf("\"%s\":{\"bytes\":%zu,\"parse_mb_s\":%.0f,\"print_mb_s\":%.0f},", name, text.len,
         megabytes * (double)text.len / parse_seconds, megabytes * (double)buf.len / print_seconds);
  ms_buf_deinit(&buf);
  ms_json_unref(value);
}

static void put_list(struct ms_buf *buf, int kind, int count)
{
  struct ms_random random;
  ms_random_seed(&random, 1);
  ms_buf_reset(buf);
  for (int i = 0; i < count; i++) {
    ms_buf_char(buf, i == 0 ? '[' : ',');
    if (kind == 0) {
      ms_buf_cstr(buf, order);
    } else if (kind == 1) {
      ms_buf_printf(buf, "%d", i * 7919);
    } else if (kind == 2) {
      ms_buf_printf(buf, "%.2f", i * 79.19);
    } else if (kind == 3) {
      ms_buf_printf(buf, "%.17g", ms_random_double(&random) * 1000);
    } else {
      ms_buf_cstr(buf, "\"The quick brown fox jumps over the lazy dog. Gr\xC3\xB6\xC3\x9F" "e\\n\"");
    }
  }
  ms_buf_char(buf, ']');
}

static double get_nanoseconds(struct ms_json object, struct ms_str key)
{
  enum { ROUNDS = 20000000 };
  volatile uint8_t seen = 0;
  double start = now_seconds();
  for (int i = 0; i < ROUNDS; i++) {
    seen = ms_json_get(object, key).type;
  }
  (void)seen;
  return (now_seconds() - start) / ROUNDS * 1e9;
}

int main(void)
{
  static const char *const names[] = {"orders", "integers", "prices", "doubles", "text"};
  static const int counts[] = {2000, 50000, 50000, 20000, 5000};
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  printf("{");
  measure("order", MS_STR(order));
  for (int kind = 0; kind < 5; kind++) {
    put_list(&buf, kind, counts[kind]);
    measure(names[kind], ms_buf_view(&buf));
  }
  struct ms_json value = parse(MS_STR(order));
  printf("\"get_of_3_ns\":%.1f,\"get_of_9_ns\":%.1f}\n",
         get_nanoseconds(ms_json_getc(value, "customer"), MS_STR("email")),
         get_nanoseconds(value, MS_STR("description")));
  ms_json_unref(value);
  ms_buf_deinit(&buf);
  return 0;
}
