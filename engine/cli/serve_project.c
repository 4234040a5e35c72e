/*
 * See serve_project.h. Definitions below machines/ are checked here, so that what is wrong has a line; all else
 * is the operation ApplyProject.
 */
#include "cli/serve_project.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- definitions ---- */

static int is_definition(const struct dirent *entry)
{
  const char *dot = strrchr(entry->d_name, '.');
  return entry->d_name[0] != '.' && dot != NULL &&
         (strcmp(dot, ".json") == 0 || strcmp(dot, ".lua") == 0);
}

static bool check_file(mstep_engine *engine, const char *path)
{
  struct ms_text definition = {0};
  struct ms_problems problems = {.file = path, .to = stderr};
  bool is_fine = ms_definition_read(&definition, engine, path);
  if (is_fine) {
    int code = mstep_state_machine_validate(engine, ms_text_str(&definition), NULL,
                                            ms_problems_add, &problems);
    is_fine = code == MSTEP_OK;
    if (!is_fine && problems.error_count == 0) {
      ms_cli_error_code(code, "%s", path);
    }
  }
  ms_text_deinit(&definition);
  return is_fine;
}

static bool check_machines(const struct ms_serve_project *project)
{
  struct dirent **entries;
  int count = scandir(project->machines, &entries, is_definition, alphasort);
  if (count < 0 && errno != ENOENT) {
    ms_cli_error("could not read %s: %s", project->machines, strerror(errno));
    return false;
  }
  bool is_fine = true;
  for (int i = 0; i < count; i++) {
    char path[3 * MS_CLI_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", project->machines, entries[i]->d_name);
    is_fine = check_file(project->client->engine, path) && is_fine;
    free(entries[i]);
  }
  if (count >= 0) {
    free(entries);
  }
  return is_fine;
}

/* ---- what ApplyProject said ---- */

static void print_diagnostic(mstep_str item, void *user)
{
  struct ms_text file = {0}, message = {0}, path = {0};
  size_t *count = user;
  int line = (int)ms_text_number(item, "line", 0);
  ms_text_member(&file, item, "file");
  ms_text_member(&message, item, "message");
  ms_text_member(&path, item, "path");
  fprintf(stderr, "%s:", ms_text_str(&file).data);
  if (line > 0) {
    fprintf(stderr, "%d:", line);
  }
  fprintf(stderr, " error: %s", ms_text_str(&message).data);
  fprintf(stderr, path.len > 0 ? " (at %s)\n" : "%s\n", ms_text_str(&path).data);
  (*count)++;
  ms_text_deinit(&file);
  ms_text_deinit(&message);
  ms_text_deinit(&path);
}

static void print_failure(mstep_str item, void *user)
{
  struct ms_text kind = {0}, name = {0}, operation = {0}, message = {0};
  (void)user;
  ms_text_member(&kind, item, "kind");
  ms_text_member(&name, item, "name");
  ms_text_member(&operation, item, "operation");
  ms_text_member(&message, item, "message");
  ms_cli_error("%s \"%s\": %s: %s", ms_text_str(&kind).data, ms_text_str(&name).data,
               ms_text_str(&operation).data, ms_text_str(&message).data);
  ms_text_deinit(&kind);
  ms_text_deinit(&name);
  ms_text_deinit(&operation);
  ms_text_deinit(&message);
}

static void add_thing(mstep_str item, void *user)
{
  struct ms_text *list = user, kind = {0}, name = {0};
  ms_text_member(&kind, item, "kind");
  ms_text_member(&name, item, "name");
  ms_text_printf(list, "%s%s %s", list->len > 0 ? ", " : "", ms_text_str(&kind).data,
                 ms_text_str(&name).data);
  ms_text_deinit(&kind);
  ms_text_deinit(&name);
}

static bool print_things(mstep_str reply, const char *member, const char *before,
                         const char *what)
{
  struct ms_text items = {0}, list = {0};
  ms_text_member(&items, reply, member);
  ms_text_each(ms_text_str(&items), add_thing, &list);
  if (list.len > 0) {
    fprintf(stderr, "project: %s%s%s\n", before, ms_text_str(&list).data, what);
  }
  bool is_any = list.len > 0;
  ms_text_deinit(&items);
  ms_text_deinit(&list);
  return is_any;
}

/* What there is, at the start; later what has become different. */
static void print_changes(mstep_str reply, bool is_start)
{
  if (is_start) {
    print_things(reply, "applied", "", "");
    return;
  }
  bool is_any = print_things(reply, "added", "added ", "");
  is_any = print_things(reply, "changed", "changed ", "") || is_any;
  is_any = print_things(reply, "removed", "removed ", "") || is_any;
  if (!is_any) {
    fprintf(stderr, "project: nothing has changed\n");
  }
}

/* False: mstep.lua is wrong, and nothing was done. */
static bool print_result(mstep_str reply, bool is_start)
{
  struct ms_text items = {0};
  size_t count = 0;
  ms_text_member(&items, reply, "diagnostics");
  ms_text_each(ms_text_str(&items), print_diagnostic, &count);
  items.len = 0;
  ms_text_member(&items, reply, "failed");
  ms_text_each(ms_text_str(&items), print_failure, NULL);
  ms_text_deinit(&items);
  if (count == 0) {
    print_changes(reply, is_start);
  } else if (!is_start) {
    fprintf(stderr, "project: nothing has changed, until mstep.lua is right\n");
  }
  print_things(reply, "left", "", " left alone: no longer declared");
  fflush(stderr);
  return count == 0;
}

static void make_request(struct ms_text *request, const struct ms_serve_project *project)
{
  ms_text_put(request, "{");
  ms_text_pair(request, "Directory", project->folder);
  ms_text_put(request, "}");
}

/* ---- at the start ---- */

bool ms_serve_project_load(struct ms_serve_project *project, struct ms_client *client,
                           const struct ms_cli_args *args)
{
  const char *folder = args->options[MS_OPTION_PROJECT];
  struct ms_text request = {0};
  *project = (struct ms_serve_project){.client = client};
  snprintf(project->folder, sizeof project->folder, "%s", folder == NULL ? "." : folder);
  snprintf(project->machines, sizeof project->machines, "%s/machines", project->folder);
  snprintf(project->declared, sizeof project->declared, "%s/mstep.lua", project->folder);
  make_request(&request, project);
  bool is_fine = check_machines(project) && ms_client_ask(client, "ApplyProject", &request) &&
                 print_result(ms_text_str(&client->reply), true);
  ms_text_deinit(&request);
  return is_fine;
}

/* ---- while it runs ---- */

static void apply(struct ms_serve_project *project);

static void on_applied(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  struct ms_serve_project *project = user;
  (void)engine;
  project->is_busy = false;
  if (status == MSTEP_OK) {
    print_result(reply, false);
  } else {
    struct ms_text message = {0};
    ms_text_member(&message, reply, "message");
    ms_cli_error("the project was not loaded: %s", ms_text_str(&message).data);
    ms_text_deinit(&message);
  }
  if (project->is_stale) {
    apply(project);
  }
}

static void apply(struct ms_serve_project *project)
{
  struct ms_text request = {0};
  project->is_stale = project->is_busy;
  if (project->is_busy) {
    return;
  }
  if (!check_machines(project)) {
    fprintf(stderr, "project: nothing has changed, until machines/ is right\n");
    return;
  }
  make_request(&request, project);
  int code = mstep_call(project->client->engine, "ApplyProject", ms_text_str(&request), on_applied,
                        project);
  project->is_busy = code == MSTEP_OK;
  if (code != MSTEP_OK) {
    ms_cli_error_code(code, "could not load the project");
  }
  ms_text_deinit(&request);
}

static void print_change(const mstep_change *change)
{
  const char *what = strcmp(change->kind, "RELOADED") == 0  ? "reloaded"
                     : strcmp(change->kind, "ADDED") == 0   ? "added"
                     : strcmp(change->kind, "REMOVED") == 0 ? "removed"
                                                            : "rules reloaded";
  if (strcmp(change->kind, "BROKEN") == 0) {
    fprintf(stderr, "%s:", change->file);
    if (change->line > 0) {
      fprintf(stderr, "%d:", change->line);
    }
    fprintf(stderr, " error: %.*s; what was there stays\n", (int)change->message.len,
            change->message.data);
  } else {
    bool has_file = change->file[0] != '\0'; /* one that is removed has none any more */
    fprintf(stderr, "%s%s%s%s%s%s\n", what, change->function[0] != '\0' ? ": " : "",
            change->function, has_file ? " (" : "", change->file, has_file ? ")" : "");
  }
  fflush(stderr);
}

static void on_change(mstep_engine *engine, const mstep_change *change, void *user)
{
  struct ms_serve_project *project = user;
  (void)engine;
  if (strcmp(change->kind, "FILE") == 0) {
    fprintf(stderr, "changed: %s%s\n", change->folder == 0 ? "machines/" : "", change->file);
    apply(project);
  } else {
    print_change(change);
  }
}

bool ms_serve_project_watch(struct ms_serve_project *project)
{
  project->watched[0] = project->machines;
  project->watched[1] = project->declared;
  int code = mstep_files_watch(project->client->engine, project->watched, on_change, project);
  if (code != MSTEP_OK) {
    ms_cli_error_code(code, "could not watch %s", project->folder);
  }
  return code == MSTEP_OK;
}
