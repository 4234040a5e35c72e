/* A Task's Resource ARN, taken apart. Whether it is acceptable is asl's to say, not ours. */
#include "asl/state_type.h"
#include "core/core.h"
#include "core/decision.h"

/* Moves *text behind the next ':' and returns what stood before it. */
static struct ms_str next_part(struct ms_str *text)
{
  size_t end = ms_str_find(*text, 0, ':');
  struct ms_str part = ms_str_sub(*text, 0, end);
  *text = ms_str_sub(*text, end < text->len ? end + 1 : end, text->len);
  return part;
}

void ms_resource_parse(struct ms_resource *out, struct ms_str arn)
{
  *out = (struct ms_resource){.kind = MS_RESOURCE_SERVICE, .arn = arn};
  struct ms_str rest = arn;
  next_part(&rest); /* arn */
  next_part(&rest); /* partition */
  struct ms_str service = next_part(&rest);
  next_part(&rest); /* region: some write one for services too */
  next_part(&rest); /* account */
  if (ms_str_is(service, "lambda")) {
    out->kind = MS_RESOURCE_LAMBDA;
    next_part(&rest); /* function */
    out->name = next_part(&rest);
    return;
  }
  if (ms_str_has_prefix(rest, "activity:")) {
    out->kind = MS_RESOURCE_ACTIVITY;
    next_part(&rest); /* activity */
    out->name = rest;
    return;
  }
  struct ms_str body = rest;
  struct ms_str first = next_part(&rest);
  if (ms_str_is(first, "aws-sdk"))
    first = (struct ms_str){body.data, first.len + 1 + next_part(&rest).len};
  out->type = first;
  out->action = rest;
  out->waits_for_token = ms_str_has_suffix(rest, ".waitForTaskToken");
  out->is_sync = ms_str_has_suffix(rest, ".sync") || ms_str_has_suffix(rest, ".sync:2");
}

void ms_core_resource(struct ms_resource *out, const struct ms_machine *machine, uint32_t state)
{
  if (machine->states[state]->type->flows != NULL) {
    *out = (struct ms_resource){.kind = MS_RESOURCE_MAP};
    return;
  }
  ms_resource_parse(out, ((const struct ms_state_task_fields *)machine->states[state])->resource);
}
