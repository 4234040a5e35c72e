/* Archives made of files: read back, the same bytes each time, and when memory ends. */
#include "base/alloc.h"
#include "base/error.h"
#include "invoke/zip.h"
#include "mt.h"

static const char FILES[] = "[{\"path\":\"charge.lua\",\"text\":\"return function() end\"},"
                            "{\"path\":\"lib/m\xc3\xb6nd.lua\",\"text\":\"\"}]";

static int write_files(void *user)
{
  struct ms_json files;
  struct ms_buf out;
  int err = ms_json_parse(&files, ms_str_c(FILES), NULL, NULL);
  ms_buf_init(&out, 0);
  err = err != 0 ? err : ms_zip_write(&out, files);
  if (err == 0 && user != NULL) {
    ms_buf_str(user, ms_buf_view(&out));
  }
  ms_buf_deinit(&out);
  ms_json_unref(files);
  return err;
}

MT_TEST(zip_write__is_read_back)
{
  struct ms_buf bytes, again;
  struct ms_zip zip;
  ms_buf_init(&bytes, 0);
  ms_buf_init(&again, 0);
  mt_eq_int(write_files(&bytes), 0);
  mt_eq_int(write_files(&again), 0);
  mt_ok(ms_str_eq(ms_buf_view(&bytes), ms_buf_view(&again)));
  mt_eq_int(ms_zip_open(&zip, ms_buf_view(&bytes)), 0);
  mt_eq_int(zip.count, 2);
  mt_eq_mem(zip.files[0].path.data, zip.files[0].path.len, "charge.lua");
  mt_eq_mem(zip.files[0].text.data, zip.files[0].text.len, "return function() end");
  mt_eq_mem(zip.files[1].path.data, zip.files[1].path.len, "lib/m\xc3\xb6nd.lua");
  mt_eq_int(zip.files[1].text.len, 0);
  ms_zip_close(&zip);
  ms_buf_deinit(&bytes);
  ms_buf_deinit(&again);
}

/* What is there already stays in front, and the archive's offsets count from behind it. */
MT_TEST(zip_write__appends)
{
  struct ms_buf bytes;
  struct ms_zip zip;
  ms_buf_init(&bytes, 0);
  ms_buf_cstr(&bytes, "before");
  mt_eq_int(ms_zip_write(&bytes, MS_JSON_VALUE_NONE), 0);
  mt_eq_int(bytes.len, 6 + 22);
  ms_buf_reset(&bytes);
  ms_buf_cstr(&bytes, "before");
  mt_eq_int(write_files(&bytes), 0);
  mt_eq_int(ms_zip_open(&zip, ms_str_sub(ms_buf_view(&bytes), 6, bytes.len)), 0);
  mt_eq_int(zip.count, 2);
  ms_zip_close(&zip);
  ms_buf_deinit(&bytes);
}

MT_TEST(zip_write__out_of_memory)
{
  mt_ok(mt_oom(write_files, NULL) > 3);
}
