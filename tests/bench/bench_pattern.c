/*
 * Event patterns: events a second against a set of rules, for a mix as it occurs and for sets made to be hard.
 * One JSON object on standard output: for each profile the rules, how many of them match an event, events a
 * second with the event parsed before and with its parsing, microseconds to compile and add a rule and to
 * match one pattern by itself, bytes a rule.
 *
 *   mixed       1,000 rules: source, detail-type and one to three names of the detail; 70 % exact, the rest
 *               prefix, numeric, anything-but, wildcard, exists; also with 100 and 10,000 rules
 *   wildcards   1,000 different wildcards that begin and end with a star, on one name
 *   heads       1,000 wildcards that begin differently, on one name
 *   ranges      1,000 numeric ranges on one name
 *   excluded    1,000 times anything-but another value: 999 match
 *   arrays      mixed, but the names are asked of the elements of an array
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "base/random.h"
#include "messaging/pattern_set.h"

#define EVENTS 1000
#define SOURCES 20
#define TYPES 100
#define RUN_SECONDS 0.7

static double now_seconds(void)
{
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void must(bool holds, const char *what)
{
  if (!holds) {
    fprintf(stderr, "bench_pattern: %s\n", what);
    exit(1);
  }
}

static size_t live_bytes;

static void *counting_resize(void *user, void *ptr, size_t size)
{
  (void)user;
  size_t *block = ptr == NULL ? NULL : (size_t *)ptr - 2;
  live_bytes -= block == NULL ? 0 : *block;
  if (size == 0) {
    free(block);
    return NULL;
  }
  block = realloc(block, size + 2 * sizeof *block);
  must(block != NULL, "out of memory");
  *block = size;
  live_bytes += size;
  return block + 2;
}

static unsigned pick(struct ms_random *random, unsigned below)
{
  return (unsigned)ms_random_below(random, below);
}

/* ---- rules ---- */

static void put_detail_rule(struct ms_buf *out, struct ms_random *random)
{
  unsigned kind = pick(random, 100);
  if (kind < 70) {
    ms_buf_printf(out, "\"state\":[\"state-%u\",\"state-%u\"]", pick(random, 50), pick(random, 50));
  } else if (kind < 80) {
    ms_buf_printf(out, "\"key\":[{\"prefix\":\"folder-%u/\"}]", pick(random, 200));
  } else if (kind < 88) {
    ms_buf_printf(out, "\"size\":[{\"numeric\":[\">\",%u,\"<=\",%u]}]", pick(random, 500),
                  500 + pick(random, 500));
  } else if (kind < 94) {
    ms_buf_printf(out, "\"state\":[{\"anything-but\":[\"state-%u\",\"state-%u\"]}]",
                  pick(random, 50), pick(random, 50));
  } else if (kind < 98) {
    ms_buf_printf(out, "\"key\":[{\"wildcard\":\"folder-%u/*.json\"}]", pick(random, 200));
  } else {
    ms_buf_printf(out, "\"extra-%u\":[{\"exists\":true}]", pick(random, 10));
  }
}

static void put_mixed_rule(struct ms_buf *out, struct ms_random *random, unsigned number)
{
  (void)number;
  ms_buf_printf(out, "{\"source\":[\"com.example.service%u\"],", pick(random, SOURCES));
  if (pick(random, 10) > 0) {
    ms_buf_printf(out, "\"detail-type\":[\"Something Happened %u\"],", pick(random, TYPES));
  }
  ms_buf_cstr(out, "\"detail\":{");
  put_detail_rule(out, random);
  if (pick(random, 3) == 0) {
    ms_buf_printf(out, ",\"owner\":{\"team\":[\"team-%u\"]}", pick(random, 30));
  }
  ms_buf_cstr(out, "}}");
}

static void put_wildcard_rule(struct ms_buf *out, struct ms_random *random, unsigned number)
{
  (void)random;
  ms_buf_printf(out, "{\"detail\":{\"key\":[{\"wildcard\":\"*r-%u/*.x%u*\"}]}}", number, number);
}

