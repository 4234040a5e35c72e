/* The operations on mappings: what changes in the ledger and in memory, and the replies. */
#include "base/error.h"
#include "source/internal.h"

#define PAGE 100

static struct ms_str text_of(struct ms_json object, const char *name)
{
  struct ms_json value = ms_json_getc(object, name);
  return ms_json_is_string(value) ? ms_json_text(value) : (struct ms_str){NULL, 0};
}

static int show(struct ms_json *reply, const struct ms_mapping *mapping)
{
  *reply = ms_mapping_show(mapping);
  return ms_json_is_none(*reply) ? ms_error_nomem() : MSTEP_OK;
}

static struct ms_mapping *asked(struct ms_sources *sources, struct ms_json request,
                                struct ms_queue_refusal *why)
{
  struct ms_mapping *mapping = ms_mapping_find(sources, text_of(request, "UUID"));
  if (mapping == NULL) {
    ms_refuse(why, "ResourceNotFoundException", "The resource you requested does not exist.");
  }
  return mapping;
}

/* One that is on its way to another state cannot be changed. */
static int refuse_busy(const struct ms_mapping *mapping, const char *verb,
                       struct ms_queue_refusal *why)
{
  bool is_stable = mapping->state == MS_MAPPING_ENABLED || mapping->state == MS_MAPPING_DISABLED;
  return is_stable ? MSTEP_OK
                   : ms_refuse(why, "ResourceInUseException",
                               "Cannot %s the event source mapping because it is in use.", verb);
}

static int refuse_twice(struct ms_sources *sources, struct ms_json row, struct ms_str uuid,
                        struct ms_queue_refusal *why)
{
  struct ms_str source = text_of(row, "EventSourceArn"), function = text_of(row, "FunctionArn");
  for (const struct ms_mapping *one = sources->first; one != NULL; one = one->next) {
    if (ms_str_eq(one->source_arn, source) && ms_str_eq(one->function_arn, function) &&
        !ms_str_eq(one->uuid, uuid) && one->state != MS_MAPPING_DELETING) {
      return one->type->is_stream
                 ? ms_refuse(why, "ResourceConflictException",
                             "The event source arn (\" %.*s \") and function (\" %.*s \") provided "
                             "mapping already exists. Please update or delete the existing mapping "
                             "with UUID %.*s",
                             MS_STR_ARG(source), MS_STR_ARG(one->function.name),
                             MS_STR_ARG(one->uuid))
                 : ms_refuse(
                       why, "ResourceConflictException",
                       "An event source mapping with SQS arn (\" %.*s \") and function (\" "
                       "%.*s \") already exists. Please update or delete the existing mapping "
                       "with UUID %.*s",
                       MS_STR_ARG(source), MS_STR_ARG(one->function.name), MS_STR_ARG(one->uuid));
    }
  }
  return MSTEP_OK;
}

static int stamp(struct ms_json *row, const struct ms_sources *sources)
{
  return ms_json_setc(row, "LastModified",
                      ms_json_double((double)ms_sources_now_ms(sources) / 1000));
}

/* ---- making ---- */

static int name_row(struct ms_json *row, struct ms_sources *sources)
{
  char uuid[37];
  ms_random_uuid(sources->env->random, uuid);
  int err = ms_json_setc(row, "UUID", ms_json_cstring(uuid));
  err = err != 0 ? err : ms_json_setc(row, "CreatedAt", ms_json_int(ms_sources_now_ms(sources)));
  return err != 0 ? err : stamp(row, sources);
}

static int save_new(struct ms_mapping *mapping, struct ms_queue_refusal *why)
{
  const struct ms_ledger *ledger = &mapping->sources->env->ledger;
  struct ms_batch *batch = NULL;
  int err = ledger->begin(&batch, ledger->user);
  if (err != 0) {
    return err;
  }
  struct ms_batch_mark mark = {0};
  if (batch != NULL) {
    mark = ms_batch_mark(batch);
  }
  ms_resource_put(batch, MS_MAPPING_KIND, mapping->uuid, mapping->row);
  err = mapping->type->begin == NULL ? MSTEP_OK : mapping->type->begin(batch, mapping, why);
  if (err != 0 && batch != NULL) {
    ms_batch_back(batch, mark);
  }
  int end = ledger->end(ledger->user);
  return err != 0 ? err : end;
}

int ms_mapping_create(struct ms_sources *sources, struct ms_json request, struct ms_json *reply,
                      struct ms_queue_refusal *why)
{
  struct ms_json row;
  struct ms_mapping *mapping;
  int err = ms_mapping_check(&row, sources, MS_JSON_VALUE_NONE, request, why);
  err = err != 0 ? err : refuse_twice(sources, row, MS_STR(""), why);
  err = err != 0 ? err : name_row(&row, sources);
  if (err != 0) {
    ms_json_unref(row);
    return err;
  }
  err = ms_mapping_new(&mapping, sources, row);
  if (err != 0) {
    return err;
  }
  mapping->state = MS_MAPPING_CREATING;
  err = show(reply, mapping);
  err = err != 0 ? err : save_new(mapping, why);
  if (err != 0) {
    ms_mapping_free(mapping);
    return err;
  }
  ms_mapping_link(mapping);
  ms_sources_settle(sources);
  return MSTEP_OK;
}

