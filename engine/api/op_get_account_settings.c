/* GetAccountSettings: limits, and how much of them is in use. */
#include "api/function_config.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_MEMBER_END};

/* Functions that are there, and the bytes of their code. */
static int count_all(int64_t *count, int64_t *bytes, struct ms_api_call *call)
{
  struct ms_json names;
  struct ms_invoke *invoke = ms_api_invoke(call);
  int err = ms_invoke_names(&names, invoke);
  *count = *bytes = 0;
  for (size_t i = 0; i < ms_json_count(names) && err == 0; i++) {
    int64_t size = 0;
    const struct ms_function_name name = {.name = ms_json_text(ms_json_at(names, i))};
    struct ms_json row = ms_invoke_row(invoke, name.name);
    *count += ms_invoke_has(invoke, &name);
    ms_json_to_int(&size, ms_json_getc(ms_json_getc(row, "Configuration"), "CodeSize"));
    *bytes += size;
  }
  ms_json_unref(names);
  return err;
}

static int run(struct ms_api_call *call)
{
  int64_t count, bytes;
  struct ms_buf text;
  struct ms_invoke *invoke = ms_api_invoke(call);
  int err = count_all(&count, &bytes, call);
  if (err != 0) {
    return err;
  }
  ms_buf_init(&text, 0);
  ms_buf_printf(&text,
                "{\"AccountLimit\":{\"TotalCodeSize\":80530636800,\"CodeSizeUnzipped\":262144000,"
                "\"CodeSizeZipped\":52428800,\"ConcurrentExecutions\":%u,"
                "\"UnreservedConcurrentExecutions\":%lld},\"AccountUsage\":{\"TotalCodeSize\":%lld,"
                "\"FunctionCount\":%lld}}",
                ms_invoke_account_max(invoke), (long long)ms_invoke_unreserved(invoke, MS_STR("")),
                (long long)bytes, (long long)count);
  return ms_api_reply_buf(call, &text);
}

const struct ms_op ms_op_get_account_settings = {members, run};
