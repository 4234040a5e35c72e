/* The SQLite file: whose it is, its version and settings, its lock. Damage is tests/fault/store_file.c. */
#include <limits.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "mt.h"
#include "store/sqlite_store.h"

static const char *path_of(const char *name)
{
  return mt_format("%s/%s", mt_tmpdir(), name);
}

static int open_path(struct ms_store **out, const char *path)
{
  return ms_store_open(out, mt_format("sqlite:%s", path), NULL);
}

static void run_sql(const char *path, const char *sql)
{
  sqlite3 *db = NULL;
  char *message = NULL;
  mt_eq_int(sqlite3_open(path, &db), SQLITE_OK);
  if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) {
    mt_fail("%s: %s", sql, message);
  }
  sqlite3_close(db);
}

static int64_t number(const char *path, const char *sql)
{
  sqlite3 *db = NULL;
  int64_t value = 0;
  mt_eq_int(sqlite3_open(path, &db), SQLITE_OK);
  mt_eq_int(ms_sqlite_number(&value, db, path, sql), 0);
  sqlite3_close(db);
  return value;
}

/* ---- whose file it is ------------------------------------------------------------------------------------ */

MT_TEST(store_sqlite__marks_its_file)
{
  const char *path = path_of("a.db");
  struct ms_store *store = NULL;
  mt_eq_int(open_path(&store, path), 0);
  ms_store_close(store);
  mt_eq_int(number(path, "PRAGMA application_id"), MS_SQLITE_APPLICATION_ID);
  mt_eq_int(number(path, "PRAGMA user_version"), 2);
  mt_eq_int(number(path, "PRAGMA auto_vacuum"), 2);
  mt_eq_int(number(path, "SELECT length(value) FROM meta WHERE name = 'id'"), 16);
  mt_ok(access(mt_format("%s-wal", path), F_OK) != 0); /* closed in order: all is in one file */
}

MT_TEST(store_sqlite__refuses_a_file_of_somebody_else)
{
  const char *text = path_of("text");
  const char *database = path_of("other.db");
  struct ms_store *store = NULL;
  mt_write_file(text, "Dear diary, ", 12);
  mt_eq_int(open_path(&store, text), MSTEP_EINVALID);
  mt_ok(strstr(ms_error_detail(), "is not a store of Moonstep") != NULL);
  mt_eq_str(mt_read_file(text, NULL), "Dear diary, ");
  run_sql(database, "CREATE TABLE mine (a); INSERT INTO mine VALUES (1)");
  size_t before = 0;
  size_t after = 0;
  const char *was = mt_read_file(database, &before);
  mt_eq_int(open_path(&store, database), MSTEP_EINVALID);
  mt_ok(strstr(ms_error_detail(), "a database of another program") != NULL);
  const char *is = mt_read_file(database, &after);
  mt_ok(before == after && memcmp(was, is, before) == 0);
  mt_ok(access(mt_format("%s-lock", text), F_OK) != 0); /* leaves nothing beside it */
  mt_ok(access(mt_format("%s-lock", database), F_OK) != 0);
}

MT_TEST(store_sqlite__refuses_a_newer_file_and_leaves_it_alone)
{
  const char *path = path_of("newer.db");
  struct ms_store *store = NULL;
  mt_eq_int(open_path(&store, path), 0);
  ms_store_close(store);
  run_sql(path, "PRAGMA user_version=99");
  size_t before = 0;
  size_t after = 0;
  const char *was = mt_read_file(path, &before);
  mt_eq_int(open_path(&store, path), MSTEP_EUNSUPPORTED);
  mt_eq_str(ms_error_detail(),
            mt_format("%s was written by a newer version of Moonstep (format 99; this "
                      "one knows formats up to 2)",
                      path));
  const char *is = mt_read_file(path, &after);
  mt_ok(before == after && memcmp(was, is, before) == 0);
}

MT_TEST(store_sqlite__goes_on_with_a_file_whose_making_was_cut_short)
{
  const char *empty = path_of("empty.db");
  const char *begun = path_of("begun.db");
  struct ms_store *store = NULL;
  mt_write_file(empty, "", 0);
  mt_eq_int(open_path(&store, empty), 0);
  ms_store_close(store);
  run_sql(begun, "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL");
  mt_ok(access(begun, F_OK) == 0);
  mt_eq_int(open_path(&store, begun), 0);
  ms_store_close(store);
}