static void put_head_rule(struct ms_buf *out, struct ms_random *random, unsigned number)
{
  (void)random;
  ms_buf_printf(out, "{\"detail\":{\"key\":[{\"wildcard\":\"folder-%u/*.json\"}]}}", number);
}

static void put_range_rule(struct ms_buf *out, struct ms_random *random, unsigned number)
{
  unsigned low = pick(random, 990);
  (void)number;
  ms_buf_printf(out, "{\"detail\":{\"size\":[{\"numeric\":[\">=\",%u,\"<\",%u]}]}}", low, low + 10);
}

static void put_excluded_rule(struct ms_buf *out, struct ms_random *random, unsigned number)
{
  (void)random;
  ms_buf_printf(out, "{\"detail\":{\"state\":[{\"anything-but\":\"state-%u\"}]}}", number);
}

static void put_array_rule(struct ms_buf *out, struct ms_random *random, unsigned number)
{
  (void)number;
  ms_buf_printf(out, "{\"source\":[\"com.example.service%u\"],\"detail\":{\"items\":{",
                pick(random, SOURCES));
  put_detail_rule(out, random);
  ms_buf_printf(out, ",\"owner\":{\"team\":[\"team-%u\"]}}}}", pick(random, 30));
}

/* ---- events ---- */

static void put_detail(struct ms_buf *out, struct ms_random *random)
{
  ms_buf_printf(
      out,
      "{\"state\":\"state-%u\",\"key\":\"folder-%u/2026/11/23/object-%u.json\",\"size\":%u,"
      "\"owner\":{\"team\":\"team-%u\",\"mail\":\"somebody@example.com\"},\"etag\":"
      "\"d41d8cd98f00b204e9800998ecf8427e\",\"flags\":[\"a\",\"b\"],\"extra-%u\":true}",
      pick(random, 50), pick(random, 200), pick(random, 100000), pick(random, 1000),
      pick(random, 30), pick(random, 20));
}

static void put_event(struct ms_buf *out, struct ms_random *random, unsigned items)
{
  ms_buf_printf(
      out,
      "{\"version\":\"0\",\"id\":\"7bf73129-1428-4cd3-a780-95db273d%04u\",\"detail-type\":"
      "\"Something Happened %u\",\"source\":\"com.example.service%u\",\"account\":"
      "\"000000000000\",\"time\":\"2026-11-23T10:00:00Z\",\"region\":\"us-east-1\","
      "\"resources\":[\"arn:aws:example:us-east-1:000000000000:thing/t-%u\"],\"detail\":",
      pick(random, 10000), pick(random, TYPES), pick(random, SOURCES), pick(random, 10000));
  if (items == 0) {
    put_detail(out, random);
  } else {
    ms_buf_cstr(out, "{\"items\":[");
    for (unsigned i = 0; i < items; i++) {
      ms_buf_cstr(out, i == 0 ? "" : ",");
      put_detail(out, random);
    }
    ms_buf_cstr(out, "]}");
  }
  ms_buf_char(out, '}');
}

/* ---- measuring ---- */

struct profile {
  const char *name;
  void (*put_rule)(struct ms_buf *out, struct ms_random *random, unsigned number);
  unsigned rules;
  unsigned items; /* elements of the detail's array; 0: no array */
};

struct run {
  struct ms_pattern_set *set;
  struct ms_pattern *last;
  struct ms_buf texts[EVENTS];
  struct ms_json events[EVENTS];
  size_t event_bytes;
  double add_us;
  double bytes;
};

