/*
 * The request of an HTTP task: what its state and its connection make of it. Pure; who sends it is
 * task_http.c.
 */
#ifndef MS_TASK_HTTP_H
#define MS_TASK_HTTP_H

#include "base/field.h"
#include "base/vec.h"
#include "task/internal.h"

#define MS_TASK_HTTP_HEADERS_MAX 128

struct ms_task_http_request {
  struct ms_str method;
  struct ms_buf url;
  struct ms_buf body;
  struct ms_json headers; /* object: name -> text */
};

void ms_task_http_request_init(struct ms_task_http_request *request);
void ms_task_http_request_deinit(struct ms_task_http_request *request);

/*
 * connection: NONE or what CreateConnection was given, with its secrets; token: of OAuth, else empty. On
 * MSTEP_EINVALID *problem is what is wrong with the parameters, static text.
 */
int ms_task_http_build(struct ms_task_http_request *out, const char **problem,
                       struct ms_json parameters, struct ms_json connection, struct ms_str token,
                       const char *region);
/* The request that asks for a token. */
int ms_task_http_build_token(struct ms_task_http_request *out, struct ms_json connection);

/* Fields of its headers, borrowed from it; how many. */
size_t ms_task_http_fields(struct ms_field fields[MS_TASK_HTTP_HEADERS_MAX],
                           const struct ms_task_http_request *request);

/* ---- http_form.c ---- */

/* name=value&...; `array_format`: INDICES, REPEAT, COMMAS or BRACKETS. */
void ms_task_http_form(struct ms_buf *out, struct ms_json object, struct ms_str array_format);
/* One more of a query or a form; the first has nothing before it. */
void ms_task_http_pair(struct ms_buf *out, char before, struct ms_str name, struct ms_str value);

#endif
