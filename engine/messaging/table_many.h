/* Many items of one request: batches and transactions. */
#ifndef MS_MESSAGING_TABLE_MANY_H
#define MS_MESSAGING_TABLE_MANY_H

#include "messaging/table_item.h"

struct ms_table_many {
  struct ms_table_item *items;
  size_t count, capacity;
};

int ms_table_many_init(struct ms_table_many *many, size_t capacity);
void ms_table_many_deinit(struct ms_table_many *many);
int ms_table_many_add(struct ms_table_many *many, struct ms_tables *tables, struct ms_json request,
                      enum ms_table_intent intent, struct ms_queue_refusal *why);
/* Refuses with that text when one item is named twice. */
int ms_table_many_check(const struct ms_table_many *many, const char *text,
                        struct ms_queue_refusal *why);
/* ConsumedCapacity, a table each; factor: of writes; 0: reads. */
int ms_table_many_capacity(struct ms_json *reply, struct ms_json request,
                           const struct ms_table_many *many, unsigned factor);
/* Writes all of them in one commit; they are decided. */
int ms_table_many_save(struct ms_table_many *many, struct ms_tables *tables);

#endif
