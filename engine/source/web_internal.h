/* What the parts of the web source share. */
#ifndef MS_SOURCE_WEB_INTERNAL_H
#define MS_SOURCE_WEB_INTERNAL_H

#include "base/buf.h"
#include "source/web.h"

/* By what a request came in: decides over the event and the answer. */
enum ms_web_kind {
  MS_WEB_URL,    /* a function's URL: payload 2.0 */
  MS_WEB_HTTP_2, /* a route of an HTTP API, payload 2.0 */
  MS_WEB_HTTP_1, /* the same with payload 1.0 */
  MS_WEB_REST    /* a route of a REST API: payload 1.0 of a stage that has a name */
};

enum ms_web_failure {
  MS_WEB_NOT_FOUND,
  MS_WEB_FORBIDDEN,
  MS_WEB_FAILED, /* the function has, or what it returned is no answer */
  MS_WEB_THROTTLED,
  MS_WEB_TIMEOUT,
  MS_WEB_TOO_LARGE,
  MS_WEB_FAILURE_COUNT
};

/* Borrowed from the project's document. */
struct ms_web_route {
  struct ms_str key; /* "GET /a/{id}", "$default" */
  struct ms_str method;
  struct ms_str path; /* empty: $default */
  struct ms_str stage;
  struct ms_str function; /* or */
  struct ms_str machine;
  bool is_sync; /* the machine is waited for */
  enum ms_web_kind kind;
  int64_t timeout_ms;
};

struct ms_web {
  const struct ms_driver_env *env;
  struct ms_invoke *invoke;
  struct ms_json routes_json; /* what routes borrow from */
  struct ms_json api_id;
  struct ms_web_route *routes;
  size_t route_count;
  struct ms_web_wait *waits;
};

/* A request that has found its function. Texts are borrowed. */
struct ms_web_arrival {
  struct ms_json request;
  enum ms_web_kind kind;
  struct ms_str api_id;
  struct ms_str path;  /* as sent, without what stands before the API's own */
  struct ms_str below; /* the same below the stage */
  struct ms_str route_key, resource, stage;
  struct ms_json parameters; /* of the path; an object or NONE */
  bool is_iam;               /* it had to be signed */
};

/* ---- web_event.c ---- */
/* The event for the function; NONE: out of memory. */
struct ms_json ms_web_event(const struct ms_web *web, const struct ms_web_arrival *arrival);
/* %XX undone; is_form: '+' is a blank, too. What is no escape stays. */
void ms_web_unescape(struct ms_buf *out, struct ms_str text, bool is_form);
/* A string of it, with bytes that are no UTF-8 replaced. */
struct ms_json ms_web_text(struct ms_str text);

/* ---- web_answer.c ---- */
/* {"statusCode", "headers", "body", "isBase64Encoded"} with a body of JSON. Takes body. NONE: out of memory. */
struct ms_json ms_web_json(int status, struct ms_json body);
/* What the function returned as an answer; NONE: out of memory. */
struct ms_json ms_web_answer(enum ms_web_kind kind, struct ms_str payload);
struct ms_json ms_web_failure(enum ms_web_kind kind, enum ms_web_failure failure);

/* ---- web_route.c ---- */
/* The best route for this; path begins with '/'. *parameters: owned. NULL: none. MSTEP_ENOMEM in *err. */
const struct ms_web_route *ms_web_route_find(const struct ms_web *web, struct ms_str method,
                                             struct ms_web_arrival *arrival, int *err);
void ms_web_routes_drop(struct ms_web *web);

/* ---- web_url.c ---- */
struct ms_web_url {
  struct ms_function_name name;
  struct ms_json config; /* borrowed from the function's row, as the name is */
};
bool ms_web_url_find(struct ms_web_url *out, const struct ms_web *web, struct ms_str id);
/* A preflight that the configuration answers. NONE in *reply: it is none. */
int ms_web_url_preflight(struct ms_json *reply, struct ms_json cors, struct ms_json request);
/* Adds what CORS adds to an answer. cors NONE: nothing. */
int ms_web_url_cors(struct ms_json *reply, struct ms_json cors, struct ms_str origin);

#endif
