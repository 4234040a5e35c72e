/*
 * What `mstep serve` finds in a project's folder: every definition below machines/ is created, or updated
 * when the store has another one of that name.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/deploy.h"
#include "cli/machine.h"

static int is_definition(const struct dirent *entry)
{
  const char *dot = strrchr(entry->d_name, '.');
  return entry->d_name[0] != '.' && dot != NULL &&
         (strcmp(dot, ".json") == 0 || strcmp(dot, ".lua") == 0);
}

static bool deploy_file(struct ms_client *client, const struct ms_cli_args *args, const char *path)
{
  struct ms_text arn = {0};
  bool is_fine = ms_deploy(client, &arn, args, path);
  if (is_fine) {
    fprintf(stderr, "%s: %s\n", path, ms_text_str(&arn).data);
  }
  ms_text_deinit(&arn);
  return is_fine;
}

bool ms_serve_project(struct ms_client *client, const struct ms_cli_args *args)
{
  const char *project = args->options[MS_OPTION_PROJECT];
  char folder[MS_CLI_PATH_MAX];
  snprintf(folder, sizeof folder, "%s/machines", project == NULL ? "." : project);
  struct dirent **entries;
  int count = scandir(folder, &entries, is_definition, alphasort);
  if (count < 0 && errno != ENOENT) {
    ms_cli_error("could not read %s: %s", folder, strerror(errno));
    return false;
  }
  bool is_fine = true;
  for (int i = 0; i < count; i++) {
    char path[2 * MS_CLI_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
    is_fine = is_fine && deploy_file(client, args, path);
    free(entries[i]);
  }
  if (count >= 0) {
    free(entries);
  }
  return is_fine;
}
