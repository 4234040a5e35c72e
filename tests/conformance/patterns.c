/*
 * Filter criteria against what was recorded: which patterns are refused and how, and which records of queues,
 * tables and streams came through. A scenario is what was sent; the events of the same recording are what the
 * function got.
 */
#include <dirent.h>
#include <string.h>

#include "base/error.h"
#include "messaging/filter.h"
#include "mt.h"

#define EXCEPTIONS "tests/conformance/patterns-exceptions.txt"
#define FILES_MAX 1000

struct file {
  struct ms_json json;
  struct ms_str test; /* of the recording */
};

struct exception {
  struct ms_str name;
  bool is_used;
};

static struct file events[FILES_MAX];
static size_t event_count;
static struct exception exceptions[100];
static size_t exception_count;
static struct {
  size_t verdicts;
  size_t records;
  size_t excused;
} done;

static struct ms_json load(const char *path)
{
  size_t len;
  struct ms_json value;
  const char *text = mt_read_file(path, &len);
  mt_eq_int(ms_json_parse(&value, (struct ms_str){text, len}, NULL, NULL), 0);
  return value;
}

static void load_exceptions(void)
{
  const char *at = mt_read_file(EXCEPTIONS, NULL);
  while (*at != '\0') {
    size_t len = strcspn(at, "\n");
    size_t name = strcspn(at, "\t\n");
    if (*at != '#' && len > 0) {
      mt_ok(name < len && exception_count < sizeof exceptions / sizeof *exceptions);
      exceptions[exception_count++] = (struct exception){{at, name}, false};
    }
    at += len + (at[len] == '\n' ? 1 : 0);
  }
}

static bool is_excused(struct ms_str name)
{
  for (size_t i = 0; i < exception_count; i++) {
    if (ms_str_eq(exceptions[i].name, name)) {
      exceptions[i].is_used = true;
      done.excused++;
      return true;
    }
  }
  return false;
}

static void each_file(const char *directory, void (*visit)(struct ms_json json))
{
  DIR *dir = opendir(directory);
  mt_ok(dir != NULL);
  for (struct dirent *file = readdir(dir); file != NULL; file = readdir(dir)) {
    if (strstr(file->d_name, ".json") != NULL) {
      visit(load(mt_format("%s/%s", directory, file->d_name)));
    }
  }
  closedir(dir);
}

static struct ms_str test_of(struct ms_json json)
{
  return ms_json_text(ms_json_getc(ms_json_getc(json, "source"), "test"));
}

static void keep_event(struct ms_json json)
{
  mt_ok(event_count < FILES_MAX);
  events[event_count++] = (struct file){json, test_of(json)};
}

/* ---- a scenario ---- */

struct scenario {
  struct ms_json json;
  struct ms_str name;
  struct ms_json mapping; /* the step that made it */
  struct ms_criteria *criteria;
  enum ms_criteria_source source;
};

static struct ms_json param(struct ms_json step, const char *name)
{
  return ms_json_getc(ms_json_getc(step, "params"), name);
}

static void report(const struct scenario *s, const char *what, struct ms_json detail)
{
  struct ms_json text = ms_json_print_value(detail);
  if (!is_excused(s->name)) {
    mt_report("%.*s: %s: %.*s", MS_STR_ARG(s->name), what, MS_STR_ARG(ms_json_text(text)));
  }
  ms_json_unref(text);
}

/* A recorded text that began with a brace was stored as what it says. */
static bool is_body(struct ms_json recorded, struct ms_json sent)
{
  struct ms_json parsed;
  if (ms_json_is_string(recorded) || ms_json_parse(&parsed, ms_json_text(sent), NULL, NULL) != 0) {
    return ms_json_equal(recorded, sent);
  }
  bool is_equal = ms_json_equal(recorded, parsed);
  ms_json_unref(parsed);
  return is_equal;
}

