/* Tables as their own files see them. */
#ifndef MS_MESSAGING_TABLE_INTERNAL_H
#define MS_MESSAGING_TABLE_INTERNAL_H

#include "messaging/table.h"
#include "messaging/table_rows.h"
#include "messaging/table_value.h"

#define MS_TABLE_INDEXES_MAX 25 /* 20 global and 5 local ones */
#define MS_TABLE_PAGE_BYTES ((size_t)1 << 20)
#define MS_TABLE_KEEPS_MS ((int64_t)24 * 3600 * 1000) /* records of a stream */

struct ms_table_key {
  struct ms_str name; /* data NULL: there is none; of the table's row */
  char type;          /* S, N, B */
};

struct ms_table_schema {
  struct ms_table_key hash, range;
};

enum ms_table_projection { MS_TABLE_ALL, MS_TABLE_KEYS_ONLY, MS_TABLE_INCLUDE };

struct ms_table_index {
  struct ms_str name;
  struct ms_table_schema schema;
  enum ms_table_projection projection;
  struct ms_json included; /* array of names; borrowed from the row */
  unsigned number;         /* in keys; never used twice in a table */
  bool is_local;
};

/*
 * Keys of ITEM begin with the table's id and one of these; between them are the numbers of
 * indexes.
 */
#define MS_TABLE_PART_ITEMS 0u
#define MS_TABLE_PART_EXPIRY 254u
#define MS_TABLE_PART_COUNT 255u

struct ms_table_stream {
  struct ms_table_stream *next;
  uint32_t id;
  uint64_t first;    /* the oldest record there is */
  uint64_t end;      /* behind the latest one */
  uint64_t asked;    /* `end` when it was last asked when that is durable */
  uint64_t readable; /* behind the latest durable one */
  bool is_open;
  bool has_news; /* somebody is to be told that it ended */
  struct ms_json row;
  struct ms_str arn, label, table, shard, view;
};

/* What a table's row says, ready for use. Texts are borrowed from the row. */
struct ms_table_shape {
  struct ms_json row;
  struct ms_str name, arn;
  struct ms_table_schema schema;
  struct ms_table_index indexes[MS_TABLE_INDEXES_MAX];
  size_t index_count;
  struct ms_str expiry; /* attribute of TimeToLive; data NULL: none */
};

struct ms_item_table {
  struct ms_item_table *next; /* in the order of names */
  struct ms_tables *tables;
  struct ms_table_shape shape;
  uint32_t id;
  int64_t items, bytes;           /* how many, how large */
  struct ms_table_stream *stream; /* the open one; NULL */
};

/* Transactions of the last ten minutes that had a ClientRequestToken: a second one does nothing. */
#define MS_TABLE_TOKENS_MAX 1024
struct ms_table_ticket {
  int64_t at_ms;
  uint64_t token, request; /* hashes; 0: none */
};

struct ms_tables {
  const struct ms_driver_env *env;
  struct ms_table_rows rows;
  struct ms_item_table *first;
  struct ms_table_stream *streams;
  uint32_t next_id, next_stream_id; /* none is used twice while this runs */
  int64_t next_expiry_ms;           /* 0: nothing expires */
  int64_t next_trim_ms;
  struct ms_table_ticket tokens[MS_TABLE_TOKENS_MAX]; /* a ring */
  size_t next_token;
  uint64_t read, written, records; /* items, items, of streams */
  ms_table_news_cb news;
  void *news_user;
};

