/* Batches: up to ten entries, each carried out or refused by itself, answered when all that was
 * done is durable. */
#include "api/sqs.h"
#include "base/error.h"

#define BATCH_BYTES_MAX 1048576
#define ID_MAX 80

static bool is_id(struct ms_str id)
{
  for (size_t i = 0; i < id.len; i++) {
    char c = id.data[i];
    bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '-' || c == '_';
    if (!is_word) {
      return false;
    }
  }
  return id.len >= 1 && id.len <= ID_MAX;
}

/* What counts towards the limit of a batch: bodies and attributes. */
static size_t bytes_of(struct ms_json entry)
{
  struct ms_json attributes = ms_json_getc(entry, "MessageAttributes");
  size_t bytes = ms_json_text(ms_json_getc(entry, "MessageBody")).len;
  for (size_t i = 0; i < ms_json_count(attributes); i++) {
    struct ms_json attribute = ms_json_member(attributes, i);
    bytes += ms_json_key(attributes, i).len +
             ms_json_text(ms_json_getc(attribute, "DataType")).len +
             ms_json_text(ms_json_getc(attribute, "StringValue")).len +
             ms_json_text(ms_json_getc(attribute, "BinaryValue")).len / 4 * 3;
  }
  return bytes;
}

/* False: the call has been answered. */
static bool check_ids(struct ms_api_call *call, struct ms_json entries)
{
  for (size_t i = 0; i < ms_json_count(entries); i++) {
    struct ms_str id = ms_json_text(ms_json_getc(ms_json_at(entries, i), "Id"));
    if (!is_id(id)) {
      ms_sqs_fail_f(call, "InvalidBatchEntryId",
                    "A batch entry id can only contain alphanumeric characters, hyphens and "
                    "underscores. It can be at most 80 letters long.");
      return false;
    }
    for (size_t k = 0; k < i; k++) {
      if (ms_str_eq(id, ms_json_text(ms_json_getc(ms_json_at(entries, k), "Id")))) {
        ms_sqs_fail_f(call, "BatchEntryIdsNotDistinct", "Id %.*s repeated.", MS_STR_ARG(id));
        return false;
      }
    }
  }
  return true;
}

static bool check_batch(struct ms_api_call *call, const char *entry_name, struct ms_json entries)
{
  size_t count = ms_json_count(entries), bytes = 0;
  if (count == 0) {
    ms_sqs_fail_f(call, "EmptyBatchRequest", "There should be at least one %s in the request.",
                  entry_name);
    return false;
  }
  if (count > MS_QUEUE_MAX_MESSAGES) {
    ms_sqs_fail_f(call, "TooManyEntriesInBatchRequest",
                  "Maximum number of entries per request are 10. You have sent %zu.", count);
    return false;
  }
  for (size_t i = 0; i < count; i++) {
    bytes += bytes_of(ms_json_at(entries, i));
  }
  if (bytes > BATCH_BYTES_MAX) {
    ms_sqs_fail_f(call, "BatchRequestTooLong",
                  "Batch requests cannot be longer than %d bytes. You have sent %zu bytes.",
                  BATCH_BYTES_MAX, bytes);
    return false;
  }
  return check_ids(call, entries);
}

/* The code inside of a batch's answer is that of the Query protocol. */
static const char *code_of(const char *name)
{
  return strcmp(name, "InvalidParameterValueException") == 0      ? "InvalidParameterValue"
         : strcmp(name, "MissingRequiredParameterException") == 0 ? "MissingParameter"
         : strcmp(name, "MessageNotInflight") == 0 ? "AWS.SimpleQueueService.MessageNotInflight"
                                                   : name;
}

static int refused(struct ms_json *out, int err, const struct ms_queue_refusal *why)
{
  bool is_sender = err == MSTEP_EINVALID && why->name != NULL;
  int put = ms_json_setc(out, "SenderFault", ms_json_bool(is_sender));
  put = put != 0 ? put
                 : ms_json_setc(out, "Code",
                                ms_json_cstring(is_sender ? code_of(why->name) : "InternalError"));
  return put != 0 ? put
                  : ms_json_setc(out, "Message",
                                 ms_json_cstring(is_sender ? why->text : ms_error_text(err)));
}

static int run_entry(struct ms_json lists[2], struct ms_queue *queue, struct ms_json entry,
                     ms_sqs_entry_cb run)
{
  struct ms_queue_refusal why = {.name = NULL};
  struct ms_json answer = ms_json_object(6);
  int err = ms_json_setc(&answer, "Id", ms_json_ref(ms_json_getc(entry, "Id")));
  int result = MSTEP_OK;
  if (err == 0) {
    result = run(&answer, queue, entry, &why);
  }
  if (result == MSTEP_ENOMEM) {
    err = result;
  } else if (result != 0) {
    err = refused(&answer, result, &why);
  }
  if (err != 0) {
    ms_json_unref(answer);
    return err;
  }
  return ms_json_push(&lists[result != 0], answer);
}

int ms_sqs_batch(struct ms_api_call *call, const char *entry_name, ms_sqs_entry_cb run)
{
  struct ms_json entries = ms_api_get(call, "Entries");
  struct ms_queue *queue = ms_sqs_queue(call);
  if (queue == NULL || !check_batch(call, entry_name, entries)) {
    return MSTEP_OK;
  }
  struct ms_json lists[2] = {ms_json_array(10), ms_json_array(0)}, answer = ms_json_object(2);
  int err = ms_json_is_none(lists[0]) || ms_json_is_none(lists[1]) ? ms_error_nomem() : MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(entries) && err == 0; i++) {
    err = run_entry(lists, queue, ms_json_at(entries, i), run);
  }
  static const char *const names[] = {"Successful", "Failed"};
  for (int i = 0; i < 2 && err == 0; i++) {
    if (ms_json_count(lists[i]) > 0) {
      err = ms_json_setc(&answer, names[i], ms_json_ref(lists[i]));
    }
  }
  ms_json_unref(lists[0]);
  ms_json_unref(lists[1]);
  if (err != 0) {
    ms_json_unref(answer);
    return err;
  }
  ms_api_keep(call, answer);
  return ms_api_accept(call, ms_api_reply_kept);
}
