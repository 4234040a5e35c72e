/* What is kept about a table and asked by nobody here: its tags, whether it is to be backed up all the time. */
#include "base/error.h"
#include "messaging/resource.h"
#include "messaging/table_internal.h"
#include "messaging/tags.h"

/* Takes value. */
static int save_member(struct ms_item_table *table, const char *member, struct ms_json value)
{
  struct ms_table_change change;
  struct ms_json row = ms_json_ref(table->shape.row);
  ms_table_change_init(&change, &table->tables->rows);
  int err = ms_json_setc(&row, member, value);
  if (err == 0) {
    ms_table_change_resource(&change, "table", table->shape.name, row);
    err = ms_table_change_commit(&change);
  }
  if (err != 0) {
    ms_json_unref(row);
    return err;
  }
  ms_json_unref(table->shape.row);
  return ms_table_shape_read(&table->shape, row);
}

/* ---- tags ---- */

static struct ms_item_table *tagged(struct ms_tables *tables, struct ms_json request,
                                    struct ms_queue_refusal *why)
{
  struct ms_str arn = ms_table_text(request, "ResourceArn");
  struct ms_item_table *table = ms_table_by_arn(tables, arn);
  if (table == NULL) {
    ms_refuse(why, "ResourceNotFoundException",
              "Requested resource not found: ResourcArn: %.*s not "
              "found",
              arn.len > 300 ? 300 : (int)arn.len, arn.data);
  }
  return table;
}

int ms_table_tag(struct ms_tables *tables, struct ms_json request, struct ms_json *reply,
                 struct ms_queue_refusal *why)
{
  struct ms_item_table *table = tagged(tables, request, why);
  struct ms_json tags = MS_JSON_VALUE_NONE;
  (void)reply;
  int err = table == NULL ? MSTEP_EINVALID
                          : ms_tags_change(&tags, ms_json_getc(table->shape.row, "Tags"),
                                           MS_JSON_VALUE_NONE, ms_json_getc(request, "Tags"));
  if (err == 0 && ms_json_count(tags) > MS_TAGS_MAX) {
    err = ms_table_invalid(why, "One or more parameter values were invalid: Too many tags");
  }
  return err != 0 ? (ms_json_unref(tags), err) : save_member(table, "Tags", tags);
}

int ms_table_untag(struct ms_tables *tables, struct ms_json request, struct ms_json *reply,
                   struct ms_queue_refusal *why)
{
  struct ms_item_table *table = tagged(tables, request, why);
  struct ms_json tags = MS_JSON_VALUE_NONE;
  (void)reply;
  int err = table == NULL ? MSTEP_EINVALID
                          : ms_tags_change(&tags, ms_json_getc(table->shape.row, "Tags"),
                                           ms_json_getc(request, "TagKeys"), MS_JSON_VALUE_NONE);
  return err != 0 ? err : save_member(table, "Tags", tags);
}

int ms_table_tags(struct ms_tables *tables, struct ms_json request, struct ms_json *reply,
                  struct ms_queue_refusal *why)
{
  const struct ms_item_table *table = tagged(tables, request, why);
  return table == NULL ? MSTEP_EINVALID
                       : ms_tags_answer(reply, ms_json_getc(table->shape.row, "Tags"));
}

/* ---- backups: wanted or not; those of the store are its own ---- */

static int answer_backups(struct ms_json *reply, const struct ms_item_table *table)
{
  bool is_on = ms_json_is_true(ms_json_getc(table->shape.row, "PointInTimeRecovery"));
  struct ms_json point = ms_json_object(1), out = ms_json_object(2);
  int err = ms_json_setc(&point, "PointInTimeRecoveryStatus",
                         ms_json_cstring(is_on ? "ENABLED" : "DISABLED"));
  err |= ms_json_setc(&out, "ContinuousBackupsStatus", ms_json_cstring("ENABLED"));
  err |= ms_json_setc(&out, "PointInTimeRecoveryDescription", point);
  *reply = ms_json_object(1);
  int set = ms_json_setc(reply, "ContinuousBackupsDescription", out);
  return err != 0 ? MSTEP_ENOMEM : set;
}

int ms_table_describe_backups(struct ms_tables *tables, struct ms_json request,
                              struct ms_json *reply, struct ms_queue_refusal *why)
{
  const struct ms_item_table *table = ms_table_asked(tables, request, why);
  return table == NULL ? MSTEP_EINVALID : answer_backups(reply, table);
}

int ms_table_update_backups(struct ms_tables *tables, struct ms_json request, struct ms_json *reply,
                            struct ms_queue_refusal *why)
{
  struct ms_item_table *table = ms_table_asked(tables, request, why);
  struct ms_json asked = ms_json_getc(ms_json_getc(request, "PointInTimeRecoverySpecification"),
                                      "PointInTimeRecoveryEnabled");
  if (table == NULL) {
    return MSTEP_EINVALID;
  }
  if (!ms_json_is_bool(asked)) {
    return ms_table_invalid(why,
                            "1 validation error detected: Value null at "
                            "'pointInTimeRecoverySpecification.pointInTimeRecoveryEnabled' failed "
                            "to satisfy constraint: Member must not be null");
  }
  int err = save_member(table, "PointInTimeRecovery", ms_json_ref(asked));
  return err != 0 ? err : answer_backups(reply, table);
}
