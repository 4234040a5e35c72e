/*
 * The Query protocol, inwards: names with dots become a tree, and the tree JSON. What a node is, it mostly
 * says itself (`member`, `entry`); where SQS leaves that out, query.def says it. Numbers of parameters,
 * of steps in a name and of items are bounded.
 */
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/sort.h"
#include "base/utf8.h"
#include "http/protocol_internal.h"

#define PARAMETERS_MAX 2000
#define STEPS_MAX 10

enum { STRING = MS_HTTP_STRING, INTEGER, BOOLEAN, LIST, MAP, ENTRY };

static const struct member {
  const char *wire;
  const char *operation; /* "": any */
  const char *service;
  const char *name;
  int kind;
  const char *key;
  const char *value;
} members[] = {
#define MS_QUERY_IN(wire, operation, service, name, kind, key, value)                              \
  {wire, operation, #service, name, kind, key, value},
#define MS_QUERY_OUT(name, operation, service, wire, kind, key, value)
#include "http/query.def"
#undef MS_QUERY_IN
#undef MS_QUERY_OUT
};

/* ---- which operation --------------------------------------------------------------------------------- */

static bool is_form(const struct ms_http_message *message)
{
  return ms_str_is(message->method, "POST") &&
         ms_field_is(ms_http_media_type(message), "application/x-www-form-urlencoded");
}

/* As sent; data NULL: there is none. Of a form in the body, then of the query. */
static struct ms_str find_parameter(const struct ms_http_message *message, const char *name)
{
  const struct ms_str texts[] = {is_form(message) ? message->body : MS_STR(""), message->query};
  for (size_t i = 0; i < 2; i++) {
    struct ms_field p;
    size_t at = 0;
    for (unsigned count = 0; count < PARAMETERS_MAX && ms_http_query_next(texts[i], &at, &p);
         count++) {
      if (ms_str_is(p.name, name)) {
        return p.value.data == NULL ? MS_STR("") : p.value;
      }
    }
  }
  return (struct ms_str){NULL, 0};
}

bool ms_http_query_is(const struct ms_http_message *message)
{
  return (is_form(message) || ms_str_is(message->method, "GET")) &&
         find_parameter(message, "Action").data != NULL;
}

static const struct ms_http_service *service_of(const struct ms_http_message *message)
{
  struct ms_str version = find_parameter(message, "Version");
  struct ms_http_identity claim;
  bool is_claimed = ms_http_sigv4_claim(&claim, message);
  const struct ms_http_service *service;
  for (size_t i = 0; (service = ms_http_service_at(i)) != NULL; i++) {
    if (service->query_version == NULL) {
      continue;
    }
    if (version.data != NULL ? ms_str_is(version, service->query_version)
                             : is_claimed && ms_str_is(claim.service, service->signed_as)) {
      return service;
    }
  }
  return NULL;
}

static bool is_operation_name(struct ms_str name)
{
  for (size_t i = 0; i < name.len; i++) {
    char lower = ms_ascii_lower(name.data[i]);
    if (lower < 'a' || lower > 'z') {
      return false;
    }
  }
  return name.len > 0 && name.len < MS_HTTP_OPERATION_SIZE;
}

int ms_http_query_find(struct ms_http_call *call, struct ms_http_failure *failure,
                       const struct ms_http_message *message)
{
  struct ms_str action = find_parameter(message, "Action");
  call->service = service_of(message);
  if (call->service == NULL) {
    return ms_http_fail(failure, MSTEP_ENOTFOUND, 400, "NoSuchVersion",
                        "This service is not here, or not in this version: the README names those "
                        "that are.");
  }
  if (!is_operation_name(action)) {
    return ms_http_fail(failure, MSTEP_ENOTFOUND, 400, "InvalidAction",
                        "The action is not valid for this endpoint.");
  }
  memcpy(call->operation, action.data, action.len);
  call->operation[action.len] = '\0';
  return MSTEP_OK;
}

/* ---- the tree ---------------------------------------------------------------------------------------- */

struct node {
  struct ms_str name;
  struct ms_str value; /* data NULL: it has none */
  struct node *children;
  struct node *last;
  struct node *next;
  unsigned child_count;
};

struct decoder {
  struct ms_http_call *call;
  struct ms_arena *arena;
  struct node root;
};

static struct node *child_of(struct decoder *d, struct node *node, struct ms_str name)
{
  for (struct node *child = node->children; child != NULL; child = child->next) {
    if (ms_str_eq(child->name, name)) {
      return child;
    }
  }
  struct node *child = ms_arena_calloc(d->arena, 1, sizeof *child);
  if (child == NULL) {
    return NULL;
  }
  child->name = name;
  if (node->last == NULL) {
    node->children = child;
  } else {
    node->last->next = child;
  }
  node->last = child;
  node->child_count++;
  return child;
}

static int add_parameter(struct decoder *d, struct ms_str name, struct ms_str value)
{
  struct node *node = &d->root;
  unsigned steps = 0;
  for (size_t at = 0; at <= name.len;) {
    size_t end = ms_str_find(name, at, '.');
    if (++steps > STEPS_MAX) {
      return MSTEP_ESYNTAX;
    }
    node = child_of(d, node, ms_str_sub(name, at, end));
    if (node == NULL) {
      return ms_error_nomem();
    }
    at = end + 1;
  }
  node->value = value;
  return MSTEP_OK;
}

static int decode_text(struct decoder *d, struct ms_str *out, struct ms_str text)
{
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  int err = ms_http_decode(&buf, text, true);
  if (err == 0 && ms_utf8_check(ms_buf_view(&buf)) < buf.len) {
    err = MSTEP_ESYNTAX;
  }
  if (err == 0) {
    *out = ms_arena_str(d->arena, ms_buf_view(&buf));
    err = out->data == NULL ? ms_error_nomem() : MSTEP_OK;
  }
  ms_buf_deinit(&buf);
  return err;
}

static int read_parameters(struct decoder *d, struct ms_str text, unsigned *count)
{
  struct ms_field p;
  size_t at = 0;
  int err = MSTEP_OK;
  while (err == 0 && ms_http_query_next(text, &at, &p)) {
    struct ms_str name, value;
    if (++*count > PARAMETERS_MAX) {
      return MSTEP_ESYNTAX;
    }
    bool is_frame = ms_str_is(p.name, "Action") || ms_str_is(p.name, "Version") ||
                    ms_str_has_prefix(p.name, "X-Amz-");
    if (!is_frame) {
      err = decode_text(d, &name, p.name);
      if (err == 0) {
        err = decode_text(d, &value, p.value);
      }
      if (err == 0) {
        err = add_parameter(d, name, value);
      }
    }
  }
  return err;
}

/* ---- to JSON ----------------------------------------------------------------------------------------- */

static const struct member *find_member(const struct decoder *d, struct ms_str wire)
{
  for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
    const struct member *m = &members[i];
    bool is_any = m->operation[0] == '\0' || strcmp(m->operation, d->call->operation) == 0;
    if (is_any && strcmp(m->service, d->call->service->name) == 0 && ms_str_is(wire, m->wire)) {
      return m;
    }
  }
  return NULL;
}

