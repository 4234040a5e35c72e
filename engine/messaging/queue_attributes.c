/* What can be set of a queue: rows of queue_attributes.def, checked, and as the numbers that the
 * others use. */
#include <stdio.h>

#include "base/error.h"
#include "messaging/queue_internal.h"

#define POLICY_SOURCES_MAX 10
#define RECEIVES_MAX 1000

enum where { ANY, FIFO };

struct attribute {
  const char *name;
  bool (*is_fine)(const struct attribute *row, struct ms_str value);
  int64_t min, max;
  const char *standard;
  enum where where;
};

/* ---- the kinds ---- */

static bool to_number(int64_t *out, struct ms_str text)
{
  int64_t value = 0;
  for (size_t i = 0; i < text.len; i++) {
    if (text.data[i] < '0' || text.data[i] > '9' || value > 1000000000) {
      return false;
    }
    value = value * 10 + (text.data[i] - '0');
  }
  *out = value;
  return text.len > 0;
}

static bool is_NUMBER(const struct attribute *row, struct ms_str value)
{
  int64_t number;
  return to_number(&number, value) && number >= row->min && number <= row->max;
}

static bool is_BOOLEAN(const struct attribute *row, struct ms_str value)
{
  (void)row;
  return ms_str_is(value, "true") || ms_str_is(value, "false");
}

static bool is_FIXED(const struct attribute *row, struct ms_str value)
{
  return ms_str_is(value, row->standard);
}

static bool is_SCOPE(const struct attribute *row, struct ms_str value)
{
  (void)row;
  return ms_str_is(value, "queue") || ms_str_is(value, "messageGroup");
}

static bool is_THROUGHPUT(const struct attribute *row, struct ms_str value)
{
  (void)row;
  return ms_str_is(value, "perQueue") || ms_str_is(value, "perMessageGroupId");
}

static bool is_TEXT(const struct attribute *row, struct ms_str value)
{
  (void)row;
  (void)value;
  return true;
}

/* The count may be a number or its text. */
static bool read_count(int64_t *out, struct ms_json value)
{
  bool is_read =
      ms_json_is_string(value) ? to_number(out, ms_json_text(value)) : ms_json_to_int(out, value);
  return is_read && *out >= 1 && *out <= RECEIVES_MAX;
}

static bool is_REDRIVE(const struct attribute *row, struct ms_str value)
{
  struct ms_json policy;
  int64_t count;
  (void)row;
  if (value.len == 0) {
    return true;
  }
  if (ms_json_parse(&policy, value, NULL, NULL) != 0) {
    return false;
  }
  bool is_fine = ms_json_text(ms_json_getc(policy, "deadLetterTargetArn")).len > 0 &&
                 read_count(&count, ms_json_getc(policy, "maxReceiveCount"));
  ms_json_unref(policy);
  return is_fine;
}

static bool is_ALLOW(const struct attribute *row, struct ms_str value)
{
  struct ms_json policy;
  (void)row;
  if (value.len == 0) {
    return true;
  }
  if (ms_json_parse(&policy, value, NULL, NULL) != 0) {
    return false;
  }
  struct ms_str permission = ms_json_text(ms_json_getc(policy, "redrivePermission"));
  struct ms_json sources = ms_json_getc(policy, "sourceQueueArns");
  bool is_by_queue = ms_str_is(permission, "byQueue");
  bool is_fine = is_by_queue
                     ? ms_json_count(sources) >= 1 && ms_json_count(sources) <= POLICY_SOURCES_MAX
                     : (ms_str_is(permission, "allowAll") || ms_str_is(permission, "denyAll")) &&
                           ms_json_is_none(sources);
  ms_json_unref(policy);
  return is_fine;
}

