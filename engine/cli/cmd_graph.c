/* `mstep graph MACHINE`: the machine as a drawing in text. */
#include "cli/cli.h"
#include "cli/machine.h"
#include "cli/text.h"

static void print(const struct ms_text *drawing, const char *format, bool is_json)
{
  struct ms_text line = {0};
  if (!is_json) {
    fwrite(drawing->data, 1, drawing->len, stdout);
    return;
  }
  ms_text_put(&line, "{");
  ms_text_pair(&line, "format", format);
  ms_text_pair(&line, "graph", ms_text_str(drawing).data);
  ms_text_put(&line, "}");
  printf("%s\n", ms_text_str(&line).data);
  ms_text_deinit(&line);
}

/* Draws, or says why not. */
static bool draw(mstep_engine *engine, const char *path, const char *format, bool is_json)
{
  struct ms_text definition = {0}, drawing = {0};
  struct ms_problems problems = {.file = ms_machine_label(path), .to = stderr};
  bool is_drawn = false;
  if (ms_definition_read(&definition, engine, path)) {
    mstep_str text = ms_text_str(&definition);
    int code = mstep_state_machine_validate(engine, text, NULL, ms_problems_add, &problems);
    if (code == MSTEP_OK) {
      code = mstep_state_machine_graph(engine, text, format, ms_text_sink, &drawing);
    }
    is_drawn = code == MSTEP_OK && !drawing.is_failed;
    if (is_drawn) {
      print(&drawing, format, is_json);
    } else if (problems.error_count == 0) {
      ms_cli_error_code(code, "could not draw \"%s\"", path);
    }
  }
  ms_text_deinit(&definition);
  ms_text_deinit(&drawing);
  return is_drawn;
}

int ms_cmd_graph(const struct ms_cli_args *args)
{
  static const char *const formats[] = {"mermaid", "dot", NULL};
  static const char *const forms[] = {"text", "json", NULL};
  int format = ms_cli_choice(args, MS_OPTION_FORMAT, formats);
  int form = ms_cli_choice(args, MS_OPTION_OUTPUT, forms);
  mstep_engine *engine = format < 0 || form < 0 ? NULL : ms_checker_open(args, args->operands[0]);
  if (engine == NULL) {
    return MS_EXIT_USAGE;
  }
  bool is_drawn = draw(engine, args->operands[0], formats[format], form == 1);
  mstep_engine_close(engine);
  return is_drawn ? MS_EXIT_OK : MS_EXIT_USAGE;
}