static int number_of(struct ms_str name)
{
  int number = 0;
  for (size_t i = 0; i < name.len; i++) {
    if (name.data[i] < '0' || name.data[i] > '9' || i > 5) {
      return -1;
    }
    number = number * 10 + (name.data[i] - '0');
  }
  return name.len == 0 ? -1 : number;
}

static int compare_numbers(const void *a, const void *b)
{
  const struct node *const *left = a;
  const struct node *const *right = b;
  int x = number_of((*left)->name);
  int y = number_of((*right)->name);
  return (x > y) - (x < y);
}

static struct ms_json convert(struct decoder *d, const struct node *node, int kind);

/* The children whose names are numbers, in their order. *count 0: none, or no memory (NULL then). */
static const struct node **items_of(struct decoder *d, const struct node *node, size_t *count)
{
  const struct node **items = ms_arena_calloc(d->arena, node->child_count + 1, sizeof *items);
  *count = 0;
  for (const struct node *c = node->children; items != NULL && c != NULL; c = c->next) {
    if (number_of(c->name) >= 0) {
      items[(*count)++] = c;
    }
  }
  if (items != NULL) {
    ms_sort(items, *count, sizeof *items, compare_numbers);
  }
  return items;
}

static struct ms_json convert_list(struct decoder *d, const struct node *node)
{
  size_t count;
  const struct node **items = items_of(d, node, &count);
  struct ms_json list = items == NULL ? MS_JSON_VALUE_NONE : ms_json_array(count);
  for (size_t i = 0; i < count && !ms_json_is_none(list); i++) {
    if (ms_json_push(&list, convert(d, items[i], STRING)) != 0) {
      ms_json_replace(&list, MS_JSON_VALUE_NONE);
    }
  }
  return list;
}

static const struct node *find_child(const struct node *node, const char *a, const char *b)
{
  for (const struct node *c = node->children; c != NULL; c = c->next) {
    if (ms_str_is(c->name, a) || ms_str_is(c->name, b)) {
      return c;
    }
  }
  return NULL;
}