static bool is_same_record(const struct scenario *s, struct ms_json recorded, struct ms_json sent)
{
  if (s->source == MS_FILTER_QUEUE) {
    return is_body(ms_json_getc(recorded, "body"), ms_json_getc(sent, "body"));
  }
  struct ms_json theirs = ms_json_getc(ms_json_getc(recorded, "dynamodb"), "NewImage");
  struct ms_json ours = ms_json_getc(ms_json_getc(sent, "dynamodb"), "NewImage");
  return ms_json_equal(theirs, ours) &&
         ms_json_equal(ms_json_getc(recorded, "eventName"), ms_json_getc(sent, "eventName"));
}

/* Whether the function got it. *has_events: something was recorded at all. */
static bool was_delivered(const struct scenario *s, struct ms_json sent, bool *has_events)
{
  *has_events = false;
  for (size_t i = 0; i < event_count; i++) {
    if (!ms_str_eq(events[i].test, test_of(s->json))) {
      continue;
    }
    struct ms_json records = ms_json_getc(ms_json_getc(events[i].json, "event"), "Records");
    *has_events = true;
    for (size_t j = 0; j < ms_json_count(records); j++) {
      if (is_same_record(s, ms_json_at(records, j), sent)) {
        return true;
      }
    }
  }
  return false;
}

static void check_record(const struct scenario *s, struct ms_json sent)
{
  bool is_match;
  bool has_events;
  mt_eq_int(ms_criteria_match(&is_match, s->criteria, sent), 0);
  bool is_wanted = was_delivered(s, sent, &has_events);
  if (has_events) {
    done.records++;
    if (is_match != is_wanted) {
      report(s, is_match ? "comes through" : "is dropped", sent);
    }
  }
}

static struct ms_json make_message(struct ms_json body)
{
  struct ms_json record = ms_json_object(3);
  mt_eq_int(ms_json_setc(&record, "messageId", ms_json_cstring("m-1")), 0);
  mt_eq_int(ms_json_setc(&record, "body", ms_json_ref(body)), 0);
  mt_eq_int(ms_json_setc(&record, "eventSource", ms_json_cstring("aws:sqs")), 0);
  return record;
}

static void check_messages(const struct scenario *s)
{
  struct ms_json steps = ms_json_getc(s->json, "steps");
  for (size_t i = 0; i < ms_json_count(steps); i++) {
    struct ms_json body = param(ms_json_at(steps, i), "MessageBody");
    if (ms_json_is_string(body)) {
      struct ms_json record = make_message(body);
      check_record(s, record);
      ms_json_unref(record);
    }
  }
}

static struct ms_json make_change(struct ms_json item, bool is_new)
{
  struct ms_json change = ms_json_object(2);
  struct ms_json record = ms_json_object(3);
  mt_eq_int(ms_json_setc(&change, "ApproximateCreationDateTime", ms_json_int(1764086656)), 0);
  mt_eq_int(ms_json_setc(&change, "NewImage", ms_json_ref(item)), 0);
  mt_eq_int(ms_json_setc(&record, "eventName", ms_json_cstring(is_new ? "INSERT" : "MODIFY")), 0);
  mt_eq_int(ms_json_setc(&record, "eventSource", ms_json_cstring("aws:dynamodb")), 0);
  mt_eq_int(ms_json_setc(&record, "dynamodb", change), 0);
  return record;
}

/* What the item replaced, by its key, which is always called id; NONE: nothing. */
static struct ms_json item_before(struct ms_json steps, size_t at)
{
  struct ms_json key = ms_json_getc(param(ms_json_at(steps, at), "Item"), "id");
  struct ms_json found = MS_JSON_VALUE_NONE;
  for (size_t i = 0; i < at; i++) {
    struct ms_json item = param(ms_json_at(steps, i), "Item");
    if (ms_json_is_object(item) && ms_json_equal(ms_json_getc(item, "id"), key)) {
      found = item;
    }
  }
  return found;
}

