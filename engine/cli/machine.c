/* Definitions and the folders around them: see machine.h. */
#include "cli/machine.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define MACHINE_NAME_MAX 80 /* AWS's limit */

static bool is_directory(const char *path)
{
  struct stat st;
  return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* out = base/name when that is a folder. */
static bool find_below(char *out, const char *base, const char *name)
{
  int len = snprintf(out, MS_CLI_PATH_MAX, "%s/%s", base, name);
  if (len > 0 && len < MS_CLI_PATH_MAX && is_directory(out)) {
    return true;
  }
  out[0] = '\0';
  return false;
}

/* The folder of a file: "." for a bare name and for standard input. */
static void folder_of(char *out, const char *path)
{
  const char *slash = strrchr(path, '/');
  size_t len = slash != NULL ? (size_t)(slash - path) : 0;
  if (slash == path) {
    snprintf(out, MS_CLI_PATH_MAX, "/");
  } else if (len == 0 || len >= MS_CLI_PATH_MAX - 4) {
    snprintf(out, MS_CLI_PATH_MAX, ".");
  } else {
    snprintf(out, MS_CLI_PATH_MAX, "%.*s", (int)len, path);
  }
}

struct search {
  const struct ms_cli_args *args;
  char folder[MS_CLI_PATH_MAX]; /* the machine's, or --project */
  char above[MS_CLI_PATH_MAX];  /* "" when the project was named */
};

static bool find_one(char *out, const struct search *search, enum ms_option option,
                     const char *name)
{
  const char *given = search->args->options[option];
  if (given == NULL) {
    if (!find_below(out, search->folder, name) && search->above[0] != '\0') {
      find_below(out, search->above, name);
    }
    return true;
  }
  if (!is_directory(given) || strlen(given) >= MS_CLI_PATH_MAX) {
    ms_cli_error("could not open folder \"%s\" of --%s: %s", given, name,
                 errno != 0 ? strerror(errno) : "not a folder");
    return false;
  }
  snprintf(out, MS_CLI_PATH_MAX, "%s", given);
  return true;
}

bool ms_project_find(struct ms_project *out, const struct ms_cli_args *args, const char *machine)
{
  struct search search = {.args = args};
  const char *project = args->options[MS_OPTION_PROJECT];
  *out = (struct ms_project){0};
  errno = 0;
  if (project != NULL) {
    if (!is_directory(project) || strlen(project) >= MS_CLI_PATH_MAX) {
      ms_cli_error("could not open folder \"%s\" of --project: %s", project,
                   errno != 0 ? strerror(errno) : "not a folder");
      return false;
    }
    snprintf(search.folder, sizeof search.folder, "%s", project);
  } else {
    folder_of(search.folder, machine);
    snprintf(search.above, sizeof search.above, "%.*s/..", MS_CLI_PATH_MAX - 4, search.folder);
  }
  errno = 0;
  return find_one(out->functions, &search, MS_OPTION_FUNCTIONS, "functions") &&
         find_one(out->lib, &search, MS_OPTION_LIB, "lib") &&
         find_one(out->rules, &search, MS_OPTION_RULES, "rules");
}

void ms_project_apply(mstep_options *options, const struct ms_project *project)
{
  options->functions_dir = project->functions[0] != '\0' ? project->functions : NULL;
  options->lib_dir = project->lib[0] != '\0' ? project->lib : NULL;
  options->rules_dir = project->rules[0] != '\0' ? project->rules : NULL;
}

mstep_engine *ms_checker_open(const struct ms_cli_args *args, const char *machine)
{
  struct ms_project project;
  mstep_options options;
  mstep_engine *engine = NULL;
  if (!ms_project_find(&project, args, machine)) {
    return NULL;
  }
  int code = mstep_options_init(&options, MSTEP_OPTIONS_VERSION);
  if (code == MSTEP_OK) {
    ms_project_apply(&options, &project);
    options.workers = 0;
    code = mstep_engine_open(&engine, &options);
  }
  if (code != MSTEP_OK) {
    ms_cli_error_code(code, "could not start the engine");
    return NULL;
  }
  return engine;
}

bool ms_definition_read(struct ms_text *out, mstep_engine *engine, const char *path)
{
  if (strcmp(path, "-") == 0) {
    int error = ms_text_read(out, path);
    if (error != 0) {
      ms_cli_error("could not read the definition from standard input: %s", strerror(error));
    }
    return error == 0;
  }
  int code = mstep_definition_read(engine, path, ms_text_sink, out);
  if (code != MSTEP_OK) {
    ms_cli_error_code(code, "could not read the definition"); /* the detail begins with the path */
    return false;
  }
  if (out->is_failed) {
    ms_cli_error("could not read the definition \"%s\": out of memory", path);
  }
  return !out->is_failed;
}

static bool is_name_character(char c)
{
  /* AWS refuses spaces, brackets, wildcards and other special characters. */
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

void ms_machine_name(char *out, size_t size, const char *path)
{
  static const char *const endings[] = {".json", ".lua", ".asl"};
  const char *slash = strrchr(path, '/');
  const char *base = slash != NULL ? slash + 1 : path;
  size_t len = strlen(base);
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    size_t n = strlen(endings[i]);
    if (len > n && strncmp(base + len - n, endings[i], n) == 0) {
      len -= n;
    }
  }
  if (strcmp(path, "-") == 0) {
    base = "stdin";
    len = strlen(base);
  }
  if (len > MACHINE_NAME_MAX) {
    len = MACHINE_NAME_MAX;
  }
  snprintf(out, size, "%.*s", (int)len, base);
  for (char *c = out; *c != '\0'; c++) {
    if (!is_name_character(*c)) {
      *c = '-';
    }
  }
}

const char *ms_machine_label(const char *path)
{
  return strcmp(path, "-") == 0 ? "<stdin>" : path;
}

/* One of the diagnostics of ValidateStateMachineDefinition, with our positions besides. */
static void add_json(struct ms_text *json, const mstep_diagnostic *d)
{
  ms_text_printf(json, "%s{\"severity\":\"%s\",\"code\":", json->len > 0 ? "," : "",
                 d->is_error ? "ERROR" : "WARNING");
  ms_text_quote(json, d->code);
  ms_text_put(json, ",\"message\":");
  ms_text_quote(json, d->message);
  ms_text_put(json, ",\"location\":");
  ms_text_quote(json, d->pointer);
  ms_text_printf(json, ",\"line\":%u,\"column\":%u", d->line, d->column);
  if (d->hint[0] != '\0') {
    ms_text_put(json, ",\"hint\":");
    ms_text_quote(json, d->hint);
  }
  ms_text_put(json, "}");
}

/* FILE:LINE:COLUMN: error: MESSAGE [CODE at /pointer], the form that editors jump to. */
static void print_line(const struct ms_problems *problems, const mstep_diagnostic *d)
{
  FILE *to = problems->to;
  bool is_coloured = ms_cli_has_colour(to);
  const char *plain = ms_cli_style(is_coloured, MS_STYLE_PLAIN);
  /* Positions in the text made of a Lua table are of no use to its author. */
  size_t len = strlen(problems->file);
  bool is_lua = len > 4 && strcmp(problems->file + len - 4, ".lua") == 0;
  fprintf(to, "%s%s:", ms_cli_style(is_coloured, MS_STYLE_BOLD), problems->file);
  if (d->line != 0 && !is_lua) {
    fprintf(to, "%u:%u:", d->line, d->column);
  }
  fprintf(to, "%s %s%s:%s %s", plain,
          ms_cli_style(is_coloured, d->is_error ? MS_STYLE_RED : MS_STYLE_YELLOW),
          d->is_error ? "error" : "warning", plain, d->message);
  if (d->code[0] != '\0') {
    fprintf(to, " (%s", d->code);
    fprintf(to, d->pointer[0] != '\0' ? " at %s)" : "%s)", d->pointer);
  }
  fputc('\n', to);
  if (d->hint[0] != '\0') {
    fprintf(to, "    hint: %s\n", d->hint);
  }
}

void ms_problems_add(const mstep_diagnostic *diagnostic, void *user)
{
  struct ms_problems *problems = user;
  if (diagnostic->is_error) {
    problems->error_count++;
  } else {
    problems->warning_count++;
  }
  if (problems->json != NULL) {
    add_json(problems->json, diagnostic);
  } else {
    print_line(problems, diagnostic);
  }
}
