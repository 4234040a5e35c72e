/*
 * AWS's protocols, each way: a request becomes {service, operation, JSON input}; what the operation
 * answered becomes status, headers and body. JSON 1.0 and 1.1 (X-Amz-Target), Query (forms and XML), REST-JSON
 * (methods and paths), and what is none of them: a plain HTTP request as the operation Request of the service
 * "http". Which services, paths and members there are is in the .def files. Pure: no socket, no clock.
 */
#ifndef MS_HTTP_PROTOCOL_H
#define MS_HTTP_PROTOCOL_H

#include "base/arena.h"
#include "base/vec.h"
#include "http/message.h"
#include "http/sigv4.h"

enum ms_http_family { MS_HTTP_JSON, MS_HTTP_QUERY, MS_HTTP_REST, MS_HTTP_PLAIN };

enum {
  MS_HTTP_CRC32 = 1,       /* answers carry x-amz-crc32 */
  MS_HTTP_QUERY_ERROR = 2, /* JSON errors carry x-amzn-query-error */
  MS_HTTP_ERROR_TYPE = 4,  /* errors have a member Type */
  MS_HTTP_PAYLOAD = 8,
  MS_HTTP_SIGNED_ONLY = 16
};

struct ms_http_service {
  const char *name;
  const char *signed_as;
  const char *target;        /* NULL: does not speak JSON-RPC */
  const char *json_version;  /* of X-Amz-Target calls */
  const char *query_version; /* NULL: does not speak Query */
  const char *xml_namespace;
  const char *error_prefix;
  unsigned flags;
};

#define MS_HTTP_OPERATION_SIZE 80

struct ms_http_call {
  enum ms_http_family family;
  const struct ms_http_service *service;
  char operation[MS_HTTP_OPERATION_SIZE];
  int status;          /* of an answer when all is well */
  unsigned flags;      /* of its row in rest.def */
  const char *path;    /* its pattern there */
  bool is_json_1_1;    /* the request says so */
  /* Of whoever has found out, for plain requests: who signed for what, as far as is known. Borrowed. */
  struct ms_str signer, signed_service, request_id;
  struct ms_buf input; /* JSON; after ms_http_protocol_decode */
  char text[512];      /* of a failure */
};

/* What goes back. Texts of headers are static, the request id's, or lie in `texts`. */
#define MS_HTTP_ANSWER_HEADERS_MAX 256
struct ms_http_answer {
  int status;
  MS_VEC(struct ms_field) headers;
  struct ms_buf body;
  struct ms_arena *texts; /* NULL: none yet */
  int error;              /* sticky: a header that did not fit in memory */
};

void ms_http_call_init(struct ms_http_call *call);
void ms_http_call_deinit(struct ms_http_call *call);
void ms_http_answer_init(struct ms_http_answer *answer);
void ms_http_answer_deinit(struct ms_http_answer *answer);

/* A refusal in words; the family gives it its form. */
struct ms_http_failure {
  int status;
  const char *code; /* as JSON spells it: "SerializationException" */
  const char *text;
};

/*
 * Which operation of which service is meant; looks at the target, the path and the parameters, not at the
 * input. 0; MSTEP_ENOTFOUND: it is an API call, but of nothing we know (failure says so; call->family is
 * set); MSTEP_ENOMEM.
 */
int ms_http_protocol_find(struct ms_http_call *call, struct ms_http_failure *failure,
                          const struct ms_http_message *message);
/* Fills call->input. 0; MSTEP_ESYNTAX: failure says what; MSTEP_ENOMEM. */
int ms_http_protocol_decode(struct ms_http_call *call, struct ms_http_failure *failure,
                            const struct ms_http_message *message);
/*
 * status, reply: what the operation gave. A status from 400 on is an error. 0: a reply that begins with "__type"
 * is one, with the status of statuses.def. 0 or MSTEP_ENOMEM; then the answer is not to be used.
 */
int ms_http_protocol_encode(struct ms_http_answer *answer, const struct ms_http_call *call,
                            int status, struct ms_str reply, struct ms_str request_id);
int ms_http_protocol_fail(struct ms_http_answer *answer, const struct ms_http_call *call,
                          const struct ms_http_failure *failure, struct ms_str request_id);
/* The failure that a signature which does not hold is in this family. text is the identity's. */
void ms_http_protocol_auth(struct ms_http_failure *failure, const struct ms_http_call *call,
                           const struct ms_http_identity *identity);

#endif