/* ---- looking ---- */

int ms_mapping_get(struct ms_sources *sources, struct ms_json request, struct ms_json *reply,
                   struct ms_queue_refusal *why)
{
  const struct ms_mapping *mapping = asked(sources, request, why);
  return mapping == NULL ? MSTEP_EINVALID : show(reply, mapping);
}

/* What FunctionName asks for: the function, or one of its versions. */
static bool is_of(const struct ms_mapping *mapping, struct ms_json request)
{
  const struct ms_str none = {NULL, 0};
  struct ms_str source = text_of(request, "EventSourceArn");
  struct ms_str text = text_of(request, "FunctionName");
  struct ms_function_name name;
  if (source.data != NULL && !ms_str_eq(source, mapping->source_arn)) {
    return false;
  }
  return text.data == NULL ||
         (ms_function_name_parse(&name, mapping->sources->up.invoke, text, none) == 0 &&
          ms_str_eq(name.name, mapping->function.name) &&
          ms_str_eq(name.qualifier, mapping->function.qualifier));
}

/* The marker is the last UUID that was shown. */
int ms_mapping_list(struct ms_sources *sources, struct ms_json request, struct ms_json *reply,
                    struct ms_queue_refusal *why)
{
  struct ms_str marker = text_of(request, "Marker"), last = {NULL, 0};
  size_t max = (size_t)ms_mapping_int(request, "MaxItems", PAGE);
  bool has_begun = marker.len == 0, has_more = false;
  struct ms_json list = ms_json_array(0);
  int err = MSTEP_OK;
  (void)why;
  max = max > PAGE ? PAGE : max;
  for (const struct ms_mapping *one = sources->first; one != NULL && err == 0 && !has_more;
       one = one->next) {
    if (has_begun && is_of(one, request)) {
      has_more = ms_json_count(list) == max;
      if (!has_more) {
        last = one->uuid;
        err = ms_json_push(&list, ms_mapping_show(one));
      }
    }
    has_begun = has_begun || ms_str_eq(one->uuid, marker);
  }
  *reply = ms_json_object(2);
  int set = ms_json_setc(reply, "EventSourceMappings", list);
  if (set == 0 && has_more) {
    set = ms_json_setc(reply, "NextMarker", ms_json_string(last));
  }
  return err != 0 ? err : set;
}

/* ---- changing ---- */

/* The row (taken) in the ledger, then in memory. */
static int change(struct ms_mapping *mapping, struct ms_json row, struct ms_json *reply)
{
  struct ms_sources *sources = mapping->sources;
  struct ms_mapping *fresh;
  int err = ms_mapping_new(&fresh, sources, row);
  if (err != 0) {
    return err;
  }
  fresh->result = mapping->result;
  fresh->state = fresh->is_enabled == mapping->is_enabled ? MS_MAPPING_UPDATING
                 : fresh->is_enabled                      ? MS_MAPPING_ENABLING
                                                          : MS_MAPPING_DISABLING;
  err = show(reply, fresh);
  err = err != 0
            ? err
            : ms_resource_save(&sources->env->ledger, MS_MAPPING_KIND, fresh->uuid, fresh->row);
  if (err != 0) {
    ms_mapping_free(fresh);
    return err;
  }
  ms_mapping_adopt(mapping, fresh);
  ms_sources_settle(sources);
  return MSTEP_OK;
}

int ms_mapping_update(struct ms_sources *sources, struct ms_json request, struct ms_json *reply,
                      struct ms_queue_refusal *why)
{
  struct ms_mapping *mapping = asked(sources, request, why);
  struct ms_json row = MS_JSON_VALUE_NONE;
  int err = mapping == NULL ? MSTEP_EINVALID : refuse_busy(mapping, "update", why);
  err = err != 0 ? err : ms_mapping_check(&row, sources, mapping->row, request, why);
  err = err != 0 ? err : refuse_twice(sources, row, mapping->uuid, why);
  err = err != 0 ? err : stamp(&row, sources);
  if (err != 0) {
    ms_json_unref(row);
    return err;
  }
  return change(mapping, row, reply);
}

int ms_mapping_delete(struct ms_sources *sources, struct ms_json request, struct ms_json *reply,
                      struct ms_queue_refusal *why)
{
  struct ms_mapping *mapping = asked(sources, request, why);
  const struct ms_ledger *ledger = &sources->env->ledger;
  struct ms_batch *batch = NULL;
  int err = mapping == NULL ? MSTEP_EINVALID : refuse_busy(mapping, "delete", why);
  if (err != 0) {
    return err;
  }
  enum ms_mapping_state state = mapping->state;
  mapping->state = MS_MAPPING_DELETING;
  err = show(reply, mapping);
  err = err != 0 ? err : ledger->begin(&batch, ledger->user);
  if (err == 0) {
    ms_resource_remove(batch, MS_MAPPING_KIND, mapping->uuid);
    if (mapping->type->end != NULL) {
      mapping->type->end(batch, mapping);
    }
    err = ledger->end(ledger->user);
  }
  if (err != 0) {
    mapping->state = state;
    return err;
  }
  ms_sources_settle(sources);
  return MSTEP_OK;
}
