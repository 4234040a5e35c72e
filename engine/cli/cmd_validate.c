/* `mstep validate FILE...`: checks definitions; every problem is told, nothing is run. */
#include "cli/cli.h"
#include "cli/machine.h"
#include "cli/text.h"

static void print_json(const struct ms_problems *problems, bool is_ok)
{
  struct ms_text line = {0};
  ms_text_put(&line, "{\"file\":");
  ms_text_quote(&line, problems->file);
  ms_text_printf(&line, ",\"result\":\"%s\",\"diagnostics\":[", is_ok ? "OK" : "FAIL");
  mstep_str list = ms_text_str(problems->json);
  ms_text_add(&line, list.data, list.len);
  ms_text_put(&line, "],\"truncated\":false}\n");
  fwrite(line.data, 1, line.len, stdout);
  ms_text_deinit(&line);
}

/* True when the file was read and has no error. */
static bool validate(mstep_engine *engine, const char *path, bool is_json, bool is_portable)
{
  struct ms_text definition = {0}, json = {0};
  struct ms_problems problems = {
      .file = ms_machine_label(path), .to = stdout, .json = is_json ? &json : NULL};
  bool is_ok = false;
  if (ms_definition_read(&definition, engine, path)) {
    int code = (is_portable ? mstep_state_machine_validate_portable : mstep_state_machine_validate)(
        engine, ms_text_str(&definition), NULL, ms_problems_add, &problems);
    is_ok = code == MSTEP_OK;
    if (!is_ok && problems.error_count == 0) {
      ms_cli_error_code(code, "%s", problems.file);
    } else if (is_json) {
      print_json(&problems, is_ok);
    } else if (is_ok && problems.warning_count == 0) {
      printf("%s: ok\n", problems.file);
    }
  }
  ms_text_deinit(&definition);
  ms_text_deinit(&json);
  return is_ok;
}

int ms_cmd_validate(const struct ms_cli_args *args)
{
  static const char *const forms[] = {"text", "json", NULL};
  int form = ms_cli_choice(args, MS_OPTION_OUTPUT, forms);
  if (form < 0) {
    return MS_EXIT_USAGE;
  }
  bool is_portable = args->options[MS_OPTION_PORTABLE] != NULL;
  int exit_code = MS_EXIT_OK;
  for (size_t i = 0; i < args->operand_count; i++) {
    /* An engine per file: a Lua definition finds the modules of its own project. */
    mstep_engine *engine = ms_checker_open(args, args->operands[i]);
    if (engine == NULL || !validate(engine, args->operands[i], form == 1, is_portable)) {
      exit_code = MS_EXIT_USAGE;
    }
    mstep_engine_close(engine);
  }
  return exit_code;
}