static void check_items(const struct scenario *s)
{
  struct ms_json steps = ms_json_getc(s->json, "steps");
  for (size_t i = 0; i < ms_json_count(steps); i++) {
    struct ms_json item = param(ms_json_at(steps, i), "Item");
    if (!ms_json_is_object(item)) {
      continue;
    }
    struct ms_json before = item_before(steps, i);
    if (!ms_json_is_none(before) && ms_json_equal(before, item)) {
      continue; /* no change, no record */
    }
    struct ms_json record = make_change(item, ms_json_is_none(before));
    check_record(s, record);
    ms_json_unref(record);
  }
}

static enum ms_criteria_source source_of(struct ms_json mapping)
{
  struct ms_str arn = ms_json_text(param(mapping, "EventSourceArn"));
  return ms_str_has_prefix(arn, "arn:aws:sqs:")       ? MS_FILTER_QUEUE
         : ms_str_has_prefix(arn, "arn:aws:kinesis:") ? MS_FILTER_STREAM
                                                      : MS_FILTER_TABLE;
}

/* Compiles the mapping's patterns; whether there is something to match with. */
static bool check_verdict(struct scenario *s, struct ms_json filters)
{
  struct ms_str patterns[MS_FILTER_PATTERNS_MAX];
  struct ms_json error = ms_json_getc(s->mapping, "expect_error");
  struct ms_buf message;
  size_t count = ms_json_count(filters);
  for (size_t i = 0; i < count; i++) {
    struct ms_json pattern = ms_json_getc(ms_json_at(filters, i), "Pattern");
    if (!ms_json_is_string(pattern)) {
      return false;
    }
    patterns[i] = ms_json_text(pattern);
  }
  ms_buf_init(&message, 0);
  int err = ms_criteria_compile(&s->criteria, patterns, count, s->source, &message);
  done.verdicts++;
  if ((err != 0) != ms_json_is_object(error)) {
    report(s, err == 0 ? "is not refused" : "is refused", filters);
  } else if (err != 0) {
    struct ms_str wanted = ms_json_text(ms_json_getc(error, "message"));
    mt_ok(ms_str_eq(wanted, ms_buf_view(&message)));
  }
  ms_buf_deinit(&message);
  return err == 0;
}

static void check_scenario(struct ms_json json)
{
  struct ms_json steps = ms_json_getc(json, "steps");
  for (size_t i = 0; i < ms_json_count(steps); i++) {
    struct ms_json step = ms_json_at(steps, i);
    struct ms_json filters = ms_json_getc(param(step, "FilterCriteria"), "Filters");
    struct scenario s = {json, ms_json_text(ms_json_getc(json, "name")), step, NULL,
                         source_of(step)};
    bool is_mapping = ms_str_is(ms_json_text(ms_json_getc(step, "op")), "CreateEventSourceMapping");
    if (is_mapping && ms_json_count(filters) > 0 && check_verdict(&s, filters)) {
      if (s.source == MS_FILTER_QUEUE) {
        check_messages(&s);
      } else if (s.source == MS_FILTER_TABLE) {
        check_items(&s);
      }
      ms_criteria_free(s.criteria);
    }
  }
  ms_json_unref(json);
}

/* One case, so that a row of exceptions counts as used by any of the scenarios. */
MT_TEST(patterns__filter_as_recorded)
{
  const char *corpus = mt_corpus();
  if (corpus == NULL) {
    mt_skip("no corpus: set MSTEP_CORPUS");
  }
  load_exceptions();
  each_file(mt_format("%s/lambda/events", corpus), keep_event);
  each_file(mt_format("%s/lambda/api", corpus), check_scenario);
  for (size_t i = 0; i < event_count; i++) {
    ms_json_unref(events[i].json);
  }
  for (size_t i = 0; i < exception_count; i++) {
    if (!exceptions[i].is_used) {
      mt_report("%.*s is no exception any more", MS_STR_ARG(exceptions[i].name));
    }
  }
  mt_note("%zu criteria, %zu records, %zu excused", done.verdicts, done.records, done.excused);
  mt_ok(done.verdicts >= 20 && done.records >= 20);
}
