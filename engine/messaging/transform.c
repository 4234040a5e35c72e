/* Input paths and templates: compiled to pieces of text and places to fill, then written. */
#include "messaging/transform.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/time.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "messaging/event_path.h"

#define PIECES_MAX ((size_t)2 * MS_TRANSFORM_TEMPLATE_MAX)

struct writer {
  struct ms_buf *out;
  struct ms_json event;
  const struct ms_transform_context *context;
  bool in_string;
};

typedef int (*predefined_write)(struct writer *w);

struct variable {
  struct ms_str name;
  struct ms_event_path path;
};

struct piece {
  struct ms_str text;              /* literal; of the others: nothing */
  const struct variable *variable; /* a path's place */
  predefined_write write;          /* a predefined name's place */
  bool in_string;
};

struct ms_transform {
  struct ms_arena *arena; /* everything below */
  bool is_path;
  struct ms_event_path path;
  struct piece *pieces;
  size_t count;
};

void ms_transform_free(struct ms_transform *transform)
{
  if (transform != NULL) {
    ms_arena_free(transform->arena);
  }
}

/* ---- what is predefined ---- */

/* Text, quoted where it stands alone. */
static void write_text(struct writer *w, struct ms_str text)
{
  if (!w->in_string) {
    ms_json_print_string(w->out, text);
    return;
  }
  size_t before = w->out->len;
  ms_json_print_string(w->out, text);
  if (w->out->error == 0) { /* the same without its quotes */
    w->out->len--;
    memmove(w->out->data + before, w->out->data + before + 1, w->out->len - before - 1);
    w->out->len--;
    w->out->data[w->out->len] = '\0';
  }
}

static int write_rule_arn(struct writer *w)
{
  write_text(w, w->context->rule_arn);
  return 0;
}

static int write_rule_name(struct writer *w)
{
  write_text(w, w->context->rule_name);
  return 0;
}

static int write_ingestion_time(struct writer *w)
{
  char text[MS_TIME_TEXT_SIZE];
  size_t len = ms_time_format_ms(text, w->context->ingested_at_ms);
  write_text(w, (struct ms_str){text, len});
  return 0;
}

static int write_event_json(struct writer *w)
{
  ms_json_print(w->out, w->event);
  return 0;
}

/* The order of the service, then whatever else is there. */
static int write_event(struct writer *w)
{
  static const char *const order[] = {"id",     "account", "detail-type", "time",
                                      "source", "region",  "resources",   "version"};
  static const size_t count = sizeof order / sizeof *order;
  struct ms_json shown = ms_json_object(count);
  int err = ms_json_is_none(shown) ? ms_error_nomem() : 0;
  for (size_t i = 0; i < count && err == 0; i++) {
    struct ms_json value = ms_json_getc(w->event, order[i]);
    const char *name = ms_str_is(ms_str_c(order[i]), "detail-type") ? "detailType" : order[i];
    err = ms_json_is_none(value) ? 0 : ms_json_setc(&shown, name, ms_json_ref(value));
  }
  for (size_t i = 0; i < ms_json_count(w->event) && err == 0; i++) {
    struct ms_str key = ms_json_key(w->event, i);
    bool is_shown = ms_str_is(key, "detail") || ms_str_is(key, "detail-type") ||
                    !ms_json_is_none(ms_json_get(shown, key));
    err = is_shown ? 0 : ms_json_set(&shown, key, ms_json_ref(ms_json_member(w->event, i)));
  }
  if (err == 0) {
    ms_json_print(w->out, shown);
  }
  ms_json_unref(shown);
  return err;
}

static const struct {
  const char *name;
  predefined_write write;
} predefined[] = {
#define MS_PREDEFINED(name, write) {name, write},
#include "messaging/predefined.def"
#undef MS_PREDEFINED
};

/* ---- compiling ---- */

struct compile {
  struct ms_arena *arena;
  struct ms_str target;
  struct ms_buf *message;
  struct variable *variables;
  size_t variable_count;
  MS_VEC(struct piece) pieces;
};

static int __attribute__((format(printf, 2, 3))) refuse(struct compile *c, const char *format, ...)
{
  if (c->message != NULL) {
    va_list args;
    va_start(args, format);
    ms_buf_vprintf(c->message, format, args);
    va_end(args);
  }
  return MSTEP_EINVALID;
}