MT_TEST(store_sqlite__says_when_there_is_no_file_or_directory)
{
  struct ms_store *store = NULL;
  struct ms_store_options options = {.must_exist = true};
  mt_eq_int(ms_store_open(&store, mt_format("sqlite:%s", path_of("none.db")), &options),
            MSTEP_ENOTFOUND);
  mt_ok(access(path_of("none.db"), F_OK) != 0);
  mt_ok(access(path_of("none.db-lock"), F_OK) != 0);
  mt_eq_int(open_path(&store, path_of("no/such/a.db")), MSTEP_ENOTFOUND);
  mt_eq_int(open_path(&store, mt_tmpdir()), MSTEP_EIO); /* a directory */
}

/* ---- settings ---------------------------------------------------------------------------------------------- */

MT_TEST(store_sqlite__durability_is_what_was_asked_for)
{
  static const int expected[] = {2, 1, 0}; /* FULL, NORMAL, OFF */
  const char *path = path_of("a.db");
  for (int i = 0; i < 3; i++) {
    struct ms_store_options options = {.durability = (enum ms_durability)i};
    sqlite3 *db = NULL;
    int64_t value = -1;
    mt_eq_int(ms_sqlite_open(&db, path, &options, NULL), 0);
    mt_eq_int(ms_sqlite_number(&value, db, path, "PRAGMA synchronous"), 0);
    mt_eq_int(value, expected[i]);
    sqlite3_close(db);
  }
}

/* What SQLite is set to when a batch asks for `asked` (-1: for nothing) of a store that was opened so. */
static int64_t synchronous_after(struct ms_store *store, int asked)
{
  struct ms_batch batch;
  int64_t value = -1;
  ms_batch_init(&batch);
  ms_buf_cstr(&batch.records, "r");
  if (asked >= 0) {
    ms_batch_need(&batch, (enum ms_durability)asked);
  }
  mt_eq_int(ms_store_commit(store, &batch, NULL), 0);
  mt_eq_int(ms_sqlite_number(&value, ms_sqlite_store(store)->db, "", "PRAGMA synchronous"), 0);
  ms_batch_deinit(&batch);
  return value;
}

MT_TEST(store_sqlite__a_batch_has_a_durability_of_its_own)
{
  /* By the store's option, by what is asked for: nothing, FSYNC, OS, NONE. */
  static const int expected[3][4] = {{2, 2, 1, 1}, {1, 2, 1, 1}, {0, 2, 1, 0}};
  static const int order[] = {0, 1, 2, 3, 1, 0, 3, 2, 0};
  for (int i = 0; i < 3; i++) {
    struct ms_store_options options = {.durability = (enum ms_durability)i};
    struct ms_store *store = NULL;
    const char *url = mt_format("sqlite:%s", path_of(mt_format("%d.db", i)));
    mt_eq_int(ms_store_open(&store, url, &options), 0);
    for (size_t k = 0; k < sizeof order / sizeof order[0]; k++) {
      mt_eq_int(synchronous_after(store, order[k] - 1), expected[i][order[k]]);
      /* Whoever asked for more than `none` does not rest on what was written with it. */
      mt_ok(expected[i][order[k]] == 0 || !ms_sqlite_store(store)->is_unsynced);
    }
    uint64_t fence = 0;
    synchronous_after(store, MS_DURABILITY_NONE);
    mt_eq_int(ms_store_lease(store, 0, 0, &fence), 0); /* asks for nothing */
    mt_eq_int(ms_sqlite_store(store)->current, i);
    ms_store_close(store);
  }
}

MT_TEST(store_sqlite__paths_that_mean_something_to_sqlite_are_paths)
{
  struct ms_store *store = NULL;
  mt_eq_int(chdir(mt_tmpdir()), 0);
  mt_eq_int(open_path(&store, ":memory:"), 0);
  ms_store_close(store);
  mt_eq_int(access(":memory:", F_OK), 0);
  mt_eq_int(open_path(&store, "file:a?mode=memory"), 0);
  ms_store_close(store);
  mt_eq_int(access("file:a?mode=memory", F_OK), 0);
}

/* ---- the lock ------------------------------------------------------------------------------------------------ */

MT_TEST(store_sqlite__the_lock_is_on_the_file_and_not_on_its_name)
{
  struct ms_store *store = NULL;
  struct ms_store *second = NULL;
  const char *path = path_of("a.db");
  const char *other = path_of("link.db");
  mt_eq_int(open_path(&store, path), 0);
  mt_eq_int(symlink(path, other), 0);
  mt_eq_int(open_path(&second, other), MSTEP_ESTATE);
  mt_eq_str(ms_error_detail(),
            mt_format("%s is in use by process %ld, which is this one", path, (long)getpid()));
  ms_store_close(store);
  mt_eq_int(open_path(&second, other), 0);
  ms_store_close(second);
}

