/* Many patterns at once must say what each says alone, whatever is added and removed. */
#include "mt.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/random.h"
#include "base/utf8.h"
#include "messaging/matcher.h"
#include "messaging/pattern_set.h"
#include "pattern_lines.h"

#define ENTRIES_MAX 2000

struct entry {
  struct ms_pattern *pattern; /* NULL: free */
  uint32_t id;
  bool is_in;
  int hits; /* of the last event */
};

static struct entry entries[ENTRIES_MAX];
static size_t entry_count;

static struct ms_pattern *compile(struct ms_str text, enum ms_pattern_dialect dialect)
{
  struct ms_pattern *pattern = NULL;
  if (ms_pattern_compile(&pattern, text, dialect, NULL) != 0) {
    mt_fail("refused: %.*s", MS_STR_ARG(text));
  }
  return pattern;
}

static void add_entry(struct ms_pattern_set *set, struct ms_pattern *pattern)
{
  mt_ok(entry_count < ENTRIES_MAX);
  struct entry *entry = &entries[entry_count++];
  *entry = (struct entry){pattern, 0, true, 0};
  mt_eq_int(ms_pattern_set_add(&entry->id, set, pattern, entry), 0);
}

static void drop_entries(struct ms_pattern_set *set)
{
  for (size_t i = 0; i < entry_count; i++) {
    if (entries[i].is_in) {
      ms_pattern_set_remove(set, entries[i].id);
    }
    ms_pattern_unref(entries[i].pattern);
  }
  mt_eq_int(ms_pattern_set_count(set), 0);
  entry_count = 0;
}

/* The set's answer against each pattern's own. Number of hits. */
static size_t check_event(struct ms_pattern_set *set, struct ms_json event)
{
  struct ms_pattern_hits hits;
  for (size_t i = 0; i < entry_count; i++) {
    entries[i].hits = 0;
  }
  mt_eq_int(ms_pattern_set_match(&hits, set, event), 0);
  for (size_t i = 0; i < hits.count; i++) {
    ((struct entry *)hits.users[i])->hits++;
  }
  for (size_t i = 0; i < entry_count; i++) {
    bool is_match;
    mt_eq_int(ms_pattern_match(&is_match, entries[i].pattern, event), 0);
    int wanted = entries[i].is_in && is_match ? 1 : 0;
    if (entries[i].hits != wanted) {
      struct ms_json text = ms_json_print_value(event);
      mt_fail("entry %zu: %d hits instead of %d for %.*s", i, entries[i].hits, wanted,
              MS_STR_ARG(ms_json_text(text)));
    }
  }
  return hits.count;
}

MT_TEST(messaging_pattern_set__all_rows_at_once)
{
  struct ms_pattern_set *set = ms_pattern_set_new();
  struct pattern_lines lines;
  struct pattern_line line;
  pattern_lines_open(&lines);
  while (pattern_lines_next(&lines, &line)) {
    if (line.kind == 'p') {
      add_entry(set, compile(line.text, line.dialect));
    }
  }
  mt_ok(entry_count > 80);
  size_t hits = 0;
  pattern_lines_open(&lines);
  while (pattern_lines_next(&lines, &line)) {
    if (line.kind == '+' || line.kind == '-') {
      struct ms_json event;
      mt_eq_int(ms_json_parse(&event, line.text, NULL, NULL), 0);
      hits += check_event(set, event);
      ms_json_unref(event);
    }
  }
  mt_ok(hits > 150);
  drop_entries(set);
  ms_pattern_set_free(set);
}

/* ---- random patterns over few names and values, so that much is shared ---- */

static const char *const alternatives[] = {
    "\"a\"",
    "\"b\"",
    "1",
    "2.5",
    "true",
    "null",
    "\"1.2.3.4\"",
    "{\"prefix\":\"a\"}",
    "{\"prefix\":\"ab\"}",
    "{\"suffix\":\"b\"}",
    "{\"suffix\":\"\"}",
    "{\"equals-ignore-case\":\"AB\"}",
    "{\"prefix\":{\"equals-ignore-case\":\"A\"}}",
    "{\"anything-but\":\"a\"}",
    "{\"anything-but\":[1,2]}",
    "{\"anything-but\":{\"suffix\":\"b\"}}",
    "{\"numeric\":[\">\",1,\"<\",9]}",
    "{\"numeric\":[\"=\",1]}",
    "{\"exists\":true}",
    "{\"exists\":false}",
    "{\"cidr\":\"1.2.0.0/16\"}",
    "{\"wildcard\":\"a*b\"}",
    "{\"wildcard\":\"*b\"}",
    "{\"wildcard\":\"*\"}",
};

