/* See start.h. */
#include "api/start.h"

#include "base/error.h"

static int bad_input(struct ms_api_call *call, struct ms_str input)
{
  struct ms_json value;
  struct ms_json_position where;
  if (input.len == 0) {
    return ms_api_fail(call, MS_API_ERROR_INVALID_EXECUTION_INPUT,
                       MS_STR("Invalid execution input."));
  }
  struct ms_buf text;
  ms_buf_init(&text, 0);
  int err = ms_json_parse(&value, input, NULL, &where);
  if (err == 0) {
    ms_json_unref(value);
  } else if (err == MSTEP_ESYNTAX) {
    ms_json_print_complaint(&text, input, &where);
  } else {
    ms_buf_cstr(&text, ms_error_detail());
  }
  err = text.error;
  if (err == 0) {
    ms_api_fail(call, MS_API_ERROR_INVALID_EXECUTION_INPUT, ms_buf_view(&text));
  }
  ms_buf_deinit(&text);
  return err;
}

/* What the runtime's code means here. */
int ms_api_start_failed(struct ms_api_call *call, int err, struct ms_str machine, const char *arn)
{
  switch (err) {
  case MSTEP_EUNSUPPORTED:
    return ms_api_fail(call, MS_API_ERROR_STATE_MACHINE_TYPE_NOT_SUPPORTED, machine);
  case MSTEP_ENOTFOUND:
    return ms_api_fail(call, MS_API_ERROR_STATE_MACHINE_DOES_NOT_EXIST, machine);
  case MSTEP_ESTATE: {
    struct ms_json status = ms_api_described(call, ms_engine_machine_describe, machine, "status");
    bool is_deleting = ms_str_is(ms_json_text(status), "DELETING");
    ms_json_unref(status);
    return is_deleting ? ms_api_fail(call, MS_API_ERROR_STATE_MACHINE_DELETING, machine) : err;
  }
  case MSTEP_EEXISTS:
    return ms_api_fail(call, MS_API_ERROR_EXECUTION_ALREADY_EXISTS, ms_str_c(arn));
  case MSTEP_ESYNTAX:
    return bad_input(call, ms_api_text(call, "input"));
  default:
    return err;
  }
}
