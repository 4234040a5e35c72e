/*
 * Resource of a Task: which ARNs name a function, an activity or a service integration. Form only: whether
 * the function exists is found out when the task runs. What an Express machine may not use is refused
 * here too.
 */
#include "asl/parse.h"

enum service_pattern { PATTERN_SYNC = 1, PATTERN_SYNC2 = 2, PATTERN_WAIT = 4 };

struct service {
  const char *name;
  const char *actions;
  unsigned patterns;
};

static const struct service services[] = {
#define MS_SERVICE(name, actions, patterns) {name, actions, patterns},
#include "asl/services.def"
#undef MS_SERVICE
    {NULL, NULL, 0}};

/* `arn:partition:service:region:account:rest` */
struct arn {
  struct ms_str partition, service, region, account, rest;
};

static struct ms_str take_part(struct ms_str text, size_t *pos)
{
  size_t end = ms_str_find(text, *pos, ':');
  struct ms_str part = ms_str_sub(text, *pos, end);
  *pos = end < text.len ? end + 1 : end;
  return part;
}

/* Letters, digits and what else names in ARNs consist of. */
static bool is_word(struct ms_str text, const char *others)
{
  for (size_t i = 0; i < text.len; i++) {
    char c = text.data[i];
    bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!is_plain && (c == '\0' || strchr(others, c) == NULL)) {
      return false;
    }
  }
  return true;
}

static bool split_arn(struct ms_str text, struct arn *arn)
{
  size_t pos = 4;
  if (!ms_str_has_prefix(text, "arn:")) {
    return false;
  }
  arn->partition = take_part(text, &pos);
  arn->service = take_part(text, &pos);
  arn->region = take_part(text, &pos);
  arn->account = take_part(text, &pos);
  arn->rest = ms_str_sub(text, pos, text.len);
  return arn->partition.len > 0 && arn->rest.len > 0 && is_word(arn->partition, "-") &&
         is_word(arn->region, "-") && is_word(arn->account, "-");
}

static bool is_function(struct ms_str rest)
{
  size_t pos = 9;
  if (!ms_str_has_prefix(rest, "function:")) {
    return false;
  }
  struct ms_str name = take_part(rest, &pos);
  struct ms_str qualifier = take_part(rest, &pos);
  bool has_qualifier = rest.len > 9 + name.len;
  return name.len > 0 && is_word(name, "-_") && pos == rest.len &&
         (!has_qualifier || (qualifier.len > 0 && is_word(qualifier, "-_$")));
}

static bool is_activity(struct ms_str rest)
{
  return ms_str_has_prefix(rest, "activity:") && rest.len > 9 &&
         memchr(rest.data + 9, ':', rest.len - 9) == NULL;
}

/* ---- service integrations ---- */

/* Cuts `.sync`, `.sync:2` or `.waitForTaskToken` off the action. */
static unsigned split_pattern(struct ms_str *action, const char **suffix)
{
  static const struct {
    const char *suffix;
    unsigned pattern;
  } patterns[] = {{".waitForTaskToken", PATTERN_WAIT}, {".sync:2", PATTERN_SYNC2}, {".sync", PATTERN_SYNC}};
  for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
    if (ms_str_has_suffix(*action, patterns[i].suffix)) {
      *suffix = patterns[i].suffix;
      action->len -= strlen(patterns[i].suffix);
      return patterns[i].pattern;
    }
  }
  *suffix = "";
  return 0;
}

/* Steps through the words of a row's actions. */
static bool next_word(const char **at, struct ms_str *word)
{
  const char *from = *at;
  if (*from == '\0') {
    return false;
  }
  size_t len = strcspn(from, " ");
  *word = (struct ms_str){from, len};
  *at = from[len] == '\0' ? from + len : from + len + 1;
  return true;
}

/* guess: NULL, or told of all actions that the service has. */
static const struct service *find_action(struct ms_str service, struct ms_str action,
                                         struct ms_asl_guess *guess)
{
  for (const struct service *row = services; row->name != NULL; row++) {
    const char *at = row->actions;
    struct ms_str word;
    while (ms_str_is(service, row->name) && next_word(&at, &word)) {
      if (ms_str_eq(word, action)) {
        return row;
      }
      if (guess != NULL) {
        ms_asl_guess_offer(guess, word);
      }
    }
  }
  return NULL;
}

static bool is_known_service(struct ms_str service, struct ms_asl_guess *guess)
{
  for (const struct service *row = services; row->name != NULL; row++) {
    if (ms_str_is(service, row->name)) {
      return true;
    }
    ms_asl_guess_offer_c(guess, row->name);
  }
  ms_asl_guess_offer_c(guess, "aws-sdk");
  return false;
}

static struct ms_str patterns_hint(struct ms_asl_parse *parse, const struct service *row,
                                   struct ms_str action)
{
  return ms_asl_hintf(parse, "\"%s:%.*s\" can be called plainly%s%s%s.", row->name,
                      MS_STR_ARG(action), (row->patterns & PATTERN_SYNC) != 0 ? ", with .sync" : "",
                      (row->patterns & PATTERN_SYNC2) != 0 ? ", with .sync:2" : "",
                      (row->patterns & PATTERN_WAIT) != 0 ? ", with .waitForTaskToken" : "");
}

