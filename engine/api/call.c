/* Reading a request and answering it. */
#include "api/call.h"

#include <stdio.h>

#include "api/internal.h"
#include "base/error.h"
#include "base/utf8.h"

struct api_error {
  const char *name;
  int http_status;
  int code;
  const char *text;
};

#define MS_API_ERROR(id, name, status, code, text) {name, status, code, text},
static const struct api_error api_errors[] = {
#include "api/errors.def"
};
#undef MS_API_ERROR

/* ---- what was asked ---- */

struct ms_engine *ms_api_engine(const struct ms_api_call *call)
{
  return call->api->engine;
}

struct ms_json ms_api_get(const struct ms_api_call *call, const char *name)
{
  struct ms_json value = name == NULL ? call->request : ms_json_getc(call->request, name);
  return ms_json_is_null(value) ? MS_JSON_VALUE_NONE : value;
}

bool ms_api_has(const struct ms_api_call *call, const char *name)
{
  return !ms_json_is_none(ms_api_get(call, name));
}

struct ms_str ms_api_text(const struct ms_api_call *call, const char *name)
{
  struct ms_json value = ms_api_get(call, name);
  static const struct ms_str none;
  return ms_json_is_string(value) ? ms_json_text(value) : none;
}

int64_t ms_api_int(const struct ms_api_call *call, const char *name, int64_t standard)
{
  int64_t value;
  return ms_json_to_int(&value, ms_api_get(call, name)) ? value : standard;
}

struct ms_str ms_api_lineage(const struct ms_api_call *call)
{
  return (struct ms_str){call->lineage_len == 0
                             ? NULL
                             : call->text + call->operation_len + call->request_len,
                         call->lineage_len};
}

bool ms_api_bool(const struct ms_api_call *call, const char *name, bool standard)
{
  struct ms_json value = ms_api_get(call, name);
  return ms_json_is_bool(value) ? ms_json_is_true(value) : standard;
}

/* ---- the answer ---- */

void ms_api_answer(struct ms_api_call *call, int code, int http_status, struct ms_str text)
{
  if (call->is_answered) {
    return;
  }
  call->is_answered = true;
  call->api->answered_count += code == 0;
  call->api->refused_count += code != 0;
  ms_histogram_add(&call->api->durations,
                   ms_engine_clock_us(call->api->engine) - call->begun_at_us);
  if (call->receiver.reply != NULL) {
    const struct ms_api_reply reply = {code, http_status, text};
    call->receiver.reply(&reply, &call->receiver);
  }
  if (!call->is_running) {
    ms_api_call_free(call);
  }
}

bool ms_api_is_answered(const struct ms_api_call *call)
{
  return call->is_answered;
}

int ms_api_reply_text(struct ms_api_call *call, struct ms_str text)
{
  ms_api_answer(call, MSTEP_OK, 200, text);
  return MSTEP_OK;
}

int ms_api_reply_buf(struct ms_api_call *call, struct ms_buf *text)
{
  if (text->error != 0) {
    ms_api_fail_code(call, text->error);
  } else {
    ms_api_reply_text(call, ms_buf_view(text));
  }
  ms_buf_deinit(text);
  return MSTEP_OK;
}

int ms_api_reply_json(struct ms_api_call *call, struct ms_json value)
{
  if (ms_json_is_none(value)) {
    return ms_api_fail_code(call, MSTEP_ENOMEM);
  }
  struct ms_buf text;
  ms_buf_init(&text, 0);
  ms_json_print(&text, value);
  ms_json_unref(value);
  return ms_api_reply_buf(call, &text);
}

/* The error's text with `detail` in place of {}. */
static void print_text(struct ms_buf *out, const char *text, struct ms_str detail)
{
  const char *hole = strstr(text, "{}");
  if (hole == NULL) {
    ms_buf_cstr(out, text);
    return;
  }
  ms_buf_put(out, text, (size_t)(hole - text));
  ms_buf_str(out, detail);
  ms_buf_cstr(out, hole + 2);
}

