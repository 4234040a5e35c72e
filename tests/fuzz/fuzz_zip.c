/*
 * Fuzzes archives of functions. Whatever the bytes are, they are refused with a reason, or there are files of
 * Lua whose paths lead nowhere else and whose texts can be read to their ends.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "invoke/zip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
  if (!holds) {
    abort();
  }
}

static void check_path(struct ms_str path)
{
  must(path.len >= 4 && path.data[0] != '/' && ms_str_has_suffix(path, ".lua"));
  must(memchr(path.data, '\0', path.len) == NULL);
  for (size_t from = 0; from < path.len;) {
    size_t end = ms_str_find(path, from, '/');
    must(end > from && !ms_str_is(ms_str_sub(path, from, end), ".."));
    from = end + 1;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct ms_zip zip = {0};
  unsigned sum = 0;
  size_t total = 0;
  int err = ms_zip_open(&zip, (struct ms_str){(const char *)data, size});
  must(err == 0 || err == MSTEP_EINVALID || err == MSTEP_ETOOBIG);
  must(err == 0 ? zip.count <= MS_ZIP_FILES_MAX : ms_error_detail()[0] != '\0');
  for (size_t i = 0; err == 0 && i < zip.count; i++) {
    check_path(zip.files[i].path);
    for (size_t k = 0; k < zip.files[i].text.len; k++) {
      sum += (unsigned char)zip.files[i].text.data[k];
    }
    total += zip.files[i].text.len;
  }
  must(total <= MS_ZIP_TEXT_MAX && (total > 0 || sum == 0));
  ms_zip_close(&zip);
  return 0;
}
