/*
 * What is left to do, or to say, when an operation was answered: an answer may still say that entries failed, that
 * ids are unknown, or take what will never come to be.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/verbs.h"

/* ---- what delete means for messages that were received ---- */

struct deleting {
  struct ms_client *client;
  const char *url;
  bool is_fine;
};

static void delete_message(mstep_str item, void *user)
{
  struct deleting *deleting = user;
  struct ms_text handle = {0}, request = {0};
  ms_text_member(&handle, item, "ReceiptHandle");
  ms_text_put(&request, "{");
  ms_text_pair(&request, "QueueUrl", deleting->url);
  ms_text_pair(&request, "ReceiptHandle", ms_text_str(&handle).data);
  ms_text_put(&request, "}");
  deleting->is_fine =
      ms_client_ask(deleting->client, "DeleteMessage", &request) && deleting->is_fine;
  ms_text_deinit(&handle);
  ms_text_deinit(&request);
}

static bool delete_received(struct ms_verb_call *call)
{
  struct ms_text messages = {0}, url = {0};
  ms_text_member(&messages, ms_text_str(&call->client->reply), "Messages");
  ms_text_member(&url, ms_text_str(call->request), "QueueUrl");
  struct deleting deleting = {call->client, ms_text_str(&url).data, true};
  ms_text_each(ms_text_str(&messages), delete_message, &deleting);
  ms_text_deinit(&messages);
  ms_text_deinit(&url);
  return deleting.is_fine;
}

/* ---- entries that failed, ids that are not there ---- */

static void say_entry(mstep_str item, void *user)
{
  struct ms_text code = {0}, message = {0};
  (void)user;
  if (ms_text_member(&code, item, "ErrorCode")) {
    ms_text_member(&message, item, "ErrorMessage");
    ms_cli_error("%s: %s", ms_text_str(&code).data, ms_text_str(&message).data);
  }
  ms_text_deinit(&code);
  ms_text_deinit(&message);
}

static bool say_failed_entries(mstep_str reply)
{
  struct ms_text entries = {0};
  bool has_failed = ms_text_number(reply, "FailedEntryCount", 0) > 0;
  if (has_failed && ms_text_member(&entries, reply, "Entries")) {
    ms_text_each(ms_text_str(&entries), say_entry, NULL);
  }
  ms_text_deinit(&entries);
  return has_failed;
}

static void say_id(const char *id, void *user)
{
  const struct ms_verb_call *call = user;
  ms_cli_error("there is no undelivered \"%s\" in %s", id, call->client->store);
}

static bool say_unknown_ids(struct ms_verb_call *call, mstep_str reply)
{
  struct ms_text ids = {0};
  bool has_unknown = ms_text_member(&ids, reply, "unknownIds");
  if (has_unknown) {
    ms_text_each_string(ms_text_str(&ids), say_id, call);
    ms_cli_hint("\"mstep deadletters list\" lists what there is.");
  }
  ms_text_deinit(&ids);
  return has_unknown;
}

/* ---- times that are past ---- */

/* Of "at(yyyy-mm-ddThh:mm:ss)" in the zone; -1: it is no such expression. */
static time_t time_of(const char *expression, const char *zone)
{
  struct tm tm = {.tm_isdst = -1};
  int end = 0;
  bool is_at = sscanf(expression, "at(%4d-%2d-%2dT%2d:%2d:%2d)%n", &tm.tm_year, &tm.tm_mon,
                      &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &end) == 6 &&
               end > 0;
  tm.tm_year -= 1900;
  tm.tm_mon -= 1;
  setenv("TZ", zone != NULL ? zone : "UTC", 1);
  tzset();
  return is_at ? mktime(&tm) : -1;
}

static void note_past(const struct ms_verb_call *call)
{
  const char *when = call->operands[1];
  time_t at = time_of(when, call->args->options[MS_OPTION_TIMEZONE]);
  if (at != -1 && at <= time(NULL)) {
    ms_cli_hint("%s is past: the schedule is kept, as by AWS, and never runs.", when);
  }
}

int ms_verb_outcome(struct ms_verb_call *call, const struct ms_verb *verb)
{
  mstep_str reply = ms_text_str(&call->client->reply);
  if (say_failed_entries(reply)) {
    return MS_EXIT_FAILED;
  }
  if (say_unknown_ids(call, reply)) {
    return MS_EXIT_USAGE;
  }
  if (strcmp(verb->operation, "CreateSchedule") == 0) {
    note_past(call);
  }
  bool must_delete = strcmp(verb->operation, "ReceiveMessage") == 0 &&
                     call->args->options[MS_OPTION_DELETE] != NULL;
  return !must_delete || delete_received(call) ? MS_EXIT_OK : MS_EXIT_USAGE;
}
