/* See client.h. */
#include "cli/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/remote.h"
#include "cli/table.h"

/* ---- the store ---- */

/* "sqlite:PATH" stays; "PATH" is of that kind. */
static bool is_url(const char *text)
{
  size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz");
  return len > 1 && text[len] == ':';
}

bool ms_client_find(struct ms_client *out, const struct ms_cli_args *args, bool is_needed)
{
  *out = (struct ms_client){.store = args->options[MS_OPTION_STORE]};
  if (out->store == NULL) {
    out->store = getenv("MSTEP_STORE");
  }
  if (out->store == NULL || out->store[0] == '\0') {
    out->store = NULL;
    if (is_needed) {
      ms_cli_error("\"mstep %s\" needs --store FILE, or MSTEP_STORE in the environment",
                   args->cmd->name);
    }
    return !is_needed;
  }
  int len =
      snprintf(out->url, sizeof out->url, "%s%s", is_url(out->store) ? "" : "sqlite:", out->store);
  if (len < 0 || (size_t)len >= sizeof out->url) {
    ms_cli_error("the store's name is too long");
    return false;
  }
  if (strncmp(out->url, "sqlite:", 7) == 0) {
    out->path = out->url + 7;
  }
  return true;
}

static const char *from_environment(const char *name)
{
  const char *text = getenv(name);
  return text == NULL || text[0] == '\0' ? NULL : text;
}

bool ms_client_choose(struct ms_client *out, const struct ms_cli_args *args)
{
  const char *endpoint = args->options[MS_OPTION_ENDPOINT];
  const char *store = args->options[MS_OPTION_STORE];
  if (endpoint != NULL && store != NULL) {
    ms_cli_error("--endpoint asks a server and --store opens a file: only one of them");
    return false;
  }
  if (endpoint == NULL && store == NULL) {
    endpoint = from_environment("MSTEP_ENDPOINT");
  }
  if (endpoint != NULL) {
    *out = (struct ms_client){.store = endpoint};
    return ms_remote_new(&out->remote, endpoint);
  }
  if (store == NULL && from_environment("MSTEP_STORE") == NULL) {
    ms_cli_error("\"mstep %s\" needs --store FILE, or MSTEP_STORE in the environment",
                 args->cmd->name);
    ms_cli_hint("Or a server: --endpoint URL, or MSTEP_ENDPOINT in the environment.");
    return false;
  }
  return ms_client_find(out, args, true);
}

static void say_open(const struct ms_client *client, int code, bool is_new_fine)
{
  ms_cli_error_code(code, "could not open the store \"%s\"", client->store);
  if (code == MSTEP_ENOTFOUND && !is_new_fine) {
    ms_cli_hint("\"mstep run --store FILE MACHINE\" and \"mstep start\" make a store.");
  } else if (code == MSTEP_ESTATE) {
    ms_cli_hint(
        "What only looks (list, describe, history, trace, machines, backup, queue ls and the like) "
        "works beside it; for the rest ask its server, with --endpoint.");
  }
}

bool ms_client_options(mstep_options *options, const struct ms_cli_args *args)
{
  static const char *const durabilities[] = {"fsync", "os", "none", NULL};
  static const char *const missed_runs[] = {"once", "skip", "all", NULL};
  const char *age = args->options[MS_OPTION_KEEP_FOR];
  unsigned long long count = 0, calls = 0;
  int durability = ms_cli_choice(args, MS_OPTION_DURABILITY, durabilities);
  int missed = ms_cli_choice(args, MS_OPTION_MISSED_RUNS, missed_runs);
  long long age_ms = age == NULL ? 0 : ms_cli_duration_parse(age);
  if (age_ms < 0) {
    ms_cli_error("--keep-for must be a time like 30s, 5m, 12h, 7d or 2w, not \"%s\"", age);
  }
  if (durability < 0 || missed < 0 || age_ms < 0 ||
      !ms_cli_number(&count, args, MS_OPTION_KEEP_LAST, 1, 1000000000) ||
      !ms_cli_number(&calls, args, MS_OPTION_CONCURRENT_EXECUTIONS, 1, 1000000)) {
    return false;
  }
  options->durability = durability;
  options->missed_runs = missed;
  options->retention_age_ms = age_ms;
  options->retention_count = count;
  options->concurrent_executions = (unsigned)calls;
  return true;
}