/* Names of keys and values are given, or one of the two that AWS uses. */
static struct ms_json convert_map(struct decoder *d, const struct node *node, const char *key,
                                  const char *value)
{
  size_t count;
  const struct node **items = items_of(d, node, &count);
  struct ms_json map = items == NULL ? MS_JSON_VALUE_NONE : ms_json_object(count);
  for (size_t i = 0; i < count && !ms_json_is_none(map); i++) {
    const struct node *k = find_child(items[i], key, "Name");
    const struct node *v = find_child(items[i], value, "Value");
    if (k == NULL || k->value.data == NULL) {
      continue;
    }
    struct ms_json item = v == NULL ? ms_json_string(MS_STR("")) : convert(d, v, STRING);
    if (ms_json_set(&map, k->value, item) != 0) {
      ms_json_replace(&map, MS_JSON_VALUE_NONE);
    }
  }
  return map;
}

static struct ms_json convert_struct(struct decoder *d, const struct node *node)
{
  struct ms_json object = ms_json_object(node->child_count);
  for (const struct node *c = node->children; c != NULL && !ms_json_is_none(object); c = c->next) {
    const struct member *m = find_member(d, c->name);
    struct ms_json value = m != NULL && m->kind == MAP
                               ? convert_map(d, c, m->key, m->value)
                               : convert(d, c, m == NULL ? STRING : m->kind);
    struct ms_str name = m == NULL ? c->name : ms_str_c(m->name);
    if (ms_json_set(&object, name, value) != 0) {
      ms_json_replace(&object, MS_JSON_VALUE_NONE);
    }
  }
  return object;
}

/* NONE: out of memory. Recursion is bounded by STEPS_MAX. */
static struct ms_json convert(struct decoder *d, const struct node *node, int kind)
{
  if (kind == LIST) {
    return convert_list(d, node);
  }
  if (node->children == NULL) {
    return ms_http_scalar(node->value, (enum ms_http_kind)kind);
  }
  if (node->child_count == 1 && ms_str_is(node->children->name, "member")) {
    return convert_list(d, node->children);
  }
  if (node->child_count == 1 && ms_str_is(node->children->name, "entry")) {
    return convert_map(d, node->children, "key", "value");
  }
  return convert_struct(d, node);
}

/* A call to the path of a queue is for that queue. */
static int add_queue(struct decoder *d, const struct ms_http_message *message)
{
  bool is_queue = strcmp(d->call->service->name, "sqs") == 0 && message->path.len > 1 &&
                  find_child(&d->root, "QueueUrl", "QueueUrl") == NULL;
  if (!is_queue) {
    return MSTEP_OK;
  }
  struct ms_buf url;
  ms_buf_init(&url, 0);
  ms_buf_cstr(&url, message->is_tls ? "https://" : "http://");
  ms_buf_str(&url, message->host);
  int err = ms_http_decode(&url, message->path, false);
  if (err == 0 && ms_utf8_check(ms_buf_view(&url)) < url.len) {
    err = MSTEP_ESYNTAX;
  }
  if (err == 0) {
    struct ms_str copy = ms_arena_str(d->arena, ms_buf_view(&url));
    err = copy.data == NULL ? ms_error_nomem() : add_parameter(d, MS_STR("QueueUrl"), copy);
  }
  ms_buf_deinit(&url);
  return err;
}

static int decode_with(struct decoder *d, const struct ms_http_message *message)
{
  unsigned count = 0;
  int err = read_parameters(d, message->query, &count);
  if (err == 0 && is_form(message)) {
    err = read_parameters(d, message->body, &count);
  }
  if (err == 0) {
    err = add_queue(d, message);
  }
  if (err != 0) {
    return err;
  }
  struct ms_json input = convert_struct(d, &d->root);
  if (ms_json_is_none(input)) {
    return ms_error_nomem();
  }
  ms_json_print(&d->call->input, input);
  ms_json_unref(input);
  return d->call->input.error;
}

int ms_http_query_decode(struct ms_http_call *call, struct ms_http_failure *failure,
                         const struct ms_http_message *message)
{
  struct decoder d = {.call = call, .arena = ms_arena_new(0)};
  int err = d.arena == NULL ? ms_error_nomem() : decode_with(&d, message);
  ms_arena_free(d.arena);
  if (err == MSTEP_ESYNTAX) {
    return ms_http_fail(failure, err, 400, "MalformedQueryString",
                        "The parameters of the request cannot be read.");
  }
  return err;
}