/* What the author may have meant by an action that is not in the table. */
static struct ms_str action_hint(struct ms_asl_parse *parse, struct ms_str service,
                                 struct ms_str action, const char *suffix)
{
  struct ms_asl_guess guess;
  ms_asl_guess_begin(&guess, parse, service);
  if (!is_known_service(service, &guess)) {
    if (guess.best.data == NULL) {
      return (struct ms_str){NULL, 0};
    }
    return ms_asl_hintf(parse, "Did you mean \"arn:aws:states:::%.*s:%.*s%s\"?",
                        MS_STR_ARG(guess.best), MS_STR_ARG(action), suffix);
  }
  ms_asl_guess_begin(&guess, parse, action);
  (void)find_action(service, action, &guess);
  if (guess.best.data != NULL) {
    return ms_asl_hintf(parse, "Did you mean \"arn:aws:states:::%.*s:%.*s%s\"?",
                        MS_STR_ARG(service), MS_STR_ARG(guess.best), suffix);
  }
  if (!is_word(action, "")) {
    return MS_STR("What may follow an action is .sync, .sync:2 or .waitForTaskToken.");
  }
  return ms_asl_hintf(parse, "Use \"arn:aws:states:::aws-sdk:%.*s:%.*s\".", MS_STR_ARG(service),
                      MS_STR_ARG(action));
}

static void not_recognized(struct ms_asl_parse *parse, struct ms_str text, struct ms_str hint)
{
  struct ms_asl_problem problem = {.code = MS_ASL_SCHEMA, .hint = hint};
  ms_asl_problem(parse, &problem,
                 "The resource provided %.*s is not recognized. The value is not a valid resource "
                 "ARN, or the resource is not available in this region.",
                 MS_STR_ARG(text));
}

/* `aws-sdk:service:action`: service in lower case, action in camel case. */
static bool is_sdk_call(struct ms_str rest, unsigned pattern)
{
  size_t pos = 8;
  struct ms_str service = take_part(rest, &pos);
  struct ms_str action = ms_str_sub(rest, pos, rest.len);
  return service.len > 0 && action.len > 0 && is_word(service, "-") && is_word(action, "") &&
         action.data[0] >= 'a' && action.data[0] <= 'z' && (pattern == 0 || pattern == PATTERN_WAIT);
}

static void check_express_pattern(struct ms_asl_parse *parse, const char *suffix)
{
  if (!parse->is_express || suffix[0] == '\0') {
    return;
  }
  /* The blank behind this one is AWS's. */
  bool is_wait = strcmp(suffix, ".waitForTaskToken") == 0;
  ms_asl_error(parse, "Express state machine does not support '%s' service integration%s", suffix,
               is_wait ? " " : "");
}

static void check_integration(struct ms_asl_parse *parse, struct ms_str text, struct ms_str rest)
{
  const char *suffix;
  struct ms_str call = rest;
  unsigned pattern = split_pattern(&call, &suffix);
  if (ms_str_has_prefix(call, "aws-sdk:")) {
    if (!is_sdk_call(call, pattern)) {
      not_recognized(parse, text,
                     MS_STR("Write it as \"arn:aws:states:::aws-sdk:service:actionInCamelCase\"."));
      return;
    }
    check_express_pattern(parse, suffix);
    return;
  }
  size_t pos = 0;
  struct ms_str service = take_part(call, &pos);
  struct ms_str action = ms_str_sub(call, pos, call.len);
  const struct service *row = find_action(service, action, NULL);
  if (row == NULL) {
    not_recognized(parse, text, action_hint(parse, service, action, suffix));
  } else if ((row->patterns & pattern) != pattern) {
    not_recognized(parse, text, patterns_hint(parse, row, action));
  } else {
    check_express_pattern(parse, suffix);
  }
}

static void not_an_arn(struct ms_asl_parse *parse, struct ms_str text)
{
  struct ms_asl_problem problem = {.code = MS_ASL_SCHEMA};
  if (text.len > 0 && text.len <= 64 && is_word(text, "-_")) {
    problem.hint = ms_asl_hintf(parse, "Use \"arn:aws:lambda:us-east-1:000000000000:function:%.*s\".",
                                MS_STR_ARG(text));
  } else if (ms_str_has_prefix(text, "${")) {
    problem.hint = MS_STR("Put an ARN in the place of the placeholder.");
  }
  ms_asl_problem(parse, &problem, "Value is not a valid resource ARN");
}

void ms_asl_resource(struct ms_asl_parse *parse, struct ms_json value, struct ms_str *out)
{
  struct arn arn;
  if (!ms_asl_want_string(parse, value)) {
    return;
  }
  struct ms_str text = ms_json_text(value);
  *out = ms_asl_copy(parse, text);
  if (!ms_str_has_prefix(text, "arn:")) {
    not_an_arn(parse, text);
  } else if (!split_arn(text, &arn)) {
    not_recognized(parse, text, (struct ms_str){NULL, 0});
  } else if (ms_str_is(arn.service, "lambda") && is_function(arn.rest)) {
    return;
  } else if (ms_str_is(arn.service, "states") && is_activity(arn.rest)) {
    if (parse->is_express) {
      ms_asl_error(parse, "Express state machine does not support Activity ARN");
    }
  } else if (ms_str_is(arn.service, "states")) {
    check_integration(parse, text, arn.rest);
  } else {
    not_recognized(parse, text, (struct ms_str){NULL, 0});
  }
}