#define MS_QUEUE_ATTRIBUTE(name, kind, min, max, standard, where)                                  \
  {name, is_##kind, min, max, standard, where},
static const struct attribute attributes_of_queues[] = {
#include "messaging/queue_attributes.def"
};
#undef MS_QUEUE_ATTRIBUTE

#define ATTRIBUTE_COUNT (sizeof attributes_of_queues / sizeof *attributes_of_queues)

static const struct attribute *find(struct ms_str name)
{
  for (size_t i = 0; i < ATTRIBUTE_COUNT; i++) {
    if (ms_str_is(name, attributes_of_queues[i].name)) {
      return &attributes_of_queues[i];
    }
  }
  return NULL;
}

/* ---- one value ---- */

static struct ms_str value_of(const struct ms_queue *queue, struct ms_json set,
                              const struct attribute *row)
{
  struct ms_json value = ms_json_getc(set, row->name);
  if (ms_json_is_string(value)) {
    return ms_json_text(value);
  }
  bool has_standard = row->standard[0] != '\0' && (row->where == ANY || queue->settings.is_fifo);
  return has_standard ? ms_str_c(row->standard) : (struct ms_str){NULL, 0};
}

struct ms_str ms_queue_attribute(const struct ms_queue *queue, struct ms_str name)
{
  const struct attribute *row = find(name);
  return row == NULL ? (struct ms_str){NULL, 0} : value_of(queue, queue->attributes, row);
}

static int64_t number_of(const struct ms_queue *queue, struct ms_json set, const char *name)
{
  int64_t value = 0;
  to_number(&value, value_of(queue, set, find(ms_str_c(name))));
  return value;
}

/* ---- all of them, as numbers ---- */

int ms_queue_settings_read(struct ms_queue *queue, struct ms_json set, struct ms_queue_refusal *why)
{
  struct ms_queue_settings *settings = &queue->settings;
  struct ms_json policy = MS_JSON_VALUE_NONE;
  int64_t count = 0;
  struct ms_str text = ms_json_text(ms_json_getc(set, "RedrivePolicy"));
  (void)why;
  if (text.len > 0) {
    int err = ms_json_parse(&policy, text, NULL, NULL);
    if (err != 0) {
      return err;
    }
    read_count(&count, ms_json_getc(policy, "maxReceiveCount"));
  }
  settings->is_fifo = ms_str_has_suffix(ms_str_c(queue->name), ".fifo");
  settings->delay_s = number_of(queue, set, "DelaySeconds");
  settings->retention_s = number_of(queue, set, "MessageRetentionPeriod");
  settings->wait_s = number_of(queue, set, "ReceiveMessageWaitTimeSeconds");
  settings->visibility_s = number_of(queue, set, "VisibilityTimeout");
  settings->max_bytes = (size_t)number_of(queue, set, "MaximumMessageSize");
  settings->has_content_deduplication =
      ms_str_is(ms_json_text(ms_json_getc(set, "ContentBasedDeduplication")), "true");
  settings->is_deduplicated_by_group =
      ms_str_is(ms_json_text(ms_json_getc(set, "DeduplicationScope")), "messageGroup");
  settings->max_receives = (unsigned)count;
  ms_json_replace(&queue->policy, policy);
  settings->dead_letter_arn = ms_json_text(ms_json_getc(policy, "deadLetterTargetArn"));
  return MSTEP_OK;
}

/* ---- what was asked for ---- */

static bool may_redrive(const struct ms_queue *source, const struct ms_queue *target)
{
  struct ms_str text = ms_json_text(ms_json_getc(target->attributes, "RedriveAllowPolicy"));
  struct ms_json policy;
  if (text.len == 0 || ms_json_parse(&policy, text, NULL, NULL) != 0) {
    return true;
  }
  struct ms_str permission = ms_json_text(ms_json_getc(policy, "redrivePermission"));
  struct ms_json sources = ms_json_getc(policy, "sourceQueueArns");
  bool may = ms_str_is(permission, "allowAll");
  for (size_t i = 0; ms_str_is(permission, "byQueue") && i < ms_json_count(sources); i++) {
    may = may || ms_str_is(ms_json_text(ms_json_at(sources, i)), source->arn);
  }
  ms_json_unref(policy);
  return may;
}

static int bad_redrive(struct ms_queue_refusal *why, struct ms_str value, const char *reason)
{
  return ms_queue_refuse(why, "InvalidParameterValueException",
                         "Value %.*s for parameter RedrivePolicy is invalid. Reason: %s",
                         value.len > 300 ? 300 : (int)value.len, value.data, reason);
}

/* The other queue must be there, of the same kind, and let it. */
static int check_redrive(struct ms_queue *queue, struct ms_str value, struct ms_queue_refusal *why)
{
  struct ms_json policy;
  if (value.len == 0) {
    return MSTEP_OK;
  }
  int err = ms_json_parse(&policy, value, NULL, NULL);
  if (err != 0) {
    return err;
  }
  struct ms_str arn = ms_json_text(ms_json_getc(policy, "deadLetterTargetArn"));
  const struct ms_queue *target = ms_queue_find(queue->queues, arn);
  if (target == NULL) {
    err = bad_redrive(why, value, "Dead letter target does not exist.");
  } else if (target->settings.is_fifo != queue->settings.is_fifo) {
    err = bad_redrive(why, value, "Dead-letter queue must be same type of queue as the source.");
  } else if (!may_redrive(queue, target)) {
    err = bad_redrive(why, value,
                      "Queue is not permitted to use the dead-letter queue by its "
                      "RedriveAllowPolicy.");
  }
  ms_json_unref(policy);
  return err;
}

int ms_queue_attributes_check(struct ms_queue *queue, struct ms_json set, bool is_new,
                              struct ms_queue_refusal *why)
{
  int err = MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(set) && err == 0; i++) {
    struct ms_str name = ms_json_key(set, i);
    struct ms_json value = ms_json_member(set, i);
    const struct attribute *row = find(name);
    int shown = name.len > 200 ? 200 : (int)name.len;
    if (row == NULL ||
        (row->where == FIFO && !queue->settings.is_fifo && row->is_fine != is_FIXED)) {
      err =
          ms_queue_refuse(why, "InvalidAttributeName", "Unknown Attribute %.*s.", shown, name.data);
    } else if (row->is_fine == is_FIXED && !is_new) {
      err = ms_queue_refuse(why, "InvalidAttributeName",
                            "Unable to change the value of attribute %s.", row->name);
    } else if (!ms_json_is_string(value) || !row->is_fine(row, ms_json_text(value))) {
      err = ms_queue_refuse(why, "InvalidAttributeValue", "Invalid value for the parameter %s.",
                            row->name);
    } else if (row->is_fine == is_REDRIVE) {
      err = check_redrive(queue, ms_json_text(value), why);
    }
  }
  return err;
}

