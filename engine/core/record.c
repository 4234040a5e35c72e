/*
 * The documents that one execution remembers: which tree is which number. Found by number by
 * halving, by address from the end, or through a table of addresses once they are many.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "core/record_internal.h"

#define LINEAR_MAX 8 /* up to this many are looked through */
#define PRUNE_MAX 64 /* that are held, in one go */

void ms_documents_deinit(struct ms_documents *documents)
{
  for (size_t i = 0; i < documents->items.count; i++)
    ms_json_unref(documents->items.data[i].value);
  ms_json_unref(documents->input);
  ms_free(documents->items.data);
  ms_free(documents->slots);
  *documents = (struct ms_documents){.next = 0};
}

/* ---- the table of addresses ---- */

static size_t slot_of(const struct ms_documents *documents, struct ms_json value)
{
  uint64_t hash = (uint64_t)(uintptr_t)value.u.object * UINT64_C(0x9E3779B97F4A7C15);
  return (size_t)(hash >> 32) & (documents->slot_count - 1);
}

static void put_slot(struct ms_documents *documents, size_t place)
{
  size_t slot = slot_of(documents, documents->items.data[place].value);
  while (documents->slots[slot] != 0)
    slot = (slot + 1) & (documents->slot_count - 1);
  documents->slots[slot] = (uint32_t)place + 1;
}

static void rebuild_slots(struct ms_documents *documents)
{
  if (documents->slot_count == 0)
    return;
  memset(documents->slots, 0, documents->slot_count * sizeof documents->slots[0]);
  for (size_t i = 0; i < documents->items.count; i++)
    if (!ms_json_is_none(documents->items.data[i].value))
      put_slot(documents, i);
}

/* At most half full, so that probing is short. */
static int grow_slots(struct ms_documents *documents)
{
  size_t needed = (documents->items.count + 1) * 2;
  if (documents->items.count < LINEAR_MAX || needed <= documents->slot_count)
    return 0;
  if (needed > UINT32_MAX / 4)
    return ms_error(MSTEP_ETOOBIG, "too many documents of one execution");
  uint32_t count = documents->slot_count == 0 ? LINEAR_MAX * 2 : documents->slot_count;
  while (count < needed)
    count *= 2;
  uint32_t *slots = ms_calloc(count, sizeof slots[0]);
  if (slots == NULL)
    return ms_error_nomem();
  ms_free(documents->slots);
  documents->slots = slots;
  documents->slot_count = count;
  rebuild_slots(documents);
  return 0;
}

/* ---- finding ---- */

bool ms_documents_find(uint32_t *number, const struct ms_documents *documents, struct ms_json value)
{
  const struct ms_document *items = documents->items.data;
  if (documents->slot_count == 0) {
    for (size_t i = documents->items.count; i-- > 0;) {
      if (ms_record_is_same(items[i].value, value)) {
        *number = items[i].number;
        return true;
      }
    }
    return false;
  }
  size_t slot = slot_of(documents, value);
  for (; documents->slots[slot] != 0; slot = (slot + 1) & (documents->slot_count - 1)) {
    const struct ms_document *item = &items[documents->slots[slot] - 1];
    if (ms_record_is_same(item->value, value)) {
      *number = item->number;
      return true;
    }
  }
  return false;
}

/* Place of the first whose number is not below this one. */
static size_t place_of(const struct ms_documents *documents, uint32_t number)
{
  size_t low = 0, high = documents->items.count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (documents->items.data[middle].number < number)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

struct ms_json ms_documents_get(const struct ms_documents *documents, uint32_t number)
{
  size_t place = place_of(documents, number);
  if (place == documents->items.count || documents->items.data[place].number != number)
    return MS_JSON_VALUE_NONE;
  return documents->items.data[place].value;
}

/* ---- changing ---- */

int ms_documents_reserve(struct ms_documents *documents)
{
  int status = MS_VEC_RESERVE(&documents->items, UINT32_MAX / 16, 1);
  return status == 0 ? grow_slots(documents) : status;
}

void ms_documents_add(struct ms_documents *documents, struct ms_json value, uint32_t number)
{
  size_t place = place_of(documents, number);
  size_t behind = documents->items.count - place;
  struct ms_document *item = &documents->items.data[place];
  if (behind > 0 && item->number == number) { /* forgotten, and met again */
    documents->forgotten--;
  } else {
    memmove(item + 1, item, behind * sizeof *item);
    documents->items.count++;
  }
  *item = (struct ms_document){ms_json_ref(value), number};
  if (documents->next <= number)
    documents->next = number + 1;
  if (documents->slot_count == 0)
    return;
  if (behind == 0)
    put_slot(documents, place);
  else
    rebuild_slots(documents);
}

/* Takes out what is forgotten. */
static void compact(struct ms_documents *documents)
{
  size_t kept = 0;
  for (size_t i = 0; i < documents->items.count; i++)
    if (!ms_json_is_none(documents->items.data[i].value))
      documents->items.data[kept++] = documents->items.data[i];
  documents->items.count = kept;
  documents->forgotten = documents->pruned = 0;
  rebuild_slots(documents);
}

/*
 * Looking at one that is held costs a look into memory that nobody else needs now, so that is what
 * is limited; one that is forgotten has paid for it.
 */
void ms_documents_prune(struct ms_documents *documents)
{
  size_t count = documents->items.count;
  unsigned held = 0;
  for (size_t i = 0; i < count && held < PRUNE_MAX; i++) {
    struct ms_json *value = &documents->items.data[documents->pruned++ % count].value;
    documents->pruned %= (uint32_t)count;
    if (ms_json_is_shared(*value)) {
      held++;
    } else if (!ms_json_is_none(*value)) {
      ms_json_replace(value, MS_JSON_VALUE_NONE);
      documents->forgotten++;
    }
  }
  if (documents->forgotten < count) {
    if (documents->forgotten > count / 2)
      compact(documents);
    return;
  }
  /* Most executions wait without any: they are to cost nothing. */
  ms_free(documents->items.data);
  ms_free(documents->slots);
  *documents = (struct ms_documents){.next = documents->next, .input = documents->input};
}
