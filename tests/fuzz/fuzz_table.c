/*
 * Fuzzes the expressions of tables. The first line of an input is an expression, the second the object of its
 * values, the rest an item. It is a condition, a projection and an update; whatever is refused says why, and
 * what an update or a projection gives is an item.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "messaging/queue.h"
#include "messaging/table_expression.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const members[] = {"ConditionExpression", "ProjectionExpression",
                                      "UpdateExpression"};

static void must(bool holds)
{
  if (!holds) {
    abort();
  }
}

static void must_say(int err, const struct ms_queue_refusal *why)
{
  must(err == 0 || (err == MSTEP_EINVALID && why->name != NULL && why->text[0] != '\0'));
}

static struct ms_json request_of(struct ms_str text, struct ms_json values)
{
  struct ms_json request = ms_json_object(8);
  struct ms_json names;
  must(ms_json_parse(&names, MS_STR("{\"#a\":\"a\",\"#b\":\"b.c\"}"), NULL, NULL) == 0);
  must(ms_json_setc(&request, "ExpressionAttributeNames", names) == 0);
  must(ms_json_setc(&request, "ExpressionAttributeValues", ms_json_ref(values)) == 0);
  for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
    must(ms_json_setc(&request, members[i], ms_json_string(text)) == 0);
  }
  return request;
}

/* A result is an item again; only its depth or its size may be too much for a second reading. */
static void check_item(struct ms_json item)
{
  struct ms_queue_refusal why = {0};
  struct ms_json again = MS_JSON_VALUE_NONE;
  must(ms_json_is_object(item));
  must_say(ms_table_item_check(&again, item, &why), &why);
  ms_json_unref(again);
  must(ms_table_item_size(item) < SIZE_MAX / 2);
}

static void update(struct ms_table_words *words, struct ms_json request, struct ms_json item)
{
  struct ms_queue_refusal why = {0};
  const struct ms_table_action *actions = NULL;
  struct ms_json out = MS_JSON_VALUE_NONE;
  int err = ms_table_update_parse(&actions, words, request, &why);
  must_say(err, &why);
  for (int i = 0; err == 0 && i < 2; i++) {
    int applied =
        ms_table_update_apply(&out, actions, i == 0 ? item : MS_JSON_VALUE_NONE, &why);
    must_say(applied, &why);
    if (applied == 0) {
      check_item(out);
      ms_json_unref(out);
    }
  }
}

static void read_all(struct ms_json request, struct ms_json item)
{
  struct ms_queue_refusal why = {0};
  struct ms_table_words words;
  const struct ms_table_term *term = NULL;
  struct ms_table_paths paths = {NULL, 0};
  struct ms_json out = MS_JSON_VALUE_NONE;
  int err = ms_table_words_init(&words, request, &why);
  must_say(err, &why);
  if (err == 0) {
    int parsed = ms_table_condition_parse(&term, &words, request, members[0], &why);
    must_say(parsed, &why);
    if (parsed == 0) {
      bool first = ms_table_condition_holds(term, item);
      must(first == ms_table_condition_holds(term, item));
      ms_table_condition_holds(term, MS_JSON_VALUE_NONE);
    }
    why.text[0] = '\0';
    parsed = ms_table_projection_parse(&paths, &words, request, &why);
    must_say(parsed, &why);
    if (parsed == 0 && ms_table_project(&out, &paths, item) == 0) {
      check_item(out);
      ms_json_unref(out);
    }
    why.text[0] = '\0';
    update(&words, request, item);
  }
  ms_table_words_deinit(&words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct ms_str input = {(const char *)data, size};
  struct ms_queue_refusal why = {0};
  struct ms_json values = MS_JSON_VALUE_NONE, given = MS_JSON_VALUE_NONE;
  struct ms_json item = MS_JSON_VALUE_NONE;
  size_t first = ms_str_find(input, 0, '\n');
  size_t second = first < size ? ms_str_find(input, first + 1, '\n') : size;
  bool is_whole =
      second < size &&
      ms_json_parse(&values, ms_str_sub(input, first + 1, second), NULL, NULL) == 0 &&
      ms_json_parse(&given, ms_str_sub(input, second + 1, size), NULL, NULL) == 0;
  if (is_whole && ms_json_is_object(values) && ms_json_is_object(given)) {
    int err = ms_table_item_check(&item, given, &why);
    must_say(err, &why);
    if (err == 0) {
      struct ms_json request = request_of(ms_str_sub(input, 0, first), values);
      read_all(request, item);
      ms_json_unref(request);
    }
    ms_json_unref(item);
  }
  ms_json_unref(given);
  ms_json_unref(values);
  return 0;
}
