/* What the families of protocols share. */
#ifndef MS_HTTP_PROTOCOL_INTERNAL_H
#define MS_HTTP_PROTOCOL_INTERNAL_H

#include "http/protocol.h"
#include "json/json.h"

enum ms_http_kind {
  MS_HTTP_STRING,
  MS_HTTP_INTEGER,
  MS_HTTP_BOOLEAN,
  MS_HTTP_LIST,
  MS_HTTP_MAP,
  MS_HTTP_ENTRY
};

/* An error as its operation gave it. */
struct ms_http_error {
  struct ms_json reply; /* the object */
  struct ms_str code;   /* of __type, without what stands before '#' */
  struct ms_str text;
  int status;
};

/* ---- protocol.c ---- */
const struct ms_http_service *ms_http_service_find(const char *name);
const struct ms_http_service *ms_http_service_at(size_t index); /* NULL behind the last */
int ms_http_fail(struct ms_http_failure *failure, int err, int status, const char *code,
                 const char *text);
/* Both texts must outlive the answer. */
void ms_http_answer_header(struct ms_http_answer *answer, struct ms_str name, struct ms_str value);
/* Copies them. */
void ms_http_answer_copy(struct ms_http_answer *answer, struct ms_str name, struct ms_str value);
/* The same in the place of one of that name. */
void ms_http_answer_replace(struct ms_http_answer *answer, struct ms_str name,
                            struct ms_str value);
/* A string as it is, a whole number, true or false; else a string. */
struct ms_json ms_http_scalar(struct ms_str text, enum ms_http_kind kind);
/* "AWS.SimpleQueueService.NonExistentQueue"; and the status there, if not 0, and what is added. */
struct ms_str ms_http_query_code(const struct ms_http_service *service, struct ms_str code,
                                 int *status, const char **suffix);

/* ---- protocol_query.c, protocol_xml.c ---- */
int ms_http_query_find(struct ms_http_call *call, struct ms_http_failure *failure,
                       const struct ms_http_message *message);
bool ms_http_query_is(const struct ms_http_message *message);
int ms_http_query_decode(struct ms_http_call *call, struct ms_http_failure *failure,
                         const struct ms_http_message *message);
int ms_http_query_encode(struct ms_http_answer *answer, const struct ms_http_call *call,
                         struct ms_json reply, struct ms_str request_id);
int ms_http_query_error(struct ms_http_answer *answer, const struct ms_http_call *call,
                        const struct ms_http_error *error, struct ms_str request_id);

/* ---- protocol_rest.c ---- */
bool ms_http_rest_find(struct ms_http_call *call, const struct ms_http_message *message);
int ms_http_rest_decode(struct ms_http_call *call, struct ms_http_failure *failure,
                        const struct ms_http_message *message);
int ms_http_rest_encode(struct ms_http_answer *answer, const struct ms_http_call *call,
                        struct ms_str reply);

/* ---- protocol_plain.c ---- */
int ms_http_plain_decode(struct ms_http_call *call, const struct ms_http_message *message);
int ms_http_plain_encode(struct ms_http_answer *answer, struct ms_str reply);

#endif
