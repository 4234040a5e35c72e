/* ListStateMachineVersions, the latest first. A token is the number of the last of a page. */
#include <stdlib.h>

#include "api/members.h"
#include "base/error.h"
#include "runtime/catalog.h"

static const struct ms_api_member members[] = {
    MS_MEMBER_ARN("stateMachineArn", true), MS_MEMBER_MAX_RESULTS, MS_MEMBER_NEXT_TOKEN,
    MS_MEMBER_END};

static uint32_t number_of(struct ms_str arn)
{
  size_t at = arn.len;
  while (at > 0 && arn.data[at - 1] != ':') {
    at--;
  }
  return (uint32_t)strtoul(arn.data + at, NULL, 10);
}

/* The one with the greatest number below that one; data NULL: there is none. */
static struct ms_str version_below(struct ms_json *date, struct ms_engine *engine,
                                   struct ms_str machine, uint32_t below)
{
  struct ms_str found = {NULL, 0}, name;
  struct ms_json value;
  for (uint64_t at = 0; ms_catalog_next(&name, &value, &at, engine, "version");) {
    uint32_t number = number_of(name);
    if (number < below && ms_str_eq(ms_json_text(ms_json_getc(value, "machine")), machine) &&
        (found.data == NULL || number > number_of(found))) {
      found = name;
      *date = ms_json_getc(value, "creationDate");
    }
  }
  return found;
}

static int add(struct ms_json *items, struct ms_str arn, struct ms_json date)
{
  struct ms_json item = ms_api_object("stateMachineVersionArn", ms_json_string(arn));
  int err = ms_json_setc(&item, "creationDate", ms_json_ref(date));
  if (err != 0) {
    ms_json_unref(item);
    return err;
  }
  return ms_json_push(items, item);
}

static int run(struct ms_api_call *call)
{
  struct ms_str machine = ms_api_arn(call, "stateMachineArn", "stateMachine");
  struct ms_str token = ms_api_text(call, "nextToken");
  if (machine.data == NULL) {
    return MSTEP_OK;
  }
  uint32_t below = token.data == NULL ? UINT32_MAX : (uint32_t)strtoul(token.data, NULL, 10);
  if (below == 0) {
    return ms_api_fail(call, MS_API_ERROR_INVALID_TOKEN, MS_STR(""));
  }
  int64_t max = ms_api_int(call, "maxResults", 0);
  struct ms_json items = ms_json_array(0), date = MS_JSON_VALUE_NONE;
  struct ms_engine *engine = ms_api_engine(call);
  int err = MSTEP_OK;
  struct ms_str next = version_below(&date, engine, machine, below);
  while (err == 0 && next.data != NULL &&
         ms_json_count(items) < (max <= 0 ? 100u : (size_t)max)) {
    err = add(&items, next, date);
    below = number_of(next);
    next = version_below(&date, engine, machine, below);
  }
  if (err != 0) {
    ms_json_unref(items);
    return err;
  }
  struct ms_json reply = ms_api_object("stateMachineVersions", items);
  if (next.data != NULL &&
      ms_json_setc(&reply, "nextToken", ms_json_stringf("%u", (unsigned)below)) != 0) {
    ms_json_unref(reply);
    return ms_error_nomem();
  }
  return ms_api_reply_json(call, reply);
}

const struct ms_op ms_op_list_machine_versions = {members, run};
