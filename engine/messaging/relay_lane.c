/*
 * Order: what goes to a FIFO queue or topic in one group goes one after the other, in the order in which it came, also
 * when a try fails. A lane is there as long as something is in it.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "messaging/relay_item.h"

static int print_key(struct ms_buf *out, const struct ms_relay_item *item)
{
  ms_buf_str(out, item->content->texts[MS_RELAY_TEXT_TARGET]);
  ms_buf_put(out, "", 1);
  ms_buf_str(out, item->content->texts[MS_RELAY_TEXT_GROUP]);
  return out->error;
}

static int find_lane(struct ms_relay_lane **out, struct ms_map *lanes, struct ms_str key)
{
  *out = ms_map_get(lanes, key);
  if (*out != NULL) {
    return MSTEP_OK;
  }
  *out = ms_calloc(1, sizeof **out + key.len);
  if (*out == NULL || ms_map_put(lanes, key, *out, NULL) != 0) {
    ms_free(*out);
    return ms_error_nomem();
  }
  memcpy((*out)->key, key.data, key.len);
  (*out)->key_len = key.len;
  return MSTEP_OK;
}

int ms_relay_lane_join(struct ms_map *lanes, struct ms_relay_item *item)
{
  if (item->content->texts[MS_RELAY_TEXT_GROUP].data == NULL ||
      !ms_str_has_suffix(item->content->texts[MS_RELAY_TEXT_TARGET], ".fifo")) {
    return MSTEP_OK;
  }
  struct ms_relay_lane *lane = NULL;
  struct ms_buf key;
  ms_buf_init(&key, 0);
  int err = print_key(&key, item);
  err = err != 0 ? err : find_lane(&lane, lanes, ms_buf_view(&key));
  ms_buf_deinit(&key);
  if (err == 0) {
    item->lane = lane;
    item->lane_prev = lane->last;
    item->lane_next = NULL;
    *(lane->last == NULL ? &lane->first : &lane->last->lane_next) = item;
    lane->last = item;
  }
  return err;
}

struct ms_relay_item *ms_relay_lane_leave(struct ms_map *lanes, struct ms_relay_item *item)
{
  struct ms_relay_lane *lane = item->lane;
  if (lane == NULL) {
    return NULL;
  }
  bool was_first = lane->first == item;
  *(item->lane_prev == NULL ? &lane->first : &item->lane_prev->lane_next) = item->lane_next;
  *(item->lane_next == NULL ? &lane->last : &item->lane_next->lane_prev) = item->lane_prev;
  item->lane = NULL;
  item->lane_prev = item->lane_next = NULL;
  struct ms_relay_item *first = lane->first;
  if (first == NULL) {
    ms_map_remove(lanes, (struct ms_str){lane->key, lane->key_len});
    ms_free(lane);
  }
  return was_first ? first : NULL;
}

bool ms_relay_lane_is_first(const struct ms_relay_item *item)
{
  return item->lane == NULL || item->lane->first == item;
}
