/* ListMapRuns of an execution, in the order in which they began. */
#include "api/catalog_list.h"
#include "base/error.h"

static const struct ms_api_member members[] = {MS_MEMBER_ARN("executionArn", true),
                                               MS_MEMBER_MAX_RESULTS, MS_MEMBER_NEXT_TOKEN,
                                               MS_MEMBER_END};

static bool is_wanted(const struct ms_api_call *call, struct ms_str name, struct ms_json value)
{
  (void)name;
  return ms_str_eq(ms_json_text(ms_json_getc(value, "executionArn")),
                   ms_api_text(call, "executionArn"));
}

/* "arn:...:mapRun:MACHINE/LABEL:UUID" -> "arn:...:stateMachine:MACHINE/LABEL" */
static struct ms_json machine_of(struct ms_str run)
{
  size_t at = 0;
  for (int colons = 0; at < run.len && colons < 5; at++) {
    colons += run.data[at] == ':';
  }
  size_t name = at + sizeof "mapRun:" - 1;
  return ms_json_stringf("%.*sstateMachine:%.*s", (int)at, run.data,
                         MS_STR_ARG(ms_str_sub(run, name, ms_str_find(run, name, ':'))));
}

static struct ms_json item(struct ms_str name, struct ms_json value)
{
  static const char *const kept[] = {"executionArn", "mapRunArn", "startDate", "stopDate"};
  struct ms_json out = ms_json_object(5);
  int err = ms_json_setc(&out, "stateMachineArn", machine_of(name));
  for (size_t i = 0; err == 0 && i < sizeof kept / sizeof kept[0]; i++) {
    struct ms_json member = ms_json_getc(value, kept[i]);
    if (!ms_json_is_none(member)) {
      err = ms_json_setc(&out, kept[i], ms_json_ref(member));
    }
  }
  if (err == 0) {
    return out;
  }
  ms_json_unref(out);
  return MS_JSON_VALUE_NONE;
}

static int run(struct ms_api_call *call)
{
  static const struct ms_api_catalog_list list = {
      .kind = "map-run", .member = "mapRuns", .is_wanted = is_wanted, .item = item};
  struct ms_str arn = ms_api_arn(call, "executionArn", "execution");
  if (arn.data == NULL) {
    return MSTEP_OK;
  }
  struct ms_json status = ms_api_described(call, ms_engine_execution_describe, arn, "status");
  if (ms_json_is_none(status)) {
    return ms_api_fail(call, MS_API_ERROR_EXECUTION_DOES_NOT_EXIST, arn);
  }
  ms_json_unref(status);
  return ms_api_catalog_list(call, &list);
}

const struct ms_op ms_op_list_map_runs = {members, run};
