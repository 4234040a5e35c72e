/* What batches and transactions share. */
#include "messaging/table_many.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/map.h"

int ms_table_many_init(struct ms_table_many *many, size_t capacity)
{
  *many = (struct ms_table_many){.capacity = capacity};
  many->items = ms_calloc(capacity == 0 ? 1 : capacity, sizeof *many->items);
  return many->items == NULL ? ms_error_nomem() : MSTEP_OK;
}

void ms_table_many_deinit(struct ms_table_many *many)
{
  for (size_t i = 0; i < many->count; i++) {
    ms_table_item_deinit(&many->items[i]);
  }
  ms_free(many->items);
}

int ms_table_many_add(struct ms_table_many *many, struct ms_tables *tables, struct ms_json request,
                      enum ms_table_intent intent, struct ms_queue_refusal *why)
{
  return ms_table_item_init(&many->items[many->count++], tables, request, intent, why);
}

int ms_table_many_check(const struct ms_table_many *many, const char *text,
                        struct ms_queue_refusal *why)
{
  struct ms_map seen;
  int err = MSTEP_OK;
  ms_map_init(&seen, 7);
  for (size_t i = 0; i < many->count && err == 0; i++) {
    struct ms_buf key;
    ms_buf_init(&key, 0);
    ms_table_put_key(&key, many->items[i].table, many->items[i].key);
    err = key.error;
    if (err == 0 && ms_map_has(&seen, ms_buf_view(&key))) {
      err = ms_table_invalid(why, "%s", text);
    }
    err = err != 0 ? err : ms_map_put(&seen, ms_buf_view(&key), &seen, NULL);
    ms_buf_deinit(&key);
  }
  ms_map_deinit(&seen);
  return err;
}

static bool is_first_of_table(const struct ms_table_many *many, size_t index)
{
  for (size_t i = 0; i < index; i++) {
    if (many->items[i].table == many->items[index].table) {
      return false;
    }
  }
  return true;
}

int ms_table_many_capacity(struct ms_json *reply, struct ms_json request,
                           const struct ms_table_many *many, unsigned factor)
{
  struct ms_json list = ms_json_array(1);
  int err = MSTEP_OK;
  for (size_t i = 0; ms_table_wants_capacity(request) && i < many->count && err == 0; i++) {
    double units = 0;
    for (size_t j = i; is_first_of_table(many, i) && j < many->count; j++) {
      const struct ms_table_item *item = &many->items[j];
      if (item->table == many->items[i].table) {
        units += factor == 0 ? ms_table_read_units(ms_table_item_size(item->old), false)
                             : factor * ms_table_write_units(item);
      }
    }
    if (units > 0) {
      err = ms_json_push(&list, ms_table_capacity(request, many->items[i].table, NULL, units));
    }
  }
  if (err != 0 || !ms_table_wants_capacity(request)) {
    ms_json_unref(list);
    return err;
  }
  return ms_json_setc(reply, "ConsumedCapacity", list);
}

int ms_table_many_save(struct ms_table_many *many, struct ms_tables *tables)
{
  struct ms_table_before *before = ms_calloc(many->count, sizeof *before);
  struct ms_table_change change;
  if (before == NULL) {
    return ms_error_nomem();
  }
  ms_table_change_init(&change, &tables->rows);
  int err = MSTEP_OK;
  size_t count = 0;
  for (; count < many->count && err == 0; count++) {
    struct ms_table_item *item = &many->items[count];
    ms_table_before(&before[count], item->table);
    err = ms_table_write(&change, item->table, item->old, item->new_item, false);
  }
  if (err != 0) {
    ms_table_change_drop(&change);
  } else if (change.first != NULL) {
    err = ms_table_change_commit(&change);
  }
  while (err != 0 && count-- > 0) {
    ms_table_back(&before[count]);
  }
  ms_free(before);
  return err;
}
