/*
 * What an operation's file sees: the call, what was asked, how it is answered. An operation is a
 * constant ms_op_NAME with its members (checked before it runs) and the function that carries it
 * out.
 */
#ifndef MS_API_CALL_H
#define MS_API_CALL_H

#include "api/api.h"
#include "json/json.h"

enum ms_api_kind {
  MS_API_STRING,
  MS_API_INTEGER,
  MS_API_BOOLEAN,
  MS_API_TIMESTAMP, /* seconds since 1970, with a fraction */
  MS_API_STRUCTURE,
  MS_API_LIST,
  MS_API_ANY /* any JSON value */
};

/*
 * One member of a request. Tables end with a row without a name; members not in it are passed over.
 */
struct ms_api_member {
  const char *name;
  enum ms_api_kind kind;
  bool is_required;
  bool is_secret;     /* messages do not repeat its value */
  int64_t min, max;   /* of an INTEGER, of the length of a STRING or LIST; max 0 = none */
  const char *values; /* what a STRING may be, in AWS's order: "RUNNING, FAILED" */
  const struct ms_api_member *members; /* of a STRUCTURE, of a LIST's items (NULL: strings) */
};

struct ms_api_call;

struct ms_op {
  const struct ms_api_member *members;
  /*
   * 0: it has been answered, or will be. Else a code of the runtime that the operation has no error
   * of its own for.
   */
  int (*run)(struct ms_api_call *call);
};

#define MS_API_ERROR(id, name, status, code, text) MS_API_ERROR_##id,
enum ms_api_error {
#include "api/errors.def"
  MS_API_ERROR_COUNT
};
#undef MS_API_ERROR

/* ---- what was asked; of the members that the table let through ---- */

struct ms_engine *ms_api_engine(const struct ms_api_call *call);
struct ms_json ms_api_get(const struct ms_api_call *call,
                          const char *name); /* NONE: absent or null */
bool ms_api_has(const struct ms_api_call *call, const char *name);
struct ms_str ms_api_text(const struct ms_api_call *call, const char *name); /* data NULL: absent */
int64_t ms_api_int(const struct ms_api_call *call, const char *name, int64_t standard);
/* How often which function ran on the way to this call; data NULL: it is nobody's. See messaging/lineage.h. */
struct ms_str ms_api_lineage(const struct ms_api_call *call);
bool ms_api_bool(const struct ms_api_call *call, const char *name, bool standard);

/* ---- the answer, once; each gives 0, so that an operation can return it ---- */

int ms_api_reply_json(struct ms_api_call *call,
                      struct ms_json value); /* takes; NONE: out of memory */
int ms_api_reply_text(struct ms_api_call *call, struct ms_str text);
/* Answers with a buffer that the runtime filled, and drops it. err: what filling it gave. */
int ms_api_reply_buf(struct ms_api_call *call, struct ms_buf *text);
bool ms_api_is_answered(const struct ms_api_call *call);
/* detail: for the `{}` of the error's text. */
int ms_api_fail(struct ms_api_call *call, enum ms_api_error error, struct ms_str detail);
/* The same with more members beside the text. members: object or NONE; borrowed. */
int ms_api_fail_also(struct ms_api_call *call, enum ms_api_error error, struct ms_str detail,
                     struct ms_json members);
int ms_api_fail_f(struct ms_api_call *call, enum ms_api_error error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with one more member beside "message". */
int ms_api_fail_with(struct ms_api_call *call, enum ms_api_error error, struct ms_str detail,
                     const char *member, const char *value);
/* From a code of the runtime and its detail. */
int ms_api_fail_code(struct ms_api_call *call, int code);

/*
 * For the runtime's `accepted`: then(call) answers when what was asked is durable. A runtime call
 * that fails did not take the callback.
 */
struct ms_callback ms_api_when_accepted(struct ms_api_call *call,
                                        int (*then)(struct ms_api_call *call));
/* The same for what earlier calls of the runtime have taken. */
int ms_api_accept(struct ms_api_call *call, int (*then)(struct ms_api_call *call));
/* What `then` is to know; one value, taken. */
void ms_api_keep(struct ms_api_call *call, struct ms_json value);
struct ms_json ms_api_kept(const struct ms_api_call *call); /* borrowed */
/* A `then` whose reply is what was kept. */
int ms_api_reply_kept(struct ms_api_call *call);
/* Answers with that (takes; NONE: out of memory) once what has been taken so far is durable. */
int ms_api_finish(struct ms_api_call *call, struct ms_json reply);
/* For the runtime's `reply`: on_reply is called with it. */
struct ms_callback ms_api_when_replied(struct ms_api_call *call,
                                       int (*on_reply)(struct ms_api_call *call, int status,
                                                       struct ms_str reply));

/* For the runtime's `done`: on_end is called with it. */
struct ms_callback ms_api_when_ended(struct ms_api_call *call,
                                     int (*on_end)(struct ms_api_call *call,
                                                   const struct ms_engine_end *end));

/*
 * cancel(call, what) is called when nobody waits for the answer any more, perhaps at once; it
 * withdraws what was asked for, and answers. Not once the call is answered.
 */
void ms_api_on_cancel(struct ms_api_call *call,
                      void (*cancel)(struct ms_api_call *call, void *what), void *what);

/* ---- values ---- */

/* Seconds since 1970, as AWS writes dates. */
struct ms_json ms_api_date(int64_t at_ms);
/*
 * A member of what one of the runtime's describe functions says of the thing with that ARN; owned.
 * NONE when there is no such thing or member.
 */
struct ms_json ms_api_described(struct ms_api_call *call,
                                int (*describe)(struct ms_buf *out, struct ms_engine *engine,
                                                struct ms_str arn),
                                struct ms_str arn, const char *member);
/* An object of one member; takes value. NONE: out of memory. */
struct ms_json ms_api_object(const char *name, struct ms_json value);

/* ---- check.c ---- */

/* False: the call has been answered with what is wrong with it. */
bool ms_api_check(struct ms_api_call *call, const struct ms_api_member *members);

#endif