/* A detail may have been cut, or be what a stranger sent: what is printed must be UTF-8. */
static void print_message(struct ms_buf *out, const char *text, struct ms_str detail)
{
  if (ms_utf8_check(detail) == detail.len) {
    print_text(out, text, detail);
    return;
  }
  struct ms_buf repaired;
  ms_buf_init(&repaired, 0);
  ms_utf8_repair(&repaired, detail);
  print_text(out, text, ms_buf_view(&repaired));
  out->error = out->error != 0 ? out->error : repaired.error;
  ms_buf_deinit(&repaired);
}

static void print_members(struct ms_buf *out, struct ms_json members)
{
  for (size_t i = 0; i < ms_json_count(members); i++) {
    ms_buf_char(out, ',');
    ms_json_print_string(out, ms_json_key(members, i));
    ms_buf_char(out, ':');
    ms_json_print(out, ms_json_member(members, i));
  }
}

int ms_api_fail(struct ms_api_call *call, enum ms_api_error error, struct ms_str detail)
{
  return ms_api_fail_also(call, error, detail, MS_JSON_VALUE_NONE);
}

int ms_api_fail_with(struct ms_api_call *call, enum ms_api_error error, struct ms_str detail,
                     const char *member, const char *value)
{
  struct ms_json members = ms_api_object(member, ms_json_cstring(value));
  if (ms_json_is_none(members)) {
    return ms_api_fail_code(call, MSTEP_ENOMEM);
  }
  ms_api_fail_also(call, error, detail, members);
  ms_json_unref(members);
  return MSTEP_OK;
}

int ms_api_fail_also(struct ms_api_call *call, enum ms_api_error error, struct ms_str detail,
                     struct ms_json members)
{
  const struct api_error *row = &api_errors[error];
  struct ms_buf message, text;
  ms_buf_init(&message, 0);
  ms_buf_init(&text, 0);
  print_message(&message, row->text, detail);
  ms_buf_printf(&text, "{\"__type\":\"%s\",\"message\":", row->name);
  ms_json_print_string(&text, ms_buf_view(&message));
  print_members(&text, members);
  ms_buf_char(&text, '}');
  if (message.error != 0 || text.error != 0) {
    ms_api_answer(call, MSTEP_ENOMEM, 500,
                  MS_STR("{\"__type\":\"InternalFailure\",\"message\":\"out of memory\"}"));
  } else {
    ms_api_answer(call, row->code, row->http_status, ms_buf_view(&text));
  }
  ms_buf_deinit(&message);
  ms_buf_deinit(&text);
  return MSTEP_OK;
}

int ms_api_fail_f(struct ms_api_call *call, enum ms_api_error error, const char *format, ...)
{
  struct ms_buf detail;
  ms_buf_init(&detail, 0);
  va_list args;
  va_start(args, format);
  ms_buf_vprintf(&detail, format, args);
  va_end(args);
  if (detail.error != 0) {
    ms_api_fail_code(call, MSTEP_ENOMEM);
  } else {
    ms_api_fail(call, error, ms_buf_view(&detail));
  }
  ms_buf_deinit(&detail);
  return MSTEP_OK;
}

int ms_api_fail_code(struct ms_api_call *call, int code)
{
  const char *detail = ms_error_detail();
  enum ms_api_error error = MS_API_ERROR_INTERNAL_FAILURE;
  switch (code) {
  case MSTEP_ENOMEM:
    error = MS_API_ERROR_NO_MEMORY;
    detail = "out of memory";
    break;
  case MSTEP_EIO:
    error = MS_API_ERROR_SERVICE_UNAVAILABLE;
    break;
  case MSTEP_ESTATE:
    error = MS_API_ERROR_ACCESS_DENIED;
    break;
  case MSTEP_EINVALID:
  case MSTEP_ETOOBIG:
  case MSTEP_ESYNTAX:
  case MSTEP_EUNSUPPORTED:
    error = MS_API_ERROR_VALIDATION;
    break;
  default:
    break;
  }
  return ms_api_fail(call, error, ms_str_c(detail[0] != '\0' ? detail : ms_error_text(code)));
}

/* ---- answers that come later ---- */

