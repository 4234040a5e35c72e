/*
 * From what a person types to ARNs. A machine is looked for in ListStateMachines; an execution
 * first under its whole name in every machine, then, as the beginning of one, in ListExecutions.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/client.h"

const char *ms_arn_name(const char *arn)
{
  const char *colon = strrchr(arn, ':');
  return colon != NULL ? colon + 1 : arn;
}

void ms_arn_machine(char *out, size_t size, const char *arn)
{
  const char *end = strrchr(arn, ':');
  const char *from = end;
  while (from != NULL && from > arn && from[-1] != ':') {
    from--;
  }
  snprintf(out, size, "%.*s", from == NULL ? 0 : (int)(end - from), from == NULL ? "" : from);
}

static bool is_arn(const char *name)
{
  return strncmp(name, "arn:", 4) == 0;
}

/* ---- pages ---- */

struct pages {
  struct ms_client *client;
  const char *operation;
  const char *list; /* the member that is the page */
  void (*each)(mstep_str item, void *user);
  void *user;
};

/* Goes through all pages. False: said. */
static bool walk_pages(struct pages *pages)
{
  struct ms_text request = {0}, token = {0}, page = {0};
  bool is_fine, has_more;
  do {
    request.len = page.len = 0;
    ms_text_put(&request, "{\"maxResults\":1000");
    if (token.len > 0) {
      ms_text_pair(&request, "nextToken", token.data);
    }
    ms_text_put(&request, "}");
    is_fine = ms_client_ask(pages->client, pages->operation, &request);
    token.len = 0;
    mstep_str reply = ms_text_str(&pages->client->reply);
    has_more = is_fine && ms_text_member(&token, reply, "nextToken");
    /* `each` may make calls of its own. */
    if (is_fine && ms_text_member(&page, reply, pages->list)) {
      ms_text_each(ms_text_str(&page), pages->each, pages->user);
    }
  } while (has_more);
  ms_text_deinit(&request);
  ms_text_deinit(&token);
  ms_text_deinit(&page);
  return is_fine;
}

/* ---- machines ---- */

bool ms_client_each_machine(struct ms_client *client, void (*each)(mstep_str item, void *user),
                            void *user)
{
  struct pages pages = {client, "ListStateMachines", "stateMachines", each, user};
  return walk_pages(&pages);
}

struct machine_search {
  const char *name;
  struct ms_text *arn;
};

static void match_machine(mstep_str item, void *user)
{
  struct machine_search *search = user;
  struct ms_text name = {0};
  if (search->arn->len == 0 && ms_text_member(&name, item, "name") && name.data != NULL &&
      strcmp(name.data, search->name) == 0) {
    ms_text_member(search->arn, item, "stateMachineArn");
  }
  ms_text_deinit(&name);
}

bool ms_client_machine(struct ms_client *client, struct ms_text *arn, const char *name)
{
  if (is_arn(name)) {
    ms_text_put(arn, name);
    return true;
  }
  struct machine_search search = {name, arn};
  if (!ms_client_each_machine(client, match_machine, &search)) {
    return false;
  }
  if (arn->len == 0) {
    ms_cli_error("there is no state machine \"%s\" in %s", name, client->store);
    ms_cli_hint("\"mstep machines\" lists them.");
  }
  return arn->len > 0;
}

/* ---- executions ---- */

struct execution_search {
  struct ms_client *client;
  const char *name;    /* of the execution */
  const char *machine; /* the part before the colon; NULL: any */
  size_t machine_len;
  struct ms_text *arn;  /* the first that was found */
  struct ms_text other; /* and one more */
  bool is_failed;
};

static void found(struct execution_search *search, const char *arn)
{
  if (search->arn->len == 0) {
    ms_text_put(search->arn, arn);
  } else if (search->other.len == 0 && strcmp(search->arn->data, arn) != 0) {
    ms_text_put(&search->other, arn);
  }
}

static bool is_of_machine(const struct execution_search *search, const char *machine)
{
  return search->machine == NULL || (strlen(machine) == search->machine_len &&
                                     strncmp(machine, search->machine, search->machine_len) == 0);
}

/* Asks for the execution of exactly that name in one machine. */
static void try_machine(mstep_str item, void *user)
{
  struct execution_search *search = user;
  struct ms_text machine = {0}, arn = {0}, request = {0};
  const char *mark = ":stateMachine:";
  const char *at = NULL;
  if (ms_text_member(&machine, item, "stateMachineArn") && machine.data != NULL) {
    at = strstr(machine.data, mark);
  }
  if (at != NULL && is_of_machine(search, at + strlen(mark))) {
    ms_text_add(&arn, machine.data, (size_t)(at - machine.data));
    ms_text_printf(&arn, ":execution:%s:%s", at + strlen(mark), search->name);
    ms_text_put(&request, "{");
    ms_text_pair(&request, "executionArn", ms_text_str(&arn).data);
    ms_text_put(&request, ",\"includedData\":\"METADATA_ONLY\"}");
    if (ms_client_call(search->client, "DescribeExecution", &request)) {
      found(search, ms_text_str(&arn).data);
    }
  }
  ms_text_deinit(&machine);
  ms_text_deinit(&arn);
  ms_text_deinit(&request);
}

static void match_execution(mstep_str item, void *user)
{
  struct execution_search *search = user;
  struct ms_text arn = {0};
  char machine[128];
  if (ms_text_member(&arn, item, "executionArn") && arn.data != NULL) {
    ms_arn_machine(machine, sizeof machine, arn.data);
    const char *name = ms_arn_name(arn.data);
    if (is_of_machine(search, machine) && strncmp(name, search->name, strlen(search->name)) == 0) {
      found(search, arn.data);
    }
  }
  ms_text_deinit(&arn);
}

static bool say_found(struct execution_search *search, const char *given)
{
  if (search->arn->len == 0) {
    ms_cli_error("there is no execution \"%s\" in %s", given, search->client->store);
    ms_cli_hint("\"mstep list\" lists them.");
    return false;
  }
  if (search->other.len > 0) {
    char one[128], two[128];
    ms_arn_machine(one, sizeof one, search->arn->data);
    ms_arn_machine(two, sizeof two, search->other.data);
    ms_cli_error("\"%s\" may be %s:%s, %s:%s or others", given, one, ms_arn_name(search->arn->data),
                 two, ms_arn_name(search->other.data));
    return false;
  }
  return true;
}

bool ms_client_execution(struct ms_client *client, struct ms_text *arn, const char *name)
{
  if (is_arn(name)) {
    ms_text_put(arn, name);
    return true;
  }
  const char *colon = strchr(name, ':');
  struct execution_search search = {
      .client = client, .name = colon != NULL ? colon + 1 : name, .arn = arn};
  if (colon != NULL) {
    search.machine = name;
    search.machine_len = (size_t)(colon - name);
  }
  bool is_fine = ms_client_each_machine(client, try_machine, &search);
  if (is_fine && arn->len == 0 && search.name[0] != '\0') {
    struct pages all = {client, "ListExecutions", "executions", match_execution, &search};
    is_fine = walk_pages(&all);
  }
  is_fine = is_fine && say_found(&search, name);
  ms_text_deinit(&search.other);
  return is_fine;
}
