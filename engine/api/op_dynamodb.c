/*
 * DynamoDB and its streams: what an operation does is messaging/table.h's; here is how it is
 * refused, and that the
 * answer waits for the disk.
 */
#include "api/call.h"
#include "base/error.h"
#include "messaging/table.h"
#include "runtime/runtime.h"

static const struct {
  const char *name;
  enum ms_api_error error;
} refusals[] = {
    {"ValidationException", MS_API_ERROR_VALIDATION},
    {"SerializationException", MS_API_ERROR_SERIALIZATION},
    {"ResourceNotFoundException", MS_API_ERROR_TABLE_NOT_FOUND},
    {"ResourceInUseException", MS_API_ERROR_TABLE_IN_USE},
    {"LimitExceededException", MS_API_ERROR_EVENTS_LIMIT},
    {"ConditionalCheckFailedException", MS_API_ERROR_TABLE_CONDITION},
    {"TransactionCanceledException", MS_API_ERROR_TABLE_CANCELED},
    {"IdempotentParameterMismatchException", MS_API_ERROR_TABLE_MISMATCH},
    {"TrimmedDataAccessException", MS_API_ERROR_TABLE_TRIMMED},
    {"ExpiredIteratorException", MS_API_ERROR_TABLE_EXPIRED},
};

static int refuse(struct ms_api_call *call, const struct ms_queue_refusal *why,
                  struct ms_json members)
{
  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
    if (strcmp(why->name, refusals[i].name) == 0) {
      return ms_api_fail_also(call, refusals[i].error, ms_str_c(why->text), members);
    }
  }
  return ms_api_fail(call, MS_API_ERROR_VALIDATION, ms_str_c(why->text));
}

static int carry_out(struct ms_api_call *call, ms_table_operation operation)
{
  struct ms_tables *tables = ms_engine_driver(ms_api_engine(call), &ms_tables_driver);
  struct ms_queue_refusal why = {.name = NULL};
  struct ms_json reply = MS_JSON_VALUE_NONE;
  int err = operation(tables, ms_api_get(call, NULL), &reply, &why);
  if (err == MSTEP_EINVALID && why.name != NULL) {
    err = refuse(call, &why, reply);
    ms_json_unref(reply);
    return err;
  }
  if (err != 0) {
    ms_json_unref(reply);
    return err;
  }
  return ms_api_finish(call, ms_json_is_none(reply) ? ms_json_object(0) : reply);
}

/* What is required is said by the operations, which are called by others, too. */
static const struct ms_api_member members[] = {{.name = NULL}};

#define OPERATION(op, operation)                                                                   \
  static int run_##op(struct ms_api_call *call)                                                    \
  {                                                                                                \
    return carry_out(call, operation);                                                             \
  }                                                                                                \
  const struct ms_op op = {members, run_##op};

OPERATION(ms_op_dynamodb_create, ms_table_create)
OPERATION(ms_op_dynamodb_describe, ms_table_describe)
OPERATION(ms_op_dynamodb_list, ms_table_list)
OPERATION(ms_op_dynamodb_update, ms_table_update)
OPERATION(ms_op_dynamodb_delete, ms_table_delete)
OPERATION(ms_op_dynamodb_put_item, ms_table_put_item)
OPERATION(ms_op_dynamodb_get_item, ms_table_get_item)
OPERATION(ms_op_dynamodb_update_item, ms_table_update_item)
OPERATION(ms_op_dynamodb_delete_item, ms_table_delete_item)
OPERATION(ms_op_dynamodb_query, ms_table_query)
OPERATION(ms_op_dynamodb_scan, ms_table_scan)
OPERATION(ms_op_dynamodb_batch_get, ms_table_batch_get)
OPERATION(ms_op_dynamodb_batch_write, ms_table_batch_write)
OPERATION(ms_op_dynamodb_transact_get, ms_table_transact_get)
OPERATION(ms_op_dynamodb_transact_write, ms_table_transact_write)
OPERATION(ms_op_dynamodb_describe_expiry, ms_table_describe_expiry)
OPERATION(ms_op_dynamodb_update_expiry, ms_table_update_expiry)
OPERATION(ms_op_dynamodb_tag, ms_table_tag)
OPERATION(ms_op_dynamodb_untag, ms_table_untag)
OPERATION(ms_op_dynamodb_tags, ms_table_tags)
OPERATION(ms_op_dynamodb_describe_backups, ms_table_describe_backups)
OPERATION(ms_op_dynamodb_update_backups, ms_table_update_backups)
OPERATION(ms_op_dynamodb_list_streams, ms_table_list_streams)
OPERATION(ms_op_dynamodb_describe_stream, ms_table_describe_stream)
OPERATION(ms_op_dynamodb_shard_iterator, ms_table_shard_iterator)
OPERATION(ms_op_dynamodb_get_records, ms_table_get_records)
