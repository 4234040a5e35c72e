/* See answering.h. */
#include "cli/answering.h"

#include <stdio.h>
#include <string.h>

#include "cli/machine.h"

static bool read_file(struct ms_text *out, const char *path, const char *what)
{
  int error = ms_text_read(out, path);
  if (error != 0) {
    ms_cli_error("could not read the %s \"%s\": %s", what, path, strerror(error));
  }
  return error == 0;
}

/* --mocks FILE[#CASE] */
static bool load_mocks(struct ms_client *client, const char *given, const char *test_case)
{
  char path[MS_CLI_PATH_MAX];
  const char *hash = strrchr(given, '#');
  size_t len = hash != NULL ? (size_t)(hash - given) : strlen(given);
  struct ms_text text = {0};
  snprintf(path, sizeof path, "%.*s", (int)(len < sizeof path ? len : sizeof path - 1), given);
  if (!read_file(&text, path, "mocks")) {
    ms_text_deinit(&text);
    return false;
  }
  int code =
      mstep_mocks_load(client->engine, ms_text_str(&text), hash != NULL ? hash + 1 : test_case);
  ms_text_deinit(&text);
  if (code != MSTEP_OK) {
    ms_cli_error_code(code, "could not use the mocks \"%s\"", path);
  }
  return code == MSTEP_OK;
}

static bool set_routes(struct ms_client *client, const char *file, const char *endpoint)
{
  struct ms_text routes = {0}, request = {0};
  bool is_fine = file == NULL || read_file(&routes, file, "routes");
  if (is_fine) {
    ms_text_printf(&request, "{\"routes\":%s",
                   file == NULL          ? "null"
                   : routes.data == NULL ? ""
                                         : routes.data);
    if (endpoint != NULL) {
      ms_text_printf(&request, ",\"awsEndpoint\":");
      ms_text_quote(&request, endpoint);
    }
    ms_text_printf(&request, "}");
    is_fine = ms_client_ask(client, "moonstep:SetTaskRoutes", &request);
  }
  ms_text_deinit(&routes);
  ms_text_deinit(&request);
  return is_fine;
}

bool ms_client_answering(struct ms_client *client, const struct ms_cli_args *args,
                         const char *test_case)
{
  const char *mocks = args->options[MS_OPTION_MOCKS];
  const char *routes = args->options[MS_OPTION_ROUTES];
  const char *endpoint = args->options[MS_OPTION_AWS_ENDPOINT];
  if (mocks != NULL && !load_mocks(client, mocks, test_case)) {
    return false;
  }
  return (routes == NULL && endpoint == NULL) || set_routes(client, routes, endpoint);
}
