/*
 * Rows of tables: those of the store's tables ITEM and CHANGE, with what has been written and is
 * not on the disk
 * yet laid over them. Reading sees every change at once; the disk is read through the ledger's
 * reader.
 * Without a store all rows are the ones in memory.
 */
#ifndef MS_MESSAGING_TABLE_ROWS_H
#define MS_MESSAGING_TABLE_ROWS_H

#include "journal/driver.h"
#include "messaging/table_tree.h"
#include "json/json.h"

struct ms_table_rows {
  const struct ms_driver_env *env;
  struct ms_table_tree tree;
  uint64_t number; /* of the latest change */
  uint64_t asked;  /* when_durable is under way for changes up to this one; 0: it is not */
  void (*on_asked)(void *user); /* when it begins, and when what was written then is durable */
  void (*on_durable)(void *user);
  void *user;
};

void ms_table_rows_init(struct ms_table_rows *rows, const struct ms_driver_env *env);
void ms_table_rows_clear(struct ms_table_rows *rows);

/* *out gets the value; MSTEP_ENOTFOUND. */
int ms_table_rows_get(struct ms_table_rows *rows, unsigned table, struct ms_str key,
                      struct ms_buf *out);
/* As ms_store_scan; limit is passed over. cb may not write. */
int ms_table_rows_scan(struct ms_table_rows *rows, const struct ms_scan *scan, ms_record_cb cb,
                       void *user);

/* ---- changes: collected, written in one commit, then seen ---- */

#define MS_TABLE_CHANGE_RESOURCES 4

struct ms_table_change {
  struct ms_table_rows *rows;
  struct ms_table_node *first, **last; /* linked by `newer` */
  struct {
    const char *kind;
    struct ms_json name, value; /* value NONE: removed */
  } resources[MS_TABLE_CHANGE_RESOURCES];
  unsigned resource_count;
  struct {
    unsigned table;
    bool is_set;
    char from[24], to[24];
    size_t from_len, to_len;
  } range; /* rows that go; nobody will read them any more */
  int error;
};

void ms_table_change_init(struct ms_table_change *change, struct ms_table_rows *rows);
void ms_table_change_put(struct ms_table_change *change, unsigned table, struct ms_str key,
                         struct ms_str value);
void ms_table_change_remove(struct ms_table_change *change, unsigned table, struct ms_str key);
/* value: borrowed; NONE removes. */
void ms_table_change_resource(struct ms_table_change *change, const char *kind, struct ms_str name,
                              struct ms_json value);
void ms_table_change_range(struct ms_table_change *change, unsigned table, struct ms_str from,
                           struct ms_str to);
/* Consumes the change. On an error nothing has changed. */
int ms_table_change_commit(struct ms_table_change *change);
void ms_table_change_drop(struct ms_table_change *change);

#endif
