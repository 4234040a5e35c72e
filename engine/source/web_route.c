/*
 * Routes: read from a project's document, and found. "METHOD /path", where {name} stands for one segment, a last {name+}
 * for all that is left, and ANY for every method; "$default" is for what no other takes. The most special route
 * wins: segment by segment a text before {name} before {name+}, then a method before ANY.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "source/web_internal.h"

#define TIMEOUT_REST_MS 29000
#define TIMEOUT_HTTP_MS 30000
#define SEGMENTS_MAX 64
#define ROUTE_BYTES_MAX 4096

/* ---- reading ---- */

static struct ms_str text_in(struct ms_json object, const char *name)
{
  return ms_json_text(ms_json_getc(object, name));
}

static int refuse(struct ms_str key, const char *why)
{
  return ms_error(MSTEP_EINVALID, "route '%.*s': %s", key.len > 200 ? 200 : (int)key.len,
                  key.data == NULL ? "" : key.data, why);
}

static bool is_method(struct ms_str method)
{
  static const char *const methods[] = {"ANY",  "GET",   "POST",   "PUT",
                                        "HEAD", "PATCH", "DELETE", "OPTIONS"};
  for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
    if (ms_str_is(method, methods[i])) {
      return true;
    }
  }
  return false;
}

enum segment { SEGMENT_NONE, SEGMENT_GREEDY, SEGMENT_NAMED, SEGMENT_TEXT };

static enum segment kind_of(struct ms_str segment)
{
  if (segment.len < 2 || segment.data[0] != '{' || segment.data[segment.len - 1] != '}') {
    return SEGMENT_TEXT;
  }
  return segment.data[segment.len - 2] == '+' ? SEGMENT_GREEDY : SEGMENT_NAMED;
}

/* The next segment behind a '/'; false at the end. */
static bool next_segment(struct ms_str *out, struct ms_str path, size_t *at)
{
  if (*at >= path.len) {
    return false;
  }
  size_t end = ms_str_find(path, *at + 1, '/');
  *out = ms_str_sub(path, *at + 1, end);
  *at = end;
  return true;
}

static int check_path(const struct ms_web_route *route)
{
  struct ms_str segment;
  size_t at = 0, count = 0;
  if (route->path.len == 0 || route->path.data[0] != '/') {
    return refuse(route->key, "must be \"METHOD /path\" or \"$default\"");
  }
  while (next_segment(&segment, route->path, &at)) {
    enum segment kind = kind_of(segment);
    struct ms_str name = ms_str_sub(segment, 1, segment.len - (kind == SEGMENT_GREEDY ? 2 : 1));
    if (kind == SEGMENT_TEXT && (ms_str_find(segment, 0, '{') < segment.len ||
                                 ms_str_find(segment, 0, '}') < segment.len)) {
      return refuse(route->key, "a name in braces must be a whole segment");
    }
    if (kind != SEGMENT_TEXT && name.len == 0) {
      return refuse(route->key, "braces without a name");
    }
    if (kind == SEGMENT_GREEDY && at < route->path.len) {
      return refuse(route->key, "{name+} must be the last segment");
    }
    if (++count > SEGMENTS_MAX) {
      return refuse(route->key, "has too many segments");
    }
  }
  return MSTEP_OK;
}

static int read_key(struct ms_web_route *route)
{
  if (ms_str_is(route->key, "$default")) {
    route->method = MS_STR("ANY");
    return MSTEP_OK;
  }
  size_t blank = ms_str_find(route->key, 0, ' ');
  route->method = ms_str_sub(route->key, 0, blank);
  route->path = ms_str_sub(route->key, blank + 1, route->key.len);
  if (!is_method(route->method)) {
    return refuse(route->key,
                  "must begin with GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS or ANY");
  }
  if (route->path.len > 1 && route->path.data[route->path.len - 1] == '/') {
    route->path.len--;
  }
  return check_path(route);
}