static const char *const names[] = {"x", "y", "z", "x.u", "u", "v"};
static const char *const values[] = {"\"a\"", "\"ab\"",      "\"b\"", "\"AB\"", "1",
                                     "2",     "2.5",         "5",     "true",   "null",
                                     "\"\"",  "\"1.2.3.4\"", "{}",    "[]"};

#define PICK(random, list) ((list)[ms_random_below((random), sizeof(list) / sizeof *(list))])

static void put_alternatives(struct ms_buf *out, struct ms_random *random)
{
  uint64_t count = 1 + ms_random_below(random, 3);
  ms_buf_char(out, '[');
  for (uint64_t i = 0; i < count; i++) {
    ms_buf_cstr(out, i == 0 ? "" : ",");
    ms_buf_cstr(out, PICK(random, alternatives));
  }
  ms_buf_char(out, ']');
}

static void put_pattern(struct ms_buf *out, struct ms_random *random, int depth)
{
  uint64_t count = 1 + ms_random_below(random, 3);
  ms_buf_char(out, '{');
  for (uint64_t i = 0; i < count; i++) {
    ms_buf_cstr(out, i == 0 ? "" : ",");
    if (depth < 2 && ms_random_below(random, 8) == 0) {
      ms_buf_cstr(out, "\"$or\":[");
      put_pattern(out, random, depth + 1);
      ms_buf_char(out, ',');
      put_pattern(out, random, depth + 1);
      ms_buf_char(out, ']');
      continue;
    }
    ms_buf_printf(out, "\"%s\":", PICK(random, names));
    if (depth < 2 && ms_random_below(random, 3) == 0) {
      put_pattern(out, random, depth + 1);
    } else {
      put_alternatives(out, random);
    }
  }
  ms_buf_char(out, '}');
}

static void put_value(struct ms_buf *out, struct ms_random *random, int depth)
{
  uint64_t kind = depth < 4 ? ms_random_below(random, 5) : 4;
  if (kind > 1) {
    ms_buf_cstr(out, PICK(random, values));
    return;
  }
  uint64_t count = 1 + ms_random_below(random, 3);
  ms_buf_char(out, kind == 0 ? '{' : '[');
  for (uint64_t i = 0; i < count; i++) {
    ms_buf_cstr(out, i == 0 ? "" : ",");
    if (kind == 0) {
      ms_buf_printf(out, "\"%s\":", PICK(random, names));
    }
    put_value(out, random, depth + 1);
  }
  ms_buf_char(out, kind == 0 ? '}' : ']');
}

static void put_event(struct ms_buf *out, struct ms_random *random)
{
  ms_buf_char(out, '{');
  for (int i = 0; i < 4; i++) {
    ms_buf_printf(out, "%s\"%s\":", i == 0 ? "" : ",", PICK(random, names));
    put_value(out, random, 1);
  }
  ms_buf_char(out, '}');
}

static void toggle(struct ms_pattern_set *set, struct entry *entry)
{
  if (entry->is_in) {
    ms_pattern_set_remove(set, entry->id);
  } else {
    mt_eq_int(ms_pattern_set_add(&entry->id, set, entry->pattern, entry), 0);
  }
  entry->is_in = !entry->is_in;
}

MT_TEST(messaging_pattern_set__random_patterns_come_and_go)
{
  struct ms_pattern_set *set = ms_pattern_set_new();
  struct ms_random random;
  struct ms_buf text;
  size_t hits = 0;
  ms_random_seed(&random, 42);
  ms_buf_init(&text, 0);
  for (int i = 0; i < 150; i++) {
    ms_buf_reset(&text);
    put_pattern(&text, &random, 0);
    add_entry(set, compile(ms_buf_view(&text), MS_PATTERN_RULE));
  }
  for (int i = 0; i < 1500; i++) {
    struct ms_json event;
    toggle(set, &entries[ms_random_below(&random, entry_count)]);
    ms_buf_reset(&text);
    put_event(&text, &random);
    mt_eq_int(ms_json_parse(&event, ms_buf_view(&text), NULL, NULL), 0);
    hits += check_event(set, event);
    ms_json_unref(event);
  }
  mt_note("%zu hits", hits);
  mt_ok(hits > 5000);
  drop_entries(set);
  ms_buf_deinit(&text);
  ms_pattern_set_free(set);
}