static void build(struct run *run, const struct profile *profile, struct ms_random *random)
{
  struct ms_buf text;
  ms_buf_init(&text, 0);
  size_t before = live_bytes;
  double seconds = 0;
  run->set = ms_pattern_set_new();
  run->last = NULL;
  for (unsigned i = 0; i < profile->rules; i++) {
    uint32_t id;
    ms_buf_reset(&text);
    profile->put_rule(&text, random, i);
    ms_pattern_unref(run->last);
    double start = now_seconds();
    must(ms_pattern_compile(&run->last, ms_buf_view(&text), MS_PATTERN_RULE, NULL) == 0, text.data);
    must(ms_pattern_set_add(&id, run->set, run->last, run) == 0, "add");
    seconds += now_seconds() - start;
  }
  run->add_us = seconds * 1e6 / profile->rules;
  run->bytes = (double)(live_bytes - before) / profile->rules;
  ms_buf_deinit(&text);
}

static void make_events(struct run *run, const struct profile *profile, struct ms_random *random)
{
  run->event_bytes = 0;
  for (int i = 0; i < EVENTS; i++) {
    ms_buf_init(&run->texts[i], 0);
    put_event(&run->texts[i], random, profile->items);
    must(ms_json_parse(&run->events[i], ms_buf_view(&run->texts[i]), NULL, NULL) == 0, "event");
    run->event_bytes += run->texts[i].len;
  }
}

/* Events a second; *hits of one event. */
static double rate(struct run *run, bool with_parsing, double *hits)
{
  size_t done = 0;
  size_t found = 0;
  double start = now_seconds();
  double seconds = 0;
  while (seconds < RUN_SECONDS) {
    for (int i = 0; i < EVENTS; i++) {
      struct ms_pattern_hits out;
      struct ms_json event = run->events[i];
      if (with_parsing) {
        must(ms_json_parse(&event, ms_buf_view(&run->texts[i]), NULL, NULL) == 0, "event");
      }
      must(ms_pattern_set_match(&out, run->set, event) == 0, "match");
      found += out.count;
      if (with_parsing) {
        ms_json_unref(event);
      }
    }
    done += EVENTS;
    seconds = now_seconds() - start;
  }
  *hits = (double)found / (double)done;
  return (double)done / seconds;
}

static double single_us(struct run *run)
{
  double start = now_seconds();
  for (int i = 0; i < EVENTS; i++) {
    bool is_match;
    must(ms_pattern_match(&is_match, run->last, run->events[i]) == 0, "match");
  }
  return (now_seconds() - start) * 1e6 / EVENTS;
}

static void measure(const struct profile *profile, bool is_first)
{
  static struct run run;
  struct ms_random random;
  double hits;
  ms_random_seed(&random, 7);
  build(&run, profile, &random);
  make_events(&run, profile, &random);
  double parsed = rate(&run, false, &hits);
  double whole = rate(&run, true, &hits);
  printf("%s\"%s\":{\"rules\":%u,\"event_bytes\":%zu,\"matches\":%.2f,\"events_s\":%.0f,"
         "\"with_parsing_s\":%.0f,\"add_us\":%.1f,\"one_pattern_us\":%.2f,\"bytes_a_rule\":%.0f}",
         is_first ? "{" : ",\n ", profile->name, profile->rules, run.event_bytes / EVENTS, hits,
         parsed, whole, run.add_us, single_us(&run), run.bytes);
  for (int i = 0; i < EVENTS; i++) {
    ms_json_unref(run.events[i]);
    ms_buf_deinit(&run.texts[i]);
  }
  ms_pattern_unref(run.last);
  ms_pattern_set_free(run.set);
}

int main(void)
{
  static const struct profile profiles[] = {
      {"mixed_100", put_mixed_rule, 100, 0},     {"mixed", put_mixed_rule, 1000, 0},
      {"mixed_10000", put_mixed_rule, 10000, 0}, {"wildcards", put_wildcard_rule, 1000, 0},
      {"heads", put_head_rule, 1000, 0},         {"ranges", put_range_rule, 1000, 0},
      {"excluded", put_excluded_rule, 1000, 0},  {"arrays", put_array_rule, 1000, 5},
  };
  struct ms_allocator allocator = {counting_resize, NULL};
  ms_alloc_set(&allocator);
  for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++) {
    measure(&profiles[i], i == 0);
  }
  printf("}\n");
  return 0;
}