bool ms_client_open(struct ms_client *client, mstep_options *options, enum ms_client_mode mode,
                    bool is_new_fine)
{
  if (!is_new_fine && client->path != NULL && access(client->path, F_OK) != 0) {
    ms_cli_error("could not open the store \"%s\": %s", client->store, strerror(errno));
    ms_cli_hint("\"mstep run --store FILE MACHINE\" and \"mstep start\" make a store.");
    return false;
  }
  if (client->store != NULL) {
    options->store = client->url;
    options->is_read_only = mode == MS_CLIENT_READ;
    options->is_paused = mode == MS_CLIENT_CHANGE;
  }
  int code = mstep_engine_open(&client->engine, options);
  if (code != MSTEP_OK && client->store != NULL) {
    say_open(client, code, is_new_fine);
  } else if (code != MSTEP_OK) {
    ms_cli_error_code(code, "could not start the engine");
  }
  return code == MSTEP_OK;
}

bool ms_client_start(struct ms_client *out, const struct ms_cli_args *args,
                     enum ms_client_mode mode)
{
  mstep_options options;
  if (!ms_client_choose(out, args)) {
    return false;
  }
  if (out->remote != NULL) {
    return true;
  }
  int code = mstep_options_init(&options, MSTEP_OPTIONS_VERSION);
  if (code != MSTEP_OK) {
    ms_cli_error_code(code, "could not set the options");
    return false;
  }
  options.workers = 0;
  return ms_client_open(out, &options, mode, false);
}

void ms_client_close(struct ms_client *client)
{
  mstep_engine_close(client->engine);
  client->engine = NULL;
  ms_remote_free(client->remote);
  client->remote = NULL;
  ms_text_deinit(&client->reply);
}

unsigned long long ms_client_size(const struct ms_client *client)
{
  static const char *const tails[] = {"", "-wal"};
  unsigned long long size = 0;
  for (size_t i = 0; client->path != NULL && i < sizeof tails / sizeof *tails; i++) {
    char path[sizeof client->url + 8];
    struct stat st;
    snprintf(path, sizeof path, "%s%s", client->path, tails[i]);
    if (stat(path, &st) == 0) {
      size += (unsigned long long)st.st_size;
    }
  }
  return size;
}

/* ---- calls ---- */

struct waiting {
  struct ms_client *client;
  bool is_answered;
};

static void on_reply(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  struct waiting *waiting = user;
  waiting->is_answered = true;
  waiting->client->status = status;
  ms_text_add(&waiting->client->reply, reply.data, reply.len);
  mstep_engine_stop(engine);
}

bool ms_client_call(struct ms_client *client, const char *operation, const struct ms_text *request)
{
  struct waiting waiting = {client, false};
  client->reply.len = 0;
  client->reply.is_failed = false;
  if (client->remote != NULL) {
    client->status = request->is_failed
                         ? MSTEP_ENOMEM
                         : ms_remote_call(client->remote, &client->reply, operation, request);
    return client->status == MSTEP_OK;
  }
  int code = request->is_failed
                 ? MSTEP_ENOMEM
                 : mstep_call(client->engine, operation, ms_text_str(request), on_reply, &waiting);
  /* A signal, too, ends the loop. */
  for (int i = 0; code == MSTEP_OK && !waiting.is_answered && i < 1000; i++) {
    code = mstep_engine_run(client->engine);
  }
  if (code == MSTEP_OK && (!waiting.is_answered || client->reply.is_failed)) {
    code = waiting.is_answered ? MSTEP_ENOMEM : MSTEP_EINTERNAL;
  }
  if (code != MSTEP_OK) {
    client->status = code;
    client->reply.len = 0;
  }
  return client->status == MSTEP_OK;
}

void ms_client_say(const struct ms_client *client)
{
  struct ms_text message = {0};
  if (ms_text_member(&message, ms_text_str(&client->reply), "message") && message.data != NULL) {
    ms_cli_error("%s", message.data);
  } else if (client->remote != NULL) {
    ms_remote_say(client->remote, client->status);
  } else {
    ms_cli_error_code(client->status, "could not ask the engine");
  }
  ms_text_deinit(&message);
}

bool ms_client_ask(struct ms_client *client, const char *operation, const struct ms_text *request)
{
  bool is_fine = ms_client_call(client, operation, request);
  if (!is_fine) {
    ms_client_say(client);
  }
  return is_fine;
}

bool ms_client_is(const struct ms_client *client, const char *error)
{
  struct ms_text type = {0};
  bool is_it = ms_text_member(&type, ms_text_str(&client->reply), "__type") && type.data != NULL &&
               strcmp(type.data, error) == 0;
  ms_text_deinit(&type);
  return is_it;
}