MT_TEST(messaging_pattern_set__empty_and_odd)
{
  struct ms_pattern_set *set = ms_pattern_set_new();
  struct ms_pattern_hits hits;
  struct ms_json event = ms_json_object(0);
  uint32_t id;
  mt_eq_int(ms_pattern_set_match(&hits, set, event), 0);
  mt_eq_int(hits.count, 0);
  struct ms_pattern *pattern = compile(MS_STR("{\"a\":[{\"exists\":false}]}"), MS_PATTERN_RULE);
  mt_eq_int(ms_pattern_set_add(&id, set, pattern, &id), 0);
  mt_eq_int(ms_pattern_set_match(&hits, set, event), 0);
  mt_eq_int(hits.count, 1);
  mt_ok(hits.users[0] == &id);
  mt_eq_int(ms_pattern_set_match(&hits, set, MS_JSON_VALUE_NULL), 0);
  mt_eq_int(hits.count, 0);
  ms_pattern_unref(pattern); /* the set's own reference keeps it */
  mt_eq_int(ms_pattern_set_match(&hits, set, event), 0);
  mt_eq_int(hits.count, 1);
  ms_json_unref(event);
  ms_pattern_set_free(set);
  ms_pattern_set_free(NULL);
}

/* A letter may only be looked up by its folded form when that form is one that may be, too. */
MT_TEST(messaging_pattern_set__folding_is_closed)
{
  struct ms_buf folded;
  struct ms_buf again;
  int sure = 0;
  ms_buf_init(&folded, 0);
  ms_buf_init(&again, 0);
  for (uint32_t letter = 1; letter < 0x20000; letter++) {
    if (letter >= 0xD800 && letter < 0xE000) {
      continue;
    }
    char bytes[4];
    struct ms_str text = {bytes, ms_utf8_put(bytes, letter)};
    ms_buf_reset(&folded);
    ms_buf_reset(&again);
    if (ms_fold(&folded, text)) {
      sure++;
      mt_ok(ms_fold(&again, ms_buf_view(&folded)));
      mt_ok(ms_str_eq(ms_buf_view(&folded), ms_buf_view(&again)));
      mt_ok(ms_fold_equal(text, ms_buf_view(&folded)));
    }
  }
  mt_ok(sure > 0x1F000 - 0x800 - 400);
  ms_buf_deinit(&folded);
  ms_buf_deinit(&again);
}

static int add_match_remove(void *user)
{
  static const char *const texts[] = {
      "{\"a\":[\"x\",{\"prefix\":\"y\"}],\"b\":{\"c\":[{\"wildcard\":\"p*q\"}]}}",
      "{\"$or\":[{\"a\":[{\"equals-ignore-case\":\"X\"}]},{\"d\":[{\"numeric\":[\">\",1]}]}]}",
      "{\"e\":[{\"exists\":false}]}"};
  struct ms_pattern_set *set = ms_pattern_set_new();
  struct ms_pattern_hits hits = {0};
  struct ms_json event = MS_JSON_VALUE_NONE;
  uint32_t ids[3];
  (void)user;
  int err = set == NULL ? ms_error_nomem() : 0;
  for (int i = 0; i < 3 && err == 0; i++) {
    struct ms_pattern *pattern = NULL;
    err = ms_pattern_compile(&pattern, ms_str_c(texts[i]), MS_PATTERN_RULE, NULL);
    err = err != 0 ? err : ms_pattern_set_add(&ids[i], set, pattern, &ids[i]);
    ms_pattern_unref(pattern);
  }
  if (err == 0) {
    err = ms_json_parse(&event, MS_STR("{\"a\":\"x\",\"b\":[{\"c\":\"pq\"}],\"d\":3}"), NULL, NULL);
  }
  if (err == 0) {
    err = ms_pattern_set_match(&hits, set, event);
  }
  if (err == 0) {
    err = hits.count == 3 ? 0 : MSTEP_EINTERNAL;
    ms_pattern_set_remove(set, ids[1]);
  }
  ms_json_unref(event);
  ms_pattern_set_free(set);
  return err;
}

MT_TEST(messaging_pattern_set__memory_runs_out)
{
  mt_ok(mt_oom(add_match_remove, NULL) > 40);
}
