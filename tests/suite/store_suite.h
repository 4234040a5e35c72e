/*
 * What the files of the store's suite share: a body for each row of engine/store/stores.def. MT_ROW says
 * which; without it, all of them in turn. The faulty row misbehaves on a plan, so every call goes through
 * a helper that recovers and tries again, as whoever uses a store has to; the others must never need that.
 */
#ifndef STORE_SUITE_H
#define STORE_SUITE_H

#include "base/random.h"
#include "store/internal.h"
#include "store/store.h"

#define PAIRS_MAX 512

struct pair {
  char key[MS_STORE_KEY_MAX];
  size_t key_len;
  char value[64];
  size_t value_len;
};

struct subject {
  const char *row;
  struct ms_store *store;
  char url[512];
  bool is_persistent;
  bool is_faulty;
  size_t failures;
};

struct collected {
  struct pair pairs[PAIRS_MAX];
  size_t count;
  size_t stop_after; /* 0 = never */
};

/* A sorted array, which a table has to agree with. */
struct model {
  struct pair pairs[PAIRS_MAX];
  size_t count;
};

void each_row(void (*body)(struct subject *s));

#define EACH_ROW(name)                                                                             \
  static void body_##name(struct subject *s);                                                      \
  MT_TEST(store_suite__##name)                                                                     \
  {                                                                                                \
    each_row(body_##name);                                                                         \
  }                                                                                                \
  static void body_##name(struct subject *s)

void check(struct subject *s, int err, const char *what);
void open_url(struct subject *s, bool must_exist);
void reopen(struct subject *s); /* where that is possible */
void recover(struct subject *s);
/* Commits once, whatever it takes: a batch that may have been done already is not done again. */
int try_commit(struct subject *s, const struct ms_batch *batch, uint64_t *lsn);
uint64_t commit(struct subject *s, struct ms_batch *batch);

int collect(struct ms_str key, struct ms_str value, void *user);
/* A fault of the wrapper is tried again; what was delivered before it must be the same as after. */
int scan(struct subject *s, const struct ms_scan *scan, struct collected *out);
int get(struct subject *s, unsigned table, struct ms_str key, struct collected *out);
void expect_value(struct subject *s, unsigned table, struct ms_str key, const char *value);
/* Keys of a scan as text, with `.` between them and NUL as 0. */
const char *scan_keys(struct subject *s, struct ms_scan what);

struct ms_str number_key(uint64_t number);
void put_text(struct ms_batch *batch, const char *key, const char *value);

/* One operation on a table and on its model. */
void random_op(struct ms_batch *batch, struct ms_random *random, unsigned table,
               struct model *model);
int compare_pair(const struct pair *pair, struct ms_str key);
void compare_model(struct subject *s, unsigned table, const struct model *model, bool is_reverse);

#endif
