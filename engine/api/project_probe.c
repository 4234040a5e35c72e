/*
 * Is a thing already as a step would make it? Asked before what is declared as it was the last time is made again, as
 * making it again has effects: a schedule's interval begins anew, a function has another revision. How an operation's
 * outcome is asked for is a row of project_probe.def.
 */
#include <string.h>

#include "api/project.h"
#include "base/error.h"

#define NAMES_MAX 3

struct probe {
  const char *operation;
  const char *ask;
  const char *names[NAMES_MAX]; /* what of the request the question has, and the answer need not say */
  const char *set;              /* a member of the question with one value, as a list; or NULL */
  const char *value;
  const char *ignored;          /* words: what the answer says otherwise or not at all */
};

static const struct probe probes[] = {
#define MS_PROJECT_PROBE(operation, ask, a, b, set, value, ignored)                                \
  {operation, ask, {a, b, NULL}, set, value, ignored},
#include "api/project_probe.def"
#undef MS_PROJECT_PROBE
};

static const struct probe *find(const char *operation)
{
  for (size_t i = 0; i < sizeof probes / sizeof *probes; i++) {
    if (strcmp(probes[i].operation, operation) == 0) {
      return &probes[i];
    }
  }
  return NULL;
}

static bool is_word(struct ms_str words, struct ms_str name)
{
  for (size_t at = 0, end; at < words.len; at = end + 1) {
    end = ms_str_find(words, at, ' ');
    if (ms_str_eq(ms_str_sub(words, at, end), name)) {
      return true;
    }
  }
  return false;
}

static bool is_named(const struct probe *probe, struct ms_str name)
{
  for (size_t i = 0; probe->names[i] != NULL; i++) {
    if (ms_str_is(name, probe->names[i])) {
      return true;
    }
  }
  return false;
}

const char *ms_project_probe(struct ms_json *question, struct ms_project_plan *plan,
                             const char *operation, struct ms_json request)
{
  const struct probe *probe = find(operation);
  *question = MS_JSON_VALUE_NONE;
  if (probe == NULL) {
    return NULL;
  }
  struct ms_project_request ask = ms_request_new(plan);
  for (size_t i = 0; probe->names[i] != NULL; i++) {
    ms_request_copy(&ask, probe->names[i], request, probe->names[i]);
  }
  if (probe->set != NULL) {
    struct ms_json list = ms_json_array(1);
    int err = ms_json_push(&list, ms_json_cstring(probe->value));
    ms_request_put(&ask, probe->set, list);
    plan->err = plan->err != 0 ? plan->err : err;
  }
  *question = ask.value;
  return probe->ask;
}

/* Everything in wanted is in there, at every depth; of lists in any order. */
static bool has_all(struct ms_json there, struct ms_json wanted, unsigned depth)
{
  if (depth > 8 || ms_json_equal(there, wanted)) {
    return ms_json_equal(there, wanted);
  }
  bool is_list = ms_json_is_array(wanted) && ms_json_is_array(there);
  if (!is_list && !(ms_json_is_object(wanted) && ms_json_is_object(there))) {
    return false;
  }
  for (size_t i = 0; i < ms_json_count(wanted); i++) {
    bool is_there = !is_list && has_all(ms_json_get(there, ms_json_key(wanted, i)),
                                        ms_json_member(wanted, i), depth + 1);
    for (size_t k = 0; is_list && !is_there && k < ms_json_count(there); k++) {
      is_there = has_all(ms_json_at(there, k), ms_json_at(wanted, i), depth + 1);
    }
    if (!is_there) {
      return false;
    }
  }
  return true;
}

bool ms_project_is_so(const char *operation, struct ms_json request, struct ms_json answer)
{
  const struct probe *probe = find(operation);
  for (size_t i = 0; i < ms_json_count(request); i++) {
    struct ms_str name = ms_json_key(request, i);
    bool is_ignored = is_named(probe, name) || is_word(ms_str_c(probe->ignored), name);
    if (!is_ignored && !has_all(ms_json_get(answer, name), ms_json_member(request, i), 0)) {
      return false;
    }
  }
  return true;
}