/* ---- versions ------------------------------------------------------------------------------------------------ */

static const struct ms_sqlite_step later[] = {
    {1, "CREATE TABLE a (x)"},          {2, "ALTER TABLE a ADD COLUMN y"},
    {2, "INSERT INTO a VALUES (1, 2)"}, {3, "UPDATE a SET y = y + 1"},
    {3, "CREATE TABLE b (x)"},
};

static int64_t migrate(const char *path, size_t count, int expected)
{
  sqlite3 *db = NULL;
  int64_t version = 0;
  mt_eq_int(sqlite3_open(path, &db), SQLITE_OK);
  mt_eq_int(ms_sqlite_migrate(db, path, later, count), expected);
  mt_eq_int(sqlite3_get_autocommit(db), 1);
  mt_eq_int(ms_sqlite_number(&version, db, path, "PRAGMA user_version"), 0);
  sqlite3_close(db);
  return version;
}

MT_TEST(store_sqlite__migrates_from_every_version)
{
  const char *from_nothing = path_of("0.db");
  const char *from_first = path_of("1.db");
  mt_eq_int(migrate(from_nothing, 5, 0), 3);
  mt_eq_int(number(from_nothing, "SELECT y FROM a"), 3);
  mt_eq_int(migrate(from_first, 1, 0), 1);
  mt_eq_int(migrate(from_first, 3, 0), 2);
  mt_eq_int(migrate(from_first, 5, 0), 3);
  mt_eq_int(migrate(from_first, 5, 0), 3); /* again: nothing to do */
  mt_eq_int(number(from_first, "SELECT y FROM a"), 3);
  mt_eq_int(migrate(from_first, 3, MSTEP_EUNSUPPORTED), 3); /* and never back */
}

MT_TEST(store_sqlite__a_migration_that_fails_leaves_the_file_as_it_was)
{
  const char *path = path_of("a.db");
  mt_eq_int(migrate(path, 1, 0), 1);
  run_sql(path, "CREATE TABLE b (theirs)"); /* the last step will not work */
  mt_eq_int(migrate(path, 5, MSTEP_EIO), 1);
  mt_eq_int(number(path, "SELECT count(*) FROM pragma_table_info('a')"), 1);
}

/* A file as the first release wrote it: opens, and reads the same, ever after. */
MT_TEST(store_sqlite__opens_what_the_first_release_wrote)
{
  const char *old = path_of("old.db");
  const char *new = path_of("new.db");
  struct ms_store *store = NULL;
  run_sql(old, mt_read_file("tests/resources/store/v1.sql", NULL));
  mt_eq_int(open_path(&store, old), 0);
  mt_eq_int(ms_store_last_lsn(store), 3);
  mt_eq_int(ms_store_check(store), 0);
  ms_store_close(store);
  mt_eq_int(open_path(&store, new), 0);
  ms_store_close(store);
  run_sql(old,
          mt_format("ATTACH '%s' AS fresh; CREATE TEMP TABLE differs AS SELECT name, sql FROM "
                    "main.sqlite_master EXCEPT SELECT name, sql FROM fresh.sqlite_master;"
                    "CREATE TEMP TABLE must (n CHECK (n = 0)); INSERT INTO must SELECT count(*) "
                    "FROM differs",
                    new));
}

static int expect_text(struct ms_str key, struct ms_str value, void *user)
{
  (void)key;
  mt_eq_mem(value.data, value.len, user);
  return 0;
}

MT_TEST(store_sqlite__reads_what_the_first_release_wrote)
{
  const char *old = path_of("old.db");
  struct ms_store *store = NULL;
  char key[MS_STORE_NUMBER_SIZE];
  run_sql(old, mt_read_file("tests/resources/store/v1.sql", NULL));
  mt_eq_int(open_path(&store, old), 0);
  mt_eq_int(ms_store_get(store, MS_TABLE_JOURNAL, ms_store_key(key, 2), expect_text, "second"), 0);
  mt_eq_int(ms_store_get(store, MS_TABLE_JOURNAL, ms_store_key(key, 3), expect_text, "third"), 0);
  mt_eq_int(ms_store_get(store, MS_TABLE_SETTING, MS_STR("key"), expect_text, "value"), 0);
  mt_eq_int(
      ms_store_get(store, MS_TABLE_EXECUTION, ms_store_key(key, 258), expect_text, "execution"), 0);
  ms_store_close(store);
}
