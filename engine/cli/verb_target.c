/*
 * What a person names as a target: "queue:NAME" and such become ARNs, and a target that this server has not
 * is said at once, where the operation would take it and deliver nothing.
 */
#include <string.h>

#include "cli/verbs.h"

struct target_kind {
  const char *kind;      /* "queue:", as people write it */
  const char *service;   /* of the ARN */
  const char *before;    /* what stands there before the name */
  const char *operation; /* that knows whether it is there */
  const char *member;    /* what that asks for: an ARN, or the name where needs_name */
  bool needs_name;
  const char *list; /* the command that lists them; NULL: none does */
};

static const struct target_kind kinds[] = {
    {"queue:", "sqs", "", "GetQueueUrl", "QueueName", true, "queue ls"},
    {"function:", "lambda", "function:", "GetFunctionConfiguration", "FunctionName", false, NULL},
    {"topic:", "sns", "", "GetTopicAttributes", "TopicArn", false, "topic ls"},
    {"machine:", "states", "stateMachine:", "DescribeStateMachine", "stateMachineArn", false,
     "machines"},
    {"bus:", "events", "event-bus/", "DescribeEventBus", "Name", true, "bus ls"}};

#define KINDS (sizeof kinds / sizeof *kinds)

/* Region and account are those of the ARN that any server has: of the default bus. */
static bool put_place(struct ms_text *out, struct ms_verb_call *call, const char *service)
{
  struct ms_text request = {0}, arn = {0};
  ms_text_put(&request, "{}");
  bool is_fine = ms_client_ask(call->client, "DescribeEventBus", &request) &&
                 ms_text_member(&arn, ms_text_str(&call->client->reply), "Arn");
  const char *region = arn.data, *account = NULL, *end = NULL;
  for (int i = 0; i < 3 && region != NULL; i++) {
    region = strchr(region, ':') == NULL ? NULL : strchr(region, ':') + 1;
  }
  account = region == NULL ? NULL : strchr(region, ':');
  end = account == NULL ? NULL : strchr(account + 1, ':');
  is_fine = is_fine && end != NULL;
  if (is_fine) {
    ms_text_printf(out, "arn:aws:%s:%.*s:", service, (int)(end - region), region);
  }
  ms_text_deinit(&request);
  ms_text_deinit(&arn);
  return is_fine;
}

static bool is_address(const char *target)
{
  static const char *const beginnings[] = {"arn:", "http://", "https://", "file:", "hook:"};
  for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
    if (strncmp(target, beginnings[i], strlen(beginnings[i])) == 0) {
      return true;
    }
  }
  return false;
}

bool ms_verb_target(struct ms_text *out, struct ms_verb_call *call, const char *target)
{
  for (size_t i = 0; i < KINDS; i++) {
    size_t len = strlen(kinds[i].kind);
    if (strncmp(target, kinds[i].kind, len) == 0) {
      bool is_fine = put_place(out, call, kinds[i].service);
      ms_text_printf(out, "%s%s", kinds[i].before, target + len);
      return is_fine;
    }
  }
  if (!is_address(target)) {
    ms_cli_error("\"%s\" is no target", target);
    ms_cli_hint("A target is queue:NAME, function:NAME, topic:NAME, machine:NAME, bus:NAME, a URL or "
                "an ARN.");
    return false;
  }
  ms_text_put(out, target);
  return true;
}

/* ---- is it there? ---- */

/* The first part of the rest of an ARN: its name, without a version or alias behind it. */
static void put_name(struct ms_text *out, const char *rest)
{
  ms_text_add(out, rest, strcspn(rest, ":"));
}

static bool ask_for(struct ms_verb_call *call, const struct target_kind *kind, const char *arn,
                    const char *rest)
{
  struct ms_text name = {0}, whole = {0}, request = {0};
  bool is_machine = strcmp(kind->service, "states") == 0; /* aliases are not described like it */
  put_name(&name, rest);
  ms_text_add(&whole, arn, is_machine ? (size_t)(rest - arn) + name.len : strlen(arn));
  ms_text_put(&request, "{");
  ms_text_pair(&request, kind->member, ms_text_str(kind->needs_name ? &name : &whole).data);
  ms_text_put(&request, "}");
  bool is_fine = ms_client_call(call->client, kind->operation, &request);
  if (!is_fine) {
    struct ms_text noun = {0};
    ms_text_add(&noun, kind->kind, strlen(kind->kind) - 1);
    ms_verb_say(call, ms_text_str(&noun).data, rest);
    ms_text_deinit(&noun);
  }
  ms_text_deinit(&name);
  ms_text_deinit(&whole);
  ms_text_deinit(&request);
  return is_fine;
}

static bool check_kind(struct ms_verb_call *call, const struct target_kind *kind, const char *arn)
{
  struct ms_text place = {0};
  bool is_fine = put_place(&place, call, kind->service);
  ms_text_put(&place, kind->before);
  const char *start = ms_text_str(&place).data;
  bool is_here = is_fine && strncmp(arn, start, strlen(start)) == 0 && arn[strlen(start)] != '\0';
  if (is_fine && !is_here) {
    ms_cli_error("the target \"%s\" is not of this server: its ARNs are %sNAME", arn, start);
  }
  is_fine = is_here && ask_for(call, kind, arn, arn + strlen(start));
  ms_text_deinit(&place);
  return is_fine;
}

bool ms_verb_target_check(struct ms_verb_call *call, const char *arn)
{
  for (size_t i = 0; i < KINDS; i++) {
    size_t len = strlen(kinds[i].service);
    bool is_kind = strncmp(arn, "arn:aws:", 8) == 0 &&
                   strncmp(arn + 8, kinds[i].service, len) == 0 && arn[8 + len] == ':';
    /* A store alone does not know the functions of its project's folder. */
    bool is_known = call->client->remote != NULL || strcmp(kinds[i].service, "lambda") != 0;
    if (is_kind) {
      return !is_known || check_kind(call, &kinds[i], arn);
    }
  }
  return true;
}

/* ---- what is not there ---- */

static bool is_missing(const struct ms_client *client)
{
  static const char *const names[] = {"QueueDoesNotExist", "ResourceNotFoundException",
                                      "NotFoundException", "StateMachineDoesNotExist"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (ms_client_is(client, names[i])) {
      return true;
    }
  }
  return false;
}

void ms_verb_say(const struct ms_verb_call *call, const char *noun, const char *name)
{
  size_t len = strlen(noun);
  if (!is_missing(call->client)) {
    ms_client_say(call->client);
    return;
  }
  ms_cli_error("there is no %s \"%s\" in %s", noun, name, call->client->store);
  for (size_t i = 0; i < KINDS; i++) {
    if (strncmp(kinds[i].kind, noun, len) == 0 && kinds[i].kind[len] == ':' && kinds[i].list != NULL) {
      ms_cli_hint("\"mstep %s\" lists what there is.", kinds[i].list);
    }
  }
  if (strcmp(noun, "table") == 0) {
    ms_cli_hint("\"mstep table ls\" lists what there is.");
  }
}