static int read_route(struct ms_web_route *route, struct ms_json row)
{
  struct ms_str version = text_in(row, "PayloadFormatVersion"), stage = text_in(row, "Stage");
  bool is_1 = ms_str_is(version, "1.0");
  int64_t timeout_ms = 0;
  *route = (struct ms_web_route){.key = text_in(row, "RouteKey"),
                                 .function = text_in(row, "FunctionName"),
                                 .machine = text_in(row, "StateMachineArn"),
                                 .is_sync = ms_json_is_true(ms_json_getc(row, "Sync")),
                                 .stage = stage.len == 0 ? MS_STR("$default") : stage};
  if (version.len > 0 && !is_1 && !ms_str_is(version, "2.0")) {
    return refuse(route->key, "the payload is \"1.0\" or \"2.0\"");
  }
  if ((route->function.len == 0) == (route->machine.len == 0)) {
    return refuse(route->key, "needs either a function or a state machine");
  }
  if (route->machine.len > 0 && !ms_str_has_prefix(route->machine, "arn:aws:states:")) {
    return refuse(route->key, "the ARN is not of a state machine");
  }
  if (route->is_sync && route->machine.len == 0) {
    return refuse(route->key, "Sync is for state machines");
  }
  if (route->key.len > ROUTE_BYTES_MAX || ms_str_find(route->stage, 0, '/') < route->stage.len) {
    return refuse(route->key, "is not the key of a route, or its stage is no name");
  }
  /* A stage called $default is a thing of HTTP APIs alone; and they speak both. */
  route->kind = !is_1                                   ? MS_WEB_HTTP_2
                : ms_str_is(route->stage, "$default") ? MS_WEB_HTTP_1
                                                        : MS_WEB_REST;
  route->timeout_ms = route->kind == MS_WEB_REST ? TIMEOUT_REST_MS : TIMEOUT_HTTP_MS;
  struct ms_json timeout = ms_json_getc(row, "TimeoutInMillis");
  if (!ms_json_is_none(timeout)) {
    if (!ms_json_to_int(&timeout_ms, timeout) || timeout_ms < 50 ||
        timeout_ms > route->timeout_ms) {
      return refuse(route->key, "a timeout is 50 to 29,000 ms, of HTTP APIs to 30,000 ms");
    }
    route->timeout_ms = timeout_ms;
  }
  return read_key(route);
}

void ms_web_routes_drop(struct ms_web *web)
{
  ms_free(web->routes);
  web->routes = NULL;
  web->route_count = 0;
  ms_json_replace(&web->routes_json, MS_JSON_VALUE_NONE);
}

static int check_twins(const struct ms_web_route *routes, size_t count)
{
  for (size_t k = 0; k + 1 < count; k++) {
    const struct ms_web_route *last = &routes[count - 1];
    if (ms_str_eq(routes[k].key, last->key) && ms_str_eq(routes[k].stage, last->stage)) {
      return refuse(last->key, "is there twice");
    }
  }
  return MSTEP_OK;
}

int ms_web_put_routes(struct ms_web *web, struct ms_str api_id, struct ms_json routes)
{
  size_t count = ms_json_count(routes);
  if (!ms_json_is_array(routes) || count > MS_WEB_ROUTES_MAX) {
    return ms_error(MSTEP_EINVALID, "routes must be a list of at most %d", MS_WEB_ROUTES_MAX);
  }
  struct ms_json id = ms_json_string(api_id.len == 0 ? MS_STR("local") : api_id);
  struct ms_web_route *list = ms_alloc((count + 1) * sizeof *list);
  int err = list == NULL || ms_json_is_none(id) ? ms_error_nomem() : MSTEP_OK;
  for (size_t i = 0; i < count && err == 0; i++) {
    err = read_route(&list[i], ms_json_at(routes, i));
    err = err != 0 ? err : check_twins(list, i + 1);
  }
  if (err != 0) {
    ms_free(list);
    ms_json_unref(id);
    return err;
  }
  ms_web_routes_drop(web);
  web->routes = list;
  web->route_count = count;
  web->routes_json = ms_json_ref(routes);
  ms_json_replace(&web->api_id, id);
  return MSTEP_OK;
}

