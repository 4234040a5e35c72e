/* Arrays that grow up to a maximum. */
#include "mt.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/vec.h"

struct item {
  int a;
  double b;
};

MT_TEST(base_vec__grows_and_keeps)
{
  MS_VEC(struct item) items = {0};
  for (int i = 0; i < 1000; i++) {
    mt_eq_int(MS_VEC_RESERVE(&items, 1000, 1), 0);
    items.data[items.count++] = (struct item){i, i / 2.0};
  }
  for (int i = 0; i < 1000; i++) {
    mt_ok(items.data[i].a == i && items.data[i].b == i / 2.0);
  }
  mt_eq_int(items.capacity, 1000); /* never more than the maximum */
  mt_eq_int(MS_VEC_RESERVE(&items, 1000, 1), MSTEP_ETOOBIG);
  mt_eq_str(ms_error_detail(), "more than 1000 items");
  mt_eq_int(items.count, 1000);
  ms_free(items.data);
}

MT_TEST(base_vec__reserves_many_at_once)
{
  MS_VEC(char) bytes = {0};
  mt_eq_int(MS_VEC_RESERVE(&bytes, SIZE_MAX, 5000), 0);
  mt_ok(bytes.capacity >= 5000);
  ms_free(bytes.data);
}

MT_TEST(base_vec__sizes_that_overflow_are_out_of_memory)
{
  MS_VEC(struct item) items = {0};
  mt_eq_int(MS_VEC_RESERVE(&items, SIZE_MAX, SIZE_MAX / 4), MSTEP_ENOMEM);
  mt_ok(items.data == NULL && items.capacity == 0);
}

static int fill(void *user)
{
  (void)user;
  MS_VEC(int) items = {0};
  int err = 0;
  for (int i = 0; i < 100 && err == 0; i++) {
    err = MS_VEC_RESERVE(&items, 1000, 1);
    if (err == 0) {
      items.data[items.count++] = i;
    }
  }
  ms_free(items.data);
  return err;
}

MT_TEST(base_vec__out_of_memory)
{
  mt_oom(fill, NULL);
}
