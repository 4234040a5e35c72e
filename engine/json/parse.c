/*
 * The parser: one pass, no recursion. Values and member names that are read go on one stack; where
 * a container opens a mark is left on it, and where it closes what lies above the mark becomes its
 * content, in one allocation of the right size.
 *
 *   {"a": [1, 2    stack:  {mark  "a"  [mark  1  2         a mark remembers the mark before it
 *
 * Names that occur again in the same text are shared through a small table (the same names come in
 * every item of a list). It is only a cache: what falls out of it is merely not shared.
 */
#include "json/json.h"

#include "base/alloc.h"
#include "base/error.h"
#include "json/internal.h"

#define STACK_INLINE 96 /* values held without an allocation */
#define NAME_COUNT 64   /* power of two */
#define NAME_LEN_MAX 48 /* longer names are not shared */
#define NO_MARK (-1)

struct parser {
  const char *start;
  const char *at;
  const char *end;
  struct ms_json *stack;
  size_t count;
  size_t capacity;
  int64_t mark; /* stack position of the innermost open container's mark */
  uint32_t depth;
  uint32_t max_depth;
  uint32_t max_number_len;
  struct ms_json_map *map; /* NULL when nobody asked */
  int error;
  const char *message; /* of a syntax error or limit; NULL: no position to tell */
  const char *error_at;
  struct ms_json inline_stack[STACK_INLINE];
  struct ms_json_string *names[NAME_COUNT];
};

static int fail_at(struct parser *p, int code, const char *at, const char *message)
{
  p->error = code;
  p->error_at = at;
  p->message = message;
  return code;
}

static int fail(struct parser *p, const char *message)
{
  return fail_at(p, MSTEP_ESYNTAX, p->at, message);
}

static int fail_nomem(struct parser *p)
{
  return fail_at(p, ms_error_nomem(), p->at, NULL);
}

static inline void skip_space(struct parser *p)
{
  while (p->at < p->end && (*p->at == ' ' || *p->at == '\n' || *p->at == '\r' || *p->at == '\t')) {
    p->at++;
  }
}

/* ---- the stack ---- */

static int grow_stack(struct parser *p)
{
  size_t capacity = p->capacity * 2;
  bool is_inline = p->stack == p->inline_stack;
  struct ms_json *stack =
      ms_reallocarray(is_inline ? NULL : p->stack, capacity, sizeof p->stack[0]);
  if (stack == NULL) {
    return fail_nomem(p);
  }
  if (is_inline) {
    memcpy(stack, p->inline_stack, p->count * sizeof stack[0]);
  }
  p->stack = stack;
  p->capacity = capacity;
  return MSTEP_OK;
}

/* Takes value; NONE means that its allocation failed. */
static int push_value(struct parser *p, struct ms_json value)
{
  if (value.type == MS_JSON_NONE) {
    return fail_nomem(p);
  }
  if (p->count == p->capacity && grow_stack(p) != 0) {
    ms_json_unref(value);
    return p->error;
  }
  p->stack[p->count++] = value;
  return MSTEP_OK;
}

/* A mark is a NONE, so that cleaning up needs not tell it apart; the kind of container is its tag. */
static int open_container(struct parser *p, uint8_t kind)
{
  if (p->depth >= p->max_depth) {
    return fail_at(p, MSTEP_ETOOBIG, p->at, "nested too deeply");
  }
  if (p->count == p->capacity && grow_stack(p) != 0) {
    return p->error;
  }
  p->stack[p->count] = (struct ms_json){.type = MS_JSON_NONE, .tag = kind, .u.integer = p->mark};
  p->mark = (int64_t)p->count++;
  p->depth++;
  p->at++;
  return MSTEP_OK;
}

/* ---- strings ---- */

static struct ms_json_string *make_string(struct ms_str raw, bool has_escapes)
{
  struct ms_json_string *string = ms_json_string_new(raw.len);
  if (string == NULL) {
    return NULL;
  }
  if (!has_escapes) {
    memcpy(string->data, raw.data, raw.len);
    return string;
  }
  string->len = ms_json_unescape(string->data, raw);
  string->data[string->len] = '\0';
  /* `\u0041` is six bytes for one: give back what many escapes left over. */
  if (raw.len - string->len > 64 && raw.len - string->len > raw.len / 4) {
    struct ms_json_string *cut = ms_realloc(string, sizeof *string + string->len + 1);
    string = cut == NULL ? string : cut;
  }
  return string;
}

static int scan_string(struct parser *p, struct ms_json_string_scan *scan)
{
  ms_json_scan_string(scan, p->at + 1, p->end);
  if (scan->error != NULL) {
    return fail_at(p, MSTEP_ESYNTAX, scan->error_at, scan->error);
  }
  return MSTEP_OK;
}

