/*
 * The statements of the SQLite store: their text for every table, made when first needed and kept as long
 * as the connection, and what is bound to them.
 */
#include <assert.h>
#include <stdio.h>

#include "base/error.h"
#include "store/crc32c.h"
#include "store/sqlite_store.h"

int ms_sqlite_failed(struct ms_sqlite_store *s, int rc)
{
  return ms_sqlite_error(s->db, rc, s->path);
}

int ms_sqlite_check_open(struct ms_sqlite_store *s)
{
  return s->db != NULL ? 0 : ms_error(MSTEP_EIO, "%s could not be opened again", s->path);
}

/* ?1 and ?2 are keys; of a put ?2 is the sum and ?3 the value, of a scan ?3 the limit. */
static void write_sql(char *out, size_t size, unsigned table, enum ms_sqlite_kind kind)
{
  bool is_journal = table == MS_TABLE_JOURNAL;
  const char *name = ms_table_name(table);
  const char *key = is_journal ? "lsn" : "key";
  const char *columns = is_journal ? "lsn, 0, frame" : "key, sum, value";
  char range[64];
  snprintf(range, sizeof range,
           ms_table_is_number(table) ? "%s BETWEEN ?1 AND ?2" : "%s >= ?1 AND key < ?2", key);
  switch (kind) {
  case MS_SQLITE_PUT:
    snprintf(out, size,
             is_journal ? "INSERT INTO %s VALUES (?1, ?3)" : "REPLACE INTO %s VALUES (?1, ?2, ?3)",
             name);
    break;
  case MS_SQLITE_REMOVE:
    snprintf(out, size, "DELETE FROM %s WHERE %s = ?1", name, key);
    break;
  case MS_SQLITE_REMOVE_RANGE:
    snprintf(out, size, "DELETE FROM %s WHERE %s", name, range);
    break;
  case MS_SQLITE_GET:
    snprintf(out, size, "SELECT %s FROM %s WHERE %s = ?1", columns, name, key);
    break;
  default:
    snprintf(out, size, "SELECT %s FROM %s WHERE %s ORDER BY 1%s LIMIT ?3", columns, name, range,
             kind == MS_SQLITE_SCAN_REVERSE ? " DESC" : "");
    break;
  }
}

int ms_sqlite_prepare(struct ms_sqlite_store *s, sqlite3_stmt **statement, const char *sql)
{
  int rc = sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
  return rc == SQLITE_OK ? 0 : ms_sqlite_failed(s, rc);
}

int ms_sqlite_statement(sqlite3_stmt **out, struct ms_sqlite_store *s, unsigned table,
                        enum ms_sqlite_kind kind)
{
  char sql[160];
  int err = 0;
  if (s->statements[table][kind] == NULL) {
    write_sql(sql, sizeof sql, table, kind);
    err = ms_sqlite_prepare(s, &s->statements[table][kind], sql);
  }
  *out = s->statements[table][kind];
  return err;
}

/* Runs a statement that gives no rows, and makes it ready for the next time. */
int ms_sqlite_run(struct ms_sqlite_store *s, sqlite3_stmt *statement)
{
  int rc = sqlite3_step(statement);
  int err = rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 : ms_sqlite_failed(s, rc);
  sqlite3_reset(statement);
  return err;
}

/* Borrowed until the statement is reset or bound again. NULL would be SQL's NULL. */
int ms_sqlite_bind_bytes(sqlite3_stmt *statement, int number, struct ms_str bytes)
{
  return sqlite3_bind_blob64(statement, number, bytes.data == NULL ? "" : bytes.data, bytes.len,
                             SQLITE_STATIC);
}

int ms_sqlite_bind_key(sqlite3_stmt *statement, int number, unsigned table, struct ms_str key)
{
  return ms_table_is_number(table)
             ? sqlite3_bind_int64(statement, number, (sqlite3_int64)ms_store_number(key))
             : ms_sqlite_bind_bytes(statement, number, key);
}

/* [from, to) as bounds of the SQL: both inclusive for numbers. */
int ms_sqlite_bind_range(struct ms_sqlite_store *s, sqlite3_stmt *statement, unsigned table,
                         struct ms_str from, struct ms_str to)
{
  int rc;
  if (ms_table_is_number(table)) {
    uint64_t first = from.len == 0 ? 0 : ms_store_number(from);
    uint64_t end = to.len == 0 ? UINT64_MAX : ms_store_number(to);
    uint64_t last = end > INT64_MAX ? INT64_MAX : end - (end > 0);
    bool is_empty = first >= end || first > INT64_MAX;
    rc = sqlite3_bind_int64(statement, 1, is_empty ? 1 : (sqlite3_int64)first);
    if (rc == SQLITE_OK) {
      rc = sqlite3_bind_int64(statement, 2, is_empty ? 0 : (sqlite3_int64)last);
    }
  } else {
    rc = ms_sqlite_bind_bytes(statement, 1, from);
    if (rc == SQLITE_OK) {
      struct ms_str beyond = {s->beyond, sizeof s->beyond};
      rc = ms_sqlite_bind_bytes(statement, 2, to.len == 0 ? beyond : to);
    }
  }
  return rc == SQLITE_OK ? 0 : ms_sqlite_failed(s, rc);
}

void ms_sqlite_finalize(struct ms_sqlite_store *s)
{
  sqlite3_stmt **const others[] = {&s->begin, &s->end, &s->ends_of_journal};
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    sqlite3_finalize(*others[i]);
    *others[i] = NULL;
  }
  for (unsigned table = 0; table < MS_TABLE_COUNT; table++) {
    for (unsigned kind = 0; kind < MS_SQLITE_KIND_COUNT; kind++) {
      sqlite3_finalize(s->statements[table][kind]);
      s->statements[table][kind] = NULL;
    }
  }
}

/* Of table, key and value, so that neither the place nor a bit of them can change unseen. */
uint32_t ms_sqlite_sum(unsigned table, struct ms_str key, struct ms_str value)
{
  unsigned char head[4] = {(unsigned char)table, (unsigned char)key.len,
                           (unsigned char)(key.len >> 8), 0};
  uint32_t sum = ms_crc32c(0, head, sizeof head);
  sum = ms_crc32c(sum, key.data, key.len);
  return ms_crc32c(sum, value.data, value.len);
}
