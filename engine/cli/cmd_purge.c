/*
 * `mstep purge`: forgets executions that have ended, by name or by age, and gives their disk space
 * back.
 */
#include <string.h>
#include <time.h>

#include "cli/client.h"
#include "cli/table.h"

/* The next bunch of those that are old enough. */
static bool purge_bunch(struct ms_client *client, const char *machine, double before,
                        unsigned long long *purged)
{
  struct ms_text request = {0};
  ms_text_printf(&request, "{\"stoppedBefore\":%.3f", before);
  if (machine != NULL) {
    ms_text_pair(&request, "stateMachineArn", machine);
  }
  ms_text_put(&request, "}");
  bool is_fine = ms_client_ask(client, "PurgeExecutions", &request);
  *purged = is_fine
                ? (unsigned long long)ms_text_number(ms_text_str(&client->reply), "purgedCount", 0)
                : 0;
  ms_text_deinit(&request);
  return is_fine;
}

static bool purge_old(struct ms_client *client, const struct ms_cli_args *args, double before,
                      unsigned long long *count)
{
  struct ms_text machine = {0};
  const char *name = args->options[MS_OPTION_MACHINE];
  bool is_fine = name == NULL || ms_client_machine(client, &machine, name);
  unsigned long long purged = is_fine;
  while (is_fine && purged > 0) {
    is_fine = purge_bunch(client, name == NULL ? NULL : machine.data, before, &purged);
    *count += purged;
  }
  ms_text_deinit(&machine);
  return is_fine;
}

static bool purge_named(struct ms_client *client, const struct ms_cli_args *args,
                        unsigned long long *count)
{
  bool is_fine = true;
  for (size_t i = 0; i < args->operand_count; i++) {
    struct ms_text arn = {0}, request = {0};
    bool is_purged = ms_client_execution(client, &arn, args->operands[i]);
    if (is_purged) {
      ms_text_put(&request, "{\"executionArns\":[");
      ms_text_quote(&request, ms_text_str(&arn).data);
      ms_text_put(&request, "]}");
      is_purged = ms_client_ask(client, "PurgeExecutions", &request);
    }
    *count += is_purged;
    is_fine = is_fine && is_purged;
    ms_text_deinit(&arn);
    ms_text_deinit(&request);
  }
  return is_fine;
}

/* What the store has then, of which only its server knows when that is elsewhere. */
static unsigned long long shrink(struct ms_client *client)
{
  struct ms_text request = {0};
  ms_text_put(&request, "{}");
  bool is_fine = ms_client_ask(client, "Shrink", &request);
  ms_text_deinit(&request);
  return is_fine ? (unsigned long long)ms_text_number(ms_text_str(&client->reply), "sizeBytes", 0) : 0;
}

static bool read_age(const struct ms_cli_args *args, long long *age_ms)
{
  const char *age = args->options[MS_OPTION_OLDER_THAN];
  *age_ms = age == NULL ? 0 : ms_cli_duration_parse(age);
  if (*age_ms < 0) {
    ms_cli_error("option --older-than needs a duration like 30s, 5m, 12h, 7d or 2w, not \"%s\"",
                 age);
    return false;
  }
  bool is_chosen =
      args->operand_count > 0 || age != NULL || args->options[MS_OPTION_MACHINE] != NULL;
  if (!is_chosen) {
    ms_cli_error("\"mstep purge\" needs executions, --older-than or --machine");
    ms_cli_hint("\"mstep purge --older-than 0s\" forgets all that have ended.");
  } else if (args->operand_count > 0 && age != NULL) {
    ms_cli_error("executions by name and --older-than do not go together");
    is_chosen = false;
  }
  return is_chosen;
}

/* A server's store, whose size before is not known. */
static void print_purged_there(unsigned long long count, unsigned long long size, bool is_json)
{
  char left[32];
  ms_cli_size_text(left, size);
  if (is_json) {
    printf("{\"purgedCount\":%llu,\"sizeBytes\":%llu}\n", count, size);
  } else {
    printf("purged %llu execution%s%s%s\n", count, count == 1 ? "" : "s",
           size > 0 ? ", the store has " : "", size > 0 ? left : "");
  }
}

static void print_purged(unsigned long long count, unsigned long long before,
                         unsigned long long after, bool is_json)
{
  char size[32], left[32];
  if (is_json) {
    printf("{\"purgedCount\":%llu,\"sizeBytesBefore\":%llu,\"sizeBytes\":%llu}\n", count, before,
           after);
    return;
  }
  ms_cli_size_text(size, before > after ? before - after : 0);
  ms_cli_size_text(left, after);
  printf("purged %llu execution%s, gave back %s, the store has %s\n", count, count == 1 ? "" : "s",
         size, left);
}

int ms_cmd_purge(const struct ms_cli_args *args)
{
  static const char *const forms[] = {"text", "json", NULL};
  struct ms_client client;
  long long age_ms;
  int form = ms_cli_choice(args, MS_OPTION_OUTPUT, forms);
  if (form < 0 || !read_age(args, &age_ms) || !ms_client_start(&client, args, MS_CLIENT_CHANGE)) {
    return MS_EXIT_USAGE;
  }
  unsigned long long count = 0, before = ms_client_size(&client);
  int64_t now_ms =
      client.engine != NULL ? mstep_engine_now_ms(client.engine) : (int64_t)time(NULL) * 1000;
  double stopped_before = (double)(now_ms - age_ms) / 1000;
  bool is_fine = args->operand_count > 0 ? purge_named(&client, args, &count)
                                         : purge_old(&client, args, stopped_before, &count);
  unsigned long long size = count > 0 || client.remote != NULL ? shrink(&client) : 0;
  bool is_there = client.remote != NULL;
  ms_client_close(&client);
  if (is_there && (is_fine || count > 0)) {
    print_purged_there(count, size, form == 1);
  } else if (is_fine || count > 0) {
    print_purged(count, before, ms_client_size(&client), form == 1);
  }
  return is_fine ? MS_EXIT_OK : MS_EXIT_USAGE;
}