/* ---- finding ---- */

/* How special a route is, if it fits at all: a digit for each segment, one for the method. */
struct rank {
  char text[SEGMENTS_MAX + 2];
};

static bool fits(struct rank *rank, const struct ms_web_route *route, struct ms_str method,
                 struct ms_str path)
{
  struct ms_str wanted, given;
  size_t at = 0, path_at = 0, count = 0;
  bool is_any = ms_str_is(route->method, "ANY");
  memset(rank, 0, sizeof *rank);
  if (!is_any && !ms_str_eq(route->method, method)) {
    return false;
  }
  if (route->path.len == 0) {
    return true; /* $default: the least of all */
  }
  while (next_segment(&wanted, route->path, &at)) {
    enum segment kind = kind_of(wanted);
    if (!next_segment(&given, path, &path_at)) {
      return false;
    }
    if (kind == SEGMENT_TEXT ? !ms_str_eq(wanted, given) : given.len == 0) {
      return false;
    }
    rank->text[count++] = (char)('0' + kind);
    if (kind == SEGMENT_GREEDY) {
      path_at = path.len;
    }
  }
  rank->text[count] = is_any ? '0' : '1';
  return path_at >= path.len;
}

static int put_parameter(struct ms_json *out, struct ms_str segment, bool is_greedy,
                         struct ms_str value)
{
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_web_unescape(&text, value, false);
  int err = text.error;
  if (err == 0) {
    err = ms_json_set(out, ms_str_sub(segment, 1, segment.len - (is_greedy ? 2 : 1)),
                      ms_web_text(ms_buf_view(&text)));
  }
  ms_buf_deinit(&text);
  return err;
}

static int read_parameters(struct ms_json *out, const struct ms_web_route *route,
                           struct ms_str path)
{
  struct ms_str wanted, given;
  size_t at = 0, path_at = 0;
  int err = MSTEP_OK;
  while (err == 0 && next_segment(&wanted, route->path, &at)) {
    size_t from = path_at + 1;
    enum segment kind = kind_of(wanted);
    (void)next_segment(&given, path, &path_at);
    if (kind == SEGMENT_TEXT) {
      continue;
    }
    if (ms_json_is_none(*out)) {
      *out = ms_json_object(2);
    }
    bool is_greedy = kind == SEGMENT_GREEDY;
    err = put_parameter(out, wanted, is_greedy,
                        is_greedy ? ms_str_sub(path, from, path.len) : given);
  }
  return err;
}

/* The path below the stage; false: it is another stage's. */
static bool below_stage(struct ms_str *out, const struct ms_web_route *route, struct ms_str path)
{
  struct ms_str first = MS_STR("");
  size_t at = 0;
  *out = path;
  (void)next_segment(&first, path, &at);
  bool is_here = ms_str_eq(first, route->stage);
  if (is_here) {
    *out = at < path.len ? ms_str_sub(path, at, path.len) : MS_STR("/");
  }
  return is_here || ms_str_is(route->stage, "$default");
}

const struct ms_web_route *ms_web_route_find(const struct ms_web *web, struct ms_str method,
                                             struct ms_web_arrival *arrival, int *err)
{
  const struct ms_web_route *best = NULL;
  struct rank best_rank = {""}, rank;
  struct ms_str below;
  for (size_t i = 0; i < web->route_count; i++) {
    const struct ms_web_route *route = &web->routes[i];
    if (!below_stage(&below, route, arrival->path)) {
      continue;
    }
    struct ms_str plain = below;
    plain.len -= plain.len > 1 && plain.data[plain.len - 1] == '/';
    if (fits(&rank, route, method, plain) &&
        (best == NULL || strcmp(rank.text, best_rank.text) > 0)) {
      best = route;
      best_rank = rank;
      arrival->below = plain;
    }
  }
  *err = best == NULL ? MSTEP_OK : read_parameters(&arrival->parameters, best, arrival->below);
  return best;
}