static int parse_string(struct parser *p)
{
  struct ms_json_string_scan scan;
  if (scan_string(p, &scan) != 0) {
    return p->error;
  }
  struct ms_json_string *string =
      make_string((struct ms_str){p->at + 1, scan.len}, scan.has_escapes);
  if (string == NULL) {
    return fail_nomem(p);
  }
  p->at += scan.len + 2;
  return push_value(p, ms_json_of_string(string));
}

static struct ms_json_string *shared_name(struct parser *p, struct ms_str name)
{
  uint32_t hash = ms_json_string_hash_of(name);
  struct ms_json_string **slot = &p->names[hash >> 16 & (NAME_COUNT - 1)];
  if (*slot != NULL && (*slot)->hash == hash && ms_str_eq(ms_json_string_view(*slot), name)) {
    (*slot)->refs++;
    return *slot;
  }
  struct ms_json_string *string = make_string(name, false);
  if (string == NULL) {
    return NULL;
  }
  string->hash = hash;
  if (*slot != NULL) {
    ms_json_string_unref(*slot);
  }
  *slot = string;
  string->refs++;
  return string;
}

/* A member's name and the colon behind it. */
static int parse_name(struct parser *p)
{
  skip_space(p);
  if (p->at == p->end || *p->at != '"') {
    return fail(p,
                p->at == p->end ? "the object does not end" : "expected a member name in quotes");
  }
  struct ms_json_string_scan scan;
  if (scan_string(p, &scan) != 0) {
    return p->error;
  }
  struct ms_str raw = {p->at + 1, scan.len};
  struct ms_json_string *name = !scan.has_escapes && scan.len <= NAME_LEN_MAX
                                    ? shared_name(p, raw)
                                    : make_string(raw, scan.has_escapes);
  if (name == NULL) {
    return fail_nomem(p);
  }
  if (push_value(p, ms_json_of_string(name)) != 0) {
    return p->error;
  }
  p->at += scan.len + 2;
  skip_space(p);
  if (p->at == p->end || *p->at != ':') {
    return fail(p, "expected ':' after a member name");
  }
  p->at++;
  return MSTEP_OK;
}

/* ---- numbers and words ---- */

static const char *skip_digits(const char *at, const char *end)
{
  while (at < end && *at >= '0' && *at <= '9') {
    at++;
  }
  return at;
}

/* The end of the number at p->at; NULL with the error set. */
static const char *scan_number(struct parser *p, bool *is_integer)
{
  const char *at = p->at + (*p->at == '-');
  const char *digits = at;
  at = skip_digits(at, p->end);
  if (at == digits) {
    fail(p, "expected a digit after '-'");
    return NULL;
  }
  if (*digits == '0' && at - digits > 1) {
    fail(p, "a number must not begin with 0");
    return NULL;
  }
  *is_integer = at == p->end || (*at != '.' && *at != 'e' && *at != 'E');
  if (at < p->end && *at == '.') {
    digits = ++at;
    at = skip_digits(at, p->end);
    if (at == digits) {
      fail_at(p, MSTEP_ESYNTAX, at, "expected a digit after the decimal point");
      return NULL;
    }
  }
  if (at < p->end && (*at == 'e' || *at == 'E')) {
    at++;
    at += at < p->end && (*at == '+' || *at == '-');
    digits = at;
    at = skip_digits(at, p->end);
    if (at == digits) {
      fail_at(p, MSTEP_ESYNTAX, at, "expected a digit in the exponent");
      return NULL;
    }
  }
  if ((size_t)(at - p->at) > p->max_number_len) {
    fail_at(p, MSTEP_ETOOBIG, p->at, "number too long");
    return NULL;
  }
  return at;
}

static int parse_number(struct parser *p)
{
  bool is_integer;
  const char *end = scan_number(p, &is_integer);
  if (end == NULL) {
    return p->error;
  }
  struct ms_str text = {p->at, (size_t)(end - p->at)};
  struct ms_json value = ms_json_number_from_text(text, is_integer);
  p->at = end;
  return push_value(p, value);
}

static int parse_word(struct parser *p, struct ms_str word, struct ms_json value)
{
  if ((size_t)(p->end - p->at) < word.len || memcmp(p->at, word.data, word.len) != 0) {
    return fail(p, "expected a value");
  }
  p->at += word.len;
  return push_value(p, value);
}

