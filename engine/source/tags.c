/* Tags of mappings: TagResource, UntagResource and ListTags with a mapping's ARN. They change nothing else of it. */
#include "base/error.h"
#include "source/internal.h"

bool ms_mapping_is_arn(struct ms_str arn)
{
  struct ms_str rest = arn;
  for (int i = 0; i < 5; i++) { /* arn:PARTITION:lambda:REGION:ACCOUNT */
    rest = ms_str_sub(rest, ms_str_find(rest, 0, ':') + 1, rest.len);
  }
  return ms_str_has_prefix(arn, "arn:") && ms_str_has_prefix(rest, "event-source-mapping:");
}

static struct ms_mapping *asked(struct ms_sources *sources, struct ms_json request,
                                struct ms_queue_refusal *why)
{
  struct ms_str arn = ms_json_text(ms_json_getc(request, "Resource"));
  struct ms_str uuid = arn.len < 36 ? arn : ms_str_sub(arn, arn.len - 36, arn.len);
  struct ms_mapping *mapping = ms_mapping_find(sources, uuid);
  if (mapping == NULL || mapping->state == MS_MAPPING_DELETING) {
    ms_refuse(why, "ResourceNotFoundException", "The resource you requested does not exist.");
    return NULL;
  }
  return mapping;
}

/* Takes tags. */
static int save(struct ms_mapping *mapping, struct ms_json tags)
{
  struct ms_json row = ms_json_ref(mapping->row);
  struct ms_mapping *fresh;
  int err = ms_json_setc(&row, "Tags", tags);
  if (err != 0) {
    ms_json_unref(row);
    return err;
  }
  err = ms_mapping_new(&fresh, mapping->sources, row);
  if (err != 0) {
    return err;
  }
  fresh->state = mapping->state;
  err = ms_resource_save(&mapping->sources->env->ledger, MS_MAPPING_KIND, fresh->uuid, fresh->row);
  if (err != 0) {
    ms_mapping_free(fresh);
    return err;
  }
  ms_mapping_adopt(mapping, fresh);
  return MSTEP_OK;
}

static struct ms_json tags_of(const struct ms_mapping *mapping)
{
  struct ms_json tags = ms_json_getc(mapping->row, "Tags");
  return ms_json_is_none(tags) ? ms_json_object(2) : ms_json_ref(tags);
}

int ms_mapping_tag(struct ms_sources *sources, struct ms_json request, struct ms_json *reply,
                   struct ms_queue_refusal *why)
{
  struct ms_mapping *mapping = asked(sources, request, why);
  struct ms_json more = ms_json_getc(request, "Tags");
  if (mapping == NULL) {
    return MSTEP_EINVALID;
  }
  struct ms_json tags = tags_of(mapping);
  int err = MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(more) && err == 0; i++) {
    err = ms_json_set(&tags, ms_json_key(more, i), ms_json_ref(ms_json_member(more, i)));
  }
  if (err == 0 && ms_json_count(tags) > MS_MAPPING_TAGS_MAX) {
    err = ms_refuse(why, "InvalidParameterValueException",
                    "Number of tags exceeds resource tag limit.");
  }
  if (err != 0) {
    ms_json_unref(tags);
    return err;
  }
  *reply = ms_json_object(0);
  return save(mapping, tags);
}

int ms_mapping_untag(struct ms_sources *sources, struct ms_json request, struct ms_json *reply,
                     struct ms_queue_refusal *why)
{
  struct ms_mapping *mapping = asked(sources, request, why);
  struct ms_json keys = ms_json_getc(request, "TagKeys");
  if (mapping == NULL) {
    return MSTEP_EINVALID;
  }
  struct ms_json tags = tags_of(mapping);
  int err = MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(keys) && err == 0; i++) {
    err = ms_json_remove(&tags, ms_json_text(ms_json_at(keys, i)));
  }
  if (err != 0) {
    ms_json_unref(tags);
    return err;
  }
  *reply = ms_json_object(0);
  return save(mapping, tags);
}

int ms_mapping_list_tags(struct ms_sources *sources, struct ms_json request, struct ms_json *reply,
                         struct ms_queue_refusal *why)
{
  const struct ms_mapping *mapping = asked(sources, request, why);
  if (mapping == NULL) {
    return MSTEP_EINVALID;
  }
  *reply = ms_json_object(1);
  return ms_json_setc(reply, "Tags", tags_of(mapping));
}