/* ---- table.c ---- */
struct ms_str ms_table_text(struct ms_json object, const char *name); /* data NULL: no such text */
int ms_table_invalid(struct ms_queue_refusal *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* By the request's TableName, a name or an ARN. NULL: refused. */
struct ms_item_table *ms_table_asked(struct ms_tables *tables, struct ms_json request,
                                     struct ms_queue_refusal *why);
struct ms_item_table *ms_table_named(struct ms_tables *tables, struct ms_str name);
struct ms_item_table *ms_table_by_arn(struct ms_tables *tables, struct ms_str arn);
void ms_table_link(struct ms_tables *tables, struct ms_item_table *table);
void ms_table_unlink(struct ms_tables *tables, struct ms_item_table *table);
void ms_table_free(struct ms_item_table *table);
/* A table of that row; takes it. */
int ms_table_new(struct ms_item_table **out, struct ms_tables *tables, struct ms_json row);

/* ---- table_schema.c ---- */
/* Borrows from the row; MSTEP_EIO: it is damaged. */
int ms_table_shape_read(struct ms_table_shape *out, struct ms_json row);
/* Is what CreateTable asks for right? *row: what is kept of it; owned. */
int ms_table_schema_check(struct ms_json *row, struct ms_json request,
                          struct ms_queue_refusal *why);
/* TableDescription; NONE: out of memory. */
struct ms_json ms_table_description(const struct ms_item_table *table, const char *status);
const struct ms_table_index *ms_table_index_named(const struct ms_item_table *table,
                                                  struct ms_str name);

/* ---- table_key.c ---- */
/* Has an item the key's attributes, of the right types and sizes? */
int ms_table_key_check_item(const struct ms_item_table *table, struct ms_json item,
                            struct ms_queue_refusal *why);
/* Is it the key and nothing else? */
int ms_table_key_check(const struct ms_table_schema *schema, struct ms_json key,
                       struct ms_queue_refusal *why);
/* The key's attributes of an item; NONE: out of memory. */
struct ms_json ms_table_key_of(const struct ms_item_table *table, struct ms_json item);
void ms_table_put_prefix(struct ms_buf *out, const struct ms_item_table *table, unsigned part);
/* Key of an item's row; item: anything with the key's attributes. */
void ms_table_put_key(struct ms_buf *out, const struct ms_item_table *table, struct ms_json item);
/* Where the partition of that value begins: in the items, or in an index. */
void ms_table_put_partition(struct ms_buf *out, const struct ms_item_table *table, unsigned part,
                            struct ms_json hash);
/* The part of a key that sorts; is_whole false: others may follow that begin with it. */
void ms_table_put_sort(struct ms_buf *out, unsigned part, struct ms_json range, bool is_whole);
/* False: the item is not in that index. */
bool ms_table_put_index_key(struct ms_buf *out, const struct ms_item_table *table,
                            const struct ms_table_index *index, struct ms_json item);
bool ms_table_put_expiry_key(struct ms_buf *out, const struct ms_item_table *table,
                             struct ms_json item);
/* Turns a key into the end of the range of all keys that begin with it. */
void ms_table_key_end(struct ms_buf *key);

/* ---- table_write.c ---- */
/* *item: NONE when there is none; owned. */
int ms_table_read(struct ms_json *item, const struct ms_item_table *table, struct ms_json key);
int ms_table_row_parse(struct ms_json *item, struct ms_str text);
/*
 * Replaces an item (either may be NONE) with all that hangs on it: indexes, stream, counts. Counts
 * and the stream's
 * end move at once: see ms_table_before.
 */
int ms_table_write(struct ms_table_change *change, struct ms_item_table *table, struct ms_json old,
                   struct ms_json new_item, bool is_expired);
/* What ms_table_write moves at once, for putting it back when the commit has failed. */
struct ms_table_before {
  struct ms_item_table *table;
  int64_t items, bytes;
  uint64_t stream_first, stream_end;
};
void ms_table_before(struct ms_table_before *out, struct ms_item_table *table);
void ms_table_back(const struct ms_table_before *before);
/* Puts rows of one part for all items: an index that is new, expiry. */
int ms_table_fill(struct ms_table_change *change, const struct ms_item_table *table, unsigned part);
/* What an index shows of an item. */
int ms_table_project_index(struct ms_json *out, const struct ms_item_table *table,
                           const struct ms_table_index *index, struct ms_json item);

/* ---- table_expiry.c ---- */
void ms_table_expiry_look(struct ms_tables *tables); /* when is something due? */
void ms_table_expire(struct ms_tables *tables, int64_t now_ms);

/* ---- table_stream.c ---- */
/* A new one, its row in the change; link it once that is written. */
int ms_table_stream_open(struct ms_table_stream **out, struct ms_table_change *change,
                         const struct ms_item_table *table, struct ms_str view);
void ms_table_stream_free(
    struct ms_table_stream *stream); /* one that is not linked; NULL is fine */
void ms_table_stream_link(struct ms_tables *tables, struct ms_table_stream *stream);
/* Its end in the change, and once that is written. */
int ms_table_stream_end(struct ms_table_change *change, const struct ms_table_stream *stream);
void ms_table_stream_ended(struct ms_tables *tables, struct ms_table_stream *stream);
/* A record in the change; `end` moves at once. */
void ms_table_stream_record(struct ms_table_change *change, const struct ms_item_table *table,
                            struct ms_json old, struct ms_json new_item, bool is_expired);
int ms_table_streams_load(struct ms_tables *tables);
void ms_table_streams_free(struct ms_tables *tables);
void ms_table_streams_trim(struct ms_tables *tables, int64_t now_ms);
void ms_table_streams_asked(void *user);
void ms_table_streams_durable(void *user);
struct ms_table_stream *ms_table_stream_find(const struct ms_tables *tables, struct ms_str arn);

#endif
