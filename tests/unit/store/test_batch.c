/* Batches: failure sticks, memory is kept, sizes are bounded. */
#include <stdlib.h>

#include "base/error.h"
#include "mt.h"
#include "store/store.h"

static int build(void *user)
{
  struct ms_batch batch;
  (void)user;
  ms_batch_init(&batch);
  for (int i = 0; i < 40; i++) {
    ms_buf_cstr(&batch.records, "records");
    ms_batch_put(&batch, MS_TABLE_SETTING, MS_STR("key"), MS_STR("value"));
    ms_batch_remove(&batch, MS_TABLE_SETTING, MS_STR("other"));
    ms_batch_remove_range(&batch, MS_TABLE_SETTING, MS_STR("a"), MS_STR("b"));
    ms_batch_fence(&batch, 0, 1);
  }
  int err = ms_batch_error(&batch);
  mt_ok(err != 0 || (batch.ops.count == 120 && batch.fences.count == 40));
  ms_batch_deinit(&batch);
  return err;
}

MT_TEST(store_batch__failing_allocations_stick)
{
  mt_ok(mt_oom(build, NULL) > 4);
}

MT_TEST(store_batch__the_first_failure_stays)
{
  struct ms_batch batch;
  char key[MS_STORE_KEY_MAX + 1] = {0};
  ms_batch_init(&batch);
  ms_batch_put(&batch, MS_TABLE_SETTING, (struct ms_str){key, sizeof key}, MS_STR("x"));
  mt_eq_int(ms_batch_error(&batch), MSTEP_ETOOBIG);
  ms_batch_put(&batch, MS_TABLE_EXECUTION, MS_STR("seven b"), MS_STR("x"));
  mt_eq_int(ms_batch_error(&batch), MSTEP_ETOOBIG);
  mt_eq_int(batch.ops.count, 0);
  ms_batch_reset(&batch);
  mt_eq_int(ms_batch_error(&batch), 0);
  ms_batch_put(&batch, MS_TABLE_EXECUTION, MS_STR("\x80zeros!!"), MS_STR("x"));
  mt_eq_int(ms_batch_error(&batch), MSTEP_EINVALID);
  ms_batch_reset(&batch);
  ms_batch_remove_range(&batch, MS_TABLE_COUNT, MS_STR(""), MS_STR(""));
  mt_eq_int(ms_batch_error(&batch), MSTEP_EINVALID);
  ms_batch_deinit(&batch);
}

MT_TEST(store_batch__has_a_largest_size)
{
  struct ms_batch batch;
  size_t len = (size_t)64 << 20;
  char *large = mt_keep(calloc(1, len));
  ms_batch_init(&batch);
  for (int i = 0; i < 4; i++) {
    ms_batch_put(&batch, MS_TABLE_SETTING, MS_STR(""), (struct ms_str){large, len});
  }
  mt_eq_int(ms_batch_error(&batch), 0);
  ms_batch_put(&batch, MS_TABLE_SETTING, MS_STR(""), MS_STR("1"));
  mt_eq_int(ms_batch_error(&batch), MSTEP_ETOOBIG);
  ms_batch_deinit(&batch);
}

MT_TEST(store_batch__numbers_sort_as_bytes)
{
  static const uint64_t numbers[] = {0, 1, 255, 256, 65536, UINT32_MAX, INT64_MAX, UINT64_MAX};
  char last[MS_STORE_NUMBER_SIZE];
  char next[MS_STORE_NUMBER_SIZE];
  for (size_t i = 0; i < 8; i++) {
    mt_ok(ms_store_number(ms_store_key(next, numbers[i])) == numbers[i]);
    if (i > 0) {
      ms_store_key(last, numbers[i - 1]);
      mt_ok(ms_str_cmp((struct ms_str){last, 8}, (struct ms_str){next, 8}) < 0);
    }
  }
}

MT_TEST(store_batch__the_strongest_durability_wins)
{
  struct ms_batch batch;
  ms_batch_init(&batch);
  mt_ok(!batch.has_durability); /* the store decides */
  ms_batch_need(&batch, MS_DURABILITY_NONE);
  mt_ok(batch.has_durability && batch.durability == MS_DURABILITY_NONE);
  ms_batch_need(&batch, MS_DURABILITY_FSYNC);
  ms_batch_need(&batch, MS_DURABILITY_OS);
  mt_eq_int(batch.durability, MS_DURABILITY_FSYNC);
  struct ms_batch_mark mark = {0};
  ms_batch_back(&batch, mark); /* is not taken back */
  mt_ok(batch.has_durability && batch.durability == MS_DURABILITY_FSYNC);
  ms_batch_reset(&batch);
  mt_ok(!batch.has_durability);
  ms_batch_need(&batch, MS_DURABILITY_OS);
  mt_eq_int(batch.durability, MS_DURABILITY_OS);
  ms_batch_deinit(&batch);
}
