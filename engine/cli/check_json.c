/* Is what a person typed JSON? The library knows: the path `$` gives its input. See deploy.h. */
#include <string.h>
#include <unistd.h>

#include "cli/deploy.h"

static void ignore(mstep_str text, void *user)
{
  (void)text;
  (void)user;
}

bool ms_cli_check_json(const char *text, const char *what)
{
  mstep_options options;
  mstep_engine *engine = NULL;
  const mstep_expression path = {.version = MSTEP_EXPRESSION_VERSION,
                                 .language = "JSONPath",
                                 .text = {"$", 1},
                                 .input = {text, strlen(text)}};
  int code = mstep_options_init(&options, MSTEP_OPTIONS_VERSION);
  if (code == MSTEP_OK) {
    options.workers = 0;
    code = mstep_engine_open(&engine, &options);
  }
  if (code == MSTEP_OK) {
    code = mstep_expression_evaluate(engine, &path, ignore, NULL);
  }
  if (code == MSTEP_ESYNTAX) {
    const char *why = mstep_last_error();
    ms_cli_error("the %s is not valid JSON: %s", what,
                 strncmp(why, "input: ", 7) == 0 ? why + 7 : why);
    if (text[0] != '\0' && text[0] != '{' && access(text, R_OK) == 0) {
      ms_cli_hint("Did you mean @%s?", text);
    }
  }
  mstep_engine_close(engine);
  return code != MSTEP_ESYNTAX;
}