static bool is_name_byte(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

static bool is_variable_name(struct ms_str name)
{
  for (size_t i = 0; i < name.len; i++) {
    if (!is_name_byte(name.data[i])) {
      return false;
    }
  }
  return name.len > 0 && name.len <= 256 && !ms_str_has_prefix(name, "AWS");
}

static int compile_path(struct ms_event_path *out, struct compile *c, struct ms_str path)
{
  int err = ms_event_path_parse(out, c->arena, path);
  if (err == MSTEP_ESYNTAX) {
    return refuse(c, "InputPath for target %.*s is invalid.", MS_STR_ARG(c->target));
  }
  return err;
}

static int compile_paths(struct compile *c, struct ms_json paths)
{
  size_t count = ms_json_count(paths);
  if (count > MS_TRANSFORM_PATHS_MAX || (!ms_json_is_none(paths) && !ms_json_is_object(paths))) {
    return refuse(c, "InputPathsMap for target %.*s is invalid.", MS_STR_ARG(c->target));
  }
  c->variables = ms_arena_calloc(c->arena, count + 1, sizeof *c->variables);
  if (c->variables == NULL) {
    return ms_error_nomem();
  }
  for (size_t i = 0; i < count; i++) {
    struct variable *variable = &c->variables[i];
    struct ms_json path = ms_json_member(paths, i);
    if (!is_variable_name(ms_json_key(paths, i)) || !ms_json_is_string(path)) {
      return refuse(c, "InputPathsMap for target %.*s is invalid.", MS_STR_ARG(c->target));
    }
    variable->name = ms_arena_str(c->arena, ms_json_key(paths, i));
    if (variable->name.data == NULL) {
      return ms_error_nomem();
    }
    int err = compile_path(&variable->path, c, ms_json_text(path));
    if (err != 0) {
      return err;
    }
    c->variable_count++;
  }
  return 0;
}

static int add_piece(struct compile *c, struct piece piece)
{
  int err = MS_VEC_RESERVE(&c->pieces, PIECES_MAX, 1);
  if (err == 0) {
    c->pieces.data[c->pieces.count++] = piece;
  }
  return err;
}

static int add_place(struct compile *c, struct ms_str name, bool in_string)
{
  for (size_t i = 0; i < c->variable_count; i++) {
    if (ms_str_eq(c->variables[i].name, name)) {
      return add_piece(c, (struct piece){.variable = &c->variables[i], .in_string = in_string});
    }
  }
  for (size_t i = 0; i < sizeof predefined / sizeof *predefined; i++) {
    if (ms_str_is(name, predefined[i].name)) {
      return add_piece(c, (struct piece){.write = predefined[i].write, .in_string = in_string});
    }
  }
  return refuse(c, "InputTemplate for target %.*s contains invalid placeholder %.*s.",
                MS_STR_ARG(c->target), MS_STR_ARG(name));
}

/* The name between < and >; its length is 0 when these are just characters. */
static struct ms_str find_name(struct ms_str text, size_t at)
{
  size_t end = at + 1;
  while (end < text.len && (is_name_byte(text.data[end]) || text.data[end] == '.')) {
    end++;
  }
  bool is_place = end < text.len && text.data[end] == '>';
  return is_place ? ms_str_sub(text, at + 1, end) : MS_STR("");
}

static int compile_template(struct compile *c, struct ms_str text)
{
  bool in_string = false;
  size_t from = 0;
  int err = 0;
  for (size_t at = 0; at < text.len && err == 0;) {
    char ch = text.data[at];
    struct ms_str name = ch == '<' ? find_name(text, at) : MS_STR("");
    if (name.len > 0) {
      err = add_piece(c, (struct piece){.text = ms_str_sub(text, from, at)});
      err = err != 0 ? err : add_place(c, name, in_string);
      at += name.len + 2;
      from = at;
      continue;
    }
    in_string ^= ch == '"';
    at += ch == '\\' && in_string ? 2 : 1;
  }
  return err != 0 ? err : add_piece(c, (struct piece){.text = ms_str_sub(text, from, text.len)});
}

static int check_template(struct compile *c, struct ms_str text)
{
  if (text.len == 0 || text.len > MS_TRANSFORM_TEMPLATE_MAX || ms_utf8_check(text) != text.len) {
    return refuse(c, "InputTemplate for target %.*s is invalid.", MS_STR_ARG(c->target));
  }
  return 0;
}

/* The pieces and the transform itself into the arena. */
static int finish(struct ms_transform **out, struct compile *c, const struct ms_event_path *path)
{
  struct ms_transform *transform = ms_arena_calloc(c->arena, 1, sizeof *transform);
  struct piece *pieces = ms_arena_alloc(c->arena, c->pieces.count * sizeof *pieces + 1);
  if (transform == NULL || pieces == NULL) {
    return ms_error_nomem();
  }
  if (c->pieces.count > 0) {
    memcpy(pieces, c->pieces.data, c->pieces.count * sizeof *pieces);
  }
  transform->arena = c->arena;
  transform->pieces = pieces;
  transform->count = c->pieces.count;
  transform->is_path = path != NULL;
  if (path != NULL) {
    transform->path = *path;
  }
  *out = transform;
  return 0;
}

int ms_transform_path(struct ms_transform **out, struct ms_str path, struct ms_str target,
                      struct ms_buf *message)
{
  struct compile c = {.arena = ms_arena_new(0), .target = target, .message = message};
  struct ms_event_path parsed;
  int err = c.arena == NULL ? ms_error_nomem() : compile_path(&parsed, &c, path);
  err = err != 0 ? err : finish(out, &c, &parsed);
  if (err != 0) {
    ms_arena_free(c.arena);
  }
  return err;
}

int ms_transform_template(struct ms_transform **out, struct ms_json paths, struct ms_str text,
                          struct ms_str target, struct ms_buf *message)
{
  struct compile c = {.arena = ms_arena_new(0), .target = target, .message = message};
  struct ms_str copy = {NULL, 0};
  int err = c.arena == NULL ? ms_error_nomem() : check_template(&c, text);
  if (err == 0) {
    copy = ms_arena_str(c.arena, text);
    err = copy.data == NULL ? ms_error_nomem() : compile_paths(&c, paths);
  }
  err = err != 0 ? err : compile_template(&c, copy);
  err = err != 0 ? err : finish(out, &c, NULL);
  ms_free(c.pieces.data);
  if (err != 0) {
    ms_arena_free(c.arena);
  }
  return err;
}

/* ---- writing ---- */

/* JSON without quotes, for the inside of a string. No deeper than a JSON value may be. */
static void write_bare(struct writer *w, struct ms_json value)
{
  bool is_object = ms_json_is_object(value);
  if (!is_object && !ms_json_is_array(value)) {
    if (ms_json_is_string(value)) {
      write_text(w, ms_json_text(value));
    } else {
      ms_json_print(w->out, value);
    }
    return;
  }
  ms_buf_char(w->out, is_object ? '{' : '[');
  for (size_t i = 0; i < ms_json_count(value); i++) {
    if (i > 0) {
      ms_buf_char(w->out, ',');
    }
    if (is_object) {
      write_text(w, ms_json_key(value, i));
      ms_buf_char(w->out, ':');
    }
    write_bare(w, is_object ? ms_json_member(value, i) : ms_json_at(value, i));
  }
  ms_buf_char(w->out, is_object ? '}' : ']');
}

static int write_variable(struct writer *w, const struct variable *variable)
{
  struct ms_json value;
  int err = ms_event_path_get(&value, &variable->path, w->event);
  if (err != 0) {
    return err;
  }
  if (ms_json_is_none(value)) {
    write_text(w, MS_STR(""));
  } else if (w->in_string) {
    write_bare(w, value);
  } else {
    ms_json_print(w->out, value);
  }
  ms_json_unref(value);
  return 0;
}

static int write_pieces(struct ms_buf *out, const struct ms_transform *transform,
                        struct ms_json event, const struct ms_transform_context *context)
{
  int err = 0;
  for (size_t i = 0; i < transform->count && err == 0 && out->error == 0; i++) {
    const struct piece *piece = &transform->pieces[i];
    struct writer w = {out, event, context, piece->in_string};
    if (piece->variable != NULL) {
      err = write_variable(&w, piece->variable);
    } else if (piece->write != NULL) {
      err = piece->write(&w);
    } else {
      ms_buf_str(out, piece->text);
    }
  }
  return err;
}

static bool is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Strings with blanks between them, each of which is JSON. Behind the string at `at`; 0: there is none. */
static size_t end_of_string(struct ms_str text, size_t at)
{
  if (at >= text.len || text.data[at] != '"') {
    return 0;
  }
  for (at++; at < text.len; at++) {
    if (text.data[at] == '"') {
      return at + 1;
    }
    at += text.data[at] == '\\' ? 1 : 0;
  }
  return 0;
}

static int check_json(struct ms_str text)
{
  struct ms_json value;
  int err = ms_json_parse(&value, text, NULL, NULL);
  if (err == 0) {
    ms_json_unref(value);
  }
  return err;
}

static int check_result(struct ms_str text)
{
  int err = check_json(text);
  if (err != MSTEP_ESYNTAX) {
    return err;
  }
  size_t at = 0;
  bool has_string = false;
  while (at < text.len) {
    size_t end = end_of_string(text, at);
    if (is_blank(text.data[at])) {
      at++;
    } else if (end == 0 || (err = check_json(ms_str_sub(text, at, end))) != 0) {
      return err == MSTEP_ENOMEM ? err : ms_error(MSTEP_ESYNTAX, "the template gave no JSON");
    } else {
      at = end;
      has_string = true;
    }
  }
  return has_string ? 0 : ms_error(MSTEP_ESYNTAX, "the template gave nothing");
}

static int write_path(struct ms_buf *out, const struct ms_event_path *path, struct ms_json event)
{
  struct ms_json value;
  int err = ms_event_path_get(&value, path, event);
  if (err == 0) {
    ms_json_print(out, ms_json_is_none(value) ? MS_JSON_VALUE_NULL : value);
    ms_json_unref(value);
  }
  return err;
}

int ms_transform_apply(struct ms_buf *out, const struct ms_transform *transform,
                       struct ms_json event, const struct ms_transform_context *context)
{
  size_t before = out->len;
  int err = transform->is_path ? write_path(out, &transform->path, event)
                               : write_pieces(out, transform, event, context);
  if (err != 0 || out->error != 0) {
    return err != 0 ? err : out->error;
  }
  return transform->is_path ? 0 : check_result(ms_str_sub(ms_buf_view(out), before, out->len));
}