struct ms_callback ms_api_when_accepted(struct ms_api_call *call,
                                        int (*then)(struct ms_api_call *call))
{
  call->then = then;
  return (struct ms_callback){call->api->up.accepted, call};
}

int ms_api_accept(struct ms_api_call *call, int (*then)(struct ms_api_call *call))
{
  return ms_engine_accept(call->api->engine, ms_api_when_accepted(call, then));
}

void ms_api_keep(struct ms_api_call *call, struct ms_json value)
{
  ms_json_replace(&call->kept, value);
}

struct ms_json ms_api_kept(const struct ms_api_call *call)
{
  return call->kept;
}

int ms_api_reply_kept(struct ms_api_call *call)
{
  return ms_api_reply_json(call, ms_json_ref(call->kept));
}

int ms_api_finish(struct ms_api_call *call, struct ms_json reply)
{
  if (ms_json_is_none(reply)) {
    return ms_error_nomem();
  }
  ms_api_keep(call, reply);
  return ms_api_accept(call, ms_api_reply_kept);
}

void ms_api_on_accepted(int code, const char *detail, void *user)
{
  struct ms_api_call *call = user;
  int err = code;
  if (code == MSTEP_OK) {
    ms_error_clear();
    err = call->then(call);
  } else if (code == MSTEP_EIO) {
    ms_api_fail_f(call, MS_API_ERROR_SERVICE_UNAVAILABLE,
                  "It is not known whether the request was carried out: %s",
                  detail == NULL ? ms_error_text(code) : detail);
    return;
  }
  if (err != 0) {
    ms_api_fail_code(call, err);
  }
}

struct ms_callback ms_api_when_replied(struct ms_api_call *call,
                                       int (*on_reply)(struct ms_api_call *call, int status,
                                                       struct ms_str reply))
{
  call->on_reply = on_reply;
  return (struct ms_callback){call->api->up.replied, call};
}

void ms_api_on_replied(int status, struct ms_str reply, void *user)
{
  struct ms_api_call *call = user;
  int err = call->on_reply(call, status, reply);
  if (err != 0) {
    ms_api_fail_code(call, err);
  }
}

struct ms_callback ms_api_when_ended(struct ms_api_call *call,
                                     int (*on_end)(struct ms_api_call *call,
                                                   const struct ms_engine_end *end))
{
  call->on_end = on_end;
  return (struct ms_callback){call->api->up.ended, call};
}

void ms_api_on_ended(const struct ms_engine_end *end, void *user)
{
  struct ms_api_call *call = user;
  int err = call->on_end(call, end);
  if (err != 0) {
    ms_api_fail_code(call, err);
  }
}

void ms_api_on_cancel(struct ms_api_call *call,
                      void (*cancel)(struct ms_api_call *call, void *what), void *what)
{
  if (call->is_cancelled) {
    cancel(call, what);
    return;
  }
  call->cancel = cancel;
  call->what = what;
}

/* ---- values ---- */

struct ms_json ms_api_date(int64_t at_ms)
{
  return ms_json_double((double)at_ms / 1000);
}

struct ms_json ms_api_described(struct ms_api_call *call,
                                int (*describe)(struct ms_buf *out, struct ms_engine *engine,
                                                struct ms_str arn),
                                struct ms_str arn, const char *member)
{
  const struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  struct ms_json object, value = MS_JSON_VALUE_NONE;
  struct ms_buf text;
  ms_buf_init(&text, 0);
  if (describe(&text, call->api->engine, arn) == 0 && text.error == 0 &&
      ms_json_parse(&object, ms_buf_view(&text), &limits, NULL) == 0) {
    value = ms_json_ref(ms_json_getc(object, member));
    ms_json_unref(object);
  }
  ms_buf_deinit(&text);
  return value;
}

struct ms_json ms_api_object(const char *name, struct ms_json value)
{
  struct ms_json object = ms_json_object(1);
  if (ms_json_setc(&object, name, value) != 0) {
    ms_json_unref(object);
    return MS_JSON_VALUE_NONE;
  }
  return object;
}