/* ---- as they are asked for ---- */

static int put_counter(struct ms_json *out, const char *name, uint64_t value)
{
  return ms_json_setc(out, name, ms_json_stringf("%llu", (unsigned long long)value));
}

static int put_others(struct ms_json *out, const struct ms_queue *queue)
{
  int err = ms_json_setc(out, "QueueArn", ms_json_cstring(queue->arn));
  err = err != 0
            ? err
            : put_counter(out, "ApproximateNumberOfMessages", queue->state_count[MS_QUEUE_READY]);
  err = err != 0 ? err
                 : put_counter(out, "ApproximateNumberOfMessagesNotVisible",
                               queue->state_count[MS_QUEUE_IN_FLIGHT]);
  err = err != 0 ? err
                 : put_counter(out, "ApproximateNumberOfMessagesDelayed",
                               queue->state_count[MS_QUEUE_DELAYED]);
  err = err != 0 ? err
                 : put_counter(out, "CreatedTimestamp", (uint64_t)(queue->created_at_ms / 1000));
  return err != 0
             ? err
             : put_counter(out, "LastModifiedTimestamp", (uint64_t)(queue->modified_at_ms / 1000));
}

static int describe_all(struct ms_json *out, const struct ms_queue *queue)
{
  *out = ms_json_object(ATTRIBUTE_COUNT + 6);
  int err = put_others(out, queue);
  for (size_t i = 0; i < ATTRIBUTE_COUNT && err == 0; i++) {
    struct ms_str value = value_of(queue, queue->attributes, &attributes_of_queues[i]);
    if (value.len > 0) {
      err = ms_json_setc(out, attributes_of_queues[i].name, ms_json_string(value));
    }
  }
  if (err == 0 && ms_json_is_string(ms_json_getc(queue->attributes, "KmsMasterKeyId")) &&
      ms_json_is_none(ms_json_getc(*out, "KmsDataKeyReusePeriodSeconds"))) {
    err = ms_json_setc(out, "KmsDataKeyReusePeriodSeconds", ms_json_cstring("300"));
  }
  return err;
}

int ms_queue_describe(struct ms_json *out, struct ms_queue *queue, struct ms_json names,
                      struct ms_queue_refusal *why)
{
  struct ms_json all, some = ms_json_object(4);
  bool is_all = false;
  ms_queue_refresh(queue);
  int err = describe_all(&all, queue);
  for (size_t i = 0; i < ms_json_count(names) && err == 0; i++) {
    struct ms_str name = ms_json_text(ms_json_at(names, i));
    struct ms_json value = ms_json_get(all, name);
    if (ms_str_is(name, "All")) {
      is_all = true;
    } else if (!ms_json_is_none(value)) {
      err = ms_json_set(&some, name, ms_json_ref(value));
    } else if (find(name) == NULL) {
      err = ms_queue_refuse(why, "InvalidAttributeName", "Unknown Attribute %.*s.",
                            name.len > 200 ? 200 : (int)name.len, name.data);
    }
  }
  if (err == 0 && ms_json_is_none(some)) {
    err = ms_error_nomem();
  }
  *out = err != 0 ? MS_JSON_VALUE_NONE : ms_json_ref(is_all ? all : some);
  ms_json_unref(all);
  ms_json_unref(some);
  return err;
}
