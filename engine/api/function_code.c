/* Code of functions as requests bring it, and what of it a configuration shows. */
#include "api/function_config.h"
#include "base/base64.h"
#include "base/digest.h"
#include "base/error.h"

const struct ms_api_member ms_api_code_members[] = {MS_MEMBERS_CODE, MS_MEMBER_END};

int ms_api_configuration_code(struct ms_json *configuration, struct ms_api_call *call,
                              struct ms_json code)
{
  unsigned char hash[MS_SHA256_SIZE];
  struct ms_buf bytes, text;
  ms_buf_init(&bytes, 0);
  ms_buf_init(&text, 0);
  int err = ms_invoke_zip_bytes(&bytes, code);
  err = err != 0 ? err : ms_digest_sha256(hash, ms_buf_view(&bytes));
  if (err == 0) {
    ms_base64_encode(&text, (struct ms_str){(const char *)hash, sizeof hash});
    err = ms_json_setc(configuration, "CodeSha256", ms_json_string(ms_buf_view(&text)));
  }
  err = err != 0 ? err : ms_json_setc(configuration, "CodeSize", ms_json_int((int64_t)bytes.len));
  err = err != 0 ? err : ms_json_setc(configuration, "RevisionId", ms_api_new_revision(call));
  ms_buf_deinit(&bytes);
  ms_buf_deinit(&text);
  return err;
}

static int refuse(struct ms_api_call *call, struct ms_str text)
{
  ms_api_fail(call, MS_API_ERROR_INVALID_PARAMETER_VALUE, text);
  return MSTEP_ESTATE;
}

/* AWS's words, and ours behind them. */
static int refuse_zip(struct ms_api_call *call, const char *why)
{
  ms_api_fail_f(call, MS_API_ERROR_INVALID_PARAMETER_VALUE,
                "Could not unzip uploaded file. Please check your file, then try to upload again. "
                "(%s)",
                why);
  return MSTEP_ESTATE;
}

/* What does not load, or is no zip, is the request's fault. */
static int refuse_code(struct ms_api_call *call, int err)
{
  switch (err) {
  case MSTEP_ELUA:
  case MSTEP_EINVALID:
  case MSTEP_ETOOBIG:
  case MSTEP_ENOTFOUND:
    return refuse(call, ms_str_c(ms_error_detail()));
  default:
    return err;
  }
}

static int load_bytes(struct ms_json *code, struct ms_api_call *call, struct ms_str function,
                      struct ms_str bytes, struct ms_str handler)
{
  struct ms_invoke *invoke = ms_api_invoke(call);
  if (ms_str_has_prefix(bytes, "PK")) {
    int err = ms_invoke_load_zip(code, invoke, function, bytes, handler);
    return err == MSTEP_EINVALID ? refuse_zip(call, ms_error_detail()) : refuse_code(call, err);
  }
  if (bytes.len == 0 || memchr(bytes.data, '\0', bytes.len) != NULL) {
    return refuse_zip(call, "it is no zip file");
  }
  return refuse_code(call, ms_invoke_load_source(code, invoke, function, bytes));
}

int ms_api_code_load(struct ms_json *code, struct ms_api_call *call, struct ms_str function,
                     struct ms_json source, struct ms_str handler)
{
  struct ms_json text = ms_json_getc(source, "Source");
  struct ms_json zip = ms_json_getc(source, "ZipFile");
  *code = MS_JSON_VALUE_NONE;
  if (ms_json_is_string(text)) {
    return refuse_code(
        call, ms_invoke_load_source(code, ms_api_invoke(call), function, ms_json_text(text)));
  }
  if (ms_json_is_string(ms_json_getc(source, "ImageUri"))) {
    return refuse(call, MS_STR("Source image is not valid: functions here are Lua, as a zip file "
                               "(ZipFile) or as text (Source)."));
  }
  if (ms_json_is_string(ms_json_getc(source, "S3Bucket"))) {
    return refuse(call, MS_STR("Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 "
                               "Error Message: The specified bucket does not exist"));
  }
  if (!ms_json_is_string(zip)) {
    return refuse(call, MS_STR("Please provide a source for function code."));
  }
  struct ms_buf bytes;
  ms_buf_init(&bytes, 0);
  int err = ms_base64_decode_lenient(&bytes, ms_json_text(zip));
  err = bytes.error != 0 ? bytes.error : err;
  if (err == MSTEP_ENOMEM) {
    ms_buf_deinit(&bytes);
    return err;
  }
  err = err != 0 ? refuse_zip(call, "it is no base64")
                 : load_bytes(code, call, function, ms_buf_view(&bytes), handler);
  ms_buf_deinit(&bytes);
  return err;
}