static int parse_scalar(struct parser *p)
{
  switch (*p->at) {
  case '"':
    return parse_string(p);
  case '-':
  case '0':
  case '1':
  case '2':
  case '3':
  case '4':
  case '5':
  case '6':
  case '7':
  case '8':
  case '9':
    return parse_number(p);
  case 't':
    return parse_word(p, MS_STR("true"), ms_json_bool(true));
  case 'f':
    return parse_word(p, MS_STR("false"), ms_json_bool(false));
  case 'n':
    return parse_word(p, MS_STR("null"), MS_JSON_VALUE_NULL);
  default:
    return fail(p, "expected a value");
  }
}

/* ---- containers ---- */

/* The content is gone from the stack: puts the container in its place. */
static int replace_content(struct parser *p, struct ms_json container)
{
  p->count = (size_t)p->mark;
  p->mark = p->stack[p->mark].u.integer;
  p->depth--;
  p->at++;
  p->stack[p->count++] = container;
  return MSTEP_OK;
}

static int close_array(struct parser *p)
{
  size_t first = (size_t)p->mark + 1;
  size_t count = p->count - first;
  struct ms_json_array *array = ms_json_array_new(count);
  if (array == NULL) {
    return fail_nomem(p);
  }
  uint32_t below = 0;
  uint64_t weight = 1;
  for (size_t i = 0; i < count; i++) {
    struct ms_json item = p->stack[first + i];
    array->items[i] = item;
    uint32_t depth = ms_json_depth(item);
    below = depth > below ? depth : below;
    weight += ms_json_item_weight(item);
  }
  array->count = (uint32_t)count;
  array->depth = below + 1;
  array->weight = (uint32_t)weight;
  return replace_content(p, ms_json_of_array(array));
}

static void put_path(const struct parser *p, struct ms_buf *path, struct ms_str name)
{
  /* A container's mark is followed by its content so far; the next mark follows that. */
  size_t next;
  for (size_t at = 0; at < (size_t)p->mark; at = next) {
    next = at + 1;
    while (p->stack[next].type != MS_JSON_NONE) {
      next++;
    }
    if (p->stack[at].tag == MS_JSON_OBJECT) {
      ms_json_pointer_push(path, ms_json_text(p->stack[next - 1]));
    } else {
      ms_json_pointer_push_index(path, next - at - 1);
    }
  }
  ms_json_pointer_push(path, name);
}

static int note_duplicate(struct parser *p, struct ms_str name)
{
  struct ms_buf path;
  ms_buf_init(&path, 0);
  put_path(p, &path, name);
  int err = path.error;
  if (err == 0) {
    err = ms_json_map_add_duplicate(p->map, ms_buf_view(&path));
  }
  ms_buf_deinit(&path);
  return err == 0 ? MSTEP_OK : fail_nomem(p);
}

static int close_object(struct parser *p)
{
  size_t first = (size_t)p->mark + 1;
  size_t count = (p->count - first) / 2;
  struct ms_json_object *object = ms_json_object_new(count);
  if (object == NULL) {
    return fail_nomem(p);
  }
  for (size_t i = 0; i < count; i++) {
    struct ms_json *pair = &p->stack[first + 2 * i];
    struct ms_json_string *key = pair[0].u.string;
    bool is_reported =
        p->map != NULL && ms_json_object_find(object, ms_json_string_view(key)) != UINT32_MAX;
    if (is_reported && note_duplicate(p, ms_json_string_view(key)) != 0) {
      ms_json_unref(ms_json_of_object(object));
      return p->error;
    }
    ms_json_object_add(object, key, pair[1]);
    /* Taken: what is left of the stack must be safe to clean up. */
    pair[0] = MS_JSON_VALUE_NULL;
    pair[1] = MS_JSON_VALUE_NULL;
  }
  return replace_content(p, ms_json_of_object(object));
}

/* ---- the machine ---- */

/*
 * Reads up to where a value is complete: a scalar, or a container that is closed at once. Opens
 * containers on the way.
 */
static int parse_value(struct parser *p)
{
  for (;;) {
    skip_space(p);
    if (p->at == p->end) {
      return fail(p, p->depth == 0 ? "expected a value, the text is empty"
                                   : "expected a value, the text ends");
    }
    bool is_array = *p->at == '[';
    if (!is_array && *p->at != '{') {
      return parse_scalar(p);
    }
    if (open_container(p, is_array ? MS_JSON_ARRAY : MS_JSON_OBJECT) != 0) {
      return p->error;
    }
    skip_space(p);
    if (p->at < p->end && *p->at == (is_array ? ']' : '}')) {
      return is_array ? close_array(p) : close_object(p);
    }
    if (!is_array && parse_name(p) != 0) {
      return p->error;
    }
  }
}

/*
 * Behind a value: closes containers until one goes on. *more tells whether a value follows; if not,
 * the outermost value is complete.
 */
