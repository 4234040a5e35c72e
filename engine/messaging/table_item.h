/* One item of a request: read, decided upon, written; alone, in batches and in transactions. */
#ifndef MS_MESSAGING_TABLE_ITEM_H
#define MS_MESSAGING_TABLE_ITEM_H

#include "messaging/table_expression.h"
#include "messaging/table_internal.h"

enum ms_table_intent {
  MS_TABLE_PUT,
  MS_TABLE_DELETE,
  MS_TABLE_UPDATE,
  MS_TABLE_CHECK,
  MS_TABLE_GET
};

struct ms_table_item {
  enum ms_table_intent intent;
  struct ms_item_table *table;
  struct ms_table_words words;
  const struct ms_table_term *condition;
  const struct ms_table_action *update;
  struct ms_table_paths projection; /* count 0: all of it */
  struct ms_json put;               /* the item that is to be put */
  struct ms_json key;
  struct ms_json old, new_item; /* after decide */
  bool shows_old;               /* when the condition does not hold */
};

/* What is asked; deinit in any case. */
int ms_table_item_init(struct ms_table_item *item, struct ms_tables *tables, struct ms_json request,
                       enum ms_table_intent intent, struct ms_queue_refusal *why);
/* Reads the item, looks at the condition, makes the new one. Writes nothing. */
int ms_table_item_decide(struct ms_table_item *item, struct ms_queue_refusal *why);
void ms_table_item_deinit(struct ms_table_item *item);
/* old as the answer shows it: projected. NONE: there is none, or *err. */
struct ms_json ms_table_item_shown(const struct ms_table_item *item, int *err);

/* ---- capacity ---- */
double ms_table_read_units(size_t bytes, bool is_consistent);
double ms_table_write_units(const struct ms_table_item *item);
/* ConsumedCapacity, when the request asks for it; index NULL: the table's own. */
int ms_table_put_capacity(struct ms_json *reply, struct ms_json request,
                          const struct ms_item_table *table, const struct ms_table_index *index,
                          double units);
/* One entry of such a list. NONE: out of memory. */
struct ms_json ms_table_capacity(struct ms_json request, const struct ms_item_table *table,
                                 const struct ms_table_index *index, double units);
bool ms_table_wants_capacity(struct ms_json request);
/* Refuses the parameters of before there were expressions. */
int ms_table_no_legacy(struct ms_json request, struct ms_queue_refusal *why);

#endif
