/* Opening by URL. What stores do is tests/suite/store_suite.c. */
#include "base/error.h"
#include "mt.h"
#include "store/store.h"

static void refuse(const char *url, int code, const char *detail)
{
  struct ms_store *store = NULL;
  ms_error_clear();
  int err = ms_store_open(&store, url, NULL);
  if (err != code) {
    mt_report("%s: %d (%s), not %d", url, err, ms_error_detail(), code);
  }
  mt_eq_str(ms_error_detail(), detail);
  mt_ok(store == NULL);
}

MT_TEST(store__refuses_urls_that_name_none)
{
  refuse("", MSTEP_EINVALID, "\"\" names no store: give sqlite:PATH or memory:");
  refuse("memory", MSTEP_EINVALID, "\"memory\" names no store: give sqlite:PATH or memory:");
  refuse("redis:x", MSTEP_EINVALID, "\"redis:x\" names no store: give sqlite:PATH or memory:");
  refuse("memory:x", MSTEP_EINVALID, "memory: has no address, not \"x\"");
  refuse("sqlite:", MSTEP_EINVALID, "sqlite: needs the path of a file");
  refuse("faulty:1:redis:", MSTEP_EINVALID, "\"redis:\" names no store: give sqlite:PATH or memory:");
}

MT_TEST(store__memory_is_always_new)
{
  struct ms_store *store = NULL;
  struct ms_store_options options = {MS_DURABILITY_FSYNC, true};
  mt_eq_int(ms_store_open(&store, "memory:", &options), MSTEP_ENOTFOUND);
}

MT_TEST(store__is_called_by_its_url)
{
  struct ms_store *store = NULL;
  mt_eq_int(ms_store_open(&store, "memory:", NULL), 0);
  mt_eq_str(ms_store_name(store), "memory:");
  ms_store_close(store);
  ms_store_close(NULL);
}