static int parse_after_value(struct parser *p, bool *more)
{
  *more = false;
  while (p->mark != NO_MARK) {
    bool is_array = p->stack[p->mark].tag == MS_JSON_ARRAY;
    skip_space(p);
    char c = p->at < p->end ? *p->at : '\0';
    if (c == ',') {
      p->at++;
      *more = true;
      return is_array ? MSTEP_OK : parse_name(p);
    }
    if (c != (is_array ? ']' : '}')) {
      return fail(p, is_array ? "expected ',' or ']' after an item"
                              : "expected ',' or '}' after a member");
    }
    int err = is_array ? close_array(p) : close_object(p);
    if (err != 0) {
      return err;
    }
  }
  return MSTEP_OK;
}

static int parse_text(struct parser *p)
{
  if (p->end - p->at >= 3 && memcmp(p->at, "\xEF\xBB\xBF", 3) == 0) {
    return fail(p, "a byte order mark is not allowed");
  }
  bool more = true;
  while (more) {
    if (parse_value(p) != 0 || parse_after_value(p, &more) != 0) {
      return p->error;
    }
  }
  skip_space(p);
  return p->at == p->end ? MSTEP_OK : fail(p, "unexpected text after the value");
}

static void release(struct parser *p, bool keep_root)
{
  for (size_t i = keep_root; i < p->count; i++) {
    ms_json_unref(p->stack[i]);
  }
  for (size_t i = 0; i < NAME_COUNT; i++) {
    if (p->names[i] != NULL) {
      ms_json_string_unref(p->names[i]);
    }
  }
  if (p->stack != p->inline_stack) {
    ms_free(p->stack);
  }
}

static void report(const struct parser *p, struct ms_str text, struct ms_json_position *where)
{
  struct ms_json_position position = {0, 1, 1};
  if (p->message != NULL) {
    ms_json_position_of(&position, text, (size_t)(p->error_at - p->start));
    ms_error(p->error, "line %u, column %u: %s", (unsigned)position.line, (unsigned)position.column,
             p->message);
  }
  if (where != NULL) {
    *where = position;
  }
}

/* p->map is set by the caller, all else here. */
static int parse_with(struct parser *p, struct ms_json *out, struct ms_str text,
                      const struct ms_json_limits *limits, struct ms_json_position *where)
{
  struct ms_json_limits used = limits == NULL ? MS_JSON_LIMITS_DEFAULT : *limits;
  /* A text is never shorter than the weight of its value: this one check is enough. */
  used.max_bytes = used.max_bytes < MS_JSON_SIZE_MAX ? used.max_bytes : MS_JSON_SIZE_MAX;
  *out = MS_JSON_VALUE_NONE;
  if (text.len > used.max_bytes) {
    if (where != NULL) {
      *where = (struct ms_json_position){0, 1, 1};
    }
    return ms_error(MSTEP_ETOOBIG, "JSON text of %zu bytes, the limit is %zu", text.len,
                    used.max_bytes);
  }
  p->start = p->at = text.data == NULL ? "" : text.data;
  p->end = p->start + text.len;
  /* Member by member: clearing the whole struct would clear the inline stack for nothing. */
  p->stack = p->inline_stack;
  p->count = 0;
  p->capacity = STACK_INLINE;
  p->mark = NO_MARK;
  p->depth = 0;
  p->error = 0;
  p->message = NULL;
  memset(p->names, 0, sizeof p->names);
  p->max_depth = used.max_depth < MS_JSON_DEPTH_MAX ? used.max_depth : MS_JSON_DEPTH_MAX;
  p->max_number_len = used.max_number_len;
  int err = parse_text(p);
  if (err == 0) {
    *out = p->stack[0];
  } else {
    report(p, (struct ms_str){p->start, text.len}, where);
  }
  release(p, err == 0);
  return err;
}

int ms_json_parse(struct ms_json *out, struct ms_str text, const struct ms_json_limits *limits,
                  struct ms_json_position *where)
{
  struct parser p;
  p.map = NULL;
  return parse_with(&p, out, text, limits, where);
}

int ms_json_parse_located(struct ms_json *out, struct ms_json_map **map, struct ms_arena *arena,
                          struct ms_str text, const struct ms_json_limits *limits,
                          struct ms_json_position *where)
{
  struct parser p;
  *out = MS_JSON_VALUE_NONE;
  *map = NULL;
  p.map = ms_json_map_new(arena, text);
  if (p.map == NULL) {
    return ms_error_nomem();
  }
  int err = parse_with(&p, out, text, limits, where);
  if (err == 0) {
    *map = p.map;
  }
  return err;
}
